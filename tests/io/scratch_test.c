/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in memory or in a file without a name: nobody can tell which. */
#include "io/scratch.h"

#include "support/faults.h"
#include "support/suite.h"

#include <string.h>

#define SIZE 3000

START_TEST(the_same_whatever_is_kept_in_memory)
{
	static const size_t memory[] = {0, 1, 999, 1000, SIZE - 1, SIZE, SIZE + 1};
	tally_scratch *scratch;
	char expected[SIZE], got[SIZE + 10];
	ck_assert_int_eq(tally_scratch_new(&scratch, memory[_i], NULL), TALLY_OK);
	for (size_t i = 0; i < SIZE; i += 100) {
		memset(expected + i, (int)(i / 100), 100);
		ck_assert_int_eq(tally_scratch_write(scratch, i, expected + i, 100, NULL), TALLY_OK);
	}
	memset(expected + 950, 'x', 1000);
	ck_assert_int_eq(tally_scratch_write(scratch, 950, expected + 950, 1000, NULL), TALLY_OK);
	ck_assert_int_eq(tally_scratch_write(scratch, 5, "", 0, NULL), TALLY_OK);
	ck_assert_uint_eq(tally_scratch_size(scratch), SIZE);
	ck_assert_int_eq(tally_scratch_read(scratch, 0, got, sizeof got), SIZE);
	ck_assert_mem_eq(got, expected, SIZE);
	ck_assert_int_eq(tally_scratch_read(scratch, 940, got, 20), 20);
	ck_assert_mem_eq(got, expected + 940, 20);
	ck_assert_int_eq(tally_scratch_read(scratch, SIZE, got, 1), 0);
	ck_assert_int_eq(tally_scratch_read(scratch, UINT64_MAX, got, 1), 0);
	ck_assert_int_eq(tally_scratch_write(scratch, SIZE + 1, "x", 1, NULL), TALLY_ERROR_ARGUMENT);
	tally_scratch_free(scratch);
}
END_TEST

static tally_result write_some(void *context, tally_error *error)
{
	tally_scratch *scratch;
	(void)context;
	tally_result result = tally_scratch_new(&scratch, 50, error);
	for (uint64_t i = 0; i < 100 && result == TALLY_OK; i++)
		result = tally_scratch_write(scratch, i, "x", 1, error);
	tally_scratch_free(scratch);
	return result;
}

START_TEST(without_memory)
{
	tally_scratch_free(NULL);
	ck_assert_uint_ge(faults_each(FAULTS_OURS, false, write_some, NULL, NULL), 2);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {{the_same_whatever_is_kept_in_memory, 7}, {without_memory, 0}, {NULL, 0}};
	return suite_run("scratch", tests);
}
