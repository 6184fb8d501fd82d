/* SPDX-License-Identifier: Apache-2.0 */
/* The names that the service gives where a name is taken (formats.md M-25), forth and back. */
#include "support/suite.h"
#include "verify/audit.h"

#include <stdio.h>
#include <string.h>

static tally_text text_of(const char *text)
{
	return (tally_text){text, strlen(text)};
}

START_TEST(new_names)
{
	static const struct {
		const char *name;
		unsigned nth;
		const char *expected; /* NULL: no more */
	} cases[] = {
	    {"Seattle.jpg", 0, "Seattle (2).jpg"},
	    {"Seattle.jpg", 1, "Seattle (3).jpg"},
	    {"Seattle.jpg", 7, "Seattle (9).jpg"},
	    {"Seattle.jpg", 8, NULL},
	    {"Seattle", 0, "Seattle (2)"},
	    {"a.tar.gz", 0, "a.tar (2).gz"},
	    {".profile", 0, " (2).profile"},
	    {"ends.", 0, "ends (2)."},
	    {"v1.0/readme", 0, "v1.0/readme (2)"},
	    /* Whether the dot of a directory is the last dot of the name, nobody says. */
	    {"v1.0/readme", 8, "v1 (2).0/readme"},
	    {"v1.0/readme", 16, NULL},
	    {"v1.0/read.me", 0, "v1.0/read (2).me"},
	    {"v1.0/read.me", 8, NULL},
	    {"", 0, " (2)"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tally_new_name name;
		bool is = tally_audit_new_name(text_of(cases[i].name), cases[i].nth, &name);
		ck_assert_msg(is == (cases[i].expected != NULL), "%s, %u", cases[i].name, cases[i].nth);
		if (!is)
			continue;
		char whole[64];
		snprintf(whole, sizeof whole, "%.*s%s%.*s", (int)name.front.size, name.front.data, name.number,
			 (int)name.back.size, name.back.data);
		ck_assert_str_eq(whole, cases[i].expected);
	}
}
END_TEST

START_TEST(renamed_parts)
{
	static const struct {
		const char *name, *part; /* NULL: none */
	} cases[] = {
	    {"c/Seattle (2).jpg", " (2)"},
	    {"c/Seattle (17)", " (17)"},
	    {"c/a (2) (3).jpg", " (3)"},
	    {"c/a (2).tar.gz", NULL},
	    {"c/a (1).jpg", NULL},
	    {"c/a (02).jpg", NULL},
	    {"c/a (x).jpg", NULL},
	    {"c/a(2).jpg", NULL},
	    {"c/a ().jpg", NULL},
	    {"c/a 2).jpg", NULL},
	    {"c/v1 (2).0/readme", " (2)"},
	    {"c/v1.0/readme (2)", " (2)"},
	    {"", NULL},
	    {")", NULL},
	    {"2)", NULL},
	    {"(2)", NULL},
	    {" (2)", " (2)"},
	    {"c/a (2)b.jpg", NULL},
	    {"c/a (2).jpg ", " (2)"},
	    {"c/x (18446744073709551616).y", " (18446744073709551616)"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tally_text part;
		bool is = tally_audit_renamed_part(text_of(cases[i].name), &part);
		ck_assert_msg(is == (cases[i].part != NULL), "%s", cases[i].name);
		if (is)
			ck_assert_msg(tally_text_equal_string(part, cases[i].part), "%s", cases[i].name);
	}
}
END_TEST

START_TEST(forth_and_back)
{
	static const char *const names[] = {"a.jpg", "a", "a.b/c", "a.b/c.d", "x (2).y", "."};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		tally_new_name name;
		for (unsigned n = 0; tally_audit_new_name(text_of(names[i]), n, &name); n++) {
			char whole[64];
			snprintf(whole, sizeof whole, "%.*s%s%.*s", (int)name.front.size, name.front.data, name.number,
				 (int)name.back.size, name.back.data);
			tally_text part;
			ck_assert_msg(tally_audit_renamed_part(text_of(whole), &part), "%s", whole);
			ck_assert_msg(tally_text_equal_string(part, name.number), "%s", whole);
			ck_assert_uint_eq((size_t)(part.data - whole), name.front.size);
		}
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {{new_names, 0}, {renamed_parts, 0}, {forth_and_back, 0}, {NULL, 0}};
	return suite_run("audit names", tests);
}
