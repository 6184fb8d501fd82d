/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/lanes.h"

#include "base/memory.h"
#include "io/os.h"

#include <unistd.h>

/*
 * A window of whole, aligned 2 MiB can be mapped in one piece by one entry of the processor's tables, where the page
 * cache holds it so. Below SMALL, mapping costs more than copying in any case.
 */
#define WINDOW ((uint64_t)2 << 20)
#define SMALL ((uint64_t)400 << 10)
#define ALIGNMENT ((size_t)TALLY_MEDIUM_ALIGNMENT)
/* Lines at the same place of their pages compete for the same set of the first-level cache: lanes begin apart. */
#define APART ((size_t)17 * 64)
/* What is slower now may be faster for other files. */
#define TRY_AGAIN ((uint64_t)256 << 20)

tally_result tally_lanes_init(tally_lanes *l, tally_reading *reading, unsigned count, tally_error *error)
{
	long page = sysconf(_SC_PAGESIZE);
	*l = (tally_lanes){
	    .reading = reading, .page = page > 0 ? (uint64_t)page : ALIGNMENT, .stride = reading->buffer + ALIGNMENT};
	l->memory = tally_alloc_aligned(count * l->stride, ALIGNMENT, &l->buffers);
	return l->memory != NULL ? TALLY_OK : tally_fail_memory(error);
}

void tally_lanes_release(tally_lanes *l)
{
	for (unsigned lane = 0; lane < TALLY_DIGEST_LANES_MAX; lane++)
		tally_lanes_done(l, lane, NULL);
	tally_free(l->memory);
	l->memory = NULL;
}

static void learn(tally_lane_cost *cost, tally_lane_cost *other, uint64_t ns, uint64_t bytes)
{
	double now = (double)(ns + 1) / (double)bytes;
	cost->ns_per_byte = cost->ns_per_byte == 0 ? now : cost->ns_per_byte + (now - cost->ns_per_byte) / 8;
	cost->since = 0;
	other->since += bytes;
}

/* Never asks what the bytes are, so findings don't depend on it. */
static bool prefers_mapping(const tally_lanes *l)
{
	if (l->reading->io != TALLY_IO_AUTO)
		return l->reading->io == TALLY_IO_MMAP;
	if (l->map_cost.ns_per_byte == 0 || l->map_cost.since > TRY_AGAIN)
		return true;
	if (l->read_cost.ns_per_byte == 0 || l->read_cost.since > TRY_AGAIN)
		return false;
	return l->map_cost.ns_per_byte < l->read_cost.ns_per_byte;
}

/* The bytes up to the end of the window that `offset` lies in. 0: this is not to be mapped, or can't be. */
static int64_t fetch_window(tally_lanes *l, unsigned lane, const tally_file *file, uint64_t offset, uint64_t left,
			    const uint8_t **piece)
{
	uint64_t begin = offset & ~(l->page - 1), size = WINDOW - offset % WINDOW;
	if (size > left)
		size = left;
	size_t whole = (size_t)(offset - begin + size);
	if (size < SMALL || whole > l->reading->window_room - l->mapped || !prefers_mapping(l))
		return 0;
	uint64_t start = tally_os_now_ns();
	tally_mapping *m = &l->mappings[lane];
	if (tally_file_map(file, begin, whole, m) != 0)
		return 0;
	l->mapped += whole;
	learn(&l->map_cost, &l->read_cost, tally_os_now_ns() - start, size);
	*piece = m->base + (offset - begin);
	return (int64_t)size;
}

static uint8_t *buffer_of(const tally_lanes *l, unsigned lane)
{
	return l->buffers + lane * l->stride + lane * APART % ALIGNMENT;
}

static int64_t fetch_read(tally_lanes *l, unsigned lane, const tally_file *file, uint64_t offset, uint64_t left,
			  const uint8_t **piece)
{
	uint8_t *buffer = buffer_of(l, lane);
	size_t size = left < l->reading->buffer ? (size_t)left : l->reading->buffer;
	*piece = buffer;
	if (size < SMALL / 4 || l->reading->io != TALLY_IO_AUTO)
		return tally_file_read(file, offset, buffer, size);
	uint64_t start = tally_os_now_ns();
	int64_t got = tally_file_read(file, offset, buffer, size);
	if (got > 0)
		learn(&l->read_cost, &l->map_cost, tally_os_now_ns() - start, (uint64_t)got);
	return got;
}

/* The medium gives whole sectors only. */
static int64_t fetch_medium(tally_lanes *l, unsigned lane, const tally_file *file, uint64_t offset, uint64_t left,
			    const uint8_t **piece)
{
	uint8_t *buffer = l->buffers + lane * l->stride;
	size_t skipped = (size_t)(offset % ALIGNMENT), room = l->reading->buffer - skipped;
	size_t size = left < room ? (size_t)left : room;
	size_t whole = (skipped + size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	int64_t got = tally_file_read_medium(file, offset - skipped, buffer, whole);
	*piece = buffer + skipped;
	if (got <= 0)
		return got;
	/* A read may give less than it was asked for, even nothing of what is wanted. */
	if ((size_t)got <= skipped)
		return tally_file_read(file, offset, buffer + skipped, size);
	return (size_t)got - skipped < size ? (int64_t)((size_t)got - skipped) : (int64_t)size;
}

int64_t tally_lanes_fetch(tally_lanes *l, unsigned lane, tally_lane_way way, const tally_file *file, uint64_t offset,
			  uint64_t left, const uint8_t **piece)
{
	if (way == TALLY_LANE_MEDIUM || (way == TALLY_LANE_AS_CHOSEN && l->reading->io == TALLY_IO_DIRECT))
		return fetch_medium(l, lane, file, offset, left, piece);
	if (way == TALLY_LANE_CACHED) {
		uint8_t *buffer = buffer_of(l, lane);
		*piece = buffer;
		return tally_file_read_cached(file, offset, buffer,
					      left < l->reading->buffer ? (size_t)left : l->reading->buffer);
	}
	int64_t got = 0;
	if (way == TALLY_LANE_AS_CHOSEN && l->reading->guards && left >= SMALL)
		got = fetch_window(l, lane, file, offset, left, piece);
	return got != 0 ? got : fetch_read(l, lane, file, offset, left, piece);
}

bool tally_lanes_done(tally_lanes *l, unsigned lane, const tally_file *file)
{
	tally_mapping *m = &l->mappings[lane];
	tally_file_identity now;
	if (m->base == NULL)
		return true;
	l->mapped -= m->size;
	bool sound = tally_mapping_end(m);
	/* A file that was cut within its last page raises nothing: the mapping has zeros behind the new end. */
	return sound && file != NULL && tally_file_identify(file, &now) == 0 && now.size >= file->size;
}
