/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include "tree.h"

#include <check.h>
#include <unistd.h>

tally_drive *drive;

void open_drive(const char *path, int mode)
{
	tally_directory_options options = {.without_openat2 = mode == WITHOUT_OPENAT2,
					   .without_view = mode == WITHOUT_VIEW,
					   .cache = TALLY_DIRECTORY_CACHE};
	tally_error error;
	ck_assert_msg(tally_directory_open(tree_place(path), &options, &drive, &error) == TALLY_OK, "%s",
		      error.message);
}

void drive_teardown(void)
{
	tally_drive_close(drive);
	/* A test may have become somebody who can't remove the tree. */
	if (getuid() == 0)
		ck_assert(seteuid(0) == 0 && setegid(0) == 0);
	tree_remove();
}

tally_text text(const char *string)
{
	return (tally_text){string, strlen(string)};
}

void expect_content(const char *path, const char *content)
{
	tally_file file;
	tally_find_detail detail;
	tally_find found = tally_drive_find(drive, text(path), &file, &detail);
	ck_assert_msg(found == TALLY_FIND_OK, "%s: %d, %s", path, (int)found, detail.text);
	char buffer[256];
	int64_t size = tally_file_read(&file, 0, buffer, sizeof buffer);
	ck_assert_int_eq(size, (int64_t)strlen(content));
	ck_assert_mem_eq(buffer, content, strlen(content));
	ck_assert_uint_eq(file.size, strlen(content));
	ck_assert_ptr_eq(file.drive, drive);
	tally_file_close(&file);
}

void expect(const char *path, tally_find expected, const char *reason)
{
	tally_file file;
	tally_find_detail detail;
	tally_find found = tally_drive_find(drive, text(path), &file, &detail);
	ck_assert_msg(found == expected, "%s: %d, %s", path, (int)found, found == TALLY_FIND_OK ? "" : detail.text);
	ck_assert_str_eq(detail.text, reason);
	ck_assert_int_eq(tally_drive_find(drive, text(path), &file, NULL), expected);
}
