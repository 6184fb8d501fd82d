/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the findings of a run, to be compared. */
#ifndef TALLY_TESTS_SUPPORT_RECORDER_H
#define TALLY_TESTS_SUPPORT_RECORDER_H

#include "catalog/finding.h"

/* A finding with texts of its own. */
typedef struct recorded {
	const tally_rule *rule;
	tally_severity severity;
	tally_level level;
	const tally_status *status;
	uint64_t line, document_offset;
	bool has_range;
	uint64_t offset, length;
	char *blob_path, *file_path, *document, *expected, *actual, *message; /* each may be NULL */
} recorded;

typedef struct recorder {
	tally_finder finder; /* to be handed to what is tested */
	recorded *items;
	size_t count, capacity;
} recorder;

void recorder_begin(recorder *r);
void recorder_clear(recorder *r);

/* A rule's name in the corpus: "M-31.offset", blanks of the aspect as hyphens; "M-33" where there is no aspect. */
#define RULE_NAME_MAX 64
const char *rule_name(const tally_rule *rule, char out[RULE_NAME_MAX]);

size_t recorder_count(const recorder *r, const char *rule);
/* The first finding of that rule; fails the test when there is none. `what` says which document this is about. */
const recorded *recorder_find(const recorder *r, const char *rule, const char *what);
/* The names of all rules found, in order, blanks between; in a buffer that the next call overwrites. */
const char *recorder_rules(const recorder *r);
/* Fails the test unless exactly these were found, in this order. */
void recorder_expect(const recorder *r, const char *rules, const char *what);
/* Fails the test unless both hold the same findings, to the last letter. */
void recorder_expect_same(const recorder *a, const recorder *b, const char *what);
/* Fails the test when the text stands anywhere in a finding. */
void recorder_expect_nowhere(const recorder *r, const char *text, const char *what);

#endif
