/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/ahead.h"

#include "digest/digest.h"

#include <errno.h>
#include <stdlib.h>

/* System calls are worth making for so much. */
#define STEP ((uint64_t)4 << 20)
/* One wrong guess among so many costs nothing that could be noticed. */
#define REST_AFTER 16
#define GIVE_BACK_STEP ((uint64_t)8 << 20)

bool tally_ahead_give_way(tally_ahead *a)
{
	a->gives_way = true;
	return tally_batch_close_idle(a->batch);
}

/* Where no more can be opened, others need some more than this does: other threads, or the program around. */
static bool opens(tally_ahead *a, tally_batch_blob *blob)
{
	bool may = !a->gives_way && a->batch->open_files + TALLY_DIGEST_LANES_MAX < a->reading->files;
	if (!blob->opened && may && !tally_batch_open(a->batch, blob, a->drive))
		tally_ahead_give_way(a);
	return blob->is_open;
}

static bool is_small(const tally_ahead *a, const tally_batch_segment *s)
{
	return s->entry.length <= a->reading->buffer;
}

static bool is_direct(const tally_ahead *a)
{
	return a->reading->io == TALLY_IO_DIRECT;
}

/* Has all of a small file come into a buffer; unless a lane reads it already, whose way its descriptor must not change. */
static bool bring(tally_ahead *a, tally_batch_segment *s, const tally_batch_blob *blob)
{
	if (s->begun || s->arrival != 0)
		return s->arrival != 0;
	return tally_arrivals_suit(a->arrivals, s, &blob->file) && tally_arrivals_begin(a->arrivals, s, &blob->file);
}

static void note_presence(tally_ahead *a, const tally_batch_segment *s, tally_os_presence presence)
{
	bool counts =
	    presence == TALLY_OS_PRESENT && is_small(a, s) && !a->mood.restless && a->reading->io != TALLY_IO_DIRECT;
	a->mood.present = counts ? a->mood.present + 1 : 0;
	a->mood.rests = a->mood.present >= REST_AFTER;
}

/* In steps that the kernel doesn't cut. */
static void will_need(const tally_ahead *a, const tally_file *file, uint64_t offset, uint64_t size)
{
	const uint64_t step = a->reading->medium.readahead;
	for (uint64_t done = 0; done < size; done += step)
		tally_file_will_need(file, offset + done, size - done < step ? size - done : step);
}

/* Has the next `size` bytes of a segment come into the page cache. */
static void read_in(tally_ahead *a, tally_batch_segment *s, tally_batch_blob *blob, uint64_t size)
{
	uint64_t offset = s->entry.offset + a->within;
	tally_os_presence presence = tally_file_cached(&blob->file, offset, size);
	note_presence(a, s, presence);
	if (presence == TALLY_OS_PRESENT || (presence == TALLY_OS_ABSENT && bring(a, s, blob)))
		return;
	if (a->within == 0)
		s->give_back = true;
	s->give_back &= presence == TALLY_OS_ABSENT;
	/* What the kernel reads ahead without our orders would pass for somebody's later. */
	if (!blob->in_no_order && s->entry.length < blob->file.size) {
		tally_file_expect_no_order(&blob->file);
		blob->in_no_order = true;
	}
	will_need(a, &blob->file, offset, size);
}

/* The next piece of the segment at the cursor, at most STEP. Returns its size. */
static uint64_t issue(tally_ahead *a)
{
	tally_batch_segment *s = &a->batch->segments[a->queue[a->next]];
	tally_batch_blob *blob = &a->batch->blobs[s->blob];
	uint64_t size = s->entry.length - a->within;
	if (size > STEP)
		size = STEP;
	/* A lane that overtook the cursor reads a small one by itself. */
	bool wanted = size > 0 && !s->present && !(s->begun && is_small(a, s));
	if (wanted && opens(a, blob) && s->entry.offset + s->entry.length <= blob->file.size) {
		if (is_direct(a))
			bring(a, s, blob);
		else
			read_in(a, s, blob, size);
	}
	a->within += size;
	if (a->within == s->entry.length) {
		a->within = 0;
		a->next++;
	}
	return size;
}

static void advance(tally_ahead *a)
{
	if (is_direct(a) && a->arrivals->given_up)
		return;
	a->waits = false;
	while (!a->mood.rests && a->next < a->count && a->issued < a->taken + a->reading->ahead && !a->waits &&
	       !atomic_load(&a->reading->stop)) {
		a->issued += issue(a);
		a->waits = tally_arrivals_are_full(a->arrivals);
	}
	tally_arrivals_submit(a->arrivals);
}

static int compare_places(const void *left, const void *right)
{
	const tally_segment_place *a = left, *b = right;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return (a->segment > b->segment) - (a->segment < b->segment);
}

/*
 * The queue from `first` on. What needs no disk comes first; what isn't known comes last, in the manifest's order.
 */
static void sort_by_place(tally_ahead *a, size_t first)
{
	tally_segment_place *places = a->batch->places;
	bool all = true;
	for (size_t i = first; i < a->count; i++) {
		tally_batch_segment *s = &a->batch->segments[a->queue[i]];
		tally_batch_blob *blob = &a->batch->blobs[s->blob];
		places[i] = (tally_segment_place){UINT64_MAX, a->queue[i]};
		if (!opens(a, blob))
			continue;
		tally_os_presence presence = tally_file_cached(&blob->file, s->entry.offset, s->entry.length);
		note_presence(a, s, presence);
		s->present = presence == TALLY_OS_PRESENT;
		all &= s->present;
		if (s->present)
			places[i].place = 0;
		else
			tally_file_place(&blob->file, s->entry.offset, &places[i].place);
	}
	a->mood.rests &= all;
	qsort(places + first, a->count - first, sizeof *places, compare_places);
	for (size_t i = first; i < a->count; i++)
		a->queue[i] = places[i].segment;
}

/* On a rotating disk one at a time finds out what is where, and reads. */
static void advance_from(tally_ahead *a, size_t first)
{
	bool alone = a->reading->medium.rotational;
	if (alone) {
		pthread_mutex_lock(&a->reading->one_reader);
		sort_by_place(a, first);
	}
	advance(a);
	if (alone)
		pthread_mutex_unlock(&a->reading->one_reader);
}

void tally_ahead_begin(tally_ahead *a, tally_reading *reading, tally_arrivals *arrivals, tally_drive *drive,
		       tally_batch *batch, uint32_t *queue, size_t count)
{
	*a = (tally_ahead){.mood = a->mood,
			   .reading = reading,
			   .arrivals = arrivals,
			   .drive = drive,
			   .batch = batch,
			   .queue = queue,
			   .count = count};
	if (!a->mood.rests)
		advance_from(a, 0);
}

/*
 * Goes on from the queue's place `next`. Places before `loose` are taken: a lane has begun with the segment that stands
 * there, and knows it by its place.
 */
static void rise(tally_ahead *a, size_t next, size_t loose)
{
	a->mood.rests = false;
	a->mood.present = 0;
	if (a->next >= next) {
		advance(a);
		return;
	}
	a->next = next;
	a->within = 0;
	a->issued = a->taken;
	advance_from(a, loose);
}

bool tally_ahead_rests(tally_ahead *a, size_t index)
{
	if (!a->mood.rests || a->count == 0)
		return false;
	if (is_small(a, &a->batch->segments[a->queue[index]]))
		return true;
	rise(a, index, index + 1);
	return false;
}

void tally_ahead_missed(tally_ahead *a, size_t index, int64_t got)
{
	a->mood.restless |= got == -EOPNOTSUPP;
	/* Not even its first page was there. */
	if (got == -EAGAIN)
		a->batch->segments[a->queue[index]].give_back = true;
	rise(a, index + 1, index + 1);
}

/* The next lane begins behind this segment, wherever in it this one is: the cursor has to be in front of both. */
static uint64_t position(const tally_batch_segment *s, uint64_t within)
{
	uint64_t least = s->entry.length < STEP ? s->entry.length : STEP;
	return within == 0 || within >= least ? within : least;
}

void tally_ahead_move(tally_ahead *a, const tally_batch_segment *s, uint64_t from, uint64_t to)
{
	a->taken += position(s, to) - position(s, from);
	bool has_room = a->waits ? tally_arrivals_are_sparse(a->arrivals) : a->issued + STEP <= a->taken + a->reading->ahead;
	if (has_room)
		advance(a);
}

void tally_ahead_used(const tally_file *file, tally_batch_segment *s, uint64_t end, bool last)
{
	if (!s->give_back || end <= s->given_back || (!last && end - s->given_back < GIVE_BACK_STEP))
		return;
	tally_file_drop(file, s->entry.offset + s->given_back, end - s->given_back);
	s->given_back = end;
}
