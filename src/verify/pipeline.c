/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/pipeline.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

/* How long the calling thread waits for a batch before it looks whether anybody still wants it. */
#define WAIT_NS 100000000L

/*
 * Batch number n lives in slot n % slot_count. Numbers only grow:
 *   taken <= done prefix <= started <= submitted <= taken + slot_count
 * The batch being filled is number `submitted`.
 */
typedef struct slot {
	tally_batch batch;
	bool done;
} slot;

struct tally_pipeline {
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	slot *slots;
	size_t slot_count;
	uint64_t submitted, started, taken;
	bool ending;
	tally_worker **workers;
	pthread_t *threads;
	unsigned worker_count, thread_count;
	unsigned next_worker;
	tally_reading *reading;
	tally_pipeline_sink sink;
};

static slot *slot_of(tally_pipeline *p, uint64_t number)
{
	return &p->slots[number % p->slot_count];
}

static void *work(void *context)
{
	tally_pipeline *p = context;
	pthread_mutex_lock(&p->lock);
	tally_worker *worker = p->workers[p->next_worker++];
	tally_worker_enter(worker);
	for (;;) {
		while (p->started == p->submitted && !p->ending)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->ending)
			break;
		slot *s = slot_of(p, p->started++);
		pthread_mutex_unlock(&p->lock);
		tally_worker_run(worker, &s->batch);
		pthread_mutex_lock(&p->lock);
		s->done = true;
		pthread_cond_signal(&p->finished);
	}
	pthread_mutex_unlock(&p->lock);
	tally_worker_leave(worker);
	return NULL;
}

/* Signals are the program's business, which expects them on its own threads; but faults belong to those who make them.
 */
static int start_thread(pthread_t *thread, tally_pipeline *p)
{
	static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t blocked, before;
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigdelset(&blocked, faults[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int failed = pthread_create(thread, NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static tally_result start(tally_pipeline *p, tally_drive *drive, const tally_pipeline_options *options,
			  tally_error *error)
{
	const unsigned jobs = p->reading->workers;
	p->slots = tally_zalloc(p->slot_count, sizeof *p->slots);
	p->workers = tally_zalloc(jobs, sizeof(tally_worker *));
	p->threads = tally_zalloc(jobs, sizeof *p->threads);
	if (p->slots == NULL || p->workers == NULL || p->threads == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < p->slot_count && result == TALLY_OK; i++)
		result = tally_batch_init(&p->slots[i].batch, error);
	for (; p->worker_count < jobs && result == TALLY_OK; p->worker_count += result == TALLY_OK)
		result = tally_worker_new(&p->workers[p->worker_count], drive, p->reading, options->is_export,
					  options->crc64, error);
	for (; p->thread_count < jobs && result == TALLY_OK; p->thread_count++) {
		int failed = start_thread(&p->threads[p->thread_count], p);
		if (failed != 0)
			return tally_fail_os(error, failed, "a hashing thread could not be started");
	}
	return result;
}

tally_result tally_pipeline_new(tally_pipeline **out, tally_drive *drive, tally_reading *reading,
				const tally_pipeline_options *options, const tally_pipeline_sink *sink,
				tally_error *error)
{
	*out = NULL;
	tally_pipeline *p = tally_zalloc(1, sizeof *p);
	if (p == NULL)
		return tally_fail_memory(error);
	p->reading = reading;
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->finished, &clock);
	pthread_condattr_destroy(&clock);
	p->slot_count = reading->slots;
	p->sink = *sink;
	tally_result result = start(p, drive, options, error);
	if (result != TALLY_OK) {
		tally_pipeline_free(p);
		return result;
	}
	*out = p;
	return TALLY_OK;
}

void tally_pipeline_free(tally_pipeline *p)
{
	if (p == NULL)
		return;
	tally_reading_stop(p->reading);
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->thread_count; i++)
		pthread_join(p->threads[i], NULL);
	for (unsigned i = 0; i < p->worker_count; i++)
		tally_worker_free(p->workers[i]);
	for (size_t i = 0; p->slots != NULL && i < p->slot_count; i++)
		tally_batch_release(&p->slots[i].batch);
	tally_free(p->workers);
	tally_free(p->threads);
	tally_free(p->slots);
	pthread_cond_destroy(&p->finished);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	tally_free(p);
}

tally_batch *tally_pipeline_batch(tally_pipeline *p)
{
	return &slot_of(p, p->submitted)->batch;
}

static struct timespec soon(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += WAIT_NS;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

static tally_result wait_for(tally_pipeline *p, slot *s, tally_error *error)
{
	tally_result result = TALLY_OK;
	pthread_mutex_lock(&p->lock);
	while (!s->done && result == TALLY_OK) {
		struct timespec until = soon();
		if (pthread_cond_timedwait(&p->finished, &p->lock, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&p->lock);
		result = p->sink.wait(p->sink.context, error);
		pthread_mutex_lock(&p->lock);
	}
	s->done = false;
	pthread_mutex_unlock(&p->lock);
	return result;
}

static tally_result take_oldest(tally_pipeline *p, tally_error *error)
{
	slot *s = slot_of(p, p->taken);
	tally_result result = wait_for(p, s, error);
	if (result != TALLY_OK)
		return result;
	p->taken++;
	if (s->batch.result != TALLY_OK) {
		if (error != NULL)
			*error = s->batch.error;
		return s->batch.result;
	}
	result = p->sink.take(p->sink.context, &s->batch, error);
	tally_batch_reset(&s->batch);
	return result;
}

static bool oldest_is_done(tally_pipeline *p)
{
	pthread_mutex_lock(&p->lock);
	bool done = p->taken < p->submitted && slot_of(p, p->taken)->done;
	pthread_mutex_unlock(&p->lock);
	return done;
}

tally_result tally_pipeline_submit(tally_pipeline *p, tally_error *error)
{
	tally_pipeline_batch(p)->number = p->submitted;
	pthread_mutex_lock(&p->lock);
	p->submitted++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && (p->submitted - p->taken == p->slot_count || oldest_is_done(p)))
		result = take_oldest(p, error);
	return result;
}

tally_result tally_pipeline_finish(tally_pipeline *p, tally_error *error)
{
	tally_result result = TALLY_OK;
	if (tally_pipeline_batch(p)->blob_count > 0)
		result = tally_pipeline_submit(p, error);
	while (result == TALLY_OK && p->taken < p->submitted)
		result = take_oldest(p, error);
	return result;
}
