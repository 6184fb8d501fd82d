/* SPDX-License-Identifier: Apache-2.0 */
/* Which code of the catalogue someone may have meant. */
#ifndef TALLY_CLI_SUGGEST_H
#define TALLY_CLI_SUGGEST_H

#include <stddef.h>

#define TALLY_SUGGESTIONS 3

/* The names nearest to `code`, nearest first; how many there are. */
size_t tally_cli_suggest(const char *code, const char *names[TALLY_SUGGESTIONS]);

#endif
