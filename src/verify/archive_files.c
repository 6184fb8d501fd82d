/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/archive_files.h"

#include "base/memory.h"
#include "digest/cpu.h"
#include "digest/crc64.h"
#include "digest/digest.h"
#include "verify/archive_index.h"
#include "verify/reading.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Segments that are hashed at a time. One, or as many as blobs name one file; only a manifest made for it has more that
 * overlap, and those are said not to be readable.
 */
#define ACTIVE_MAX 1024

/* A segment of the file at hand. */
typedef struct expected_segment {
	uint64_t offset, end;
	uint64_t number;
} expected_segment;

typedef struct active_segment {
	uint64_t number, end;
	uint64_t crc64;
	tally_md5 *md5; /* stays with its place in the list */
} active_segment;

typedef struct hashing {
	tally_run *run;
	tally_stored *stored;
	tally_records blobs;
	tally_rate rate;
	tally_crc64_blocks *crc_blocks; /* NULL: nobody wants it */
	tally_crc64_table crc_table;
	/* Of the file at hand, by offset: */
	expected_segment *segments;
	size_t segment_count, segment_capacity, next;
	uint64_t position;
	active_segment *active;
	size_t active_count, active_made;
	tally_result watched; /* what telling how far we are came to */
	tally_error watched_error;
} hashing;

/* ---- the segments of a file ---- */

static int compare_offsets(const void *left, const void *right)
{
	const expected_segment *a = left, *b = right;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static size_t first_blob(const tally_records *blobs, uint64_t file)
{
	size_t low = 0, high = blobs->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_records_at(blobs, middle)->fingerprint < file)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static tally_result add_blob(hashing *h, uint64_t number, tally_error *error)
{
	tally_stored_segment segment = {.last = false};
	for (; !segment.last; number++) {
		tally_result result = tally_stored_get(h->stored, number, &segment, error);
		if (result != TALLY_OK)
			return result;
		if (!segment.usable)
			continue;
		expected_segment *grown =
		    tally_grow(h->segments, &h->segment_capacity, h->segment_count + 1, sizeof *grown);
		if (grown == NULL)
			return tally_fail_memory(error);
		h->segments = grown;
		grown[h->segment_count++] = (expected_segment){segment.offset, segment.offset + segment.length, number};
	}
	return TALLY_OK;
}

static tally_result begin(void *context, uint32_t file, uint64_t *wanted, tally_error *error)
{
	hashing *h = context;
	tally_result result = TALLY_OK;
	*wanted = 0;
	h->segment_count = h->next = h->active_count = 0;
	h->position = 0;
	for (size_t i = first_blob(&h->blobs, file); i < h->blobs.count && result == TALLY_OK; i++) {
		const tally_record *blob = tally_records_at(&h->blobs, i);
		if (blob->fingerprint != file)
			break;
		result = add_blob(h, blob->position, error);
	}
	bool sorted = true;
	for (size_t i = 0; i < h->segment_count; i++) {
		if (h->segments[i].end > *wanted)
			*wanted = h->segments[i].end;
		sorted = sorted && (i == 0 || h->segments[i - 1].offset <= h->segments[i].offset);
	}
	if (!sorted)
		qsort(h->segments, h->segment_count, sizeof *h->segments, compare_offsets);
	return result;
}

/* ---- hashing ---- */

static tally_result settle(hashing *h, uint64_t number, const uint8_t *actual, uint64_t crc64, uint64_t read,
			   int os_error, tally_error *error)
{
	tally_stored_segment segment;
	tally_result result = tally_stored_get(h->stored, number, &segment, error);
	if (result != TALLY_OK)
		return result;
	segment.crc64 = crc64;
	segment.read = read;
	segment.os_error = os_error;
	segment.outcome = TALLY_SEGMENT_IO_FAILED;
	if (actual != NULL) {
		memcpy(segment.actual, actual, sizeof segment.actual);
		bool same = memcmp(actual, segment.expected, sizeof segment.expected) == 0;
		segment.outcome = same ? TALLY_SEGMENT_COMPLETED : TALLY_SEGMENT_CORRUPTED;
	}
	return tally_stored_put(h->stored, number, &segment, error);
}

static uint64_t crc64_of(const hashing *h, const uint8_t *bytes, size_t size)
{
	tally_crc64 crc;
	size_t whole = size / TALLY_CRC64_BLOCK;
	tally_crc64_begin(&crc);
	h->crc_blocks(&crc, &h->crc_table, bytes, whole);
	return tally_crc64_end(&crc, &h->crc_table, bytes + whole * TALLY_CRC64_BLOCK, size % TALLY_CRC64_BLOCK);
}

static tally_result finish(hashing *h, const active_segment *a, uint64_t length, tally_error *error)
{
	uint8_t actual[TALLY_MD5_SIZE];
	tally_result result = tally_md5_end(a->md5, actual, error);
	return result == TALLY_OK ? settle(h, a->number, actual, a->crc64, length, 0, error) : result;
}

static tally_result start(hashing *h, const expected_segment *e, tally_error *error)
{
	if (h->active_count == ACTIVE_MAX)
		return settle(h, e->number, NULL, 0, 0, EOVERFLOW, error);
	active_segment *a = &h->active[h->active_count];
	if (h->active_count == h->active_made) {
		tally_result result = tally_md5_new(&a->md5, error);
		if (result != TALLY_OK)
			return result;
		h->active_made++;
	}
	a->number = e->number;
	a->end = e->end;
	a->crc64 = 0;
	tally_result result = tally_md5_begin(a->md5, error);
	if (result == TALLY_OK && e->end == e->offset)
		return finish(h, a, 0, error);
	h->active_count++;
	return result;
}

/* Feeds bytes at h->position to all that are in hand; none of them ends or begins within. */
static tally_result feed(hashing *h, const uint8_t *bytes, size_t size, tally_error *error)
{
	tally_result result = TALLY_OK;
	uint64_t crc64 = h->crc_blocks != NULL && h->active_count > 0 ? crc64_of(h, bytes, size) : 0;
	for (size_t i = 0; i < h->active_count && result == TALLY_OK; i++) {
		if (h->crc_blocks != NULL)
			h->active[i].crc64 = tally_crc64_combine(h->active[i].crc64, crc64, size);
		result = tally_md5_update(h->active[i].md5, bytes, size, error);
	}
	h->position += size;
	for (size_t i = 0; i < h->active_count && result == TALLY_OK;) {
		active_segment a = h->active[i];
		if (a.end != h->position) {
			i++;
			continue;
		}
		tally_stored_segment segment;
		result = tally_stored_get(h->stored, a.number, &segment, error);
		if (result == TALLY_OK)
			result = finish(h, &a, segment.length, error);
		h->active[i] = h->active[--h->active_count];
		h->active[h->active_count] = a;
	}
	return result;
}

/* How far it is to where a segment begins or ends, at most `size`. */
static size_t run_length(const hashing *h, size_t size)
{
	uint64_t to = h->position + size;
	if (h->next < h->segment_count && h->segments[h->next].offset < to)
		to = h->segments[h->next].offset;
	for (size_t i = 0; i < h->active_count; i++)
		if (h->active[i].end < to)
			to = h->active[i].end;
	return (size_t)(to - h->position);
}

static tally_result start_here(hashing *h, tally_error *error)
{
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && h->next < h->segment_count && h->segments[h->next].offset == h->position)
		result = start(h, &h->segments[h->next++], error);
	return result;
}

static tally_result take_bytes(void *context, const uint8_t *bytes, size_t size, tally_error *error)
{
	hashing *h = context;
	tally_result result = TALLY_OK;
	tally_rate_take(&h->rate, size);
	while (result == TALLY_OK && size > 0) {
		result = start_here(h, error);
		size_t length = run_length(h, size);
		if (result == TALLY_OK)
			result = feed(h, bytes, length, error);
		bytes += length;
		size -= length;
	}
	return result;
}

/*
 * What is still open can't be read; unless the file is at its end, which the report sees by the file's size. Of nothing
 * at the file's end there is a hash, too.
 */
static tally_result end(void *context, int os_error, tally_error *error)
{
	hashing *h = context;
	tally_result result = start_here(h, error);
	if (os_error == 0)
		os_error = EIO;
	for (size_t i = 0; i < h->active_count && result == TALLY_OK; i++) {
		tally_stored_segment segment;
		result = tally_stored_get(h->stored, h->active[i].number, &segment, error);
		if (result == TALLY_OK)
			result = settle(h, h->active[i].number, NULL, 0, h->position - segment.offset, os_error, error);
	}
	for (; h->next < h->segment_count && result == TALLY_OK; h->next++)
		result = settle(h, h->segments[h->next].number, NULL, 0, 0, os_error, error);
	return result;
}

/* ---- all together ---- */

static bool watch(void *context, uint64_t place)
{
	hashing *h = context;
	h->run->progress.bytes_done = place;
	h->watched = tally_run_progress(h->run, &h->watched_error);
	return h->watched == TALLY_OK;
}

static tally_result stream(hashing *h, tally_error *error)
{
	const tally_archive_receiver receiver = {h, begin, take_bytes, end};
	h->active = tally_zalloc(ACTIVE_MAX, sizeof *h->active);
	if (h->active == NULL)
		return tally_fail_memory(error);
	tally_result result = tally_archive_stream(h->run->archive, &receiver, watch, h, error);
	if (h->watched != TALLY_OK) {
		if (error != NULL)
			*error = h->watched_error;
		return h->watched;
	}
	return result;
}

tally_result tally_run_hash_archive(tally_run *run, tally_error *error)
{
	hashing h = {.run = run};
	if (run->observer != NULL && run->observer->crc64) {
		h.crc_blocks = tally_crc64_best(tally_cpu_features());
		tally_crc64_table_make(&h.crc_table);
	}
	tally_rate_init(&h.rate, run->options->max_rate);
	run->progress =
	    (tally_progress){.stage = "reading the archive", .bytes_total = tally_archive_size(run->archive)};
	tally_result result = tally_stored_new(&run->stored, error);
	h.stored = run->stored;
	if (result == TALLY_OK)
		result = tally_archive_index(run, h.stored, &h.blobs, error);
	if (result == TALLY_OK)
		result = stream(&h, error);
	for (size_t i = 0; i < h.active_made; i++)
		tally_md5_free(h.active[i].md5);
	tally_free(h.active);
	tally_free(h.segments);
	tally_records_clear(&h.blobs);
	tally_rate_destroy(&h.rate);
	return result;
}
