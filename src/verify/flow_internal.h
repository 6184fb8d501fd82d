/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sides of a flow share: the calling thread (flow.c) and those that hash (flow_turn.c). */
#ifndef TALLY_VERIFY_FLOW_INTERNAL_H
#define TALLY_VERIFY_FLOW_INTERNAL_H

#include "verify/crew.h"
#include "verify/flow.h"

#include <stdatomic.h>

/* A chunk is what a lane gets at a time. */
#define CHUNK ((size_t)64 << 10)
/* Segments, open or not. Whatever is not open gets its turn, so that a caller who waits for one gets it. */
#define SEGMENTS 4096
/* Of a turn. Lanes begin and end apart, so few short segments would leave them empty half of the time. */
#define TURN_SEGMENTS 512
#define TURN_BYTES ((size_t)8 << 20)

typedef struct flow_chunk flow_chunk;
struct flow_chunk {
	uint8_t *bytes;
	flow_chunk *next;  /* in the row, for those who have bytes in it; set under the lock */
	atomic_uint users; /* segments whose hash has not come past it, and the caller who fills it */
};

typedef struct flow_segment flow_segment;
struct flow_segment {
	uint64_t number, length;
	uint64_t came; /* the caller's */
	/* Under the lock: */
	uint64_t ready;                /* bytes that a turn may take */
	flow_segment *next, *previous; /* in the list that it is in */
	bool queued, claimed, broken;
	flow_chunk *last; /* of a broken one */
	/* Of the turn that has claimed it, else under the lock: */
	uint64_t used, until; /* bytes that were given to the lane, and that may be in the turn that it waits for */
	flow_chunk *chunk;    /* where the next one is */
	size_t at;
	tally_digest_state state;
	bool hashed; /* `result` is there */
	tally_digest_result result;
};

typedef struct flow_turn {
	tally_flow *flow;
	tally_digest *digest;
	flow_segment *segments[TURN_SEGMENTS];
	size_t count;
	tally_result result;
	tally_error error;
} flow_turn;

struct tally_flow {
	tally_crew crew;
	tally_flow_sink sink;
	size_t part; /* of a segment that is open: what is worth a turn */
	size_t heap; /* of segments that wait: enough for a turn of few but long ones */
	unsigned lanes;
	flow_turn *turns; /* one for each member */
	unsigned turn_count;
	uint8_t *memory;
	flow_chunk *chunks, **free_chunks;
	size_t chunk_count, free_chunk_count;
	flow_segment *segments, *free_segments;
	size_t free_segment_count;
	/* Segments with bytes to hash that no turn has claimed, in the order in which they came. */
	flow_segment *first, *last;
	size_t queued;
	uint64_t queued_bytes;
	flow_segment *hashed; /* to be taken by the caller */
	bool urgent;          /* the caller waits: any turn will do */
	tally_result result;  /* of the first turn that failed */
	tally_error error;
	atomic_bool stop;
	/* The caller's: */
	flow_segment *open[TALLY_FLOW_OPEN_MAX];
	size_t open_count;
	flow_chunk *filled; /* where bytes go, or NULL */
	size_t fill;
};

/* ---- under the lock ---- */

/* Whether there is enough for a turn. */
bool tally_flow_is_due(const tally_flow *flow);
/* Its ready bytes have become more, or no turn has claimed it any more. */
void tally_flow_offer(tally_flow *flow, flow_segment *segment);
void tally_flow_withdraw(tally_flow *flow, flow_segment *segment);
/* A broken one, which no turn has claimed, lets go of everything. */
void tally_flow_discard(tally_flow *flow, flow_segment *segment);
void tally_flow_recycle(tally_flow *flow, flow_segment *segment);
/* One user less. */
void tally_flow_leave_chunk(tally_flow *flow, flow_chunk *chunk);
/* Does not stay in a chunk that it is at the end of, where there is a next one. */
void tally_flow_move_on(tally_flow *flow, flow_segment *segment);

/* The duty. */
void *tally_flow_take_turn(void *context, unsigned member);
void tally_flow_run_turn(void *context, unsigned member, void *job);
void tally_flow_turn_done(void *context, unsigned member, void *job);

#endif
