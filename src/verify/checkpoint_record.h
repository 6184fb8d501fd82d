/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a checkpoint: a head, then records. Numbers are little-endian. A record:
 *
 *   0  u32  the low half of the CRC-64/NVME of everything behind it
 *   4  u8   type          5  u8  0          6  u16  index in the batch          8  u32  batch
 *  12       FILE: inode, size, time of change, u64 each: of the blob `index`, whose segments follow
 *           DONE: u64 entry; the segment `index` is what the manifest says
 *           FAILED: u64 entry, and what became of it
 */
#ifndef TALLY_VERIFY_CHECKPOINT_RECORD_H
#define TALLY_VERIFY_CHECKPOINT_RECORD_H

#include "digest/crc64.h"
#include "verify/batch.h"

#define TALLY_CHECKPOINT_HEAD 128
#define TALLY_CHECKPOINT_RECORD_MAX 56

/* What a checkpoint belongs to. */
typedef struct tally_checkpoint_subject {
	uint8_t manifest_md5[16];
	tally_file_identity manifest; /* tells drives with the same manifest apart */
	/* Of a disk or an image, as a copy of it has the same files to the last number; all zeros for a directory. */
	tally_file_identity disk;
	tally_manifest_kind kind;
} tally_checkpoint_subject;

typedef enum tally_checkpoint_type {
	TALLY_CHECKPOINT_FILE = 1,
	TALLY_CHECKPOINT_DONE,
	TALLY_CHECKPOINT_FAILED
} tally_checkpoint_type;

typedef struct tally_checkpoint_record {
	tally_checkpoint_type type;
	uint32_t batch;
	uint16_t index;
	tally_file_identity identity; /* FILE */
	uint64_t entry;               /* else: tally_checkpoint_entry of the segment */
	tally_batch_segment segment;  /* FAILED: the fields of its outcome, CORRUPTED or SHORT */
} tally_checkpoint_record;

/* What the manifest says of a segment, in a number: a record counts for no other, wherever it stands. */
uint64_t tally_checkpoint_entry(const tally_manifest_segment *entry, const tally_crc64_table *table);

/* `out` has TALLY_CHECKPOINT_RECORD_MAX bytes. Returns the record's size. */
size_t tally_checkpoint_encode(const tally_checkpoint_record *record, const tally_crc64_table *table, uint8_t *out);
/* Returns the record's size; 0 when there is no whole and right one. */
size_t tally_checkpoint_decode(tally_checkpoint_record *record, const tally_crc64_table *table, const uint8_t *bytes,
			       size_t size);

void tally_checkpoint_head(const tally_checkpoint_subject *subject, uint8_t out[TALLY_CHECKPOINT_HEAD]);
/* NULL: the head `found` is that of `wanted`. Otherwise what stands against it, for people. */
const char *tally_checkpoint_refusal(const uint8_t wanted[TALLY_CHECKPOINT_HEAD],
				     const uint8_t found[TALLY_CHECKPOINT_HEAD]);

#endif
