/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal_drive.h"

#include "base/memory.h"
#include "base/windows_path.h"
#include "format/document.h"
#include "format/drive_values.h"
#include "xml/decode.h"

#include <stdio.h>

/* ---- grammar -------------------------------------------------------------------------------------------------- */

enum { DOCUMENT, DRIVE, DRIVE_ID, BITLOCKER_KEY, MANIFEST_FILE, MANIFEST_HASH };

static const tally_child_rule document_children[] = {
    {.element = DRIVE, .missing = TALLY_RULE_J_07_FORM, .order = TALLY_RULE_NONE},
};

/* The one sample has them in this order; nobody says that it matters, so none is asked for. */
static const tally_child_rule drive_children[] = {
    {.element = DRIVE_ID, .missing = TALLY_RULE_J_07_FIELD, .order = TALLY_RULE_NONE},
    {.element = BITLOCKER_KEY, .missing = TALLY_RULE_J_07_FIELD, .order = TALLY_RULE_NONE},
    {.element = MANIFEST_FILE, .missing = TALLY_RULE_J_07_FIELD, .order = TALLY_RULE_NONE},
    {.element = MANIFEST_HASH, .missing = TALLY_RULE_J_07_FIELD, .order = TALLY_RULE_NONE},
};

#define FIELD(title, max)                                                                                \
  .name = (title), .type = TALLY_VALUE_TEXT, .invalid = TALLY_RULE_NONE, .empty = TALLY_RULE_J_07_FIELD, \
  .refused = TALLY_RULE_NONE, .text_max = (max)

static const tally_element_rule elements[] = {
    [DOCUMENT] = {.name = "", .refused = TALLY_RULE_NONE, TALLY_CHILDREN(document_children)},
    [DRIVE] = {.name = "Drive", .refused = TALLY_RULE_NONE, TALLY_CHILDREN(drive_children)},
    [DRIVE_ID] = {FIELD("DriveId", sizeof((tally_journal_drive *)0)->drive_id - 1)},
    [BITLOCKER_KEY] = {FIELD("BitLockerKey", 4096), .secret = true},
    [MANIFEST_FILE] = {FIELD("ManifestFile", (size_t)2 * TALLY_WINDOWS_PATH_BYTES)},
    [MANIFEST_HASH] = {FIELD("ManifestHash", 4096)},
};

static const tally_grammar grammar = {
    .elements = elements,
    .root = TALLY_RULE_J_07_FORM,
    .unknown_element = TALLY_RULE_J_07_ELEMENT,
    .unknown_attribute = TALLY_RULE_J_07_ELEMENT,
    .repeated = TALLY_RULE_J_07_FIELD,
    .text = TALLY_RULE_J_07_ELEMENT,
    .blanks = TALLY_RULE_NONE,
    .character = TALLY_RULE_J_07_FORM,
    .level = TALLY_LEVEL_DOCUMENT,
};

typedef struct drive_reading {
	tally_document *document;
	tally_journal_drive *drive;
	bool closed; /* </Drive> was read */
	bool keep_key;

	/* From the value's places to the journal's. */
	const tally_journal_field *state;
	tally_finder inner;      /* what the document tells goes here … */
	tally_finder *outer;     /* … and comes out there */
	size_t counted;          /* bytes of the value in front of … */
	uint64_t counted_stored; /* … so many stored ones */
} drive_reading;

/* ---- places --------------------------------------------------------------------------------------------------- */

/* Findings come nearly in the order of their places, so that counting on from the last one keeps this linear. */
static uint64_t stored_offset(drive_reading *r, uint64_t offset)
{
	tally_text value = r->state->value;
	size_t to = offset < value.size ? (size_t)offset : value.size;
	if (to >= r->counted) {
		tally_text between = {value.data + r->counted, to - r->counted};
		r->counted_stored += tally_stored_size(between, r->state->utf16);
	} else {
		tally_text between = {value.data + to, r->counted - to};
		r->counted_stored -= tally_stored_size(between, r->state->utf16);
	}
	r->counted = to;
	return r->state->value_place.offset + r->counted_stored;
}

static tally_place place_in_journal(drive_reading *r, tally_place place)
{
	return (tally_place){r->state->value_place.line + place.line - 1, stored_offset(r, place.offset)};
}

/* The parser's own sentences hold line numbers of the value and pieces of its text, which may be pieces of a key. */
static void tell_malformed(drive_reading *r, tally_place place)
{
	tally_find_fact(r->outer, &(tally_fact){.rule = TALLY_RULE_J_07_FORM, .in_document = true, .place = place},
			"DriveState is not well-formed XML");
}

static void relay(void *context, const tally_finding *found)
{
	drive_reading *r = context;
	tally_finding finding = *found;
	if (finding.rule == tally_rule_of(TALLY_RULE_M_04_ENCODING))
		return; /* a document that is part of another one has that one's encoding, whatever it declares */
	if (finding.line > 0) {
		tally_place place = place_in_journal(r, (tally_place){finding.line, finding.document_offset});
		finding.line = place.line;
		finding.document_offset = place.offset;
		if (finding.rule == tally_rule_of(TALLY_RULE_XML_01)) {
			tell_malformed(r, place);
			return;
		}
	}
	tally_finder_relay(r->outer, &finding);
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static void take_drive_id(drive_reading *r, const tally_value *value)
{
	tally_drive_id_form form = tally_drive_id_judge(value->text);
	tally_fact fact = {
	    .rule = TALLY_RULE_M_11_BLANK, .in_document = true, .place = value->place, .actual = value->text};
	if (form == TALLY_DRIVE_ID_BLANK)
		tally_document_find(r->document, &fact, "DriveId has a blank in it");
	fact.rule = TALLY_RULE_M_11_CHARACTERS;
	if (form == TALLY_DRIVE_ID_UNUSUAL)
		tally_document_find(r->document, &fact, "DriveId has characters that no published serial number has");
	memcpy(r->drive->drive_id, value->text.data, value->text.size);
	r->drive->drive_id[value->text.size] = '\0';
}

/* A text of the drive; the one before it, if there is one, is a repeated element's. */
static char *copy_text(drive_reading *r, tally_text text)
{
	char *copy = tally_strndup(text.data, text.size);
	if (copy == NULL) {
		tally_error error;
		tally_fail_memory(&error);
		tally_document_fail(r->document, &error);
	}
	return copy;
}

static void take_key(drive_reading *r, const tally_value *value)
{
	unsigned group;
	const char *reason;
	tally_fact fact = {.in_document = true, .place = value->place};
	r->drive->key_place = place_in_journal(r, value->place);
	if (r->keep_key) {
		tally_free_secret(r->drive->key_text);
		r->drive->key_text = copy_text(r, value->text);
	}
	r->drive->key = tally_bitlocker_key_judge(value->text, &group, &reason);
	switch (r->drive->key) {
	case TALLY_KEY_NONE: /* told by the grammar */
	case TALLY_KEY_RECOVERY:
		break;
	case TALLY_KEY_MASKED:
		fact.rule = TALLY_RULE_J_09;
		tally_document_find(r->document, &fact, "BitLockerKey is masked");
		break;
	case TALLY_KEY_EXTERNAL:
		fact.rule = TALLY_RULE_J_10;
		tally_document_find(r->document, &fact, "BitLockerKey is the Base64 of an external key");
		break;
	case TALLY_KEY_INVALID:
		fact.rule = group > 0 ? TALLY_RULE_B_02 : TALLY_RULE_B_01;
		if (group > 0)
			tally_document_find(r->document, &fact, "group %u of BitLockerKey is wrong: %s", group, reason);
		else
			tally_document_find(r->document, &fact, "BitLockerKey can't be a key: %s", reason);
		break;
	}
}

static bool is_usual_name(tally_text path)
{
	static const char extension[] = ".manifest";
	if (path.size > 0 && (path.data[0] == '\\' || path.data[0] == '/'))
		path = (tally_text){path.data + 1, path.size - 1};
	if (tally_text_equal_ascii_nocase(path, TALLY_TEXT("DriveManifest.xml")))
		return true;
	size_t size = sizeof extension - 1;
	return path.size > size && tally_text_equal_ascii_nocase((tally_text){path.data + path.size - size, size},
								 (tally_text){extension, size});
}

static void take_manifest_file(drive_reading *r, const tally_value *value)
{
	tally_fact fact = {.in_document = true, .place = value->place, .actual = value->text};
	tally_path_fault fault = tally_windows_path_check(value->text, NULL);
	if (fault != TALLY_PATH_OK) {
		fact.rule = tally_path_fault_is_length(fault) ? TALLY_RULE_R_04_LENGTH : TALLY_RULE_R_04;
		tally_document_find(r->document, &fact, "Windows can't hold the path in ManifestFile: %s",
				    tally_path_fault_text(fault));
	} else if (!is_usual_name(value->text)) {
		fact.rule = TALLY_RULE_M_02;
		fact.expected = TALLY_TEXT("\\DriveManifest.xml");
		tally_document_find(r->document, &fact, "ManifestFile has an unusual name");
	}
	tally_free(r->drive->manifest_file);
	r->drive->manifest_file = copy_text(r, value->text);
	r->drive->file_place = place_in_journal(r, value->place);
}

static void take_hash(drive_reading *r, const tally_value *value)
{
	tally_fact fact = {.rule = TALLY_RULE_R_05,
			   .in_document = true,
			   .place = value->place,
			   .expected = TALLY_TEXT("32 hexadecimal digits"),
			   .actual = value->text};
	r->drive->hash_place = place_in_journal(r, value->place);
	r->drive->has_hash = tally_hex_decode(value->text, r->drive->manifest_hash, sizeof r->drive->manifest_hash);
	if (r->drive->has_hash)
		return;
	size_t decoded;
	if (tally_is_hex(value->text) && value->text.size == 64) {
		fact.rule = TALLY_RULE_R_05_SHA256;
		tally_document_find(r->document, &fact,
				    "ManifestHash has 64 hexadecimal digits, the size of a SHA-256");
	} else if (tally_is_hex(value->text)) {
		tally_document_find(r->document, &fact, "ManifestHash has %zu hexadecimal digits instead of 32",
				    value->text.size);
	} else if (tally_base64_decode(value->text, NULL, 0, &decoded) && decoded == sizeof r->drive->manifest_hash) {
		tally_document_find(r->document, &fact,
				    "ManifestHash is an MD5 in Base64; it must be written as 32 hexadecimal digits");
	} else {
		tally_document_find(r->document, &fact, "ManifestHash is not a hash of 32 hexadecimal digits");
	}
}

static void on_open(void *context, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	(void)name, (void)attributes;
	drive_reading *r = context;
	if (element == DRIVE)
		r->drive->place = place_in_journal(r, place);
}

static void on_close(void *context, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	(void)name, (void)attributes;
	drive_reading *r = context;
	if (element == DRIVE)
		r->closed = true;
	if (!value->present)
		return; /* empty or too long, and told */
	if (element == DRIVE_ID)
		take_drive_id(r, value);
	else if (element == BITLOCKER_KEY)
		take_key(r, value);
	else if (element == MANIFEST_FILE)
		take_manifest_file(r, value);
	else if (element == MANIFEST_HASH)
		take_hash(r, value);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

void tally_journal_drive_clear(tally_journal_drive *drive)
{
	tally_free(drive->manifest_file);
	tally_free_secret(drive->key_text);
	*drive = (tally_journal_drive){0};
}

tally_result tally_journal_drive_read(const tally_journal_field *state, tally_journal_drive *drive, bool keep_key,
				      bool *whole, tally_finder *finder, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	drive_reading r = {.drive = drive, .keep_key = keep_key, .state = state, .outer = finder};
	r.inner = (tally_finder){.put = relay, .context = &r, .document = finder->document, .strict = finder->strict};
	*drive = (tally_journal_drive){0};
	*whole = false;
	if (state->too_long) {
		tally_find_fact(finder,
				&(tally_fact){.rule = TALLY_RULE_XML_03, .in_document = true, .place = state->place},
				"DriveState is longer than 1 MiB");
		return TALLY_OK;
	}
	tally_result result = tally_document_new(&r.document, &grammar, &hooks, &r, &r.inner, error);
	if (result == TALLY_OK)
		result = tally_document_feed(r.document, state->value.data, state->value.size, error);
	if (result == TALLY_OK)
		result = tally_document_finish(r.document, error);
	*whole = result == TALLY_OK && !tally_document_broken(r.document) && r.closed && drive->drive_id[0] != '\0';
	tally_document_free(r.document);
	return result;
}
