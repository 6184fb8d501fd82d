/* SPDX-License-Identifier: Apache-2.0 */
/* The predicted log of every case: our own lint has nothing against it, and it says what the check said. */
#include "report/report.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct page {
	FILE *file;
	char *text;
	size_t size;
} page;

static int put(void *context, const char *bytes, size_t size)
{
	page *p = context;
	return fwrite(bytes, 1, size, p->file) == size ? 0 : 1;
}

/* Checks the drive and writes its log; whether that is whole. */
static bool take(const check_case *c, stage *s, const tally_report_format *format, page *p)
{
	tally_sink sink = {0};
	tally_writer writer;
	tally_summary summary;
	tally_error error;
	tally_collector findings;
	p->file = open_memstream(&p->text, &p->size);
	tally_writer_init(&writer, put, p);
	tally_collector_init(&findings);
	ck_assert_int_eq(format->stream_new(&sink, &writer, &error), TALLY_OK);
	if (c->fault != NULL)
		c->fault(s);
	if (c->as_nobody)
		stage_become_nobody();
	ck_assert_int_eq(tally_check(&s->options, &sink, &summary, &error), TALLY_OK);
	if (c->as_nobody)
		stage_become_root();
	read_faults_clear();
	const tally_check_report report = {
	    .path = s->drive, .summary = &summary, .findings = &findings, .stream = sink.context};
	format->check(&writer, NULL, NULL, &report);
	ck_assert_int_eq(tally_writer_flush(&writer), 0);
	bool whole = format->missing(&report) == NULL;
	ck_assert(whole == (summary.drive_status != NULL && summary.drive_id[0] != '\0'));
	format->stream_free(sink.context);
	tally_collector_clear(&findings);
	tally_summary_clear(&summary);
	fclose(p->file);
	return whole;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

/* "blob: Completed 2, FileNotFound 1; segment: …" of a case against what the log holds. */
static void expect_counts(const check_case *c, const char *log)
{
	static const struct {
		const char *level, *elements[2];
	} levels[] = {
	    {"blob: ", {"<Blob ", NULL}},
	    {"segment: ", {"<Block ", "<PageRange "}},
	    {"metadata: ", {"<Metadata ", NULL}},
	    {"properties: ", {"<Properties ", NULL}},
	};
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		const char *at = strstr(c->counts, levels[i].level);
		size_t all = 0;
		for (at = at != NULL ? at + strlen(levels[i].level) - 2 : ";"; *at != ';' && *at != '\0';) {
			char code[64];
			unsigned number;
			int size;
			ck_assert_int_eq(sscanf(at, "%*[:,] %63s %u%n", code, &number, &size), 2);
			at += size;
			all += number;
		}
		size_t found = count_of(log, levels[i].elements[0]);
		if (levels[i].elements[1] != NULL)
			found += count_of(log, levels[i].elements[1]);
		ck_assert_msg(found == all, "%s: %s%zu instead of %zu", c->name, levels[i].level, found, all);
	}
}

static void expect_log(const check_case *c, const page *p, bool whole, bool verbose)
{
	recorder found;
	tally_lint_result result;
	const tally_lint_options options = {.kind = TALLY_DOCUMENT_DRIVE_LOG};
	recorder_begin(&found);
	const tally_sink sink = {.context = &found, .finding = found.finder.put};
	ck_assert_int_eq(tally_lint_memory(p->text, p->size, "log", &options, &sink, &result, NULL), TALLY_OK);
	if (!whole) {
		ck_assert_msg(!result.valid, "%s: what is not whole passes for a log:\n%s", c->name, p->text);
		recorder_clear(&found);
		return;
	}
	ck_assert_msg(result.errors == 0 && result.warnings == 0, "%s: %s:\n%s", c->name, recorder_rules(&found),
		      p->text);
	char status[128];
	snprintf(status, sizeof status, "  <Status>%s</Status>\n</DriveLog>\n", c->drive_status);
	const char *end = p->text + p->size - strlen(status);
	ck_assert_msg(strcmp(end, status) == 0, "%s: ends in %s", c->name, end);
	bool finished = strncmp(c->drive_status, "Completed", strlen("Completed")) == 0;
	if (finished && verbose)
		expect_counts(c, p->text);
	else if (!finished || strcmp(c->drive_status, "Completed") == 0)
		ck_assert_msg(strstr(p->text, "<Blob ") == NULL, "%s: %s", c->name, p->text);
	if (!verbose)
		ck_assert_msg(strstr(p->text, "Status=\"Completed\"") == NULL, "%s: %s", c->name, p->text);
	recorder_clear(&found);
}

START_TEST(each_case_has_its_logs)
{
	const check_case *c = case_at((size_t)_i);
	stage s;
	stage_open(&s);
	if (case_make(c, &s)) {
		page verbose, errors;
		bool whole = take(c, &s, &tally_report_drive_log, &verbose);
		expect_log(c, &verbose, whole, true);
		ck_assert(take(c, &s, &tally_report_drive_log_errors, &errors) == whole);
		expect_log(c, &errors, whole, false);
		free(verbose.text);
		free(errors.text);
	}
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_case_has_its_logs, (int)case_count()},
	    {NULL, 0},
	};
	return suite_run("check log", tests);
}
