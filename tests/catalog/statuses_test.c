/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of statuses: complete, exactly spelled, and consistent in itself. statuses_reference_test.c holds it against
 * the documents.
 */
#include "tallyman.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 512

static const struct {
	tally_level level;
	const char *name;
	size_t count;
} levels[] = {
    {TALLY_LEVEL_DRIVE, "drive", 23},
    {TALLY_LEVEL_BLOB, "blob", 13},
    {TALLY_LEVEL_SEGMENT, "segment", 10},
    {TALLY_LEVEL_METADATA, "metadata", 12},
    {TALLY_LEVEL_PROPERTIES, "properties", 12},
    {TALLY_LEVEL_DISPOSITION, "disposition", 5},
    {TALLY_LEVEL_DOCUMENT, "document", 0},
    {TALLY_LEVEL_JOB, "job", 18}, /* 10 classic states and 11 statuses, three of which have one name */
    {TALLY_LEVEL_DRIVE_STATE, "drive_state", 7},
    {TALLY_LEVEL_PORTAL, "portal", 19},
    {TALLY_LEVEL_COPY_STATUS, "copy_status", 18},
    {TALLY_LEVEL_STAGE, "stage", 20},
    {TALLY_LEVEL_LOG_CODE, "log_code", 27},
};

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_whole_job(const tally_status *row)
{
	return row->level == TALLY_LEVEL_JOB || row->level == TALLY_LEVEL_STAGE;
}

/* ---- the table by itself ---- */

START_TEST(test_every_level_has_as_many_rows_as_the_documents_name)
{
	size_t total = 0;

	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		size_t count = 0;

		for (size_t row = 0; row < tally_status_count(); row++)
			count += tally_status_at(row)->level == levels[i].level;
		ck_assert_msg(count == levels[i].count, "%s: %zu rows, not %zu", levels[i].name, count,
			      levels[i].count);
		total += count;
	}
	ck_assert_uint_eq(total, tally_status_count());
}
END_TEST

START_TEST(test_rows_stand_in_the_order_of_levels)
{
	for (size_t row = 1; row < tally_status_count(); row++)
		ck_assert_msg(tally_status_at(row - 1)->level <= tally_status_at(row)->level, "%s",
			      tally_status_at(row)->code);
}
END_TEST

START_TEST(test_no_code_stands_twice_in_a_level)
{
	for (size_t a = 0; a < tally_status_count(); a++) {
		for (size_t b = a + 1; b < tally_status_count(); b++) {
			const tally_status *first = tally_status_at(a);
			const tally_status *second = tally_status_at(b);

			ck_assert_msg(first->level != second->level || strcmp(first->code, second->code) != 0, "%s: %s",
				      tally_level_name(first->level), first->code);
		}
	}
}
END_TEST

START_TEST(test_index_out_of_range_gives_null)
{
	ck_assert_ptr_nonnull(tally_status_at(tally_status_count() - 1));
	ck_assert_ptr_null(tally_status_at(tally_status_count()));
	ck_assert_ptr_null(tally_status_at(SIZE_MAX));
}
END_TEST

/* ---- finding ---- */

START_TEST(test_find_finds_every_row)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		char copy[128];

		/* A copy, so that comparing addresses of literals would not do. */
		ck_assert_int_lt(snprintf(copy, sizeof copy, "%s", status->code), sizeof copy);
		ck_assert_ptr_eq(tally_status_find(status->level, copy), status);
	}
}
END_TEST

/* Nothing may be found but a row that really is spelled so. */
static void assert_exact(tally_level level, const char *code)
{
	const tally_status *found = tally_status_find(level, code);

	ck_assert_msg(found == NULL || (found->level == level && strcmp(found->code, code) == 0), "\"%s\" found as %s",
		      code, found != NULL ? found->code : "");
}

START_TEST(test_find_finds_no_misspelling)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		size_t length = strlen(status->code);
		char code[128];

		snprintf(code, sizeof code, "%s ", status->code);
		ck_assert_ptr_null(tally_status_find(status->level, code));
		snprintf(code, sizeof code, " %s", status->code);
		ck_assert_ptr_null(tally_status_find(status->level, code));
		for (size_t i = 0; i < length; i++) {
			snprintf(code, sizeof code, "%.*s", (int)i, status->code);
			assert_exact(status->level, code);
			snprintf(code, sizeof code, "%s", status->code);
			code[i] = (char)(islower((unsigned char)code[i]) ? toupper((unsigned char)code[i])
									 : tolower((unsigned char)code[i]));
			assert_exact(status->level, code);
		}
		for (size_t i = 0; i < LEVEL_COUNT; i++)
			assert_exact(levels[i].level, status->code);
	}
}
END_TEST

START_TEST(test_find_keeps_the_spellings_of_the_sources_apart)
{
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_JOB, "Canceled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_JOB, "Cancelled"));
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_STAGE, "Cancelled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_STAGE, "Canceled"));
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_SEGMENT, "Cancelled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_SEGMENT, "Canceled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_JOB, "Complete"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_DRIVE, "Manifest file error"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_DOCUMENT, "Completed"));
}
END_TEST

START_TEST(test_find_takes_any_argument)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		ck_assert_ptr_null(tally_status_find(levels[i].level, NULL));
		ck_assert_ptr_null(tally_status_find(levels[i].level, ""));
	}
	ck_assert_ptr_null(tally_status_find((tally_level)99, "Completed"));
}
END_TEST

/* ---- texts ---- */

static void assert_sentence(const tally_status *row, const char *what, const char *text)
{
	const char *level = tally_level_name(row->level);
	size_t length = text != NULL ? strlen(text) : 0;

	ck_assert_msg(length >= 14 && length <= 300, "%s %s: %s has %zu characters", level, row->code, what, length);
	ck_assert_msg(text[length - 1] == '.', "%s %s: %s has no full stop", level, row->code, what);
	ck_assert_msg(isupper((unsigned char)text[0]), "%s %s: %s starts small", level, row->code, what);
	ck_assert_msg(strstr(text, "  ") == NULL, "%s %s: %s has two blanks in a row", level, row->code, what);
	for (size_t i = 0; i < length; i++) {
		ck_assert_msg(isprint((unsigned char)text[i]), "%s %s: %s has a control character", level, row->code,
			      what);
		/* Literals joined without the blank between them. */
		ck_assert_msg(strchr(";:", text[i]) == NULL || text[i + 1] == ' ', "%s %s: %s: no blank after %c",
			      level, row->code, what, text[i]);
	}
}

START_TEST(test_every_row_says_what_it_means_and_what_to_do)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		assert_sentence(status, "meaning", status->meaning);
		assert_sentence(status, "advice", status->advice);
		if (status->offline_evidence != NULL)
			assert_sentence(status, "evidence", status->offline_evidence);
	}
}
END_TEST

START_TEST(test_what_can_be_established_has_evidence)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		if (status->offline == TALLY_OFFLINE_YES || status->offline == TALLY_OFFLINE_PARTLY)
			ck_assert_msg(status->offline_evidence != NULL, "%s", status->code);
	}
}
END_TEST

START_TEST(test_every_level_has_its_own_name)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		ck_assert_str_eq(tally_level_name(levels[i].level), levels[i].name);
	ck_assert_str_eq(tally_level_name((tally_level)99), "unknown");
}
END_TEST

/* ---- neighbours ---- */

START_TEST(test_neighbours_are_rows_of_their_vocabulary)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		tally_level portal = is_whole_job(status) ? TALLY_LEVEL_JOB : TALLY_LEVEL_PORTAL;
		tally_level classic = is_whole_job(status) ? TALLY_LEVEL_JOB : TALLY_LEVEL_DRIVE_STATE;
		const tally_status *other;

		if (status->portal_state != NULL) {
			other = tally_status_find(portal, status->portal_state);
			ck_assert_msg(other != NULL && same(other->portal_state, other->code), "%s: %s", status->code,
				      status->portal_state);
		}
		if (status->classic_state != NULL) {
			other = tally_status_find(classic, status->classic_state);
			ck_assert_msg(other != NULL && same(other->classic_state, other->code), "%s: %s", status->code,
				      status->classic_state);
		}
		if (status->copy_status != NULL) {
			other = tally_status_find(TALLY_LEVEL_COPY_STATUS, status->copy_status);
			ck_assert_msg(other != NULL && same(other->copy_status, other->code), "%s: %s", status->code,
				      status->copy_status);
		}
	}
}
END_TEST

START_TEST(test_a_name_is_its_own_neighbour)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		if (status->level == TALLY_LEVEL_PORTAL)
			ck_assert_msg(same(status->portal_state, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_DRIVE_STATE)
			ck_assert_msg(same(status->classic_state, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_COPY_STATUS)
			ck_assert_msg(same(status->copy_status, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_JOB)
			ck_assert_msg(same(status->portal_state, status->code) ||
					  same(status->classic_state, status->code),
				      "%s", status->code);
	}
}
END_TEST

/* A verdict prints all of them, and they must not contradict each other. */
START_TEST(test_a_drive_status_has_all_neighbours_and_they_agree)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		const tally_status *portal;

		if (status->level != TALLY_LEVEL_DRIVE)
			continue;
		ck_assert_msg(status->portal_state && status->classic_state && status->copy_status, "%s", status->code);
		portal = tally_status_find(TALLY_LEVEL_PORTAL, status->portal_state);
		ck_assert_msg(same(portal->classic_state, status->classic_state), "%s", status->code);
		ck_assert_msg(same(status->classic_state, "CompletedMoreInfo") == !same(status->code, "Completed"),
			      "%s", status->code);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statuses");
	TCase *table = tcase_create("table");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(table, test_every_level_has_as_many_rows_as_the_documents_name);
	tcase_add_test(table, test_rows_stand_in_the_order_of_levels);
	tcase_add_test(table, test_no_code_stands_twice_in_a_level);
	tcase_add_test(table, test_index_out_of_range_gives_null);
	tcase_add_test(table, test_find_finds_every_row);
	tcase_add_test(table, test_find_finds_no_misspelling);
	tcase_add_test(table, test_find_keeps_the_spellings_of_the_sources_apart);
	tcase_add_test(table, test_find_takes_any_argument);
	tcase_add_test(table, test_every_row_says_what_it_means_and_what_to_do);
	tcase_add_test(table, test_what_can_be_established_has_evidence);
	tcase_add_test(table, test_every_level_has_its_own_name);
	tcase_add_test(table, test_neighbours_are_rows_of_their_vocabulary);
	tcase_add_test(table, test_a_name_is_its_own_neighbour);
	tcase_add_test(table, test_a_drive_status_has_all_neighbours_and_they_agree);
	suite_add_tcase(suite, table);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
