/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal_scan.h"

#include "base/memory.h"
#include "io/secret.h"
#include "xml/decode.h"

static const char record_begin[] = "[BeginUpdateRecord]";
static const char record_end[] = "[EndUpdateRecord]";
static const char value_begin[] = "[BeginValue]";
static const char value_end[] = "[EndValue]";

typedef struct scan {
	const tally_journal_events *events;
	void *context;
	tally_error *error;
	tally_decoder decoder;
	bool stopped; /* at bytes that are no text */

	char *line;  /* TALLY_JOURNAL_LINE_MAX bytes */
	char *slice; /* TALLY_DECODE_SLICE_MAX bytes */
	size_t line_size;
	tally_place line_place;
	bool continued; /* the line began with text that is no longer in `line` */

	bool in_record, in_value, wrong_told;
	tally_place record_place;

	/* The value that is being read, and the field it belongs to. */
	char *value;
	size_t value_size, value_capacity;
	bool value_too_long;
	char name[TALLY_JOURNAL_NAME_MAX];
	size_t name_size;
	tally_place name_place, value_place;
} scan;

static bool is_utf16(const scan *s)
{
	return s->decoder.encoding == TALLY_ENCODING_UTF16LE || s->decoder.encoding == TALLY_ENCODING_UTF16BE;
}

/* Where the text that `at` points to stands, in the line that begins with `line` at `place`. */
static tally_place place_within(const scan *s, tally_text line, tally_place place, const char *at)
{
	place.offset += tally_stored_size((tally_text){line.data, (size_t)(at - line.data)}, is_utf16(s));
	return place;
}

static tally_text text_behind(tally_text text, size_t size)
{
	return (tally_text){text.data + size, text.size - size};
}

/* ---- lines ---------------------------------------------------------------------------------------------------- */

static void tell_wrong(scan *s, tally_place place, const char *message)
{
	if (!s->wrong_told)
		s->events->wrong(s->context, place, message);
	s->wrong_told = true;
}

/* Takes "[prefix…]" off the front of *text; false when it isn't there. */
static bool take_bracket(tally_text *text, const char *prefix, tally_text *inner)
{
	size_t skip = strlen(prefix);
	const char *close = text->size > 0 ? memchr(text->data, ']', text->size) : NULL;
	if (close == NULL || !tally_text_starts(*text, prefix))
		return false;
	*inner = (tally_text){text->data + skip, (size_t)(close - text->data) - skip};
	*text = text_behind(*text, (size_t)(close + 1 - text->data));
	return inner->size > 0;
}

/*
 * The time is not looked into: the tool writes it with the separators of the computer's culture as likely as not, and
 * nothing depends on it.
 */
static void begin_record(scan *s, tally_text head, tally_place place)
{
	tally_text time, type = {"", 0}, rest = text_behind(head, sizeof record_begin - 1);
	s->in_record = true;
	s->record_place = place;
	s->wrong_told = false;
	bool right = take_bracket(&rest, "[", &time) && take_bracket(&rest, "[Type:", &type) && rest.size == 0;
	if (!right)
		type = (tally_text){"", 0};
	s->events->begin(s->context, type, place);
	if (!right)
		tell_wrong(s, place, "a record does not begin with [BeginUpdateRecord][time][Type:type]");
}

static void interrupt_record(scan *s)
{
	s->in_record = s->in_value = false;
	s->events->interrupted(s->context, s->record_place);
}

static tally_result end_record(scan *s, tally_place place)
{
	if (!s->in_record) {
		tell_wrong(s, place, "[EndUpdateRecord] ends a record, but none has begun");
		return TALLY_OK;
	}
	s->in_record = s->wrong_told = false;
	return s->events->end(s->context, place);
}

static bool is_name(tally_text text)
{
	if (text.size == 0 || text.size > TALLY_JOURNAL_NAME_MAX)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      strchr("_-.", c) != NULL))
			return false;
	}
	return true;
}

static tally_result take_field(scan *s, tally_text line, tally_text text, tally_place place)
{
	const char *colon = memchr(text.data, ':', text.size);
	tally_text name = {text.data, colon != NULL ? (size_t)(colon - text.data) : 0};
	if (!is_name(name)) {
		tell_wrong(s, place, "a line of a record is no field, \"name: value\"");
		return TALLY_OK;
	}
	s->wrong_told = false;
	tally_text value = tally_text_trim(text_behind(text, name.size + 1));
	tally_place name_place = place_within(s, line, place, name.data);
	if (tally_text_equal_string(value, value_begin)) {
		s->in_value = true;
		s->value_size = 0;
		s->value_too_long = false;
		memcpy(s->name, name.data, name.size);
		s->name_size = name.size;
		s->name_place = name_place;
		s->value_place.line = 0; /* the next line's */
		return TALLY_OK;
	}
	return s->events->field(s->context, &(tally_journal_field){
						.name = name,
						.value = value,
						.place = name_place,
						.value_place = place_within(s, line, place, value.data),
						.utf16 = is_utf16(s),
					    });
}

/* ---- values between [BeginValue] and [EndValue] --------------------------------------------------------------- */

static tally_result append_value(scan *s, tally_text text)
{
	if (s->value_place.line == 0)
		s->value_place = s->line_place;
	if (s->value_too_long || text.size > TALLY_JOURNAL_VALUE_MAX - s->value_size) {
		s->value_too_long = true;
		return TALLY_OK;
	}
	char *grown = tally_grow_wiped(s->value, &s->value_capacity, s->value_size + text.size);
	if (grown == NULL)
		return tally_fail_memory(s->error);
	s->value = grown;
	if (text.size > 0)
		memcpy(s->value + s->value_size, text.data, text.size);
	s->value_size += text.size;
	return TALLY_OK;
}

static tally_result end_value(scan *s, tally_place place)
{
	s->in_value = false;
	tally_text value = {s->value_size > 0 ? s->value : "", s->value_size};
	if (s->value_too_long)
		value.size = 0;
	return s->events->field(s->context, &(tally_journal_field){
						.name = {s->name, s->name_size},
						.value = value,
						.place = s->name_place,
						.value_place = s->value_place.line != 0 ? s->value_place : place,
						.utf16 = is_utf16(s),
						.too_long = s->value_too_long,
					    });
}

static tally_result take_value_line(scan *s, tally_text line, tally_text text, tally_place place)
{
	if (tally_text_equal_string(text, value_end))
		return end_value(s, place);
	if (!tally_text_equal_string(text, record_end))
		return append_value(s, line);
	tell_wrong(s, place, "a record ends before the value in it does: [EndValue] is missing");
	tally_result result = end_value(s, place);
	return result == TALLY_OK ? end_record(s, place) : result;
}

/* ---- from bytes to lines -------------------------------------------------------------------------------------- */

/* `cut`: the line has no end; what was to follow was never written. */
static tally_result take_part(scan *s, tally_text line, tally_place place, bool cut)
{
	tally_text text = tally_text_trim(line);
	if (tally_text_starts(text, record_begin)) {
		if (s->in_record)
			interrupt_record(s);
		place = place_within(s, line, place, text.data);
		if (cut)
			s->events->interrupted(s->context, place);
		else
			begin_record(s, text, place);
		return TALLY_OK;
	}
	if (cut && s->in_record && !tally_text_equal_string(text, record_end))
		return TALLY_OK; /* the record is told as interrupted */
	if (s->in_value)
		return take_value_line(s, line, text, place);
	if (text.size == 0)
		return TALLY_OK;
	if (tally_text_equal_string(text, record_end))
		return end_record(s, place);
	if (s->in_record)
		return take_field(s, line, text, place);
	if (cut && text.size < sizeof record_begin && memcmp(text.data, record_begin, text.size) == 0)
		s->events->interrupted(s->context, place);
	else
		tell_wrong(s, place, "there is text outside of the records");
	return TALLY_OK;
}

/*
 * An interrupted tool stops in the middle of a line, and when it is started again it goes on writing there. So a record
 * may begin within a line.
 */
static tally_result take_line(scan *s, bool cut)
{
	static const char within[] = "[BeginUpdateRecord][";
	tally_text line = {s->line, s->line_size};
	tally_place place = s->line_place;
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && line.size > 1) {
		const char *next = memmem(line.data + 1, line.size - 1, within, sizeof within - 1);
		if (next == NULL)
			break;
		tally_text front = {line.data, (size_t)(next - line.data)};
		result = take_part(s, front, place, true);
		place = place_within(s, line, place, next);
		line = text_behind(line, front.size);
	}
	return result == TALLY_OK ? take_part(s, line, place, cut) : result;
}

/* The line doesn't fit: a value takes what there is of it, elsewhere the whole line is dropped. */
static tally_result flush_line(scan *s)
{
	tally_text piece = {s->line, s->line_size};
	tally_result result = TALLY_OK;
	if (s->in_value)
		result = append_value(s, piece);
	else if (!s->continued)
		tell_wrong(s, s->line_place, "a line is longer than 64 KiB");
	s->continued = true;
	s->line_size = 0;
	return result;
}

static tally_result finish_line(scan *s)
{
	if (!s->continued)
		return take_line(s, false);
	return s->in_value ? append_value(s, (tally_text){s->line, s->line_size}) : TALLY_OK;
}

static tally_result add_to_line(scan *s, tally_text text)
{
	while (text.size > 0) {
		size_t room = TALLY_JOURNAL_LINE_MAX - s->line_size;
		size_t take = text.size < room ? text.size : room;
		memcpy(s->line + s->line_size, text.data, take);
		s->line_size += take;
		text = text_behind(text, take);
		if (s->line_size == TALLY_JOURNAL_LINE_MAX) {
			tally_result result = flush_line(s);
			if (result != TALLY_OK)
				return result;
		}
	}
	return TALLY_OK;
}

static tally_result take_slice(scan *s, tally_text slice)
{
	uint64_t at = s->decoder.decoded - slice.size;
	if (at == 0)
		s->line_place = (tally_place){1, tally_decoder_stored_offset(&s->decoder, 0)};
	while (slice.size > 0) {
		const char *end = memchr(slice.data, '\n', slice.size);
		/* The line end is part of the line: a value is kept as it stands. */
		size_t size = end != NULL ? (size_t)(end + 1 - slice.data) : slice.size;
		tally_result result = add_to_line(s, (tally_text){slice.data, size});
		at += size;
		slice = text_behind(slice, size);
		tally_decoder_forget(&s->decoder, at);
		if (result != TALLY_OK)
			return result;
		if (end == NULL)
			break;
		result = finish_line(s);
		if (result != TALLY_OK)
			return result;
		s->line_size = 0;
		s->continued = false;
		s->line_place = (tally_place){s->line_place.line + 1, tally_decoder_stored_offset(&s->decoder, at)};
	}
	return TALLY_OK;
}

static void stop_at(scan *s, const char *message)
{
	s->stopped = true;
	s->events->not_text(s->context, (tally_place){s->line_place.line, s->decoder.stored}, message);
}

static tally_result feed(scan *s, tally_text bytes)
{
	tally_text slice;
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && !s->stopped) {
		switch (tally_decoder_next(&s->decoder, &bytes, s->slice, &slice)) {
		case TALLY_DECODE_MORE:
			return TALLY_OK;
		case TALLY_DECODE_NO_MEMORY:
			return tally_fail_memory(s->error);
		case TALLY_DECODE_MALFORMED:
			stop_at(s, is_utf16(s) ? "there is a unit that is no UTF-16 text"
					       : "there is a byte that is no UTF-8 text");
			break;
		case TALLY_DECODE_SLICE:
			result = take_slice(s, slice);
			break;
		}
	}
	return result;
}

static tally_result finish(scan *s)
{
	tally_result result = TALLY_OK;
	if (s->stopped)
		return TALLY_OK;
	if (s->line_size > 0 && !s->continued)
		result = take_line(s, true);
	if (result != TALLY_OK)
		return result;
	if (s->in_record)
		interrupt_record(s);
	else if (!tally_decoder_complete(&s->decoder) && s->decoder.encoding != TALLY_ENCODING_UNKNOWN)
		stop_at(s, "the journal ends within a character");
	return TALLY_OK;
}

static tally_result pump(scan *s, const tally_source *source, char *chunk, uint64_t *bytes)
{
	*bytes = 0;
	for (;;) {
		int64_t got = source->read(source->context, *bytes, chunk, TALLY_SOURCE_CHUNK);
		if (got < 0)
			return tally_fail_os(s->error, (int)-got, "can't read the journal at byte %ju",
					     (uintmax_t)*bytes);
		if (got == 0)
			return finish(s);
		*bytes += (uint64_t)got;
		tally_result result = feed(s, (tally_text){chunk, (size_t)got});
		if (result != TALLY_OK)
			return result;
	}
}

tally_result tally_journal_scan(const tally_source *source, const tally_journal_events *events, void *context,
				tally_journal_extent *extent, tally_error *error)
{
	scan s = {.events = events, .context = context, .error = error, .line_place = {1, 0}};
	/* The journal's text has keys in it wherever it is, so all places of a fixed size are in one piece of such
	 * memory. */
	struct {
		char line[TALLY_JOURNAL_LINE_MAX], slice[TALLY_DECODE_SLICE_MAX], chunk[TALLY_SOURCE_CHUNK];
	} *memory = tally_secret_alloc(sizeof *memory);
	tally_result result = TALLY_OK;
	if (memory != NULL) {
		s.line = memory->line;
		s.slice = memory->slice;
		result = pump(&s, source, memory->chunk, &extent->bytes);
	} else {
		result = tally_fail_memory(error);
	}
	extent->utf16 = is_utf16(&s);
	tally_secret_free(memory);
	tally_free_wiped(s.value, s.value_capacity);
	tally_decoder_clear(&s.decoder);
	return result;
}
