/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/runs.h"

#include "base/memory.h"

/* A little-endian number of `size` bytes, 1…8, extended by its sign. */
static int64_t signed_number(const uint8_t *at, unsigned size)
{
	uint64_t value = (at[size - 1] & 0x80) != 0 ? UINT64_MAX : 0;
	for (unsigned i = size; i-- > 0;)
		value = value << 8 | at[i];
	return (int64_t)value;
}

static tally_ntfs_runs_result append(tally_ntfs_runs *runs, uint64_t lcn, uint64_t count)
{
	tally_ntfs_run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;
	bool continues =
	    last != NULL && (lcn == TALLY_NTFS_HOLE ? last->lcn == TALLY_NTFS_HOLE
						    : last->lcn != TALLY_NTFS_HOLE && last->lcn + last->count == lcn);
	if (!continues) {
		if (runs->count == TALLY_NTFS_RUNS_MAX)
			return TALLY_NTFS_RUNS_TOO_MANY;
		tally_ntfs_run *items = tally_grow(runs->items, &runs->capacity, runs->count + 1, sizeof *items);
		if (items == NULL)
			return TALLY_NTFS_RUNS_NO_MEMORY;
		runs->items = items;
		last = &items[runs->count++];
		*last = (tally_ntfs_run){runs->vcns, lcn, 0};
	}
	last->count += count;
	runs->vcns += count;
	return TALLY_NTFS_RUNS_OK;
}

/* One pair: a byte with the sizes of two numbers, the run's length, and how far its place is from the last one's. */
static tally_ntfs_runs_result add_pair(tally_ntfs_runs *runs, const uint8_t *at, uint64_t *lcn,
				       const tally_ntfs_run_limits *limits)
{
	unsigned length_size = at[0] & 15, place_size = at[0] >> 4;
	int64_t length = signed_number(at + 1, length_size);
	if (length <= 0 || (uint64_t)length > limits->vcns - runs->vcns)
		return TALLY_NTFS_RUNS_DAMAGED;
	if (place_size == 0)
		return append(runs, TALLY_NTFS_HOLE, (uint64_t)length);
	/* Unsigned, so that a hostile sum wraps; below 0 it becomes larger than any volume. */
	*lcn += (uint64_t)signed_number(at + 1 + length_size, place_size);
	if (*lcn >= limits->clusters || (uint64_t)length > limits->clusters - *lcn)
		return TALLY_NTFS_RUNS_DAMAGED;
	return append(runs, *lcn, (uint64_t)length);
}

tally_ntfs_runs_result tally_ntfs_runs_add(tally_ntfs_runs *runs, const uint8_t *pairs, uint32_t size,
					   uint64_t last_vcn, const tally_ntfs_run_limits *limits)
{
	uint64_t lcn = 0;
	uint32_t at = 0;
	while (at < size && pairs[at] != 0) {
		unsigned length_size = pairs[at] & 15, place_size = pairs[at] >> 4;
		if (length_size == 0 || length_size > 8 || place_size > 8 || size - at - 1 < length_size + place_size)
			return TALLY_NTFS_RUNS_DAMAGED;
		tally_ntfs_runs_result result = add_pair(runs, pairs + at, &lcn, limits);
		if (result != TALLY_NTFS_RUNS_OK)
			return result;
		at += 1 + length_size + place_size;
	}
	/* An empty stream says that its last one is -1. */
	return runs->vcns == last_vcn + 1 ? TALLY_NTFS_RUNS_OK : TALLY_NTFS_RUNS_DAMAGED;
}

const tally_ntfs_run *tally_ntfs_runs_at(const tally_ntfs_runs *runs, uint64_t vcn)
{
	size_t low = 0, high = runs->count;
	if (vcn >= runs->vcns)
		return NULL;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (runs->items[middle].vcn <= vcn)
			low = middle;
		else
			high = middle;
	}
	return &runs->items[low];
}

void tally_ntfs_runs_clear(tally_ntfs_runs *runs)
{
	tally_free(runs->items);
	*runs = (tally_ntfs_runs){0};
}
