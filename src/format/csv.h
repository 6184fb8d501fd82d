/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comma-separated tables as the V2 tool takes them (formats.md section 8.2): RFC 4180 quoting, one row a line, a header
 * of one of several generations.
 *
 * Not libcsv, the one small streaming reader that distributions carry: it tells no line and no offset of a field, knows
 * no encoding but bytes, drops blanks around fields without a word, and what it does with a wrong quote depends on
 * options that stop the reading. A field here has its place, and a wrong quote spoils its own line only.
 */
#ifndef TALLY_FORMAT_CSV_H
#define TALLY_FORMAT_CSV_H

#include "format/csv_lines.h"

#define TALLY_CSV_COLUMNS_MAX 8

typedef struct tally_csv_field {
	tally_text text; /* without quotes, and without blanks around it */
	tally_place place;
	bool quoted;
	bool blanks; /* there were some around it */
} tally_csv_field;

typedef enum tally_csv_fault {
	TALLY_CSV_OK,
	TALLY_CSV_UNCLOSED, /* a quoted field has no end in its line; no field of these documents holds a line end */
	TALLY_CSV_BEHIND_QUOTE, /* text between a closing quote and the next comma */
	TALLY_CSV_STRAY_QUOTE   /* a quote in a field that does not begin with one */
} tally_csv_fault;

/*
 * Takes a line apart, which is changed on the way. The first TALLY_CSV_COLUMNS_MAX fields are written, *count may be
 * more. On a fault *where is its place.
 */
tally_csv_fault tally_csv_split(const tally_line *line, tally_csv_field fields[TALLY_CSV_COLUMNS_MAX], size_t *count,
				tally_place *where);

typedef struct tally_csv_generation {
	const char *name; /* for messages */
	size_t column_count;
	const char *columns[TALLY_CSV_COLUMNS_MAX];
} tally_csv_generation;

typedef struct tally_csv_table {
	const tally_csv_generation *generations;
	size_t generation_count;
	tally_rule_symbol header;    /* a header of no generation */
	tally_rule_symbol no_header; /* rows only */
	tally_rule_symbol columns;   /* a row has more or fewer fields than the header */
	tally_rule_symbol empty;     /* no row */
	/* The generation that a first row without header belongs to. */
	const tally_csv_generation *(*guess)(const tally_csv_field *fields, size_t count);
	/* A row; fields that are missing are empty. */
	void (*row)(void *context, const tally_csv_generation *generation, const tally_csv_field *fields,
		    tally_place place);
} tally_csv_table;

/* Reads and judges the document of a run: rules CSV-…, those of the table, and whatever `row` finds. */
tally_result tally_csv_lint(tally_lint_run *run, const tally_csv_table *table, void *context, tally_error *error);

/* For recognising: the fields of the line that a document begins with; how many there are. */
size_t tally_csv_front(tally_text front, char buffer[TALLY_FRONT_MAX], tally_csv_field fields[TALLY_CSV_COLUMNS_MAX]);
/* Whether one of the fields is a column's name, in whatever capitals: then the line is meant to be a header. */
bool tally_csv_is_header(const tally_csv_table *table, const tally_csv_field *fields, size_t count);

#endif
