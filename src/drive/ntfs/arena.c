/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/arena.h"

#include "base/memory.h"

#define CHUNK_SHIFT 20

_Static_assert(TALLY_ARENA_CHUNK == (size_t)1 << CHUNK_SHIFT, "a place is a chunk's number and an offset in it");

uint32_t tally_arena_add(tally_arena *arena, size_t size)
{
	if (arena->chunk_count == 0 || size > TALLY_ARENA_CHUNK - arena->used) {
		if (arena->chunk_count == (size_t)1 << (32 - CHUNK_SHIFT))
			return 0;
		void *chunks =
		    tally_grow(arena->chunks, &arena->chunk_capacity, arena->chunk_count + 1, sizeof *arena->chunks);
		if (chunks == NULL)
			return 0;
		arena->chunks = chunks;
		uint8_t *chunk = tally_alloc(TALLY_ARENA_CHUNK);
		if (chunk == NULL)
			return 0;
		arena->chunks[arena->chunk_count++] = chunk;
		/* No piece has the place 0. */
		arena->used = arena->chunk_count == 1 ? 1 : 0;
	}
	size_t place = ((arena->chunk_count - 1) << CHUNK_SHIFT) + arena->used;
	arena->used += size;
	return (uint32_t)place;
}

uint8_t *tally_arena_at(const tally_arena *arena, uint32_t place)
{
	return arena->chunks[place >> CHUNK_SHIFT] + (place & (TALLY_ARENA_CHUNK - 1));
}

void tally_arena_clear(tally_arena *arena)
{
	for (size_t i = 0; i < arena->chunk_count; i++)
		tally_free(arena->chunks[i]);
	tally_free(arena->chunks);
	*arena = (tally_arena){0};
}
