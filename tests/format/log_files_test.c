/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of the corpus, each with exactly the fault it is named after, and those that were published. */
#include "format/log_judge.h"
#include "support/documents.h"
#include "support/suite.h"

#include <stdio.h>
#include <unistd.h>

static tally_text text_of(const test_text *t)
{
	return (tally_text){t->data, t->size};
}

static void check_file(tally_document_kind kind, const char *path, const char *name)
{
	char rule[128];
	snprintf(rule, sizeof rule, "%s", name);
	char *bad = strstr(rule, ".bad.xml"), *good = strstr(rule, ".good.xml");
	ck_assert_msg(bad != NULL || good != NULL, "%s is named wrongly", path);
	*(bad != NULL ? bad : good) = '\0';
	test_text document = file_read(source_path(path));
	const tally_format *format = log_recognise(text_of(&document), SIZE_MAX);
	ck_assert_ptr_nonnull(format);
	ck_assert_int_eq(format->kind, kind);
	recorder r;
	log_judge(&r, kind, text_of(&document), path);
	recorder_expect(&r, bad != NULL ? rule : "", path);
	recorder_clear(&r);
	text_clear(&document);
}

START_TEST(test_corpus)
{
	tally_document_kind kind = log_kinds[_i];
	char folder[64], path[512];
	snprintf(folder, sizeof folder, "corpus/%s", tally_document_kind_name(kind));
	file_list files = files_in(folder, ".xml");
	ck_assert_uint_gt(files.count, 1);
	for (size_t i = 0; i < files.count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files.names[i]);
		check_file(kind, path, files.names[i]);
	}
	files_clear(&files);
}
END_TEST

static bool is_there(const char *name, const char *quality)
{
	for (size_t i = 0; i < 6; i++) {
		char path[256];
		snprintf(path, sizeof path, "corpus/%s/%s.%s.xml", tally_document_kind_name(log_kinds[i]), name,
			 quality);
		if (access(source_path(path), R_OK) == 0)
			return true;
	}
	return false;
}

START_TEST(test_every_rule_of_logs_has_a_good_and_a_bad_one)
{
	size_t rules = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		bool ours = strchr("LCS", rule->id[0]) != NULL && rule->id[1] == '-';
		if (!ours || rule->scope != TALLY_SCOPE_DOCUMENT)
			continue;
		char name[RULE_NAME_MAX];
		rule_name(rule, name);
		ck_assert_msg(is_there(name, "good") && is_there(name, "bad"), "%s lacks a document", name);
		rules++;
	}
	ck_assert_uint_gt(rules, 60);
}
END_TEST

/*
 * What their index says of them, in rules: none of them has an error. Those "not well-formed" as one document are so as
 * a fragment; the remains of a browser's view and of cutting are warnings; hashes with a blank, missing versions,
 * excerpts and numbers that don't match are the documents' contradictions.
 */
static const struct {
	const char *name;
	tally_document_kind kind;
	const char *rules;
} published[] = {
    {"drivelog-2014-11-01-verbose-desert-koala", TALLY_DOCUMENT_DRIVE_LOG, "L-12.blanks L-12.blanks L-12.blanks"},
    {"drivelog-2014-11-01-error-koala", TALLY_DOCUMENT_DRIVE_LOG, ""},
    {"drivelog-2014-11-01-error-import-filenotfound", TALLY_DOCUMENT_DRIVE_LOG, ""},
    {"drivelog-2014-11-01-error-export-properties-failed", TALLY_DOCUMENT_DRIVE_LOG, ""},
    {"drivelog-noversion-import-koala-corrupted", TALLY_DOCUMENT_DRIVE_LOG, "L-10.missing"},
    {"drivelog-noversion-export-desert-block-failed", TALLY_DOCUMENT_DRIVE_LOG, "L-10.missing"},
    {"drivelog-2018-10-01-verbose-completed", TALLY_DOCUMENT_DRIVE_LOG, "L-01.text"},
    {"drivelog-2018-10-01-error-none", TALLY_DOCUMENT_DRIVE_LOG, ""},
    {"drivelog-2018-10-01-error-containerrenamed", TALLY_DOCUMENT_DRIVE_LOG, ""},
    {"errorlog-2018-10-01-validation-not512aligned", TALLY_DOCUMENT_ERROR_LOG, ""},
    {"errorlog-2018-10-01-validation-container-names", TALLY_DOCUMENT_ERROR_LOG, ""},
    {"copylog-2021-08-01-import-renamed", TALLY_DOCUMENT_COPY_LOG, ""},
    {"copylog-2021-08-01-export-win32", TALLY_DOCUMENT_COPY_LOG, "C-14.files"},
    {"copylog-databox-import-succeeded", TALLY_DOCUMENT_COPY_LOG, "C-02.text"},
    {"copylog-databox-import-409", TALLY_DOCUMENT_COPY_LOG, ""},
    {"copylog-databox-import-containerrenamed", TALLY_DOCUMENT_COPY_LOG, "C-03.excerpt"},
    {"copylog-databox-import-blobrenamed", TALLY_DOCUMENT_COPY_LOG, "C-03.excerpt"},
    {"copylog-databox-export-succeeded", TALLY_DOCUMENT_COPY_LOG, ""},
    {"copylog-databox-export-appendblob", TALLY_DOCUMENT_COPY_LOG, ""},
    {"verboselog-2021-08-01-import", TALLY_DOCUMENT_VERBOSE_LOG, "C-02.text"},
    {"verboselog-2021-08-01-export", TALLY_DOCUMENT_VERBOSE_LOG, ""},
    {"verboselog-databox-export", TALLY_DOCUMENT_VERBOSE_LOG, ""},
    {"databox-error-blockblob", TALLY_DOCUMENT_ERROR_LIST, ""},
    {"databox-error-pageblob", TALLY_DOCUMENT_ERROR_LIST, ""},
    {"databox-error-azurefile", TALLY_DOCUMENT_ERROR_LIST, ""},
    {"databox-error-manageddisk", TALLY_DOCUMENT_ERROR_LIST, ""},
    {"databox-bom-blockblob", TALLY_DOCUMENT_BILL_OF_MATERIALS, ""},
};

#define PUBLISHED (sizeof published / sizeof published[0])

START_TEST(test_published)
{
	char path[256];
	snprintf(path, sizeof path, "samples/published/%s.xml", published[_i].name);
	const char *found = shared_path(path);
	if (found == NULL)
		return;
	test_text document = file_read(found);
	const tally_format *format = log_recognise(text_of(&document), 7);
	ck_assert_ptr_nonnull(format);
	ck_assert_int_eq(format->kind, published[_i].kind);
	recorder r;
	log_judge(&r, published[_i].kind, text_of(&document), path);
	recorder_expect(&r, published[_i].rules, path);
	ck_assert_uint_eq(r.finder.errors, 0);
	recorder_clear(&r);
	text_clear(&document);
}
END_TEST

int main(void)
{
	return suite_run("log files", (const suite_test[]){{test_corpus, 6},
							   {test_every_rule_of_logs_has_a_good_and_a_bad_one, 0},
							   {test_published, (int)PUBLISHED},
							   {NULL, 0}});
}
