/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/whole.h"

#include "base/memory.h"
#include "digest/cpu.h"
#include "digest/crc64.h"

#include <errno.h>

#define CHUNK ((size_t)TALLY_SOURCE_CHUNK)
/* A chunk and what its alignment takes at both ends; and all buffers together. */
#define MEDIUM (CHUNK + 2 * (size_t)TALLY_MEDIUM_ALIGNMENT)
#define BUFFERS (MEDIUM + 2 * CHUNK)
/* What the page cache holds as one, and most disks as well: what is damaged by itself. */
#define PAGE ((size_t)4096)

/* What is known of a reading: the CRC-64 of each page. */
typedef struct page_sums {
	uint64_t *items;
	size_t count, capacity;
	uint64_t size;       /* bytes, of which the last ones may be less than a page: */
	uint8_t begun[PAGE]; /* they are here until they are one */
} page_sums;

struct tally_whole {
	tally_reading *reading;
	tally_second *second; /* made when it is needed first */
	tally_md5 *md5;
	tally_crc64_blocks *crc_blocks;
	tally_crc64_table crc_table;
	tally_whole_subject subject;
	uint64_t limit;  /* where the file ended when it was opened */
	page_sums kept;  /* of what tally_whole_read gives */
	page_sums other; /* of a second reading */
	int os_error;    /* what comes behind; 0: nothing */
	uint64_t window; /* offset of what is in the buffer, which is as it shall be */
	size_t window_size;
	uint8_t *memory;
	uint8_t *buffer, *medium; /* CHUNK; MEDIUM */
	uint8_t *front;           /* the first CHUNK bytes of a second reading */
	tally_fault later;        /* what tally_whole_read met */
};

tally_result tally_whole_new(tally_whole **out, tally_reading *reading, tally_error *error)
{
	*out = NULL;
	tally_whole *w = tally_zalloc(1, sizeof *w);
	if (w == NULL)
		return tally_fail_memory(error);
	w->reading = reading;
	w->memory = tally_alloc_aligned(BUFFERS, TALLY_MEDIUM_ALIGNMENT, &w->medium);
	tally_result result = w->memory != NULL ? tally_md5_new(&w->md5, error) : tally_fail_memory(error);
	if (result != TALLY_OK) {
		tally_whole_free(w);
		return result;
	}
	w->buffer = w->medium + MEDIUM;
	w->front = w->buffer + CHUNK;
	w->crc_blocks = tally_crc64_best(tally_cpu_features());
	tally_crc64_table_make(&w->crc_table);
	*out = w;
	return TALLY_OK;
}

void tally_whole_free(tally_whole *w)
{
	if (w == NULL)
		return;
	tally_second_free(w->second);
	tally_md5_free(w->md5);
	tally_free(w->kept.items);
	tally_free(w->other.items);
	/* Manifests hold the keys of storage accounts; page_sums has a part of what was read, too. */
	tally_free_wiped(w->memory, w->memory != NULL ? (size_t)(w->medium - w->memory) + BUFFERS : 0);
	tally_free_wiped(w, sizeof *w);
}

tally_find tally_whole_find(tally_whole *w, tally_drive *drive, tally_text path, tally_file *file,
			    tally_find_detail *detail)
{
	unsigned waited = 0;
	tally_find found;
	do
		found = tally_drive_find(drive, path, file, detail);
	while (found == TALLY_FIND_NO_FILES && tally_reading_wait_for_files(w->reading, &waited));
	return found;
}

/* ---- pages ---- */

static uint64_t sum_of(const tally_whole *w, const uint8_t *bytes, size_t size)
{
	tally_crc64 crc;
	size_t blocks = size / TALLY_CRC64_BLOCK;
	tally_crc64_begin(&crc);
	w->crc_blocks(&crc, &w->crc_table, bytes, blocks);
	return tally_crc64_end(&crc, &w->crc_table, bytes + blocks * TALLY_CRC64_BLOCK, size % TALLY_CRC64_BLOCK);
}

/* Notes the bytes that follow. The last page has its sum at any moment, however little of it is there. */
static tally_result note_bytes(const tally_whole *w, page_sums *sums, const uint8_t *bytes, size_t size,
			       tally_error *error)
{
	while (size > 0) {
		size_t begun = (size_t)(sums->size % PAGE), part = size < PAGE - begun ? size : PAGE - begun;
		memcpy(sums->begun + begun, bytes, part);
		if (begun == 0) {
			uint64_t *items =
			    tally_grow(sums->items, &sums->capacity, sums->count + 1, sizeof *sums->items);
			if (items == NULL)
				return tally_fail_memory(error);
			sums->items = items;
			sums->count++;
		}
		sums->items[sums->count - 1] = sum_of(w, sums->begun, begun + part);
		sums->size += part;
		bytes += part;
		size -= part;
	}
	return TALLY_OK;
}

static void forget(page_sums *sums)
{
	sums->count = 0;
	sums->size = 0;
}

/* Of whole pages, or to the end of what is kept. */
static bool are_kept(const tally_whole *w, uint64_t offset, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size; done += PAGE)
		if (sum_of(w, bytes + done, size - done < PAGE ? size - done : PAGE) !=
		    w->kept.items[(offset + done) / PAGE])
			return false;
	return true;
}

/* Where the second reading gave other bytes than the first, by pages. */
static tally_bad_bytes compare(const page_sums *first, const page_sums *second)
{
	tally_bad_bytes bad = {0};
	uint64_t size = first->size > second->size ? first->size : second->size;
	bool within = false;
	for (size_t i = 0; i * PAGE < size; i++) {
		bool same = i < first->count && i < second->count && first->items[i] == second->items[i];
		uint64_t end = (i + 1) * PAGE < size ? (i + 1) * PAGE : size;
		if (!same && !within && bad.ranges++ == 0)
			bad.offset = i * PAGE;
		if (!same && bad.ranges == 1)
			bad.length = end - bad.offset;
		within = !same;
	}
	return bad;
}

/* ---- reading ---- */

static int64_t read_some(const tally_whole *w, bool past_cache, uint64_t offset, uint8_t *buffer, size_t size)
{
	const tally_file *file = w->subject.file;
	size_t skipped;
	if (file == NULL)
		return w->subject.paper->read(w->subject.paper->context, offset, buffer, size);
	if (!past_cache)
		return tally_file_read(file, offset, buffer, size);
	int64_t got = tally_second_fetch(file, offset, w->medium, size, TALLY_MEDIUM_ALIGNMENT, &skipped);
	if (got > 0)
		memcpy(buffer, w->medium + skipped, (size_t)got);
	return got;
}

/* Reads to the end of the file if need be: how many bytes, with *os_error when more of them can't be had. */
static size_t fill(const tally_whole *w, bool past_cache, uint64_t offset, uint8_t *buffer, size_t size, int *os_error)
{
	size_t done = 0;
	*os_error = 0;
	while (done < size) {
		int64_t got = read_some(w, past_cache, offset + done, buffer + done, size - done);
		if (got < 0)
			*os_error = (int)-got;
		if (got <= 0)
			break;
		done += (size_t)got;
		if (w->subject.file != NULL)
			tally_rate_take(&w->reading->rate, (uint64_t)got);
	}
	return done;
}

static tally_result tell_watch(const tally_whole *w, uint64_t offset, tally_error *error)
{
	return w->subject.watch != NULL ? w->subject.watch(w->subject.context, offset, error) : TALLY_OK;
}

static bool is_right(const tally_whole *w, const uint8_t *md5)
{
	return w->subject.is_right == NULL || w->subject.is_right(w->subject.context, md5);
}

/* So much is read at a time that who watches hears of it ten times a second, however low the rate is; or a page. */
static size_t step_of(const tally_whole *w)
{
	uint64_t rate = w->reading->rate.bytes_per_second;
	size_t step = rate == 0 || rate / 10 > CHUNK ? CHUNK : (size_t)(rate / 10) & ~(PAGE - 1);
	return step < PAGE ? PAGE : step;
}

/* Leaves in w->os_error what ended it, and in fault->bad the read that failed. */
static tally_result read_first(tally_whole *w, tally_whole_outcome *outcome, tally_error *error)
{
	const bool past_cache = w->reading->io == TALLY_IO_DIRECT;
	const size_t step = step_of(w);
	tally_result result = tally_md5_begin(w->md5, error);
	w->window = w->window_size = 0;
	for (bool more = true; more && result == TALLY_OK && !atomic_load(&w->reading->stop);) {
		if (w->window_size == CHUNK) {
			w->window = w->kept.size;
			w->window_size = 0;
		}
		uint64_t left = w->limit - w->kept.size;
		size_t room = CHUNK - w->window_size, wanted = room < step ? room : step;
		wanted = left < wanted ? (size_t)left : wanted;
		uint8_t *bytes = w->buffer + w->window_size;
		size_t got = fill(w, past_cache, w->kept.size, bytes, wanted, &w->os_error);
		w->window_size += got;
		result = tally_md5_update(w->md5, bytes, got, error);
		if (result == TALLY_OK)
			result = note_bytes(w, &w->kept, bytes, got, error);
		if (result == TALLY_OK)
			result = tell_watch(w, w->kept.size, error);
		more = got == wanted && w->kept.size < w->limit;
		if (w->os_error != 0)
			outcome->fault.bad =
			    (tally_bad_bytes){.offset = w->kept.size, .length = wanted - got, .ranges = 1};
	}
	if (result == TALLY_OK)
		result = tally_md5_end(w->md5, outcome->first, error);
	return result;
}

static tally_result take_second(void *context, uint64_t offset, const uint8_t *bytes, size_t size, tally_error *error)
{
	tally_whole *w = context;
	tally_result result = TALLY_OK;
	/* What follows bytes that are missing is of no use to a reader. */
	if (size > 0 && offset == w->other.size) {
		if (offset < CHUNK)
			memcpy(w->front + offset, bytes, size < CHUNK - offset ? size : (size_t)(CHUNK - offset));
		result = note_bytes(w, &w->other, bytes, size, error);
	}
	return result == TALLY_OK ? tell_watch(w, offset, error) : result;
}

static void keep_second(tally_whole *w)
{
	page_sums first = w->kept;
	w->kept = w->other;
	w->other = first;
	w->window = 0;
	w->window_size = w->kept.size < CHUNK ? (size_t)w->kept.size : CHUNK;
	memcpy(w->buffer, w->front, w->window_size);
}

/* What the second reading makes of the first, and which of the two is kept. */
static void judge_second(tally_whole *w, const tally_second_scan *scan, tally_whole_outcome *outcome)
{
	tally_fault *fault = &outcome->fault;
	if (scan->bad.ranges > 0) {
		fault->second = TALLY_SECOND_FAILED;
		fault->bad = scan->bad;
		if (outcome->complete)
			return;
		fault->os_error = w->os_error = scan->os_error;
		keep_second(w);
		return;
	}
	bool knows = w->subject.is_right != NULL;
	bool same = outcome->complete && memcmp(scan->md5, outcome->first, sizeof scan->md5) == 0;
	outcome->right = is_right(w, scan->md5);
	fault->second = outcome->right ? (knows ? TALLY_SECOND_RIGHT : TALLY_SECOND_READ)
			: same         ? TALLY_SECOND_SAME
				       : TALLY_SECOND_OTHER;
	if (outcome->complete)
		fault->bad = compare(&w->kept, &w->other);
	outcome->complete = true;
	memcpy(outcome->md5, scan->md5, sizeof outcome->md5);
	w->os_error = 0;
	keep_second(w);
}

/* A file that somebody writes to is neither flaky nor bad. */
static bool may_read_second(const tally_whole *w)
{
	tally_file_identity now;
	const tally_file *file = w->subject.file;
	return file != NULL && !w->reading->once && !atomic_load(&w->reading->stop) &&
	       tally_file_identify(file, &now) == 0 && !tally_file_identity_changed(&file->identity, &now);
}

static tally_result read_second(tally_whole *w, tally_whole_outcome *outcome, tally_error *error)
{
	tally_second_scan scan = {.file = w->subject.file, .length = w->limit, .take = take_second, .context = w};
	tally_result result = TALLY_OK;
	forget(&w->other);
	if (w->second == NULL)
		result = tally_second_new(&w->second, w->reading, error);
	if (result == TALLY_OK)
		result = tally_second_run(w->second, &scan, error);
	if (result == TALLY_OK)
		judge_second(w, &scan, outcome);
	return result;
}

tally_result tally_whole_take(tally_whole *w, const tally_whole_subject *subject, tally_whole_outcome *outcome,
			      tally_error *error)
{
	tally_fault *fault = &outcome->fault;
	*outcome = (tally_whole_outcome){0};
	w->subject = *subject;
	w->limit = subject->file != NULL ? subject->file->size : UINT64_MAX;
	w->later = (tally_fault){0};
	w->os_error = 0;
	forget(&w->kept);
	tally_result result = read_first(w, outcome, error);
	if (result != TALLY_OK)
		return result;
	if (w->os_error != 0 && tally_whole_is_lost(w, error))
		return TALLY_ERROR_IO;
	outcome->complete = w->os_error == 0;
	outcome->right = outcome->complete && is_right(w, outcome->first);
	memcpy(outcome->md5, outcome->first, sizeof outcome->md5);
	fault->met = !outcome->right;
	fault->os_error = w->os_error;
	if (!fault->met)
		return TALLY_OK;
	if (may_read_second(w))
		return read_second(w, outcome, error);
	if (fault->os_error != 0 && subject->file != NULL) {
		fault->bad.length = w->limit - fault->bad.offset;
		fault->bad.unknown = true;
	} else {
		fault->bad = (tally_bad_bytes){0};
	}
	return TALLY_OK;
}

bool tally_whole_is_lost(tally_whole *w, tally_error *error)
{
	bool lost = tally_reading_is_lost(w->reading);
	if (lost)
		tally_reading_fail_stopped(w->reading, error);
	return lost;
}

/* ---- what was taken ---- */

/* Of a window that could not be read, or was not what it shall be. */
static int read_window_second(tally_whole *w, size_t size, int os_error)
{
	int failed = ESTALE;
	if (!may_read_second(w))
		return os_error != 0 ? os_error : ESTALE;
	size_t got = fill(w, true, w->window, w->buffer, size, &failed);
	if (got != size || !are_kept(w, w->window, w->buffer, size))
		return failed != 0 ? failed : ESTALE;
	w->later = (tally_fault){
	    .met = true,
	    .os_error = os_error,
	    .second = TALLY_SECOND_RIGHT,
	    .bad = {.offset = w->window, .length = size, .ranges = 1},
	};
	return 0;
}

/* 0 or an errno. */
static int load_window(tally_whole *w, uint64_t offset, size_t size)
{
	uint64_t begin = offset & ~((uint64_t)PAGE - 1), end = begin + CHUNK;
	if (offset + size < end)
		end = (offset + size + PAGE - 1) & ~((uint64_t)PAGE - 1);
	if (end > w->kept.size)
		end = w->kept.size;
	int os_error, failed = 0;
	w->window = begin;
	w->window_size = (size_t)(end - begin);
	size_t got = fill(w, w->reading->io == TALLY_IO_DIRECT, begin, w->buffer, w->window_size, &os_error);
	if (got != w->window_size || !are_kept(w, begin, w->buffer, w->window_size))
		failed = read_window_second(w, w->window_size, os_error);
	if (failed != 0)
		w->window_size = 0;
	return failed;
}

int64_t tally_whole_read(void *whole, uint64_t offset, void *buffer, size_t size)
{
	tally_whole *w = whole;
	if (size == 0 || offset >= w->kept.size)
		return size == 0 ? 0 : -w->os_error;
	if (size > w->kept.size - offset)
		size = (size_t)(w->kept.size - offset);
	if (offset < w->window || offset - w->window >= w->window_size) {
		int failed = load_window(w, offset, size);
		if (failed != 0)
			return -failed;
	}
	size_t at = (size_t)(offset - w->window);
	if (size > w->window_size - at)
		size = w->window_size - at;
	memcpy(buffer, w->buffer + at, size);
	return (int64_t)size;
}

bool tally_whole_was_flaky(tally_whole *w, tally_fault *fault)
{
	bool met = w->later.met;
	*fault = w->later;
	w->later.met = false;
	return met;
}
