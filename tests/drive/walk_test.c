/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "finding.h"
#include "tree.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the walk visited, one line each. */
typedef struct record {
	char *text;
	size_t size, capacity;
	size_t visits, stop_after;
} record;

static bool note(void *context, const tally_walk_entry *given)
{
	record *r = context;
	const tally_walk_entry seen = tally_walk_look(given), *entry = &seen;
	char line[512];
	const char *name = strrchr(entry->path, '\\') + 1;
	int size = snprintf(line, sizeof line, " %s%llu%s", entry->is_regular ? "file " : "other ",
			    (unsigned long long)entry->size, entry->clashes ? " clashes" : "");
	if (entry->os_error != 0)
		size += snprintf(line + size, sizeof line - (size_t)size, " %s", strerrorname_np(entry->os_error));
	ck_assert_ptr_nonnull(name);
	size_t needed = r->size + strlen(entry->path) + (size_t)size + 2;
	char *text = tally_grow(r->text, &r->capacity, needed, 1);
	ck_assert_ptr_nonnull(text);
	r->text = text;
	r->size += (size_t)sprintf(text + r->size, "%s%s\n", entry->path, line);
	r->visits++;
	return r->stop_after == 0 || r->visits < r->stop_after;
}

static void expect_visits(const char *expected)
{
	record r = {0};
	tally_error error;
	ck_assert_int_eq(tally_drive_walk(drive, note, &r, &error), TALLY_OK);
	ck_assert_str_eq(r.text != NULL ? r.text : "", expected);
	tally_free(r.text);
}

START_TEST(both_visit_in_order)
{
	tree_directory("empty");
	tree_file("b/z", "12345");
	tree_file("b/a/x", "");
	tree_file("b.txt", "1");
	tree_file("B", "12");
	tree_file("Z", "");
	tree_file("\xC3\xA9", "123");
	tree_file("\xFF", "1234");
	tree_link("link", "b");
	tree_link("loop", "loop");
	tree_fifo("pipe");
	tree_socket("socket");
	open_drive("", _i);
	expect_visits("\\B file 2 clashes\n"
		      "\\Z file 0\n"
		      "\\b\\a\\x file 0 clashes\n"
		      "\\b\\z file 5 clashes\n"
		      "\\b.txt file 1\n"
		      "\\link other 0\n"
		      "\\loop other 0\n"
		      "\\pipe other 0\n"
		      "\\socket other 0\n"
		      "\\\xC3\xA9 file 3\n"
		      "\\\xFF file 4\n");
}
END_TEST

START_TEST(both_report_clashes)
{
	tree_file("a/NAME", "");
	tree_file("a/Name", "");
	tree_file("a/name.", "");
	tree_file("b/\xC3\x89t\xC3\xA9", "");
	tree_file("b/\xC3\xA9T\xC3\x89", "");
	tree_file("b/e\xCC\x81t\xC3\xA9", "");
	tree_file("c/Dir/one", "");
	tree_file("c/dir/two", "");
	open_drive("", _i);
	expect_visits("\\a\\NAME file 0 clashes\n"
		      "\\a\\Name file 0 clashes\n"
		      "\\a\\name. file 0\n"
		      "\\b\\e\xCC\x81t\xC3\xA9 file 0\n"
		      "\\b\\\xC3\x89t\xC3\xA9 file 0 clashes\n"
		      "\\b\\\xC3\xA9T\xC3\x89 file 0 clashes\n"
		      "\\c\\Dir\\one file 0 clashes\n"
		      "\\c\\dir\\two file 0 clashes\n");
}
END_TEST

START_TEST(both_report_what_cannot_be_read)
{
	tree_file("a/file", "");
	tree_file("b/file", "");
	tree_file("c/file", "");
	tree_file("d", "closed, but there");
	ck_assert_int_eq(chmod(tree_place("a"), 0), 0);
	ck_assert_int_eq(chmod(tree_place("b"), 0444), 0);
	ck_assert_int_eq(chmod(tree_place("d"), 0), 0);
	if (!tree_become_nobody())
		return;
	open_drive("", _i);
	expect_visits("\\a other 0 EACCES\n\\b other 0 EACCES\n\\c\\file file 0\n\\d file 17\n");
	chmod(tree_place("a"), 0755);
	chmod(tree_place("b"), 0755);
}
END_TEST

START_TEST(both_report_an_unreadable_root)
{
	ck_assert_int_eq(chmod(tree_place(""), 0311), 0);
	if (!tree_become_nobody())
		return;
	open_drive("", _i);
	expect_visits("\\ other 0 EACCES\n");
	chmod(tree_place(""), 0755);
}
END_TEST

START_TEST(both_enter_no_mount)
{
	tree_file("a/file", "");
	tree_file("b/file", "");
	if (!tree_may_mount())
		return;
	tree_mount("a", 0);
	tree_file("a/elsewhere", "");
	open_drive("", _i);
	expect_visits("\\a other 0 EXDEV\n\\b\\file file 0\n");
	ck_assert_int_eq(umount(tree_place("a")), 0);
}
END_TEST

/* The walk's visits as another program sees them: GNU find and sort. Not for names with control characters. */
static char *visits_of_find(void)
{
	char command[8192];
	snprintf(
	    command, sizeof command,
	    "cd '%s' && find . ! -type d -printf '/%%P\\t%%s\\n' | tr / '\\001' | LC_ALL=C sort | tr '\\001' '\\\\' | "
	    "sed 's/\\t/ file /'",
	    tree_place(""));
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	size_t size = 0, capacity = 4 << 20;
	char *text = malloc(capacity);
	ck_assert_ptr_nonnull(text);
	for (size_t part; (part = fread(text + size, 1, capacity - size - 1, pipe)) > 0;)
		size += part;
	text[size] = '\0';
	ck_assert_int_eq(pclose(pipe), 0);
	return text;
}

static void allow_descriptors(rlim_t count)
{
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* 120 levels of 101 bytes: three times PATH_MAX, with more descriptors needed than allowed if each stayed open. */
START_TEST(both_walk_deep_trees)
{
	char path[16384] = "";
	size_t size = 0;
	for (int i = 0; i < 120; i++) {
		memset(path + size, 'd', 100);
		strcpy(path + size + 100, "/e");
		/* Each level has a directory in front of and one behind the way down, so that it is needed again. */
		tree_file(path, "");
		strcpy(path + size + 100, "/c/file");
		tree_file(path, "c");
		strcpy(path + size + 100, "/f/g/file");
		tree_file(path, "fg");
		size += 101;
		path[size] = '\0';
	}
	char *expected = visits_of_find();
	ck_assert_uint_gt(strlen(expected), 360 * sizeof "\\d file 1");
	allow_descriptors(64);
	open_drive("", _i);
	expect_visits(expected);
	free(expected);
}
END_TEST

/* With enough for one way only it is walked all the same; with less, that is no news of the drive. */
START_TEST(both_walk_with_few_descriptors_or_not_at_all)
{
	char path[512];
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof path, "a/b/c/d/e/f/g/h/%d/file", i);
		tree_file(path, "1");
		snprintf(path, sizeof path, "a/b/c/%d/file", i);
		tree_file(path, "1");
	}
	open_drive("", _i);
	char *expected = visits_of_find();
	struct rlimit before;
	int lowest = dup(0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	bool enough = false;
	int more = 0;
	for (; !enough; more++) {
		record r = {0};
		tally_error error;
		allow_descriptors((rlim_t)(lowest + more));
		tally_result result = tally_drive_walk(drive, note, &r, &error);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		enough = result == TALLY_OK;
		if (enough)
			ck_assert_str_eq(r.text, expected);
		else
			ck_assert_int_eq(result, TALLY_ERROR_NO_FILES);
		ck_assert(r.text == NULL || strstr(r.text, "EMFILE") == NULL);
		tally_free(r.text);
	}
	/* None, the root, a folder in it, and what lists it. */
	ck_assert_int_le(more, 5);
	free(expected);
}
END_TEST

START_TEST(both_stop_where_windows_has_no_names)
{
	char path[131072];
	size_t size = 0;
	for (int i = 0; i < 390; i++) {
		memset(path + size, 'd', 255);
		path[size + 255] = '/';
		size += 256;
	}
	strcpy(path + size, "file");
	tree_file(path, "");
	open_drive("", _i);
	record r = {0};
	tally_error error;
	ck_assert_int_eq(tally_drive_walk(drive, note, &r, &error), TALLY_OK);
	ck_assert_uint_eq(r.visits, 1);
	ck_assert_ptr_nonnull(strstr(r.text, "d other 0 ENAMETOOLONG\n"));
	ck_assert_uint_gt(r.size, TALLY_WINDOWS_PATH_BYTES);
	tally_free(r.text);
}
END_TEST

START_TEST(both_stop_when_told)
{
	tree_file("a/b/c", "");
	tree_file("a/b/d", "");
	tree_file("a/b/e", "");
	open_drive("", _i);
	record r = {.stop_after = 2};
	tally_error error;
	ck_assert_int_eq(tally_drive_walk(drive, note, &r, &error), TALLY_ERROR_STOPPED);
	ck_assert_int_eq(error.code, TALLY_ERROR_STOPPED);
	ck_assert_str_eq(r.text, "\\a\\b\\c file 0\n\\a\\b\\d file 0\n");
	tally_free(r.text);
}
END_TEST

static bool move_directory(void *context, const tally_walk_entry *entry)
{
	char from[4096];
	(void)context;
	if (strstr(entry->path, "trigger") == NULL)
		return true;
	snprintf(from, sizeof from, "%s", tree_place("drive/0"));
	ck_assert_int_eq(rename(from, tree_place("outside")), 0);
	return true;
}

/* Returning by `..` from a directory that was moved out of the drive must not lead the walk out of it. */
START_TEST(both_notice_moved_directories)
{
	char path[256] = "drive";
	for (int i = 0; i < 40; i++)
		strcat(path, "/0");
	strcat(path, "/trigger");
	tree_file(path, "");
	tree_file("drive/1/file", "");
	tree_file("secret", "");
	open_drive("drive", _i);
	tally_error error;
	ck_assert_int_eq(tally_drive_walk(drive, move_directory, NULL, &error), TALLY_ERROR_IO);
	/* In a view of our own the kernel finds no way back by itself. */
	ck_assert(error.os_error == (tally_directory_of(drive)->seen >= 0 ? ENOENT : ESTALE));
}
END_TEST

static int allocations_left;

static int fail_when_used_up(void)
{
	return allocations_left-- <= 0;
}

static bool count(void *context, const tally_walk_entry *entry)
{
	ck_assert_int_eq(entry->os_error, 0);
	++*(int *)context;
	return true;
}

START_TEST(both_survive_short_memory)
{
	tree_file("a/b/c", "");
	tree_file("a/b/d", "");
	tree_file("e", "");
	open_drive("", _i);
	tally_result result = TALLY_ERROR_NO_MEMORY;
	int limit = 0;
	for (; result != TALLY_OK; limit++) {
		int visits = 0;
		tally_error error;
		ck_assert_int_lt(limit, 100);
		allocations_left = limit;
		tally_allocation_fault = fail_when_used_up;
		result = tally_drive_walk(drive, count, &visits, &error);
		tally_allocation_fault = NULL;
		ck_assert_int_eq(result, result == TALLY_OK ? TALLY_OK : TALLY_ERROR_NO_MEMORY);
		ck_assert(result != TALLY_OK || visits == 3);
	}
	ck_assert_int_gt(limit, 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drive/walk");
	TCase *tests = tcase_create("walk");
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, tree_make, drive_teardown);
	tcase_add_loop_test(tests, both_visit_in_order, 0, BOTH);
	tcase_add_loop_test(tests, both_report_clashes, 0, BOTH);
	tcase_add_loop_test(tests, both_report_what_cannot_be_read, 0, BOTH);
	tcase_add_loop_test(tests, both_report_an_unreadable_root, 0, BOTH);
	tcase_add_loop_test(tests, both_enter_no_mount, 0, BOTH);
	tcase_add_loop_test(tests, both_walk_deep_trees, 0, BOTH);
	tcase_add_loop_test(tests, both_walk_with_few_descriptors_or_not_at_all, 0, BOTH);
	tcase_add_loop_test(tests, both_stop_where_windows_has_no_names, 0, BOTH);
	tcase_add_loop_test(tests, both_stop_when_told, 0, BOTH);
	tcase_add_loop_test(tests, both_notice_moved_directories, 0, BOTH);
	tcase_add_loop_test(tests, both_survive_short_memory, 0, BOTH);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
