/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/boot.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <string.h>

/* Up to 128 sectors as they are; larger clusters, Windows 10 and later, as 2^(256 - n) sectors. 0: impossible. */
static uint32_t cluster_size(uint8_t n, uint32_t sector_size)
{
	uint64_t sectors = n;
	if (n > 0x80) {
		unsigned shift = 256U - n;
		if (shift > 21)
			return 0;
		sectors = UINT64_C(1) << shift;
	}
	uint64_t size = sectors * sector_size;
	return tally_is_power_of_two(size) && size <= TALLY_NTFS_CLUSTER_MAX ? (uint32_t)size : 0;
}

/* In clusters when positive, 2^-n bytes when negative. 0: impossible. */
static uint32_t record_size(int8_t n, uint32_t cluster)
{
	uint64_t size = n > 0 ? (uint64_t)n * cluster : n < -31 ? 0 : UINT64_C(1) << -n;
	return tally_is_power_of_two(size) && size >= 512 && size <= TALLY_NTFS_RECORD_MAX ? (uint32_t)size : 0;
}

tally_ntfs_boot tally_ntfs_boot_parse(const uint8_t sector[TALLY_NTFS_BOOT_SIZE], tally_ntfs_geometry *geometry,
				      const char **what)
{
	tally_ntfs_geometry g = {.sector_size = tally_le16(sector + 11)};
	*what = NULL;
	if (memcmp(sector + 3, "NTFS    ", 8) != 0)
		return TALLY_NTFS_BOOT_OTHER;
	g.sectors = tally_le64(sector + 40);
	g.mft = tally_le64(sector + 48);
	g.mirror = tally_le64(sector + 56);
	g.serial = tally_le64(sector + 72);
	if (sector[510] != 0x55 || sector[511] != 0xAA)
		*what = "no signature at its end";
	else if (!tally_is_power_of_two(g.sector_size) || g.sector_size < 512 || g.sector_size > 4096)
		*what = "an impossible sector size";
	else if ((g.cluster_size = cluster_size(sector[13], g.sector_size)) == 0)
		*what = "an impossible cluster size";
	else if ((g.record_size = record_size((int8_t)sector[64], g.cluster_size)) == 0)
		*what = "an impossible size of $MFT's records";
	else if ((g.clusters = g.sectors / (g.cluster_size / g.sector_size)) == 0 ||
		 g.sectors > (uint64_t)INT64_MAX / g.sector_size)
		*what = "an impossible size of the volume";
	else if (g.mft == 0 || g.mft >= g.clusters || g.mirror >= g.clusters)
		*what = "$MFT outside the volume";
	if (*what != NULL)
		return TALLY_NTFS_BOOT_DAMAGED;
	*geometry = g;
	return TALLY_NTFS_BOOT_OK;
}
