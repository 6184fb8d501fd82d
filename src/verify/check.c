/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a check, in the service's order. */
#include "verify/run.h"

#include "base/memory.h"
#include "digest/digest.h"
#include "verify/archive_files.h"

#include <stdio.h>

static const char default_manifest[] = "\\DriveManifest.xml";

/* ---- the journal ---- */

/* Which drive of the journal this is: by id, or the only one. */
static void select_entry(tally_run *run, const char *drive_id)
{
	for (size_t i = 0; i < run->journal.drive_count && run->entry == NULL; i++) {
		const char *id = run->journal.drives[i].drive_id;
		tally_text known = {id, strlen(id)};
		if (drive_id != NULL && drive_id[0] != '\0' && tally_text_equal_ascii_nocase(known, (tally_text){drive_id, strlen(drive_id)}))
			run->entry = &run->journal.drives[i];
	}
	if (run->entry == NULL && run->options->drive_id == NULL && run->journal.drive_count == 1)
		run->entry = &run->journal.drives[0];
}

/* The journal is read silently first: what is told of it depends on which drive it is. */
static tally_result read_journal(tally_run *run, tally_error *error)
{
	if (run->options->journal == NULL)
		return TALLY_OK;
	tally_source source;
	tally_finder silent = {0};
	tally_result result = tally_source_file(&source, run->options->journal, error);
	if (result != TALLY_OK)
		return result;
	result = tally_journal_read_keys(&run->journal, &source, &silent, error);
	tally_source_close(&source);
	select_entry(run, run->options->drive_id);
	return result;
}

static bool is_within(const tally_finding *finding, const tally_journal_drive *drive)
{
	return finding->line != 0 && finding->document_offset >= drive->place.offset && finding->document_offset < drive->end_offset;
}

/* Findings that speak of another drive, or of a record that does not count, are not this drive's. */
static bool is_foreign(const tally_run *run, const tally_finding *finding)
{
	if (run->entry != NULL && is_within(finding, run->entry))
		return false;
	for (size_t i = 0; i < run->journal.drive_count; i++)
		if (is_within(finding, &run->journal.drives[i]))
			return true;
	return finding->level == TALLY_LEVEL_DRIVE && finding->line != 0;
}

static void put_journal_finding(void *context, const tally_finding *finding)
{
	tally_run *run = context;
	if (is_foreign(run, finding))
		return;
	tally_finder_relay(&run->finder, finding);
}

tally_result tally_run_tell_journal(tally_run *run, const char *drive_id, tally_error *error)
{
	if (run->options->journal == NULL)
		return TALLY_OK;
	select_entry(run, drive_id);
	tally_source source;
	tally_result result = tally_source_file(&source, run->options->journal, error);
	if (result != TALLY_OK)
		return result;
	tally_finder finder = {.put = put_journal_finding, .context = run, .document = run->options->journal, .strict = run->options->strict};
	tally_journal again = {0};
	result = tally_journal_read(&again, &source, &finder, error);
	tally_journal_clear(&again);
	tally_source_close(&source);
	if (run->entry == NULL)
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_V_04, .expected = {drive_id, strlen(drive_id)}},
				"the journal %s does not speak of this drive", run->options->journal);
	return result;
}

/* ---- finding the manifest ---- */

static const char *journal_manifest_path(const tally_run *run)
{
	if (run->entry != NULL)
		return run->entry->manifest_file;
	/* Several drives, nobody said which: usually all manifests have one name, and the manifest tells the drive. */
	const char *path = run->journal.drive_count > 0 ? run->journal.drives[0].manifest_file : NULL;
	for (size_t i = 1; i < run->journal.drive_count && path != NULL; i++) {
		const char *other = run->journal.drives[i].manifest_file;
		if (other == NULL || strcmp(other, path) != 0)
			path = NULL;
	}
	return path;
}

typedef struct find_meaning {
	tally_rule_symbol rule;
	const char *sentence;
} find_meaning;

static const find_meaning manifest_meanings[] = {
	[TALLY_FIND_NAME_INVALID] = {TALLY_RULE_R_04, "the manifest's path is not a name that Windows can hold"},
	[TALLY_FIND_NAME_TOO_LONG] = {TALLY_RULE_R_04_LENGTH, "the manifest's path is too long for Windows"},
	[TALLY_FIND_MISSING] = {TALLY_RULE_V_01, "there is no manifest at this path"},
	[TALLY_FIND_NOT_A_FILE] = {TALLY_RULE_V_02, "what stands at the manifest's path is no file"},
	[TALLY_FIND_LEAVES_DRIVE] = {TALLY_RULE_V_02, "the manifest's path leads through a link or mount point, which is not followed"},
	[TALLY_FIND_DENIED] = {TALLY_RULE_V_02, "the manifest can't be opened: access denied"},
	[TALLY_FIND_WINDOWS_ONLY] = {TALLY_RULE_V_06, "the manifest could not be read here"},
	[TALLY_FIND_AMBIGUOUS] = {TALLY_RULE_V_01, "several files have names that NTFS takes for the manifest's"},
	[TALLY_FIND_IO_FAILED] = {TALLY_RULE_V_03, "the manifest can't be opened: I/O error"},
};

static const char only_windows[] = "only Windows can read that; see the findings";

static tally_find try_manifest(tally_run *run, const char *path, tally_find_detail *detail)
{
	tally_find find = tally_drive_find(run->drive, (tally_text){path, strlen(path)}, &run->manifest, detail);
	if (find == TALLY_FIND_OK || find != TALLY_FIND_MISSING || run->manifest_path == NULL)
		run->manifest_path = path;
	run->manifest_open = find == TALLY_FIND_OK;
	return find;
}

static tally_result open_manifest(tally_run *run, tally_error *error)
{
	/* Where nobody names the manifest: the names that the documents use (K-01). */
	static const char *const usual[] = {default_manifest, "\\drive-manifest.xml"};
	const char *given = run->options->manifest != NULL ? run->options->manifest : journal_manifest_path(run);
	const char *const *names = given != NULL ? &given : usual;
	tally_run_settle_archive(run, names, given != NULL ? 1 : sizeof usual / sizeof usual[0]);
	tally_find_detail detail = {0};
	tally_find find = TALLY_FIND_MISSING;
	if (given != NULL)
		find = try_manifest(run, given, &detail);
	for (size_t i = 0; given == NULL && find == TALLY_FIND_MISSING && i < sizeof usual / sizeof usual[0]; i++)
		find = try_manifest(run, usual[i], &detail);
	run->finder.document = run->manifest_path;
	if (find == TALLY_FIND_OK)
		return tally_run_fetch_manifest(run, error);
	tally_result shortage = tally_find_shortage(find, &detail, error);
	if (shortage != TALLY_OK)
		return shortage;
	if (find == TALLY_FIND_WINDOWS_ONLY)
		tally_run_gap(run, "the manifest and everything that it names", only_windows);
	/* The journal's own reading tells that its ManifestFile is no name; that can't be told twice. */
	bool told = (find == TALLY_FIND_NAME_INVALID || find == TALLY_FIND_NAME_TOO_LONG) && run->options->manifest == NULL && run->entry != NULL;
	const find_meaning *m = &manifest_meanings[find];
	if (!told)
		tally_run_tell_find(run, &(tally_fact){.rule = m->rule, .file_path = run->manifest_path}, m->sentence, &detail);
	return TALLY_OK;
}

/* ---- all together ---- */

/* What can't be seen of the disk below the files. */
static void tell_disk_gaps(tally_run *run)
{
	static const char mounted[] = "a mounted directory does not show it";
	bool is_directory = strcmp(run->summary->source, "directory") == 0;
	if (is_directory)
		tally_run_gap(run, "disk, partition, BitLocker volume and file system", mounted);
	if (!run->opened.has_facts || run->opened.facts.serial[0] == '\0')
		tally_run_gap(run, "the drive's serial number against its DriveId",
			      is_directory ? mounted : "it is not known here");
	else if (run->serial_overruled)
		tally_run_gap(run, "the drive's serial number against its DriveId", "they differ, and --drive-id was given");
	if (is_directory)
		tally_run_gap(run, "whether the BitLocker key unlocks the drive",
			      run->options->journal == NULL ? tally_run_no_journal(run)
							    : "only its form can be checked on a mounted directory");
	else if (run->drive != NULL && !run->opened.was_unlocked)
		tally_run_gap(run, "whether the BitLocker key unlocks the drive", "the volume is not encrypted");
	if (!is_directory && run->drive == NULL)
		tally_run_gap(run, "the manifest and everything that it names", "the volume could not be opened; see the findings");
}

static void tell_gaps(tally_run *run)
{
	if (run->is_paper) {
		tally_run_gap(run, "the drive itself, with all its files", "no drive was given, only its papers");
		return;
	}
	if (run->archive != NULL)
		tally_run_tell_archive_gaps(run);
	else
		tell_disk_gaps(run);
	tally_run_gap(run, "the storage account: access, existing blobs, leases", "it can't be known offline");
	if (run->totals.skipped > 0)
		tally_run_gap(run, "elements of the manifest that are not known here", "what they hold was not read; see the findings");
	if (run->totals.uncovered)
		tally_run_gap(run, "bytes of page blobs that no page range has", "nothing says what they are");
	if (run->only_windows)
		tally_run_gap(run, "some files, and what the service would say of them", only_windows);
	if (run->unhashed > 0)
		tally_run_gap(run, "some blocks or page ranges that overlap more than 1,024 others of their file",
			      "an archive is read once; check the drive as a directory, disk or image");
	if (run->summary->segments_checked + run->unhashed < run->summary->segments_listed)
		tally_run_gap(run, "some blocks or page ranges", "their file could not be opened, or their entry can't be used; see the findings");
}

static tally_result check_blobs(tally_run *run, tally_error *error)
{
	if (run->totals.complete && run->totals.blobs == 0)
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_V_05}, "the manifest names no blob: there is nothing to check");
	tally_result result = tally_fingerprinter_new(&run->fingerprinter, error);
	if (result == TALLY_OK)
		result = tally_run_name(run, run->manifest_path, error);
	if (result == TALLY_OK && run->archive != NULL)
		result = tally_run_hash_archive(run, error);
	if (result == TALLY_OK)
		result = tally_run_replay(run, error);
	if (result != TALLY_OK || run->totals.complete)
		return result == TALLY_OK ? tally_run_find_others(run, error) : result;
	tally_run_gap(run, "files that the manifest does not name", "the manifest could not be read to its end");
	return TALLY_OK;
}

static void take_drive_id(tally_run *run)
{
	const char *id = run->options->drive_id != NULL ? run->options->drive_id : "";
	if (run->totals.drive_id[0] != '\0')
		id = run->totals.drive_id;
	else if (run->entry != NULL)
		id = run->entry->drive_id;
	tally_mask((tally_text){id, strlen(id)}, run->summary->drive_id, sizeof run->summary->drive_id);
}

/* Once the manifest was read, or is known not to be there. */
static void report_drive(tally_run *run)
{
	take_drive_id(run);
	if (run->sink->drive != NULL)
		run->sink->drive(run->sink->context, &(tally_drive_report){.drive_id = run->summary->drive_id,
									  .is_export = run->totals.kind == TALLY_MANIFEST_EXPORT,
									  .failure = tally_run_failure(run)});
}

static void begin_reading(tally_run *run, const tally_reading_options *options)
{
	tally_reading_init(&run->reading, run->drive, options);
	run->has_reading = true;
}

/* Files of an archive are there as copies, and what is hashed of it is hashed while it is unpacked. */
static void begin_reading_drive(tally_run *run)
{
	const tally_check_options *options = run->options;
	if (run->archive != NULL)
		begin_reading(
		    run, &(tally_reading_options){.jobs = 1, .checks = run->checks, .io = TALLY_IO_READ, .once = true});
	else
		begin_reading(run, &(tally_reading_options){.jobs = options->jobs,
							    .checks = run->checks,
							    .io = options->io,
							    .max_rate = options->max_rate,
							    .path = options->drive});
}

static tally_result run_papers(tally_run *run, tally_error *error)
{
	tally_result result = tally_source_file(&run->paper, run->options->manifest, error);
	run->is_paper = result == TALLY_OK;
	begin_reading(run, &(tally_reading_options){.jobs = 1, .io = TALLY_IO_READ, .once = true});
	run->manifest_path = run->finder.document = run->options->manifest;
	if (result == TALLY_OK)
		result = read_journal(run, error);
	if (result == TALLY_OK)
		result = tally_run_read_manifest(run, error);
	return result == TALLY_OK ? tally_run_read_papers(run, error) : result;
}

/* Of several entries of a journal, this drive's is the one whose key unlocked it. */
static void take_key_owner(tally_run *run)
{
	if (run->keys == NULL && run->entry == NULL && run->opened.key_of < run->journal.drive_count)
		run->entry = &run->journal.drives[run->opened.key_of];
}

tally_result tally_run_open(tally_run *run, tally_error *error)
{
	tally_run_ask_disk(run);
	tally_result result = tally_run_open_drive(run, error);
	run->is_opened = result == TALLY_OK;
	if (run->is_opened)
		tally_run_judge_disk(run);
	else
		run->opened.has_facts = false; /* which nothing was held against */
	return result;
}

tally_result tally_run_go_on(tally_run *run, tally_error *error)
{
	if (run->options->drive == NULL)
		return run_papers(run, error);
	tally_result result = read_journal(run, error);
	if (result == TALLY_OK && !run->is_opened)
		result = tally_run_open(run, error);
	take_key_owner(run);
	if (result == TALLY_OK && run->drive != NULL)
		begin_reading_drive(run);
	if (result == TALLY_OK && run->drive != NULL)
		result = open_manifest(run, error);
	if (result == TALLY_OK && !run->manifest_open)
		result = tally_run_tell_journal(run, run->options->drive_id != NULL ? run->options->drive_id : "", error);
	else if (result == TALLY_OK)
		result = tally_run_read_manifest(run, error);
	if (result == TALLY_OK)
		report_drive(run);
	if (result == TALLY_OK && run->manifest_open)
		result = check_blobs(run, error);
	if (result == TALLY_OK && run->archive != NULL)
		tally_run_tell_archive(run);
	return result;
}

void tally_run_release(tally_run *run)
{
	tally_whole_free(run->manifest_bytes);
	tally_whole_free(run->side_bytes);
	if (run->manifest_open)
		tally_file_close(&run->manifest);
	run->manifest_open = false;
	if (run->has_reading)
		tally_reading_destroy(&run->reading);
	tally_recording_free(run->recording);
	if (run->is_paper)
		tally_source_close(&run->paper);
	tally_records_clear(&run->named);
	tally_stored_free(run->stored);
	tally_fingerprinter_free(run->fingerprinter);
	tally_journal_clear(&run->journal);
	tally_run_close_drive(run);
}

tally_result tally_run_begin(tally_run *run, const tally_check_options *options, const tally_sink *sink, tally_summary *summary,
			     tally_error *error)
{
	static const tally_sink nobody = {0};
	bool papers = options->drive == NULL;
	*summary = (tally_summary){.drive = papers ? options->manifest : options->drive, .source = papers ? "papers" : "directory", .exit_status = 3};
	summary->status_counts = tally_zalloc(tally_status_count(), sizeof *summary->status_counts);
	if (summary->status_counts == NULL)
		return tally_fail_memory(error);
	run->options = options;
	run->sink = sink != NULL ? sink : &nobody;
	run->summary = summary;
	tally_run_start_verdict(run);
	run->finder = (tally_finder){.put = tally_run_put, .context = run, .strict = options->strict};
	return TALLY_OK;
}

tally_result tally_run_end(tally_run *run, tally_result result, tally_error *error)
{
	tally_summary *summary = run->summary;
	take_drive_id(run);
	tell_gaps(run);
	tally_run_conclude(run);
	if (result == TALLY_OK && run->observer != NULL)
		result = run->observer->end(run->observer->context, error);
	if (result != TALLY_OK) {
		summary->drive_status = NULL;
		summary->portal_state = NULL;
		summary->exit_status = 3;
		tally_run_gap(run, "the rest of the drive", result == TALLY_ERROR_STOPPED ? "the check was stopped" : "the check could not go on");
	}
	tally_run_release(run);
	return result;
}

tally_result tally_run_check(tally_run *run, const tally_check_options *options, const tally_sink *sink, tally_summary *summary,
			     tally_error *error)
{
	tally_result result = tally_run_begin(run, options, sink, summary, error);
	return result == TALLY_OK ? tally_run_end(run, tally_run_go_on(run, error), error) : result;
}

tally_result tally_check(const tally_check_options *options, const tally_sink *sink, tally_summary *summary, tally_error *error)
{
	if (options == NULL || options->drive == NULL || summary == NULL || options->jobs > 256 || (unsigned)options->io > TALLY_IO_DIRECT)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "tally_check needs a drive, a summary, at most 256 jobs and a known io");
	tally_run run = {0};
	return tally_run_check(&run, options, sink, summary, error);
}

void tally_summary_clear(tally_summary *summary)
{
	if (summary == NULL)
		return;
	tally_free(summary->status_counts);
	*summary = (tally_summary){0};
}
