/* SPDX-License-Identifier: Apache-2.0 */
#include "volume.h"

const uint8_t external_key[TALLY_BITLOCKER_EXTERNAL_KEY] = "thirty-two bytes of external key";

volume volume_make(size_t plain_size, const bitlocker_options *options)
{
	volume v = {.plain = malloc(plain_size), .plain_size = plain_size};
	uint64_t random = options->seed + 99;
	for (size_t i = 0; i < plain_size; i++)
		v.plain[i] = (uint8_t)(maker_random(&random) >> 40);
	memcpy(v.plain, "\xeb\x52\x90NTFS    ", 11);
	v.stored = bitlocker_wrap(v.plain, plain_size, options, &v.size);
	v.expected = bitlocker_expected(v.plain, plain_size, options);
	volume_open(&v, v.stored, v.size);
	return v;
}

void volume_open(volume *v, const uint8_t *stored, size_t size)
{
	ck_assert_int_eq(tally_layer_open_memory(stored, size, &v->layer, NULL), TALLY_OK);
	ck_assert_int_eq(tally_bitlocker_open(v->layer, &v->bitlocker, &v->opened, NULL), TALLY_OK);
	v->size = size;
	v->view = NULL;
}

void volume_unlock_with(volume *v, const tally_bitlocker_key *key)
{
	ck_assert_ptr_nonnull(v->bitlocker);
	ck_assert_int_eq(tally_bitlocker_unlock(v->bitlocker, key, NULL, NULL, &v->unlocked, NULL), TALLY_OK);
	v->view = tally_bitlocker_layer(v->bitlocker);
}

void volume_unlock(volume *v)
{
	tally_bitlocker_key *key;
	ck_assert_int_eq(tally_bitlocker_key_from_bytes(external_key, &key, NULL), TALLY_OK);
	volume_unlock_with(v, key);
	tally_bitlocker_key_free(key);
}

tally_bitlocker_key *key_of(const char *text)
{
	tally_bitlocker_key *key;
	tally_bitlocker_outcome outcome;
	ck_assert_int_eq(tally_bitlocker_key_from_text((tally_text){text, strlen(text)}, &key, &outcome, NULL),
			 TALLY_OK);
	ck_assert_msg(key != NULL && outcome.status == TALLY_BITLOCKER_OK, "%s: %s", text, outcome.text);
	return key;
}

void volume_close(volume *v)
{
	tally_bitlocker_close(v->bitlocker);
	tally_layer_close(v->layer);
	free(v->plain);
	free(v->stored);
	free(v->expected);
}

void expect_outcome(const tally_bitlocker_outcome *outcome, tally_bitlocker_status status,
		    tally_bitlocker_reason reason, const char *what)
{
	ck_assert_msg(outcome->status == status && outcome->reason == reason, "%s: status %d, reason %d: %s", what,
		      outcome->status, outcome->reason, outcome->text);
	ck_assert_msg((outcome->text[0] == '\0') == (status == TALLY_BITLOCKER_OK), "%s: \"%s\"", what, outcome->text);
}

void expect_bytes(const volume *v, uint64_t offset, size_t size)
{
	uint8_t *bytes = malloc(size);
	int failed = tally_layer_read_all(v->view, offset, bytes, size);
	REQUIRE(failed == 0, "%zu bytes at %llu: %d", size, (unsigned long long)offset, failed);
	for (size_t i = 0; i < size; i++)
		REQUIRE(bytes[i] == v->expected[offset + i], "byte %llu is wrong in %zu bytes from %llu",
			(unsigned long long)(offset + i), size, (unsigned long long)offset);
	free(bytes);
}

void expect_all(const volume *v, size_t step)
{
	ck_assert_uint_eq(v->view->size, v->size);
	for (uint64_t at = 0; at < v->size; at += step)
		expect_bytes(v, at, v->size - at < step ? (size_t)(v->size - at) : step);
}
