/* SPDX-License-Identifier: Apache-2.0 */
#include "format/job_values.h"

#include "base/windows_path.h"
#include "format/drive_values.h"
#include "format/journal.h"
#include "format/storage_name.h"

#include <stdio.h>

#define HEADER_HASH_DIGITS 128 /* the size of a SHA-512 */

static void tell(const tally_job_value *value, tally_rule_symbol rule, tally_text expected, const char *what)
{
	tally_fact fact = {
	    .rule = rule, .in_document = true, .place = value->place, .expected = expected, .actual = value->text};
	tally_find_fact(value->finder, &fact, "%s %s", value->what, what);
}

static const tally_text nothing = {NULL, 0};

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
	return is_upper(c) || is_lower(c) || is_digit(c);
}

/* ---- drives ---- */

void tally_job_check_drive_id(const tally_job_value *value)
{
	tally_drive_id_form form = tally_drive_id_judge(value->text);
	if (form == TALLY_DRIVE_ID_BLANK)
		tell(value, TALLY_RULE_R_02, nothing, "has a blank in it");
	else if (form == TALLY_DRIVE_ID_UNUSUAL)
		tell(value, TALLY_RULE_R_02_CHARACTERS, nothing, "has a character that no known serial number has");
}

void tally_job_check_bitlocker_key(const tally_job_value *value)
{
	unsigned group;
	const char *reason;
	tally_fact fact = {.in_document = true, .place = value->place};
	switch (tally_bitlocker_key_judge(value->text, &group, &reason)) {
	case TALLY_KEY_NONE:
	case TALLY_KEY_RECOVERY:
		break;
	case TALLY_KEY_MASKED:
		fact.rule = TALLY_RULE_B_01;
		tally_find_fact(value->finder, &fact, "%s is masked, and nothing can be unlocked with that",
				value->what);
		break;
	case TALLY_KEY_EXTERNAL:
		fact.rule = TALLY_RULE_J_10;
		tally_find_fact(value->finder, &fact, "%s is the Base64 of an external key", value->what);
		break;
	case TALLY_KEY_INVALID:
		fact.rule = group > 0 ? TALLY_RULE_B_02 : TALLY_RULE_B_01;
		if (group > 0)
			tally_find_fact(value->finder, &fact, "group %u of %s is wrong: %s", group, value->what,
					reason);
		else
			tally_find_fact(value->finder, &fact, "%s can't be a key: %s", value->what, reason);
		break;
	}
}

/* K-21: the PowerShell page doubles the backslash where nothing halves it again. */
static bool is_doubled(tally_text path)
{
	return path.size > 2 && path.data[0] == '\\' && path.data[1] == '\\' && path.data[2] != '\\' &&
	       memchr(path.data + 2, '\\', path.size - 2) == NULL;
}

void tally_job_check_manifest_file(const tally_job_value *value)
{
	tally_text path = value->text;
	if (is_doubled(path)) {
		tell(value, TALLY_RULE_R_04_DOUBLE, TALLY_TEXT("\\DriveManifest.xml"), "begins with two backslashes");
		path.data++;
		path.size--;
	} else if (memchr(path.data, '/', path.size) != NULL) {
		tell(value, TALLY_RULE_R_04_SLASH, nothing, "is written with slashes");
	}
	tally_path_fault fault = tally_windows_path_check(path, NULL);
	if (fault == TALLY_PATH_OK)
		return;
	tally_fact fact = {.rule = tally_path_fault_is_length(fault) ? TALLY_RULE_R_04_LENGTH : TALLY_RULE_R_04,
			   .in_document = true,
			   .place = value->place,
			   .actual = value->text};
	tally_find_fact(value->finder, &fact, "Windows can't hold the path in %s: %s", value->what,
			tally_path_fault_text(fault));
}

void tally_job_check_manifest_hash(const tally_job_value *value)
{
	static const tally_text expected = {"32 hexadecimal digits", sizeof "32 hexadecimal digits" - 1};
	uint8_t md5[16];
	size_t decoded;
	if (tally_hex_decode(value->text, md5, sizeof md5))
		return;
	if (tally_is_hex(value->text) && value->text.size == 64)
		tell(value, TALLY_RULE_R_05_SHA256, expected, "has 64 hexadecimal digits, the size of a SHA-256");
	else if (tally_base64_decode(value->text, NULL, 0, &decoded) && decoded == sizeof md5)
		tell(value, TALLY_RULE_R_05, expected,
		     "is an MD5 in Base64; it must be written as 32 hexadecimal digits");
	else
		tell(value, TALLY_RULE_R_05, expected, "is not a hash of 32 hexadecimal digits");
}

/* Takes what stands before the next `end` off the front of *rest; all of it when there is none. */
static tally_text take_until(tally_text *rest, char end)
{
	const char *found = rest->size > 0 ? memchr(rest->data, end, rest->size) : NULL;
	tally_text taken = {rest->data, found != NULL ? (size_t)(found - rest->data) : rest->size};
	size_t used = taken.size + (found != NULL);
	*rest = (tally_text){rest->data + used, rest->size - used};
	return taken;
}

static bool is_header_range(tally_text range)
{
	uint64_t offset, length, end;
	return tally_decimal_parse(take_until(&range, ':'), &offset) == TALLY_NUMBER_OK &&
	       tally_decimal_parse(take_until(&range, ':'), &length) == TALLY_NUMBER_OK &&
	       !__builtin_add_overflow(offset, length, &end) && range.size == HEADER_HASH_DIGITS && tally_is_hex(range);
}

void tally_job_check_header_hash(const tally_job_value *value)
{
	tally_text rest = value->text;
	bool good = rest.data[rest.size - 1] != ';';
	while (good && rest.size > 0)
		good = is_header_range(take_until(&rest, ';'));
	if (!good)
		tell(value, TALLY_RULE_R_06, TALLY_TEXT("offset:length:hash;…"), "is not the hashes of ranges");
}

/* ---- accounts and paths ---- */

void tally_job_check_account_name(const tally_job_value *value)
{
	bool good = value->text.size >= 3 && value->text.size <= 24;
	for (size_t i = 0; i < value->text.size; i++)
		good = good && (is_lower(value->text.data[i]) || is_digit(value->text.data[i]));
	if (!good)
		tell(value, TALLY_RULE_N_01, nothing,
		     "names an account that can't exist: 3 to 24 lower-case letters and digits");
}

void tally_job_check_account_id(const tally_job_value *value)
{
	/* NULL: any text. Resource ids don't depend on capitals. */
	static const char *const parts[] = {"",   "subscriptions", NULL, "resourceGroups",
					    NULL, "providers",     NULL, "storageAccounts"};
	tally_text rest = value->text;
	bool good = true;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		tally_text part = take_until(&rest, '/');
		if (parts[i] != NULL)
			good = good && tally_text_equal_ascii_nocase(part, (tally_text){parts[i], strlen(parts[i])});
		else
			good = good && part.size > 0;
		if (i == 6)
			good = good && (tally_text_equal_ascii_nocase(part, TALLY_TEXT("Microsoft.Storage")) ||
					tally_text_equal_ascii_nocase(part, TALLY_TEXT("Microsoft.ClassicStorage")));
	}
	if (!good || rest.size == 0 || memchr(rest.data, '/', rest.size) != NULL) {
		tell(value, TALLY_RULE_R_20, nothing, "is not the resource id of a storage account");
		return;
	}
	tally_job_value name = *value;
	name.text = rest;
	tally_job_check_account_name(&name);
}

void tally_job_check_log_path(const tally_job_value *value)
{
	tally_blob_name name = tally_blob_path_split(value->text);
	const char *fault = tally_container_name_fault(name.container);
	if (fault == NULL)
		return;
	tally_fact fact = {
	    .rule = TALLY_RULE_R_14_PATH, .in_document = true, .place = value->place, .actual = value->text};
	tally_find_fact(value->finder, &fact, "%s doesn't begin with the name of a container: %s", value->what, fault);
}

static void check_container(const tally_job_value *value, const char *fault)
{
	if (fault == NULL)
		return;
	tally_fact fact = {
	    .rule = TALLY_RULE_R_12_PATH, .in_document = true, .place = value->place, .actual = value->text};
	tally_find_fact(value->finder, &fact, "%s doesn't begin with the name of a container: %s", value->what, fault);
}

void tally_job_check_blob_path(const tally_job_value *value)
{
	tally_blob_name name = tally_blob_path_split(value->text); /* K-16: with or without a slash in front */
	if (tally_text_equal_string(value->text, "/") || tally_text_equal_string(value->text, "\\"))
		tell(value, TALLY_RULE_R_12_ALL, TALLY_TEXT("blobPathPrefix [\"/\"]"), "selects no blob");
	else if (name.blob.data == NULL || name.blob.size == 0)
		tell(value, TALLY_RULE_R_12_PATH, TALLY_TEXT("container/blob"), "has no blob behind the container");
	else
		check_container(value, tally_container_name_fault(name.container));
}

void tally_job_check_blob_prefix(const tally_job_value *value)
{
	tally_blob_name name = tally_blob_path_split(value->text);
	if (tally_text_equal_string(value->text, "\\"))
		tell(value, TALLY_RULE_R_12_ALL, TALLY_TEXT("/"), "is a backslash");
	else if (!name.leading_slash)
		tell(value, TALLY_RULE_R_12_PATH, TALLY_TEXT("/container/blob"), "does not begin with a slash");
	else
		check_container(value, tally_prefix_container_fault(&name));
}

void tally_job_check_uri(const tally_job_value *value)
{
	static const char *const schemes[] = {"https://", "http://"};
	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(schemes[i]);
		if (value->text.size > size &&
		    tally_text_equal_ascii_nocase((tally_text){value->text.data, size}, (tally_text){schemes[i], size}))
			return;
	}
	/* Its value stays out: what is no URI may still be the rest of one with a signature. */
	tally_find_fact(value->finder,
			&(tally_fact){.rule = TALLY_RULE_R_10_URI, .in_document = true, .place = value->place},
			"%s is not an http or https URI", value->what);
}

/* ---- names ---- */

void tally_job_check_name(const tally_job_value *value)
{
	tally_text name = value->text;
	bool good = name.size >= 3 && name.size <= 24 && is_letter_or_digit(name.data[0]) &&
		    is_letter_or_digit(name.data[name.size - 1]);
	for (size_t i = 0; i < name.size; i++)
		good = good && (is_letter_or_digit(name.data[i]) || name.data[i] == '-');
	if (!good)
		tell(value, TALLY_RULE_R_16, nothing,
		     "is not 3 to 24 letters, digits and hyphens with a letter or digit at both ends");
}

void tally_job_check_classic_name(const tally_job_value *value)
{
	bool good = is_lower(value->text.data[0]);
	for (size_t i = 0; i < value->text.size; i++) {
		char c = value->text.data[i];
		good = good && (is_lower(c) || is_digit(c) || c == '-' || c == '_');
	}
	if (!good)
		tell(value, TALLY_RULE_R_16_CLASSIC, nothing, "is no name that the classic portal would take");
}

/* ---- words ---- */

static void check_word(const tally_job_value *value, tally_rule_symbol rule, const char *a, const char *b)
{
	if (tally_text_equal_string(value->text, a) || tally_text_equal_string(value->text, b))
		return;
	char expected[64];
	snprintf(expected, sizeof expected, "%s or %s", a, b);
	tell(value, rule, (tally_text){expected, strlen(expected)}, "has a value that is not defined");
}

void tally_job_check_type(const tally_job_value *value)
{
	check_word(value, TALLY_RULE_R_14_TYPE, "Import", "Export");
}

void tally_job_check_log_level(const tally_job_value *value)
{
	check_word(value, TALLY_RULE_R_14_LEVEL, "Error", "Verbose");
}

void tally_job_check_kek_type(const tally_job_value *value)
{
	check_word(value, TALLY_RULE_R_18, "MicrosoftManaged", "CustomerManaged");
}

static bool is_status(tally_text word, tally_level level)
{
	char code[64];
	if (word.size >= sizeof code || memchr(word.data, '\0', word.size) != NULL)
		return false;
	memcpy(code, word.data, word.size);
	code[word.size] = '\0';
	return tally_status_find(level, code) != NULL;
}

void tally_job_check_state(const tally_job_value *value)
{
	if (!is_status(value->text, TALLY_LEVEL_JOB))
		tell(value, TALLY_RULE_R_11, nothing, "is a state of jobs that is not known");
}

void tally_job_check_drive_state(const tally_job_value *value)
{
	if (!is_status(value->text, TALLY_LEVEL_DRIVE_STATE))
		tell(value, TALLY_RULE_R_08, nothing, "is a state of drives that is not known");
}

/* "40 % completed": the portal's "n % completed", with the number. */
static bool is_percentage(tally_text word)
{
	size_t digits = 0;
	uint64_t percent;
	while (digits < word.size && word.data[digits] >= '0' && word.data[digits] <= '9')
		digits++;
	tally_text number = {word.data, digits}, rest = {word.data + digits, word.size - digits};
	if (tally_decimal_parse(number, &percent) != TALLY_NUMBER_OK || percent > 100)
		return false;
	return tally_text_equal_string(rest, " % completed") || tally_text_equal_string(rest, "% completed");
}

void tally_job_check_copy_status(const tally_job_value *value)
{
	/* The older interfaces call it free text; whichever vocabulary the word is from, it is no surprise. */
	static const tally_level levels[] = {TALLY_LEVEL_COPY_STATUS, TALLY_LEVEL_PORTAL, TALLY_LEVEL_DRIVE,
					     TALLY_LEVEL_DRIVE_STATE};
	bool known = is_percentage(value->text);
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		known = known || is_status(value->text, levels[i]);
	if (!known)
		tell(value, TALLY_RULE_R_09_STATUS, nothing, "is a word that is not known");
}

void tally_job_check_stage(const tally_job_value *value)
{
	if (!is_status(value->text, TALLY_LEVEL_STAGE))
		tell(value, TALLY_RULE_R_19_STAGE, nothing, "is a stage that is not known");
}
