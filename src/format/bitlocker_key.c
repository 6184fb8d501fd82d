/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal.h"

#define GROUPS 8
#define GROUP_DIGITS 6
#define GROUP_FACTOR 11
#define GROUP_LIMIT (65536 * GROUP_FACTOR) /* a group is 16 bits of the password times 11 (B-02) */
#define EXTERNAL_KEY_BYTES 32              /* BLK: an external key has 256 bits */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
	return c == '-' || c == ' ';
}

/* Publications and screenshots put stars in place of the characters and often leave the hyphens between groups. */
static bool is_masked(tally_text key)
{
	bool stars = false;
	for (size_t i = 0; i < key.size; i++) {
		if (key.data[i] != '*' && !is_separator(key.data[i]))
			return false;
		stars = stars || key.data[i] == '*';
	}
	return stars;
}

/* Takes one group off the front of *key; false when there aren't six digits. */
static bool take_group(tally_text *key, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < GROUP_DIGITS; i++) {
		if (key->size == 0 || !is_digit(key->data[0]))
			return false;
		*value = *value * 10 + (uint32_t)(key->data[0] - '0');
		key->data++;
		key->size--;
	}
	return true;
}

/*
 * Eight groups with the same separator, or none, between all of them. Windows lets one leave separators out; what mixes
 * them was put together by hand, and nobody published that the service takes it.
 */
static bool split_groups(tally_text key, uint32_t groups[GROUPS])
{
	char separator =
	    key.size > GROUP_DIGITS && is_separator(key.data[GROUP_DIGITS]) ? key.data[GROUP_DIGITS] : '\0';
	for (unsigned i = 0; i < GROUPS; i++) {
		if (i > 0 && separator != '\0') {
			if (key.size == 0 || key.data[0] != separator)
				return false;
			key.data++;
			key.size--;
		}
		if (!take_group(&key, &groups[i]))
			return false;
	}
	return key.size == 0;
}

static tally_key_form judge_groups(const uint32_t groups[GROUPS], unsigned *group, const char **reason)
{
	for (unsigned i = 0; i < GROUPS; i++) {
		if (groups[i] % GROUP_FACTOR == 0 && groups[i] < GROUP_LIMIT)
			continue;
		*group = i + 1;
		*reason = groups[i] % GROUP_FACTOR != 0 ? "the group is not divisible by 11"
							: "the group is not below 720,896";
		return TALLY_KEY_INVALID;
	}
	return TALLY_KEY_RECOVERY;
}

tally_key_form tally_bitlocker_key_judge(tally_text key, unsigned *group, const char **reason)
{
	*group = 0;
	*reason = "";
	if (key.size == 0)
		return TALLY_KEY_NONE;
	if (is_masked(key))
		return TALLY_KEY_MASKED;
	uint32_t groups[GROUPS];
	if (split_groups(key, groups))
		return judge_groups(groups, group, reason);

	/* 48 digits without separators are Base64 as well; that they were tried first is what tells the forms apart. */
	bool numerical = true;
	for (size_t i = 0; i < key.size; i++)
		numerical = numerical && (is_digit(key.data[i]) || is_separator(key.data[i]));
	size_t decoded;
	if (numerical)
		*reason = "a recovery password is eight groups of six digits, all separated in the same way";
	else if (!tally_base64_decode(key, NULL, 0, &decoded))
		*reason = "it is neither 48 digits in eight groups nor Base64";
	else if (decoded < EXTERNAL_KEY_BYTES)
		*reason = "it is Base64 of fewer bytes than the 32 of an external key";
	else
		return TALLY_KEY_EXTERNAL;
	return TALLY_KEY_INVALID;
}

/* One character off the front, the separators of a recovery password left out; '\0' at the end. */
static char next_character(tally_text *key)
{
	while (key->size > 0 && is_separator(key->data[0])) {
		key->data++;
		key->size--;
	}
	if (key->size == 0)
		return '\0';
	key->size--;
	return *key->data++;
}

bool tally_bitlocker_key_equal(tally_text a, tally_text b)
{
	a = tally_text_trim(a);
	b = tally_text_trim(b);
	for (;;) {
		char left = next_character(&a), right = next_character(&b);
		if (left != right)
			return false;
		if (left == '\0')
			return a.size == 0 && b.size == 0;
	}
}
