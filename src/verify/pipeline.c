/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/pipeline.h"

#include "base/memory.h"

#include <pthread.h>

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
	tally_result (*take)(void *context, tally_batch *batch, tally_error *error);
	void *context;
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
	return NULL;
}

static tally_result start(tally_pipeline *p, tally_drive *drive, bool is_export, unsigned jobs, tally_error *error)
{
	p->slots = tally_zalloc(p->slot_count, sizeof *p->slots);
	p->workers = tally_zalloc(jobs, sizeof(tally_worker *));
	p->threads = tally_zalloc(jobs, sizeof *p->threads);
	if (p->slots == NULL || p->workers == NULL || p->threads == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < p->slot_count && result == TALLY_OK; i++)
		result = tally_batch_init(&p->slots[i].batch, error);
	for (; p->worker_count < jobs && result == TALLY_OK; p->worker_count += result == TALLY_OK)
		result = tally_worker_new(&p->workers[p->worker_count], drive, is_export, error);
	for (; p->thread_count < jobs && result == TALLY_OK; p->thread_count++) {
		int failed = pthread_create(&p->threads[p->thread_count], NULL, work, p);
		if (failed != 0)
			return tally_fail_os(error, failed, "a hashing thread could not be started");
	}
	return result;
}

tally_result tally_pipeline_new(tally_pipeline **out, tally_drive *drive, bool is_export, unsigned jobs,
				tally_result (*take)(void *context, tally_batch *batch, tally_error *error), void *context,
				tally_error *error)
{
	*out = NULL;
	tally_pipeline *p = tally_zalloc(1, sizeof *p);
	if (p == NULL)
		return tally_fail_memory(error);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->finished, NULL);
	/* One in each worker's hands, one waiting for each, one being filled. */
	p->slot_count = (size_t)2 * jobs + 1;
	p->take = take;
	p->context = context;
	tally_result result = start(p, drive, is_export, jobs, error);
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

static tally_result take_oldest(tally_pipeline *p, tally_error *error)
{
	slot *s = slot_of(p, p->taken);
	pthread_mutex_lock(&p->lock);
	while (!s->done)
		pthread_cond_wait(&p->finished, &p->lock);
	s->done = false;
	pthread_mutex_unlock(&p->lock);
	p->taken++;
	if (s->batch.result != TALLY_OK) {
		if (error != NULL)
			*error = s->batch.error;
		return s->batch.result;
	}
	tally_result result = p->take(p->context, &s->batch, error);
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
