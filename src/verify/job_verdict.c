/* SPDX-License-Identifier: Apache-2.0 */
/* What the service would make of each drive and of the job (states.md, sections 1 and 2), and the list of its drives.
 */
#include "base/memory.h"
#include "format/job_values.h"
#include "verify/job_list.h"
#include "verify/job_model.h"
#include "verify/run.h"

#include <stdio.h>

static bool is_status(const tally_status *status, const char *code)
{
	return status != NULL && strcmp(status->code, code) == 0;
}

/* ---- a drive ---- */

/* What comes first in the service's order, of what its check found and what its documents' contradictions lead to. */
static const tally_status *status_of(const job_model *m, const job_drive *drive)
{
	const tally_status *checked = NULL;
	if (drive->carrier != TALLY_JOB_NOWHERE)
		checked = m->summary->subjects[m->carriers[drive->carrier].subject].drive_status;
	if (drive->predicted == NULL)
		return checked;
	/* That a blob is named twice says nothing of a drive that nobody checked. */
	bool is_warning = strcmp(drive->predicted, "CompletedWithWarnings") == 0;
	if (checked == NULL && is_warning)
		return NULL;
	bool earlier = checked == NULL || tally_replay_rank(drive->predicted) < tally_replay_rank(checked->code);
	return earlier ? tally_status_find(TALLY_LEVEL_DRIVE, drive->predicted) : checked;
}

static void describe_drive(const job_model *m, const job_drive *drive, tally_job_drive *out)
{
	tally_mask((tally_text){drive->id, strlen(drive->id)}, out->drive_id, sizeof out->drive_id);
	out->is_listed = drive->is_listed;
	out->has_journal = drive->has_journal;
	out->is_at_hand = drive->is_at_hand;
	out->is_of_job = drive->is_of_job;
	out->status = status_of(m, drive);
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &m->entries[drive->first + i];
		out->has_key = out->has_key || (entry->key != NULL && (entry->key_form == TALLY_KEY_RECOVERY ||
								       entry->key_form == TALLY_KEY_EXTERNAL));
		out->has_manifest_file = out->has_manifest_file || entry->manifest_file != NULL;
		out->has_manifest_hash = out->has_manifest_hash || entry->has_hash;
	}
}

static tally_result describe_drives(job_model *m)
{
	tally_job_summary *s = m->summary;
	if (m->ordered == NULL) /* stopped before that */
		return TALLY_OK;
	s->drives = tally_zalloc(m->drive_count + 1, sizeof *s->drives);
	if (s->drives == NULL)
		return tally_fail_memory(m->error);
	s->drive_count = m->drive_count;
	for (size_t i = 0; i < m->drive_count; i++)
		describe_drive(m, m->ordered[i], &s->drives[i]);
	return TALLY_OK;
}

/* ---- the job ---- */

/*
 * One drive decides for the worse, all together for the better: so an error is known of a job whose other drives
 * nobody has seen, success is not. What the 2016 portal called Closed is "completed with errors" now.
 */
typedef struct drive_ends {
	bool failed, errors, warnings, unknown;
	size_t count;
} drive_ends;

static void add_end(drive_ends *ends, const tally_status *status)
{
	ends->count++;
	if (status == NULL)
		ends->unknown = true;
	else if (is_status(status, "CompletedWithErrors"))
		ends->errors = true;
	else if (is_status(status, "CompletedWithWarnings"))
		ends->warnings = true;
	else if (!is_status(status, "Completed"))
		ends->failed = true;
}

/* A drive whose id nobody knows was given as one of the job's: it can't end well without it. */
static const tally_status *job_status(const job_model *m)
{
	const tally_job_summary *s = m->summary;
	drive_ends ends = {.count = 0};
	for (size_t i = 0; i < s->drive_count; i++)
		if (s->drives[i].is_of_job)
			add_end(&ends, s->drives[i].status);
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		if (tally_job_is_nameless(carrier))
			add_end(&ends, s->subjects[carrier->subject].drive_status);
	}
	const char *code = ends.failed     ? "Data copy failed"
			   : ends.errors   ? "Data copy completed with errors"
			   : ends.unknown  ? NULL
			   : ends.warnings ? "Data copy completed with warnings"
					   : "Completed";
	return code != NULL && ends.count > 0 ? tally_status_find(TALLY_LEVEL_JOB, code) : NULL;
}

static bool is_complete(const tally_job_summary *s)
{
	size_t count = 0;
	bool complete = s->errors == 0 && s->list != NULL;
	/* A document that is wrong, or that could not be read, may have more to say. */
	for (size_t i = 0; i < s->subject_count; i++)
		complete = complete && (s->subjects[i].is_drive || s->subjects[i].error.code == TALLY_OK);
	for (size_t i = 0; i < s->drive_count; i++) {
		const tally_job_drive *drive = &s->drives[i];
		if (!drive->is_of_job)
			continue;
		count++;
		complete = complete && drive->has_key && drive->has_manifest_file && drive->has_manifest_hash;
	}
	return complete && count > 0 && count <= TALLY_JOB_DRIVES_MAX;
}

/* What documents say and a drive at hand could not be held against. */
static void tell_uncompared(job_model *m)
{
	bool nameless = false, unread = false;
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		nameless = nameless || tally_job_is_nameless(carrier);
		unread = unread || (carrier->check != NULL && !carrier->has_hash);
	}
	if (nameless)
		tally_job_gap(m, "some drives at hand against the documents",
			      "nothing that could be read tells which drives they are; see their findings");
	if (unread)
		tally_job_gap(m, "what is in the manifests of some drives: ids, hashes, sessions and blobs",
			      "they could not be read; see these drives' findings");
}

static void tell_gaps(job_model *m)
{
	const tally_job_summary *s = m->summary;
	bool unchecked = false;
	for (size_t i = 0; i < s->drive_count; i++)
		unchecked = unchecked || (s->drives[i].is_of_job && !s->drives[i].is_at_hand);
	if (m->options->papers_only)
		tally_job_gap(m, "the files of the drives", "only documents were to be read");
	else if (unchecked)
		tally_job_gap(m, "some drives of the job", "they are not at hand");
	tell_uncompared(m);
	if (!s->has_list)
		tally_job_gap(m, "the job's drive list", "no job that lists drives was given");
	tally_job_gap(m, "which copy sessions the journals hold", "nobody has published how they are written there");
	tally_job_gap(m, "the job itself: shipping, account, what the portal knows", "it can't be known offline");
}

static int exit_status(const job_model *m)
{
	const tally_job_summary *s = m->summary;
	int status = m->drives_exit;
	for (size_t i = 0; i < s->subject_count; i++)
		if (s->subjects[i].error.code != TALLY_OK)
			status = 3;
	if (status == 0 && s->drive_count == 0)
		return s->errors > 0 ? 1 : 3;
	return status == 0 && s->errors > 0 ? 1 : status;
}

tally_result tally_job_conclude(job_model *m)
{
	tally_job_summary *s = m->summary;
	tally_result result = describe_drives(m);
	if (result == TALLY_OK)
		result = tally_job_list_make(m);
	if (result != TALLY_OK)
		return result;
	s->job_status = job_status(m);
	s->is_complete = is_complete(s);
	s->exit_status = exit_status(m);
	tell_gaps(m);
	return TALLY_OK;
}
