/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run.h"

#include "base/error.h"

static void on_finding(void *context, const tally_finding *finding)
{
	tally_cli_run *run = context;
	tally_collector_put(&run->findings, finding);
}

/* Without memory or disk for what is found, hours of hashing would end in a report that nobody may trust. */
static bool on_progress(void *context, const tally_progress *progress)
{
	tally_cli_run *run = context;
	tally_progress_meter_update(&run->meter, progress);
	bool lost = run->findings.out_of_memory || (run->writer != NULL && run->writer->error != 0);
	return !run->streams->stopped() && !lost;
}

static void on_drive(void *context, const tally_drive_report *drive)
{
	const tally_cli_run *run = context;
	run->stream.drive(run->stream.context, drive);
}

static void on_blob_begin(void *context, const tally_blob_report *blob)
{
	const tally_cli_run *run = context;
	run->stream.blob_begin(run->stream.context, blob);
}

static void on_segment(void *context, const tally_segment_report *segment)
{
	const tally_cli_run *run = context;
	run->stream.segment(run->stream.context, segment);
}

static void on_side_file(void *context, const tally_side_report *side)
{
	const tally_cli_run *run = context;
	run->stream.side_file(run->stream.context, side);
}

static void on_blob(void *context, const tally_blob_report *blob)
{
	const tally_cli_run *run = context;
	run->stream.blob(run->stream.context, blob);
}

/* What nobody asks for isn't passed on, so that it costs nothing. */
void tally_cli_run_stream(tally_cli_run *run, const tally_sink *stream, const tally_writer *writer)
{
	run->stream = *stream;
	run->writer = writer;
	run->sink.drive = stream->drive != NULL ? on_drive : NULL;
	run->sink.blob_begin = stream->blob_begin != NULL ? on_blob_begin : NULL;
	run->sink.segment = stream->segment != NULL ? on_segment : NULL;
	run->sink.side_file = stream->side_file != NULL ? on_side_file : NULL;
	run->sink.blob = stream->blob != NULL ? on_blob : NULL;
}

tally_progress_form tally_cli_progress_form(const tally_cli_call *call)
{
	const char *form = call->value[TALLY_OPTION_PROGRESS];
	if (call->given[TALLY_OPTION_QUIET])
		return TALLY_PROGRESS_NONE;
	return form != NULL && strcmp(form, "json") == 0 ? TALLY_PROGRESS_JSON : TALLY_PROGRESS_TEXT;
}

void tally_cli_run_begin(tally_cli_run *run, const tally_cli_call *call)
{
	run->streams = call->streams;
	tally_collector_init(&run->findings);
	tally_progress_meter_init(&run->meter, call->streams, tally_cli_progress_form(call));
	run->sink = (tally_sink){.context = run, .finding = on_finding, .progress = on_progress};
	run->error = (tally_error){.code = TALLY_OK};
	run->writer = NULL;
}

const tally_error *tally_cli_judge(const tally_cli_streams *streams, const char *path, tally_result result,
				   const tally_collector *findings, tally_error *error)
{
	if (findings->out_of_memory)
		result = tally_fail_memory(error);
	else if (result == TALLY_ERROR_STOPPED)
		tally_fail(error, result, "stopped before the end");
	if (result == TALLY_OK)
		return NULL;
	error->code = result;
	if (strstr(error->message, path) != NULL)
		tally_cli_complain(streams, "%s", error->message);
	else
		tally_cli_complain(streams, "%.300s: %s", path, error->message);
	return error;
}

const tally_error *tally_cli_run_judge(tally_cli_run *run, const char *path, tally_result result)
{
	tally_progress_meter_end(&run->meter);
	return tally_cli_judge(run->streams, path, result, &run->findings, &run->error);
}

bool tally_cli_run_stopped(const tally_cli_call *call, size_t next)
{
	if (next == 0 || !call->streams->stopped())
		return false;
	tally_cli_complain(call->streams, "stopped before %.300s", call->arguments[next]);
	return true;
}

void tally_cli_run_end(tally_cli_run *run)
{
	tally_collector_clear(&run->findings);
}
