/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest itself: read, judged by its form, and held against what the journal says of it. */
#include "verify/run.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>

/* ---- its bytes ---- */

/* Whose manifest this is may be known only when it was read: so long, that of any drive of the journal is right. */
static bool is_journals(void *context, const uint8_t md5[TALLY_MD5_SIZE])
{
	const tally_run *run = context;
	for (size_t i = 0; i < run->journal.drive_count; i++) {
		const tally_journal_drive *drive = &run->journal.drives[i];
		bool may_be = drive->has_hash && (run->entry == NULL || run->entry == drive);
		if (may_be && memcmp(md5, drive->manifest_hash, TALLY_MD5_SIZE) == 0)
			return true;
	}
	return false;
}

static bool journal_has_hash(const tally_run *run)
{
	bool has = false;
	for (size_t i = 0; i < run->journal.drive_count; i++)
		has |= run->journal.drives[i].has_hash && (run->entry == NULL || run->entry == &run->journal.drives[i]);
	return has;
}

static tally_result show_reading(void *context, uint64_t offset, tally_error *error)
{
	tally_run *run = context;
	if (run->progress.bytes_done < offset)
		run->progress.bytes_done = offset;
	return tally_run_progress(run, error);
}

/* Read once for its hash, and then, by its reader, for what is in it. */
static tally_result take_manifest(tally_run *run, tally_error *error)
{
	const tally_whole_subject subject = {
	    .file = run->is_paper ? NULL : &run->manifest,
	    .paper = &run->paper,
	    .is_right = journal_has_hash(run) ? is_journals : NULL,
	    .watch = show_reading,
	    .context = run,
	};
	run->progress = (tally_progress){.stage = "reading the manifest", .bytes_total = 2 * run->manifest.size};
	tally_result result = tally_whole_new(&run->manifest_bytes, &run->reading, error);
	return result == TALLY_OK ? tally_whole_take(run->manifest_bytes, &subject, &run->manifest_outcome, error)
				  : result;
}

void tally_manifest_tell_unreadable(tally_finder *finder, const char *path, const tally_fault *fault)
{
	tally_error reason;
	tally_fail_os(&reason, fault->os_error, "the manifest can't be read");
	tally_fault_tell(fault, finder, (tally_fact){.rule = TALLY_RULE_V_03, .file_path = path}, reason.message);
}

/* `actual` NULL: nobody knows what it should be, or nobody looked at all of it. */
static void tell_wrong(tally_run *run, const uint8_t *actual, const tally_fault *fault)
{
	char expected_hex[2 * TALLY_MD5_SIZE + 1], actual_hex[2 * TALLY_MD5_SIZE + 1];
	tally_fact fact = {.rule = TALLY_RULE_M_54, .file_path = run->manifest_path};
	if (actual != NULL) {
		tally_hex_encode(run->entry->manifest_hash, TALLY_MD5_SIZE, expected_hex);
		tally_hex_encode(actual, TALLY_MD5_SIZE, actual_hex);
		fact.expected = (tally_text){expected_hex, strlen(expected_hex)};
		fact.actual = (tally_text){actual_hex, strlen(actual_hex)};
	}
	tally_fault_tell(fault, &run->finder, fact,
			 actual != NULL ? "the manifest is not the file that the journal was written for"
					: "the manifest's bytes are not the same at every reading");
}

void tally_run_tell_flaky_manifest(tally_run *run)
{
	tally_fault fault;
	/* One thing that is wrong with its bytes is enough. */
	if (!tally_whole_was_flaky(run->manifest_bytes, &fault) || run->manifest_outcome.fault.met)
		return;
	run->manifest_outcome.fault = fault;
	if (fault.os_error != 0)
		tally_manifest_tell_unreadable(&run->finder, run->manifest_path, &fault);
	else
		tell_wrong(run, NULL, &fault);
}

void tally_run_tell_not_again(tally_run *run, uint64_t offset, int os_error, const char *loss)
{
	tally_error reason;
	if (os_error != 0 && os_error != ESTALE)
		tally_fail_os(&reason, os_error, "the manifest can't be read again");
	else
		tally_fail(&reason, TALLY_ERROR_IO, "the manifest is not what it was when it was read first");
	tally_find_fact(&run->finder,
			&(tally_fact){.rule = TALLY_RULE_V_03,
				      .file_path = run->manifest_path,
				      .has_range = true,
				      .offset = offset,
				      .length = run->manifest.size > offset ? run->manifest.size - offset : 0},
			"%s: %s", reason.message, loss);
}

/* Feeds the reader of its form as far as the bytes go. */
static tally_result feed_manifest(tally_run *run, tally_manifest *manifest, tally_error *error)
{
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	uint64_t offset = 0, before = run->progress.bytes_done;
	int64_t got;
	while (result == TALLY_OK &&
	       (got = tally_whole_read(run->manifest_bytes, offset, chunk, TALLY_SOURCE_CHUNK)) > 0) {
		offset += (uint64_t)got;
		run->progress.bytes_done = before + offset;
		result = tally_manifest_feed(manifest, chunk, (size_t)got, error);
		if (result == TALLY_OK)
			result = tally_run_progress(run, error);
	}
	tally_free_wiped(chunk, TALLY_SOURCE_CHUNK);
	if (result == TALLY_OK && got < 0 && tally_reading_is_lost(&run->reading))
		return tally_reading_fail_stopped(&run->reading, error);
	/* What could be read a moment ago can't be any more. */
	if (result == TALLY_OK && got < 0 && run->manifest_outcome.complete) {
		run->manifest_outcome.complete = false;
		tally_run_tell_not_again(run, offset, (int)-got, "the rest of it was not looked at");
	}
	return result;
}

/* ---- what it says ---- */

static void compare_hash(tally_run *run)
{
	static const tally_fault nothing = {0};
	const tally_whole_outcome *o = &run->manifest_outcome;
	bool wrong = o->fault.met && o->fault.os_error == 0;
	if (run->entry == NULL || !run->entry->has_hash) {
		tally_run_gap(run, "the manifest's hash",
			      run->options->journal == NULL ? tally_run_no_journal(run)
							    : "the journal gives none for this drive");
		/* Whatever it should be, it can't be two things. */
		if (wrong && o->fault.second != TALLY_SECOND_SAME && o->fault.second != TALLY_SECOND_NONE)
			tell_wrong(run, NULL, &o->fault);
		return;
	}
	bool is_drives = memcmp(o->md5, run->entry->manifest_hash, TALLY_MD5_SIZE) == 0;
	if (wrong)
		tell_wrong(run, is_drives ? o->first : o->md5, &o->fault);
	else if (!is_drives)
		tell_wrong(run, o->md5, &nothing);
}

static void show_name(void *context, const tally_manifest_blob *blob)
{
	tally_run *run = context;
	run->observer->named(run->observer->context, blob);
}

static void compare_drive_id(tally_run *run)
{
	const char *id = run->totals.drive_id;
	const char *expected = run->options->drive_id != NULL ? run->options->drive_id
			       : run->entry != NULL           ? run->entry->drive_id
							      : NULL;
	if (expected == NULL || expected[0] == '\0' || id[0] == '\0')
		return;
	tally_text left = {id, strlen(id)}, right = {expected, strlen(expected)};
	if (!tally_text_equal_ascii_nocase(left, right))
		tally_find_fact(&run->finder,
				&(tally_fact){.rule = TALLY_RULE_M_10_MISMATCH, .expected = right, .actual = left},
				"the manifest is that of drive %s, not of %s", id, expected);
}

static tally_manifest_kind manifest_kind(tally_document_kind kind)
{
	return kind == TALLY_DOCUMENT_MANIFEST_IMPORT   ? TALLY_MANIFEST_IMPORT
	       : kind == TALLY_DOCUMENT_MANIFEST_EXPORT ? TALLY_MANIFEST_EXPORT
							: TALLY_MANIFEST_UNKNOWN;
}

static tally_result judge_manifest(tally_run *run, tally_manifest *manifest, tally_error *error)
{
	const tally_whole_outcome *o = &run->manifest_outcome;
	const bool was_hashed = o->complete;
	tally_result result = feed_manifest(run, manifest, error);
	if (result == TALLY_OK && o->complete)
		result = tally_manifest_finish(manifest, error);
	run->totals = *tally_manifest_get_totals(manifest);
	if (result == TALLY_OK && o->fault.met && o->fault.os_error != 0)
		tally_manifest_tell_unreadable(&run->finder, run->manifest_path, &o->fault);
	tally_source source = {run->manifest_bytes, tally_whole_read, NULL};
	if (result == TALLY_OK)
		result = tally_manifest_find_duplicates(manifest, &source, error);
	if (result == TALLY_OK)
		result = tally_run_tell_journal(
		    run, run->options->drive_id != NULL ? run->options->drive_id : run->totals.drive_id, error);
	if (result == TALLY_OK && was_hashed)
		compare_hash(run);
	if (result == TALLY_OK)
		tally_run_tell_flaky_manifest(run);
	if (result == TALLY_OK)
		compare_drive_id(run);
	if (result == TALLY_OK)
		tally_run_compare_serial(run);
	return result;
}

tally_result tally_run_read_manifest(tally_run *run, tally_error *error)
{
	tally_manifest *manifest = NULL;
	static const tally_manifest_events names = {.blob_end = show_name};
	tally_manifest_options options = {.kind = manifest_kind(run->options->kind), .find_duplicates = true};
	/* Whoever is told every blob gets texts that are not recorded. */
	const tally_sink *sink = run->sink;
	if (run->observer != NULL) {
		options.events = &names;
		options.events_context = run;
	} else if (sink->blob_begin == NULL && sink->segment == NULL && sink->blob == NULL) {
		run->recording = tally_recording_new(TALLY_RECORDING_ROOM);
	}
	if (run->recording != NULL) {
		options.events = &tally_recording_events;
		options.events_context = run->recording;
	}
	tally_result result = take_manifest(run, error);
	if (result == TALLY_OK)
		result = tally_manifest_new(&manifest, &options, &run->finder, error);
	if (result == TALLY_OK)
		result = judge_manifest(run, manifest, error);
	tally_manifest_free(manifest);
	return result;
}
