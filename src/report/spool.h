/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds back what has to be written after something that is not known yet: in memory, and what is too large for that in
 * a temporary file without a name, where the C library makes such files. One thread at a time.
 */
#ifndef TALLY_REPORT_SPOOL_H
#define TALLY_REPORT_SPOOL_H

#include "report/writer.h"

/* Some two thousand blocks of a log: most blobs never see the file. */
#define TALLY_SPOOL_MEMORY ((size_t)256 * 1024)

typedef struct tally_spool {
	char *memory;
	size_t used;      /* bytes in memory; they come behind those in the file */
	int fd;           /* -1: no file was needed so far */
	uint64_t in_file; /* bytes */
} tally_spool;

/* False when memory is short. To be released with tally_spool_clear, also then. */
bool tally_spool_init(tally_spool *spool);
void tally_spool_clear(tally_spool *spool);
/* Takes all of the bytes: 0, or the errno of a failure, after which the spool is good for nothing but being emptied. */
int tally_spool_put(void *spool, const char *bytes, size_t size);
/* Writes all that it holds; 0, or the errno of a failure to read it back. The spool stays as it is. */
int tally_spool_copy(const tally_spool *spool, tally_writer *writer);
/* Forgets what it holds. */
void tally_spool_empty(tally_spool *spool);

#endif
