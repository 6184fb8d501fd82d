/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for programs: one JSON value on one line, so that several drives give JSON Lines. report.schema.json
 * describes it; every key is always there, null where there is nothing to say.
 *
 * Strings: bytes that are not valid UTF-8 become U+FFFD. Control characters and what else could deceive the reader of
 * a terminal (see writer.h) are written as \uNNNN, which JSON takes for the same character.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdio.h>

#define SCHEMA "tallyman/report/1"

/* Writes one value after the other; commas come by themselves. */
typedef struct json_stream {
	tally_writer *writer;
	bool comma; /* before the next key or element */
} json_stream;

static void write_string(tally_writer *writer, const char *string)
{
	if (string == NULL) {
		tally_write(writer, "null");
		return;
	}
	tally_write(writer, "\"");
	tally_text text = {string, strlen(string)};
	while (text.size > 0) {
		const char *start = text.data;
		uint32_t c = tally_utf8_next(&text);
		char escaped[16];
		if (c == '"' || c == '\\') {
			tally_write(writer, "\\");
			tally_write_bytes(writer, start, 1);
		} else if (c == TALLY_NOT_A_CODE_POINT) {
			tally_write(writer, "\xEF\xBF\xBD");
		} else if (tally_text_is_hidden(c)) { /* all of them below U+10000 */
			snprintf(escaped, sizeof escaped, "\\u%04" PRIX32, c);
			tally_write(writer, escaped);
		} else {
			tally_write_bytes(writer, start, (size_t)(text.data - start));
		}
	}
	tally_write(writer, "\"");
}

static void put_comma(json_stream *json)
{
	if (json->comma)
		tally_write(json->writer, ", ");
	json->comma = true;
}

static void put_key(json_stream *json, const char *key)
{
	put_comma(json);
	write_string(json->writer, key);
	tally_write(json->writer, ": ");
}

/* An object or an array, as an element or, with a key, as a member. */
static void open_value(json_stream *json, const char *key, const char *bracket)
{
	if (key != NULL)
		put_key(json, key);
	else
		put_comma(json);
	tally_write(json->writer, bracket);
	json->comma = false;
}

static void close_value(json_stream *json, const char *bracket)
{
	tally_write(json->writer, bracket);
	json->comma = true;
}

static void put_string(json_stream *json, const char *key, const char *value)
{
	put_key(json, key);
	write_string(json->writer, value);
}

static void put_number(json_stream *json, const char *key, uint64_t value)
{
	put_key(json, key);
	tally_write_number(json->writer, value);
}

static void put_number_if(json_stream *json, const char *key, bool present, uint64_t value)
{
	if (present)
		put_number(json, key, value);
	else
		put_string(json, key, NULL);
}

static void put_findings(json_stream *json, const tally_collector *findings)
{
	open_value(json, "findings", "[");
	for (size_t i = 0; i < findings->kept_count; i++) {
		const tally_finding *finding = &findings->kept[i]->finding;
		open_value(json, NULL, "{");
		put_string(json, "rule", finding->rule->id);
		put_string(json, "severity", tally_severity_name(finding->severity));
		put_string(json, "level", tally_level_name(finding->level));
		put_string(json, "status", finding->status != NULL ? finding->status->code : NULL);
		put_string(json, "blob_path", finding->blob_path);
		put_string(json, "file_path", finding->file_path);
		put_string(json, "document", finding->document);
		put_number_if(json, "line", finding->line != 0, finding->line);
		put_number_if(json, "document_offset", finding->line != 0, finding->document_offset);
		put_number_if(json, "offset", finding->has_range, finding->offset);
		put_number_if(json, "length", finding->has_range, finding->length);
		put_string(json, "expected", finding->expected);
		put_string(json, "actual", finding->actual);
		put_string(json, "message", finding->message);
		close_value(json, "}");
	}
	close_value(json, "]");
}

static void put_tool(json_stream *json)
{
	put_string(json, "schema", SCHEMA);
	open_value(json, "tool", "{");
	put_string(json, "name", "tallyman");
	put_string(json, "version", tally_version());
	close_value(json, "}");
}

/* Why a subject could not be checked, or null. */
static void put_error(json_stream *json, const tally_error *error)
{
	static const char *const codes[] = {
	    [TALLY_OK] = "internal", [TALLY_ERROR_NO_MEMORY] = "no_memory", [TALLY_ERROR_ARGUMENT] = "argument",
	    [TALLY_ERROR_IO] = "io", [TALLY_ERROR_STOPPED] = "stopped",     [TALLY_ERROR_INTERNAL] = "internal",
	};
	if (error == NULL) {
		put_string(json, "error", NULL);
		return;
	}
	open_value(json, "error", "{");
	put_string(json, "code", codes[error->code]);
	put_string(json, "message", error->message);
	close_value(json, "}");
}

/* ---- check -------------------------------------------------------------------------------------------------- */

static void put_verdict(json_stream *json, const tally_check_report *report)
{
	const tally_status *status = report->error == NULL ? report->summary->drive_status : NULL;
	open_value(json, "verdict", "{");
	put_string(json, "drive_status", status != NULL ? status->code : NULL);
	put_string(json, "portal_state", status != NULL ? status->portal_state : NULL);
	put_string(json, "classic_state", status != NULL ? status->classic_state : NULL);
	put_number(json, "exit_status", (uint64_t)tally_check_report_exit(report));
	close_value(json, "}");
}

static void put_listed_checked(json_stream *json, const char *key, uint64_t listed, uint64_t checked)
{
	open_value(json, key, "{");
	put_number(json, "listed", listed);
	put_number(json, "checked", checked);
	close_value(json, "}");
}

static void put_coverage(json_stream *json, const tally_summary *summary)
{
	open_value(json, "coverage", "{");
	put_listed_checked(json, "blobs", summary->blobs_listed, summary->blobs_checked);
	put_listed_checked(json, "segments", summary->segments_listed, summary->segments_checked);
	put_number(json, "bytes_hashed", summary->bytes_hashed);
	open_value(json, "not_checked", "[");
	for (size_t i = 0; i < summary->gap_count; i++) {
		open_value(json, NULL, "{");
		put_string(json, "what", summary->gaps[i].what);
		put_string(json, "why", summary->gaps[i].why);
		close_value(json, "}");
	}
	close_value(json, "]");
	close_value(json, "}");
}

static void put_level_counts(json_stream *json, const tally_summary *summary, tally_level level)
{
	open_value(json, tally_level_name(level), "{");
	for (size_t i = 0; summary->status_counts != NULL && i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (status->level == level && summary->status_counts[i] > 0)
			put_number(json, status->code, summary->status_counts[i]);
	}
	close_value(json, "}");
}

static void put_counts(json_stream *json, const tally_summary *summary)
{
	open_value(json, "counts", "{");
	put_level_counts(json, summary, TALLY_LEVEL_BLOB);
	put_level_counts(json, summary, TALLY_LEVEL_SEGMENT);
	put_level_counts(json, summary, TALLY_LEVEL_METADATA);
	put_level_counts(json, summary, TALLY_LEVEL_PROPERTIES);
	close_value(json, "}");
}

static void write_check(tally_writer *writer, const tally_report_style *style, uint64_t number,
			const tally_check_report *report)
{
	(void)style;
	(void)number;
	const tally_summary *summary = report->summary;
	json_stream json = {writer, false};
	open_value(&json, NULL, "{");
	put_tool(&json);
	open_value(&json, "subject", "{");
	put_string(&json, "path", report->path);
	put_string(&json, "source", summary->source);
	put_string(&json, "drive_id", summary->drive_id[0] != '\0' ? summary->drive_id : NULL);
	close_value(&json, "}");
	put_verdict(&json, report);
	put_error(&json, report->error);
	put_coverage(&json, summary);
	put_counts(&json, summary);
	put_findings(&json, report->findings);
	put_number(&json, "findings_omitted", tally_collector_omitted(report->findings));
	close_value(&json, "}\n");
}

/* ---- lint --------------------------------------------------------------------------------------------------- */

static void write_lint_begin(tally_writer *writer)
{
	json_stream json = {writer, false};
	open_value(&json, NULL, "{");
	put_tool(&json);
	open_value(&json, "documents", "[");
}

static void write_lint_document(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
				const tally_lint_report *report)
{
	(void)style;
	json_stream json = {writer, totals->documents > 0};
	open_value(&json, NULL, "{");
	put_string(&json, "path", report->path);
	put_string(&json, "kind", report->error == NULL ? tally_document_kind_name(report->result->kind) : NULL);
	put_key(&json, "valid");
	tally_write(writer, report->error != NULL ? "null" : report->result->valid ? "true" : "false");
	put_error(&json, report->error);
	put_findings(&json, report->findings);
	put_number(&json, "findings_omitted", tally_collector_omitted(report->findings));
	close_value(&json, "}");
}

static void write_lint_end(tally_writer *writer, const tally_lint_totals *totals)
{
	json_stream json = {writer, true};
	close_value(&json, "]");
	put_number(&json, "findings_omitted", totals->omitted);
	open_value(&json, "verdict", "{");
	put_number(&json, "exit_status", (uint64_t)totals->exit_status);
	close_value(&json, "}");
	close_value(&json, "}\n");
}

const tally_report_format tally_report_json = {
    .name = "json",
    .check = write_check,
    .lint_begin = write_lint_begin,
    .lint_document = write_lint_document,
    .lint_end = write_lint_end,
};
