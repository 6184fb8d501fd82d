/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes, and the records of $MFT that hold them. */
#include "maker/ntfs_writer_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t aligned(uint32_t size)
{
	return (size + 7) & ~7U;
}

/* The head that all attributes have; the name stands right behind it. */
static ntfs_attribute *begin(ntfs_attributes *list, uint32_t type, const char *name, uint32_t head, uint32_t value_size,
			     uint16_t flags)
{
	uint32_t units = (uint32_t)strlen(name);
	uint32_t size = aligned(head + 2 * units) + aligned(value_size);
	list->items = ntfs_room(list->items, &list->capacity, list->count + 1, sizeof *list->items);
	ntfs_attribute *a = &list->items[list->count++];
	*a = (ntfs_attribute){.type = type, .size = size, .bytes = calloc(1, size)};
	if (a->bytes == NULL || units >= sizeof a->name)
		ntfs_die("attribute");
	strcpy(a->name, name);
	ntfs_put(a->bytes, type, 4);
	ntfs_put(a->bytes + 4, size, 4);
	a->bytes[9] = (uint8_t)units;
	ntfs_put(a->bytes + 10, head, 2);
	ntfs_put(a->bytes + 12, flags, 2);
	for (uint32_t i = 0; i < units; i++)
		a->bytes[head + 2 * i] = (uint8_t)name[i];
	return a;
}

void ntfs_add_resident(ntfs_attributes *list, uint32_t type, const char *name, const void *value, size_t size,
		       uint16_t flags)
{
	ntfs_attribute *a = begin(list, type, name, 24, (uint32_t)size, flags);
	uint32_t offset = a->size - aligned((uint32_t)size);
	ntfs_put(a->bytes + 16, size, 4);
	ntfs_put(a->bytes + 20, offset, 2);
	a->bytes[22] = type == 0x30; /* indexed */
	if (size > 0)
		memcpy(a->bytes + offset, value, size);
}

void ntfs_add_standard(ntfs_attributes *list, uint64_t modified, uint32_t flags)
{
	uint8_t value[48] = {0};
	for (unsigned i = 0; i < 4; i++)
		ntfs_put(value + 8 * i, modified, 8);
	ntfs_put(value + 32, flags, 4);
	ntfs_add_resident(list, 0x10, "", value, sizeof value, 0);
}

/* ---- run lists ---- */

static unsigned bytes_for(int64_t value)
{
	unsigned size = 1;
	while (size < 8 && (value < -(INT64_C(1) << (8 * size - 1)) || value >= INT64_C(1) << (8 * size - 1)))
		size++;
	return size;
}

/* Pairs from piece `first` on; returns their size. */
static uint32_t put_pairs(uint8_t *out, const ntfs_piece *pieces, size_t count)
{
	uint8_t *at = out;
	int64_t last = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned length = bytes_for((int64_t)pieces[i].count), place = 0;
		if (pieces[i].lcn != NTFS_NO_CLUSTER) {
			int64_t distance = (int64_t)pieces[i].lcn - last;
			place = bytes_for(distance);
			ntfs_put(at + 1 + length, (uint64_t)distance, place);
			last = (int64_t)pieces[i].lcn;
		}
		at[0] = (uint8_t)(place << 4 | length);
		ntfs_put(at + 1, pieces[i].count, length);
		at += 1 + length + place;
	}
	*at++ = 0;
	return (uint32_t)(at - out);
}

void ntfs_add_runs(const ntfs_writer *w, ntfs_attributes *list, uint32_t type, const char *name,
		   const ntfs_pieces *pieces, const ntfs_sizes *sizes, size_t most)
{
	uint64_t vcn = 0, stored = 0;
	uint32_t head = sizes->unit_shift != 0 ? 72 : 64;
	uint8_t *pairs = malloc(17 * pieces->count + 1);
	if (pairs == NULL)
		ntfs_die("memory");
	for (size_t i = 0; i < pieces->count; i++)
		stored += pieces->items[i].lcn != NTFS_NO_CLUSTER ? pieces->items[i].count : 0;
	for (size_t i = 0; i == 0 || i < pieces->count;) {
		size_t count = pieces->count - i;
		if (most != 0 && count > most)
			count = most;
		uint32_t size = put_pairs(pairs, pieces->items + i, count);
		uint64_t clusters = 0;
		for (size_t j = 0; j < count; j++)
			clusters += pieces->items[i + j].count;
		ntfs_attribute *a = begin(list, type, name, head, size, sizes->flags);
		uint32_t offset = a->size - aligned(size);
		a->first_vcn = vcn;
		a->outside = vcn > 0;
		a->bytes[8] = 1;
		ntfs_put(a->bytes + 16, vcn, 8);
		ntfs_put(a->bytes + 24, vcn + clusters - 1, 8);
		ntfs_put(a->bytes + 32, offset, 2);
		a->bytes[34] = sizes->unit_shift;
		if (vcn == 0) {
			ntfs_put(a->bytes + 40, pieces->clusters * w->cluster, 8);
			ntfs_put(a->bytes + 48, sizes->size, 8);
			ntfs_put(a->bytes + 56, sizes->initialised, 8);
			if (sizes->unit_shift != 0)
				ntfs_put(a->bytes + 64, stored * w->cluster, 8);
		}
		memcpy(a->bytes + offset, pairs, size);
		vcn += clusters;
		i += count > 0 ? count : 1;
	}
	free(pairs);
}

/* ---- records ---- */

typedef struct record {
	uint8_t *bytes;
	uint32_t at;
	uint16_t next_id;
} record;

static record begin_record(const ntfs_writer *w, uint32_t number, uint16_t flags, uint64_t base)
{
	uint32_t count = w->record_size / 512 + 1;
	record r = {.bytes = calloc(1, w->record_size), .at = aligned(48 + 2 * count)};
	if (r.bytes == NULL)
		ntfs_die("memory");
	memcpy(r.bytes, "FILE", 4);
	ntfs_put(r.bytes + 4, 48, 2);
	ntfs_put(r.bytes + 6, count, 2);
	ntfs_put(r.bytes + 16, w->sequences[number], 2);
	ntfs_put(r.bytes + 20, r.at, 2);
	ntfs_put(r.bytes + 22, flags, 2);
	ntfs_put(r.bytes + 28, w->record_size, 4);
	ntfs_put(r.bytes + 32, base, 8);
	ntfs_put(r.bytes + 44, number, 4);
	return r;
}

static void add_to_record(const ntfs_writer *w, record *r, ntfs_attribute *a, uint32_t number)
{
	if (a->size + 8 > w->record_size - r->at) {
		errno = ENOSPC;
		ntfs_die("record");
	}
	a->id = r->next_id++;
	a->record = number;
	ntfs_put(a->bytes + 14, a->id, 2);
	memcpy(r->bytes + r->at, a->bytes, a->size);
	r->at += a->size;
	if (a->type == 0x30)
		ntfs_put(r->bytes + 18, ntfs_get(r->bytes + 18, 2) + 1, 2);
}

static void end_record(const ntfs_writer *w, record *r, uint32_t number)
{
	ntfs_put(r->bytes + r->at, UINT32_MAX, 4);
	ntfs_put(r->bytes + 24, r->at + 8, 4);
	ntfs_put(r->bytes + 40, r->next_id, 2);
	ntfs_seal(r->bytes, w->record_size);
	ntfs_put_record(w, number, r->bytes);
	free(r->bytes);
}

static int by_type(const void *a, const void *b)
{
	const ntfs_attribute *x = a, *y = b;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	int names = strcmp(x->name, y->name);
	if (names != 0)
		return names;
	return x->first_vcn != y->first_vcn ? (x->first_vcn < y->first_vcn ? -1 : 1) : x->outside - y->outside;
}

/* Writes what stands outside, each attribute in a record of its own, for which the first free ones are taken. */
static void write_outside(ntfs_writer *w, uint32_t base, ntfs_attributes *list)
{
	/* $MFT's own must be in front, where its first piece reaches. */
	uint32_t next = base == 0 ? 16 : 0;
	for (size_t i = 0; i < list->count; i++) {
		ntfs_attribute *a = &list->items[i];
		if (!a->outside)
			continue;
		uint32_t number = base == 0 ? next++ : ntfs_new_record(w);
		w->used_records[number / 8] |= (uint8_t)(1U << number % 8);
		record r = begin_record(w, number, 1, ntfs_reference(w, base));
		add_to_record(w, &r, a, number);
		end_record(w, &r, number);
	}
}

static uint8_t *make_list(const ntfs_writer *w, const ntfs_attributes *list, size_t *size)
{
	uint8_t *bytes = calloc(list->count, 96);
	if (bytes == NULL)
		ntfs_die("memory");
	*size = 0;
	for (size_t i = 0; i < list->count; i++) {
		const ntfs_attribute *a = &list->items[i];
		uint32_t units = (uint32_t)strlen(a->name), length = aligned(26 + 2 * units);
		uint8_t *at = bytes + *size;
		ntfs_put(at, a->type, 4);
		ntfs_put(at + 4, length, 2);
		at[6] = (uint8_t)units;
		at[7] = 26;
		ntfs_put(at + 8, a->first_vcn, 8);
		ntfs_put(at + 16, ntfs_reference(w, a->record), 8);
		ntfs_put(at + 24, a->id, 2);
		for (uint32_t j = 0; j < units; j++)
			at[26 + 2 * j] = (uint8_t)a->name[j];
		*size += length;
	}
	return bytes;
}

static void write_with_list(ntfs_writer *w, uint32_t number, uint16_t flags, ntfs_attributes *list, bool list_outside)
{
	write_outside(w, number, list);
	/* Numbers of the attributes within the base: the list, which is none of its own entries, has the last. */
	uint16_t id = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].outside)
			continue;
		list->items[i].id = id++;
		list->items[i].record = number;
	}
	size_t size;
	uint8_t *bytes = make_list(w, list, &size);
	ntfs_attributes own = {0};
	if (list_outside || size > 160) {
		ntfs_pieces pieces = ntfs_store(w, bytes, size);
		ntfs_add_runs(w, &own, 0x20, "", &pieces, &(ntfs_sizes){.size = size, .initialised = size}, 0);
		free(pieces.items);
	} else {
		ntfs_add_resident(&own, 0x20, "", bytes, size, 0);
	}
	record r = begin_record(w, number, flags, 0);
	bool listed = false;
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].outside)
			continue;
		if (!listed && list->items[i].type > 0x20) {
			r.next_id = id;
			add_to_record(w, &r, &own.items[0], number);
			r.next_id = list->items[i].id;
			listed = true;
		}
		add_to_record(w, &r, &list->items[i], number);
	}
	r.next_id = (uint16_t)(id + 1);
	end_record(w, &r, number);
	free(own.items[0].bytes);
	free(own.items);
	free(bytes);
}

void ntfs_write_record(ntfs_writer *w, uint32_t number, uint16_t flags, ntfs_attributes *list, bool force_list,
		       bool list_outside)
{
	qsort(list->items, list->count, sizeof *list->items, by_type);
	bool outside = false;
	for (size_t i = 0; i < list->count; i++)
		outside = outside || list->items[i].outside;
	if (outside || force_list) {
		write_with_list(w, number, flags, list, list_outside);
	} else {
		record r = begin_record(w, number, flags, 0);
		for (size_t i = 0; i < list->count; i++)
			add_to_record(w, &r, &list->items[i], number);
		end_record(w, &r, number);
	}
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].bytes);
	free(list->items);
	*list = (ntfs_attributes){0};
}
