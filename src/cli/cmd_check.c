/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman check: what would the datacenter say about a drive? */
#include "base/memory.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run.h"

#include <unistd.h>

static int parse_options(const tally_cli_call *call, tally_check_options *options)
{
	*options = (tally_check_options){
	    .journal = call->value[TALLY_OPTION_JOURNAL],
	    .manifest = call->value[TALLY_OPTION_MANIFEST],
	    .drive_id = call->value[TALLY_OPTION_DRIVE_ID],
	    .kind = tally_cli_document_kind(call),
	    .strict = call->given[TALLY_OPTION_STRICT],
	    .checkpoint = call->value[TALLY_OPTION_CHECKPOINT],
	};
	if (options->checkpoint != NULL && call->argument_count > 1)
		return tally_cli_usage_error(call, "a checkpoint belongs to one drive: check them one at a time");
	int status = tally_cli_jobs(call, &options->jobs);
	if (status == TALLY_EXIT_OK)
		status = tally_cli_io(call, &options->io);
	if (status == TALLY_EXIT_OK)
		status = tally_cli_max_rate(call, &options->max_rate);
	return status;
}

/* What the report must not be written over: the drives and the journal. */
static int open_output(tally_cli_output *output, const tally_cli_call *call)
{
	const char **inputs = tally_zalloc(call->argument_count + 1, sizeof *inputs);
	if (inputs == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		return TALLY_EXIT_UNCHECKED;
	}
	for (size_t i = 0; i < call->argument_count; i++)
		inputs[i] = call->arguments[i];
	inputs[call->argument_count] = call->value[TALLY_OPTION_JOURNAL];
	int status = tally_cli_output_open(output, call, inputs, call->argument_count + 1);
	tally_free(inputs);
	return status;
}

/* Returns whether the checkpoint was used. */
static bool check_drive(const tally_cli_call *call, tally_check_options *options, const tally_report_format *format,
			tally_writer *writer, tally_check_totals *totals)
{
	tally_cli_run run;
	tally_summary summary = {0};
	const tally_report_style style = {.verbose = call->given[TALLY_OPTION_VERBOSE]};
	options->drive = call->arguments[totals->drives];
	tally_cli_run_begin(&run, call);
	tally_result result = tally_check(options, &run.sink, &summary, &run.error);
	const tally_check_report report = {
	    .path = options->drive,
	    .journal = options->journal,
	    .summary = &summary,
	    .findings = &run.findings,
	    .error = tally_cli_run_judge(&run, options->drive, result),
	};
	format->check(writer, &style, totals, &report);
	tally_check_totals_add(totals, &report);
	/* A reader that follows the file sees each drive as it is done, and a full disk ends the run now. */
	tally_writer_flush(writer);
	bool checkpointed = summary.checkpointed;
	tally_summary_clear(&summary);
	tally_cli_run_end(&run);
	return checkpointed;
}

/*
 * A checkpoint has done its work when the report is where it belongs. Not before, for it could be hours; and not left
 * for the next check, which would read nothing.
 */
static void settle_checkpoint(const tally_cli_call *call, int status)
{
	const char *path = call->value[TALLY_OPTION_CHECKPOINT];
	if (status == TALLY_EXIT_OK || status == TALLY_EXIT_WRONG)
		unlink(path);
	else
		tally_cli_complain(call->streams, "what is done is noted in %.300s: the same command goes on from there",
				   path);
}

int tally_cli_check(const tally_cli_call *call)
{
	tally_check_options options;
	int status = parse_options(call, &options);
	if (status != TALLY_EXIT_OK)
		return status;
	const char *name = call->value[TALLY_OPTION_FORMAT];
	const tally_report_format *format = name != NULL ? tally_report_format_find(name) : tally_report_format_at(0);
	tally_cli_output output;
	status = open_output(&output, call);
	if (status != TALLY_EXIT_OK)
		return status;
	tally_check_totals totals = {0};
	bool checkpointed = false;
	format->check_begin(&output.writer);
	for (size_t i = 0; i < call->argument_count && output.writer.error == 0; i++) {
		if (tally_cli_run_stopped(call, i)) {
			totals.exit_status = TALLY_EXIT_UNCHECKED;
			break;
		}
		checkpointed |= check_drive(call, &options, format, &output.writer, &totals);
	}
	format->check_end(&output.writer, &totals);
	status = tally_cli_output_finish(&output, totals.exit_status);
	if (checkpointed)
		settle_checkpoint(call, status);
	return status;
}
