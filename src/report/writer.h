/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a report is written: bytes out through a callback, the first failure remembered, and the helpers that every
 * text for people needs. No allocation, no locale.
 *
 * The escaping rule for text of a document or a drive. Replaced are
 *   - control characters U+0000-U+001F and U+007F, and bytes that are not part of valid UTF-8, by \xNN;
 *   - control characters U+0080-U+009F, line separators (U+2028, U+2029), and the marks that turn the direction of
 *     text around (U+061C, U+200E, U+200F, U+202A-U+202E, U+2066-U+2069), by \u{NNNN};
 *   - a backslash that reads as the beginning of one of these two forms, by \x5C.
 * NN and NNNN are upper-case hexadecimal. Any other backslash stays as it is, since Windows paths are full of them;
 * nevertheless two different texts never look the same, for what looks like an escape always is one.
 */
#ifndef TALLY_REPORT_WRITER_H
#define TALLY_REPORT_WRITER_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Text for people is wrapped to this many columns. */
#define TALLY_WRITER_COLUMNS 100

typedef struct tally_writer {
	/* Takes all of the bytes: 0, or the errno of a failure. */
	int (*put)(void *context, const char *bytes, size_t size);
	void *context;
	bool colour;
	int error; /* errno of the first failure, or 0; nothing is written after it */
	size_t used;
	char buffer[4096];
} tally_writer;

typedef enum tally_colour { TALLY_COLOUR_NONE, TALLY_COLOUR_GOOD, TALLY_COLOUR_BAD, TALLY_COLOUR_WARN } tally_colour;

void tally_writer_init(tally_writer *writer, int (*put)(void *context, const char *bytes, size_t size), void *context);
/* Hands over what is buffered. Returns the first failure, or 0. */
int tally_writer_flush(tally_writer *writer);

void tally_write_bytes(tally_writer *writer, const char *bytes, size_t size);
void tally_write(tally_writer *writer, const char *string);
/* Plain decimal. */
void tally_write_number(tally_writer *writer, uint64_t number);
/* An attribute of XML, with a blank in front. */
void tally_write_number_attribute(tally_writer *writer, const char *name, uint64_t value);
/* Decimal with a comma before each three digits. */
void tally_write_count(tally_writer *writer, uint64_t number);
/* "1 error", "2,000 errors". `one` gets an s for any other number. */
void tally_write_counted(tally_writer *writer, uint64_t number, const char *one);
void tally_write_blanks(tally_writer *writer, size_t count);
/* Text of ours, filled up with blanks to `width` columns; at least one follows. */
void tally_write_column(tally_writer *writer, const char *text, size_t width);
/*
 * Takes one character off the front of *text, which must not be empty, and puts it by the escaping rule above into
 * `out`: returns its size, and in *columns how wide it shows.
 */
size_t tally_text_escape(tally_text *text, char out[16], size_t *columns);
/* How many bytes at the front of the text show in so many columns, escaped; no character is cut. */
size_t tally_text_fit(tally_text text, size_t columns);
/* By the escaping rule above. */
void tally_write_escaped(tally_writer *writer, const char *text);
/*
 * Escaped, and broken between words: goes on from `column`, continues on lines that begin with `indent` blanks, and
 * ends the last line.
 */
void tally_write_wrapped(tally_writer *writer, size_t column, size_t indent, const char *text);
/*
 * One more of several names of ours, with commas between them and lines broken like the above. *column is where the
 * line stands, and is kept up; `first` of the names has no comma in front.
 */
void tally_write_listed(tally_writer *writer, size_t *column, size_t indent, bool first, const char *name);
/* Switches a colour on (NONE: off again); nothing where the writer has none. */
void tally_write_colour(tally_writer *writer, tally_colour colour);

/* Whether the escaping rule replaces this code point (TALLY_NOT_A_CODE_POINT included). */
bool tally_text_is_hidden(uint32_t code_point);
/* A size as people read it: "512 bytes", "9.4 MiB". */
void tally_format_size(uint64_t bytes, char out[32]);

#endif
