/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static test_page out;
static tally_collector findings;
static json_t *log_value;
static const tally_report_style style = {.verbose = false};

static void set_up(void)
{
	page_begin(&out, SIZE_MAX);
	tally_collector_init(&findings);
}

static void tear_down(void)
{
	tally_collector_clear(&findings);
	json_decref(log_value);
	log_value = NULL;
}

/* What a reader that is not ours makes of it. */
static const json_t *parse(void)
{
	json_error_t error;
	json_decref(log_value);
	log_value = json_loads(page_text(&out), JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(log_value != NULL, "%s at %d: %.200s", error.text, error.position, out.text);
	const json_t *runs = json_object_get(log_value, "runs");
	ck_assert_uint_eq(json_array_size(runs), 1);
	return json_array_get(runs, 0);
}

static const json_t *run_with(const char *path, const char *const *papers, size_t paper_count, const tally_error *error)
{
	tally_summary summary = make_summary();
	const tally_check_report report = {.path = path,
					   .papers = papers,
					   .paper_count = paper_count,
					   .summary = &summary,
					   .findings = &findings,
					   .error = error};
	tally_check_totals totals = {.drives = 0};
	tally_report_sarif.check_begin(&out.writer);
	tally_report_sarif.check(&out.writer, &style, &totals, &report);
	tally_check_totals_add(&totals, &report);
	tally_report_sarif.check_end(&out.writer, &totals);
	return parse();
}

static const json_t *check_run(const char *journal, const tally_error *error)
{
	return run_with("/mnt/drive 1", &journal, 1, error);
}

static const json_t *result_at(const json_t *run, size_t index)
{
	const json_t *result = json_array_get(json_object_get(run, "results"), index);
	ck_assert_ptr_nonnull(result);
	return result;
}

static const char *string_at(const json_t *value, const char *key)
{
	const char *text = json_string_value(json_object_get(value, key));
	ck_assert_msg(text != NULL, "no %s", key);
	return text;
}

static tally_finding make_place(void)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.document = "\\DriveManifest.xml";
	finding.line = 14;
	finding.document_offset = 700;
	finding.blob_path = "pictures/city.jpg";
	finding.file_path = "\\pictures\\city.jpg";
	finding.has_range = true;
	finding.offset = 4096;
	finding.length = 512;
	finding.expected = "D4";
	finding.actual = "0C";
	finding.message = "another \"MD5\"";
	return finding;
}

START_TEST(test_golden)
{
	tally_finding finding = make_place();
	tally_collector_put(&findings, &finding);
	check_run(NULL, NULL);
	const char *results = strstr(out.text, "\"results\": ");
	ck_assert_ptr_nonnull(results);
	const char *index = strstr(results, "\"ruleIndex\": ");
	char expected[2048];
	snprintf(expected, sizeof expected,
		 "\"results\": [\n"
		 "{\"ruleId\": \"V-20\", \"ruleIndex\": %d, \"level\": \"error\", "
		 "\"message\": {\"text\": \"another \\\"MD5\\\"\"}, "
		 "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": "
		 "{\"uri\": \"file:///mnt/drive%%201/pictures/city.jpg\"}, "
		 "\"region\": {\"byteOffset\": 4096, \"byteLength\": 512}}, "
		 "\"logicalLocations\": [{\"fullyQualifiedName\": \"pictures/city.jpg\", \"kind\": \"resource\"}]}], "
		 "\"relatedLocations\": [{\"id\": 1, \"physicalLocation\": {\"artifactLocation\": "
		 "{\"uri\": \"file:///mnt/drive%%201/DriveManifest.xml\"}, "
		 "\"region\": {\"startLine\": 14, \"byteOffset\": 700}}, "
		 "\"message\": {\"text\": \"the place in the document\"}}], "
		 "\"partialFingerprints\": {\"subject/v1\": \"%.16s\"}, "
		 "\"properties\": {\"level\": \"segment\", \"status\": \"Corrupted\", \"expected\": \"D4\", "
		 "\"actual\": \"0C\"}}], "
		 "\"invocations\": [{\"executionSuccessful\": true, \"exitCode\": 1, "
		 "\"properties\": {\"findingsOmitted\": 0}}]}]}\n",
		 (int)TALLY_RULE_V_20, strstr(index, "subject/v1") + strlen("subject/v1\": \""));
	ck_assert_str_eq(results, expected);
}
END_TEST

/* Hosts know a rule by its id, so no two may share one; and what a result says of its rule must hold. */
START_TEST(test_rules)
{
	const json_t *run = check_run(NULL, NULL);
	const json_t *rules = json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules");
	ck_assert_uint_eq(json_array_size(rules), TALLY_RULE_SYMBOLS + 1);
	json_t *seen = json_object();
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const char *id = string_at(json_array_get(rules, i), "id");
		ck_assert_msg(json_object_get(seen, id) == NULL, "twice: %s", id);
		ck_assert_ptr_null(strchr(id, ' '));
		json_object_set_new(seen, id, json_true());
	}
	ck_assert_ptr_nonnull(json_object_get(seen, "M-31/offset"));
	ck_assert_ptr_nonnull(json_object_get(seen, "unchecked"));
	json_decref(seen);
	const json_t *rule = json_array_get(rules, TALLY_RULE_V_20);
	ck_assert_str_eq(string_at(rule, "id"), "V-20");
	ck_assert_str_eq(string_at(json_object_get(rule, "defaultConfiguration"), "level"), "error");
}
END_TEST

static const json_t *location_of(const json_t *result)
{
	const json_t *location = json_array_get(json_object_get(result, "locations"), 0);
	ck_assert_ptr_nonnull(location);
	return json_object_get(location, "physicalLocation");
}

static const char *uri_at(const json_t *result)
{
	return string_at(json_object_get(location_of(result), "artifactLocation"), "uri");
}

/* Each kind of place, down to a finding that has none. */
START_TEST(test_places)
{
	tally_finding finding = make_finding(TALLY_RULE_V_05);
	tally_collector_put(&findings, &finding);
	finding.document = "/home/job.jrn";
	tally_collector_put(&findings, &finding);
	finding.document = "sub\\DriveManifest.xml";
	tally_collector_put(&findings, &finding);
	finding.file_path = "\\..\\..\\etc\\passwd";
	tally_collector_put(&findings, &finding);
	finding.document = "\\..\\x";
	tally_collector_put(&findings, &finding);
	const json_t *run = check_run("/home/job.jrn", NULL);
	ck_assert_str_eq(uri_at(result_at(run, 0)), "file:///mnt/drive%201");
	ck_assert_str_eq(uri_at(result_at(run, 1)), "file:///home/job.jrn");
	ck_assert_ptr_null(json_object_get(location_of(result_at(run, 1)), "region"));
	ck_assert_str_eq(uri_at(result_at(run, 2)), "file:///mnt/drive%201/sub/DriveManifest.xml");
	ck_assert_str_eq(uri_at(result_at(run, 3)), "file:///mnt/drive%201/sub/DriveManifest.xml");
	ck_assert_str_eq(uri_at(result_at(run, 4)), "file:///mnt/drive%201");
}
END_TEST

/* Each document is where it was given, however it is called; only what is on the drive has the drive in front. */
START_TEST(test_papers)
{
	static const char *const papers[] = {NULL, "CopyLog.xml", "/home/v.xml", "sub/list.xml"};
	tally_finding finding = make_place();
	for (size_t i = 1; i < 4; i++) {
		finding.document = papers[i];
		finding.file_path = i == 1 ? finding.file_path : NULL;
		tally_collector_put(&findings, &finding);
	}
	finding.document = "\\DriveManifest.xml";
	tally_collector_put(&findings, &finding);
	const json_t *run = run_with("/mnt/drive 1", papers, 4, NULL);
	ck_assert_str_eq(uri_at(result_at(run, 0)), "file:///mnt/drive%201/pictures/city.jpg");
	const json_t *related = json_array_get(json_object_get(result_at(run, 0), "relatedLocations"), 0);
	related = json_object_get(json_object_get(related, "physicalLocation"), "artifactLocation");
	ck_assert_str_eq(string_at(related, "uri"), "CopyLog.xml");
	ck_assert_str_eq(uri_at(result_at(run, 1)), "file:///home/v.xml");
	ck_assert_str_eq(uri_at(result_at(run, 2)), "sub/list.xml");
	ck_assert_str_eq(uri_at(result_at(run, 3)), "file:///mnt/drive%201/DriveManifest.xml");
}
END_TEST

/* Where nothing but papers is left, no file is below any of them. */
START_TEST(test_papers_only)
{
	static const char *const papers[] = {"DriveManifest.xml", "v.xml"};
	tally_finding finding = make_place();
	for (size_t i = 0; i < 2; i++) {
		finding.document = papers[i];
		tally_collector_put(&findings, &finding);
	}
	const json_t *run = run_with("DriveManifest.xml", papers, 2, NULL);
	ck_assert_str_eq(uri_at(result_at(run, 0)), "DriveManifest.xml");
	ck_assert_str_eq(uri_at(result_at(run, 1)), "v.xml");
	ck_assert_ptr_null(json_object_get(result_at(run, 1), "relatedLocations"));
}
END_TEST

/* A range that a reader of signed numbers would take for a negative one is left out. */
START_TEST(test_large_numbers)
{
	tally_finding finding = make_place();
	finding.offset = UINT64_MAX;
	tally_collector_put(&findings, &finding);
	const json_t *run = check_run(NULL, NULL);
	ck_assert_ptr_null(json_object_get(location_of(result_at(run, 0)), "region"));
}
END_TEST

static const char *message_of(const char *message)
{
	static char copy[4096];
	page_begin(&out, SIZE_MAX);
	tally_collector_clear(&findings);
	tally_finding finding = make_finding(TALLY_RULE_V_05);
	finding.message = message;
	tally_collector_put(&findings, &finding);
	const json_t *run = check_run(NULL, NULL);
	snprintf(copy, sizeof copy, "%s", string_at(json_object_get(result_at(run, 0), "message"), "text"));
	return copy;
}

/* Viewers make links of [text](destination), also of those that a hostile document writes. */
START_TEST(test_links)
{
	ck_assert_str_eq(message_of("a[0] and (b)"), "a[0] and (b)");
	ck_assert_str_eq(message_of("see [this](http://evil)"), "see \\[this\\](http://evil)");
	char longest[3000];
	memset(longest, '[', sizeof longest - 1);
	memcpy(longest, "](", 2);
	longest[sizeof longest - 1] = '\0';
	ck_assert_uint_lt(strlen(message_of(longest)), 4096);
}
END_TEST

/* {0} is the place of an argument, and there is none (3.11.5). */
START_TEST(test_braces)
{
	ck_assert_str_eq(message_of("\\{6B29FC40-CA47}\\a {0} }{"), "\\{{6B29FC40-CA47}}\\a {{0}} }}{{");
	ck_assert_str_eq(message_of("[{0}](x)"), "\\[{{0}}\\](x)");
}
END_TEST

static const char *fingerprint_of(const tally_finding *finding)
{
	static char copies[2][32];
	static int next;
	page_begin(&out, SIZE_MAX);
	tally_collector_clear(&findings);
	tally_collector_put(&findings, finding);
	const json_t *run = check_run(NULL, NULL);
	char *copy = copies[next++ % 2];
	snprintf(copy, 32, "%s", string_at(json_object_get(result_at(run, 0), "partialFingerprints"), "subject/v1"));
	return copy;
}

START_TEST(test_fingerprints)
{
	tally_finding finding = make_place();
	char first[32];
	snprintf(first, sizeof first, "%s", fingerprint_of(&finding));
	finding.line = 15;
	finding.document_offset = 800;
	finding.message = "worded in another way";
	finding.actual = "0D";
	ck_assert_str_eq(fingerprint_of(&finding), first);
	finding.offset = 0;
	ck_assert_str_ne(fingerprint_of(&finding), first);
	finding = make_place();
	finding.blob_path = "pictures/city.jpg2";
	ck_assert_str_ne(fingerprint_of(&finding), first);
	finding = make_place();
	finding.has_range = false;
	snprintf(first, sizeof first, "%s", fingerprint_of(&finding));
	finding.actual = "0D";
	ck_assert_str_ne(fingerprint_of(&finding), first);
}
END_TEST

START_TEST(test_unchecked)
{
	const tally_error error = {.code = TALLY_ERROR_IO, .message = "no such directory"};
	tally_finding finding = make_place();
	tally_collector_put(&findings, &finding);
	const json_t *run = check_run(NULL, &error);
	const json_t *result = result_at(run, 0);
	ck_assert_str_eq(string_at(result, "ruleId"), "unchecked");
	ck_assert_int_eq(json_integer_value(json_object_get(result, "ruleIndex")), TALLY_RULE_SYMBOLS);
	ck_assert_str_eq(string_at(json_object_get(result, "message"), "text"), "no such directory");
	ck_assert_str_eq(string_at(result_at(run, 1), "ruleId"), "V-20");
	const json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
	ck_assert(json_is_false(json_object_get(invocation, "executionSuccessful")));
	ck_assert_int_eq(json_integer_value(json_object_get(invocation, "exitCode")), 3);
}
END_TEST

/* Documents with and without findings, in any order: the results are one list. */
START_TEST(test_lint)
{
	const tally_lint_result good = {.kind = TALLY_DOCUMENT_MANIFEST, .valid = true};
	const tally_lint_result bad = {.kind = TALLY_DOCUMENT_MANIFEST};
	tally_collector none;
	tally_collector_init(&none);
	tally_finding finding = make_place();
	finding.document = "./docs/b\\c.xml";
	tally_collector_put(&findings, &finding);
	const tally_lint_report reports[] = {
	    {.path = "a.xml", .result = &good, .findings = &none},
	    {.path = "b.xml", .result = &bad, .findings = &findings},
	    {.path = "c.xml", .result = &good, .findings = &none},
	    {.path = "d.xml", .result = &bad, .findings = &findings},
	};
	tally_lint_totals totals = {0};
	tally_report_sarif.lint_begin(&out.writer);
	for (size_t i = 0; i < 4; i++) {
		tally_report_sarif.lint_document(&out.writer, &style, &totals, &reports[i]);
		tally_lint_totals_add(&totals, &reports[i]);
	}
	tally_report_sarif.lint_end(&out.writer, &totals);
	const json_t *run = parse();
	ck_assert_uint_eq(json_array_size(json_object_get(run, "results")), 2);
	/* The document is what is wrong, whatever file it speaks of; and a backslash is part of a name here. */
	ck_assert_str_eq(uri_at(result_at(run, 0)), "docs/b%5Cc.xml");
	const json_t *region = json_object_get(location_of(result_at(run, 0)), "region");
	ck_assert_int_eq(json_integer_value(json_object_get(region, "startLine")), 14);
	ck_assert_int_eq(json_integer_value(json_object_get(region, "byteOffset")), 700);
}
END_TEST

START_TEST(test_omitted)
{
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.message = "m";
	for (int i = 0; i < TALLY_COLLECTOR_GROUP_MAX + 3; i++)
		tally_collector_put(&findings, &finding);
	check_run(NULL, NULL);
	ck_assert_ptr_nonnull(strstr(out.text, "\"findingsOmitted\": 3}"));
}
END_TEST

START_TEST(test_failing_output)
{
	page_begin(&out, 10000);
	tally_report_sarif.lint_begin(&out.writer);
	tally_report_sarif.lint_end(&out.writer, &(tally_lint_totals){0});
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
	ck_assert_uint_le(out.size, 10000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/sarif");
	TCase *tests = tcase_create("sarif");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_golden);
	tcase_add_test(tests, test_rules);
	tcase_add_test(tests, test_places);
	tcase_add_test(tests, test_papers);
	tcase_add_test(tests, test_papers_only);
	tcase_add_test(tests, test_large_numbers);
	tcase_add_test(tests, test_links);
	tcase_add_test(tests, test_braces);
	tcase_add_test(tests, test_fingerprints);
	tcase_add_test(tests, test_unchecked);
	tcase_add_test(tests, test_lint);
	tcase_add_test(tests, test_omitted);
	tcase_add_test(tests, test_failing_output);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
