/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of CRC-64 by carry-less multiplication. Compiled with -mpclmul or -march=armv8-a+crypto.
 *
 * A message is a polynomial over GF(2), its first bit the highest power; the CRC is its remainder by P. Bytes may be
 * replaced by whatever has the same remainder. So the 64 bytes of state, 512 bits before the end of the block that is
 * appended to them, can be multiplied by x^512 mod P and added to it, and only the state is left to keep.
 *
 * In pieces of 128 bits, each moved by 512: the halves first = H(x) * x^64 and last = L(x) give
 *
 *   H * x^576 + L * x^512,   with the factors mod P. Each product fits in 128 bits.
 *
 * The CRC is a reflected one: bit i of a 64-bit word stands for x^(63 - i), and of 128 bits for x^(127 - i). The
 * product of two words has its lowest bit for x^126, so read as 128 bits it is short of one x; the factors are
 * x^575 and x^511.
 */
#include "digest/crc64.h"

#define X_575 UINT64_C(0x0c32cdb31e18a84a) /* x^575 mod P, reflected */
#define X_511 UINT64_C(0x62242240ace5045a) /* x^511 mod P, reflected */

#if defined(__x86_64__)

#  include <immintrin.h>

typedef __m128i piece;

static inline piece load(const uint8_t *bytes)
{
	return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

static inline void store(uint8_t *bytes, piece value)
{
	_mm_storeu_si128((__m128i *)(void *)bytes, value);
}

static inline piece fold(piece state, piece next)
{
	const piece factors = _mm_set_epi64x((int64_t)X_511, (int64_t)X_575);
	piece first = _mm_clmulepi64_si128(state, factors, 0x00), last = _mm_clmulepi64_si128(state, factors, 0x11);
	return _mm_xor_si128(_mm_xor_si128(first, next), last);
}

#else

#  include <arm_neon.h>

typedef uint8x16_t piece;

static inline piece load(const uint8_t *bytes)
{
	return vld1q_u8(bytes);
}

static inline void store(uint8_t *bytes, piece value)
{
	vst1q_u8(bytes, value);
}

static inline piece fold(piece state, piece next)
{
	const poly64x2_t halves = vreinterpretq_p64_u8(state), factors = {(poly64_t)X_575, (poly64_t)X_511};
	piece first = vreinterpretq_u8_p128(vmull_p64((poly64_t)vgetq_lane_p64(halves, 0), (poly64_t)X_575));
	piece last = vreinterpretq_u8_p128(vmull_high_p64(halves, factors));
	return veorq_u8(veorq_u8(first, next), last);
}

#endif

void tally_crc64_blocks_clmul(tally_crc64 *crc, const tally_crc64_table *table, const uint8_t *data, size_t blocks)
{
	(void)table;
	piece a = load(crc->fold), b = load(crc->fold + 16), c = load(crc->fold + 32), d = load(crc->fold + 48);
	for (; blocks > 0; blocks--, data += TALLY_CRC64_BLOCK) {
		a = fold(a, load(data));
		b = fold(b, load(data + 16));
		c = fold(c, load(data + 32));
		d = fold(d, load(data + 48));
	}
	store(crc->fold, a);
	store(crc->fold + 16, b);
	store(crc->fold + 32, c);
	store(crc->fold + 48, d);
}
