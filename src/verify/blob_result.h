/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From outcomes to what is told: the parts of a blob, in order, become findings, statuses of its segments and side
 * files, and at its end its own status.
 */
#ifndef TALLY_VERIFY_BLOB_RESULT_H
#define TALLY_VERIFY_BLOB_RESULT_H

#include "verify/batch.h"
#include "verify/run.h"

/* A list's default side file, checked once. */
typedef struct tally_list_side {
	bool known;
	uint64_t place; /* offset of its element: tells lists apart */
	const char *status;
} tally_list_side;

/* The CRC-64 of a blob's bytes, from those of its segments. */
typedef struct tally_blob_crc64 {
	uint64_t value, end; /* of the bytes in front of `end` */
	uint64_t size, power; /* of the last segment: most are of one size */
	bool unknown;        /* a segment has none, or they overlap */
	bool gaps;           /* bytes that no segment has were taken for zeros */
} tally_blob_crc64;

typedef struct tally_blob_result {
	bool open;             /* a blob has begun and not ended */
	bool file_failed;      /* its file could not be opened: what follows is cancelled */
	bool unknown;          /* it could not be opened here: what the service makes of it isn't known */
	bool side_unknown;     /* the same of a side file */
	bool segment_unknown;  /* a segment could not be hashed here */
	bool told_file;
	const char *status;    /* at blob level; NULL: none so far */
	bool child_failed, told_short, told_changed, told_bad;
	bool have_identity;
	tally_file_identity identity;
	uint64_t checked;      /* segments */
	uint64_t counted;      /* segments seen */
	tally_blob_crc64 crc64;
	bool data_failed, side_failed; /* on the drive, whatever the manifest's form is like */
	tally_list_side metadata, properties;
} tally_blob_result;

/* Takes the next part of a blob. */
tally_result tally_blob_result_add(tally_blob_result *result, tally_run *run, tally_batch *batch, tally_batch_blob *part,
				   tally_error *error);
/* The manifest ended within a blob: it counts as listed, not as checked. */
void tally_blob_result_abandon(tally_blob_result *result, tally_run *run);

#endif
