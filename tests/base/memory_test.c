/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include "support/suite.h"

#include <stdint.h>
#include <string.h>

START_TEST(test_nothing_is_still_something)
{
	void *none[] = {tally_alloc(0), tally_zalloc(0, 8), tally_zalloc(8, 0), tally_realloc(NULL, 0, 8)};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		ck_assert_ptr_nonnull(none[i]);
		tally_free(none[i]);
	}
	tally_free(NULL);
}
END_TEST

/* The address sanitizer takes a calloc that can't be for an error, unless it is told not to. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

START_TEST(test_sizes_that_overflow_are_refused)
{
	ck_assert_ptr_null(tally_zalloc(SIZE_MAX / 2, 3));
	ck_assert_ptr_null(tally_realloc(NULL, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(tally_strndup("", SIZE_MAX));
	size_t capacity = 0;
	ck_assert_ptr_null(tally_grow(NULL, &capacity, SIZE_MAX, 1));
	ck_assert_ptr_null(tally_grow(NULL, &capacity, SIZE_MAX / 4, 16));
	ck_assert_uint_eq(capacity, 0);
}
END_TEST

static char seen[8];
static void watch(const void *memory)
{
	memcpy(seen, memory, sizeof seen);
}

START_TEST(test_secrets_are_wiped)
{
	static const char zeros[8];
	char *secret = tally_strndup("1234567", 7), *bytes = tally_alloc(8);
	memcpy(bytes, "123\0" "5678", 8);
	tally_free_watch = watch;
	memset(seen, 1, sizeof seen);
	tally_free_secret(secret);
	ck_assert_mem_eq(seen, zeros, 8);
	memset(seen, 1, sizeof seen);
	tally_free_wiped(bytes, 8);
	ck_assert_mem_eq(seen, zeros, 8);
	tally_free_secret(NULL);
	tally_free_wiped(NULL, 8);
	tally_free_watch = NULL;
}
END_TEST

START_TEST(test_aligned_memory)
{
	for (size_t alignment = 1; alignment <= 1 << 16; alignment *= 2) {
		uint8_t *aligned, *memory = tally_alloc_aligned(100, alignment, &aligned);
		ck_assert_ptr_nonnull(memory);
		ck_assert_uint_eq((uintptr_t)aligned % alignment, 0);
		memset(aligned, 1, 100);
		tally_free(memory);
	}
	uint8_t *none;
	ck_assert_ptr_null(tally_alloc_aligned(SIZE_MAX - 10, 4096, &none));
}
END_TEST

START_TEST(test_growing_keeps_what_is_there)
{
	size_t capacity = 0;
	char *array = NULL;
	for (size_t i = 1; i <= 5000; i++) {
		array = tally_grow(array, &capacity, i, 1);
		ck_assert_ptr_nonnull(array);
		ck_assert_uint_ge(capacity, i);
		array[i - 1] = (char)i;
	}
	for (size_t i = 1; i <= 5000; i++)
		ck_assert_int_eq(array[i - 1], (char)i);
	ck_assert_ptr_eq(tally_grow(array, &capacity, 1, 1), array);
	tally_free(array);
}
END_TEST

START_TEST(test_growing_where_secrets_are_keeps_what_is_there)
{
	size_t capacity = 0;
	char *bytes = NULL;
	for (size_t i = 1; i <= 5000; i++) {
		bytes = tally_grow_wiped(bytes, &capacity, i);
		ck_assert_ptr_nonnull(bytes);
		ck_assert_uint_ge(capacity, i);
		bytes[i - 1] = (char)i;
	}
	for (size_t i = 1; i <= 5000; i++)
		ck_assert_int_eq(bytes[i - 1], (char)i);
	ck_assert_ptr_eq(tally_grow_wiped(bytes, &capacity, 1), bytes);
	ck_assert_ptr_null(tally_grow_wiped(bytes, &capacity, SIZE_MAX));
	tally_free_wiped(bytes, capacity);
	tally_free_wiped(NULL, 0);
}
END_TEST

START_TEST(test_a_copy_of_a_piece_ends_in_nul)
{
	char *copy = tally_strndup("crates", 5);
	ck_assert_str_eq(copy, "crate");
	tally_free(copy);
}
END_TEST

int main(void)
{
	return suite_run("memory", (const suite_test[]){{test_nothing_is_still_something, 0},
							{test_sizes_that_overflow_are_refused, 0},
							{test_secrets_are_wiped, 0},
							{test_aligned_memory, 0},
							{test_growing_keeps_what_is_there, 0},
							{test_growing_where_secrets_are_keeps_what_is_there, 0},
							{test_a_copy_of_a_piece_ends_in_nul, 0},
							{NULL, 0}});
}
