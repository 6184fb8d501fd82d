/* SPDX-License-Identifier: Apache-2.0 */
/* Each kernel around the block cipher against the definition; and runs of sectors of every length. */
#include "drive/bitlocker/sectors.h"
#include "drive/bitlocker/wide.h"

#include "maker/maker.h"
#include "support/mappings.h"
#include "support/suite.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16
#define COUNT 5
#define ROOM (COUNT * 4096)

static void fill(uint8_t *bytes, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(maker_random(&seed) >> 32);
}

/* IEEE 1619: a shift by one bit, byte by byte. */
static void times_alpha(uint8_t t[BLOCK])
{
	uint8_t carry = 0;
	for (unsigned i = 0; i < BLOCK; i++) {
		uint8_t next = t[i] >> 7;
		t[i] = (uint8_t)(t[i] << 1 | carry);
		carry = next;
	}
	t[0] ^= carry != 0 ? 0x87 : 0;
}

START_TEST(every_kernel_makes_the_tweaks_of_the_standard)
{
	const size_t sizes[] = {512, 4096};
	const size_t size = sizes[_i];
	static uint8_t data[ROOM], plain[ROOM], tweaks[ROOM];
	uint8_t bases[COUNT + TALLY_WIDE_SPARE / BLOCK][BLOCK];
	size_t kernels;
	const tally_wide *all = tally_wide_all(&kernels);
	ck_assert_uint_ge(kernels, 1);
	ck_assert_ptr_eq(tally_wide_best(), &all[kernels - 1]);
	for (size_t k = 0; k < kernels; k++) {
		fill(*bases, sizeof bases, 5);
		memset(bases[1], 0xff, BLOCK);
		fill(plain, sizeof plain, 6);
		memcpy(data, plain, sizeof data);
		all[k].tweak(data, tweaks, (const uint8_t(*)[BLOCK])bases, COUNT, size);
		for (size_t s = 0; s < COUNT; s++)
			for (size_t at = s * size; at < (s + 1) * size; at += BLOCK) {
				REQUIRE(memcmp(tweaks + at, bases[s], BLOCK) == 0, "%s: tweak at %zu", all[k].name, at);
				for (size_t b = 0; b < BLOCK; b++)
					REQUIRE(data[at + b] == (plain[at + b] ^ bases[s][b]), "%s: at %zu",
						all[k].name, at + b);
				times_alpha(bases[s]);
			}
		all[k].mask(data, tweaks, COUNT * size);
		ck_assert_int_eq(memcmp(data, plain, COUNT * size), 0);
	}
}
END_TEST

START_TEST(every_kernel_chains)
{
	const size_t sizes[] = {512, 4096};
	const size_t size = sizes[_i];
	static uint8_t data[4096], plain[4096], blocks[4096];
	uint8_t vector[BLOCK];
	size_t kernels;
	const tally_wide *all = tally_wide_all(&kernels);
	for (size_t k = 0; k < kernels; k++) {
		fill(plain, size, 7);
		fill(blocks, size, 8);
		fill(vector, sizeof vector, 9);
		memcpy(data, plain, size);
		all[k].chain(data, blocks, vector, size);
		for (size_t i = 0; i < size; i++)
			REQUIRE(data[i] == (blocks[i] ^ (i < BLOCK ? vector[i] : plain[i - BLOCK])), "%s: byte %zu",
				all[k].name, i);
	}
}
END_TEST

/* As many sectors as one likes at a time give the same as one after another; XTS is OpenSSL's own. */
START_TEST(runs_of_sectors_are_like_single_ones)
{
	const tally_volume_key key = {.method = (uint16_t)(0x8000 + _i % 6),
				      .sector_size = _i / 6 % 2 == 0 ? 512 : 4096,
				      .bytes = "sixty-four bytes that are the key of a volume, as long as it is"};
	const size_t most = 300 * key.sector_size;
	const uint64_t first = UINT64_C(77) * 4096 + (UINT64_C(1) << 40);
	uint8_t *stored = malloc(most), *runs = malloc(most), *singles = malloc(most);
	tally_sectors *sectors = tally_sectors_new(&key);
	ck_assert_ptr_nonnull(sectors);
	/* Both ways, where the processor knows two. */
	if (_i >= 12)
		ck_assert(tally_sectors_take_passes(sectors, &key));
	fill(stored, most, 10);
	memcpy(singles, stored, most);
	for (size_t at = 0; at < most; at += key.sector_size)
		ck_assert(tally_sectors_decrypt(sectors, first + at, singles + at, key.sector_size));
	for (size_t count = 1; count <= 300; count += 1 + count / 3) {
		memcpy(runs, stored, most);
		ck_assert(tally_sectors_decrypt(sectors, first, runs, count * key.sector_size));
		ck_assert_msg(memcmp(runs, singles, count * key.sector_size) == 0, "%zu sectors", count);
		ck_assert_int_eq(memcmp(runs + count * key.sector_size, stored + count * key.sector_size,
					most - count * key.sector_size),
				 0);
	}
	if (key.method >= 0x8004) {
		EVP_CIPHER_CTX *xts = EVP_CIPHER_CTX_new();
		uint8_t number[BLOCK] = {0};
		int written;
		const uint64_t sector = first / key.sector_size;
		memcpy(number, &sector, sizeof sector);
		ck_assert_int_eq(EVP_DecryptInit_ex(xts, key.method == 0x8004 ? EVP_aes_128_xts() : EVP_aes_256_xts(),
						    NULL, key.bytes, number),
				 1);
		ck_assert_int_eq(EVP_DecryptUpdate(xts, runs, &written, stored, (int)key.sector_size), 1);
		ck_assert_int_eq(memcmp(runs, singles, key.sector_size), 0);
		EVP_CIPHER_CTX_free(xts);
	}
	tally_sectors_free(sectors);
	free(stored);
	free(runs);
	free(singles);
}
END_TEST

START_TEST(methods_have_keys)
{
	static const size_t sizes[] = {64, 64, 16, 32, 32, 64};
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(tally_volume_key_size((uint16_t)(0x8000 + i)), sizes[i]);
	ck_assert_uint_eq(tally_volume_key_size(0x8006), 0);
	ck_assert_uint_eq(tally_volume_key_size(0x7fff), 0);
	ck_assert_uint_eq(tally_volume_key_size(0), 0);
}
END_TEST

/* The keys of all rounds are the key itself to whoever can read them. */
START_TEST(expanded_keys_are_not_dumped)
{
	const tally_volume_key key = {.method = (uint16_t)(0x8000 + _i), .sector_size = 512, .bytes = "a key"};
	tally_sectors *sectors = tally_sectors_new(&key);
	ck_assert_ptr_nonnull(sectors);
	mappings_expect_no_dump(sectors);
	tally_sectors_free(sectors);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {{every_kernel_makes_the_tweaks_of_the_standard, 2},
				    {every_kernel_chains, 2},
				    {runs_of_sectors_are_like_single_ones, 24},
				    {methods_have_keys, 0},
				    {expanded_keys_are_not_dumped, 6},
				    {NULL, 0}};
	return suite_run("bitlocker_sectors", tests);
}
