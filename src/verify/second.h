/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reading of bytes that could not be read: past the page cache, in ever smaller pieces where it fails, so
 * that it is known exactly which bytes the medium doesn't give. Also how whole files are read again that had other
 * bytes than they should.
 */
#ifndef TALLY_VERIFY_SECOND_H
#define TALLY_VERIFY_SECOND_H

#include "verify/batch.h"
#include "verify/reading.h"

typedef struct tally_second tally_second;

/* Some bytes of a file, and what came of reading them. */
typedef struct tally_second_scan {
	const tally_file *file;
	uint64_t offset, length;
	/*
	 * Hears of each step: bytes at `offset`, or of size 0 where they could not be had. Anything but TALLY_OK ends
	 * the scan. NULL: nobody listens.
	 */
	tally_result (*take)(void *context, uint64_t offset, const uint8_t *bytes, size_t size, tally_error *error);
	void *context;
	/* Filled in: */
	tally_bad_bytes bad;
	int os_error;    /* of the last read that failed */
	uint64_t end;    /* how far reading came: where the file ends, when that is before the bytes do */
	uint8_t md5[16]; /* of all that could be read */
} tally_second_scan;

/* Freed with tally_second_free (NULL is fine). */
tally_result tally_second_new(tally_second **second, tally_reading *reading, tally_error *error);
void tally_second_free(tally_second *second);
/* TALLY_OK whatever can't be read. When the reading was stopped, what is filled in means nothing. */
tally_result tally_second_run(tally_second *second, tally_second_scan *scan, tally_error *error);
/* Fills in what batch.h says of second readings. `file` is the segment's. */
tally_result tally_second_read(tally_second *second, const tally_file *file, tally_batch_segment *segment,
			       tally_error *error);

/*
 * As tally_file_read_medium, wherever the bytes lie: they stand in `buffer` behind *skipped others. `unit`, a power of
 * two, is what the medium is asked for multiples of; `buffer` is aligned and has room for two of them more than `size`.
 */
int64_t tally_second_fetch(const tally_file *file, uint64_t offset, uint8_t *buffer, size_t size, size_t unit,
			   size_t *skipped);

#endif
