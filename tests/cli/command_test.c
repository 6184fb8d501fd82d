/* SPDX-License-Identifier: Apache-2.0 */
/* The command as a function: what it says to which stream, and the status it exits with. Here: help and explanations.
 */
#include "cli/running.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

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
	ck_assert_str_eq(out, "tallyman " SUITE_VERSION "\n");
	ck_assert_int_eq(RUN("-V"), 0);
	ck_assert_str_eq(out, "tallyman " SUITE_VERSION "\n");
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
	expect(man, ".TH TALLYMAN 1 \"\" \"tallyman " SUITE_VERSION "\"");
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
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
