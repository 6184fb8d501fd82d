/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Published in V2P: valid. */
static const char valid_key[] = "060456-014509-132033-080300-252615-584177-672089-411631";

static tally_key_form judge(const char *key, unsigned *group)
{
	const char *reason = NULL;
	tally_key_form form = tally_bitlocker_key_judge((tally_text){key, strlen(key)}, group, &reason);
	ck_assert_ptr_nonnull(reason);
	ck_assert_int_eq(reason[0] != '\0', form == TALLY_KEY_INVALID);
	return form;
}

static void check_key(const char *key, tally_key_form form, unsigned group)
{
	unsigned found_group;
	tally_key_form found = judge(key, &found_group);
	ck_assert_msg(found == form && found_group == group, "%s: form %d, group %u", key, (int)found, found_group);
}

/* B-04: the keys in official examples, with the verdicts of that page. */
START_TEST(published)
{
	check_key(valid_key, TALLY_KEY_RECOVERY, 0);
	check_key("238810-662376-448998-450120-652806-203390-606320-483076", TALLY_KEY_RECOVERY, 0);
	check_key("000000-000000-111111-222222-333333-444444-555555-666666", TALLY_KEY_RECOVERY, 0);
	check_key("439675-460165-128202-905124-487224-524332-851649-442187", TALLY_KEY_INVALID, 1);
	check_key("295888-146773-434511-382459-355014-589787-673035-684222", TALLY_KEY_INVALID, 1);
}
END_TEST

/* No single wrong digit goes unnoticed, and the group it is in is named. */
START_TEST(each_digit_changed)
{
	for (size_t i = 0; i < sizeof valid_key - 1; i++) {
		char key[sizeof valid_key];
		memcpy(key, valid_key, sizeof key);
		for (char digit = '0'; valid_key[i] != '-' && digit <= '9'; digit++) {
			key[i] = digit;
			if (digit != valid_key[i])
				check_key(key, TALLY_KEY_INVALID, (unsigned)(i / 7) + 1);
		}
	}
}
END_TEST

/*
 * Every number that a group can be, against the definition from the other side: a group is 16 bits of the password,
 * times 11. And as B-03 has it: in such a group the sixth digit follows from the five before it, because the
 * alternating sum of the digits is divisible by 11.
 */
START_TEST(every_group)
{
	bool *allowed = calloc(1000000, sizeof *allowed);
	ck_assert_ptr_nonnull(allowed);
	for (unsigned bits = 0; bits < 65536; bits++)
		allowed[bits * 11] = true;
	static const unsigned places[] = {0, 3, 7};
	for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
		char key[sizeof valid_key + 8];
		memcpy(key, valid_key, sizeof valid_key);
		char *digits = key + (size_t)places[p] * 7;
		char separator = digits[6];
		for (unsigned value = 0; value < 1000000; value++) {
			snprintf(digits, 7, "%06u", value);
			digits[6] = separator;
			unsigned group;
			const char *reason;
			tally_key_form form =
			    tally_bitlocker_key_judge((tally_text){key, sizeof valid_key - 1}, &group, &reason);
			bool right = allowed[value] ? form == TALLY_KEY_RECOVERY && group == 0
						    : form == TALLY_KEY_INVALID && group == places[p] + 1;
			int check_digit = digits[0] - digits[1] + digits[2] - digits[3] + digits[4] - '0';
			bool follows = (check_digit + 22) % 11 == digits[5] - '0';
			/* An assertion for each would take longer than everything else. */
			if (!right || (allowed[value] && !follows))
				ck_abort_msg("%06u: form %d, group %u", value, (int)form, group);
		}
	}
	free(allowed);
}
END_TEST

START_TEST(separators)
{
	char key[sizeof valid_key], packed[sizeof valid_key] = "";
	memcpy(key, valid_key, sizeof key);
	size_t size = 0;
	for (size_t i = 0; i < sizeof key - 1; i++) {
		if (key[i] == '-')
			key[i] = ' ';
		else
			packed[size++] = key[i];
	}
	check_key(key, TALLY_KEY_RECOVERY, 0);
	check_key(packed, TALLY_KEY_RECOVERY, 0); /* is Base64 too, but not of an external key */
	for (size_t i = 6; i < sizeof key - 1; i += 7) {
		char mixed[sizeof key];
		memcpy(mixed, key, sizeof mixed);
		mixed[i] = '-';
		check_key(mixed, TALLY_KEY_INVALID, 0);
		memmove(mixed + i, mixed + i + 1, sizeof mixed - i - 1);
		check_key(mixed, TALLY_KEY_INVALID, 0);
	}
}
END_TEST

START_TEST(lengths)
{
	/* Each length of digits but the right one, with and without separators. */
	for (size_t size = 1; size < sizeof valid_key - 1; size++) {
		char key[sizeof valid_key];
		snprintf(key, sizeof key, "%.*s", (int)size, valid_key);
		check_key(key, TALLY_KEY_INVALID, 0);
	}
	check_key("060456-014509-132033-080300-252615-584177-672089-4116310", TALLY_KEY_INVALID, 0);
	check_key("060456-014509-132033-080300-252615-584177-672089-411631-", TALLY_KEY_INVALID, 0);
	check_key("0604560145091320330803002526155841776720894116310000", TALLY_KEY_INVALID, 0);
	check_key("0000000000000000000000000000000000000000000", TALLY_KEY_INVALID, 0);
}
END_TEST

START_TEST(other_forms)
{
	check_key("", TALLY_KEY_NONE, 0);
	check_key("*******", TALLY_KEY_MASKED, 0);
	check_key("******-******-******-******-******-******-******-******", TALLY_KEY_MASKED, 0);
	check_key("-", TALLY_KEY_INVALID, 0);
	check_key("060456-******-******-******-******-******-******-411631", TALLY_KEY_INVALID, 0);
	check_key("bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW5n", TALLY_KEY_EXTERNAL, 0); /* 33 bytes */
	check_key("bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW4=", TALLY_KEY_EXTERNAL, 0); /* 32 */
	check_key("bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaQ==", TALLY_KEY_INVALID, 0);  /* 31 */
	check_key("bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW5", TALLY_KEY_INVALID, 0);   /* a character is missing */
	check_key("bWFkZSB1cCBmb3IgYSB0ZXN0 LCBvcGVucyBub3RoaW5n", TALLY_KEY_INVALID, 0); /* a blank within */
	check_key("not a key", TALLY_KEY_INVALID, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format/bitlocker_key");
	TCase *tcase = tcase_create("bitlocker_key");
	tcase_add_test(tcase, published);
	tcase_add_test(tcase, each_digit_changed);
	tcase_add_test(tcase, every_group);
	tcase_add_test(tcase, separators);
	tcase_add_test(tcase, lengths);
	tcase_add_test(tcase, other_forms);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
