/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman job: do the documents and drives of a job hold together, and what list of drives does it need? */
#include "base/memory.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/run.h"

#include <stdio.h>

#define NAME_COLUMNS 20 /* of a drive's name in the progress */

/* A drive at work, or done. */
typedef struct drive_work {
	tally_progress now;    /* stage NULL: not at work */
	uint64_t bytes, blobs; /* of its check, once it has come so far */
} drive_work;

typedef struct job_session {
	const tally_cli_call *call;
	const tally_report_format *format;
	tally_report_style style;
	tally_writer *writer;
	tally_progress_meter meter;
	tally_collector findings;        /* of the job as a whole */
	tally_collector *drive_findings; /* of each subject */
	drive_work *work;                /* of each subject */
	const char **papers;             /* subjects that are documents, and the job */
	tally_check_totals totals;
	tally_job_summary summary;
	bool out_of_memory;
} job_session;

/* ---- the drive list ----------------------------------------------------------------------------------------- */

static const char *const forms[] = {
    [TALLY_JOB_REST] = "rest",
    [TALLY_JOB_DATABOX] = "databox",
    [TALLY_JOB_POWERSHELL] = "powershell",
    [TALLY_JOB_CLI] = "cli",
};

const char *tally_cli_emit_choice(size_t index)
{
	return index < sizeof forms / sizeof forms[0] ? forms[index] : NULL;
}

static tally_job_form form_of(const char *name)
{
	size_t form = 0;
	while (strcmp(forms[form], name) != 0)
		form++;
	return (tally_job_form)form;
}

static int put_bytes(void *context, const char *bytes, size_t size)
{
	tally_writer *writer = context;
	tally_write_bytes(writer, bytes, size);
	return tally_writer_flush(writer);
}

/* The list goes to the file of --output, which was opened for it. A list that can't be made leaves no file. */
static int write_list(job_session *session, tally_cli_output *output, int status)
{
	const tally_job_summary *summary = &session->summary;
	const tally_cli_call *call = session->call;
	tally_error error = {.code = TALLY_OK};
	if (summary->list == NULL) {
		tally_cli_complain(call->streams, "no drive list was written: %.240s", summary->list_refusal);
		tally_cli_output_abandon(output);
		return tally_exit_worse(status, TALLY_EXIT_WRONG);
	}
	tally_result result =
	    tally_job_list_write(summary->list, form_of(call->value[TALLY_OPTION_EMIT]),
				 call->given[TALLY_OPTION_WITH_KEYS], put_bytes, &output->writer, &error);
	explicit_bzero(output->writer.buffer, sizeof output->writer.buffer);
	if (result != TALLY_OK) {
		tally_cli_complain(call->streams, "no drive list was written: %.400s", error.message);
		tally_cli_output_abandon(output);
		return TALLY_EXIT_UNCHECKED;
	}
	return tally_cli_output_finish(output, status);
}

/* ---- what the library tells --------------------------------------------------------------------------------- */

static const char checking[] = "checking";

static bool is_checking(const tally_progress *progress)
{
	return progress->stage != NULL && strcmp(progress->stage, checking) == 0;
}

static void on_finding(void *context, const tally_finding *finding)
{
	job_session *session = context;
	tally_collector_put(&session->findings, finding);
}

static void on_drive_finding(void *context, size_t subject, const tally_finding *finding)
{
	job_session *session = context;
	tally_collector_put(&session->drive_findings[subject], finding);
}

/* What each subject is is known before the first drive is done. */
static size_t list_papers(const job_session *session)
{
	const tally_job_summary *summary = &session->summary;
	size_t count = 0;
	for (size_t i = 0; i < summary->subject_count; i++)
		if (!summary->subjects[i].is_drive)
			session->papers[count++] = summary->subjects[i].path;
	return count;
}

/* Each drive is reported as soon as it and all before it are done, and what was kept of it goes. */
static void on_drive_done(void *context, size_t subject, tally_result result, const tally_summary *summary,
			  const tally_error *error)
{
	job_session *session = context;
	const char *path = session->call->arguments[subject];
	tally_collector *findings = &session->drive_findings[subject];
	tally_error told = error != NULL ? *error : (tally_error){.code = TALLY_OK};
	bool begun = summary->source != NULL;
	tally_progress_meter_end(&session->meter);
	const tally_check_report report = {
	    .path = path,
	    .papers = session->papers,
	    .paper_count = list_papers(session),
	    .summary = summary,
	    .findings = findings,
	    .error = begun ? tally_cli_judge(session->call->streams, path, result, findings, &told) : &told,
	};
	if (!begun)
		tally_cli_complain(session->call->streams, "%s", told.message);
	session->format->check(session->writer, &session->style, &session->totals, &report);
	tally_check_totals_add(&session->totals, &report);
	tally_writer_flush(session->writer);
	session->out_of_memory = session->out_of_memory || findings->out_of_memory;
	session->work[subject].now.stage = NULL;
	tally_collector_clear(findings);
}

static const char *last_name(const char *path)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	const char *name = path + size;
	while (name > path && name[-1] != '/')
		name--;
	return name;
}

/* What is shown of several drives: checking, as soon as one of them has come so far, else what the first one does. */
static const char *choose_stage(const job_session *session)
{
	const char *stage = NULL;
	for (size_t i = 0; i < session->call->argument_count; i++) {
		const tally_progress *progress = &session->work[i].now;
		if (is_checking(progress))
			return checking;
		if (stage == NULL)
			stage = progress->stage;
	}
	return stage != NULL ? stage : checking;
}

/* One more name, or none when there is no room for all that is shown of it. */
static void add_name(tally_progress_meter *meter, const char *name)
{
	size_t used = strlen(meter->subject), room = sizeof meter->subject - used;
	size_t size = tally_text_fit((tally_text){name, strlen(name)}, NAME_COLUMNS);
	int more = snprintf(meter->subject + used, room, "%s%.*s", used > 0 ? ", " : "", (int)size, name);
	if (more < 0 || (size_t)more >= room)
		meter->subject[used] = '\0';
}

/* What a drive adds to the stage that is shown. A check that it has behind it counts on, as one that is done. */
static void add_work(tally_progress *sum, const drive_work *work)
{
	if (work->now.stage != NULL && strcmp(work->now.stage, sum->stage) == 0) {
		sum->bytes_done += work->now.bytes_done;
		sum->bytes_total += work->now.bytes_total;
		sum->blobs_done += work->now.blobs_done;
		sum->blobs_total += work->now.blobs_total;
	} else if (strcmp(sum->stage, checking) == 0) {
		sum->bytes_done += work->bytes;
		sum->bytes_total += work->bytes;
		sum->blobs_done += work->blobs;
		sum->blobs_total += work->blobs;
	}
}

/* All drives that are at work in one line: their names, and the sums of what they did. */
static void show_drives(job_session *session)
{
	tally_progress sum = {.stage = choose_stage(session)};
	session->meter.subject[0] = '\0';
	for (size_t i = 0; i < session->call->argument_count; i++) {
		const drive_work *work = &session->work[i];
		add_work(&sum, work);
		if (work->now.stage == NULL)
			continue;
		add_name(&session->meter, last_name(session->call->arguments[i]));
		sum.findings += work->now.findings;
	}
	tally_progress_meter_update(&session->meter, &sum);
}

static bool on_progress(void *context, size_t subject, const tally_progress *progress)
{
	job_session *session = context;
	if (subject == SIZE_MAX) {
		/* Documents and manifests are read while no drive is at work. */
		for (size_t i = 0; i < session->call->argument_count; i++)
			session->work[i].now.stage = NULL;
		session->meter.subject[0] = '\0';
		tally_progress_meter_update(&session->meter, progress);
	} else {
		drive_work *work = &session->work[subject];
		work->now = *progress;
		work->now.file_path = NULL;
		if (is_checking(progress)) {
			work->bytes = progress->bytes_total;
			work->blobs = progress->blobs_total;
		}
		show_drives(session);
	}
	return !session->call->streams->stopped() && !session->findings.out_of_memory && !session->out_of_memory;
}

/* ---- running ------------------------------------------------------------------------------------------------ */

static void report_job(job_session *session, tally_result result, tally_error *error)
{
	const tally_job_summary *summary = &session->summary;
	const tally_cli_call *call = session->call;
	const char *job = call->value[TALLY_OPTION_JOB];
	const char *path = job != NULL ? job : call->argument_count > 0 ? call->arguments[0] : "";
	tally_progress_meter_end(&session->meter);
	for (size_t i = 0; i < summary->subject_count; i++)
		if (summary->subjects[i].error.code != TALLY_OK && !summary->subjects[i].is_drive)
			tally_cli_complain(call->streams, "%s", summary->subjects[i].error.message);
	const tally_job_report report = {
	    .path = path,
	    .summary = summary,
	    .findings = &session->findings,
	    .error = tally_cli_judge(call->streams, path, result, &session->findings, error),
	};
	session->format->job(session->writer, &session->style, &session->totals, &report);
	tally_check_totals_add_job(&session->totals, &report);
}

static void run_job(job_session *session, const tally_job_options *options)
{
	const tally_job_sink sink = {.context = session,
				     .finding = on_finding,
				     .drive_finding = on_drive_finding,
				     .drive_done = on_drive_done,
				     .progress = on_progress};
	tally_error error = {.code = TALLY_OK};
	session->format->check_begin(session->writer);
	tally_result result = tally_job(options, &sink, &session->summary, &error);
	report_job(session, result, &error);
	session->format->check_end(session->writer, &session->totals);
}

static int parse_options(const tally_cli_call *call, tally_job_options *options)
{
	bool emits = call->given[TALLY_OPTION_EMIT];
	const char *output = call->value[TALLY_OPTION_OUTPUT];
	*options = (tally_job_options){
	    .subjects = (const char *const *)call->arguments,
	    .subject_count = call->argument_count,
	    .job = call->value[TALLY_OPTION_JOB],
	    .papers_only = call->given[TALLY_OPTION_PAPERS_ONLY],
	    .key_file = call->value[TALLY_OPTION_KEY_FILE],
	    .strict = call->given[TALLY_OPTION_STRICT],
	};
	if (call->argument_count == 0 && options->job == NULL)
		return tally_cli_usage_error(call, "job needs a JOURNAL, a DRIVE or --job");
	if (emits && (output == NULL || strcmp(output, "-") == 0))
		return tally_cli_usage_error(call, "--emit needs --output FILE; standard output is the report's");
	if (call->given[TALLY_OPTION_WITH_KEYS] && !emits)
		return tally_cli_usage_error(call, "--with-keys needs --emit");
	return tally_cli_reading(call, &options->jobs, &options->io, &options->max_rate);
}

/* What must not be written over: everything that is read. */
static int open_output(tally_cli_output *output, const tally_cli_call *call)
{
	size_t count = call->argument_count + 2;
	const char **inputs = tally_zalloc(count, sizeof *inputs);
	if (inputs == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		return TALLY_EXIT_UNCHECKED;
	}
	for (size_t i = 0; i < call->argument_count; i++)
		inputs[i] = call->arguments[i];
	inputs[count - 2] = call->value[TALLY_OPTION_JOB];
	inputs[count - 1] = call->value[TALLY_OPTION_KEY_FILE];
	int status = call->given[TALLY_OPTION_EMIT] ? tally_cli_output_open_private(output, call, inputs, count)
						    : tally_cli_output_open(output, call, inputs, count);
	tally_free(inputs);
	return status;
}

/* With --emit the file is the list's, and the report goes to standard output. */
static int run_session(job_session *session, const tally_job_options *options, tally_cli_output *output)
{
	const tally_cli_call *call = session->call;
	tally_writer report;
	int status;
	if (!call->given[TALLY_OPTION_EMIT]) {
		session->writer = &output->writer;
		run_job(session, options);
		status = tally_cli_output_finish(output, session->totals.exit_status);
	} else {
		tally_cli_writer_init(&report, call->streams->out);
		report.colour = call->streams->out_colour && !call->given[TALLY_OPTION_NO_COLOR];
		session->writer = &report;
		run_job(session, options);
		status = write_list(session, output, session->totals.exit_status);
		status = tally_cli_finish(call->streams, &report, status);
	}
	tally_job_summary_clear(&session->summary);
	return status;
}

int tally_cli_job(const tally_cli_call *call)
{
	tally_job_options options;
	tally_cli_output output;
	int status = parse_options(call, &options);
	if (status == TALLY_EXIT_OK)
		status = open_output(&output, call);
	if (status != TALLY_EXIT_OK)
		return status;
	const char *name = call->value[TALLY_OPTION_FORMAT];
	job_session session = {
	    .call = call,
	    .format = name != NULL ? tally_report_format_find(name) : tally_report_format_at(0),
	    .style = {.verbose = call->given[TALLY_OPTION_VERBOSE]},
	};
	session.drive_findings = tally_zalloc(call->argument_count + 1, sizeof *session.drive_findings);
	session.work = tally_zalloc(call->argument_count + 1, sizeof *session.work);
	session.papers = tally_zalloc(call->argument_count + 1, sizeof *session.papers);
	tally_progress_meter_init(&session.meter, call->streams, tally_cli_progress_form(call));
	if (session.drive_findings == NULL || session.work == NULL || session.papers == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		tally_cli_output_abandon(&output);
		status = TALLY_EXIT_UNCHECKED;
	} else {
		status = run_session(&session, &options, &output);
	}
	tally_collector_clear(&session.findings);
	for (size_t i = 0; session.drive_findings != NULL && i < call->argument_count; i++)
		tally_collector_clear(&session.drive_findings[i]);
	tally_free(session.drive_findings);
	tally_free(session.work);
	tally_free(session.papers);
	return status;
}
