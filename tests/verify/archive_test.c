/* SPDX-License-Identifier: Apache-2.0 */
/* Drives in archives: what is found is what is found on the same drive as a directory. */
#include "drive/layer.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/cases.h"
#include "verify/pack.h"
#include "verify/transcript.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static stage s;
static char packed[192];
static transcript found;

static void begin(void)
{
	stage_open(&s);
	snprintf(packed, sizeof packed, "%s/packed", s.root);
	found = (transcript){0};
}

static void end(void)
{
	transcript_clear(&found);
	stage_close(&s);
}

static pack *start(const char *format, const char *filter)
{
	return pack_begin(packed, format, filter, NULL);
}

static void check(void)
{
	transcript_clear(&found);
	s.options.drive = packed;
	transcript_take(&found, &s.options);
	s.options.drive = s.drive;
}

static void expect(const char *status, int exit_status, const char *counts, const char *findings)
{
	ck_assert_msg(found.result == TALLY_OK, "%s", found.error.message);
	ck_assert_str_eq(found.findings, findings);
	ck_assert_str_eq(found.counts, counts);
	ck_assert_str_eq(found.drive_status != NULL ? found.drive_status->code : "-", status);
	ck_assert_int_eq(found.exit_status, exit_status);
	ck_assert_ptr_nonnull(strstr(found.whole, "archive"));
}

static void expect_same_as_directory(const char *name)
{
	transcript directory;
	transcript_take(&directory, &s.options);
	check();
	ck_assert_msg(found.result == directory.result && found.exit_status == directory.exit_status &&
			  found.drive_status == directory.drive_status &&
			  strcmp(found.findings, directory.findings) == 0 &&
			  strcmp(found.counts, directory.counts) == 0,
		      "%s: %s\n%s---- as a directory:\n%s", name, found.error.message, found.whole, directory.whole);
	transcript_clear(&directory);
}

/* ---- the same as a directory ---- */

static const struct {
	const char *format, *filter;
} kinds[] = {
    {"pax", NULL},   {"gnutar", NULL},  {"ustar", NULL}, {"newc", NULL},      {"odc", NULL},    {"zip", NULL},
    {"7zip", NULL},  {"iso9660", NULL}, {"pax", "gzip"}, {"pax", "bzip2"},    {"pax", "xz"},    {"pax", "lzma"},
    {"pax", "lzip"}, {"pax", "zstd"},   {"pax", "lz4"},  {"pax", "compress"}, {"newc", "gzip"}, {"ustar", "zstd"},
};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

START_TEST(each_format_and_filter)
{
	begin();
	stage_make(&s, NULL);
	stage_write(&s, "nobody/names.this", "x");
	stage_flip(&s, "pictures/a.jpg", 5000);
	pack *p = start(kinds[_i].format, kinds[_i].filter);
	if (p != NULL) {
		pack_folder(p, s.drive, "", _i % 2 == 1);
		pack_end(p);
		expect_same_as_directory(kinds[_i].format);
		ck_assert_ptr_nonnull(strstr(found.whole, "range=4096+4096"));
	}
	end();
}
END_TEST

/* What is broken by a fault of reading, or depends on who checks, an archive doesn't have. */
START_TEST(each_case_comes_out_as_for_a_directory)
{
	const check_case *c = case_at((size_t)_i);
	begin();
	if (c->fault == NULL && !c->as_nobody && case_make(c, &s)) {
		struct stat facts;
		bool whole = stat(s.drive, &facts) == 0 && strstr(c->name, "socket") == NULL;
		pack *p = whole ? start("pax", NULL) : NULL;
		if (p != NULL) {
			pack_folder(p, s.drive, "", false);
			pack_end(p);
			expect_same_as_directory(c->name);
		}
	}
	end();
}
END_TEST

START_TEST(ten_thousand_small_files_in_another_order)
{
	begin();
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < 10000; i++) {
		char name[64];
		snprintf(name, sizeof name, "container/%02u/file-%u", i % 37, i);
		maker_add(m, &(maker_blob){.blob_path = name, .size = i % 61, .segment_size = 23});
	}
	maker_end(m);
	maker_seal(m);
	stage_remove(&s, "container/07/file-7");
	pack *p = start("gnutar", "gzip");
	pack_folder(p, s.drive, "./", true);
	pack_end(p);
	expect_same_as_directory("small files");
	end();
}
END_TEST

/* ---- which entries count ---- */

static pack *pack_good(void)
{
	stage_make(&s, NULL);
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "", false);
	return p;
}

START_TEST(the_last_entry_of_a_name_counts)
{
	static const char wrong[100] = "wrong";
	begin();
	pack *p = pack_good();
	pack_file(p, "pictures/sub/c.txt", wrong, sizeof wrong);
	pack_end(p);
	check();
	expect("CompletedWithErrors", 1,
	       "blob: Completed 2, CompletedWithErrors 1; segment: Completed 5, Corrupted 1; " ALL_SIDES,
	       "V-20 error segment Corrupted\nV-72 warning drive -\n");
	p = start("pax", NULL);
	pack_file(p, "pictures/sub/c.txt", wrong, sizeof wrong);
	pack_folder(p, s.drive, "", false);
	pack_end(p);
	check();
	expect("Completed", 0, ALL_COMPLETED, "V-72 warning drive -\n");
	end();
}
END_TEST

START_TEST(names_that_no_drive_has_are_left_out)
{
	static const char *const names[] = {"../pictures/sub/c.txt", "/pictures/sub/c.txt", "a/../../b", "C:\\x.txt",
					    "\\\\server\\share\\x"};
	begin();
	stage_make(&s, NULL);
	stage_remove(&s, "pictures/sub/c.txt");
	char content[100] = "";
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "", false);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		pack_file(p, names[i], content, sizeof content);
	pack_end(p);
	check();
	expect(
	    "CompletedWithErrors", 1,
	    "blob: Completed 2, FileNotFound 1; segment: Completed 5, Cancelled 1; metadata: Completed 2, Cancelled 1; "
	    "properties: Completed 2, Cancelled 1",
	    "V-10 error blob FileNotFound\nV-71 warning drive -\nV-71 warning drive -\nV-71 warning drive -\n"
	    "V-71 warning drive -\nV-71 warning drive -\n");
	end();
}
END_TEST

START_TEST(backslashes_and_dots_are_the_same_names)
{
	begin();
	stage_make(&s, NULL);
	FILE *file = fopen(stage_place(&s, "pictures/sub/c.txt"), "rb");
	char content[100];
	ck_assert_uint_eq(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	stage_remove(&s, "pictures/sub/c.txt");
	stage_remove(&s, "pictures/sub");
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "././/", false);
	pack_file(p, "pictures\\.\\SUB\\C.txt", content, sizeof content);
	pack_end(p);
	check();
	expect("Completed", 0, ALL_COMPLETED, "");
	end();
}
END_TEST

START_TEST(hard_links_have_the_bytes_of_their_file)
{
	begin();
	stage_make(&s, NULL);
	stage_rename(&s, "pictures/a.jpg", "bytes");
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "", false);
	pack_link(p, "pictures/a.jpg", "bytes", true);
	pack_end(p);
	check();
	expect("Completed", 0, ALL_COMPLETED, "V-40 note drive -\n");
	/* What replaces the file later is not what was linked. */
	p = start("pax", NULL);
	pack_folder(p, s.drive, "", false);
	pack_link(p, "pictures/a.jpg", "bytes", true);
	pack_file(p, "bytes", "x", 1);
	pack_end(p);
	check();
	ck_assert_int_eq(found.exit_status, 1);
	ck_assert_ptr_nonnull(strstr(found.findings, "V-13 error blob IOFailed\n"));
	end();
}
END_TEST

START_TEST(symbolic_links_are_not_followed)
{
	begin();
	stage_make(&s, NULL);
	stage_rename(&s, "pictures/a.jpg", "bytes");
	stage_link(&s, "pictures/a.jpg", "../bytes");
	pack *p = start("gnutar", NULL);
	pack_folder(p, s.drive, "", false);
	pack_end(p);
	expect_same_as_directory("symbolic link");
	ck_assert_ptr_nonnull(strstr(found.findings, "V-11 error blob FileAccessDenied\n"));
	end();
}
END_TEST

START_TEST(holes_are_zeros)
{
	begin();
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = "disks/b.vhd", .size = 300000, .segment_size = 65536});
	maker_end(m);
	maker_seal(m);
	static uint8_t content[300000];
	FILE *file = fopen(stage_place(&s, "disks/b.vhd"), "rb");
	ck_assert_uint_eq(fread(content, 1, sizeof content, file), sizeof content);
	fclose(file);
	/* The last but one block lies in the hole; only it becomes wrong. */
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "", false);
	pack_holes(p, "disks/b.vhd", content, sizeof content, 3 * 65536, 4 * 65536);
	pack_end(p);
	check();
	expect("CompletedWithErrors", 1, "blob: CompletedWithErrors 1; segment: Completed 4, Corrupted 1",
	       "V-20 error segment Corrupted\nV-72 warning drive -\n");
	ck_assert_ptr_nonnull(strstr(found.whole, "range=196608+65536"));
	end();
}
END_TEST

/* ---- where the root is ---- */

START_TEST(one_folder_at_the_top_is_the_root)
{
	begin();
	stage_make(&s, NULL);
	pack *p = start("pax", NULL);
	pack_folder(p, s.drive, "drive/", false);
	pack_file(p, "readme.txt", "x", 1);
	pack_end(p);
	check();
	expect("Completed", 0, ALL_COMPLETED, "");
	ck_assert_ptr_nonnull(strstr(found.whole, "beside the drive's folder"));
	p = start("pax", NULL);
	pack_folder(p, s.drive, "drive/", false);
	pack_folder(p, s.drive, "copy/", false);
	pack_end(p);
	check();
	ck_assert_str_eq(found.findings, "V-01 error drive ManifestNotFound\n");
	end();
}
END_TEST

/* ---- damage ---- */

static void copy_part(const char *from, const char *to, long size)
{
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	ck_assert(in != NULL && out != NULL);
	for (int c; size-- > 0 && (c = fgetc(in)) != EOF;)
		fputc(c, out);
	fclose(in);
	fclose(out);
}

/* Cut anywhere, it is never all right, and what was there before the cut counts. */
START_TEST(a_cut_archive_is_never_right)
{
	char whole[224];
	begin();
	stage_make(&s, NULL);
	pack *p = start(kinds[_i].format, kinds[_i].filter);
	if (p != NULL) {
		pack_folder(p, s.drive, "", false);
		pack_end(p);
		snprintf(whole, sizeof whole, "%s.whole", packed);
		ck_assert_int_eq(rename(packed, whole), 0);
		struct stat facts;
		ck_assert_int_eq(stat(whole, &facts), 0);
		/* What comes last is padding, which nothing misses. */
		long padding = strcmp(kinds[_i].format, "iso9660") == 0 ? 330000 : 20000;
		for (long size = 600; size < facts.st_size - padding; size += facts.st_size / 13) {
			copy_part(whole, packed, size);
			check();
			ck_assert_int_ne(found.exit_status, 0);
			ck_assert(found.drive_status == NULL || strcmp(found.drive_status->code, "Completed") != 0);
		}
	}
	end();
}
END_TEST

START_TEST(what_lies_behind_damage_was_not_checked)
{
	begin();
	pack *p = pack_good();
	pack_end(p);
	ck_assert_int_eq(truncate(packed, 0) == 0, 1);
	p = start("pax", NULL);
	pack_file(p, "readme.txt", "x", 1);
	pack_folder(p, s.drive, "", false);
	pack_end(p);
	/* Within \pictures\a.jpg, behind its first block. */
	FILE *file = fopen(packed, "rb");
	static char bytes[200000];
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	static const char name[] = "pictures/a.jpg";
	char *at = memmem(bytes, size, name, sizeof name - 1);
	while (at != NULL && (at - bytes) % 512 != 0)
		at = memmem(at + 1, size - (size_t)(at + 1 - bytes), name, sizeof name - 1);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(truncate(packed, at - bytes + 512 + 6000), 0);
	check();
	expect("CompletedWithErrors", 1,
	       "blob: Completed 1, CompletedWithErrors 1, IOFailed 1; segment: Completed 3, IOFailed 2, Cancelled 1; "
	       "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	       "V-22 error segment IOFailed\nV-22 error segment IOFailed\nV-13 error blob IOFailed\n"
	       "V-40 note drive -\nV-70 error drive -\nV-70 error drive -\n");
	end();
}
END_TEST

START_TEST(an_encrypted_archive)
{
	begin();
	stage_make(&s, NULL);
	pack *p = pack_begin(packed, "zip", NULL, "zip:encryption=zipcrypt");
	pack_folder(p, s.drive, "", false);
	pack_end(p);
	check();
	expect("ManifestAccessDenied", 1, "", "V-02 error drive ManifestAccessDenied\n");
	ck_assert_ptr_nonnull(strstr(found.whole, "is encrypted in the archive"));
	end();
}
END_TEST

/* Makes a ustar header claim 2^45 bytes. */
static void claim_much(const char *name)
{
	static uint8_t bytes[400000];
	FILE *file = fopen(packed, "r+b");
	ck_assert_ptr_nonnull(file);
	size_t size = fread(bytes, 1, sizeof bytes, file);
	for (size_t at = 0; at + 512 <= size; at += 512) {
		uint8_t *header = bytes + at;
		if (strcmp((const char *)header, name) != 0)
			continue;
		memset(header + 124, 0, 12);
		header[124] = 0x80;
		header[130] = 0x20;
		unsigned sum = 0;
		memset(header + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += header[i];
		snprintf((char *)header + 148, 8, "%06o", sum);
		fseek(file, (long)at, SEEK_SET);
		ck_assert_uint_eq(fwrite(header, 1, 512, file), 512);
	}
	fclose(file);
}

START_TEST(a_bomb_is_refused_by_what_it_claims)
{
	begin();
	stage_make(&s, NULL);
	pack *p = start("ustar", NULL);
	pack_folder(p, s.drive, "", false);
	pack_file(p, "bomb.bin", "x", 1);
	pack_end(p);
	claim_much("bomb.bin");
	check();
	expect("-", 1, ALL_COMPLETED, "V-70 error drive -\n");
	ck_assert_ptr_nonnull(strstr(found.whole, "V-70/size"));
	end();
}
END_TEST

START_TEST(what_is_packed_but_no_archive_is_an_error)
{
	begin();
	stage_make(&s, NULL);
	pack *p = pack_begin(packed, "raw", "gzip", NULL);
	pack_file(p, "x", "no archive", 10);
	pack_end(p);
	check();
	ck_assert_int_eq(found.result, TALLY_ERROR_IO);
	ck_assert_int_eq(found.exit_status, 3);
	ck_assert_ptr_nonnull(strstr(found.error.message, "unpack it first"));
	end();
}
END_TEST

/* ---- our own trouble ---- */

static bool was_met;
static size_t reads, failing;

static int fail_one(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	bool fails = ++reads == failing;
	was_met |= fails;
	return fails ? -EIO : 0;
}

/* Whichever read of the archive fails, it is never all right. */
START_TEST(each_read_of_the_archive_fails)
{
	begin();
	pack *p = pack_good();
	pack_end(p);
	tally_layer_fault = fail_one;
	for (failing = 1, was_met = true; was_met; failing++) {
		was_met = false;
		reads = 0;
		check();
		ck_assert(found.exit_status != 0 || !was_met || found.result != TALLY_OK || reads > failing);
		if (found.exit_status == 0)
			ck_assert_str_eq(found.counts, ALL_COMPLETED);
	}
	tally_layer_fault = NULL;
	ck_assert_uint_gt(failing, 4);
	end();
}
END_TEST

static tally_result run_check(void *context, tally_error *error)
{
	tally_summary summary;
	(void)context;
	s.options.drive = packed;
	tally_result result = tally_check(&s.options, NULL, &summary, error);
	ck_assert(result != TALLY_OK || summary.exit_status == 1);
	tally_summary_clear(&summary);
	return result;
}

START_TEST(memory_runs_out_anywhere)
{
	begin();
	pack *p = pack_good();
	pack_file(p, "pictures/a.jpg", "wrong", 5);
	pack_file(p, "../x", "x", 1);
	pack_end(p);
	ck_assert_uint_gt(faults_each(FAULTS_OURS, false, run_check, NULL, NULL), 50);
	end();
}
END_TEST

static unsigned calls, last_call;

static bool stop_at(void *context, const tally_progress *progress)
{
	(void)context, (void)progress;
	return ++calls != last_call;
}

START_TEST(it_stops_when_it_is_told_to)
{
	begin();
	pack *p = pack_good();
	pack_end(p);
	tally_result result = TALLY_ERROR_STOPPED;
	const tally_sink sink = {.progress = stop_at};
	s.options.drive = packed;
	for (last_call = 1; result != TALLY_OK; last_call++) {
		tally_summary summary;
		tally_error error;
		calls = 0;
		result = tally_check(&s.options, &sink, &summary, &error);
		ck_assert_int_eq(result, calls >= last_call ? TALLY_ERROR_STOPPED : TALLY_OK);
		ck_assert_int_eq(summary.exit_status, result == TALLY_OK ? 0 : 3);
		tally_summary_clear(&summary);
	}
	ck_assert_uint_gt(last_call, 5);
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_format_and_filter, KINDS},
	    {each_case_comes_out_as_for_a_directory, (int)case_count()},
	    {ten_thousand_small_files_in_another_order, 0},
	    {the_last_entry_of_a_name_counts, 0},
	    {names_that_no_drive_has_are_left_out, 0},
	    {backslashes_and_dots_are_the_same_names, 0},
	    {hard_links_have_the_bytes_of_their_file, 0},
	    {symbolic_links_are_not_followed, 0},
	    {holes_are_zeros, 0},
	    {one_folder_at_the_top_is_the_root, 0},
	    {a_cut_archive_is_never_right, KINDS},
	    {what_lies_behind_damage_was_not_checked, 0},
	    {an_encrypted_archive, 0},
	    {a_bomb_is_refused_by_what_it_claims, 0},
	    {what_is_packed_but_no_archive_is_an_error, 0},
	    {each_read_of_the_archive_fails, 0},
	    {memory_runs_out_anywhere, 0},
	    {it_stops_when_it_is_told_to, 0},
	    {NULL, 0},
	};
	return suite_run("archives", tests);
}
