/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-2-4 with 64 bits (J.-P. Aumasson, D. J. Bernstein: SipHash: a fast short-input PRF, 2012). OpenSSL has it
 * too, but setting it up and ending it there costs ten times what it takes to hash a path, and a check hashes four for
 * each blob.
 */
#ifndef TALLY_BASE_SIPHASH_H
#define TALLY_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_SIPHASH_KEY 16 /* bytes */

typedef struct tally_siphash {
	uint64_t v[4];
	uint64_t tail; /* bytes that don't make a word yet, the first one lowest */
	uint64_t size; /* of all bytes so far */
} tally_siphash;

void tally_siphash_begin(tally_siphash *hash, const uint8_t key[TALLY_SIPHASH_KEY]);
void tally_siphash_update(tally_siphash *hash, const void *data, size_t size);
uint64_t tally_siphash_end(tally_siphash *hash);

#endif
