/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the drives of a job: a lane for each disk, which checks its drives one after the other, and all lanes at once.
 * Two drives on one disk at once would make its heads run to and fro between them.
 *
 * The caller's callbacks are made from the caller's thread: a lane that has a finding waits until that thread has taken
 * it. So nothing is kept that grows with what is wrong, and findings of one drive keep their order.
 */
#include "verify/job_queue.h"
#include "base/memory.h"
#include "io/disk.h"
#include "verify/crew.h"
#include "verify/job_model.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LANES_MAX 32
#define TICK_NANOSECONDS 100000000
#define PATH_SHOWN 512

#ifdef TALLY_FAULT_INJECTION
uint64_t (*tally_job_disk_of)(const char *path);
#endif

typedef enum drive_state { DRIVE_WAITS, DRIVE_RUNS, DRIVE_DONE } drive_state;

typedef struct job_queue job_queue;

/* A drive to check. */
typedef struct drive_check {
	job_queue *queue;
	const job_carrier *carrier;
	tally_check_options options;
	tally_summary summary;
	tally_error error;
	tally_result result;
	size_t lane;

	/* Under the queue's lock. */
	drive_state state;
	const tally_finding *finding; /* waits to be taken, with its lane */
	bool has_progress;
	tally_progress progress;
	char path[PATH_SHOWN]; /* of the progress */
} drive_check;

typedef struct drive_lane {
	job_queue *queue;
	uint64_t disk;
	pthread_t thread;
	bool is_thread; /* else the caller's own thread does its work */
	unsigned jobs;
} drive_lane;

struct job_queue {
	job_model *m;
	drive_check *checks; /* in the order of the subjects */
	size_t check_count;
	size_t reported; /* so many are done and told; of the caller's thread */
	drive_lane lanes[LANES_MAX];
	size_t lane_count;
	bool direct; /* no other thread is at work */
	pthread_mutex_t lock;
	pthread_cond_t for_caller, for_lanes;
	bool stopped; /* under the lock */
};

/* ---- what the caller is told ---- */

static void pass_finding(const drive_check *check, const tally_finding *finding)
{
	const tally_job_sink *sink = check->queue->m->sink;
	if (sink->drive_finding != NULL)
		sink->drive_finding(sink->context, check->carrier->subject, finding);
}

static bool pass_progress(const drive_check *check, const tally_progress *progress)
{
	const tally_job_sink *sink = check->queue->m->sink;
	return sink->progress == NULL || sink->progress(sink->context, check->carrier->subject, progress);
}

static void report(drive_check *check)
{
	job_model *m = check->queue->m;
	tally_job_subject *subject = &m->summary->subjects[check->carrier->subject];
	if (check->result == TALLY_OK)
		subject->drive_status = check->summary.drive_status;
	else
		subject->error = check->error;
	m->summary->drive_errors += check->summary.errors;
	m->summary->drive_warnings += check->summary.warnings;
	int exit_status = check->result == TALLY_OK ? check->summary.exit_status : 3;
	if (exit_status > m->drives_exit)
		m->drives_exit = exit_status;
	if (m->sink->drive_done != NULL)
		m->sink->drive_done(m->sink->context, check->carrier->subject, check->result, &check->summary,
				    check->result != TALLY_OK ? &check->error : NULL);
	tally_summary_clear(&check->summary);
}

/* Those that are done, as far as there is none before them that isn't. */
static void report_done(job_queue *q)
{
	for (;;) {
		pthread_mutex_lock(&q->lock);
		bool done = q->reported < q->check_count && q->checks[q->reported].state == DRIVE_DONE;
		pthread_mutex_unlock(&q->lock);
		if (!done)
			return;
		report(&q->checks[q->reported++]);
	}
}

/* ---- in the lanes ---- */

static void on_finding(void *context, const tally_finding *finding)
{
	drive_check *check = context;
	job_queue *q = check->queue;
	if (q->direct) {
		pass_finding(check, finding);
		return;
	}
	pthread_mutex_lock(&q->lock);
	check->finding = finding;
	pthread_cond_signal(&q->for_caller);
	while (check->finding != NULL)
		pthread_cond_wait(&q->for_lanes, &q->lock);
	pthread_mutex_unlock(&q->lock);
}

static bool on_progress(void *context, const tally_progress *progress)
{
	drive_check *check = context;
	job_queue *q = check->queue;
	if (q->direct) {
		q->stopped = q->stopped || !pass_progress(check, progress);
		return !q->stopped;
	}
	pthread_mutex_lock(&q->lock);
	check->has_progress = true;
	check->progress = *progress;
	if (progress->file_path != NULL) {
		snprintf(check->path, sizeof check->path, "%s", progress->file_path);
		check->progress.file_path = check->path;
	}
	bool stopped = q->stopped;
	pthread_mutex_unlock(&q->lock);
	return !stopped;
}

/* One that was not begun because the user stopped the run has an error that says so. */
static void run_check(drive_check *check)
{
	job_queue *q = check->queue;
	const tally_sink sink = {.context = check, .finding = on_finding, .progress = on_progress};
	pthread_mutex_lock(&q->lock);
	bool stopped = q->stopped;
	check->state = DRIVE_RUNS;
	pthread_mutex_unlock(&q->lock);
	check->options.jobs = q->lanes[check->lane].jobs;
	if (stopped)
		check->result = tally_fail(&check->error, TALLY_ERROR_STOPPED,
					   "%.300s was not begun: stopped on request", check->options.drive);
	else
		check->result = tally_check(&check->options, &sink, &check->summary, &check->error);
	pthread_mutex_lock(&q->lock);
	check->state = DRIVE_DONE;
	pthread_cond_signal(&q->for_caller);
	pthread_mutex_unlock(&q->lock);
}

static void run_lane(drive_lane *lane)
{
	job_queue *q = lane->queue;
	for (size_t i = 0; i < q->check_count; i++)
		if (&q->lanes[q->checks[i].lane] == lane) {
			run_check(&q->checks[i]);
			if (q->direct)
				report_done(q);
		}
}

static void *lane_thread(void *context)
{
	drive_lane *lane = context;
	/* Waits until it is decided which lane does what. */
	pthread_mutex_lock(&lane->queue->lock);
	pthread_mutex_unlock(&lane->queue->lock);
	run_lane(lane);
	return NULL;
}

/* ---- the caller's thread ---- */

/* Under the lock: the first drive, in the order of subjects, whose lane waits with a finding. */
static drive_check *find_mail(job_queue *q)
{
	for (size_t i = q->reported; i < q->check_count; i++)
		if (q->checks[i].finding != NULL)
			return &q->checks[i];
	return NULL;
}

/* Under the lock, which is released meanwhile. */
static void take_mail(job_queue *q, drive_check *check)
{
	pthread_mutex_unlock(&q->lock);
	pass_finding(check, check->finding);
	pthread_mutex_lock(&q->lock);
	check->finding = NULL;
	pthread_cond_broadcast(&q->for_lanes);
}

static void take_progress(job_queue *q)
{
	for (size_t i = q->reported; i < q->check_count; i++) {
		char path[PATH_SHOWN];
		pthread_mutex_lock(&q->lock);
		tally_progress progress = q->checks[i].progress;
		bool has = q->checks[i].has_progress && q->checks[i].state == DRIVE_RUNS;
		memcpy(path, q->checks[i].path, sizeof path);
		pthread_mutex_unlock(&q->lock);
		if (!has)
			continue;
		if (progress.file_path != NULL)
			progress.file_path = path;
		if (!pass_progress(&q->checks[i], &progress)) {
			pthread_mutex_lock(&q->lock);
			q->stopped = true;
			pthread_mutex_unlock(&q->lock);
		}
	}
}

static void wait_a_tick(job_queue *q)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_NANOSECONDS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&q->for_caller, &q->lock, &until);
}

static void serve_lanes(job_queue *q)
{
	while (q->reported < q->check_count) {
		pthread_mutex_lock(&q->lock);
		drive_check *check = find_mail(q);
		if (check != NULL)
			take_mail(q, check);
		else if (q->checks[q->reported].state != DRIVE_DONE)
			wait_a_tick(q);
		pthread_mutex_unlock(&q->lock);
		report_done(q);
		if (check == NULL)
			take_progress(q);
	}
}

/* ---- lanes ---- */

static uint64_t disk_of(const char *path)
{
	struct stat facts;
#ifdef TALLY_FAULT_INJECTION
	if (tally_job_disk_of != NULL)
		return tally_job_disk_of(path);
#endif
	if (stat(path, &facts) != 0)
		return 0;
	/* What isn't known is a disk of its own; tally_os_disk_of leaves its number as it is then. */
	tally_os_disk disk;
	(void)tally_os_disk_of(S_ISBLK(facts.st_mode) ? facts.st_rdev : facts.st_dev, &disk);
	return disk.device;
}

/* With more disks than lanes the last one takes the rest. */
static size_t lane_for(job_queue *q, uint64_t disk)
{
	for (size_t i = 0; i < q->lane_count; i++)
		if (q->lanes[i].disk == disk)
			return i;
	if (q->lane_count == LANES_MAX)
		return LANES_MAX - 1;
	q->lanes[q->lane_count] = (drive_lane){.queue = q, .disk = disk};
	return q->lane_count++;
}

/* The threads that one check would have are shared out; a single lane leaves the choice to the check. */
static void share_jobs(job_queue *q)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned all = q->m->options->jobs;
	if (all == 0)
		all = processors > 0 && processors < 256 ? (unsigned)processors : 1;
	for (size_t i = 0; i < q->lane_count; i++) {
		unsigned share = all / (unsigned)q->lane_count;
		q->lanes[i].jobs = q->lane_count == 1 ? q->m->options->jobs : share > 0 ? share : 1;
	}
}

/* Under the lock, so that no lane begins before it is known which one does what. False: there are no threads. */
static bool start_threads(job_queue *q)
{
	size_t one = LANES_MAX;
	for (size_t i = 0; i < q->lane_count; i++) {
		q->lanes[i].is_thread = tally_crew_thread(&q->lanes[i].thread, lane_thread, &q->lanes[i]) == 0;
		if (q->lanes[i].is_thread)
			one = i;
	}
	for (size_t i = 0; i < q->check_count && one < LANES_MAX; i++)
		if (!q->lanes[q->checks[i].lane].is_thread)
			q->checks[i].lane = one;
	return one < LANES_MAX;
}

static void run_lanes(job_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->direct = q->lane_count == 1 || !start_threads(q);
	pthread_mutex_unlock(&q->lock);
	if (!q->direct)
		serve_lanes(q);
	for (size_t i = 0; i < q->lane_count; i++)
		if (q->direct)
			run_lane(&q->lanes[i]);
		else if (q->lanes[i].is_thread)
			pthread_join(q->lanes[i].thread, NULL);
}

/* ---- all together ---- */

/* The journal that the drive's check goes by: the first one that speaks of it. */
static void choose_options(job_model *m, const job_carrier *carrier, tally_check_options *options)
{
	const tally_job_options *given = m->options;
	*options = (tally_check_options){
	    .drive = m->summary->subjects[carrier->subject].path,
	    .strict = given->strict,
	    .io = given->io,
	    .max_rate = given->max_rate,
	};
	if (carrier->drive == TALLY_JOB_NOWHERE)
		return;
	const job_drive *drive = &m->drives[carrier->drive];
	options->drive_id = drive->id;
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &m->entries[drive->first + i];
		tally_document_kind kind = m->summary->subjects[entry->subject].kind;
		bool is_journal = kind == TALLY_DOCUMENT_JOURNAL || kind == TALLY_DOCUMENT_DRIVE_INFO;
		if (is_journal && options->journal == NULL)
			options->journal = m->summary->subjects[entry->subject].path;
	}
	/* Where the documents are wrong about the place, the rest of the drive is checked all the same. */
	options->manifest = carrier->manifest_path;
}

static void init_queue(job_queue *q)
{
	pthread_condattr_t attributes;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->for_lanes, NULL);
	pthread_condattr_init(&attributes);
	/* A clock that is set must not stop the progress. */
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&q->for_caller, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void fill_queue(job_queue *q)
{
	job_model *m = q->m;
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		bool is_same_directory = carrier->is_repeated && carrier->drive == TALLY_JOB_NOWHERE;
		if (!m->summary->subjects[carrier->subject].is_drive || is_same_directory)
			continue;
		drive_check *check = &q->checks[q->check_count++];
		*check = (drive_check){.queue = q, .carrier = carrier};
		choose_options(m, carrier, &check->options);
		m->summary->subjects[carrier->subject].journal = check->options.journal;
		check->lane = lane_for(q, disk_of(check->options.drive));
	}
}

tally_result tally_job_check_drives(job_model *m)
{
	job_queue q = {.m = m};
	q.checks = tally_zalloc(m->carrier_count + 1, sizeof *q.checks);
	if (q.checks == NULL)
		return tally_fail_memory(m->error);
	init_queue(&q);
	fill_queue(&q);
	share_jobs(&q);
	if (q.check_count > 0)
		run_lanes(&q);
	bool stopped = q.stopped;
	pthread_cond_destroy(&q.for_caller);
	pthread_cond_destroy(&q.for_lanes);
	pthread_mutex_destroy(&q.lock);
	tally_free(q.checks);
	return stopped ? tally_fail(m->error, TALLY_ERROR_STOPPED, "stopped on request") : TALLY_OK;
}
