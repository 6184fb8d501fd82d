/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fingerprint.h"

#include "base/memory.h"
#include "base/siphash.h"

#include <openssl/rand.h>

struct tally_fingerprinter {
	uint8_t key[TALLY_SIPHASH_KEY];
	tally_siphash state;
};

tally_result tally_fingerprinter_new(tally_fingerprinter **out, tally_error *error)
{
	*out = NULL;
	tally_fingerprinter *f = tally_zalloc(1, sizeof *f);
	if (f == NULL)
		return tally_fail_memory(error);
	if (RAND_bytes(f->key, sizeof f->key) != 1) {
		tally_fingerprinter_free(f);
		return tally_fail(error, TALLY_ERROR_INTERNAL, "OpenSSL offers no random key");
	}
	*out = f;
	return TALLY_OK;
}

void tally_fingerprinter_free(tally_fingerprinter *f)
{
	tally_free(f);
}

void tally_fingerprint_begin(tally_fingerprinter *f)
{
	tally_siphash_begin(&f->state, f->key);
}

void tally_fingerprint_update(void *fingerprinter, const char *data, size_t size)
{
	tally_siphash_update(&((tally_fingerprinter *)fingerprinter)->state, data, size);
}

uint64_t tally_fingerprint_end(tally_fingerprinter *f)
{
	return tally_siphash_end(&f->state);
}

tally_record *tally_records_at(const tally_records *records, size_t index)
{
	return &records->chunks[index / TALLY_RECORDS_CHUNK][index % TALLY_RECORDS_CHUNK];
}

void tally_records_clear(tally_records *records)
{
	for (size_t i = 0; i < records->chunk_count; i++)
		tally_free(records->chunks[i]);
	tally_free(records->chunks);
	*records = (tally_records){0};
}

tally_result tally_records_add(tally_records *records, tally_record record, tally_error *error)
{
	if (records->count == records->chunk_count * TALLY_RECORDS_CHUNK) {
		void *chunks = tally_grow(records->chunks, &records->chunk_capacity, records->chunk_count + 1, sizeof *records->chunks);
		if (chunks == NULL)
			return tally_fail_memory(error);
		records->chunks = chunks;
		tally_record *chunk = tally_alloc(TALLY_RECORDS_CHUNK * sizeof *chunk);
		if (chunk == NULL)
			return tally_fail_memory(error);
		records->chunks[records->chunk_count++] = chunk;
	}
	*tally_records_at(records, records->count++) = record;
	return TALLY_OK;
}

static bool before(const tally_record *a, const tally_record *b)
{
	return a->fingerprint != b->fingerprint ? a->fingerprint < b->fingerprint : a->position < b->position;
}

static void sort_few(const tally_records *records, size_t begin, size_t end)
{
	for (size_t i = begin + 1; i < end; i++) {
		tally_record moving = *tally_records_at(records, i);
		size_t j = i;
		for (; j > begin && before(&moving, tally_records_at(records, j - 1)); j--)
			*tally_records_at(records, j) = *tally_records_at(records, j - 1);
		*tally_records_at(records, j) = moving;
	}
}

#define FEW 24
#define KEY_BYTES 16 /* fingerprint, then position, most significant byte first */

static unsigned key_byte(const tally_record *record, unsigned level)
{
	uint64_t half = level < 8 ? record->fingerprint : record->position;
	return (unsigned)(half >> (56 - 8 * (level % 8))) & 0xFF;
}

/*
 * American flag sort: counts the records of each byte value, then swaps every record into its bucket. One pass for each
 * byte of the key at most, so equal or hostile keys cost no more than 16 passes. Recursion depth is the key's length.
 */
static void sort_level(const tally_records *records, size_t begin, size_t end, unsigned level)
{
	if (end - begin <= FEW) {
		sort_few(records, begin, end);
		return;
	}
	size_t next[256] = {0}, stop[256];
	for (size_t i = begin; i < end; i++)
		next[key_byte(tally_records_at(records, i), level)]++;
	size_t at = begin;
	for (size_t b = 0; b < 256; b++) {
		size_t size = next[b];
		next[b] = at;
		at += size;
		stop[b] = at;
	}
	for (size_t b = 0; b < 256; b++) {
		while (next[b] < stop[b]) {
			tally_record *here = tally_records_at(records, next[b]);
			unsigned home = key_byte(here, level);
			if (home == b) {
				next[b]++;
				continue;
			}
			tally_record *there = tally_records_at(records, next[home]++);
			tally_record swapped = *there;
			*there = *here;
			*here = swapped;
		}
	}
	if (level + 1 == KEY_BYTES)
		return;
	for (size_t b = 0, from = begin; b < 256; from = stop[b], b++)
		if (stop[b] - from > 1)
			sort_level(records, from, stop[b], level + 1);
}

void tally_records_sort(tally_records *records)
{
	sort_level(records, 0, records->count, 0);
}

bool tally_records_contain(const tally_records *records, uint64_t fingerprint)
{
	size_t low = 0, high = records->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_records_at(records, middle)->fingerprint < fingerprint)
			low = middle + 1;
		else
			high = middle;
	}
	return low < records->count && tally_records_at(records, low)->fingerprint == fingerprint;
}
