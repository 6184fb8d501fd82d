/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives that are broken in one way each, and what has to come of them. Every status that a mounted directory can show
 * has its case; the tests run the same cases in process and through the command.
 */
#ifndef TALLY_TESTS_VERIFY_CASES_H
#define TALLY_TESTS_VERIFY_CASES_H

#include "verify/stage.h"

typedef struct check_case {
	const char *name;
	void (*prepare)(stage *s);      /* before the drive is made; may set s->made and s->options */
	void (*make)(stage *s);         /* makes another drive than the standard one */
	const char *edits[7];           /* old and new texts of the manifest, before the journal is written */
	void (*damage)(const stage *s); /* after the journal is written */
	void (*fault)(const stage *s);  /* arms a fault of reading, each time it is checked; only in process */
	bool needs_root;                /* to make the drive */
	bool as_nobody;                 /* checked by a user who owns nothing of it */

	const char *drive_status; /* NULL: nothing can be said */
	int exit_status;
	const char *counts;   /* as in a transcript */
	const char *findings; /* as in a transcript */
} check_case;

/* What the standard drive has when nothing is wrong with its blobs. */
#define ALL_SEGMENTS "segment: Completed 6"
#define ALL_SIDES "metadata: Completed 3; properties: Completed 3"
#define ALL_COMPLETED "blob: Completed 3; " ALL_SEGMENTS "; " ALL_SIDES

/* One table for each level; each ends with a case without a name. */
extern const check_case drive_cases[], manifest_cases[], journal_cases[], other_cases[], blob_cases[], file_cases[],
    segment_cases[], side_cases[];

size_t case_count(void);
const check_case *case_at(size_t index);

/* Whether the case's drive ends in a status of a drive, or counts one of a blob, a segment or a side file. */
bool case_leads_to(const check_case *c, const tally_status *status);

/* Makes the drive of a case. False, with a message, when this process can't. */
bool case_make(const check_case *c, stage *s);

#endif
