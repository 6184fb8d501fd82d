/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the report goes: standard output, or the file of --output. A regular file is written under another name beside
 * it and renamed at the end, so that nobody ever reads half a report.
 */
#ifndef TALLY_CLI_OUTPUT_H
#define TALLY_CLI_OUTPUT_H

#include "cli/command.h"

#include <limits.h>

typedef struct tally_cli_output {
	tally_writer writer;
	const tally_cli_call *call;
	const char *path;         /* as the user gave it */
	FILE *file;               /* NULL: standard output */
	char target[PATH_MAX];    /* what the file is called in the end */
	char temporary[PATH_MAX]; /* "": written in place, for a device or a pipe */
} tally_cli_output;

/*
 * Opened before the work begins, so that a name that can't be written costs no hours. `spared` is what the run reads,
 * and what else it writes: none of it may be written over, whether it is there already or not, and nothing may be
 * written into a directory that is read. NULL and "-" among them mean nothing. TALLY_EXIT_OK, or after a complaint the
 * status to exit with.
 */
int tally_cli_output_open(tally_cli_output *output, const tally_cli_call *call, const char *const *spared,
			  size_t spared_count);
/* The same for a file that is not that of --output; it is a file in any case. */
int tally_cli_output_open_file(tally_cli_output *output, const tally_cli_call *call, const char *path,
			       const char *const *spared, size_t spared_count);
/*
 * The same for what may hold keys: a new file that only its owner can read, which takes the place of a regular file of
 * that name if there is one. A link, a device or a pipe is refused.
 */
int tally_cli_output_open_private(tally_cli_output *output, const tally_cli_call *call, const char *const *spared,
				  size_t spared_count);
/* Leaves no file behind, and what was there before as it was. */
void tally_cli_output_abandon(tally_cli_output *output);
/* Ends the report. `status` when all of it arrived, else TALLY_EXIT_UNCHECKED after a complaint. */
int tally_cli_output_finish(tally_cli_output *output, int status);

#endif
