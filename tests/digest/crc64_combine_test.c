/* SPDX-License-Identifier: Apache-2.0 */
/* The CRC of a whole from those of its parts, against computing it bit by bit over all bytes. */
#include "digest/crc64.h"
#include "digest/segments.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define ROOM 20000

START_TEST(published_value_from_its_parts)
{
	for (size_t i = 0; i <= 9; i++) {
		uint64_t first = plain_crc64((const uint8_t *)"123456789", i);
		uint64_t second = plain_crc64((const uint8_t *)"123456789" + i, 9 - i);
		ck_assert_uint_eq(tally_crc64_combine(first, second, tally_crc64_power(9 - i)),
				  UINT64_C(0xae8b14860a799888));
	}
}
END_TEST

START_TEST(random_splits)
{
	uint32_t state = 5;
	uint8_t *data = malloc(ROOM);
	ck_assert_ptr_nonnull(data);
	fill_random(data, ROOM, 3);
	for (int round = 0; round < 200; round++) {
		size_t size = (size_t)(next_random(&state) % ROOM), at = 0;
		uint64_t all = 0;
		while (at < size) {
			size_t part = 1 + (size_t)(next_random(&state) % (size - at));
			all = tally_crc64_combine(all, plain_crc64(data + at, part), tally_crc64_power(part));
			at += part;
		}
		ck_assert_uint_eq(all, plain_crc64(data, size));
	}
	free(data);
}
END_TEST

START_TEST(zeros_that_follow)
{
	uint32_t state = 77;
	uint8_t *data = calloc(ROOM, 1);
	ck_assert_ptr_nonnull(data);
	/* Published (formats.md C-07): 1,024 bytes of zero. */
	ck_assert_uint_eq(tally_crc64_zeros(0, 1024), UINT64_C(7573843669953104266));
	ck_assert_uint_eq(tally_crc64_zeros(0, 0), 0);
	for (int round = 0; round < 100; round++) {
		size_t zeros = (size_t)(next_random(&state) % (ROOM / 2)),
		       size = (size_t)(next_random(&state) % (ROOM / 2));
		memset(data, 0, ROOM);
		fill_random(data, size, (uint32_t)round + 1);
		ck_assert_uint_eq(tally_crc64_zeros(plain_crc64(data, size), zeros), plain_crc64(data, size + zeros));
	}
	free(data);
}
END_TEST

/* More bytes than can be computed directly: zeros can be moved over in two steps or in one. */
START_TEST(sizes_beyond_memory)
{
	const uint64_t tib = UINT64_C(1) << 40;
	uint64_t crc = plain_crc64((const uint8_t *)"tallyman", 8);
	ck_assert_uint_eq(tally_crc64_zeros(tally_crc64_zeros(crc, 5 * tib), 3 * tib + 1),
			  tally_crc64_zeros(crc, 8 * tib + 1));
	ck_assert_uint_eq(tally_crc64_combine(crc, tally_crc64_zeros(0, 7 * tib), tally_crc64_power(7 * tib)),
			  tally_crc64_zeros(crc, 7 * tib));
	ck_assert_uint_eq(tally_crc64_combine(0, crc, tally_crc64_power(UINT64_MAX)), crc);
	ck_assert_uint_eq(tally_crc64_combine(crc, 0, tally_crc64_power(0)), crc);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {published_value_from_its_parts, 0},
	    {random_splits, 0},
	    {zeros_that_follow, 0},
	    {sizes_beyond_memory, 0},
	    {NULL, 0},
	};
	return suite_run("crc64 of parts", tests);
}
