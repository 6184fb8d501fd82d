/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad media under what is read as a whole: the manifest, metadata and properties files. What stays wrong or can't be
 * read is told as bad and where, and everything else is checked; what is neither flaky nor bad; and how they are read.
 */
#include "drive/drive.h"
#include "support/suite.h"
#include "verify/pack.h"
#include "verify/read_faults.h"
#include "verify/whole.h"
#include "verify/whole_stage.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static whole_stage w;

/* ---- what stays ---- */

/* The file that is read wrong, which is known by its size. */
static uint64_t target;
static atomic_uint reads;

static void flip_differently(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size)
{
	if (file->size == target && offset <= 70000 && offset + size > 70000)
		bytes[70000 - offset] ^= (uint8_t)(1 + atomic_fetch_add(&reads, 1) % 7);
}

/* Its readings agree, or they don't. */
START_TEST(a_wrong_manifest_is_bad)
{
	whole_begin(&w, whole_list_metadata);
	whole_choose_way(&w, (size_t)_i);
	stage_append(&w.s, "DriveManifest.xml", "\n");
	target = whole_size(&w, "DriveManifest.xml");
	whole_check(&w);
	ck_assert_str_eq(w.found.findings, "M-54 error drive ManifestCorrupted\n");
	ck_assert_str_eq(w.found.counts, WHOLE_ALL_GOOD);
	whole_expect_text(&w, "written for; bad: a second reading, past the page cache, gave the same wrong bytes\n");
	transcript_clear(&w.found);
	atomic_store(&reads, 0);
	tally_read_damage = flip_differently;
	whole_check(&w);
	tally_read_damage = NULL;
	ck_assert_str_eq(w.found.drive_status->code, "ReadManifestFailed");
	whole_expect_text(&w, "M-54/ error drive ManifestCorrupted");
	whole_expect_text(
	    &w, "written for: bytes 69632 to 73727 of the file; bad: a second reading, past the page cache, gave "
		"other wrong bytes\n");
	/* And the reading that it was judged by can't be had again. */
	whole_expect_text(&w, "V-03/ error drive ReadManifestFailed");
	whole_expect_text(&w, "the manifest is not what it was when it was read first");
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

START_TEST(a_wrong_side_file_is_bad)
{
	whole_begin(&w, whole_list_metadata);
	whole_choose_way(&w, (size_t)_i);
	stage_flip(&w.s, "data/b.bin.metadata", 70000);
	whole_check(&w);
	ck_assert_str_eq(w.found.findings, "V-32 error metadata Corrupted\n");
	ck_assert_str_eq(w.found.counts, whole_sides[1].counts[1]);
	whole_expect_text(&w, "describes; bad: a second reading, past the page cache, gave the same wrong bytes\n");
	transcript_clear(&w.found);
	target = WHOLE_LONG_SIDE;
	atomic_store(&reads, 0);
	tally_read_damage = flip_differently;
	whole_check(&w);
	tally_read_damage = NULL;
	ck_assert_str_eq(w.found.findings, "V-32 error metadata Corrupted\n");
	whole_expect_text(
	    &w, "describes: bytes 69632 to 73727 of the file; bad: a second reading, past the page cache, gave other "
		"wrong bytes\n");
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

/* Sectors that no reading gives. */
static const struct {
	uint64_t from, to;
} sectors[] = {{0, 512}, {512, 1024}, {65536, 65536 + 4096}, {69632 + 1536, 80000}, {98304, UINT64_MAX}};

static void expect_range(uint64_t from, uint64_t to)
{
	char text[128];
	snprintf(text, sizeof text, " range=%" PRIu64 "+%" PRIu64 " ", from, to - from);
	whole_expect_text(&w, text);
	snprintf(text, sizeof text,
		 ": bytes %" PRIu64 " to %" PRIu64 " of the file; bad: a second reading, past the page cache, failed\n",
		 from, to - 1);
	whole_expect_text(&w, text);
}

/* A whole sector fails when a byte of it does. */
static uint64_t end_of(uint64_t to, uint64_t size)
{
	to = (to < size ? to : size) + 511;
	to &= ~UINT64_C(511);
	return to < size ? to : size;
}

START_TEST(an_unreadable_manifest_is_told_exactly)
{
	whole_begin(&w, whole_list_metadata);
	whole_choose_way(&w, (size_t)_i);
	uint64_t size = whole_size(&w, "DriveManifest.xml");
	for (size_t i = 0; i < COUNT(sectors); i++) {
		read_faults_fail(stage_place(&w.s, "DriveManifest.xml"), sectors[i].from, sectors[i].to, EIO);
		whole_check(&w);
		ck_assert_str_eq(w.found.findings, "V-03 error drive ReadManifestFailed\n");
		ck_assert_str_eq(w.found.drive_status->code, "ReadManifestFailed");
		whole_expect_text(&w, "the manifest can't be read: Input/output error: bytes");
		expect_range(sectors[i].from, end_of(sectors[i].to, size));
		/* As far as the bytes go, blobs are known and checked. */
		whole_expect_text(&w, i < 2 ? "blobs 0/0 " : "blobs 1/1 ");
		transcript_clear(&w.found);
	}
	read_faults_clear();
	whole_end(&w);
}
END_TEST

START_TEST(an_unreadable_side_file_is_told_exactly)
{
	whole_begin(&w, whole_list_metadata);
	whole_choose_way(&w, (size_t)_i);
	for (size_t i = 0; i < COUNT(sectors); i++) {
		read_faults_fail(stage_place(&w.s, "data/b.bin.metadata"), sectors[i].from, sectors[i].to, EIO);
		whole_check(&w);
		ck_assert_str_eq(w.found.findings, "V-33 error metadata IOFailed\n");
		ck_assert_str_eq(w.found.counts, whole_sides[1].counts[0]);
		whole_expect_text(&w,
				  "actual=reading: Input/output error message=the metadata file can't be read: bytes");
		expect_range(sectors[i].from, end_of(sectors[i].to, WHOLE_LONG_SIDE));
		transcript_clear(&w.found);
	}
	read_faults_clear();
	whole_end(&w);
}
END_TEST

static int64_t after_first(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return file->size == target && atomic_fetch_add(&reads, 1) > 0 ? -EIO : 0;
}

/* It was read once, and is wrong; where it can't be read a second time is worth knowing. */
START_TEST(what_is_wrong_and_then_fails_is_bad)
{
	whole_begin(&w, whole_list_metadata);
	stage_flip(&w.s, "list.properties.xml", 20);
	target = whole_size(&w, "list.properties.xml");
	atomic_store(&reads, 0);
	tally_read_fault = after_first;
	whole_check(&w);
	tally_read_fault = NULL;
	ck_assert_str_eq(w.found.findings, "V-32 error properties Corrupted\n");
	ck_assert_str_eq(w.found.counts, whole_sides[3].counts[1]);
	expect_range(0, target);
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

/* ---- what is neither flaky nor bad ---- */

static void append_blank(void *context)
{
	(void)context;
	stage_append(&w.s, "DriveManifest.xml", "\n");
	stage_append(&w.s, "list.metadata.xml", "\n");
}

/* It changes after its first reading has begun: no second one could say what the first one was. */
START_TEST(a_file_that_is_written_to_is_not_read_again)
{
	whole_begin(&w, whole_list_metadata);
	stage_flip(&w.s, "DriveManifest.xml", 30);
	read_faults_meanwhile(stage_place(&w.s, "DriveManifest.xml"), append_blank, NULL);
	whole_check(&w);
	ck_assert_int_eq(read_faults_met() > 0, 1);
	read_faults_clear();
	whole_expect_text(&w, "M-54/ error drive ManifestCorrupted");
	whole_expect_text(&w, "written for\n");
	whole_expect_no_text(&w, "; flaky: ");
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

/* What is read is the archive's copy: it says nothing of the medium. */
START_TEST(an_archive_has_no_second_reading)
{
	whole_begin(&w, whole_list_metadata);
	stage_append(&w.s, "DriveManifest.xml", "\n");
	stage_flip(&w.s, "data/b.bin.metadata", 70000);
	pack *p = pack_begin(w.packed, "pax", NULL, NULL);
	ck_assert_ptr_nonnull(p);
	pack_folder(p, w.s.drive, "", false);
	pack_end(p);
	w.s.options.drive = w.packed;
	whole_check(&w);
	ck_assert_str_eq(w.found.findings, "M-54 error drive ManifestCorrupted\nV-32 error metadata Corrupted\n");
	ck_assert_str_eq(w.found.counts, whole_sides[1].counts[1]);
	whole_expect_no_text(&w, "second reading,");
	whole_expect_text(&w, "whether wrong bytes are wrong at a second reading");
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

/* ---- how they are read ---- */

static atomic_uint seen, unaligned;

static int64_t look_at_place(const tally_file *file, uint64_t offset, size_t size)
{
	(void)file;
	atomic_fetch_add(&seen, 1);
	if (offset % TALLY_MEDIUM_ALIGNMENT != 0 || size % TALLY_MEDIUM_ALIGNMENT != 0)
		atomic_fetch_add(&unaligned, 1);
	return 0;
}

/* Only the medium is asked for nothing but whole sectors. */
START_TEST(direct_is_past_the_cache_for_all_files)
{
	whole_begin(&w, whole_wrong_metadata);
	tally_read_fault = look_at_place;
	for (size_t i = 0; i < WHOLE_WAYS; i++) {
		atomic_store(&seen, 0);
		atomic_store(&unaligned, 0);
		whole_choose_way(&w, i);
		whole_check(&w);
		ck_assert_uint_gt(atomic_load(&seen), 10);
		ck_assert_msg((atomic_load(&unaligned) == 0) == (w.s.options.io == TALLY_IO_DIRECT),
			      "way %zu: %u of %u", i, atomic_load(&unaligned), atomic_load(&seen));
		transcript_clear(&w.found);
	}
	tally_read_fault = NULL;
	whole_end(&w);
}
END_TEST

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_never(void *context, const uint8_t md5[16])
{
	(void)context, (void)md5;
	return false;
}

/* Every byte of every reading is paid for, whoever reads next. */
START_TEST(the_rate_holds_for_all_readings)
{
	enum { SIZE = 60000 };
	tally_drive *drive;
	tally_file file;
	tally_error error;
	tally_reading reading;
	tally_whole *whole;
	tally_whole_outcome outcome;
	whole_begin(&w, whole_list_metadata);
	stage_resize(&w.s, "data/b.bin.metadata", SIZE);
	ck_assert_int_eq(tally_drive_open_directory(w.s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_drive_find(drive, (tally_text){"\\data\\b.bin.metadata", 20}, &file, NULL),
			 TALLY_FIND_OK);
	tally_reading_init(&reading, drive,
			   &(tally_reading_options){.jobs = 1,
						    .io = _i == 0 ? TALLY_IO_READ : TALLY_IO_DIRECT,
						    .max_rate = (uint64_t)SIZE * 20});
	ck_assert_int_eq(tally_whole_new(&whole, &reading, &error), TALLY_OK);
	uint64_t start = now_ns();
	ck_assert_int_eq(
	    tally_whole_take(whole, &(tally_whole_subject){.file = &file, .is_right = is_never}, &outcome, &error),
	    TALLY_OK);
	ck_assert(outcome.complete && !outcome.right);
	ck_assert_int_eq(outcome.fault.second, TALLY_SECOND_SAME);
	/* A twentieth of a second each; what is made up for at most is as much. */
	ck_assert_uint_ge(reading.rate.free_at, start - 50000000 + 2 * 50000000);
	tally_whole_free(whole);
	tally_whole_free(NULL);
	tally_reading_destroy(&reading);
	tally_file_close(&file);
	tally_drive_close(drive);
	whole_end(&w);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_wrong_manifest_is_bad, WHOLE_WAYS},
	    {a_wrong_side_file_is_bad, WHOLE_WAYS},
	    {an_unreadable_manifest_is_told_exactly, WHOLE_WAYS},
	    {an_unreadable_side_file_is_told_exactly, WHOLE_WAYS},
	    {what_is_wrong_and_then_fails_is_bad, 0},
	    {a_file_that_is_written_to_is_not_read_again, 0},
	    {an_archive_has_no_second_reading, 0},
	    {direct_is_past_the_cache_for_all_files, 0},
	    {the_rate_holds_for_all_readings, 2},
	    {NULL, 0},
	};
	return suite_run("whole faults", tests);
}
