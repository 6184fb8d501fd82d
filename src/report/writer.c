/* SPDX-License-Identifier: Apache-2.0 */
#include "report/writer.h"

#include <inttypes.h>
#include <stdio.h>

void tally_writer_init(tally_writer *writer, int (*put)(void *context, const char *bytes, size_t size), void *context)
{
	writer->put = put;
	writer->context = context;
	writer->colour = false;
	writer->error = 0;
	writer->used = 0;
}

int tally_writer_flush(tally_writer *writer)
{
	if (writer->used > 0) /* never after a failure */
		writer->error = writer->put(writer->context, writer->buffer, writer->used);
	writer->used = 0;
	return writer->error;
}

void tally_write_bytes(tally_writer *writer, const char *bytes, size_t size)
{
	while (size > 0 && writer->error == 0) {
		size_t room = sizeof writer->buffer - writer->used;
		size_t part = size < room ? size : room;
		memcpy(writer->buffer + writer->used, bytes, part);
		writer->used += part;
		bytes += part;
		size -= part;
		if (writer->used == sizeof writer->buffer)
			tally_writer_flush(writer);
	}
}

void tally_write(tally_writer *writer, const char *string)
{
	tally_write_bytes(writer, string, strlen(string));
}

void tally_write_number(tally_writer *writer, uint64_t number)
{
	char digits[24];
	int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
	tally_write_bytes(writer, digits, (size_t)size);
}

void tally_write_number_attribute(tally_writer *writer, const char *name, uint64_t value)
{
	tally_write(writer, " ");
	tally_write(writer, name);
	tally_write(writer, "=\"");
	tally_write_number(writer, value);
	tally_write(writer, "\"");
}

void tally_write_count(tally_writer *writer, uint64_t number)
{
	char digits[24];
	size_t size = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
	for (size_t i = 0; i < size; i++) {
		if (i > 0 && (size - i) % 3 == 0)
			tally_write(writer, ",");
		tally_write_bytes(writer, digits + i, 1);
	}
}

void tally_write_counted(tally_writer *writer, uint64_t number, const char *one)
{
	tally_write_count(writer, number);
	tally_write(writer, " ");
	tally_write(writer, one);
	if (number != 1)
		tally_write(writer, "s");
}

void tally_write_blanks(tally_writer *writer, size_t count)
{
	while (count-- > 0)
		tally_write(writer, " ");
}

void tally_write_column(tally_writer *writer, const char *text, size_t width)
{
	size_t size = strlen(text);
	tally_write(writer, text);
	tally_write_blanks(writer, size < width ? width - size : 1);
}

bool tally_text_is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0x061C || c == 0x200E ||
	       c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
	       c == TALLY_NOT_A_CODE_POINT;
}

static bool is_upper_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* Whether the text behind a backslash makes it look like one of our escapes. */
static bool reads_as_escape(tally_text rest)
{
	if (tally_text_starts(rest, "u{"))
		return true;
	return rest.size >= 3 && rest.data[0] == 'x' && is_upper_hex(rest.data[1]) && is_upper_hex(rest.data[2]);
}

size_t tally_text_escape(tally_text *text, char out[16], size_t *columns)
{
	const char *start = text->data;
	uint32_t c = tally_utf8_next(text);
	int size;
	if (c == '\\' && reads_as_escape(*text)) {
		size = snprintf(out, 16, "\\x5C");
	} else if (!tally_text_is_hidden(c)) {
		memcpy(out, start, (size_t)(text->data - start));
		*columns = 1;
		return (size_t)(text->data - start);
	} else if (c < 0x80 || c == TALLY_NOT_A_CODE_POINT) {
		size = snprintf(out, 16, "\\x%02X", (unsigned char)*start);
	} else {
		size = snprintf(out, 16, "\\u{%04" PRIX32 "}", c);
	}
	*columns = (size_t)size;
	return (size_t)size;
}

size_t tally_text_fit(tally_text text, size_t columns)
{
	const char *start = text.data, *end = start;
	char out[16];
	size_t more, all = 0;
	while (text.size > 0) {
		tally_text_escape(&text, out, &more);
		all += more;
		if (all > columns)
			break;
		end = text.data;
	}
	return (size_t)(end - start);
}

void tally_write_escaped(tally_writer *writer, const char *string)
{
	tally_text text = {string, strlen(string)};
	char out[16];
	size_t columns;
	while (text.size > 0) {
		size_t size = tally_text_escape(&text, out, &columns);
		tally_write_bytes(writer, out, size);
	}
}

static size_t columns_of(tally_text text)
{
	size_t all = 0;
	char out[16];
	while (text.size > 0) {
		size_t columns;
		tally_text_escape(&text, out, &columns);
		all += columns;
	}
	return all;
}

void tally_write_wrapped(tally_writer *writer, size_t column, size_t indent, const char *string)
{
	bool line_has_word = false;
	while (*string != '\0') {
		size_t blanks = strspn(string, " ");
		string += blanks;
		tally_text word = {string, strcspn(string, " ")};
		if (word.size == 0)
			break;
		size_t width = columns_of(word);
		if (line_has_word && column + 1 + width > TALLY_WRITER_COLUMNS) {
			tally_write(writer, "\n");
			tally_write_blanks(writer, indent);
			column = indent;
		} else if (line_has_word) {
			tally_write(writer, " ");
			column++;
		}
		string += word.size;
		while (word.size > 0) {
			char out[16];
			size_t columns;
			size_t size = tally_text_escape(&word, out, &columns);
			tally_write_bytes(writer, out, size);
		}
		column += width;
		line_has_word = true;
	}
	tally_write(writer, "\n");
}

void tally_write_listed(tally_writer *writer, size_t *column, size_t indent, bool first, const char *name)
{
	size_t size = strlen(name);
	if (!first && *column + 2 + size >= TALLY_WRITER_COLUMNS) { /* a comma may follow */
		tally_write(writer, ",\n");
		tally_write_blanks(writer, indent);
		*column = indent;
	} else if (!first) {
		tally_write(writer, ", ");
		*column += 2;
	}
	tally_write(writer, name);
	*column += size;
}

void tally_write_colour(tally_writer *writer, tally_colour colour)
{
	static const char *const sequences[] = {
	    [TALLY_COLOUR_NONE] = "\033[0m",
	    [TALLY_COLOUR_GOOD] = "\033[1;32m",
	    [TALLY_COLOUR_BAD] = "\033[1;31m",
	    [TALLY_COLOUR_WARN] = "\033[1;33m",
	};
	if (writer->colour)
		tally_write(writer, sequences[colour]);
}

void tally_format_size(uint64_t bytes, char out[32])
{
	static const char units[] = "KMGTPE";
	if (bytes < 1024) {
		snprintf(out, 32, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	size_t unit = 0;
	uint64_t whole = bytes >> 10, part = bytes & 1023;
	while (whole >= 1024) {
		part = whole & 1023;
		whole >>= 10;
		unit++;
	}
	snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " %ciB", whole, part * 10 / 1024, units[unit]);
}
