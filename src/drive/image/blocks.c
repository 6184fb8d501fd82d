/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/blocks.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool tally_blocks_make(tally_opening *o, tally_blocks *blocks, uint64_t disk_size)
{
	uint64_t count = disk_size / blocks->size + (disk_size % blocks->size != 0);
	if (count > TALLY_BLOCKS_MAX)
		return tally_opening_refuse(
		    o, TALLY_DISK_FAULT_UNSUPPORTED,
		    "a disk of %llu bytes in blocks of %llu has more blocks than can be kept in "
		    "memory",
		    (unsigned long long)disk_size, (unsigned long long)blocks->size);
	blocks->count = (size_t)count;
	blocks->places = tally_zalloc(blocks->count, sizeof *blocks->places);
	return blocks->places != NULL || tally_opening_no_memory(o);
}

void tally_blocks_free(tally_blocks *blocks)
{
	tally_free(blocks->places);
}

uint64_t tally_blocks_find(const tally_blocks *blocks, uint64_t offset, uint64_t *left)
{
	uint32_t place = blocks->places[offset / blocks->size];
	uint64_t within = offset % blocks->size;
	*left = blocks->size - within;
	return place == TALLY_BLOCK_HOLE ? TALLY_BLOCK_HOLE : place * blocks->unit + blocks->head + within;
}

static bool check_place(tally_opening *o, const tally_blocks *blocks, size_t n, uint64_t disk_size,
			const tally_reserved *reserved, size_t reserved_count)
{
	/* The last block may be shorter than the others. */
	uint64_t used = disk_size - n * blocks->size < blocks->size ? disk_size - n * blocks->size : blocks->size;
	uint64_t begin = blocks->places[n] * blocks->unit, end = begin + blocks->head + used;
	if (end > o->below->size)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_TRUNCATED,
					    "the file is cut off: it has %llu bytes, but block %zu of the disk ends at "
					    "byte %llu",
					    (unsigned long long)o->below->size, n, (unsigned long long)end);
	for (size_t i = 0; i < reserved_count; i++)
		if (begin < reserved[i].offset + reserved[i].size && reserved[i].offset < end)
			return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
						    "block %zu of the disk is said to lie on tables of the container "
						    "(byte %llu)",
						    n, (unsigned long long)begin);
	return true;
}

static int by_place(const void *a, const void *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static bool check_overlaps(tally_opening *o, const tally_blocks *blocks)
{
	uint32_t *sorted = tally_alloc(blocks->count * sizeof *sorted);
	if (sorted == NULL)
		return tally_opening_no_memory(o);
	size_t count = 0, clash = 0;
	for (size_t n = 0; n < blocks->count; n++)
		if (blocks->places[n] != TALLY_BLOCK_HOLE)
			sorted[count++] = blocks->places[n];
	qsort(sorted, count, sizeof *sorted, by_place);
	for (size_t i = 1; i < count && clash == 0; i++)
		if ((sorted[i] - sorted[i - 1]) * blocks->unit < blocks->head + blocks->size)
			clash = i;
	uint64_t place = clash != 0 ? sorted[clash] * blocks->unit : 0;
	tally_free(sorted);
	return clash == 0 || tally_opening_refuse(
				 o, TALLY_DISK_FAULT_INCONSISTENT,
				 "two blocks of the disk are said to lie on top of each other (byte %llu of the file)",
				 (unsigned long long)place);
}

bool tally_blocks_check(tally_opening *o, const tally_blocks *blocks, uint64_t disk_size,
			const tally_reserved *reserved, size_t reserved_count)
{
	for (size_t n = 0; n < blocks->count; n++)
		if (blocks->places[n] != TALLY_BLOCK_HOLE &&
		    !check_place(o, blocks, n, disk_size, reserved, reserved_count))
			return false;
	return check_overlaps(o, blocks);
}
