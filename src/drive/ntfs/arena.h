/* SPDX-License-Identifier: Apache-2.0 */
/* Small pieces of memory by the million, named by 32 bits and never freed singly. Growing never copies. */
#ifndef TALLY_DRIVE_NTFS_ARENA_H
#define TALLY_DRIVE_NTFS_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_ARENA_CHUNK ((size_t)1 << 20)
#define TALLY_ARENA_PIECE_MAX ((size_t)4096)

typedef struct tally_arena {
	uint8_t **chunks;
	size_t chunk_count, chunk_capacity;
	size_t used; /* of the last chunk */
} tally_arena;

/* `size` is 1…TALLY_ARENA_PIECE_MAX. Its place, > 0; 0 when memory is short or there are 4 GiB. */
uint32_t tally_arena_add(tally_arena *arena, size_t size);
uint8_t *tally_arena_at(const tally_arena *arena, uint32_t place);
void tally_arena_clear(tally_arena *arena);

#endif
