/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/key.h"

#include "base/bytes.h"
#include "drive/bitlocker/outcome.h"
#include "io/secret.h"

#define GROUPS 8
#define GROUP_DIGITS 6
#define GROUP_FACTOR 11
#define GROUP_LIMIT (65536 * GROUP_FACTOR)
#define BEK_HEAD 48
#define BEK_MAX 4096     /* bytes; Windows writes 156 */
#define EXTERNAL_HEAD 24 /* GUID and FILETIME in front of the key entry */
#define ROLE_EXTERNAL_KEY 6

static tally_result new_key(tally_bitlocker_protection protection, const uint8_t *bytes, size_t size,
			    tally_bitlocker_key **key, tally_error *error)
{
	*key = tally_secret_alloc(sizeof **key);
	if (*key == NULL)
		return tally_fail_memory(error);
	(*key)->protection = protection;
	if (bytes != NULL)
		memcpy((*key)->bytes, bytes, size);
	return TALLY_OK;
}

static tally_result malformed(tally_bitlocker_key **key, tally_bitlocker_outcome *outcome, const char *why)
{
	tally_bitlocker_key_free(*key);
	*key = NULL;
	tally_bitlocker_say(outcome, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_MALFORMED, "%s", why);
	return TALLY_OK;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes a group off the front of *text. UINT32_MAX when there aren't six digits. */
static uint32_t take_group(tally_text *text)
{
	uint32_t value = 0;
	if (text->size < GROUP_DIGITS)
		return UINT32_MAX;
	for (unsigned i = 0; i < GROUP_DIGITS; i++) {
		if (!is_digit(text->data[i]))
			return UINT32_MAX;
		value = value * 10 + (uint32_t)(text->data[i] - '0');
	}
	text->data += GROUP_DIGITS;
	text->size -= GROUP_DIGITS;
	return value;
}

/* NULL, or what is wrong with it. */
static const char *read_password(tally_text text, uint8_t bytes[TALLY_RECOVERY_KEY])
{
	char separator = text.size > GROUP_DIGITS ? text.data[GROUP_DIGITS] : '\0';
	for (unsigned i = 0; i < GROUPS; i++) {
		if (i > 0 && !is_digit(separator)) {
			if (text.size == 0 || text.data[0] != separator)
				return "the recovery password is not eight groups of six digits";
			text.data++;
			text.size--;
		}
		uint32_t group = take_group(&text);
		if (group == UINT32_MAX)
			return "the recovery password is not eight groups of six digits";
		if (group % GROUP_FACTOR != 0 || group >= GROUP_LIMIT)
			return "a group of the recovery password is none that Windows makes: not divisible by 11, or "
			       "not below "
			       "720,896";
		bytes[2 * i] = (uint8_t)(group / GROUP_FACTOR);
		bytes[2 * i + 1] = (uint8_t)(group / GROUP_FACTOR >> 8);
	}
	return text.size == 0 ? NULL : "something follows the recovery password";
}

static bool is_numerical(tally_text text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!is_digit(text.data[i]) && text.data[i] != '-' && text.data[i] != ' ')
			return false;
	return text.size > 0;
}

tally_result tally_bitlocker_key_from_text(tally_text text, tally_bitlocker_key **key, tally_bitlocker_outcome *outcome,
					   tally_error *error)
{
	*outcome = (tally_bitlocker_outcome){0};
	*key = NULL;
	text = tally_text_trim(text);
	if (is_numerical(text)) {
		tally_result result = new_key(TALLY_BITLOCKER_RECOVERY, NULL, 0, key, error);
		const char *why = result == TALLY_OK ? read_password(text, (*key)->bytes) : NULL;
		return why == NULL ? result : malformed(key, outcome, why);
	}
	size_t size;
	if (text.size > 2 * BEK_MAX || !tally_base64_decode(text, NULL, 0, &size) || size > BEK_MAX)
		return malformed(key, outcome, "the key is neither a recovery password of 48 digits nor Base64");
	uint8_t *bytes = tally_secret_alloc(size);
	if (bytes == NULL)
		return tally_fail_memory(error);
	tally_base64_decode(text, bytes, size, &size);
	tally_result result = size == TALLY_BITLOCKER_EXTERNAL_KEY
				  ? tally_bitlocker_key_from_bytes(bytes, key, error)
				  : tally_bitlocker_key_from_bek(bytes, size, key, outcome, error);
	tally_secret_free(bytes);
	return result;
}

/* Section 1.3: a head as that of the volume's own entries, then an external key with the key nested in it. */
static const uint8_t *find_external_key(const uint8_t *bytes, size_t size)
{
	if (size < BEK_HEAD || size > BEK_MAX)
		return NULL;
	const uint32_t whole = tally_le32(bytes), head = tally_le32(bytes + 8);
	if (head < BEK_HEAD || whole < head || whole > size)
		return NULL;
	tally_entries row = {bytes + head, whole - head, false};
	tally_entry entry, inner;
	uint16_t type;
	const uint8_t *key;
	size_t key_size;
	while (tally_entries_next(&row, &entry)) {
		if (entry.role != ROLE_EXTERNAL_KEY || entry.type != TALLY_ENTRY_EXTERNAL_KEY ||
		    entry.size < EXTERNAL_HEAD)
			continue;
		tally_entries nested = {entry.data + EXTERNAL_HEAD, entry.size - EXTERNAL_HEAD, false};
		while (tally_entries_next(&nested, &inner))
			if (tally_entry_key(&inner, &type, &key, &key_size) && key_size == TALLY_BITLOCKER_EXTERNAL_KEY)
				return key;
	}
	return NULL;
}

tally_result tally_bitlocker_key_from_bek(const void *bytes, size_t size, tally_bitlocker_key **key,
					  tally_bitlocker_outcome *outcome, tally_error *error)
{
	*outcome = (tally_bitlocker_outcome){0};
	*key = NULL;
	const uint8_t *found = find_external_key(bytes, size);
	if (found == NULL)
		return malformed(key, outcome, "it is neither an external key of 32 bytes nor a .BEK file");
	return tally_bitlocker_key_from_bytes(found, key, error);
}

tally_result tally_bitlocker_key_from_bytes(const void *bytes, tally_bitlocker_key **key, tally_error *error)
{
	return new_key(TALLY_BITLOCKER_EXTERNAL, bytes, TALLY_BITLOCKER_EXTERNAL_KEY, key, error);
}

void tally_bitlocker_key_free(tally_bitlocker_key *key)
{
	tally_secret_free(key);
}
