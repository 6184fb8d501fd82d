/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of bytes that come in one go and in an order of their own, as out of an archive: the calling thread hands
 * them over as they come, others hash them, many segments side by side.
 *
 * The bytes go into chunks, one behind the other; a segment is a part of that row, and several may share bytes. Nothing
 * is ever waited for but room: a segment that is longer than all chunks together is hashed part by part, as it comes.
 * Chunks and segments are of a fixed number, so that is all the memory there is, and it holds back the caller.
 */
#ifndef TALLY_VERIFY_FLOW_H
#define TALLY_VERIFY_FLOW_H

#include "digest/digest.h"

/*
 * A part of what checks may take (verify/reading.c), whose batches, buffers and windows are not there while an archive
 * is read: enough for all lanes of the widest kernel at blocks of 4 MiB. Checks that run side by side share it.
 */
#define TALLY_FLOW_ROOM ((size_t)128 << 20)
#define TALLY_FLOW_ROOM_MIN ((size_t)4 << 20)
/*
 * Segments that are open at a time. One, or as many as blobs name one file; only a manifest made for it has more that
 * overlap.
 */
#define TALLY_FLOW_OPEN_MAX 1024
/* More could not be kept busy: whoever unpacks is slower, and of long segments not more fit into the room. */
#define TALLY_FLOW_JOBS_MAX 16

typedef struct tally_flow tally_flow;

typedef struct tally_flow_options {
	unsigned jobs; /* threads that hash, 1…TALLY_FLOW_JOBS_MAX */
	size_t room;   /* bytes of all chunks, at least TALLY_FLOW_ROOM_MIN */
	bool crc64;    /* of each segment */
} tally_flow_options;

typedef struct tally_flow_sink {
	void *context;
	/* What a segment's hash is; in no order, on the calling thread, within any of the calls below but _free. */
	tally_result (*take)(void *context, uint64_t number, const tally_digest_result *result, tally_error *error);
	/* As tally_pipeline_sink.wait. */
	tally_result (*wait)(void *context, tally_error *error);
} tally_flow_sink;

/* Freed with tally_flow_free (NULL is fine), which waits for the threads; what they have not finished is left. */
tally_result tally_flow_new(tally_flow **flow, const tally_flow_options *options, const tally_flow_sink *sink,
			    tally_error *error);
void tally_flow_free(tally_flow *flow);

/* Segments that are open: begun, and some of their bytes are still to come. */
size_t tally_flow_open_count(const tally_flow *flow);
/* Bytes to come until the first of them ends; UINT64_MAX when none is open. */
uint64_t tally_flow_nearest_end(const tally_flow *flow);
/*
 * A segment begins with the next byte. An empty one is never open. `number` is the caller's. At most
 * TALLY_FLOW_OPEN_MAX may be open.
 */
tally_result tally_flow_begin(tally_flow *flow, uint64_t number, uint64_t length, tally_error *error);
/* The next bytes of all that are open, at least one; at most tally_flow_nearest_end. */
tally_result tally_flow_feed(tally_flow *flow, const uint8_t *bytes, size_t size, tally_error *error);
/* Nothing more comes of those that are open: `lost`, unless it is NULL, is told each, with the bytes that came. */
tally_result tally_flow_break(tally_flow *flow,
			      tally_result (*lost)(void *context, uint64_t number, uint64_t came, tally_error *error),
			      void *context, tally_error *error);
/* Waits for all that was handed over; no segment is open. */
tally_result tally_flow_finish(tally_flow *flow, tally_error *error);

#endif
