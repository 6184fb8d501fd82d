/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/ntfs_writer_parts.h"

#include <string.h>

#define CHUNK 4096

/* The length of the longest match in the chunk so far, and how far back. Only the last place of three bytes is tried.
 */
static size_t find_match(const uint8_t *in, size_t at, size_t size, const uint16_t *last, size_t longest, size_t *back)
{
	if (size - at < 3)
		return 0;
	size_t from = last[(in[at] * 33U + in[at + 1] * 7U + in[at + 2]) % 4096];
	if (from == 0 || from > at)
		return 0;
	from--;
	size_t length = 0;
	while (length < longest && at + length < size && in[from + length] == in[at + length])
		length++;
	*back = at - from;
	return length >= 3 && *back > 0 ? length : 0;
}

/* One chunk, without its header; 0 when it doesn't get smaller. */
static size_t pack_chunk(const uint8_t *in, size_t size, uint8_t *out)
{
	uint16_t last[4096] = {0};
	size_t at = 0, used = 0, flags = 0;
	for (unsigned item = 0; at < size; item = (item + 1) % 8) {
		if (used + 3 >= size)
			return 0;
		if (item == 0) {
			flags = used;
			out[used++] = 0;
		}
		unsigned bits = 12;
		while (bits > 4 && at > (size_t)1 << (16 - bits))
			bits--;
		size_t back = 0, length = find_match(in, at, size, last, ((size_t)1 << bits) + 2, &back);
		size_t step = length > 0 ? length : 1;
		if (length > 0) {
			out[flags] |= (uint8_t)(1U << item);
			ntfs_put(out + used, (back - 1) << bits | (length - 3), 2);
			used += 2;
		} else {
			out[used++] = in[at];
		}
		for (size_t i = at; i < at + step && i + 3 <= size; i++)
			last[(in[i] * 33U + in[i + 1] * 7U + in[i + 2]) % 4096] = (uint16_t)(i + 1);
		at += step;
	}
	return used;
}

size_t ntfs_lznt1_pack(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
	size_t used = 0;
	for (size_t at = 0; at < size; at += CHUNK) {
		uint8_t packed[CHUNK + 8];
		size_t here = size - at < CHUNK ? size - at : CHUNK;
		size_t got = pack_chunk(in + at, here, packed);
		unsigned header = got > 0 ? 0xB000U : 0x3000U;
		/* A chunk that doesn't get smaller is stored, and then has always its full size. */
		size_t stored = got > 0 ? got : CHUNK;
		if (used + 2 + stored + 2 > room)
			return 0;
		ntfs_put(out + used, header | (stored - 1), 2);
		memset(out + used + 2, 0, stored);
		memcpy(out + used + 2, got > 0 ? packed : in + at, got > 0 ? got : here);
		used += 2 + stored;
	}
	ntfs_put(out + used, 0, 2);
	return used + 2;
}
