/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files on their way, of one worker: each is read whole, past the page cache and many at once, into a buffer that
 * waits for a lane. What doesn't come in this way, for whatever reason, is read by the lane itself.
 */
#ifndef TALLY_VERIFY_ARRIVALS_H
#define TALLY_VERIFY_ARRIVALS_H

#include "verify/batch.h"
#include "verify/reading.h"

#define TALLY_ARRIVALS_MAX 64

typedef struct tally_arrivals {
	const tally_reading *reading;
	tally_reads *reads;
	uint8_t *memory, *buffers; /* allocated for the first file */
	bool given_up;             /* there is no such way here */
	unsigned places, free_count;
	uint8_t free[TALLY_ARRIVALS_MAX];
	bool held[TALLY_ARRIVALS_MAX];
	const tally_file *under_way[TALLY_ARRIVALS_MAX]; /* what is read into a place; NULL: nothing */
} tally_arrivals;

/* `reading` must outlive it. */
void tally_arrivals_init(tally_arrivals *arrivals, const tally_reading *reading);
void tally_arrivals_release(tally_arrivals *arrivals);

/* Whether a segment is of the kind that comes in this way. */
bool tally_arrivals_suit(const tally_arrivals *arrivals, const tally_batch_segment *segment, const tally_file *file);
/* No more of them can be on their way until one was left. */
bool tally_arrivals_are_full(const tally_arrivals *arrivals);
/* So few are that it is worth a call of the kernel to begin with more. */
bool tally_arrivals_are_sparse(const tally_arrivals *arrivals);
/* Begins to read a segment that suits: then segment->arrival is set. `file` must stay open until it is left. */
bool tally_arrivals_begin(tally_arrivals *arrivals, tally_batch_segment *segment, const tally_file *file);
/* What was begun is to be read now. */
void tally_arrivals_submit(tally_arrivals *arrivals);
/*
 * Waits for such a segment. How many of its bytes stand at *piece, until tally_arrivals_leave(segment->arrival), or
 * -errno.
 */
int64_t tally_arrivals_take(tally_arrivals *arrivals, const tally_batch_segment *segment, const uint8_t **piece);
/* `arrival` 0 is none. Waits for one that was not taken. */
void tally_arrivals_leave(tally_arrivals *arrivals, unsigned arrival);
/* Leaves all. */
void tally_arrivals_settle(tally_arrivals *arrivals);

#endif
