/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman lint: are documents right by their own rules? */
#include "cli/command.h"
#include "cli/lint_queue.h"
#include "cli/output.h"
#include "cli/run.h"

#include <sched.h>

typedef struct lint_session {
	const tally_cli_call *call;
	const tally_report_format *format;
	tally_report_style style;
	tally_writer *writer;
	tally_progress_meter meter;
	tally_subjects subjects;
	bool has_more; /* subjects */
	tally_lint_queue *queue;
	tally_lint_totals totals;
	size_t argument; /* the one that the report is at */
	uint64_t judged; /* in it */
} lint_session;

static unsigned processor_count(void)
{
	cpu_set_t may;
	if (sched_getaffinity(0, sizeof may, &may) != 0)
		return 1;
	int count = CPU_COUNT(&may);
	return count > TALLY_CLI_JOBS_MAX ? TALLY_CLI_JOBS_MAX : (unsigned)count;
}

/* One document needs no threads. */
static unsigned choose_jobs(const tally_cli_call *call, unsigned asked)
{
	if (call->argument_count == 1 && !tally_subject_is_directory(call->arguments[0]))
		return 1;
	return asked != 0 ? asked : processor_count();
}

/* ---- reporting ---------------------------------------------------------------------------------------------- */

static void report_document(lint_session *session, tally_lint_work *work, tally_result result)
{
	const tally_lint_report report = {
	    .path = work->subject.path,
	    .result = &work->judgement,
	    .findings = &work->findings,
	    .error = tally_cli_judge(session->call->streams, work->subject.path, result, &work->findings, &work->error),
	};
	session->format->lint_document(session->writer, &session->style, &session->totals, &report);
	tally_lint_totals_add(&session->totals, &report);
	session->judged++;
	/* Whoever follows the report sees each document as it is done, and a full disk ends the run now. */
	tally_writer_flush(session->writer);
}

/* A directory may hold anything; only what the user named has to be a document. */
static bool is_skipped(const tally_lint_work *work)
{
	return work->subject.kind == TALLY_SUBJECT_FOUND && work->result == TALLY_OK &&
	       work->judgement.kind == TALLY_DOCUMENT_UNKNOWN && !work->findings.out_of_memory;
}

static void report_subject(lint_session *session, tally_lint_work *work)
{
	const tally_subject *subject = &work->subject;
	tally_progress_meter_end(&session->meter);
	if (subject->argument != session->argument)
		session->judged = 0;
	session->argument = subject->argument;
	if (subject->kind == TALLY_SUBJECT_FAILED) {
		work->error = subject->error;
		report_document(session, work, subject->error.code);
	} else if (subject->kind == TALLY_SUBJECT_LEFT) {
		if (session->judged == 0)
			report_document(session, work,
					tally_fail(&work->error, TALLY_ERROR_ARGUMENT,
						   "no document that is known here is in this directory"));
	} else if (is_skipped(work)) {
		session->totals.skipped++;
		if (session->style.verbose)
			tally_cli_complain(session->call->streams, "skipped, no document that is known here: %.300s",
					   subject->path);
	} else {
		report_document(session, work, work->result);
	}
}

/* ---- running ------------------------------------------------------------------------------------------------ */

static tally_result fill_queue(lint_session *session, tally_error *error)
{
	while (session->has_more && !tally_lint_queue_is_full(session->queue)) {
		tally_subject subject;
		tally_result result = tally_subjects_next(&session->subjects, &subject);
		session->has_more = result == TALLY_OK && subject.path != NULL;
		if (result != TALLY_OK) {
			*error = subject.error;
			return result;
		}
		if (session->has_more)
			tally_lint_queue_put(session->queue, &subject);
	}
	return TALLY_OK;
}

static tally_result lint_subjects(lint_session *session, tally_error *error)
{
	for (;;) {
		tally_result result = fill_queue(session, error);
		if (result != TALLY_OK || tally_lint_queue_is_empty(session->queue))
			return result;
		bool begun;
		tally_lint_work *work = tally_lint_queue_wait(session->queue, &begun);
		if (!begun) {
			tally_progress_meter_end(&session->meter);
			tally_cli_complain(session->call->streams, "stopped before %.300s", work->subject.path);
			session->totals.exit_status = TALLY_EXIT_UNCHECKED;
			return TALLY_OK;
		}
		report_subject(session, work);
		tally_lint_queue_drop(session->queue);
		if (session->writer->error != 0)
			return TALLY_OK;
	}
}

static void lint_arguments(lint_session *session, unsigned jobs)
{
	const tally_cli_call *call = session->call;
	tally_error error = {.code = TALLY_OK};
	const tally_lint_setting setting = {
	    .jobs = jobs,
	    .options = {.kind = tally_cli_document_kind(call), .strict = call->given[TALLY_OPTION_STRICT]},
	    .streams = call->streams,
	    .meter = &session->meter,
	};
	tally_progress_meter_init(&session->meter, call->streams, tally_cli_progress_form(call));
	tally_result result = tally_lint_queue_new(&setting, &session->queue, &error);
	if (result == TALLY_OK) {
		tally_subjects_begin(&session->subjects, call->arguments, call->argument_count);
		session->has_more = true;
		result = lint_subjects(session, &error);
		tally_progress_meter_end(&session->meter);
		tally_lint_queue_free(session->queue);
		tally_subjects_end(&session->subjects);
	}
	if (result != TALLY_OK) {
		tally_cli_complain(call->streams, "%s", error.message);
		session->totals.exit_status = TALLY_EXIT_UNCHECKED;
	}
}

int tally_cli_lint(const tally_cli_call *call)
{
	const char *name = call->value[TALLY_OPTION_FORMAT];
	unsigned jobs;
	int status = tally_cli_jobs(call, &jobs);
	if (status != TALLY_EXIT_OK)
		return status;
	tally_cli_output output;
	status = tally_cli_output_open(&output, call, (const char *const *)call->arguments, call->argument_count);
	if (status != TALLY_EXIT_OK)
		return status;
	lint_session session = {
	    .call = call,
	    .format = name != NULL ? tally_report_format_find(name) : tally_report_format_at(0),
	    .style = {.verbose = call->given[TALLY_OPTION_VERBOSE]},
	    .writer = &output.writer,
	};
	session.format->lint_begin(session.writer);
	lint_arguments(&session, choose_jobs(call, jobs));
	session.format->lint_end(session.writer, &session.totals);
	return tally_cli_output_finish(&output, session.totals.exit_status);
}
