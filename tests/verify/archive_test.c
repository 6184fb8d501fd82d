/* SPDX-License-Identifier: Apache-2.0 */
/* Drives in archives: what is found is what is found on the same drive as a directory. */
#include "support/suite.h"
#include "verify/archive_scene.h"
#include "verify/cases.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static archive_scene a;

START_TEST(each_format_and_filter)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	stage_write(&a.stage, "nobody/names.this", "x");
	stage_flip(&a.stage, "pictures/a.jpg", 5000);
	pack *p = archive_start(&a, archive_kinds[_i].format, archive_kinds[_i].filter);
	if (p != NULL) {
		pack_folder(p, a.stage.drive, "", _i % 2 == 1);
		pack_end(p);
		archive_expect_same_as_directory(&a, archive_kinds[_i].format);
		ck_assert_ptr_nonnull(strstr(a.found.whole, "range=4096+4096"));
	}
	archive_close(&a);
}
END_TEST

/* What is broken by a fault of reading, or depends on who checks, an archive doesn't have. */
START_TEST(each_case_comes_out_as_for_a_directory)
{
	const check_case *c = case_at((size_t)_i);
	archive_open(&a);
	if (c->fault == NULL && !c->as_nobody && case_make(c, &a.stage)) {
		struct stat facts;
		bool whole = stat(a.stage.drive, &facts) == 0 && strstr(c->name, "socket") == NULL;
		pack *p = whole ? archive_start(&a, "pax", NULL) : NULL;
		if (p != NULL) {
			pack_folder(p, a.stage.drive, "", false);
			pack_end(p);
			archive_expect_same_as_directory(&a, c->name);
		}
	}
	archive_close(&a);
}
END_TEST

START_TEST(two_thousand_small_files_in_another_order)
{
	archive_open(&a);
	maker *m = stage_begin(&a.stage);
	for (unsigned i = 0; i < 2000; i++) {
		char name[64];
		snprintf(name, sizeof name, "container/%02u/file-%u", i % 37, i);
		maker_add(m, &(maker_blob){.blob_path = name, .size = i % 61, .segment_size = 23});
	}
	maker_end(m);
	maker_seal(m);
	stage_remove(&a.stage, "container/07/file-7");
	pack *p = archive_start(&a, "gnutar", "gzip");
	pack_folder(p, a.stage.drive, "./", true);
	pack_end(p);
	archive_expect_same_as_directory(&a, "small files");
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_format_and_filter, archive_kind_count},
	    {each_case_comes_out_as_for_a_directory, (int)case_count()},
	    {two_thousand_small_files_in_another_order, 0},
	    {NULL, 0},
	};
	return suite_run("archives", tests);
}
