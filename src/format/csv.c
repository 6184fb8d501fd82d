/* SPDX-License-Identifier: Apache-2.0 */
#include "format/csv.h"

#include <stdio.h>

/* ---- taking a line apart -------------------------------------------------------------------------------------- */

typedef struct cursor {
	const tally_line *line;
	size_t at;
	/* How far offsets were counted: a quoted field is changed in place, after which nobody can count over it. */
	size_t counted;
	uint64_t offset;
} cursor;

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static tally_place place_at(cursor *c, size_t at)
{
	tally_line rest = *c->line;
	rest.text += c->counted;
	rest.place.offset = c->offset;
	c->offset = tally_line_offset(&rest, at - c->counted);
	c->counted = at;
	return (tally_place){c->line->place.line, c->offset};
}

static void skip_blanks(cursor *c)
{
	while (c->at < c->line->size && is_blank(c->line->text[c->at]))
		c->at++;
}

static tally_csv_fault take_quoted(cursor *c, tally_csv_field *field, tally_place *where)
{
	char *text = c->line->text;
	size_t end = c->line->size, from = c->at + 1, to = from;
	field->quoted = true;
	field->place = place_at(c, c->at);
	*where = field->place;
	/* Behind the field, before it is changed. */
	size_t close = from;
	while (close < end && (text[close] != '"' || (close + 1 < end && text[close + 1] == '"')))
		close += text[close] == '"' ? 2 : 1;
	if (close >= end)
		return TALLY_CSV_UNCLOSED;
	tally_place behind = place_at(c, close + 1);
	for (size_t i = from; i < close; i++) {
		text[to++] = text[i];
		if (text[i] == '"')
			i++;
	}
	field->text = (tally_text){text + from, to - from};
	c->at = close + 1;
	size_t blanks = c->at;
	skip_blanks(c);
	field->blanks = field->blanks || c->at > blanks;
	if (c->at < end && text[c->at] != ',') {
		*where = behind;
		return TALLY_CSV_BEHIND_QUOTE;
	}
	return TALLY_CSV_OK;
}

static tally_csv_fault take_plain(cursor *c, tally_csv_field *field, tally_place *where)
{
	const char *text = c->line->text + c->at;
	size_t left = c->line->size - c->at;
	const char *comma = memchr(text, ',', left);
	size_t size = comma != NULL ? (size_t)(comma - text) : left;
	field->place = place_at(c, c->at);
	const char *quote = memchr(text, '"', size);
	if (quote != NULL) {
		*where = place_at(c, c->at + (size_t)(quote - text));
		return TALLY_CSV_STRAY_QUOTE;
	}
	c->at += size;
	while (size > 0 && is_blank(text[size - 1])) {
		size--;
		field->blanks = true;
	}
	field->text = (tally_text){text, size};
	return TALLY_CSV_OK;
}

tally_csv_fault tally_csv_split(const tally_line *line, tally_csv_field fields[TALLY_CSV_COLUMNS_MAX], size_t *count,
				tally_place *where)
{
	cursor c = {.line = line, .offset = line->place.offset};
	for (*count = 0;; c.at++) {
		tally_csv_field field = {.quoted = false};
		size_t begin = c.at;
		skip_blanks(&c);
		field.blanks = c.at > begin;
		bool quoted = c.at < line->size && line->text[c.at] == '"';
		tally_csv_fault fault = quoted ? take_quoted(&c, &field, where) : take_plain(&c, &field, where);
		if (fault != TALLY_CSV_OK)
			return fault;
		if (*count < TALLY_CSV_COLUMNS_MAX)
			fields[*count] = field;
		++*count;
		if (c.at >= line->size)
			return TALLY_CSV_OK;
	}
}

size_t tally_csv_front(tally_text front, char buffer[TALLY_FRONT_MAX], tally_csv_field fields[TALLY_CSV_COLUMNS_MAX])
{
	const char *end = front.size > 0 ? memchr(front.data, '\n', front.size) : NULL;
	size_t size = end != NULL ? (size_t)(end - front.data) : front.size;
	if (size > TALLY_FRONT_MAX)
		size = TALLY_FRONT_MAX;
	while (size > 0 && front.data[size - 1] == '\r')
		size--;
	if (size == 0)
		return 0;
	memcpy(buffer, front.data, size);
	tally_line line = {.text = buffer, .size = size, .place = {1, 0}};
	size_t count;
	tally_place where;
	/* A fault leaves what came before it. */
	tally_csv_split(&line, fields, &count, &where);
	return count;
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

typedef struct table_reader {
	const tally_csv_table *table;
	tally_finder *finder;
	void *context;
	const tally_csv_generation *generation; /* NULL before the first row */
	bool header_lost;                       /* a line that could not be read came first */
	size_t fields;                          /* how many each row should have: as many as the header */
	uint64_t rows;
	bool stopped;
	bool blanks_told;
} table_reader;

static void tell(const table_reader *t, tally_rule_symbol rule, tally_place place, const char *message)
{
	tally_find_fact(t->finder, &(tally_fact){.rule = rule, .in_document = true, .place = place}, "%s", message);
}

static bool is_column(const tally_csv_table *table, tally_text name)
{
	for (size_t g = 0; g < table->generation_count; g++)
		for (size_t i = 0; i < table->generations[g].column_count; i++) {
			const char *column = table->generations[g].columns[i];
			if (tally_text_equal_ascii_nocase(name, (tally_text){column, strlen(column)}))
				return true;
		}
	return false;
}

/* Which column is the first that is not the generation's; how many there are when all are. */
static size_t first_difference(const tally_csv_generation *generation, const tally_csv_field *fields, size_t count)
{
	size_t i = 0;
	while (i < count && i < generation->column_count &&
	       tally_text_equal_string(fields[i].text, generation->columns[i]))
		i++;
	return i;
}

static bool is_header_of(const tally_csv_generation *generation, const tally_csv_field *fields, size_t count)
{
	return count == generation->column_count && first_difference(generation, fields, count) == count;
}

/* Columns in their places, in whatever capitals. */
static size_t likeness(const tally_csv_generation *generation, const tally_csv_field *fields, size_t count)
{
	size_t same = 0;
	for (size_t i = 0; i < count && i < generation->column_count; i++) {
		const char *column = generation->columns[i];
		same += tally_text_equal_ascii_nocase(fields[i].text, (tally_text){column, strlen(column)});
	}
	return same;
}

static size_t distance(const tally_csv_generation *generation, size_t count)
{
	return count > generation->column_count ? count - generation->column_count : generation->column_count - count;
}

/* Rows are read by the published generation that this header is nearest to. */
static void take_wrong_header(table_reader *t, const tally_csv_field *fields, size_t count)
{
	size_t shown = count < TALLY_CSV_COLUMNS_MAX ? count : TALLY_CSV_COLUMNS_MAX, most = 0;
	for (size_t g = 0; g < t->table->generation_count; g++) {
		const tally_csv_generation *generation = &t->table->generations[g];
		size_t same = likeness(generation, fields, shown);
		if (t->generation == NULL || same > most ||
		    (same == most && distance(generation, count) < distance(t->generation, count))) {
			t->generation = generation;
			most = same;
		}
	}
	size_t first = first_difference(t->generation, fields, shown);
	tally_fact fact = {
	    .rule = t->table->header, .in_document = true, .place = fields[first < shown ? first : shown - 1].place};
	if (first == t->generation->column_count) {
		tally_find_fact(t->finder, &fact, "the header has %zu columns, that of %s has %zu", count,
				t->generation->name, first);
		return;
	}
	const char *meant = t->generation->columns[first];
	fact.expected = (tally_text){meant, strlen(meant)};
	if (first == shown)
		tally_find_fact(t->finder, &fact, "the header ends before column %zu, which is %s", first + 1, meant);
	else
		tally_find_fact(t->finder, &fact, "column %zu is none of the published header's, which has %s here",
				first + 1, meant);
}

bool tally_csv_is_header(const tally_csv_table *table, const tally_csv_field *fields, size_t count)
{
	for (size_t i = 0; i < count && i < TALLY_CSV_COLUMNS_MAX; i++)
		if (is_column(table, fields[i].text))
			return true;
	return false;
}

/* Whether the first row is a header; if so it is done with. */
static bool take_header(table_reader *t, const tally_csv_field *fields, size_t count)
{
	if (!tally_csv_is_header(t->table, fields, count)) {
		t->generation = t->table->guess(fields, count);
		t->fields = t->generation->column_count;
		if (!t->header_lost)
			tell(t, t->table->no_header, fields[0].place,
			     "the first row is no header: the columns have no names");
		return false;
	}
	t->fields = count;
	for (size_t g = 0; g < t->table->generation_count; g++)
		if (is_header_of(&t->table->generations[g], fields, count))
			t->generation = &t->table->generations[g];
	if (t->generation == NULL)
		take_wrong_header(t, fields, count);
	return true;
}

static void take_row(table_reader *t, tally_csv_field *fields, size_t count, tally_place place)
{
	if (count != t->fields)
		tally_find_fact(t->finder,
				&(tally_fact){.rule = t->table->columns, .in_document = true, .place = place},
				"the row has %zu fields instead of %zu", count, t->fields);
	for (size_t i = count; i < t->generation->column_count; i++)
		fields[i] = (tally_csv_field){.text = {"", 0}, .place = place};
	t->rows++;
	t->table->row(t->context, t->generation, fields, place);
}

static void tell_fault(table_reader *t, tally_csv_fault fault, tally_place where)
{
	static const char *const messages[] = {
	    [TALLY_CSV_UNCLOSED] = "the quote that opens here is not closed in this line; the line was not read",
	    [TALLY_CSV_BEHIND_QUOTE] = "behind the closing quote comes text instead of a comma; the line was not read",
	    [TALLY_CSV_STRAY_QUOTE] =
		"there is a quote within a field that does not begin with one; the line was not read",
	};
	tell(t, TALLY_RULE_CSV_01, where, messages[fault]);
	t->header_lost = true;
}

static void on_line(void *context, const tally_line *line)
{
	table_reader *t = context;
	tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
	size_t count;
	tally_place where;
	tally_csv_fault fault = tally_csv_split(line, fields, &count, &where);
	if (fault != TALLY_CSV_OK) {
		tell_fault(t, fault, where);
		return;
	}
	if (count == 1 && fields[0].text.size == 0 && !fields[0].quoted)
		return; /* an empty line */
	for (size_t i = 0; i < count && i < TALLY_CSV_COLUMNS_MAX && !t->blanks_told; i++) {
		t->blanks_told = fields[i].blanks;
		if (fields[i].blanks)
			tell(t, TALLY_RULE_CSV_02, fields[i].place,
			     "there are blanks around this field; others are not told");
	}
	if (t->generation == NULL && take_header(t, fields, count))
		return;
	take_row(t, fields, count, line->place);
}

static void on_too_long(void *context, tally_place place)
{
	table_reader *t = context;
	tell(t, TALLY_RULE_CSV_03, place, "this line is longer than 64 KiB; it was not read");
	t->header_lost = true;
}

static void on_not_text(void *context, tally_place place, const char *message)
{
	table_reader *t = context;
	t->stopped = true;
	tell(t, TALLY_RULE_CSV_04, place, message);
}

tally_result tally_csv_lint(tally_lint_run *run, const tally_csv_table *table, void *context, tally_error *error)
{
	static const tally_line_handler handler = {on_line, on_too_long, on_not_text};
	table_reader t = {.table = table, .finder = run->finder, .context = context};
	tally_result result = tally_lint_lines(run, &handler, &t, error);
	if (result == TALLY_OK && t.rows == 0 && !t.stopped)
		tell(&t, table->empty, (tally_place){1, 0}, "there is no row");
	return result;
}
