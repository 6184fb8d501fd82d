/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/names.h"

#include "base/memory.h"
#include "base/bytes.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* In the arena: units, flags, sequence of the directory, sequence of the file, letters. */
#define HEADER 6
enum { FLAG_WIDE = 1, FLAG_SHORT = 2 };

static uint16_t unit_at(const tally_ntfs_name *name, unsigned i)
{
	return name->is_wide ? tally_le16(name->letters + 2 * i) : name->letters[i];
}

static uint32_t hash(const tally_ntfs_names *names, const tally_ntfs_name *name)
{
	uint16_t folded[TALLY_NTFS_NAME_UNITS];
	tally_siphash state;
	for (unsigned i = 0; i < name->units; i++)
		folded[i] = names->upcase[unit_at(name, i)];
	tally_siphash_begin(&state, names->key);
	tally_siphash_update(&state, folded, 2U * name->units);
	return (uint32_t)tally_siphash_end(&state);
}

/* ---- keeping ---- */

tally_result tally_ntfs_names_begin(tally_ntfs_names *names, const uint16_t *upcase, tally_error *error)
{
	*names = (tally_ntfs_names){.upcase = upcase};
	if (RAND_bytes(names->key, sizeof names->key) != 1)
		return tally_fail(error, TALLY_ERROR_INTERNAL, "OpenSSL has no random numbers");
	return TALLY_OK;
}

static bool fits_latin(const tally_ntfs_name *name)
{
	for (unsigned i = 0; i < name->units; i++)
		if (name->letters[2 * i + 1] != 0)
			return false;
	return true;
}

bool tally_ntfs_names_add(tally_ntfs_names *names, const tally_ntfs_name *name)
{
	bool wide = !fits_latin(name);
	uint32_t place = tally_arena_add(&names->arena, HEADER + (size_t)name->units * (wide ? 2 : 1));
	if (place == 0)
		return false;
	uint8_t *at = tally_arena_at(&names->arena, place);
	at[0] = name->units;
	at[1] = (uint8_t)((wide ? FLAG_WIDE : 0) | (name->is_short ? FLAG_SHORT : 0));
	memcpy(at + 2, &name->directory_sequence, 2);
	memcpy(at + 4, &name->file_sequence, 2);
	for (unsigned i = 0; i < name->units; i++) {
		if (wide)
			memcpy(at + HEADER + 2 * i, name->letters + 2 * i, 2);
		else
			at[HEADER + i] = name->letters[2 * i];
	}
	tally_ntfs_name utf16 = *name;
	utf16.is_wide = true;
	tally_record record = {(uint64_t)name->directory << 32 | hash(names, &utf16),
			       (uint64_t)name->file << 32 | place};
	return tally_records_add(&names->records, record, NULL) == TALLY_OK;
}

static tally_ntfs_name name_of(const tally_ntfs_names *names, const tally_record *record)
{
	const uint8_t *at = tally_arena_at(&names->arena, (uint32_t)record->position);
	tally_ntfs_name name = {
	    .directory = (uint32_t)(record->fingerprint >> 32),
	    .file = (uint32_t)(record->position >> 32),
	    .units = at[0],
	    .is_wide = (at[1] & FLAG_WIDE) != 0,
	    .is_short = (at[1] & FLAG_SHORT) != 0,
	    .letters = at + HEADER,
	};
	memcpy(&name.directory_sequence, at + 2, 2);
	memcpy(&name.file_sequence, at + 4, 2);
	return name;
}

tally_ntfs_name tally_ntfs_names_at(const tally_ntfs_names *names, size_t index)
{
	return name_of(names, tally_records_at(&names->records, index));
}

size_t tally_ntfs_names_bytes(const tally_ntfs_names *names)
{
	return names->records.chunk_count * TALLY_RECORDS_CHUNK * sizeof(tally_record) +
	       names->arena.chunk_count * TALLY_ARENA_CHUNK;
}

void tally_ntfs_names_clear(tally_ntfs_names *names)
{
	tally_records_clear(&names->records);
	tally_arena_clear(&names->arena);
}

/* ---- order ---- */

static int compare_folded(const tally_ntfs_names *names, const tally_ntfs_name *a, const tally_ntfs_name *b)
{
	for (unsigned i = 0; i < a->units && i < b->units; i++) {
		uint16_t x = names->upcase[unit_at(a, i)], y = names->upcase[unit_at(b, i)];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->units > b->units) - (a->units < b->units);
}

static int compare_units(const tally_ntfs_name *a, const tally_ntfs_name *b)
{
	for (unsigned i = 0; i < a->units && i < b->units; i++) {
		uint16_t x = unit_at(a, i), y = unit_at(b, i);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a->units > b->units) - (a->units < b->units);
}

bool tally_ntfs_name_same(const tally_ntfs_names *names, const tally_ntfs_name *a, const tally_ntfs_name *b)
{
	return compare_folded(names, a, b) == 0;
}

/* Names of one hash: proper ones first, equal ones side by side, spellings in order. */
static int compare(const tally_ntfs_names *names, const tally_ntfs_name *a, const tally_ntfs_name *b)
{
	if (a->is_short != b->is_short)
		return a->is_short ? 1 : -1;
	int order = compare_folded(names, a, b);
	return order != 0 ? order : compare_units(a, b);
}

static int compare_records(const void *a, const void *b, void *names)
{
	tally_ntfs_name x = name_of(names, a), y = name_of(names, b);
	int order = compare(names, &x, &y);
	return order != 0 ? order : (x.file > y.file) - (x.file < y.file);
}

static bool sort_equal_hashes(tally_ntfs_names *names, size_t begin, size_t end)
{
	tally_record *copy = tally_alloc((end - begin) * sizeof *copy);
	if (copy == NULL)
		return false;
	for (size_t i = begin; i < end; i++)
		copy[i - begin] = *tally_records_at(&names->records, i);
	qsort_r(copy, end - begin, sizeof *copy, compare_records, names);
	for (size_t i = begin; i < end; i++)
		*tally_records_at(&names->records, i) = copy[i - begin];
	tally_free(copy);
	return true;
}

bool tally_ntfs_names_finish(tally_ntfs_names *names, bool (*keep)(void *context, const tally_ntfs_name *name),
			     void *context)
{
	tally_records *records = &names->records;
	size_t kept = 0;
	for (size_t i = 0; i < records->count; i++) {
		tally_ntfs_name name = tally_ntfs_names_at(names, i);
		if (keep(context, &name))
			*tally_records_at(records, kept++) = *tally_records_at(records, i);
	}
	records->count = kept;
	tally_records_sort(records);
	for (size_t i = 0, end; i < kept; i = end) {
		uint64_t hashed = tally_records_at(records, i)->fingerprint;
		for (end = i + 1; end < kept && tally_records_at(records, end)->fingerprint == hashed;)
			end++;
		if (end - i > 1 && !sort_equal_hashes(names, i, end))
			return false;
	}
	return true;
}

/* ---- looking up ---- */

static size_t first_from(const tally_ntfs_names *names, uint64_t fingerprint)
{
	size_t low = 0, high = names->records.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_records_at(&names->records, middle)->fingerprint < fingerprint)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t tally_ntfs_names_in(const tally_ntfs_names *names, uint32_t directory, size_t *first)
{
	*first = first_from(names, (uint64_t)directory << 32);
	size_t end =
	    directory == UINT32_MAX ? names->records.count : first_from(names, ((uint64_t)directory + 1) << 32);
	return end - *first;
}

/* The first in begin…end that is not before `wanted`; `spelt`: its spelling counts, too. */
static size_t first_not_before(const tally_ntfs_names *names, size_t begin, size_t end, const tally_ntfs_name *wanted,
			       bool spelt)
{
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		tally_ntfs_name name = tally_ntfs_names_at(names, middle);
		int order = (int)name.is_short - (int)wanted->is_short;
		if (order == 0)
			order = spelt ? compare(names, &name, wanted) : compare_folded(names, &name, wanted);
		if (order < 0)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

/* Takes what is there from `at` on, up to two, that are equal to `wanted`. */
static tally_ntfs_match take(const tally_ntfs_names *names, size_t at, size_t end, const tally_ntfs_name *wanted,
			     bool spelt, tally_ntfs_name found[2])
{
	unsigned count = 0;
	for (; count < 2 && at < end; at++, count++) {
		found[count] = tally_ntfs_names_at(names, at);
		bool equal =
		    found[count].is_short == wanted->is_short && compare_folded(names, &found[count], wanted) == 0;
		if (!equal || (spelt && compare_units(&found[count], wanted) != 0))
			break;
	}
	return count == 0 ? TALLY_NTFS_NO_MATCH : count == 1 ? TALLY_NTFS_MATCH : TALLY_NTFS_MATCHES;
}

tally_ntfs_match tally_ntfs_names_find(const tally_ntfs_names *names, uint32_t directory, const uint16_t *units,
				       unsigned count, tally_ntfs_name found[2])
{
	uint8_t letters[2 * TALLY_NTFS_NAME_UNITS];
	for (unsigned i = 0; i < count; i++) {
		letters[2 * i] = (uint8_t)units[i];
		letters[2 * i + 1] = (uint8_t)(units[i] >> 8);
	}
	tally_ntfs_name wanted = {.units = (uint8_t)count, .is_wide = true, .letters = letters};
	uint64_t hashed = (uint64_t)directory << 32 | hash(names, &wanted);
	size_t begin = first_from(names, hashed);
	size_t end = hashed == UINT64_MAX ? names->records.count : first_from(names, hashed + 1);
	tally_ntfs_match match = TALLY_NTFS_NO_MATCH;
	/* As it is spelt, in any case, and the same for the short names. */
	for (unsigned i = 0; i < 4 && match == TALLY_NTFS_NO_MATCH && begin < end; i++) {
		wanted.is_short = i >= 2;
		size_t at = first_not_before(names, begin, end, &wanted, i % 2 == 0);
		match = take(names, at, end, &wanted, i % 2 == 0, found);
	}
	return match;
}
