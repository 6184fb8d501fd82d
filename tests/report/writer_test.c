/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static test_page out;

static const char *escaped(const char *text)
{
	page_begin(&out, SIZE_MAX);
	tally_write_escaped(&out.writer, text);
	return page_text(&out);
}

START_TEST(test_plain_text_stays)
{
	ck_assert_str_eq(escaped("\\pictures\\Größe 音楽\\a b.jpg"), "\\pictures\\Größe 音楽\\a b.jpg");
	ck_assert_str_eq(escaped("\\xavier\\x1b\\user\\ux"), "\\xavier\\x1b\\user\\ux");
	ck_assert_str_eq(escaped("\U0001F600"), "\U0001F600");
	ck_assert_str_eq(escaped(""), "");
}
END_TEST

START_TEST(test_control_characters)
{
	ck_assert_str_eq(escaped("\x01\t\n\x1b[31m\x7f"), "\\x01\\x09\\x0A\\x1B[31m\\x7F");
	ck_assert_str_eq(escaped("\xC2\x80\xC2\x85\xC2\x9F"), "\\u{0080}\\u{0085}\\u{009F}");
	ck_assert_str_eq(escaped("\xC2\xA0"), "\xC2\xA0");
}
END_TEST

START_TEST(test_direction_and_lines)
{
	ck_assert_str_eq(escaped("a\u202Eb\u2066\u2069\u200E\u200F\u061C\u2028\u2029"),
			 "a\\u{202E}b\\u{2066}\\u{2069}\\u{200E}\\u{200F}\\u{061C}\\u{2028}\\u{2029}");
	ck_assert_str_eq(escaped("\u2029\u202A\u202F\u2065\u206A"), "\\u{2029}\\u{202A}\u202F\u2065\u206A");
}
END_TEST

START_TEST(test_invalid_utf8)
{
	ck_assert_str_eq(escaped("a\xFF\xC3"), "a\\xFF\\xC3");
	ck_assert_str_eq(escaped("\xED\xA0\x80"), "\\xED\\xA0\\x80"); /* a surrogate */
	ck_assert_str_eq(escaped("\xC0\xAF"), "\\xC0\\xAF");          /* an overlong slash */
}
END_TEST

static size_t fit(const char *text, size_t columns)
{
	return tally_text_fit((tally_text){text, strlen(text)}, columns);
}

/* No character is cut, and no escape. */
START_TEST(test_fitting)
{
	ck_assert_uint_eq(fit("", 5), 0);
	ck_assert_uint_eq(fit("abc", 0), 0);
	ck_assert_uint_eq(fit("abc", 2), 2);
	ck_assert_uint_eq(fit("abc", 9), 3);
	ck_assert_uint_eq(fit("\u97f3\u97f3", 1), 3);
	ck_assert_uint_eq(fit("a\x1b[31m", 4), 1);
	ck_assert_uint_eq(fit("a\x1b[31m", 5), 2);
	ck_assert_uint_eq(fit("\xFF\xFF", 7), 1);
}
END_TEST

/* Two different texts never look the same. */
START_TEST(test_what_looks_like_an_escape_is_one)
{
	ck_assert_str_eq(escaped("\\x1B"), "\\x5Cx1B");
	ck_assert_str_eq(escaped("\x1B"), "\\x1B");
	ck_assert_str_eq(escaped("\\u{202E}"), "\\x5Cu{202E}");
	ck_assert_str_eq(escaped("\\x5C"), "\\x5Cx5C");
	ck_assert_str_eq(escaped("\\x5"), "\\x5");
	ck_assert_str_eq(escaped("\\"), "\\");
}
END_TEST

static const char *wrapped(size_t column, size_t indent, const char *text)
{
	page_begin(&out, SIZE_MAX);
	tally_write_wrapped(&out.writer, column, indent, text);
	return page_text(&out);
}

START_TEST(test_wrapping)
{
	ck_assert_str_eq(wrapped(0, 4, "one two"), "one two\n");
	ck_assert_str_eq(wrapped(0, 4, ""), "\n");
	/* 94 + 1 + 5 columns just fit; one more does not. */
	ck_assert_str_eq(wrapped(90, 2, "1234 12345"), "1234 12345\n");
	ck_assert_str_eq(wrapped(90, 2, "1234 123456"), "1234\n  123456\n");
	/* Columns are characters as they are shown: 3 of 2 bytes each, and 4 for an escape. */
	ck_assert_str_eq(wrapped(90, 2, "äöü 123456"), "äöü 123456\n");
	ck_assert_str_eq(wrapped(90, 2, "\x01 123456"), "\\x01\n  123456\n");
	/* A word that no line can hold is not cut. */
	char word[201];
	memset(word, 'w', 200);
	word[200] = '\0';
	ck_assert_uint_eq(strlen(wrapped(0, 2, word)), 201);
}
END_TEST

START_TEST(test_numbers)
{
	page_begin(&out, SIZE_MAX);
	tally_write_number(&out.writer, UINT64_MAX);
	tally_write(&out.writer, " ");
	tally_write_count(&out.writer, UINT64_MAX);
	tally_write(&out.writer, " ");
	tally_write_count(&out.writer, 999);
	tally_write(&out.writer, " ");
	tally_write_counted(&out.writer, 1, "error");
	tally_write(&out.writer, " ");
	tally_write_counted(&out.writer, 1000, "error");
	ck_assert_str_eq(page_text(&out), "18446744073709551615 18,446,744,073,709,551,615 999 1 error 1,000 errors");
}
END_TEST

START_TEST(test_sizes)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} sizes[] = {
	    {0, "0 bytes"},           {1, "1 byte"},        {1023, "1023 bytes"},
	    {1024, "1.0 KiB"},        {1535, "1.4 KiB"},    {1536, "1.5 KiB"},
	    {1048575, "1023.9 KiB"},  {1048576, "1.0 MiB"}, {UINT64_C(1) << 40, "1.0 TiB"},
	    {UINT64_MAX, "15.9 EiB"},
	};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char text[32];
		tally_format_size(sizes[i].bytes, text);
		ck_assert_str_eq(text, sizes[i].text);
	}
}
END_TEST

START_TEST(test_listing)
{
	page_begin(&out, SIZE_MAX);
	size_t column = 80;
	tally_write_listed(&out.writer, &column, 2, true, "12345678");
	tally_write_listed(&out.writer, &column, 2, false, "123456789");
	tally_write_listed(&out.writer, &column, 2, false, "x");
	ck_assert_str_eq(page_text(&out), "12345678, 123456789,\n  x");
	ck_assert_uint_eq(column, 3);
}
END_TEST

/* The first failure is kept, and what comes after it is not even tried. */
START_TEST(test_failing_output)
{
	page_begin(&out, 5000);
	for (int i = 0; i < 4096; i++)
		tally_write(&out.writer, "ab");
	ck_assert_int_eq(out.writer.error, ENOSPC);
	unsigned writes = out.writes;
	for (int i = 0; i < 10000; i++)
		tally_write(&out.writer, "ab");
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
	ck_assert_uint_eq(out.writes, writes);
	ck_assert_uint_eq(out.size, sizeof out.writer.buffer);
}
END_TEST

START_TEST(test_failure_at_the_end)
{
	page_begin(&out, 1);
	tally_write(&out.writer, "ab");
	ck_assert_int_eq(out.writer.error, 0);
	ck_assert_int_eq(tally_writer_flush(&out.writer), ENOSPC);
}
END_TEST

START_TEST(test_large_output_is_complete)
{
	page_begin(&out, SIZE_MAX);
	for (int i = 0; i < 10000; i++)
		tally_write_number(&out.writer, (uint64_t)i);
	const char *text = page_text(&out);
	ck_assert_uint_eq(strlen(text), 10 + 180 + 2700 + 36000);
	ck_assert_str_eq(text + strlen(text) - 8, "99989999");
}
END_TEST

START_TEST(test_colour)
{
	page_begin(&out, SIZE_MAX);
	tally_write_colour(&out.writer, TALLY_COLOUR_BAD);
	ck_assert_str_eq(page_text(&out), "");
	out.writer.colour = true;
	tally_write_colour(&out.writer, TALLY_COLOUR_BAD);
	tally_write_colour(&out.writer, TALLY_COLOUR_NONE);
	ck_assert_str_eq(page_text(&out), "\033[1;31m\033[0m");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/writer");
	TCase *tests = tcase_create("writer");
	tcase_add_test(tests, test_plain_text_stays);
	tcase_add_test(tests, test_control_characters);
	tcase_add_test(tests, test_direction_and_lines);
	tcase_add_test(tests, test_invalid_utf8);
	tcase_add_test(tests, test_what_looks_like_an_escape_is_one);
	tcase_add_test(tests, test_fitting);
	tcase_add_test(tests, test_wrapping);
	tcase_add_test(tests, test_numbers);
	tcase_add_test(tests, test_sizes);
	tcase_add_test(tests, test_listing);
	tcase_add_test(tests, test_failing_output);
	tcase_add_test(tests, test_failure_at_the_end);
	tcase_add_test(tests, test_large_output_is_complete);
	tcase_add_test(tests, test_colour);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
