/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/batch.h"

#include "base/memory.h"

tally_result tally_batch_init(tally_batch *b, tally_error *error)
{
	*b = (tally_batch){0};
	b->blobs = tally_zalloc(TALLY_BATCH_BLOBS, sizeof *b->blobs);
	b->segments = tally_zalloc(TALLY_BATCH_SEGMENTS, sizeof *b->segments);
	b->text = tally_alloc(TALLY_BATCH_TEXT);
	if (b->blobs != NULL && b->segments != NULL && b->text != NULL)
		return TALLY_OK;
	tally_batch_release(b);
	return tally_fail_memory(error);
}

void tally_batch_release(tally_batch *b)
{
	tally_free(b->blobs);
	tally_free(b->segments);
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
	return b->bytes == 0 || bytes <= TALLY_BATCH_BYTES - (b->bytes < TALLY_BATCH_BYTES ? b->bytes : TALLY_BATCH_BYTES);
}
