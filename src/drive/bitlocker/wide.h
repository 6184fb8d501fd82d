/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of XTS and CBC around the block cipher, as wide as the processor goes: at 512 bytes a sector AES takes a
 * cycle or so for three bytes, and what is done byte by byte beside it would take as long again.
 */
#ifndef TALLY_DRIVE_BITLOCKER_WIDE_H
#define TALLY_DRIVE_BITLOCKER_WIDE_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_WIDE_SPARE 48

typedef struct tally_wide {
	const char *name;
	/*
	 * XTS: each of `count` sectors of `size` bytes (a multiple of 512) XORed with its tweaks, of which bases[i] is
	 * the first and each next one is the one before times alpha in GF(2^128). They are kept in `tweaks`, as large
	 * as the data.
	 */
	void (*tweak)(uint8_t *data, uint8_t *tweaks, const uint8_t (*bases)[16], size_t count, size_t size);
	/* to ^= with; `size` is a multiple of 64. */
	void (*mask)(uint8_t *to, const uint8_t *with, size_t size);
	/*
	 * CBC of one sector: `data` holds its cipher text, `blocks` the same through the block cipher. Each block of
	 * these, XORed with the cipher text before it, or `vector`, is what becomes of `data`. `size` as above.
	 */
	void (*chain)(uint8_t *data, const uint8_t *blocks, const uint8_t vector[16], size_t size);
} tally_wide;

/* All that this processor can run, the best one last; ends with the return value. */
const tally_wide *tally_wide_all(size_t *count);
const tally_wide *tally_wide_best(void);

#endif
