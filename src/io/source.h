/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of a document come from: a file or memory, readable at any offset, as often as needed. */
#ifndef TALLY_IO_SOURCE_H
#define TALLY_IO_SOURCE_H

#include "base/error.h"

typedef struct tally_source {
	void *context;
	/* Reads up to `size` bytes at `offset`: the number read, 0 at the end, or -errno. */
	int64_t (*read)(void *context, uint64_t offset, void *buffer, size_t size);
	void (*close)(void *context); /* or NULL */
} tally_source;

#define TALLY_SOURCE_CHUNK (64 * 1024) /* what readers ask for at a time */

/* Borrows `bytes`, which must outlive the source. TALLY_ERROR_NO_MEMORY. */
tally_result tally_source_memory(tally_source *source, const void *bytes, size_t size, tally_error *error);
/*
 * A regular file, or "-" for standard input. What can't be read twice (a pipe, a terminal) is copied into an unnamed
 * temporary file first. A directory, device or socket is refused with TALLY_ERROR_IO.
 */
tally_result tally_source_file(tally_source *source, const char *path, tally_error *error);
void tally_source_close(tally_source *source);

#endif
