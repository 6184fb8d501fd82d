/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as they stand in the sectors of disks and containers, at any alignment. */
#ifndef TALLY_BASE_BYTES_H
#define TALLY_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
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

static inline uint32_t tally_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t tally_be64(const uint8_t *at)
{
	return (uint64_t)tally_be32(at) << 32 | tally_be32(at + 4);
}

static inline void tally_put_le64(uint8_t *at, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline bool tally_is_power_of_two(uint64_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

static inline bool tally_all_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* A GUID as the formats store it: the first three fields are little-endian. */
#define TALLY_GUID_SIZE 16
#define TALLY_GUID(a, b, c, d, e)                                                                                     \
  {                                                                                                                   \
    (uint8_t)(a), (uint8_t)((a) >> 8), (uint8_t)((a) >> 16), (uint8_t)((a) >> 24), (uint8_t)(b), (uint8_t)((b) >> 8), \
	(uint8_t)(c), (uint8_t)((c) >> 8), (uint8_t)((d) >> 8), (uint8_t)(d), (uint8_t)((uint64_t)(e) >> 40),         \
	(uint8_t)((uint64_t)(e) >> 32), (uint8_t)((uint64_t)(e) >> 24), (uint8_t)((uint64_t)(e) >> 16),               \
	(uint8_t)((uint64_t)(e) >> 8), (uint8_t)(uint64_t)(e)                                                         \
  }

static inline bool tally_guid_is(const uint8_t *at, const uint8_t guid[TALLY_GUID_SIZE])
{
	return memcmp(at, guid, TALLY_GUID_SIZE) == 0;
}

#endif
