/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#ifdef TALLY_FAULT_INJECTION
int (*tally_allocation_fault)(void);
void (*tally_free_watch)(const void *memory);
#  define FAULT() (tally_allocation_fault != NULL && tally_allocation_fault() != 0)
#else
#  define FAULT() 0
#endif

void *tally_alloc(size_t size)
{
	return FAULT() ? NULL : malloc(size != 0 ? size : 1);
}

void *tally_zalloc(size_t count, size_t size)
{
	return FAULT() ? NULL : calloc(count != 0 ? count : 1, size != 0 ? size : 1);
}

void *tally_realloc(void *memory, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || FAULT())
		return NULL;
	return realloc(memory, bytes != 0 ? bytes : 1);
}

char *tally_strndup(const char *text, size_t length)
{
	if (length == SIZE_MAX)
		return NULL;
	char *copy = tally_alloc(length + 1);
	if (copy != NULL) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

/* At least twice the capacity, so that growing byte by byte costs no more than copying each twice. 0: too much. */
static size_t grown_capacity(size_t capacity, size_t needed)
{
	size_t grown = capacity < 8 ? 8 : capacity;
	while (grown < needed) {
		if (grown > SIZE_MAX / 2)
			return 0;
		grown *= 2;
	}
	return grown;
}

void *tally_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	if (needed <= *capacity)
		return array;
	size_t grown = grown_capacity(*capacity, needed);
	void *moved = grown != 0 ? tally_realloc(array, grown, size) : NULL;
	if (moved != NULL)
		*capacity = grown;
	return moved;
}

void *tally_grow_wiped(void *bytes, size_t *capacity, size_t needed)
{
	if (needed <= *capacity)
		return bytes;
	size_t grown = grown_capacity(*capacity, needed);
	void *moved = grown != 0 ? tally_alloc(grown) : NULL;
	if (moved == NULL)
		return NULL;
	if (bytes != NULL)
		memcpy(moved, bytes, *capacity);
	tally_free_wiped(bytes, *capacity);
	*capacity = grown;
	return moved;
}

void tally_free(void *memory)
{
#ifdef TALLY_FAULT_INJECTION
	if (tally_free_watch != NULL && memory != NULL)
		tally_free_watch(memory);
#endif
	free(memory);
}

void tally_free_wiped(void *memory, size_t size)
{
	if (memory != NULL)
		explicit_bzero(memory, size);
	tally_free(memory);
}

void tally_free_secret(char *secret)
{
	tally_free_wiped(secret, secret != NULL ? strlen(secret) : 0);
}

void *tally_alloc_aligned(size_t size, size_t alignment, uint8_t **aligned)
{
	size_t whole;
	if (__builtin_add_overflow(size, alignment, &whole))
		return NULL;
	uint8_t *memory = tally_alloc(whole);
	if (memory != NULL)
		*aligned = memory + (alignment - (uintptr_t)memory % alignment) % alignment;
	return memory;
}
