/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and fields: quoting, places, encodings, limits. */
#include "format/csv.h"
#include "support/documents.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- fields --------------------------------------------------------------------------------------------------- */

/* The fields of a line as "text|text", those that were quoted in brackets; where the fault is otherwise. */
static void split(const char *text, char out[512])
{
	char copy[512];
	size_t size = strlen(text), used = 0, count;
	memcpy(copy, text, size);
	tally_line line = {.text = copy, .size = size, .place = {7, 100}};
	tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
	tally_place where;
	tally_csv_fault fault = tally_csv_split(&line, fields, &count, &where);
	if (fault != TALLY_CSV_OK) {
		static const char *const names[] = {"", "unclosed", "behind", "stray"};
		snprintf(out, 512, "%s %d", names[fault], (int)where.offset - 100);
		ck_assert_uint_eq(where.line, 7);
		return;
	}
	out[0] = '\0';
	for (size_t i = 0; i < count && i < TALLY_CSV_COLUMNS_MAX; i++)
		used += (size_t)snprintf(
		    out + used, 512 - used, "%s%s%.*s%s%s@%d", i > 0 ? "|" : "", fields[i].quoted ? "[" : "",
		    (int)fields[i].text.size, fields[i].text.size > 0 ? fields[i].text.data : "",
		    fields[i].quoted ? "]" : "", fields[i].blanks ? "~" : "", (int)fields[i].place.offset - 100);
	if (count > TALLY_CSV_COLUMNS_MAX)
		snprintf(out + used, 512 - used, " of %zu", count);
}

START_TEST(test_split)
{
	static const struct {
		const char *line, *fields;
	} lines[] = {
	    {"", "@0"},
	    {"a", "a@0"},
	    {",", "@0|@1"},
	    {"a,b,", "a@0|b@2|@4"},
	    {"\"a\",\"b,c\"", "[a]@0|[b,c]@4"},
	    {"\"\"", "[]@0"},
	    {"\"\"\"\"", "[\"]@0"},
	    {"\"a\"\"b\"\"\",c,\"\"\"\"\"d\"", "[a\"b\"]@0|c@9|[\"\"d]@11"},
	    {" a , \"b\"\t,\tc d\t", "a~@1|[b]~@5|c d~@11"},
	    {"\"F:\\a\\\",b/", "[F:\\a\\]@0|b/@8"},
	    {"   ", "~@3"},
	    {"\" a \",b", "[ a ]@0|b@6"},
	    {"1,2,3,4,5,6,7,8,9,10", "1@0|2@2|3@4|4@6|5@8|6@10|7@12|8@14 of 10"},
	    {"\"", "unclosed 0"},
	    {"a,\"b", "unclosed 2"},
	    {"a,\"b\"\"", "unclosed 2"},
	    {"\"a\"b", "behind 3"},
	    {"x,\"a\" \"b\"", "behind 5"},
	    {"a\"b", "stray 1"},
	    {"a,b\"\"", "stray 3"},
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char found[512];
		split(lines[i].line, found);
		ck_assert_str_eq(found, lines[i].fields);
	}
}
END_TEST

static uint32_t state;

static unsigned draw(unsigned below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % below;
}

/* What was written by the rules is read as it was. */
START_TEST(test_split_gives_back)
{
	static const char letters[] = "ab,\" \\";
	for (state = 0; state < 200000;) {
		char texts[TALLY_CSV_COLUMNS_MAX][8], line[256];
		size_t count = 1 + draw(TALLY_CSV_COLUMNS_MAX), size = 0, places[TALLY_CSV_COLUMNS_MAX], found;
		uint32_t before = state;
		for (size_t i = 0; i < count; i++) {
			size_t length = draw(7);
			bool quoted = draw(2) == 0;
			for (size_t k = 0; k < length; k++)
				texts[i][k] = letters[draw(sizeof letters - 1)];
			texts[i][length] = '\0';
			quoted = quoted || strpbrk(texts[i], ",\"") != NULL || texts[i][0] == ' ' ||
				 (length > 0 && texts[i][length - 1] == ' ');
			if (i > 0)
				line[size++] = ',';
			places[i] = size;
			if (quoted)
				line[size++] = '"';
			for (size_t k = 0; k < length; k++) {
				line[size++] = texts[i][k];
				if (texts[i][k] == '"')
					line[size++] = '"';
			}
			if (quoted)
				line[size++] = '"';
		}
		tally_line l = {.text = line, .size = size, .place = {1, 0}};
		tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
		tally_place where;
		ck_assert_int_eq(tally_csv_split(&l, fields, &found, &where), TALLY_CSV_OK);
		ck_assert_uint_eq(found, count);
		for (size_t i = 0; i < count; i++) {
			ck_assert(tally_text_equal_string(fields[i].text, texts[i]));
			ck_assert_uint_eq(fields[i].place.offset, places[i]);
			ck_assert(!fields[i].blanks);
		}
		state = before + 97;
	}
}
END_TEST

/* In UTF-16 two bytes a unit, four for what is beyond the BMP, and a doubled quote counts twice. */
START_TEST(test_places_in_utf16)
{
	char text[] = "\"\xF0\x9F\x90\xA8\"\"x\",\xC3\xA4,b";
	tally_line line = {.text = text, .size = sizeof text - 1, .place = {3, 1000}, .utf16 = true};
	tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
	size_t count;
	tally_place where;
	ck_assert_uint_eq(tally_line_offset(&line, sizeof text - 1), 1000 + 2 * 11);
	ck_assert_int_eq(tally_csv_split(&line, fields, &count, &where), TALLY_CSV_OK);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(fields[1].place.offset, 1000 + 2 * 8);
	ck_assert_uint_eq(fields[2].place.offset, 1000 + 2 * 10);
}
END_TEST

/* ---- lines ---------------------------------------------------------------------------------------------------- */

typedef struct heard {
	char text[4096];
	size_t size;
	size_t longest;
} heard;

static void add(heard *h, const char *what, const char *text, size_t size, tally_place place)
{
	if (size > h->longest)
		h->longest = size;
	int shown = (int)(size < 20 ? size : 20);
	h->size += (size_t)snprintf(h->text + h->size, sizeof h->text - h->size, "%s%.*s@%d:%d ", what, shown, text,
				    (int)place.line, (int)place.offset);
}

static void on_line(void *context, const tally_line *line)
{
	add(context, "", line->text, line->size, line->place);
}

static void on_too_long(void *context, tally_place place)
{
	add(context, "too long", "", 0, place);
}

static void on_not_text(void *context, tally_place place, const char *message)
{
	add(context, message, "", 0, place);
}

static void read_lines(heard *h, tally_text text, size_t piece)
{
	static const tally_line_handler handler = {on_line, on_too_long, on_not_text};
	*h = (heard){.size = 0};
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	tally_lint_run run = {.source = &source};
	tally_error error;
	ck_assert_int_eq(tally_lint_lines(&run, &handler, h, &error), TALLY_OK);
}

static void expect_lines(const char *bytes, size_t size, const char *lines)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096, SIZE_MAX};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		static heard h;
		read_lines(&h, (tally_text){bytes, size}, sizes[i]);
		ck_assert_str_eq(h.text, lines);
	}
}

#define EXPECT(bytes, lines) expect_lines(bytes, sizeof(bytes) - 1, lines)

START_TEST(test_lines)
{
	EXPECT("", "");
	EXPECT("a", "a@1:0 ");
	EXPECT("ab", "ab@1:0 ");
	EXPECT("\n", "@1:0 ");
	EXPECT("\r\n", "@1:0 ");
	EXPECT("a\n", "a@1:0 ");
	EXPECT("a\nb", "a@1:0 b@2:2 ");
	EXPECT("one\r\ntwo\n\nthree", "one@1:0 two@2:5 @3:9 three@4:10 ");
	EXPECT("a\rb\r\r\n", "a\rb\r@1:0 ");
	EXPECT("\xEF\xBB\xBF", "");
	EXPECT("\xEF\xBB\xBF"
	       "one\ntwo",
	       "one@1:3 two@2:7 ");
	EXPECT("caf\xC3\xA9\nb\n", "caf\xC3\xA9@1:0 b@2:6 ");
	EXPECT("\xC3\xA9", "\xC3\xA9@1:0 ");
}
END_TEST

START_TEST(test_lines_of_utf16)
{
	EXPECT("\xFF\xFE"
	       "a\0\r\0\n\0b\0\xE4\0",
	       "a@1:2 b\xC3\xA4@2:8 ");
	EXPECT("\xFE\xFF\0a\0\n\xD8\x3D\xDC\x28\0\n\0b", "a@1:2 \xF0\x9F\x90\xA8@2:6 b@3:12 ");
	EXPECT("a\0\n\0b\0", "a@1:0 b@2:4 ");
	EXPECT("\xFF\xFE"
	       "a\0\n\0b",
	       "a@1:2 the document ends within a character@2:6 ");
	EXPECT("\xFF\xFE"
	       "a\0\n\0\0\xDC",
	       "a@1:2 there is a unit that is not UTF-16 text@2:6 ");
}
END_TEST

START_TEST(test_what_is_no_text)
{
	EXPECT("one\ntw\xFFo\n", "one@1:0 there is a byte that is not UTF-8 text@2:6 ");
	EXPECT("one\ntw\xC3", "one@1:0 the document ends within a character@2:6 ");
	EXPECT("one\0two", "there is a byte that is not UTF-8 text@1:3 ");
	EXPECT("\xFF", "the document ends within a character@1:0 ");
	EXPECT("a\0", "the document ends within a character@1:0 ");
}
END_TEST

START_TEST(test_long_lines)
{
	test_text text = {0};
	char *line = malloc(TALLY_LINE_MAX);
	ck_assert_ptr_nonnull(line);
	memset(line, 'x', TALLY_LINE_MAX);
	text_add(&text, line, TALLY_LINE_MAX);
	text_add(&text, "\nb\n", 3);
	static heard h;
	for (size_t piece = 1000; piece < 100000; piece *= 9) {
		read_lines(&h, (tally_text){text.data, text.size}, piece);
		ck_assert_str_eq(h.text, "xxxxxxxxxxxxxxxxxxxx@1:0 b@2:65537 ");
		ck_assert_uint_eq(h.longest, TALLY_LINE_MAX);
	}
	/* One more, and far more: told once. */
	for (int i = 0; i < 3; i++) {
		text.size = 0;
		text_add(&text, "x", 1);
		for (int k = 0; k <= 20 * i; k++)
			text_add(&text, line, TALLY_LINE_MAX);
		size_t size = text.size;
		text_add(&text, "\nb", 2);
		char expected[64];
		snprintf(expected, sizeof expected, "too long@1:0 b@2:%zu ", size + 1);
		read_lines(&h, (tally_text){text.data, text.size}, 4096);
		ck_assert_str_eq(h.text, expected);
		read_lines(&h, (tally_text){text.data, size}, 4096);
		ck_assert_str_eq(h.text, "too long@1:0 ");
	}
	free(line);
	text_clear(&text);
}
END_TEST

int main(void)
{
	return suite_run("csv", (const suite_test[]){{test_split, 0},
						     {test_split_gives_back, 0},
						     {test_places_in_utf16, 0},
						     {test_lines, 0},
						     {test_lines_of_utf16, 0},
						     {test_what_is_no_text, 0},
						     {test_long_lines, 0},
						     {NULL, 0}});
}
