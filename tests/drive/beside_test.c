/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes beside a bad place, of a medium that is made of memory. */
#include "base/memory.h"
#include "drive/beside.h"
#include "drive/layer.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SIZE ((size_t)6 << 20)
#define MIB ((uint64_t)1 << 20)
#define SECTOR 512

static uint8_t medium[SIZE], buffer[1 << 18];
static uint64_t end, bad_from, bad_to;
static unsigned reads;

static int64_t read_medium(void *context, uint64_t offset, void *to, size_t size)
{
	ck_assert_ptr_eq(context, medium);
	ck_assert_uint_eq(offset % TALLY_LAYER_ALIGNMENT, 0);
	ck_assert_uint_eq(size % TALLY_LAYER_ALIGNMENT, 0);
	ck_assert_uint_eq((uintptr_t)to % TALLY_LAYER_ALIGNMENT, 0);
	ck_assert_uint_lt(offset, end);
	reads++;
	if (size > end - offset)
		size = (size_t)(end - offset);
	if (offset < bad_to && offset + size > bad_from)
		return -EIO;
	memcpy(to, medium + offset, size);
	return (int64_t)size;
}

static int64_t get(uint64_t offset, size_t size)
{
	memset(buffer, 0, sizeof buffer);
	int64_t got = tally_beside_read(&(tally_beside){read_medium, medium, end}, offset, buffer, size);
	if (got > 0)
		ck_assert_mem_eq(buffer, medium + offset, (size_t)got);
	return got;
}

static void begin(uint64_t from, uint64_t size)
{
	for (size_t i = 0; i < SIZE; i++)
		medium[i] = (uint8_t)(i * 31 + (i >> 9));
	end = SIZE;
	bad_from = from;
	bad_to = from + size;
	reads = 0;
}

START_TEST(good_bytes_are_had)
{
	static const uint64_t away[] = {0, 512, 4096, 100000, MIB, 2 * MIB - 8192};
	static const size_t sizes[] = {1, 512, 4096, 5000, 65536, 200000, sizeof buffer};
	for (size_t a = 0; a < sizeof away / sizeof *away; a++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			/* The page that both lie in fails as one: no medium gives less. */
			uint64_t offset = 2 * MIB + SECTOR, behind = (offset + sizes[i] + 4095) / 4096 * 4096 + away[a];
			begin(behind, SECTOR);
			ck_assert_int_eq(get(offset, sizes[i]), (int64_t)sizes[i]);
			begin(2 * MIB - away[a] - SECTOR, SECTOR);
			ck_assert_int_eq(get(offset, sizes[i]), (int64_t)sizes[i]);
		}
}
END_TEST

START_TEST(bad_bytes_are_not)
{
	begin(2 * MIB, SECTOR);
	ck_assert_int_eq(get(2 * MIB, 65536), -EIO);
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_eq(get(2 * MIB + 1024, 512), -EIO);
	/* Up to them, by whole steps. */
	begin(2 * MIB, SECTOR);
	ck_assert_int_eq(get(2 * MIB - 100000, 200000), 65536 - (2 * MIB - 100000) % 4096);
	ck_assert_uint_eq(reads, 2);
	begin(0, end);
	ck_assert_int_eq(get(0, 1), -EIO);
}
END_TEST

START_TEST(a_medium_of_two_minds_is_told)
{
	begin(0, 0);
	ck_assert_int_eq(get(2 * MIB, 65536), -EIO);
	ck_assert_uint_gt(reads, 60);
	/* So far away no piece of the cache reaches. */
	begin(5 * MIB, SECTOR);
	ck_assert_int_eq(get(2 * MIB, 65536), -EIO);
	begin(0, SECTOR);
	ck_assert_int_eq(get(2 * MIB + 65536, 65536), -EIO);
	begin(0, 0);
	ck_assert_int_eq(get(0, 1), -EIO);
	ck_assert_int_eq(get(end - 1, 1), -EIO);
}
END_TEST

START_TEST(at_the_ends)
{
	begin(4096, SECTOR);
	ck_assert_int_eq(get(0, 4096), 4096);
	end = SIZE - 1000;
	bad_from = SIZE - 8192;
	bad_to = bad_from + SECTOR;
	ck_assert_int_eq(get(SIZE - 4096, 3096), 3096);
	ck_assert_int_eq(get(SIZE - 4096, 4096), 3096);
	bad_from = SIZE - 1600;
	bad_to = SIZE;
	ck_assert_int_eq(get(SIZE - 12288, 8192), 8192);
}
END_TEST

static int no_memory(void)
{
	return 1;
}

START_TEST(without_memory_it_stays_as_it_was)
{
	begin(3 * MIB, SECTOR);
	tally_allocation_fault = no_memory;
	int64_t got = tally_beside_read(&(tally_beside){read_medium, medium, end}, 2 * MIB, buffer, 4096);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(got, -EIO);
	ck_assert_uint_eq(reads, 0);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {good_bytes_are_had, 0},
	    {bad_bytes_are_not, 0},
	    {a_medium_of_two_minds_is_told, 0},
	    {at_the_ends, 0},
	    {without_memory_it_stays_as_it_was, 0},
	    {NULL, 0},
	};
	return suite_run("drive/beside", tests);
}
