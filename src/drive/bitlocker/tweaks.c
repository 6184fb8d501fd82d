/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tweaks of XTS: T, T * alpha, T * alpha^2, … in GF(2^128), x^128 = x^7 + x^2 + x + 1. Doubling one after another waits
 * for each result, so four rows of eight, which begin at T * alpha^0, 8, 16 and 24, go side by side.
 */
#include "drive/bitlocker/sectors.h"

#include "drive/bitlocker/bytes.h"

#include <string.h>

#define BLOCK 16
#define ROWS 4
#define ROW 8

typedef struct element {
	uint64_t low, high;
} element;

static inline element twice(element t)
{
	const uint64_t carry = (uint64_t) - (int64_t)(t.high >> 63) & 0x87;
	return (element){t.low << 1 ^ carry, t.high << 1 | t.low >> 63};
}

/* Times alpha^ROW: what leaves at the top comes back times the polynomial, which is short enough not to leave again. */
static inline element next_row(element t)
{
	const uint64_t top = t.high >> (64 - ROW);
	return (element){t.low << ROW ^ top ^ top << 1 ^ top << 2 ^ top << 7, t.high << ROW | t.low >> (64 - ROW)};
}

static inline void put(uint8_t *at, element t)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(at, &t, BLOCK);
#else
	tally_put_le64(at, t.low);
	tally_put_le64(at + 8, t.high);
#endif
}

void tally_xts_tweaks(const uint8_t (*bases)[16], size_t count, size_t size, uint8_t *tweaks)
{
	for (size_t i = 0; i < count; i++) {
		element first = {tally_le64(bases[i]), tally_le64(bases[i] + 8)};
		for (size_t done = 0; done < size; done += ROWS * ROW * BLOCK) {
			element a = first, b = next_row(a), c = next_row(b), d = next_row(c);
			first = next_row(d);
			for (size_t k = 0; k < ROW; k++, tweaks += BLOCK) {
				put(tweaks, a);
				put(tweaks + ROW * BLOCK, b);
				put(tweaks + 2 * ROW * BLOCK, c);
				put(tweaks + 3 * ROW * BLOCK, d);
				a = twice(a);
				b = twice(b);
				c = twice(c);
				d = twice(d);
			}
			tweaks += (ROWS - 1) * ROW * BLOCK;
		}
	}
}
