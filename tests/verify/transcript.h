/* SPDX-License-Identifier: Apache-2.0 */
/* What a check tells, as text: two runs that are to be the same are compared byte by byte, and differences can be read.
 */
#ifndef TALLY_TESTS_VERIFY_TRANSCRIPT_H
#define TALLY_TESTS_VERIFY_TRANSCRIPT_H

#include "tallyman.h"

typedef struct transcript {
	tally_result result;
	tally_error error;
	const tally_status *drive_status;
	int exit_status;
	char *findings; /* a line for each: rule, severity, level, status or "-" */
	char *counts;   /* "blob: Completed 2, FileNotFound 1; segment: Completed 3" */
	char *whole;    /* every field of every finding and blob, and all of the summary */
} transcript;

/* Checks, and writes down what comes. Asserts what holds for every check. To be cleared. */
void transcript_take(transcript *t, const tally_check_options *options);
void transcript_clear(transcript *t);
/* Asserts that both came to the same verdict with the same findings; what they say of their subjects may differ. */
void transcript_expect_same(const char *what, const transcript *found, const transcript *expected);

#endif
