/* SPDX-License-Identifier: Apache-2.0 */
/* VHDXs as they should be, and each way in which one can be broken. */
#include "fixture.h"

#include <errno.h>

/* Where the writer puts things. */
#define HEADER_1 (64 * KIB)
#define HEADER_2 (128 * KIB)
#define REGIONS_1 (192 * KIB)
#define REGIONS_2 (256 * KIB)
#define METADATA (2 * MIB)
#define BAT (3 * MIB)
#define TABLE_SIZE ((size_t)65536)

static void seal_headers(const char *path)
{
	disk_seal_vhdx(path, HEADER_1, 4096);
	disk_seal_vhdx(path, HEADER_2, 4096);
}

static void seal_regions(const char *path)
{
	disk_seal_vhdx(path, REGIONS_1, TABLE_SIZE);
	disk_seal_vhdx(path, REGIONS_2, TABLE_SIZE);
}

/* Both copies of a field, which is `offset` from where they begin. */
static void put_headers(const char *path, uint64_t offset, unsigned size, uint64_t number)
{
	put_le(path, HEADER_1 + offset, size, number);
	put_le(path, HEADER_2 + offset, size, number);
	seal_headers(path);
}

static void put_regions(const char *path, uint64_t offset, unsigned size, uint64_t number)
{
	put_le(path, REGIONS_1 + offset, size, number);
	put_le(path, REGIONS_2 + offset, size, number);
	seal_regions(path);
}

static void make(void)
{
	make_raw("raw", 4 * MIB, 1);
	disk_write_vhdx(at("raw"), at("disk"), MIB, 512);
}

static void expect_good(const char *note)
{
	open_disk(at("disk"), TALLY_DISK_VHDX);
	ck_assert_uint_eq(disk->notes.count, note != NULL);
	if (note != NULL)
		expect_note(&disk->notes, note);
	expect_content(disk->layer, at("raw"));
}

START_TEST(reads_all_shapes)
{
	static const struct {
		uint64_t size;
		uint32_t block, sector;
	} shapes[] = {{33 * MIB + 512, 1 << 20, 512},
		      {33 * MIB + 4096, 2 << 20, 4096},
		      {33 * MIB, 32 << 20, 512},
		      {512, 1 << 20, 512}};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		make_raw("raw", shapes[i].size, i + 1);
		disk_write_vhdx(at("raw"), at("disk"), shapes[i].block, shapes[i].sector);
		expect_good(NULL);
		ck_assert_uint_eq(disk->layer->sector_size, shapes[i].sector);
		ck_assert_uint_gt(expect_located(disk->layer, at("raw")), 0);
	}
}
END_TEST

/* A disk of so many blocks that entries for bitmaps stand between theirs: nothing but the last block is there. */
START_TEST(skips_entries_for_bitmaps)
{
	uint8_t bytes[4096], got[4096];
	make_raw("block", MIB, 1);
	make_raw("raw", 0, 1);
	for (unsigned blocks = 4096; blocks <= 4097; blocks++) {
		uint64_t end = blocks * MIB;
		disk_copy(at("raw"), at("big"));
		disk_truncate(at("big"), end);
		disk_read(at("block"), MIB - sizeof bytes, bytes, sizeof bytes);
		bytes[0] = 'x';
		disk_patch(at("big"), end - sizeof bytes, bytes, sizeof bytes);
		disk_patch(at("big"), end - 2 * MIB, bytes, sizeof bytes);
		disk_write_vhdx(at("big"), at("disk"), MIB, 512);
		open_disk(at("disk"), TALLY_DISK_VHDX);
		ck_assert_uint_eq(disk->layer->size, end);
		ck_assert_int_eq(tally_layer_read_all(disk->layer, end - sizeof got, got, sizeof got), 0);
		ck_assert_mem_eq(got, bytes, sizeof got);
		ck_assert_int_eq(tally_layer_read_all(disk->layer, end - 2 * MIB, got, sizeof got), 0);
		ck_assert_mem_eq(got, bytes, sizeof got);
		ck_assert_int_eq(tally_layer_read_all(disk->layer, end - 3 * MIB, got, sizeof got), 0);
		ck_assert_int_eq(got[0], 0);
	}
}
END_TEST

START_TEST(reads_zeros_for_blocks_without_data)
{
	uint8_t bytes[4096], zeros[4096] = {0};
	make();
	for (unsigned state = 0; state <= 3; state++) {
		/* A place may be left from before. */
		put_le(at("disk"), BAT, 8, 4 * MIB | state);
		open_disk(at("disk"), TALLY_DISK_VHDX);
		ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), 0);
		ck_assert_mem_eq(bytes, zeros, sizeof bytes);
		ck_assert(!tally_layer_locate(disk->layer, 0, &(tally_layer_place){0}));
	}
}
END_TEST

/* ---- headers ---- */

START_TEST(chooses_between_headers)
{
	make();
	/* The later one counts, wherever it is: a log in the other is of the past. */
	put_le(at("disk"), HEADER_1 + 48, 8, 1);
	disk_seal_vhdx(at("disk"), HEADER_1, 4096);
	expect_good(NULL);
	put_le(at("disk"), HEADER_1 + 8, 8, 9);
	disk_seal_vhdx(at("disk"), HEADER_1, 4096);
	expect_problem(at("disk"), TALLY_DISK_FAULT_NOT_CLOSED, "was not closed cleanly");
	put_le(at("disk"), HEADER_1 + 8, 8, 8);
	disk_seal_vhdx(at("disk"), HEADER_1, 4096);
	expect_problem(at("disk"), TALLY_DISK_FAULT_INCONSISTENT, "neither is the later one");
	make();
	put_headers(at("disk"), 8, 8, 5);
	expect_good(NULL);
}
END_TEST

START_TEST(does_with_one_header)
{
	make();
	flip(at("disk"), HEADER_1 + 4000);
	expect_good("the first header of the VHDX is damaged");
	flip(at("disk"), HEADER_2 + 1);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "both headers");
	flip(at("disk"), HEADER_1 + 4000);
	expect_good("the second header of the VHDX is damaged");
}
END_TEST

START_TEST(refuses_what_was_not_closed)
{
	for (unsigned byte = 48; byte < 64; byte += 5) {
		make();
		put_headers(at("disk"), byte, 1, 1);
		expect_problem(at("disk"), TALLY_DISK_FAULT_NOT_CLOSED, "Open it once in Windows or Hyper-V");
	}
	/* Not even when everything else is gone. */
	flip(at("disk"), REGIONS_1);
	flip(at("disk"), REGIONS_2);
	expect_problem(at("disk"), TALLY_DISK_FAULT_NOT_CLOSED, "`qemu-img check -r all` on a copy");
}
END_TEST

START_TEST(refuses_other_versions)
{
	make();
	put_headers(at("disk"), 66, 2, 2);
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "version 2, not 1");
}
END_TEST

/* ---- tables ---- */

START_TEST(uses_the_copy_of_the_regions)
{
	make();
	flip(at("disk"), REGIONS_1 + 60000);
	expect_good("table of regions is damaged; its copy is used");
	open_with_read_faults(at("disk"));
	flip(at("disk"), REGIONS_2 + 60000);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "both copies of the VHDX's table of regions");
	make();
	put_regions(at("disk"), 8, 4, 2048);
	expect_problem(at("disk"), TALLY_DISK_FAULT_CHECKSUM, "both copies");
}
END_TEST

START_TEST(judges_regions)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    /* The first entry is the BAT's, the second the metadata's. */
	    {8, 4, 1, TALLY_DISK_FAULT_INCONSISTENT, "doesn't say where its metadata is"},
	    {8, 4, 0, TALLY_DISK_FAULT_INCONSISTENT, "doesn't say where its table of blocks is"},
	    {16, 1, 1, TALLY_DISK_FAULT_UNSUPPORTED, "a kind of region that is not known"},
	    {32, 8, 0, TALLY_DISK_FAULT_INCONSISTENT, "puts one where none can be (1048576 bytes from 0)"},
	    {32, 8, 3 * MIB + 512, TALLY_DISK_FAULT_INCONSISTENT, "where none can be"},
	    {40, 4, 0, TALLY_DISK_FAULT_INCONSISTENT, "where none can be (0 bytes"},
	    {40, 4, 4096, TALLY_DISK_FAULT_INCONSISTENT, "where none can be"},
	    {32, 8, 1 << 30, TALLY_DISK_FAULT_TRUNCATED, "the VHDX's table of blocks is at byte 1073741824"},
	    {64, 8, UINT64_MAX - MIB + 1, TALLY_DISK_FAULT_TRUNCATED, "the VHDX's metadata is at byte 184467"},
	    {40, 4, 0xFFF00000, TALLY_DISK_FAULT_TRUNCATED, "table of blocks"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make();
		put_regions(at("disk"), cases[i].at, cases[i].size, cases[i].value);
		expect_problem(at("disk"), cases[i].fault, cases[i].text);
	}
	/* The same region twice. */
	make();
	uint8_t entry[32];
	disk_read(at("disk"), REGIONS_1 + 16, entry, sizeof entry);
	disk_patch(at("disk"), REGIONS_1 + 48, entry, sizeof entry);
	disk_seal_vhdx(at("disk"), REGIONS_1, TABLE_SIZE);
	expect_problem(at("disk"), TALLY_DISK_FAULT_INCONSISTENT, "names one twice");
	/* One that need not be known. */
	make();
	put_le(at("disk"), REGIONS_1 + 8, 4, 3);
	put_le(at("disk"), REGIONS_1 + 80, 8, 77);
	disk_seal_vhdx(at("disk"), REGIONS_1, TABLE_SIZE);
	expect_good(NULL);
}
END_TEST

START_TEST(judges_metadata)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    {0, 1, 'M', TALLY_DISK_FAULT_INCONSISTENT, "no metadata where its table of regions says (byte 2097152)"},
	    {10, 2, 2048, TALLY_DISK_FAULT_INCONSISTENT, "no metadata where"},
	    {10, 2, 0, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 0 bytes"},
	    {10, 2, 1, TALLY_DISK_FAULT_INCONSISTENT, "sectors have 0 bytes"},
	    /* Entries are of parameters, disk size, sector sizes and id; their values follow one another from 64 KiB.
	     */
	    {32, 1, 1, TALLY_DISK_FAULT_UNSUPPORTED, "a kind of metadata that is not known"},
	    {48, 4, 4096, TALLY_DISK_FAULT_INCONSISTENT, "not where they are said to be"},
	    {48, 4, 1048569, TALLY_DISK_FAULT_INCONSISTENT, "not where they are said to be"},
	    {48, 4, UINT32_MAX, TALLY_DISK_FAULT_INCONSISTENT, "not where they are said to be"},
	    {52, 4, 7, TALLY_DISK_FAULT_INCONSISTENT, "not where they are said to be"},
	    {65536, 4, 3 << 20, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 3145728 bytes"},
	    {65536, 4, 1 << 19, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 524288 bytes"},
	    {65536, 4, 1 << 29, TALLY_DISK_FAULT_INCONSISTENT, "blocks have 536870912 bytes"},
	    {65540, 4, 2, TALLY_DISK_FAULT_DIFFERENCING, "differencing disk"},
	    {65544, 8, 0, TALLY_DISK_FAULT_INCONSISTENT, "its disk has 0 bytes"},
	    {65544, 8, 511, TALLY_DISK_FAULT_INCONSISTENT, "its disk has 511 bytes"},
	    {65544, 8, (UINT64_C(64) << 40) + 512, TALLY_DISK_FAULT_INCONSISTENT, "its disk has 70368744178176 bytes"},
	    {65544, 8, UINT64_C(64) << 40, TALLY_DISK_FAULT_INCONSISTENT,
	     "table has room for 131072 blocks, but its disk needs 67108864"},
	    {65552, 4, 520, TALLY_DISK_FAULT_INCONSISTENT, "sectors have 520 bytes"},
	    {65552, 4, 1024, TALLY_DISK_FAULT_INCONSISTENT, "sectors have 1024 bytes"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make();
		put_le(at("disk"), METADATA + cases[i].at, cases[i].size, cases[i].value);
		expect_problem(at("disk"), cases[i].fault, cases[i].text);
	}
	/* One that need not be known: the disk's id under another name. */
	make();
	put_le(at("disk"), METADATA + 160, 1, 1);
	put_le(at("disk"), METADATA + 184, 4, 0);
	expect_good(NULL);
	/* The name of a parent, which the parameters say is not there. */
	static const uint8_t locator[] = {0x2d, 0x5f, 0xd3, 0xa8, 0x0b, 0xb3, 0x4d, 0x45,
					  0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c};
	disk_patch(at("disk"), METADATA + 160, locator, sizeof locator);
	put_le(at("disk"), METADATA + 184, 4, 4);
	expect_good(NULL);
}
END_TEST

START_TEST(judges_blocks)
{
	static const struct {
		uint64_t value;
		tally_disk_fault fault;
		const char *text;
	} cases[] = {
	    {4 * MIB | 7, TALLY_DISK_FAULT_INCONSISTENT, "block 1 of the disk is said to be in a parent"},
	    {4 * MIB | 4, TALLY_DISK_FAULT_INCONSISTENT, "block 1 of the disk is in a state"},
	    {4 * MIB | 5, TALLY_DISK_FAULT_INCONSISTENT, "block 1 of the disk is in a state"},
	    {6, TALLY_DISK_FAULT_INCONSISTENT, "block 1 of the disk is said to lie where none can be"},
	    {UINT64_C(1) << 52 | 6, TALLY_DISK_FAULT_INCONSISTENT, "said to lie where none can be"},
	    {MIB | 6, TALLY_DISK_FAULT_INCONSISTENT, "lie on tables of the container (byte 1048576)"},
	    {METADATA | 6, TALLY_DISK_FAULT_INCONSISTENT, "lie on tables"},
	    {BAT | 6, TALLY_DISK_FAULT_INCONSISTENT, "lie on tables"},
	    {4 * MIB | 6, TALLY_DISK_FAULT_INCONSISTENT, "on top of each other (byte 4194304 of the file)"},
	    {1000 * MIB | 6, TALLY_DISK_FAULT_TRUNCATED, "but block 1 of the disk ends at byte 1049624576"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make();
		put_le(at("disk"), BAT + 8, 8, cases[i].value);
		expect_problem(at("disk"), cases[i].fault, cases[i].text);
	}
}
END_TEST

START_TEST(refuses_too_many_blocks)
{
	make();
	/* A table for them would fit into the file, which is all hole. */
	disk_truncate(at("disk"), UINT64_C(1) << 30);
	put_regions(at("disk"), 40, 4, 512 << 20);
	put_le(at("disk"), METADATA + 65544, 8, (UINT64_C(1) << 44) + 512);
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "more blocks than can be kept in memory");
}
END_TEST

START_TEST(refuses_truncated_ones)
{
	static const uint64_t cuts[] = {8,         600,     64 * KIB, 100 * KIB, 129 * KIB,
					200 * KIB, 2 * MIB, 3 * MIB,  4 * MIB,   5 * MIB};
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		make();
		disk_truncate(at("disk"), cuts[i]);
		expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "cut off");
	}
}
END_TEST

START_TEST(reports_a_file_that_shrinks)
{
	uint8_t bytes[1000];
	make();
	open_disk(at("disk"), TALLY_DISK_VHDX);
	disk_truncate(at("disk"), 4 * MIB);
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), -ENODATA);
}
END_TEST

static int fail_reads(uint64_t offset, size_t size)
{
	(void)size;
	return offset >= 4 * MIB ? -EIO : 0;
}

START_TEST(reports_sectors_that_fail)
{
	uint8_t bytes[1000];
	make();
	open_disk(at("disk"), TALLY_DISK_VHDX);
	tally_layer_fault = fail_reads;
	ck_assert_int_eq(tally_layer_read(disk->layer, 0, bytes, sizeof bytes, TALLY_LAYER_CACHED), -EIO);
	tally_layer_fault = NULL;
	ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, bytes, sizeof bytes), 0);
}
END_TEST

/* Past the page cache: with what the file system lets be read so, and as usual where it doesn't. */
START_TEST(reads_past_the_cache)
{
	static _Alignas(TALLY_LAYER_ALIGNMENT) uint8_t got[65536];
	static uint8_t expected[65536];
	make();
	open_disk(at("disk"), TALLY_DISK_VHDX);
	for (uint64_t offset = 0; offset < disk->layer->size; offset += sizeof got) {
		ck_assert_int_eq(tally_layer_read(disk->layer, offset, got, sizeof got, TALLY_LAYER_MEDIUM),
				 sizeof got);
		disk_read(at("raw"), offset, expected, sizeof expected);
		ck_assert_mem_eq(got, expected, sizeof got);
	}
}
END_TEST

START_TEST(survives_failing_reads)
{
	make();
	open_with_read_faults(at("disk"));
}
END_TEST

START_TEST(survives_failing_allocations)
{
	make();
	/* The disk, the file, the layer, a buffer for tables, the blocks, their order. */
	ck_assert_uint_eq(open_with_allocation_faults(at("disk")), 6);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    reads_all_shapes,
	    skips_entries_for_bitmaps,
	    reads_zeros_for_blocks_without_data,
	    chooses_between_headers,
	    does_with_one_header,
	    refuses_what_was_not_closed,
	    refuses_other_versions,
	    uses_the_copy_of_the_regions,
	    judges_regions,
	    judges_metadata,
	    judges_blocks,
	    refuses_too_many_blocks,
	    refuses_truncated_ones,
	    reports_a_file_that_shrinks,
	    reports_sectors_that_fail,
	    reads_past_the_cache,
	    survives_failing_reads,
	    survives_failing_allocations,
	    NULL,
	};
	return image_suite("drive/image/vhdx", tests);
}
