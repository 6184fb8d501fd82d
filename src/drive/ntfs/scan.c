/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over $MFT, forward on the disk, that keeps every name and how simple files lie. */
#include "base/memory.h"
#include "base/bytes.h"
#include "drive/ntfs/volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE ((size_t)1 << 20)
/* What is read singly where a large piece can't be read: a sector of today's disks, which fails as a whole. */
#define PIECE_SIZE ((size_t)4096)
/* Sketches are left out when a file would take more than this, name included. */
#define BYTES_A_FILE 100
#define ATTRIBUTE_ENCRYPTED UINT32_C(0x4000)

typedef struct scan {
	tally_ntfs_opening *opening;
	tally_ntfs *volume;
	tally_ntfs_run *runs; /* of $MFT, in the order of the disk */
	uint8_t *bitmap;      /* which records are in use; NULL: not known */
	size_t bitmap_size;
	uint8_t *buffer;
	size_t buffer_size; /* up to READ_SIZE */
	uint64_t done;      /* bytes of $MFT */
	size_t limit;
	bool no_memory, full;
} scan;

/* ---- a record ---- */

static bool is_allocated(const scan *s, uint64_t number)
{
	if (s->bitmap == NULL)
		return true;
	return number / 8 < s->bitmap_size && (s->bitmap[number / 8] >> (number % 8) & 1) != 0;
}

/* What NTFS keeps for itself holds no names of others, but for the root. */
static void lose(scan *s, uint64_t number)
{
	if (is_allocated(s, number) && (number >= TALLY_NTFS_FIRST_USER_RECORD || number == TALLY_NTFS_ROOT))
		s->volume->facts.lost_records++;
}

static void keep_name(scan *s, const tally_ntfs_attribute *attribute, uint64_t file, uint16_t file_sequence)
{
	tally_ntfs *volume = s->volume;
	tally_ntfs_file_name name;
	if (!tally_ntfs_file_name_parse(attribute, &name))
		return;
	uint64_t directory = TALLY_NTFS_REFERENCE_RECORD(name.parent);
	/* The root is its own parent. */
	if (file >= volume->facts.records || file == TALLY_NTFS_ROOT)
		return;
	if (directory >= volume->facts.records) {
		volume->facts.orphans++;
		return;
	}
	tally_ntfs_name kept = {
	    .directory = (uint32_t)directory,
	    .file = (uint32_t)file,
	    .directory_sequence = TALLY_NTFS_REFERENCE_SEQUENCE(name.parent),
	    .file_sequence = file_sequence,
	    .is_short = name.space == TALLY_NTFS_DOS,
	    .units = name.units,
	    .letters = name.name,
	};
	s->no_memory |= !tally_ntfs_names_add(&volume->names, &kept);
}

/* What a base record says of its file. */
typedef struct portrait {
	tally_ntfs_sketch sketch;
	bool has_list, has_data, has_reparse;
} portrait;

static void look_at_data(portrait *p, const tally_ntfs_attribute *attribute, uint32_t cluster)
{
	tally_ntfs_sketch *sketch = &p->sketch;
	if (p->has_data)
		return;
	p->has_data = true;
	if ((attribute->flags & TALLY_NTFS_ENCRYPTED) != 0)
		sketch->is_plain = false;
	if (attribute->resident) {
		sketch->size = attribute->value_size;
		return;
	}
	sketch->size = attribute->size;
	sketch->initialised = attribute->initialised;
	uint64_t clusters = attribute->size / cluster + (attribute->size % cluster != 0);
	uint32_t used = 0;
	/* Without what follows the last pair. */
	while (used < attribute->pairs_size && attribute->pairs[used] != 0)
		used += 1 + (attribute->pairs[used] & 15U) + (attribute->pairs[used] >> 4);
	sketch->has_runs = attribute->first_vcn == 0 && attribute->size <= INT64_MAX &&
			   attribute->initialised <= attribute->size &&
			   (attribute->flags & TALLY_NTFS_COMPRESSION_MASK) == 0 && clusters > 0 &&
			   attribute->last_vcn == clusters - 1 && used <= attribute->pairs_size && used <= UINT8_MAX;
	sketch->pairs = attribute->pairs;
	sketch->pairs_size = used;
}

static void look_at(portrait *p, const tally_ntfs_attribute *attribute, uint32_t cluster)
{
	if (attribute->type == TALLY_NTFS_ATTRIBUTE_LIST)
		p->has_list = true;
	else if (attribute->type == TALLY_NTFS_REPARSE_POINT)
		p->has_reparse = true;
	else if (tally_ntfs_attribute_is(attribute, TALLY_NTFS_DATA, ""))
		look_at_data(p, attribute, cluster);
	else if (attribute->type == TALLY_NTFS_STANDARD_INFORMATION && attribute->resident &&
		 attribute->value_size >= 36) {
		p->sketch.modified = tally_le64(attribute->value + 8);
		if ((tally_le32(attribute->value + 32) & ATTRIBUTE_ENCRYPTED) != 0)
			p->sketch.is_plain = false;
	}
}

/* Keeps how the file lies, unless that takes too much or must be put together from several records. */
static void keep_sketch(scan *s, uint64_t number, portrait *p)
{
	tally_ntfs *volume = s->volume;
	const tally_ntfs_facts *facts = &volume->facts;
	const tally_arena *arena = &volume->names.arena;
	size_t used = volume->names.records.count * sizeof(tally_record) + (size_t)number * sizeof *volume->infos +
		      arena->chunk_count * TALLY_ARENA_CHUNK -
		      (arena->chunk_count > 0 ? TALLY_ARENA_CHUNK - arena->used : 0);
	if (p->has_list || !p->has_data)
		return;
	p->sketch.is_plain = p->sketch.is_plain && !p->has_reparse;
	p->sketch.has_runs = p->sketch.has_runs && p->sketch.is_plain;
	if (used + tally_ntfs_sketch_size(&p->sketch) > BYTES_A_FILE * (facts->files + facts->directories))
		return;
	volume->infos[number].sketch = tally_ntfs_sketch_keep(&volume->names.arena, &p->sketch);
	s->no_memory |= volume->infos[number].sketch == 0;
}

static void take_base(scan *s, uint64_t number, const tally_ntfs_record *record, bool torn)
{
	tally_ntfs *volume = s->volume;
	tally_ntfs_info *info = &volume->infos[number];
	tally_ntfs_attributes iteration = {.record = record};
	tally_ntfs_attribute attribute;
	portrait p = {.sketch = {.is_plain = true}};
	bool has_name = false;
	info->sequence = record->sequence;
	while (tally_ntfs_attribute_next(&iteration, &attribute)) {
		if (attribute.type == TALLY_NTFS_FILE_NAME) {
			keep_name(s, &attribute, number, record->sequence);
			has_name = true;
		}
		look_at(&p, &attribute, volume->facts.geometry.cluster_size);
	}
	unsigned flags = TALLY_NTFS_INFO_IN_USE | (record->is_directory ? TALLY_NTFS_INFO_DIRECTORY : 0U) |
			 (p.has_reparse || p.has_list ? TALLY_NTFS_INFO_REPARSE : 0U) |
			 (torn || iteration.broken ? TALLY_NTFS_INFO_TORN : 0U);
	info->flags = (uint8_t)flags;
	volume->facts.torn_records += torn || iteration.broken;
	if ((torn || iteration.broken) && !has_name)
		lose(s, number);
	volume->facts.directories += record->is_directory;
	volume->facts.files += !record->is_directory;
	if (!torn && !iteration.broken && !record->is_directory)
		keep_sketch(s, number, &p);
}

/* A record that another one overflowed into can hold names of that one. */
static void take_extension(scan *s, uint64_t number, const tally_ntfs_record *record, bool torn)
{
	tally_ntfs_attributes iteration = {.record = record};
	tally_ntfs_attribute attribute;
	while (tally_ntfs_attribute_next(&iteration, &attribute))
		if (attribute.type == TALLY_NTFS_FILE_NAME)
			keep_name(s, &attribute, TALLY_NTFS_REFERENCE_RECORD(record->base),
				  TALLY_NTFS_REFERENCE_SEQUENCE(record->base));
	if (!torn && !iteration.broken)
		return;
	s->volume->facts.torn_records++;
	lose(s, number);
}

static void take_record(scan *s, uint64_t number, uint8_t *bytes)
{
	tally_ntfs_record record;
	tally_ntfs_record_state state = tally_ntfs_record_open(bytes, s->volume->facts.geometry.record_size, &record);
	bool torn = state == TALLY_NTFS_RECORD_TORN;
	if (state == TALLY_NTFS_RECORD_DAMAGED) {
		lose(s, number);
		return;
	}
	if (state == TALLY_NTFS_RECORD_EMPTY || !record.in_use)
		return;
	if (record.base != 0)
		take_extension(s, number, &record, torn);
	else
		take_base(s, number, &record, torn);
}

/* ---- reading ---- */

static bool go_on(scan *s, uint64_t bytes)
{
	const tally_ntfs_options *options = s->opening->options;
	s->done += bytes;
	size_t memory =
	    tally_ntfs_names_bytes(&s->volume->names) + (size_t)s->volume->facts.records * sizeof *s->volume->infos;
	/* The arena's places are 32 bits wide. */
	s->full = s->full || memory > s->limit || memory > UINT32_MAX - READ_SIZE;
	if (s->no_memory || s->full)
		return false;
	return options == NULL || options->progress == NULL ||
	       options->progress(options->context, s->done, s->volume->mft.initialised);
}

/* Whole records that follow each other in the buffer. */
static void take_records(scan *s, uint64_t first, size_t size)
{
	const uint32_t record_size = s->volume->facts.geometry.record_size;
	for (size_t at = 0; at < size && !s->no_memory; at += record_size)
		take_record(s, first + at / record_size, s->buffer + at);
}

/* Where a large piece can't be read: as much of it as can be. False: as go_on. */
static bool take_piece_by_piece(scan *s, uint64_t offset, uint64_t place, size_t size)
{
	const uint32_t record_size = s->volume->facts.geometry.record_size;
	const size_t step = record_size > PIECE_SIZE ? record_size : PIECE_SIZE;
	for (size_t at = 0; at < size; at += step) {
		size_t here = size - at < step ? size - at : step;
		uint64_t first = (offset + at) / record_size;
		if (tally_layer_read_all(s->volume->layer, place + at, s->buffer, here) == 0)
			take_records(s, first, here);
		else
			for (size_t i = 0; i < here / record_size; i++)
				lose(s, first + i);
		/* A disk takes its time where it fails. */
		if (!go_on(s, here))
			return false;
	}
	return true;
}

/* Records of which a run holds only a part. Rare: clusters smaller than a record. */
static void take_divided(scan *s, uint64_t number)
{
	const uint32_t size = s->volume->facts.geometry.record_size;
	if (tally_ntfs_stream_read_all(&s->volume->mft, number * size, s->buffer, size) == 0)
		take_record(s, number, s->buffer);
	else
		lose(s, number);
}

static bool take_run(scan *s, const tally_ntfs_run *run)
{
	const tally_ntfs_stream *mft = &s->volume->mft;
	const uint32_t record_size = s->volume->facts.geometry.record_size;
	uint64_t begin = run->vcn * mft->cluster_size, end = begin + run->count * mft->cluster_size;
	uint64_t place = run->lcn * mft->cluster_size;
	uint64_t whole = s->volume->facts.records * record_size;
	end = end < whole ? end : whole;
	if (begin >= end || run->lcn == TALLY_NTFS_HOLE)
		return true;
	/* A record belongs to the run in which it begins. */
	uint64_t at = (begin + record_size - 1) / record_size * record_size;
	while (at + record_size <= end) {
		uint64_t left = end - at;
		size_t size = left < s->buffer_size ? (size_t)(left - left % record_size) : s->buffer_size;
		bool whole_piece = tally_layer_read_all(mft->layer, place + (at - begin), s->buffer, size) == 0;
		if (whole_piece)
			take_records(s, at / record_size, size);
		if (!(whole_piece ? go_on(s, size) : take_piece_by_piece(s, at, place + (at - begin), size)))
			return false;
		at += size;
	}
	if (at < end)
		take_divided(s, at / record_size);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const tally_ntfs_run *x = a, *y = b;
	return (x->lcn > y->lcn) - (x->lcn < y->lcn);
}

/* Bits of the records in use: needed only to tell whether a damaged record matters. False when memory is short. */
static bool read_bitmap(scan *s)
{
	tally_ntfs_stream stream;
	tally_ntfs_reason reason = {0};
	tally_ntfs_kind kind = tally_ntfs_assemble_of(s->volume, 0, TALLY_NTFS_BITMAP, "", &stream, &reason);
	if (kind == TALLY_NTFS_NO_MEMORY)
		return false;
	if (kind != TALLY_NTFS_FILE)
		return true;
	uint64_t wanted = s->volume->facts.records / 8 + 1;
	s->bitmap_size = (size_t)(stream.size < wanted ? stream.size : wanted);
	s->bitmap = tally_alloc(s->bitmap_size + 1);
	bool enough = s->bitmap != NULL;
	if (enough && tally_ntfs_stream_read_all(&stream, 0, s->bitmap, s->bitmap_size) != 0) {
		tally_free(s->bitmap);
		s->bitmap = NULL;
	}
	tally_ntfs_stream_clear(&stream);
	return enough;
}

/* ---- the whole ---- */

static bool keep(void *context, const tally_ntfs_name *name)
{
	tally_ntfs *volume = context;
	const tally_ntfs_info *directory = &volume->infos[name->directory], *file = &volume->infos[name->file];
	const unsigned wanted = TALLY_NTFS_INFO_IN_USE | TALLY_NTFS_INFO_DIRECTORY;
	/* 0 in a reference means any. */
	bool is_there = (directory->flags & wanted) == wanted &&
			(name->directory_sequence == 0 || name->directory_sequence == directory->sequence);
	bool is_current = (file->flags & TALLY_NTFS_INFO_IN_USE) != 0 && name->file_sequence == file->sequence;
	volume->facts.orphans += is_current && !is_there && !name->is_short;
	bool kept = is_there && is_current;
	volume->facts.names += kept && !name->is_short;
	return kept;
}

static bool prepare(scan *s)
{
	tally_ntfs *volume = s->volume;
	const tally_ntfs_runs *runs = &volume->mft.runs;
	if (volume->facts.records > s->limit / sizeof *volume->infos) {
		s->full = true;
		return false;
	}
	volume->infos = tally_zalloc((size_t)volume->facts.records, sizeof *volume->infos);
	uint64_t bytes = volume->facts.records * volume->facts.geometry.record_size;
	s->buffer_size = bytes < READ_SIZE ? (size_t)bytes : READ_SIZE;
	s->buffer = tally_alloc(s->buffer_size);
	s->runs = tally_alloc(runs->count * sizeof *runs->items);
	s->no_memory = volume->infos == NULL || s->buffer == NULL || s->runs == NULL || !read_bitmap(s);
	if (s->no_memory)
		return false;
	memcpy(s->runs, runs->items, runs->count * sizeof *runs->items);
	qsort(s->runs, runs->count, sizeof *s->runs, by_place);
	return true;
}

static tally_result conclude(scan *s, bool complete)
{
	tally_ntfs *volume = s->volume;
	if (s->full) {
		tally_ntfs_refuse(s->opening, TALLY_NTFS_TOO_LARGE, 0,
				  "the names of its files need more than the %zu MiB of memory allowed for them",
				  s->limit >> 20);
		return TALLY_OK;
	}
	if (s->no_memory)
		return tally_fail_memory(s->opening->error);
	if (!complete)
		return tally_fail(s->opening->error, TALLY_ERROR_STOPPED, "stopped");
	if (!tally_ntfs_names_finish(&volume->names, keep, volume))
		return tally_fail_memory(s->opening->error);
	volume->facts.memory =
	    tally_ntfs_names_bytes(&volume->names) + (size_t)volume->facts.records * sizeof *volume->infos;
	return TALLY_OK;
}

tally_result tally_ntfs_scan(tally_ntfs_opening *opening)
{
	scan s = {.opening = opening, .volume = opening->volume};
	s.limit = opening->options != NULL && opening->options->memory_limit != 0 ? opening->options->memory_limit
										  : TALLY_NTFS_MEMORY_LIMIT;
	bool complete = prepare(&s);
	for (size_t i = 0; complete && i < s.volume->mft.runs.count; i++)
		complete = take_run(&s, &s.runs[i]);
	tally_result result = conclude(&s, complete);
	tally_free(s.runs);
	tally_free(s.buffer);
	tally_free(s.bitmap);
	return result;
}
