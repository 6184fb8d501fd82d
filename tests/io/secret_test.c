/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for keys: what the kernel says of it. */
#include "io/secret.h"

#include "base/memory.h"
#include "support/mappings.h"
#include "support/suite.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* Whether this process may lock a page, and the kernel says so of it. */
static bool can_lock(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *own = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(own, MAP_FAILED);
	bool can = mlock(own, page) == 0 && strstr(mappings_line(own, "VmFlags:"), " lo") != NULL;
	munmap(own, page);
	return can;
}

START_TEST(secrets_are_not_swapped)
{
	if (!can_lock()) {
		printf("skipped: this process may not lock memory\n");
		return;
	}
	uint8_t *secret = tally_secret_alloc(100);
	ck_assert_ptr_nonnull(secret);
	const char *flags = mappings_line(secret, "VmFlags:");
	ck_assert_msg(strstr(flags, " lo") != NULL, "%s", flags);
	tally_secret_free(secret);
}
END_TEST

/* Locking is refused: there is memory all the same. */
START_TEST(locking_may_be_refused)
{
	const struct rlimit none = {0, 0};
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	uint8_t *secret = tally_secret_alloc(100);
	ck_assert_ptr_nonnull(secret);
	memset(secret, 1, 100);
	tally_secret_free(secret);
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
	const suite_test tests[] = {{secrets_are_not_dumped, 0},
				    {secrets_are_not_swapped, 0},
				    {large_ones_hold_what_they_should, 0},
				    {memory_may_be_short, 0},
				    {locking_may_be_refused, 0}, /* the last: no limit comes back */
				    {NULL, 0}};
	return suite_run("io_secret", tests);
}
