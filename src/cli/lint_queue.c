/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_queue.h"

#include "base/memory.h"
#include "base/tick.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* Enough that threads have something to do while one document takes as long as a few others. */
#define PLACES_PER_JOB 4

typedef enum work_state { WORK_WAITS, WORK_RUNS, WORK_DONE } work_state;

typedef struct work_place {
	tally_lint_work work;
	work_state state; /* under the lock */
	tally_lint_queue *queue;
	uint64_t bytes, found; /* as last told; of the thread that judges it */
} work_place;

/* Counts from the beginning of the run; a place is a number modulo the capacity. */
struct tally_lint_queue {
	tally_lint_setting setting;
	work_place *places;
	size_t capacity;
	pthread_t *threads;
	unsigned thread_count;
	atomic_uint_fast64_t bytes, found;
	uint64_t dropped; /* of the caller's thread; changed under the lock */
	pthread_mutex_t lock;
	/* Under the lock. */
	pthread_cond_t may_take, is_done;
	uint64_t put, taken;
	size_t waiting_bytes;
	atomic_bool closed; /* changed under the lock; nobody wants to know any more */
};

static work_place *place_of(const tally_lint_queue *queue, uint64_t number)
{
	return &queue->places[number % queue->capacity];
}

/* ---- judging ------------------------------------------------------------------------------------------------ */

static void on_finding(void *context, const tally_finding *finding)
{
	work_place *place = context;
	tally_collector_put(&place->work.findings, finding);
}

/* A document may be read twice; what is told never goes back. */
static void add_progress(atomic_uint_fast64_t *sum, uint64_t *told, uint64_t now)
{
	if (now <= *told)
		return;
	atomic_fetch_add_explicit(sum, now - *told, memory_order_relaxed);
	*told = now;
}

static void tell_progress(tally_lint_queue *queue)
{
	const tally_progress progress = {
	    .stage = "reading",
	    .bytes_done = atomic_load_explicit(&queue->bytes, memory_order_relaxed),
	    .findings = atomic_load_explicit(&queue->found, memory_order_relaxed),
	    .file_path = place_of(queue, queue->dropped)->work.subject.path,
	};
	tally_progress_meter_update(queue->setting.meter, &progress);
}

static bool on_progress(void *context, const tally_progress *progress)
{
	work_place *place = context;
	tally_lint_queue *queue = place->queue;
	add_progress(&queue->bytes, &place->bytes, progress->bytes_done);
	add_progress(&queue->found, &place->found, progress->findings);
	if (queue->thread_count == 0)
		tell_progress(queue);
	return !queue->setting.streams->stopped() && !atomic_load(&queue->closed) &&
	       !place->work.findings.out_of_memory;
}

static void judge(work_place *place)
{
	tally_lint_work *work = &place->work;
	const tally_sink sink = {.context = place, .finding = on_finding, .progress = on_progress};
	work->result =
	    tally_lint_file(work->subject.path, &place->queue->setting.options, &sink, &work->judgement, &work->error);
	/* A short document tells nothing on its way. */
	add_progress(&place->queue->found, &place->found, work->judgement.errors + work->judgement.warnings);
}

/* ---- the threads -------------------------------------------------------------------------------------------- */

/* Under the lock: the next document that may be begun, or NULL. */
static work_place *take(tally_lint_queue *queue)
{
	if (queue->taken < queue->dropped) /* what failed before it was begun needs no thread */
		queue->taken = queue->dropped;
	while (queue->taken < queue->put && place_of(queue, queue->taken)->state == WORK_DONE)
		queue->taken++;
	if (queue->taken == queue->put || (queue->taken > 0 && queue->setting.streams->stopped()))
		return NULL;
	if (queue->waiting_bytes >= queue->setting.waiting_bytes && queue->taken != queue->dropped)
		return NULL;
	work_place *place = place_of(queue, queue->taken++);
	place->state = WORK_RUNS;
	return place;
}

static void finish(tally_lint_queue *queue, work_place *place)
{
	place->state = WORK_DONE;
	queue->waiting_bytes += place->work.findings.bytes;
	pthread_cond_signal(&queue->is_done);
}

static void *work(void *context)
{
	tally_lint_queue *queue = context;
	pthread_mutex_lock(&queue->lock);
	while (!atomic_load(&queue->closed)) {
		work_place *place = take(queue);
		if (place == NULL) {
			pthread_cond_wait(&queue->may_take, &queue->lock);
			continue;
		}
		pthread_mutex_unlock(&queue->lock);
		judge(place);
		pthread_mutex_lock(&queue->lock);
		finish(queue, place);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

/* Signals are for the thread that prints. */
static void start_threads(tally_lint_queue *queue)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return;
	while (queue->thread_count < queue->setting.jobs &&
	       pthread_create(&queue->threads[queue->thread_count], NULL, work, queue) == 0)
		queue->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_threads(tally_lint_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	atomic_store(&queue->closed, true);
	pthread_cond_broadcast(&queue->may_take);
	pthread_mutex_unlock(&queue->lock);
	for (unsigned i = 0; i < queue->thread_count; i++)
		pthread_join(queue->threads[i], NULL);
}

/* ---- the queue ---------------------------------------------------------------------------------------------- */

static void init_conditions(tally_lint_queue *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->may_take, NULL);
	tally_tick_init(&queue->is_done);
}

tally_result tally_lint_queue_new(const tally_lint_setting *setting, tally_lint_queue **made, tally_error *error)
{
	tally_lint_queue *queue = tally_zalloc(1, sizeof *queue);
	*made = NULL;
	if (queue == NULL)
		return tally_fail_memory(error);
	queue->setting = *setting;
	if (setting->waiting_bytes == 0)
		queue->setting.waiting_bytes = TALLY_LINT_WAITING_BYTES;
	queue->capacity = setting->jobs > 1 ? (size_t)setting->jobs * PLACES_PER_JOB : 1;
	queue->places = tally_zalloc(queue->capacity, sizeof *queue->places);
	queue->threads = tally_zalloc(setting->jobs, sizeof *queue->threads);
	if (queue->places == NULL || queue->threads == NULL) {
		tally_free(queue->places);
		tally_free(queue->threads);
		tally_free(queue);
		return tally_fail_memory(error);
	}
	init_conditions(queue);
	if (setting->jobs > 1)
		start_threads(queue);
	*made = queue;
	return TALLY_OK;
}

static void clear_place(work_place *place)
{
	tally_collector_clear(&place->work.findings);
	tally_free(place->work.subject.path);
	place->work.subject.path = NULL;
}

void tally_lint_queue_free(tally_lint_queue *queue)
{
	stop_threads(queue);
	for (; queue->dropped < queue->put; queue->dropped++)
		clear_place(place_of(queue, queue->dropped));
	pthread_cond_destroy(&queue->may_take);
	pthread_cond_destroy(&queue->is_done);
	pthread_mutex_destroy(&queue->lock);
	tally_free(queue->places);
	tally_free(queue->threads);
	tally_free(queue);
}

/* `put` and `dropped` are changed by the caller's thread only, so it reads them without the lock. */
bool tally_lint_queue_is_full(const tally_lint_queue *queue)
{
	return queue->put - queue->dropped == queue->capacity;
}

bool tally_lint_queue_is_empty(const tally_lint_queue *queue)
{
	return queue->put == queue->dropped;
}

void tally_lint_queue_put(tally_lint_queue *queue, const tally_subject *subject)
{
	bool is_file = subject->kind == TALLY_SUBJECT_NAMED || subject->kind == TALLY_SUBJECT_FOUND;
	work_place *place = place_of(queue, queue->put);
	*place = (work_place){.queue = queue, .work = {.subject = *subject}};
	tally_collector_init(&place->work.findings);
	pthread_mutex_lock(&queue->lock);
	place->state = is_file ? WORK_WAITS : WORK_DONE;
	queue->put++;
	pthread_cond_signal(&queue->may_take);
	pthread_mutex_unlock(&queue->lock);
}

tally_lint_work *tally_lint_queue_wait(tally_lint_queue *queue, bool *begun)
{
	work_place *place = place_of(queue, queue->dropped);
	*begun = true;
	if (queue->thread_count > 0)
		tell_progress(queue);
	pthread_mutex_lock(&queue->lock);
	while (place->state != WORK_DONE) {
		work_place *mine = queue->thread_count == 0 ? take(queue) : NULL;
		if (mine == NULL && place->state == WORK_WAITS && queue->dropped > 0 &&
		    queue->setting.streams->stopped()) {
			*begun = false;
			break;
		}
		/* However long it takes, the meter is kept up. */
		if (mine == NULL)
			tally_tick_wait(&queue->is_done, &queue->lock);
		pthread_mutex_unlock(&queue->lock);
		if (mine != NULL)
			judge(mine);
		else
			tell_progress(queue);
		pthread_mutex_lock(&queue->lock);
		if (mine != NULL)
			finish(queue, mine);
	}
	pthread_mutex_unlock(&queue->lock);
	return &place->work;
}

void tally_lint_queue_drop(tally_lint_queue *queue)
{
	work_place *place = place_of(queue, queue->dropped);
	size_t bytes = place->work.findings.bytes;
	clear_place(place);
	pthread_mutex_lock(&queue->lock);
	queue->waiting_bytes -= bytes;
	queue->dropped++;
	/* The next one is the earliest now, which may be begun whatever else waits; and there is room for more. */
	pthread_cond_broadcast(&queue->may_take);
	pthread_mutex_unlock(&queue->lock);
}
