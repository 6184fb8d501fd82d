/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-64/NVME, which the service's logs call crc64 (formats.md C-07): reflected polynomial 0x9A6C9329AC4BC9B5, the
 * register starts as all ones and is complemented at the end.
 *
 * In two parts. Whole blocks of 64 bytes go through one of two kernels; the bytes at the end go through the table.
 */
#ifndef TALLY_DIGEST_CRC64_H
#define TALLY_DIGEST_CRC64_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_CRC64_POLYNOMIAL UINT64_C(0x9a6c9329ac4bc9b5)
#define TALLY_CRC64_BLOCK 64

/*
 * What a stream has come to: 64 bytes that, run through the CRC from a register of zero, leave what the whole stream so
 * far leaves from a register of ones. That many bytes because a multiplication has a latency, and four run side by
 * side.
 */
typedef struct tally_crc64 {
	uint8_t fold[TALLY_CRC64_BLOCK];
} tally_crc64;

/* table[n][b] is what byte b leaves of itself after n more bytes: eight bytes can be looked up at once. */
typedef struct tally_crc64_table {
	uint64_t row[8][256];
} tally_crc64_table;

void tally_crc64_table_make(tally_crc64_table *table);

typedef void tally_crc64_blocks(tally_crc64 *crc, const tally_crc64_table *table, const uint8_t *data, size_t blocks);
tally_crc64_blocks tally_crc64_blocks_table;
#if defined(__x86_64__) || defined(__aarch64__)
tally_crc64_blocks tally_crc64_blocks_clmul; /* TALLY_CPU_CLMUL */
#endif
/* The better one that `features` allow. */
tally_crc64_blocks *tally_crc64_best(unsigned features);

void tally_crc64_begin(tally_crc64 *crc);
/* The CRC of all blocks and of the `size` bytes that follow them. */
uint64_t tally_crc64_end(const tally_crc64 *crc, const tally_crc64_table *table, const uint8_t *data, size_t size);

/* What it takes to move a CRC over so many bytes; to be kept where many parts are of one size. */
uint64_t tally_crc64_power(uint64_t bytes);
/* The CRC of two parts in a row from that of each and the power of the second one's size. The CRC of nothing is 0. */
uint64_t tally_crc64_combine(uint64_t first, uint64_t second, uint64_t power);
/* What the CRC `crc64` becomes when `count` bytes of zero follow. */
uint64_t tally_crc64_zeros(uint64_t crc64, uint64_t count);

#endif
