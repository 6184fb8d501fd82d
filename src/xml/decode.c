/* SPDX-License-Identifier: Apache-2.0 */
#include "xml/decode.h"

#include "base/memory.h"

/*
 * Decides by the first bytes (XML 1.0, appendix F). Without a byte-order mark, `<` next to a zero byte is UTF-16.
 * Returns how many bytes the byte-order mark takes.
 */
static size_t recognise(tally_decoder *d, const uint8_t *p, size_t size)
{
	d->encoding = TALLY_ENCODING_UTF8;
	if (size >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
		return 3;
	if (size < 2)
		return 0;
	if (p[0] == 0xFF && p[1] == 0xFE) {
		d->encoding = TALLY_ENCODING_UTF16LE;
		return 2;
	}
	if (p[0] == 0xFE && p[1] == 0xFF) {
		d->encoding = TALLY_ENCODING_UTF16BE;
		return 2;
	}
	if (p[0] != 0 && p[1] == 0)
		d->encoding = TALLY_ENCODING_UTF16LE;
	else if (p[0] == 0 && p[1] != 0)
		d->encoding = TALLY_ENCODING_UTF16BE;
	return 0;
}

/* Length of the longest well-formed prefix; *incomplete when only the end of a character is missing behind it. */
static size_t valid_prefix(tally_text text, bool *incomplete)
{
	const char *begin = text.data;
	*incomplete = false;
	while (text.size > 0) {
		uint64_t word;
		/* Eight ASCII bytes at a time; `word - 0x01…` borrows into a high bit where a byte is zero. */
		while (text.size >= sizeof word &&
		       (memcpy(&word, text.data, sizeof word), ((word | (word - 0x0101010101010101U)) & 0x8080808080808080U) == 0)) {
			text.data += sizeof word;
			text.size -= sizeof word;
		}
		if (text.size == 0)
			break;
		tally_text rest = text;
		uint32_t code_point = tally_utf8_next(&rest);
		if (code_point == 0)
			break; /* XML has no NUL, and libxml2 would take it for the end */
		if (code_point != TALLY_NOT_A_CODE_POINT) {
			text = rest;
			continue;
		}
		/* A character cut off: completing it with continuation bytes makes it valid. */
		char whole[4];
		for (size_t add = 1; text.size + add <= 4 && text.size < 4; add++) {
			static const unsigned char fill[] = {0x80, 0xBF};
			for (size_t f = 0; f < 2; f++) {
				memcpy(whole, text.data, text.size);
				memset(whole + text.size, fill[f], add);
				tally_text candidate = {whole, text.size + add};
				if (tally_utf8_next(&candidate) != TALLY_NOT_A_CODE_POINT && candidate.size == 0)
					*incomplete = true;
			}
		}
		break;
	}
	return (size_t)(text.data - begin);
}

static tally_decode emit(tally_decoder *d, tally_text text, tally_text *slice)
{
	d->stored += text.size;
	d->decoded += text.size;
	*slice = text;
	return TALLY_DECODE_SLICE;
}

static tally_decode next_utf8(tally_decoder *d, tally_text *bytes, char *buffer, tally_text *slice)
{
	bool incomplete;
	if (d->pending_size > 0) {
		/* Complete the character that the last call left behind, one byte at a time. */
		memcpy(buffer, d->pending, d->pending_size);
		while (bytes->size > 0 && d->pending_size < 4) {
			buffer[d->pending_size] = *bytes->data;
			d->pending[d->pending_size++] = (uint8_t)*bytes->data;
			bytes->data++;
			bytes->size--;
			tally_text text = {buffer, d->pending_size};
			if (valid_prefix(text, &incomplete) == text.size) {
				d->pending_size = 0;
				return emit(d, text, slice);
			}
			if (!incomplete)
				return TALLY_DECODE_MALFORMED;
		}
		return TALLY_DECODE_MORE;
	}
	if (bytes->size == 0)
		return TALLY_DECODE_MORE;
	tally_text text = {bytes->data, bytes->size < TALLY_DECODE_SLICE_MAX ? bytes->size : TALLY_DECODE_SLICE_MAX};
	size_t valid = valid_prefix(text, &incomplete);
	bytes->data += valid;
	bytes->size -= valid;
	if (valid > 0)
		return emit(d, (tally_text){text.data, valid}, slice);
	if (!incomplete)
		return TALLY_DECODE_MALFORMED;
	memcpy(d->pending, bytes->data, bytes->size);
	d->pending_size = bytes->size;
	bytes->data += bytes->size;
	bytes->size = 0;
	return TALLY_DECODE_MORE;
}

static uint32_t unit_at(const tally_decoder *d, const uint8_t *p)
{
	return d->encoding == TALLY_ENCODING_UTF16LE ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[0] << 8 | p[1]);
}

/* Takes a code point from `pending` when it is complete there. */
static tally_decode take_utf16(tally_decoder *d, uint32_t *code_point)
{
	if (d->pending_size < 2)
		return TALLY_DECODE_MORE;
	uint32_t unit = unit_at(d, d->pending);
	if (unit >= 0xDC00 && unit < 0xE000)
		return TALLY_DECODE_MALFORMED;
	if (unit == 0)
		return TALLY_DECODE_MALFORMED;
	if (unit < 0xD800 || unit >= 0xE000) {
		*code_point = unit;
		return TALLY_DECODE_SLICE;
	}
	if (d->pending_size < 4)
		return TALLY_DECODE_MORE;
	uint32_t low = unit_at(d, d->pending + 2);
	if (low < 0xDC00 || low >= 0xE000)
		return TALLY_DECODE_MALFORMED;
	*code_point = 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
	return TALLY_DECODE_SLICE;
}

static tally_decode next_utf16(tally_decoder *d, tally_text *bytes, char *buffer, tally_text *slice)
{
	size_t size = 0;
	tally_decode state = TALLY_DECODE_MORE;
	while (size + 4 <= TALLY_DECODE_SLICE_MAX) {
		uint32_t code_point = 0;
		state = take_utf16(d, &code_point);
		if (state == TALLY_DECODE_SLICE) {
			/* Behind it may stand what the recognition of the encoding took in advance. */
			size_t taken = 2 * (size_t)tally_utf16_units(code_point);
			size += tally_utf8_put(code_point, buffer + size);
			d->stored += taken;
			d->pending_size -= taken;
			memmove(d->pending, d->pending + taken, d->pending_size);
			continue;
		}
		if (state == TALLY_DECODE_MALFORMED || bytes->size == 0)
			break;
		d->pending[d->pending_size++] = (uint8_t)*bytes->data;
		bytes->data++;
		bytes->size--;
	}
	if (size == 0)
		return state;
	if (d->window_begin > 0) {
		memmove(d->window, d->window + d->window_begin, d->window_end - d->window_begin);
		d->window_end -= d->window_begin;
		d->window_begin = 0;
	}
	void *grown = tally_grow_wiped(d->window, &d->window_capacity, d->window_end + size);
	if (grown == NULL)
		return TALLY_DECODE_NO_MEMORY;
	d->window = grown;
	memcpy(d->window + d->window_end, buffer, size);
	d->window_end += size;
	d->decoded += size;
	*slice = (tally_text){buffer, size};
	return TALLY_DECODE_SLICE;
}

tally_decode tally_decoder_next(tally_decoder *d, tally_text *bytes, char buffer[TALLY_DECODE_SLICE_MAX], tally_text *slice)
{
	if (d->encoding == TALLY_ENCODING_UNKNOWN) {
		while (d->pending_size < 3 && bytes->size > 0) {
			d->pending[d->pending_size++] = (uint8_t)*bytes->data;
			bytes->data++;
			bytes->size--;
		}
		if (d->pending_size < 3)
			return TALLY_DECODE_MORE;
		size_t mark = recognise(d, d->pending, d->pending_size);
		d->stored = d->anchor_stored = mark;
		memmove(d->pending, d->pending + mark, 3 - mark);
		d->pending_size = 3 - mark;
		if (d->encoding == TALLY_ENCODING_UTF8 && d->pending_size > 0) {
			/* These came one by one and need not belong to one character. */
			bool incomplete;
			memcpy(buffer, d->pending, d->pending_size);
			size_t valid = valid_prefix((tally_text){buffer, d->pending_size}, &incomplete);
			memmove(d->pending, d->pending + valid, d->pending_size - valid);
			d->pending_size -= valid;
			if (valid == 0 && !incomplete)
				return TALLY_DECODE_MALFORMED;
			if (valid > 0)
				return emit(d, (tally_text){buffer, valid}, slice);
		}
	}
	return d->encoding == TALLY_ENCODING_UTF8 ? next_utf8(d, bytes, buffer, slice) : next_utf16(d, bytes, buffer, slice);
}

bool tally_decoder_complete(const tally_decoder *d)
{
	return d->pending_size == 0;
}

uint64_t tally_stored_size(tally_text text, bool utf16)
{
	if (!utf16)
		return text.size;
	uint64_t bytes = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if ((c & 0xC0) != 0x80)
			bytes += c >= 0xF0 ? 4 : 2;
	}
	return bytes;
}

/* How much of the window lies before the decoded offset. */
static size_t window_distance(const tally_decoder *d, uint64_t decoded)
{
	uint64_t distance = decoded > d->anchor_decoded ? decoded - d->anchor_decoded : 0;
	size_t size = d->window_end - d->window_begin;
	return distance < size ? (size_t)distance : size;
}

uint64_t tally_decoder_stored_offset(const tally_decoder *d, uint64_t decoded)
{
	if (d->encoding == TALLY_ENCODING_UTF8 || d->encoding == TALLY_ENCODING_UNKNOWN)
		return d->anchor_stored + decoded;
	if (d->window == NULL)
		return d->anchor_stored;
	tally_text before = {d->window + d->window_begin, window_distance(d, decoded)};
	return d->anchor_stored + tally_stored_size(before, true);
}

void tally_decoder_forget(tally_decoder *d, uint64_t decoded)
{
	if (d->window == NULL)
		return;
	size_t gone = window_distance(d, decoded);
	d->anchor_stored += tally_stored_size((tally_text){d->window + d->window_begin, gone}, true);
	d->anchor_decoded += gone;
	d->window_begin += gone;
}

void tally_decoder_clear(tally_decoder *d)
{
	tally_free_wiped(d->window, d->window_capacity);
	*d = (tally_decoder){0};
}
