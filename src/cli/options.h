/* SPDX-License-Identifier: Apache-2.0 */
/* The options that each command takes, for the table of commands; NULL behind the last. */
#ifndef TALLY_CLI_OPTIONS_H
#define TALLY_CLI_OPTIONS_H

#include "cli/command.h"

extern const tally_cli_option *const tally_cli_check_options[];
extern const tally_cli_option *const tally_cli_audit_options[];
extern const tally_cli_option *const tally_cli_lint_options[];
extern const tally_cli_option *const tally_cli_job_options[];
extern const tally_cli_option *const tally_cli_explain_options[];

#endif
