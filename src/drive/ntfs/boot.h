/* SPDX-License-Identifier: Apache-2.0 */
/* The boot sector of an NTFS volume: how large everything is, and where $MFT begins. Pure; reads nothing. */
#ifndef TALLY_DRIVE_NTFS_BOOT_H
#define TALLY_DRIVE_NTFS_BOOT_H

#include <stdint.h>

#define TALLY_NTFS_BOOT_SIZE 512
#define TALLY_NTFS_CLUSTER_MAX (UINT32_C(2) << 20)
#define TALLY_NTFS_RECORD_MAX (UINT32_C(64) << 10)

typedef struct tally_ntfs_geometry {
	uint32_t sector_size;  /* 512…4096 */
	uint32_t cluster_size; /* sector_size…TALLY_NTFS_CLUSTER_MAX, a power of two */
	uint32_t record_size;  /* of $MFT: 512…TALLY_NTFS_RECORD_MAX, a power of two */
	uint64_t sectors;      /* without the boot sector's copy, which follows them */
	uint64_t clusters;     /* whole ones */
	uint64_t mft, mirror;  /* cluster numbers, within the volume */
	uint64_t serial;
} tally_ntfs_geometry;

typedef enum tally_ntfs_boot {
	TALLY_NTFS_BOOT_OK,
	TALLY_NTFS_BOOT_OTHER, /* does not claim to be NTFS */
	TALLY_NTFS_BOOT_DAMAGED
} tally_ntfs_boot;

/* `what` says what is wrong, for DAMAGED: static, e.g. "an impossible cluster size". */
tally_ntfs_boot tally_ntfs_boot_parse(const uint8_t sector[TALLY_NTFS_BOOT_SIZE], tally_ntfs_geometry *geometry,
				      const char **what);

#endif
