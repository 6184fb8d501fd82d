/* SPDX-License-Identifier: Apache-2.0 */
/* Files on the drive that nothing in the manifest names: information, for whoever packs the drive. */
#include "verify/run.h"

#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

static uint64_t fingerprint_path(tally_run *run, const char *path)
{
	tally_fingerprint_begin(run->fingerprinter);
	tally_ntfs_fold((tally_text){path, strlen(path)}, tally_fingerprint_update, run->fingerprinter);
	return tally_fingerprint_end(run->fingerprinter);
}

tally_result tally_run_name(tally_run *run, const char *windows_path, tally_error *error)
{
	return tally_records_add(&run->named, (tally_record){.fingerprint = fingerprint_path(run, windows_path)},
				 error);
}

typedef struct other_search {
	tally_run *run;
	tally_result result;
	tally_error error;
} other_search;

/* Windows keeps these on every volume; the service ignores them. */
static bool belongs_to_windows(const char *path)
{
	static const char *const folders[] = {"System Volume Information", "$RECYCLE.BIN"};
	tally_text rest = {path, strlen(path)}, first;
	if (!tally_windows_path_next(&rest, &first))
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		if (tally_ntfs_equal(first, (tally_text){folders[i], strlen(folders[i])}))
			return true;
	return false;
}

/* So many visits between two reports of progress: the report costs more than a visit. */
#define PROGRESS_EVERY 64

static void tell_unread(tally_run *run, tally_fact fact, int os_error)
{
	tally_error reason;
	tally_fail_os(&reason, os_error, "not looked at");
	fact.rule = TALLY_RULE_V_42;
	tally_find_fact(&run->finder, &fact, "%s", reason.message);
}

static void tell_other(tally_run *run, tally_fact fact, const tally_walk_entry *entry)
{
	tally_walk_entry seen = tally_walk_look(entry);
	if (seen.os_error != 0) {
		tell_unread(run, fact, seen.os_error);
		return;
	}
	run->summary->other_files++;
	run->summary->other_bytes += seen.size;
	fact.rule = TALLY_RULE_V_40;
	if (seen.is_regular)
		tally_find_fact(&run->finder, &fact, "the manifest does not name this file (%" PRIu64 " bytes)", seen.size);
	else
		tally_find_fact(&run->finder, &fact, "this is no regular file, and the manifest does not name it");
}

static bool visit(void *context, const tally_walk_entry *entry)
{
	other_search *s = context;
	tally_run *run = s->run;
	if (belongs_to_windows(entry->path))
		return true;
	tally_fact fact = {.file_path = entry->path};
	if (entry->clashes) {
		fact.rule = TALLY_RULE_V_41;
		tally_find_fact(&run->finder, &fact, "another name on this path differs only in capitals");
	}
	if (entry->os_error != 0) {
		tell_unread(run, fact, entry->os_error);
		return true;
	}
	if (!tally_records_contain(&run->named, fingerprint_path(run, entry->path)))
		tell_other(run, fact, entry);
	run->progress.file_path = entry->path;
	if (run->progress.blobs_done++ % PROGRESS_EVERY == 0)
		s->result = tally_run_progress(run, &s->error);
	return s->result == TALLY_OK;
}

tally_result tally_run_find_others(tally_run *run, tally_error *error)
{
	other_search s = {.run = run};
	const char *document = run->finder.document;
	run->finder.document = NULL;
	run->progress = (tally_progress){.stage = "looking for other files"};
	tally_records_sort(&run->named);
	tally_result result = tally_drive_walk(run->drive, visit, &s, error);
	run->finder.document = document;
	if (s.result != TALLY_OK) {
		if (error != NULL)
			*error = s.error;
		return s.result;
	}
	/* Directories that move about meanwhile, or no more files to be had: the check itself is complete by now. */
	if (result != TALLY_ERROR_IO && result != TALLY_ERROR_NO_FILES)
		return result;
	tally_run_gap(
	    run, "files that the manifest does not name",
	    result == TALLY_ERROR_IO
		? "the drive's folders could not be walked to the end"
		: "the program may have no more files open (ulimit -n), so the folders could not be looked through");
	return TALLY_OK;
}
