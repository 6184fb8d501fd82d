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
	tally_cli_key(call, options);
	if (options->key_file != NULL && strcmp(options->key_file, "-") == 0 && call->argument_count > 1)
		return tally_cli_usage_error(call,
					     "standard input holds the key of one drive: check them one at a time");
	if (options->checkpoint != NULL && call->argument_count > 1)
		return tally_cli_usage_error(call, "a checkpoint belongs to one drive: check them one at a time");
	return tally_cli_reading(call, &options->jobs, &options->io, &options->max_rate);
}

/* What the report must not be written over: the drives, the journal, the key and the checkpoint. */
static int open_output(tally_cli_output *output, const tally_cli_call *call)
{
	size_t count = call->argument_count + 3;
	const char **spared = tally_zalloc(count, sizeof *spared);
	if (spared == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		return TALLY_EXIT_UNCHECKED;
	}
	for (size_t i = 0; i < call->argument_count; i++)
		spared[i] = call->arguments[i];
	spared[count - 3] = call->value[TALLY_OPTION_JOURNAL];
	spared[count - 2] = call->value[TALLY_OPTION_KEY_FILE];
	spared[count - 1] = call->value[TALLY_OPTION_CHECKPOINT];
	int status = tally_cli_output_open(output, call, spared, count);
	tally_free(spared);
	return status;
}

/* False, after a complaint, when the report would not be whole. */
static bool is_whole(const tally_cli_call *call, const tally_report_format *format, const tally_check_report *report)
{
	const char *missing = format->missing != NULL ? format->missing(report) : NULL;
	if (missing != NULL)
		tally_cli_complain(call->streams, "%.300s: there is no complete log: %s", report->path, missing);
	return missing == NULL;
}

static tally_result run_check(tally_cli_run *run, const tally_check_options *options, const tally_report_format *format,
			      tally_writer *writer, tally_sink *stream, tally_summary *summary)
{
	if (format->stream_new != NULL) {
		tally_result result = format->stream_new(stream, writer, &run->error);
		if (result != TALLY_OK)
			return result;
		tally_cli_run_stream(run, stream, writer);
	}
	return tally_check(options, &run->sink, summary, &run->error);
}

/* What came of a drive besides its report. */
typedef struct drive_outcome {
	bool whole;        /* the report is */
	bool ended;        /* the check came to its end, whatever was found */
	bool checkpointed; /* the checkpoint was used */
	bool unread;       /* something could not be read */
} drive_outcome;

static drive_outcome check_drive(const tally_cli_call *call, tally_check_options *options,
				 const tally_report_format *format, tally_writer *writer, tally_check_totals *totals)
{
	tally_cli_run run;
	tally_sink stream = {0};
	tally_summary summary = {0};
	const tally_report_style style = {.verbose = call->given[TALLY_OPTION_VERBOSE]};
	options->drive = call->arguments[totals->drives];
	tally_cli_run_begin(&run, call);
	tally_result result = run_check(&run, options, format, writer, &stream, &summary);
	const tally_check_report report = {
	    .path = options->drive,
	    .papers = &options->journal,
	    .paper_count = 1,
	    .summary = &summary,
	    .findings = &run.findings,
	    .error = tally_cli_run_judge(&run, options->drive, result),
	    .stream = stream.context,
	};
	format->check(writer, &style, totals, &report);
	const drive_outcome outcome = {.whole = is_whole(call, format, &report),
				       .ended = report.error == NULL,
				       .checkpointed = summary.checkpointed,
				       .unread = summary.unread > 0};
	tally_check_totals_add(totals, &report);
	/* A reader that follows the file sees each drive as it is done, and a full disk ends the run now. */
	tally_writer_flush(writer);
	if (format->stream_free != NULL)
		format->stream_free(stream.context);
	tally_summary_clear(&summary);
	tally_cli_run_end(&run);
	return outcome;
}

/*
 * A checkpoint has done its work when the report is where it belongs. Not before, for it could be hours; and not left
 * for the next check, which would read nothing. What could not be read may be readable with another cable.
 */
static void settle_checkpoint(const tally_cli_call *call, bool done, bool unread)
{
	const char *path = call->value[TALLY_OPTION_CHECKPOINT];
	if (done && unread)
		tally_cli_complain(call->streams,
				   "what is done is noted in %.300s: the same command tries again what could not be read",
				   path);
	else if (done)
		unlink(path);
	else
		tally_cli_complain(call->streams,
				   "what is done is noted in %.300s: the same command goes on from there", path);
}

static const tally_report_format *find_format(const tally_cli_call *call)
{
	const char *name = call->value[TALLY_OPTION_FORMAT];
	return name != NULL ? tally_report_format_find(name) : tally_report_format_at(0);
}

/* A report that is not whole takes no file's place. False when there is no whole one where it belongs. */
static bool end_output(tally_cli_output *output, bool whole)
{
	if (!whole && output->temporary[0] != '\0')
		tally_cli_output_abandon(output);
	else if (tally_cli_output_finish(output, TALLY_EXIT_OK) != TALLY_EXIT_OK)
		return false;
	return whole;
}

int tally_cli_check(const tally_cli_call *call)
{
	tally_check_options options;
	int status = parse_options(call, &options);
	if (status != TALLY_EXIT_OK)
		return status;
	const tally_report_format *format = find_format(call);
	if (format->stream_new != NULL && call->argument_count > 1)
		return tally_cli_usage_error(call, "--format %s writes the log of one drive; give one DRIVE at a time",
					     format->name);
	tally_cli_output output;
	status = open_output(&output, call);
	if (status != TALLY_EXIT_OK)
		return status;
	tally_check_totals totals = {0};
	bool whole = true, ended = true, checkpointed = false, unread = false;
	format->check_begin(&output.writer);
	for (size_t i = 0; i < call->argument_count && output.writer.error == 0; i++) {
		if (tally_cli_run_stopped(call, i)) {
			totals.exit_status = TALLY_EXIT_UNCHECKED;
			break;
		}
		const drive_outcome outcome = check_drive(call, &options, format, &output.writer, &totals);
		whole &= outcome.whole;
		ended &= outcome.ended;
		checkpointed |= outcome.checkpointed;
		unread |= outcome.unread;
	}
	format->check_end(&output.writer, &totals);
	bool written = end_output(&output, whole);
	if (checkpointed)
		settle_checkpoint(call, written && ended, unread);
	return written ? totals.exit_status : TALLY_EXIT_UNCHECKED;
}
