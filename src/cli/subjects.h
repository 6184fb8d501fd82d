/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a command line names: its arguments, and what is in those that are directories. Each directory in
 * the order of its names' bytes, so that two runs, and two machines, see the same order. What begins with a dot is
 * left out, links are not followed unless they are arguments, and what is neither a file nor a directory is passed
 * over. Memory is that of the names in the directories on the way down.
 */
#ifndef TALLY_CLI_SUBJECTS_H
#define TALLY_CLI_SUBJECTS_H

#include "base/error.h"

typedef enum tally_subject_kind {
	TALLY_SUBJECT_NAMED,  /* an argument; nobody looked yet whether it can be read */
	TALLY_SUBJECT_FOUND,  /* a file in a directory */
	TALLY_SUBJECT_FAILED, /* what can't be looked into; `error` says why */
	TALLY_SUBJECT_LEFT    /* the end of a directory that was an argument; its path */
} tally_subject_kind;

typedef struct tally_subject {
	tally_subject_kind kind;
	size_t argument; /* which one led to it, from 0 */
	char *path;      /* the caller's, to be freed; NULL: there are no more */
	tally_error error;
} tally_subject;

typedef struct tally_subject_level {
	char *path;
	char **names; /* sorted */
	size_t count, capacity, next;
} tally_subject_level;

typedef struct tally_subjects {
	char *const *arguments;
	size_t argument_count, next;
	tally_subject_level *levels; /* from the argument down */
	size_t depth, capacity;
} tally_subjects;

void tally_subjects_begin(tally_subjects *subjects, char *const *arguments, size_t argument_count);
/* The next one. TALLY_OK or TALLY_ERROR_NO_MEMORY. */
tally_result tally_subjects_next(tally_subjects *subjects, tally_subject *subject);
void tally_subjects_end(tally_subjects *subjects);

bool tally_subject_is_directory(const char *argument);

#endif
