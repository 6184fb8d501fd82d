/* SPDX-License-Identifier: Apache-2.0 */
#include "format/list_judge.h"

#include "support/faults.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

tally_result list_run(recorder *r, tally_document_kind kind, tally_text text, size_t piece, tally_error *error)
{
	recorder_begin(r);
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	const tally_format *format = tally_format_of(kind);
	ck_assert_ptr_nonnull(format);
	tally_lint_run run = {.source = &source, .finder = &r->finder, .kind = kind};
	return format->lint(&run, error);
}

void list_judge(recorder *r, tally_document_kind kind, tally_text text, const char *what)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	tally_error error;
	ck_assert_int_eq(list_run(r, kind, text, SIZE_MAX, &error), TALLY_OK);
	for (size_t i = 0; i < r->count; i++)
		ck_assert_msg(r->items[i].line > 0, "%s: %s has no place", what, r->items[i].message);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		recorder cut;
		ck_assert_int_eq(list_run(&cut, kind, text, sizes[i], &error), TALLY_OK);
		recorder_expect_same(&cut, r, what);
		recorder_clear(&cut);
	}
}

void list_expect(tally_document_kind kind, const char *text, const char *rules)
{
	recorder r;
	list_judge(&r, kind, (tally_text){text, strlen(text)}, text);
	recorder_expect(&r, rules, text);
	recorder_clear(&r);
}

tally_document_kind list_recognise(tally_text text, size_t piece)
{
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	const tally_format *format;
	tally_error error;
	ck_assert_int_eq(tally_format_recognise(&source, &format, &error), TALLY_OK);
	return format != NULL ? format->kind : TALLY_DOCUMENT_UNKNOWN;
}

/* ---- the corpus ---- */

static const char *ending_of(tally_document_kind kind)
{
	return kind == TALLY_DOCUMENT_BLOB_LIST ? "xml" : kind == TALLY_DOCUMENT_PATH_MAP ? "txt" : "csv";
}

static const char *corpus_path(tally_document_kind kind, const char *rule, const char *quality)
{
	static char path[256];
	snprintf(path, sizeof path, "corpus/%s/%s.%s.%s", tally_document_kind_name(kind), rule, quality,
		 ending_of(kind));
	return source_path(path);
}

static void judge_file(recorder *r, tally_document_kind kind, const char *rule, const char *quality)
{
	test_text document = file_read(corpus_path(kind, rule, quality));
	tally_text text = {document.data, document.size};
	ck_assert_int_eq(list_recognise(text, 5), kind);
	list_judge(r, kind, text, rule);
	text_clear(&document);
}

static void check_pair(tally_document_kind kind, const char *rule)
{
	recorder good, bad;
	judge_file(&good, kind, rule, "good");
	judge_file(&bad, kind, rule, "bad");
	ck_assert_msg(good.finder.errors == 0 && recorder_count(&good, rule) == 0, "%s.good: %s", rule,
		      recorder_rules(&good));
	const recorded *found = recorder_find(&bad, rule, "the bad one");
	if (kind != TALLY_DOCUMENT_BLOB_LIST)
		ck_assert_ptr_null(found->status); /* the service never reads these */
	else if (found->severity == TALLY_SEVERITY_ERROR)
		ck_assert_str_eq(found->status->code, "BlobListFormatInvalid");
	size_t k = 0;
	for (size_t i = 0; i < bad.count; i++) {
		char name[RULE_NAME_MAX];
		if (strcmp(rule_name(bad.items[i].rule, name), rule) == 0)
			continue;
		ck_assert_msg(k < good.count && good.items[k].rule == bad.items[i].rule, "%s.bad: %s", rule,
			      recorder_rules(&bad));
		k++;
	}
	ck_assert_msg(k == good.count, "%s.good: %s", rule, recorder_rules(&good));
	recorder_clear(&good);
	recorder_clear(&bad);
}

void list_check_corpus(tally_document_kind kind)
{
	char folder[64], end[16];
	snprintf(folder, sizeof folder, "corpus/%s", tally_document_kind_name(kind));
	snprintf(end, sizeof end, ".bad.%s", ending_of(kind));
	file_list bad = files_in(folder, end), all = files_in(folder, "");
	size_t hidden = 0;
	for (size_t i = 0; i < all.count; i++)
		hidden += all.names[i][0] == '.';
	ck_assert_uint_gt(bad.count, 5);
	ck_assert_uint_eq(2 * bad.count, all.count - hidden);
	for (size_t i = 0; i < bad.count; i++) {
		bad.names[i][strlen(bad.names[i]) - strlen(end)] = '\0';
		check_pair(kind, bad.names[i]);
	}
	files_clear(&bad);
	files_clear(&all);
}

bool list_in_corpus(tally_document_kind kind, const tally_rule *rule)
{
	char name[RULE_NAME_MAX];
	rule_name(rule, name);
	return access(corpus_path(kind, name, "bad"), R_OK) == 0 && access(corpus_path(kind, name, "good"), R_OK) == 0;
}

void list_check_published(tally_document_kind kind, const char *name, const char *rules)
{
	char path[256];
	snprintf(path, sizeof path, "samples/published/%s", name);
	const char *found = shared_path(path);
	if (found == NULL)
		return;
	test_text document = file_read(found);
	tally_text text = {document.data, document.size};
	ck_assert_int_eq(list_recognise(text, 7), kind);
	recorder r;
	list_judge(&r, kind, text, name);
	recorder_expect(&r, rules, name);
	recorder_clear(&r);
	text_clear(&document);
}

/* ---- what goes wrong ---- */

void list_truncate(tally_document_kind kind, tally_text text, void (*check)(const recorder *r, tally_text part))
{
	for (size_t size = 0; size < text.size; size++) {
		/* Of its own, so that a reading beyond the end is noticed. */
		char *copy = malloc(size + (size == 0));
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text.data, size);
		recorder r;
		tally_error error;
		tally_text part = {copy, size};
		ck_assert_int_eq(list_run(&r, kind, part, SIZE_MAX, &error), TALLY_OK);
		if (check != NULL)
			check(&r, part);
		recorder_clear(&r);
		free(copy);
	}
}

typedef struct attempt {
	tally_document_kind kind;
	const char *text, *rules;
} attempt;

static tally_result judge_once(void *context, tally_error *error)
{
	const attempt *a = context;
	recorder r;
	tally_result result = list_run(&r, a->kind, (tally_text){a->text, strlen(a->text)}, 100, error);
	if (result == TALLY_OK)
		recorder_expect(&r, a->rules, "memory was short");
	recorder_clear(&r);
	return result;
}

void list_run_out_of_memory(tally_document_kind kind, const char *text, const char *rules)
{
	attempt a = {kind, text, rules};
	for (int lasting = 0; lasting <= 1; lasting++)
		ck_assert_uint_gt(faults_each(FAULTS_BOTH, lasting, judge_once, NULL, &a), 1);
}
