/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the logs once more: their texts, and those for which the manifest has no blob. */
#include "verify/audit.h"

#include "base/memory.h"

/* ---- entries once more ---------------------------------------------------------------------------------------- */

typedef struct words_reading {
	tally_audit_words *words;
	tally_result result;
	tally_error error;
} words_reading;

static void keep(words_reading *r, tally_log_text *kept, tally_text text)
{
	if (r->result == TALLY_OK && text.data != NULL)
		r->result = tally_audit_keep(kept, text, &r->error);
}

static void on_words(void *context, const tally_log_entry *said)
{
	words_reading *r = context;
	r->words->read = true;
	keep(r, &r->words->blob_path, said->blob_path);
	keep(r, &r->words->file_path, said->file_path);
	keep(r, &r->words->message, said->message);
	keep(r, &r->words->new_name, said->new_name);
}

static void on_segment(void *context, const tally_log_segment *segment)
{
	words_reading *r = context;
	r->words->segments++;
	if (segment->status == NULL || strcmp(segment->status->code, "Completed") == 0)
		return;
	if (r->words->failed_segments++ == 0)
		r->words->first_failed = *segment;
}

tally_result tally_audit_read_words(tally_auditing *audit, const tally_audit_entry *entry, tally_audit_words *words,
				    tally_error *error)
{
	static const tally_log_events events = {on_segment, on_words, NULL};
	tally_log_text *const texts[] = {&words->blob_path, &words->file_path, &words->message, &words->new_name};
	const tally_audit_log *log = &audit->logs[entry->log];
	words_reading r = {.words = words};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		texts[i]->set = false;
	words->read = false;
	words->segments = words->failed_segments = 0;
	tally_result result = tally_log_read_entry(&log->source, log->kind, entry->offset, &events, &r, error);
	if (result == TALLY_OK && r.result != TALLY_OK) {
		if (error != NULL)
			*error = r.error;
		result = r.result;
	}
	return result;
}

void tally_audit_words_free(tally_audit_words *words)
{
	tally_free(words->blob_path.data);
	tally_free(words->file_path.data);
	tally_free(words->message.data);
	tally_free(words->new_name.data);
	*words = (tally_audit_words){0};
}

/* ---- what only the logs name ---------------------------------------------------------------------------------- */

static tally_result tell_unknown(tally_auditing *audit, const tally_audit_entry *entry, tally_audit_words *words,
				 tally_error *error)
{
	tally_result result = tally_audit_read_words(audit, entry, words, error);
	const tally_status *status = tally_audit_status_of(entry->status);
	bool failed = (entry->flags & TALLY_AUDIT_FAILED) != 0, exported = audit->summary->is_export;
	if (result != TALLY_OK)
		return result;
	audit->summary->entries_unknown++;
	tally_fact fact = {.rule = exported && failed ? TALLY_RULE_A_22 : TALLY_RULE_A_41,
			   .blob_path = words->blob_path.set ? words->blob_path.data : NULL,
			   .file_path = words->file_path.set ? words->file_path.data : NULL};
	if (status != NULL) {
		fact.use_level = true;
		fact.level = status->level;
		fact.status = status->code;
	}
	if (words->message.set)
		fact.actual = tally_audit_kept(&words->message);
	if (!(exported && failed)) {
		tally_audit_find(audit, entry, &fact, "the log speaks of this, but the manifest has no such blob");
		return TALLY_OK;
	}
	audit->summary->blobs_failed++;
	tally_audit_find(audit, entry, &fact, "the service did not export this: %s",
			 status != NULL ? status->code : "a status that is not known");
	/* What was ordered by its name is missed under that name. */
	bool missed = words->blob_path.set && tally_audit_list_lacks(audit, tally_audit_kept(&words->blob_path));
	return missed ? tally_audit_miss(audit, tally_audit_kept(&words->blob_path), false, error) : TALLY_OK;
}

tally_result tally_audit_find_unknown(tally_auditing *audit, tally_error *error)
{
	tally_audit_words words = {0};
	tally_result result = TALLY_OK;
	if (!audit->run.totals.complete) {
		if (audit->index.count > 0)
			tally_run_gap(&audit->run, "what the logs say of blobs behind that",
				      "the manifest could not be read to its end");
		return TALLY_OK;
	}
	for (size_t i = 0; i < audit->index.count && result == TALLY_OK; i++) {
		const tally_audit_entry *entry = tally_audit_index_at(&audit->index, i);
		bool known = (entry->flags & (TALLY_AUDIT_NAMED | TALLY_AUDIT_MATCHED)) != 0;
		/* A container that was renamed, but has nothing of this drive in it, is the job's business. */
		bool container =
		    (entry->flags & TALLY_AUDIT_CONTAINER) != 0 && (entry->flags & TALLY_AUDIT_RENAME) != 0;
		if (!known && !container && !audit->logs[entry->log].foreign)
			result = tell_unknown(audit, entry, &words, error);
	}
	tally_audit_words_free(&words);
	return result;
}
