/* SPDX-License-Identifier: Apache-2.0 */
/* One drive or document in work: findings are kept, progress is shown, and the user may stop it. */
#ifndef TALLY_CLI_RUN_H
#define TALLY_CLI_RUN_H

#include "cli/command.h"
#include "cli/progress.h"
#include "report/report.h"

typedef struct tally_cli_run {
	const tally_cli_streams *streams;
	tally_collector findings;
	tally_progress_meter meter;
	tally_sink sink; /* for the library; its context is this run, which must not be moved */
	tally_error error;
	tally_sink stream;          /* of a report that is written meanwhile */
	const tally_writer *writer; /* which it is written to; else NULL */
} tally_cli_run;

void tally_cli_run_begin(tally_cli_run *run, const tally_cli_call *call);
/* From now on `stream`, whose report goes to `writer`, is told what it asks for; it must outlive the run. */
void tally_cli_run_stream(tally_cli_run *run, const tally_sink *stream, const tally_writer *writer);
/*
 * To be called with what the library returned, about the subject `path`. Complains about an error; NULL when there is
 * none, else the error for the report.
 */
const tally_error *tally_cli_run_judge(tally_cli_run *run, const char *path, tally_result result);
/* The same for a result whose findings were collected elsewhere. */
const tally_error *tally_cli_judge(const tally_cli_streams *streams, const char *path, tally_result result,
				   const tally_collector *findings, tally_error *error);
/* How the command line wants progress to be shown. */
tally_progress_form tally_cli_progress_form(const tally_cli_call *call);
/*
 * Whether the user stopped the command before argument number `next`; complains, for what was not begun has no report.
 */
bool tally_cli_run_stopped(const tally_cli_call *call, size_t next);
void tally_cli_run_end(tally_cli_run *run);

#endif
