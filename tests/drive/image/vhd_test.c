/* SPDX-License-Identifier: Apache-2.0 */
/* VHDs as they should be, and each way in which one can be broken. */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define HEADER_AT 512
#define TABLE_AT 1536
#define BLOCK 65536

static uint64_t footer_at(const char *path)
{
	return disk_size(path) - 512;
}

static void seal_footer(const char *path, uint64_t offset)
{
	disk_seal_vhd(path, offset, 512, 64);
}

static void seal_header(const char *path)
{
	disk_seal_vhd(path, HEADER_AT, 1024, 36);
}

START_TEST(reads_a_fixed_one)
{
	make_raw("raw", 5 * MIB + 512, 1);
	disk_write_vhd_fixed(at("raw"), at("disk"));
	open_disk(at("disk"), TALLY_DISK_VHD_FIXED);
	ck_assert_uint_eq(disk->layer->sector_size, 512);
	ck_assert_uint_eq(disk->notes.count, 0);
	expect_content(disk->layer, at("raw"));
	ck_assert_uint_eq(expect_located(disk->layer, at("raw")), 5 * MIB + 512);
}
END_TEST

START_TEST(reads_dynamic_ones)
{
	static const uint32_t blocks[] = {4096, 8192, BLOCK, 512 << 10, 2 << 20, 4 << 20};
	make_raw("raw", 33 * MIB + 512, 1);
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		disk_write_vhd_dynamic(at("raw"), at("disk"), blocks[i]);
		open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
		ck_assert_uint_eq(disk->layer->sector_size, 512);
		ck_assert_uint_eq(disk->notes.count, 0);
		expect_content(disk->layer, at("raw"));
		uint64_t located = expect_located(disk->layer, at("raw"));
		ck_assert_uint_lt(located, disk->layer->size);
		/* Small blocks are seldom without an empty sector, but some are. */
		ck_assert(located > 0 || blocks[i] > BLOCK);
	}
}
END_TEST

/* A sector that was never written reads as zeros, whatever is in its place. */
START_TEST(obeys_bitmaps)
{
	uint8_t bytes[3 * 512], zeros[512] = {0};
	make_raw("raw", 4 * MIB, 1);
	memset(bytes, 'x', sizeof bytes);
	disk_patch(at("raw"), 0, bytes, sizeof bytes);
	disk_write_vhd_dynamic(at("raw"), at("disk"), BLOCK);
	/* The first block's bitmap is behind the table; the second sector's bit is its second highest. */
	uint64_t bitmap = TABLE_AT + 512;
	disk_read(at("disk"), bitmap, bytes, 1);
	ck_assert_uint_eq(bytes[0] & 0xE0, 0xE0);
	bytes[0] &= 0xBF;
	disk_patch(at("disk"), bitmap, bytes, 1);
	disk_patch(at("raw"), 512, zeros, sizeof zeros);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	expect_content(disk->layer, at("raw"));
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), 0);
	ck_assert(bytes[511] == 'x' && bytes[512] == 0 && bytes[1023] == 0 && bytes[1024] == 'x');
}
END_TEST

enum { THREADS = 6 };

static pthread_barrier_t start;
static uint8_t expected[4 * MIB];
static atomic_bool differs;

/* All at once, so that several find out about the same bitmap. */
static void *read_through(void *unused)
{
	uint8_t bytes[3000];
	pthread_barrier_wait(&start);
	for (size_t offset = 0; offset < sizeof expected; offset += sizeof bytes) {
		size_t left = sizeof expected - offset, size = left < sizeof bytes ? left : sizeof bytes;
		int failed = tally_layer_read_all(disk->layer, offset, bytes, size);
		if (failed != 0 || memcmp(bytes, expected + offset, size) != 0)
			atomic_store(&differs, true);
	}
	return unused;
}

START_TEST(serves_many_threads)
{
	pthread_t threads[THREADS];
	make_raw("raw", sizeof expected, 1);
	disk_read(at("raw"), 0, expected, sizeof expected);
	disk_write_vhd_dynamic(at("raw"), at("disk"), BLOCK);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_through, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	ck_assert(!atomic_load(&differs));
}
END_TEST

static int fail_small_reads(uint64_t offset, size_t size)
{
	(void)offset;
	return size == 512 ? -EIO : 0;
}

static int fail_all_reads(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return -EIO;
}

START_TEST(reports_sectors_that_fail)
{
	uint8_t bytes[1000];
	tally_layer_place place;
	make_raw("raw", 4 * MIB, 1);
	disk_write_vhd_dynamic(at("raw"), at("disk"), BLOCK);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	tally_layer_fault = fail_small_reads;
	ck_assert_int_eq(tally_layer_read(disk->layer, 0, bytes, sizeof bytes, TALLY_LAYER_CACHED), -EIO);
	ck_assert(!tally_layer_locate(disk->layer, 0, &place));
	tally_layer_fault = NULL;
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), 0);
	/* Now it is known that there are empty sectors, and the bitmap is wanted again. */
	tally_layer_fault = fail_small_reads;
	int64_t got = tally_layer_read(disk->layer, 0, bytes, sizeof bytes, TALLY_LAYER_CACHED);
	ck_assert(got == -EIO || got == sizeof bytes);
	tally_layer_fault = fail_all_reads;
	ck_assert_int_eq(tally_layer_read(disk->layer, 0, bytes, sizeof bytes, TALLY_LAYER_CACHED), -EIO);
	tally_layer_fault = NULL;
}
END_TEST

START_TEST(reports_a_file_that_shrinks)
{
	uint8_t bytes[1000];
	make_raw("raw", 4 * MIB, 1);
	disk_write_vhd_dynamic(at("raw"), at("disk"), BLOCK);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), 0);
	disk_truncate(at("disk"), 4096);
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 2000, bytes, sizeof bytes), -ENODATA);
}
END_TEST

/* ---- footers ---- */

static void make_fixed(void)
{
	make_raw("raw", 2 * MIB, 1);
	disk_write_vhd_fixed(at("raw"), at("disk"));
}

static void make_dynamic(void)
{
	make_raw("raw", 2 * MIB, 1);
	disk_write_vhd_dynamic(at("raw"), at("disk"), BLOCK);
}

START_TEST(refuses_damaged_fixed_ones)
{
	make_fixed();
	flip(at("disk"), 2 * MIB + 70);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "footer is wrong, and no good copy");
	make_fixed();
	flip(at("disk"), 2 * MIB + 64);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "footer is wrong, and no good copy");
	make_fixed();
	put_be(at("disk"), 2 * MIB + 48, 8, 2 * MIB + 512);
	seal_footer(at("disk"), 2 * MIB);
	expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "the VHD's disk has 2097664 bytes, the file 2097664");
	/* A fixed one without its end is a raw image, to whoever looks at it. */
	disk_truncate(at("disk"), 2 * MIB);
	open_disk(at("disk"), TALLY_DISK_RAW);
}
END_TEST

START_TEST(judges_footers)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    {12, 4, 0x00020003, TALLY_DISK_FAULT_UNSUPPORTED, "version 2.3, not 1.0"},
	    {60, 4, 4, TALLY_DISK_FAULT_DIFFERENCING, "differencing disk"},
	    {60, 4, 0, TALLY_DISK_FAULT_UNSUPPORTED, "of type 0"},
	    {60, 4, 6, TALLY_DISK_FAULT_UNSUPPORTED, "of type 6"},
	    {48, 8, 0, TALLY_DISK_FAULT_INCONSISTENT, "has 0 bytes"},
	    {48, 8, 1000, TALLY_DISK_FAULT_INCONSISTENT, "has 1000 bytes"},
	    {48, 8, UINT64_MAX - 511, TALLY_DISK_FAULT_TRUNCATED, "cut off"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_dynamic();
		put_be(at("disk"), footer_at(at("disk")) + cases[i].at, cases[i].size, cases[i].value);
		seal_footer(at("disk"), footer_at(at("disk")));
		expect_problem(at("disk"), cases[i].fault, cases[i].text);
	}
}
END_TEST

START_TEST(uses_the_copy_of_a_footer)
{
	make_dynamic();
	flip(at("disk"), footer_at(at("disk")) + 100);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	expect_note(&disk->notes, "checksum of the VHD's footer is wrong; its copy");
	expect_content(disk->layer, at("raw"));
	disk_truncate(at("disk"), footer_at(at("disk")));
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	expect_note(&disk->notes, "doesn't end in its footer");
	expect_content(disk->layer, at("raw"));
	flip(at("disk"), 100);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "no good copy is there");

	make_dynamic();
	flip(at("disk"), 100);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	expect_note(&disk->notes, "copy of the footer at its start is damaged");
	expect_content(disk->layer, at("raw"));
	flip(at("disk"), 0);
	open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);

	/* What begins with a fixed disk's footer lost its end, or never was one. */
	make_dynamic();
	put_be(at("disk"), 60, 4, 2);
	seal_footer(at("disk"), 0);
	flip(at("disk"), footer_at(at("disk")));
	expect_problem(at("disk"), TALLY_DISK_FAULT_INCONSISTENT, "at the end only");
}
END_TEST

START_TEST(notes_a_saved_machine)
{
	make_fixed();
	put_be(at("disk"), 2 * MIB + 84, 1, 1);
	seal_footer(at("disk"), 2 * MIB);
	open_disk(at("disk"), TALLY_DISK_VHD_FIXED);
	expect_note(&disk->notes, "that was saved, not shut down");
}
END_TEST

/* ---- headers and tables ---- */

START_TEST(judges_headers)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    {0, 1, 'C', TALLY_DISK_FAULT_INCONSISTENT, "no header where its footer says (byte 512)"},
	    {24, 4, 0x00030000, TALLY_DISK_FAULT_UNSUPPORTED, "header has version 3.0"},
	    {32, 4, 0, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 0 bytes"},
	    {32, 4, 256, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 256 bytes"},
	    {32, 4, 65535, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 65535 bytes"},
	    {32, 4, 1u << 29, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 536870912 bytes"},
	    {28, 4, 31, TALLY_DISK_FAULT_INCONSISTENT, "table has 31 blocks, but its disk needs 32"},
	    {16, 8, UINT64_MAX - 3, TALLY_DISK_FAULT_TRUNCATED, "too few for its table of blocks"},
	    {16, 8, 1 << 30, TALLY_DISK_FAULT_TRUNCATED, "too few for its table of blocks"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_dynamic();
		put_be(at("disk"), HEADER_AT + cases[i].at, cases[i].size, cases[i].value);
		seal_header(at("disk"));
		expect_problem(at("disk"), cases[i].fault, cases[i].text);
	}
	make_dynamic();
	flip(at("disk"), HEADER_AT + 1000);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "header is wrong, and it has no copy");
	make_dynamic();
	put_be(at("disk"), footer_at(at("disk")) + 16, 8, UINT64_MAX);
	seal_footer(at("disk"), footer_at(at("disk")));
	expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "its header is at byte 18446744073709551615");
}
END_TEST

START_TEST(judges_tables)
{
	static const struct {
		uint32_t first, second;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    {0, 4, TALLY_DISK_FAULT_INCONSISTENT, "block 0 of the disk is said to lie on the VHD's footer"},
	    {1, 4, TALLY_DISK_FAULT_INCONSISTENT, "block 0 of the disk is said to lie on tables"},
	    {3, 400, TALLY_DISK_FAULT_INCONSISTENT, "block 0 of the disk is said to lie on tables"},
	    {4, 4, TALLY_DISK_FAULT_INCONSISTENT, "on top of each other (byte 2048 of the file)"},
	    {4, 132, TALLY_DISK_FAULT_INCONSISTENT, "on top of each other"},
	    {133, 4, TALLY_DISK_FAULT_NONE, ""},
	    {0xFFFFFFFE, 4, TALLY_DISK_FAULT_TRUNCATED, "block 0 of the disk ends at byte 2199023"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make_dynamic();
		for (unsigned n = 0; n < 32; n++)
			put_be(at("disk"), TABLE_AT + n * 4, 4,
			       n == 0   ? cases[i].first
			       : n == 1 ? cases[i].second
					: UINT32_MAX);
		if (cases[i].fault != TALLY_DISK_FAULT_NONE)
			expect_problem(at("disk"), cases[i].fault, cases[i].text);
		else
			open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
	}
}
END_TEST

/* Cut anywhere: a problem in words or, where nothing of the disk is lost, a note. */
START_TEST(refuses_truncated_ones)
{
	make_dynamic();
	uint64_t size = disk_size(at("disk"));
	disk_copy(at("disk"), at("whole"));
	for (uint64_t cut = size - 512; cut > 4096; cut -= cut < 5 * BLOCK ? 1024 : BLOCK / 2 + 17) {
		disk_copy(at("whole"), at("disk"));
		disk_truncate(at("disk"), cut);
		if (cut == size - 512)
			open_disk(at("disk"), TALLY_DISK_VHD_DYNAMIC);
		else
			expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "cut off");
	}
	disk_truncate(at("disk"), TABLE_AT + 100);
	expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "table of blocks");
	disk_truncate(at("disk"), 1000);
	expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "its header is at byte 512");
	disk_truncate(at("disk"), 511);
	open_disk(at("disk"), TALLY_DISK_RAW);
}
END_TEST

/* A table that would take gigabytes is refused before memory is taken for it, though the file is large enough. */
START_TEST(refuses_too_many_blocks)
{
	make_dynamic();
	uint64_t disk_bytes = (UINT64_C(1) << 24) * 512 + 512;
	put_be(at("disk"), HEADER_AT + 32, 4, 512);
	put_be(at("disk"), HEADER_AT + 28, 4, UINT32_MAX);
	seal_header(at("disk"));
	put_be(at("disk"), 48, 8, disk_bytes);
	seal_footer(at("disk"), 0);
	disk_truncate(at("disk"), UINT64_C(1) << 30);
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "more blocks than can be kept in memory");
}
END_TEST

START_TEST(survives_failing_reads)
{
	make_fixed();
	open_with_read_faults(at("disk"));
	make_dynamic();
	open_with_read_faults(at("disk"));
}
END_TEST

START_TEST(survives_failing_allocations)
{
	make_fixed();
	ck_assert_uint_eq(open_with_allocation_faults(at("disk")), 3);
	make_dynamic();
	/* The disk, the file, the layer, the table, its order, the bitmaps' states. */
	ck_assert_uint_eq(open_with_allocation_faults(at("disk")), 6);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    reads_a_fixed_one,
	    reads_dynamic_ones,
	    obeys_bitmaps,
	    serves_many_threads,
	    reports_sectors_that_fail,
	    reports_a_file_that_shrinks,
	    refuses_damaged_fixed_ones,
	    judges_footers,
	    uses_the_copy_of_a_footer,
	    notes_a_saved_machine,
	    judges_headers,
	    judges_tables,
	    refuses_truncated_ones,
	    refuses_too_many_blocks,
	    survives_failing_reads,
	    survives_failing_allocations,
	    NULL,
	};
	return image_suite("drive/image/vhd", tests);
}
