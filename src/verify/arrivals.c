/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/arrivals.h"

#include "base/memory.h"

#include <errno.h>

#define ALIGNMENT ((size_t)TALLY_MEDIUM_ALIGNMENT)
/* The larger a file, the less it matters that its first byte is waited for. */
#define FILE_MAX ((size_t)64 << 10)

void tally_arrivals_init(tally_arrivals *a, const tally_reading *reading)
{
	unsigned places = (unsigned)(reading->arrivals_room / FILE_MAX);
	*a = (tally_arrivals){.reading = reading, .places = places < TALLY_ARRIVALS_MAX ? places : TALLY_ARRIVALS_MAX};
	a->given_up = a->places == 0 || (reading->io != TALLY_IO_AUTO && reading->io != TALLY_IO_DIRECT);
}

void tally_arrivals_release(tally_arrivals *a)
{
	/* Memory that the kernel may still write into is never free again. */
	if (tally_reads_free(a->reads))
		tally_free(a->memory);
	*a = (tally_arrivals){.given_up = true};
}

static uint8_t *buffer_of(const tally_arrivals *a, unsigned place)
{
	return a->buffers + place * FILE_MAX;
}

bool tally_arrivals_suit(const tally_arrivals *a, const tally_batch_segment *segment, const tally_file *file)
{
	const uint64_t length = segment->entry.length;
	return !a->given_up && segment->entry.offset == 0 && length == file->size && length > 0 && length <= FILE_MAX;
}

bool tally_arrivals_are_full(const tally_arrivals *a)
{
	return !a->given_up && a->reads != NULL && a->free_count == 0;
}

bool tally_arrivals_are_sparse(const tally_arrivals *a)
{
	return a->free_count > a->places / 4;
}

static bool prepare(tally_arrivals *a)
{
	if (a->given_up || a->reads != NULL)
		return !a->given_up;
	a->reads = tally_reads_new(a->places);
	a->memory = a->reads != NULL ? tally_alloc_aligned(a->places * FILE_MAX, ALIGNMENT, &a->buffers) : NULL;
	if (a->memory == NULL) {
		tally_arrivals_release(a);
		return false;
	}
	/* So that tools which don't know this way of reading take the bytes for set. */
	memset(a->buffers, 0, a->places * FILE_MAX);
	while (a->free_count < a->places) {
		a->free[a->free_count] = (uint8_t)a->free_count;
		a->free_count++;
	}
	return true;
}

bool tally_arrivals_begin(tally_arrivals *a, tally_batch_segment *segment, const tally_file *file)
{
	if (!prepare(a) || a->free_count == 0)
		return false;
	unsigned place = a->free[a->free_count - 1];
	size_t size = ((size_t)segment->entry.length + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!tally_file_begin_read(file, a->reads, place, buffer_of(a, place), size)) {
		a->given_up = true;
		return false;
	}
	a->free_count--;
	a->held[place] = true;
	a->under_way[place] = file;
	segment->arrival = (uint8_t)(place + 1);
	return true;
}

void tally_arrivals_submit(tally_arrivals *a)
{
	if (a->reads != NULL)
		tally_reads_submit(a->reads);
}

/* Waits for what is read into a place. Where it is lost, the place is, too. */
static int64_t finish(tally_arrivals *a, unsigned place)
{
	int64_t got = tally_file_end_read(a->under_way[place], a->reads, place);
	if (got != TALLY_READS_LOST)
		a->under_way[place] = NULL;
	/* Some file systems take it and then refuse. */
	a->given_up |= got == -EINVAL || got == TALLY_READS_LOST;
	return got;
}

int64_t tally_arrivals_take(tally_arrivals *a, const tally_batch_segment *segment, const uint8_t **piece)
{
	const unsigned place = segment->arrival - 1U;
	int64_t got = finish(a, place);
	*piece = buffer_of(a, place);
	/* The file may have grown meanwhile. */
	return got > (int64_t)segment->entry.length ? (int64_t)segment->entry.length : got;
}

void tally_arrivals_leave(tally_arrivals *a, unsigned arrival)
{
	if (arrival == 0 || !a->held[arrival - 1])
		return;
	/* Nobody took it; but until it has come, its buffer is the kernel's. */
	bool is_free = a->under_way[arrival - 1] == NULL || finish(a, arrival - 1) != TALLY_READS_LOST;
	a->held[arrival - 1] = false;
	if (!is_free)
		return;
	a->free[a->free_count++] = (uint8_t)(arrival - 1);
}

void tally_arrivals_settle(tally_arrivals *a)
{
	for (unsigned place = 0; place < a->places; place++)
		tally_arrivals_leave(a, place + 1);
}
