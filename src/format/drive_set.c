/* SPDX-License-Identifier: Apache-2.0 */
#include "format/drive_set.h"

#include "format/csv.h"
#include "format/journal.h"

enum { LETTER, FORMAT, PROMPT, ENCRYPTION, KEY };

static const tally_csv_generation generations[] = {
    {"a drive set", 5, {"DriveLetter", "FormatOption", "SilentOrPromptOnFormat", "Encryption", "ExistingBitLockerKey"}},
};

typedef struct drive_set {
	tally_finder *finder;
	uint32_t letters; /* a bit for each one seen */
} drive_set;

/* Never a value that could be a key: commas get lost, and the key then stands in another column. */
static tally_text showable(tally_text text)
{
	bool word = text.size <= 24;
	for (size_t i = 0; i < text.size && word; i++)
		word = (text.data[i] >= 'A' && text.data[i] <= 'Z') || (text.data[i] >= 'a' && text.data[i] <= 'z') ||
		       text.data[i] == ':';
	return word ? text : (tally_text){NULL, 0};
}

static void tell(drive_set *s, tally_rule_symbol rule, const tally_csv_field *field, const char *message)
{
	tally_fact fact = {.rule = rule, .in_document = true, .place = field->place, .actual = showable(field->text)};
	tally_find_fact(s->finder, &fact, "%s", message);
}

static void judge_letter(drive_set *s, const tally_csv_field *field)
{
	tally_text text = field->text;
	char letter = (char)(text.size > 0 ? text.data[0] | 0x20 : 0);
	if (text.size != 1 || letter < 'a' || letter > 'z') {
		tell(s, TALLY_RULE_T_16_LETTER, field,
		     text.size == 0 ? "DriveLetter is empty" : "DriveLetter is not a single letter");
		return;
	}
	uint32_t bit = UINT32_C(1) << (letter - 'a');
	if ((s->letters & bit) != 0)
		tell(s, TALLY_RULE_T_16_TWICE, field, "this drive was listed before");
	s->letters |= bit;
}

typedef enum choice { NEITHER = -1, FIRST, SECOND } choice;

static choice judge_choice(drive_set *s, const tally_csv_field *field, const char *const values[2],
			   tally_rule_symbol rule, const char *message)
{
	for (choice i = FIRST; i <= SECOND; i++) {
		if (!tally_text_equal_ascii_nocase(field->text, (tally_text){values[i], strlen(values[i])}))
			continue;
		if (!tally_text_equal_string(field->text, values[i]))
			tell(s, TALLY_RULE_T_16_CASE, field, "this value is published with other capitals");
		return i;
	}
	tell(s, rule, field, message);
	return NEITHER;
}

static void judge_key(drive_set *s, const tally_csv_field *field, tally_text key)
{
	unsigned group;
	const char *reason;
	tally_fact fact = {.rule = TALLY_RULE_B_01, .in_document = true, .place = field->place};
	switch (tally_bitlocker_key_judge(key, &group, &reason)) {
	case TALLY_KEY_NONE:
	case TALLY_KEY_RECOVERY:
		break;
	case TALLY_KEY_MASKED:
		tally_find_fact(s->finder, &fact, "ExistingBitLockerKey is masked; it can't unlock the drive");
		break;
	case TALLY_KEY_EXTERNAL:
		fact.rule = TALLY_RULE_J_10;
		tally_find_fact(s->finder, &fact, "ExistingBitLockerKey is the Base64 of an external key");
		break;
	case TALLY_KEY_INVALID:
		fact.rule = group > 0 ? TALLY_RULE_B_02 : TALLY_RULE_B_01;
		if (group > 0)
			tally_find_fact(s->finder, &fact, "group %u of ExistingBitLockerKey is wrong: %s", group,
					reason);
		else
			tally_find_fact(s->finder, &fact, "ExistingBitLockerKey can't be a key: %s", reason);
		break;
	}
}

/* The key without the vertical bar that one page has behind it. */
static tally_text without_bar(drive_set *s, const tally_csv_field *field)
{
	tally_text key = field->text;
	if (key.size == 0 || key.data[key.size - 1] != '|')
		return key;
	tell(s, TALLY_RULE_T_17, field, "there is a vertical bar behind the key");
	return tally_text_trim((tally_text){key.data, key.size - 1});
}

static void judge_row(void *context, const tally_csv_generation *generation, const tally_csv_field *fields,
		      tally_place place)
{
	static const char *const formats[] = {"Format", "AlreadyFormatted"},
				 *const prompts[] = {"SilentMode", "PromptOnFormat"},
				 *const encryptions[] = {"Encrypt", "AlreadyEncrypted"};
	drive_set *s = context;
	(void)generation, (void)place;
	judge_letter(s, &fields[LETTER]);
	choice format = judge_choice(s, &fields[FORMAT], formats, TALLY_RULE_T_16_FORMAT,
				     "FormatOption is neither Format nor AlreadyFormatted");
	judge_choice(s, &fields[PROMPT], prompts, TALLY_RULE_T_16_PROMPT,
		     "SilentOrPromptOnFormat is neither SilentMode nor PromptOnFormat");
	choice encryption = judge_choice(s, &fields[ENCRYPTION], encryptions, TALLY_RULE_T_16_ENCRYPTION,
					 "Encryption is neither Encrypt nor AlreadyEncrypted");
	if (format == FIRST && encryption == SECOND)
		tell(s, TALLY_RULE_T_16_COMBINATION, &fields[ENCRYPTION],
		     "FormatOption is Format, so Encryption must be Encrypt");
	tally_text key = without_bar(s, &fields[KEY]);
	if (encryption == FIRST && key.size > 0)
		tell(s, TALLY_RULE_T_16_KEY, &fields[KEY], "a drive that is yet to be encrypted has no BitLocker key");
	else if (encryption == SECOND && key.size == 0)
		tell(s, TALLY_RULE_T_16_NO_KEY, &fields[KEY],
		     "the BitLocker key of a drive that is already encrypted is missing");
	else
		judge_key(s, &fields[KEY], key);
}

static const tally_csv_generation *guess(const tally_csv_field *fields, size_t count)
{
	(void)fields, (void)count;
	return generations;
}

static const tally_csv_table table = {
    .generations = generations,
    .generation_count = 1,
    .header = TALLY_RULE_T_16_HEADER,
    .no_header = TALLY_RULE_T_16_NO_HEADER,
    .columns = TALLY_RULE_T_16_COLUMNS,
    .empty = TALLY_RULE_T_16_EMPTY,
    .guess = guess,
    .row = judge_row,
};

/* A header, or a first row that says of a drive whether it is to be formatted. */
static bool has_front(tally_text front)
{
	char buffer[TALLY_FRONT_MAX];
	tally_csv_field fields[TALLY_CSV_COLUMNS_MAX];
	size_t count = tally_csv_front(front, buffer, fields);
	if (tally_csv_is_header(&table, fields, count))
		return true;
	return count > FORMAT && (tally_text_equal_ascii_nocase(fields[FORMAT].text, TALLY_TEXT("Format")) ||
				  tally_text_equal_ascii_nocase(fields[FORMAT].text, TALLY_TEXT("AlreadyFormatted")));
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	drive_set set = {.finder = run->finder};
	return tally_csv_lint(run, &table, &set, error);
}

const tally_format tally_drive_set_format = {TALLY_DOCUMENT_DRIVE_SET, "drive-set", NULL, has_front, lint};
