/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML, for servers of builds. There is no specification; this keeps to what Jenkins' schema and the readers of
 * GitLab and GitHub have in common: <testsuites>, <testsuite>, <testcase>, at most one <failure> or <error> in a test
 * case (most readers look at the first one only), then <system-out>.
 *
 * A document, or a drive, is a test suite. Its counts are attributes in front of it, and this way they are known when
 * it is written, with nothing kept of the others.
 *
 * A document is one test case. A drive is one for its verdict, and one for each kind of finding; not one for each
 * blob, of which there can be ten million, more than any reader of such files takes.
 *
 * Times are 0, and there is no time stamp: the same subject gives the same report.
 */
#include "report/report.h"

#include <stdio.h>

#define LISTED 100 /* findings of a test case; builds keep and mail these texts */

/* ---- XML ---------------------------------------------------------------------------------------------------- */

/*
 * Text or a value, escaped as it is for people and then for XML: what XML can't hold (control characters, bytes that
 * aren't UTF-8) is hidden by the first rule, but for two code points.
 */
static void write_xml(tally_writer *writer, const char *string)
{
	tally_text text = {string, strlen(string)};
	while (text.size > 0) {
		char out[16];
		size_t columns;
		size_t size = tally_text_escape(&text, out, &columns);
		if (size == 3 && memcmp(out, "\xEF\xBF\xBE", 3) == 0)
			tally_write(writer, "\\u{FFFE}");
		else if (size == 3 && memcmp(out, "\xEF\xBF\xBF", 3) == 0)
			tally_write(writer, "\\u{FFFF}");
		else if (size == 1 && out[0] == '<')
			tally_write(writer, "&lt;");
		else if (size == 1 && out[0] == '>') /* "]]>" must not occur */
			tally_write(writer, "&gt;");
		else if (size == 1 && out[0] == '&')
			tally_write(writer, "&amp;");
		else if (size == 1 && out[0] == '"')
			tally_write(writer, "&quot;");
		else
			tally_write_bytes(writer, out, size);
	}
}

static void write_attribute(tally_writer *writer, const char *name, const char *value)
{
	tally_write(writer, " ");
	tally_write(writer, name);
	tally_write(writer, "=\"");
	write_xml(writer, value);
	tally_write(writer, "\"");
}

/* ---- suites and cases --------------------------------------------------------------------------------------- */

static void begin_suite(tally_writer *writer, const char *name, uint64_t tests, uint64_t failures, uint64_t errors)
{
	tally_write(writer, "<testsuite");
	write_attribute(writer, "name", name);
	tally_write_number_attribute(writer, "tests", tests);
	tally_write_number_attribute(writer, "failures", failures);
	tally_write_number_attribute(writer, "errors", errors);
	tally_write(writer, " skipped=\"0\" time=\"0\">\n");
}

static void begin_case(tally_writer *writer, const char *name, const char *suite)
{
	tally_write(writer, "<testcase");
	write_attribute(writer, "name", name);
	write_attribute(writer, "classname", suite);
	tally_write(writer, " time=\"0\">\n");
}

static void end_case(tally_writer *writer)
{
	tally_write(writer, "</testcase>\n");
}

static void write_error(tally_writer *writer, const tally_error *error)
{
	tally_write(writer, "<error");
	write_attribute(writer, "message", error->message);
	tally_write(writer, " type=\"unchecked\"/>\n");
}

/* "document:line: severity rule: message", and under it the blob, the file, what was expected. */
static void write_finding(tally_writer *writer, const tally_finding *finding)
{
	if (finding->document != NULL) {
		write_xml(writer, finding->document);
		tally_write(writer, ":");
		if (finding->line != 0) {
			tally_write_number(writer, finding->line);
			tally_write(writer, ":");
		}
		tally_write(writer, " ");
	}
	tally_write(writer, tally_severity_name(finding->severity));
	tally_write(writer, " ");
	tally_write(writer, finding->rule->id);
	tally_write(writer, ": ");
	write_xml(writer, finding->message);
	tally_write(writer, "\n");
	const struct {
		const char *label, *value;
	} details[] = {
	    {"blob", finding->blob_path},
	    {"file", finding->file_path},
	    {"expected", finding->expected},
	    {"actual", finding->actual},
	};
	for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
		if (details[i].value == NULL)
			continue;
		tally_write(writer, "    ");
		tally_write_column(writer, details[i].label, 10);
		write_xml(writer, details[i].value);
		tally_write(writer, "\n");
	}
	if (finding->has_range) {
		tally_write(writer, "    bytes     from ");
		tally_write_number(writer, finding->offset);
		tally_write(writer, ", ");
		tally_write_number(writer, finding->length);
		tally_write(writer, "\n");
	}
}

static void write_group(tally_writer *writer, const tally_collector *findings, const tally_finding_group *group,
			size_t *room)
{
	uint64_t listed = 0;
	for (size_t i = group->first; i != TALLY_COLLECTOR_END && *room > 0; i = findings->kept[i]->next) {
		write_finding(writer, &findings->kept[i]->finding);
		listed++;
		--*room;
	}
	if (group->total == listed)
		return;
	tally_write(writer, "and ");
	tally_write_count(writer, group->total - listed);
	tally_write(writer, listed > 0 ? " more of rule " : " of rule ");
	tally_write(writer, group->rule->id);
	tally_write(writer, "\n");
}

/* ---- lint --------------------------------------------------------------------------------------------------- */

static void write_groups(tally_writer *writer, const tally_collector *findings, bool errors)
{
	size_t room = LISTED;
	const tally_finding_group *group = NULL;
	while ((group = tally_collector_next(findings, group)) != NULL)
		if ((group->severity == TALLY_SEVERITY_ERROR) == errors)
			write_group(writer, findings, group, &room);
}

static void write_judgement(tally_writer *writer, const tally_lint_report *report)
{
	const tally_lint_result *result = report->result;
	if (report->error != NULL) {
		write_error(writer, report->error);
	} else if (!result->valid) {
		tally_write(writer, "<failure message=\"");
		tally_write_counted(writer, result->errors, "error");
		tally_write(writer, "\" type=\"not valid\">\n");
		write_groups(writer, report->findings, true);
		tally_write(writer, "</failure>\n");
	}
	if (report->error != NULL || result->warnings + result->notes == 0)
		return;
	tally_write(writer, "<system-out>\n");
	write_groups(writer, report->findings, false);
	tally_write(writer, "</system-out>\n");
}

static void write_begin(tally_writer *writer)
{
	tally_write(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tallyman\">\n");
}

static void write_end(tally_writer *writer)
{
	tally_write(writer, "</testsuites>\n");
}

static void write_lint_document(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
				const tally_lint_report *report)
{
	(void)style;
	(void)totals;
	bool unchecked = report->error != NULL;
	begin_suite(writer, report->path, 1, !unchecked && !report->result->valid, unchecked);
	begin_case(writer, unchecked ? "document" : tally_document_kind_name(report->result->kind), report->path);
	write_judgement(writer, report);
	end_case(writer);
	tally_write(writer, "</testsuite>\n");
}

static void write_lint_end(tally_writer *writer, const tally_lint_totals *totals)
{
	(void)totals;
	write_end(writer);
}

/* ---- check -------------------------------------------------------------------------------------------------- */

static void write_verdict(tally_writer *writer, const tally_check_report *report)
{
	const tally_status *status = report->summary->drive_status;
	begin_case(writer, "verdict", report->path);
	if (report->error != NULL) {
		write_error(writer, report->error);
	} else if (report->summary->exit_status == 3) {
		const bool some = report->summary->blobs_checked > 0;
		tally_write(writer, "<error");
		write_attribute(writer, "message",
				some ? "some of it could not be checked" : "nothing could be checked");
		write_attribute(writer, "type", "unchecked");
		tally_write(writer, "/>\n");
	} else if (report->summary->exit_status != 0) {
		tally_write(writer, "<failure");
		write_attribute(writer, "message", status != NULL ? status->meaning : "something is wrong");
		write_attribute(writer, "type", status != NULL ? status->code : "wrong");
		tally_write(writer, "/>\n");
	}
	if (report->summary->gap_count > 0) {
		tally_write(writer, "<system-out>\n");
		for (size_t i = 0; i < report->summary->gap_count; i++) {
			tally_write(writer, "not checked: ");
			write_xml(writer, report->summary->gaps[i].what);
			tally_write(writer, ": ");
			write_xml(writer, report->summary->gaps[i].why);
			tally_write(writer, "\n");
		}
		tally_write(writer, "</system-out>\n");
	}
	end_case(writer);
}

/* Rule, level and status tell the kinds of findings apart, and with them the names; what is no error does not fail. */
static void write_kind(tally_writer *writer, const char *drive, const tally_collector *findings,
		       const tally_finding_group *group)
{
	bool failed = group->severity == TALLY_SEVERITY_ERROR;
	size_t room = LISTED;
	char name[192];
	snprintf(name, sizeof name, "%s%s%s (%s%s%s)", group->rule->id, group->rule->aspect[0] != '\0' ? "/" : "",
		 group->rule->aspect, tally_level_name(group->level), group->status != NULL ? ", " : "",
		 group->status != NULL ? group->status->code : "");
	begin_case(writer, name, drive);
	if (failed) {
		tally_write(writer, "<failure");
		write_attribute(writer, "message", group->rule->summary);
		write_attribute(writer, "type", group->status != NULL ? group->status->code : "wrong");
		tally_write(writer, ">\n");
	} else {
		tally_write(writer, "<system-out>\n");
	}
	write_group(writer, findings, group, &room);
	tally_write(writer, failed ? "</failure>\n" : "</system-out>\n");
	end_case(writer);
}

static void write_check(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
			const tally_check_report *report)
{
	(void)style;
	(void)totals;
	int exit_status = tally_check_report_exit(report);
	uint64_t failures = exit_status == 1;
	const tally_finding_group *group = NULL;
	while ((group = tally_collector_next(report->findings, group)) != NULL)
		failures += group->severity == TALLY_SEVERITY_ERROR;
	begin_suite(writer, report->path, 1 + report->findings->group_count, failures, exit_status == 3);
	write_verdict(writer, report);
	group = NULL;
	while ((group = tally_collector_next(report->findings, group)) != NULL)
		write_kind(writer, report->path, report->findings, group);
	tally_write(writer, "</testsuite>\n");
}

static void write_job_verdict(tally_writer *writer, const tally_job_report *report)
{
	const tally_status *status = report->summary->job_status;
	begin_case(writer, "job", report->path);
	if (report->error != NULL) {
		write_error(writer, report->error);
	} else if (report->summary->exit_status == 3) {
		tally_write(writer, "<error message=\"something could not be checked\" type=\"unchecked\"/>\n");
	} else if (report->summary->exit_status != 0) {
		tally_write(writer, "<failure");
		write_attribute(writer, "message", status != NULL ? status->meaning : "something is wrong");
		write_attribute(writer, "type", status != NULL ? status->code : "wrong");
		tally_write(writer, "/>\n");
	}
	end_case(writer);
}

static void write_job(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		      const tally_job_report *report)
{
	(void)style;
	(void)totals;
	int exit_status = tally_job_report_exit(report);
	uint64_t failures = exit_status == 1;
	const tally_finding_group *group = NULL;
	while ((group = tally_collector_next(report->findings, group)) != NULL)
		failures += group->severity == TALLY_SEVERITY_ERROR;
	begin_suite(writer, report->path, 1 + report->findings->group_count, failures, exit_status == 3);
	write_job_verdict(writer, report);
	group = NULL;
	while ((group = tally_collector_next(report->findings, group)) != NULL)
		write_kind(writer, report->path, report->findings, group);
	tally_write(writer, "</testsuite>\n");
}

static void write_check_end(tally_writer *writer, const tally_check_totals *totals)
{
	(void)totals;
	write_end(writer);
}

const tally_report_format tally_report_junit = {
    .name = "junit",
    .check_begin = write_begin,
    .check = write_check,
    .job = write_job,
    .check_end = write_check_end,
    .lint_begin = write_begin,
    .lint_document = write_lint_document,
    .lint_end = write_lint_end,
};
