/* SPDX-License-Identifier: Apache-2.0 */
/* What the manifest says, handed out again after its first reading. */
#include "verify/run.h"

#include "base/memory.h"

/* Feeds the manifest from the drive. A read error that the first reading told only ends the work here. */
static tally_result feed_manifest(tally_run *run, tally_manifest *manifest, bool (*goes_on)(void *context),
				  void *context, tally_manifest_end *end, tally_error *error)
{
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	uint64_t offset = 0;
	int64_t got = 0;
	while (result == TALLY_OK && goes_on(context) &&
	       (got = tally_whole_read(run->manifest_bytes, offset, chunk, TALLY_SOURCE_CHUNK)) > 0) {
		offset += (uint64_t)got;
		result = tally_manifest_feed(manifest, chunk, (size_t)got, error);
	}
	if (end != NULL)
		*end = (tally_manifest_end){offset, got < 0 ? (int)-got : 0};
	tally_free_wiped(chunk, TALLY_SOURCE_CHUNK);
	if (result == TALLY_OK && goes_on(context))
		result = tally_manifest_finish(manifest, error);
	return result;
}

/* A document that broke off is read again, as what its reader makes of the end is its own business. */
static bool is_kept(const tally_run *run)
{
	return run->totals.complete && run->recording != NULL && tally_recording_is_whole(run->recording);
}

tally_result tally_run_read_again(tally_run *run, const tally_manifest_events *events, bool (*goes_on)(void *context),
				  void *context, tally_manifest_end *end, tally_error *error)
{
	if (is_kept(run)) {
		tally_recording_replay(run->recording, events, goes_on, context);
		return TALLY_OK;
	}
	tally_finder silent = {.strict = run->options->strict};
	tally_manifest_options options = {.kind = run->totals.kind, .events = events, .events_context = context};
	tally_manifest *manifest;
	tally_result result = tally_manifest_new(&manifest, &options, &silent, error);
	if (result == TALLY_OK)
		result = feed_manifest(run, manifest, goes_on, context, end, error);
	tally_manifest_free(manifest);
	return result;
}
