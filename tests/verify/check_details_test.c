/* SPDX-License-Identifier: Apache-2.0 */
/* What the findings of a check say beyond rule and status, its totals, and when there is no result at all. */
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/read_faults.h"
#include "verify/stage.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static stage s;
static recorder found;
static tally_summary summary;
static tally_error error;

static tally_result check(void)
{
	recorder_begin(&found);
	tally_sink sink = {.context = &found, .finding = found.finder.put};
	return tally_check(&s.options, &sink, &summary, &error);
}

static void end(void)
{
	read_faults_clear();
	recorder_clear(&found);
	tally_summary_clear(&summary);
	stage_close(&s);
}

/* ---- places and values ---- */

static uint64_t line_of(uint64_t offset)
{
	uint64_t line = 1;
	FILE *in = fopen(stage_place(&s, "DriveManifest.xml"), "rb");
	for (uint64_t i = 0; i < offset; i++)
		line += fgetc(in) == '\n';
	fclose(in);
	return line;
}

START_TEST(a_corrupted_block_is_told_with_both_hashes)
{
	char before[33], after[33];
	stage_open(&s);
	stage_make(&s, NULL);
	maker_hash_file(stage_place(&s, "pictures/sub/c.txt"), before);
	stage_flip(&s, "pictures/sub/c.txt", 50);
	maker_hash_file(stage_place(&s, "pictures/sub/c.txt"), after);
	uint64_t offset = stage_find(&s, "DriveManifest.xml", "<Block Offset=\"0\" Length=\"100\"");
	ck_assert_int_eq(check(), TALLY_OK);
	const recorded *f = recorder_find(&found, "V-20", "");
	ck_assert_str_eq(f->blob_path, "pictures/sub/c.txt");
	ck_assert_str_eq(f->file_path, "\\pictures\\sub\\c.txt");
	ck_assert_str_eq(f->document, "\\DriveManifest.xml");
	ck_assert_uint_eq(f->document_offset, offset);
	ck_assert_uint_eq(f->line, line_of(offset));
	ck_assert(f->has_range);
	ck_assert_uint_eq(f->offset, 0);
	ck_assert_uint_eq(f->length, 100);
	ck_assert_str_eq(f->expected, before);
	ck_assert_str_eq(f->actual, after);
	end();
}
END_TEST

START_TEST(an_unreadable_byte_is_told_with_its_block)
{
	stage_open(&s);
	stage_make(&s, NULL);
	read_faults_fail(stage_place(&s, "pictures/a.jpg"), 5000, 5001, EIO);
	ck_assert_int_eq(check(), TALLY_OK);
	const recorded *f = recorder_find(&found, "V-22", "");
	ck_assert(f->has_range);
	/* To the end of its sector: nothing smaller can be asked for. */
	ck_assert_uint_eq(f->offset, 5000);
	ck_assert_uint_eq(f->length, 5120 - 5000);
	ck_assert_str_eq(f->message, "block 2 can't be read: bytes 5000 to 5119 of the file; bad: a second reading, past "
				     "the page cache, failed");
	ck_assert_ptr_nonnull(strstr(f->actual, strerror(EIO)));
	/* All of the other blocks, and of this one what could be read. */
	ck_assert_uint_eq(summary.bytes_hashed, 10000 + 8192 + 100 - 4096 + (5000 - 4096));
	ck_assert_uint_eq(summary.segments_checked, 6);
	end();
}
END_TEST

START_TEST(a_file_that_was_cut_is_told_with_its_size)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_resize(&s, "pictures/a.jpg", 5000);
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_uint_eq(recorder_count(&found, "V-21"), 2);
	const recorded *f = recorder_find(&found, "V-21", "");
	ck_assert_uint_eq(f->offset, 4096);
	ck_assert_uint_eq(f->length, 4096);
	ck_assert_str_eq(f->expected, "8192");
	ck_assert_str_eq(f->actual, "5000");
	f++;
	ck_assert_uint_eq(f->offset, 8192);
	ck_assert_uint_eq(f->length, 1808);
	ck_assert_str_eq(f->expected, "10000");
	ck_assert_str_eq(f->actual, "5000");
	end();
}
END_TEST

static void cut(void *context)
{
	(void)context;
	stage_resize(&s, "pictures/sub/c.txt", 60);
}

START_TEST(a_file_that_shrinks_is_told_with_where_it_ended)
{
	stage_open(&s);
	stage_make(&s, NULL);
	read_faults_meanwhile(stage_place(&s, "pictures/sub/c.txt"), cut, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-15 V-21", "");
	const recorded *f = recorder_find(&found, "V-21", "");
	ck_assert_str_eq(f->expected, "100");
	ck_assert_str_eq(f->actual, "60");
	end();
}
END_TEST

START_TEST(a_wrong_manifest_is_told_with_both_hashes)
{
	char before[33], after[33];
	stage_open(&s);
	stage_make(&s, NULL);
	maker_hash_file(stage_place(&s, "DriveManifest.xml"), before);
	stage_append(&s, "DriveManifest.xml", "\n");
	maker_hash_file(stage_place(&s, "DriveManifest.xml"), after);
	ck_assert_int_eq(check(), TALLY_OK);
	const recorded *f = recorder_find(&found, "M-54", "");
	ck_assert_str_eq(f->expected, before);
	ck_assert_str_eq(f->actual, after);
	end();
}
END_TEST

START_TEST(what_stands_in_the_way_is_named)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_fifo(&s, "pictures/a.jpg");
	stage_remove(&s, "pictures/sub/c.txt");
	stage_remove(&s, "pictures/sub");
	stage_link(&s, "pictures/sub", "/etc");
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-11 V-11 V-40", "");
	ck_assert_ptr_nonnull(strstr(found.items[0].message, "\\pictures\\a.jpg is a FIFO"));
	ck_assert_ptr_nonnull(strstr(found.items[1].message, "\\pictures\\sub is a symbolic link"));
	end();
}
END_TEST

/* ---- a blob that goes on in further batches ---- */

#define MANY 1200

static void make_many(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = (uint64_t)MANY * 16, .segment_size = 16});
	maker_end(m);
	maker_seal(m);
}

static void replace(void *context)
{
	(void)context;
	stage_rename(&s, "other", "pictures/a.jpg");
}

/* With one thread it is certain that the second batch comes after the first has been read. */
START_TEST(a_file_that_is_replaced_is_told)
{
	char command[1024];
	make_many();
	snprintf(command, sizeof command, "cp -p '%s/pictures/a.jpg' '%s/other'", s.drive, s.drive);
	ck_assert_int_eq(system(command), 0);
	s.options.jobs = 1;
	read_faults_meanwhile(stage_place(&s, "pictures/a.jpg"), replace, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-15", "");
	ck_assert_str_eq(summary.drive_status->code, "CompletedWithErrors");
	ck_assert_uint_eq(summary.segments_checked, MANY);
	end();
}
END_TEST

START_TEST(a_missing_file_is_told_once)
{
	make_many();
	stage_remove(&s, "pictures/a.jpg");
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-10", "");
	ck_assert_uint_eq(summary.segments_listed, MANY);
	ck_assert_uint_eq(summary.segments_checked, 0);
	ck_assert_uint_eq(summary.blobs_checked, 0);
	end();
}
END_TEST

static void lose(void *context)
{
	(void)context;
	stage_remove(&s, "pictures/a.jpg");
}

/* What was read before is what it is; the rest is cancelled. */
START_TEST(a_file_that_vanishes_ends_its_blob)
{
	make_many();
	s.options.jobs = 1;
	read_faults_meanwhile(stage_place(&s, "pictures/a.jpg"), lose, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-15 V-10", "");
	ck_assert_uint_gt(summary.segments_checked, 0);
	ck_assert_uint_lt(summary.segments_checked, MANY);
	ck_assert_uint_eq(summary.blobs_checked, 0);
	ck_assert_int_eq(summary.exit_status, 1);
	end();
}
END_TEST

/* ---- totals ---- */

START_TEST(totals_are_exact)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_write(&s, "readme.txt", "12345");
	stage_write(&s, "pictures/notes.txt", "1234567");
	stage_write(&s, "System Volume Information/x", "1");
	stage_write(&s, "$RECYCLE.BIN/x", "1");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_str_eq(summary.drive, s.drive);
	ck_assert_str_eq(summary.source, "directory");
	ck_assert_str_eq(summary.drive_id, "9WM35C2V");
	ck_assert_uint_eq(summary.blobs_listed, 3);
	ck_assert_uint_eq(summary.blobs_checked, 3);
	ck_assert_uint_eq(summary.segments_listed, 6);
	ck_assert_uint_eq(summary.segments_checked, 6);
	ck_assert_uint_eq(summary.bytes_hashed, 10000 + 8192 + 100);
	ck_assert_uint_eq(summary.other_files, 2);
	ck_assert_uint_eq(summary.other_bytes, 12);
	ck_assert_uint_eq(summary.notes, 2);
	ck_assert_str_eq(found.items[0].file_path, "\\pictures\\notes.txt");
	ck_assert_str_eq(found.items[1].file_path, "\\readme.txt");
	end();
}
END_TEST

START_TEST(a_list_s_files_are_read_once)
{
	stage_open(&s);
	stage_make(&s, NULL);
	read_faults_count(stage_place(&s, "list.metadata.xml"));
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_int_eq(read_faults_met(), 1);
	end();
}
END_TEST

static bool has_gap(const char *what)
{
	for (size_t i = 0; i < summary.gap_count; i++)
		if (strcmp(summary.gaps[i].what, what) == 0)
			return true;
	return false;
}

START_TEST(what_was_not_checked_is_said)
{
	stage_open(&s);
	stage_make(&s, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert(has_gap("the drive's serial number against its DriveId"));
	ck_assert(!has_gap("the manifest's hash"));
	ck_assert(!has_gap("some blocks or page ranges"));
	recorder_clear(&found);
	tally_summary_clear(&summary);
	s.options.journal = NULL;
	stage_remove(&s, "pictures/a.jpg");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert(has_gap("the manifest's hash"));
	ck_assert(has_gap("some blocks or page ranges"));
	end();
}
END_TEST

START_TEST(what_a_broken_manifest_does_not_name_is_not_said)
{
	stage_open(&s);
	stage_make(&s, (const char *const[]){"<BlobPath>disks/b.vhd", "<BlobPath", NULL});
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_str_eq(summary.drive_status->code, "ManifestFormatInvalid");
	ck_assert_uint_eq(recorder_count(&found, "V-40"), 0);
	ck_assert(has_gap("files that the manifest does not name"));
	end();
}
END_TEST

/* ---- no result ---- */

static void expect_no_result(tally_result result, tally_result expected)
{
	ck_assert_int_eq(result, expected);
	ck_assert_int_eq(error.code, expected);
	ck_assert_str_ne(error.message, "");
	ck_assert_ptr_null(summary.drive_status);
	ck_assert_int_eq(summary.exit_status, 3);
	ck_assert_uint_eq(found.count, 0);
	end();
}

START_TEST(a_drive_that_does_not_exist)
{
	stage_open(&s);
	expect_no_result(check(), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, ENOENT);
}
END_TEST

START_TEST(a_drive_that_is_a_file)
{
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.drive = stage_place(&s, "pictures/a.jpg");
	/* A file is taken for a disk, and this one has no volume. */
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_str_eq(summary.drive_status->code, "BitLockerVolumeNotFound");
	ck_assert_str_eq(summary.source, "image");
	ck_assert_int_eq(summary.exit_status, 1);
	end();
}
END_TEST

START_TEST(a_drive_that_may_not_be_entered)
{
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.journal = NULL;
	stage_mode(&s, "", 0);
	stage_become_nobody();
	tally_result result = check();
	stage_become_root();
	stage_mode(&s, "", 0755);
	/* A folder can be held without being entered; then nothing is found in it. */
	ck_assert_int_eq(result, TALLY_OK);
	recorder_expect(&found, "V-02", "");
	ck_assert_int_eq(summary.exit_status, 1);
	end();
}
END_TEST

START_TEST(a_journal_that_does_not_exist)
{
	stage_open(&s);
	stage_make(&s, NULL);
	ck_assert_int_eq(unlink(s.journal), 0);
	expect_no_result(check(), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, ENOENT);
}
END_TEST

START_TEST(a_journal_that_is_a_folder)
{
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.journal = s.drive;
	expect_no_result(check(), TALLY_ERROR_IO);
}
END_TEST

START_TEST(arguments_out_of_range)
{
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.jobs = 257;
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	s.options.jobs = 256;
	ck_assert_int_eq(tally_check(&s.options, NULL, NULL, NULL), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_check(NULL, NULL, &summary, NULL), TALLY_ERROR_ARGUMENT);
	s.options.drive = NULL;
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(error.code, TALLY_ERROR_ARGUMENT);
	stage_close(&s);
}
END_TEST

START_TEST(nobody_has_to_listen)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_flip(&s, "pictures/a.jpg", 1);
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, NULL), TALLY_OK);
	ck_assert_int_eq(summary.exit_status, 1);
	ck_assert_str_eq(summary.drive_status->code, "CompletedWithErrors");
	tally_summary_clear(&summary);
	ck_assert_ptr_null(summary.status_counts);
	tally_summary_clear(&summary);
	tally_summary_clear(NULL);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_corrupted_block_is_told_with_both_hashes, 0},
	    {an_unreadable_byte_is_told_with_its_block, 0},
	    {a_file_that_was_cut_is_told_with_its_size, 0},
	    {a_file_that_shrinks_is_told_with_where_it_ended, 0},
	    {a_wrong_manifest_is_told_with_both_hashes, 0},
	    {what_stands_in_the_way_is_named, 0},
	    {a_file_that_is_replaced_is_told, 0},
	    {a_missing_file_is_told_once, 0},
	    {a_file_that_vanishes_ends_its_blob, 0},
	    {totals_are_exact, 0},
	    {a_list_s_files_are_read_once, 0},
	    {what_was_not_checked_is_said, 0},
	    {what_a_broken_manifest_does_not_name_is_not_said, 0},
	    {a_drive_that_does_not_exist, 0},
	    {a_drive_that_is_a_file, 0},
	    {a_drive_that_may_not_be_entered, 0},
	    {a_journal_that_does_not_exist, 0},
	    {a_journal_that_is_a_folder, 0},
	    {arguments_out_of_range, 0},
	    {nobody_has_to_listen, 0},
	    {NULL, 0},
	};
	return suite_run("check details", tests);
}
