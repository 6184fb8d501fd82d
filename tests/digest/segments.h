/* SPDX-License-Identifier: Apache-2.0 */
/* A source of segments that also checks the calls it gets. */
#ifndef TEST_DIGEST_SEGMENTS_H
#define TEST_DIGEST_SEGMENTS_H

#include "digest/digest.h"
#include "digest/md5_kernel.h"

#include <check.h>

typedef struct test_segment {
	const uint8_t *data;
	size_t size;
	size_t piece;  /* hand it out in pieces of this size; 0: in one */
	bool lend;     /* hand out `data` itself, not a copy that is destroyed at the next call */
	bool fail;     /* TALLY_PIECE_FAILED where the end would be */
	bool stop;     /* TALLY_PIECE_STOP there */
	size_t pause;  /* TALLY_PIECE_PAUSE whenever so many bytes more were taken; 0: never */
	size_t taken;  /* filled by the run, as is the rest */
	size_t paused; /* when so much was taken */
	tally_digest_state state;
	unsigned done; /* calls */
	bool has_result;
	tally_digest_result result;
} test_segment;

tally_result run_segments(tally_digest *digest, test_segment *segments, size_t count);

/* Runs as often as it takes, with all segments that have paused again, then holds every digest against OpenSSL's. */
void check_segments(tally_digest *digest, test_segment *segments, size_t count);

/* A digest on the number-th kernel of the table; NULL when this processor lacks it. */
tally_digest *open_kernel(int number, bool crc64);
int kernel_count(void);

/* Bytes that are always the same (xorshift). */
void fill_random(uint8_t *data, size_t size, uint32_t seed);
uint32_t next_random(uint32_t *state);

/* CRC-64/NVME a bit at a time. */
uint64_t plain_crc64(const uint8_t *data, size_t size);

/*
 * Of a series of sizes each is tested: 1; or only every `few`-th, where the environment says TALLY_DIGEST_FEW, because
 * something slow watches.
 */
size_t test_step(size_t few);

/* Runs a suite; the exit status of the program. */
int run_suite(Suite *suite);

#endif
