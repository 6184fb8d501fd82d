/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs that the manifests of two drives both name: the service stores what comes second under another name, over the
 * first one, or not at all. Fingerprints of all BlobPaths are sorted; those that two manifests share are a suspicion,
 * and a second reading of the manifests compares the texts.
 */
#include "base/memory.h"
#include "verify/job_model.h"

#include <inttypes.h>

#define SUSPECTS_MAX 10000 /* more are counted: a report has room for 1,000 of a kind */

typedef struct suspect {
	uint64_t fingerprint;
	char *path; /* of the first manifest that names it; NULL: not met yet */
	size_t carrier;
	tally_place place;
} suspect;

typedef struct blob_search {
	job_model *m;
	suspect *suspects; /* by fingerprint */
	size_t count, capacity;
	uint64_t beyond;
	size_t carrier; /* in hand */
	tally_result result;
} blob_search;

/* ---- who is suspected ---- */

static tally_result suspect_run(blob_search *s, size_t begin, size_t end)
{
	const tally_records *blobs = &s->m->blobs;
	const tally_record *first = NULL;
	for (size_t i = begin; i < end; i++) {
		const tally_record *record = tally_records_at(blobs, i);
		if (s->m->carriers[record->position].is_repeated)
			continue;
		if (first == NULL)
			first = record;
		if (record->position == first->position)
			continue;
		if (s->count == SUSPECTS_MAX) {
			s->beyond++;
			return TALLY_OK;
		}
		suspect *grown = tally_grow(s->suspects, &s->capacity, s->count + 1, sizeof *grown);
		if (grown == NULL)
			return tally_fail_memory(s->m->error);
		s->suspects = grown;
		grown[s->count++] = (suspect){.fingerprint = record->fingerprint};
		return TALLY_OK;
	}
	return TALLY_OK;
}

static tally_result suspect_all(blob_search *s)
{
	tally_records *blobs = &s->m->blobs;
	tally_records_sort(blobs);
	for (size_t begin = 0, end; begin < blobs->count; begin = end) {
		uint64_t fingerprint = tally_records_at(blobs, begin)->fingerprint;
		for (end = begin + 1; end < blobs->count; end++)
			if (tally_records_at(blobs, end)->fingerprint != fingerprint)
				break;
		tally_result result = end - begin > 1 ? suspect_run(s, begin, end) : TALLY_OK;
		if (result != TALLY_OK)
			return result;
	}
	return TALLY_OK;
}

/* ---- the second reading ---- */

static suspect *find_suspect(blob_search *s, uint64_t fingerprint)
{
	size_t low = 0, high = s->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->suspects[middle].fingerprint < fingerprint)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count && s->suspects[low].fingerprint == fingerprint ? &s->suspects[low] : NULL;
}

static void tell(blob_search *s, const suspect *first, const char *path, tally_place place)
{
	job_model *m = s->m;
	const job_carrier *carrier = &m->carriers[s->carrier], *other = &m->carriers[first->carrier];
	m->finder.document = carrier->shown;
	tally_find_fact(&m->finder,
			&(tally_fact){.rule = TALLY_RULE_W_09, .in_document = true, .place = place, .blob_path = path},
			"the blob is also in %.400s:%" PRIu64, other->shown, first->place.line);
	if (carrier->drive != TALLY_JOB_NOWHERE && m->drives[carrier->drive].predicted == NULL)
		m->drives[carrier->drive].predicted = "CompletedWithWarnings";
}

static void on_blob(void *context, const char *path, tally_place place)
{
	blob_search *s = context;
	if (s->result != TALLY_OK)
		return;
	tally_fingerprint_begin(s->m->fingerprinter);
	tally_fingerprint_update(s->m->fingerprinter, path, strlen(path));
	suspect *found = find_suspect(s, tally_fingerprint_end(s->m->fingerprinter));
	if (found == NULL)
		return;
	if (found->path == NULL) {
		found->carrier = s->carrier;
		found->place = place;
		s->result = tally_job_copy(s->m, (tally_text){path, strlen(path)}, &found->path);
	} else if (found->carrier != s->carrier && strcmp(found->path, path) == 0) {
		tell(s, found, path, place);
	}
}

static tally_result compare_all(blob_search *s)
{
	const job_manifest_visitor visitor = {s, on_blob};
	for (s->carrier = 0; s->carrier < s->m->carrier_count; s->carrier++) {
		const job_carrier *carrier = &s->m->carriers[s->carrier];
		if (carrier->is_repeated || carrier->manifest_path == NULL)
			continue;
		tally_result result = tally_job_visit_manifest(s->m, carrier, &visitor);
		if (result == TALLY_OK)
			result = s->result;
		/* One that could be read a moment ago: a drive that goes away is told by its check. */
		if (result == TALLY_ERROR_IO)
			tally_job_gap(s->m, "blobs that two drives name", "a manifest could not be read again");
		else if (result != TALLY_OK)
			return result;
	}
	return TALLY_OK;
}

tally_result tally_job_find_shared_blobs(job_model *m)
{
	blob_search s = {.m = m};
	tally_result result = suspect_all(&s);
	if (result == TALLY_OK && s.count > 0)
		result = compare_all(&s);
	if (s.beyond > 0)
		tally_job_gap(m, "some of the blobs that two drives name",
			      "more than 10,000 seem to be named twice; the others were not compared");
	for (size_t i = 0; i < s.count; i++)
		tally_free(s.suspects[i].path);
	tally_free(s.suspects);
	tally_records_clear(&m->blobs);
	return result;
}
