/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/job_queue.h"

#include "base/memory.h"
#include "base/tick.h"
#include "io/disk.h"
#include "verify/crew.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#define LANES_MAX TALLY_READING_CHECKS_MAX
#define PATH_SHOWN 512

#ifdef TALLY_FAULT_INJECTION
uint64_t (*tally_job_disk_of)(const char *path);
#endif

typedef enum slot_state { SLOT_WAITS, SLOT_RUNS, SLOT_DONE } slot_state;

/* A drive in the queue. */
typedef struct drive_slot {
	job_queue *queue;
	job_check *check;
	uint64_t disk;
	size_t lane;

	/* Under the queue's lock. */
	slot_state state;
	const tally_finding *finding; /* waits to be taken, with its lane */
	bool has_progress;
	tally_progress progress;
	char path[PATH_SHOWN]; /* of the progress */
} drive_slot;

typedef struct drive_lane {
	job_queue *queue;
	pthread_t thread;
	bool is_thread; /* else the caller's own thread does its work */
	size_t drives;
	unsigned jobs;
} drive_lane;

struct job_queue {
	const job_work *work;
	drive_slot *slots; /* in the order of the subjects */
	size_t slot_count;
	size_t reported; /* so many are done and told; of the caller's thread */
	drive_lane lanes[LANES_MAX];
	size_t lane_count, lanes_max;
	bool direct; /* no other thread is at work */
	pthread_mutex_t lock;
	pthread_cond_t for_caller, for_lanes;
	bool stopped; /* under the lock */
};

/* ---- what the caller is told ---- */

static void pass_finding(const drive_slot *slot, const tally_finding *finding)
{
	slot->queue->work->finding(slot->check, finding);
}

static bool pass_progress(const drive_slot *slot, const tally_progress *progress)
{
	return slot->queue->work->progress(slot->check, progress);
}

/* Those that are done, as far as there is none before them that isn't. */
static void report_done(job_queue *q)
{
	for (;;) {
		pthread_mutex_lock(&q->lock);
		bool done = q->reported < q->slot_count && q->slots[q->reported].state == SLOT_DONE;
		pthread_mutex_unlock(&q->lock);
		if (!done)
			return;
		job_check *check = q->slots[q->reported++].check;
		if (q->work->done != NULL)
			q->work->done(check);
	}
}

/* ---- in the lanes ---- */

static void on_finding(void *context, const tally_finding *finding)
{
	drive_slot *slot = context;
	job_queue *q = slot->queue;
	if (q->direct) {
		pass_finding(slot, finding);
		return;
	}
	pthread_mutex_lock(&q->lock);
	slot->finding = finding;
	pthread_cond_signal(&q->for_caller);
	while (slot->finding != NULL)
		pthread_cond_wait(&q->for_lanes, &q->lock);
	pthread_mutex_unlock(&q->lock);
}

static bool on_progress(void *context, const tally_progress *progress)
{
	drive_slot *slot = context;
	job_queue *q = slot->queue;
	if (q->direct) {
		q->stopped = q->stopped || !pass_progress(slot, progress);
		return !q->stopped;
	}
	pthread_mutex_lock(&q->lock);
	slot->has_progress = true;
	slot->progress = *progress;
	if (progress->file_path != NULL) {
		snprintf(slot->path, sizeof slot->path, "%s", progress->file_path);
		slot->progress.file_path = slot->path;
	}
	bool stopped = q->stopped;
	pthread_mutex_unlock(&q->lock);
	return !stopped;
}

static void run_slot(drive_slot *slot)
{
	job_queue *q = slot->queue;
	pthread_mutex_lock(&q->lock);
	bool stopped = q->stopped;
	slot->state = SLOT_RUNS;
	pthread_mutex_unlock(&q->lock);
	slot->check->options.jobs = q->lanes[slot->lane].jobs;
	slot->check->run.checks = (unsigned)q->lane_count;
	q->work->run(slot->check, stopped);
	pthread_mutex_lock(&q->lock);
	slot->state = SLOT_DONE;
	pthread_cond_signal(&q->for_caller);
	pthread_mutex_unlock(&q->lock);
}

static void run_lane(drive_lane *lane)
{
	job_queue *q = lane->queue;
	for (size_t i = 0; i < q->slot_count; i++)
		if (&q->lanes[q->slots[i].lane] == lane) {
			run_slot(&q->slots[i]);
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
static drive_slot *find_mail(job_queue *q)
{
	for (size_t i = q->reported; i < q->slot_count; i++)
		if (q->slots[i].finding != NULL)
			return &q->slots[i];
	return NULL;
}

/* Under the lock, which is released meanwhile. */
static void take_mail(job_queue *q, drive_slot *slot)
{
	pthread_mutex_unlock(&q->lock);
	pass_finding(slot, slot->finding);
	pthread_mutex_lock(&q->lock);
	slot->finding = NULL;
	pthread_cond_broadcast(&q->for_lanes);
}

static void take_progress(job_queue *q)
{
	for (size_t i = q->reported; i < q->slot_count; i++) {
		char path[PATH_SHOWN];
		pthread_mutex_lock(&q->lock);
		tally_progress progress = q->slots[i].progress;
		bool has = q->slots[i].has_progress && q->slots[i].state == SLOT_RUNS;
		memcpy(path, q->slots[i].path, sizeof path);
		pthread_mutex_unlock(&q->lock);
		if (!has)
			continue;
		if (progress.file_path != NULL)
			progress.file_path = path;
		if (!pass_progress(&q->slots[i], &progress)) {
			pthread_mutex_lock(&q->lock);
			q->stopped = true;
			pthread_mutex_unlock(&q->lock);
		}
	}
}

static void serve_lanes(job_queue *q)
{
	while (q->reported < q->slot_count) {
		pthread_mutex_lock(&q->lock);
		drive_slot *slot = find_mail(q);
		if (slot != NULL)
			take_mail(q, slot);
		else if (q->slots[q->reported].state != SLOT_DONE)
			tally_tick_wait(&q->for_caller, &q->lock); /* progress is taken meanwhile */
		pthread_mutex_unlock(&q->lock);
		report_done(q);
		if (slot == NULL)
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

/* Of the slots before `slot`, one on the same disk tells the lane; a disk that is new goes where there is least to do.
 */
static size_t lane_for(job_queue *q, const drive_slot *slot)
{
	for (const drive_slot *other = q->slots; other < slot; other++)
		if (other->disk == slot->disk)
			return other->lane;
	if (q->lane_count < q->lanes_max) {
		q->lanes[q->lane_count] = (drive_lane){.queue = q};
		return q->lane_count++;
	}
	size_t least = 0;
	for (size_t i = 1; i < q->lane_count; i++)
		if (q->lanes[i].drives < q->lanes[least].drives)
			least = i;
	return least;
}

/* A number that somebody named is shared out, but each lane has a thread; what nobody named each check chooses. */
static void share_jobs(job_queue *q, unsigned all)
{
	const unsigned lanes = (unsigned)q->lane_count;
	for (unsigned i = 0; i < lanes; i++) {
		unsigned share = all / lanes + (i < all % lanes);
		q->lanes[i].jobs = all != 0 && share == 0 ? 1 : share;
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
	for (size_t i = 0; i < q->slot_count && one < LANES_MAX; i++)
		if (!q->lanes[q->slots[i].lane].is_thread)
			q->slots[i].lane = one;
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

static void init_locks(job_queue *q)
{
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->for_lanes, NULL);
	tally_tick_init(&q->for_caller);
}

job_queue *tally_job_queue_new(job_model *m)
{
	job_queue *q = tally_zalloc(1, sizeof *q);
	drive_slot *slots = tally_zalloc(m->check_count + 1, sizeof *slots);
	if (q == NULL || slots == NULL) {
		tally_free(q);
		tally_free(slots);
		return NULL;
	}
	q->slots = slots;
	q->slot_count = m->check_count;
	q->lanes_max = tally_reading_checks_max();
	q->direct = true;
	for (size_t i = 0; i < m->check_count; i++) {
		job_check *check = &m->checks[i];
		check->sink = (tally_sink){.context = &slots[i], .finding = on_finding, .progress = on_progress};
		slots[i] = (drive_slot){.queue = q, .check = check, .disk = disk_of(check->options.drive)};
		slots[i].lane = lane_for(q, &slots[i]);
		q->lanes[slots[i].lane].drives++;
	}
	share_jobs(q, m->options->jobs);
	init_locks(q);
	return q;
}

void tally_job_queue_free(job_queue *q)
{
	if (q == NULL)
		return;
	pthread_cond_destroy(&q->for_caller);
	pthread_cond_destroy(&q->for_lanes);
	pthread_mutex_destroy(&q->lock);
	tally_free(q->slots);
	tally_free(q);
}

tally_result tally_job_queue_run(job_queue *q, const job_work *work, tally_error *error)
{
	q->work = work;
	q->reported = 0;
	for (size_t i = 0; i < q->slot_count; i++) {
		q->slots[i].state = SLOT_WAITS;
		q->slots[i].has_progress = false;
	}
	if (q->slot_count > 0)
		run_lanes(q);
	/* Whoever has something to tell of a drive later is the caller's own thread. */
	q->direct = true;
	return q->stopped ? tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request") : TALLY_OK;
}

void tally_job_queue_stop(job_queue *q)
{
	q->stopped = true;
}
