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
static unsigned reads, failures, tries; /* past the cache, those of them that failed, and through it */
static tally_bad_place bad;

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
	if (offset < bad_to && offset + size > bad_from) {
		failures++;
		return -EIO;
	}
	memcpy(to, medium + offset, size);
	return (int64_t)size;
}

/* Of a piece that can't be had. */
static int64_t read_cached(void *context, uint64_t offset, void *to, size_t size)
{
	(void)context, (void)offset, (void)to, (void)size;
	tries++;
	return -EIO;
}

static int64_t get_of(uint64_t file, uint64_t offset, size_t size)
{
	const tally_beside from = {read_cached, read_medium, medium, end, &bad, file};
	memset(buffer, 0, sizeof buffer);
	int64_t got = tally_beside_read(&from, offset, buffer, size);
	if (got > 0)
		ck_assert_mem_eq(buffer, medium + offset, (size_t)got);
	return got;
}

static int64_t get(uint64_t offset, size_t size)
{
	return get_of(0, offset, size);
}

static void begin(uint64_t from, uint64_t size)
{
	for (size_t i = 0; i < SIZE; i++)
		medium[i] = (uint8_t)(i * 31 + (i >> 9));
	end = SIZE;
	bad_from = from;
	bad_to = from + size;
	reads = failures = tries = 0;
	tally_bad_place_init(&bad);
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
	ck_assert_uint_eq(reads, 2);
	ck_assert_int_eq(get(2 * MIB + 1024, 512), -EIO);
	ck_assert_uint_eq(reads, 3);
	/* Up to them, also where they lie among others that are read together. */
	begin(2 * MIB, SECTOR);
	ck_assert_int_eq(get(2 * MIB - 100000, 200000), 100000);
	ck_assert_uint_eq(failures, 2);
	begin(2 * MIB + 60000, SECTOR);
	ck_assert_int_eq(get(2 * MIB, 65536), 57344);
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

/* What lies around is had page by page, and nothing asks for the bad place that doesn't want it. */
START_TEST(the_bad_place_is_asked_for_once)
{
	begin(2 * MIB, SECTOR);
	ck_assert_int_eq(get(2 * MIB + 65536, 4096), 4096);
	ck_assert_uint_eq(failures, 1);
	for (uint64_t at = MIB; at < 3 * MIB; at += 4096)
		ck_assert_int_eq(get(at, 4096), at == 2 * MIB ? -EIO : 4096);
	/* When it was met, and when it was wanted. */
	ck_assert_uint_eq(failures, 2);
	ck_assert_uint_eq(tries, 1);
	/* In another file it says nothing. */
	ck_assert_int_eq(get_of(1, 3 * MIB, 4096), 4096);
	ck_assert_uint_eq(tries, 2);
	ck_assert_uint_eq(failures, 3);
	/* Nor so far away: then the medium is of two minds. */
	bad_from = bad_to = 0;
	ck_assert_int_eq(get_of(1, 5 * MIB, 4096), -EIO);
	ck_assert_uint_eq(tries, 3);
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
	int64_t got = get(2 * MIB, 4096);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(got, -EIO);
	ck_assert_uint_eq(reads, 0);
	/* Where it is known that it takes more, the cache is asked all the same. */
	ck_assert_int_eq(get(2 * MIB, 4096), 4096);
	tally_allocation_fault = no_memory;
	got = get(2 * MIB, 4096);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(got, -EIO);
	ck_assert_uint_eq(tries, 3);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {good_bytes_are_had, 0},
	    {bad_bytes_are_not, 0},
	    {a_medium_of_two_minds_is_told, 0},
	    {the_bad_place_is_asked_for_once, 0},
	    {at_the_ends, 0},
	    {without_memory_it_stays_as_it_was, 0},
	    {NULL, 0},
	};
	return suite_run("drive/beside", tests);
}
