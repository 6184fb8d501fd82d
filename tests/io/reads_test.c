/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that are under way at once, against pread. */
#include "io/reads.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT 16
#define SIZE 5000

static int fd;
static char path[64];
static uint8_t bytes[COUNT][SIZE], expected[SIZE];
static tally_reads *reads;

static void setup(void)
{
	strcpy(path, "/tmp/tally-reads-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < SIZE; i++)
		expected[i] = (uint8_t)(i * 7 + i / 256);
	ck_assert_int_eq(write(fd, expected, SIZE), SIZE);
	reads = tally_reads_new(COUNT);
}

static void teardown(void)
{
	tally_reads_free(reads);
	close(fd);
	unlink(path);
}

START_TEST(all_of_them_come_whatever_the_order)
{
	setup();
	for (unsigned round = 0; round < 3; round++) {
		memset(bytes, 0, sizeof bytes);
		for (unsigned i = 0; i < COUNT; i++) {
			ck_assert(tally_reads_begin(reads, i, fd, i * 100, bytes[i], 1000));
			if (i % 5 == 4)
				tally_reads_submit(reads);
		}
		/* The last ones were not even handed over. */
		for (unsigned i = COUNT; i-- > 0;) {
			ck_assert_int_eq(tally_reads_end(reads, i), 1000);
			ck_assert_mem_eq(bytes[i], expected + i * 100, 1000);
		}
	}
	teardown();
}
END_TEST

START_TEST(the_end_of_a_file_and_errors_are_as_with_pread)
{
	setup();
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct {
		int fd;
		uint64_t offset;
		int64_t result;
	} cases[] = {
	    {fd, SIZE - 10, 10}, {fd, SIZE, 0}, {fd, 1 << 20, 0}, {folder, 0, -EISDIR}, {-1, 0, -EBADF},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert(tally_reads_begin(reads, i, cases[i].fd, cases[i].offset, bytes[i], 1000));
	tally_reads_submit(reads);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t result = pread(cases[i].fd, expected, 1000, (off_t)cases[i].offset);
		ck_assert_int_eq(cases[i].result, result < 0 ? -errno : result);
		ck_assert_int_eq(tally_reads_end(reads, i), cases[i].result);
	}
	close(folder);
	teardown();
}
END_TEST

START_TEST(a_bad_sector_is_an_io_error)
{
	setup();
	ck_assert(tally_reads_begin(reads, 0, fd, 0, bytes[0], SIZE));
	tally_reads_failure = ENODATA;
	ck_assert_int_eq(tally_reads_end(reads, 0), -EIO);
	ck_assert(tally_reads_begin(reads, 0, fd, 0, bytes[0], SIZE));
	tally_reads_failure = ENOMEM;
	ck_assert_int_eq(tally_reads_end(reads, 0), -ENOMEM);
	tally_reads_failure = 0;
	teardown();
}
END_TEST

START_TEST(no_more_than_were_asked_for)
{
	setup();
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert(tally_reads_begin(reads, i, fd, 0, bytes[i], SIZE));
	tally_reads_submit(reads);
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert_int_eq(tally_reads_end(reads, i), SIZE);
	/* Every one can be used again. */
	ck_assert(tally_reads_begin(reads, 3, fd, 1, bytes[3], SIZE));
	ck_assert_int_eq(tally_reads_end(reads, 3), SIZE - 1);
	teardown();
}
END_TEST

START_TEST(freeing_waits_for_what_is_under_way)
{
	setup();
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert(tally_reads_begin(reads, i, fd, 0, bytes[i], SIZE));
	tally_reads_free(reads);
	reads = NULL;
	/* Nothing comes any more: what is written now stays. */
	for (unsigned i = 0; i < COUNT; i++) {
		ck_assert_mem_eq(bytes[i], expected, SIZE);
		memset(bytes[i], 1, SIZE);
	}
	teardown();
}
END_TEST

/* A pipe gives nothing until something is written: a read that is under way as long as one likes. */
static int ends[2];
static unsigned waits;

static int take_a_part(void)
{
	if (++waits < 5)
		return 1;
	if (waits == 5)
		ck_assert_int_eq(write(ends[1], expected, 100), 100);
	return 0;
}

START_TEST(a_part_that_was_taken_is_waited_for)
{
	setup();
	ck_assert_int_eq(pipe(ends), 0);
	waits = 0;
	tally_reads_wait_fault = take_a_part;
	ck_assert(tally_reads_begin(reads, 0, ends[0], 0, bytes[0], 1000));
	tally_reads_submit(reads);
	if (_i == 0) {
		ck_assert_int_eq(tally_reads_end(reads, 0), 100);
	} else {
		ck_assert(tally_reads_free(reads));
		reads = NULL;
	}
	tally_reads_wait_fault = NULL;
	ck_assert_uint_eq(waits, 5);
	ck_assert_mem_eq(bytes[0], expected, 100);
	close(ends[0]);
	close(ends[1]);
	teardown();
}
END_TEST

static int refuse(void)
{
	waits++;
	return -EBADF;
}

START_TEST(what_is_lost_is_not_the_mediums_fault)
{
	setup();
	ck_assert_int_eq(pipe(ends), 0);
	waits = 0;
	ck_assert(tally_reads_begin(reads, 1, fd, 0, bytes[1], 1000));
	ck_assert_int_eq(tally_reads_end(reads, 1), 1000);
	ck_assert(tally_reads_begin(reads, 0, ends[0], 0, bytes[0], 1000));
	tally_reads_submit(reads);
	tally_reads_wait_fault = refuse;
	for (unsigned i = 0; i < 3; i++)
		ck_assert(tally_reads_end(reads, 0) == TALLY_READS_LOST);
	/* Nobody asks such a ring again. */
	ck_assert_uint_eq(waits, 1);
	tally_reads_wait_fault = NULL;
	ck_assert(!tally_reads_begin(reads, 2, fd, 0, bytes[2], 1000));
	ck_assert(!tally_reads_free(reads));
	reads = NULL;
	close(ends[0]);
	close(ends[1]);
	teardown();
}
END_TEST

START_TEST(there_may_be_no_such_thing)
{
	tally_reads_refused = true;
	ck_assert_ptr_null(tally_reads_new(COUNT));
	tally_reads_refused = false;
	tally_reads_free(NULL);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {all_of_them_come_whatever_the_order, 0},
	    {the_end_of_a_file_and_errors_are_as_with_pread, 0},
	    {a_bad_sector_is_an_io_error, 0},
	    {no_more_than_were_asked_for, 0},
	    {freeing_waits_for_what_is_under_way, 0},
	    {a_part_that_was_taken_is_waited_for, 2},
	    {what_is_lost_is_not_the_mediums_fault, 0},
	    {there_may_be_no_such_thing, 0},
	    {NULL, 0},
	};
	tally_reads *probe = tally_reads_new(1);
	if (probe == NULL) {
		puts("SKIPPED: io_uring can't be had here");
		return 77;
	}
	tally_reads_free(probe);
	return suite_run("reads", tests);
}
