/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

static const tally_report_format *const formats[] = {&tally_report_text,      &tally_report_json,
						     &tally_report_sarif,     &tally_report_junit,
						     &tally_report_drive_log, &tally_report_drive_log_errors};

const tally_report_format *tally_report_format_at(size_t index)
{
	return index < sizeof formats / sizeof formats[0] ? formats[index] : NULL;
}

const tally_report_format *tally_report_format_find(const char *name)
{
	const tally_report_format *format;
	for (size_t i = 0; (format = tally_report_format_at(i)) != NULL; i++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}

int tally_check_report_exit(const tally_check_report *report)
{
	return report->error != NULL ? 3 : report->summary->exit_status;
}

int tally_lint_report_exit(const tally_lint_report *report)
{
	if (report->error != NULL)
		return 3;
	return report->result->valid ? 0 : 1;
}

int tally_job_report_exit(const tally_job_report *report)
{
	return report->error != NULL ? 3 : report->summary->exit_status;
}

int tally_exit_worse(int a, int b)
{
	return a > b ? a : b;
}

void tally_check_totals_add(tally_check_totals *totals, const tally_check_report *report)
{
	totals->drives++;
	totals->results += report->findings->kept_count + (report->error != NULL);
	totals->omitted += tally_collector_omitted(report->findings);
	totals->exit_status = tally_exit_worse(totals->exit_status, tally_check_report_exit(report));
}

void tally_check_totals_add_job(tally_check_totals *totals, const tally_job_report *report)
{
	totals->results += report->findings->kept_count + (report->error != NULL);
	totals->omitted += tally_collector_omitted(report->findings);
	totals->exit_status = tally_exit_worse(totals->exit_status, tally_job_report_exit(report));
}

void tally_lint_totals_add(tally_lint_totals *totals, const tally_lint_report *report)
{
	int exit_status = tally_lint_report_exit(report);
	totals->documents++;
	totals->valid += exit_status == 0;
	totals->unreadable += report->error != NULL;
	totals->results += report->findings->kept_count + (report->error != NULL);
	totals->omitted += tally_collector_omitted(report->findings);
	totals->exit_status = tally_exit_worse(totals->exit_status, exit_status);
}

void tally_report_check_begin(tally_writer *writer)
{
	(void)writer;
}

void tally_report_check_end(tally_writer *writer, const tally_check_totals *totals)
{
	(void)writer;
	(void)totals;
}
