/* SPDX-License-Identifier: Apache-2.0 */
/* A bad sector is one, whatever the kernel calls it; and what is beside it is had without asking for it all the time.
 */
#include "drive/layer.h"
#include "finding.h"
#include "support/medium.h"
#include "support/suite.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
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
	tcase_add_test(tcase, other_errors_keep_their_names);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
