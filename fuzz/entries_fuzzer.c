/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of a blob list or a log, read again at its place, says what it said first, in every encoding. */
#include "format/blob_list_events.h"
#include "format/log_events.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { STAGE_READ_AGAIN = 1 };
const unsigned fuzz_deepest = STAGE_READ_AGAIN;

#define ENTRIES_MAX 32 /* of a document that are read again */

typedef struct said {
	uint64_t offset, hash;
} said;

typedef struct entries {
	said list[ENTRIES_MAX];
	size_t count;
} entries;

static void mix(uint64_t *hash, tally_text text)
{
	*hash = (*hash ^ (text.data != NULL)) * UINT64_C(0x100000001B3);
	for (size_t i = 0; i < text.size; i++)
		*hash = (*hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001B3);
}

static void add(entries *e, uint64_t offset, uint64_t hash)
{
	if (e->count < ENTRIES_MAX)
		e->list[e->count++] = (said){offset, hash};
}

static tally_result on_list_entry(void *context, tally_text text, bool is_prefix, tally_place place, tally_error *error)
{
	uint64_t hash = is_prefix;
	(void)error;
	mix(&hash, text);
	add(context, place.offset, hash);
	return TALLY_OK;
}

/* Statuses are left out: which codes there are depends on the log's version, which an entry by itself doesn't tell. */
static void on_log_entry(void *context, const tally_log_entry *entry)
{
	uint64_t hash = (uint64_t)entry->kind;
	mix(&hash, entry->blob_path);
	mix(&hash, entry->file_path);
	mix(&hash, entry->snapshot);
	mix(&hash, entry->message);
	hash ^= entry->has_size ? entry->size : 1;
	hash ^= entry->has_crc64 ? entry->crc64 : 2;
	add(context, entry->place.offset, hash);
}

static const tally_list_events list_events = {on_list_entry, NULL};
static const tally_log_events log_events = {NULL, on_log_entry, NULL};

static tally_result read_all(const tally_source *source, tally_document_kind kind, entries *e, tally_error *error)
{
	tally_finder silent = {0};
	bool complete;
	if (kind == TALLY_DOCUMENT_BLOB_LIST)
		return tally_list_read(source, &list_events, e, &complete, error);
	tally_lint_run run = {
	    .source = source, .finder = &silent, .kind = kind, .events = &log_events, .events_context = e};
	return tally_format_of(kind)->lint(&run, error);
}

static tally_result read_one(const tally_source *source, tally_document_kind kind, uint64_t offset, entries *e,
			     tally_error *error)
{
	bool found;
	if (kind == TALLY_DOCUMENT_BLOB_LIST)
		return tally_list_read_entry(source, offset, &list_events, e, &found, error);
	return tally_log_read_entry(source, kind, offset, &log_events, e, error);
}

static void compare(fuzz_input *input, tally_document_kind kind)
{
	static entries first;
	entries again;
	tally_error error;
	tally_source source = fuzz_source(input);
	first.count = 0;
	if (read_all(&source, kind, &first, &error) != TALLY_OK)
		fuzz_fail("an error of the run that the input can't justify");
	for (size_t i = 0; i < first.count; i++) {
		again.count = 0;
		if (read_one(&source, kind, first.list[i].offset, &again, &error) != TALLY_OK)
			fuzz_fail("an entry can't be read again");
		if (again.count != 1 || again.list[0].offset != 0 || again.list[0].hash != first.list[i].hash)
			fuzz_fail("an entry that is read again says something else");
	}
	fuzz_stage = STAGE_READ_AGAIN;
}

static size_t put_unit(uint8_t *out, uint32_t unit, bool big_endian)
{
	out[big_endian] = (uint8_t)unit;
	out[!big_endian] = (uint8_t)(unit >> 8);
	return 2;
}

/* The text in UTF-16; false when it is none in UTF-8. */
static bool transcode(tally_text text, bool big_endian, uint8_t *out, size_t *size)
{
	for (*size = 0; text.size > 0;) {
		uint32_t c = tally_utf8_next(&text);
		if (c == TALLY_NOT_A_CODE_POINT)
			return false;
		if (c >= 0x10000)
			*size += put_unit(out + *size, 0xD800 + ((c - 0x10000) >> 10), big_endian);
		*size += put_unit(out + *size, c >= 0x10000 ? 0xDC00 + ((c - 0x10000) & 0x3FF) : c, big_endian);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	const tally_format *format;
	tally_source source = fuzz_source(&input);
	tally_error error;
	if (tally_format_recognise(&source, &format, &error) != TALLY_OK)
		fuzz_fail("an error of the run that the input can't justify");
	if (format == NULL || (format->kind != TALLY_DOCUMENT_BLOB_LIST && format->kind != TALLY_DOCUMENT_DRIVE_LOG &&
			       format->kind != TALLY_DOCUMENT_COPY_LOG && format->kind != TALLY_DOCUMENT_VERBOSE_LOG))
		return 0;
	compare(&input, format->kind);
	uint8_t *wide = malloc(2 * input.size + 1);
	fuzz_input other = {.data = wide, .chunk = input.chunk};
	for (int big_endian = 0; wide != NULL && big_endian < 2; big_endian++)
		if (transcode((tally_text){(const char *)input.data, input.size}, big_endian, wide, &other.size))
			compare(&other, format->kind);
	free(wide);
	return 0;
}
