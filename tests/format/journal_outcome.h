/* SPDX-License-Identifier: Apache-2.0 */
/* Judging journals in tests: pieces to build one of, its findings in a list, and comparing two of those. */
#ifndef TEST_FORMAT_JOURNAL_OUTCOME_H
#define TEST_FORMAT_JOURNAL_OUTCOME_H

#include "format/journal.h"

#include <check.h>

/* Made up; the keys are right by their arithmetic only. */
#define KEY "000011-000022-000033-000044-000055-000066-000077-000088"
#define ACCOUNT_KEY "TWFkZSB1cCBmb3IgYSB0ZXN0TWFkZSB1cCBmb3IgYSB0ZXN0TWFkZSB1cCBmb3IgYSB0ZXN0TWFkZSB1cCA=="
#define EXTERNAL_KEY "bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW5n"
#define HASH "0123456789ABCDEF0123456789ABCDEF"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define HEAD(type) "[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:" type "]\n"
#define END "[EndUpdateRecord]\n"
#define NEW_JOURNAL HEAD("NewJournalFile") "VocabularyVersion: 2013-02-01\n" END
#define CONTEXT(fields) HEAD("ActivityRecord") "ActivityId: PrepImportDriveCommandContext\n" fields END
#define DRIVE_INFO(value) \
  HEAD("ActivityRecord")  \
  "ActivityId: DriveInfo\nDriveState: [BeginValue]\n" value "[EndValue]\nSaveCommandOutput: Completed\n" END
#define DRIVE(id, key, file, hash)                                                                                     \
  DECLARATION "<Drive>\n   <DriveId>" id "</DriveId>\n   <BitLockerKey>" key "</BitLockerKey>\n   <ManifestFile>" file \
	      "</ManifestFile>\n   <ManifestHash>" hash "</ManifestHash>\n</Drive>\n"
#define GOOD_DRIVE(id) DRIVE(id, KEY, "\\DriveManifest.xml", HASH)

typedef struct found {
	const tally_rule *rule;
	tally_severity severity;
	uint64_t line, offset;
	char *text; /* all of the finding's texts */
} found;

typedef struct outcome {
	found *list;
	size_t count, capacity;
	tally_finder finder;
	tally_journal journal;
	tally_result result;
	tally_error error;
} outcome;

/* A journal that is handed out at most `piece` bytes at a time (0: all), and can't be read from `broken_at` on. */
typedef struct pieces {
	const char *bytes;
	size_t size, piece, broken_at;
} pieces;

outcome judge_source(const pieces *given);
outcome judge_pieces(const char *bytes, size_t size, size_t piece);
outcome judge(const char *text);
/* The same however the journal is cut, counted as told, and each line number fits its offset. */
outcome judge_every_way(const char *bytes, size_t size);
void clear(outcome *o);

/* Rules are named as the files of the corpus: J-05, J-07.form. */
bool is_rule(const found *f, const char *name);
size_t count_rule(const outcome *o, const char *name);
/* Exactly these findings, in this order: "J-05 J-07.form". */
void check_findings(const outcome *o, const char *expected);
void check(const char *text, const char *expected);
void check_same_drives(const outcome *a, const outcome *b);
void check_same(const outcome *a, const outcome *b);

/* NULL when there is no such file; else freed by the caller. */
char *read_file(const char *folder, const char *name, size_t *size);

int run_journal_suite(Suite *suite);

#endif
