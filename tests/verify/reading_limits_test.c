/* SPDX-License-Identifier: Apache-2.0 */
/* What reading takes: of memory, of files that may be open, of time, and of the page cache. */
#include "digest/digest.h"
#include "drive/drive_class.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/ahead.h"
#include "verify/batch.h"
#include "verify/reading.h"
#include "verify/stage.h"
#include "verify/transcript.h"
#include "verify/worker.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MIB ((uint64_t)1 << 20)

static stage s;
static recorder found;
static tally_summary summary;
static tally_error error;

static void make(unsigned files, uint64_t size)
{
	stage_open(&s);
	stage_make_files(&s, files, size, 0);
}

static tally_result check(bool (*progress)(void *context, const tally_progress *progress))
{
	recorder_begin(&found);
	tally_sink sink = {.context = &found, .finding = found.finder.put, .progress = progress};
	return tally_check(&s.options, &sink, &summary, &error);
}

static void end(void)
{
	recorder_clear(&found);
	tally_summary_clear(&summary);
	stage_close(&s);
}

/* ---- memory ---- */

START_TEST(memory_does_not_grow_with_the_threads)
{
	static const tally_io_mode modes[] = {TALLY_IO_AUTO, TALLY_IO_MMAP, TALLY_IO_READ, TALLY_IO_DIRECT};
	tally_drive *drive;
	stage_open(&s);
	stage_make(&s, NULL);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	const size_t batch = TALLY_BATCH_TEXT + TALLY_BATCH_BLOBS * sizeof(tally_batch_blob) +
			     TALLY_BATCH_SEGMENTS * sizeof(tally_batch_segment);
	for (unsigned jobs = 0; jobs <= 256; jobs++) {
		tally_reading r;
		tally_reading_init(&r, drive, &(tally_reading_options){.jobs = jobs, .io = modes[_i]});
		size_t lanes = (size_t)r.workers * TALLY_DIGEST_LANES_MAX;
		uint64_t windows = r.guards ? r.workers * r.window_room : 0;
		uint64_t memory = lanes * r.buffer + windows + r.slots * batch + r.workers * r.arrivals_room;
		ck_assert_msg(memory <= 200 * MIB, "%u jobs: %llu bytes", jobs, (unsigned long long)memory);
		ck_assert_uint_ge(r.workers, 1);
		ck_assert_uint_gt(r.slots, r.workers);
		ck_assert_uint_ge(r.buffer, 16384);
		ck_assert_uint_eq(r.buffer % TALLY_MEDIUM_ALIGNMENT, 0);
		if (jobs >= 1 && jobs <= 16)
			ck_assert_uint_eq(r.workers, jobs);
		tally_reading_destroy(&r);
	}
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

/* ---- side by side ---- */

static bool rotates;

static tally_os_medium medium(const tally_drive *drive)
{
	(void)drive;
	return (tally_os_medium){.rotational = rotates, .readahead = 128 << 10};
}

static const tally_drive_class only_a_medium = {.medium = medium};

/* However many run at once, together they take what one would. */
START_TEST(checks_side_by_side_share_memory_and_files)
{
	static const rlim_t limits[] = {256, 1024, 4096, 1 << 20};
	static const tally_io_mode modes[] = {TALLY_IO_AUTO, TALLY_IO_DIRECT};
	tally_drive drive_of_its_own = {&only_a_medium};
	const size_t batch = TALLY_BATCH_TEXT + TALLY_BATCH_BLOBS * sizeof(tally_batch_blob) +
			     TALLY_BATCH_SEGMENTS * sizeof(tally_batch_segment);
	struct rlimit before;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	rlim_t limit = limits[_i] < before.rlim_max ? limits[_i] : before.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){limit, before.rlim_max}), 0);
	const unsigned most = tally_reading_checks_max();
	ck_assert_uint_eq(most, limit == 256 ? 3 : TALLY_READING_CHECKS_MAX);
	for (unsigned checks = 1; checks <= most; checks++)
		for (unsigned jobs = 0; jobs <= 256; jobs = jobs * 2 + 1) {
			tally_reading r;
			rotates = jobs % 2 == 0;
			tally_reading_init(
			    &r, &drive_of_its_own,
			    &(tally_reading_options){.jobs = jobs, .checks = checks, .io = modes[jobs / 2 % 2]});
			size_t lanes = (size_t)r.workers * TALLY_DIGEST_LANES_MAX;
			uint64_t memory = lanes * r.buffer + (r.guards ? r.workers * r.window_room : 0) +
					  r.slots * batch + r.workers * r.arrivals_room;
			/* A folder, a ring and three on the way for each worker; of each drive some, and of the
			 * program. */
			uint64_t files = 48 + checks * (16 + r.workers * (uint64_t)(r.files + 6));
			ck_assert_msg(memory * checks <= 200 * MIB, "%u checks of %u jobs: %llu bytes", checks, jobs,
				      (unsigned long long)memory * checks);
			ck_assert_msg(files <= limit, "%u checks of %u jobs: %llu files", checks, jobs,
				      (unsigned long long)files);
			ck_assert_uint_gt(r.files, TALLY_DIGEST_LANES_MAX);
			ck_assert_uint_ge(r.workers, 1);
			ck_assert_uint_gt(r.slots, r.workers);
			tally_reading_destroy(&r);
		}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

START_TEST(the_medium_chooses_where_nobody_does)
{
	tally_drive drive_of_its_own = {&only_a_medium};
	const unsigned processors = tally_reading_processors();
	for (unsigned checks = 1; checks <= 8; checks++)
		for (int turns = 0; turns < 2; turns++) {
			const unsigned own = processors / checks > 0 ? processors / checks : 1;
			tally_reading r;
			rotates = turns == 1;
			ck_assert_uint_eq(tally_reading_processors_of(checks), own);
			tally_reading_init(&r, &drive_of_its_own, &(tally_reading_options){.checks = checks});
			ck_assert_uint_le(r.workers, rotates && own > 2 ? 2 : own);
			tally_reading_destroy(&r);
			tally_reading_init(&r, &drive_of_its_own,
					   &(tally_reading_options){.jobs = 3, .checks = checks});
			ck_assert_uint_eq(r.workers, 3);
			tally_reading_destroy(&r);
		}
}
END_TEST

/* ---- open files ---- */

START_TEST(few_files_may_be_open)
{
	struct rlimit before, few;
	make(600, 5000);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 160;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	s.options.jobs = 16;
	ck_assert_int_eq(check(NULL), TALLY_OK);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	recorder_expect(&found, "", "");
	ck_assert_uint_eq(summary.segments_checked, 600);
	end();
}
END_TEST

/* Which findings have had a second reading must not depend on how many files may be open. */
START_TEST(few_files_may_be_open_for_a_second_reading)
{
	enum { FILES = 250 };
	struct rlimit before, few;
	transcript first, other;
	make(FILES, 5000);
	for (unsigned i = 0; i < FILES; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/%u.bin", i);
		stage_flip(&s, path, i);
	}
	transcript_take(&first, &s.options);
	size_t told = 0;
	for (const char *at = first.whole; (at = strstr(at, "; bad: a second reading")) != NULL; at++)
		told++;
	ck_assert_uint_eq(told, FILES);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	for (unsigned jobs = 1; jobs <= 4; jobs += 3) {
		few.rlim_cur = 96 + jobs * 50;
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		s.options.jobs = jobs;
		transcript_take(&other, &s.options);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		ck_assert_str_eq(first.whole, other.whole);
		transcript_clear(&other);
	}
	transcript_clear(&first);
	stage_close(&s);
}
END_TEST

/* ---- time ---- */

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

START_TEST(a_rate_is_kept)
{
	make(8, MIB);
	s.options.max_rate = 32 * MIB;
	s.options.jobs = (unsigned)_i + 1;
	double start = now();
	ck_assert_int_eq(check(NULL), TALLY_OK);
	double took = now() - start;
	recorder_expect(&found, "", "");
	/* 8 MiB take a quarter of a second; for the first ones nobody waits, but for no more than a tenth and a piece.
	 */
	ck_assert_msg(took > 0.1, "%f s", took);
	end();
}
END_TEST

static unsigned calls;
static bool stop_later(void *context, const tally_progress *progress)
{
	(void)context;
	return strcmp(progress->stage, "checking") != 0 || ++calls < 3;
}

/* At one byte a second this would take days: who waits is asked, and who sleeps is woken. */
START_TEST(a_check_that_waits_can_be_stopped)
{
	make(8, MIB);
	s.options.max_rate = 1;
	s.options.jobs = 3;
	calls = 0;
	ck_assert_int_eq(check(stop_later), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(calls, 3);
	end();
}
END_TEST

/* ---- the page cache ---- */

static tally_os_presence presence(const char *path, uint64_t size)
{
	int fd = open(stage_place(&s, path), O_RDONLY);
	ck_assert_int_ge(fd, 0);
	tally_os_presence is = tally_os_cached(fd, 0, size);
	close(fd);
	return is;
}

START_TEST(what_was_cached_stays_and_nothing_else)
{
	static const tally_io_mode modes[] = {TALLY_IO_AUTO, TALLY_IO_MMAP, TALLY_IO_READ};
	static const uint64_t sizes[] = {16 * 1024, 6 * MIB};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		make(2, sizes[i]);
		s.options.io = modes[_i];
		stage_drop(&s, "data/0.bin", sizes[i]);
		/* A file system in memory keeps everything. */
		bool can_drop = presence("data/0.bin", sizes[i]) == TALLY_OS_ABSENT;
		ck_assert_int_eq(presence("data/1.bin", sizes[i]), TALLY_OS_PRESENT);
		ck_assert_int_eq(check(NULL), TALLY_OK);
		recorder_expect(&found, "", "");
		if (can_drop)
			ck_assert_int_eq(presence("data/0.bin", sizes[i]), TALLY_OS_ABSENT);
		else
			puts("not tested: this file system keeps all files in memory");
		ck_assert_int_eq(presence("data/1.bin", sizes[i]), TALLY_OS_PRESENT);
		end();
	}
}
END_TEST

/* Many small files, nearly all of them cached: few are asked about, and what is said of them is the same. */
START_TEST(what_was_cached_stays_among_many_too)
{
	enum { FILES = 600, SIZE = 16 * 1024 };
	static const unsigned dropped[] = {0, 40, 41, 42, 300, 599};
	make(FILES, SIZE);
	s.options.jobs = (unsigned)_i + 1;
	bool can_drop = true;
	char path[32];
	for (size_t i = 0; i < COUNT(dropped); i++) {
		snprintf(path, sizeof path, "data/%u.bin", dropped[i]);
		stage_drop(&s, path, SIZE);
		can_drop &= presence(path, SIZE) == TALLY_OS_ABSENT;
	}
	stage_flip(&s, "data/100.bin", 5);
	ck_assert_int_eq(check(NULL), TALLY_OK);
	ck_assert_uint_eq(summary.errors, 1);
	ck_assert_uint_eq(summary.segments_checked, FILES);
	for (size_t i = 0; i < COUNT(dropped) && can_drop; i++) {
		snprintf(path, sizeof path, "data/%u.bin", dropped[i]);
		ck_assert_int_eq(presence(path, SIZE), TALLY_OS_ABSENT);
	}
	ck_assert_int_eq(presence("data/39.bin", SIZE), TALLY_OS_PRESENT);
	ck_assert_int_eq(presence("data/43.bin", SIZE), TALLY_OS_PRESENT);
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {memory_does_not_grow_with_the_threads, 4},
	    {checks_side_by_side_share_memory_and_files, 4},
	    {the_medium_chooses_where_nobody_does, 0},
	    {few_files_may_be_open, 0},
	    {few_files_may_be_open_for_a_second_reading, 0},
	    {a_rate_is_kept, 2},
	    {a_check_that_waits_can_be_stopped, 0},
	    {what_was_cached_stays_and_nothing_else, 3},
	    {what_was_cached_stays_among_many_too, 3},
	    {NULL, 0},
	};
	return suite_run("reading limits", tests);
}
