/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/lznt1.h"

#include "fixture.h"
#include "maker/maker.h"
#include "maker/ntfs_writer.h"

#include <stdlib.h>
#include <string.h>

START_TEST(lznt1_unpacks_what_is_known)
{
	/* The published example: "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D …" */
	static const uint8_t packed[] = {0x38, 0xB0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00,
					 0x10, 0xA2, 0x47, 0x01, 0xA0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01,
					 0x50, 0x79, 0x00, 0xC0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xB4,
					 0x02, 0x4A, 0x44, 0xEF, 0x03, 0x58, 0x02, 0x8C, 0x09, 0x16, 0x01, 0x48,
					 0x45, 0x00, 0xBE, 0x00, 0x9E, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00};
	static const char expected[] =
	    "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G "
	    "F# E D E A F# F# G A A G F# E D D E F# E D D";
	uint8_t out[4096];
	ck_assert(tally_lznt1_unpack(packed, sizeof packed, out, sizeof out));
	ck_assert_mem_eq(out, expected, 100);
}
END_TEST

START_TEST(lznt1_round_trip)
{
	uint64_t state = 5;
	static uint8_t in[65536], packed[70000], out[65536];
	for (unsigned turn = 0; turn < 200; turn++) {
		size_t size = turn < 100 ? maker_random(&state) % 300 + 1 : maker_random(&state) % sizeof in + 1;
		unsigned letters = turn % 5 == 0 ? 256 : turn % 5 + 1;
		for (size_t i = 0; i < size; i++)
			in[i] = (uint8_t)(maker_random(&state) % letters * (turn % 3 ? 1 : i / 4096 % 2));
		size_t got = ntfs_lznt1_pack(in, size, packed, sizeof packed);
		ck_assert_uint_gt(got, 0);
		memset(out, 0xEE, sizeof out);
		ck_assert(tally_lznt1_unpack(packed, got, out, sizeof out));
		REQUIRE(memcmp(in, out, size) == 0, "turn %u", turn);
		for (size_t i = size; i < sizeof out; i++)
			REQUIRE(out[i] == 0, "turn %u: no zero at %zu", turn, i);
	}
}
END_TEST

START_TEST(lznt1_refuses_damage)
{
	static const struct {
		uint8_t in[8];
		size_t size;
	} cases[] = {
	    {{0x02, 0xB0, 0x01, 0x00, 0x00}, 5},      /* refers to before the beginning */
	    {{0x03, 0xB0, 0x02, 'a', 0x00, 0x10}, 6}, /* two back, of one */
	    {{0x02, 0xB0, 0x02, 'a', 0x00}, 5},       /* half a pair */
	    {{0x09, 0xB0, 0x00, 'a'}, 4},             /* longer than what there is */
	    {{0x00, 0x80, 0x00}, 3},                  /* not its signature */
	    {{0x00, 0x40, 0x00}, 3},
	};
	uint8_t out[8192];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(!tally_lznt1_unpack(cases[i].in, cases[i].size, out, sizeof out), "case %zu", i);
	/* More than a chunk stands for: one letter, then lengths without end. */
	uint8_t bomb[64] = {0x3D, 0xB0, 0x02, 'a'};
	memset(bomb + 4, 0xFF, 60);
	for (size_t i = 4; i + 1 < sizeof bomb; i += 2)
		put(bomb + i, 0x0FFF, 2);
	ck_assert(!tally_lznt1_unpack(bomb, sizeof bomb, out, sizeof out));
	/* A stored chunk larger than the room. */
	uint8_t stored[600] = {0x55, 0x32};
	ck_assert(!tally_lznt1_unpack(stored, sizeof stored, out, 512));
	/* Nothing at all is all zeros. */
	memset(out, 1, sizeof out);
	ck_assert(tally_lznt1_unpack(bomb, 0, out, sizeof out));
	ck_assert(out[0] == 0 && memcmp(out, out + 1, sizeof out - 1) == 0);
}
END_TEST

START_TEST(lznt1_survives_noise)
{
	uint64_t state = 11;
	static uint8_t out[65536];
	for (unsigned turn = 0; turn < 20000; turn++) {
		size_t size = maker_random(&state) % 300, room = maker_random(&state) % sizeof out;
		uint8_t *in = malloc(size + 1);
		ck_assert_ptr_nonnull(in);
		for (size_t i = 0; i < size; i++)
			in[i] = (uint8_t)maker_random(&state);
		if (size > 1)
			in[1] = (uint8_t)(0xB0 | (in[1] & 1));
		tally_lznt1_unpack(in, size, out, room);
		free(in);
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {lznt1_unpacks_what_is_known, 0},
	    {lznt1_round_trip, 0},
	    {lznt1_refuses_damage, 0},
	    {lznt1_survives_noise, 0},
	    {NULL, 0},
	};
	return suite_run("ntfs_lznt1", tests);
}
