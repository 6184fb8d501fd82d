/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule that a document can break by itself has a good and a bad document in the corpus, named by the rule. */
#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <stdio.h>
#include <unistd.h>

/* What can't have a small file, and where it is tested instead. */
static const struct {
	const char *rule, *reason;
} exceptions[] = {
    {"XML-03", "limits of megabytes and thousands: made by manifest_hostile_test"},
    {"XML-05", "no reader finds it, but recognising, which comes before: lint's tests"},
    {"M-40.count", "50,001 blocks: made by manifest_entry_test"},
    {"J-03", "2 MB: made by journal_test"},
};

static bool is_exception(const char *name)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (strcmp(exceptions[i].rule, name) == 0)
			return true;
	return false;
}

static const struct {
	const char *folder, *ending;
} folders[] = {
    {"corpus/manifest", ".xml"},
    {"corpus/journal", ".jrn"},
    {"corpus/metadata", ".xml"},
    {"corpus/properties", ".xml"},
};

#define FOLDERS (sizeof folders / sizeof folders[0])

/* Families whose documents the first folders hold; the others bring theirs along. */
static bool is_in_family(const char *id)
{
	static const char *const families[] = {"XML-", "M-", "N-", "J-", "B-", "R-", "MP-"};
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strncmp(id, families[i], strlen(families[i])) == 0)
			return true;
	return false;
}

static bool is_there(const char *name, const char *kind)
{
	for (size_t i = 0; i < FOLDERS; i++) {
		char file[256];
		snprintf(file, sizeof file, "%s/%s.%s%s", folders[i].folder, name, kind, folders[i].ending);
		if (access(source_path(file), R_OK) == 0)
			return true;
	}
	return false;
}

START_TEST(test_every_rule_of_a_document_has_a_good_and_a_bad_one)
{
	size_t missing = 0, rules = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX];
		rule_name(rule, name);
		if (rule->scope != TALLY_SCOPE_DOCUMENT || !is_in_family(rule->id) || is_exception(name))
			continue;
		rules++;
		bool good = is_there(name, "good"), bad = is_there(name, "bad");
		if (!good || !bad)
			printf("%s: no %s document in the corpus\n", name,
			       good  ? "bad"
			       : bad ? "good"
				     : "good and no bad");
		missing += !good || !bad;
	}
	ck_assert_msg(missing == 0, "%zu of %zu rules lack documents", missing, rules);
	ck_assert_uint_gt(rules, 80);
}
END_TEST

START_TEST(test_every_exception_is_needed)
{
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
}
END_TEST

/* So that no document is overlooked because of a slip in its name. */
START_TEST(test_every_document_is_named_by_a_rule)
{
	for (size_t k = 0; k < FOLDERS; k++) {
		file_list files = files_in(folders[k].folder, folders[k].ending);
		ck_assert_msg(files.count > 0, "%s is empty", folders[k].folder);
		for (size_t n = 0; n < files.count; n++) {
			bool known = false;
			for (size_t i = 0; i < tally_rule_count() && !known; i++) {
				char name[RULE_NAME_MAX], good[RULE_NAME_MAX + 16], bad[RULE_NAME_MAX + 16];
				rule_name(tally_rule_at(i), name);
				snprintf(good, sizeof good, "%s.good%s", name, folders[k].ending);
				snprintf(bad, sizeof bad, "%s.bad%s", name, folders[k].ending);
				known = tally_rule_at(i)->scope == TALLY_SCOPE_DOCUMENT &&
					(strcmp(files.names[n], good) == 0 || strcmp(files.names[n], bad) == 0);
			}
			ck_assert_msg(known, "%s/%s is named by no rule", folders[k].folder, files.names[n]);
		}
		files_clear(&files);
	}
}
END_TEST

int main(void)
{
	return suite_run("corpus", (const suite_test[]){{test_every_rule_of_a_document_has_a_good_and_a_bad_one, 0},
							{test_every_exception_is_needed, 0},
							{test_every_document_is_named_by_a_rule, 0},
							{NULL, 0}});
}
