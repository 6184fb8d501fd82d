/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that are written now and read later, in memory as long as they are few, else in a file without a name, so that
 * nobody else can open it and nothing is left.
 *
 * Threads: any number may read while nobody writes.
 */
#ifndef TALLY_IO_SCRATCH_H
#define TALLY_IO_SCRATCH_H

#include "base/error.h"

typedef struct tally_scratch tally_scratch;

/* `memory`: bytes that are kept there at most. Freed with tally_scratch_free (NULL is fine). */
tally_result tally_scratch_new(tally_scratch **scratch, size_t memory, tally_error *error);
void tally_scratch_free(tally_scratch *scratch);
uint64_t tally_scratch_size(const tally_scratch *scratch);
/* Up to its end at most, which moves when it is written over. TALLY_ERROR_IO, TALLY_ERROR_NO_MEMORY. */
tally_result tally_scratch_write(tally_scratch *scratch, uint64_t offset, const void *bytes, size_t size,
				 tally_error *error);
/* The number read, fewer only at the end; or -errno. */
int64_t tally_scratch_read(const tally_scratch *scratch, uint64_t offset, void *buffer, size_t size);

#endif
