/* SPDX-License-Identifier: Apache-2.0 */
/* Path maps: pairs of paths with a tab between them. */
#include "format/list_judge.h"
#include "support/suite.h"

#include <stdio.h>

#define KIND TALLY_DOCUMENT_PATH_MAP

START_TEST(test_corpus)
{
	list_check_corpus(KIND);
}
END_TEST

START_TEST(test_published)
{
	list_check_published(KIND, "pathmap-9WM35C2V-initial.txt", "T-21.empty T-21.empty");
	list_check_published(KIND, "pathmap-9WM35C2V-edited.txt", "T-21.tab T-21.tab");
}
END_TEST

START_TEST(test_lines)
{
	static const struct {
		const char *text, *rules;
	} texts[] = {
	    {"", ""},
	    {"\r\n  \n\t\n", ""},
	    {"\\a\\b.jpg\tC:\\b.jpg", ""},
	    {"\\a\tC:\\b.jpg\n\n\\c\t\\\\server\\share\\c\r\n", ""},
	    {"\\a\tC:\\b.jpg  \r\n", ""},
	    {"\\a \t C:\\b.jpg\n", ""},
	    {"\\a b\tC:\\b c", ""},
	    {"\\a/b\tC:/b", ""},
	    {"\\a", "T-21.empty"},
	    {"\\a\t", "T-21.empty"},
	    {"\\a \t \r\n", "T-21.empty"},
	    {"\\a b  \n", "T-21.empty"},
	    {"\\a C:\\b", "T-21.tab"},
	    {"\\a b  \\\\s\\t\\b", "T-21.tab"},
	    {"\\a  c:/b\n\\b\tC:\\b", "T-21.tab"},
	    {"\\a\tC:\\b\tC:\\c", "T-21.form"},
	    {"\tC:\\b", "T-21.form"},
	    {"a\tC:\\b", "T-21.path"},
	    {"C:\\a\tC:\\b", "T-21.path"},
	    {"\\\\a\tC:\\b", "T-21.path"},
	    {"\\a\\\tC:\\b", "T-21.path"},
	    {"\\a|b\tC:\\b", "T-21.path"},
	    {"a", "T-21.path T-21.empty"},
	    {"\\a\tb", "T-21.target"},
	    {"\\a\tC:\\b\\", "T-21.target"},
	    {"\\a\tC:\\*", "T-21.target"},
	    {"\\a\t\"C:\\b\"", "T-21.target"},
	    {"\\a\tC:\\", "T-21.target"},
	    {"\\a\xFF\tC:\\b", "CSV-04"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		list_expect(KIND, texts[i].text, texts[i].rules);
}
END_TEST

START_TEST(test_long_lines)
{
	test_text text = {0};
	text_print(&text, "\\a\tC:\\b\n\\%070000d\tC:\\b\n\\c\n", 0);
	list_expect(KIND, text.data, "CSV-03 T-21.empty");
	text_clear(&text);
	text_print(&text, "\\a\tC:\\%0253d\n\\b\tC:\\%0254d\n", 0, 0);
	list_expect(KIND, text.data, "T-18");
	text_clear(&text);
}
END_TEST

START_TEST(test_places)
{
	const char *text = "\\a\tC:\\b\r\n\\caf\xC3\xA9\tc\r\n  \\x  D:\\y\n";
	recorder r;
	list_judge(&r, KIND, (tally_text){text, strlen(text)}, text);
	recorder_expect(&r, "T-21.target T-21.tab", text);
	ck_assert_uint_eq(r.items[0].line, 2);
	ck_assert_uint_eq(r.items[0].document_offset, (uint64_t)(strstr(text, "\tc") + 1 - text));
	ck_assert_uint_eq(r.items[1].line, 3);
	ck_assert_uint_eq(r.items[1].document_offset, (uint64_t)(strstr(text, "D:") - text));
	ck_assert_str_eq(r.items[1].actual, "D:\\y");
	recorder_clear(&r);
	test_text wide = {0};
	text_add_utf16(&wide, text, true, false);
	list_judge(&r, KIND, (tally_text){wide.data, wide.size}, "UTF-16");
	ck_assert_uint_eq(recorder_find(&r, "T-21.target", "UTF-16")->document_offset,
			  2 * (uint64_t)(strstr(text, "\tc") - text));
	recorder_clear(&r);
	text_clear(&wide);
}
END_TEST

START_TEST(test_recognised)
{
	static const struct {
		const char *text;
		tally_document_kind kind;
	} fronts[] = {
	    {"\\animals\\koala.jpg\n", KIND},
	    {"  \\a\t", KIND},
	    {"a\tC:\\b\n", KIND},
	    {"a\t\\\\s\\t\\b", KIND},
	    {"\\a,b,c\n", KIND},
	    {"\\\\server\\share\n", TALLY_DOCUMENT_UNKNOWN},
	    {"a\tb\n", TALLY_DOCUMENT_UNKNOWN},
	    {"a\nb\tC:\\b\n", TALLY_DOCUMENT_UNKNOWN},
	    {"C:\\a\n", TALLY_DOCUMENT_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		ck_assert_msg(list_recognise((tally_text){fronts[i].text, strlen(fronts[i].text)}, 3) == fronts[i].kind,
			      "%s", fronts[i].text);
}
END_TEST

static const char sample[] = "\\a\tC:\\b\r\n\\caf\xC3\xA9\tc\r\n  \\x  D:\\y\n";

START_TEST(test_truncated)
{
	list_truncate(KIND, (tally_text){sample, sizeof sample - 1}, NULL);
}
END_TEST

START_TEST(test_memory_runs_out)
{
	list_run_out_of_memory(KIND, sample, "T-21.target T-21.tab");
}
END_TEST

int main(void)
{
	return suite_run("path map", (const suite_test[]){{test_corpus, 0},
							  {test_published, 0},
							  {test_lines, 0},
							  {test_long_lines, 0},
							  {test_places, 0},
							  {test_recognised, 0},
							  {test_truncated, 0},
							  {test_memory_runs_out, 0},
							  {NULL, 0}});
}
