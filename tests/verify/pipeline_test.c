/* SPDX-License-Identifier: Apache-2.0 */
/* Batches go round: in order, in a ring of a fixed size, until somebody has enough. */
#include "verify/pipeline.h"

#include "base/memory.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/crew.h"
#include "verify/stage.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { FILES = 7 };

static stage s;
static tally_drive *drive;
static tally_error error;

/* What the sink has seen. */
typedef struct seen {
	tally_pipeline *pipeline;
	tally_reading reading;
	uint64_t submitted, taken, slots;
	uint64_t fail_at; /* the n-th batch, from 1 */
	unsigned waits;
	bool stop_waiting;
} seen;

static void open_stage(uint64_t size)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < FILES; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = size * (i + 1)});
	}
	maker_end(m);
	maker_seal(m);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
}

static void close_stage(void)
{
	tally_drive_close(drive);
	stage_close(&s);
}

/* Batch number n has n % 5 blobs more than one, of files of different sizes; the first blob's index is n. */
static void fill(tally_batch *batch, uint64_t number, uint64_t size, const char *folder)
{
	ck_assert_uint_eq(batch->blob_count, 0);
	ck_assert_uint_eq(batch->segment_count, 0);
	for (uint64_t i = 0; i <= number % 5; i++) {
		char path[32];
		unsigned file = (unsigned)((number * 3 + i) % FILES);
		snprintf(path, sizeof path, "\\%s\\%u.bin", folder, file);
		batch->blobs[i] = (tally_batch_blob){.entry.index = number, .begins = true, .ends = true};
		batch->blobs[i].entry.file_path = tally_batch_copy(batch, path);
		batch->blobs[i].first_segment = batch->segment_count;
		batch->blobs[i].segment_count = 1;
		batch->segments[i] =
		    (tally_batch_segment){.entry = {.length = size * (file + 1), .usable = true}, .blob = (uint32_t)i};
		batch->blob_count++;
		batch->segment_count++;
	}
}

static tally_result take(void *context, tally_batch *batch, tally_error *out)
{
	seen *v = context;
	ck_assert_uint_eq(batch->blobs[0].entry.index, v->taken);
	ck_assert_uint_eq(batch->blob_count, v->taken % 5 + 1);
	ck_assert_uint_le(v->submitted - v->taken, v->slots);
	for (size_t i = 0; i < batch->segment_count; i++) {
		/* Nobody told the right hash. */
		ck_assert_int_eq(batch->segments[i].outcome, TALLY_SEGMENT_CORRUPTED);
		ck_assert_uint_eq(batch->segments[i].read, batch->segments[i].entry.length);
		ck_assert(!batch->blobs[i].is_open);
	}
	ck_assert_uint_eq(batch->open_files, 0);
	if (++v->taken == v->fail_at)
		return tally_fail(out, TALLY_ERROR_STOPPED, "enough");
	return TALLY_OK;
}

static tally_result wait(void *context, tally_error *out)
{
	seen *v = context;
	v->waits++;
	return v->stop_waiting ? tally_fail(out, TALLY_ERROR_STOPPED, "too long") : TALLY_OK;
}

static void begin(seen *v, const tally_reading_options *options)
{
	tally_reading_init(&v->reading, drive, options);
	v->slots = v->reading.slots;
	const tally_pipeline_options how = {0};
	const tally_pipeline_sink sink = {v, take, wait};
	ck_assert_int_eq(tally_pipeline_new(&v->pipeline, drive, &v->reading, &how, &sink, &error), TALLY_OK);
}

static void end(seen *v)
{
	tally_pipeline_free(v->pipeline);
	tally_reading_destroy(&v->reading);
}

static tally_result submit(seen *v, uint64_t size, const char *folder)
{
	fill(tally_pipeline_batch(v->pipeline), v->submitted, size, folder);
	v->submitted++;
	return tally_pipeline_submit(v->pipeline, &error);
}

static const unsigned jobs[] = {1, 2, 3, 5, 16, 64};
#define JOBS (sizeof jobs / sizeof jobs[0])

static unsigned threads_left;

static int refuse_threads(void)
{
	return threads_left > 0 ? (threads_left--, 0) : EAGAIN;
}

START_TEST(the_threads_that_there_are_do_the_work)
{
	seen v = {0};
	open_stage(3000);
	tally_thread_fault = refuse_threads;
	threads_left = 1;
	begin(&v, &(tally_reading_options){.jobs = 3});
	ck_assert_uint_eq(threads_left, 0);
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(submit(&v, 3000, "data"), TALLY_OK);
	ck_assert_int_eq(tally_pipeline_finish(v.pipeline, &error), TALLY_OK);
	ck_assert_uint_eq(v.taken, 50);
	end(&v);
	tally_summary summary;
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, &error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, EAGAIN);
	ck_assert_ptr_nonnull(strstr(error.message, "no hashing thread can be started"));
	tally_summary_clear(&summary);
	tally_thread_fault = NULL;
	close_stage();
}
END_TEST

START_TEST(results_come_in_order)
{
	enum { BATCHES = 300 };
	seen v = {0};
	open_stage(3000);
	begin(&v, &(tally_reading_options){.jobs = jobs[_i]});
	for (unsigned i = 0; i < BATCHES; i++)
		ck_assert_int_eq(submit(&v, 3000, "data"), TALLY_OK);
	/* All but what may still be on its way. */
	ck_assert_uint_ge(v.taken + v.slots, BATCHES);
	/* The last one is handed over by finish itself. */
	fill(tally_pipeline_batch(v.pipeline), v.submitted++, 3000, "data");
	ck_assert_int_eq(tally_pipeline_finish(v.pipeline, &error), TALLY_OK);
	ck_assert_uint_eq(v.taken, BATCHES + 1);
	ck_assert_int_eq(tally_pipeline_finish(v.pipeline, &error), TALLY_OK);
	ck_assert_uint_eq(v.taken, BATCHES + 1);
	end(&v);
	close_stage();
}
END_TEST

/* The same few batches go round, and take no more memory in the end than in the beginning. */
START_TEST(the_ring_does_not_grow)
{
	enum { WARM = 100, BATCHES = 500 };
	const tally_batch *known[512] = {NULL};
	size_t count = 0, held = 0;
	seen v = {0};
	open_stage(100);
	begin(&v, &(tally_reading_options){.jobs = jobs[_i]});
	ck_assert_uint_le(v.slots, 2 * jobs[_i] + 1);
	for (unsigned i = 0; i < BATCHES; i++) {
		const tally_batch *batch = tally_pipeline_batch(v.pipeline);
		size_t at = 0;
		while (at < count && known[at] != batch)
			at++;
		if (at == count)
			known[count++] = batch;
		ck_assert_int_eq(submit(&v, 100, "data"), TALLY_OK);
		if (i == WARM)
			held = heap_in_use();
	}
	ck_assert_uint_le(count, v.slots);
	ck_assert_int_eq(tally_pipeline_finish(v.pipeline, &error), TALLY_OK);
	ck_assert_uint_le(heap_in_use(), held + (64 << 10));
	end(&v);
	close_stage();
}
END_TEST

START_TEST(a_sink_that_has_enough_ends_it)
{
	static const uint64_t ends[] = {1, 2, 7, 40};
	open_stage(3000);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		seen v = {.fail_at = ends[i]};
		tally_result result = TALLY_OK;
		begin(&v, &(tally_reading_options){.jobs = jobs[_i]});
		for (unsigned n = 0; n < 40 && result == TALLY_OK; n++)
			result = submit(&v, 3000, "data");
		if (result == TALLY_OK)
			result = tally_pipeline_finish(v.pipeline, &error);
		ck_assert_int_eq(result, TALLY_ERROR_STOPPED);
		ck_assert_str_eq(error.message, "enough");
		ck_assert_uint_eq(v.taken, ends[i]);
		end(&v);
	}
	close_stage();
}
END_TEST

/* At a byte a second no batch is ever done. */
START_TEST(who_waits_can_have_enough_too)
{
	seen v = {.stop_waiting = true};
	tally_result result = TALLY_OK;
	open_stage(3000);
	begin(&v, &(tally_reading_options){.jobs = jobs[_i], .max_rate = 1});
	for (unsigned n = 0; n < 1000 && result == TALLY_OK; n++)
		result = submit(&v, 3000, "data");
	ck_assert_int_eq(result, TALLY_ERROR_STOPPED);
	ck_assert_str_eq(error.message, "too long");
	ck_assert_uint_eq(v.waits, 1);
	ck_assert_uint_le(v.submitted, v.slots + v.taken);
	end(&v);
	close_stage();
}
END_TEST

START_TEST(it_can_be_left_at_any_moment)
{
	open_stage(3000);
	for (unsigned batches = 0; batches < 6; batches++) {
		seen v = {0};
		begin(&v, &(tally_reading_options){.jobs = jobs[_i], .max_rate = batches % 2});
		for (unsigned n = 0; n < batches && n < v.slots - 1; n++)
			ck_assert_int_eq(submit(&v, 3000, "data"), TALLY_OK);
		end(&v);
	}
	tally_pipeline_free(NULL);
	close_stage();
}
END_TEST

static atomic_bool without_memory;

static int fail_on_demand(void)
{
	return atomic_load(&without_memory);
}

/* Names of another case take memory to be found; a worker that has none says so, in the order of the batches. */
START_TEST(an_error_of_a_worker_ends_it)
{
	seen v = {0};
	tally_result result = TALLY_OK;
	open_stage(3000);
	tally_allocation_fault = fail_on_demand;
	begin(&v, &(tally_reading_options){.jobs = jobs[_i]});
	ck_assert_int_eq(submit(&v, 3000, "data"), TALLY_OK);
	ck_assert_int_eq(submit(&v, 3000, "data"), TALLY_OK);
	atomic_store(&without_memory, true);
	for (unsigned n = 0; n < 1000 && result == TALLY_OK; n++)
		result = submit(&v, 3000, "DATA");
	atomic_store(&without_memory, false);
	ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
	ck_assert_int_eq(error.code, TALLY_ERROR_NO_MEMORY);
	ck_assert_uint_eq(v.taken, 2);
	end(&v);
	tally_allocation_fault = NULL;
	close_stage();
}
END_TEST

int main(void)
{
	return suite_run("pipeline", (const suite_test[]){{the_threads_that_there_are_do_the_work, 0},
						       {results_come_in_order, JOBS},
							  {the_ring_does_not_grow, JOBS},
							  {a_sink_that_has_enough_ends_it, JOBS},
							  {who_waits_can_have_enough_too, JOBS},
							  {it_can_be_left_at_any_moment, JOBS},
							  {an_error_of_a_worker_ends_it, JOBS},
							  {NULL, 0}});
}
