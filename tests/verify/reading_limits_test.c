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
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < files; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = size});
	}
	maker_end(m);
	maker_seal(m);
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

static bool was_asked, was_room;

/* While files are read, whoever else lives in this process can open some. */
static int64_t open_another(const tally_file *file, uint64_t offset, size_t size)
{
	(void)file, (void)offset, (void)size;
	if (was_asked)
		return 0;
	int fd = open("/dev/null", O_RDONLY);
	was_asked = true;
	was_room = fd >= 0;
	if (fd >= 0)
		close(fd);
	return 0;
}

/* Where in the medium's order more are opened than may be, they are closed again, and each is read in its turn. */
START_TEST(a_rotating_disk_with_few_files_is_read_to_its_end)
{
	enum { FILES = 200, SIZE = 3000 };
	tally_drive *drive;
	tally_batch batch;
	tally_reading reading;
	tally_worker *worker;
	struct rlimit before;
	char paths[FILES][32];
	make(FILES, SIZE);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .io = TALLY_IO_READ});
	reading.medium.rotational = true;
	ck_assert_uint_gt(reading.files, FILES + TALLY_DIGEST_LANES_MAX);
	batch.blob_count = batch.segment_count = FILES;
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(paths[i], sizeof paths[i], "\\data\\%u.bin", i);
		batch.blobs[i] = (tally_batch_blob){
		    .entry.file_path = paths[i], .first_segment = i, .segment_count = 1, .begins = true, .ends = true};
		batch.segments[i] = (tally_batch_segment){.entry = {.length = SIZE, .usable = true}, .blob = i};
	}
	ck_assert_int_eq(tally_worker_new(&worker, drive, &reading, false, false, &error), TALLY_OK);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){60, before.rlim_max}), 0);
	tally_read_fault = open_another;
	tally_worker_run(worker, &batch);
	tally_read_fault = NULL;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert(was_asked && was_room);
	ck_assert_int_eq(batch.result, TALLY_OK);
	ck_assert_uint_eq(batch.open_files, 0);
	for (unsigned i = 0; i < FILES; i++) {
		/* Nobody told the right hash, so each was read twice. */
		ck_assert_int_eq(batch.blobs[i].find, TALLY_FIND_OK);
		ck_assert_int_eq(batch.segments[i].outcome, TALLY_SEGMENT_CORRUPTED);
		ck_assert_int_eq(batch.segments[i].second, TALLY_SECOND_SAME);
		ck_assert_uint_eq(batch.segments[i].read, SIZE);
	}
	tally_worker_free(worker);
	tally_reading_destroy(&reading);
	tally_batch_release(&batch);
	tally_drive_close(drive);
	stage_close(&s);
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

static void drop(const char *path, uint64_t size)
{
	int fd = open(stage_place(&s, path), O_RDWR);
	ck_assert_int_ge(fd, 0);
	fsync(fd);
	tally_os_drop(fd, 0, size);
	close(fd);
}

START_TEST(what_was_cached_stays_and_nothing_else)
{
	static const tally_io_mode modes[] = {TALLY_IO_AUTO, TALLY_IO_MMAP, TALLY_IO_READ};
	static const uint64_t sizes[] = {16 * 1024, 6 * MIB};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		make(2, sizes[i]);
		s.options.io = modes[_i];
		drop("data/0.bin", sizes[i]);
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
		drop(path, SIZE);
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

/* ---- order ---- */

START_TEST(the_cursor_rests_where_all_is_cached)
{
	enum { FILES = 64, SIZE = 4096 };
	tally_drive *drive;
	tally_batch batch;
	tally_reading reading;
	tally_ahead ahead = {0};
	tally_arrivals arrivals = {.given_up = true};
	uint32_t queue[FILES];
	char paths[FILES][32];
	make(FILES, SIZE);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1});
	reading.medium.rotational = _i == 1;
	batch.blob_count = batch.segment_count = FILES;
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(paths[i], sizeof paths[i], "\\data\\%u.bin", i);
		batch.blobs[i] = (tally_batch_blob){.entry.file_path = paths[i]};
		batch.segments[i] = (tally_batch_segment){.entry = {.length = SIZE, .usable = true}, .blob = i};
		queue[i] = i;
	}
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, FILES);
	ck_assert(tally_ahead_rests(&ahead, 0));
	ck_assert_uint_lt(ahead.next, FILES);
	/* The next batch begins so. */
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, FILES);
	ck_assert_uint_eq(ahead.next, 0);
	ck_assert(tally_ahead_rests(&ahead, 5));
	tally_ahead_missed(&ahead, 5, -EAGAIN);
	ck_assert(batch.segments[queue[5]].give_back);
	/* It has found the rest in the cache, and rests again; until something can't be had so. */
	ck_assert_uint_ge(ahead.next, 6);
	ck_assert(tally_ahead_rests(&ahead, 6));
	/* A lane has begun with this one: it keeps its place, whatever order the others get. */
	uint32_t other = queue[7];
	queue[7] = queue[60];
	queue[60] = other;
	const uint32_t begun = queue[7];
	batch.segments[begun].entry.length = reading.buffer + 1;
	ahead.next = 6;
	ck_assert(!tally_ahead_rests(&ahead, 7));
	ck_assert_uint_eq(queue[7], begun);
	batch.segments[begun].entry.length = SIZE;
	tally_ahead_missed(&ahead, 8, -EOPNOTSUPP);
	ck_assert(!tally_ahead_rests(&ahead, 9));
	ck_assert_uint_eq(ahead.next, FILES);
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, FILES);
	ck_assert(!tally_ahead_rests(&ahead, 0));
	for (unsigned i = 0; i < FILES; i++)
		tally_batch_close(&batch, &batch.blobs[i]);
	tally_folder_leave(&batch.folder);
	tally_reading_destroy(&reading);
	tally_batch_release(&batch);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

START_TEST(a_rotating_disk_is_read_in_its_own_order)
{
	enum { FILES = 12 };
	tally_drive *drive;
	tally_batch batch;
	tally_reading reading;
	uint32_t queue[FILES];
	char paths[FILES][32];
	bool seen[FILES] = {0};
	make(FILES, 64 * 1024);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1});
	reading.medium.rotational = true;
	batch.blob_count = batch.segment_count = FILES;
	for (unsigned i = 0; i < FILES; i++) {
		/* The last is first, so that not by chance they are in order already. */
		snprintf(paths[i], sizeof paths[i], "\\data\\%u.bin", FILES - 1 - i);
		snprintf(s.text, sizeof s.text, "data/%u.bin", i);
		drop(s.text, 64 * 1024);
		batch.blobs[i] = (tally_batch_blob){.entry.file_path = paths[i]};
		batch.segments[i] = (tally_batch_segment){.entry = {.length = 64 * 1024, .usable = true}, .blob = i};
		queue[i] = i;
	}
	tally_ahead ahead = {0};
	tally_arrivals arrivals = {.given_up = true};
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, FILES);
	uint64_t last = 0;
	for (unsigned i = 0; i < FILES; i++) {
		uint64_t place = UINT64_MAX;
		ck_assert_uint_lt(queue[i], FILES);
		ck_assert(!seen[queue[i]]);
		seen[queue[i]] = true;
		tally_batch_blob *blob = &batch.blobs[queue[i]];
		ck_assert(blob->is_open);
		if (batch.segments[queue[i]].present || !tally_file_place(&blob->file, 0, &place))
			puts("not tested: nobody knows where this file is");
		else
			ck_assert_uint_ge(place, last);
		last = place == UINT64_MAX ? last : place;
		tally_batch_close(&batch, blob);
	}
	ck_assert_uint_eq(batch.open_files, 0);
	tally_reading_destroy(&reading);
	tally_batch_release(&batch);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

/* Lanes begin one after the other, and each stays far from the end of its segment: the cursor must be in front of all.
 */
START_TEST(no_lane_overtakes_the_reading_ahead)
{
	enum { SEGMENTS = 16 };
	const uint64_t size = 4 * MIB;
	tally_drive *drive;
	tally_batch batch;
	tally_reading reading;
	tally_ahead ahead = {0};
	tally_arrivals arrivals = {.given_up = true};
	uint32_t queue[SEGMENTS];
	stage_open(&s);
	stage_make(&s, NULL);
	stage_resize(&s, "disks/b.vhd", (off_t)(SEGMENTS * size));
	drop("disks/b.vhd", SEGMENTS * size);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .max_rate = 1});
	reading.medium.rotational = false;
	batch.blob_count = 1;
	batch.segment_count = SEGMENTS;
	batch.blobs[0] = (tally_batch_blob){.entry.file_path = "\\disks\\b.vhd"};
	for (unsigned i = 0; i < SEGMENTS; i++) {
		batch.segments[i] =
		    (tally_batch_segment){.entry = {.offset = i * size, .length = size, .usable = true}};
		queue[i] = i;
	}
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, SEGMENTS);
	ck_assert_uint_lt(ahead.next, SEGMENTS / 2);
	for (unsigned i = 0; i < SEGMENTS; i++) {
		ck_assert_uint_gt(ahead.next, i);
		tally_ahead_move(&ahead, &batch.segments[i], 0, 1);
		tally_ahead_move(&ahead, &batch.segments[i], 1, 1000);
	}
	ck_assert_uint_eq(ahead.next, SEGMENTS);
	tally_batch_close(&batch, &batch.blobs[0]);
	tally_reading_destroy(&reading);
	tally_batch_release(&batch);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

/* Of many threads each has a small buffer: a lane may be in the middle of a file that suits those that come whole. */
START_TEST(what_a_lane_reads_is_not_brought)
{
	enum { SIZE = 48 * 1024 };
	tally_drive *drive;
	tally_batch batch;
	tally_reading reading;
	tally_arrivals arrivals;
	tally_ahead ahead = {0};
	uint32_t queue[] = {0};
	make(1, SIZE);
	drop("data/0.bin", SIZE);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive, &(tally_reading_options){.jobs = 1, .io = _i == 0 ? TALLY_IO_AUTO : TALLY_IO_DIRECT});
	reading.buffer = 32 * 1024;
	tally_arrivals_init(&arrivals, &reading);
	batch.blob_count = batch.segment_count = 1;
	batch.blobs[0] = (tally_batch_blob){.entry.file_path = "\\data\\0.bin"};
	batch.segments[0] = (tally_batch_segment){.entry = {.length = SIZE, .usable = true}, .begun = true};
	tally_ahead_begin(&ahead, &reading, &arrivals, drive, &batch, queue, 1);
	ck_assert(batch.blobs[0].is_open);
	ck_assert_uint_eq(batch.segments[0].arrival, 0);
	ck_assert_int_eq(fcntl((int)batch.blobs[0].file.handle, F_GETFL) & O_DIRECT, 0);
	tally_arrivals_settle(&arrivals);
	tally_arrivals_release(&arrivals);
	tally_batch_close(&batch, &batch.blobs[0]);
	tally_reading_destroy(&reading);
	tally_batch_release(&batch);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {memory_does_not_grow_with_the_threads, 4},
	    {checks_side_by_side_share_memory_and_files, 4},
	    {the_medium_chooses_where_nobody_does, 0},
	    {few_files_may_be_open, 0},
	    {a_rotating_disk_with_few_files_is_read_to_its_end, 0},
	    {few_files_may_be_open_for_a_second_reading, 0},
	    {a_rate_is_kept, 2},
	    {a_check_that_waits_can_be_stopped, 0},
	    {what_was_cached_stays_and_nothing_else, 3},
	    {what_was_cached_stays_among_many_too, 3},
	    {the_cursor_rests_where_all_is_cached, 2},
	    {a_rotating_disk_is_read_in_its_own_order, 0},
	    {no_lane_overtakes_the_reading_ahead, 0},
	    {what_a_lane_reads_is_not_brought, 2},
	    {NULL, 0},
	};
	return suite_run("reading limits", tests);
}
