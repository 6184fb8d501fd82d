/* SPDX-License-Identifier: Apache-2.0 */
#include "format/log_judge.h"

#include "support/documents.h"

#include <check.h>

const tally_document_kind log_kinds[6] = {TALLY_DOCUMENT_DRIVE_LOG,   TALLY_DOCUMENT_COPY_LOG,
					  TALLY_DOCUMENT_VERBOSE_LOG, TALLY_DOCUMENT_BILL_OF_MATERIALS,
					  TALLY_DOCUMENT_ERROR_LIST,  TALLY_DOCUMENT_ERROR_LOG};

tally_result log_run(recorder *r, tally_document_kind kind, tally_text text, size_t piece, tally_error *error)
{
	recorder_begin(r);
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	const tally_format *format = tally_format_of(kind);
	ck_assert_ptr_nonnull(format);
	tally_lint_run run = {.source = &source, .finder = &r->finder, .kind = kind};
	return format->lint(&run, error);
}

void log_judge(recorder *r, tally_document_kind kind, tally_text text, const char *what)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	tally_error error;
	ck_assert_int_eq(log_run(r, kind, text, SIZE_MAX, &error), TALLY_OK);
	for (size_t i = 0; i < r->count; i++) {
		ck_assert_int_eq(r->items[i].level, TALLY_LEVEL_DOCUMENT);
		ck_assert_ptr_null(r->items[i].status);
		ck_assert_msg(r->items[i].line > 0, "%s: %s has no place", what, r->items[i].message);
	}
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		recorder cut;
		ck_assert_int_eq(log_run(&cut, kind, text, sizes[i], &error), TALLY_OK);
		recorder_expect_same(&cut, r, what);
		recorder_clear(&cut);
	}
}

void log_expect(tally_document_kind kind, const char *text, const char *rules)
{
	recorder r;
	log_judge(&r, kind, (tally_text){text, strlen(text)}, text);
	recorder_expect(&r, rules, text);
	recorder_clear(&r);
}

const tally_format *log_recognise(tally_text text, size_t piece)
{
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	const tally_format *format;
	tally_error error;
	ck_assert_int_eq(tally_format_recognise(&source, &format, &error), TALLY_OK);
	return format;
}
