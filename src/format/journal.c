/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal is read twice. Records supersede each other: while the tool works, it writes a drive's state again and
 * again, and only the last complete one has to be right. So the first reading finds out which records count, and the
 * second one tells what is wrong, in the order of the document and with nothing kept for later.
 */
#include "format/journal.h"

#include "base/memory.h"
#include "format/journal_drive.h"
#include "format/journal_scan.h"

/* J-03: the pages say "2 MB"; of the two readings the one that raises fewer false alarms. */
#define JOURNAL_BYTES_MAX (UINT64_C(2) * 1024 * 1024)

static const char vocabulary_version[] = "2013-02-01";

typedef enum activity { ACTIVITY_NONE, ACTIVITY_DRIVE_INFO, ACTIVITY_OTHER } activity;

/* What the first reading found out. */
typedef struct survey {
	uint64_t records;       /* complete ones */
	uint64_t begun;         /* complete or not */
	uint64_t new_journals;  /* of type NewJournalFile */
	uint64_t drive_infos;   /* with the activity DriveInfo */
	uint64_t states;        /* complete records with a DriveState */
	uint64_t drives_beyond; /* drives that found no place in the journal's table */
	bool text_ends;         /* at bytes that are no text */
	tally_journal_extent extent;
} survey;

typedef struct reading {
	tally_journal *journal;
	size_t drive_capacity;
	survey *survey;
	tally_finder *finder; /* NULL in the first reading */
	tally_error *error;

	/* The record in hand. */
	uint64_t record; /* counted from 1 */
	tally_place place;
	bool is_new_journal, has_vocabulary, has_state;
	activity activity;
	tally_journal_drive drive; /* first reading: what DriveState says, until the record turns out to be complete */
	bool drive_is_whole;
	bool keep_keys;

	bool type_told, activity_told;
} reading;

static void tell(reading *r, tally_rule_symbol rule, tally_place place, const char *message)
{
	if (r->finder != NULL)
		tally_find_fact(r->finder, &(tally_fact){.rule = rule, .in_document = true, .place = place}, "%s",
				message);
}

/*
 * A value that a finding may show: a plain word. In a damaged journal, what follows a name can be anything, a line with
 * a key included.
 */
static tally_text plain_word(tally_text value)
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.data[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return (tally_text){NULL, 0};
	}
	return value.size <= 40 ? value : (tally_text){NULL, 0};
}

static tally_journal_drive *find_drive(const tally_journal *journal, const char *drive_id)
{
	for (size_t i = 0; i < journal->drive_count; i++)
		if (strcmp(journal->drives[i].drive_id, drive_id) == 0)
			return &journal->drives[i];
	return NULL;
}

/* ---- what both readings see ----------------------------------------------------------------------------------- */

static void judge_type(reading *r, tally_text type)
{
	/* The file that the tool writes beside a journal holds a DriveInfo record alone. */
	if (r->record == 1 && !r->is_new_journal && !r->journal->is_drive_info)
		tell(r, TALLY_RULE_J_05, r->place, "the first record is not a NewJournalFile");
	if (r->finder == NULL || r->type_told || type.size == 0 || r->is_new_journal ||
	    tally_text_equal_string(type, "ActivityRecord"))
		return;
	r->type_told = true;
	tally_find_fact(
	    r->finder,
	    &(tally_fact){.rule = TALLY_RULE_J_06, .in_document = true, .place = r->place, .actual = plain_word(type)},
	    "a record has a type that was never published; further ones are not told");
}

static void on_begin(void *context, tally_text type, tally_place place)
{
	reading *r = context;
	r->record++;
	r->place = place;
	r->activity = ACTIVITY_NONE;
	r->has_vocabulary = r->has_state = false;
	r->is_new_journal = tally_text_equal_string(type, "NewJournalFile");
	if (r->finder == NULL)
		r->survey->begun++;
	judge_type(r, type);
}

static void take_activity(reading *r, const tally_journal_field *field)
{
	if (tally_text_equal_string(field->value, "DriveInfo")) {
		r->activity = ACTIVITY_DRIVE_INFO;
		return;
	}
	r->activity = ACTIVITY_OTHER;
	if (r->finder == NULL || r->activity_told ||
	    tally_text_equal_string(field->value, "PrepImportDriveCommandContext"))
		return;
	r->activity_told = true;
	tally_find_fact(r->finder,
			&(tally_fact){.rule = TALLY_RULE_J_06,
				      .in_document = true,
				      .place = field->place,
				      .actual = plain_word(field->value)},
			"a record has an activity that was never published; further ones are not told");
}

static void take_vocabulary(reading *r, const tally_journal_field *field)
{
	r->has_vocabulary = true;
	if (r->finder == NULL || tally_text_equal_string(field->value, vocabulary_version))
		return;
	tally_find_fact(r->finder,
			&(tally_fact){.rule = TALLY_RULE_J_05,
				      .in_document = true,
				      .place = field->place,
				      .expected = {vocabulary_version, sizeof vocabulary_version - 1},
				      .actual = plain_word(field->value)},
			"the journal has another VocabularyVersion than the published one");
}

/* Reads in silence; the drive is kept when the record ends. */
static tally_result survey_state(reading *r, const tally_journal_field *field)
{
	tally_finder silent = {0};
	tally_journal_drive_clear(&r->drive);
	return tally_journal_drive_read(field, &r->drive, r->keep_keys, &r->drive_is_whole, &silent, r->error);
}

/* Tells what is wrong, unless a later record of this drive counts instead, or this record is never finished. */
static tally_result judge_state(reading *r, const tally_journal_field *field)
{
	tally_finder silent = {0};
	tally_journal_drive drive;
	bool whole;
	tally_result result = tally_journal_drive_read(field, &drive, false, &whole, &silent, r->error);
	const tally_journal_drive *counts = whole ? find_drive(r->journal, drive.drive_id) : NULL;
	bool superseded = whole && (counts == NULL || counts->place.offset != drive.place.offset);
	tally_journal_drive_clear(&drive);
	if (result != TALLY_OK || superseded)
		return result;
	result = tally_journal_drive_read(field, &drive, false, &whole, r->finder, r->error);
	tally_journal_drive_clear(&drive);
	return result;
}

static bool is_masked(tally_text value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] != '*')
			return false;
	return value.size > 0;
}

static bool is_secret(tally_text name)
{
	return tally_text_equal_string(name, "StorageAccountKey") || tally_text_equal_string(name, "ContainerSas") ||
	       tally_text_equal_string(name, "BitLockerKey");
}

static tally_result on_field(void *context, const tally_journal_field *field)
{
	reading *r = context;
	if (tally_text_equal_string(field->name, "ActivityId"))
		take_activity(r, field);
	else if (r->is_new_journal && tally_text_equal_string(field->name, "VocabularyVersion"))
		take_vocabulary(r, field);
	else if (is_secret(field->name) && is_masked(tally_text_trim(field->value)))
		tell(r, TALLY_RULE_J_09, field->place, "a key or SAS of the journal is masked");
	/* Only DriveInfo is known to have a DriveState; one that comes before any ActivityId is taken for its. */
	if (!tally_text_equal_string(field->name, "DriveState") || r->activity == ACTIVITY_OTHER)
		return TALLY_OK;
	if (r->has_state)
		tell(r, TALLY_RULE_J_04_LINE, field->place, "a record has a second DriveState; the last one counts");
	r->has_state = true;
	return r->finder == NULL ? survey_state(r, field) : judge_state(r, field);
}

/* ---- the end of a record -------------------------------------------------------------------------------------- */

/* Takes the record's drive over. The last record of a drive counts as a whole: each one holds the drive's whole state.
 */
static tally_result keep_drive(reading *r)
{
	tally_journal *journal = r->journal;
	tally_journal_drive *place = find_drive(journal, r->drive.drive_id);
	if (place == NULL && journal->drive_count == TALLY_JOURNAL_DRIVES_MAX) {
		r->survey->drives_beyond++;
		return TALLY_OK;
	}
	if (place == NULL) {
		tally_journal_drive *grown =
		    tally_grow(journal->drives, &r->drive_capacity, journal->drive_count + 1, sizeof *grown);
		if (grown == NULL)
			return tally_fail_memory(r->error);
		journal->drives = grown;
		place = &grown[journal->drive_count++];
	} else {
		tally_journal_drive_clear(place);
	}
	*place = r->drive;
	r->drive = (tally_journal_drive){0};
	return TALLY_OK;
}

static tally_result on_end(void *context, tally_place place)
{
	reading *r = context;
	if (r->finder != NULL) {
		if (r->is_new_journal && !r->has_vocabulary)
			tell(r, TALLY_RULE_J_05, r->place, "NewJournalFile has no VocabularyVersion");
		return TALLY_OK;
	}
	r->survey->records++;
	r->survey->new_journals += r->is_new_journal;
	r->survey->drive_infos += r->activity == ACTIVITY_DRIVE_INFO;
	r->survey->states += r->has_state;
	r->drive.end_offset = place.offset;
	tally_result result = r->has_state && r->drive_is_whole ? keep_drive(r) : TALLY_OK;
	tally_journal_drive_clear(&r->drive);
	return result;
}

static void on_interrupted(void *context, tally_place place)
{
	reading *r = context;
	tally_journal_drive_clear(&r->drive);
	tell(r, TALLY_RULE_J_08, place, "this record has no [EndUpdateRecord]; it does not count");
}

/* ---- lines ---------------------------------------------------------------------------------------------------- */

static void on_wrong(void *context, tally_place place, const char *message)
{
	reading *r = context;
	/* In a file without any record every line is wrong, and one finding for all of them is enough. */
	if (r->survey->begun > 0)
		tell(r, TALLY_RULE_J_04_LINE, place, message);
}

static void on_not_text(void *context, tally_place place, const char *message)
{
	reading *r = context;
	r->survey->text_ends = true;
	tell(r, TALLY_RULE_XML_04, place, message);
}

/* ---- the journal as a whole ----------------------------------------------------------------------------------- */

static void judge_whole(reading *r)
{
	const survey *s = r->survey;
	tally_place top = {1, 0};
	if (s->extent.bytes > JOURNAL_BYTES_MAX)
		tell(r, TALLY_RULE_J_03, top, "the journal is larger than the 2 MB that the portal takes");
	if (s->extent.utf16)
		tell(r, TALLY_RULE_M_04_ENCODING, top, "the journal is encoded as UTF-16, not UTF-8");
	if (s->begun == 0 && !s->text_ends)
		tell(r, TALLY_RULE_J_04_FORM, top,
		     s->extent.bytes == 0 ? "the journal is empty" : "there is no record in the journal");
	else if (s->begun > 0 && s->states == 0)
		tell(r, TALLY_RULE_J_07_NONE, top, "no complete record of the journal describes a drive");
	if (s->drives_beyond > 0)
		tell(r, TALLY_RULE_XML_03, top,
		     "the journal speaks of more than 1,000 drives; the others were not read");
}

static tally_result read_journal(tally_journal *journal, const tally_source *source, bool keep_keys,
				 tally_finder *finder, tally_error *error)
{
	static const tally_journal_events events = {on_begin, on_field, on_end, on_interrupted, on_wrong, on_not_text};
	*journal = (tally_journal){0};
	survey found = {0};
	reading first = {.journal = journal, .survey = &found, .keep_keys = keep_keys, .error = error};
	tally_result result = tally_journal_scan(source, &events, &first, &found.extent, error);
	tally_journal_drive_clear(&first.drive);
	if (result != TALLY_OK)
		return result;
	journal->is_drive_info = found.records == 1 && found.drive_infos == 1 && found.new_journals == 0;
	reading second = {.journal = journal, .survey = &found, .finder = finder, .error = error};
	judge_whole(&second);
	tally_journal_extent extent;
	return tally_journal_scan(source, &events, &second, &extent, error);
}

tally_result tally_journal_read(tally_journal *journal, const tally_source *source, tally_finder *finder,
				tally_error *error)
{
	return read_journal(journal, source, false, finder, error);
}

tally_result tally_journal_read_keys(tally_journal *journal, const tally_source *source, tally_finder *finder,
				     tally_error *error)
{
	return read_journal(journal, source, true, finder, error);
}

void tally_journal_clear(tally_journal *journal)
{
	for (size_t i = 0; i < journal->drive_count; i++)
		tally_journal_drive_clear(&journal->drives[i]);
	tally_free(journal->drives);
	*journal = (tally_journal){0};
}
