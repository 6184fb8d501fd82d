/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents in work: put in at one end, judged by several threads, and taken out at the other end in the order in
 * which they were put in.
 *
 * What is kept is bounded twice: a few subjects for each thread, and so many bytes of findings that wait for an
 * earlier document. When that many wait, only the earliest document is still worked on. So one huge document in front
 * of thousands of bad ones costs time, not memory.
 *
 * One thread is none: the document is judged by whoever waits for it.
 */
#ifndef TALLY_CLI_LINT_QUEUE_H
#define TALLY_CLI_LINT_QUEUE_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/subjects.h"
#include "report/collector.h"

/* Findings that wait to be printed; those of documents that are being judged come on top. */
#define TALLY_LINT_WAITING_BYTES ((size_t)64 << 20)

/* A document, from being found to being reported. */
typedef struct tally_lint_work {
	tally_subject subject;
	tally_result result; /* of subjects that are files */
	tally_error error;
	tally_lint_result judgement;
	tally_collector findings;
} tally_lint_work;

typedef struct tally_lint_queue tally_lint_queue;

typedef struct tally_lint_setting {
	unsigned jobs; /* 1 … 256; fewer when threads can't be had */
	tally_lint_options options;
	const tally_cli_streams *streams;
	tally_progress_meter *meter; /* kept up while the caller waits */
	size_t waiting_bytes;        /* 0: TALLY_LINT_WAITING_BYTES */
} tally_lint_setting;

/* TALLY_OK or TALLY_ERROR_NO_MEMORY. `setting` is copied, what it points to is not. */
tally_result tally_lint_queue_new(const tally_lint_setting *setting, tally_lint_queue **queue, tally_error *error);
/* Waits for the threads; what was not taken out is dropped. */
void tally_lint_queue_free(tally_lint_queue *queue);

bool tally_lint_queue_is_full(const tally_lint_queue *queue);
bool tally_lint_queue_is_empty(const tally_lint_queue *queue);
/* Takes the subject's path over. The queue must not be full. */
void tally_lint_queue_put(tally_lint_queue *queue, const tally_subject *subject);
/*
 * The earliest document when it is done; the queue must not be empty. *begun is false when the user stopped the run
 * before it was begun; the first one of a run always is, so that there is a report.
 */
tally_lint_work *tally_lint_queue_wait(tally_lint_queue *queue, bool *begun);
/* Done with the earliest document. */
void tally_lint_queue_drop(tally_lint_queue *queue);

#endif
