/* SPDX-License-Identifier: Apache-2.0 */
/* Every case through the real command: its exit status and its JSON. What JSON says is read by a library of its own. */
#include "support/suite.h"
#include "verify/cases.h"
#include "verify/command.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	ck_assert_msg(json_is_string(value) || json_is_null(value), "%s is no string", key);
	return json_string_value(value);
}

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void expect_text(const char *name, json_t *object, const char *key, const char *expected)
{
	const char *text = text_of(object, key);
	ck_assert_msg(strcmp(or_dash(text), or_dash(expected)) == 0, "%s: %s is %s, not %s", name, key, or_dash(text),
		      or_dash(expected));
}

static void expect_verdict(const check_case *c, json_t *report)
{
	json_t *verdict = json_object_get(report, "verdict");
	expect_text(c->name, verdict, "drive_status", c->drive_status);
	const tally_status *status =
	    c->drive_status != NULL ? tally_status_find(TALLY_LEVEL_DRIVE, c->drive_status) : NULL;
	expect_text(c->name, verdict, "portal_state", status != NULL ? status->portal_state : NULL);
	expect_text(c->name, verdict, "classic_state", status != NULL ? status->classic_state : NULL);
	ck_assert_double_eq(json_number_value(json_object_get(verdict, "exit_status")), c->exit_status);
}

/* As in a transcript. */
static void expect_counts(const check_case *c, json_t *counts)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *level, *code, *between_levels = "";
	json_t *statuses, *count;
	json_object_foreach(counts, level, statuses)
	{
		const char *between = "";
		if (json_object_size(statuses) == 0)
			continue;
		fprintf(out, "%s%s: ", between_levels, level);
		between_levels = "; ";
		json_object_foreach(statuses, code, count)
		{
			fprintf(out, "%s%s %.0f", between, code, json_number_value(count));
			between = ", ";
		}
	}
	fclose(out);
	ck_assert_msg(strcmp(text, c->counts) == 0, "%s: %s, not %s", c->name, text, c->counts);
	free(text);
}

static void expect_findings(const check_case *c, json_t *findings)
{
	char *text;
	size_t size, i;
	json_t *f;
	FILE *out = open_memstream(&text, &size);
	json_array_foreach(findings, i, f)
	{
		fprintf(out, "%s %s %s %s\n", text_of(f, "rule"), text_of(f, "severity"), text_of(f, "level"),
			or_dash(text_of(f, "status")));
	}
	fclose(out);
	ck_assert_msg(strcmp(text, c->findings) == 0, "%s:\n%s---- instead of\n%s", c->name, text, c->findings);
	free(text);
}

static void run(const check_case *c, const stage *s, command_result *result)
{
	const tally_check_options *o = &s->options;
	const char *arguments[16] = {"check", s->drive, "--format", "json"};
	size_t n = 4;
	const struct {
		const char *option, *value;
	} with[] = {{"--journal", o->journal}, {"--manifest", o->manifest}, {"--drive-id", o->drive_id}};
	for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
		if (with[i].value == NULL)
			continue;
		arguments[n++] = with[i].option;
		arguments[n++] = with[i].value;
	}
	if (o->strict)
		arguments[n++] = "--strict";
	command_run(result, arguments, c->as_nobody);
}

START_TEST(each_case_comes_out_of_the_command)
{
	const check_case *c = case_at((size_t)_i);
	stage s;
	/* Faults of reading are of this process; the command has no option for the kind. */
	if (c->fault != NULL)
		return;
	stage_open(&s);
	if (case_make(c, &s) && s.options.kind == TALLY_DOCUMENT_UNKNOWN) {
		command_result result;
		json_error_t error;
		run(c, &s, &result);
		/* Integers may have 64 bits, one more than this library takes. */
		json_t *report = json_loads(result.output, JSON_DECODE_INT_AS_REAL, &error);
		ck_assert_msg(report != NULL, "%s: %s\n%s\n%s", c->name, error.text, result.output, result.diagnostics);
		ck_assert_int_eq(result.exit_status, c->exit_status);
		expect_text(c->name, report, "schema", "tallyman/report/1");
		expect_text(c->name, json_object_get(report, "subject"), "path", s.drive);
		ck_assert(json_is_null(json_object_get(report, "error")));
		expect_verdict(c, report);
		expect_counts(c, json_object_get(report, "counts"));
		expect_findings(c, json_object_get(report, "findings"));
		json_decref(report);
		command_clear(&result);
	}
	stage_close(&s);
}
END_TEST

START_TEST(a_drive_that_is_not_there_is_an_error)
{
	command_result result;
	json_error_t error;
	command_run(&result, (const char *const[]){"check", "/nowhere/drive", "--format", "json", NULL}, false);
	ck_assert_int_eq(result.exit_status, 3);
	json_t *report = json_loads(result.output, 0, &error);
	ck_assert_ptr_nonnull(report);
	ck_assert_str_eq(text_of(json_object_get(report, "error"), "code"), "io");
	ck_assert(json_is_null(json_object_get(json_object_get(report, "verdict"), "drive_status")));
	json_decref(report);
	command_clear(&result);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_case_comes_out_of_the_command, (int)case_count()},
	    {a_drive_that_is_not_there_is_an_error, 0},
	    {NULL, 0},
	};
	if (!command_is_there())
		return 77;
	return suite_run("check JSON", tests);
}
