/* SPDX-License-Identifier: Apache-2.0 */
/* What the first sector of a volume says that the volume is. */
#ifndef TALLY_DRIVE_IMAGE_BOOT_SECTOR_H
#define TALLY_DRIVE_IMAGE_BOOT_SECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_BOOT_SECTOR_SIZE 512 /* all that counts, also where sectors are larger */

typedef enum tally_boot_sector {
	TALLY_BOOT_SECTOR_UNKNOWN,
	TALLY_BOOT_SECTOR_EMPTY, /* all zeros */
	TALLY_BOOT_SECTOR_BITLOCKER,
	TALLY_BOOT_SECTOR_BITLOCKER_TO_GO, /* a FAT volume for show around the locked one */
	TALLY_BOOT_SECTOR_NTFS,
	TALLY_BOOT_SECTOR_REFS,
	TALLY_BOOT_SECTOR_EXFAT,
	TALLY_BOOT_SECTOR_FAT
} tally_boot_sector;

tally_boot_sector tally_boot_sector_of(const uint8_t sector[TALLY_BOOT_SECTOR_SIZE]);
/* Neither unknown nor empty. */
bool tally_boot_sector_is_volume(tally_boot_sector kind);
/* "BitLocker", "NTFS", "nothing that is known". */
const char *tally_boot_sector_name(tally_boot_sector kind);

/*
 * Where one of the GUIDs that mark a BitLocker volume stands in its first sector, or 0. Windows looks for it anywhere;
 * it is at 160, in a To Go volume at 424, and in a volume of Vista nowhere. One of them says that conversion runs or
 * rests: *encrypt_on_write.
 */
size_t tally_boot_sector_find_bitlocker_guid(const uint8_t sector[TALLY_BOOT_SECTOR_SIZE], bool *encrypt_on_write);

#endif
