/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32.h"

/* What four bits leave of themselves: small enough for the compiler to compute. */
#define STEP(polynomial, value) ((value) >> 1 ^ (((value)&1u) != 0 ? (polynomial) : 0u))
#define TWO_STEPS(polynomial, value) STEP(polynomial, STEP(polynomial, value))
#define NIBBLE(polynomial, value) TWO_STEPS(polynomial, TWO_STEPS(polynomial, (uint32_t)(value)))
#define NIBBLES(p)                                                                                                  \
  {                                                                                                                 \
    NIBBLE(p, 0), NIBBLE(p, 1), NIBBLE(p, 2), NIBBLE(p, 3), NIBBLE(p, 4), NIBBLE(p, 5), NIBBLE(p, 6), NIBBLE(p, 7), \
	NIBBLE(p, 8), NIBBLE(p, 9), NIBBLE(p, 10), NIBBLE(p, 11), NIBBLE(p, 12), NIBBLE(p, 13), NIBBLE(p, 14),      \
	NIBBLE(p, 15)                                                                                               \
  }

static uint32_t advance(const uint32_t nibbles[16], uint32_t crc, const uint8_t *at, size_t size)
{
	crc = ~crc;
	for (; size > 0; size--, at++) {
		crc ^= *at;
		crc = crc >> 4 ^ nibbles[crc & 0xf];
		crc = crc >> 4 ^ nibbles[crc & 0xf];
	}
	return ~crc;
}

uint32_t tally_crc32(uint32_t crc, const void *bytes, size_t size)
{
	static const uint32_t nibbles[16] = NIBBLES(UINT32_C(0xedb88320));
	return advance(nibbles, crc, bytes, size);
}

uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t size)
{
	static const uint32_t nibbles[16] = NIBBLES(UINT32_C(0x82f63b78));
	return advance(nibbles, crc, bytes, size);
}
