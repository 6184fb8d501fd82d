/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on the drives of a job: a lane for each disk, which takes its drives one after the other, and all lanes at once.
 * Two drives on one disk at once would make its heads run to and fro between them. Where the files that may be open are
 * too few for so many checks at a time, disks share lanes.
 *
 * The caller's callbacks are made from the caller's thread: a lane that has a finding waits until that thread has taken
 * it. So nothing is kept that grows with what is wrong, and findings of one drive keep their order.
 */
#ifndef TALLY_VERIFY_JOB_QUEUE_H
#define TALLY_VERIFY_JOB_QUEUE_H

#include "verify/job_model.h"

typedef struct job_queue job_queue;

/* What is to be done of each drive. */
typedef struct job_work {
	/* In the drive's lane. `stopped`: the user wants no more of it. */
	void (*run)(job_check *check, bool stopped);
	/* In the caller's thread, in the order of the subjects, once run has returned; or NULL. */
	void (*done)(job_check *check);
	/* Findings and progress meanwhile, in the caller's thread; progress says false to stop. */
	void (*finding)(job_check *check, const tally_finding *finding);
	bool (*progress)(job_check *check, const tally_progress *progress);
} job_work;

/* For the checks of the model, whose sinks it sets; they must stay where they are. NULL when memory is short. */
job_queue *tally_job_queue_new(job_model *m);
void tally_job_queue_free(job_queue *queue);
/* TALLY_ERROR_STOPPED when the user wanted it, also in a run before. */
tally_result tally_job_queue_run(job_queue *queue, const job_work *work, tally_error *error);
/* As if progress had said so. */
void tally_job_queue_stop(job_queue *queue);

#ifdef TALLY_FAULT_INJECTION
/* Test only: which disk a drive lies on, instead of the kernel's answer. NULL switches it off. */
extern uint64_t (*tally_job_disk_of)(const char *path);
#endif

#endif
