/* SPDX-License-Identifier: Apache-2.0 */
/* Which of an archive's entries are the drive's files, and where its root is. */
#include "support/suite.h"
#include "verify/archive_scene.h"
#include "verify/cases.h"

#include <stdio.h>
#include <string.h>

static archive_scene a;

START_TEST(the_last_entry_of_a_name_counts)
{
	static const char wrong[100] = "wrong";
	archive_open(&a);
	pack *p = archive_good(&a);
	pack_file(p, "pictures/sub/c.txt", wrong, sizeof wrong);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "CompletedWithErrors", 1,
		       "blob: Completed 2, CompletedWithErrors 1; segment: Completed 5, Corrupted 1; " ALL_SIDES,
		       "V-20 error segment Corrupted\nV-72 warning drive -\n");
	p = archive_start(&a, "pax", NULL);
	pack_file(p, "pictures/sub/c.txt", wrong, sizeof wrong);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "Completed", 0, ALL_COMPLETED, "V-72 warning drive -\n");
	archive_close(&a);
}
END_TEST

START_TEST(names_that_no_drive_has_are_left_out)
{
	static const char *const names[] = {"../pictures/sub/c.txt", "/pictures/sub/c.txt", "a/../../b", "C:\\x.txt",
					    "\\\\server\\share\\x"};
	archive_open(&a);
	stage_make(&a.stage, NULL);
	stage_remove(&a.stage, "pictures/sub/c.txt");
	char content[100] = "";
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "", false);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		pack_file(p, names[i], content, sizeof content);
	pack_end(p);
	archive_check(&a);
	archive_expect(
	    &a, "CompletedWithErrors", 1,
	    "blob: Completed 2, FileNotFound 1; segment: Completed 5, Cancelled 1; metadata: Completed 2, Cancelled 1; "
	    "properties: Completed 2, Cancelled 1",
	    "V-10 error blob FileNotFound\nV-71 warning drive -\nV-71 warning drive -\nV-71 warning drive -\n"
	    "V-71 warning drive -\nV-71 warning drive -\n");
	archive_close(&a);
}
END_TEST

START_TEST(backslashes_and_dots_are_the_same_names)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	FILE *file = fopen(stage_place(&a.stage, "pictures/sub/c.txt"), "rb");
	char content[100];
	ck_assert_uint_eq(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	stage_remove(&a.stage, "pictures/sub/c.txt");
	stage_remove(&a.stage, "pictures/sub");
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "././/", false);
	pack_file(p, "pictures\\.\\SUB\\C.txt", content, sizeof content);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "Completed", 0, ALL_COMPLETED, "");
	archive_close(&a);
}
END_TEST

START_TEST(hard_links_have_the_bytes_of_their_file)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	stage_rename(&a.stage, "pictures/a.jpg", "bytes");
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_link(p, "pictures/a.jpg", "bytes", true);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "Completed", 0, ALL_COMPLETED, "V-40 note drive -\n");
	/* What replaces the file later is not what was linked. */
	p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_link(p, "pictures/a.jpg", "bytes", true);
	pack_file(p, "bytes", "x", 1);
	pack_end(p);
	archive_check(&a);
	ck_assert_int_eq(a.found.exit_status, 1);
	ck_assert_ptr_nonnull(strstr(a.found.findings, "V-13 error blob IOFailed\n"));
	archive_close(&a);
}
END_TEST

START_TEST(symbolic_links_are_not_followed)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	stage_rename(&a.stage, "pictures/a.jpg", "bytes");
	stage_link(&a.stage, "pictures/a.jpg", "../bytes");
	pack *p = archive_start(&a, "gnutar", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	archive_expect_same_as_directory(&a, "symbolic link");
	ck_assert_ptr_nonnull(strstr(a.found.findings, "V-11 error blob FileAccessDenied\n"));
	archive_close(&a);
}
END_TEST

START_TEST(holes_are_zeros)
{
	archive_open(&a);
	maker *m = stage_begin(&a.stage);
	maker_add(m, &(maker_blob){.blob_path = "disks/b.vhd", .size = 300000, .segment_size = 65536});
	maker_end(m);
	maker_seal(m);
	static uint8_t content[300000];
	FILE *file = fopen(stage_place(&a.stage, "disks/b.vhd"), "rb");
	ck_assert_uint_eq(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	/* The last but one block lies in the hole; only it becomes wrong. */
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_holes(p, "disks/b.vhd", content, sizeof content, 3 * 65536, 4 * 65536);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "CompletedWithErrors", 1, "blob: CompletedWithErrors 1; segment: Completed 4, Corrupted 1",
		       "V-20 error segment Corrupted\nV-72 warning drive -\n");
	ck_assert_ptr_nonnull(strstr(a.found.whole, "range=196608+65536"));
	archive_close(&a);
}
END_TEST

/* ---- where the root is ---- */

START_TEST(one_folder_at_the_top_is_the_root)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "drive/", false);
	pack_file(p, "readme.txt", "x", 1);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "Completed", 0, ALL_COMPLETED, "");
	ck_assert_ptr_nonnull(strstr(a.found.whole, "beside the drive's folder"));
	p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "drive/", false);
	pack_folder(p, a.stage.drive, "copy/", false);
	pack_end(p);
	archive_check(&a);
	ck_assert_str_eq(a.found.findings, "V-01 error drive ManifestNotFound\n");
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {the_last_entry_of_a_name_counts, 0},         {names_that_no_drive_has_are_left_out, 0},
	    {backslashes_and_dots_are_the_same_names, 0}, {hard_links_have_the_bytes_of_their_file, 0},
	    {symbolic_links_are_not_followed, 0},         {holes_are_zeros, 0},
	    {one_folder_at_the_top_is_the_root, 0},       {NULL, 0},
	};
	return suite_run("archives' entries", tests);
}
