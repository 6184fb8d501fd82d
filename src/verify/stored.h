/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments in the manifest's order with what came of hashing them, for a drive whose files come in an order of their
 * own: written while they are hashed, read when the manifest is gone through for the report. A record each, in memory
 * or in a temporary file (io/scratch.h).
 *
 * Threads: any number may read while nobody writes.
 */
#ifndef TALLY_VERIFY_STORED_H
#define TALLY_VERIFY_STORED_H

#include "verify/batch.h"

typedef struct tally_stored_segment {
	uint64_t offset, length;
	uint8_t expected[16], actual[16];
	uint64_t crc64; /* where it was asked for */
	uint64_t read; /* bytes of it that were hashed */
	uint64_t same; /* number + 1 of another segment of the same bytes: what comes of one is known of all; 0: none */
	int32_t os_error;
	uint8_t outcome; /* tally_segment_outcome */
	bool usable;
	bool last; /* of its blob */
} tally_stored_segment;

typedef struct tally_stored tally_stored;

/* Freed with tally_stored_free (NULL is fine). */
tally_result tally_stored_new(tally_stored **stored, tally_error *error);
void tally_stored_free(tally_stored *stored);
uint64_t tally_stored_count(const tally_stored *stored);
/* `number` below the count, or the count itself to add one. */
tally_result tally_stored_put(tally_stored *stored, uint64_t number, const tally_stored_segment *segment,
			      tally_error *error);
/* `other` is of the same bytes, and comes behind `number` and those that were joined to it. */
tally_result tally_stored_join(tally_stored *stored, uint64_t number, uint64_t other, tally_error *error);
tally_result tally_stored_get(const tally_stored *stored, uint64_t number, tally_stored_segment *segment,
			      tally_error *error);

#endif
