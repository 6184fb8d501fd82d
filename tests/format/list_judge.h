/* SPDX-License-Identifier: Apache-2.0 */
/* Judging blob lists and the inputs of the tools in tests. */
#ifndef TEST_FORMAT_LIST_JUDGE_H
#define TEST_FORMAT_LIST_JUDGE_H

#include "format/format.h"
#include "support/documents.h"
#include "support/recorder.h"

/* Reads the text as a document of that kind, at most `piece` bytes at a time. The recorder is begun, and to be cleared.
 */
tally_result list_run(recorder *r, tally_document_kind kind, tally_text text, size_t piece, tally_error *error);
/* The same findings however the text is cut; the recorder as list_run leaves it. */
void list_judge(recorder *r, tally_document_kind kind, tally_text text, const char *what);
/* Exactly these rules are found, in this order, however the text is cut. */
void list_expect(tally_document_kind kind, const char *text, const char *rules);
/* TALLY_DOCUMENT_UNKNOWN when the text's beginning is of no kind. */
tally_document_kind list_recognise(tally_text text, size_t piece);

/* All of the kind's folder of the corpus: a bad one has what its good one has, and the rule that it is named after. */
void list_check_corpus(tally_document_kind kind);
/* Whether the rule has a good and a bad document in the kind's folder. */
bool list_in_corpus(tally_document_kind kind, const tally_rule *rule);
/* A published sample is recognised, and violates exactly these rules. Says so and does nothing when it isn't there. */
void list_check_published(tally_document_kind kind, const char *name, const char *rules);

/* Each beginning of the text is judged without an error of the run; `errors` may look at what is found. */
void list_truncate(tally_document_kind kind, tally_text text, void (*check)(const recorder *r, tally_text part));
/* Each allocation fails once, alone and with all that follow it; what gets through finds these rules. */
void list_run_out_of_memory(tally_document_kind kind, const char *text, const char *rules);

#endif
