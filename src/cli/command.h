/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands. Parsing, --help, the manual page and the completion all come from it, so that they can't
 * drift apart.
 */
#ifndef TALLY_CLI_COMMAND_H
#define TALLY_CLI_COMMAND_H

#include "cli/cli.h"
#include "report/writer.h"
#include "tallyman.h"

typedef enum tally_cli_option_id {
	TALLY_OPTION_JOURNAL,
	TALLY_OPTION_MANIFEST,
	TALLY_OPTION_DRIVE_ID,
	TALLY_OPTION_KIND,
	TALLY_OPTION_LOG,
	TALLY_OPTION_EXPORT,
	TALLY_OPTION_BLOB_LIST,
	TALLY_OPTION_INCOMPLETE,
	TALLY_OPTION_WRITE_MISSING,
	TALLY_OPTION_JOBS,
	TALLY_OPTION_IO,
	TALLY_OPTION_DIRECT,
	TALLY_OPTION_MAX_RATE,
	TALLY_OPTION_CHECKPOINT,
	TALLY_OPTION_KEY_FILE,
	TALLY_OPTION_STRICT,
	TALLY_OPTION_JOB,
	TALLY_OPTION_PAPERS_ONLY,
	TALLY_OPTION_EMIT,
	TALLY_OPTION_WITH_KEYS,
	TALLY_OPTION_FORMAT,
	TALLY_OPTION_OUTPUT,
	TALLY_OPTION_LIST,
	TALLY_OPTION_VERBOSE,
	TALLY_OPTION_QUIET,
	TALLY_OPTION_PROGRESS,
	TALLY_OPTION_NO_COLOR,
	TALLY_OPTION_HELP,
	TALLY_OPTION_VERSION,
	TALLY_OPTIONS
} tally_cli_option_id;

typedef struct tally_cli_option {
	tally_cli_option_id id;
	const char *name;
	char letter;                         /* or 0 */
	bool optional;                       /* the value may be left out */
	bool many;                           /* may be given several times; of a command's options one at most */
	const char *metavar;                 /* NULL: takes no value. "FILE" is completed as one. */
	const char *(*choice)(size_t index); /* the values it takes, NULL behind the last; NULL: any */
	const char *help;
} tally_cli_option;

typedef struct tally_cli_exit_text {
	tally_cli_exit status;
	const char *text;
} tally_cli_exit_text;

typedef struct tally_cli_command tally_cli_command;

/* A command line, parsed. */
typedef struct tally_cli_call {
	const tally_cli_streams *streams;
	const tally_cli_command *command; /* NULL: none was named */
	bool given[TALLY_OPTIONS];
	const char *value[TALLY_OPTIONS];
	const char **values; /* of the option that may be given several times */
	size_t value_count;
	char **arguments; /* what is no option */
	size_t argument_count;
} tally_cli_call;

typedef enum tally_cli_argument {
	TALLY_ARGUMENT_DIRECTORY,
	TALLY_ARGUMENT_FILE,
	TALLY_ARGUMENT_CODE
} tally_cli_argument;

struct tally_cli_command {
	const char *name;
	int (*run)(const tally_cli_call *call);
	const char *metavar;         /* of the arguments */
	tally_cli_argument argument; /* how they are completed */
	size_t least, most;          /* how many it takes */
	const char *summary;         /* one line */
	const char *description;
	const tally_cli_option *const *options; /* NULL behind the last */
	const tally_cli_exit_text *exits;       /* text NULL behind the last */
	const char *const *examples;            /* pairs: command line, what it does; NULL behind the last */
};

#define TALLY_CLI_SUMMARY "checks drives prepared for the Azure Import/Export service, offline"

/* The commands by number, NULL behind the last. */
const tally_cli_command *tally_cli_command_at(size_t index);
const tally_cli_command *tally_cli_command_find(const char *name);
/* What `tallyman` takes without a command; NULL behind the last. */
const tally_cli_option *const *tally_cli_options(void);

/* What --kind asks for; TALLY_DOCUMENT_UNKNOWN without it. */
tally_document_kind tally_cli_document_kind(const tally_cli_call *call);

/*
 * The values of options: TALLY_EXIT_OK, also where the option is not given, or after a complaint the status to exit
 * with.
 */
#define TALLY_CLI_JOBS_MAX 256
int tally_cli_jobs(const tally_cli_call *call, unsigned *jobs); /* 0: not given */
/* How drives are read; 0 for what is not given. */
int tally_cli_reading(const tally_cli_call *call, unsigned *jobs, tally_io_mode *io, uint64_t *max_rate);
/* Where the key of a locked volume comes from when no journal gives it: a file, or whoever sits at the terminal. */
void tally_cli_key(const tally_cli_call *call, tally_check_options *options);
const char *tally_cli_io_choice(size_t index);
const char *tally_cli_emit_choice(size_t index);

/* Each writes a whole text. */
void tally_cli_help(tally_writer *writer, const tally_cli_command *command); /* NULL: of the program */
void tally_cli_man_page(tally_writer *writer);
void tally_cli_bash_completion(tally_writer *writer);
/* "[OPTION]... DRIVE..." */
void tally_cli_synopsis(tally_writer *writer, const tally_cli_command *command);

/* The handlers. */
int tally_cli_audit(const tally_cli_call *call);
int tally_cli_check(const tally_cli_call *call);
int tally_cli_lint(const tally_cli_call *call);
int tally_cli_job(const tally_cli_call *call);
int tally_cli_explain(const tally_cli_call *call);

/* A writer on a stdio stream. */
void tally_cli_writer_init(tally_writer *writer, FILE *file);
/*
 * Ends what was written to `out`: `status` when all of it arrived. A report that did not reach its reader is no
 * success, whatever it says: then a complaint, and TALLY_EXIT_UNCHECKED.
 */
int tally_cli_finish(const tally_cli_streams *streams, tally_writer *writer, int status);
/* One line on the error stream, escaped, "tallyman: " in front. */
void tally_cli_complain(const tally_cli_streams *streams, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a wrong command line: names the help too. Returns TALLY_EXIT_USAGE. */
int tally_cli_usage_error(const tally_cli_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
