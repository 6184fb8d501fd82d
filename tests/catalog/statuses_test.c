/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of statuses: complete, exactly spelled, and consistent in itself. The oracle tests read the compilation of
 * the public documents, which was written before the table and shares nothing with it.
 */
#include "tallyman.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 512

static const struct {
	tally_level level;
	const char *name;
	size_t count;
} levels[] = {
    {TALLY_LEVEL_DRIVE, "drive", 23},
    {TALLY_LEVEL_BLOB, "blob", 13},
    {TALLY_LEVEL_SEGMENT, "segment", 10},
    {TALLY_LEVEL_METADATA, "metadata", 12},
    {TALLY_LEVEL_PROPERTIES, "properties", 12},
    {TALLY_LEVEL_DISPOSITION, "disposition", 5},
    {TALLY_LEVEL_DOCUMENT, "document", 0},
    {TALLY_LEVEL_JOB, "job", 18}, /* 10 classic states and 11 statuses, three of which have one name */
    {TALLY_LEVEL_DRIVE_STATE, "drive_state", 7},
    {TALLY_LEVEL_PORTAL, "portal", 19},
    {TALLY_LEVEL_COPY_STATUS, "copy_status", 18},
    {TALLY_LEVEL_STAGE, "stage", 20},
    {TALLY_LEVEL_LOG_CODE, "log_code", 27},
};

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

static bool same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool is_whole_job(const tally_status *row)
{
	return row->level == TALLY_LEVEL_JOB || row->level == TALLY_LEVEL_STAGE;
}

/* ---- the table by itself ---- */

START_TEST(test_every_level_has_as_many_rows_as_the_documents_name)
{
	size_t total = 0;

	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		size_t count = 0;

		for (size_t row = 0; row < tally_status_count(); row++)
			count += tally_status_at(row)->level == levels[i].level;
		ck_assert_msg(count == levels[i].count, "%s: %zu rows, not %zu", levels[i].name, count,
			      levels[i].count);
		total += count;
	}
	ck_assert_uint_eq(total, tally_status_count());
}
END_TEST

START_TEST(test_rows_stand_in_the_order_of_levels)
{
	for (size_t row = 1; row < tally_status_count(); row++)
		ck_assert_msg(tally_status_at(row - 1)->level <= tally_status_at(row)->level, "%s",
			      tally_status_at(row)->code);
}
END_TEST

START_TEST(test_no_code_stands_twice_in_a_level)
{
	for (size_t a = 0; a < tally_status_count(); a++) {
		for (size_t b = a + 1; b < tally_status_count(); b++) {
			const tally_status *first = tally_status_at(a);
			const tally_status *second = tally_status_at(b);

			ck_assert_msg(first->level != second->level || strcmp(first->code, second->code) != 0, "%s: %s",
				      tally_level_name(first->level), first->code);
		}
	}
}
END_TEST

START_TEST(test_index_out_of_range_gives_null)
{
	ck_assert_ptr_nonnull(tally_status_at(tally_status_count() - 1));
	ck_assert_ptr_null(tally_status_at(tally_status_count()));
	ck_assert_ptr_null(tally_status_at(SIZE_MAX));
}
END_TEST

/* ---- finding ---- */

START_TEST(test_find_finds_every_row)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		char copy[128];

		/* A copy, so that comparing addresses of literals would not do. */
		ck_assert_int_lt(snprintf(copy, sizeof copy, "%s", status->code), sizeof copy);
		ck_assert_ptr_eq(tally_status_find(status->level, copy), status);
	}
}
END_TEST

/* Nothing may be found but a row that really is spelled so. */
static void assert_exact(tally_level level, const char *code)
{
	const tally_status *found = tally_status_find(level, code);

	ck_assert_msg(found == NULL || (found->level == level && strcmp(found->code, code) == 0), "\"%s\" found as %s",
		      code, found != NULL ? found->code : "");
}

START_TEST(test_find_finds_no_misspelling)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		size_t length = strlen(status->code);
		char code[128];

		snprintf(code, sizeof code, "%s ", status->code);
		ck_assert_ptr_null(tally_status_find(status->level, code));
		snprintf(code, sizeof code, " %s", status->code);
		ck_assert_ptr_null(tally_status_find(status->level, code));
		for (size_t i = 0; i < length; i++) {
			snprintf(code, sizeof code, "%.*s", (int)i, status->code);
			assert_exact(status->level, code);
			snprintf(code, sizeof code, "%s", status->code);
			code[i] = (char)(islower((unsigned char)code[i]) ? toupper((unsigned char)code[i])
									 : tolower((unsigned char)code[i]));
			assert_exact(status->level, code);
		}
		for (size_t i = 0; i < LEVEL_COUNT; i++)
			assert_exact(levels[i].level, status->code);
	}
}
END_TEST

START_TEST(test_find_keeps_the_spellings_of_the_sources_apart)
{
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_JOB, "Canceled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_JOB, "Cancelled"));
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_STAGE, "Cancelled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_STAGE, "Canceled"));
	ck_assert_ptr_nonnull(tally_status_find(TALLY_LEVEL_SEGMENT, "Cancelled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_SEGMENT, "Canceled"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_JOB, "Complete"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_DRIVE, "Manifest file error"));
	ck_assert_ptr_null(tally_status_find(TALLY_LEVEL_DOCUMENT, "Completed"));
}
END_TEST

START_TEST(test_find_takes_any_argument)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		ck_assert_ptr_null(tally_status_find(levels[i].level, NULL));
		ck_assert_ptr_null(tally_status_find(levels[i].level, ""));
	}
	ck_assert_ptr_null(tally_status_find((tally_level)99, "Completed"));
}
END_TEST

/* ---- texts ---- */

static void assert_sentence(const tally_status *row, const char *what, const char *text)
{
	const char *level = tally_level_name(row->level);
	size_t length = text != NULL ? strlen(text) : 0;

	ck_assert_msg(length >= 14 && length <= 300, "%s %s: %s has %zu characters", level, row->code, what, length);
	ck_assert_msg(text[length - 1] == '.', "%s %s: %s has no full stop", level, row->code, what);
	ck_assert_msg(isupper((unsigned char)text[0]), "%s %s: %s starts small", level, row->code, what);
	ck_assert_msg(strstr(text, "  ") == NULL, "%s %s: %s has two blanks in a row", level, row->code, what);
	for (size_t i = 0; i < length; i++) {
		ck_assert_msg(isprint((unsigned char)text[i]), "%s %s: %s has a control character", level, row->code,
			      what);
		/* Literals joined without the blank between them. */
		ck_assert_msg(strchr(";:", text[i]) == NULL || text[i + 1] == ' ', "%s %s: %s: no blank after %c",
			      level, row->code, what, text[i]);
	}
}

START_TEST(test_every_row_says_what_it_means_and_what_to_do)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		assert_sentence(status, "meaning", status->meaning);
		assert_sentence(status, "advice", status->advice);
		if (status->offline_evidence != NULL)
			assert_sentence(status, "evidence", status->offline_evidence);
	}
}
END_TEST

START_TEST(test_what_can_be_established_has_evidence)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		if (status->offline == TALLY_OFFLINE_YES || status->offline == TALLY_OFFLINE_PARTLY)
			ck_assert_msg(status->offline_evidence != NULL, "%s", status->code);
	}
}
END_TEST

START_TEST(test_every_level_has_its_own_name)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		ck_assert_str_eq(tally_level_name(levels[i].level), levels[i].name);
	ck_assert_str_eq(tally_level_name((tally_level)99), "unknown");
}
END_TEST

/* ---- neighbours ---- */

START_TEST(test_neighbours_are_rows_of_their_vocabulary)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		tally_level portal = is_whole_job(status) ? TALLY_LEVEL_JOB : TALLY_LEVEL_PORTAL;
		tally_level classic = is_whole_job(status) ? TALLY_LEVEL_JOB : TALLY_LEVEL_DRIVE_STATE;
		const tally_status *other;

		if (status->portal_state != NULL) {
			other = tally_status_find(portal, status->portal_state);
			ck_assert_msg(other != NULL && same(other->portal_state, other->code), "%s: %s", status->code,
				      status->portal_state);
		}
		if (status->classic_state != NULL) {
			other = tally_status_find(classic, status->classic_state);
			ck_assert_msg(other != NULL && same(other->classic_state, other->code), "%s: %s", status->code,
				      status->classic_state);
		}
		if (status->copy_status != NULL) {
			other = tally_status_find(TALLY_LEVEL_COPY_STATUS, status->copy_status);
			ck_assert_msg(other != NULL && same(other->copy_status, other->code), "%s: %s", status->code,
				      status->copy_status);
		}
	}
}
END_TEST

START_TEST(test_a_name_is_its_own_neighbour)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);

		if (status->level == TALLY_LEVEL_PORTAL)
			ck_assert_msg(same(status->portal_state, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_DRIVE_STATE)
			ck_assert_msg(same(status->classic_state, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_COPY_STATUS)
			ck_assert_msg(same(status->copy_status, status->code), "%s", status->code);
		if (status->level == TALLY_LEVEL_JOB)
			ck_assert_msg(same(status->portal_state, status->code) ||
					  same(status->classic_state, status->code),
				      "%s", status->code);
	}
}
END_TEST

/* A verdict prints all of them, and they must not contradict each other. */
START_TEST(test_a_drive_status_has_all_neighbours_and_they_agree)
{
	for (size_t row = 0; row < tally_status_count(); row++) {
		const tally_status *status = tally_status_at(row);
		const tally_status *portal;

		if (status->level != TALLY_LEVEL_DRIVE)
			continue;
		ck_assert_msg(status->portal_state && status->classic_state && status->copy_status, "%s", status->code);
		portal = tally_status_find(TALLY_LEVEL_PORTAL, status->portal_state);
		ck_assert_msg(same(portal->classic_state, status->classic_state), "%s", status->code);
		ck_assert_msg(same(status->classic_state, "CompletedMoreInfo") == !same(status->code, "Completed"),
			      "%s", status->code);
	}
}
END_TEST

/* ---- the documents as oracle ---- */

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
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		if (levels[i].level != TALLY_LEVEL_LOG_CODE)
			assert_all_seen(levels[i].level, seen);
	}
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
	Suite *suite = suite_create("statuses");
	TCase *table = tcase_create("table");
	TCase *oracle = tcase_create("oracle");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(table, test_every_level_has_as_many_rows_as_the_documents_name);
	tcase_add_test(table, test_rows_stand_in_the_order_of_levels);
	tcase_add_test(table, test_no_code_stands_twice_in_a_level);
	tcase_add_test(table, test_index_out_of_range_gives_null);
	tcase_add_test(table, test_find_finds_every_row);
	tcase_add_test(table, test_find_finds_no_misspelling);
	tcase_add_test(table, test_find_keeps_the_spellings_of_the_sources_apart);
	tcase_add_test(table, test_find_takes_any_argument);
	tcase_add_test(table, test_every_row_says_what_it_means_and_what_to_do);
	tcase_add_test(table, test_what_can_be_established_has_evidence);
	tcase_add_test(table, test_every_level_has_its_own_name);
	tcase_add_test(table, test_neighbours_are_rows_of_their_vocabulary);
	tcase_add_test(table, test_a_name_is_its_own_neighbour);
	tcase_add_test(table, test_a_drive_status_has_all_neighbours_and_they_agree);
	tcase_add_test(oracle, test_codes_and_offline_marks_are_those_of_the_reference);
	tcase_add_test(oracle, test_codes_are_those_of_the_format_reference);
	tcase_add_test(oracle, test_portal_states_are_those_the_reference_relates);
	suite_add_tcase(suite, table);
	suite_add_tcase(suite, oracle);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
