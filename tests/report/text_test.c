/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static test_page out;
static tally_collector findings;
static const tally_report_style brief = {.verbose = false}, verbose = {.verbose = true};
static const tally_check_totals first = {.drives = 0}, second = {.drives = 1};

static void set_up(void)
{
	page_begin(&out, SIZE_MAX);
	tally_collector_init(&findings);
}

static void tear_down(void)
{
	tally_collector_clear(&findings);
}

static void put_corrupted(uint64_t count)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.document = "\\DriveManifest.xml";
	finding.line = 14;
	finding.blob_path = "pictures/city.jpg";
	finding.file_path = "\\pictures\\city.jpg";
	finding.has_range = true;
	finding.length = 4096;
	finding.expected = "D41D8CD98F00B204E9800998ECF8427E";
	finding.actual = "0CC175B9C0F1B6A831C399E269772661";
	finding.message = "the bytes have another MD5";
	for (uint64_t i = 0; i < count; i++) {
		finding.offset = i * 4096;
		tally_collector_put(&findings, &finding);
	}
}

static const char *check_text(const tally_summary *summary, const tally_report_style *style, const tally_error *error)
{
	const tally_check_report report = {
	    .path = "/mnt/drive1", .summary = summary, .findings = &findings, .error = error};
	tally_report_text.check(&out.writer, style, &first, &report);
	return page_text(&out);
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "not found: %s\nin: %s", part, text);
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

START_TEST(test_golden)
{
	put_corrupted(1);
	tally_summary summary = make_summary();
	ck_assert_str_eq(
	    check_text(&summary, &brief, NULL),
	    "Drive      /mnt/drive1 (9WM35C2V)\n"
	    "Verdict    CompletedWithErrors: something is wrong with what was checked\n"
	    "Portal     Data copy completed with errors (classic portal: CompletedMoreInfo)\n"
	    "Meaning    The drive was processed to its end, but at least one blob or a part of one did not get\n"
	    "           through.\n"
	    "To do      Before shipping, repair what the check found and prepare the drive again. After the\n"
	    "           return, take the blobs named in the error log and transfer them again.\n"
	    "\n"
	    "Checked    24 of 24 blobs, 120 of 120 segments, 9,876,543 bytes hashed (9.4 MiB)\n"
	    "Unchecked  the disk: a directory was given\n"
	    "Others     2 files with 1,500 bytes on the drive that nothing names\n"
	    "Found      1 error\n"
	    "\n"
	    "ERROR  Corrupted (segment), rule V-20, 1 time\n"
	    "  Must hold: The bytes of a block or page range have the MD5 that the manifest gives.\n"
	    "  To do:     Copy the file again from the source, unchanged, and check again; if it comes back,\n"
	    "             check memory, cable and drive.\n"
	    "  - \\DriveManifest.xml:14: the bytes have another MD5\n"
	    "        blob      pictures/city.jpg\n"
	    "        file      \\pictures\\city.jpg\n"
	    "        bytes     0 to 4095\n"
	    "        expected  D41D8CD98F00B204E9800998ECF8427E\n"
	    "        actual    0CC175B9C0F1B6A831C399E269772661\n"
	    "\n"
	    "Statuses that the log would hold\n"
	    "  blob        Completed 23, CompletedWithErrors 1\n"
	    "  segment     Completed 119, Corrupted 1\n");
}
END_TEST

START_TEST(test_nothing_wrong)
{
	tally_summary summary = make_summary();
	summary.errors = 0;
	summary.exit_status = 0;
	summary.drive_status = tally_status_find(TALLY_LEVEL_DRIVE, "Completed");
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "Verdict    Completed: nothing wrong was found in what was checked\n");
	expect(text, "Found      nothing\n");
	ck_assert_ptr_null(strstr(text, "ERROR"));
}
END_TEST

/* A verdict is a claim about coverage: nothing checked never reads like success. */
START_TEST(test_nothing_checked)
{
	tally_summary summary = {.drive = "/mnt/drive1", .source = "directory", .exit_status = 3};
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "Drive      /mnt/drive1\nVerdict    nothing could be checked\n");
	expect(text, "Checked    0 of 0 blobs, 0 of 0 segments, 0 bytes hashed\n");
	ck_assert_ptr_null(strstr(text, "Portal"));
	summary.blobs_listed = 2;
	summary.blobs_checked = 1;
	expect(check_text(&summary, &brief, NULL), "Verdict    some of it could not be checked\n");
}
END_TEST

START_TEST(test_error)
{
	const tally_summary summary = {0};
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "the drive can't be opened"};
	ck_assert_str_eq(check_text(&summary, &brief, &error),
			 "Drive      /mnt/drive1\nVerdict    COULD NOT CHECK: the drive can't be opened\n");
}
END_TEST

/* What was found until someone stopped the run is told, but no status is predicted from it. */
START_TEST(test_stopped)
{
	put_corrupted(1);
	tally_summary summary = make_summary();
	const tally_error error = {.code = TALLY_ERROR_STOPPED, .message = "stopped before the end"};
	const char *text = check_text(&summary, &brief, &error);
	expect(text, "Verdict    COULD NOT CHECK: stopped before the end\n\nChecked    24 of 24 blobs");
	expect(text, "ERROR  Corrupted (segment), rule V-20, 1 time\n");
	ck_assert_ptr_null(strstr(text, "Portal"));
}
END_TEST

START_TEST(test_many_alike)
{
	put_corrupted(7);
	tally_summary summary = make_summary();
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "rule V-20, 7 times\n");
	ck_assert_uint_eq(occurrences(text, "  - \\DriveManifest.xml:14: "), 5);
	expect(text, "bytes     16384 to 20479\n");
	expect(text, "  - and 2 more; --verbose lists them\n");
}
END_TEST

START_TEST(test_verbose)
{
	put_corrupted(7);
	tally_summary summary = make_summary();
	const char *text = check_text(&summary, &verbose, NULL);
	ck_assert_uint_eq(occurrences(text, "  - \\DriveManifest.xml:14: "), 7);
	ck_assert_ptr_null(strstr(text, "more"));
}
END_TEST

START_TEST(test_more_than_kept)
{
	put_corrupted(TALLY_COLLECTOR_GROUP_MAX + 200);
	tally_summary summary = make_summary();
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "rule V-20, 1,200 times\n");
	expect(text, "  - and 995 more; --verbose lists them\n  - and 200 more that were counted but not kept\n");
}
END_TEST

/* A thousand alike don't bury one that differs. */
START_TEST(test_worst_comes_first)
{
	put_corrupted(1000);
	tally_finding note = make_finding(TALLY_RULE_V_40), error = make_finding(TALLY_RULE_V_10);
	tally_collector_put(&findings, &note);
	tally_collector_put(&findings, &error);
	tally_summary summary = make_summary();
	const char *text = check_text(&summary, &verbose, NULL);
	const char *blob = strstr(text, "ERROR  FileNotFound (blob), rule V-10, 1 time");
	const char *segment = strstr(text, "ERROR  Corrupted (segment)");
	const char *drive = strstr(text, "NOTE  (drive), rule V-40");
	ck_assert_ptr_nonnull(blob);
	ck_assert(blob < segment && segment < drive);
}
END_TEST

/* Names on a drive are chosen by others; none of their characters may act on a terminal. */
START_TEST(test_hostile_names)
{
	tally_finding finding = make_finding(TALLY_RULE_V_10);
	finding.document = "a\nERROR  b";
	finding.line = 1;
	finding.blob_path = "c/\x1b[2J\u202Egpj.exe";
	finding.file_path = "\\\xFF\x7F";
	finding.expected = "\r\n";
	finding.actual = "\xC2\x9B\x31m";
	finding.message = "\x07";
	tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	memcpy(summary.drive_id, "\x1b]0;x\x07", 7);
	summary.gaps[0] = (tally_gap){"\x1b", "\x1b"};
	const char *text = check_text(&summary, &brief, NULL);
	for (const char *c = text; *c != '\0'; c++)
		ck_assert_msg(*c == '\n' || (unsigned char)*c >= 0x20, "control character %d", *c);
	ck_assert(tally_utf8_valid((tally_text){text, strlen(text)}));
	ck_assert_ptr_null(strstr(text, "\u202E"));
	ck_assert_ptr_null(strstr(text, "\xC2\x9B"));
	expect(text, "  - a\\x0AERROR  b:1: \\x07\n");
	expect(text, "c/\\x1B[2J\\u{202E}gpj.exe\n");
	expect(text, "\\\\xFF\\x7F\n");
}
END_TEST

START_TEST(test_ranges)
{
	tally_finding finding = make_finding(TALLY_RULE_V_22);
	finding.has_range = true;
	finding.offset = UINT64_MAX - 1;
	finding.length = 2;
	tally_collector_put(&findings, &finding);
	finding.length = 3; /* ends behind what 64 bits can say */
	tally_collector_put(&findings, &finding);
	finding.length = 0;
	finding.offset = 0;
	tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "bytes     18446744073709551614 to 18446744073709551615\n");
	expect(text, "bytes     from 18446744073709551614 on, 3 bytes\n");
	expect(text, "bytes     at 0\n");
}
END_TEST

START_TEST(test_colour)
{
	put_corrupted(1);
	tally_summary summary = make_summary();
	out.writer.colour = true;
	const char *text = check_text(&summary, &brief, NULL);
	expect(text, "Verdict    \033[1;31mCompletedWithErrors\033[0m: ");
	expect(text, "\033[1;31mERROR\033[0m  Corrupted");
}
END_TEST

START_TEST(test_second_drive)
{
	tally_summary summary = make_summary();
	const tally_check_report report = {.path = "b", .summary = &summary, .findings = &findings};
	tally_report_text.check(&out.writer, &brief, &second, &report);
	ck_assert_int_eq(strncmp(page_text(&out), "\n\nDrive      b (", 16), 0);
}
END_TEST

START_TEST(test_lint)
{
	const tally_lint_result good = {.kind = TALLY_DOCUMENT_MANIFEST, .valid = true};
	const tally_lint_result bad = {.kind = TALLY_DOCUMENT_JOURNAL, .errors = 2, .warnings = 1};
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "no such file"};
	tally_collector none;
	tally_collector_init(&none);
	tally_finding finding = make_finding(TALLY_RULE_M_02);
	tally_collector_put(&findings, &finding);
	const tally_lint_report reports[] = {
	    {.path = "a.xml", .result = &good, .findings = &none},
	    {.path = "b.jrn", .result = &bad, .findings = &findings},
	    {.path = "c.xml", .result = &bad, .findings = &none, .error = &error},
	};
	tally_lint_totals totals = {0};
	tally_report_text.lint_begin(&out.writer);
	for (size_t i = 0; i < 3; i++) {
		tally_report_text.lint_document(&out.writer, &brief, &totals, &reports[i]);
		tally_lint_totals_add(&totals, &reports[i]);
	}
	tally_report_text.lint_end(&out.writer, &totals);
	ck_assert_int_eq(totals.exit_status, 3);
	ck_assert_str_eq(page_text(&out),
			 "a.xml: valid (manifest)\n"
			 "b.jrn: not valid (journal): 2 errors, 1 warning\n\n"
			 "NOTE  (drive), rule M-02, 1 time\n"
			 "  Must hold: A manifest usually is \\DriveManifest.xml, or its name ends in .manifest.\n"
			 "  To do:     Nothing, if the file of that name is the one the tool wrote.\n"
			 "  - made by hand\n\n"
			 "c.xml: COULD NOT CHECK: no such file\n"
			 "3 documents: 1 valid, 1 not valid, 1 not checked\n");
}
END_TEST

START_TEST(test_failing_output)
{
	put_corrupted(1000);
	page_begin(&out, 10000);
	tally_summary summary = make_summary();
	const tally_check_report report = {.path = "d", .summary = &summary, .findings = &findings};
	tally_report_text.check(&out.writer, &verbose, &first, &report);
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/text");
	TCase *tests = tcase_create("text");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_golden);
	tcase_add_test(tests, test_nothing_wrong);
	tcase_add_test(tests, test_nothing_checked);
	tcase_add_test(tests, test_error);
	tcase_add_test(tests, test_stopped);
	tcase_add_test(tests, test_many_alike);
	tcase_add_test(tests, test_verbose);
	tcase_add_test(tests, test_more_than_kept);
	tcase_add_test(tests, test_worst_comes_first);
	tcase_add_test(tests, test_hostile_names);
	tcase_add_test(tests, test_ranges);
	tcase_add_test(tests, test_colour);
	tcase_add_test(tests, test_second_drive);
	tcase_add_test(tests, test_lint);
	tcase_add_test(tests, test_failing_output);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
