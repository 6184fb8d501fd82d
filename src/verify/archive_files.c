/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/archive_files.h"

#include "base/memory.h"
#include "verify/archive_index.h"
#include "verify/flow.h"
#include "verify/reading.h"

#include <errno.h>
#include <stdlib.h>

/* A segment of the file at hand. */
typedef struct expected_segment {
	uint64_t offset, end;
	uint64_t number;
} expected_segment;

typedef struct hashing {
	tally_run *run;
	tally_stored *stored;
	tally_records blobs;
	tally_rate rate;
	tally_flow *flow;
	/* Of the file at hand, by offset: */
	expected_segment *segments;
	size_t segment_count, segment_capacity, next;
	uint64_t position;
	int os_error;         /* why it ends before its segments do */
	tally_result watched; /* what telling how far we are came to */
	tally_error watched_error;
} hashing;

/* ---- the segments of a file ---- */

static int compare_places(const void *left, const void *right)
{
	const expected_segment *a = left, *b = right;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
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

static tally_result add_blobs(hashing *h, uint32_t file, tally_error *error)
{
	tally_result result = TALLY_OK;
	h->segment_count = h->next = 0;
	h->position = 0;
	for (size_t i = first_blob(&h->blobs, file); i < h->blobs.count && result == TALLY_OK; i++) {
		const tally_record *blob = tally_records_at(&h->blobs, i);
		if (blob->fingerprint != file)
			break;
		result = add_blob(h, blob->position, error);
	}
	return result;
}

static void sort_segments(hashing *h)
{
	bool sorted = true;
	for (size_t i = 1; i < h->segment_count && sorted; i++)
		sorted = compare_places(&h->segments[i - 1], &h->segments[i]) < 0;
	if (!sorted)
		qsort(h->segments, h->segment_count, sizeof *h->segments, compare_places);
}

/* Several blobs of one file are described by the same segments: each is hashed for the first, and holds for all. */
static tally_result join_same(hashing *h, tally_error *error)
{
	tally_result result = TALLY_OK;
	size_t kept = 0;
	uint64_t last = 0; /* of the segments that are the same as the one kept last */
	for (size_t i = 0; i < h->segment_count && result == TALLY_OK; i++) {
		const expected_segment *e = &h->segments[i], *before = &h->segments[kept - (kept > 0)];
		if (kept > 0 && e->offset == before->offset && e->end == before->end)
			result = tally_stored_join(h->stored, last, e->number, error);
		else
			h->segments[kept++] = *e;
		last = e->number;
	}
	h->segment_count = kept;
	return result;
}

static tally_result end(void *context, int os_error, tally_error *error);

static tally_result begin(void *context, uint32_t file, uint64_t *wanted, tally_error *error)
{
	hashing *h = context;
	*wanted = 0;
	tally_result result = add_blobs(h, file, error);
	sort_segments(h);
	if (result == TALLY_OK)
		result = join_same(h, error);
	for (size_t i = 0; i < h->segment_count; i++)
		if (h->segments[i].end > *wanted)
			*wanted = h->segments[i].end;
	/* Nothing but empty ones: of such a file no bytes come, and no end. */
	return result == TALLY_OK && *wanted == 0 && h->segment_count > 0 ? end(h, 0, error) : result;
}

/* ---- hashing ---- */

static void judge(tally_stored_segment *segment, const tally_digest_result *hashed)
{
	segment->crc64 = hashed->crc64;
	memcpy(segment->actual, hashed->md5, sizeof segment->actual);
	bool same = memcmp(segment->actual, segment->expected, sizeof segment->expected) == 0;
	segment->outcome = same ? TALLY_SEGMENT_COMPLETED : TALLY_SEGMENT_CORRUPTED;
}

/* The segment and all that are the same. `hashed` is NULL when there is no hash, which `otherwise` says the reason of.
 */
static tally_result settle(hashing *h, uint64_t number, const tally_digest_result *hashed, uint64_t read,
			   tally_segment_outcome otherwise, int os_error, tally_error *error)
{
	tally_stored_segment segment = {.same = number + 1};
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && segment.same != 0) {
		number = segment.same - 1;
		result = tally_stored_get(h->stored, number, &segment, error);
		if (result != TALLY_OK)
			break;
		segment.read = read;
		segment.os_error = os_error;
		segment.outcome = (uint8_t)otherwise;
		if (hashed != NULL)
			judge(&segment, hashed);
		result = tally_stored_put(h->stored, number, &segment, error);
	}
	return result;
}

static tally_result take_hash(void *context, uint64_t number, const tally_digest_result *hashed, tally_error *error)
{
	return settle(context, number, hashed, hashed->size, TALLY_SEGMENT_COMPLETED, 0, error);
}

static tally_result lose(void *context, uint64_t number, uint64_t came, tally_error *error)
{
	hashing *h = context;
	return settle(h, number, NULL, came, TALLY_SEGMENT_IO_FAILED, h->os_error, error);
}

static tally_result start(hashing *h, const expected_segment *e, tally_error *error)
{
	/* The bytes come once: what can't be hashed beside the others now, can't be hashed. */
	if (tally_flow_open_count(h->flow) == TALLY_FLOW_OPEN_MAX && e->end > e->offset)
		return settle(h, e->number, NULL, 0, TALLY_SEGMENT_UNKNOWN, 0, error);
	return tally_flow_begin(h->flow, e->number, e->end - e->offset, error);
}

static tally_result start_here(hashing *h, tally_error *error)
{
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && h->next < h->segment_count && h->segments[h->next].offset == h->position)
		result = start(h, &h->segments[h->next++], error);
	return result;
}

/* How far it is to where a segment begins or ends, at most `size`. */
static size_t run_length(const hashing *h, size_t size)
{
	uint64_t length = tally_flow_nearest_end(h->flow);
	if (h->next < h->segment_count && h->segments[h->next].offset - h->position < length)
		length = h->segments[h->next].offset - h->position;
	return length < size ? (size_t)length : size;
}

static tally_result take_bytes(void *context, const uint8_t *bytes, size_t size, tally_error *error)
{
	hashing *h = context;
	tally_result result = TALLY_OK;
	tally_rate_take(&h->rate, size);
	while (result == TALLY_OK && size > 0) {
		result = start_here(h, error);
		size_t length = run_length(h, size);
		/* Of what lies between segments nobody knows what it should be. */
		if (result == TALLY_OK && tally_flow_open_count(h->flow) > 0)
			result = tally_flow_feed(h->flow, bytes, length, error);
		h->position += length;
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
	h->os_error = os_error != 0 ? os_error : EIO;
	if (result == TALLY_OK)
		result = tally_flow_break(h->flow, lose, h, error);
	for (; h->next < h->segment_count && result == TALLY_OK; h->next++)
		result = settle(h, h->segments[h->next].number, NULL, 0, TALLY_SEGMENT_IO_FAILED, h->os_error, error);
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

/* Nothing new for a while: still somebody may want to stop. */
static tally_result on_wait(void *context, tally_error *error)
{
	hashing *h = context;
	return tally_run_progress(h->run, error);
}

static tally_result stream(hashing *h, tally_error *error)
{
	const tally_archive_receiver receiver = {h, begin, take_bytes, end};
	tally_result result = tally_archive_stream(h->run->archive, &receiver, watch, h, error);
	if (h->watched != TALLY_OK) {
		if (error != NULL)
			*error = h->watched_error;
		return h->watched;
	}
	/* Names and bytes of two archives: what was hashed says nothing of what the manifest names. */
	if (result == TALLY_OK && tally_archive_changed(h->run->archive))
		return tally_fail(error, TALLY_ERROR_IO, "%.300s changed while it was read", h->run->options->drive);
	return result == TALLY_OK ? tally_flow_finish(h->flow, error) : result;
}

static tally_result open_flow(hashing *h, tally_error *error)
{
	const tally_run *run = h->run;
	const unsigned checks = run->checks > 0 ? run->checks : 1;
	unsigned jobs = run->options->jobs != 0 ? run->options->jobs : tally_reading_processors_of(checks);
	const tally_flow_options how = {.jobs = jobs < TALLY_FLOW_JOBS_MAX ? jobs : TALLY_FLOW_JOBS_MAX,
					.room = TALLY_FLOW_ROOM / checks,
					.crc64 = run->observer != NULL && run->observer->crc64};
	const tally_flow_sink sink = {h, take_hash, on_wait};
	return tally_flow_new(&h->flow, &how, &sink, error);
}

tally_result tally_run_hash_archive(tally_run *run, tally_error *error)
{
	hashing h = {.run = run};
	tally_rate_init(&h.rate, run->options->max_rate);
	run->progress =
	    (tally_progress){.stage = "reading the archive", .bytes_total = tally_archive_size(run->archive)};
	tally_result result = tally_stored_new(&run->stored, error);
	h.stored = run->stored;
	if (result == TALLY_OK)
		result = tally_archive_index(run, h.stored, &h.blobs, error);
	if (result == TALLY_OK)
		result = open_flow(&h, error);
	if (result == TALLY_OK)
		result = stream(&h, error);
	tally_flow_free(h.flow);
	tally_free(h.segments);
	tally_records_clear(&h.blobs);
	tally_rate_destroy(&h.rate);
	return result;
}
