/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the command as a function, in this process. */
#ifndef TEST_CLI_RUNNING_H
#define TEST_CLI_RUNNING_H

#include "cli/command.h"

/* What the last run said to its streams. */
extern char *out, *err;
extern size_t out_size;
/* What a run is told that asks whether it was stopped. */
extern bool stop;
/* Of the test; empty. */
extern char folder[];
void make_folder(void);
void remove_folder(void);

/* Run tallyman with these arguments, NULL behind the last; `file` takes the place of standard output. */
int run_into(FILE *file, char **argv);
int run_list(char **argv);
int run(const char *first, ...);
#define RUN(...) run(__VA_ARGS__, (const char *)NULL)
/* Fails the test unless `part` stands in the text. */
void expect(const char *text, const char *part);
/* The file "document" in the folder; `path` becomes its name. */
void write_document(char path[64], const char *text);

#endif
