/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables that are damaged, hostile, or of a disk that was cut off. */
#include "fixture.h"

#include "maker/disk_file.h"

#include <errno.h>

#define SECTOR 512
#define LINK(mib) ((mib)*MIB + 446) /* the first entry of a table in a chain */

static void read_partitions(void)
{
	tally_error error;
	tally_layer *layer;
	ck_assert_int_eq(tally_layer_open_file(at("disk"), &layer, &error), TALLY_OK);
	tally_partitions_read(layer, &partitions);
	tally_layer_close(layer);
}

/* Three partitions of 1 MiB from 1 MiB on, and room behind them. */
static void make_gpt(void)
{
	const disk_volume volumes[] = {{.size = MIB}, {.size = MIB}, {.size = MIB}};
	disk_write_gpt(at("disk"),
		       &(disk_layout){.volumes = volumes, .count = 3, .size = 8 * MIB, .reserved = DISK_NO_RESERVED});
}

static uint64_t backup(void)
{
	return disk_size(at("disk")) - SECTOR;
}

static void expect_gpt(unsigned count, const char *note)
{
	read_partitions();
	ck_assert_msg(partitions.table == TALLY_TABLE_GPT, "%s", partitions.problem);
	ck_assert_uint_eq(partitions.count, count);
	ck_assert_int_eq(partitions.os_error, 0);
	ck_assert_uint_eq(partitions.notes.count, note != NULL);
	if (note != NULL)
		expect_note(&partitions.notes, note);
}

static void expect_nothing(tally_table table, const char *text)
{
	read_partitions();
	ck_assert_msg(partitions.table == table && strstr(partitions.problem, text) != NULL, "%s: %s",
		      tally_table_name(partitions.table), partitions.problem);
	ck_assert_uint_eq(partitions.count, 0);
}

START_TEST(says_what_is_there_instead)
{
	make_raw("disk", MIB, 1);
	disk_truncate(at("disk"), 511);
	expect_nothing(TALLY_TABLE_NONE, "511 bytes has room for nothing");
	make_raw("disk", MIB, 1);
	expect_nothing(TALLY_TABLE_NONE, "neither a partition table nor");
	/* Ends as an MBR does, but its entries are none. */
	disk_patch(at("disk"), 510, "\x55\xAA", 2);
	disk_patch(at("disk"), 446, "\x12", 1);
	expect_nothing(TALLY_TABLE_NONE, "neither a partition table nor");
	make_gpt();
	static const uint8_t zeros[512];
	disk_patch(at("disk"), 0, zeros, sizeof zeros);
	expect_nothing(TALLY_TABLE_NONE, "to Windows the disk is an empty one");
	disk_patch(at("disk"), 512, zeros, sizeof zeros);
	expect_nothing(TALLY_TABLE_NONE, "all zeros");
}
END_TEST

/* A stick that was one volume once: whoever writes a GPT need not touch what is not the table's. */
START_TEST(notes_a_gpt_behind_a_volume)
{
	make_gpt();
	disk_patch(at("disk"), 0, "\xEB\x52\x90NTFS    ", 11);
	read_partitions();
	ck_assert_int_eq(partitions.table, TALLY_TABLE_VOLUME);
	ck_assert_uint_eq(partitions.count, 1);
	expect_note(&partitions.notes, "that of a volume (NTFS), but a GPT follows it");
}
END_TEST

START_TEST(uses_the_backup_of_a_gpt)
{
	make_gpt();
	expect_gpt(3, NULL);
	flip(at("disk"), SECTOR + 60);
	expect_gpt(3, "at the start of the disk is damaged (checksum of the header); its backup is used");
	flip(at("disk"), SECTOR + 60);
	flip(at("disk"), 2 * SECTOR + 16000);
	expect_gpt(3, "at the start of the disk is damaged (checksum of the entries)");
	make_gpt();
	flip(at("disk"), SECTOR);
	expect_gpt(3, "at the start of the disk is missing");
	make_gpt();
	put_le(at("disk"), SECTOR + 24, 8, 2);
	disk_seal_gpt(at("disk"), SECTOR, 1);
	expect_gpt(3, "at the start of the disk is damaged (its numbers can't be right)");
}
END_TEST

START_TEST(notes_a_damaged_backup)
{
	make_gpt();
	flip(at("disk"), backup() + 60);
	expect_gpt(3, "the backup of the GPT is damaged (checksum of the header)");
	make_gpt();
	flip(at("disk"), backup() - SECTOR);
	expect_gpt(3, "the backup of the GPT is damaged (checksum of the entries)");
	make_gpt();
	flip(at("disk"), backup());
	expect_gpt(3, "the backup of the GPT is missing");
	make_gpt();
	disk_truncate(at("disk"), 7 * MIB);
	expect_gpt(3, "the GPT's backup should be in sector 16383, but the last one is 14335");
}
END_TEST

START_TEST(gives_up_without_a_good_copy)
{
	make_gpt();
	flip(at("disk"), SECTOR + 60);
	flip(at("disk"), backup() - SECTOR);
	expect_nothing(TALLY_TABLE_DAMAGED,
		       "the GPT at the start of the disk is damaged (checksum of the header), and its backup at "
		       "the end is damaged (checksum of the entries)");
	make_gpt();
	flip(at("disk"), SECTOR);
	flip(at("disk"), backup());
	expect_nothing(TALLY_TABLE_DAMAGED, "is missing, and its backup at the end is missing");
	/* One of a disk with large sectors. */
	const disk_volume volumes[] = {{.size = MIB}};
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1, .sector_size = 4096});
	flip(at("disk"), 4096 + 60);
	flip(at("disk"), disk_size(at("disk")) - 4096 + 60);
	expect_nothing(TALLY_TABLE_DAMAGED, "damaged (checksum of the header), and its backup at the end is damaged");
}
END_TEST

/* Numbers of a header, each with its checksums right. */
START_TEST(judges_headers)
{
	static const struct {
		unsigned at, size;
		uint64_t value;
	} cases[] = {
	    {24, 8, 0},     {24, 8, UINT64_MAX}, {72, 8, UINT64_MAX / 512},
	    {72, 8, 16384}, {80, 4, 16385},      {84, 4, 0},
	    {84, 4, 64},    {84, 4, 129},        {84, 4, 4224},
	    {72, 8, 16383},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t header[92];
		make_gpt();
		disk_truncate(at("disk"), 8 * MIB + SECTOR);
		put_le(at("disk"), SECTOR + cases[i].at, cases[i].size, cases[i].value);
		/* Only the header's own: the entries are wherever. */
		put_le(at("disk"), SECTOR + 16, 4, 0);
		disk_read(at("disk"), SECTOR, header, sizeof header);
		put_le(at("disk"), SECTOR + 16, 4, disk_crc32(header, sizeof header, 0xEDB88320));
		expect_nothing(TALLY_TABLE_DAMAGED,
			       "is damaged (its numbers can't be right), and its backup at the end is missing");
	}
	make_gpt();
	put_le(at("disk"), SECTOR + 12, 4, 91);
	expect_gpt(3, "damaged (checksum of the header)");
	put_le(at("disk"), SECTOR + 12, 4, 513);
	expect_gpt(3, "damaged (checksum of the header)");
	/* More than one would hold in memory, and each within its bounds. */
	make_gpt();
	disk_truncate(at("disk"), 80 * MIB);
	put_le(at("disk"), SECTOR + 80, 4, 16384);
	put_le(at("disk"), SECTOR + 84, 4, 4096);
	disk_seal_gpt(at("disk"), SECTOR, 1);
	expect_nothing(TALLY_TABLE_DAMAGED, "its numbers can't be right");
}
END_TEST

static void put_entry(unsigned n, uint64_t first, uint64_t last)
{
	put_le(at("disk"), 2 * SECTOR + n * 128 + 32, 8, first);
	put_le(at("disk"), 2 * SECTOR + n * 128 + 40, 8, last);
	disk_seal_gpt(at("disk"), SECTOR, 1);
}

START_TEST(judges_entries)
{
	make_gpt();
	put_entry(1, 4096, 4095);
	expect_gpt(2, "partition 2 ends before it begins");
	put_entry(1, 0, UINT64_MAX);
	expect_gpt(2, "partition 2 ends before it begins");
	put_entry(1, 16384, 16385);
	expect_gpt(2, "partition 2 begins behind the end of the disk (sector 16384 of 16384)");
	put_entry(1, UINT64_MAX / 512 + 2, UINT64_MAX);
	expect_gpt(2, "partition 2 begins behind the end of the disk");
	put_entry(1, 8192, 16384);
	expect_gpt(3, "partition 2 ends behind the end of the disk, as if that were cut off (8192 of its 8193 sectors "
		      "are there)");
	ck_assert(partitions.items[1].cut && !partitions.items[0].cut);
	ck_assert_uint_eq(partitions.items[1].size, 4 * MIB);
	put_entry(1, 8192, UINT64_MAX);
	expect_gpt(3, "partition 2 ends behind the end of the disk");
	put_entry(1, 16383, 16383);
	expect_gpt(3, NULL);
	ck_assert_uint_eq(partitions.items[1].size, SECTOR);
}
END_TEST

START_TEST(notes_overlaps)
{
	make_gpt();
	/* Of the third one's first sector. */
	put_entry(1, 4096, 6144);
	expect_gpt(3, "partitions 2 and 3 overlap");
	put_entry(1, 4096, 6143);
	expect_gpt(3, NULL);
	put_entry(1, 1, 16000);
	read_partitions();
	expect_note(&partitions.notes, "partitions 1 and 2 overlap");
	expect_note(&partitions.notes, "partitions 2 and 3 overlap");
	ck_assert_uint_eq(partitions.notes.count, 2);
}
END_TEST

START_TEST(notes_a_hybrid)
{
	make_gpt();
	disk_patch(at("disk"), 446 + 16, "\0\0\0\0\x07\0\0\0\x00\x08\0\0\x00\x08\0\0", 16);
	expect_gpt(3, "(hybrid)");
}
END_TEST

/* ---- chains of an MBR ---- */

/* A primary one at 1 MiB, and three logical ones, whose tables are at 2, 4 and 6 MiB. */
static void make_mbr(void)
{
	const disk_volume volumes[] = {{.size = MIB},
				       {.size = MIB, .logical = true},
				       {.size = MIB, .logical = true},
				       {.size = MIB, .logical = true}};
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = volumes, .count = 4, .size = 12 * MIB});
}

static void expect_mbr(unsigned count, bool incomplete, const char *note)
{
	read_partitions();
	ck_assert_int_eq(partitions.table, TALLY_TABLE_MBR);
	ck_assert_uint_eq(partitions.count, count);
	ck_assert_int_eq(partitions.incomplete, incomplete);
	if (note != NULL)
		expect_note(&partitions.notes, note);
}

START_TEST(bounds_chains)
{
	make_mbr();
	expect_mbr(4, false, NULL);
	/* The last table leads to the first, the second to itself. */
	put_le(at("disk"), LINK(6) + 16 + 4, 1, 5);
	put_le(at("disk"), LINK(6) + 16 + 12, 4, 2048);
	expect_mbr(4, true, "runs in a circle (sector 4096)");
	put_le(at("disk"), LINK(4) + 16 + 8, 4, 4096);
	expect_mbr(3, true, "runs in a circle (sector 8192)");
	put_le(at("disk"), LINK(4) + 16 + 8, 4, UINT32_MAX);
	expect_mbr(3, true, "leads out of the extended partition (sector 4294971391)");
	make_mbr();
	flip(at("disk"), 4 * MIB + 511);
	expect_mbr(2, true, "the table of logical partition 6 is damaged (byte 4194304)");
	/* A table without a partition only leads on. */
	make_mbr();
	put_le(at("disk"), LINK(4) + 4, 1, 0);
	expect_mbr(3, false, NULL);
	ck_assert_uint_eq(partitions.items[2].number, 6);
	/* The extended partition is behind the end of the disk. */
	make_mbr();
	disk_truncate(at("disk"), 2 * MIB);
	expect_mbr(1, true, "the table of a logical partition at byte 2097152 can't be read");
}
END_TEST

START_TEST(judges_entries_of_an_mbr)
{
	make_mbr();
	put_le(at("disk"), 446 + 8, 4, 12 * 2048);
	expect_mbr(3, false, "partition 1 begins behind the end of the disk (sector 24576 of 24576)");
	put_le(at("disk"), 446 + 8, 4, UINT32_MAX);
	put_le(at("disk"), 446 + 12, 4, UINT32_MAX);
	expect_mbr(3, false, "partition 1 begins behind the end of the disk");
	put_le(at("disk"), 446 + 8, 4, 1);
	expect_mbr(4, false, "partition 1 ends behind the end of the disk");
	/* It lies on all others, and more than three overlaps say nothing new. */
	expect_note(&partitions.notes, "partitions 1 and 7 overlap");
	put_le(at("disk"), LINK(2) + 12, 4, UINT32_MAX);
	expect_mbr(4, false, "partition 5 ends behind the end of the disk");
	ck_assert_uint_eq(partitions.notes.count, 5);
}
END_TEST

START_TEST(bounds_long_chains)
{
	const unsigned links = 200;
	make_raw("disk", 0, 1);
	disk_truncate(at("disk"), MIB);
	disk_patch(at("disk"), 510, "\x55\xAA", 2);
	put_le(at("disk"), 446 + 4, 1, 0x0F);
	put_le(at("disk"), 446 + 8, 4, 1);
	put_le(at("disk"), 446 + 12, 4, 2000);
	for (unsigned n = 0; n < links; n++) {
		uint64_t table = (1 + n * 2) * SECTOR;
		disk_patch(at("disk"), table + 510, "\x55\xAA", 2);
		put_le(at("disk"), table + 446 + 4, 1, 7);
		put_le(at("disk"), table + 446 + 8, 4, 1);
		put_le(at("disk"), table + 446 + 12, 4, 1);
		put_le(at("disk"), table + 462 + 4, 1, 5);
		put_le(at("disk"), table + 462 + 8, 4, (n + 1) * 2);
		put_le(at("disk"), table + 462 + 12, 4, 2);
	}
	expect_mbr(TALLY_PARTITIONS_MAX, true, "has too many links");
}
END_TEST

START_TEST(reads_an_mbr_without_partitions)
{
	make_raw("disk", 0, 1);
	disk_truncate(at("disk"), MIB);
	disk_patch(at("disk"), 510, "\x55\xAA", 2);
	expect_mbr(0, false, NULL);
	/* Types without sectors, and sectors without a type. */
	put_le(at("disk"), 446 + 4, 1, 7);
	put_le(at("disk"), 462 + 12, 4, 7);
	put_le(at("disk"), 478 + 4, 1, 5);
	expect_mbr(0, false, NULL);
	ck_assert_uint_eq(partitions.notes.count, 0);
}
END_TEST

/* ---- reads ---- */

static unsigned reads_left;
static bool lasting, read_failed;

static int fail_read(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	if (reads_left == 0)
		return 0;
	if (--reads_left > 0)
		return 0;
	reads_left = lasting;
	read_failed = true;
	return -EIO;
}

/* Whatever the read that fails: partitions that are right, or a word about it. */
static void read_with_faults(void)
{
	static tally_partitions good;
	read_partitions();
	good = partitions;
	tally_layer_fault = fail_read;
	for (unsigned n = 1;; n++) {
		reads_left = n;
		read_failed = false;
		read_partitions();
		reads_left = 0;
		if (!read_failed)
			break;
		bool same =
		    partitions.count == good.count && memcmp(partitions.items, good.items, sizeof good.items) == 0;
		bool noted = memcmp(&partitions.notes, &good.notes, sizeof good.notes) != 0;
		bool told = partitions.table == TALLY_TABLE_UNREADABLE || partitions.incomplete;
		ck_assert_msg(same || told, "read %u: %u partitions, nothing said", n, partitions.count);
		ck_assert_msg(same || partitions.os_error == EIO, "read %u: os_error %d", n, partitions.os_error);
		/* Without a GPT the others only serve to find out what there is. */
		ck_assert_msg(noted || told || good.table != TALLY_TABLE_GPT, "read %u: nothing noted", n);
		ck_assert(partitions.table != TALLY_TABLE_UNREADABLE || strstr(partitions.problem, "read") != NULL);
	}
	tally_layer_fault = NULL;
	ck_assert_uint_eq(partitions.count, good.count);
}

START_TEST(survives_failing_reads)
{
	for (int i = 0; i < 2; i++) {
		lasting = i == 1;
		make_gpt();
		read_with_faults();
		make_mbr();
		read_with_faults();
		make_gpt();
		flip(at("disk"), backup() + 60);
		read_with_faults();
		make_raw("disk", MIB, 1);
		read_with_faults();
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    says_what_is_there_instead,
	    notes_a_gpt_behind_a_volume,
	    uses_the_backup_of_a_gpt,
	    notes_a_damaged_backup,
	    gives_up_without_a_good_copy,
	    judges_headers,
	    judges_entries,
	    notes_overlaps,
	    notes_a_hybrid,
	    bounds_chains,
	    judges_entries_of_an_mbr,
	    bounds_long_chains,
	    reads_an_mbr_without_partitions,
	    survives_failing_reads,
	    NULL,
	};
	return image_suite("drive/image/partitions_damage", tests);
}
