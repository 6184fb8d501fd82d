/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/pipeline.h"

#include "base/memory.h"
#include "verify/crew.h"

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
	tally_crew crew;
	slot *slots;
	size_t slot_count;
	uint64_t submitted, started, taken;
	tally_worker **workers;
	unsigned worker_count;
	tally_reading *reading;
	tally_pipeline_sink sink;
};

static slot *slot_of(tally_pipeline *p, uint64_t number)
{
	return &p->slots[number % p->slot_count];
}

static void enter(void *context, unsigned member)
{
	tally_pipeline *p = context;
	tally_worker_enter(p->workers[member]);
}

static void leave(void *context, unsigned member)
{
	tally_pipeline *p = context;
	tally_worker_leave(p->workers[member]);
}

static void *take_job(void *context, unsigned member)
{
	tally_pipeline *p = context;
	(void)member;
	return p->started == p->submitted ? NULL : slot_of(p, p->started++);
}

static void run_job(void *context, unsigned member, void *job)
{
	tally_pipeline *p = context;
	slot *s = job;
	tally_worker_run(p->workers[member], &s->batch);
}

static void job_done(void *context, unsigned member, void *job)
{
	slot *s = job;
	(void)context, (void)member;
	s->done = true;
}

static tally_result start(tally_pipeline *p, tally_drive *drive, const tally_pipeline_options *options,
			  tally_error *error)
{
	const unsigned jobs = p->reading->workers;
	p->slots = tally_zalloc(p->slot_count, sizeof *p->slots);
	p->workers = tally_zalloc(jobs, sizeof(tally_worker *));
	if (p->slots == NULL || p->workers == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < p->slot_count && result == TALLY_OK; i++)
		result = tally_batch_init(&p->slots[i].batch, error);
	for (; p->worker_count < jobs && result == TALLY_OK; p->worker_count += result == TALLY_OK)
		result = tally_worker_new(&p->workers[p->worker_count], drive, p->reading, options->is_export,
					  options->crc64, error);
	return result == TALLY_OK ? tally_crew_start(&p->crew, jobs, error) : result;
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
	const tally_crew_duty duty = {p, enter, leave, take_job, run_job, job_done};
	tally_crew_init(&p->crew, &duty);
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
	tally_crew_end(&p->crew);
	for (unsigned i = 0; i < p->worker_count; i++)
		tally_worker_free(p->workers[i]);
	for (size_t i = 0; p->slots != NULL && i < p->slot_count; i++)
		tally_batch_release(&p->slots[i].batch);
	tally_free(p->workers);
	tally_free(p->slots);
	tally_crew_destroy(&p->crew);
	tally_free(p);
}

tally_batch *tally_pipeline_batch(tally_pipeline *p)
{
	return &slot_of(p, p->submitted)->batch;
}

static tally_result wait_for(tally_pipeline *p, slot *s, tally_error *error)
{
	tally_result result = TALLY_OK;
	pthread_mutex_lock(&p->crew.lock);
	while (!s->done && result == TALLY_OK)
		result = tally_crew_wait(&p->crew, p->sink.wait, p->sink.context, error);
	s->done = false;
	pthread_mutex_unlock(&p->crew.lock);
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
	pthread_mutex_lock(&p->crew.lock);
	bool done = p->taken < p->submitted && slot_of(p, p->taken)->done;
	pthread_mutex_unlock(&p->crew.lock);
	return done;
}

tally_result tally_pipeline_submit(tally_pipeline *p, tally_error *error)
{
	tally_pipeline_batch(p)->number = p->submitted;
	pthread_mutex_lock(&p->crew.lock);
	p->submitted++;
	pthread_cond_signal(&p->crew.work);
	pthread_mutex_unlock(&p->crew.lock);
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
