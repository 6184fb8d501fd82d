/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for programs: one JSON value on one line, so that several drives give JSON Lines. report.schema.json
 * describes it; every key is always there, null where there is nothing to say.
 */
#include "report/json_stream.h"
#include "report/report.h"

#define SCHEMA "tallyman/report/1"

static void put_findings(tally_json_stream *json, const tally_collector *findings)
{
	tally_json_write_open(json, "findings", "[");
	for (size_t i = 0; i < findings->kept_count; i++) {
		const tally_finding *finding = &findings->kept[i]->finding;
		tally_json_write_open(json, NULL, "{");
		tally_json_write_string(json, "rule", finding->rule->id);
		tally_json_write_string(json, "severity", tally_severity_name(finding->severity));
		tally_json_write_string(json, "level", tally_level_name(finding->level));
		tally_json_write_string(json, "status", finding->status != NULL ? finding->status->code : NULL);
		tally_json_write_string(json, "blob_path", finding->blob_path);
		tally_json_write_string(json, "file_path", finding->file_path);
		tally_json_write_string(json, "document", finding->document);
		tally_json_write_number_if(json, "line", finding->line != 0, finding->line);
		tally_json_write_number_if(json, "document_offset", finding->line != 0, finding->document_offset);
		tally_json_write_number_if(json, "offset", finding->has_range, finding->offset);
		tally_json_write_number_if(json, "length", finding->has_range, finding->length);
		tally_json_write_string(json, "expected", finding->expected);
		tally_json_write_string(json, "actual", finding->actual);
		tally_json_write_string(json, "message", finding->message);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "]");
}

static void put_tool(tally_json_stream *json)
{
	tally_json_write_string(json, "schema", SCHEMA);
	tally_json_write_open(json, "tool", "{");
	tally_json_write_string(json, "name", "tallyman");
	tally_json_write_string(json, "version", tally_version());
	tally_json_write_close(json, "}");
}

/* Why a subject could not be checked, or null. */
static void put_error(tally_json_stream *json, const tally_error *error)
{
	static const char *const codes[] = {
	    [TALLY_OK] = "internal",
	    [TALLY_ERROR_NO_MEMORY] = "no_memory",
	    [TALLY_ERROR_ARGUMENT] = "argument",
	    [TALLY_ERROR_IO] = "io",
	    [TALLY_ERROR_STOPPED] = "stopped",
	    [TALLY_ERROR_INTERNAL] = "internal",
	    [TALLY_ERROR_NO_FILES] = "no_files",
	};
	if (error == NULL) {
		tally_json_write_string(json, "error", NULL);
		return;
	}
	tally_json_write_open(json, "error", "{");
	tally_json_write_string(json, "code", codes[error->code]);
	tally_json_write_string(json, "message", error->message);
	tally_json_write_close(json, "}");
}

/* ---- check -------------------------------------------------------------------------------------------------- */

static void put_verdict(tally_json_stream *json, const tally_check_report *report)
{
	const tally_status *status = report->error == NULL ? report->summary->drive_status : NULL;
	tally_json_write_open(json, "verdict", "{");
	tally_json_write_string(json, "drive_status", status != NULL ? status->code : NULL);
	const char *portal = status != NULL ? status->portal_state : NULL;
	if (report->error == NULL && report->summary->portal_state != NULL)
		portal = report->summary->portal_state;
	tally_json_write_string(json, "portal_state", portal);
	tally_json_write_string(json, "classic_state", status != NULL ? status->classic_state : NULL);
	tally_json_write_number(json, "exit_status", (uint64_t)tally_check_report_exit(report));
	tally_json_write_close(json, "}");
}

static void put_listed_checked(tally_json_stream *json, const char *key, uint64_t listed, uint64_t checked)
{
	tally_json_write_open(json, key, "{");
	tally_json_write_number(json, "listed", listed);
	tally_json_write_number(json, "checked", checked);
	tally_json_write_close(json, "}");
}

static void put_gaps(tally_json_stream *json, const tally_gap *gaps, size_t count)
{
	tally_json_write_open(json, "not_checked", "[");
	for (size_t i = 0; i < count; i++) {
		tally_json_write_open(json, NULL, "{");
		tally_json_write_string(json, "what", gaps[i].what);
		tally_json_write_string(json, "why", gaps[i].why);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "]");
}

static void put_coverage(tally_json_stream *json, const tally_summary *summary)
{
	tally_json_write_open(json, "coverage", "{");
	put_listed_checked(json, "blobs", summary->blobs_listed, summary->blobs_checked);
	put_listed_checked(json, "segments", summary->segments_listed, summary->segments_checked);
	tally_json_write_number(json, "bytes_hashed", summary->bytes_hashed);
	put_gaps(json, summary->gaps, summary->gap_count);
	tally_json_write_close(json, "}");
}

static void put_level_counts(tally_json_stream *json, const tally_summary *summary, tally_level level)
{
	tally_json_write_open(json, tally_level_name(level), "{");
	for (size_t i = 0; summary->status_counts != NULL && i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (status->level == level && summary->status_counts[i] > 0)
			tally_json_write_number(json, status->code, summary->status_counts[i]);
	}
	tally_json_write_close(json, "}");
}

static void put_counts(tally_json_stream *json, const tally_summary *summary)
{
	tally_json_write_open(json, "counts", "{");
	put_level_counts(json, summary, TALLY_LEVEL_BLOB);
	put_level_counts(json, summary, TALLY_LEVEL_SEGMENT);
	put_level_counts(json, summary, TALLY_LEVEL_METADATA);
	put_level_counts(json, summary, TALLY_LEVEL_PROPERTIES);
	tally_json_write_close(json, "}");
}

static void put_audit(tally_json_stream *json, const tally_audit_summary *audit)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
	    {"logs", audit->logs},
	    {"logs_used", audit->logs_used},
	    {"log_entries", audit->log_entries},
	    {"blobs_logged", audit->blobs_logged},
	    {"blobs_stored", audit->blobs_stored},
	    {"blobs_proven", audit->blobs_proven},
	    {"blobs_refuted", audit->blobs_refuted},
	    {"blobs_failed", audit->blobs_failed},
	    {"blobs_renamed", audit->blobs_renamed},
	    {"blobs_unlogged", audit->blobs_unlogged},
	    {"entries_unknown", audit->entries_unknown},
	    {"list_paths", audit->list_paths},
	    {"list_prefixes", audit->list_prefixes},
	    {"paths_empty", audit->paths_empty},
	    {"prefixes_empty", audit->prefixes_empty},
	    {"blobs_unordered", audit->blobs_unordered},
	    {"snapshots", audit->snapshots},
	    {"left_out", audit->left_out},
	    {"to_order_again", audit->to_order_again},
	};
	tally_json_write_open(json, "audit", "{");
	tally_json_write_string(json, "of", audit->is_export ? "export" : "import");
	tally_json_write_boolean(json, "verbose_log", audit->has_verbose);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		tally_json_write_number(json, counts[i].name, counts[i].value);
	tally_json_write_close(json, "}");
}

static void write_check(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
			const tally_check_report *report)
{
	(void)style;
	(void)totals;
	const tally_summary *summary = report->summary;
	tally_json_stream json = {writer, false};
	tally_json_write_open(&json, NULL, "{");
	put_tool(&json);
	tally_json_write_open(&json, "subject", "{");
	tally_json_write_string(&json, "path", report->path);
	tally_json_write_string(&json, "source", summary->source);
	tally_json_write_string(&json, "drive_id", summary->drive_id[0] != '\0' ? summary->drive_id : NULL);
	tally_json_write_close(&json, "}");
	put_verdict(&json, report);
	put_error(&json, report->error);
	put_coverage(&json, summary);
	put_counts(&json, summary);
	if (report->audit != NULL)
		put_audit(&json, report->audit);
	put_findings(&json, report->findings);
	tally_json_write_number(&json, "findings_omitted", tally_collector_omitted(report->findings));
	tally_json_write_close(&json, "}\n");
}

/* ---- job ---------------------------------------------------------------------------------------------------- */

static void put_subjects(tally_json_stream *json, const tally_job_summary *summary)
{
	tally_json_write_open(json, "subjects", "[");
	for (size_t i = 0; i < summary->subject_count; i++) {
		const tally_job_subject *subject = &summary->subjects[i];
		bool unknown = subject->kind == TALLY_DOCUMENT_UNKNOWN;
		tally_json_write_open(json, NULL, "{");
		tally_json_write_string(json, "path", subject->path);
		tally_json_write_string(json, "kind",
					subject->is_drive ? "drive" : unknown ? NULL : tally_document_kind_name(subject->kind));
		tally_json_write_string(json, "drive_id", subject->drive_id[0] != '\0' ? subject->drive_id : NULL);
		put_error(json, subject->error.code != TALLY_OK ? &subject->error : NULL);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "]");
}

static void put_drives(tally_json_stream *json, const tally_job_summary *summary)
{
	tally_json_write_open(json, "drives", "[");
	for (size_t i = 0; i < summary->drive_count; i++) {
		const tally_job_drive *drive = &summary->drives[i];
		tally_json_write_open(json, NULL, "{");
		tally_json_write_string(json, "drive_id", drive->drive_id);
		tally_json_write_boolean(json, "is_of_job", drive->is_of_job);
		tally_json_write_boolean(json, "is_listed", drive->is_listed);
		tally_json_write_boolean(json, "has_journal", drive->has_journal);
		tally_json_write_boolean(json, "is_at_hand", drive->is_at_hand);
		tally_json_write_boolean(json, "has_key", drive->has_key);
		tally_json_write_boolean(json, "has_manifest_file", drive->has_manifest_file);
		tally_json_write_boolean(json, "has_manifest_hash", drive->has_manifest_hash);
		tally_json_write_string(json, "drive_status", drive->status != NULL ? drive->status->code : NULL);
		tally_json_write_string(json, "portal_state", drive->status != NULL ? drive->status->portal_state : NULL);
		tally_json_write_string(json, "classic_state",
					drive->status != NULL ? drive->status->classic_state : NULL);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "]");
}

static void put_job(tally_json_stream *json, const tally_job_report *report)
{
	const tally_job_summary *summary = report->summary;
	const tally_status *status = summary->job_status;
	tally_json_write_open(json, "job", "{");
	tally_json_write_boolean(json, "has_list", summary->has_list);
	tally_json_write_boolean(json, "is_complete", summary->is_complete);
	tally_json_write_string(json, "list_refusal", summary->list != NULL ? NULL : summary->list_refusal);
	tally_json_write_open(json, "verdict", "{");
	tally_json_write_string(json, "portal_state", status != NULL ? status->portal_state : NULL);
	tally_json_write_string(json, "classic_state", status != NULL ? status->classic_state : NULL);
	tally_json_write_number(json, "exit_status", (uint64_t)tally_job_report_exit(report));
	tally_json_write_close(json, "}");
	put_error(json, report->error);
	put_subjects(json, summary);
	put_drives(json, summary);
	put_gaps(json, summary->gaps, summary->gap_count);
	tally_json_write_close(json, "}");
}

static void write_job(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		      const tally_job_report *report)
{
	(void)style;
	(void)totals;
	tally_json_stream json = {writer, false};
	tally_json_write_open(&json, NULL, "{");
	put_tool(&json);
	put_job(&json, report);
	put_findings(&json, report->findings);
	tally_json_write_number(&json, "findings_omitted", tally_collector_omitted(report->findings));
	tally_json_write_close(&json, "}\n");
}

/* ---- lint --------------------------------------------------------------------------------------------------- */

static void write_lint_begin(tally_writer *writer)
{
	tally_json_stream json = {writer, false};
	tally_json_write_open(&json, NULL, "{");
	put_tool(&json);
	tally_json_write_open(&json, "documents", "[");
}

static void write_lint_document(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
				const tally_lint_report *report)
{
	(void)style;
	tally_json_stream json = {writer, totals->documents > 0};
	tally_json_write_open(&json, NULL, "{");
	tally_json_write_string(&json, "path", report->path);
	tally_json_write_string(&json, "kind",
				report->error == NULL ? tally_document_kind_name(report->result->kind) : NULL);
	if (report->error == NULL)
		tally_json_write_boolean(&json, "valid", report->result->valid);
	else
		tally_json_write_string(&json, "valid", NULL);
	put_error(&json, report->error);
	put_findings(&json, report->findings);
	tally_json_write_number(&json, "findings_omitted", tally_collector_omitted(report->findings));
	tally_json_write_close(&json, "}");
}

static void write_lint_end(tally_writer *writer, const tally_lint_totals *totals)
{
	tally_json_stream json = {writer, true};
	tally_json_write_close(&json, "]");
	tally_json_write_number(&json, "files_skipped", totals->skipped);
	tally_json_write_number(&json, "findings_omitted", totals->omitted);
	tally_json_write_open(&json, "verdict", "{");
	tally_json_write_number(&json, "exit_status", (uint64_t)totals->exit_status);
	tally_json_write_close(&json, "}");
	tally_json_write_close(&json, "}\n");
}

const tally_report_format tally_report_json = {
    .name = "json",
    .check_begin = tally_report_check_begin,
    .check = write_check,
    .job = write_job,
    .check_end = tally_report_check_end,
    .lint_begin = write_lint_begin,
    .lint_document = write_lint_document,
    .lint_end = write_lint_end,
};
