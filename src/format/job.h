/* SPDX-License-Identifier: Apache-2.0 */
/* Job descriptions: requests and answers of the REST interfaces, and the classic template (formats.md section 7). */
#ifndef TALLY_FORMAT_JOB_H
#define TALLY_FORMAT_JOB_H

#include "format/format.h"

/* What a job or an order says of one drive. Texts are empty where it says nothing; valid during the call only. */
typedef struct tally_job_entry {
	uint64_t job;   /* which of the document's jobs, from 1; 0: none, an answer of listBitLockerKeys */
	bool is_answer; /* of the service, not a request */
	tally_place place;
	tally_text drive_id, bitlocker_key, manifest_file, manifest_hash, header_hash;
	tally_place key_place, file_place, hash_place; /* where these are; line 0 where there is none */
} tally_job_entry;

typedef struct tally_job_events {
	void (*drive)(void *context, const tally_job_entry *entry);
} tally_job_events;

/*
 * Reads and judges a job's description in JSON. Findings go to `finder`, the drives to `events`. One that is broken
 * gives none.
 */
tally_result tally_job_read(const tally_source *source, tally_finder *finder, const tally_job_events *events,
			    void *context, tally_error *error);

extern const tally_format tally_job_format;          /* job.c */
extern const tally_format tally_job_template_format; /* job_template.c */

#endif
