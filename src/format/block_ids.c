/* SPDX-License-Identifier: Apache-2.0 */
#include "format/block_ids.h"

#include "base/memory.h"
#include "format/manifest.h"

#include <stdlib.h>

typedef struct entry {
	uint64_t length;
	tally_place place;
	uint8_t md5[16];
	uint8_t id_size;
	uint8_t id[TALLY_BLOCK_ID_MAX]; /* zeros behind id_size */
} entry;

struct tally_block_ids {
	entry *entries;
	size_t count, capacity;
	bool ascending; /* each id is greater than the one before: none can be there twice */
};

tally_block_ids *tally_block_ids_new(void)
{
	tally_block_ids *ids = tally_zalloc(1, sizeof *ids);
	if (ids != NULL)
		ids->ascending = true;
	return ids;
}

void tally_block_ids_free(tally_block_ids *ids)
{
	if (ids == NULL)
		return;
	tally_free(ids->entries);
	tally_free(ids);
}

static int compare_ids(const entry *a, const entry *b)
{
	return a->id_size != b->id_size ? (int)a->id_size - (int)b->id_size : memcmp(a->id, b->id, a->id_size);
}

static int compare(const void *left, const void *right)
{
	const entry *a = left, *b = right;
	int ids = compare_ids(a, b);
	return ids != 0 ? ids : a->place.offset < b->place.offset ? -1 : a->place.offset > b->place.offset;
}

bool tally_block_ids_add(tally_block_ids *ids, const uint8_t *id, size_t id_size, uint64_t length, const uint8_t md5[16],
			 tally_place place)
{
	if (ids->count == TALLY_BLOCKS_MAX)
		return true;
	entry *entries = tally_grow(ids->entries, &ids->capacity, ids->count + 1, sizeof *entries);
	if (entries == NULL)
		return false;
	ids->entries = entries;
	entry *e = &entries[ids->count];
	*e = (entry){.length = length, .place = place, .id_size = (uint8_t)id_size};
	memcpy(e->id, id, id_size);
	memcpy(e->md5, md5, sizeof e->md5);
	if (ids->count > 0 && compare_ids(&entries[ids->count - 1], e) >= 0)
		ids->ascending = false;
	ids->count++;
	return true;
}

void tally_block_ids_end(tally_block_ids *ids, void (*conflict)(void *context, tally_place place), void *context)
{
	if (!ids->ascending) {
		qsort(ids->entries, ids->count, sizeof *ids->entries, compare);
		for (size_t i = 1, first = 0; i < ids->count; i++) {
			const entry *a = &ids->entries[first], *b = &ids->entries[i];
			if (compare_ids(a, b) != 0)
				first = i;
			else if (a->length != b->length || memcmp(a->md5, b->md5, sizeof a->md5) != 0)
				conflict(context, b->place);
		}
	}
	ids->count = 0;
	ids->ascending = true;
}
