/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that is read as a whole, for what is written in it: a manifest, metadata, properties. Everything that is made
 * of it, its hash and what its reader sees however often, is made of one reading. That is the first one or, when that
 * failed or gave other bytes than were expected, a second one past the page cache.
 *
 * A file of TALLY_SOURCE_CHUNK bytes stays in memory. Of a larger one a CRC-64 of each page is kept: 2 bytes for each
 * 1,024. What is read later is held against them, and read once more past the page cache where it differs.
 */
#ifndef TALLY_VERIFY_WHOLE_H
#define TALLY_VERIFY_WHOLE_H

#include "digest/digest.h"
#include "io/source.h"
#include "verify/second.h"

typedef struct tally_whole tally_whole;

/* Which file, and who is interested. What it points to must stay until the next one is taken. */
typedef struct tally_whole_subject {
	const tally_file *file;
	const tally_source *paper; /* instead of a drive's file: read as it is, and never a second time */
	/* Whether a hash is right; NULL: nobody knows. */
	bool (*is_right)(void *context, const uint8_t md5[TALLY_MD5_SIZE]);
	/* Told how far reading has come; anything but TALLY_OK ends it. NULL: nobody cares. */
	tally_result (*watch)(void *context, uint64_t offset, tally_error *error);
	void *context;
} tally_whole_subject;

typedef struct tally_whole_outcome {
	bool complete;                 /* it was read to its end */
	bool right;                    /* … and has a right hash, as far as anybody knows */
	uint8_t md5[TALLY_MD5_SIZE];   /* of what tally_whole_read gives, when it is complete */
	uint8_t first[TALLY_MD5_SIZE]; /* of the first reading, when that was complete */
	tally_fault fault;             /* of the first reading */
} tally_whole_outcome;

/* `reading` must outlive it. One thread at a time uses it. Freed with tally_whole_free (NULL is fine). */
tally_result tally_whole_new(tally_whole **whole, tally_reading *reading, tally_error *error);
void tally_whole_free(tally_whole *whole);
/* Opens a file to be taken; waits for a while where the process may have no more files open. */
tally_find tally_whole_find(tally_whole *whole, tally_drive *drive, tally_text path, tally_file *file,
			    tally_find_detail *detail);

/* Reads the file. TALLY_OK whatever is wrong with it; TALLY_ERROR_IO when the whole drive is gone. */
tally_result tally_whole_take(tally_whole *whole, const tally_whole_subject *subject, tally_whole_outcome *outcome,
			      tally_error *error);
/*
 * The bytes of the file that was taken, as tally_source has it; `whole` is a tally_whole. -ESTALE: they are not what
 * they were.
 */
int64_t tally_whole_read(void *whole, uint64_t offset, void *buffer, size_t size);
/* Asked by whoever could not even open a file. */
bool tally_whole_is_lost(tally_whole *whole, tally_error *error);
/* Whether tally_whole_read had to go past the page cache, and what was wrong first; asked again, only what is new. */
bool tally_whole_was_flaky(tally_whole *whole, tally_fault *fault);

#endif
