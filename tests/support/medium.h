/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A medium with bad places under a file, as the kernel shows them: past the page cache they fail as the block layer
 * calls it, through it with EIO, and with them the whole piece that the cache reads as one. For files that are read by
 * tally_os_read; set before and cleared after other threads read.
 */
#ifndef TALLY_TESTS_SUPPORT_MEDIUM_H
#define TALLY_TESTS_SUPPORT_MEDIUM_H

#include <stddef.h>
#include <stdint.h>

/* From here on the file `path` is on such a medium, without bad places yet. Pieces: a power of two. */
void medium_begin(const char *path, uint64_t piece);
void medium_spoil(uint64_t from, uint64_t size);
/* What the medium's failures are called past the cache; by default ENODATA, as a bad sector's. */
void medium_call(int os_error);
void medium_end(void);

/* How many reads met a bad place: each takes a disk seconds. */
unsigned medium_failures(void);

#endif
