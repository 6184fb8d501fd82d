/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/lznt1.h"

#include "base/bytes.h"

#include <string.h>

#define CHUNK 4096

/* How many of a pair's 16 bits are the length: fewer the further back the chunk reaches by now. */
static unsigned length_bits(size_t done)
{
	unsigned bits = 12;
	for (size_t reach = done - 1; reach >= 16; reach >>= 1)
		bits--;
	return bits;
}

/* Copies bytes of the same chunk; source and target may overlap, which repeats a pattern. */
static bool copy_back(uint16_t pair, uint8_t *out, size_t *done, size_t room)
{
	if (*done == 0)
		return false;
	unsigned bits = length_bits(*done);
	size_t back = (size_t)(pair >> bits) + 1, length = (pair & ((1U << bits) - 1)) + 3U;
	if (back > *done || length > room - *done)
		return false;
	for (; length > 0; length--, ++*done)
		out[*done] = out[*done - back];
	return true;
}

static bool unpack_chunk(const uint8_t *in, size_t in_size, uint8_t *out, size_t room, size_t *size)
{
	size_t at = 0, done = 0;
	while (at < in_size) {
		unsigned flags = in[at++];
		for (unsigned i = 0; i < 8 && at < in_size; i++, flags >>= 1) {
			if ((flags & 1) == 0) {
				if (done == room)
					return false;
				out[done++] = in[at++];
				continue;
			}
			if (in_size - at < 2 || !copy_back(tally_le16(in + at), out, &done, room))
				return false;
			at += 2;
		}
	}
	*size = done;
	return true;
}

bool tally_lznt1_unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	size_t at = 0, done = 0;
	while (in_size - at >= 2 && done < out_size) {
		unsigned header = tally_le16(in + at);
		if (header == 0)
			break;
		size_t packed = (header & 0xFFF) + 1U, room = out_size - done < CHUNK ? out_size - done : CHUNK;
		size_t size = packed;
		at += 2;
		if ((header & 0x7000) != 0x3000 || packed > in_size - at)
			return false;
		if ((header & 0x8000) == 0) {
			if (packed > room)
				return false;
			memcpy(out + done, in + at, packed);
		} else if (!unpack_chunk(in + at, packed, out + done, room, &size)) {
			return false;
		}
		memset(out + done + size, 0, room - size);
		at += packed;
		done += room;
	}
	memset(out + done, 0, out_size - done);
	return true;
}
