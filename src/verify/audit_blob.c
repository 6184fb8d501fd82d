/* SPDX-License-Identifier: Apache-2.0 */
/* A blob of the manifest, as the drive has it and as the logs have it, and what a difference between them means. */
#include "verify/audit.h"

#include <inttypes.h>
#include <stdio.h>

/* One blob in hand. */
typedef struct comparison {
	tally_auditing *audit;
	const tally_run_blob *blob;
	tally_audit_matches matches;
	tally_audit_words words; /* of `entry` */
	const tally_audit_entry *entry;
	uint16_t failed_status; /* that was told */
	bool told;              /* an entry says what became of it, not only that it was renamed */
	bool drive_failed;      /* the drive has an error of this blob */
	bool data_failed;       /* the bytes are not there any more */
	bool failed, renamed, refuted, proven, stored;
	/* The first entry that gives another size or CRC-64: nobody is blamed while another one may agree. */
	const tally_audit_entry *other_size, *other_crc64;
	bool has_unknown_crc64;
} comparison;

static tally_text text_of(const char *text)
{
	return (tally_text){text, text != NULL ? strlen(text) : 0};
}

static bool is_code(const tally_status *status, const char *code)
{
	return status != NULL && strcmp(status->code, code) == 0;
}

/* The drive's error in a word; where only Windows can read the blob's file, the blob has no status for it. */
static const char *error_of(const comparison *c)
{
	if (c->blob->status != NULL)
		return c->blob->status;
	return c->data_failed ? "in its bytes" : "in its metadata or properties";
}

static tally_fact fact_of(const comparison *c, tally_rule_symbol rule, const tally_status *status)
{
	tally_fact fact = {
	    .rule = rule, .blob_path = c->blob->entry->blob_path, .file_path = c->blob->entry->file_path};
	if (status != NULL) {
		fact.use_level = true;
		fact.level = status->level;
		fact.status = status->code;
	}
	return fact;
}

/*
 * Reads the entry's texts. False when it is not this blob's after all: two names can have one fingerprint, though
 * nobody can bring it about.
 */
static bool confirm(comparison *c, size_t match, tally_result *result, tally_error *error)
{
	c->entry = c->matches.entries[match];
	*result = tally_audit_read_words(c->audit, c->entry, &c->words, error);
	if (*result != TALLY_OK)
		return false;
	bool renamed = is_code(tally_audit_status_of(c->entry->value), "Renamed");
	if (!c->words.read || !c->words.blob_path.set || match >= c->matches.direct || renamed)
		return true;
	return tally_audit_same_blob(tally_audit_kept(&c->words.blob_path), text_of(c->blob->entry->blob_path));
}

static tally_document_kind kind_of(const comparison *c, const tally_audit_entry *entry)
{
	return c->audit->logs[entry->log].kind;
}

/* ---- errors that the log reports ------------------------------------------------------------------------------ */

/* ": Corrupted, 1 of 3 parts, the first at byte 65536 (65536 bytes)" */
static void describe(const comparison *c, const tally_status *status, char *out, size_t size)
{
	const tally_audit_words *w = &c->words;
	const char *code = status != NULL ? status->code : "a failed part";
	if (w->failed_segments == 0)
		snprintf(out, size, "%s", code);
	else
		snprintf(out, size,
			 "%s, %" PRIu64 " of the %" PRIu64 " blocks or ranges listed, the first (%s) at byte %" PRIu64
			 " with %" PRIu64 " bytes",
			 code, w->failed_segments, w->segments,
			 w->first_failed.status != NULL ? w->first_failed.status->code : "not a known status",
			 w->first_failed.offset, w->first_failed.length);
}

static void tell_failed(comparison *c, const tally_status *status)
{
	char what[300];
	bool both = c->drive_failed;
	tally_fact fact = fact_of(c, both ? TALLY_RULE_A_21 : TALLY_RULE_A_20, status);
	if (c->audit->summary->is_export && !both)
		fact.rule = TALLY_RULE_A_22;
	describe(c, status, what, sizeof what);
	if (c->words.message.set)
		fact.actual = tally_audit_kept(&c->words.message);
	if (both)
		tally_audit_find(c->audit, c->entry, &fact,
				 "the service reports an error as the drive has one (%s): %s", error_of(c), what);
	else if (c->blob->status == NULL)
		tally_audit_find(c->audit, c->entry, &fact, "the service reports an error: %s", what);
	else
		tally_audit_find(c->audit, c->entry, &fact,
				 "the service reports an error that the drive does not have now: %s", what);
}

static tally_result take_failed(comparison *c, size_t match, tally_error *error)
{
	tally_result result;
	if (!confirm(c, match, &result, error))
		return result;
	/* An error log and a verbose log tell of one error in the same words. */
	if (!c->failed || c->failed_status != c->entry->status)
		tell_failed(c, tally_audit_status_of(c->entry->status));
	c->failed = true;
	c->failed_status = c->entry->status;
	return TALLY_OK;
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

/* Whether M-25 makes the one of the other. */
static bool is_by_rule(tally_text old, tally_text new)
{
	tally_text part;
	if (!tally_audit_renamed_part(new, &part))
		return false;
	size_t front = (size_t)(part.data - new.data);
	return old.size + part.size ==
		   new.size &&tally_audit_same_blob((tally_text){old.data, front}, (tally_text){new.data, front}) &&
	       tally_audit_same_blob((tally_text){old.data + front, old.size - front},
				     (tally_text){new.data + front + part.size, old.size - front});
}

static tally_result take_disposition(comparison *c, size_t match, tally_error *error)
{
	const tally_status *what = tally_audit_status_of(c->matches.entries[match]->value);
	tally_result result;
	if (what == NULL || is_code(what, "Created") || is_code(what, "Cancelled"))
		return TALLY_OK;
	if (!confirm(c, match, &result, error))
		return result;
	tally_text old = text_of(c->blob->entry->blob_path), new = tally_audit_kept(&c->words.blob_path);
	tally_fact fact = fact_of(c, TALLY_RULE_A_54, what);
	if (is_code(what, "Overwritten")) {
		tally_audit_find(c->audit, c->entry, &fact, "the service overwrote a blob that was there before");
	} else if (is_code(what, "Skipped")) {
		fact.rule = TALLY_RULE_A_53;
		tally_audit_find(c->audit, c->entry, &fact,
				 "the service skipped this blob: one of that name was there before, and it was kept");
	} else if (is_code(what, "Renamed")) {
		bool by_rule = is_by_rule(old, new);
		c->renamed = true;
		fact.rule = by_rule ? TALLY_RULE_A_50 : TALLY_RULE_A_51;
		fact.expected = old;
		fact.actual = new;
		tally_audit_find(c->audit, c->entry, &fact, "%s",
				 by_rule ? "the name was taken: the service stored the blob under another one"
					 : "the service renamed the blob, but not as the rule for taken names says");
	}
	return TALLY_OK;
}

/*
 * C-13, L-34, L-35: names that break the rules, and what can't be what it was meant to be. An entry under the blob's
 * own name tells of no move, unless its status does; a copy log names the blob so, and the new name besides.
 */
static tally_result take_move(comparison *c, size_t match, tally_error *error)
{
	tally_result result;
	if (!confirm(c, match, &result, error))
		return result;
	const tally_status *status = tally_audit_status_of(c->entry->status);
	bool copy_log = kind_of(c, c->entry) == TALLY_DOCUMENT_COPY_LOG;
	bool has_place = copy_log || match >= c->matches.direct;
	if (!has_place && is_code(status, "Completed"))
		return TALLY_OK;
	tally_fact fact = fact_of(c, TALLY_RULE_A_52, status);
	if (has_place)
		fact.actual = tally_audit_kept(copy_log ? &c->words.new_name : &c->words.blob_path);
	c->renamed = true;
	tally_audit_find(c->audit, c->entry, &fact, "%s",
			 has_place ? "the service stored the blob elsewhere than the manifest says"
				   : "the service says that it moved the blob, but gives the name that it had");
	return TALLY_OK;
}

static void tell_container(comparison *c)
{
	const tally_audit_entry *entry = c->matches.container;
	tally_fact fact = fact_of(c, TALLY_RULE_A_52, tally_audit_status_of(entry->status));
	c->renamed = true;
	fact.actual = tally_audit_kept(&c->audit->new_container);
	tally_audit_find(c->audit, entry, &fact, "the service stored the blob in a container that it named itself");
}

static tally_result tell_guess(comparison *c, tally_error *error)
{
	tally_result result;
	if (!confirm(c, 0, &result, error))
		return result;
	tally_fact fact = fact_of(c, TALLY_RULE_A_50, NULL);
	c->renamed = true;
	fact.expected = text_of(c->blob->entry->blob_path);
	fact.actual = tally_audit_kept(&c->words.blob_path);
	tally_audit_find(c->audit, c->entry, &fact,
			 "the log has no such name, but the one that the service gives where a name is taken");
	return TALLY_OK;
}

/* ---- what was stored ------------------------------------------------------------------------------------------ */

static void weigh(comparison *c, const tally_audit_entry *entry)
{
	const tally_manifest_blob *blob = c->blob->entry;
	bool same_size = (entry->flags & TALLY_AUDIT_HAS_SIZE) == 0 || !blob->has_length || entry->size == blob->length;
	bool has_crc64 = (entry->flags & TALLY_AUDIT_HAS_CRC64) != 0;
	c->stored = c->stored || has_crc64;
	if (!same_size) {
		c->other_size = c->other_size != NULL ? c->other_size : entry;
		return;
	}
	if (!has_crc64 || c->blob->status == NULL)
		return;
	if (!c->blob->has_crc64)
		c->has_unknown_crc64 = true;
	else if (entry->value == c->blob->crc64)
		c->proven = c->blob->checked;
	else if (c->other_crc64 == NULL)
		c->other_crc64 = entry;
}

static tally_result tell_size(comparison *c, tally_error *error)
{
	char expected[32], actual[32];
	tally_result result = tally_audit_read_words(c->audit, c->other_size, &c->words, error);
	tally_fact fact = fact_of(c, TALLY_RULE_A_10, NULL);
	snprintf(expected, sizeof expected, "%" PRIu64, c->blob->entry->length);
	snprintf(actual, sizeof actual, "%" PRIu64, c->other_size->size);
	fact.expected = text_of(expected);
	fact.actual = text_of(actual);
	c->refuted = true;
	tally_audit_find(c->audit, c->other_size, &fact, "the log gives another size than the manifest");
	return result;
}

static void tell_crc64(comparison *c)
{
	char expected[32], actual[32];
	tally_fact fact = fact_of(c, c->data_failed ? TALLY_RULE_A_30 : TALLY_RULE_A_11, NULL);
	snprintf(expected, sizeof expected, "%" PRIu64, c->blob->crc64);
	snprintf(actual, sizeof actual, "%" PRIu64, c->other_crc64->value);
	fact.expected = text_of(expected);
	fact.actual = text_of(actual);
	c->refuted = !c->data_failed;
	if (c->data_failed)
		tally_audit_find(
		    c->audit, c->other_crc64, &fact,
		    "the drive has an error (%s) that the service did not see: it stored other bytes (by their CRC-64)",
		    error_of(c));
	else
		tally_audit_find(
		    c->audit, c->other_crc64, &fact,
		    "the service stored other bytes (by their CRC-64) than the drive holds%s",
		    c->blob->gaps ? "; the page ranges don't cover the blob, what lies between counted as zeros" : "");
}

/* The service's bytes are those of the drive; whether that is good depends on the drive. */
static void tell_same(comparison *c, const tally_audit_entry *entry)
{
	if (!c->data_failed) {
		c->audit->summary->blobs_proven++;
		return;
	}
	tally_fact fact = fact_of(c, TALLY_RULE_A_13, NULL);
	c->refuted = true;
	tally_audit_find(c->audit, entry, &fact,
			 "the service stored what is on the drive, but that is not what the manifest describes (%s)",
			 error_of(c));
}

static tally_result judge_stored(comparison *c, const tally_audit_entry *entry, tally_error *error)
{
	tally_result result = TALLY_OK;
	if (c->proven) {
		tell_same(c, entry);
	} else if (c->other_size != NULL && c->other_crc64 == NULL && !c->has_unknown_crc64) {
		result = tell_size(c, error);
	} else if (c->other_crc64 != NULL) {
		tell_crc64(c);
	} else if (c->has_unknown_crc64 && !c->data_failed) {
		tally_fact fact = fact_of(c, TALLY_RULE_A_12, NULL);
		tally_audit_find(
		    c->audit, entry, &fact,
		    "the CRC-64 of the log can't be compared: the manifest's blocks don't cover the blob once each");
	} else if (!c->failed &&
		   (c->data_failed || (c->blob->side_failed && (entry->flags & TALLY_AUDIT_HAS_CRC64) == 0))) {
		tally_fact fact = fact_of(c, TALLY_RULE_A_30, NULL);
		tally_audit_find(c->audit, entry, &fact, "the drive has an error (%s) that the service did not see",
				 error_of(c));
	}
	return result;
}

/* ---- a blob --------------------------------------------------------------------------------------------------- */

static void tell_unlogged(comparison *c)
{
	tally_auditing *audit = c->audit;
	const char *document = audit->finder.document;
	tally_fact fact = fact_of(c, TALLY_RULE_A_40, NULL);
	fact.in_document = true;
	fact.place = c->blob->entry->place;
	audit->finder.document = audit->run.manifest_path;
	if (audit->summary->has_verbose && !c->failed) {
		audit->summary->blobs_unlogged++;
		tally_find_fact(&audit->finder, &fact, "the verbose log does not name this blob");
	} else if (audit->has_errors && (c->data_failed || c->blob->side_failed)) {
		fact.rule = TALLY_RULE_A_30;
		tally_find_fact(&audit->finder, &fact, "the drive has an error (%s) of which the log says nothing",
				error_of(c));
	}
	audit->finder.document = document;
}

static tally_result take_entry(comparison *c, size_t match, tally_error *error)
{
	const tally_audit_entry *entry = c->matches.entries[match];
	bool copy_log = kind_of(c, entry) == TALLY_DOCUMENT_COPY_LOG;
	tally_result result = TALLY_OK;
	if ((entry->flags & TALLY_AUDIT_FAILED) != 0)
		result = take_failed(c, match, error);
	else if ((entry->flags & TALLY_AUDIT_RENAME) != 0)
		result = take_move(c, match, error);
	bool drive_log = kind_of(c, entry) == TALLY_DOCUMENT_DRIVE_LOG;
	if (result == TALLY_OK && drive_log)
		result = take_disposition(c, match, error);
	if (drive_log && entry->status == 0) {
		tally_fact fact = fact_of(c, TALLY_RULE_A_23, NULL);
		tally_audit_find(c->audit, entry, &fact, "the log gives the blob no status that is known");
	}
	/* An entry of a copy log gives no size. */
	if (copy_log)
		return result;
	c->told = true;
	if ((entry->flags & TALLY_AUDIT_FAILED) == 0)
		weigh(c, entry);
	return result;
}

static tally_result compare(comparison *c, tally_error *error)
{
	const tally_audit_entry *stored = NULL;
	tally_result result = TALLY_OK;
	if (c->matches.container != NULL)
		tell_container(c);
	if (c->matches.guessed)
		result = tell_guess(c, error);
	for (size_t i = 0; i < c->matches.count && result == TALLY_OK; i++) {
		const tally_audit_entry *entry = c->matches.entries[i];
		result = take_entry(c, i, error);
		bool plain = (entry->flags & TALLY_AUDIT_FAILED) == 0 && kind_of(c, entry) != TALLY_DOCUMENT_COPY_LOG;
		if (plain && (stored == NULL || (entry->flags & TALLY_AUDIT_HAS_CRC64) != 0))
			stored = entry;
	}
	if (result != TALLY_OK)
		return result;
	if (!c->told && !c->failed)
		tell_unlogged(c);
	return stored != NULL ? judge_stored(c, stored, error) : TALLY_OK;
}

static void count(comparison *c)
{
	tally_audit_summary *s = c->audit->summary;
	s->blobs_logged += c->matches.count > 0;
	s->blobs_stored += c->stored;
	s->blobs_refuted += c->refuted;
	s->blobs_failed += c->failed;
	s->blobs_renamed += c->renamed;
}

tally_result tally_audit_blob(tally_auditing *audit, const tally_run_blob *blob, tally_error *error)
{
	comparison c = {.audit = audit, .blob = blob};
	bool has_bad_status = blob->status != NULL && strcmp(blob->status, "Completed") != 0;
	c.drive_failed = has_bad_status || blob->data_failed || blob->side_failed;
	c.data_failed = blob->data_failed;
	tally_audit_judge_logs(audit);
	tally_result result = tally_audit_match(audit, blob->entry, &c.matches, error);
	if (result == TALLY_OK && audit->summary->logs_used > 0)
		result = compare(&c, error);
	count(&c);
	tally_audit_words_free(&c.words);
	if (result != TALLY_OK || !audit->summary->is_export)
		return result;
	bool again = c.drive_failed || c.failed || c.refuted;
	if (again && blob->entry->blob_path != NULL)
		result = tally_audit_miss(audit, text_of(blob->entry->blob_path), false, error);
	return result == TALLY_OK ? tally_audit_list_take(audit, blob->entry, error) : result;
}
