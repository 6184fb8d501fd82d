/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a manifest as lint does, in pieces of any size. */
#ifndef TALLY_TESTS_FORMAT_MANIFEST_JUDGE_H
#define TALLY_TESTS_FORMAT_MANIFEST_JUDGE_H

#include "format/manifest.h"
#include "support/documents.h"
#include "support/recorder.h"

typedef struct judgement {
	tally_result result;
	tally_error error;
	recorder found;
	tally_manifest_totals totals;
} judgement;

#define PIECE_WHOLE (SIZE_MAX / 2)

/* Feeds pieces of that size, then looks for duplicates in a source that gives no more at a time. */
void judge(judgement *j, const void *bytes, size_t size, size_t piece, const tally_manifest_options *options);
/* The same for a whole text, with duplicates; fails the test when the run fails. */
void judge_text(judgement *j, const char *manifest);
void judgement_clear(judgement *j);

/*
 * A manifest around entries, or around all of a Drive: what is not said differently is right, so that the only findings
 * are those that `blobs` brings about.
 */
test_text manifest_of(const char *blobs);
test_text manifest_of_drive(const char *drive);
/* A good block blob of 12 bytes. */
void add_blob(test_text *t, const char *blob_path, const char *file_path);

#endif
