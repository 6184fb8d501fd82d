/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: the verdict, how far it goes, then the findings, a thousand alike in one paragraph. */
#include "report/report.h"
#include "report/text_parts.h"

/* ---- check -------------------------------------------------------------------------------------------------- */

static void write_headline(tally_writer *writer, const tally_check_report *report)
{
	const tally_summary *summary = report->summary;
	tally_text_label(writer, "Drive");
	tally_write_escaped(writer, report->path);
	if (summary->drive_id[0] != '\0') {
		tally_write(writer, " (");
		tally_write_escaped(writer, summary->drive_id);
		tally_write(writer, ")");
	}
	tally_write(writer, "\n");
	tally_text_label(writer, "Verdict");
	if (report->error != NULL) {
		tally_text_coloured(writer, TALLY_COLOUR_BAD, "COULD NOT CHECK");
		tally_write(writer, ": ");
		tally_write_escaped(writer, report->error->message);
		tally_write(writer, "\n");
		return;
	}
	if (summary->drive_status != NULL) {
		tally_colour colour = summary->exit_status == 0 ? TALLY_COLOUR_GOOD : TALLY_COLOUR_BAD;
		tally_text_coloured(writer, colour, summary->drive_status->code);
		tally_write(writer, ": ");
	}
	if (report->audit != NULL && summary->exit_status == 0) {
		tally_write(writer, summary->warnings == 0
					? "nothing was found in which drive, papers and logs disagree\n"
					: "no error was found in what was compared; see the warnings\n");
		return;
	}
	tally_write(writer, summary->exit_status == 0   ? "nothing wrong was found in what was checked\n"
			    : summary->exit_status == 1 ? "something is wrong with what was checked\n"
			    : summary->blobs_checked > 0 ? "some of it could not be checked\n"
							: "nothing could be checked\n");
}

static void write_drive_status(tally_writer *writer, const tally_summary *summary)
{
	const tally_status *status = summary->drive_status;
	const char *portal = summary->portal_state;
	if (status == NULL)
		status = portal != NULL ? tally_status_find(TALLY_LEVEL_PORTAL, portal) : NULL;
	if (status == NULL)
		return;
	if (portal == NULL)
		portal = status->portal_state;
	if (portal != NULL || status->classic_state != NULL) {
		tally_text_label(writer, "Portal");
		tally_write(writer, portal != NULL ? portal : "(no state of its own)");
		if (status->classic_state != NULL) {
			tally_write(writer, " (classic portal: ");
			tally_write(writer, status->classic_state);
			tally_write(writer, ")");
		}
		tally_write(writer, "\n");
	}
	tally_text_labelled(writer, "Meaning", status->meaning);
	tally_text_labelled(writer, "To do", status->advice);
}

static void write_of(tally_writer *writer, uint64_t checked, uint64_t listed, const char *what)
{
	tally_write_count(writer, checked);
	tally_write(writer, " of ");
	tally_write_counted(writer, listed, what);
	tally_write(writer, ", ");
}

static void write_coverage(tally_writer *writer, const tally_summary *summary)
{
	tally_write(writer, "\n");
	tally_text_label(writer, "Checked");
	write_of(writer, summary->blobs_checked, summary->blobs_listed, "blob");
	write_of(writer, summary->segments_checked, summary->segments_listed, "segment");
	tally_write_counted(writer, summary->bytes_hashed, "byte");
	tally_write(writer, " hashed");
	if (summary->bytes_hashed >= 1024) {
		char size[32];
		tally_format_size(summary->bytes_hashed, size);
		tally_write(writer, " (");
		tally_write(writer, size);
		tally_write(writer, ")");
	}
	tally_write(writer, "\n");
	tally_text_gaps(writer, summary->gaps, summary->gap_count);
	if (summary->other_files > 0) {
		tally_text_label(writer, "Others");
		tally_write_counted(writer, summary->other_files, "file");
		tally_write(writer, " with ");
		tally_write_counted(writer, summary->other_bytes, "byte");
		tally_write(writer, " on the drive that nothing names\n");
	}
	tally_text_found(writer, summary->errors, summary->warnings, summary->notes);
}

static void write_number_of(tally_writer *writer, const char *label, uint64_t count, const char *what, const char *rest)
{
	if (count == 0)
		return;
	tally_text_label(writer, label);
	tally_write_counted(writer, count, what);
	tally_write(writer, rest);
	tally_write(writer, "\n");
}

/* What users ask for most comes first: whether the service has what was shipped. */
static void write_proof(tally_writer *writer, const tally_audit_summary *audit)
{
	if (audit->blobs_stored == 0)
		return;
	tally_text_label(writer, "Proven");
	if (audit->check.blobs_checked == 0) {
		tally_write(writer, "nothing: a log gives the CRC-64 of ");
		tally_write_counted(writer, audit->blobs_stored, "file");
		tally_write(writer, ", but no file of the drive could be read\n");
		return;
	}
	bool all = audit->blobs_proven == audit->check.blobs_listed;
	tally_write_colour(writer, all ? TALLY_COLOUR_GOOD : TALLY_COLOUR_WARN);
	tally_write_count(writer, audit->blobs_proven);
	tally_write(writer, " of ");
	tally_write_counted(writer, audit->check.blobs_listed, "file");
	tally_write_colour(writer, TALLY_COLOUR_NONE);
	tally_write(writer, audit->is_export ? ": the drive holds exactly what the service had (size and CRC-64)\n"
					     : ": the service has exactly what is on the drive (size and CRC-64)\n");
}

static void write_list(tally_writer *writer, const tally_audit_summary *audit)
{
	if (audit->list_paths + audit->list_prefixes > 0) {
		tally_text_label(writer, "Ordered");
		tally_write_counted(writer, audit->list_paths, "path");
		tally_write(writer, ", of which ");
		tally_write_count(writer, audit->paths_empty);
		tally_write(writer, " brought nothing; ");
		tally_write_counted(writer, audit->list_prefixes, "prefix");
		tally_write(writer, ", of which ");
		tally_write_count(writer, audit->prefixes_empty);
		tally_write(writer, " brought nothing\n");
	}
	write_number_of(writer, "Unordered", audit->blobs_unordered, "blob", " that nothing in the list ordered");
	write_number_of(writer, "Snapshots", audit->snapshots, "blob", "");
	write_number_of(writer, "Left out", audit->left_out, "time", " for lack of space on the drives");
	write_number_of(writer, "Again", audit->to_order_again, "time", " something to order or download again");
}

static void write_audit(tally_writer *writer, const tally_audit_summary *audit)
{
	tally_write(writer, "\n");
	write_proof(writer, audit);
	tally_text_label(writer, "Logs");
	tally_write_count(writer, audit->logs_used);
	tally_write(writer, " of ");
	tally_write_counted(writer, audit->logs, "log");
	tally_write(writer, audit->has_verbose ? ", a verbose one among them, with " : ", no verbose one, with ");
	tally_write_count(writer, audit->log_entries);
	tally_write(writer, audit->log_entries == 1 ? " entry for " : " entries for ");
	tally_write_counted(writer, audit->blobs_logged, "blob");
	tally_write(writer, "\n");
	write_number_of(writer, "Refuted", audit->blobs_refuted, "file", " of which the service has something else");
	write_number_of(writer, "Failed", audit->blobs_failed, "blob", " for which the service reports an error");
	write_number_of(writer, "Renamed", audit->blobs_renamed, "blob", " that the service stored under another name");
	write_number_of(writer, "Unlogged", audit->blobs_unlogged, "blob", " that the verbose log doesn't name");
	write_number_of(writer, "Unknown", audit->entries_unknown, "time",
			" the logs speak of what the manifest doesn't have");
	if (audit->is_export)
		write_list(writer, audit);
}

/* One line: the statuses of a level and how often each occurred. */
static void write_level_counts(tally_writer *writer, const tally_summary *summary, tally_level level)
{
	bool any = false;
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (status->level != level || summary->status_counts[i] == 0)
			continue;
		if (any) {
			tally_write(writer, ", ");
		} else {
			tally_write(writer, "  ");
			tally_write_column(writer, tally_level_name(level), 12);
		}
		tally_write(writer, status->code);
		tally_write(writer, " ");
		tally_write_count(writer, summary->status_counts[i]);
		any = true;
	}
	if (any)
		tally_write(writer, "\n");
}

static void write_counts(tally_writer *writer, const tally_summary *summary)
{
	if (summary->status_counts == NULL || summary->segments_checked + summary->blobs_checked == 0)
		return;
	tally_write(writer, "\nStatuses that the log would hold\n");
	write_level_counts(writer, summary, TALLY_LEVEL_BLOB);
	write_level_counts(writer, summary, TALLY_LEVEL_SEGMENT);
	write_level_counts(writer, summary, TALLY_LEVEL_METADATA);
	write_level_counts(writer, summary, TALLY_LEVEL_PROPERTIES);
}

static void write_check(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
			const tally_check_report *report)
{
	if (totals->drives > 0)
		tally_write(writer, "\n\n");
	write_headline(writer, report);
	if (report->error == NULL)
		write_drive_status(writer, report->summary);
	/* A run that was stopped half-way still has something to tell; one that never began has not. */
	if (report->error == NULL || report->summary->blobs_checked > 0 || report->findings->total > 0) {
		write_coverage(writer, report->summary);
		if (report->audit != NULL)
			write_audit(writer, report->audit);
		tally_text_findings(writer, style, report->findings);
		write_counts(writer, report->summary);
	}
}

/* ---- lint --------------------------------------------------------------------------------------------------- */

static void write_lint_begin(tally_writer *writer)
{
	(void)writer;
}

static void write_lint_document(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
				const tally_lint_report *report)
{
	(void)totals;
	const tally_lint_result *result = report->result;
	tally_write_escaped(writer, report->path);
	tally_write(writer, ": ");
	if (report->error != NULL) {
		tally_text_coloured(writer, TALLY_COLOUR_BAD, "COULD NOT CHECK");
		tally_write(writer, ": ");
		tally_write_escaped(writer, report->error->message);
		tally_write(writer, "\n");
		return;
	}
	if (result->valid)
		tally_text_coloured(writer, TALLY_COLOUR_GOOD, "valid");
	else
		tally_text_coloured(writer, TALLY_COLOUR_BAD, "not valid");
	tally_write(writer, " (");
	tally_write(writer, tally_document_kind_name(result->kind));
	tally_write(writer, ")");
	if (report->findings->total > 0) {
		tally_write(writer, ": ");
		tally_text_severities(writer, result->errors, result->warnings, result->notes);
	}
	tally_write(writer, "\n");
	tally_text_findings(writer, style, report->findings);
	if (report->findings->total > 0)
		tally_write(writer, "\n");
}

static void write_lint_end(tally_writer *writer, const tally_lint_totals *totals)
{
	if (totals->documents < 2 && totals->skipped == 0)
		return;
	tally_write_counted(writer, totals->documents, "document");
	tally_write(writer, ": ");
	tally_write_count(writer, totals->valid);
	tally_write(writer, " valid, ");
	tally_write_count(writer, totals->documents - totals->valid - totals->unreadable);
	tally_write(writer, " not valid, ");
	tally_write_count(writer, totals->unreadable);
	tally_write(writer, " not checked\n");
	if (totals->skipped == 0)
		return;
	tally_write_counted(writer, totals->skipped, "other file");
	tally_write(writer, " skipped\n");
}

const tally_report_format tally_report_text = {
    .name = "text",
    .check_begin = tally_report_check_begin,
    .check = write_check,
    .job = tally_text_job,
    .check_end = tally_report_check_end,
    .lint_begin = write_lint_begin,
    .lint_document = write_lint_document,
    .lint_end = write_lint_end,
};
