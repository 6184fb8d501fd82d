/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static test_page out;
static tally_collector findings;
static const tally_report_style style = {.verbose = false};

static void set_up(void)
{
	page_begin(&out, SIZE_MAX);
	tally_collector_init(&findings);
}

static void tear_down(void)
{
	tally_collector_clear(&findings);
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "not found: %s\nin: %s", part, text);
}

static const char *check_xml(const tally_summary *summary, const tally_error *error)
{
	const tally_check_report report = {
	    .path = "/mnt/drive1", .summary = summary, .findings = &findings, .error = error};
	tally_check_totals totals = {.drives = 0};
	tally_report_junit.check_begin(&out.writer);
	tally_report_junit.check(&out.writer, &style, &totals, &report);
	tally_check_totals_add(&totals, &report);
	tally_report_junit.check_end(&out.writer, &totals);
	return page_text(&out);
}

#define BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tallyman\">\n"
#define END "</testsuites>\n"

START_TEST(test_check_golden)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.document = "\\DriveManifest.xml";
	finding.line = 14;
	finding.blob_path = "pictures/city.jpg";
	finding.file_path = "\\pictures\\city.jpg";
	finding.has_range = true;
	finding.length = 4096;
	finding.expected = "D4";
	finding.actual = "0C";
	tally_collector_put(&findings, &finding);
	finding = make_finding(TALLY_RULE_M_02);
	tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	char expected[4096];
	snprintf(expected, sizeof expected,
		 BEGIN
		 "<testsuite name=\"/mnt/drive1\" tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\" time=\"0\">\n"
		 "<testcase name=\"verdict\" classname=\"/mnt/drive1\" time=\"0\">\n"
		 "<failure message=\"%s\" type=\"CompletedWithErrors\"/>\n"
		 "<system-out>\nnot checked: the disk: a directory was given\n</system-out>\n"
		 "</testcase>\n"
		 "<testcase name=\"V-20 (segment, Corrupted)\" classname=\"/mnt/drive1\" time=\"0\">\n"
		 "<failure message=\"%s\" type=\"Corrupted\">\n"
		 "\\DriveManifest.xml:14: error V-20: made by hand\n"
		 "    blob      pictures/city.jpg\n"
		 "    file      \\pictures\\city.jpg\n"
		 "    expected  D4\n"
		 "    actual    0C\n"
		 "    bytes     from 0, 4096\n"
		 "</failure>\n"
		 "</testcase>\n"
		 "<testcase name=\"M-02 (drive)\" classname=\"/mnt/drive1\" time=\"0\">\n"
		 "<system-out>\nnote M-02: made by hand\n</system-out>\n"
		 "</testcase>\n"
		 "</testsuite>\n" END,
		 tally_status_find(TALLY_LEVEL_DRIVE, "CompletedWithErrors")->meaning,
		 tally_rule_of(TALLY_RULE_V_20)->summary);
	ck_assert_str_eq(check_xml(&summary, NULL), expected);
}
END_TEST

START_TEST(test_check_verdicts)
{
	tally_summary summary = {.drive_status = tally_status_find(TALLY_LEVEL_DRIVE, "Completed")};
	expect(check_xml(&summary, NULL), "tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0\">\n"
					  "<testcase name=\"verdict\" classname=\"/mnt/drive1\" time=\"0\">\n"
					  "</testcase>\n");
	page_begin(&out, SIZE_MAX);
	summary = (tally_summary){.exit_status = 3};
	const char *text = check_xml(&summary, NULL);
	expect(text, "tests=\"1\" failures=\"0\" errors=\"1\"");
	expect(text, "<error message=\"nothing could be checked\" type=\"unchecked\"/>\n");
	page_begin(&out, SIZE_MAX);
	summary.blobs_checked = 1;
	expect(check_xml(&summary, NULL), "<error message=\"some of it could not be checked\" type=\"unchecked\"/>\n");
	page_begin(&out, SIZE_MAX);
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "no \"such\" <drive>"};
	text = check_xml(&summary, &error);
	expect(text, "tests=\"1\" failures=\"0\" errors=\"1\"");
	expect(text, "<error message=\"no &quot;such&quot; &lt;drive&gt;\" type=\"unchecked\"/>\n");
}
END_TEST

START_TEST(test_lint)
{
	const tally_lint_result good = {.kind = TALLY_DOCUMENT_MANIFEST, .valid = true, .notes = 1};
	const tally_lint_result bad = {.kind = TALLY_DOCUMENT_JOURNAL, .errors = 2, .notes = 1};
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "no such file"};
	tally_collector none, note;
	tally_collector_init(&none);
	tally_collector_init(&note);
	tally_finding finding = make_finding(TALLY_RULE_M_02);
	finding.document = "a.xml";
	tally_collector_put(&note, &finding);
	finding.document = "b.jrn";
	tally_collector_put(&findings, &finding);
	finding = make_finding(TALLY_RULE_M_03_ROOT);
	finding.document = "b.jrn";
	finding.line = 2;
	tally_collector_put(&findings, &finding);
	tally_collector_put(&findings, &finding);
	const tally_lint_report reports[] = {
	    {.path = "a.xml", .result = &good, .findings = &note},
	    {.path = "b.jrn", .result = &bad, .findings = &findings},
	    {.path = "c.xml", .result = &bad, .findings = &none, .error = &error},
	};
	tally_lint_totals totals = {0};
	tally_report_junit.lint_begin(&out.writer);
	for (size_t i = 0; i < 3; i++) {
		tally_report_junit.lint_document(&out.writer, &style, &totals, &reports[i]);
		tally_lint_totals_add(&totals, &reports[i]);
	}
	tally_report_junit.lint_end(&out.writer, &totals);
	ck_assert_str_eq(page_text(&out),
			 BEGIN "<testsuite name=\"a.xml\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" "
			       "time=\"0\">\n"
			       "<testcase name=\"manifest\" classname=\"a.xml\" time=\"0\">\n"
			       "<system-out>\na.xml: note M-02: made by hand\n</system-out>\n"
			       "</testcase>\n</testsuite>\n"
			       "<testsuite name=\"b.jrn\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" "
			       "time=\"0\">\n"
			       "<testcase name=\"journal\" classname=\"b.jrn\" time=\"0\">\n"
			       "<failure message=\"2 errors\" type=\"not valid\">\n"
			       "b.jrn:2: error M-03: made by hand\n"
			       "b.jrn:2: error M-03: made by hand\n"
			       "</failure>\n"
			       "<system-out>\nb.jrn: note M-02: made by hand\n</system-out>\n"
			       "</testcase>\n</testsuite>\n"
			       "<testsuite name=\"c.xml\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" "
			       "time=\"0\">\n"
			       "<testcase name=\"document\" classname=\"c.xml\" time=\"0\">\n"
			       "<error message=\"no such file\" type=\"unchecked\"/>\n"
			       "</testcase>\n</testsuite>\n" END);
	tally_collector_clear(&note);
}
END_TEST

/* A test case tells what is wrong; ten thousand lines of it nobody reads. */
START_TEST(test_many_findings)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.message = "m";
	for (int i = 0; i < TALLY_COLLECTOR_GROUP_MAX + 234; i++)
		tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	const char *text = check_xml(&summary, NULL);
	size_t listed = 0;
	for (const char *at = text; (at = strstr(at, "error V-20: m\n")) != NULL; at++)
		listed++;
	ck_assert_uint_eq(listed, 100);
	expect(text, "and 1,134 more of rule V-20\n</failure>");
}
END_TEST

static const char *escaped(const char *message)
{
	page_begin(&out, SIZE_MAX);
	const tally_summary summary = {0};
	tally_error error = {.code = TALLY_ERROR_IO};
	snprintf(error.message, sizeof error.message, "%s", message);
	const char *start = strstr(check_xml(&summary, &error), "<error message=\"");
	ck_assert_ptr_nonnull(start);
	start += strlen("<error message=\"");
	*strchr(out.text + (start - out.text), '"') = '\0';
	return start;
}

/* What XML can't hold is shown as in the text report, so that two names never look alike. */
START_TEST(test_escaping)
{
	ck_assert_str_eq(escaped("<a b=\"c\">&amp;]]>'"), "&lt;a b=&quot;c&quot;&gt;&amp;amp;]]&gt;'");
	ck_assert_str_eq(escaped("a\tb\nc\r\x01\x7f"), "a\\x09b\\x0Ac\\x0D\\x01\\x7F");
	ck_assert_str_eq(escaped("\xFF\xC3\xED\xA0\x80"), "\\xFF\\xC3\\xED\\xA0\\x80");
	ck_assert_str_eq(escaped("\uFFFE\uFFFF\uFFFD"), "\\u{FFFE}\\u{FFFF}\uFFFD");
	ck_assert_str_eq(escaped("Größe 音楽 \U0001F600"), "Größe 音楽 \U0001F600");
	ck_assert_str_eq(escaped("\\x41 \\a"), "\\x5Cx41 \\a");
}
END_TEST

START_TEST(test_failing_output)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	for (int i = 0; i < 1000; i++)
		tally_collector_put(&findings, &finding);
	page_begin(&out, 2000);
	tally_summary summary = make_summary();
	const tally_check_report report = {.path = "d", .summary = &summary, .findings = &findings};
	tally_report_junit.check(&out.writer, &style, &(tally_check_totals){0}, &report);
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/junit");
	TCase *tests = tcase_create("junit");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_check_golden);
	tcase_add_test(tests, test_check_verdicts);
	tcase_add_test(tests, test_lint);
	tcase_add_test(tests, test_many_findings);
	tcase_add_test(tests, test_escaping);
	tcase_add_test(tests, test_failing_output);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
