/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the report for people that its files share. */
#ifndef TALLY_REPORT_TEXT_PARTS_H
#define TALLY_REPORT_TEXT_PARTS_H

#include "report/report.h"

#define TALLY_TEXT_LABEL_WIDTH 11 /* columns of what tally_text_label writes */

/* The left column of a verdict. */
void tally_text_label(tally_writer *writer, const char *label);
/* With a wrapped text beside it; nothing for NULL or "". */
void tally_text_labelled(tally_writer *writer, const char *label, const char *text);
void tally_text_coloured(tally_writer *writer, tally_colour colour, const char *text);
void tally_text_gaps(tally_writer *writer, const tally_gap *gaps, size_t count);
void tally_text_found(tally_writer *writer, uint64_t errors, uint64_t warnings, uint64_t notes);
/* "2 errors, 1 warning", without what there is none of. False when there is nothing. */
bool tally_text_severities(tally_writer *writer, uint64_t errors, uint64_t warnings, uint64_t notes);

/* text_findings.c: all that was kept, in groups. */
void tally_text_findings(tally_writer *writer, const tally_report_style *style, const tally_collector *findings);

/* text_job.c */
void tally_text_job(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		    const tally_job_report *report);

#endif
