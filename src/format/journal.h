/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journals (.jrn, V1 and V2) and DriveInfo files: the records that the preparing tool appends, of which the last
 * complete one counts (formats.md J-01…J-15). What a job needs of them: drive id, BitLocker key, manifest path and
 * hash.
 */
#ifndef TALLY_FORMAT_JOURNAL_H
#define TALLY_FORMAT_JOURNAL_H

#include "catalog/finding.h"
#include "io/source.h"

#define TALLY_JOURNAL_DRIVES_MAX 1000 /* a journal tracks at most 25 drives at a time (T-11) */

typedef enum tally_key_form {
	TALLY_KEY_NONE,
	TALLY_KEY_MASKED,
	TALLY_KEY_RECOVERY,
	TALLY_KEY_EXTERNAL,
	TALLY_KEY_INVALID
} tally_key_form;

/* One drive, as its last complete record has it. */
typedef struct tally_journal_drive {
	char drive_id[128];
	char *manifest_file; /* owned by the journal; NULL when it has none */
	bool has_hash;       /* manifest_hash is a well-formed MD5 */
	uint8_t manifest_hash[16];
	tally_key_form key;
	char *key_text;      /* the key itself, owned by the journal; NULL unless it was asked for */
	tally_place place;   /* of the record's <Drive> */
	tally_place key_place, file_place, hash_place; /* of these values; line 0: there is none */
	uint64_t end_offset; /* of the record: findings from `place` up to here are about this drive */
} tally_journal_drive;

typedef struct tally_journal {
	tally_journal_drive *drives;
	size_t drive_count;
	bool is_drive_info; /* one DriveInfo record and no NewJournalFile */
} tally_journal;

/* Reads and judges. Findings of the journal's form go to `finder`. A broken journal gives what could be read of it. */
tally_result tally_journal_read(tally_journal *journal, const tally_source *source, tally_finder *finder,
				tally_error *error);
/* The same, and keeps the BitLocker keys, for whoever compares them or hands them on. */
tally_result tally_journal_read_keys(tally_journal *journal, const tally_source *source, tally_finder *finder,
				     tally_error *error);
/*
 * Nothing is left of the keys, nor was anything of the journal's text left where it was read through; but for what libxml2
 * kept of the DriveState in hand (xml/reader.h).
 */
void tally_journal_clear(tally_journal *journal);

/*
 * Judges a BitLocker key (B-01…B-05). *group is the 1-based group that is wrong, 0 when it is the form as a whole;
 * *reason is a sentence without the key's digits, static.
 */
tally_key_form tally_bitlocker_key_judge(tally_text key, unsigned *group, const char **reason);
/* Whether two keys unlock the same: separators between the groups of a recovery password don't matter. */
bool tally_bitlocker_key_equal(tally_text a, tally_text b);

#endif
