/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MD5 of many segments at once. A segment is independent of every other one, so segments are hashed side by side in
 * SIMD lanes; a lane is refilled as soon as its segment ends. Knows buffers, not files: the caller hands out the bytes.
 */
#ifndef TALLY_DIGEST_DIGEST_H
#define TALLY_DIGEST_DIGEST_H

#include "base/error.h"
#include "digest/crc64.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_MD5_SIZE 16
/* No kernel uses more lanes than this: what a caller needs buffers for. */
#define TALLY_DIGEST_LANES_MAX 32

typedef struct tally_digest tally_digest;

/* Zeroed is the default of everything. */
typedef struct tally_digest_options {
	bool crc64; /* CRC-64/NVME of each segment as well (formats.md C-07), in the same pass over its bytes */
	/* For tests and measurements: */
	const char *kernel; /* this MD5 kernel and no other; NULL: the best that the processor has */
	unsigned hidden;    /* TALLY_CPU_… (digest/cpu.h) that the choice must take for missing */
} tally_digest_options;

typedef struct tally_digest_result {
	uint8_t md5[TALLY_MD5_SIZE];
	uint64_t crc64; /* 0 unless asked for */
	uint64_t size;  /* bytes that were hashed */
} tally_digest_result;

/* What a segment that is hashed in several runs has come to. Zeroed: nothing of it was hashed yet. */
typedef struct tally_digest_state {
	uint32_t words[4];
	uint64_t size;
	uint8_t begun[64]; /* of a block: its first size % 64 bytes */
	tally_crc64 crc;
} tally_digest_state;

typedef enum tally_piece {
	TALLY_PIECE_DATA,   /* *piece and *size (> 0) are set */
	TALLY_PIECE_END,    /* the segment is complete */
	TALLY_PIECE_PAUSE,  /* nothing more of the segment in this run: it goes on in a later one, from its state */
	TALLY_PIECE_FAILED, /* the segment can't be read to its end; it gets no digest */
	TALLY_PIECE_STOP    /* nothing more is wanted of the whole run */
} tally_piece;

/* Where the bytes of the segments come from and where the digests go. */
typedef struct tally_digest_source {
	void *context;
	/*
	 * The next piece of segment `index`. Pieces of one segment come in order, of any size. A segment stays in one
	 * lane; `lane` < tally_digest_lanes(). A piece must stay valid until the next call for the same lane (`next`
	 * or `done`).
	 */
	tally_piece (*next)(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size);
	/*
	 * Segment `index` is finished. `result` is NULL when `next` said TALLY_PIECE_FAILED, and is valid only during
	 * the call. In any order of segments.
	 */
	void (*done)(void *context, size_t index, unsigned lane, const tally_digest_result *result);
	/*
	 * Of a segment that `next` may pause: where its hash goes on, and where it is put when it pauses; it must stay
	 * until the end of the run. NULL, here or returned: the segment is hashed in this run, and may not be paused.
	 */
	tally_digest_state *(*state)(void *context, size_t index);
} tally_digest_source;

/*
 * `options` may be NULL. TALLY_ERROR_ARGUMENT when options->kernel is unknown or can't run here. One thread uses one
 * tally_digest at a time. Freed with tally_digest_free (NULL is fine).
 */
tally_result tally_digest_new(const tally_digest_options *options, tally_digest **digest, tally_error *error);
void tally_digest_free(tally_digest *digest);

/* How many segments are in work at once, 1…TALLY_DIGEST_LANES_MAX. */
unsigned tally_digest_lanes(const tally_digest *digest);
/* The name of the MD5 kernel in use, for reports: "avx512", "avx2", "sse2", "neon" or "plain". Static. */
const char *tally_digest_kernel(const tally_digest *digest);

/*
 * Hashes segments 0…count-1, handing out lower indices first; count 0 is fine. Every segment gets exactly one `done`,
 * but for those that paused. TALLY_ERROR_STOPPED after TALLY_PIECE_STOP, TALLY_ERROR_ARGUMENT after an empty piece or a
 * pause without a state: segments that aren't done by then won't be. The handle can be used again in any case. States
 * may be carried from one handle to another, if both or neither make CRCs.
 */
tally_result tally_digest_run(tally_digest *digest, const tally_digest_source *source, size_t count,
			      tally_error *error);

/* One stream, for what comes once: a manifest, a side file. */
typedef struct tally_md5 tally_md5;
tally_result tally_md5_new(tally_md5 **md5, tally_error *error);
void tally_md5_free(tally_md5 *md5);
tally_result tally_md5_begin(tally_md5 *md5, tally_error *error);
tally_result tally_md5_update(tally_md5 *md5, const void *data, size_t size, tally_error *error);
tally_result tally_md5_end(tally_md5 *md5, uint8_t out[TALLY_MD5_SIZE], tally_error *error);

#endif
