/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman audit: did the service get what was shipped? did everything come that was ordered? */
#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run.h"

/* The list of --write-missing, while it is written. */
typedef struct missing_list {
	tally_cli_output output;
	bool open;
	uint64_t entries;
} missing_list;

static int parse_options(const tally_cli_call *call, tally_audit_options *options)
{
	*options = (tally_audit_options){
	    .check = {.drive = call->argument_count > 0 ? call->arguments[0] : NULL,
		      .journal = call->value[TALLY_OPTION_JOURNAL],
		      .manifest = call->value[TALLY_OPTION_MANIFEST],
		      .drive_id = call->value[TALLY_OPTION_DRIVE_ID],
		      .strict = call->given[TALLY_OPTION_STRICT]},
	    .logs = call->values,
	    .log_count = call->value_count,
	    .is_export = call->given[TALLY_OPTION_EXPORT],
	    .list = call->value[TALLY_OPTION_BLOB_LIST],
	    .incomplete = call->value[TALLY_OPTION_INCOMPLETE],
	};
	tally_cli_key(call, &options->check);
	if (options->check.drive == NULL && options->check.manifest == NULL)
		return tally_cli_usage_error(call, "audit needs a DRIVE, or the --manifest of one");
	if (!options->is_export && options->log_count == 0)
		return tally_cli_usage_error(call, "audit needs a --log; only with --export it can do without");
	bool of_export =
	    options->list != NULL || options->incomplete != NULL || call->given[TALLY_OPTION_WRITE_MISSING];
	if (!options->is_export && of_export)
		return tally_cli_usage_error(call, "--list, --incomplete and --write-missing need --export");
	if (options->log_count > TALLY_AUDIT_LOGS_MAX)
		return tally_cli_usage_error(call, "at most %d logs", TALLY_AUDIT_LOGS_MAX);
	return tally_cli_reading(call, &options->check.jobs, &options->check.io, &options->check.max_rate);
}

/* ---- what is missing ------------------------------------------------------------------------------------------ */

/* What a reader would take for markup, and white space that it would make another of, or leave out. */
static void write_xml(tally_writer *writer, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			tally_write(writer, "&amp;");
			break;
		case '<':
			tally_write(writer, "&lt;");
			break;
		case '>':
			tally_write(writer, "&gt;");
			break;
		case '\t':
			tally_write(writer, "&#9;");
			break;
		case '\n':
			tally_write(writer, "&#10;");
			break;
		case '\r':
			tally_write(writer, "&#13;");
			break;
		default:
			tally_write_bytes(writer, text, 1);
		}
	}
}

static bool put_missing(void *context, const char *blob_path, bool is_prefix)
{
	missing_list *list = context;
	tally_writer *writer = &list->output.writer;
	const char *name = is_prefix ? "BlobPathPrefix" : "BlobPath";
	if (list->entries++ == 0)
		tally_write(writer, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlobList>\n");
	tally_write(writer, "  <");
	tally_write(writer, name);
	tally_write(writer, ">");
	write_xml(writer, blob_path);
	tally_write(writer, "</");
	tally_write(writer, name);
	tally_write(writer, ">\n");
	return writer->error == 0;
}

/* An audit that was not finished doesn't know all that is missing. */
static int close_missing(missing_list *list, bool complete, int status)
{
	if (!list->open)
		return status;
	list->open = false;
	if (list->entries == 0 || !complete) {
		tally_cli_output_abandon(&list->output);
		return status;
	}
	tally_write(&list->output.writer, "</BlobList>\n");
	return tally_cli_output_finish(&list->output, status);
}

/* ---- all together --------------------------------------------------------------------------------------------- */

/* The files of an audit. */
typedef struct audit_files {
	const char **names;  /* NULL among them is none; freed by the caller */
	size_t paper_count;  /* the first ones: documents that are not on the drive */
	size_t spared_count; /* with the drive and the key behind them: what nothing must be written over */
	size_t count;        /* with the report, which the list of what is missing must not be written over either */
} audit_files;

static bool list_files(const tally_cli_call *call, const tally_audit_options *options, audit_files *files)
{
	const char *const papers[] = {options->check.journal, options->list, options->incomplete,
				      options->check.drive == NULL ? options->check.manifest : NULL};
	const char *const others[] = {options->check.drive, options->check.key_file, call->value[TALLY_OPTION_OUTPUT]};
	size_t own = sizeof papers / sizeof papers[0], more = sizeof others / sizeof others[0];
	*files = (audit_files){.names = tally_zalloc(call->value_count + own + more, sizeof *files->names)};
	if (files->names == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		return false;
	}
	for (size_t i = 0; i < call->value_count; i++)
		files->names[i] = call->values[i];
	files->paper_count = call->value_count + own;
	files->count = files->paper_count + more;
	files->spared_count = files->count - 1;
	memcpy(files->names + call->value_count, papers, sizeof papers);
	memcpy(files->names + files->paper_count, others, sizeof others);
	return true;
}

static int open_outputs(const tally_cli_call *call, const audit_files *files, tally_cli_output *report,
			missing_list *missing)
{
	const char *path = call->value[TALLY_OPTION_WRITE_MISSING];
	int status = TALLY_EXIT_OK;
	if (path != NULL)
		status = tally_cli_output_open_file(&missing->output, call, path, files->names, files->count);
	missing->open = path != NULL && status == TALLY_EXIT_OK;
	if (status == TALLY_EXIT_OK)
		status = tally_cli_output_open(report, call, files->names, files->spared_count);
	if (status != TALLY_EXIT_OK)
		close_missing(missing, false, status);
	return status;
}

static void write_report(const tally_cli_call *call, const tally_check_report *report, tally_writer *writer,
			 tally_check_totals *totals)
{
	const char *name = call->value[TALLY_OPTION_FORMAT];
	const tally_report_format *format = name != NULL ? tally_report_format_find(name) : tally_report_format_at(0);
	const tally_report_style style = {.verbose = call->given[TALLY_OPTION_VERBOSE]};
	format->check_begin(writer);
	format->check(writer, &style, totals, report);
	tally_check_totals_add(totals, report);
	format->check_end(writer, totals);
}

/* A list that could not be written ended the audit, which knows only that it was to stop. */
static tally_result run_audit(tally_cli_run *run, tally_audit_options *options, missing_list *missing,
			      tally_audit_summary *summary)
{
	if (missing->open) {
		options->missing = put_missing;
		options->missing_context = missing;
	}
	tally_result result = tally_audit(options, &run->sink, summary, &run->error);
	if (result == TALLY_ERROR_STOPPED && missing->open && missing->output.writer.error != 0)
		result = tally_fail_os(&run->error, missing->output.writer.error, "%.300s could not be written",
				       missing->output.path);
	return result;
}

static int audit(const tally_cli_call *call, tally_audit_options *options, const audit_files *files,
		 tally_cli_output *output, missing_list *missing)
{
	tally_cli_run run;
	tally_audit_summary summary = {0};
	tally_check_totals totals = {0};
	const char *path = options->check.drive != NULL ? options->check.drive : options->check.manifest;
	tally_cli_run_begin(&run, call);
	tally_result result = run_audit(&run, options, missing, &summary);
	const tally_check_report report = {
	    .path = path,
	    .papers = files->names,
	    .paper_count = files->paper_count,
	    .summary = &summary.check,
	    .audit = &summary,
	    .findings = &run.findings,
	    .error = tally_cli_run_judge(&run, path, result),
	};
	write_report(call, &report, &output->writer, &totals);
	tally_audit_summary_clear(&summary);
	tally_cli_run_end(&run);
	int status = tally_cli_output_finish(output, totals.exit_status);
	return close_missing(missing, result == TALLY_OK, status);
}

int tally_cli_audit(const tally_cli_call *call)
{
	tally_audit_options options;
	tally_cli_output output;
	missing_list missing = {.open = false};
	audit_files files;
	int status = parse_options(call, &options);
	if (status != TALLY_EXIT_OK)
		return status;
	if (!list_files(call, &options, &files))
		return TALLY_EXIT_UNCHECKED;
	status = open_outputs(call, &files, &output, &missing);
	if (status == TALLY_EXIT_OK)
		status = audit(call, &options, &files, &output, &missing);
	tally_free(files.names);
	return status;
}
