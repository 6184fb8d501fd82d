/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static test_page out;
static tally_collector findings;
static const tally_report_style style = {.verbose = false};
static const tally_check_totals first = {.drives = 0};

static void set_up(void)
{
	page_begin(&out, SIZE_MAX);
	tally_collector_init(&findings);
}

static void tear_down(void)
{
	tally_collector_clear(&findings);
}

static const char *check_json(const tally_summary *summary, const tally_error *error)
{
	const tally_check_report report = {
	    .path = "/mnt/drive1", .summary = summary, .findings = &findings, .error = error};
	tally_report_json.check(&out.writer, &style, &first, &report);
	return page_text(&out);
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "not found: %s\nin: %s", part, text);
}

#define TOOL "\"schema\": \"tallyman/report/1\", \"tool\": {\"name\": \"tallyman\", \"version\": \"" SUITE_VERSION "\"}"

START_TEST(test_golden)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.document = "\\DriveManifest.xml";
	finding.line = 14;
	finding.document_offset = 700;
	finding.blob_path = "pictures/city.jpg";
	finding.file_path = "\\pictures\\city.jpg";
	finding.has_range = true;
	finding.offset = 0;
	finding.length = 4096;
	finding.expected = "D4";
	finding.actual = "0C";
	finding.message = "another \"MD5\"";
	tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	ck_assert_str_eq(
	    check_json(&summary, NULL),
	    "{" TOOL ", "
	    "\"subject\": {\"path\": \"/mnt/drive1\", \"source\": \"directory\", \"drive_id\": \"9WM35C2V\"}, "
	    "\"verdict\": {\"drive_status\": \"CompletedWithErrors\", "
	    "\"portal_state\": \"Data copy completed with errors\", \"classic_state\": \"CompletedMoreInfo\", "
	    "\"exit_status\": 1}, \"error\": null, "
	    "\"coverage\": {\"blobs\": {\"listed\": 24, \"checked\": 24}, "
	    "\"segments\": {\"listed\": 120, \"checked\": 120}, \"bytes_hashed\": 9876543, "
	    "\"not_checked\": [{\"what\": \"the disk\", \"why\": \"a directory was given\"}]}, "
	    "\"counts\": {\"blob\": {\"Completed\": 23, \"CompletedWithErrors\": 1}, "
	    "\"segment\": {\"Completed\": 119, \"Corrupted\": 1}, \"metadata\": {}, \"properties\": {}}, "
	    "\"findings\": [{\"rule\": \"V-20\", \"severity\": \"error\", \"level\": \"segment\", "
	    "\"status\": \"Corrupted\", \"blob_path\": \"pictures/city.jpg\", "
	    "\"file_path\": \"\\\\pictures\\\\city.jpg\", \"document\": \"\\\\DriveManifest.xml\", \"line\": 14, "
	    "\"document_offset\": 700, \"offset\": 0, \"length\": 4096, \"expected\": \"D4\", \"actual\": \"0C\", "
	    "\"message\": \"another \\\"MD5\\\"\"}], \"findings_omitted\": 0}\n");
}
END_TEST

/* Keys are there also when there is nothing to say. */
START_TEST(test_absent_values)
{
	tally_finding finding = make_finding(TALLY_RULE_V_05);
	tally_collector_put(&findings, &finding);
	const tally_summary summary = {.exit_status = 3};
	const char *text = check_json(&summary, NULL);
	expect(text, "\"subject\": {\"path\": \"/mnt/drive1\", \"source\": null, \"drive_id\": null}, "
		     "\"verdict\": {\"drive_status\": null, \"portal_state\": null, \"classic_state\": null, "
		     "\"exit_status\": 3}");
	expect(text, "\"counts\": {\"blob\": {}, \"segment\": {}, \"metadata\": {}, \"properties\": {}}");
	expect(text, "\"status\": null, \"blob_path\": null, \"file_path\": null, \"document\": null, \"line\": null, "
		     "\"document_offset\": null, \"offset\": null, \"length\": null, \"expected\": null, "
		     "\"actual\": null, \"message\": \"made by hand\"}");
}
END_TEST

START_TEST(test_error)
{
	tally_summary summary = make_summary();
	const tally_error error = {.code = TALLY_ERROR_STOPPED, .message = "stopped"};
	const char *text = check_json(&summary, &error);
	expect(text, "\"verdict\": {\"drive_status\": null, \"portal_state\": null, \"classic_state\": null, "
		     "\"exit_status\": 3}, \"error\": {\"code\": \"stopped\", \"message\": \"stopped\"}");
}
END_TEST

static const char *string_of(const char *message)
{
	page_begin(&out, SIZE_MAX);
	tally_collector_clear(&findings);
	tally_finding finding = make_finding(TALLY_RULE_V_05);
	finding.message = message;
	tally_collector_put(&findings, &finding);
	const tally_summary summary = {0};
	const char *start = strstr(check_json(&summary, NULL), "\"message\": ");
	ck_assert_ptr_nonnull(start);
	out.text[out.size - strlen("}], \"findings_omitted\": 0}\n")] = '\0';
	return start + strlen("\"message\": ");
}

START_TEST(test_strings)
{
	ck_assert_str_eq(string_of(""), "\"\"");
	ck_assert_str_eq(string_of("a\\b\"c/d"), "\"a\\\\b\\\"c/d\"");
	ck_assert_str_eq(string_of("\x01\b\t\n\x1f\x7f"), "\"\\u0001\\u0008\\u0009\\u000A\\u001F\\u007F\"");
	ck_assert_str_eq(string_of("Größe 音楽 \U0001F600"), "\"Größe 音楽 \U0001F600\"");
	ck_assert_str_eq(string_of("\u2028\u202E\xC2\x85"), "\"\\u2028\\u202E\\u0085\"");
	ck_assert_str_eq(string_of("a\xFFz"), "\"a\uFFFDz\"");
	ck_assert_str_eq(string_of("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
	ck_assert_str_eq(string_of("\xC3"), "\"\uFFFD\"");
}
END_TEST

START_TEST(test_large_numbers)
{
	tally_finding finding = make_finding(TALLY_RULE_V_22);
	finding.has_range = true;
	finding.offset = UINT64_MAX;
	tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	expect(check_json(&summary, NULL), "\"offset\": 18446744073709551615, \"length\": 0,");
}
END_TEST

/* Every finding that was kept is listed, and the others are counted. */
START_TEST(test_omitted)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.message = "m";
	for (int i = 0; i < TALLY_COLLECTOR_GROUP_MAX + 3; i++)
		tally_collector_put(&findings, &finding);
	tally_summary summary = make_summary();
	const char *text = check_json(&summary, NULL);
	size_t listed = 0;
	for (const char *at = text; (at = strstr(at, "{\"rule\": \"V-20\"")) != NULL; at++)
		listed++;
	ck_assert_uint_eq(listed, TALLY_COLLECTOR_GROUP_MAX);
	expect(text, "], \"findings_omitted\": 3}\n");
}
END_TEST

START_TEST(test_lint)
{
	const tally_lint_result good = {.kind = TALLY_DOCUMENT_MANIFEST, .valid = true};
	const tally_lint_result bad = {.kind = TALLY_DOCUMENT_UNKNOWN};
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "no such file"};
	const tally_lint_report reports[] = {
	    {.path = "a.xml", .result = &good, .findings = &findings},
	    {.path = "b.xml", .result = &bad, .findings = &findings},
	    {.path = "c.xml", .result = &bad, .findings = &findings, .error = &error},
	};
	tally_lint_totals totals = {0};
	tally_report_json.lint_begin(&out.writer);
	for (size_t i = 0; i < 3; i++) {
		tally_report_json.lint_document(&out.writer, &style, &totals, &reports[i]);
		tally_lint_totals_add(&totals, &reports[i]);
	}
	tally_report_json.lint_end(&out.writer, &totals);
	ck_assert_str_eq(page_text(&out),
			 "{" TOOL ", \"documents\": ["
			 "{\"path\": \"a.xml\", \"kind\": \"manifest\", \"valid\": true, \"error\": null, "
			 "\"findings\": [], \"findings_omitted\": 0}, "
			 "{\"path\": \"b.xml\", \"kind\": \"unknown\", \"valid\": false, \"error\": null, "
			 "\"findings\": [], \"findings_omitted\": 0}, "
			 "{\"path\": \"c.xml\", \"kind\": null, \"valid\": null, "
			 "\"error\": {\"code\": \"io\", \"message\": \"no such file\"}, "
			 "\"findings\": [], \"findings_omitted\": 0}], "
			 "\"files_skipped\": 0, \"findings_omitted\": 0, \"verdict\": {\"exit_status\": 3}}\n");
}
END_TEST

START_TEST(test_failing_output)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	for (int i = 0; i < 100; i++)
		tally_collector_put(&findings, &finding);
	page_begin(&out, 10000);
	tally_summary summary = make_summary();
	const tally_check_report report = {.path = "d", .summary = &summary, .findings = &findings};
	tally_report_json.check(&out.writer, &style, &first, &report);
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
}
END_TEST

static bool has_string(const json_t *array, const char *string)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(json_string_value(json_array_get(array, i)), string) == 0)
			return true;
	return false;
}

/* The schema that is installed lets every rule speak of what it is about. */
START_TEST(test_levels_of_the_schema)
{
	char path[512];
	json_error_t error;
	snprintf(path, sizeof path, "%s/src/report/report.schema.json", getenv("TALLY_SOURCE_DIR"));
	json_t *schema = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error), *levels;
	ck_assert_msg(schema != NULL, "%s: %s", path, error.text);
	ck_assert_int_eq(json_unpack_ex(schema, &error, 0, "{s{s{s{s{so}}}}}", "$defs", "finding", "properties",
					"level", "enum", &levels),
			 0);
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const char *level = tally_level_name(tally_rule_at(i)->level);
		ck_assert_msg(has_string(levels, level), "%s: %s", tally_rule_at(i)->id, level);
	}
	json_decref(schema);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/json");
	TCase *tests = tcase_create("json");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_golden);
	tcase_add_test(tests, test_absent_values);
	tcase_add_test(tests, test_error);
	tcase_add_test(tests, test_strings);
	tcase_add_test(tests, test_large_numbers);
	tcase_add_test(tests, test_omitted);
	tcase_add_test(tests, test_lint);
	tcase_add_test(tests, test_levels_of_the_schema);
	tcase_add_test(tests, test_failing_output);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
