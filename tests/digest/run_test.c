/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a kernel and the contract of tally_digest_run, beyond right digests. */
#include "base/memory.h"
#include "digest/segments.h"

#include <openssl/evp.h>
#include <string.h>

static const uint8_t letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
				 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

START_TEST(table_of_kernels)
{
	size_t count;
	const tally_md5_kernel *kernels = tally_md5_kernels(&count);
	ck_assert_uint_ge(count, 1);
	for (size_t i = 0; i < count; i++) {
		ck_assert_uint_ge(kernels[i].worth, 1);
		ck_assert_uint_le(kernels[i].worth, kernels[i].lanes);
		ck_assert_uint_le(kernels[i].lanes, TALLY_DIGEST_LANES_MAX);
		ck_assert_ptr_eq(tally_md5_kernel_named(kernels[i].name, TALLY_CPU_ALL), &kernels[i]);
		if (i > 0)
			ck_assert_uint_le(kernels[i].lanes, kernels[i - 1].lanes);
	}
	ck_assert_str_eq(kernels[count - 1].name, "plain");
	ck_assert_uint_eq(kernels[count - 1].needs, 0);
}
END_TEST

/* The first row of the table that a set of features allows, for each set. */
START_TEST(best_of_every_set_of_features)
{
	size_t count;
	const tally_md5_kernel *kernels = tally_md5_kernels(&count);
	for (unsigned features = 0; features <= TALLY_CPU_ALL; features++) {
		const tally_md5_kernel *best = tally_md5_kernel_best(features);
		ck_assert_uint_eq(best->needs & ~features, 0);
		for (const tally_md5_kernel *faster = kernels; faster < best; faster++) {
			ck_assert_uint_ne(faster->needs & ~features, 0);
			ck_assert_ptr_null(tally_md5_kernel_named(faster->name, features));
		}
	}
}
END_TEST

START_TEST(features_are_taken_away)
{
	for (unsigned hidden = 0; hidden <= TALLY_CPU_ALL; hidden++) {
		const tally_digest_options options = {.hidden = hidden, .crc64 = true};
		tally_digest *digest;
		ck_assert_int_eq(tally_digest_new(&options, &digest, NULL), TALLY_OK);
		const unsigned features = tally_cpu_features() & ~hidden;
		ck_assert_str_eq(tally_digest_kernel(digest), tally_md5_kernel_best(features)->name);
		test_segment segments[40];
		for (size_t i = 0; i < 40; i++)
			segments[i] = (test_segment){.data = letters, .size = i * 3};
		check_segments(digest, segments, 40);
		tally_digest_free(digest);
	}
	const tally_digest_options none = {.hidden = TALLY_CPU_ALL};
	tally_digest *digest;
	ck_assert_int_eq(tally_digest_new(&none, &digest, NULL), TALLY_OK);
	ck_assert_str_eq(tally_digest_kernel(digest), "plain");
	tally_digest_free(digest);
}
END_TEST

START_TEST(default_is_the_best)
{
	tally_digest *digest;
	ck_assert_int_eq(tally_digest_new(NULL, &digest, NULL), TALLY_OK);
	ck_assert_str_eq(tally_digest_kernel(digest), tally_md5_kernel_best(tally_cpu_features())->name);
	tally_digest_free(digest);
}
END_TEST

START_TEST(kernels_that_cannot_run)
{
	size_t count;
	const tally_md5_kernel *kernels = tally_md5_kernels(&count);
	tally_digest *digest = (tally_digest *)&count;
	tally_error error = {0};
	const tally_digest_options unknown = {.kernel = "abacus"};
	ck_assert_int_eq(tally_digest_new(&unknown, &digest, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(error.code, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(error.message, "abacus"));
	ck_assert_ptr_null(digest);
	for (size_t i = 0; i + 1 < count; i++) {
		const tally_digest_options missing = {.kernel = kernels[i].name, .hidden = kernels[i].needs};
		ck_assert_int_eq(tally_digest_new(&missing, &digest, &error), TALLY_ERROR_ARGUMENT);
	}
}
END_TEST

static int always(void)
{
	return 1;
}

START_TEST(out_of_memory)
{
	tally_error error = {0};
	tally_digest *digest = (tally_digest *)&error;
	tally_allocation_fault = always;
	tally_result result = tally_digest_new(NULL, &digest, &error);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
	ck_assert_int_eq(error.code, TALLY_ERROR_NO_MEMORY);
	ck_assert_ptr_null(digest);
	tally_digest_free(NULL);
}
END_TEST

/* Segments that can't be read give no digest, whatever of them was read, and don't disturb the others. */
START_TEST(failed_segments)
{
	enum { SEGMENTS = 300 };
	tally_digest *digest = open_kernel(_i, false);
	if (digest == NULL)
		return;
	test_segment segments[SEGMENTS];
	for (size_t i = 0; i < SEGMENTS; i++)
		segments[i] = (test_segment){
		    .data = letters, .size = i * 7 % sizeof letters, .piece = i % 90, .fail = i % 3 == 0 || i > 250};
	check_segments(digest, segments, SEGMENTS);
	tally_digest_free(digest);
}
END_TEST

/* A run ends where it is told to; the handle is as good as new after it. */
START_TEST(stopped_run)
{
	enum { SEGMENTS = 100, STOP = 70 };
	tally_digest *digest = open_kernel(_i, false);
	if (digest == NULL)
		return;
	test_segment segments[SEGMENTS];
	for (size_t i = 0; i < SEGMENTS; i++)
		segments[i] = (test_segment){.data = letters, .size = i, .piece = 10, .stop = i == STOP};
	ck_assert_int_eq(run_segments(digest, segments, SEGMENTS), TALLY_ERROR_STOPPED);
	unsigned done = 0;
	for (size_t i = 0; i < SEGMENTS; i++) {
		ck_assert_uint_le(segments[i].done, 1);
		done += segments[i].done;
	}
	ck_assert_uint_eq(segments[STOP].done, 0);
	ck_assert_uint_ge(done, STOP - tally_digest_lanes(digest));
	ck_assert_uint_lt(done, SEGMENTS);
	for (size_t i = 0; i < SEGMENTS; i++)
		segments[i] = (test_segment){.data = letters, .size = i, .piece = 10};
	check_segments(digest, segments, SEGMENTS);
	tally_digest_free(digest);
}
END_TEST

/* Segments that come in parts, each of its own size, are hashed as if they came in one. */
START_TEST(paused_segments)
{
	enum { SEGMENTS = 120, SIZE = 3000 };
	static uint8_t data[SIZE];
	tally_digest *digest = open_kernel(_i, true);
	if (digest == NULL)
		return;
	fill_random(data, sizeof data, 5);
	test_segment segments[SEGMENTS];
	for (size_t i = 0; i < SEGMENTS; i++)
		segments[i] = (test_segment){
		    .data = data, .size = i * 131 % SIZE, .piece = i % 3 * 50, .pause = i % 7 * 64 + i % 5 * 9};
	/* Right at the end, too. */
	segments[0] = (test_segment){.data = data, .size = 128, .pause = 128};
	check_segments(digest, segments, SEGMENTS);
	for (size_t i = 0; i < SEGMENTS; i++)
		ck_assert_uint_eq(segments[i].result.crc64, plain_crc64(data, segments[i].size));
	tally_digest_free(digest);
}
END_TEST

static tally_piece next_pause(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	(void)context, (void)index, (void)lane, (void)piece, (void)size;
	return TALLY_PIECE_PAUSE;
}

static tally_piece next_empty(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	(void)context, (void)index, (void)lane;
	*piece = letters;
	*size = 0;
	return TALLY_PIECE_DATA;
}

static void done_never(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	(void)context, (void)lane, (void)result;
	ck_abort_msg("done with segment %zu", index);
}

START_TEST(empty_piece)
{
	tally_digest *digest;
	tally_error error = {0};
	ck_assert_int_eq(tally_digest_new(NULL, &digest, NULL), TALLY_OK);
	const tally_digest_source source = {.next = next_empty, .done = done_never};
	ck_assert_int_eq(tally_digest_run(digest, &source, 1, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(error.code, TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_digest_run(digest, &source, 0, &error), TALLY_OK);
	tally_digest_free(digest);
}
END_TEST

START_TEST(pause_without_a_state)
{
	tally_digest *digest;
	tally_error error = {0};
	ck_assert_int_eq(tally_digest_new(NULL, &digest, NULL), TALLY_OK);
	const tally_digest_source source = {.next = next_pause, .done = done_never};
	ck_assert_int_eq(tally_digest_run(digest, &source, 1, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(error.code, TALLY_ERROR_ARGUMENT);
	tally_digest_free(digest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest/run");
	TCase *tcase = tcase_create("run");
	tcase_add_test(tcase, table_of_kernels);
	tcase_add_test(tcase, best_of_every_set_of_features);
	tcase_add_test(tcase, features_are_taken_away);
	tcase_add_test(tcase, default_is_the_best);
	tcase_add_test(tcase, kernels_that_cannot_run);
	tcase_add_test(tcase, out_of_memory);
	tcase_add_test(tcase, empty_piece);
	tcase_add_test(tcase, pause_without_a_state);
	tcase_add_loop_test(tcase, paused_segments, 0, kernel_count());
	tcase_add_loop_test(tcase, failed_segments, 0, kernel_count());
	tcase_add_loop_test(tcase, stopped_run, 0, kernel_count());
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
