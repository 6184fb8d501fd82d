/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XTS in one pass, where the processor works on four blocks of AES at a time (VAES with AVX-512). Elsewhere, and for
 * the other methods, OpenSSL deciphers the blocks, and what is around them (wide.h) takes a pass before and one after.
 */
#ifndef TALLY_DRIVE_BITLOCKER_XTS_H
#define TALLY_DRIVE_BITLOCKER_XTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_XTS_ROUNDS 15 /* keys of AES-256 */
#define TALLY_XTS_WIDTH 64

/* The keys of the rounds as deciphering needs them, each as often as blocks are worked on together. Secret. */
typedef struct tally_xts {
	unsigned rounds;
	uint8_t keys[TALLY_XTS_ROUNDS][TALLY_XTS_WIDTH] __attribute__((aligned(TALLY_XTS_WIDTH)));
} tally_xts;

bool tally_xts_is_here(void);
/* Of the data's key, 16 or 32 bytes. Only where it is here, as what follows. */
void tally_xts_init(tally_xts *xts, const uint8_t *key, size_t key_size);
/* Deciphers `count` sectors of `size` bytes (a multiple of 512); bases[i] is the first tweak of each. */
void tally_xts_undo(const tally_xts *xts, uint8_t *data, const uint8_t (*bases)[16], size_t count, size_t size);

#endif
