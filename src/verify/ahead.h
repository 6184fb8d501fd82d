/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ahead of the lanes. They take their bytes at many places at once; what a disk likes is one after the other.
 * So a cursor goes through a batch's segments in order, some way in front of the lanes, and has the kernel read into
 * the page cache; lanes find it there. On a rotating disk the order is that of the medium, and one worker at a time
 * does it.
 *
 * What was in the page cache before belongs to somebody: it is noted in the segments, and only the rest is given back.
 */
#ifndef TALLY_VERIFY_AHEAD_H
#define TALLY_VERIFY_AHEAD_H

#include "verify/arrivals.h"
#include "verify/batch.h"
#include "verify/reading.h"

/*
 * Where one small file after the other turns out to be in the page cache, asking costs more than it is worth: the
 * cursor rests, and the lanes take out of the cache what they find there. The first segment that isn't there ends that.
 */
typedef struct tally_ahead_mood {
	bool rests;
	bool restless;    /* there is no way to read only what is in the cache */
	unsigned present; /* small segments in a row that were in the cache */
} tally_ahead_mood;

typedef struct tally_ahead {
	tally_ahead_mood mood; /* outlasts a batch; all zeros in the beginning */
	tally_reading *reading;
	tally_arrivals *arrivals;
	tally_drive *drive;
	tally_batch *batch;
	uint32_t *queue; /* segments of the batch */
	size_t count, next;
	uint64_t within; /* bytes of segment `next` that were dealt with */
	uint64_t issued, taken;
	bool waits;     /* as many small files are on their way as may be */
	bool gives_way; /* no file is opened before its turn: for this batch, too many are open */
} tally_ahead;

/* May bring the queue into another order. */
void tally_ahead_begin(tally_ahead *ahead, tally_reading *reading, tally_arrivals *arrivals, tally_drive *drive,
		       tally_batch *batch, uint32_t *queue, size_t count);
/* A lane goes on within a segment, or passes over the rest of it. It begins with segments in the queue's order. */
void tally_ahead_move(tally_ahead *ahead, const tally_batch_segment *segment, uint64_t from, uint64_t to);
/* A file that has its turn can't be opened: closes those that haven't. Whether there were any. */
bool tally_ahead_give_way(tally_ahead *ahead);
/* Whether the segment in the queue's place `index`, of which nothing was read yet, should be had by TALLY_LANE_CACHED.
 */
bool tally_ahead_rests(tally_ahead *ahead, size_t index);
/* That didn't give all of it, but this: a number of bytes or -errno. */
void tally_ahead_missed(tally_ahead *ahead, size_t index, int64_t got);
/* Of a segment everything in front of `end` was used: gives it back, in large steps unless it is the last. */
void tally_ahead_used(const tally_file *file, tally_batch_segment *segment, uint64_t end, bool last);

#endif
