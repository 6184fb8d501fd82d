/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that are damaged, or not what they claim, and trouble of our own: never all right. */
#include "drive/archive/archive.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/archive_scene.h"
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static archive_scene a;

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
	archive_open(&a);
	stage_make(&a.stage, NULL);
	pack *p = archive_start(&a, archive_kinds[_i].format, archive_kinds[_i].filter);
	if (p != NULL) {
		pack_folder(p, a.stage.drive, "", false);
		pack_end(p);
		snprintf(whole, sizeof whole, "%s.whole", a.packed);
		ck_assert_int_eq(rename(a.packed, whole), 0);
		struct stat facts;
		ck_assert_int_eq(stat(whole, &facts), 0);
		/* What comes last is padding, which nothing misses. */
		long padding = strcmp(archive_kinds[_i].format, "iso9660") == 0 ? 330000 : 2500;
		const long first = 600, step = (facts.st_size - padding - first) / 10 + 1;
		unsigned cuts = 0;
		for (long size = first; size < facts.st_size - padding; size += step, cuts++) {
			copy_part(whole, a.packed, size);
			archive_check(&a);
			ck_assert_int_ne(a.found.exit_status, 0);
			ck_assert(a.found.drive_status == NULL || strcmp(a.found.drive_status->code, "Completed") != 0);
		}
		ck_assert_uint_ge(cuts, 10);
	}
	archive_close(&a);
}
END_TEST

START_TEST(what_lies_behind_damage_was_not_checked)
{
	archive_open(&a);
	pack *p = archive_good(&a);
	pack_end(p);
	ck_assert_int_eq(truncate(a.packed, 0) == 0, 1);
	p = archive_start(&a, "pax", NULL);
	pack_file(p, "readme.txt", "x", 1);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	/* Within \pictures\a.jpg, behind its first block. */
	FILE *file = fopen(a.packed, "rb");
	static char bytes[200000];
	size_t size = fread(bytes, 1, sizeof bytes, file);
	fclose(file);
	static const char name[] = "pictures/a.jpg";
	char *at = memmem(bytes, size, name, sizeof name - 1);
	while (at != NULL && (at - bytes) % 512 != 0)
		at = memmem(at + 1, size - (size_t)(at + 1 - bytes), name, sizeof name - 1);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(truncate(a.packed, at - bytes + 512 + 6000), 0);
	archive_check(&a);
	archive_expect(
	    &a, "CompletedWithErrors", 1,
	    "blob: Completed 1, CompletedWithErrors 1, IOFailed 1; segment: Completed 3, IOFailed 2, Cancelled 1; "
	    "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	    "V-22 error segment IOFailed\nV-22 error segment IOFailed\nV-13 error blob IOFailed\n"
	    "V-40 note drive -\nV-70 error drive -\nV-70 error drive -\n");
	archive_close(&a);
}
END_TEST

START_TEST(an_encrypted_archive)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	pack *p = pack_begin(a.packed, "zip", NULL, "zip:encryption=zipcrypt");
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	archive_check(&a);
	archive_expect(&a, "ManifestAccessDenied", 1, "", "V-02 error drive ManifestAccessDenied\n");
	ck_assert_ptr_nonnull(strstr(a.found.whole, "is encrypted in the archive"));
	archive_close(&a);
}
END_TEST

/* Makes a ustar header claim 2^45 bytes. */
static void claim_much(const char *name)
{
	static uint8_t bytes[400000];
	FILE *file = fopen(a.packed, "r+b");
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
	archive_open(&a);
	stage_make(&a.stage, NULL);
	pack *p = archive_start(&a, "ustar", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_file(p, "bomb.bin", "x", 1);
	pack_end(p);
	claim_much("bomb.bin");
	archive_check(&a);
	archive_expect(&a, "-", 1, ALL_COMPLETED, "V-70 error drive -\n");
	ck_assert_ptr_nonnull(strstr(a.found.whole, "V-70/size"));
	archive_close(&a);
}
END_TEST

START_TEST(what_is_packed_but_no_archive_is_an_error)
{
	archive_open(&a);
	stage_make(&a.stage, NULL);
	pack *p = pack_begin(a.packed, "raw", "gzip", NULL);
	pack_file(p, "x", "no archive", 10);
	pack_end(p);
	archive_check(&a);
	ck_assert_int_eq(a.found.result, TALLY_ERROR_IO);
	ck_assert_int_eq(a.found.exit_status, 3);
	ck_assert_ptr_nonnull(strstr(a.found.error.message, "unpack it first"));
	archive_close(&a);
}
END_TEST

/* Side files up to a limit: what lies behind it can't be read, however little room was left in front of it. */
START_TEST(side_files_beyond_the_limit)
{
	static const uint64_t limits[] = {59, 30, 31, 60, 29, 0};
	static const unsigned readable[] = {1, 1, 1, 2, 0, 0};
	static const char metadata[] = "<Metadata><A>1</A></Metadata>\n";
	ck_assert_uint_eq(sizeof metadata - 1, 30);
	archive_open(&a);
	maker *m = stage_begin(&a.stage);
	maker_add(m, &(maker_blob){.blob_path = "container/a", .size = 100, .metadata = metadata});
	maker_add(m, &(maker_blob){.blob_path = "container/b", .size = 100, .metadata = metadata});
	maker_end(m);
	maker_seal(m);
	pack *p = archive_start(&a, "pax", NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	tally_archive_sides_max = limits[_i];
	archive_check(&a);
	tally_archive_sides_max = TALLY_ARCHIVE_SIDES_MAX;
	if (readable[_i] == 2) {
		archive_expect(&a, "Completed", 0, "blob: Completed 2; segment: Completed 2; metadata: Completed 2",
			       "");
	} else {
		ck_assert(strstr(a.found.counts, readable[_i] == 1 ? "metadata: Completed 1, IOFailed 1"
								   : "metadata: IOFailed 2") != NULL);
		ck_assert_ptr_nonnull(strstr(a.found.whole, "File too large"));
	}
	archive_close(&a);
}
END_TEST

/* ---- our own trouble ---- */

/* Whichever read of the archive fails, it is never all right. */
START_TEST(each_read_of_the_archive_fails)
{
	archive_open(&a);
	pack *p = archive_good(&a);
	pack_end(p);
	unsigned failing = 1;
	for (bool was_met = true; was_met; failing++) {
		read_faults_fail_nth(failing);
		archive_check(&a);
		was_met = read_faults_met() > 0;
		ck_assert(a.found.exit_status != 0 || !was_met);
	}
	read_faults_clear();
	archive_expect(&a, "Completed", 0, ALL_COMPLETED, "");
	ck_assert_uint_gt(failing, 4);
	archive_close(&a);
}
END_TEST

static tally_result run_check(void *context, tally_error *error)
{
	tally_summary summary;
	(void)context;
	a.stage.options.drive = a.packed;
	tally_result result = tally_check(&a.stage.options, NULL, &summary, error);
	ck_assert(result != TALLY_OK || summary.exit_status == 1);
	tally_summary_clear(&summary);
	return result;
}

START_TEST(memory_runs_out_anywhere)
{
	archive_open(&a);
	pack *p = archive_good(&a);
	pack_file(p, "pictures/a.jpg", "wrong", 5);
	pack_file(p, "../x", "x", 1);
	pack_end(p);
	ck_assert_uint_gt(faults_each(FAULTS_OURS, false, run_check, NULL, NULL), 50);
	archive_close(&a);
}
END_TEST

/* When its files are read, after it was listed. */
static bool write_meanwhile(void *context, const tally_progress *progress)
{
	FILE *file = strcmp(progress->stage, "reading the archive") == 0 ? fopen(a.packed, "r+b") : NULL;
	if (file != NULL) {
		ck_assert_int_eq(fseek(file, -1, SEEK_END), 0);
		ck_assert_int_eq(fputc(0, file), 0);
		ck_assert_int_eq(fclose(file), 0);
		*(bool *)context = true;
	}
	return true;
}

START_TEST(it_changes_while_it_is_read)
{
	static const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
	bool written = false;
	const tally_sink sink = {.context = &written, .progress = write_meanwhile};
	tally_summary summary;
	tally_error error;
	archive_open(&a);
	pack_end(archive_good(&a));
	ck_assert_int_eq(utimensat(AT_FDCWD, a.packed, long_ago, 0), 0);
	a.stage.options.drive = a.packed;
	ck_assert_int_eq(tally_check(&a.stage.options, &sink, &summary, &error), TALLY_ERROR_IO);
	ck_assert(written);
	ck_assert_ptr_nonnull(strstr(error.message, "changed while it was read"));
	ck_assert_int_eq(summary.exit_status, 3);
	tally_summary_clear(&summary);
	archive_close(&a);
}
END_TEST

START_TEST(it_stops_when_it_is_told_to)
{
	archive_open(&a);
	pack *p = archive_good(&a);
	pack_end(p);
	ck_assert_uint_gt(archive_stop_everywhere(&a, true, 0), 5);
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_cut_archive_is_never_right, archive_kind_count},
	    {what_lies_behind_damage_was_not_checked, 0},
	    {an_encrypted_archive, 0},
	    {a_bomb_is_refused_by_what_it_claims, 0},
	    {side_files_beyond_the_limit, 6},
	    {what_is_packed_but_no_archive_is_an_error, 0},
	    {each_read_of_the_archive_fails, 0},
	    {memory_runs_out_anywhere, 0},
	    {it_changes_while_it_is_read, 0},
	    {it_stops_when_it_is_told_to, 0},
	    {NULL, 0},
	};
	return suite_run("archives' faults", tests);
}
