/* SPDX-License-Identifier: Apache-2.0 */
#include "format/job_judging.h"

#include <check.h>

tally_result job_judge(const char *text, size_t size, size_t piece, recorder *r, tally_error *error)
{
	pieces p = {{text, size}, piece, 0};
	tally_source source = pieces_source(&p);
	recorder_begin(r);
	tally_lint_run run = {.source = &source, .finder = &r->finder, .kind = TALLY_DOCUMENT_JOB};
	return tally_job_format.lint(&run, error);
}

void job_judge_every_way(const char *text, size_t size, recorder *r, const char *what)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	tally_error error;
	ck_assert_int_eq(job_judge(text, size, SIZE_MAX, r, &error), TALLY_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		recorder cut;
		ck_assert_int_eq(job_judge(text, size, sizes[i], &cut, &error), TALLY_OK);
		recorder_expect_same(r, &cut, what);
		recorder_clear(&cut);
	}
	for (size_t i = 0; i < r->count; i++) {
		uint64_t line = 1;
		for (uint64_t at = 0; at < r->items[i].document_offset; at++)
			line += text[at] == '\n';
		ck_assert_uint_eq(r->items[i].line, line);
	}
}

void job_expect(const char *text, const char *rules)
{
	recorder r;
	job_judge_every_way(text, strlen(text), &r, text);
	recorder_expect(&r, rules, text);
	recorder_clear(&r);
}
