/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of the library goes through here, so that tests can make the n-th one fail (see
 * tests/support/faults.h; the hook exists only in the library that tests link, TALLY_FAULT_INJECTION).
 */
#ifndef TALLY_BASE_MEMORY_H
#define TALLY_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* All return NULL when memory is short or when count * size overflows. Freed with tally_free. */
void *tally_alloc(size_t size) __attribute__((malloc, warn_unused_result));
void *tally_zalloc(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
void *tally_realloc(void *memory, size_t count, size_t size) __attribute__((warn_unused_result));
char *tally_strndup(const char *text, size_t length) __attribute__((malloc, warn_unused_result));
void tally_free(void *memory);
/* Frees what may hold a key or the like, and leaves nothing of its `size` bytes in memory. NULL is fine. */
void tally_free_wiped(void *memory, size_t size);
/* The same for a text. */
void tally_free_secret(char *secret);
/*
 * `size` bytes at *aligned, an address that is a multiple of `alignment`, a power of two. Returns what is to be freed;
 * NULL when memory is short or a number overflows.
 */
void *tally_alloc_aligned(size_t size, size_t alignment, uint8_t **aligned) __attribute__((warn_unused_result));

/*
 * Makes room for at least `needed` elements in a growing array: doubles, never shrinks.
 * Returns the array, perhaps moved, with *capacity updated; NULL when memory is short, the old array still valid.
 */
void *tally_grow(void *array, size_t *capacity, size_t needed, size_t size) __attribute__((warn_unused_result));
/* The same for bytes that may hold a key or the like: nothing is left of them where they were. */
void *tally_grow_wiped(void *bytes, size_t *capacity, size_t needed) __attribute__((warn_unused_result));

#ifdef TALLY_FAULT_INJECTION
/* Test only: asked before each allocation; true makes it fail. NULL switches it off. */
extern int (*tally_allocation_fault)(void);
/* Test only: sees what is freed, as it is then. */
extern void (*tally_free_watch)(const void *memory);
#endif

#endif
