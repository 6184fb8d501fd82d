/* SPDX-License-Identifier: Apache-2.0 */
#include "format/duplicates.h"

#include "base/memory.h"

#define LOOK_CHUNK 4096

tally_result tally_duplicates_read_element(const tally_source *document, uint64_t offset,
					   const tally_xml_handler *handler, void *context, tally_xml_reader **reader,
					   tally_error *error)
{
	tally_result result = tally_xml_new(reader, handler, context, NULL, error);
	if (result != TALLY_OK)
		return result;
	char chunk[LOOK_CHUNK];
	while (result == TALLY_OK && !tally_xml_stopped(*reader)) {
		int64_t got = document->read(document->context, offset, chunk, sizeof chunk);
		if (got <= 0)
			break;
		result = tally_xml_feed(*reader, chunk, (size_t)got, error);
		offset += (uint64_t)got;
	}
	if (result == TALLY_OK)
		result = tally_xml_finish(*reader, error);
	tally_xml_free(*reader);
	*reader = NULL;
	return result;
}

/* ---- comparing suspects ---- */

/*
 * A confirmed duplicate's record holds its own offset as the fingerprint, and as the position the offset of the first
 * one with these two bits. No document is as long as 2^62 bytes.
 */
#define CONFIRMED (UINT64_C(1) << 63)
#define ALIKE (UINT64_C(1) << 62)

/*
 * Records begin…end have one fingerprint. Each that is not confirmed yet is compared with all behind it; only texts
 * that differ in spite of their fingerprint, which nobody can bring about on purpose, make more than one round.
 */
static tally_result confirm_group(const tally_duplicate_search *s, size_t begin, size_t end, tally_error *error)
{
	for (; begin + 1 < end; begin++) {
		uint64_t first = tally_records_at(s->records, begin)->position;
		if ((first & CONFIRMED) != 0)
			continue;
		bool differing = false;
		tally_result result = s->read(s->document, first, s->first, error);
		for (size_t i = begin + 1; i < end && result == TALLY_OK; i++) {
			tally_record *record = tally_records_at(s->records, i);
			if ((record->position & CONFIRMED) != 0)
				continue;
			result = s->read(s->document, record->position, s->other, error);
			tally_likeness like = result == TALLY_OK ? s->compare(s->first, s->other) : TALLY_DIFFERENT;
			differing = differing || like == TALLY_DIFFERENT;
			if (like != TALLY_DIFFERENT)
				*record =
				    (tally_record){.fingerprint = record->position,
						   .position = first | CONFIRMED | (like == TALLY_ALIKE ? ALIKE : 0)};
		}
		if (result != TALLY_OK || !differing)
			return result;
	}
	return TALLY_OK;
}

/* Leaves the confirmed ones only, by their own offsets. */
static tally_result confirm(const tally_duplicate_search *s, tally_error *error)
{
	tally_records *records = s->records;
	tally_result result = TALLY_OK;
	tally_records_sort(records);
	for (size_t begin = 0, end; begin < records->count && result == TALLY_OK; begin = end) {
		uint64_t fingerprint = tally_records_at(records, begin)->fingerprint;
		for (end = begin + 1; end < records->count; end++)
			if (tally_records_at(records, end)->fingerprint != fingerprint)
				break;
		if (end - begin > 1)
			result = confirm_group(s, begin, end, error);
	}
	size_t kept = 0;
	for (size_t i = 0; i < records->count; i++)
		if ((tally_records_at(records, i)->position & CONFIRMED) != 0)
			*tally_records_at(records, kept++) = *tally_records_at(records, i);
	records->count = kept;
	tally_records_sort(records);
	return result;
}

/* ---- telling them ---- */

/* Counts lines up to ascending offsets in one pass over the document. */
typedef struct line_counter {
	const tally_source *document;
	uint64_t offset, line;
	bool utf16, big_endian;
	char chunk[TALLY_SOURCE_CHUNK];
} line_counter;

static uint64_t count_lines(const line_counter *c, size_t size)
{
	uint64_t lines = 0;
	if (!c->utf16) {
		for (const char *at = c->chunk; (at = memchr(at, '\n', size - (size_t)(at - c->chunk))) != NULL; at++)
			lines++;
		return lines;
	}
	for (size_t i = 0; i + 1 < size; i += 2)
		lines += c->chunk[i + c->big_endian] == '\n' && c->chunk[i + !c->big_endian] == 0;
	return lines;
}

static uint64_t line_at(line_counter *c, uint64_t offset)
{
	while (c->offset < offset) {
		uint64_t left = offset - c->offset;
		size_t wanted = left < sizeof c->chunk ? (size_t)left : sizeof c->chunk, size = 0;
		/* To the last byte, so that no UTF-16 unit is cut in two. */
		while (size < wanted) {
			int64_t got =
			    c->document->read(c->document->context, c->offset + size, c->chunk + size, wanted - size);
			if (got <= 0)
				return c->line;
			size += (size_t)got;
		}
		c->line += count_lines(c, size);
		c->offset += size;
	}
	return c->line;
}

static line_counter *new_counter(const tally_source *document)
{
	line_counter *lines = tally_zalloc(1, sizeof *lines);
	if (lines == NULL)
		return NULL;
	lines->document = document;
	lines->line = 1;
	unsigned char front[2] = {'<', '?'};
	if (document->read(document->context, 0, front, sizeof front) == sizeof front) {
		lines->big_endian = front[0] == 0 || front[0] == 0xFE;
		lines->utf16 = lines->big_endian || front[1] == 0 || front[0] == 0xFF;
	}
	return lines;
}

static tally_result tell_all(const tally_duplicate_search *s, tally_error *error)
{
	line_counter *lines = new_counter(s->document);
	if (lines == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < s->records->count && result == TALLY_OK; i++) {
		const tally_record *record = tally_records_at(s->records, i);
		uint64_t offset = record->fingerprint;
		result = s->read(s->document, offset, s->other, error);
		if (result == TALLY_OK)
			s->tell(s->context, s->other,
				&(tally_duplicate){.place = {line_at(lines, offset), offset},
						   .first = record->position & ~(CONFIRMED | ALIKE),
						   .alike = (record->position & ALIKE) != 0});
	}
	tally_free(lines);
	return result;
}

tally_result tally_duplicates_find(const tally_duplicate_search *s, tally_error *error)
{
	tally_result result = confirm(s, error);
	return result == TALLY_OK && s->records->count > 0 ? tell_all(s, error) : result;
}
