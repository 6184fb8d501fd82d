/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: what the kernel says of it. */
#include "io/secret.h"

#include "base/memory.h"
#include "support/mappings.h"
#include "support/suite.h"

#include <stdint.h>
#include <string.h>

START_TEST(secrets_are_not_dumped)
{
	uint8_t *secret = tally_secret_alloc(100);
	ck_assert_ptr_nonnull(secret);
	ck_assert_uint_eq((uintptr_t)secret % 16, 0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(secret[i], 0);
	memset(secret, 1, 100);
	mappings_expect_no_dump(secret);
	tally_secret_free(secret);
	tally_secret_free(NULL);
}
END_TEST

START_TEST(large_ones_hold_what_they_should)
{
	const size_t sizes[] = {0, 1, 4032, 4033, 100000};
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint8_t *secret = tally_secret_alloc(sizes[i]);
		ck_assert_ptr_nonnull(secret);
		memset(secret, 0xff, sizes[i]);
		tally_secret_free(secret);
	}
}
END_TEST

static int no_memory(void)
{
	return 1;
}

START_TEST(memory_may_be_short)
{
	ck_assert_ptr_null(tally_secret_alloc(SIZE_MAX));
	ck_assert_ptr_null(tally_secret_alloc(SIZE_MAX - 5000));
	tally_allocation_fault = no_memory;
	ck_assert_ptr_null(tally_secret_alloc(1));
	tally_allocation_fault = NULL;
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {secrets_are_not_dumped, 0}, {large_ones_hold_what_they_should, 0}, {memory_may_be_short, 0}, {NULL, 0}};
	return suite_run("io_secret", tests);
}
