/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "drive/ntfs/volume.h"

#include <string.h>

enum { IS_PLAIN = 1, HAS_RUNS = 2, IS_FILLED = 4 };

/* Seven bits in a byte, the lowest first; the eighth says that there are more. */
static size_t number_size(uint64_t value)
{
	size_t size = 1;
	for (; value >= 0x80; value >>= 7)
		size++;
	return size;
}

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (uint8_t)(value | 0x80);
	*at++ = (uint8_t)value;
	return at;
}

static uint64_t take_number(const uint8_t **at)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7F) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
}

size_t tally_ntfs_sketch_size(const tally_ntfs_sketch *sketch)
{
	size_t size = 1 + number_size(sketch->size);
	if (sketch->has_runs)
		size += 8 + 1 + sketch->pairs_size;
	if (sketch->has_runs && sketch->initialised != sketch->size)
		size += number_size(sketch->initialised);
	return size;
}

uint32_t tally_ntfs_sketch_keep(tally_arena *arena, const tally_ntfs_sketch *sketch)
{
	bool filled = sketch->initialised == sketch->size;
	uint32_t place = tally_arena_add(arena, tally_ntfs_sketch_size(sketch));
	if (place == 0)
		return 0;
	uint8_t *at = tally_arena_at(arena, place);
	*at++ =
	    (uint8_t)((sketch->is_plain ? IS_PLAIN : 0) | (sketch->has_runs ? HAS_RUNS : 0) | (filled ? IS_FILLED : 0));
	at = put_number(at, sketch->size);
	if (sketch->has_runs) {
		if (!filled)
			at = put_number(at, sketch->initialised);
		memcpy(at, &sketch->modified, 8);
		at[8] = (uint8_t)sketch->pairs_size;
		memcpy(at + 9, sketch->pairs, sketch->pairs_size);
	}
	return place;
}

tally_ntfs_sketch tally_ntfs_sketch_at(const tally_arena *arena, uint32_t place)
{
	const uint8_t *at = tally_arena_at(arena, place);
	uint8_t flags = *at++;
	tally_ntfs_sketch sketch = {.is_plain = (flags & IS_PLAIN) != 0, .has_runs = (flags & HAS_RUNS) != 0};
	sketch.size = take_number(&at);
	if (sketch.has_runs) {
		sketch.initialised = (flags & IS_FILLED) != 0 ? sketch.size : take_number(&at);
		memcpy(&sketch.modified, at, 8);
		sketch.pairs_size = at[8];
		sketch.pairs = at + 9;
	}
	return sketch;
}
