/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of others, which our work is compared with. Without them these comparisons are skipped; where
 * TALLY_TOOLS_REQUIRED is 1, as on a machine on which all of them were just installed, that is a failure.
 */
#ifndef TALLY_TESTS_SUPPORT_TOOLS_H
#define TALLY_TESTS_SUPPORT_TOOLS_H

#include "support/documents.h"

/* The exit status of a program all of whose tests were skipped. */
#define TOOLS_SKIPPED 77

/* For a test: whether all of these, names with blanks between, are installed. Says so when not, or fails the test. */
bool tools_have(const char *names);
/* For main: whether one of these, each as above, up to NULL, is installed, or has to be. Says so when not. */
bool tools_any(const char *const *names);

/* What a command of the shell prints, in a text that the next call overwrites. Fails the test unless it succeeds. */
const test_text *tools_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The exit status of a command of the shell, its output hidden. */
int tools_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
