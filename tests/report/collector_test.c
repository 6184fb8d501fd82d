/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "report/report_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static tally_collector collector;

static void set_up(void)
{
	tally_collector_init(&collector);
}

static void tear_down(void)
{
	tally_collector_clear(&collector);
}

static void put(tally_rule_symbol rule, uint64_t count)
{
	tally_finding finding = make_finding(rule);
	for (uint64_t i = 0; i < count; i++) {
		finding.offset = i;
		tally_collector_put(&collector, &finding);
	}
}

/* The library's text is gone when the callback returns. */
START_TEST(test_copies_are_deep)
{
	char text[6][32] = {"blob", "file", "document", "expected", "actual", "message"};
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.blob_path = text[0];
	finding.file_path = text[1];
	finding.document = text[2];
	finding.expected = text[3];
	finding.actual = text[4];
	finding.message = text[5];
	finding.line = 7;
	finding.document_offset = 99;
	finding.has_range = true;
	finding.offset = 1;
	finding.length = 2;
	tally_collector_put(&collector, &finding);
	memset(text, 'x', sizeof text - 1);
	const tally_finding *kept = &collector.kept[0]->finding;
	ck_assert_str_eq(kept->blob_path, "blob");
	ck_assert_str_eq(kept->file_path, "file");
	ck_assert_str_eq(kept->document, "document");
	ck_assert_str_eq(kept->expected, "expected");
	ck_assert_str_eq(kept->actual, "actual");
	ck_assert_str_eq(kept->message, "message");
	ck_assert_ptr_eq(kept->rule, finding.rule);
	ck_assert_ptr_eq(kept->status, finding.status);
	ck_assert_uint_eq(kept->line, 7);
	ck_assert_uint_eq(kept->document_offset, 99);
	ck_assert(kept->has_range && kept->offset == 1 && kept->length == 2);
}
END_TEST

START_TEST(test_absent_text_stays_absent)
{
	put(TALLY_RULE_V_20, 1);
	const tally_finding *kept = &collector.kept[0]->finding;
	ck_assert_ptr_null(kept->blob_path);
	ck_assert_ptr_null(kept->file_path);
	ck_assert_ptr_null(kept->document);
	ck_assert_ptr_null(kept->expected);
	ck_assert_ptr_null(kept->actual);
	ck_assert_str_eq(kept->message, "made by hand");
}
END_TEST

START_TEST(test_one_kind_is_bounded)
{
	put(TALLY_RULE_V_20, TALLY_COLLECTOR_GROUP_MAX + 7);
	put(TALLY_RULE_V_10, 1);
	ck_assert_uint_eq(collector.group_count, 2);
	ck_assert_uint_eq(collector.groups[0].kept, TALLY_COLLECTOR_GROUP_MAX);
	ck_assert_uint_eq(collector.groups[0].total, TALLY_COLLECTOR_GROUP_MAX + 7);
	ck_assert_uint_eq(collector.groups[1].kept, 1);
	ck_assert_uint_eq(collector.total, TALLY_COLLECTOR_GROUP_MAX + 8);
	ck_assert_uint_eq(tally_collector_omitted(&collector), 7);
	ck_assert_uint_eq(tally_collector_count(&collector, TALLY_SEVERITY_ERROR), TALLY_COLLECTOR_GROUP_MAX + 8);
}
END_TEST

/* What differs in severity, level or status is another kind. */
START_TEST(test_kinds)
{
	tally_finding finding = make_finding(TALLY_RULE_V_32);
	tally_collector_put(&collector, &finding);
	tally_collector_put(&collector, &finding);
	finding.level = TALLY_LEVEL_PROPERTIES;
	tally_collector_put(&collector, &finding);
	finding.status = tally_status_find(TALLY_LEVEL_PROPERTIES, "Corrupted");
	tally_collector_put(&collector, &finding);
	finding.severity = TALLY_SEVERITY_WARNING;
	tally_collector_put(&collector, &finding);
	ck_assert_uint_eq(collector.group_count, 4);
	ck_assert_uint_eq(collector.groups[0].total, 2);
	ck_assert_uint_eq(tally_collector_count(&collector, TALLY_SEVERITY_ERROR), 4);
	ck_assert_uint_eq(tally_collector_count(&collector, TALLY_SEVERITY_WARNING), 1);
	ck_assert_uint_eq(tally_collector_count(&collector, TALLY_SEVERITY_NOTE), 0);
}
END_TEST

/* However many kinds are noisy, one that comes last is still seen. */
START_TEST(test_all_kinds_are_bounded_and_late_ones_are_kept)
{
	enum { KINDS = TALLY_COLLECTOR_MAX / TALLY_COLLECTOR_GROUP_MAX + 5 };
	for (int i = 0; i < KINDS; i++)
		put((tally_rule_symbol)i, TALLY_COLLECTOR_GROUP_MAX + 10);
	size_t general = TALLY_COLLECTOR_MAX - TALLY_COLLECTOR_RESERVED;
	size_t silenced = KINDS - general / TALLY_COLLECTOR_GROUP_MAX;
	ck_assert_uint_eq(collector.kept_count, general + silenced * TALLY_COLLECTOR_FIRST);
	ck_assert_uint_eq(collector.groups[KINDS - 1].kept, TALLY_COLLECTOR_FIRST);
	ck_assert_uint_eq(collector.groups[KINDS - 1].total, TALLY_COLLECTOR_GROUP_MAX + 10);
	ck_assert_uint_eq(collector.total, (uint64_t)KINDS * (TALLY_COLLECTOR_GROUP_MAX + 10));
	ck_assert_uint_eq(tally_collector_omitted(&collector), collector.total - collector.kept_count);
	for (int i = KINDS; i < TALLY_RULE_SYMBOLS; i++)
		put((tally_rule_symbol)i, 100);
	ck_assert_uint_le(collector.kept_count, TALLY_COLLECTOR_MAX);
}
END_TEST

START_TEST(test_long_names_are_bounded)
{
	size_t size = (size_t)1 << 20;
	char *name = malloc(size);
	ck_assert_ptr_nonnull(name);
	memset(name, 'n', size - 1);
	name[size - 1] = '\0';
	tally_finding finding = make_finding(TALLY_RULE_V_20);
	finding.file_path = name;
	for (int i = 0; i < 100; i++)
		tally_collector_put(&collector, &finding);
	ck_assert_uint_le(collector.bytes, TALLY_COLLECTOR_BYTES_MAX);
	ck_assert_uint_eq(collector.kept_count, 63);
	ck_assert_uint_eq(tally_collector_omitted(&collector), 37);
	/* A short one still finds room. */
	put(TALLY_RULE_V_10, 1);
	ck_assert_uint_eq(collector.kept_count, 64);
	free(name);
}
END_TEST

/* The findings of a group can be followed in the order in which they came, whatever came between. */
START_TEST(test_group_chains)
{
	for (uint64_t i = 0; i < 30; i++) {
		tally_finding finding = make_finding(i % 3 == 0 ? TALLY_RULE_V_10 : TALLY_RULE_V_20);
		finding.offset = i;
		tally_collector_put(&collector, &finding);
	}
	uint64_t expected = 0;
	for (size_t i = collector.groups[0].first; i != TALLY_COLLECTOR_END; i = collector.kept[i]->next) {
		ck_assert_uint_eq(collector.kept[i]->finding.offset, expected);
		expected += 3;
	}
	ck_assert_uint_eq(expected, 30);
}
END_TEST

START_TEST(test_worst_first)
{
	/* In the order in which they come; `place` is where each belongs. */
	static const struct {
		tally_severity severity;
		tally_level level;
		const char *status;
		size_t place;
	} kinds[] = {
	    {TALLY_SEVERITY_NOTE, TALLY_LEVEL_DRIVE, NULL, 7},
	    {TALLY_SEVERITY_WARNING, TALLY_LEVEL_DRIVE, NULL, 6},
	    {TALLY_SEVERITY_ERROR, TALLY_LEVEL_DRIVE, "ManifestFormatInvalid", 0},
	    {TALLY_SEVERITY_ERROR, TALLY_LEVEL_SEGMENT, "Corrupted", 3},
	    {TALLY_SEVERITY_ERROR, TALLY_LEVEL_DRIVE, NULL, 4},
	    {TALLY_SEVERITY_ERROR, TALLY_LEVEL_BLOB, "FileNotFound", 2},
	    {TALLY_SEVERITY_WARNING, TALLY_LEVEL_SEGMENT, "BlobRequestFailed", 5},
	    {TALLY_SEVERITY_ERROR, TALLY_LEVEL_DRIVE, "ManifestCorrupted", 1},
	};
	enum { KINDS = sizeof kinds / sizeof kinds[0] };
	for (size_t i = 0; i < KINDS; i++) {
		tally_finding finding = make_finding(TALLY_RULE_V_20);
		finding.severity = kinds[i].severity;
		finding.level = kinds[i].level;
		finding.status = tally_status_find(kinds[i].level, kinds[i].status);
		ck_assert_int_eq(finding.status == NULL, kinds[i].status == NULL);
		tally_collector_put(&collector, &finding);
	}
	const tally_finding_group *group = NULL;
	for (size_t place = 0; place < KINDS; place++) {
		group = tally_collector_next(&collector, group);
		ck_assert_ptr_nonnull(group);
		ck_assert_uint_eq(kinds[group - collector.groups].place, place);
	}
	ck_assert_ptr_null(tally_collector_next(&collector, group));
}
END_TEST

START_TEST(test_empty)
{
	ck_assert_ptr_null(tally_collector_next(&collector, NULL));
	ck_assert_uint_eq(tally_collector_omitted(&collector), 0);
}
END_TEST

static int allocations_left;

static int fault(void)
{
	return allocations_left-- == 0;
}

/* Whichever allocation fails: it is noticed, counting goes on, and nothing leaks. */
START_TEST(test_short_memory)
{
	int failures = 0;
	for (int n = 0;; n++) {
		tally_collector_init(&collector);
		allocations_left = n;
		tally_allocation_fault = fault;
		put(TALLY_RULE_V_20, 20);
		put(TALLY_RULE_V_10, 20);
		tally_allocation_fault = NULL;
		bool failed = allocations_left < 0;
		ck_assert_int_eq(collector.out_of_memory, failed);
		ck_assert_uint_eq(collector.total, 40);
		ck_assert_uint_eq(tally_collector_omitted(&collector), failed ? 1 : 0);
		tally_collector_clear(&collector);
		if (!failed)
			break;
		failures++;
	}
	ck_assert_int_gt(failures, 40);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/collector");
	TCase *tests = tcase_create("collector");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_copies_are_deep);
	tcase_add_test(tests, test_absent_text_stays_absent);
	tcase_add_test(tests, test_one_kind_is_bounded);
	tcase_add_test(tests, test_kinds);
	tcase_add_test(tests, test_all_kinds_are_bounded_and_late_ones_are_kept);
	tcase_add_test(tests, test_long_names_are_bounded);
	tcase_add_test(tests, test_group_chains);
	tcase_add_test(tests, test_worst_first);
	tcase_add_test(tests, test_empty);
	tcase_add_test(tests, test_short_memory);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
