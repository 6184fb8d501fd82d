/* SPDX-License-Identifier: Apache-2.0 */
/* How the lanes of one worker get the bytes of their segments: read into a buffer, or mapped a window at a time. */
#ifndef TALLY_VERIFY_LANES_H
#define TALLY_VERIFY_LANES_H

#include "digest/digest.h"
#include "verify/reading.h"

typedef enum tally_lane_way {
	TALLY_LANE_AS_CHOSEN, /* by the options and by what turned out faster */
	TALLY_LANE_CACHED,    /* out of the page cache, or not at all: -EAGAIN, -EOPNOTSUPP */
	TALLY_LANE_READ,      /* nothing that could go wrong in other ways than a read can */
	TALLY_LANE_MEDIUM     /* past the page cache */
} tally_lane_way;

/* What a way of having bytes ready costs, as far as it was tried. */
typedef struct tally_lane_cost {
	double ns_per_byte; /* smoothed; 0: not tried yet */
	uint64_t since;     /* bytes that were had in the other way since */
} tally_lane_cost;

typedef struct tally_lanes {
	tally_reading *reading;
	uint64_t page; /* of the system */
	uint8_t *memory, *buffers;
	size_t stride;
	tally_mapping mappings[TALLY_DIGEST_LANES_MAX];
	size_t mapped; /* bytes, of all of them */
	tally_lane_cost read_cost, map_cost;
} tally_lanes;

tally_result tally_lanes_init(tally_lanes *lanes, tally_reading *reading, unsigned count, tally_error *error);
void tally_lanes_release(tally_lanes *lanes);

/*
 * The next bytes of a segment of `file`, of which `left` > 0 are missing from `offset` on: how many stand at *piece, 0
 * at the end of the file, -errno. They stay until the next call for this lane.
 */
int64_t tally_lanes_fetch(tally_lanes *lanes, unsigned lane, tally_lane_way way, const tally_file *file,
			  uint64_t offset, uint64_t left, const uint8_t **piece);
/* The lane's last piece was used. False when its bytes turned out not to be the file's, after they were handed out. */
bool tally_lanes_done(tally_lanes *lanes, unsigned lane, const tally_file *file);

#endif
