/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers at any address. */
#ifndef TALLY_DRIVE_NTFS_BYTES_H
#define TALLY_DRIVE_NTFS_BYTES_H

#include <stdint.h>

static inline uint16_t tally_le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t tally_le32(const uint8_t *at)
{
	return (uint32_t)tally_le16(at) | (uint32_t)tally_le16(at + 2) << 16;
}

static inline uint64_t tally_le64(const uint8_t *at)
{
	return (uint64_t)tally_le32(at) | (uint64_t)tally_le32(at + 4) << 32;
}

#endif
