/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Elephant diffuser of Windows 7 and older, as N. Ferguson published it ("AES-CBC + Elephant diffuser", 2006): two
 * passes that mix a sector's 32-bit words, then a key of the sector.
 */
#include "drive/bitlocker/sectors.h"

#include <string.h>

#define WORDS_MAX (4096 / 4)
#define A_CYCLES 5
#define B_CYCLES 3

static inline uint32_t rotated(uint32_t word, unsigned by)
{
	return word << by | word >> (-by & 31);
}

/* Four words a step, as the rotations repeat; `n` is a power of two. */
static void undo_b(uint32_t *d, size_t n)
{
	const size_t mask = n - 1;
	for (size_t i = 0; i < B_CYCLES * n; i += 4) {
		uint32_t *w = d + (i & mask);
		w[0] += w[2] ^ d[(i + 5) & mask];
		w[1] += w[3] ^ rotated(d[(i + 6) & mask], 10);
		w[2] += d[(i + 4) & mask] ^ d[(i + 7) & mask];
		w[3] += d[(i + 5) & mask] ^ rotated(d[(i + 8) & mask], 25);
	}
}

static void undo_a(uint32_t *d, size_t n)
{
	const size_t mask = n - 1;
	for (size_t i = 0; i < A_CYCLES * n; i += 4) {
		uint32_t *w = d + (i & mask);
		w[0] += d[(i - 2) & mask] ^ rotated(d[(i - 5) & mask], 9);
		w[1] += d[(i - 1) & mask] ^ d[(i - 4) & mask];
		w[2] += w[0] ^ rotated(d[(i - 3) & mask], 13);
		w[3] += w[1] ^ d[(i - 2) & mask];
	}
}

void tally_diffuser_undo(uint8_t *sector, size_t size, const uint8_t sector_key[32])
{
	uint32_t words[WORDS_MAX], key[8];
	const size_t n = size / 4;
	memcpy(words, sector, size);
	memcpy(key, sector_key, sizeof key);
	/* Words are little-endian; nothing of ours runs on other machines, and the tests would say so. */
	undo_b(words, n);
	undo_a(words, n);
	for (size_t i = 0; i < n; i++)
		words[i] ^= key[i % 8];
	memcpy(sector, words, size);
}
