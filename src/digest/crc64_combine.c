/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A register of ones at the start and a complement at the end cancel each other out between two parts, so the CRC of
 * both is that of the first, moved over as many bytes as the second has, xor that of the second. To move over a byte is
 * to multiply by x^8 modulo the polynomial; powers of it are had by squaring.
 */
#include "digest/crc64.h"

/* Reflected: the highest bit stands for x^0. */
#define ONE (UINT64_C(1) << 63)
#define X8 (ONE >> 8)

static uint64_t multiply(uint64_t a, uint64_t b)
{
	uint64_t product = 0;
	for (; a != 0; a <<= 1) {
		if ((a & ONE) != 0)
			product ^= b;
		b = b >> 1 ^ ((b & 1) != 0 ? TALLY_CRC64_POLYNOMIAL : 0);
	}
	return product;
}

uint64_t tally_crc64_power(uint64_t bytes)
{
	uint64_t result = ONE;
	for (uint64_t power = X8; bytes != 0; bytes >>= 1) {
		if ((bytes & 1) != 0)
			result = multiply(result, power);
		power = multiply(power, power);
	}
	return result;
}

uint64_t tally_crc64_combine(uint64_t first, uint64_t second, uint64_t power)
{
	return multiply(first, power) ^ second;
}

uint64_t tally_crc64_zeros(uint64_t crc64, uint64_t count)
{
	return count == 0 ? crc64 : ~multiply(~crc64, tally_crc64_power(count));
}
