/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text documents that go line by line: bytes in, lines with their place out. UTF-8 and UTF-16, with or without a
 * byte-order mark; the same lines however the bytes are cut. One line is all that is kept.
 */
#ifndef TALLY_FORMAT_CSV_LINES_H
#define TALLY_FORMAT_CSV_LINES_H

#include "format/format.h"

#define TALLY_LINE_MAX (64 * 1024) /* bytes of UTF-8; no row of a real document comes near */

typedef struct tally_line {
	char *text; /* without line end; may be changed by who receives it */
	size_t size;
	tally_place place;
	bool utf16; /* stored so: a character then takes 2 or 4 bytes */
} tally_line;

/* Where the byte at `index` of the line stands in the document. The line must be unchanged up to there. */
uint64_t tally_line_offset(const tally_line *line, size_t index);

typedef struct tally_line_handler {
	void (*line)(void *context, const tally_line *line);
	/* A line of more than TALLY_LINE_MAX bytes; it is left out. */
	void (*too_long)(void *context, tally_place place);
	/* Bytes that are no text; reading ends here. */
	void (*not_text)(void *context, tally_place place, const char *message);
} tally_line_handler;

/* Reads the whole document of a run. */
tally_result tally_lint_lines(tally_lint_run *run, const tally_line_handler *handler, void *context,
			      tally_error *error);

#endif
