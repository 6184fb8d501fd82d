/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/boot_sector.h"

#include "base/bytes.h"

size_t tally_boot_sector_find_bitlocker_guid(const uint8_t sector[TALLY_BOOT_SECTOR_SIZE], bool *encrypt_on_write)
{
	static const uint8_t guids[][TALLY_GUID_SIZE] = {
	    TALLY_GUID(0x4967d63b, 0x2e29, 0x4ad8, 0x8399, 0xf6a339e3d001),
	    TALLY_GUID(0x92a84d3b, 0xdd80, 0x4d0e, 0x9e4e, 0xb1e3284eaed8),
	};
	for (size_t i = 0; i < sizeof guids / sizeof *guids; i++)
		for (size_t at = 0; at + TALLY_GUID_SIZE <= TALLY_BOOT_SECTOR_SIZE; at++)
			if (tally_guid_is(sector + at, guids[i])) {
				*encrypt_on_write = i == 1;
				return at;
			}
	*encrypt_on_write = false;
	return 0;
}

static bool is_signed(const uint8_t *sector)
{
	return sector[510] == 0x55 && sector[511] == 0xAA;
}

/* FAT has no signature that can be relied on: its parameters must make sense, which those of boot code don't. */
static bool is_fat(const uint8_t *sector)
{
	bool jumps = (sector[0] == 0xEB && sector[2] == 0x90) || sector[0] == 0xE9;
	unsigned sector_size = tally_le16(sector + 11);
	return is_signed(sector) && jumps && tally_is_power_of_two(sector_size) && sector_size >= 512 &&
	       sector_size <= 4096 && tally_is_power_of_two(sector[13]) && tally_le16(sector + 14) != 0 &&
	       (sector[16] == 1 || sector[16] == 2) && (sector[21] == 0xF0 || sector[21] >= 0xF8) &&
	       (tally_le16(sector + 19) != 0 || tally_le32(sector + 32) != 0);
}

tally_boot_sector tally_boot_sector_of(const uint8_t sector[TALLY_BOOT_SECTOR_SIZE])
{
	static const struct {
		tally_boot_sector kind;
		char name[9]; /* at byte 3 */
	} names[] = {
	    {TALLY_BOOT_SECTOR_BITLOCKER, "-FVE-FS-"},
	    {TALLY_BOOT_SECTOR_NTFS, "NTFS    "},
	    {TALLY_BOOT_SECTOR_EXFAT, "EXFAT   "},
	    {TALLY_BOOT_SECTOR_REFS, "ReFS\0\0\0"},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (memcmp(sector + 3, names[i].name, 8) == 0)
			return names[i].kind;
	bool encrypt_on_write;
	/* Before FAT, which it looks like to everybody else. */
	if (memcmp(sector + 3, "MSWIN4.1", 8) == 0 &&
	    tally_boot_sector_find_bitlocker_guid(sector, &encrypt_on_write) != 0)
		return TALLY_BOOT_SECTOR_BITLOCKER_TO_GO;
	if (is_fat(sector))
		return TALLY_BOOT_SECTOR_FAT;
	return tally_all_zero(sector, TALLY_BOOT_SECTOR_SIZE) ? TALLY_BOOT_SECTOR_EMPTY : TALLY_BOOT_SECTOR_UNKNOWN;
}

bool tally_boot_sector_is_volume(tally_boot_sector kind)
{
	return kind != TALLY_BOOT_SECTOR_UNKNOWN && kind != TALLY_BOOT_SECTOR_EMPTY;
}

const char *tally_boot_sector_name(tally_boot_sector kind)
{
	switch (kind) {
	case TALLY_BOOT_SECTOR_UNKNOWN:
		break;
	case TALLY_BOOT_SECTOR_EMPTY:
		return "zeros";
	case TALLY_BOOT_SECTOR_BITLOCKER:
		return "BitLocker";
	case TALLY_BOOT_SECTOR_BITLOCKER_TO_GO:
		return "BitLocker To Go";
	case TALLY_BOOT_SECTOR_NTFS:
		return "NTFS";
	case TALLY_BOOT_SECTOR_REFS:
		return "ReFS";
	case TALLY_BOOT_SECTOR_EXFAT:
		return "exFAT";
	case TALLY_BOOT_SECTOR_FAT:
		return "FAT";
	}
	return "nothing that is known";
}
