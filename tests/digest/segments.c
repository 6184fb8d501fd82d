/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/segments.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

typedef struct run_state {
	test_segment *segments;
	size_t count, begun;
	unsigned lanes;
	size_t in_lane[TALLY_DIGEST_LANES_MAX];
	uint8_t *given[TALLY_DIGEST_LANES_MAX];
	size_t given_size[TALLY_DIGEST_LANES_MAX];
} run_state;

/* The piece of the last call is no longer valid: whoever still reads it shall get something else. */
static void destroy_given(run_state *run, unsigned lane)
{
	if (run->given[lane] != NULL)
		memset(run->given[lane], 0xee, run->given_size[lane]);
	free(run->given[lane]);
	run->given[lane] = NULL;
}

static tally_piece next(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	run_state *run = context;
	ck_assert_uint_lt(lane, run->lanes);
	ck_assert_uint_lt(index, run->count);
	if (run->in_lane[lane] == NONE) {
		ck_assert_uint_eq(index, run->begun);
		run->begun++;
		run->in_lane[lane] = index;
	}
	ck_assert_uint_eq(run->in_lane[lane], index);
	destroy_given(run, lane);

	test_segment *segment = &run->segments[index];
	size_t left = segment->size - segment->taken;
	if (segment->pause != 0 && segment->taken - segment->paused == segment->pause) {
		segment->paused = segment->taken;
		run->in_lane[lane] = NONE;
		return TALLY_PIECE_PAUSE;
	}
	if (left == 0 && segment->stop)
		return TALLY_PIECE_STOP;
	if (left == 0)
		return segment->fail ? TALLY_PIECE_FAILED : TALLY_PIECE_END;
	size_t until = segment->pause != 0 ? segment->paused + segment->pause - segment->taken : left;
	left = until < left ? until : left;
	*size = segment->piece != 0 && segment->piece < left ? segment->piece : left;
	*piece = segment->data + segment->taken;
	segment->taken += *size;
	if (!segment->lend) {
		uint8_t *copy = malloc(*size);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, *piece, *size);
		*piece = run->given[lane] = copy;
		run->given_size[lane] = *size;
	}
	return TALLY_PIECE_DATA;
}

static void done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	run_state *run = context;
	ck_assert_uint_lt(lane, run->lanes);
	ck_assert_uint_eq(run->in_lane[lane], index);
	run->in_lane[lane] = NONE;
	destroy_given(run, lane);
	test_segment *segment = &run->segments[index];
	segment->done++;
	segment->has_result = result != NULL;
	if (result != NULL)
		segment->result = *result;
}

static tally_digest_state *state(void *context, size_t index)
{
	run_state *run = context;
	return run->segments[index].pause != 0 ? &run->segments[index].state : NULL;
}

tally_result run_segments(tally_digest *digest, test_segment *segments, size_t count)
{
	run_state run = {.segments = segments, .count = count, .lanes = tally_digest_lanes(digest)};
	for (unsigned lane = 0; lane < TALLY_DIGEST_LANES_MAX; lane++)
		run.in_lane[lane] = NONE;
	const tally_digest_source source = {.context = &run, .next = next, .done = done, .state = state};
	tally_error error = {0};
	tally_result result = tally_digest_run(digest, &source, count, &error);
	ck_assert_int_eq(error.code, result);
	for (unsigned lane = 0; lane < TALLY_DIGEST_LANES_MAX; lane++)
		destroy_given(&run, lane);
	return result;
}

static void run_to_their_ends(tally_digest *digest, test_segment *segments, size_t count)
{
	test_segment *left = malloc(count * sizeof *left);
	size_t *from = malloc(count * sizeof *from), left_count = 0;
	ck_assert(left != NULL && from != NULL);
	do {
		left_count = 0;
		for (size_t i = 0; i < count; i++)
			if (segments[i].done == 0) {
				from[left_count] = i;
				left[left_count++] = segments[i];
			}
		ck_assert_int_eq(run_segments(digest, left, left_count), TALLY_OK);
		for (size_t i = 0; i < left_count; i++)
			segments[from[i]] = left[i];
	} while (left_count > 0);
	free(left);
	free(from);
}

void check_segments(tally_digest *digest, test_segment *segments, size_t count)
{
	run_to_their_ends(digest, segments, count);
	EVP_MD *md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	ck_assert_ptr_nonnull(md5);
	for (size_t i = 0; i < count; i++) {
		const test_segment *segment = &segments[i];
		ck_assert_uint_eq(segment->done, 1);
		ck_assert(segment->has_result != segment->fail);
		if (segment->fail)
			continue;
		uint8_t expected[TALLY_MD5_SIZE];
		ck_assert_int_eq(EVP_Digest(segment->data, segment->size, expected, NULL, md5, NULL), 1);
		ck_assert_msg(memcmp(segment->result.md5, expected, sizeof expected) == 0,
			      "%s: segment %zu of %zu, %zu bytes in pieces of %zu", tally_digest_kernel(digest), i,
			      count, segment->size, segment->piece);
		ck_assert_uint_eq(segment->result.size, segment->size);
	}
	EVP_MD_free(md5);
}

int kernel_count(void)
{
	size_t count;
	tally_md5_kernels(&count);
	return (int)count;
}

tally_digest *open_kernel(int number, bool crc64)
{
	size_t count;
	const tally_md5_kernel *kernel = &tally_md5_kernels(&count)[number];
	if ((kernel->needs & ~tally_cpu_features()) != 0) {
		fprintf(stderr, "kernel %s not tested: this processor can't run it\n", kernel->name);
		return NULL;
	}
	const tally_digest_options options = {.kernel = kernel->name, .crc64 = crc64};
	tally_digest *digest = NULL;
	ck_assert_int_eq(tally_digest_new(&options, &digest, NULL), TALLY_OK);
	ck_assert_str_eq(tally_digest_kernel(digest), kernel->name);
	ck_assert_uint_eq(tally_digest_lanes(digest), kernel->lanes);
	return digest;
}

uint32_t next_random(uint32_t *state)
{
	uint32_t x = *state;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

void fill_random(uint8_t *data, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(next_random(&seed) >> 11);
}

uint64_t plain_crc64(const uint8_t *data, size_t size)
{
	/* Not reflected, highest power first: the other way round than the library does it. */
	uint64_t value = UINT64_MAX;
	for (size_t i = 0; i < size; i++)
		for (int bit = 0; bit < 8; bit++) {
			uint64_t in = data[i] >> bit & 1;
			bool subtract = (value >> 63 ^ in) != 0;
			value = value << 1 ^ (subtract ? UINT64_C(0xad93d23594c93659) : 0);
		}
	uint64_t reflected = 0;
	for (int bit = 0; bit < 64; bit++)
		reflected |= (value >> bit & 1) << (63 - bit);
	return ~reflected;
}

size_t test_step(size_t few)
{
	return getenv("TALLY_DIGEST_FEW") != NULL ? few : 1;
}

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
