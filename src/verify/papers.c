/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest whose drive isn't at hand: its blobs are shown as they are read. */
#include "verify/run.h"

#include "base/memory.h"

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
	p->result = run->observer->blob(run->observer->context, &(tally_run_blob){.entry = blob}, &p->error);
}

static tally_result feed(papers *p, tally_manifest *manifest, tally_error *error)
{
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	int64_t got;
	while (result == TALLY_OK && p->result == TALLY_OK &&
	       (got = tally_whole_read(p->run->manifest_bytes, p->run->progress.bytes_done, chunk, TALLY_SOURCE_CHUNK)) > 0) {
		p->run->progress.bytes_done += (uint64_t)got;
		result = tally_manifest_feed(manifest, chunk, (size_t)got, error);
		if (result == TALLY_OK)
			result = tally_run_progress(p->run, error);
	}
	tally_free_wiped(chunk, TALLY_SOURCE_CHUNK);
	if (result == TALLY_OK && p->result == TALLY_OK)
		result = tally_manifest_finish(manifest, error);
	if (result == TALLY_OK && p->result != TALLY_OK) {
		if (error != NULL)
			*error = p->error;
		result = p->result;
	}
	return result;
}

tally_result tally_run_read_papers(tally_run *run, tally_error *error)
{
	static const tally_manifest_events events = {.blob_end = on_blob_end};
	papers p = {.run = run};
	tally_finder silent = {0};
	tally_manifest *manifest = NULL;
	tally_manifest_options options = {.kind = run->totals.kind, .events = &events, .events_context = &p};
	run->progress = (tally_progress){.stage = "checking", .blobs_total = run->totals.blobs};
	tally_result result = tally_manifest_new(&manifest, &options, &silent, error);
	if (result == TALLY_OK)
		result = feed(&p, manifest, error);
	tally_manifest_free(manifest);
	return result;
}
