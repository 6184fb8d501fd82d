/* SPDX-License-Identifier: Apache-2.0 */
/* Finding files on real trees by their names. */
#include "finding.h"
#include "tree.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t directories_read(void)
{
	return tally_listing_cache_statistics(tally_directory_of(drive)->listings).reads;
}

/* ---- near the file before ---------------------------------------------------------------------------------------- */

static tally_folder folder;

static void expect_near(const char *path, tally_find expected, const char *told)
{
	tally_file file;
	tally_find_detail detail = {0};
	tally_find found = tally_drive_find_near(drive, &folder, text(path), &file, &detail);
	ck_assert_msg(found == expected, "%s: %d, %s", path, (int)found, detail.text);
	if (found != TALLY_FIND_OK) {
		ck_assert_str_eq(detail.text, told);
		return;
	}
	char content[64] = {0};
	ck_assert_int_eq(tally_file_read(&file, 0, content, sizeof content - 1), (int64_t)strlen(told));
	ck_assert_str_eq(content, told);
	tally_file_close(&file);
}

START_TEST(both_find_files_near_each_other)
{
	tree_file("a/b/1", "one");
	tree_file("a/b/2", "two");
	tree_file("a/b/c/1", "inner");
	tree_file("a/x", "x");
	tree_file("top", "top");
	tree_fifo("a/b/fifo");
	tree_link("a/b/link", "1");
	tree_link("a/away", "b");
	bool has_device = tree_device("a/b/device");
	open_drive("", _i);
	for (int round = 0; round < 3; round++) {
		expect_near("\\a\\b\\1", TALLY_FIND_OK, "one");
		expect_near("\\a/b\\2", TALLY_FIND_OK, "two");
		expect_near("a\\b\\1", TALLY_FIND_OK, "one");
		ck_assert_int_eq(folder.open, _i != WITHOUT_OPENAT2);
		expect_near("\\A\\b\\1", TALLY_FIND_OK, "one");
		expect_near("\\a\\b\\3", TALLY_FIND_MISSING, "\\a\\b\\3 does not exist");
		expect_near("\\a\\b\\3", TALLY_FIND_MISSING, "\\a\\b\\3 does not exist");
		expect_near("\\a\\b\\c", TALLY_FIND_NOT_A_FILE, "\\a\\b\\c is a directory");
		expect_near("\\a\\b\\fifo", TALLY_FIND_NOT_A_FILE, "\\a\\b\\fifo is a FIFO");
		expect_near("\\a\\b\\link", TALLY_FIND_NOT_A_FILE, "\\a\\b\\link is a symbolic link");
		if (has_device)
			expect_near("\\a\\b\\device", TALLY_FIND_NOT_A_FILE, "\\a\\b\\device is a device");
		expect_near("\\a\\b\\c\\1", TALLY_FIND_OK, "inner");
		for (int again = 0; again < 2; again++)
			expect_near("\\a\\away\\1", TALLY_FIND_LEAVES_DRIVE, "\\a\\away is a symbolic link");
		expect_near("\\a\\x", TALLY_FIND_OK, "x");
		expect_near("\\top", TALLY_FIND_OK, "top");
		expect_near("\\a\\..\\x", TALLY_FIND_NAME_INVALID, "a component is . or ..");
	}
	tally_folder_leave(&folder);
	ck_assert(!folder.open);
	tally_folder_leave(&folder);
}
END_TEST

/* What is left is found anew. */
START_TEST(both_find_what_a_folder_has_become)
{
	tree_file("a/1", "one");
	tree_file("a/2", "two");
	tree_file("b/1", "other");
	open_drive("", _i);
	expect_near("\\a\\1", TALLY_FIND_OK, "one");
	expect_near("\\a\\2", TALLY_FIND_OK, "two");
	char from[256], to[256];
	snprintf(from, sizeof from, "%s", tree_place("a"));
	snprintf(to, sizeof to, "%s", tree_place("c"));
	ck_assert_int_eq(rename(from, to), 0);
	snprintf(to, sizeof to, "%s", tree_place("b"));
	ck_assert_int_eq(rename(to, from), 0);
	tally_folder_leave(&folder);
	expect_near("\\a\\1", TALLY_FIND_OK, "other");
	expect_near("\\a\\2", TALLY_FIND_MISSING, "\\a\\2 does not exist");
	tally_folder_leave(&folder);
}
END_TEST

/* ---- names ------------------------------------------------------------------------------------------------------- */

START_TEST(both_find_names_as_spelt)
{
	tree_file("DriveManifest.xml", "manifest");
	tree_file("pictures/bob/wild/desert.jpg", "desert");
	tree_file("caf\xC3\xA9/\xF0\x9F\x93\xB7", "camera");
	open_drive("", _i);
	ck_assert_int_eq(tally_directory_of(drive)->has_openat2, _i != WITHOUT_OPENAT2);
	expect_content("\\DriveManifest.xml", "manifest");
	expect_content("DriveManifest.xml", "manifest");
	expect_content("/DriveManifest.xml", "manifest");
	expect_content("\\pictures\\bob\\wild\\desert.jpg", "desert");
	expect_content("\\pictures/bob\\wild/desert.jpg", "desert");
	expect_content("\\caf\xC3\xA9\\\xF0\x9F\x93\xB7", "camera");
	ck_assert_uint_eq(directories_read(), 0);
}
END_TEST

START_TEST(both_find_names_of_another_case)
{
	tree_file("Pictures/BOB/wild/Desert.JPG", "desert");
	tree_file("Pictures/bob.txt", "text");
	tree_file("\xC3\x89t\xC3\xA9/\xCE\xA3\xC2\xB5.dat", "summer");
	open_drive("", _i);
	expect_content("\\pictures\\bob\\wild\\desert.jpg", "desert");
	expect_content("PICTURES/BOB/WILD/DESERT.JPG", "desert");
	expect_content("\\Pictures\\BOB\\wild\\desert.jpg", "desert");
	expect_content("\\pictures\\Bob.Txt", "text");
	expect_content("\\\xC3\xA9T\xC3\x89\\\xCF\x83\xC2\xB5.DAT", "summer");
	/* The final sigma and the capital mu are other letters for NTFS. */
	expect("\\\xC3\xA9T\xC3\x89\\\xCF\x82\xC2\xB5.DAT", TALLY_FIND_MISSING,
	       "\\\xC3\xA9T\xC3\x89\\\xCF\x82\xC2\xB5.DAT does not exist");
	expect("\\\xC3\xA9T\xC3\x89\\\xCF\x83\xCE\x9C.DAT", TALLY_FIND_MISSING,
	       "\\\xC3\xA9T\xC3\x89\\\xCF\x83\xCE\x9C.DAT does not exist");
}
END_TEST

START_TEST(both_keep_composed_and_decomposed_apart)
{
	tree_file("e\xCC\x81", "decomposed");
	open_drive("", _i);
	expect("\\\xC3\xA9", TALLY_FIND_MISSING, "\\\xC3\xA9 does not exist");
	expect_content("\\E\xCC\x81", "decomposed");
}
END_TEST

START_TEST(both_prefer_the_exact_name_and_report_ambiguity)
{
	tree_file("readme.txt", "lower");
	tree_file("README.TXT", "upper");
	tree_file("Dir/a", "1");
	tree_file("DIR/b", "2");
	open_drive("", _i);
	expect_content("\\readme.txt", "lower");
	expect_content("\\README.TXT", "upper");
	expect("\\Readme.txt", TALLY_FIND_AMBIGUOUS, "\\Readme.txt could be README.TXT or readme.txt");
	expect_content("\\Dir\\A", "1");
	expect("\\dir\\a", TALLY_FIND_AMBIGUOUS, "\\dir could be DIR or Dir");
	expect("\\Dir\\b", TALLY_FIND_MISSING, "\\Dir\\b does not exist");
	char name[128] = {0};
	memset(name, 'n', 120);
	tree_file(name, "");
	name[0] = 'N';
	tree_file(name, "");
	name[119] = 'N';
	tally_file file;
	tally_find_detail detail;
	ck_assert_int_eq(tally_drive_find(drive, text(name), &file, &detail), TALLY_FIND_AMBIGUOUS);
	ck_assert_ptr_nonnull(strstr(detail.text, "nnN could be several names that differ only in case"));
}
END_TEST

START_TEST(both_refuse_names_of_no_file)
{
	static const struct {
		const char *path;
		tally_path_fault fault;
	} cases[] = {
	    {"", TALLY_PATH_EMPTY},
	    {"\\", TALLY_PATH_EMPTY},
	    {"\\a\\..\\file", TALLY_PATH_DOT_COMPONENT},
	    {"..\\..\\etc\\passwd", TALLY_PATH_DOT_COMPONENT},
	    {".", TALLY_PATH_DOT_COMPONENT},
	    {"C:\\file", TALLY_PATH_DRIVE_LETTER},
	    {"\\\\?\\C:\\file", TALLY_PATH_DEVICE_PREFIX},
	    {"\\file:stream", TALLY_PATH_CHARACTER},
	    {"\\a*", TALLY_PATH_CHARACTER},
	    {"\\a\nb", TALLY_PATH_CHARACTER},
	    {"\\NUL", TALLY_PATH_RESERVED_DEVICE},
	    {"\\com1.txt", TALLY_PATH_RESERVED_DEVICE},
	    {"\\file.", TALLY_PATH_TRAILING},
	    {"\\file ", TALLY_PATH_TRAILING},
	    {"\\file\\", TALLY_PATH_EMPTY_COMPONENT},
	    {"\\\xFF", TALLY_PATH_ENCODING},
	};
	/* Linux holds names that Windows doesn't; they must not be found all the same. */
	tree_file("file", "");
	tree_file("file.", "");
	tree_file("file ", "");
	tree_file("a*", "");
	tree_file("NUL", "");
	tree_file("\xFF", "");
	open_drive("", _i);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tally_file file;
		tally_find_detail detail;
		ck_assert_int_eq(tally_drive_find(drive, text(cases[i].path), &file, &detail), TALLY_FIND_NAME_INVALID);
		ck_assert_msg(detail.problem.fault == cases[i].fault, "%s", cases[i].path);
		ck_assert_str_eq(detail.text, tally_path_fault_text(cases[i].fault));
	}
	char nul[] = "\\file\0x";
	tally_file file;
	ck_assert_int_eq(tally_drive_find(drive, (tally_text){nul, sizeof nul - 1}, &file, NULL),
			 TALLY_FIND_NAME_INVALID);
}
END_TEST

START_TEST(both_say_what_is_missing)
{
	tree_file("a/file", "");
	tree_fifo("a/fifo");
	open_drive("", _i);
	expect("\\b", TALLY_FIND_MISSING, "\\b does not exist");
	expect("\\b\\c\\d", TALLY_FIND_MISSING, "\\b does not exist");
	expect("\\a\\b\\c", TALLY_FIND_MISSING, "\\a\\b does not exist");
	expect("\\A\\File2", TALLY_FIND_MISSING, "\\A\\File2 does not exist");
	expect("\\a\\file\\b", TALLY_FIND_MISSING, "\\a\\file is a file, not a directory");
	expect("\\a\\fifo\\b", TALLY_FIND_MISSING, "\\a\\fifo is a FIFO, not a directory");
}
END_TEST

/* ---- lengths ----------------------------------------------------------------------------------------------------- */

/* `count` times `unit`, in a buffer that the next call overwrites. */
static const char *repeated(const char *unit, size_t count)
{
	static char buffer[131072];
	size_t size = strlen(unit);
	ck_assert_uint_lt(size * count, sizeof buffer);
	for (size_t i = 0; i < count; i++)
		memcpy(buffer + i * size, unit, size);
	buffer[size * count] = '\0';
	return buffer;
}

START_TEST(both_find_long_components)
{
	tree_file(repeated("x", 255), "long");
	tree_file(repeated("\xC8\xBA", 100), "shorter in upper case");
	open_drive("", _i);
	expect_content(repeated("x", 255), "long");
	expect_content(repeated("X", 255), "long");
	/* 300 bytes, more than the file system's 255; but its upper case takes 200. */
	expect_content(repeated("\xE2\xB1\xA5", 100), "shorter in upper case");
	tally_file file;
	tally_find_detail detail;
	ck_assert_int_eq(tally_drive_find(drive, text(repeated("x", 256)), &file, &detail), TALLY_FIND_NAME_TOO_LONG);
	ck_assert_int_eq(detail.problem.fault, TALLY_PATH_COMPONENT_TOO_LONG);
	ck_assert_int_eq(tally_drive_find(drive, text(repeated("\\x", 20000)), &file, &detail),
			 TALLY_FIND_NAME_TOO_LONG);
	ck_assert_int_eq(detail.problem.fault, TALLY_PATH_TOO_LONG);
	ck_assert_int_eq(tally_drive_find(drive, text(repeated("\xE2\x82\xAC", 255)), &file, &detail),
			 TALLY_FIND_MISSING);
	ck_assert_int_eq(detail.os_error, ENAMETOOLONG);
	ck_assert_ptr_nonnull(strstr(detail.text, "\xAC can't be here: the local file system has no names so long"));
	/* Cut between two characters. */
	ck_assert(tally_utf8_valid(text(detail.text)));
	ck_assert_int_eq(strncmp(detail.text, "...\xE2\x82\xAC", 6), 0);
}
END_TEST

/* Paths of 128 components, 16,383 and 32,767 bytes, where Linux takes 4,095. */
START_TEST(both_find_paths_beyond_path_max)
{
	for (size_t width = 127; width <= 255; width += 128) {
		char path[32800], windows[32800];
		size_t size = 0;
		for (size_t i = 0; i < 128; i++) {
			memset(path + size, 'a' + (int)(i % 26), width);
			size += width;
			path[size++] = '/';
		}
		path[size - 1] = '\0';
		tree_file(path, "deep");
		for (size_t i = 0; i < size; i++)
			windows[i] = path[i] == '/' ? '\\' : path[i];
		open_drive("", _i);
		expect_content(windows, "deep");
		ck_assert_uint_eq(directories_read(), 0);
		for (size_t i = 0; i < size; i += 2)
			windows[i] = windows[i] >= 'a' ? (char)(windows[i] - 'a' + 'A') : windows[i];
		expect_content(windows, "deep");
		ck_assert_uint_eq(directories_read(), 128);
		windows[size - 2] = '_';
		tally_file file;
		tally_find_detail detail;
		ck_assert_int_eq(tally_drive_find(drive, text(windows), &file, &detail), TALLY_FIND_MISSING);
		ck_assert_ptr_nonnull(strstr(detail.text, "_ does not exist"));
		ck_assert_int_eq(strncmp(detail.text, "...", 3), 0);
		tally_drive_close(drive);
		drive = NULL;
	}
}
END_TEST

/* A process that may open nothing more has learnt nothing of the drive, whichever way it goes. */
START_TEST(both_tell_what_the_program_is_short_of)
{
	static const char *const paths[] = {"\\a\\b\\1", "\\A\\B\\1", "\\a\\b\\none"};
	tree_file("a/b/1", "one");
	open_drive("", _i);
	struct rlimit before;
	int lowest = dup(0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		tally_find found = TALLY_FIND_NO_FILES;
		for (int more = 0; found == TALLY_FIND_NO_FILES; more++) {
			tally_file file;
			tally_find_detail detail = {0};
			tally_error error;
			ck_assert_int_eq(
			    setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)(lowest + more), before.rlim_max}), 0);
			found = tally_drive_find(drive, text(paths[i]), &file, &detail);
			ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
			ck_assert(more > 0 || found == TALLY_FIND_NO_FILES);
			ck_assert_int_eq(tally_find_shortage(found, &detail, &error),
					 found == TALLY_FIND_NO_FILES ? TALLY_ERROR_NO_FILES : TALLY_OK);
			ck_assert_int_eq(detail.os_error, found == TALLY_FIND_NO_FILES ? EMFILE
							  : found == TALLY_FIND_OK     ? 0
										       : ENOENT);
			if (found == TALLY_FIND_OK)
				tally_file_close(&file);
		}
		ck_assert_int_eq(found, i == 2 ? TALLY_FIND_MISSING : TALLY_FIND_OK);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drive/find");
	TCase *tests = tcase_create("find");
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, tree_make, drive_teardown);
	tcase_add_loop_test(tests, both_find_names_as_spelt, 0, BOTH);
	tcase_add_loop_test(tests, both_find_files_near_each_other, 0, BOTH);
	tcase_add_loop_test(tests, both_find_what_a_folder_has_become, 0, BOTH);
	tcase_add_loop_test(tests, both_find_names_of_another_case, 0, BOTH);
	tcase_add_loop_test(tests, both_keep_composed_and_decomposed_apart, 0, BOTH);
	tcase_add_loop_test(tests, both_prefer_the_exact_name_and_report_ambiguity, 0, BOTH);
	tcase_add_loop_test(tests, both_refuse_names_of_no_file, 0, BOTH);
	tcase_add_loop_test(tests, both_say_what_is_missing, 0, BOTH);
	tcase_add_loop_test(tests, both_find_long_components, 0, BOTH);
	tcase_add_loop_test(tests, both_find_paths_beyond_path_max, 0, BOTH);
	tcase_add_loop_test(tests, both_tell_what_the_program_is_short_of, 0, BOTH);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
