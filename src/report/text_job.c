/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people about a job as a whole: how it would end, its drives, and what doesn't hold together. */
#include "report/text_parts.h"

#define ID_WIDTH 22

static void write_verdict(tally_writer *writer, const tally_job_report *report)
{
	const tally_job_summary *summary = report->summary;
	const tally_status *status = summary->job_status;
	tally_text_label(writer, "Verdict");
	if (report->error != NULL) {
		tally_text_coloured(writer, TALLY_COLOUR_BAD, "COULD NOT CHECK");
		tally_write(writer, ": ");
		tally_write_escaped(writer, report->error->message);
		tally_write(writer, "\n");
		return;
	}
	if (status != NULL) {
		tally_text_coloured(writer, summary->exit_status == 0 ? TALLY_COLOUR_GOOD : TALLY_COLOUR_BAD,
				    status->code);
		tally_write(writer, ": ");
	}
	tally_write(writer, summary->exit_status == 0   ? "nothing wrong was found in what was checked\n"
			    : summary->exit_status == 1 ? "something is wrong with what was checked\n"
							: "something could not be checked\n");
	if (status == NULL)
		return;
	if (status->classic_state != NULL) {
		tally_text_label(writer, "Classic");
		tally_write(writer, status->classic_state);
		tally_write(writer, "\n");
	}
	tally_text_labelled(writer, "Meaning", status->meaning);
	tally_text_labelled(writer, "To do", status->advice);
}

/* "in the list, journal, at hand" */
static void write_presence(tally_writer *writer, const tally_job_summary *summary, const tally_job_drive *drive)
{
	const char *const words[] = {
	    !drive->is_of_job    ? "not of this job"
	    : !summary->has_list ? "of this job"
				 : "in the list",
	    drive->has_journal ? "has a journal" : "no journal",
	    drive->is_at_hand ? "at hand" : "not at hand",
	    drive->has_key ? NULL : "no key",
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (words[i] == NULL)
			continue;
		tally_write(writer, i > 0 ? ", " : "");
		tally_write(writer, words[i]);
	}
}

static void write_drives(tally_writer *writer, const tally_job_summary *summary)
{
	if (summary->drive_count == 0)
		return;
	tally_write(writer, "\nDrives\n");
	for (size_t i = 0; i < summary->drive_count; i++) {
		const tally_job_drive *drive = &summary->drives[i];
		size_t size = strlen(drive->drive_id);
		tally_write(writer, "  ");
		tally_write_escaped(writer, drive->drive_id);
		tally_write_blanks(writer, size < ID_WIDTH ? ID_WIDTH - size : 1);
		tally_write_column(writer, drive->status != NULL ? drive->status->code : "(not known)", 25);
		write_presence(writer, summary, drive);
		tally_write(writer, "\n");
	}
}

static void write_unused(tally_writer *writer, const tally_job_summary *summary)
{
	bool any = false;
	for (size_t i = 0; i < summary->subject_count; i++) {
		const tally_job_subject *subject = &summary->subjects[i];
		if (subject->error.code == TALLY_OK)
			continue;
		tally_text_label(writer, any ? "" : "Unread");
		tally_write_escaped(writer, subject->error.message);
		tally_write(writer, "\n");
		any = true;
	}
}

/* Whether the job's drive list can be made of these documents. */
static void write_list(tally_writer *writer, const tally_job_summary *summary)
{
	bool no_key = false;
	for (size_t i = 0; i < summary->drive_count; i++)
		no_key = no_key || (summary->drives[i].is_of_job && !summary->drives[i].has_key);
	const char *text = summary->list == NULL  ? summary->list_refusal
			   : summary->is_complete ? "complete: the job can be created from these documents"
			   : no_key               ? "can be made, but not all keys are known"
						  : "can be made, but not all documents are right and readable";
	tally_text_labelled(writer, "List", text);
}

void tally_text_job(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		    const tally_job_report *report)
{
	const tally_job_summary *summary = report->summary;
	if (totals->drives > 0)
		tally_write(writer, "\n\n");
	tally_text_label(writer, "Job");
	tally_write_escaped(writer, report->path);
	tally_write(writer, summary->has_list ? "" : " (no drive list was given)");
	tally_write(writer, "\n");
	write_verdict(writer, report);
	write_list(writer, summary);
	write_drives(writer, summary);
	tally_write(writer, "\n");
	write_unused(writer, summary);
	tally_text_gaps(writer, summary->gaps, summary->gap_count);
	tally_text_found(writer, summary->errors, summary->warnings, summary->notes);
	tally_text_findings(writer, style, report->findings);
}
