/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule that a document can break by itself has a good and a bad document in the corpus, named by the rule. */
#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

/* What can't have a small file, and where it is tested instead. */
static const struct {
	const char *rule, *reason;
} exceptions[] = {
    {"XML-03", "limits of megabytes and thousands: made by manifest_hostile_test"},
    {"XML-05", "no reader finds it, but recognising, which comes before: lint's tests"},
    {"M-40.count", "50,001 blocks: made by manifest_entry_test"},
    {"J-03", "2 MB: made by journal_test"},
    {"X-04.compared", "100,001 prefixes: made by blob_list_limits_test"},
};

static bool is_exception(const char *name)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (strcmp(exceptions[i].rule, name) == 0)
			return true;
	return false;
}

/* ---- the folders of the corpus, one for each kind of document ---- */

static file_list folders;

static void list_folders(void)
{
	folders = files_in("corpus", "");
	size_t kept = 0;
	for (size_t i = 0; i < folders.count; i++) {
		bool is_folder = strchr(folders.names[i], '.') == NULL;
		char *name = folders.names[i];
		folders.names[i] = NULL;
		if (is_folder)
			folders.names[kept++] = name;
		else
			free(name);
	}
	folders.count = kept;
	ck_assert_uint_ge(folders.count, 4);
}

static file_list documents_in(const char *folder)
{
	char path[256];
	snprintf(path, sizeof path, "corpus/%s", folder);
	return files_in(path, "");
}

/* "M-31.offset.bad.xml" is a bad document of "M-31.offset"; the ending is its kind's business. */
static bool is_named(const char *file, const char *rule, const char *kind)
{
	char start[RULE_NAME_MAX + 16];
	int length = snprintf(start, sizeof start, "%s.%s.", rule, kind);
	return strncmp(file, start, (size_t)length) == 0;
}

static bool is_there(const char *rule, const char *kind)
{
	bool found = false;
	for (size_t i = 0; i < folders.count && !found; i++) {
		file_list files = documents_in(folders.names[i]);
		for (size_t n = 0; n < files.count; n++)
			found = found || is_named(files.names[n], rule, kind);
		files_clear(&files);
	}
	return found;
}

START_TEST(test_every_rule_of_a_document_has_a_good_and_a_bad_one)
{
	test_text missing = {0};
	size_t rules = 0;
	list_folders();
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX];
		rule_name(rule, name);
		if (rule->scope != TALLY_SCOPE_DOCUMENT || is_exception(name))
			continue;
		rules++;
		if (!is_there(name, "good"))
			text_print(&missing, " %s.good", name);
		if (!is_there(name, "bad"))
			text_print(&missing, " %s.bad", name);
	}
	ck_assert_msg(missing.size == 0, "not in the corpus:%s", missing.data);
	ck_assert_uint_gt(rules, 80);
	files_clear(&folders);
}
END_TEST

START_TEST(test_every_exception_is_needed)
{
	list_folders();
	for (size_t e = 0; e < sizeof exceptions / sizeof exceptions[0]; e++) {
		bool known = false;
		for (size_t i = 0; i < tally_rule_count(); i++) {
			char name[RULE_NAME_MAX];
			known = known || (tally_rule_at(i)->scope == TALLY_SCOPE_DOCUMENT &&
					  strcmp(rule_name(tally_rule_at(i), name), exceptions[e].rule) == 0);
		}
		ck_assert_msg(known, "%s is no rule of documents", exceptions[e].rule);
		ck_assert_msg(!is_there(exceptions[e].rule, "bad"), "%s has a document after all", exceptions[e].rule);
	}
	files_clear(&folders);
}
END_TEST

static bool is_named_by_a_rule(const char *file)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		char name[RULE_NAME_MAX];
		rule_name(tally_rule_at(i), name);
		if (tally_rule_at(i)->scope == TALLY_SCOPE_DOCUMENT &&
		    (is_named(file, name, "good") || is_named(file, name, "bad")))
			return true;
	}
	return false;
}

/* So that no document is overlooked because of a slip in its name. */
START_TEST(test_every_good_or_bad_document_is_named_by_a_rule)
{
	list_folders();
	for (size_t k = 0; k < folders.count; k++) {
		file_list files = documents_in(folders.names[k]);
		for (size_t n = 0; n < files.count; n++) {
			const char *file = files.names[n];
			bool judged = strstr(file, ".good.") != NULL || strstr(file, ".bad.") != NULL;
			ck_assert_msg(!judged || is_named_by_a_rule(file), "%s/%s is named by no rule",
				      folders.names[k], file);
		}
		files_clear(&files);
	}
	files_clear(&folders);
}
END_TEST

int main(void)
{
	return suite_run("corpus", (const suite_test[]){{test_every_rule_of_a_document_has_a_good_and_a_bad_one, 0},
							{test_every_exception_is_needed, 0},
							{test_every_good_or_bad_document_is_named_by_a_rule, 0},
							{NULL, 0}});
}
