/* SPDX-License-Identifier: Apache-2.0 */
/* The drive list that creating a job needs, made of what the documents say. It holds keys. */
#ifndef TALLY_VERIFY_JOB_LIST_H
#define TALLY_VERIFY_JOB_LIST_H

#include "verify/job_model.h"

typedef struct job_item {
	char *drive_id, *manifest_file, *header_hash; /* the last one is "" where nobody gives it */
	char hash[2 * TALLY_JOB_HASH_BYTES + 1];
	char *key; /* a secret; NULL: not known */
} job_item;

struct tally_job_list {
	job_item *items;
	size_t count;
};

/* Puts the list into the summary, or why there can't be one. */
tally_result tally_job_list_make(job_model *m);
/* NULL is fine. Nothing is left of the keys. */
void tally_job_list_free(tally_job_list *list);

/* A text that grows; what it held is wiped when it moves or goes. */
typedef struct job_text {
	char *data;
	size_t size, capacity;
	bool failed; /* memory was short */
} job_text;

void tally_job_text_add(job_text *text, const char *bytes, size_t size);
void tally_job_text_clear(job_text *text);
/* A text in JSON, between quotation marks. What is UTF-8 stays so. */
void tally_job_quote_json(job_text *text, const char *word);
/* A word for a POSIX shell: between apostrophes, whatever it holds. */
void tally_job_quote_shell(job_text *text, const char *word);
/* The same for PowerShell, which takes four other characters for an apostrophe too. */
void tally_job_quote_powershell(job_text *text, const char *word);

#endif
