/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad media: reads that fail, give less, or give something else. Whatever happens to one segment, it is told exactly,
 * everything else is checked, and the way of reading makes no difference.
 */
#include "drive/drive.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/read_faults.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BLOCK ((uint64_t)1 << 20)
#define BIG "data/big.bin"
#define BIG_SIZE (3 * BLOCK + 12345)

static stage s;
static recorder found;
static tally_summary summary;
static tally_error error;

/* Large blocks, aligned and not, of files that end anywhere; and small files. */
static void make(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = BIG, .size = BIG_SIZE, .segment_size = BLOCK});
	maker_add(m, &(maker_blob){.blob_path = "data/odd.bin", .size = 2500001, .segment_size = 700001});
	maker_add(
	    m, &(maker_blob){.blob_path = "data/page.vhd", .size = 4 * BLOCK, .segment_size = 4 * BLOCK, .page = true});
	for (unsigned i = 0; i < 40; i++) {
		char path[32];
		snprintf(path, sizeof path, "small/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 1 + i * 997});
	}
	maker_end(m);
	maker_seal(m);
}

static tally_result check(void)
{
	recorder_begin(&found);
	tally_sink sink = {.context = &found, .finding = found.finder.put};
	return tally_check(&s.options, &sink, &summary, &error);
}

static void forget(void)
{
	recorder_clear(&found);
	tally_summary_clear(&summary);
}

/* ---- all ways alike ---- */

static const tally_io_mode modes[] = {TALLY_IO_AUTO, TALLY_IO_MMAP, TALLY_IO_READ, TALLY_IO_DIRECT};

static void nothing(void)
{
}

static void damage(void)
{
	stage_flip(&s, BIG, (off_t)(BLOCK + 77));
	stage_flip(&s, "data/page.vhd", 3999999);
	stage_resize(&s, "data/odd.bin", 1500000);
	stage_flip(&s, "small/17.bin", 3);
	stage_remove(&s, "small/18.bin");
}

static void make_unreadable(void)
{
	read_faults_fail(stage_place(&s, BIG), 2 * BLOCK - 8192, 2 * BLOCK + 4096, EIO);
}

static void make_reads_short(void)
{
	damage();
	read_faults_shorten(10007);
}

START_TEST(every_way_of_reading_finds_the_same)
{
	static const struct {
		void (*prepare)(void);
		const char *counts;
	} conditions[] = {
	    {nothing, "blob: Completed 43; segment: Completed 49"},
	    {damage, "blob: Completed 38, CompletedWithErrors 4, FileNotFound 1; "
		     "segment: Completed 43, Corrupted 3, FileUnexpectedEnd 2, Cancelled 1"},
	    {make_unreadable, "blob: Completed 42, CompletedWithErrors 1; segment: Completed 47, IOFailed 2"},
	    {make_reads_short, "blob: Completed 38, CompletedWithErrors 4, FileNotFound 1; "
			       "segment: Completed 43, Corrupted 3, FileUnexpectedEnd 2, Cancelled 1"},
	};
	static const unsigned jobs[] = {1, 2, 7};
	transcript first, other;
	make();
	conditions[_i].prepare();
	s.options.jobs = 1;
	s.options.io = TALLY_IO_READ;
	transcript_take(&first, &s.options);
	ck_assert_int_eq(first.result, TALLY_OK);
	ck_assert_str_eq(first.counts, conditions[_i].counts);
	for (size_t i = 0; i < COUNT(modes) * COUNT(jobs); i++) {
		s.options.io = modes[i % COUNT(modes)];
		s.options.jobs = jobs[i / COUNT(modes)];
		transcript_take(&other, &s.options);
		ck_assert_str_eq(other.whole, first.whole);
		transcript_clear(&other);
	}
	transcript_clear(&first);
	read_faults_clear();
	stage_close(&s);
}
END_TEST

/* ---- which bytes ---- */

START_TEST(unreadable_bytes_are_told_exactly)
{
	static const struct {
		uint64_t from, to;          /* what can't be read */
		uint64_t offset[2], end[2]; /* of the findings */
	} ranges[] = {
	    {0, 512, {0}, {512}},
	    {512, 1024, {512}, {1024}},
	    {3584, 4608, {3584}, {4608}},
	    {4096, 8192, {4096}, {8192}},
	    {262144, 262144 + 65536, {262144}, {262144 + 65536}},
	    {262144 + 1536, 262144 + 61440, {262144 + 1536}, {262144 + 61440}},
	    {1044480, 1048576, {1044480}, {1048576}},
	    {1044480, 1048576 + 4096, {1044480, 1048576}, {1048576, 1048576 + 4096}},
	    {3 * 1048576 + 8192, BIG_SIZE, {3 * 1048576 + 8192}, {BIG_SIZE}},
	};
	make();
	s.options.io = modes[_i % (int)COUNT(modes)];
	for (size_t i = 0; i < COUNT(ranges); i++) {
		size_t findings = ranges[i].end[1] != 0 ? 2 : 1;
		read_faults_fail(stage_place(&s, BIG), ranges[i].from, ranges[i].to, EIO);
		ck_assert_int_eq(check(), TALLY_OK);
		recorder_expect(&found, findings == 2 ? "V-22 V-22" : "V-22", "");
		for (size_t n = 0; n < findings; n++) {
			const recorded *f = &found.items[n];
			ck_assert_uint_eq(f->offset, ranges[i].offset[n]);
			ck_assert_uint_eq(f->offset + f->length, ranges[i].end[n]);
			ck_assert_str_eq(f->status->code, "IOFailed");
			ck_assert_ptr_nonnull(strstr(f->message, "; bad: "));
			ck_assert_ptr_nonnull(strstr(f->actual, strerror(EIO)));
		}
		ck_assert_uint_eq(summary.segments_checked, 49);
		forget();
	}
	read_faults_clear();
	stage_close(&s);
}
END_TEST

/* A disk tries for seconds before it gives up on a sector: a segment without a readable one must not take hours. */
START_TEST(what_is_dead_is_not_tried_to_its_end)
{
	make();
	read_faults_fail(stage_place(&s, "data/page.vhd"), BLOCK, 4 * BLOCK, EIO);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-22", "");
	ck_assert_uint_eq(found.items[0].offset, BLOCK);
	ck_assert_uint_eq(found.items[0].length, 3 * BLOCK);
	ck_assert_ptr_nonnull(strstr(found.items[0].message, "not tried to their end"));
	ck_assert_int_lt(read_faults_met(), 300);
	forget();
	read_faults_clear();
	stage_close(&s);
}
END_TEST

static int64_t fail_in_two_places(const tally_file *file, uint64_t offset, size_t size)
{
	static const uint64_t bad[] = {10240, 200704};
	if (file->size != BIG_SIZE)
		return 0;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (offset < bad[i] + 512 && offset + size > bad[i])
			return offset < bad[i] ? (int64_t)(bad[i] - offset) : -EIO;
	return 0;
}

START_TEST(several_ranges_of_a_segment_are_one_finding)
{
	make();
	tally_read_fault = fail_in_two_places;
	ck_assert_int_eq(check(), TALLY_OK);
	tally_read_fault = NULL;
	recorder_expect(&found, "V-22", "");
	ck_assert_uint_eq(found.items[0].offset, 10240);
	ck_assert_uint_eq(found.items[0].length, 512);
	ck_assert_ptr_nonnull(strstr(found.items[0].message, "bytes 10240 to 10751 of the file, and 1 more range"));
	forget();
	stage_close(&s);
}
END_TEST

/* ---- the n-th read of the large file, mapping it included ---- */

/* Runs checks until there is no n-th read any more. Returns how many there were. */
static unsigned for_every_read(int64_t answer, const char *rules)
{
	unsigned before = 0;
	for (unsigned nth = 1;; nth++) {
		read_faults_spoil_nth(BIG_SIZE, nth, answer);
		ck_assert_int_eq(check(), TALLY_OK);
		ck_assert_uint_eq(summary.segments_checked, 49);
		if (read_faults_met() == 0) {
			recorder_expect(&found, "", "");
			forget();
			break;
		}
		recorder_expect(&found, rules, "");
		if (found.count > 0)
			ck_assert_ptr_nonnull(strstr(found.items[0].message, "; flaky: "));
		before++;
		forget();
	}
	read_faults_clear();
	return before;
}

START_TEST(a_read_that_fails_once_is_flaky)
{
	make();
	s.options.io = _i == 0 ? TALLY_IO_READ : TALLY_IO_DIRECT;
	s.options.jobs = 1;
	ck_assert_uint_ge(for_every_read(-EIO, "V-22"), 4);
	stage_close(&s);
}
END_TEST

/* What can't be mapped is read. */
START_TEST(a_mapping_that_fails_once_is_nothing)
{
	make();
	s.options.io = TALLY_IO_MMAP;
	s.options.jobs = 1;
	for (unsigned nth = 1; nth <= 3; nth++) {
		read_faults_spoil_nth(BIG_SIZE, nth, -EIO);
		ck_assert_int_eq(check(), TALLY_OK);
		ck_assert_uint_gt(read_faults_counted(), nth);
		recorder_expect(&found, "", "");
		forget();
	}
	read_faults_clear();
	stage_close(&s);
}
END_TEST

START_TEST(a_short_read_is_nothing)
{
	make();
	s.options.io = modes[_i];
	s.options.jobs = 1;
	ck_assert_uint_ge(for_every_read(1000, ""), 4);
	stage_close(&s);
}
END_TEST

START_TEST(a_bit_that_flips_once_is_flaky)
{
	make();
	s.options.io = modes[_i];
	s.options.jobs = 1;
	ck_assert_uint_ge(for_every_read(0, "V-20"), 4);
	stage_close(&s);
}
END_TEST

static atomic_uint flips;

static void flip_differently(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size)
{
	if (file->size == BIG_SIZE && offset <= 100 && offset + size > 100)
		bytes[100 - offset] ^= (uint8_t)(1 + atomic_fetch_add(&flips, 1) % 7);
}

START_TEST(a_second_reading_tells_the_same_from_others)
{
	make();
	stage_flip(&s, BIG, 100);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-20", "");
	ck_assert_ptr_nonnull(
	    strstr(found.items[0].message, "; bad: a second reading, past the page cache, gave the same"));
	forget();
	atomic_store(&flips, 0);
	tally_read_damage = flip_differently;
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-20", "");
	ck_assert_ptr_nonnull(
	    strstr(found.items[0].message, "; bad: a second reading, past the page cache, gave other"));
	tally_read_damage = NULL;
	forget();
	stage_close(&s);
}
END_TEST

/* ---- what changes meanwhile ---- */

static void replace(void *context)
{
	(void)context;
	stage_write(&s, "data/new.bin", "another");
	stage_rename(&s, "data/new.bin", BIG);
}

START_TEST(a_file_that_is_replaced_is_told)
{
	make();
	s.options.io = modes[_i];
	read_faults_meanwhile(stage_place(&s, BIG), replace, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "V-15", "");
	ck_assert_str_eq(found.items[0].status->code, "IOFailed");
	ck_assert_str_eq(found.items[0].blob_path, BIG);
	ck_assert_uint_eq(summary.segments_checked, 49);
	forget();
	read_faults_clear();
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {every_way_of_reading_finds_the_same, 4},
	    {unreadable_bytes_are_told_exactly, COUNT(modes)},
	    {what_is_dead_is_not_tried_to_its_end, 0},
	    {several_ranges_of_a_segment_are_one_finding, 0},
	    {a_read_that_fails_once_is_flaky, 2},
	    {a_mapping_that_fails_once_is_nothing, 0},
	    {a_short_read_is_nothing, COUNT(modes)},
	    {a_bit_that_flips_once_is_flaky, COUNT(modes)},
	    {a_second_reading_tells_the_same_from_others, 0},
	    {a_file_that_is_replaced_is_told, COUNT(modes)},
	    {NULL, 0},
	};
	return suite_run("reading faults", tests);
}
