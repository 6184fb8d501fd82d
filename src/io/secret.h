/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: not in core dumps, not swapped out as far as the system lets us, wiped before it is given back. */
#ifndef TALLY_IO_SECRET_H
#define TALLY_IO_SECRET_H

#include <stddef.h>

/*
 * Zeroed, for at least `size` bytes; NULL when memory is short. Takes whole pages: few and for long, not many. Locking
 * is limited for most users and is done without where it is refused.
 */
void *tally_secret_alloc(size_t size) __attribute__((warn_unused_result));
/* Wipes it. NULL is fine. */
void tally_secret_free(void *memory);

/*
 * From here on this process writes no core dump: libraries keep keys in memory of their own, which nobody can take out
 * of one. For programs; a library has no business with its process.
 */
void tally_secret_never_dump(void);

#endif
