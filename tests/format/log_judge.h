/* SPDX-License-Identifier: Apache-2.0 */
/* Judging logs in tests. */
#ifndef TEST_FORMAT_LOG_JUDGE_H
#define TEST_FORMAT_LOG_JUDGE_H

#include "format/format.h"
#include "support/recorder.h"

/* The six kinds, and the folders of the corpus that are called as they are. */
extern const tally_document_kind log_kinds[6];

/* Reads the text as a document of that kind, at most `piece` bytes at a time. The recorder is begun, and to be cleared.
 */
tally_result log_run(recorder *r, tally_document_kind kind, tally_text text, size_t piece, tally_error *error);
/* The same findings however the text is cut; the recorder as log_run leaves it. */
void log_judge(recorder *r, tally_document_kind kind, tally_text text, const char *what);
/* Exactly these rules are found, in this order, however the text is cut. */
void log_expect(tally_document_kind kind, const char *text, const char *rules);
/* NULL when the text's beginning is of no kind. */
const tally_format *log_recognise(tally_text text, size_t piece);

#endif
