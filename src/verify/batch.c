/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/batch.h"

#include "base/memory.h"
#include "verify/reading.h"

tally_result tally_batch_init(tally_batch *b, tally_error *error)
{
	*b = (tally_batch){0};
	b->blobs = tally_zalloc(TALLY_BATCH_BLOBS, sizeof *b->blobs);
	b->segments = tally_zalloc(TALLY_BATCH_SEGMENTS, sizeof *b->segments);
	b->places = tally_zalloc(TALLY_BATCH_SEGMENTS, sizeof *b->places);
	b->text = tally_alloc(TALLY_BATCH_TEXT);
	if (b->blobs != NULL && b->segments != NULL && b->places != NULL && b->text != NULL)
		return TALLY_OK;
	tally_batch_release(b);
	return tally_fail_memory(error);
}

void tally_batch_release(tally_batch *b)
{
	tally_free(b->blobs);
	tally_free(b->segments);
	tally_free(b->places);
	tally_free(b->text);
	*b = (tally_batch){0};
}

void tally_batch_reset(tally_batch *b)
{
	b->blob_count = b->segment_count = b->text_size = 0;
	b->bytes = 0;
	b->result = TALLY_OK;
}

const char *tally_batch_copy(tally_batch *b, const char *text)
{
	size_t size = text != NULL ? strlen(text) + 1 : 0;
	if (text == NULL || size > TALLY_BATCH_TEXT - b->text_size)
		return NULL;
	char *copy = b->text + b->text_size;
	memcpy(copy, text, size);
	b->text_size += size;
	return copy;
}

bool tally_batch_has_room(const tally_batch *b, size_t text_size, uint64_t bytes)
{
	if (b->blob_count == TALLY_BATCH_BLOBS || b->segment_count == TALLY_BATCH_SEGMENTS)
		return false;
	if (text_size > TALLY_BATCH_TEXT - b->text_size)
		return false;
	/* One segment always fits into an empty batch, however long it is. */
	return b->bytes == 0 ||
	       bytes <= TALLY_BATCH_BYTES - (b->bytes < TALLY_BATCH_BYTES ? b->bytes : TALLY_BATCH_BYTES);
}

static bool find(tally_batch *b, tally_drive *drive, tally_batch_blob *blob, tally_file *file)
{
	tally_text path = {blob->entry.file_path, strlen(blob->entry.file_path)};
	blob->find = tally_drive_find_near(drive, &b->folder, path, file, &blob->detail);
	return blob->find == TALLY_FIND_OK;
}

bool tally_batch_open(tally_batch *b, tally_batch_blob *blob, tally_drive *drive)
{
	if (blob->opened)
		return true;
	blob->is_open = find(b, drive, blob, &blob->file);
	blob->opened = blob->find != TALLY_FIND_NO_FILES;
	b->open_files += blob->is_open;
	if (blob->is_open)
		blob->on_bad = tally_file_on_bad_clusters(&blob->file, &blob->bad_offset, &blob->bad_length);
	return blob->opened;
}

tally_result tally_batch_await_open(tally_batch *b, tally_batch_blob *blob, tally_drive *drive, tally_reading *reading,
				    tally_error *error)
{
	unsigned waited = 0;
	while (!tally_batch_open(b, blob, drive))
		if (!tally_reading_wait_for_files(reading, &waited))
			return tally_find_shortage(blob->find, &blob->detail, error);
	return TALLY_OK;
}

tally_find tally_batch_reopen(tally_batch *b, tally_batch_blob *blob, tally_drive *drive)
{
	tally_batch_blob again = *blob;
	tally_file file;
	if (blob->is_open)
		return TALLY_FIND_OK;
	if (!find(b, drive, &again, &file)) {
		blob->changed |= again.find == TALLY_FIND_MISSING || again.find == TALLY_FIND_NOT_A_FILE;
		return again.find;
	}
	if (tally_file_identity_changed(&blob->file.identity, &file.identity)) {
		blob->changed = true;
		tally_file_close(&file);
		return TALLY_FIND_MISSING;
	}
	blob->file = file;
	blob->is_open = true;
	b->open_files++;
	return TALLY_FIND_OK;
}

/* No lane has begun with it, and nothing of it is on its way. */
static bool is_idle(const tally_batch *b, const tally_batch_blob *blob)
{
	for (size_t i = 0; i < blob->segment_count; i++) {
		const tally_batch_segment *s = &b->segments[blob->first_segment + i];
		if (s->begun || s->arrival != 0)
			return false;
	}
	return blob->is_open;
}

bool tally_batch_close_idle(tally_batch *b)
{
	const unsigned before = b->open_files;
	for (size_t i = 0; i < b->blob_count; i++) {
		tally_batch_blob *blob = &b->blobs[i];
		if (!is_idle(b, blob))
			continue;
		tally_file_close(&blob->file);
		blob->is_open = blob->opened = blob->in_no_order = false;
		b->open_files--;
	}
	return b->open_files < before;
}

void tally_batch_close(tally_batch *b, tally_batch_blob *blob)
{
	if (!blob->is_open)
		return;
	tally_file_identity now;
	if (tally_file_identify(&blob->file, &now) == 0 && tally_file_identity_changed(&blob->file.identity, &now))
		blob->changed = true;
	tally_file_close(&blob->file);
	blob->is_open = false;
	b->open_files--;
}
