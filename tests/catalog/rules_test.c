/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of rules: complete against the compilation of the public documents, which shares nothing with it, and
 * consistent in itself.
 */
#include "catalog/rules.h"

#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(test_rows_are_complete_and_unique)
{
	bool facts = false;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX], other[RULE_NAME_MAX];
		rule_name(rule, name);
		facts = facts || rule->scope == TALLY_SCOPE_FACT;
		ck_assert_msg((rule->scope == TALLY_SCOPE_FACT) == facts, "%s: facts come behind the rules", name);
		ck_assert_msg(facts || rule->advice[0] != '\0', "%s has no advice", name);
		ck_assert_msg(rule->source[0] != '\0', "%s has no source", name);
		const char *const sentences[] = {rule->summary, rule->advice};
		for (size_t k = 0; k < (facts ? 1 : 2); k++) {
			size_t length = strlen(sentences[k]);
			ck_assert_msg(length > 10 && sentences[k][length - 1] == '.', "%s: \"%s\" is no sentence", name,
				      sentences[k]);
			ck_assert_msg(strpbrk(sentences[k], "\t\n") == NULL, "%s: a control character", name);
		}
		for (size_t k = 0; k < i; k++)
			REQUIRE(strcmp(rule_name(tally_rule_at(k), other), name) != 0, "%s is there twice", name);
	}
	ck_assert_ptr_null(tally_rule_at(tally_rule_count()));
	ck_assert_ptr_null(tally_rule_at(SIZE_MAX));
}
END_TEST

START_TEST(test_a_symbol_finds_its_row)
{
	ck_assert_str_eq(tally_rule_of(TALLY_RULE_XML_01)->id, "XML-01");
	ck_assert_str_eq(tally_rule_of(TALLY_RULE_M_31_OFFSET)->id, "M-31");
	ck_assert_str_eq(tally_rule_of(TALLY_RULE_M_31_OFFSET)->aspect, "offset");
	ck_assert_str_eq(tally_rule_of(TALLY_RULE_V_42)->id, "V-42");
	for (size_t i = 0; i < TALLY_RULE_SYMBOLS; i++)
		ck_assert_ptr_eq(tally_rule_of((tally_rule_symbol)i), tally_rule_at(i));
	ck_assert_int_ne(tally_rule_at(TALLY_RULE_SYMBOLS - 1)->scope, TALLY_SCOPE_FACT);
}
END_TEST

/* A rule of any document's form gets level and status from the document's grammar; what the table names is a
 * manifest's. */
START_TEST(test_every_status_exists_at_the_rules_level)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		tally_level level = rule->level == TALLY_LEVEL_DOCUMENT ? TALLY_LEVEL_DRIVE : rule->level;
		ck_assert_msg(rule->status == NULL || tally_status_find(level, rule->status) != NULL,
			      "%s %s: no status %s at level %s", rule->id, rule->aspect, rule->status,
			      tally_level_name(level));
		ck_assert_msg(rule->scope != TALLY_SCOPE_FACT || rule->status == NULL, "%s has a status", rule->id);
		ck_assert_msg(rule->severity != TALLY_SEVERITY_NOTE || rule->status == NULL,
			      "%s %s: a note leads to no status", rule->id, rule->aspect);
	}
	/* These two are told at both levels. */
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_PROPERTIES, "FileNameInvalid"));
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_PROPERTIES, "FileNameTooLong"));
}
END_TEST

START_TEST(test_names_of_severities)
{
	ck_assert_str_eq(tally_severity_name(TALLY_SEVERITY_ERROR), "error");
	ck_assert_str_eq(tally_severity_name(TALLY_SEVERITY_WARNING), "warning");
	ck_assert_str_eq(tally_severity_name(TALLY_SEVERITY_NOTE), "note");
}
END_TEST

/* ---- against formats.md: "- **M-01** …" and "| M-10 | …" define an id ---- */

static bool defined_by(const char *line, char id[16])
{
	const char *start = strncmp(line, "- **", 4) == 0 ? line + 4 : strncmp(line, "| ", 2) == 0 ? line + 2 : NULL;
	if (start == NULL)
		return false;
	size_t letters = strspn(start, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (letters == 0 || letters > 3 || start[letters] != '-' || !isdigit((unsigned char)start[letters + 1]) ||
	    !isdigit((unsigned char)start[letters + 2]) || isalnum((unsigned char)start[letters + 3]))
		return false;
	snprintf(id, 16, "%.*s", (int)letters + 3, start);
	return true;
}

static bool is_in_catalogue(const char *id)
{
	for (size_t i = 0; i < tally_rule_count(); i++)
		if (strcmp(tally_rule_at(i)->id, id) == 0)
			return true;
	return false;
}

START_TEST(test_every_rule_of_the_compilation_has_a_row)
{
	const char *path = shared_path("reference/formats.md");
	if (path == NULL)
		return;
	static const char *const whole_families[] = {"M-", "MP-", "J-", "B-"};
	test_text page = file_read(path);
	size_t seen = 0;
	for (char *line = strtok(page.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char id[16];
		if (!defined_by(line, id))
			continue;
		for (size_t i = 0; i < sizeof whole_families / sizeof whole_families[0]; i++) {
			if (strncmp(id, whole_families[i], strlen(whole_families[i])) != 0)
				continue;
			seen++;
			ck_assert_msg(is_in_catalogue(id), "%s has no row", id);
		}
	}
	ck_assert_uint_gt(seen, 70);
	text_clear(&page);
}
END_TEST

/* What the notations and the replay demand has ids of this program. */
static bool is_ours(const char *id)
{
	static const char *const families[] = {"XML-", "JSON-", "CSV-", "V-", "W-", "A-"};
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strncmp(id, families[i], strlen(families[i])) == 0)
			return true;
	return false;
}

START_TEST(test_every_row_is_a_rule_of_the_compilation_or_ours)
{
	static const char *const pages[] = {"reference/formats.md", "reference/states.md"};
	test_text page = {0};
	for (size_t i = 0; i < 2; i++) {
		const char *path = shared_path(pages[i]);
		if (path == NULL)
			return;
		test_text part = file_read(path);
		text_add(&page, part.data, part.size);
		text_clear(&part);
	}
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const char *id = tally_rule_at(i)->id;
		bool ours = is_ours(id);
		char item[24], cell[24], plain[24];
		snprintf(item, sizeof item, "- **%s**", id);
		snprintf(cell, sizeof cell, "| %s |", id);
		snprintf(plain, sizeof plain, "- %s ", id);
		bool defined = strstr(page.data, item) != NULL || strstr(page.data, cell) != NULL ||
			       strstr(page.data, plain) != NULL;
		ck_assert_msg(defined != ours, "%s: %s", id,
			      ours ? "that id is taken" : "the compilation does not know it");
	}
	text_clear(&page);
}
END_TEST

int main(void)
{
	return suite_run("rules", (const suite_test[]){{test_rows_are_complete_and_unique, 0},
						       {test_a_symbol_finds_its_row, 0},
						       {test_every_status_exists_at_the_rules_level, 0},
						       {test_names_of_severities, 0},
						       {test_every_rule_of_the_compilation_has_a_row, 0},
						       {test_every_row_is_a_rule_of_the_compilation_or_ours, 0},
						       {NULL, 0}});
}
