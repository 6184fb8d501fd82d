/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in memory or in a file without a name: nobody can tell which. */
#include "io/scratch.h"

#include "io/os.h"
#include "support/faults.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

static tally_result write_many(tally_error *error)
{
	char bytes[SIZE] = {0};
	tally_scratch *scratch;
	ck_assert_int_eq(tally_scratch_new(&scratch, 100, NULL), TALLY_OK);
	tally_result result = tally_scratch_write(scratch, 0, bytes, SIZE, error);
	tally_scratch_free(scratch);
	return result;
}

START_TEST(it_is_where_the_user_has_room)
{
	tally_error error;
	char folder[] = "/tmp/tally-scratch-XXXXXX", place[PATH_MAX] = "", link[64];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	int fd = tally_os_open_temporary();
	ck_assert_int_ge(fd, 0);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ck_assert_int_gt(readlink(link, place, sizeof place - 1), 0);
	ck_assert_msg(strncmp(place, folder, strlen(folder)) == 0, "%s", place);
	struct stat facts;
	ck_assert_int_eq(fstat(fd, &facts), 0);
	ck_assert_uint_eq(facts.st_nlink, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	ck_assert_int_eq(write_many(&error), TALLY_OK);
	/* Nothing is left of it. */
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_int_eq(write_many(&error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, ENOENT);
	ck_assert_ptr_nonnull(strstr(error.message, folder));
	unsetenv("TMPDIR");
	ck_assert_str_eq(tally_os_temporary_folder(), "/tmp");
}
END_TEST

START_TEST(a_full_disk_is_named)
{
	struct rlimit before, limit;
	tally_error error;
	signal(SIGXFSZ, SIG_IGN);
	unsetenv("TMPDIR");
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 1000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	tally_result result = write_many(&error);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(result, TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, EFBIG);
	ck_assert_ptr_nonnull(strstr(error.message, "a temporary file in /tmp: "));
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
	const suite_test tests[] = {{the_same_whatever_is_kept_in_memory, 7},
				    {it_is_where_the_user_has_room, 0},
				    {a_full_disk_is_named, 0},
				    {without_memory, 0},
				    {NULL, 0}};
	return suite_run("scratch", tests);
}
