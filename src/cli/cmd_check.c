/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman check: what would the datacenter say about a drive? */
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run.h"

#define JOBS_MAX 256

static bool parse_jobs(const char *text, unsigned *jobs)
{
	uint64_t number;
	if (tally_decimal_parse((tally_text){text, strlen(text)}, &number) != TALLY_NUMBER_OK)
		return false;
	*jobs = (unsigned)number;
	return number >= 1 && number <= JOBS_MAX;
}

static int parse_options(const tally_cli_call *call, tally_check_options *options)
{
	const char *jobs = call->value[TALLY_OPTION_JOBS];
	*options = (tally_check_options){
	    .journal = call->value[TALLY_OPTION_JOURNAL],
	    .manifest = call->value[TALLY_OPTION_MANIFEST],
	    .drive_id = call->value[TALLY_OPTION_DRIVE_ID],
	    .strict = call->given[TALLY_OPTION_STRICT],
	};
	if (jobs != NULL && !parse_jobs(jobs, &options->jobs))
		return tally_cli_usage_error(call, "--jobs is a number from 1 to %d; not %.200s", JOBS_MAX, jobs);
	return TALLY_EXIT_OK;
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

static int check_drive(const tally_cli_call *call, tally_check_options *options, uint64_t number,
		       const tally_report_format *format, tally_writer *writer)
{
	tally_cli_run run;
	tally_summary summary = {0};
	const tally_report_style style = {.verbose = call->given[TALLY_OPTION_VERBOSE]};
	options->drive = call->arguments[number];
	tally_cli_run_begin(&run, call);
	tally_result result = tally_check(options, &run.sink, &summary, &run.error);
	const tally_check_report report = {
	    .path = options->drive,
	    .summary = &summary,
	    .findings = &run.findings,
	    .error = tally_cli_run_judge(&run, options->drive, result),
	};
	format->check(writer, &style, number, &report);
	/* A reader that follows the file sees each drive as it is done, and a full disk ends the run now. */
	tally_writer_flush(writer);
	int status = tally_check_report_exit(&report);
	tally_summary_clear(&summary);
	tally_cli_run_end(&run);
	return status;
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
	for (size_t i = 0; i < call->argument_count && output.writer.error == 0; i++) {
		if (tally_cli_run_stopped(call, i)) {
			status = TALLY_EXIT_UNCHECKED;
			break;
		}
		status = tally_exit_worse(status, check_drive(call, &options, i, format, &output.writer));
	}
	return tally_cli_output_finish(&output, status);
}
