/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fingerprint.h"
#include "base/siphash.h"

#include "support/faults.h"
#include "support/suite.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

/* ---- SipHash ---- */

static uint64_t siphash_of_openssl(const uint8_t key[TALLY_SIPHASH_KEY], const uint8_t *data, size_t size)
{
	size_t wanted = 8, got = 0;
	uint8_t bytes[8];
	OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted),
				   OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *state = EVP_MAC_CTX_new(mac);
	ck_assert_int_eq(EVP_MAC_init(state, key, TALLY_SIPHASH_KEY, parameters), 1);
	ck_assert_int_eq(EVP_MAC_update(state, data, size), 1);
	ck_assert_int_eq(EVP_MAC_final(state, bytes, &got, sizeof bytes), 1);
	ck_assert_uint_eq(got, sizeof bytes);
	EVP_MAC_CTX_free(state);
	EVP_MAC_free(mac);
	uint64_t value = 0;
	for (size_t i = sizeof bytes; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static uint64_t siphash(const uint8_t key[TALLY_SIPHASH_KEY], const uint8_t *data, size_t size, size_t piece)
{
	tally_siphash hash;
	tally_siphash_begin(&hash, key);
	for (size_t at = 0; at < size; at += piece)
		tally_siphash_update(&hash, data + at, size - at < piece ? size - at : piece);
	return tally_siphash_end(&hash);
}

START_TEST(test_siphash_is_that_of_its_paper_and_of_openssl)
{
	uint8_t key[TALLY_SIPHASH_KEY], data[300];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	/* Appendix A of the paper: the bytes 0 to 14. */
	ck_assert_uint_eq(siphash(key, data, 15, 15), UINT64_C(0xA129CA6149BE45E5));
	for (size_t size = 0; size <= sizeof data; size++) {
		uint64_t expected = siphash_of_openssl(key, data, size);
		for (size_t piece = 1; piece < 20; piece++)
			REQUIRE(siphash(key, data, size, piece) == expected, "%zu bytes in pieces of %zu", size, piece);
		for (size_t i = 0; i < sizeof key; i++)
			key[i] = (uint8_t)((size_t)key[i] * 37 + 11 + size);
	}
}
END_TEST

/* ---- fingerprints ---- */

static uint64_t fingerprint(tally_fingerprinter *f, const char *text, size_t piece)
{
	size_t size = strlen(text);
	tally_fingerprint_begin(f);
	for (size_t i = 0; i < size; i += piece)
		tally_fingerprint_update(f, text + i, size - i < piece ? size - i : piece);
	return tally_fingerprint_end(f);
}

START_TEST(test_equal_texts_have_equal_fingerprints_however_they_are_cut)
{
	static const char text[] =
	    "cargo/crates/apples.bin, and a good deal more than the eight bytes of a SipHash block";
	tally_fingerprinter *f;
	ck_assert_int_eq(tally_fingerprinter_new(&f, NULL), TALLY_OK);
	uint64_t whole = fingerprint(f, text, sizeof text);
	for (size_t piece = 1; piece < sizeof text; piece++)
		ck_assert_uint_eq(fingerprint(f, text, piece), whole);
	ck_assert_uint_ne(fingerprint(f, text + 1, sizeof text), whole);
	ck_assert_uint_eq(fingerprint(f, "", 1), fingerprint(f, "", 1));
	tally_fingerprinter_free(f);
}
END_TEST

/* Nobody can prepare collisions: what is equal under one key tells nothing about another. */
START_TEST(test_each_fingerprinter_has_a_key_of_its_own)
{
	tally_fingerprinter *f, *g;
	ck_assert_int_eq(tally_fingerprinter_new(&f, NULL), TALLY_OK);
	ck_assert_int_eq(tally_fingerprinter_new(&g, NULL), TALLY_OK);
	ck_assert_uint_ne(fingerprint(f, "crate", 5), fingerprint(g, "crate", 5));
	tally_fingerprinter_free(f);
	tally_fingerprinter_free(g);
	tally_fingerprinter_free(NULL);
}
END_TEST

/* ---- records ---- */

enum { RANDOM, EQUAL, ASCENDING, DESCENDING, TWO_FINGERPRINTS, FEW_BITS, ONE_FINGERPRINT, SAME_HIGH_BYTES, SHAPES };

static tally_record make(int shape, size_t i, size_t count, uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	uint64_t random = *state ^ *state >> 33;
	switch (shape) {
	case EQUAL:
		return (tally_record){7, 7};
	case ASCENDING:
		return (tally_record){i, i};
	case DESCENDING:
		return (tally_record){count - i, count - i};
	case TWO_FINGERPRINTS:
		return (tally_record){random & 1 ? UINT64_MAX : 0, random >> 8};
	case FEW_BITS:
		return (tally_record){random & 0x0101010101010101, random >> 60};
	case ONE_FINGERPRINT:
		return (tally_record){UINT64_C(0x8000000000000000), random};
	case SAME_HIGH_BYTES:
		return (tally_record){UINT64_C(0x1122334455660000) | (random & 0xFFFF), count - i};
	default:
		return (tally_record){random, random * 3};
	}
}

static int compare(const void *left, const void *right)
{
	const tally_record *a = left, *b = right;
	if (a->fingerprint != b->fingerprint)
		return a->fingerprint < b->fingerprint ? -1 : 1;
	return a->position < b->position ? -1 : a->position > b->position;
}

static void sort_and_compare(int shape, size_t count)
{
	tally_records records = {0};
	tally_record *expected = malloc((count + 1) * sizeof *expected);
	ck_assert_ptr_nonnull(expected);
	uint64_t state = count + (uint64_t)shape;
	for (size_t i = 0; i < count; i++) {
		expected[i] = make(shape, i, count, &state);
		REQUIRE(tally_records_add(&records, expected[i], NULL) == TALLY_OK, "out of memory");
	}
	ck_assert_uint_eq(records.count, count);
	for (size_t i = 0; i < count; i++)
		REQUIRE(memcmp(tally_records_at(&records, i), &expected[i], sizeof expected[i]) == 0, "%zu", i);
	qsort(expected, count, sizeof *expected, compare);
	tally_records_sort(&records);
	for (size_t i = 0; i < count; i++)
		REQUIRE(memcmp(tally_records_at(&records, i), &expected[i], sizeof expected[i]) == 0,
			"shape %d, %zu records: the one at %zu is wrong", shape, count, i);
	size_t step = count / 1000 + 1;
	for (size_t i = 0; i < count; i += step) {
		uint64_t there = expected[i].fingerprint;
		ck_assert(tally_records_contain(&records, there));
		bool is_last = i + 1 == count || expected[i + 1].fingerprint > there + 1;
		if (is_last && there < UINT64_MAX && (i + 1 == count || expected[i + 1].fingerprint != there))
			ck_assert(!tally_records_contain(&records, there + 1));
	}
	tally_records_clear(&records);
	ck_assert_uint_eq(records.count, 0);
	free(expected);
}

START_TEST(test_sorting_agrees_with_qsort)
{
	static const size_t counts[] = {0,
					1,
					2,
					3,
					23,
					24,
					25,
					26,
					255,
					1000,
					TALLY_RECORDS_CHUNK - 1,
					TALLY_RECORDS_CHUNK,
					TALLY_RECORDS_CHUNK + 1,
					2 * TALLY_RECORDS_CHUNK,
					3 * TALLY_RECORDS_CHUNK + 7,
					9 * TALLY_RECORDS_CHUNK};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		sort_and_compare(_i, counts[i]);
}
END_TEST

START_TEST(test_nothing_is_contained_in_nothing)
{
	tally_records records = {0};
	tally_records_sort(&records);
	ck_assert(!tally_records_contain(&records, 0));
	tally_records_clear(&records);
}
END_TEST

/* ---- running out of memory ---- */

static tally_result fill(void *context, tally_error *error)
{
	(void)context;
	tally_fingerprinter *f;
	tally_records records = {0};
	uint64_t print = 0;
	tally_result result = tally_fingerprinter_new(&f, error);
	if (result == TALLY_OK) {
		tally_fingerprint_begin(f);
		print = tally_fingerprint_end(f);
	}
	for (size_t i = 0; i < 10 * TALLY_RECORDS_CHUNK && result == TALLY_OK; i++)
		result = tally_records_add(&records, (tally_record){print, i}, error);
	if (result == TALLY_ERROR_NO_MEMORY)
		ck_assert_uint_eq(records.count % TALLY_RECORDS_CHUNK, 0);
	tally_records_clear(&records);
	tally_fingerprinter_free(f);
	return result;
}

START_TEST(test_out_of_memory)
{
	/* The fingerprinter, ten chunks, and the list of chunks twice. */
	ck_assert_uint_eq(faults_each(FAULTS_OURS, false, fill, NULL, NULL), 13);
}
END_TEST

int main(void)
{
	return suite_run("fingerprint",
			 (const suite_test[]){{test_siphash_is_that_of_its_paper_and_of_openssl, 0},
					      {test_equal_texts_have_equal_fingerprints_however_they_are_cut, 0},
					      {test_each_fingerprinter_has_a_key_of_its_own, 0},
					      {test_sorting_agrees_with_qsort, SHAPES},
					      {test_nothing_is_contained_in_nothing, 0},
					      {test_out_of_memory, 0},
					      {NULL, 0}});
}
