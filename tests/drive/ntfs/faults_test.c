/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out and disks that can't be read, at every single place. */
#include "base/bytes.h"
#include "fixture.h"
#include "support/faults.h"
#include "support/medium.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t seed = 3;
static const char *const paths[] = {"\\folder\\plain", "\\folder\\listed", "\\folder\\packed", "\\little"};
static const uint64_t lengths[] = {50000, 50000, 200000, 60};
#define FILES (sizeof paths / sizeof paths[0])
#define ENTRIES (FILES + 1) /* the junction is one to be told of */

static void make_volume(void)
{
	ntfs_options options = {.size = 4 << 20, .records = 64};
	ntfs_writer *w = begin(&options);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "junction", NTFS_WIN32}, 0xA0000003);
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = folder, .name = "plain", .content = noise(&seed, 50000), .pieces = 2});
	ntfs_writer_file(w, &(ntfs_file){.directory = folder,
					 .name = "listed",
					 .content = noise(&seed, 50000),
					 .pieces = 4,
					 .list_outside = true});
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = folder, .name = "packed", .content = soft(200000), .compress = true});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 60)});
	end(w);
}

static uint8_t expected_at(size_t file, uint64_t offset)
{
	return file == 2 ? soft_at(offset) : noise_at(seed, offset);
}

static bool visit(void *context, const tally_walk_entry *entry)
{
	++*(unsigned *)context;
	return entry->path != NULL;
}

/* ---- memory ---- */

static tally_result open_drive(tally_error *error)
{
	tally_ntfs_problem problem;
	tally_result result = tally_ntfs_open(layer, NULL, &volume, &problem, error);
	ck_assert(result != TALLY_OK || problem.outcome == TALLY_NTFS_OPEN);
	if (result == TALLY_OK)
		result = tally_drive_open_ntfs(volume, NULL, &drive, error);
	if (result == TALLY_OK)
		volume = NULL;
	return result;
}

static tally_result use_drive(void *context, tally_error *error)
{
	unsigned entries = 0;
	(void)context;
	tally_result result = open_drive(error);
	for (size_t i = 0; result == TALLY_OK && i < FILES; i++) {
		tally_file file;
		tally_find_detail detail;
		tally_find found = tally_drive_find(drive, (tally_text){paths[i], strlen(paths[i])}, &file, &detail);
		ck_assert(found == TALLY_FIND_OK || found == TALLY_FIND_NO_MEMORY);
		if (found == TALLY_FIND_OK)
			tally_file_close(&file);
		else
			result = tally_fail_memory(error);
	}
	if (result == TALLY_OK)
		result = tally_drive_walk(drive, visit, &entries, error);
	ck_assert(result != TALLY_OK || entries == ENTRIES);
	tally_drive_close(drive);
	tally_ntfs_close(volume);
	drive = NULL;
	volume = NULL;
	return result;
}

START_TEST(each_allocation_can_fail)
{
	tally_error error;
	make_volume();
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	/* The first time, libraries allocate what they keep. */
	size_t count = faults_each(FAULTS_OURS, _i == 1, use_drive, NULL, NULL);
	size_t before = heap_in_use();
	ck_assert_uint_eq(faults_each(FAULTS_OURS, _i == 1, use_drive, NULL, NULL), count);
	ck_assert_uint_ge(count, 25);
	ck_assert_uint_eq(heap_in_use(), before);
}
END_TEST

/* ---- reads ---- */

static unsigned countdown, reads;
static int failure;

/* This one and all that follow. */
static int fault(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	reads++;
	if (countdown > 0)
		countdown--;
	return countdown == 0 ? failure : 0;
}

/* One failure and no more. */
static int fault_once(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	reads++;
	return countdown > 0 && --countdown == 0 ? failure : 0;
}

/* Reads a file: the right bytes up to where it fails, and then nothing but the failure. Whether all of it came. */
static bool read_file(size_t i)
{
	static uint8_t bytes[65536];
	tally_file file;
	tally_find_detail detail;
	tally_find found = tally_drive_find(drive, (tally_text){paths[i], strlen(paths[i])}, &file, &detail);
	ck_assert_msg(found == TALLY_FIND_OK || found == TALLY_FIND_IO_FAILED, "%d: %s", (int)found, detail.text);
	if (found != TALLY_FIND_OK)
		return false;
	ck_assert_uint_eq(file.size, lengths[i]);
	uint64_t at = 0;
	while (at < file.size) {
		int64_t got = tally_file_read(&file, at, bytes, 7001);
		ck_assert_msg(got > 0 || got == -failure || got == failure, "%lld", (long long)got);
		if (got < 0)
			break;
		for (int64_t j = 0; j < got; j++)
			REQUIRE(bytes[j] == expected_at(i, at + (uint64_t)j), "file %zu, byte %llu", i,
				(unsigned long long)at + (unsigned long long)j);
		at += (uint64_t)got;
	}
	tally_file_close(&file);
	return at == lengths[i];
}

START_TEST(each_read_can_fail)
{
	tally_error error;
	make_volume();
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	failure = -EIO;
	const bool lasting = _i == 1;
	tally_layer_fault = lasting ? fault : fault_once;
	size_t opened = 0, refused = 0;
	for (unsigned n = 1;; n++) {
		tally_ntfs_problem problem;
		countdown = n;
		reads = 0;
		ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
		if (volume == NULL) {
			ck_assert(problem.outcome == TALLY_NTFS_UNREADABLE || problem.outcome == TALLY_NTFS_DAMAGED);
			ck_assert(problem.text[0] != '\0');
			refused++;
			continue;
		}
		opened++;
		make_drive();
		size_t whole = 0;
		for (size_t i = 0; i < FILES; i++)
			whole += read_file(i);
		unsigned entries = 0;
		ck_assert_int_eq(tally_drive_walk(drive, visit, &entries, &error), TALLY_OK);
		tally_drive_close(drive);
		drive = NULL;
		ck_assert_uint_le(entries, ENTRIES);
		if (reads < n) {
			ck_assert_uint_eq(whole, FILES);
			ck_assert_uint_eq(entries, ENTRIES);
			break;
		}
	}
	tally_layer_fault = NULL;
	ck_assert_uint_ge(opened, 10);
	/* A single failure never ends it all: boot sector and first record are there twice. */
	ck_assert(lasting ? refused > 0 : refused == 0);
}
END_TEST

/* A bad sector in $MFT costs the records in it and no others. */
static uint64_t bad_from, bad_to;

static int fault_range(uint64_t offset, size_t size)
{
	return offset < bad_to && offset + size > bad_from ? -EIO : 0;
}

static void make_many(void)
{
	ntfs_options options = {.size = 8 << 20, .records = 2000};
	char name[16];
	ntfs_writer *w = begin(&options);
	for (unsigned i = 0; i < 1900; i++) {
		snprintf(name, sizeof name, "%04u", i);
		ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = name});
	}
	end(w);
}

START_TEST(bad_sector_in_mft_costs_its_records)
{
	make_many();
	bad_from = (uint64_t)(record_bytes(1000) - image);
	bad_to = bad_from + 512;
	tally_layer_fault = fault_range;
	open_image();
	/* 4 KiB of records. */
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 4);
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->files, 1900 + 14 - 4);
	ck_assert_uint_eq(record_of("0971"), 24 + 971);
	make_drive();
	tally_file file;
	tally_find_detail detail;
	ck_assert_int_eq(tally_drive_find(drive, TALLY_TEXT("\\0976"), &file, &detail), TALLY_FIND_IO_FAILED);
	ck_assert_str_eq(detail.text, "\\0976 was not found, but may be lost: 4 records of $MFT can't be read");
	tally_layer_fault = NULL;
}
END_TEST

static unsigned told;

static bool stop_at_third(void *context, uint64_t done, uint64_t total)
{
	(void)context;
	ck_assert_uint_le(done, total);
	return ++told < 3;
}

/* A disk takes seconds for each read that fails: it must be few, and one may stop between the pieces. */
START_TEST(bad_sector_in_mft_costs_a_few_reads)
{
	tally_ntfs_problem problem;
	tally_error error;
	make_many();
	medium_begin(image_path, 256 << 10);
	medium_spoil((uint64_t)(record_bytes(1000) - image), 512);
	ck_assert_int_eq(tally_layer_open_file(image_path, &layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
	ck_assert_ptr_nonnull(volume);
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 4);
	ck_assert_uint_le(medium_failures(), 6);
	close_all();
	const tally_ntfs_options options = {.progress = stop_at_third};
	ck_assert_int_eq(tally_layer_open_file(image_path, &layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, &options, &volume, &problem, &error), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(told, 3);
	medium_end();
}
END_TEST

static void expect_bad(tally_ntfs_outcome outcome, const char *text)
{
	tally_error error;
	tally_ntfs_problem problem;
	close_all();
	ck_assert_int_eq(tally_layer_open_file(image_path, &layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
	medium_end();
	ck_assert_ptr_null(volume);
	ck_assert_int_eq(problem.outcome, outcome);
	ck_assert_int_eq(problem.os_error, EIO);
	ck_assert_str_eq(problem.text, text);
}

/* What nothing else has a copy of that can be read. */
START_TEST(bad_sectors_where_the_volume_begins)
{
	make_volume();
	medium_begin(image_path, 4096);
	medium_spoil(0, 512);
	medium_spoil(image_size - 4096, 4096);
	expect_bad(TALLY_NTFS_UNREADABLE, "its boot sector can't be read");
	medium_begin(image_path, 4096);
	medium_spoil((uint64_t)(record_bytes(0) - image), 512);
	const uint64_t cluster = (uint64_t)image[13] * 512, mirror = tally_le64(image + 56) * cluster;
	medium_spoil(mirror, 512);
	expect_bad(TALLY_NTFS_UNREADABLE, "the first record of $MFT can't be read, and its mirror is of no use");
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_allocation_can_fail, 2},
	    {each_read_can_fail, 2},
	    {bad_sector_in_mft_costs_its_records, 0},
	    {bad_sector_in_mft_costs_a_few_reads, 0},
	    {bad_sectors_where_the_volume_begins, 0},
	    {NULL, 0},
	};
	return fixture_run("ntfs_faults", tests);
}
