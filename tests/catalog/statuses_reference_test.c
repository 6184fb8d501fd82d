/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of statuses against the compilation of the public documents, which was written before the table and shares
 * nothing with it.
 */
#include "support/suite.h"
#include "tallyman.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 512

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static const struct {
	const char *heading; /* of a section whose tables list codes in their first column */
	tally_level level;
	bool and_properties; /* one table for both kinds of side files */
} code_sections[] = {
    {"## 1. ", TALLY_LEVEL_JOB, false},           {"## 2. ", TALLY_LEVEL_JOB, false},
    {"## 3. ", TALLY_LEVEL_DRIVE_STATE, false},   {"## 4. ", TALLY_LEVEL_PORTAL, false},
    {"### 5.1 ", TALLY_LEVEL_DRIVE, false},       {"### 5.2 ", TALLY_LEVEL_BLOB, false},
    {"### 5.3 ", TALLY_LEVEL_DISPOSITION, false}, {"### 5.4 ", TALLY_LEVEL_SEGMENT, false},
    {"### 5.5 ", TALLY_LEVEL_METADATA, true},
};

/* Reads a page of the reference into `page`; false, with a message, when it is not at hand. */
static bool read_reference(const char *name, char *page, size_t capacity)
{
	const char *shared = getenv("TALLY_SHARED_DIR");
	char path[4096];
	size_t size;
	FILE *file;

	if (shared == NULL) {
		printf("skipped: TALLY_SHARED_DIR is not set, no %s to compare with\n", name);
		return false;
	}
	ck_assert_int_lt(snprintf(path, sizeof path, "%s/reference/%s", shared, name), sizeof path);
	file = fopen(path, "rb");
	if (file == NULL) {
		printf("skipped: no %s\n", path);
		return false;
	}
	size = fread(page, 1, capacity - 1, file);
	ck_assert_msg(feof(file) && !ferror(file), "%s", path);
	fclose(file);
	page[size] = '\0';
	return true;
}

/* The text after the first place where a line starts with `start`. */
static const char *after_line_start(const char *page, const char *start)
{
	for (const char *line = page; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, start, strlen(start)) == 0)
			return line + strlen(start);
	}
	ck_abort_msg("the reference has no line that starts with %s", start);
	return NULL;
}

#define CELLS 6

/* The cells of a table's row, without blanks around and without emphasis; false for any other line. */
static bool split_row(const char *line, char cells[CELLS][1024])
{
	size_t cell = 0, length = 0;

	memset(cells, 0, CELLS * sizeof cells[0]);
	if (*line != '|')
		return false;
	for (const char *at = line + 1; *at != '\0' && *at != '\n' && cell < CELLS; at++) {
		if (*at == '|') {
			while (length > 0 && cells[cell][length - 1] == ' ')
				cells[cell][--length] = '\0';
			cell++;
			length = 0;
		} else if (!(*at == ' ' && length == 0)) {
			ck_assert_uint_lt(length, sizeof cells[0] - 1);
			cells[cell][length++] = *at;
		}
	}
	return true;
}

typedef void (*name_visitor)(const char *name, size_t position, void *context);

/* Visits the names of a list: separated by commas or slashes, remarks in parentheses, to a full stop or the end. */
static void for_each_name(const char *list, name_visitor visit, void *context)
{
	char name[128];
	size_t length = 0, position = 0, depth = 0;

	for (const char *at = list;; at++) {
		bool end = *at == '\0' || (depth == 0 && *at == '.');

		if (end || (depth == 0 && (*at == ',' || *at == '/'))) {
			while (length > 0 && name[length - 1] == ' ')
				length--;
			name[length] = '\0';
			if (length > 0)
				visit(name, position++, context);
			length = 0;
			if (end)
				return;
		} else if (*at == '(') {
			depth++;
		} else if (*at == ')') {
			depth--;
		} else if (depth == 0 && *at != '*' && !(length == 0 && isspace((unsigned char)*at))) {
			ck_assert_uint_lt(length, sizeof name - 1);
			name[length++] = *at;
		}
	}
}

typedef struct mention {
	tally_level level;
	const char *marks; /* the cell of the column "Off", or NULL */
	bool *seen;
	size_t count;
} mention;

/* A bold mark is the conclusion of its cell; marks with slashes between belong to the names in turn. */
static char offline_mark(const char *marks, size_t position)
{
	const char *bold = strstr(marks, "**");
	const char *mark = bold != NULL ? bold + 2 : marks;

	if (bold == NULL && strstr(marks, " / ") != NULL)
		mark += position * strlen("Y / ");
	return *mark;
}

static void mention_code(const char *name, size_t position, void *context)
{
	static const char marks[] = {
	    [TALLY_OFFLINE_YES] = 'Y',
	    [TALLY_OFFLINE_PARTLY] = 'P',
	    [TALLY_OFFLINE_QUOTED] = 'L',
	    [TALLY_OFFLINE_NO] = 'N',
	};
	mention *of = context;
	const tally_status *status = tally_status_find(of->level, name);

	ck_assert_msg(status != NULL, "%s: the documents name %s", tally_level_name(of->level), name);
	for (size_t row = 0; row < tally_status_count(); row++)
		of->seen[row] |= tally_status_at(row) == status;
	of->count++;
	if (of->marks != NULL)
		ck_assert_msg(offline_mark(of->marks, position) == marks[status->offline], "%s %s: %s, not %c",
			      tally_level_name(of->level), name, of->marks, marks[status->offline]);
}

static void assert_all_seen(tally_level level, const bool *seen)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		if (tally_status_at(row)->level == level)
			ck_assert_msg(seen[row], "%s: the documents do not name %s", tally_level_name(level),
				      tally_status_at(row)->code);
	}
}

/* Calls `visit` for each row of the tables of a section; `header` is the row above the table's rule. */
static void for_each_row(const char *section,
			 void (*visit)(char header[CELLS][1024], char cells[CELLS][1024], void *context), void *context)
{
	char header[CELLS][1024], cells[CELLS][1024];
	bool in_table = false;

	for (const char *line = strchr(section, '\n'); line != NULL && line[1] != '#'; line = strchr(line + 1, '\n')) {
		if (!split_row(line + 1, cells)) {
			in_table = false;
		} else if (strncmp(cells[0], "---", 3) == 0) {
			in_table = true;
		} else if (in_table) {
			visit(header, cells, context);
		} else {
			memcpy(header, cells, sizeof header);
		}
	}
}

/* The portal's status that the oldest edition left without a name got one later. */
static const char *code_cell(const char *cell)
{
	return strncmp(cell, "(row with the name missing", 26) == 0 ? "Failed" : cell;
}

static void mention_row(char header[CELLS][1024], char cells[CELLS][1024], void *context)
{
	mention *of = context;

	of->marks = NULL;
	for (size_t column = 1; column < CELLS; column++) {
		if (strcmp(header[column], "Off") == 0)
			of->marks = cells[column];
	}
	for_each_name(code_cell(cells[0]), mention_code, of);
}

static char page[1 << 20];

START_TEST(test_codes_and_offline_marks_are_those_of_the_reference)
{
	bool seen[MAX_ROWS] = {false};

	ck_assert_uint_le(tally_status_count(), MAX_ROWS);
	if (!read_reference("states.md", page, sizeof page))
		return;
	for (size_t i = 0; i < sizeof code_sections / sizeof code_sections[0]; i++) {
		const char *section = after_line_start(page, code_sections[i].heading);
		mention of = {.level = code_sections[i].level, .seen = seen};

		for_each_row(section, mention_row, &of);
		ck_assert_msg(of.count > 0, "nothing read from section %s", code_sections[i].heading);
		if (code_sections[i].and_properties) {
			of.level = TALLY_LEVEL_PROPERTIES;
			for_each_row(section, mention_row, &of);
		}
	}
	for_each_name(after_line_start(page, "**CopyStatus** (per drive):"), mention_code,
		      &(mention){.level = TALLY_LEVEL_COPY_STATUS, .seen = seen});
	for_each_name(after_line_start(page, "**StageName** (per job):"), mention_code,
		      &(mention){.level = TALLY_LEVEL_STAGE, .seen = seen});
	for (tally_level level = TALLY_LEVEL_DRIVE; level <= TALLY_LEVEL_STAGE; level++) /* all but the log's */
		assert_all_seen(level, seen);
}
END_TEST

START_TEST(test_codes_are_those_of_the_format_reference)
{
	static const struct {
		const char *row;
		tally_level level;
	} rows[] = {
	    {"| Drive `Status` (23) |", TALLY_LEVEL_DRIVE},
	    {"| `Blob/@Status` (13) |", TALLY_LEVEL_BLOB},
	    {"| `ImportDisposition/@Status` (5) |", TALLY_LEVEL_DISPOSITION},
	    {"| `PageRange/@Status`, `Block/@Status` (10) |", TALLY_LEVEL_SEGMENT},
	    {"| `Metadata/@Status` (12) |", TALLY_LEVEL_METADATA},
	    {"| `Metadata/@Status` (12) |", TALLY_LEVEL_PROPERTIES}, /* "the same twelve" */
	    {"- **L-35** Code set (DDT):", TALLY_LEVEL_LOG_CODE},
	    {"- **C-09** Categories:", TALLY_LEVEL_LOG_CODE},
	};
	bool seen[MAX_ROWS] = {false};

	if (!read_reference("formats.md", page, sizeof page))
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *start = after_line_start(page, rows[i].row);
		char *list = strndup(start, strcspn(start, "|\n"));

		ck_assert_ptr_nonnull(list);
		for_each_name(list, mention_code, &(mention){.level = rows[i].level, .seen = seen});
		free(list);
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_all_seen(rows[i].level, seen);
}
END_TEST

/* Section 4 relates the portal's failures to log codes and copy statuses; a row must keep to one of its relations. */
typedef struct relation {
	const char *portal;
	bool *listed;
	bool *kept;
} relation;

static void relate(relation *of, tally_level first, tally_level last, const char *name)
{
	size_t length = strcspn(name, "?*");
	bool prefix = strchr(name, '*') != NULL;

	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		if (status->level < first || status->level > last || strncmp(status->code, name, length) != 0 ||
		    (!prefix && status->code[length] != '\0'))
			continue;
		of->listed[row] = true;
		of->kept[row] |= same(status->portal_state, of->portal);
	}
}

static void relate_log_code(const char *name, size_t position, void *context)
{
	(void)position;
	relate(context, TALLY_LEVEL_DRIVE, TALLY_LEVEL_PROPERTIES, name);
}

static void relate_copy_status(const char *name, size_t position, void *context)
{
	(void)position;
	relate(context, TALLY_LEVEL_COPY_STATUS, TALLY_LEVEL_COPY_STATUS, name);
}

static void relate_row(char header[CELLS][1024], char cells[CELLS][1024], void *context)
{
	relation *of = context;

	if (strcmp(header[2], "Log code(s)") != 0)
		return;
	of->portal = code_cell(cells[0]);
	for_each_name(cells[2], relate_log_code, of);
	for_each_name(cells[3], relate_copy_status, of);
}

START_TEST(test_portal_states_are_those_the_reference_relates)
{
	bool listed[MAX_ROWS] = {false}, kept[MAX_ROWS] = {false};
	size_t count = 0;

	if (!read_reference("states.md", page, sizeof page))
		return;
	for_each_row(after_line_start(page, "## 4. "), relate_row, &(relation){.listed = listed, .kept = kept});
	for (size_t row = 0; row < tally_status_count(); row++) {
		ck_assert_msg(!listed[row] || kept[row], "%s %s: %s", tally_level_name(tally_status_at(row)->level),
			      tally_status_at(row)->code, tally_status_at(row)->portal_state);
		count += listed[row];
	}
	ck_assert_uint_ge(count, 30);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {test_codes_and_offline_marks_are_those_of_the_reference, 0},
	    {test_codes_are_those_of_the_format_reference, 0},
	    {test_portal_states_are_those_the_reference_relates, 0},
	    {NULL, 0},
	};
	return suite_run("statuses reference", tests);
}
