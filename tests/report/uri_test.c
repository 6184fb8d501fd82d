/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"
#include "report/uri.h"

#include <check.h>
#include <stdlib.h>

static test_page out;

static const char *uri_of(const char *path)
{
	page_begin(&out, SIZE_MAX);
	tally_uri_write(&out.writer, path);
	return page_text(&out);
}

static const char *uri_on_drive(const char *drive, const char *path)
{
	page_begin(&out, SIZE_MAX);
	tally_uri_write_on_drive(&out.writer, drive, path);
	return page_text(&out);
}

START_TEST(test_paths)
{
	ck_assert_str_eq(uri_of("a/b.xml"), "a/b.xml");
	ck_assert_str_eq(uri_of("./a/b.xml"), "a/b.xml");
	ck_assert_str_eq(uri_of(".//././a"), "a");
	ck_assert_str_eq(uri_of("../a"), "../a");
	ck_assert_str_eq(uri_of("./"), ".");
	ck_assert_str_eq(uri_of(".hidden"), ".hidden");
	ck_assert_str_eq(uri_of("/mnt/a"), "file:///mnt/a");
	ck_assert_str_eq(uri_of("-"), "-");
}
END_TEST

/* Nothing may be taken for a scheme, a query, a fragment, an escape, or the end of a string of JSON. */
START_TEST(test_hostile_names)
{
	ck_assert_str_eq(uri_of("javascript:x"), "javascript%3Ax");
	ck_assert_str_eq(uri_of("a?b#c%41 \"\\\x01\x7f"), "a%3Fb%23c%2541%20%22%5C%01%7F");
	ck_assert_str_eq(uri_of("\u97f3\xFF"), "%E9%9F%B3%FF");
	ck_assert_str_eq(uri_of("AZaz09-._~!$&'()*+,;=@[]"), "AZaz09-._~%21%24%26%27%28%29%2A%2B%2C%3B%3D%40%5B%5D");
}
END_TEST

START_TEST(test_on_drive)
{
	ck_assert_str_eq(uri_on_drive("/media/d 1", "\\a\\b c.txt"), "file:///media/d%201/a/b%20c.txt");
	ck_assert_str_eq(uri_on_drive("drives/d1/", "a/b"), "drives/d1/a/b");
	ck_assert_str_eq(uri_on_drive(".", "\\\\a"), "./a");
	ck_assert_str_eq(uri_on_drive("/", "\\a"), "file:///a");
}
END_TEST

START_TEST(test_places_elsewhere)
{
	static const char *const elsewhere[] = {"..", "\\..", "a\\..\\b", "a/../b", "\\a\\..", "..\\a", "//..//a"};
	static const char *const on_drive[] = {"", "\\", "\\a", "...", "a..b\\..c\\d..", "\\.\\a"};
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
		ck_assert_msg(!tally_uri_is_on_drive(elsewhere[i]), "%s", elsewhere[i]);
	for (size_t i = 0; i < sizeof on_drive / sizeof on_drive[0]; i++)
		ck_assert_msg(tally_uri_is_on_drive(on_drive[i]), "%s", on_drive[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/uri");
	TCase *tests = tcase_create("uri");
	tcase_add_test(tests, test_paths);
	tcase_add_test(tests, test_hostile_names);
	tcase_add_test(tests, test_on_drive);
	tcase_add_test(tests, test_places_elsewhere);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
