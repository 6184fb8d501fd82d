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

/* ---- the bad place ---- */

/* Pages that failed together; none when they are empty. */
typedef struct pages {
	uint64_t from, to;
} pages;

void tally_bad_place_init(tally_bad_place *bad)
{
	pthread_mutex_init(&bad->lock, NULL);
	atomic_init(&bad->is_known, false);
}

void tally_bad_place_destroy(tally_bad_place *bad)
{
	pthread_mutex_destroy(&bad->lock);
}

/* The place that is known of this file. */
static pages recall(const tally_beside *from)
{
	tally_bad_place *bad = from->bad;
	pages known = {0, 0};
	/* Nearly every read ends here. */
	if (!atomic_load_explicit(&bad->is_known, memory_order_acquire))
		return known;
	pthread_mutex_lock(&bad->lock);
	if (bad->file == from->file)
		known = (pages){bad->from, bad->to};
	pthread_mutex_unlock(&bad->lock);
	return known;
}

static void note(const tally_beside *from, pages failed)
{
	tally_bad_place *bad = from->bad;
	pthread_mutex_lock(&bad->lock);
	bad->file = from->file;
	bad->from = failed.from;
	bad->to = failed.to;
	atomic_store_explicit(&bad->is_known, true, memory_order_release);
	pthread_mutex_unlock(&bad->lock);
}

/* Whether a piece of the cache may hold both. */
static bool is_near(pages bad, uint64_t offset, uint64_t size)
{
	return bad.from < bad.to && bad.from < offset + size + TALLY_BESIDE_REACH &&
	       offset < bad.to + TALLY_BESIDE_REACH;
}

/* Reads past the cache, and learns where that fails. */
static int64_t try_medium(const tally_beside *from, uint64_t page, uint8_t *bounce, uint64_t size, pages *bad)
{
	int64_t got = from->medium(from->context, page, bounce, (size_t)size);
	if (got >= 0 || got == -ENODATA)
		return got;
	*bad = (pages){page, page + size};
	note(from, *bad);
	return got;
}

/* ---- reading ---- */

/* As much as may be read together: up to the bad place, and there page by page, of which some may be good. */
static uint64_t step_at(uint64_t page, uint64_t end, pages bad)
{
	uint64_t step = end - page < STEP ? end - page : STEP;
	if (page >= bad.from && page < bad.to)
		return PAGE;
	return page < bad.from && page + step > bad.from ? bad.from - page : step;
}

/* The bytes, as far as they can be had: the number, or -errno. */
static int64_t read_own(const tally_beside *from, uint64_t offset, uint8_t *to, size_t size, uint8_t *bounce,
			pages *bad)
{
	const uint64_t end = page_of(offset + size + PAGE - 1);
	size_t done = 0;
	while (done < size) {
		uint64_t at = offset + done, page = page_of(at), skipped = at - page;
		uint64_t step = step_at(page, end, *bad);
		int64_t got = try_medium(from, page, bounce, step, bad);
		if (got < 0 && got != -ENODATA && step > PAGE)
			continue; /* in smaller steps */
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
static bool fails_near(const tally_beside *from, uint64_t offset, uint64_t size, uint8_t *bounce, pages *bad)
{
	const uint64_t begin = page_of(offset), end = page_of(offset + size + PAGE - 1);
	for (uint64_t away = 0; away < TALLY_BESIDE_REACH; away += STEP) {
		if (end + away < from->end && try_medium(from, end + away, bounce, STEP, bad) < 0)
			return true;
		uint64_t back = begin < away + STEP ? begin : away + STEP;
		if (back > away && try_medium(from, begin - back, bounce, back - away, bad) < 0)
			return true;
	}
	return false;
}

int64_t tally_beside_read(const tally_beside *from, uint64_t offset, void *buffer, size_t size)
{
	pages bad = recall(from);
	bool near = is_near(bad, offset, size);
	uint8_t *memory = near ? tally_alloc((size_t)(STEP + PAGE)) : NULL;
	if (memory == NULL) {
		int64_t got = from->cached(from->context, offset, buffer, size);
		if (got != -EIO)
			return got;
		memory = tally_alloc((size_t)(STEP + PAGE));
		if (memory == NULL)
			return got; /* as it was */
	}
	uint8_t *bounce = memory + (PAGE - (uintptr_t)memory % PAGE) % PAGE;
	int64_t got = read_own(from, offset, buffer, size, bounce, &bad);
	if (got == (int64_t)size && !is_near(bad, offset, size) && !fails_near(from, offset, size, bounce, &bad))
		got = -EIO;
	tally_free(memory);
	return got;
}
