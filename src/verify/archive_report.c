/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/archive_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct listing {
	tally_run *run;
	tally_result result;
	tally_error error;
} listing;

static bool watch(void *context, uint64_t place)
{
	listing *l = context;
	l->run->progress.bytes_done = place;
	l->result = tally_run_progress(l->run, &l->error);
	return l->result == TALLY_OK;
}

/* What the run stopped for counts before what reading made of that. */
static tally_result end_watching(const listing *l, tally_result result, tally_error *error)
{
	if (l->result == TALLY_OK)
		return result;
	if (error != NULL)
		*error = l->error;
	return l->result;
}

/* Where the manifest may be, as far as documents tell: how many paths. */
static size_t find_paths(const tally_run *run, const char *paths[TALLY_RUN_PATHS])
{
	size_t count = 0;
	if (run->options->manifest != NULL)
		paths[count++] = run->options->manifest;
	for (size_t i = 0; i < run->manifest_count && count < TALLY_RUN_PATHS; i++)
		paths[count++] = run->manifests[i];
	for (size_t i = 0; i < run->journal.drive_count && count < TALLY_RUN_PATHS; i++) {
		const char *path = run->journal.drives[i].manifest_file;
		if (path != NULL && (count == 0 || strcmp(path, paths[count - 1]) != 0))
			paths[count++] = path;
	}
	return count;
}

tally_result tally_run_open_archive(tally_run *run, tally_error *error)
{
	listing l = {.run = run};
	const char *paths[TALLY_RUN_PATHS];
	const tally_archive_options options = {
	    .manifests = paths, .manifest_count = find_paths(run, paths), .watch = watch, .context = &l};
	run->summary->source = "archive";
	run->progress = (tally_progress){.stage = "listing the archive"};
	tally_result result = tally_archive_open(run->options->drive, &options, &run->archive, error);
	if (l.result == TALLY_OK && result == TALLY_OK)
		run->drive = tally_archive_drive(run->archive);
	return end_watching(&l, result, error);
}

tally_result tally_run_fetch_manifest(tally_run *run, tally_error *error)
{
	listing l = {.run = run};
	if (run->archive == NULL)
		return TALLY_OK;
	run->progress =
	    (tally_progress){.stage = "looking for the manifest", .bytes_total = tally_archive_size(run->archive)};
	return end_watching(&l, tally_archive_fetch(run->archive, &run->manifest, watch, &l, error), error);
}

void tally_run_settle_archive(tally_run *run, const char *const *manifests, size_t count)
{
	if (run->archive == NULL)
		return;
	tally_archive_settle(run->archive, manifests, count);
	if (tally_archive_outside(run->archive) > 0)
		tally_run_gap(run, "what the archive holds beside the drive's folder", "it is not on the drive");
}

void tally_run_tell_archive_gaps(tally_run *run)
{
	static const char why[] = "an archive does not show it";
	tally_run_gap(run, "disk, partition, BitLocker volume and file system", why);
	tally_run_gap(run, "the drive's serial number against its DriveId", why);
	tally_run_gap(run, "whether the BitLocker key unlocks the drive",
		      run->options->journal == NULL ? tally_run_no_journal(run)
						    : "only its form can be checked in an archive");
	tally_run_gap(run, "whether wrong bytes are wrong at a second reading", "what is read is the archive's copy");
}

static const struct {
	tally_rule_symbol rule;
	const char *sentence;
} troubles[] = {
    [TALLY_ARCHIVE_CUT] = {TALLY_RULE_V_70, "the archive can't be read any further than this entry"},
    [TALLY_ARCHIVE_ENTRY] = {TALLY_RULE_V_70_ENTRY, "this entry can't be read"},
    [TALLY_ARCHIVE_AFTER] = {TALLY_RULE_V_70_ENTRY, "the entry behind this one can't be read"},
    [TALLY_ARCHIVE_NAME] = {TALLY_RULE_V_71, "no drive has a file of this name, so the entry was left out"},
    [TALLY_ARCHIVE_TWICE] = {TALLY_RULE_V_72, "the archive holds this more than once; the last one was checked"},
    [TALLY_ARCHIVE_BOMB] = {TALLY_RULE_V_70_BOMB, "the archive is not read any further than this entry"},
};

void tally_run_tell_archive(tally_run *run)
{
	const tally_archive_note *notes;
	uint64_t dropped;
	if (run->archive == NULL)
		return;
	size_t count = tally_archive_notes(run->archive, &notes, &dropped);
	const char *document = run->finder.document;
	run->finder.document = NULL;
	for (size_t i = 0; i < count; i++) {
		bool more = notes[i].message[0] != '\0';
		tally_fact fact = {.rule = troubles[notes[i].trouble].rule,
				   .file_path = notes[i].path[0] != '\0' ? notes[i].path : NULL};
		tally_find_fact(&run->finder, &fact, "%s%s%s%s", troubles[notes[i].trouble].sentence, more ? " (" : "",
				notes[i].message, more ? ")" : "");
	}
	if (dropped > 0)
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_V_71},
				"%" PRIu64 " more entries have such names, come more than once or can't be read",
				dropped);
	run->finder.document = document;
}
