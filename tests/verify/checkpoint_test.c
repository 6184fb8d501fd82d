/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check that goes on from a checkpoint tells what one tells that was never interrupted, and reads nothing twice; a
 * checkpoint that isn't this drive's is refused and left alone.
 */
#include "drive/drive.h"
#include "io/disk.h"
#include "support/documents.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/checkpoint.h"
#include "verify/read_faults.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((uint64_t)64 << 10)

static stage s;
static char checkpoint[160];

/* Several batches; a file that is torn, one with a wrong byte, one that is missing, one with a bad sector. */
static void make(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = "data/bad.bin", .size = 5 * BLOCK + 77, .segment_size = BLOCK});
	for (unsigned i = 0; i < 4; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/many-%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 300 * 16, .segment_size = 16});
	}
	for (unsigned i = 0; i < 300; i++) {
		char path[32];
		snprintf(path, sizeof path, "small/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 1 + i * 13});
	}
	maker_end(m);
	maker_seal(m);
	stage_flip(&s, "data/many-1.bin", 1000);
	stage_resize(&s, "small/200.bin", 100);
	stage_remove(&s, "small/100.bin");
	s.options.jobs = 2;
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
}

static void break_sector(void)
{
	read_faults_fail(stage_place(&s, "data/bad.bin"), BLOCK + 4096, BLOCK + 4608, EIO);
}

static void take(transcript *t, bool with_checkpoint)
{
	s.options.checkpoint = with_checkpoint ? checkpoint : NULL;
	break_sector();
	transcript_take(t, &s.options);
	read_faults_clear();
}

typedef struct stopping {
	uint64_t calls, stop_at;
} stopping;

static bool on_progress(void *context, const tally_progress *progress)
{
	stopping *stop = context;
	(void)progress;
	return ++stop->calls != stop->stop_at;
}

static tally_result check_until(uint64_t call)
{
	stopping stop = {.stop_at = call};
	tally_sink sink = {.context = &stop, .progress = on_progress};
	tally_summary summary;
	tally_error error;
	s.options.checkpoint = checkpoint;
	tally_result result = tally_check(&s.options, &sink, &summary, &error);
	tally_summary_clear(&summary);
	return result;
}

static off_t size_of(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 ? facts.st_size : -1;
}

START_TEST(an_interrupted_check_ends_as_any_other)
{
	transcript whole, again;
	make();
	take(&whole, false);
	for (uint64_t call = 1;; call++) {
		break_sector();
		tally_result result = check_until(call);
		read_faults_clear();
		if (result == TALLY_OK)
			break;
		ck_assert_int_eq(result, TALLY_ERROR_STOPPED);
	}
	take(&again, true);
	ck_assert_str_eq(whole.whole, again.whole);
	ck_assert_ptr_nonnull(strstr(whole.counts, "Corrupted 1"));
	ck_assert_ptr_nonnull(strstr(whole.counts, "IOFailed 1"));
	ck_assert_ptr_nonnull(strstr(whole.counts, "FileUnexpectedEnd 1"));
	transcript_clear(&whole);
	transcript_clear(&again);
	stage_close(&s);
}
END_TEST

static atomic_uint reads;

static int64_t count_reads(const tally_file *file, uint64_t offset, size_t size)
{
	bool is_bad = file->size == 5 * BLOCK + 77;
	(void)size;
	/* The manifest is read anew, and so are side files, of which this drive has none; and the block that could not be.
	 */
	atomic_fetch_add(&reads, file->size < 100000 || (is_bad && offset / BLOCK != 1));
	return 0;
}

START_TEST(what_is_noted_is_not_read_again)
{
	transcript whole, again;
	make();
	transcript_take(&whole, &s.options);
	take(&again, true);
	transcript_clear(&again);
	off_t size = size_of(checkpoint);
	ck_assert_int_gt(size, TALLY_CHECKPOINT_HEAD);
	/* The sector has recovered since: only that is read. */
	s.options.io = TALLY_IO_READ;
	for (int round = 0; round < 2; round++) {
		atomic_store(&reads, 0);
		tally_read_fault = count_reads;
		transcript_take(&again, &s.options);
		tally_read_fault = NULL;
		ck_assert_str_eq(whole.whole, again.whole);
		ck_assert_uint_eq(atomic_load(&reads), 0);
		/* Its file and the one segment; the second time nothing. */
		ck_assert_int_eq(size_of(checkpoint), size + 20);
		if (round == 0)
			transcript_clear(&again);
	}
	transcript_clear(&whole);
	transcript_clear(&again);
	stage_close(&s);
}
END_TEST

START_TEST(a_file_that_changed_since_is_read_again)
{
	transcript before, whole, after;
	make();
	take(&before, true);
	stage_flip(&s, "small/7.bin", 5);
	stage_flip(&s, "data/many-1.bin", 1000); /* mended */
	stage_remove(&s, "small/8.bin");
	take(&after, true);
	ck_assert_str_ne(before.whole, after.whole);
	take(&whole, false);
	ck_assert_str_eq(whole.whole, after.whole);
	/* And what was noted of the new files counts from now on. */
	off_t size = size_of(checkpoint);
	transcript_clear(&after);
	take(&after, true);
	ck_assert_str_eq(whole.whole, after.whole);
	ck_assert_int_eq(size_of(checkpoint), size);
	transcript_clear(&before);
	transcript_clear(&whole);
	transcript_clear(&after);
	stage_close(&s);
}
END_TEST

static void write_checkpoint(const test_text *content, size_t size)
{
	FILE *file = fopen(checkpoint, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(content->data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_torn_or_rotten_checkpoint_costs_only_what_it_held)
{
	transcript whole, again;
	make();
	take(&whole, true);
	test_text content = file_read(checkpoint);
	for (unsigned round = 0; round < 60; round++) {
		size_t at = TALLY_CHECKPOINT_HEAD + (size_t)round * 7919 % (content.size - TALLY_CHECKPOINT_HEAD);
		if (round == 0)
			at = 0; /* nothing was written yet */
		if (round == 1)
			at = TALLY_CHECKPOINT_HEAD / 2; /* the head is torn */
		if (round % 2 == 0 || at < TALLY_CHECKPOINT_HEAD) {
			write_checkpoint(&content, at);
		} else {
			content.data[at] = (char)(content.data[at] ^ 1 << round % 8);
			write_checkpoint(&content, content.size);
			content.data[at] = (char)(content.data[at] ^ 1 << round % 8);
		}
		take(&again, true);
		ck_assert_msg(strcmp(whole.whole, again.whole) == 0, "round %u, byte %zu", round, at);
		transcript_clear(&again);
		ck_assert_int_ge(size_of(checkpoint), (off_t)content.size);
	}
	transcript_clear(&whole);
	text_clear(&content);
	stage_close(&s);
}
END_TEST

/* The check refuses the checkpoint with this sentence, and leaves the file as it is. */
static void expect_refusal(const char *path, const char *sentence)
{
	test_text before = file_read(path);
	transcript t;
	s.options.checkpoint = path;
	transcript_take(&t, &s.options);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_msg(strstr(t.error.message, sentence) != NULL, "%s", t.error.message);
	test_text after = file_read(path);
	ck_assert_uint_eq(before.size, after.size);
	ck_assert_int_eq(memcmp(before.data, after.data, after.size), 0);
	text_clear(&before);
	text_clear(&after);
	transcript_clear(&t);
}

START_TEST(what_is_not_this_drives_is_refused)
{
	transcript t;
	make();
	take(&t, true);
	transcript_clear(&t);
	test_text content = file_read(checkpoint);
	static const struct {
		size_t at;
		const char *sentence;
	} heads[] = {
	    {0, "is a file of another kind; it was left as it is"},
	    {20, "another version"},
	    {24, "another version"},
	    {56, "another manifest"},
	    {80, "another drive with the same manifest"},
	    {96, "another drive with the same manifest"},
	    {112, "another drive with the same manifest"},
	    {120, "a check of another kind"},
	};
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		content.data[heads[i].at] ^= 1;
		write_checkpoint(&content, content.size);
		content.data[heads[i].at] ^= 1;
		expect_refusal(checkpoint, heads[i].sentence);
	}
	write_checkpoint(&content, 0);
	text_clear(&content);
	stage_write(&s, "../notes.txt", "my notes");
	char notes[192];
	snprintf(notes, sizeof notes, "%s/notes.txt", s.root);
	expect_refusal(notes, "is a file of another kind; it was left as it is");
	stage_append(&s, "DriveManifest.xml", "\n");
	take(&t, true);
	transcript_clear(&t);
	stage_append(&s, "DriveManifest.xml", "\n");
	expect_refusal(checkpoint, "another manifest");
	stage_close(&s);
}
END_TEST

START_TEST(nothing_is_written_to_the_drive)
{
	transcript t;
	char path[256];
	make();
	snprintf(path, sizeof path, "%s/data/../checkpoint", s.drive);
	s.options.checkpoint = path;
	transcript_take(&t, &s.options);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(t.error.message, "would be on the drive"));
	ck_assert_int_eq(size_of(path), -1);
	transcript_clear(&t);
	snprintf(path, sizeof path, "%s/no/such/folder", s.root);
	transcript_take(&t, &s.options);
	ck_assert_int_eq(t.result, TALLY_ERROR_IO);
	ck_assert_int_eq(t.error.os_error, ENOENT);
	transcript_clear(&t);
	snprintf(path, sizeof path, "/dev/null");
	transcript_take(&t, &s.options);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(t.error.message, "is no regular file"));
	transcript_clear(&t);
	stage_close(&s);
}
END_TEST

/* The disk under the folder of this test, as if it were the drive: only looked at, not read. */
START_TEST(nothing_is_written_to_any_partition_of_the_disk)
{
	struct stat facts;
	tally_os_disk disk;
	tally_checkpoint *refused;
	tally_error error;
	char device[80];
	const tally_checkpoint_subject subject = {.kind = TALLY_MANIFEST_IMPORT};
	make();
	ck_assert_int_eq(stat(s.root, &facts), 0);
	bool known = tally_os_disk_of(facts.st_dev, &disk) == 0;
	snprintf(device, sizeof device, "/dev/%s", disk.name);
	if (known && stat(device, &facts) == 0 && S_ISBLK(facts.st_mode)) {
		ck_assert_int_eq(tally_checkpoint_open(checkpoint, device, &subject, &refused, &error),
				 TALLY_ERROR_ARGUMENT);
		ck_assert_ptr_nonnull(strstr(error.message, "would be on the drive"));
		ck_assert_int_eq(size_of(checkpoint), -1);
	} else {
		puts("not tested: the folder for temporary files is on no disk that can be seen");
	}
	stage_close(&s);
}
END_TEST

START_TEST(two_checks_do_not_share_one)
{
	transcript t;
	tally_checkpoint *held;
	tally_error error;
	make();
	take(&t, true);
	transcript_clear(&t);
	tally_checkpoint_subject subject = {.kind = TALLY_MANIFEST_IMPORT};
	ck_assert_int_eq(unlink(checkpoint), 0);
	ck_assert_int_eq(tally_checkpoint_open(checkpoint, s.drive, &subject, &held, &error), TALLY_OK);
	expect_refusal(checkpoint, "is in use by another check");
	tally_checkpoint_close(held);
	stage_close(&s);
}
END_TEST

START_TEST(a_full_disk_ends_the_check_and_loses_nothing)
{
	transcript whole, t;
	struct rlimit before, limit;
	make();
	take(&whole, false);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	for (limit.rlim_cur = 0; limit.rlim_cur < 12000; limit.rlim_cur += 1501) {
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		take(&t, true);
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
		ck_assert_int_eq(t.result, TALLY_ERROR_IO);
		ck_assert_int_eq(t.error.os_error, EFBIG);
		ck_assert_ptr_nonnull(strstr(t.error.message, "can't write the checkpoint"));
		ck_assert_int_eq(t.exit_status, 3);
		transcript_clear(&t);
	}
	take(&t, true);
	ck_assert_str_eq(whole.whole, t.whole);
	transcript_clear(&whole);
	transcript_clear(&t);
	stage_close(&s);
}
END_TEST

static tally_result check_with_checkpoint(void *context, tally_error *error)
{
	tally_summary summary;
	(void)context;
	tally_result result = tally_check(&s.options, NULL, &summary, error);
	tally_summary_clear(&summary);
	return result;
}

START_TEST(memory_that_runs_out)
{
	stage_open(&s);
	stage_make(&s, (const char *const[]){NULL});
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
	s.options.checkpoint = checkpoint;
	s.options.jobs = 1;
	ck_assert_uint_gt(faults_each(FAULTS_OURS, false, check_with_checkpoint, NULL, NULL), 10);
	stage_close(&s);
}
END_TEST

START_TEST(records_are_whole_or_none)
{
	tally_crc64_table table;
	tally_crc64_table_make(&table);
	const tally_checkpoint_record records[] = {
	    {.type = TALLY_CHECKPOINT_FILE,
	     .batch = 7,
	     .index = 3,
	     .identity = {.inode = UINT64_MAX, .size = 5, .modified_ns = -1}},
	    {.type = TALLY_CHECKPOINT_DONE, .batch = UINT32_MAX, .index = UINT16_MAX, .entry = 7},
	    {.type = TALLY_CHECKPOINT_FAILED,
	     .index = 511,
	     .entry = UINT64_MAX - 1,
	     .segment = {.outcome = TALLY_SEGMENT_CORRUPTED,
			 .second = TALLY_SECOND_FAILED,
			 .actual = {1, 2, 3},
			 .read = UINT64_MAX}},
	    {.type = TALLY_CHECKPOINT_FAILED, .segment = {.outcome = TALLY_SEGMENT_SHORT}},
	};
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		uint8_t bytes[TALLY_CHECKPOINT_RECORD_MAX];
		tally_checkpoint_record back;
		size_t size = tally_checkpoint_encode(&records[i], &table, bytes);
		ck_assert_uint_eq(tally_checkpoint_decode(&back, &table, bytes, sizeof bytes), size);
		ck_assert_int_eq(back.type, records[i].type);
		ck_assert_uint_eq(back.batch, records[i].batch);
		ck_assert_uint_eq(back.index, records[i].index);
		ck_assert(memcmp(&back.identity, &records[i].identity, sizeof back.identity) == 0);
		ck_assert_uint_eq(back.entry, records[i].entry);
		ck_assert_int_eq(back.segment.outcome, records[i].segment.outcome);
		ck_assert_uint_eq(back.segment.read, records[i].segment.read);
		ck_assert_int_eq(back.segment.second, records[i].segment.second);
		ck_assert(memcmp(back.segment.actual, records[i].segment.actual, 16) == 0);
		for (size_t cut = 0; cut < size; cut++)
			ck_assert_uint_eq(tally_checkpoint_decode(&back, &table, bytes, cut), 0);
		for (size_t bit = 0; bit < size * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_uint_eq(tally_checkpoint_decode(&back, &table, bytes, sizeof bytes), 0);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {an_interrupted_check_ends_as_any_other, 0},
	    {what_is_noted_is_not_read_again, 0},
	    {a_file_that_changed_since_is_read_again, 0},
	    {a_torn_or_rotten_checkpoint_costs_only_what_it_held, 0},
	    {what_is_not_this_drives_is_refused, 0},
	    {nothing_is_written_to_the_drive, 0},
	    {nothing_is_written_to_any_partition_of_the_disk, 0},
	    {two_checks_do_not_share_one, 0},
	    {a_full_disk_ends_the_check_and_loses_nothing, 0},
	    {memory_that_runs_out, 0},
	    {records_are_whole_or_none, 0},
	    {NULL, 0},
	};
	return suite_run("verify/checkpoint", tests);
}
