/* SPDX-License-Identifier: Apache-2.0 */
/* In what order files are opened and read, and how far ahead. */
#include "digest/digest.h"
#include "drive/drive_class.h"
#include "support/suite.h"
#include "verify/ahead.h"
#include "verify/batch.h"
#include "verify/reading.h"
#include "verify/stage.h"
#include "verify/worker.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MIB ((uint64_t)1 << 20)

static stage s;
static tally_error error;

static void make(unsigned files, uint64_t size)
{
	stage_open(&s);
	stage_make_files(&s, files, size, 0);
}

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
		stage_drop(&s, s.text, 64 * 1024);
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
	stage_drop(&s, "disks/b.vhd", SEGMENTS * size);
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
	stage_drop(&s, "data/0.bin", SIZE);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_batch_init(&batch, &error), TALLY_OK);
	tally_reading_init(&reading, drive,
			   &(tally_reading_options){.jobs = 1, .io = _i == 0 ? TALLY_IO_AUTO : TALLY_IO_DIRECT});
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

int main(void)
{
	const suite_test tests[] = {
	    {the_cursor_rests_where_all_is_cached, 2},
	    {a_rotating_disk_is_read_in_its_own_order, 0},
	    {no_lane_overtakes_the_reading_ahead, 0},
	    {what_a_lane_reads_is_not_brought, 2},
	    {a_rotating_disk_with_few_files_is_read_to_its_end, 0},
	    {NULL, 0},
	};
	return suite_run("reading order", tests);
}
