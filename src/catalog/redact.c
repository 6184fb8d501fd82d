/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last line of defence: the code that finds something never puts a secret into a finding, and whatever it puts there
 * goes through here all the same, because keys turn up where nobody expects them (in a name, in a damaged element).
 */
#include "catalog/finding.h"

#define ACCOUNT_KEY_DIGITS 86 /* Base64 of 64 bytes: 86 digits and "==" */
#define RECOVERY_DIGITS 48

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_base64_digit(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/';
}

static const char mask[] = "[masked]";

/*
 * Length of a value behind `name` at the front of `text`, 0 when it isn't there, or was masked: that is no secret any more,
 * and what follows isn't searched for its end, again and again where names follow each other.
 */
static size_t named_value(tally_text text, tally_text name)
{
	if (text.size <= name.size || !tally_text_equal_ascii_nocase((tally_text){text.data, name.size}, name) ||
	    tally_text_starts((tally_text){text.data + name.size, text.size - name.size}, mask))
		return 0;
	size_t end = name.size;
	while (end < text.size && strchr("&;\"'<> \t\r\n", text.data[end]) == NULL)
		end++;
	return end - name.size;
}

/* All of a run of digits that ends as a key does: a path in front of the key looks like a part of it. */
static size_t account_key(tally_text text)
{
	size_t n = 0;
	while (n < text.size && is_base64_digit(text.data[n]))
		n++;
	bool padded = n >= ACCOUNT_KEY_DIGITS && text.size >= n + 2 && text.data[n] == '=' && text.data[n + 1] == '=';
	return padded ? n + 2 : 0;
}

/* 48 digits, one blank, hyphen or nothing between groups. */
static size_t recovery_password(tally_text text)
{
	size_t digits = 0, i = 0;
	while (i < text.size && digits < RECOVERY_DIGITS) {
		if (is_digit(text.data[i]))
			digits++;
		else if (digits == 0 || digits % 6 != 0 || (text.data[i] != '-' && text.data[i] != ' '))
			break;
		i++;
	}
	return digits == RECOVERY_DIGITS ? i : 0;
}

/* A secret at the front of the text: bytes to keep before it in *keep, its length as the result; 0 when there is none. */
static size_t secret_at(tally_text text, char before, size_t *keep)
{
	const tally_text names[] = {TALLY_TEXT("sig="), TALLY_TEXT("AccountKey="), TALLY_TEXT("StorageAccountKey: "),
				    TALLY_TEXT("BitLockerKey: ")};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		*keep = names[i].size;
		size_t size = named_value(text, names[i]);
		if (size == 0)
			continue;
		/* With blanks between its groups a password is more than what ends at a blank. */
		size_t password = recovery_password((tally_text){text.data + *keep, text.size - *keep});
		return password > size ? password : size;
	}
	*keep = 0;
	if (is_base64_digit(text.data[0]) && !is_base64_digit(before)) {
		size_t size = account_key(text);
		if (size > 0)
			return size;
	}
	return recovery_password(text);
}

bool tally_has_secret(tally_text text)
{
	char before = '\0';
	size_t keep;
	for (; text.size > 0; text.data++, text.size--) {
		if (secret_at(text, before, &keep) > 0)
			return true;
		before = text.data[0];
	}
	return false;
}

void tally_mask(tally_text text, char *out, size_t size)
{
	static const char more[] = "\xE2\x80\xA6";
	char before = '\0';
	size_t used = 0;
	size_t limit = size > sizeof more ? size - sizeof more : 0;
	while (text.size > 0) {
		size_t keep;
		size_t secret = secret_at(text, before, &keep);
		size_t take = secret > 0 ? keep : 1;
		size_t add = take + (secret > 0 ? sizeof mask - 1 : 0);
		if (used + add > limit)
			break;
		memcpy(out + used, text.data, take);
		if (secret > 0)
			memcpy(out + used + take, mask, sizeof mask - 1);
		used += add;
		before = text.data[take + secret - 1];
		text.data += take + secret;
		text.size -= take + secret;
	}
	if (text.size > 0 && size > sizeof more) {
		while (used > 0 && ((unsigned char)text.data[0] & 0xC0) == 0x80) {
			text.data--;
			used--;
		}
		memcpy(out + used, more, sizeof more - 1);
		used += sizeof more - 1;
	}
	if (size > 0)
		out[used] = '\0';
}
