/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/worker.h"

#include "base/memory.h"

/* Large enough to make system calls cheap, small enough that the buffers of all lanes stay in the second-level cache. */
#define LANE_BUFFER ((size_t)32 * 1024)

struct tally_worker {
	tally_drive *drive;
	tally_digest *digest;
	tally_batch *batch;
	bool is_export;
	uint8_t *buffers; /* LANE_BUFFER for each lane */
	/* Segments of the batch that need hashing, by the digest's index. */
	uint32_t queue[TALLY_BATCH_SEGMENTS];
};

tally_result tally_worker_new(tally_worker **out, tally_drive *drive, bool is_export, tally_error *error)
{
	*out = NULL;
	tally_worker *w = tally_zalloc(1, sizeof *w);
	if (w == NULL)
		return tally_fail_memory(error);
	w->drive = drive;
	w->is_export = is_export;
	tally_result result = tally_digest_new(NULL, &w->digest, error);
	if (result == TALLY_OK && (w->buffers = tally_alloc(tally_digest_lanes(w->digest) * LANE_BUFFER)) == NULL)
		result = tally_fail_memory(error);
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
	tally_free(w->buffers);
	tally_free(w);
}

static void open_file(tally_worker *w, tally_batch_blob *blob)
{
	if (blob->opened)
		return;
	blob->opened = true;
	tally_text path = {blob->entry.file_path, strlen(blob->entry.file_path)};
	blob->find = tally_drive_find(w->drive, path, &blob->file, &blob->detail);
	blob->is_open = blob->find == TALLY_FIND_OK;
}

static void close_file(tally_batch_blob *blob)
{
	if (!blob->is_open)
		return;
	tally_file_identity now;
	if (tally_file_identify(&blob->file, &now) == 0) {
		const tally_file_identity *then = &blob->file.identity;
		blob->changed = now.size != then->size || now.modified_ns != then->modified_ns || now.inode != then->inode;
	}
	tally_file_close(&blob->file);
	blob->is_open = false;
}

static tally_piece next_piece(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	tally_worker *w = context;
	tally_batch_segment *s = &w->batch->segments[w->queue[index]];
	tally_batch_blob *blob = &w->batch->blobs[s->blob];
	open_file(w, blob);
	if (!blob->is_open) {
		s->outcome = TALLY_SEGMENT_CANCELLED;
		return TALLY_PIECE_FAILED;
	}
	if (s->read == 0 && s->entry.offset + s->entry.length > blob->file.size) {
		s->outcome = TALLY_SEGMENT_SHORT;
		return TALLY_PIECE_FAILED;
	}
	uint64_t left = s->entry.length - s->read;
	if (left == 0)
		return TALLY_PIECE_END;
	uint8_t *buffer = w->buffers + lane * LANE_BUFFER;
	int64_t got = tally_file_read(&blob->file, s->entry.offset + s->read, buffer, left < LANE_BUFFER ? (size_t)left : LANE_BUFFER);
	if (got <= 0) {
		s->outcome = got == 0 ? TALLY_SEGMENT_SHORT : TALLY_SEGMENT_IO_FAILED;
		s->os_error = (int)-got;
		return TALLY_PIECE_FAILED;
	}
	s->read += (uint64_t)got;
	*piece = buffer;
	*size = (size_t)got;
	return TALLY_PIECE_DATA;
}

static void segment_done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	(void)lane;
	tally_worker *w = context;
	tally_batch_segment *s = &w->batch->segments[w->queue[index]];
	tally_batch_blob *blob = &w->batch->blobs[s->blob];
	if (result != NULL) {
		memcpy(s->actual, result->md5, sizeof s->actual);
		bool same = memcmp(s->actual, s->entry.md5, sizeof s->actual) == 0;
		s->outcome = same ? TALLY_SEGMENT_COMPLETED : TALLY_SEGMENT_CORRUPTED;
	}
	if (--blob->pending == 0)
		close_file(blob);
}

/* Which segments are to be hashed; what can't be is settled here. */
static size_t queue_segments(tally_worker *w, tally_batch *batch)
{
	size_t queued = 0;
	for (size_t i = 0; i < batch->segment_count; i++) {
		tally_batch_segment *s = &batch->segments[i];
		tally_batch_blob *blob = &batch->blobs[s->blob];
		if (!s->entry.usable || blob->late_path || blob->entry.file_path == NULL) {
			s->outcome = TALLY_SEGMENT_UNUSABLE;
			continue;
		}
		blob->pending++;
		w->queue[queued++] = (uint32_t)i;
	}
	return queued;
}

static tally_result check_side_files(tally_worker *w, tally_batch_blob *blob, tally_error *error)
{
	tally_finder silent = {0};
	tally_result result = TALLY_OK;
	if (blob->metadata.reference.present && !blob->metadata.reference.from_list)
		result = tally_side_check_run(&blob->metadata, w->drive, false, w->is_export, &silent, error);
	if (result == TALLY_OK && blob->properties.reference.present && !blob->properties.reference.from_list)
		result = tally_side_check_run(&blob->properties, w->drive, true, w->is_export, &silent, error);
	return result;
}

void tally_worker_run(tally_worker *w, tally_batch *batch)
{
	static const tally_digest_source shape = {NULL, next_piece, segment_done};
	tally_digest_source source = shape;
	source.context = w;
	w->batch = batch;
	size_t queued = queue_segments(w, batch);
	batch->result = tally_digest_run(w->digest, &source, queued, &batch->error);
	for (size_t i = 0; i < batch->blob_count; i++) {
		tally_batch_blob *blob = &batch->blobs[i];
		/* A blob without segments: its file must be there all the same. */
		if (batch->result == TALLY_OK && !blob->opened && blob->entry.file_path != NULL)
			open_file(w, blob);
		close_file(blob);
		if (batch->result == TALLY_OK && blob->opened && blob->find == TALLY_FIND_NO_MEMORY)
			batch->result = tally_fail_memory(&batch->error);
		if (batch->result == TALLY_OK && blob->ends)
			batch->result = check_side_files(w, blob, &batch->error);
	}
}
