/* SPDX-License-Identifier: Apache-2.0 */
/* The command as a function: what it says to which stream, and the status it exits with. */
#include "base/memory.h"
#include "cli/command.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

static char *out, *err;
static size_t out_size, err_size;
static bool stop;
static char folder[] = "/tmp/tallyman-command-XXXXXX";

static uint64_t no_clock(void)
{
	return 0;
}

static bool is_stopped(void)
{
	return stop;
}

static void forget_output(void)
{
	free(out);
	free(err);
	out = NULL;
	err = NULL;
}

/* Runs tallyman with these arguments, NULL behind the last; `file` takes the place of standard output. */
static int run_into(FILE *file, char **argv)
{
	int argc = 0;
	while (argv[argc] != NULL)
		argc++;
	free(err);
	FILE *err_file = open_memstream(&err, &err_size);
	ck_assert_ptr_nonnull(err_file);
	const tally_cli_streams streams = {.out = file, .err = err_file, .clock = no_clock, .stopped = is_stopped};
	int status = tally_cli(argc, argv, &streams);
	ck_assert_int_eq(fclose(err_file), 0);
	return status;
}

static int run_list(char **argv)
{
	free(out);
	FILE *file = open_memstream(&out, &out_size);
	ck_assert_ptr_nonnull(file);
	int status = run_into(file, argv);
	ck_assert_int_eq(fclose(file), 0);
	return status;
}

static int run(const char *first, ...)
{
	char *argv[ARGUMENTS_MAX + 2] = {strdup("tallyman")};
	size_t count = 1;
	va_list args;
	va_start(args, first);
	for (const char *next = first; next != NULL; next = va_arg(args, const char *)) {
		ck_assert_uint_le(count, ARGUMENTS_MAX);
		argv[count++] = strdup(next);
	}
	va_end(args);
	int status = run_list(argv);
	for (size_t i = 0; i < count; i++)
		free(argv[i]);
	return status;
}

#define RUN(...) run(__VA_ARGS__, (const char *)NULL)

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "not found: %s\nin: %s", part, text);
}

/* ---- help --------------------------------------------------------------------------------------------------- */

static void expect_help(const char *begin)
{
	ck_assert_str_eq(err, "");
	ck_assert_msg(strncmp(out, begin, strlen(begin)) == 0, "%s", out);
	for (const char *line = out; *line != '\0'; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") <= 100, "wider than 100 columns: %.*s", (int)strcspn(line, "\n"),
			      line);
}

START_TEST(test_help)
{
	ck_assert_int_eq(RUN("--help"), 0);
	expect_help("Usage: tallyman COMMAND ");
	ck_assert_int_eq(RUN("-h"), 0);
	expect_help("Usage: tallyman COMMAND ");
	ck_assert_int_eq(RUN("--help", "check"), 0);
	expect_help("Usage: tallyman COMMAND ");
	ck_assert_int_eq(RUN("check", "--help"), 0);
	expect_help("Usage: tallyman check [OPTION]... DRIVE...\n");
	ck_assert_int_eq(RUN("lint", "-h"), 0);
	expect_help("Usage: tallyman lint [OPTION]... FILE...\n");
	ck_assert_int_eq(RUN("explain", "--help"), 0);
	expect_help("Usage: tallyman explain [OPTION]... [CODE]...\n");
}
END_TEST

/* --help and --version count wherever they are, and whatever is wrong with the rest of the line. */
START_TEST(test_help_and_version_anywhere)
{
	ck_assert_int_eq(RUN("check", "/nonexistent", "--bogus", "--help"), 0);
	expect_help("Usage: tallyman check ");
	ck_assert_int_eq(RUN("lint", "--format", "nonsense", "-h", "x"), 0);
	expect_help("Usage: tallyman lint ");
	ck_assert_int_eq(RUN("check", "/nonexistent", "--version"), 0);
	ck_assert_str_eq(out, "tallyman 0.1.0\n");
	ck_assert_int_eq(RUN("-V"), 0);
	ck_assert_str_eq(out, "tallyman 0.1.0\n");
	ck_assert_str_eq(err, "");
	/* Behind -- everything is an argument. */
	ck_assert_int_eq(RUN("explain", "--", "--help"), 2);
	ck_assert_str_eq(out, "");
}
END_TEST

/* Help, manual page and completion speak of every option that there is. */
START_TEST(test_everything_is_documented)
{
	ck_assert_int_eq(RUN("--help=man"), 0);
	char *man = strdup(out);
	ck_assert_int_eq(RUN("--help=bash"), 0);
	char *bash = strdup(out);
	const tally_cli_command *command;
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++) {
		ck_assert_int_eq(RUN(command->name, "--help"), 0);
		for (const tally_cli_option *const *option = command->options; *option != NULL; option++) {
			char name[64];
			snprintf(name, sizeof name, "--%s", (*option)->name);
			expect(out, name);
			expect(bash, name);
			ck_assert_int_gt(snprintf(name, sizeof name, "\\fB\\-\\-%s", (*option)->name), 0);
			if (strchr((*option)->name, '-') == NULL)
				expect(man, name);
		}
	}
	expect(man, "\\fB\\-\\-drive\\-id\\fR");
	expect(man, ".TH TALLYMAN 1 \"\" \"tallyman 0.1.0\"");
	ck_assert_ptr_null(strstr(man, "\n\n"));
	free(man);
	free(bash);
}
END_TEST

/* ---- wrong command lines ------------------------------------------------------------------------------------ */

static void expect_usage_error(int status, const char *message, const char *help)
{
	ck_assert_int_eq(status, 2);
	ck_assert_str_eq(out, "");
	char expected[512];
	snprintf(expected, sizeof expected, "tallyman: %s\nTry 'tallyman%s --help'.\n", message, help);
	ck_assert_str_eq(err, expected);
}

START_TEST(test_usage_errors)
{
	char *no_arguments[] = {out, NULL};
	no_arguments[0] = strdup("tallyman");
	expect_usage_error(run_list(no_arguments), "no command is given", "");
	free(no_arguments[0]);
	char *nothing[] = {NULL};
	expect_usage_error(run_list(nothing), "no command is given", "");
	expect_usage_error(RUN("chekc", "--strict"), "unknown command chekc", "");
	expect_usage_error(RUN("--bogus"), "unknown option --bogus", "");
	expect_usage_error(RUN("--help=nonsense"), "--help is one of: text, man, bash; not nonsense", "");
	expect_usage_error(RUN("--", "check", "x"), "the command check comes before its options", "");
	expect_usage_error(RUN("check"), "check needs a DRIVE", " check");
	expect_usage_error(RUN("lint", "--strict"), "lint needs a FILE", " lint");
	expect_usage_error(RUN("check", "x", "--bogus"), "unknown option --bogus", " check");
	expect_usage_error(RUN("check", "x", "-z"), "unknown option -z", " check");
	expect_usage_error(RUN("check", "x", "--journal"), "--journal needs a value: FILE", " check");
	expect_usage_error(RUN("check", "x", "-o"), "--output needs a value: FILE", " check");
	expect_usage_error(RUN("check", "x", "--strict=yes"), "--strict takes no value", " check");
	expect_usage_error(RUN("check", "x", "--format", "xml"),
			   "--format is one of: text, json, sarif, junit, drivelog, drivelog-errors; not xml",
			   " check");
	expect_usage_error(RUN("lint", "x", "--format", "drivelog"),
			   "--format is one of: text, json, sarif, junit; not drivelog", " lint");
	expect_usage_error(RUN("check", "x", "y", "--format", "drivelog"),
			   "--format drivelog writes the log of one drive; give one DRIVE at a time", " check");
	expect_usage_error(RUN("check", "x", "y", "--format", "drivelog-errors"),
			   "--format drivelog-errors writes the log of one drive; give one DRIVE at a time", " check");
	expect_usage_error(RUN("check", "x", "--kind", "journal"), "--kind is one of: import, export; not journal",
			   " check");
	expect_usage_error(RUN("check", "x", "--format=json", "--format=json"), "--format is given twice", " check");
	expect_usage_error(RUN("lint", "x", "--journal", "y"), "unknown option --journal", " lint");
	expect_usage_error(RUN("explain"), "explain needs a CODE or --list", " explain");
	expect_usage_error(RUN("explain", "--list", "M-31"), "--list takes no CODE", " explain");
}
END_TEST

START_TEST(test_jobs)
{
	static const char *const wrong[] = {"0", "257", "-1", "abc", "", "18446744073709551617", "4x"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char message[128];
		snprintf(message, sizeof message, "--jobs is a number from 1 to 256; not %s", wrong[i]);
		expect_usage_error(RUN("check", "/nonexistent", "--jobs", wrong[i]), message, " check");
	}
	ck_assert_int_eq(RUN("check", "/nonexistent/drive", "--jobs", "256"), 3);
}
END_TEST

START_TEST(test_reading)
{
	static const char *const wrong[] = {"0",   "0K", "-1", "x", "", "K", "1T", "1KK", "18446744073709551615K",
					    "1.5M"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char message[160];
		snprintf(message, sizeof message,
			 "--max-rate is a number of bytes per second, with K, M or G behind it if you like; not %s",
			 wrong[i]);
		expect_usage_error(RUN("check", "/nonexistent", "--max-rate", wrong[i]), message, " check");
	}
	static const char *const right[] = {"1", "4096", "10k", "10M", "17179869183G"};
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		ck_assert_int_eq(RUN("check", "/nonexistent/drive", "--max-rate", right[i]), 3);
	expect_usage_error(RUN("check", "x", "--direct", "--io", "read"), "--direct and --io read exclude each other",
			   " check");
	expect_usage_error(RUN("check", "x", "--io", "fast"), "--io is one of: auto, mmap, read, direct; not fast",
			   " check");
	ck_assert_int_eq(RUN("check", "/nonexistent/drive", "--direct", "--io", "direct"), 3);
}
END_TEST

/* What a user typed may come from a script that took it from a drive. */
START_TEST(test_complaints_are_escaped)
{
	expect_usage_error(RUN("\x1b[2J\n"), "unknown command \\x1B[2J\\x0A", "");
	char longest[4096];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(RUN(longest), 2);
	ck_assert_uint_lt(strlen(err), 512);
	ck_assert_int_eq(RUN("explain", longest), 2);
	ck_assert_uint_lt(strlen(err), 512);
	ck_assert_int_eq(RUN("check", longest), 3);
}
END_TEST

/* ---- explain ------------------------------------------------------------------------------------------------ */

START_TEST(test_explain_every_rule)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char lower[32];
		size_t size = strlen(rule->id);
		ck_assert_uint_lt(size, sizeof lower);
		for (size_t j = 0; j <= size; j++)
			lower[j] = (char)(rule->id[j] >= 'A' && rule->id[j] <= 'Z' ? rule->id[j] + 32 : rule->id[j]);
		ck_assert_int_eq(RUN("explain", lower), 0);
		ck_assert_str_eq(err, "");
		char heading[128];
		snprintf(heading, sizeof heading, "Rule %s%s%s\n", rule->id, rule->aspect[0] != '\0' ? ", " : "",
			 rule->aspect);
		expect(out, heading);
		for (const char *line = out; *line != '\0'; line += strcspn(line, "\n") + 1)
			ck_assert_msg(strcspn(line, "\n") <= 100, "%s is explained too widely", rule->id);
	}
}
END_TEST

START_TEST(test_explain_every_status)
{
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		ck_assert_int_eq(RUN("explain", status->code), 0);
		ck_assert_str_eq(err, "");
		char heading[128];
		snprintf(heading, sizeof heading, "%s, ", status->code);
		expect(out, heading);
		char word[32] = "";
		sscanf(status->meaning, "%31s", word);
		expect(out, word);
	}
}
END_TEST

START_TEST(test_explain_all_aspects)
{
	ck_assert_int_eq(RUN("explain", "m-31"), 0);
	expect(out, "Rule M-31, offset\n");
	expect(out, "Rule M-31, length\n");
	expect(out, "Rule M-31, size\n");
}
END_TEST

START_TEST(test_explain_cross_references)
{
	ck_assert_int_eq(RUN("explain", "Manifest file error"), 0);
	expect(out, "  Caused by  ManifestNameInvalid, ");
	char *quoted = strdup(out);
	ck_assert_int_eq(RUN("explain", "manifest", "file", "error"), 0);
	ck_assert_str_eq(out, quoted);
	free(quoted);
	ck_assert_int_eq(RUN("explain", "FileUnexpectedEnd"), 0);
	expect(out, "  Rules      V-21\n");
}
END_TEST

START_TEST(test_explain_unknown)
{
	ck_assert_int_eq(RUN("explain", "Corruptd", "M-31", "xyzzyplugh"), 2);
	expect(out, "Rule M-31, offset\n");
	ck_assert_str_eq(err, "tallyman: no rule, status or state is called Corruptd; did you mean Corrupted?\n"
			      "tallyman: no rule, status or state is called xyzzyplugh\n");
	ck_assert_int_eq(RUN("explain", "m31"), 2);
	expect(err, "did you mean M-31");
	ck_assert_int_eq(RUN("explain", ""), 2);
}
END_TEST

START_TEST(test_explain_list)
{
	ck_assert_int_eq(RUN("explain", "--list"), 0);
	size_t lines = 0;
	for (const char *c = out; *c != '\0'; c++)
		lines += *c == '\n';
	ck_assert_uint_eq(lines, tally_rule_count() + tally_status_count());
	expect(out, "\nM-31    error    The offset of a page range is a multiple of 512.\n");
	expect(out, "\nCorrupted  (segment)  ");
}
END_TEST

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

static void write_document(char path[64], const char *text)
{
	snprintf(path, 64, "%s/document", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

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

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	forget_output();
	rmdir(folder);
}

int main(void)
{
	Suite *suite = suite_create("cli/command");
	TCase *tests = tcase_create("command");
	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, test_help);
	tcase_add_test(tests, test_help_and_version_anywhere);
	tcase_add_test(tests, test_everything_is_documented);
	tcase_add_test(tests, test_usage_errors);
	tcase_add_test(tests, test_jobs);
	tcase_add_test(tests, test_reading);
	tcase_add_test(tests, test_complaints_are_escaped);
	tcase_add_test(tests, test_explain_every_rule);
	tcase_add_test(tests, test_explain_every_status);
	tcase_add_test(tests, test_explain_all_aspects);
	tcase_add_test(tests, test_explain_cross_references);
	tcase_add_test(tests, test_explain_unknown);
	tcase_add_test(tests, test_explain_list);
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
