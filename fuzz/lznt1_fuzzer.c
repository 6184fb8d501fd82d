/* SPDX-License-Identifier: Apache-2.0 */
/* LZNT1: all of the output is written, and a shorter output is the beginning of a longer one. */
#include "drive/ntfs/lznt1.h"
#include "fuzz.h"

#define UNIT 65536

enum { STAGE_UNPACKED = 1 };
const unsigned fuzz_deepest = STAGE_UNPACKED;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t one[UNIT], other[UNIT];
	fuzz_input input = fuzz_take_orders(data, size);
	memset(one, 0x55, sizeof one);
	memset(other, 0xAA, sizeof other);
	bool good = tally_lznt1_unpack(input.data, input.size, one, sizeof one);
	if (good != tally_lznt1_unpack(input.data, input.size, other, sizeof other))
		fuzz_fail("the outcome depends on what was there before");
	if (good && memcmp(one, other, sizeof one) != 0)
		fuzz_fail("bytes that nobody wrote");
	if (good && one[0] != 0)
		fuzz_stage = STAGE_UNPACKED;
	size_t room = input.size * 37 % UNIT;
	memset(other, 0xAA, sizeof other);
	if (tally_lznt1_unpack(input.data, input.size, other, room) && good && memcmp(one, other, room) != 0)
		fuzz_fail("a shorter output is another one");
	for (size_t i = room; i < sizeof other; i++)
		if (other[i] != 0xAA)
			fuzz_fail("bytes behind the output");
	return 0;
}
