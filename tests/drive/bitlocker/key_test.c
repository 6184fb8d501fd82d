/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of keys, stretching, and volumes with several protectors. */
#include "volume.h"

#include "drive/bitlocker/key.h"
#include "support/faults.h"

/* Base64 of `external_key`. */
#define EXTERNAL_BASE64 "dGhpcnR5LXR3byBieXRlcyBvZiBleHRlcm5hbCBrZXk="

static tally_bitlocker_key *take(const char *text, size_t size, tally_bitlocker_outcome *outcome)
{
	tally_bitlocker_key *key;
	ck_assert_int_eq(tally_bitlocker_key_from_text((tally_text){text, size}, &key, outcome, NULL), TALLY_OK);
	return key;
}

START_TEST(keys_have_these_forms)
{
	static const struct {
		const char *text;
		tally_bitlocker_protection protection;
	} cases[] = {
	    {"000011-000022-000033-000044-000055-000066-000077-000088", TALLY_BITLOCKER_RECOVERY},
	    {"000011 000022 000033 000044 000055 000066 000077 000088", TALLY_BITLOCKER_RECOVERY},
	    {"000011000022000033000044000055000066000077000088", TALLY_BITLOCKER_RECOVERY},
	    {"\r\n 720885-720885-720885-720885-720885-720885-720885-720885 \n", TALLY_BITLOCKER_RECOVERY},
	    {EXTERNAL_BASE64, TALLY_BITLOCKER_EXTERNAL},
	    {EXTERNAL_BASE64 "\n", TALLY_BITLOCKER_EXTERNAL},
	};
	tally_bitlocker_outcome outcome;
	tally_bitlocker_key *key = take(cases[_i].text, strlen(cases[_i].text), &outcome);
	expect_outcome(&outcome, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, cases[_i].text);
	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(key->protection, cases[_i].protection);
	if (cases[_i].protection == TALLY_BITLOCKER_EXTERNAL)
		ck_assert_mem_eq(key->bytes, external_key, sizeof external_key);
	else if (strchr(cases[_i].text, '7') == strchr(cases[_i].text, '2') - 1)
		ck_assert_mem_eq(key->bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	else
		ck_assert_mem_eq(key->bytes, "\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10", 16);
	tally_bitlocker_key_free(key);
}
END_TEST

START_TEST(what_is_no_key_is_malformed)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "000011-000022-000033-000044-000055-000066-000077",
	    "000011-000022-000033-000044-000055-000066-000077-000089",
	    "000011-000022-000033-000044-000055-000066-000077-720896",
	    "000011-000022-000033-000044-000055-000066-000077-00008",
	    "000011-000022-000033-000044-000055-000066-000077-0000888",
	    "000011-000022-000033-000044-000055-000066-000077-000088-",
	    "000011-000022-000033-000044-000055-000066-000077-000088 000099",
	    "000011-000022 000033-000044-000055-000066-000077-000088",
	    "000011--00022-000033-000044-000055-000066-000077-000088",
	    "00001-1000022-000033-000044-000055-000066-000077-000088",
	    "000011-000022-000033-000044-000055-000066-000077-00008x",
	    "******-******-******-******-******-******-******-******",
	    "anaconda",
	    "dGhpcnR5LXR3byBieXRlcyBvZiBleHRlcm5hbCBrZQ==",
	    "dGhpcnR5LXR3byBieXRlcyBvZiBleHRlcm5hbCBrZXkh",
	    "-",
	};
	const int count = sizeof texts / sizeof texts[0];
	for (int i = 0; i < count; i++) {
		tally_bitlocker_outcome outcome;
		/* Exactly as long as it is, so that the sanitizer sees what is read behind it. */
		char *exact = strndup(texts[i], strlen(texts[i]));
		ck_assert_ptr_null(take(exact, strlen(exact), &outcome));
		expect_outcome(&outcome, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_MALFORMED, texts[i]);
		/* A part of a key is not to be shown either. */
		ck_assert_ptr_null(strstr(outcome.text, "0000"));
		free(exact);
	}
	char *large = malloc(100000);
	memset(large, 'A', 100000);
	tally_bitlocker_outcome outcome;
	ck_assert_ptr_null(take(large, 100000, &outcome));
	expect_outcome(&outcome, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_MALFORMED, "a large text");
	free(large);
}
END_TEST

static const bitlocker_options with_external = {.external_key = external_key, .seed = 3};

START_TEST(a_bek_file_holds_an_external_key)
{
	uint8_t bytes[256];
	const size_t size = bitlocker_write_bek(&with_external, bytes);
	tally_bitlocker_key *key;
	tally_bitlocker_outcome outcome;
	ck_assert_int_eq(tally_bitlocker_key_from_bek(bytes, size, &key, &outcome, NULL), TALLY_OK);
	expect_outcome(&outcome, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "whole");
	ck_assert_mem_eq(key->bytes, external_key, sizeof external_key);
	volume v = volume_make(100 * KIB, &with_external);
	volume_unlock_with(&v, key);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "unlock");
	volume_close(&v);
	tally_bitlocker_key_free(key);
	/* Cut anywhere, or with any byte changed: a key or none, never a crash. */
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut + (cut == 0));
		memcpy(exact, bytes, cut);
		ck_assert_int_eq(tally_bitlocker_key_from_bek(exact, cut, &key, &outcome, NULL), TALLY_OK);
		ck_assert_ptr_null(key);
		expect_outcome(&outcome, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_MALFORMED, "cut");
		free(exact);
	}
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= 0xff;
		ck_assert_int_eq(tally_bitlocker_key_from_bek(bytes, size, &key, &outcome, NULL), TALLY_OK);
		ck_assert((key == NULL) == (outcome.status == TALLY_BITLOCKER_KEY_INVALID));
		tally_bitlocker_key_free(key);
		bytes[at] ^= 0xff;
	}
}
END_TEST

static tally_result take_text(void *context, tally_error *error)
{
	tally_bitlocker_key *key;
	tally_bitlocker_outcome outcome;
	tally_result result =
	    tally_bitlocker_key_from_text((tally_text){context, strlen(context)}, &key, &outcome, error);
	ck_assert((key != NULL) == (result == TALLY_OK));
	tally_bitlocker_key_free(key);
	return result;
}

START_TEST(keys_need_memory)
{
	char recovery[] = "000011-000022-000033-000044-000055-000066-000077-000088", base64[] = EXTERNAL_BASE64;
	ck_assert_uint_eq(faults_each(FAULTS_OURS, false, take_text, NULL, recovery), 1);
	ck_assert_uint_eq(faults_each(FAULTS_OURS, false, take_text, NULL, base64), 2);
}
END_TEST

static unsigned asked;

static bool keep_going(void *context)
{
	return ++asked < *(unsigned *)context;
}

/* Two recovery passwords and a password besides; the second opens, and whoever waits may stop. */
START_TEST(every_recovery_password_is_tried)
{
	char first[56], second[56];
	bitlocker_recovery(1, first);
	bitlocker_recovery(2, second);
	const bitlocker_options options = {.recovery = {first, second}, .external_key = external_key, .seed = 4};
	volume v = volume_make(100 * KIB, &options);
	tally_bitlocker_key *key = key_of(second);
	unsigned patience = 10;
	tally_error error;
	ck_assert_int_eq(tally_bitlocker_unlock(v.bitlocker, key, keep_going, &patience, &v.unlocked, &error),
			 TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(asked, patience);
	ck_assert_ptr_null(tally_bitlocker_layer(v.bitlocker));
	patience = 100000;
	ck_assert_int_eq(tally_bitlocker_unlock(v.bitlocker, key, keep_going, &patience, &v.unlocked, &error),
			 TALLY_OK);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "the second");
	v.view = tally_bitlocker_layer(v.bitlocker);
	expect_all(&v, 33333);
	tally_bitlocker_key_free(key);
	volume_close(&v);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {keys_have_these_forms, 6}, {what_is_no_key_is_malformed, 0},      {a_bek_file_holds_an_external_key, 0},
	    {keys_need_memory, 0},      {every_recovery_password_is_tried, 0}, {NULL, 0}};
	return suite_run("bitlocker_key", tests);
}
