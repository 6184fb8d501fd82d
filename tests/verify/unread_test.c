/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive that drops off for a while, or for good: hours of work stay, a good drive is not refused for it, and what is
 * noted of one block never passes for another.
 */
#include "drive/drive.h"
#include "support/suite.h"
#include "verify/loss.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((uint64_t)16 << 10)
#define BIG_SIZE (600 * BLOCK + 5)

static stage s;
static char checkpoint[160];

static void make(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = "data/big.bin", .size = BIG_SIZE, .segment_size = BLOCK});
	for (unsigned i = 0; i < 300; i++) {
		char path[32];
		snprintf(path, sizeof path, "small/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 1 + i * 13});
	}
	maker_end(m);
	maker_seal(m);
	/* So that blocks are read in the manifest's order, each by one read. */
	s.options.jobs = 1;
	s.options.io = TALLY_IO_READ;
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
}

static void take(transcript *t, bool with_checkpoint)
{
	s.options.checkpoint = with_checkpoint ? checkpoint : NULL;
	transcript_take(t, &s.options);
}

static bool exists(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0;
}

/* Reads of what the manifest names, whose sizes are known; and so many of them that succeed before all fail. */
static atomic_int good_reads;
static atomic_int bytes_of_big;

static bool is_manifest(const tally_file *file)
{
	return file->size != BIG_SIZE && file->size > 1 + 300 * 13;
}

static int64_t fail_later(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return is_manifest(file) || atomic_fetch_sub(&good_reads, 1) > 0 ? 0 : -EIO;
}

static int64_t count_bytes(const tally_file *file, uint64_t offset, size_t size)
{
	uint64_t left = offset < file->size ? file->size - offset : 0;
	atomic_fetch_add(&bytes_of_big, file->size == BIG_SIZE ? (int)(size < left ? size : left) : 0);
	return 0;
}

/* The drive is still there, and every read fails from some time on: all is told, and none of it is final. */
START_TEST(what_could_not_be_read_is_read_again)
{
	transcript good, bad, again;
	make();
	take(&good, false);
	ck_assert_int_eq(good.exit_status, 0);
	atomic_store(&good_reads, 400);
	tally_read_fault = fail_later;
	take(&bad, true);
	tally_read_fault = NULL;
	ck_assert_int_eq(bad.result, TALLY_OK);
	ck_assert_int_eq(bad.exit_status, 1);
	ck_assert_ptr_nonnull(strstr(bad.counts, "IOFailed "));
	ck_assert(exists(checkpoint));
	atomic_store(&bytes_of_big, 0);
	tally_read_fault = count_bytes;
	take(&again, true);
	tally_read_fault = NULL;
	ck_assert_str_eq(again.whole, good.whole);
	/* Of 601 blocks 400 came. */
	ck_assert_int_eq(atomic_load(&bytes_of_big), (int)(200 * BLOCK + 5));
	transcript_clear(&good);
	transcript_clear(&bad);
	transcript_clear(&again);
	stage_close(&s);
}
END_TEST

START_TEST(what_was_left_unread_is_told)
{
	tally_summary summary;
	tally_error error;
	make();
	s.options.checkpoint = checkpoint;
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, &error), TALLY_OK);
	ck_assert_uint_eq(summary.unread, 0);
	tally_summary_clear(&summary);
	unlink(checkpoint);
	atomic_store(&good_reads, 600);
	tally_read_fault = fail_later;
	ck_assert_int_eq(tally_check(&s.options, NULL, &summary, &error), TALLY_OK);
	tally_read_fault = NULL;
	/* The last block of the large file and all small ones. */
	ck_assert_uint_eq(summary.unread, 301);
	ck_assert(summary.checkpointed);
	tally_summary_clear(&summary);
	stage_close(&s);
}
END_TEST

/* ---- gone ---- */

static atomic_int looks;
static bool is_gone(const char *path)
{
	ck_assert_str_eq(path, s.drive);
	atomic_fetch_add(&looks, 1);
	return true;
}

static void expect_gone(const transcript *t)
{
	ck_assert_int_eq(t->result, TALLY_ERROR_IO);
	ck_assert_int_eq(t->exit_status, 3);
	ck_assert_ptr_null(t->drive_status);
	ck_assert_msg(strstr(t->error.message, " is gone: ") != NULL, "%s", t->error.message);
	ck_assert_str_eq(t->findings, "");
	ck_assert_int_gt(atomic_load(&looks), 0);
}

START_TEST(a_drive_that_is_gone_ends_the_check)
{
	transcript good, t;
	make();
	take(&good, false);
	tally_loss_answer = is_gone;
	for (int reads = 0; reads < 900; reads += 150) {
		atomic_store(&good_reads, reads);
		tally_read_fault = fail_later;
		s.options.jobs = 1 + (unsigned)reads / 150 % 3;
		take(&t, true);
		tally_read_fault = NULL;
		expect_gone(&t);
		ck_assert_int_le(atomic_load(&looks), 40);
		atomic_store(&looks, 0);
		transcript_clear(&t);
		ck_assert_int_eq(unlink(checkpoint), 0);
	}
	/* Noted as far as it came, and whole when it is there again. */
	atomic_store(&good_reads, 500);
	s.options.jobs = 1;
	tally_read_fault = fail_later;
	take(&t, true);
	expect_gone(&t);
	transcript_clear(&t);
	tally_loss_answer = NULL;
	atomic_store(&bytes_of_big, 0);
	tally_read_fault = count_bytes;
	take(&t, true);
	tally_read_fault = NULL;
	ck_assert_str_eq(t.whole, good.whole);
	/* And what the lanes had in hand. */
	ck_assert_int_le(atomic_load(&bytes_of_big), (int)(132 * BLOCK + 5));
	transcript_clear(&good);
	transcript_clear(&t);
	stage_close(&s);
}
END_TEST

/* So many reads of the manifest behind its first chunk succeed: with 0 that for its hash fails, else a later one. */
static atomic_int good_chunks;

static int64_t fail_manifest(const tally_file *file, uint64_t offset, size_t size)
{
	(void)size;
	return is_manifest(file) && offset > 0 && atomic_fetch_sub(&good_chunks, 1) <= 0 ? -EIO : 0;
}

START_TEST(a_drive_that_is_gone_while_its_manifest_is_read)
{
	transcript t;
	make();
	tally_read_fault = fail_manifest;
	atomic_store(&good_chunks, _i);
	take(&t, false);
	ck_assert_ptr_nonnull(strstr(t.findings, "V-03"));
	transcript_clear(&t);
	tally_loss_answer = is_gone;
	atomic_store(&good_chunks, _i);
	take(&t, false);
	expect_gone(&t);
	transcript_clear(&t);
	tally_loss_answer = NULL;
	tally_read_fault = NULL;
	stage_close(&s);
}
END_TEST

static int64_t fail_metadata(const tally_file *file, uint64_t offset, size_t size)
{
	struct stat facts;
	(void)offset, (void)size;
	return stat(stage_place(&s, "disks/b.vhd.metadata"), &facts) == 0 && file->identity.inode == facts.st_ino ? -EIO
														  : 0;
}

START_TEST(a_drive_that_is_gone_while_a_side_file_is_read)
{
	transcript t;
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.jobs = 1;
	tally_read_fault = fail_metadata;
	take(&t, false);
	ck_assert_ptr_nonnull(strstr(t.findings, "V-33"));
	transcript_clear(&t);
	tally_loss_answer = is_gone;
	take(&t, false);
	expect_gone(&t);
	transcript_clear(&t);
	tally_loss_answer = NULL;
	tally_read_fault = NULL;
	stage_close(&s);
}
END_TEST

/* ---- other batches ---- */

#define SEGMENTS 700
#define FILES 200
#define PATH_SIZE 2595 /* of so many files: nearly all of TALLY_BATCH_TEXT */

/* Paths so long that the ids of blocks, which only some reports need, decide where a batch ends. */
static void make_long(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < FILES; i++) {
		char name[32], path[PATH_SIZE + 1], *at = path;
		snprintf(name, sizeof name, "data/%03u.bin", i);
		at += snprintf(path, sizeof path, "\\data\\%03u", i);
		while (at < path + PATH_SIZE)
			at += snprintf(
			    at, (size_t)(path + sizeof path - at), "\\%.150s",
			    "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-"
			    "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-");
		maker_add(m, &(maker_blob){.blob_path = name, .file_path = path, .size = 1});
	}
	maker_add(m,
		  &(maker_blob){.blob_path = "data/big.bin", .size = SEGMENTS * 16, .segment_size = 16, .ids = true});
	maker_end(m);
	maker_seal(m);
	s.options.jobs = 1;
	s.options.io = TALLY_IO_READ;
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
	s.options.checkpoint = checkpoint;
}

static int64_t fail_one_block(const tally_file *file, uint64_t offset, size_t size)
{
	const uint64_t bad = 400 * 16;
	if (file->size != SEGMENTS * 16 || offset >= bad + 16 || offset + size <= bad)
		return 0;
	return offset < bad ? (int64_t)(bad - offset) : -EIO;
}

static void on_segment(void *context, const tally_segment_report *segment)
{
	(void)context, (void)segment;
}

START_TEST(what_is_noted_counts_for_no_other_block)
{
	tally_summary summary;
	tally_error error;
	const tally_sink sinks[] = {{.segment = on_segment}, {0}};
	make_long();
	tally_read_fault = fail_one_block;
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(tally_check(&s.options, &sinks[(i ^ _i) & 1], &summary, &error), TALLY_OK);
		ck_assert_uint_eq(summary.unread, 1);
		ck_assert_uint_eq(summary.errors, 1);
		ck_assert_uint_eq(summary.segments_checked, FILES + SEGMENTS);
		tally_summary_clear(&summary);
	}
	tally_read_fault = NULL;
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {what_could_not_be_read_is_read_again, 0},
	    {what_was_left_unread_is_told, 0},
	    {a_drive_that_is_gone_ends_the_check, 0},
	    {a_drive_that_is_gone_while_its_manifest_is_read, 2},
	    {a_drive_that_is_gone_while_a_side_file_is_read, 0},
	    {what_is_noted_counts_for_no_other_block, 2},
	    {NULL, 0},
	};
	return suite_run("verify/unread", tests);
}
