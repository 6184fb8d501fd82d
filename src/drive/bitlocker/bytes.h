/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian numbers at any address. */
#ifndef TALLY_DRIVE_BITLOCKER_BYTES_H
#define TALLY_DRIVE_BITLOCKER_BYTES_H

#include <stdint.h>
#include <string.h>

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

static inline void tally_put_le64(uint8_t *at, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(at, &value, sizeof value);
#else
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
#endif
}

#endif
