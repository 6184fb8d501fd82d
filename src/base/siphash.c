/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

static uint64_t turned(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof word);
	return le64toh(word);
}

static void rounds(uint64_t v[4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turned(v[1], 13) ^ v[0];
		v[3] = turned(v[3], 16) ^ v[2];
		v[0] = turned(v[0], 32) + v[3];
		v[2] += v[1];
		v[1] = turned(v[1], 17) ^ v[2];
		v[3] = turned(v[3], 21) ^ v[0];
		v[2] = turned(v[2], 32);
	}
}

static void take_word(tally_siphash *h, uint64_t word)
{
	h->v[3] ^= word;
	rounds(h->v, 2);
	h->v[0] ^= word;
}

void tally_siphash_begin(tally_siphash *h, const uint8_t key[TALLY_SIPHASH_KEY])
{
	/* The constants are the paper's: "somepseudorandomlygeneratedbytes". */
	uint64_t low = word_at(key), high = word_at(key + 8);
	*h = (tally_siphash){.v = {low ^ UINT64_C(0x736F6D6570736575), high ^ UINT64_C(0x646F72616E646F6D),
				   low ^ UINT64_C(0x6C7967656E657261), high ^ UINT64_C(0x7465646279746573)}};
}

void tally_siphash_update(tally_siphash *h, const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;
	unsigned held = (unsigned)(h->size % 8);
	h->size += size;
	for (; held > 0 && at < end; at++) {
		h->tail |= (uint64_t)*at << 8 * held;
		held = (held + 1) % 8;
		if (held == 0) {
			take_word(h, h->tail);
			h->tail = 0;
		}
	}
	for (; end - at >= 8; at += 8)
		take_word(h, word_at(at));
	for (; at < end; at++)
		h->tail |= (uint64_t)*at << 8 * held++;
}

uint64_t tally_siphash_end(tally_siphash *h)
{
	take_word(h, h->tail | h->size << 56);
	h->v[2] ^= 0xFF;
	rounds(h->v, 4);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}
