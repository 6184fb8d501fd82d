/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/flow_internal.h"

#include "base/memory.h"

#include <string.h>

/*
 * Of the room: what segments that wait must have in order to be worth a turn however few they are, and the part of an
 * open segment that is. What is left while they wait is where further bytes go, and more than what nobody may take yet:
 * all open segments end at the same byte, so what each has less than a part of is the same last part of the row.
 */
static size_t heap_of(size_t room)
{
	return room / 4 * 3;
}

static size_t part_of(size_t room)
{
	return room / 16;
}

/* ---- coming and going ---- */

static tally_result make_chunks(tally_flow *f, size_t room)
{
	f->chunk_count = room / CHUNK;
	f->memory = tally_alloc(f->chunk_count * CHUNK);
	f->chunks = tally_zalloc(f->chunk_count, sizeof *f->chunks);
	f->free_chunks = tally_zalloc(f->chunk_count, sizeof(flow_chunk *));
	if (f->memory == NULL || f->chunks == NULL || f->free_chunks == NULL)
		return TALLY_ERROR_NO_MEMORY;
	/* The last one that came back is the first to go out: its bytes may still be in the processor's cache. */
	for (size_t i = f->chunk_count; i-- > 0;) {
		f->chunks[i].bytes = f->memory + i * CHUNK;
		f->free_chunks[f->free_chunk_count++] = &f->chunks[i];
	}
	return TALLY_OK;
}

static tally_result make(tally_flow *f, const tally_flow_options *options, tally_error *error)
{
	f->turns = tally_zalloc(options->jobs, sizeof *f->turns);
	f->segments = tally_zalloc(SEGMENTS, sizeof *f->segments);
	if (f->turns == NULL || f->segments == NULL || make_chunks(f, options->room) != TALLY_OK)
		return tally_fail_memory(error);
	for (size_t i = SEGMENTS; i-- > 0;)
		tally_flow_recycle(f, &f->segments[i]);
	for (; f->turn_count < options->jobs; f->turn_count++) {
		flow_turn *turn = &f->turns[f->turn_count];
		const tally_digest_options how = {.crc64 = options->crc64};
		turn->flow = f;
		tally_result result = tally_digest_new(&how, &turn->digest, error);
		if (result != TALLY_OK)
			return result;
	}
	f->lanes = tally_digest_lanes(f->turns[0].digest);
	return tally_crew_start(&f->crew, f->turn_count, error);
}

tally_result tally_flow_new(tally_flow **out, const tally_flow_options *options, const tally_flow_sink *sink,
			    tally_error *error)
{
	*out = NULL;
	if (options->jobs < 1 || options->jobs > TALLY_FLOW_JOBS_MAX || options->room < TALLY_FLOW_ROOM_MIN)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "a flow of %u jobs and %zu bytes", options->jobs,
				  options->room);
	tally_flow *f = tally_zalloc(1, sizeof *f);
	if (f == NULL)
		return tally_fail_memory(error);
	const tally_crew_duty duty = {
	    .context = f, .take = tally_flow_take_turn, .run = tally_flow_run_turn, .done = tally_flow_turn_done};
	tally_crew_init(&f->crew, &duty);
	atomic_init(&f->stop, false);
	f->sink = *sink;
	f->heap = heap_of(options->room);
	f->part = part_of(options->room);
	tally_result result = make(f, options, error);
	if (result != TALLY_OK) {
		tally_flow_free(f);
		return result;
	}
	*out = f;
	return TALLY_OK;
}

void tally_flow_free(tally_flow *f)
{
	if (f == NULL)
		return;
	atomic_store(&f->stop, true);
	tally_crew_end(&f->crew);
	for (unsigned i = 0; i < f->turn_count; i++)
		tally_digest_free(f->turns[i].digest);
	tally_free(f->turns);
	tally_free(f->segments);
	tally_free(f->free_chunks);
	tally_free(f->chunks);
	tally_free(f->memory);
	tally_crew_destroy(&f->crew);
	tally_free(f);
}

/* ---- results, and waiting for room ---- */

/* Under the lock, which it lets go of while it hands out. */
static tally_result take_hashed(tally_flow *f, tally_error *error)
{
	flow_segment *list = f->hashed, *last = NULL;
	tally_result result = f->result;
	if (result != TALLY_OK) {
		if (error != NULL)
			*error = f->error;
		return result;
	}
	if (list == NULL)
		return TALLY_OK;
	f->hashed = NULL;
	pthread_mutex_unlock(&f->crew.lock);
	size_t count = 0;
	for (flow_segment *s = list; s != NULL; s = s->next, count++) {
		last = s;
		if (result == TALLY_OK)
			result = f->sink.take(f->sink.context, s->number, &s->result, error);
	}
	pthread_mutex_lock(&f->crew.lock);
	last->next = f->free_segments;
	f->free_segments = list;
	f->free_segment_count += count;
	return result;
}

static bool chunk_is_free(const tally_flow *f)
{
	return f->free_chunk_count > 0;
}

static bool segment_is_free(const tally_flow *f)
{
	return f->free_segment_count > 0;
}

static bool nothing_is_left(const tally_flow *f)
{
	return f->free_segment_count == SEGMENTS;
}

/* Under the lock: takes what has been hashed, and waits for more until it is as wanted. */
static tally_result wait_until(tally_flow *f, bool (*is_so)(const tally_flow *flow), tally_error *error)
{
	tally_result result = take_hashed(f, error);
	while (result == TALLY_OK && !is_so(f)) {
		f->urgent = true;
		pthread_cond_broadcast(&f->crew.work);
		/* A turn may have ended while the lock was free. */
		if (f->hashed == NULL && f->result == TALLY_OK)
			result = tally_crew_wait(&f->crew, f->sink.wait, f->sink.context, error);
		if (result == TALLY_OK)
			result = take_hashed(f, error);
	}
	f->urgent = false;
	return result;
}

/* ---- handing over ---- */

/* Under the lock: what came of the open segments may be taken. */
static void show(tally_flow *f)
{
	for (size_t i = 0; i < f->open_count; i++) {
		flow_segment *s = f->open[i];
		s->ready = s->came;
		tally_flow_offer(f, s);
	}
	if (tally_flow_is_due(f))
		pthread_cond_signal(&f->crew.work);
}

static tally_result next_chunk(tally_flow *f, tally_error *error)
{
	pthread_mutex_lock(&f->crew.lock);
	tally_result result = wait_until(f, chunk_is_free, error);
	if (result == TALLY_OK) {
		flow_chunk *before = f->filled, *c = f->free_chunks[--f->free_chunk_count];
		c->next = NULL;
		atomic_store_explicit(&c->users, (unsigned)f->open_count + 1, memory_order_relaxed);
		f->filled = c;
		f->fill = 0;
		if (before != NULL) {
			before->next = c;
			for (size_t i = 0; i < f->open_count; i++)
				if (!f->open[i]->claimed)
					tally_flow_move_on(f, f->open[i]);
			tally_flow_leave_chunk(f, before);
		}
	}
	pthread_mutex_unlock(&f->crew.lock);
	return result;
}

static tally_result new_segment(tally_flow *f, flow_segment **segment, tally_error *error)
{
	pthread_mutex_lock(&f->crew.lock);
	tally_result result = wait_until(f, segment_is_free, error);
	if (result == TALLY_OK) {
		*segment = f->free_segments;
		f->free_segments = (*segment)->next;
		f->free_segment_count--;
	}
	pthread_mutex_unlock(&f->crew.lock);
	return result;
}

size_t tally_flow_open_count(const tally_flow *f)
{
	return f->open_count;
}

uint64_t tally_flow_nearest_end(const tally_flow *f)
{
	uint64_t nearest = UINT64_MAX;
	for (size_t i = 0; i < f->open_count; i++)
		if (f->open[i]->length - f->open[i]->came < nearest)
			nearest = f->open[i]->length - f->open[i]->came;
	return nearest;
}

tally_result tally_flow_begin(tally_flow *f, uint64_t number, uint64_t length, tally_error *error)
{
	flow_segment *s = NULL;
	tally_result result = TALLY_OK;
	/* At a new line, where nobody needs the row to go on without a gap: lanes take whole blocks. */
	if (f->open_count == 0)
		f->fill = (f->fill + 63) & ~(size_t)63;
	if (length > 0 && (f->filled == NULL || f->fill == CHUNK))
		result = next_chunk(f, error);
	if (result == TALLY_OK)
		result = new_segment(f, &s, error);
	if (result != TALLY_OK)
		return result;
	*s = (flow_segment){.number = number, .length = length};
	if (length > 0) {
		s->chunk = f->filled;
		s->at = f->fill;
		atomic_fetch_add_explicit(&f->filled->users, 1, memory_order_relaxed);
		f->open[f->open_count++] = s;
		return TALLY_OK;
	}
	pthread_mutex_lock(&f->crew.lock);
	tally_flow_offer(f, s);
	pthread_mutex_unlock(&f->crew.lock);
	return TALLY_OK;
}

/* Those that are complete are not open any more. */
static void close_complete(tally_flow *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->open_count; i++)
		if (f->open[i]->came < f->open[i]->length)
			f->open[kept++] = f->open[i];
	f->open_count = kept;
}

tally_result tally_flow_feed(tally_flow *f, const uint8_t *bytes, size_t size, tally_error *error)
{
	bool ends = size == tally_flow_nearest_end(f);
	while (size > 0) {
		tally_result result = f->fill == CHUNK ? next_chunk(f, error) : TALLY_OK;
		if (result != TALLY_OK)
			return result;
		size_t part = size < CHUNK - f->fill ? size : CHUNK - f->fill;
		memcpy(f->filled->bytes + f->fill, bytes, part);
		bytes += part;
		size -= part;
		f->fill += part;
		for (size_t i = 0; i < f->open_count; i++)
			f->open[i]->came += part;
		if (f->fill < CHUNK && (size > 0 || !ends))
			continue;
		pthread_mutex_lock(&f->crew.lock);
		show(f);
		pthread_mutex_unlock(&f->crew.lock);
	}
	if (ends)
		close_complete(f);
	return TALLY_OK;
}

tally_result tally_flow_break(tally_flow *f,
			      tally_result (*lost)(void *context, uint64_t number, uint64_t came, tally_error *error),
			      void *context, tally_error *error)
{
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < f->open_count; i++) {
		flow_segment *s = f->open[i];
		if (result == TALLY_OK && lost != NULL)
			result = lost(context, s->number, s->came, error);
		pthread_mutex_lock(&f->crew.lock);
		s->broken = true;
		s->last = f->filled;
		if (s->queued)
			tally_flow_withdraw(f, s);
		if (!s->claimed)
			tally_flow_discard(f, s);
		pthread_mutex_unlock(&f->crew.lock);
	}
	f->open_count = 0;
	return result;
}

tally_result tally_flow_finish(tally_flow *f, tally_error *error)
{
	pthread_mutex_lock(&f->crew.lock);
	tally_result result = wait_until(f, nothing_is_left, error);
	pthread_mutex_unlock(&f->crew.lock);
	return result;
}
