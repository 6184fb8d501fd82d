/* SPDX-License-Identifier: Apache-2.0 */
/* The threads that hash: each takes some segments with what has come of them, as a turn. */
#include "verify/flow_internal.h"

/* ---- the queue ---- */

static bool is_complete(const flow_segment *s)
{
	return s->ready == s->length;
}

void tally_flow_offer(tally_flow *f, flow_segment *s)
{
	if (s->claimed)
		return;
	if (s->queued) {
		f->queued_bytes += s->ready - s->until;
		s->until = s->ready;
		return;
	}
	uint64_t bytes = s->ready - s->used;
	if (!is_complete(s) && bytes < f->part)
		return;
	s->queued = true;
	s->next = NULL;
	s->previous = f->last;
	if (f->last != NULL)
		f->last->next = s;
	else
		f->first = s;
	f->last = s;
	f->queued++;
	s->until = s->ready;
	f->queued_bytes += bytes;
}

void tally_flow_withdraw(tally_flow *f, flow_segment *s)
{
	if (s->previous != NULL)
		s->previous->next = s->next;
	else
		f->first = s->next;
	if (s->next != NULL)
		s->next->previous = s->previous;
	else
		f->last = s->previous;
	s->queued = false;
	f->queued--;
	f->queued_bytes -= s->until - s->used;
}

bool tally_flow_is_due(const tally_flow *f)
{
	if (f->queued == 0)
		return false;
	return f->urgent || f->queued >= TURN_SEGMENTS || f->queued_bytes >= f->heap ||
	       (f->queued >= f->lanes && f->queued_bytes >= TURN_BYTES);
}

/* ---- chunks ---- */

static void put_back(tally_flow *f, flow_chunk *c)
{
	f->free_chunks[f->free_chunk_count++] = c;
	/* Not for each: whoever waits for one is going to need many. */
	if (f->urgent && f->free_chunk_count == f->chunk_count / 8)
		pthread_cond_signal(&f->crew.finished);
}

void tally_flow_leave_chunk(tally_flow *f, flow_chunk *c)
{
	if (atomic_fetch_sub_explicit(&c->users, 1, memory_order_acq_rel) == 1)
		put_back(f, c);
}

static void leave_chunk(tally_flow *f, flow_chunk *c)
{
	if (atomic_fetch_sub_explicit(&c->users, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_lock(&f->crew.lock);
	put_back(f, c);
	pthread_mutex_unlock(&f->crew.lock);
}

void tally_flow_move_on(tally_flow *f, flow_segment *s)
{
	flow_chunk *c = s->chunk;
	if (c == NULL || s->at < CHUNK || c->next == NULL)
		return;
	s->chunk = c->next;
	s->at = 0;
	tally_flow_leave_chunk(f, c);
}

void tally_flow_discard(tally_flow *f, flow_segment *s)
{
	for (flow_chunk *c = s->chunk, *next; c != NULL; c = next) {
		next = c == s->last ? NULL : c->next;
		tally_flow_leave_chunk(f, c);
	}
	tally_flow_recycle(f, s);
}

void tally_flow_recycle(tally_flow *f, flow_segment *s)
{
	s->next = f->free_segments;
	f->free_segments = s;
	f->free_segment_count++;
}

/* ---- a turn ---- */

void *tally_flow_take_turn(void *context, unsigned member)
{
	tally_flow *f = context;
	flow_turn *turn = &f->turns[member];
	uint64_t bytes = 0;
	if (!tally_flow_is_due(f))
		return NULL;
	for (turn->count = 0; f->first != NULL && turn->count < TURN_SEGMENTS;) {
		flow_segment *s = f->first;
		if (turn->count >= f->lanes && bytes >= TURN_BYTES)
			break;
		tally_flow_withdraw(f, s);
		s->claimed = true;
		bytes += s->until - s->used;
		turn->segments[turn->count++] = s;
	}
	/* Whoever had a signal for what is left may have been told of all this by one alone. */
	if (tally_flow_is_due(f))
		pthread_cond_signal(&f->crew.work);
	return turn;
}

static tally_piece next_piece(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	flow_turn *turn = context;
	flow_segment *s = turn->segments[index];
	(void)lane;
	if (atomic_load_explicit(&turn->flow->stop, memory_order_relaxed))
		return TALLY_PIECE_STOP;
	uint64_t left = s->until - s->used;
	if (left == 0)
		return s->used == s->length ? TALLY_PIECE_END : TALLY_PIECE_PAUSE;
	if (s->at == CHUNK) {
		flow_chunk *before = s->chunk;
		s->chunk = before->next;
		s->at = 0;
		leave_chunk(turn->flow, before);
	}
	*piece = s->chunk->bytes + s->at;
	*size = left < CHUNK - s->at ? (size_t)left : CHUNK - s->at;
	s->at += *size;
	s->used += *size;
	return TALLY_PIECE_DATA;
}

static void segment_done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	flow_turn *turn = context;
	flow_segment *s = turn->segments[index];
	(void)lane;
	s->result = *result;
	s->hashed = true;
	if (s->chunk != NULL)
		leave_chunk(turn->flow, s->chunk);
	s->chunk = NULL;
}

static tally_digest_state *state_of(void *context, size_t index)
{
	flow_turn *turn = context;
	return &turn->segments[index]->state;
}

void tally_flow_run_turn(void *context, unsigned member, void *job)
{
	flow_turn *turn = job;
	const tally_digest_source source = {turn, next_piece, segment_done, state_of};
	(void)context, (void)member;
	turn->result = tally_digest_run(turn->digest, &source, turn->count, &turn->error);
}

void tally_flow_turn_done(void *context, unsigned member, void *job)
{
	tally_flow *f = context;
	flow_turn *turn = job;
	(void)member;
	if (turn->result != TALLY_OK && f->result == TALLY_OK) {
		f->result = turn->result;
		f->error = turn->error;
	}
	for (size_t i = 0; i < turn->count; i++) {
		flow_segment *s = turn->segments[i];
		s->claimed = false;
		if (s->hashed) {
			s->next = f->hashed;
			f->hashed = s;
		} else if (s->broken) {
			tally_flow_discard(f, s);
		} else {
			tally_flow_move_on(f, s);
			tally_flow_offer(f, s);
		}
	}
}
