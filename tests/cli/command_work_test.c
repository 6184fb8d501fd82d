/* SPDX-License-Identifier: Apache-2.0 */
/* The command as a function: what it says of drives and documents, and when it can't say it. */
#include "base/memory.h"
#include "cli/running.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- check and lint ----------------------------------------------------------------------------------------- */

START_TEST(test_subjects_that_are_not_there)
{
	ck_assert_int_eq(RUN("check", "/nonexistent/drive"), 3);
	expect(out, "Verdict    COULD NOT CHECK: ");
	expect(err, "/nonexistent/drive");
	ck_assert_int_eq(RUN("lint", "/nonexistent/file"), 3);
	expect(out, "/nonexistent/file: COULD NOT CHECK: ");
	expect(err, "/nonexistent/file");
	ck_assert_int_eq(RUN("check", "--format", "json", "/nonexistent/1", "/nonexistent/2"), 3);
	ck_assert_ptr_nonnull(strchr(out, '\n'));
	ck_assert_ptr_eq(strchr(strchr(out, '\n') + 1, '\n'), out + out_size - 1);
	expect(out, "\"exit_status\": 3}, \"error\": {\"code\": \"io\", ");
}
END_TEST

/* A directory without a manifest is a drive with something wrong, and the datacenter has a word for it. */
START_TEST(test_empty_drive)
{
	ck_assert_int_eq(RUN("check", folder), 1);
	expect(out, "Verdict    ManifestNotFound: ");
	expect(out, "Portal     Manifest file error ");
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(RUN("check", folder, "/nonexistent/drive"), 3);
	ck_assert_int_eq(RUN("check", "/nonexistent/drive", folder), 3);
}
END_TEST

#define METADATA "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Metadata><A>1</A></Metadata>\n"

START_TEST(test_lint_statuses)
{
	char path[64];
	write_document(path, METADATA);
	ck_assert_int_eq(RUN("lint", path), 0);
	expect(out, ": valid (metadata)\n");
	ck_assert_int_eq(RUN("lint", path, "--kind", "import"), 1);
	expect(out, ": not valid (manifest-import): ");
	ck_assert_int_eq(RUN("lint", path, "--kind", "metadata", "--strict", "--quiet", "-f", "json"), 0);
	expect(out, "\"kind\": \"metadata\", \"valid\": true, ");
	write_document(path, "<Metadata>");
	ck_assert_int_eq(RUN("lint", path), 1);
	ck_assert_int_eq(RUN("lint", path, "/nonexistent/file"), 3);
	unlink(path);
}
END_TEST

START_TEST(test_stopped)
{
	char path[64];
	write_document(path, METADATA);
	stop = true;
	ck_assert_int_eq(RUN("lint", path, path), 3);
	stop = false;
	/* The second one was not begun any more. */
	const char *first = strstr(out, "COULD NOT CHECK: stopped before the end");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "COULD NOT CHECK"));
	expect(err, ": stopped before the end\ntallyman: stopped before ");
	unlink(path);
}
END_TEST

/* With threads as without: the first document is begun, the others are not, and the report says so. */
START_TEST(test_stopped_in_a_directory)
{
	char path[64];
	write_document(path, METADATA);
	for (int jobs = 1; jobs <= 3; jobs++) {
		char number[4];
		snprintf(number, sizeof number, "%d", jobs);
		stop = true;
		ck_assert_int_eq(RUN("lint", "--jobs", number, "-f", "json", folder, path), 3);
		stop = false;
		expect(out, "\"error\": {\"code\": \"stopped\", ");
		expect(out, "\"verdict\": {\"exit_status\": 3}}\n");
	}
	unlink(path);
}
END_TEST

/* Between two drives: what was not begun was not checked, however well the first one came out. */
START_TEST(test_stopped_between_drives)
{
	stop = true;
	ck_assert_int_eq(RUN("check", folder, "/nonexistent/drive"), 3);
	stop = false;
	ck_assert_ptr_null(strstr(out, "/nonexistent/drive"));
	expect(err, "tallyman: stopped before /nonexistent/drive\n");
}
END_TEST

/* ---- output that fails -------------------------------------------------------------------------------------- */

static ssize_t refuse(void *cookie, const char *bytes, size_t size)
{
	(void)bytes, (void)size;
	errno = *(int *)cookie;
	return 0;
}

/* Whether the failure comes at the first byte or when a buffer is handed on at the end: never a success. */
static void expect_failing_output(char **argv, int error, int buffering, const char *reason)
{
	FILE *file = fopencookie(&error, "w", (cookie_io_functions_t){.write = refuse});
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(setvbuf(file, NULL, buffering, 1 << 20), 0);
	ck_assert_int_eq(run_into(file, argv), 3);
	expect(err, "tallyman: standard output could not be written: ");
	expect(err, reason);
	fclose(file);
}

START_TEST(test_failing_output)
{
	char program[] = "tallyman", explain[] = "explain", list[] = "--list", rule[] = "M-31", help[] = "--help";
	char lint[] = "lint", version[] = "--version", path[64];
	write_document(path, METADATA);
	char *lines[][4] = {
	    {program, explain, list, NULL}, {program, explain, rule, NULL}, {program, help, NULL},
	    {program, version, NULL},       {program, lint, path, NULL},
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		expect_failing_output(lines[i], ENOSPC, _IOFBF, "No space left on device");
		expect_failing_output(lines[i], EPIPE, _IONBF, "Broken pipe");
	}
	unlink(path);
}
END_TEST

static int allocations_left;

static int fault(void)
{
	return allocations_left-- == 0;
}

/* Whichever allocation fails, the run says that it could not be made; only what changes nothing may pass unnoticed. */
START_TEST(test_short_memory)
{
	char path[64];
	write_document(path, "<Metadata><A-B>1</A-B><A-B>2</A-B></Metadata>");
	ck_assert_int_eq(_i == 0 ? RUN("lint", path) : RUN("lint", "--jobs", "1", folder), 1);
	char *expected = strdup(out);
	int failures = 0;
	for (int n = 0;; n++) {
		ck_assert_int_lt(n, 100000);
		allocations_left = n;
		tally_allocation_fault = fault;
		int status = _i == 0 ? RUN("lint", path) : RUN("lint", "--jobs", "1", folder);
		tally_allocation_fault = NULL;
		if (allocations_left >= 0)
			break;
		failures++;
		if (status == 1)
			ck_assert_str_eq(out, expected);
		else
			ck_assert_int_eq(status, 3);
		if (status == 3)
			expect(err, "out of memory");
	}
	ck_assert_int_gt(failures, 5);
	free(expected);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/command work");
	TCase *tests = tcase_create("work");
	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, test_subjects_that_are_not_there);
	tcase_add_test(tests, test_empty_drive);
	tcase_add_test(tests, test_lint_statuses);
	tcase_add_test(tests, test_stopped);
	tcase_add_test(tests, test_stopped_in_a_directory);
	tcase_add_test(tests, test_stopped_between_drives);
	tcase_add_test(tests, test_failing_output);
	tcase_add_loop_test(tests, test_short_memory, 0, 2);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
