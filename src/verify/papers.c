/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest whose drive isn't at hand: its blobs are shown as they are read. */
#include "verify/run.h"

typedef struct papers {
	tally_run *run;
	tally_result result;
	tally_error error;
} papers;

static void on_blob_end(void *context, const tally_manifest_blob *blob)
{
	papers *p = context;
	tally_run *run = p->run;
	if (p->result != TALLY_OK)
		return;
	run->summary->blobs_listed++;
	run->summary->segments_listed += blob->segment_count;
	run->progress.blobs_done++;
	run->progress.bytes_done = blob->place.offset;
	p->result = run->observer->blob(run->observer->context, &(tally_run_blob){.entry = blob}, &p->error);
}

static bool goes_on(void *context)
{
	papers *p = context;
	if (p->result == TALLY_OK)
		p->result = tally_run_progress(p->run, &p->error);
	return p->result == TALLY_OK;
}

tally_result tally_run_read_papers(tally_run *run, tally_error *error)
{
	static const tally_manifest_events events = {.blob_end = on_blob_end};
	papers p = {.run = run};
	run->progress = (tally_progress){.stage = "checking", .blobs_total = run->totals.blobs};
	tally_result result = tally_run_read_again(run, &events, goes_on, &p, NULL, error);
	if (result == TALLY_OK && p.result != TALLY_OK) {
		if (error != NULL)
			*error = p.error;
		result = p.result;
	}
	return result;
}
