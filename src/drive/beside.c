/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/beside.h"

#include "base/memory.h"
#include "drive/layer.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PAGE ((uint64_t)TALLY_LAYER_ALIGNMENT)
#define STEP ((uint64_t)64 << 10)

static uint64_t page_of(uint64_t offset)
{
	return offset / PAGE * PAGE;
}

/* The bytes, as far as they can be had: the number, or -errno. */
static int64_t read_own(const tally_beside *from, uint64_t offset, uint8_t *to, size_t size, uint8_t *bounce)
{
	const uint64_t end = page_of(offset + size + PAGE - 1);
	size_t done = 0;
	while (done < size) {
		uint64_t at = offset + done, page = page_of(at), skipped = at - page;
		int64_t got = from->read(from->context, page, bounce, (size_t)(end - page < STEP ? end - page : STEP));
		if (got < 0 && done == 0)
			return got;
		if (got <= (int64_t)skipped)
			break;
		size_t useful = (size_t)got - (size_t)skipped;
		useful = useful < size - done ? useful : size - done;
		memcpy(to + done, bounce + skipped, useful);
		done += useful;
	}
	return done > 0 ? (int64_t)done : -EIO;
}

/* The nearest first: each place that fails takes a disk its time. */
static bool fails_near(const tally_beside *from, uint64_t offset, uint64_t size, uint8_t *bounce)
{
	const uint64_t begin = page_of(offset), end = page_of(offset + size + PAGE - 1);
	for (uint64_t away = 0; away < TALLY_BESIDE_REACH; away += STEP) {
		if (end + away < from->end && from->read(from->context, end + away, bounce, STEP) < 0)
			return true;
		uint64_t back = begin < away + STEP ? begin : away + STEP;
		if (back > away && from->read(from->context, begin - back, bounce, (size_t)(back - away)) < 0)
			return true;
	}
	return false;
}

int64_t tally_beside_read(const tally_beside *from, uint64_t offset, void *buffer, size_t size)
{
	uint8_t *memory = tally_alloc((size_t)(STEP + PAGE));
	if (memory == NULL)
		return -EIO; /* as it was */
	uint8_t *bounce = memory + (PAGE - (uintptr_t)memory % PAGE) % PAGE;
	int64_t got = read_own(from, offset, buffer, size, bounce);
	if (got == (int64_t)size && !fails_near(from, offset, size, bounce))
		got = -EIO;
	tally_free(memory);
	return got;
}
