/* SPDX-License-Identifier: Apache-2.0 */
/* Disks as they are made: tables of both kinds, both sector sizes, and volumes without a table. */
#include "fixture.h"

#include <errno.h>

static tally_layer *layer;

static void read_partitions(const char *path, uint32_t sector_size)
{
	tally_error error;
	tally_layer_close(layer);
	ck_assert_int_eq(tally_layer_open_file(path, &layer, &error), TALLY_OK);
	layer->sector_size = sector_size;
	tally_partitions_read(layer, &partitions);
}

static const tally_partition *expect_partition(unsigned index, unsigned number, uint64_t offset, uint64_t size,
					       tally_partition_role role)
{
	ck_assert_uint_lt(index, partitions.count);
	const tally_partition *p = &partitions.items[index];
	ck_assert_uint_eq(p->number, number);
	ck_assert_uint_eq(p->offset, offset);
	ck_assert_uint_eq(p->size, size);
	ck_assert_int_eq(p->role, role);
	return p;
}

/* A file that begins as a volume of NTFS does. */
static const char *make_volume(const char *name, uint64_t size)
{
	const char *path = make_raw(name, size, 5);
	disk_patch(path, 0, "\xEB\x52\x90NTFS    ", 11);
	disk_patch(path, 510, "\x55\xAA", 2);
	return path;
}

static void expect_table(tally_table table, unsigned count, unsigned notes)
{
	ck_assert_msg(partitions.table == table, "%s: %s", tally_table_name(partitions.table), partitions.problem);
	ck_assert_uint_eq(partitions.count, count);
	ck_assert_msg(partitions.notes.count == notes, "%u notes, the first is \"%s\"", partitions.notes.count,
		      partitions.notes.text[0]);
	ck_assert(!partitions.incomplete);
	ck_assert_int_eq(partitions.os_error, 0);
	bool has_list = table != TALLY_TABLE_NONE && table != TALLY_TABLE_DAMAGED && table != TALLY_TABLE_UNREADABLE;
	ck_assert_int_eq(partitions.problem[0] == '\0', has_list);
}

START_TEST(reads_an_mbr)
{
	const disk_volume volumes[] = {{.image = make_volume("volume", 3 * MIB)},
				       {.size = MIB, .mbr_type = 0x27},
				       {.size = 2 * MIB, .mbr_type = 0x83}};
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = volumes, .count = 3});
	read_partitions(at("disk"), 0);
	expect_table(TALLY_TABLE_MBR, 3, 0);
	ck_assert_uint_eq(partitions.sector_size, 512);
	const tally_partition *p = expect_partition(0, 1, MIB, 3 * MIB, TALLY_PARTITION_DATA);
	ck_assert_uint_eq(p->mbr_type, 7);
	ck_assert_str_eq(p->type_name, "NTFS, exFAT or BitLocker");
	expect_partition(1, 2, 4 * MIB, MIB, TALLY_PARTITION_RECOVERY);
	p = expect_partition(2, 3, 5 * MIB, 2 * MIB, TALLY_PARTITION_OTHER);
	ck_assert_str_eq(p->type_name, "Linux");

	tally_layer *part;
	tally_error error;
	ck_assert_int_eq(
	    tally_layer_open_part(layer, partitions.items[0].offset, partitions.items[0].size, &part, &error),
	    TALLY_OK);
	expect_content(part, at("volume"));
	tally_layer_close(part);
}
END_TEST

START_TEST(reads_logical_partitions)
{
	const disk_volume volumes[] = {{.size = MIB},
				       {.size = MIB, .logical = true},
				       {.size = 2 * MIB, .logical = true, .mbr_type = 0x0B},
				       {.size = 3 * MIB, .logical = true}};
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = volumes, .count = 4});
	read_partitions(at("disk"), 512);
	expect_table(TALLY_TABLE_MBR, 4, 0);
	expect_partition(0, 1, MIB, MIB, TALLY_PARTITION_DATA);
	expect_partition(1, 5, 3 * MIB, MIB, TALLY_PARTITION_DATA);
	expect_partition(2, 6, 5 * MIB, 2 * MIB, TALLY_PARTITION_DATA);
	expect_partition(3, 7, 8 * MIB, 3 * MIB, TALLY_PARTITION_DATA);
}
END_TEST

/* An image doesn't say how large the sectors were that its table counts. */
START_TEST(finds_out_the_sectors_of_an_mbr)
{
	const disk_volume volumes[] = {{.image = make_volume("volume", 3 * MIB)}};
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = volumes, .count = 1, .sector_size = 4096});
	read_partitions(at("disk"), 0);
	expect_table(TALLY_TABLE_MBR, 1, 0);
	ck_assert_uint_eq(partitions.sector_size, 4096);
	expect_partition(0, 1, MIB, 3 * MIB, TALLY_PARTITION_DATA);
	read_partitions(at("disk"), 4096);
	expect_partition(0, 1, MIB, 3 * MIB, TALLY_PARTITION_DATA);
	/* The disk's own word counts. */
	read_partitions(at("disk"), 512);
	expect_partition(0, 1, MIB / 8, 3 * MIB / 8, TALLY_PARTITION_DATA);
}
END_TEST

static void check_gpt(uint32_t sector_size, uint32_t entry_size, uint32_t entry_count)
{
	const disk_volume volumes[] = {{.image = make_volume("volume", 3 * MIB), .name = "Basic data partition"},
				       {.size = MIB, .type = DISK_TYPE_EFI, .name = "EFI"},
				       {.size = MIB, .type = DISK_TYPE_RECOVERY},
				       {.size = MIB, .type = DISK_TYPE_LINUX},
				       {.size = MIB, .type = "00000000-0000-0000-0000-000000000001"}};
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes,
						  .count = 5,
						  .sector_size = sector_size,
						  .reserved = 4 * MIB,
						  .entry_size = entry_size,
						  .entry_count = entry_count});
	uint64_t table = entry_size * entry_count != 0 ? entry_size * entry_count : 16384;
	uint64_t reserved_at = 2 * sector_size + (table + sector_size - 1) / sector_size * sector_size;
	for (int known = 0; known < 2; known++) {
		read_partitions(at("disk"), known ? sector_size : 0);
		expect_table(TALLY_TABLE_GPT, 6, 0);
		ck_assert_uint_eq(partitions.sector_size, sector_size);
		const tally_partition *p = expect_partition(0, 1, reserved_at, 4 * MIB, TALLY_PARTITION_RESERVED);
		ck_assert_str_eq(p->name, "Microsoft reserved partition");
		p = expect_partition(1, 2, 5 * MIB, 3 * MIB, TALLY_PARTITION_DATA);
		ck_assert_str_eq(p->name, "Basic data partition");
		ck_assert_str_eq(p->type_name, "basic data");
		expect_partition(2, 3, 8 * MIB, MIB, TALLY_PARTITION_EFI);
		expect_partition(3, 4, 9 * MIB, MIB, TALLY_PARTITION_RECOVERY);
		expect_partition(4, 5, 10 * MIB, MIB, TALLY_PARTITION_OTHER);
		p = expect_partition(5, 6, 11 * MIB, MIB, TALLY_PARTITION_OTHER);
		ck_assert_str_eq(p->type_name, "of an unknown type");
		ck_assert_uint_eq(p->guid[15], 1);
	}
}

START_TEST(reads_a_gpt)
{
	check_gpt(512, 0, 0);
	check_gpt(4096, 0, 0);
}
END_TEST

START_TEST(reads_a_gpt_with_other_entries)
{
	check_gpt(512, 256, 128);
	check_gpt(512, 4096, 7);
	check_gpt(4096, 384, 11);
	check_gpt(512, 128, 512);
}
END_TEST

/* An image of a drive with 4096-byte sectors in a container that shows 512, or the other way round. */
START_TEST(says_that_windows_finds_no_gpt_of_another_sector_size)
{
	const disk_volume volumes[] = {{.size = MIB}};
	disk_write_gpt(
	    at("disk"),
	    &(disk_layout){.volumes = volumes, .count = 1, .sector_size = 4096, .reserved = DISK_NO_RESERVED});
	read_partitions(at("disk"), 512);
	expect_table(TALLY_TABLE_GPT, 1, 1);
	expect_note(&partitions.notes, "made for sectors of 4096 bytes, but the disk has sectors of 512");
	expect_partition(0, 1, MIB, MIB, TALLY_PARTITION_DATA);
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1, .reserved = DISK_NO_RESERVED});
	read_partitions(at("disk"), 4096);
	expect_note(&partitions.notes, "made for sectors of 512 bytes, but the disk has sectors of 4096");
	expect_partition(0, 1, MIB, MIB, TALLY_PARTITION_DATA);
}
END_TEST

START_TEST(takes_a_volume_for_no_table)
{
	make_volume("volume", 3 * MIB);
	/* As if there were a table in the boot code. */
	disk_patch(at("volume"), 446, "\x80\x01\x01\x00\x07\xFE\xFF\xFF\x80\x00\x00\x00\x00\x08\x00\x00", 16);
	read_partitions(at("volume"), 0);
	expect_table(TALLY_TABLE_VOLUME, 1, 0);
	ck_assert_int_eq(partitions.volume, TALLY_BOOT_SECTOR_NTFS);
	expect_partition(0, 0, 0, 3 * MIB, TALLY_PARTITION_DATA);
	ck_assert_str_eq(tally_table_name(partitions.table), "no partition table");
	read_partitions(at("volume"), 4096);
	ck_assert_uint_eq(partitions.sector_size, 4096);
}
END_TEST

START_TEST(keeps_no_more_than_there_is_room_for)
{
	static disk_volume volumes[150];
	for (size_t i = 0; i < 150; i++)
		volumes[i].size = 4096;
	disk_write_gpt(
	    at("disk"),
	    &(disk_layout){
		.volumes = volumes, .count = 150, .alignment = 4096, .reserved = DISK_NO_RESERVED, .entry_count = 160});
	read_partitions(at("disk"), 0);
	ck_assert_int_eq(partitions.table, TALLY_TABLE_GPT);
	ck_assert_uint_eq(partitions.count, TALLY_PARTITIONS_MAX);
	ck_assert_uint_eq(partitions.items[127].number, 128);
	ck_assert(partitions.incomplete);
	ck_assert_uint_eq(partitions.notes.count, 1);
	expect_note(&partitions.notes, "more than 128 partitions");
}
END_TEST

START_TEST(decodes_names)
{
	const disk_volume volumes[] = {{.size = MIB, .name = "*"}};
	/* A character of each length, a pair, halves of pairs, and no NUL: 36 units. */
	static const uint8_t name[72] = {'A',  0,    0xE4, 0,    0x99, 0x26, 0x3D, 0xD8,
					 0x00, 0xDE, 0x3D, 0xD8, 'B',  0,    0x00, 0xDE};
	static uint8_t long_name[72];
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1, .reserved = DISK_NO_RESERVED});
	disk_patch(at("disk"), 1024 + 56, name, sizeof name);
	disk_seal_gpt(at("disk"), 512, 1);
	read_partitions(at("disk"), 0);
	ck_assert_str_eq(partitions.items[0].name, "A\xC3\xA4\xE2\x9A\x99\xF0\x9F\x98\x80\xEF\xBF\xBD"
						   "B\xEF\xBF\xBD");
	for (size_t i = 0; i < sizeof long_name; i += 2)
		memcpy(long_name + i, i < 70 ? "\x99\x26" : "\x3D\xD8", 2);
	disk_patch(at("disk"), 1024 + 56, long_name, sizeof long_name);
	disk_seal_gpt(at("disk"), 512, 1);
	read_partitions(at("disk"), 0);
	ck_assert_uint_eq(strlen(partitions.items[0].name), 36 * 3);
}
END_TEST

START_TEST(names_every_table)
{
	static const char *const names[] = {"no partition table", "no partition table",        "MBR", "GPT",
					    "damaged GPT",        "unreadable partition table"};
	for (int i = 0; i < 6; i++)
		ck_assert_str_eq(tally_table_name((tally_table)i), names[i]);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    reads_an_mbr,
	    reads_logical_partitions,
	    finds_out_the_sectors_of_an_mbr,
	    reads_a_gpt,
	    reads_a_gpt_with_other_entries,
	    says_that_windows_finds_no_gpt_of_another_sector_size,
	    takes_a_volume_for_no_table,
	    keeps_no_more_than_there_is_room_for,
	    decodes_names,
	    names_every_table,
	    NULL,
	};
	return image_suite("drive/image/partitions", tests);
}
