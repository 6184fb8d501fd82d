/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command as a function: arguments and streams in, exit status out. Everything that the process has only one of
 * (terminal, environment, clock, signals) comes in through tally_cli_streams; only main.c touches the real ones.
 */
#ifndef TALLY_CLI_CLI_H
#define TALLY_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct tally_cli_streams {
	FILE *out, *err;
	bool out_colour;         /* colours may be written to `out` */
	bool err_terminal;       /* someone watches `err`: a line can be rewritten */
	uint64_t (*clock)(void); /* milliseconds, never going back */
	bool (*stopped)(void);   /* the user asked to stop; any thread may ask */
	/* The user wants to see the progress now, and did not ask yet; or NULL: nobody can. */
	bool (*progress_asked)(void);
	/* Asks on the terminal for what must not be seen; false when nobody can be asked, or nothing is said. Or NULL. */
	bool (*ask_secret)(const char *question, char *answer, size_t size);
} tally_cli_streams;

typedef enum tally_cli_exit {
	TALLY_EXIT_OK = 0,
	TALLY_EXIT_WRONG = 1,    /* something is wrong with what was checked */
	TALLY_EXIT_USAGE = 2,    /* the command line is wrong */
	TALLY_EXIT_UNCHECKED = 3 /* something could not be checked, or the report could not be written */
} tally_cli_exit;

/* Runs `tallyman` with these arguments, argv[0] included. Not to be called from two threads at once (getopt). */
int tally_cli(int argc, char **argv, const tally_cli_streams *streams);

#endif
