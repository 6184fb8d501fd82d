/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/checkpoint_record.h"

#include <string.h>

#define RECORD_HEAD 12
#define FILE_SIZE (RECORD_HEAD + 3 * 8)
#define DONE_SIZE (RECORD_HEAD + 8)
#define FAILED_SIZE (DONE_SIZE + 8 + 16 + 8)

static void put(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *at, size_t size)
{
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

/* ---- records ---- */

static size_t size_of(unsigned type)
{
	switch (type) {
	case TALLY_CHECKPOINT_FILE:
		return FILE_SIZE;
	case TALLY_CHECKPOINT_DONE:
		return DONE_SIZE;
	case TALLY_CHECKPOINT_FAILED:
		return FAILED_SIZE;
	default:
		return 0;
	}
}

static uint64_t sum_of(const tally_crc64_table *table, const uint8_t *bytes, size_t size)
{
	tally_crc64 crc;
	tally_crc64_begin(&crc);
	size_t blocks = size / TALLY_CRC64_BLOCK, done = blocks * TALLY_CRC64_BLOCK;
	tally_crc64_blocks_table(&crc, table, bytes, blocks);
	return tally_crc64_end(&crc, table, bytes + done, size - done);
}

static uint32_t check_of(const tally_crc64_table *table, const uint8_t *record, size_t size)
{
	return (uint32_t)sum_of(table, record + 4, size - 4);
}

uint64_t tally_checkpoint_entry(const tally_manifest_segment *entry, const tally_crc64_table *table)
{
	uint8_t bytes[2 * 8 + sizeof entry->md5];
	put(bytes, entry->offset, 8);
	put(bytes + 8, entry->length, 8);
	memcpy(bytes + 16, entry->md5, sizeof entry->md5);
	return sum_of(table, bytes, sizeof bytes);
}

static void put_failed(uint8_t *at, const tally_batch_segment *s)
{
	put(at, s->outcome, 1);
	put(at + 1, s->second, 7);
	memcpy(at + 8, s->actual, sizeof s->actual);
	put(at + 24, s->read, 8);
}

static bool get_failed(const uint8_t *at, tally_batch_segment *s)
{
	bool is_outcome = at[0] == TALLY_SEGMENT_CORRUPTED || at[0] == TALLY_SEGMENT_SHORT;
	if (!is_outcome || at[1] > TALLY_SECOND_FAILED)
		return false;
	*s = (tally_batch_segment){
	    .outcome = (tally_segment_outcome)at[0],
	    .second = (tally_second_reading)at[1],
	    .read = get(at + 24, 8),
	};
	memcpy(s->actual, at + 8, sizeof s->actual);
	return true;
}

size_t tally_checkpoint_encode(const tally_checkpoint_record *r, const tally_crc64_table *table, uint8_t *out)
{
	size_t size = size_of(r->type);
	put(out + 4, r->type, 2);
	put(out + 6, r->index, 2);
	put(out + 8, r->batch, 4);
	if (r->type == TALLY_CHECKPOINT_FILE) {
		put(out + RECORD_HEAD, r->identity.inode, 8);
		put(out + RECORD_HEAD + 8, r->identity.size, 8);
		put(out + RECORD_HEAD + 16, (uint64_t)r->identity.modified_ns, 8);
	} else {
		put(out + RECORD_HEAD, r->entry, 8);
	}
	if (r->type == TALLY_CHECKPOINT_FAILED)
		put_failed(out + DONE_SIZE, &r->segment);
	put(out, check_of(table, out, size), 4);
	return size;
}

size_t tally_checkpoint_decode(tally_checkpoint_record *r, const tally_crc64_table *table, const uint8_t *bytes,
			       size_t size)
{
	size_t whole = size >= RECORD_HEAD ? size_of((unsigned)get(bytes + 4, 2)) : 0;
	if (whole == 0 || whole > size || get(bytes, 4) != check_of(table, bytes, whole))
		return 0;
	*r = (tally_checkpoint_record){
	    .type = (tally_checkpoint_type)bytes[4],
	    .index = (uint16_t)get(bytes + 6, 2),
	    .batch = (uint32_t)get(bytes + 8, 4),
	};
	if (r->type == TALLY_CHECKPOINT_FILE) {
		r->identity.inode = get(bytes + RECORD_HEAD, 8);
		r->identity.size = get(bytes + RECORD_HEAD + 8, 8);
		r->identity.modified_ns = (int64_t)get(bytes + RECORD_HEAD + 16, 8);
	} else {
		r->entry = get(bytes + RECORD_HEAD, 8);
	}
	if (r->type == TALLY_CHECKPOINT_FAILED && !get_failed(bytes + DONE_SIZE, &r->segment))
		return 0;
	return whole;
}

/* ---- the head ---- */

static const char magic[] = "tallyman checkpoint 2\n";

enum { AT_SHAPE = 24, AT_MANIFEST = 56, AT_DRIVE = 80, AT_DISK = 96, AT_KIND = 120 };

void tally_checkpoint_head(const tally_checkpoint_subject *subject, uint8_t out[TALLY_CHECKPOINT_HEAD])
{
	/* Other limits make other batches. */
	static const uint64_t shape[] = {TALLY_BATCH_SEGMENTS, TALLY_BATCH_BLOBS, TALLY_BATCH_BYTES, TALLY_BATCH_TEXT};
	memset(out, 0, TALLY_CHECKPOINT_HEAD);
	memcpy(out, magic, sizeof magic);
	for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
		put(out + AT_SHAPE + 8 * i, shape[i], 8);
	memcpy(out + AT_MANIFEST, subject->manifest_md5, sizeof subject->manifest_md5);
	put(out + AT_MANIFEST + 16, subject->manifest.size, 8);
	put(out + AT_DRIVE, subject->manifest.inode, 8);
	put(out + AT_DRIVE + 8, (uint64_t)subject->manifest.modified_ns, 8);
	put(out + AT_DISK, subject->disk.inode, 8);
	put(out + AT_DISK + 8, subject->disk.size, 8);
	put(out + AT_DISK + 16, (uint64_t)subject->disk.modified_ns, 8);
	put(out + AT_KIND, subject->kind, 8);
}

const char *tally_checkpoint_refusal(const uint8_t wanted[TALLY_CHECKPOINT_HEAD],
				     const uint8_t found[TALLY_CHECKPOINT_HEAD])
{
	/* Without the number of the form and what follows it. */
	if (memcmp(wanted, found, sizeof magic - 3) != 0)
		return "is a file of another kind; it was left as it is";
	if (memcmp(wanted, found, AT_MANIFEST) != 0)
		return "was written by another version of tallyman";
	if (memcmp(wanted + AT_MANIFEST, found + AT_MANIFEST, AT_DRIVE - AT_MANIFEST) != 0)
		return "belongs to another manifest";
	if (memcmp(wanted + AT_DRIVE, found + AT_DRIVE, AT_KIND - AT_DRIVE) != 0)
		return "belongs to another drive with the same manifest, or to one that was written to since";
	return memcmp(wanted, found, TALLY_CHECKPOINT_HEAD) == 0 ? NULL : "belongs to a check of another kind";
}
