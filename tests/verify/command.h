/* SPDX-License-Identifier: Apache-2.0 */
/* The real command, as a user runs it. */
#ifndef TALLY_TESTS_VERIFY_COMMAND_H
#define TALLY_TESTS_VERIFY_COMMAND_H

#include <stdbool.h>

typedef struct command_result {
	int exit_status;
	char *output, *diagnostics; /* what it wrote to its standard output and error */
} command_result;

/* Whether TALLY_COMMAND names a program that can be run. */
bool command_is_there(void);
/* Runs it with these arguments, up to NULL, as somebody who owns nothing if so asked. To be cleared. */
void command_run(command_result *result, const char *const *arguments, bool as_nobody);
void command_clear(command_result *result);

#endif
