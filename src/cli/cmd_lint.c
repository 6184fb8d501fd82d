/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman lint: is a document right by its own rules? */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run.h"

static void lint_document(const tally_cli_call *call, const char *path, const tally_report_format *format,
			  tally_writer *writer, tally_lint_totals *totals)
{
	tally_cli_run run;
	tally_lint_result judgement = {0};
	const tally_report_style style = {.verbose = call->given[TALLY_OPTION_VERBOSE]};
	const tally_lint_options options = {
	    .kind = tally_cli_document_kind(call),
	    .strict = call->given[TALLY_OPTION_STRICT],
	};
	tally_cli_run_begin(&run, call);
	tally_result result = tally_lint_file(path, &options, &run.sink, &judgement, &run.error);
	const tally_lint_report report = {
	    .path = path,
	    .result = &judgement,
	    .findings = &run.findings,
	    .error = tally_cli_run_judge(&run, path, result),
	};
	format->lint_document(writer, &style, totals, &report);
	tally_lint_totals_add(totals, &report);
	tally_writer_flush(writer);
	tally_cli_run_end(&run);
}

int tally_cli_lint(const tally_cli_call *call)
{
	const char *name = call->value[TALLY_OPTION_FORMAT];
	const tally_report_format *format = name != NULL ? tally_report_format_find(name) : tally_report_format_at(0);
	tally_cli_output output;
	int status = tally_cli_output_open(&output, call, (const char *const *)call->arguments, call->argument_count);
	if (status != TALLY_EXIT_OK)
		return status;
	tally_lint_totals totals = {0};
	format->lint_begin(&output.writer);
	for (size_t i = 0; i < call->argument_count && output.writer.error == 0; i++) {
		if (tally_cli_run_stopped(call, i)) {
			totals.exit_status = TALLY_EXIT_UNCHECKED;
			break;
		}
		lint_document(call, call->arguments[i], format, &output.writer, &totals);
	}
	format->lint_end(&output.writer, &totals);
	return tally_cli_output_finish(&output, totals.exit_status);
}
