/* SPDX-License-Identifier: Apache-2.0 */
/* The volume as Windows shows it: section 1.5. */
#include "base/memory.h"
#include "drive/bitlocker/volume.h"
#include "io/secret.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* What a thread needs while it reads; kept for the next one. */
typedef struct reader {
	struct reader *next;
	tally_sectors *sectors;
	uint8_t *bounce; /* TALLY_LAYER_ALIGNMENT bytes at such an address, within the reader's own memory */
} reader;

typedef struct hole {
	uint64_t begin, end;
} hole;

#define HOLES (TALLY_BITLOCKER_COPIES + 1)

typedef struct view {
	tally_layer layer;
	tally_layer *volume;
	uint64_t header_offset, header_size;
	hole holes[HOLES];
	tally_volume_key *key;
	pthread_mutex_t lock; /* of what follows; never held while anything is read or deciphered */
	reader *idle;
} view;

/* ---- readers ---- */

static void free_reader(reader *r)
{
	tally_sectors_free(r->sectors);
	tally_free(r);
}

static reader *new_reader(const view *v)
{
	reader *r = tally_zalloc(1, sizeof *r + 2 * TALLY_LAYER_ALIGNMENT);
	if (r == NULL)
		return NULL;
	r->bounce = (uint8_t *)(((uintptr_t)(r + 1) + TALLY_LAYER_ALIGNMENT - 1) / TALLY_LAYER_ALIGNMENT *
				TALLY_LAYER_ALIGNMENT);
	r->sectors = tally_sectors_new(v->key);
	if (r->sectors != NULL)
		return r;
	tally_free(r);
	return NULL;
}

static reader *take_reader(view *v)
{
	pthread_mutex_lock(&v->lock);
	reader *r = v->idle;
	if (r != NULL)
		v->idle = r->next;
	pthread_mutex_unlock(&v->lock);
	return r != NULL ? r : new_reader(v);
}

static void give_reader(view *v, reader *r)
{
	pthread_mutex_lock(&v->lock);
	r->next = v->idle;
	v->idle = r;
	pthread_mutex_unlock(&v->lock);
}

/* ---- places ---- */

/* A run of bytes of the view that come from one place. */
typedef struct piece {
	bool zeros;
	uint64_t stored; /* where in the volume */
	size_t size;
} piece;

static piece piece_at(const view *v, uint64_t offset, size_t size)
{
	uint64_t end = offset + size;
	piece p = {false, offset, 0};
	if (offset < v->header_size) {
		p.stored = v->header_offset + offset;
		end = end < v->header_size ? end : v->header_size;
	} else {
		for (size_t i = 0; i < HOLES && !p.zeros; i++) {
			if (offset >= v->holes[i].begin && offset < v->holes[i].end) {
				p.zeros = true;
				end = end < v->holes[i].end ? end : v->holes[i].end;
			} else if (v->holes[i].begin > offset && v->holes[i].begin < end) {
				end = v->holes[i].begin;
			}
		}
	}
	p.size = (size_t)(end - offset);
	return p;
}

/* ---- reading ---- */

/* Reads whole units from where they are stored, and deciphers them in place. Bytes, at least one unit, or -errno. */
static int64_t read_units(view *v, reader *r, uint64_t stored, uint8_t *to, size_t size, tally_layer_way way)
{
	const uint32_t sector = v->layer.sector_size;
	size_t done = 0;
	int64_t got = 1;
	while (done < size && got > 0) {
		got = tally_layer_read(v->volume, stored + done, to + done, size - done, way);
		if (got > 0)
			done += (size_t)got;
	}
	done -= done % sector;
	if (done == 0)
		return got < 0 ? got : -ENODATA;
	return tally_sectors_decrypt(r->sectors, stored, to, done) ? (int64_t)done : -EIO;
}

/* A part of a unit: up to its end. */
static int64_t read_part(view *v, reader *r, uint64_t stored, uint8_t *to, size_t size, tally_layer_way way)
{
	const uint32_t unit = way == TALLY_LAYER_MEDIUM ? TALLY_LAYER_ALIGNMENT : v->layer.sector_size;
	const size_t within = (size_t)(stored % unit);
	int64_t got = read_units(v, r, stored - within, r->bounce, unit, way);
	if (got < 0)
		return got;
	if ((size_t)got <= within)
		return -EIO;
	size_t left = (size_t)got - within;
	size = size < left ? size : left;
	memcpy(to, r->bounce + within, size);
	return (int64_t)size;
}

static int64_t read_piece(view *v, reader *r, const piece *p, uint8_t *to, tally_layer_way way)
{
	const uint32_t unit = way == TALLY_LAYER_MEDIUM ? TALLY_LAYER_ALIGNMENT : v->layer.sector_size;
	if (p->zeros) {
		memset(to, 0, p->size);
		return (int64_t)p->size;
	}
	const bool aligned = p->stored % unit == 0 && p->size >= unit &&
			     (way != TALLY_LAYER_MEDIUM || (uintptr_t)to % TALLY_LAYER_ALIGNMENT == 0);
	if (aligned)
		return read_units(v, r, p->stored, to, p->size - p->size % unit, way);
	return read_part(v, r, p->stored, to, p->size, way);
}

static int64_t read_view(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	view *v = (view *)layer;
	reader *r = take_reader(v);
	if (r == NULL)
		return -ENOMEM;
	size_t done = 0;
	int64_t got = 0;
	while (done < size) {
		piece p = piece_at(v, offset + done, size - done);
		got = read_piece(v, r, &p, (uint8_t *)buffer + done, way);
		if (got < 0)
			break;
		done += (size_t)got;
	}
	give_reader(v, r);
	return done > 0 ? (int64_t)done : got;
}

/* Sector by sector: what is read ahead, dropped or sorted by its place are the cipher's bytes. */
static bool locate_view(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	const view *v = (view *)layer;
	uint64_t left = layer->size - offset;
	piece p = piece_at(v, offset, left < SIZE_MAX ? (size_t)left : SIZE_MAX);
	if (p.zeros || !tally_layer_locate(v->volume, p.stored, place))
		return false;
	place->enciphered = true;
	if (place->length > p.size)
		place->length = p.size;
	return true;
}

/* It belongs to the volume that was unlocked. */
static void close_view(tally_layer *layer)
{
	(void)layer;
}

static const tally_layer_class view_class = {read_view, locate_view, close_view};

static hole hole_at(uint64_t begin, uint64_t size, uint64_t limit)
{
	uint64_t end;
	if (__builtin_add_overflow(begin, size, &end) || end > limit)
		end = limit;
	return (hole){begin < limit ? begin : limit, end};
}

tally_result tally_bitlocker_view_open(tally_layer *volume, const tally_bitlocker_facts *facts, tally_volume_key *key,
				       tally_layer **out, tally_error *error)
{
	const uint64_t size = volume->size - volume->size % facts->sector_size;
	view *v = tally_zalloc(1, sizeof *v);
	if (v == NULL) {
		tally_secret_free(key);
		return tally_fail_memory(error);
	}
	v->layer = (tally_layer){&view_class, size, facts->sector_size};
	v->volume = volume;
	v->key = key;
	v->header_offset = facts->header_offset;
	v->header_size = facts->header_size;
	for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		v->holes[i] = hole_at(facts->metadata[i], TALLY_BITLOCKER_BLOCK, size);
	v->holes[TALLY_BITLOCKER_COPIES] = hole_at(facts->header_offset, facts->header_size, size);
	pthread_mutex_init(&v->lock, NULL);
	/* One reader is sure to be needed, and what can't be had is known now. */
	v->idle = new_reader(v);
	if (v->idle == NULL) {
		tally_bitlocker_view_free(&v->layer);
		return tally_fail_memory(error);
	}
	*out = &v->layer;
	return TALLY_OK;
}

void tally_bitlocker_view_free(tally_layer *layer)
{
	if (layer == NULL)
		return;
	view *v = (view *)layer;
	for (reader *r = v->idle, *next; r != NULL; r = next) {
		next = r->next;
		free_reader(r);
	}
	pthread_mutex_destroy(&v->lock);
	tally_secret_free(v->key);
	tally_free(v);
}
