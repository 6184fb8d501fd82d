/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that may have few files open, or no more at all: the report is the same as ever, or the run ends with an
 * error. It is never a fault of the drive.
 */
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "verify/job_cast.h"
#include "verify/job_queue.h"
#include "verify/reading.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES 300
#define BLOB_MAX 6000

/* ---- what may be open ---- */

static struct rlimit before;

/* So many more files than are open now. */
static void allow(unsigned more)
{
	int lowest = open("/dev/null", O_RDONLY);
	ck_assert_int_ge(lowest, 0);
	close(lowest);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)lowest + more, before.rlim_max}), 0);
}

static void allow_as_before(void)
{
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* What waiting comes to in these tests. */
static atomic_uint waits;

static bool in_vain(unsigned waited)
{
	(void)waited;
	atomic_fetch_add(&waits, 1);
	return false;
}

static bool until_others_close(unsigned waited)
{
	(void)waited;
	if (atomic_fetch_add(&waits, 1) == 2)
		allow_as_before();
	return true;
}

/* Others open all that there is to be had as soon as a blob is read. */
static atomic_bool begun;

static int64_t take_all(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	if (file->size < BLOB_MAX && !atomic_exchange(&begun, true))
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, before.rlim_max}), 0);
	return 0;
}

/* ---- a drive ---- */

static stage s;

/* Files of one to six blocks in some folders; of every seven one is wrong, of all kinds. */
static void make(void)
{
	uint64_t state = 20161101;
	char path[64];
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_list_files(m, NULL, "<Properties><Content-Type>text/plain</Content-Type></Properties>");
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "data/%u/deep/file-%03u.bin", i % 13, i);
		maker_add(m, &(maker_blob){.blob_path = path,
					   .size = 100 + maker_random(&state) % (BLOB_MAX - 200),
					   .segment_size = 1024,
					   .metadata = i % 5 == 0 ? "<Metadata><a>1</a></Metadata>" : NULL});
	}
	maker_end(m);
	maker_seal(m);
	for (unsigned i = 0; i < FILES; i += 7) {
		snprintf(path, sizeof path, "data/%u/deep/file-%03u.bin", i % 13, i);
		if (i % 4 == 0)
			stage_remove(&s, path);
		else if (i % 4 == 1)
			stage_resize(&s, path, 50);
		else
			stage_flip(&s, path, 20);
	}
	stage_write(&s, "other/one/two/three/four/other.txt", "other");
}

static void end(void)
{
	tally_read_fault = NULL;
	tally_reading_wait_fault = NULL;
	stage_close(&s);
}

static void expect_same(const transcript *t, const transcript *usual, unsigned more)
{
	if (strcmp(t->whole, usual->whole) != 0)
		fprintf(stderr, "%s\n", t->whole);
	ck_assert_msg(strcmp(t->whole, usual->whole) == 0, "another report with %u files", more);
}

START_TEST(a_check_makes_do_with_few_files)
{
	static const unsigned jobs[] = {1, 4, 32}, more[] = {16, 24, 40, 100, 200};
	transcript usual, t;
	make();
	tally_reading_wait_fault = in_vain;
	transcript_take(&usual, &s.options);
	ck_assert_int_eq(usual.result, TALLY_OK);
	ck_assert_ptr_nonnull(strstr(usual.findings, "V-20"));
	ck_assert_ptr_nonnull(strstr(usual.whole, "a second reading, past the page cache, gave the same wrong bytes"));
	s.options.io = (tally_io_mode)(_i % 4);
	s.options.jobs = jobs[_i / 4];
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		allow(more[i]);
		transcript_take(&t, &s.options);
		allow_as_before();
		ck_assert_msg(t.result == TALLY_OK, "%u files: %s", more[i], t.error.message);
		expect_same(&t, &usual, more[i]);
		transcript_clear(&t);
	}
	transcript_clear(&usual);
	end();
}
END_TEST

/* From none at all to enough: wherever a check is when there are no more, it ends with an error, or says all. */
START_TEST(a_check_says_all_or_ends_with_an_error)
{
	transcript usual, t;
	unsigned more = 0, gaps = 0;
	make();
	tally_reading_wait_fault = in_vain;
	transcript_take(&usual, &s.options);
	s.options.jobs = 1;
	for (bool enough = false; !enough; more++) {
		ck_assert_uint_lt(more, 40);
		allow(more);
		transcript_take(&t, &s.options);
		allow_as_before();
		bool has_gap = strstr(t.whole, "gap files that the manifest does not name: the program may") != NULL;
		enough = t.result == TALLY_OK && !has_gap;
		gaps += has_gap;
		if (enough) {
			expect_same(&t, &usual, more);
		} else if (has_gap) {
			/* By then each blob was checked. */
			ck_assert_int_eq(t.result, TALLY_OK);
			ck_assert_str_eq(t.counts, usual.counts);
			ck_assert_ptr_null(strstr(t.findings, "V-42"));
		} else {
			ck_assert_int_eq(t.result, TALLY_ERROR_NO_FILES);
			ck_assert_int_eq(t.error.os_error, EMFILE);
			ck_assert_ptr_nonnull(strstr(t.error.message, "ulimit -n"));
			ck_assert_int_eq(t.exit_status, 3);
			ck_assert_ptr_null(t.drive_status);
			ck_assert_ptr_null(strstr(t.findings, "IOFailed"));
		}
		transcript_clear(&t);
	}
	ck_assert_uint_gt(more, 4);
	ck_assert_uint_gt(gaps, 0);
	transcript_clear(&usual);
	end();
}
END_TEST

START_TEST(files_that_others_take_end_a_check_with_an_error)
{
	transcript t;
	make();
	s.options.jobs = (unsigned)_i + 1;
	s.options.io = TALLY_IO_READ;
	tally_reading_wait_fault = in_vain;
	tally_read_fault = take_all;
	atomic_store(&begun, false);
	atomic_store(&waits, 0);
	allow(500);
	transcript_take(&t, &s.options);
	allow_as_before();
	ck_assert_int_eq(t.result, TALLY_ERROR_NO_FILES);
	ck_assert_int_eq(t.error.os_error, EMFILE);
	ck_assert_int_eq(t.exit_status, 3);
	ck_assert_str_eq(t.findings, "");
	ck_assert_uint_ge(atomic_load(&waits), 1);
	transcript_clear(&t);
	end();
}
END_TEST

START_TEST(files_that_others_give_back_are_waited_for)
{
	transcript usual, t;
	make();
	s.options.jobs = (unsigned)_i + 1;
	s.options.io = TALLY_IO_READ;
	transcript_take(&usual, &s.options);
	tally_reading_wait_fault = until_others_close;
	tally_read_fault = take_all;
	atomic_store(&begun, false);
	atomic_store(&waits, 0);
	allow(500);
	transcript_take(&t, &s.options);
	ck_assert_int_eq(t.result, TALLY_OK);
	ck_assert_uint_ge(atomic_load(&waits), 3);
	expect_same(&t, &usual, 0);
	transcript_clear(&t);
	transcript_clear(&usual);
	end();
}
END_TEST

/* ---- a job ---- */

static job_cast c;
static char disk[192], vhdx[192], tar[192];

static uint64_t disk_of_its_own(const char *path)
{
	return (uint64_t)path[strlen(path) - 1];
}

static void open_cast(void)
{
	job_cast_open(&c);
	for (size_t i = 0; i < CAST_MAX; i++)
		job_cast_make(&c, i);
	tally_job_disk_of = disk_of_its_own;
	tally_reading_wait_fault = in_vain;
}

static void close_cast(void)
{
	tally_job_disk_of = NULL;
	tally_reading_wait_fault = NULL;
	job_cast_close(&c);
}

START_TEST(a_job_on_many_disks_makes_do_with_few_files)
{
	static const unsigned more[] = {28, 40, 60, 100, 160, 300};
	const char *subjects[2 * CAST_MAX];
	const tally_job_options options = {.subjects = subjects, .subject_count = 2 * CAST_MAX, .jobs = 8};
	open_cast();
	for (size_t i = 0; i < CAST_MAX; i++) {
		subjects[i] = c.folder[i];
		subjects[CAST_MAX + i] = c.journal[i];
	}
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
		job_words w;
		allow(more[i]);
		job_words_take(&w, &options);
		allow_as_before();
		ck_assert_msg(w.result == TALLY_OK, "%u files: %s", more[i], w.error.message);
		ck_assert_str_eq(w.told, "job: Completed, 0\ndrive0: Completed, 0\ndrive1: Completed, 0\n"
					 "drive2: Completed, 0\ndrive3: Completed, 0\n");
		job_words_clear(&w);
	}
	close_cast();
}
END_TEST

/* Drives of every kind, one of them in pieces. */
START_TEST(a_job_says_all_or_ends_with_an_error)
{
	static const char usual[] = "job: Completed, 0\ndrive0: Completed, 0\npiece.001: Completed, 0\n"
				    "drive.vhdx: Completed, 0\ndrive.tar: Completed, 0\n";
	open_cast();
	snprintf(disk, sizeof disk, "%s", job_cast_path(&c, "disk.img"));
	snprintf(vhdx, sizeof vhdx, "%s", job_cast_path(&c, "drive.vhdx"));
	snprintf(tar, sizeof tar, "%s", job_cast_path(&c, "drive.tar"));
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_vhdx(&c, 2, vhdx);
	job_cast_tar(&c, 3, tar);
	char piece[192];
	snprintf(piece, sizeof piece, "%s", job_cast_path(&c, "piece"));
	ck_assert_uint_gt(disk_write_pieces(disk, piece, 20 << 20, 1), 1);
	strcat(piece, ".001");
	const char *subjects[] = {c.folder[0],  piece,        vhdx,         tar,
				  c.journal[0], c.journal[1], c.journal[2], c.journal[3]};
	const tally_job_options options = {.subjects = subjects, .subject_count = 8, .jobs = 1};
	unsigned refused = 0;
	for (unsigned more = 0;; more++) {
		job_words w;
		ck_assert_uint_lt(more, 100);
		allow(more);
		job_words_take(&w, &options);
		allow_as_before();
		bool enough = strcmp(w.told, usual) == 0;
		if (!enough) {
			/* No status of the service, and no finding. */
			ck_assert_msg(strchr(w.told, '\t') == NULL, "%u files: %s\n%s", more, w.told, w.whole);
			ck_assert_msg(w.result == TALLY_ERROR_NO_FILES || strstr(w.told, "error no files") != NULL,
				      "%u files: %s", more, w.told);
			ck_assert_int_eq(w.summary.exit_status, 3);
			ck_assert_ptr_nonnull(strstr(w.result != TALLY_OK ? w.error.message : w.whole, "ulimit -n"));
			refused++;
		}
		job_words_clear(&w);
		if (enough)
			break;
	}
	ck_assert_uint_gt(refused, 10);
	close_cast();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_check_makes_do_with_few_files, 12},
	    {a_check_says_all_or_ends_with_an_error, 0},
	    {files_that_others_take_end_a_check_with_an_error, 3},
	    {files_that_others_give_back_are_waited_for, 3},
	    {a_job_on_many_disks_makes_do_with_few_files, 0},
	    {a_job_says_all_or_ends_with_an_error, 0},
	    {NULL, 0},
	};
	return suite_run("verify/shortage", tests);
}
