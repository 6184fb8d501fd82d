/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress on the error stream: one line that is rewritten on a terminal, a line now and then elsewhere; or JSON, one
 * value on a line, when a stage begins and then once a second. Whoever asks for it (SIGUSR1) sees it at once, also
 * where no progress is shown.
 */
#ifndef TALLY_CLI_PROGRESS_H
#define TALLY_CLI_PROGRESS_H

#include "cli/cli.h"
#include "tallyman.h"

#define TALLY_PROGRESS_TERMINAL_MS 200
#define TALLY_PROGRESS_LINE_MS 30000
#define TALLY_PROGRESS_JSON_MS 1000
/* A rewritten line must not wrap, and 80 columns is what every terminal has. */
#define TALLY_PROGRESS_COLUMNS 79

typedef enum tally_progress_form { TALLY_PROGRESS_TEXT, TALLY_PROGRESS_JSON, TALLY_PROGRESS_NONE } tally_progress_form;

typedef struct tally_progress_meter {
	const tally_cli_streams *streams;
	tally_progress_form form;
	char subject[96];              /* which drives it is about, as they are called; "": that goes without saying */
	const char *stage;             /* NULL: none has begun */
	uint64_t stage_bytes;          /* that were done when it began, and say nothing of how fast it goes */
	uint64_t stage_begun, written; /* by the clock */
	size_t columns;                /* of the line that stands on the terminal */
} tally_progress_meter;

void tally_progress_meter_init(tally_progress_meter *meter, const tally_cli_streams *streams, tally_progress_form form);
/* Called as often as the library likes; writes when it is time. */
void tally_progress_meter_update(tally_progress_meter *meter, const tally_progress *progress);
/* Wipes the line off a terminal: what comes next begins at its left edge. */
void tally_progress_meter_end(tally_progress_meter *meter);

/*
 * "checking  42%  1.2 GiB of 2.9 GiB  215.0 MiB/s  2 h 10 min left  3 findings". `rate`: bytes a second; 0 when nothing
 * can be said.
 */
void tally_progress_format(const tally_progress *progress, uint64_t rate, char out[TALLY_PROGRESS_COLUMNS + 1]);

#endif
