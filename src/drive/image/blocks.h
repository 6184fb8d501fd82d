/* SPDX-License-Identifier: Apache-2.0 */
/* Where the blocks of a disk lie in a container that leaves out empty ones: the table that VHD and VHDX have in common.
 */
#ifndef TALLY_DRIVE_IMAGE_BLOCKS_H
#define TALLY_DRIVE_IMAGE_BLOCKS_H

#include "drive/image/opening.h"

/* In memory these take 64 MiB: a VHDX of 512 TiB in blocks of 32 MiB, as usual, or of 16 TiB in the smallest. */
#define TALLY_BLOCKS_MAX ((uint64_t)1 << 24)
#define TALLY_BLOCK_HOLE 0 /* no block begins where the file does */

typedef struct tally_blocks {
	uint32_t *places; /* of each block in the file, in units; TALLY_BLOCK_HOLE: it isn't there and reads as zeros */
	size_t count;
	uint64_t unit, size; /* bytes; `size` of the disk that a block holds */
	uint64_t head;       /* bytes that stand in the file before those */
} tally_blocks;

/* A part of the file where no block may be. */
typedef struct tally_reserved {
	uint64_t offset, size;
} tally_reserved;

/* Sets `count` and `places`, all holes, for a disk of so many bytes. */
bool tally_blocks_make(tally_opening *o, tally_blocks *blocks, uint64_t disk_size);
void tally_blocks_free(tally_blocks *blocks);
/* Whether all blocks lie in the file, and none on top of another or of what is reserved. */
bool tally_blocks_check(tally_opening *o, const tally_blocks *blocks, uint64_t disk_size,
			const tally_reserved *reserved, size_t reserved_count);
/* Of a byte of the disk: where it is in the file, TALLY_BLOCK_HOLE for a hole; *left: to the end of its block. */
uint64_t tally_blocks_find(const tally_blocks *blocks, uint64_t offset, uint64_t *left);

#endif
