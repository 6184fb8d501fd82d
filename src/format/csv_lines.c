/* SPDX-License-Identifier: Apache-2.0 */
#include "format/csv_lines.h"

#include "base/memory.h"
#include "xml/decode.h"

typedef struct line_reader {
	const tally_line_handler *handler;
	void *context;
	tally_decoder decoder;
	char *text, *decoded; /* TALLY_LINE_MAX and TALLY_DECODE_SLICE_MAX bytes */
	size_t size;          /* of the text */
	bool too_long; /* the line in hand; told already */
	bool stopped;
	tally_place place; /* of the line in hand */
} line_reader;

uint64_t tally_line_offset(const tally_line *line, size_t index)
{
	if (!line->utf16)
		return line->place.offset + index;
	uint64_t units = 0;
	for (tally_text rest = {line->text, index}; rest.size > 0;)
		units += tally_utf16_units(tally_utf8_next(&rest));
	return line->place.offset + 2 * units;
}

static bool is_utf16(const line_reader *r)
{
	return r->decoder.encoding == TALLY_ENCODING_UTF16LE || r->decoder.encoding == TALLY_ENCODING_UTF16BE;
}

static void add(line_reader *r, const char *text, size_t size)
{
	if (size > TALLY_LINE_MAX - r->size) {
		if (!r->too_long)
			r->handler->too_long(r->context, r->place);
		r->too_long = true;
	}
	if (r->too_long)
		return;
	memcpy(r->text + r->size, text, size);
	r->size += size;
}

static void finish_line(line_reader *r)
{
	if (r->size > 0 && r->text[r->size - 1] == '\r')
		r->size--;
	tally_line line = {.text = r->text, .size = r->size, .place = r->place, .utf16 = is_utf16(r)};
	if (!r->too_long)
		r->handler->line(r->context, &line);
	r->size = 0;
	r->too_long = false;
}

static void take_slice(line_reader *r, tally_text slice)
{
	uint64_t at = r->decoder.decoded - slice.size;
	if (at == 0)
		r->place = (tally_place){1, tally_decoder_stored_offset(&r->decoder, 0)};
	while (slice.size > 0) {
		const char *end = memchr(slice.data, '\n', slice.size);
		size_t size = end != NULL ? (size_t)(end - slice.data) : slice.size;
		size_t taken = size + (end != NULL);
		add(r, slice.data, size);
		at += taken;
		slice = (tally_text){slice.data + taken, slice.size - taken};
		tally_decoder_forget(&r->decoder, at);
		if (end == NULL)
			break;
		finish_line(r);
		r->place = (tally_place){r->place.line + 1, tally_decoder_stored_offset(&r->decoder, at)};
	}
}

static void stop(line_reader *r, const char *message)
{
	r->stopped = true;
	r->handler->not_text(r->context, (tally_place){r->place.line, r->decoder.stored}, message);
}

static tally_result feed(void *reader, const void *bytes, size_t size, tally_error *error)
{
	line_reader *r = reader;
	tally_text rest = {bytes, size}, slice;
	while (!r->stopped) {
		switch (tally_decoder_next(&r->decoder, &rest, r->decoded, &slice)) {
		case TALLY_DECODE_MORE:
			return TALLY_OK;
		case TALLY_DECODE_NO_MEMORY:
			return tally_fail_memory(error);
		case TALLY_DECODE_MALFORMED:
			stop(r, is_utf16(r) ? "there is a unit that is not UTF-16 text"
					    : "there is a byte that is not UTF-8 text");
			break;
		case TALLY_DECODE_SLICE:
			take_slice(r, slice);
			break;
		}
	}
	return TALLY_OK;
}

static void finish(line_reader *r)
{
	if (r->stopped)
		return;
	tally_text pending = {(const char *)r->decoder.pending, r->decoder.pending_size};
	/* Of a document too short for the decoder to tell its encoding. */
	bool tiny = r->decoder.encoding == TALLY_ENCODING_UNKNOWN && tally_utf8_valid(pending) &&
		    memchr(pending.data, 0, pending.size) == NULL;
	if (tiny) {
		r->decoder.decoded = pending.size;
		take_slice(r, pending);
	} else if (!tally_decoder_complete(&r->decoder)) {
		stop(r, "the document ends within a character");
		return;
	}
	if (r->size > 0 || r->too_long)
		finish_line(r);
}

tally_result tally_lint_lines(tally_lint_run *run, const tally_line_handler *handler, void *context, tally_error *error)
{
	line_reader r = {.handler = handler,
			 .context = context,
			 .place = {1, 0},
			 .text = tally_alloc(TALLY_LINE_MAX + TALLY_DECODE_SLICE_MAX)};
	if (r.text == NULL)
		return tally_fail_memory(error);
	r.decoded = r.text + TALLY_LINE_MAX;
	tally_result result = tally_lint_feed(run, feed, &r, error);
	if (result == TALLY_OK)
		finish(&r);
	tally_decoder_clear(&r.decoder);
	tally_free_wiped(r.text, TALLY_LINE_MAX + TALLY_DECODE_SLICE_MAX);
	return result;
}
