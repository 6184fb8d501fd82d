/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/worker.h"

#include "base/memory.h"
#include "verify/ahead.h"
#include "verify/checkpoint.h"
#include "verify/lanes.h"
#include "verify/second.h"

#include <errno.h>

struct tally_worker {
	tally_drive *drive;
	tally_reading *reading;
	tally_digest *digest;
	tally_second *second; /* these are made when they are needed first */
	tally_whole *side_bytes;
	tally_batch *batch;
	bool is_export;
	tally_lanes lanes;
	tally_arrivals arrivals;
	tally_ahead ahead;
	/* Of what is being hashed: segments of the batch, by the digest's index, and how far each lane has come. */
	uint32_t queue[TALLY_BATCH_SEGMENTS];
	uint64_t got[TALLY_DIGEST_LANES_MAX];
	tally_lane_way way;
	void (*finish)(tally_worker *worker, tally_batch_segment *segment, const tally_digest_result *result);
};

tally_result tally_worker_new(tally_worker **out, tally_drive *drive, tally_reading *reading, bool is_export,
			      bool crc64, tally_error *error)
{
	*out = NULL;
	tally_worker *w = tally_zalloc(1, sizeof *w);
	if (w == NULL)
		return tally_fail_memory(error);
	w->drive = drive;
	w->reading = reading;
	w->is_export = is_export;
	tally_arrivals_init(&w->arrivals, reading);
	tally_result result = tally_digest_new(&(tally_digest_options){.crc64 = crc64}, &w->digest, error);
	if (result == TALLY_OK)
		result = tally_lanes_init(&w->lanes, reading, tally_digest_lanes(w->digest), error);
	if (result != TALLY_OK) {
		tally_worker_free(w);
		return result;
	}
	*out = w;
	return TALLY_OK;
}

void tally_worker_free(tally_worker *w)
{
	if (w == NULL)
		return;
	tally_digest_free(w->digest);
	tally_lanes_release(&w->lanes);
	tally_arrivals_release(&w->arrivals);
	tally_second_free(w->second);
	tally_whole_free(w->side_bytes);
	tally_free(w);
}

void tally_worker_enter(tally_worker *w)
{
	tally_mapping_watch(w->lanes.mappings, TALLY_DIGEST_LANES_MAX);
}

void tally_worker_leave(tally_worker *w)
{
	tally_mapping_watch(NULL, 0);
	(void)w;
}

/* ---- what the digest asks for ---- */

static tally_piece give_up(tally_batch_segment *s, tally_segment_outcome outcome, int os_error)
{
	/* What the first reading said stands. */
	if (s->outcome == TALLY_SEGMENT_WAITING) {
		s->outcome = outcome;
		s->os_error = os_error;
	}
	return TALLY_PIECE_FAILED;
}

/* A file that can't be opened may be the first that shows it. */
static bool is_lost(const tally_worker *w, const tally_batch_blob *blob)
{
	return blob->find == TALLY_FIND_IO_FAILED && tally_reading_is_lost(w->reading);
}

/* The next bytes of a segment, for its lane. */
static int64_t fetch(tally_worker *w, size_t index, unsigned lane, const tally_batch_segment *s, const tally_file *file,
		     const uint8_t **piece)
{
	uint64_t got_before = w->got[lane], left = s->entry.length - got_before;
	if (got_before == 0 && s->arrival != 0) {
		int64_t got = tally_arrivals_take(&w->arrivals, s, piece);
		if (got > 0)
			return got;
	}
	if (got_before == 0 && w->way == TALLY_LANE_AS_CHOSEN && tally_ahead_rests(&w->ahead, index)) {
		int64_t got = tally_lanes_fetch(&w->lanes, lane, TALLY_LANE_CACHED, file, s->entry.offset, left, piece);
		if (got != (int64_t)left)
			tally_ahead_missed(&w->ahead, index, got);
		/* Some kernels give nothing where they would have to wait, as if the file ended there. */
		if (got > 0)
			return got;
	}
	return tally_lanes_fetch(&w->lanes, lane, w->way, file, s->entry.offset + got_before, left, piece);
}

/* False when the blob's file has to wait until others are closed: those of this worker, or anybody's. */
static bool open_in_turn(tally_worker *w, tally_batch_blob *blob)
{
	if (blob->opened)
		return true;
	if (w->batch->open_files < w->reading->files && tally_batch_open(w->batch, blob, w->drive))
		return true;
	return tally_ahead_give_way(&w->ahead) && tally_batch_open(w->batch, blob, w->drive);
}

static tally_piece next_piece(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	tally_worker *w = context;
	tally_batch_segment *s = &w->batch->segments[w->queue[index]];
	tally_batch_blob *blob = &w->batch->blobs[s->blob];
	if (atomic_load_explicit(&w->reading->stop, memory_order_relaxed))
		return TALLY_PIECE_STOP;
	s->again |= !tally_lanes_done(&w->lanes, lane, &blob->file);
	if (s->again)
		return TALLY_PIECE_FAILED;
	s->postponed = !open_in_turn(w, blob);
	if (s->postponed)
		return TALLY_PIECE_FAILED;
	if (!blob->is_open)
		return is_lost(w, blob) ? TALLY_PIECE_STOP : give_up(s, TALLY_SEGMENT_CANCELLED, 0);
	uint64_t got_before = w->got[lane], left = s->entry.length - got_before;
	if (got_before == 0 && s->entry.offset + s->entry.length > blob->file.size)
		return give_up(s, TALLY_SEGMENT_SHORT, 0);
	if (left == 0)
		return TALLY_PIECE_END;
	s->begun = true;
	tally_ahead_used(&blob->file, s, got_before, false);
	tally_ahead_move(&w->ahead, s, got_before, got_before + 1);
	int64_t got = fetch(w, index, lane, s, &blob->file, piece);
	if (got < 0 && tally_reading_is_lost(w->reading))
		return TALLY_PIECE_STOP;
	if (got <= 0)
		return give_up(s, got == 0 ? TALLY_SEGMENT_SHORT : TALLY_SEGMENT_IO_FAILED, (int)-got);
	w->got[lane] += (uint64_t)got;
	*size = (size_t)got;
	tally_ahead_move(&w->ahead, s, got_before + 1, w->got[lane]);
	tally_rate_take(&w->reading->rate, (uint64_t)got);
	return TALLY_PIECE_DATA;
}

static void segment_done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	tally_worker *w = context;
	tally_batch_segment *s = &w->batch->segments[w->queue[index]];
	tally_batch_blob *blob = &w->batch->blobs[s->blob];
	s->again |= !tally_lanes_done(&w->lanes, lane, &blob->file);
	uint64_t got = w->got[lane];
	w->got[lane] = 0;
	tally_arrivals_leave(&w->arrivals, s->arrival);
	s->arrival = 0;
	tally_ahead_move(&w->ahead, s, got, s->entry.length);
	if (s->again || s->postponed)
		return; /* its file stays open, or comes later */
	if (s->outcome == TALLY_SEGMENT_WAITING || s->outcome == TALLY_SEGMENT_SHORT)
		s->read = got;
	if (blob->is_open)
		tally_ahead_used(&blob->file, s, s->entry.length, true);
	w->finish(w, s, result);
	if (--blob->pending == 0)
		tally_batch_close(w->batch, blob);
}

static tally_result run(tally_worker *w, size_t count, tally_lane_way way,
			void (*finish)(tally_worker *worker, tally_batch_segment *segment,
				       const tally_digest_result *result),
			tally_error *error)
{
	const tally_digest_source source = {.context = w, .next = next_piece, .done = segment_done};
	w->way = way;
	w->finish = finish;
	/* A run that was stopped has left them as they were. */
	memset(w->got, 0, sizeof w->got);
	return tally_digest_run(w->digest, &source, count, error);
}

/* ---- the first reading ---- */

/* Its outcome is final. What can't be noted ends the check: what the user relies on for hours would not be there. */
static void note(tally_worker *w, const tally_batch_segment *s)
{
	if (w->reading->checkpoint != NULL && w->batch->result == TALLY_OK)
		w->batch->result = tally_checkpoint_note(w->reading->checkpoint, w->batch, s, &w->batch->error);
}

static void finish_first(tally_worker *w, tally_batch_segment *s, const tally_digest_result *result)
{
	if (result == NULL)
		return;
	memcpy(s->actual, result->md5, sizeof s->actual);
	s->crc64 = result->crc64;
	bool same = memcmp(s->actual, s->entry.md5, sizeof s->actual) == 0;
	s->outcome = same ? TALLY_SEGMENT_COMPLETED : TALLY_SEGMENT_CORRUPTED;
	if (same)
		note(w, s);
}

/* Which segments are to be hashed; what can't be is settled here. */
static size_t queue_segments(tally_worker *w, tally_batch *batch)
{
	size_t queued = 0;
	for (size_t i = 0; i < batch->segment_count; i++) {
		tally_batch_segment *s = &batch->segments[i];
		tally_batch_blob *blob = &batch->blobs[s->blob];
		if (s->recalled)
			continue;
		if (!s->entry.usable || blob->late_path || blob->entry.file_path == NULL) {
			s->outcome = TALLY_SEGMENT_UNUSABLE;
			continue;
		}
		blob->pending++;
		w->queue[queued++] = (uint32_t)i;
	}
	return queued;
}

/*
 * Segments that are left, which still count as pending: first those whose mapping broke down under the digest, then
 * those whose file could not be opened.
 */
static size_t queue_left(tally_worker *w, tally_batch *batch, tally_lane_way *way)
{
	size_t queued = 0;
	bool any_again = false;
	for (size_t i = 0; i < batch->segment_count; i++)
		any_again |= batch->segments[i].again;
	*way = any_again ? TALLY_LANE_READ : TALLY_LANE_AS_CHOSEN;
	for (size_t i = 0; i < batch->segment_count; i++) {
		bool *left = any_again ? &batch->segments[i].again : &batch->segments[i].postponed;
		if (!*left)
			continue;
		*left = false;
		w->queue[queued++] = (uint32_t)i;
	}
	return queued;
}

/* Of the files that could not be opened, each time some more can be, as lanes have closed theirs. */
static tally_result read_left(tally_worker *w, tally_batch *batch, tally_error *error)
{
	tally_result result = TALLY_OK;
	tally_lane_way way;
	size_t before = SIZE_MAX, queued;
	unsigned waited = 0;
	while (result == TALLY_OK && (queued = queue_left(w, batch, &way)) > 0) {
		if (queued < before)
			waited = 0;
		else if (!tally_reading_wait_for_files(w->reading, &waited))
			return tally_find_shortage(TALLY_FIND_NO_FILES, NULL, error);
		before = way == TALLY_LANE_AS_CHOSEN ? queued : SIZE_MAX;
		result = run(w, queued, way, finish_first, error);
	}
	return result;
}

static tally_result read_first(tally_worker *w, tally_batch *batch, tally_error *error)
{
	size_t queued = queue_segments(w, batch);
	tally_ahead_begin(&w->ahead, w->reading, &w->arrivals, w->drive, batch, w->queue, queued);
	tally_result result = run(w, queued, TALLY_LANE_AS_CHOSEN, finish_first, error);
	w->ahead.count = 0; /* the queue is used for other things from here on */
	return result == TALLY_OK ? read_left(w, batch, error) : result;
}

/* ---- the second reading, of what failed ---- */

static void finish_second(tally_worker *w, tally_batch_segment *s, const tally_digest_result *result)
{
	(void)w;
	if (result == NULL)
		s->second = TALLY_SECOND_FAILED;
	else if (memcmp(result->md5, s->entry.md5, sizeof result->md5) == 0)
		s->second = TALLY_SECOND_RIGHT;
	else
		s->second =
		    memcmp(result->md5, s->actual, sizeof s->actual) == 0 ? TALLY_SECOND_SAME : TALLY_SECOND_OTHER;
}

/* Corrupted segments from *next on, of as many files as may be open at a time. */
static size_t queue_corrupted(tally_worker *w, tally_batch *batch, size_t *next)
{
	size_t queued = 0;
	for (; *next < batch->segment_count; ++*next) {
		const tally_batch_segment *s = &batch->segments[*next];
		tally_batch_blob *blob = &batch->blobs[s->blob];
		if (s->outcome != TALLY_SEGMENT_CORRUPTED || s->recalled)
			continue;
		if (queued > 0 && !blob->is_open && batch->open_files >= w->reading->files)
			break;
		tally_find found = tally_batch_reopen(batch, blob, w->drive);
		if (found == TALLY_FIND_NO_FILES)
			break;
		if (found != TALLY_FIND_OK)
			continue;
		blob->pending++;
		w->queue[queued++] = (uint32_t)*next;
	}
	return queued;
}

static tally_result read_corrupted(tally_worker *w, tally_batch *batch, tally_error *error)
{
	tally_result result = TALLY_OK;
	unsigned waited = 0;
	for (size_t next = 0; result == TALLY_OK && next < batch->segment_count;) {
		size_t queued = queue_corrupted(w, batch, &next);
		if (queued > 0)
			waited = 0;
		else if (next < batch->segment_count && !tally_reading_wait_for_files(w->reading, &waited))
			return tally_find_shortage(TALLY_FIND_NO_FILES, NULL, error);
		if (queued > 0)
			result = run(w, queued, TALLY_LANE_MEDIUM, finish_second, error);
	}
	return result;
}

static tally_result read_failed(tally_worker *w, tally_batch *batch, tally_batch_segment *s, tally_error *error)
{
	tally_batch_blob *blob = &batch->blobs[s->blob];
	unsigned waited = 0;
	tally_find found;
	do
		found = tally_batch_reopen(batch, blob, w->drive);
	while (found == TALLY_FIND_NO_FILES && tally_reading_wait_for_files(w->reading, &waited));
	tally_result result = tally_find_shortage(found, NULL, error);
	if (found != TALLY_FIND_OK)
		return result;
	if (w->second == NULL)
		result = tally_second_new(&w->second, w->reading, error);
	if (result == TALLY_OK)
		result = tally_second_read(w->second, &blob->file, s, error);
	if (result == TALLY_OK && s->second == TALLY_SECOND_FAILED)
		tally_reading_is_lost(w->reading);
	tally_batch_close(batch, blob);
	return result;
}

static tally_result read_second(tally_worker *w, tally_batch *batch, tally_error *error)
{
	tally_result result = read_corrupted(w, batch, error);
	for (size_t i = 0; i < batch->segment_count && result == TALLY_OK; i++) {
		tally_batch_segment *s = &batch->segments[i];
		if (s->outcome == TALLY_SEGMENT_IO_FAILED && !s->recalled)
			result = read_failed(w, batch, s, error);
	}
	return result;
}

/* ---- outcomes that are there already ---- */

static tally_result take_stored_segment(const tally_worker *w, tally_batch_segment *s, const tally_batch_blob *blob, tally_error *error)
{
	tally_stored_segment stored;
	if (s->entry.offset + s->entry.length > blob->file.size) {
		s->outcome = TALLY_SEGMENT_SHORT;
		return TALLY_OK;
	}
	tally_result result = tally_stored_get(w->reading->stored, s->number, &stored, error);
	if (result != TALLY_OK)
		return result;
	/* The archive ended before its file came: nobody knows what is in there. */
	bool came = stored.outcome != TALLY_SEGMENT_WAITING;
	s->outcome = came ? (tally_segment_outcome)stored.outcome : TALLY_SEGMENT_IO_FAILED;
	s->os_error = came ? stored.os_error : EIO;
	s->read = stored.read;
	s->crc64 = stored.crc64;
	memcpy(s->actual, stored.actual, sizeof s->actual);
	return TALLY_OK;
}

static tally_result take_stored(tally_worker *w, tally_batch *batch, tally_error *error)
{
	size_t queued = queue_segments(w, batch);
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < queued && result == TALLY_OK; i++) {
		tally_batch_segment *s = &batch->segments[w->queue[i]];
		tally_batch_blob *blob = &batch->blobs[s->blob];
		result = tally_batch_await_open(batch, blob, w->drive, w->reading, error);
		if (result == TALLY_OK && blob->is_open)
			result = take_stored_segment(w, s, blob, error);
		else
			s->outcome = TALLY_SEGMENT_CANCELLED;
	}
	return result;
}

/* ---- a batch ---- */

static tally_result check_side_files(tally_worker *w, tally_batch_blob *blob, tally_error *error)
{
	tally_finder silent = {0};
	tally_result result = TALLY_OK;
	tally_side_check *checks[] = {&blob->metadata, &blob->properties};
	for (size_t i = 0; i < 2 && result == TALLY_OK; i++) {
		if (!checks[i]->reference.present || checks[i]->reference.from_list)
			continue;
		if (w->side_bytes == NULL)
			result = tally_whole_new(&w->side_bytes, w->reading, error);
		if (result == TALLY_OK)
			result = tally_side_check_run(checks[i], w->drive, w->side_bytes, i == 1, w->is_export, &silent,
						      error);
	}
	return result;
}

static tally_result read_all(tally_worker *w, tally_batch *batch, tally_error *error)
{
	tally_checkpoint *checkpoint = w->reading->checkpoint;
	tally_result result = TALLY_OK;
	if (checkpoint != NULL)
		result = tally_checkpoint_recall(checkpoint, batch, w->drive, w->reading, error);
	if (result == TALLY_OK)
		result = read_first(w, batch, error);
	if (result == TALLY_OK && batch->result == TALLY_OK)
		result = read_second(w, batch, error);
	/* Readings that were cut short say nothing. */
	if (result != TALLY_OK || batch->result != TALLY_OK || atomic_load(&w->reading->stop))
		return result != TALLY_OK ? result : batch->result;
	for (size_t i = 0; i < batch->segment_count; i++) {
		const tally_batch_segment *s = &batch->segments[i];
		if (s->outcome != TALLY_SEGMENT_COMPLETED && !s->recalled)
			note(w, s);
	}
	return batch->result;
}

void tally_worker_run(tally_worker *w, tally_batch *batch)
{
	w->batch = batch;
	batch->result =
	    w->reading->stored != NULL ? take_stored(w, batch, &batch->error) : read_all(w, batch, &batch->error);
	for (unsigned lane = 0; lane < TALLY_DIGEST_LANES_MAX; lane++)
		tally_lanes_done(&w->lanes, lane, NULL);
	tally_arrivals_settle(&w->arrivals);
	for (size_t i = 0; i < batch->blob_count; i++) {
		tally_batch_blob *blob = &batch->blobs[i];
		/* A blob without segments: its file must be there all the same. */
		if (batch->result == TALLY_OK && blob->entry.file_path != NULL)
			batch->result = tally_batch_await_open(batch, blob, w->drive, w->reading, &batch->error);
		tally_batch_close(batch, blob);
		if (batch->result == TALLY_OK && blob->opened)
			batch->result = tally_find_shortage(blob->find, &blob->detail, &batch->error);
		if (batch->result == TALLY_OK && !is_lost(w, blob) && blob->ends)
			batch->result = check_side_files(w, blob, &batch->error);
	}
	if (atomic_load(&w->reading->stop) && (batch->result == TALLY_OK || batch->result == TALLY_ERROR_STOPPED))
		batch->result = tally_reading_fail_stopped(w->reading, &batch->error);
	tally_folder_leave(&batch->folder);
}
