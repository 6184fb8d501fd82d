/* SPDX-License-Identifier: Apache-2.0 */
/* What first sectors say, and the checksums of tables. */
#include "drive/image/boot_sector.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "drive/image/notes.h"
#include "support/suite.h"

#include <stdlib.h>

static uint8_t sector[TALLY_BOOT_SECTOR_SIZE];

static void begin(const char *name, uint8_t second)
{
	memset(sector, 0, sizeof sector);
	sector[0] = 0xEB;
	sector[1] = second;
	sector[2] = 0x90;
	memcpy(sector + 3, name, 8);
	sector[510] = 0x55;
	sector[511] = 0xAA;
}

/* What a volume of FAT32 says, and BitLocker imitates. */
static void put_fat(void)
{
	memcpy(sector + 11,
	       "\x00\x02\x08\x20\x00\x02\x00\x00\x00\x00\xF8\x00\x00\x3F\x00\xFF\x00\x00\x08\x00\x00\x00\x00\x10", 24);
	memcpy(sector + 71, "NO NAME    FAT32   ", 19);
}

static void expect(tally_boot_sector kind, const char *name)
{
	ck_assert_str_eq(tally_boot_sector_name(tally_boot_sector_of(sector)), name);
	ck_assert_int_eq(tally_boot_sector_of(sector), kind);
	bool is_volume = kind != TALLY_BOOT_SECTOR_UNKNOWN && kind != TALLY_BOOT_SECTOR_EMPTY;
	ck_assert_int_eq(tally_boot_sector_is_volume(kind), is_volume);
}

static const uint8_t normal_guid[] = {0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
				      0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01};
static const uint8_t on_write_guid[] = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d,
					0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8};

START_TEST(names_volumes)
{
	begin("NTFS    ", 0x52);
	expect(TALLY_BOOT_SECTOR_NTFS, "NTFS");
	begin("EXFAT   ", 0x76);
	expect(TALLY_BOOT_SECTOR_EXFAT, "exFAT");
	begin("ReFS\0\0\0\0", 0);
	expect(TALLY_BOOT_SECTOR_REFS, "ReFS");
	begin("MSDOS5.0", 0x58);
	put_fat();
	expect(TALLY_BOOT_SECTOR_FAT, "FAT");
	begin("mkfs.fat", 0x3C);
	put_fat();
	sector[0] = 0xE9;
	expect(TALLY_BOOT_SECTOR_FAT, "FAT");
}
END_TEST

START_TEST(takes_bitlocker_for_no_fat)
{
	begin("-FVE-FS-", 0x58);
	put_fat();
	memcpy(sector + 160, normal_guid, sizeof normal_guid);
	expect(TALLY_BOOT_SECTOR_BITLOCKER, "BitLocker");
	ck_assert_uint_eq(tally_boot_sector_find_bitlocker_guid(sector, &(bool){false}), 160);
	/* Vista has no GUID. */
	begin("-FVE-FS-", 0x52);
	expect(TALLY_BOOT_SECTOR_BITLOCKER, "BitLocker");
	ck_assert_uint_eq(tally_boot_sector_find_bitlocker_guid(sector, &(bool){false}), 0);
}
END_TEST

START_TEST(knows_to_go_by_its_guid)
{
	begin("MSWIN4.1", 0x58);
	put_fat();
	expect(TALLY_BOOT_SECTOR_FAT, "FAT");
	memcpy(sector + 424, normal_guid, sizeof normal_guid);
	expect(TALLY_BOOT_SECTOR_BITLOCKER_TO_GO, "BitLocker To Go");
	ck_assert_uint_eq(tally_boot_sector_find_bitlocker_guid(sector, &(bool){false}), 424);
	/* Anywhere, up to the last byte, and the other one. */
	memset(sector + 424, 0, sizeof normal_guid);
	memcpy(sector + 496, on_write_guid, sizeof on_write_guid);
	expect(TALLY_BOOT_SECTOR_BITLOCKER_TO_GO, "BitLocker To Go");
	ck_assert_uint_eq(tally_boot_sector_find_bitlocker_guid(sector, &(bool){false}), 496);
}
END_TEST

/* Boot code of an MBR is no FAT: each parameter by itself gives it away. */
START_TEST(takes_boot_code_for_no_fat)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{0, 0x33}, {2, 0},  {12, 3}, {12, 0x20}, {12, 1},  {13, 0},  {13, 3},
		     {14, 0},   {16, 0}, {16, 3}, {21, 0xF1}, {510, 0}, {511, 0}, {34, 0}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		begin("MSDOS5.0", 0x58);
		put_fat();
		sector[wrong[i].at] = wrong[i].value;
		expect(TALLY_BOOT_SECTOR_UNKNOWN, "nothing that is known");
	}
	/* GRUB's first sector begins as FAT does and has zeros where the parameters would be. */
	begin("\0\0\0\0\0\0\0\0", 0x63);
	expect(TALLY_BOOT_SECTOR_UNKNOWN, "nothing that is known");
}
END_TEST

START_TEST(tells_empty_from_unknown)
{
	memset(sector, 0, sizeof sector);
	expect(TALLY_BOOT_SECTOR_EMPTY, "zeros");
	sector[511] = 1;
	expect(TALLY_BOOT_SECTOR_UNKNOWN, "nothing that is known");
}
END_TEST

/* The check values of the CRC catalogue. */
START_TEST(computes_checksums)
{
	ck_assert_uint_eq(tally_crc32(0, "123456789", 9), 0xCBF43926);
	ck_assert_uint_eq(tally_crc32c(0, "123456789", 9), 0xE3069283);
	ck_assert_uint_eq(tally_crc32(tally_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
	ck_assert_uint_eq(tally_crc32c(tally_crc32c(0, "1", 1), "23456789", 8), 0xE3069283);
	ck_assert_uint_eq(tally_crc32(0, "", 0), 0);
}
END_TEST

START_TEST(reads_numbers)
{
	static const uint8_t bytes[] = {0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8};
	ck_assert_uint_eq(tally_le16(bytes), 0xFEFF);
	ck_assert_uint_eq(tally_le32(bytes), 0xFCFDFEFF);
	ck_assert_uint_eq(tally_le64(bytes), UINT64_C(0xF8F9FAFBFCFDFEFF));
	ck_assert_uint_eq(tally_be32(bytes), 0xFFFEFDFC);
	ck_assert_uint_eq(tally_be64(bytes), UINT64_C(0xFFFEFDFCFBFAF9F8));
	ck_assert(tally_all_zero(bytes, 0));
	ck_assert(!tally_all_zero(bytes, 1));
	ck_assert(tally_is_power_of_two(1) && tally_is_power_of_two(4096));
	ck_assert(!tally_is_power_of_two(0) && !tally_is_power_of_two(3));
}
END_TEST

START_TEST(drops_notes_when_there_are_too_many)
{
	tally_notes notes = {0};
	for (int i = 0; i < TALLY_NOTES_MAX + 3; i++)
		tally_notes_add(&notes, "note %d", i);
	ck_assert_uint_eq(notes.count, TALLY_NOTES_MAX);
	ck_assert_uint_eq(notes.dropped, 3);
	ck_assert_str_eq(notes.text[TALLY_NOTES_MAX - 1], "note 7");
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {names_volumes, 0},
	    {takes_bitlocker_for_no_fat, 0},
	    {knows_to_go_by_its_guid, 0},
	    {takes_boot_code_for_no_fat, 0},
	    {tells_empty_from_unknown, 0},
	    {computes_checksums, 0},
	    {reads_numbers, 0},
	    {drops_notes_when_there_are_too_many, 0},
	    {NULL, 0},
	};
	return suite_run("drive/image/boot_sector", tests);
}
