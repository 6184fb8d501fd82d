/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are not in the page cache: read many at once where the kernel can, with the same results as without. */
#include "io/pages.h"
#include "io/reads.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/arrivals.h"
#include "verify/read_faults.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILES 240

static stage s;
static bool at_once; /* the kernel and the file system have such a way */

static const char *name_of(unsigned i, char path[64])
{
	snprintf(path, 64, "data/%u/%u.bin", i % 7, i);
	return path;
}

/* From nothing to more than is read in this way, at borders of sectors and pages, too. */
static uint64_t size_of(unsigned i)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 513, 4095, 4096, 4097, 16384, 65535, 65536, 65537, 90000};
	uint64_t state = i + 1;
	maker_random(&state);
	return i % 3 == 0 ? sizes[i / 3 % (sizeof sizes / sizeof sizes[0])] : maker_random(&state) % 20000;
}

static void make(void)
{
	char path[64];
	stage_open(&s);
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < FILES; i++)
		maker_add(m, &(maker_blob){.blob_path = name_of(i, path),
					   .size = size_of(i),
					   /* Some files have several segments, which is another way. */
					   .segment_size = i % 10 == 9 ? 4096 : 0});
	maker_end(m);
	maker_seal(m);
}

/* One byte wrong, cut short, longer, gone: each in some files. */
static void break_some(void)
{
	char path[64];
	for (unsigned i = 50; i < FILES; i += 50) {
		name_of(i, path);
		if (size_of(i) == 0)
			continue;
		switch (i / 50 % 4) {
		case 0:
			stage_flip(&s, path, (off_t)size_of(i) - 1);
			break;
		case 1:
			stage_resize(&s, path, (off_t)size_of(i) - 1);
			break;
		case 2:
			stage_append(&s, path, "more");
			break;
		default:
			stage_remove(&s, path);
			break;
		}
	}
}

static void take_out_of_the_cache(unsigned i)
{
	char path[64];
	int fd = open(stage_place(&s, name_of(i, path)), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	fdatasync(fd);
	tally_os_drop(fd, 0, size_of(i) + 4096);
	close(fd);
}

static void probe(void)
{
	char path[64];
	tally_reads *reads = tally_reads_new(1);
	int fd = open(stage_place(&s, name_of(1, path)), O_RDONLY | O_CLOEXEC);
	at_once = reads != NULL && tally_os_set_direct(fd, true) == 0;
	close(fd);
	tally_reads_free(reads);
	if (!at_once)
		puts("SKIPPED in part: many reads at once can't be had here");
}

static void expect_the_same(const transcript *expected)
{
	transcript got;
	for (unsigned i = 0; i < FILES; i++)
		take_out_of_the_cache(i);
	atomic_store(&tally_reads_begun, 0);
	transcript_take(&got, &s.options);
	size_t same = 0;
	while (got.whole[same] == expected->whole[same] && got.whole[same] != '\0')
		same++;
	ck_assert_msg(got.whole[same] == expected->whole[same], "another report: %.300s\n----\n%.300s", got.whole + same,
		      expected->whole + same);
	unsigned begun = atomic_load(&tally_reads_begun);
	/* How few many threads have on their way is the scheduler's affair: what a lane gets to before, it reads itself. */
	if (at_once && !tally_reads_refused)
		ck_assert_msg(begun > (s.options.jobs == 1 ? FILES / 2 : 0), "%u of %u files came so", begun, FILES);
	else
		ck_assert_uint_eq(begun, 0);
	transcript_clear(&got);
}

START_TEST(results_are_the_same_with_and_without)
{
	transcript expected;
	make();
	break_some();
	probe();
	s.options.io = TALLY_IO_READ;
	transcript_take(&expected, &s.options);
	ck_assert_int_eq(expected.exit_status, 1);
	for (unsigned i = 0; i < 8; i++) {
		s.options.io = (i & 1) == 0 ? TALLY_IO_AUTO : TALLY_IO_DIRECT;
		s.options.jobs = (i & 2) == 0 ? 1 : 8;
		tally_reads_refused = (i & 4) != 0;
		expect_the_same(&expected);
	}
	tally_reads_refused = false;
	transcript_clear(&expected);
	stage_close(&s);
}
END_TEST

START_TEST(what_is_in_the_cache_is_taken_from_there)
{
	char path[64], bytes[4096];
	make();
	for (unsigned i = 0; i < FILES; i++) {
		int fd = open(stage_place(&s, name_of(i, path)), O_RDONLY | O_CLOEXEC);
		while (read(fd, bytes, sizeof bytes) > 0)
			;
		close(fd);
	}
	atomic_store(&tally_reads_begun, 0);
	transcript got;
	transcript_take(&got, &s.options);
	ck_assert_int_eq(got.exit_status, 0);
	ck_assert_uint_eq(atomic_load(&tally_reads_begun), 0);
	transcript_clear(&got);
	stage_close(&s);
}
END_TEST

/* Linux 5.9 and 5.10 give nothing of a file that is only partly in the cache, as if it ended there. */
START_TEST(a_cache_that_gives_nothing_is_no_end)
{
	char path[64], bytes[4096];
	transcript got;
	make();
	for (unsigned i = 0; i < FILES; i++) {
		int fd = open(stage_place(&s, name_of(i, path)), O_RDONLY | O_CLOEXEC);
		while (read(fd, bytes, sizeof bytes) > 0)
			;
		close(fd);
	}
	tally_cached_reads_end = true;
	s.options.jobs = 1;
	transcript_take(&got, &s.options);
	tally_cached_reads_end = false;
	ck_assert_str_eq(got.findings, "");
	ck_assert_int_eq(got.exit_status, 0);
	transcript_clear(&got);
	stage_close(&s);
}
END_TEST

/* A lane that was faster reads a file by itself. What comes all the same must not pass for the next file. */
START_TEST(what_nobody_took_is_waited_for)
{
	static const char *const paths[] = {"\\data\\1\\8.bin", "\\data\\2\\16.bin"};
	tally_batch_segment segments[2];
	tally_file files[2];
	tally_reading reading;
	tally_arrivals arrivals;
	tally_drive *drive;
	make();
	probe();
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, NULL), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .io = TALLY_IO_DIRECT});
	tally_arrivals_init(&arrivals, &reading);
	for (unsigned i = 0; i < 2; i++) {
		tally_text path = {paths[i], strlen(paths[i])};
		ck_assert_int_eq(tally_drive_find(drive, path, &files[i], NULL), TALLY_FIND_OK);
		segments[i] = (tally_batch_segment){.entry = {.length = files[i].size, .usable = true}};
	}
	ck_assert_uint_ne(files[0].size, files[1].size);
	for (unsigned round = 0; at_once && round < 100; round++) {
		const uint8_t *piece;
		uint8_t expected[20000];
		ck_assert(tally_arrivals_begin(&arrivals, &segments[0], &files[0]));
		tally_arrivals_submit(&arrivals);
		tally_arrivals_leave(&arrivals, segments[0].arrival);
		ck_assert(tally_arrivals_begin(&arrivals, &segments[1], &files[1]));
		ck_assert_uint_eq(segments[1].arrival, segments[0].arrival);
		tally_arrivals_submit(&arrivals);
		ck_assert_int_eq(tally_arrivals_take(&arrivals, &segments[1], &piece), (int64_t)files[1].size);
		ck_assert_int_eq(tally_file_read(&files[1], 0, expected, sizeof expected), (int64_t)files[1].size);
		ck_assert_mem_eq(piece, expected, files[1].size);
		tally_arrivals_leave(&arrivals, segments[1].arrival);
	}
	tally_arrivals_release(&arrivals);
	tally_reading_destroy(&reading);
	for (unsigned i = 0; i < 2; i++)
		tally_file_close(&files[i]);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

static atomic_uint waits;

/* The kernel is short of memory now and then, and takes a part of what it gets. */
static int take_a_part(void)
{
	return atomic_fetch_add(&waits, 1) % 3 != 2;
}

START_TEST(results_are_the_same_when_the_kernel_takes_parts)
{
	transcript expected;
	make();
	break_some();
	probe();
	s.options.io = TALLY_IO_READ;
	transcript_take(&expected, &s.options);
	tally_reads_wait_fault = take_a_part;
	for (unsigned i = 0; i < 4; i++) {
		s.options.io = (i & 1) == 0 ? TALLY_IO_AUTO : TALLY_IO_DIRECT;
		s.options.jobs = (i & 2) == 0 ? 1 : 8;
		expect_the_same(&expected);
	}
	tally_reads_wait_fault = NULL;
	transcript_clear(&expected);
	stage_close(&s);
}
END_TEST

static int refuse(void)
{
	return -EBADF;
}

/* A buffer that the kernel may still write into is nobody else's, not even when all is over. */
START_TEST(a_place_that_is_lost_is_not_used_again)
{
	const tally_text path = TALLY_TEXT("\\data\\1\\8.bin");
	static uint8_t *kept; /* so that nobody takes it for forgotten */
	tally_file file;
	tally_reading reading;
	tally_arrivals arrivals;
	tally_drive *drive;
	const uint8_t *piece;
	make();
	probe();
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, NULL), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .io = TALLY_IO_DIRECT});
	tally_arrivals_init(&arrivals, &reading);
	ck_assert_int_eq(tally_drive_find(drive, path, &file, NULL), TALLY_FIND_OK);
	tally_batch_segment segment = {.entry = {.length = file.size, .usable = true}};
	if (at_once) {
		tally_reads_wait_fault = refuse;
		ck_assert(tally_arrivals_begin(&arrivals, &segment, &file));
		const unsigned free_before = arrivals.free_count;
		/* What is there already needs no waiting: it was never handed over. */
		ck_assert(tally_arrivals_take(&arrivals, &segment, &piece) < 0);
		tally_arrivals_leave(&arrivals, segment.arrival);
		ck_assert_uint_eq(arrivals.free_count, free_before);
		ck_assert(arrivals.given_up);
		ck_assert(!tally_arrivals_are_full(&arrivals));
		ck_assert(!tally_arrivals_begin(&arrivals, &segment, &file));
		tally_arrivals_settle(&arrivals);
		ck_assert_uint_eq(arrivals.free_count, free_before);
		kept = arrivals.memory;
		tally_reads_wait_fault = NULL;
		/* The descriptor reads in the ordinary way again. */
		uint8_t byte;
		ck_assert_int_eq(tally_file_read(&file, 1, &byte, 1), 1);
	}
	tally_arrivals_release(&arrivals);
	/* It can still be written to. */
	if (at_once)
		kept[0] = 1;
	tally_reading_destroy(&reading);
	tally_file_close(&file);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

/* Nobody took it: its descriptor is one for reading in the ordinary way all the same. */
START_TEST(a_file_that_was_left_reads_as_any_other)
{
	const tally_text path = TALLY_TEXT("\\data\\1\\8.bin");
	tally_file file;
	tally_reading reading;
	tally_arrivals arrivals;
	tally_drive *drive;
	uint8_t byte;
	make();
	probe();
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, NULL), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .io = TALLY_IO_DIRECT});
	tally_arrivals_init(&arrivals, &reading);
	ck_assert_int_eq(tally_drive_find(drive, path, &file, NULL), TALLY_FIND_OK);
	tally_batch_segment segment = {.entry = {.length = file.size, .usable = true}};
	if (at_once) {
		ck_assert(tally_arrivals_begin(&arrivals, &segment, &file));
		ck_assert_int_ne(fcntl((int)file.handle, F_GETFL) & O_DIRECT, 0);
		tally_arrivals_leave(&arrivals, segment.arrival);
	}
	ck_assert_int_eq(fcntl((int)file.handle, F_GETFL) & O_DIRECT, 0);
	ck_assert_int_eq(tally_file_read(&file, 1, &byte, 1), 1);
	tally_arrivals_release(&arrivals);
	tally_reading_destroy(&reading);
	tally_file_close(&file);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

static void cut(void *context)
{
	const char *path = context;
	ck_assert_int_eq(truncate(path, 100), 0);
}

/* When it was opened it had all its bytes. */
START_TEST(a_file_is_cut_while_it_is_on_its_way)
{
	char path[64], place[400];
	transcript got;
	make();
	const unsigned victim = 10;
	ck_assert_uint_gt(size_of(victim), 100);
	snprintf(place, sizeof place, "%s", stage_place(&s, name_of(victim, path)));
	take_out_of_the_cache(victim);
	s.options.io = _i == 0 ? TALLY_IO_AUTO : TALLY_IO_DIRECT;
	read_faults_meanwhile(place, cut, place);
	transcript_take(&got, &s.options);
	ck_assert_int_gt(read_faults_met(), 0);
	read_faults_clear();
	ck_assert_msg(strstr(got.counts, "FileUnexpectedEnd 1") != NULL, "%s", got.counts);
	ck_assert_int_eq(got.exit_status, 1);
	transcript_clear(&got);
	stage_close(&s);
}
END_TEST

static unsigned left;

static bool go_on(void *context, const tally_progress *progress)
{
	(void)context;
	return strcmp(progress->stage, "checking") != 0 || left-- > 0;
}

START_TEST(a_check_is_stopped_with_many_on_their_way)
{
	make();
	s.options.io = TALLY_IO_DIRECT;
	s.options.jobs = 4;
	for (unsigned after = 0; after < 20; after++) {
		tally_summary summary;
		tally_error error;
		tally_sink sink = {.progress = go_on};
		left = after;
		tally_result result = tally_check(&s.options, &sink, &summary, &error);
		ck_assert(result == TALLY_OK || result == TALLY_ERROR_STOPPED);
		ck_assert(after > 0 || result == TALLY_ERROR_STOPPED);
		tally_summary_clear(&summary);
	}
	stage_close(&s);
}
END_TEST

static tally_result check_once(void *context, tally_error *error)
{
	(void)context;
	tally_summary summary;
	tally_result result = tally_check(&s.options, NULL, &summary, error);
	tally_summary_clear(&summary);
	return result;
}

START_TEST(memory_is_short)
{
	stage_open(&s);
	stage_make(&s, NULL);
	s.options.io = TALLY_IO_DIRECT;
	s.options.jobs = 1;
	ck_assert_uint_gt(faults_each(FAULTS_OURS, _i == 1, check_once, NULL, NULL), 20);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {results_are_the_same_with_and_without, 0},
	    {what_is_in_the_cache_is_taken_from_there, 0},
	    {a_cache_that_gives_nothing_is_no_end, 0},
	    {what_nobody_took_is_waited_for, 0},
	    {results_are_the_same_when_the_kernel_takes_parts, 0},
	    {a_place_that_is_lost_is_not_used_again, 0},
	    {a_file_that_was_left_reads_as_any_other, 0},
	    {a_file_is_cut_while_it_is_on_its_way, 2},
	    {a_check_is_stopped_with_many_on_their_way, 0},
	    {memory_is_short, 2},
	    {NULL, 0},
	};
	return suite_run("reading small files", tests);
}
