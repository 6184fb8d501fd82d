/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/crc64.h"

#include "digest/cpu.h"

#include <string.h>

static uint64_t load64(const uint8_t *bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

void tally_crc64_table_make(tally_crc64_table *table)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint64_t value = byte;
		for (int bit = 0; bit < 8; bit++)
			value = value >> 1 ^ ((value & 1) != 0 ? TALLY_CRC64_POLYNOMIAL : 0);
		table->row[0][byte] = value;
	}
	for (unsigned byte = 0; byte < 256; byte++)
		for (int n = 1; n < 8; n++) {
			uint64_t value = table->row[n - 1][byte];
			table->row[n][byte] = value >> 8 ^ table->row[0][value & 0xff];
		}
}

/* The register after `data`. Byte i of eight is followed by 7 - i more, and all eight leave their parts by xor. */
static uint64_t advance(uint64_t value, const tally_crc64_table *table, const uint8_t *data, size_t size)
{
	for (; size >= 8; size -= 8, data += 8) {
		uint64_t x = value ^ load64(data);
		value = table->row[7][x & 0xff] ^ table->row[6][x >> 8 & 0xff] ^ table->row[5][x >> 16 & 0xff] ^
			table->row[4][x >> 24 & 0xff] ^ table->row[3][x >> 32 & 0xff] ^ table->row[2][x >> 40 & 0xff] ^
			table->row[1][x >> 48 & 0xff] ^ table->row[0][x >> 56];
	}
	for (; size > 0; size--, data++)
		value = value >> 8 ^ table->row[0][(value ^ *data) & 0xff];
	return value;
}

void tally_crc64_begin(tally_crc64 *crc)
{
	/* Zeros leave a register of zero as it is; the eight bytes after them turn it into all ones. */
	static const uint8_t ones_to_be[8] = {0x2e, 0x55, 0x39, 0x92, 0xf9, 0x8a, 0x07, 0x52};
	memset(crc->fold, 0, sizeof crc->fold - sizeof ones_to_be);
	memcpy(crc->fold + sizeof crc->fold - sizeof ones_to_be, ones_to_be, sizeof ones_to_be);
}

void tally_crc64_blocks_table(tally_crc64 *crc, const tally_crc64_table *table, const uint8_t *data, size_t blocks)
{
	for (; blocks > 0; blocks--, data += TALLY_CRC64_BLOCK) {
		/* A register can be moved into the bytes that come next: from zero, their xor leaves the same. */
		uint64_t value = advance(0, table, crc->fold, sizeof crc->fold);
		memcpy(crc->fold, data, sizeof crc->fold);
		for (int i = 0; i < 8; i++)
			crc->fold[i] ^= (uint8_t)(value >> 8 * i);
	}
}

uint64_t tally_crc64_end(const tally_crc64 *crc, const tally_crc64_table *table, const uint8_t *data, size_t size)
{
	return ~advance(advance(0, table, crc->fold, sizeof crc->fold), table, data, size);
}

tally_crc64_blocks *tally_crc64_best(unsigned features)
{
#if defined(__x86_64__) || defined(__aarch64__)
	if ((features & TALLY_CPU_CLMUL) != 0)
		return tally_crc64_blocks_clmul;
#endif
	(void)features;
	return tally_crc64_blocks_table;
}
