/* SPDX-License-Identifier: Apache-2.0 */
/* A bad sector is one, whatever the kernel calls it; and what is beside it is had without asking for it all the time.
 */
#include "base/memory.h"
#include "drive/layer.h"
#include "finding.h"
#include "support/medium.h"
#include "support/suite.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SIZE ((size_t)8 << 20)
#define MIB ((uint64_t)1 << 20)
#define PAGE TALLY_LAYER_ALIGNMENT

static uint8_t content[SIZE] __attribute__((aligned(PAGE))), bytes[SIZE] __attribute__((aligned(PAGE)));

static void setup(void)
{
	tree_make();
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 31 + (i >> 9));
	tree_file("file", "");
	int fd = open(tree_place("file"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(write(fd, content, SIZE), (ssize_t)SIZE);
	ck_assert_int_eq(close(fd), 0);
	medium_begin(tree_place("file"), PAGE);
}

static tally_layer *open_layer(void)
{
	tally_layer *layer;
	ck_assert_int_eq(tally_layer_open_file(tree_place("file"), &layer, NULL), TALLY_OK);
	return layer;
}

static const int names[] = {ENODATA, EILSEQ, EREMOTEIO, ETIMEDOUT, ETIME, ENOLINK, EBADE, EIO};

START_TEST(of_a_disk_it_is_an_io_error)
{
	tally_layer *layer = open_layer();
	medium_spoil(2 * PAGE, 512);
	medium_call(names[_i]);
	ck_assert_int_eq(tally_layer_read_all(layer, 2 * PAGE, bytes, PAGE), -EIO);
	ck_assert_int_eq(tally_layer_read(layer, 2 * PAGE, bytes, PAGE, TALLY_LAYER_MEDIUM), -EIO);
	/* The end of the file is none. */
	ck_assert_int_eq(truncate(tree_place("file"), 512), 0);
	medium_end();
	ck_assert_int_eq(tally_layer_read_all(layer, 2 * PAGE, bytes, PAGE), -ENODATA);
	tally_layer_close(layer);
}
END_TEST

START_TEST(of_a_mounted_file_too)
{
	tally_file file;
	open_drive("", WITH_OPENAT2);
	medium_spoil(2 * PAGE, 512);
	medium_call(names[_i]);
	ck_assert_int_eq(tally_drive_find(drive, text("\\file"), &file, NULL), TALLY_FIND_OK);
	ck_assert_int_eq(tally_file_read(&file, 2 * PAGE, bytes, PAGE), -EIO);
	ck_assert_int_eq(tally_file_read_medium(&file, 2 * PAGE, bytes, PAGE), -EIO);
	ck_assert_int_eq(tally_file_read(&file, 0, bytes, PAGE), PAGE);
	ck_assert_int_eq(tally_file_read(&file, SIZE, bytes, PAGE), 0);
	tally_file_close(&file);
}
END_TEST

/* Between the two times that a file is opened. */
static int replace_it(void)
{
	tally_allocation_fault = NULL;
	tree_file("other", "");
	ck_assert_int_eq(truncate(tree_place("other"), SIZE), 0);
	char other[4096];
	snprintf(other, sizeof other, "%s", tree_place("other"));
	ck_assert_int_eq(rename(other, tree_place("file")), 0);
	return 0;
}

/* What is read past the cache is what is read through it. */
START_TEST(another_file_in_its_place_is_not_read)
{
	tally_allocation_fault = replace_it;
	tally_layer *layer = open_layer();
	ck_assert(tally_allocation_fault == NULL);
	ck_assert_int_eq(tally_layer_read_all(layer, 0, bytes, PAGE), 0);
	ck_assert_mem_eq(bytes, content, PAGE);
	ck_assert_int_eq(tally_layer_read(layer, 0, bytes, PAGE, TALLY_LAYER_MEDIUM), PAGE);
	ck_assert_mem_eq(bytes, content, PAGE);
	tally_layer_close(layer);
}
END_TEST

/* As the pieces of a large file are read, and then the sectors of the one that failed. */
START_TEST(a_bad_sector_costs_a_few_failures)
{
	tally_layer *layer = open_layer();
	medium_begin(tree_place("file"), 256 << 10);
	medium_spoil(MIB + 8 * PAGE, 512);
	ck_assert_int_eq(tally_layer_read_all(layer, 0, bytes, 4 * MIB), -EIO);
	for (uint64_t at = 0; at < 4 * MIB; at += PAGE) {
		ck_assert_int_eq(tally_layer_read_all(layer, at, bytes + at, PAGE), at == MIB + 8 * PAGE ? -EIO : 0);
		if (at != MIB + 8 * PAGE)
			ck_assert_mem_eq(bytes + at, content + at, PAGE);
	}
	/* Through the cache, in a large step and a small one; then wanted again, by the first reading and the second.
	 */
	ck_assert_uint_le(medium_failures(), 5);
	tally_layer_close(layer);
}
END_TEST

START_TEST(of_a_mounted_file_the_same_is_known)
{
	tally_file file;
	open_drive("", WITH_OPENAT2);
	medium_begin(tree_place("file"), 256 << 10);
	medium_spoil(MIB + 8 * PAGE, 512);
	ck_assert_int_eq(tally_drive_find(drive, text("\\file"), &file, NULL), TALLY_FIND_OK);
	for (uint64_t at = 0; at < 4 * MIB; at += PAGE)
		ck_assert_int_eq(tally_file_read(&file, at, bytes, PAGE), at == MIB + 8 * PAGE ? -EIO : PAGE);
	ck_assert_uint_le(medium_failures(), 5);
	tally_file_close(&file);
}
END_TEST

START_TEST(other_errors_keep_their_names)
{
	static const int others[] = {ENODEV, ENXIO, ENOMEM, EAGAIN, EINVAL, EBADF, EACCES};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_int_eq(tally_os_read_error(others[i]), others[i]);
}
END_TEST

static void teardown(void)
{
	medium_end();
	drive_teardown();
	drive = NULL;
}

int main(void)
{
	Suite *suite = suite_create("drive/medium");
	TCase *tcase = tcase_create("medium");
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, of_a_disk_it_is_an_io_error, 0, (int)(sizeof names / sizeof *names));
	tcase_add_loop_test(tcase, of_a_mounted_file_too, 0, (int)(sizeof names / sizeof *names));
	tcase_add_test(tcase, a_bad_sector_costs_a_few_failures);
	tcase_add_test(tcase, of_a_mounted_file_the_same_is_known);
	tcase_add_test(tcase, another_file_in_its_place_is_not_read);
	tcase_add_test(tcase, other_errors_keep_their_names);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
