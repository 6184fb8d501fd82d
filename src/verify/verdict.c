/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/run.h"

/*
 * The order in which the service can fail on a drive. What comes first ends its work there, so the first one found is the
 * status it would report; the statuses of a finished drive come last.
 */
static const char *const replay_order[] = {
	"DiskNotFound",		"DiskOperationFailed",	"BitLockerVolumeNotFound", "BitLockerNotActivated",
	"BitLockerProtectorNotFound", "BitLockerKeyInvalid", "BitLockerUnlockVolumeFailed", "BitLockerFailed",
	"VolumeNotNtfs",	"ManifestNameInvalid",	"ManifestNameTooLong",	 "ManifestNotFound",
	"ManifestAccessDenied", "ReadManifestFailed",	"ManifestCorrupted",	 "ManifestFormatInvalid",
	"ManifestDriveIdMismatch", "BlobRequestForbidden", "CompletedWithErrors", "CompletedWithWarnings",
	"Completed",
};
#define RANK_COUNT (sizeof replay_order / sizeof replay_order[0])
#define RANK_FINISHED (RANK_COUNT - 3) /* from here on the service came to its end */

unsigned tally_replay_rank(const char *drive_status)
{
	unsigned rank = 0;
	while (rank < RANK_COUNT && strcmp(replay_order[rank], drive_status) != 0)
		rank++;
	return rank;
}

void tally_run_start_verdict(tally_run *run)
{
	run->rank = RANK_COUNT - 1;
}

void tally_run_predict(tally_run *run, const char *drive_status)
{
	unsigned rank = drive_status != NULL ? tally_replay_rank(drive_status) : RANK_COUNT;
	if (rank < run->rank)
		run->rank = rank;
}

const tally_status *tally_run_failure(const tally_run *run)
{
	return run->rank < RANK_FINISHED ? tally_status_find(TALLY_LEVEL_DRIVE, replay_order[run->rank]) : NULL;
}

/* Of what could not be checked here, however strict one is. */
static bool foretells_nothing(const tally_rule *rule)
{
	return rule == tally_rule_of(TALLY_RULE_V_17) || rule == tally_rule_of(TALLY_RULE_V_35);
}

void tally_run_put(void *context, const tally_finding *finding)
{
	tally_run *run = context;
	bool error = finding->severity == TALLY_SEVERITY_ERROR;
	if (finding->status != NULL && finding->level == TALLY_LEVEL_DRIVE) {
		/* A warning of the drive's form is a doubt, not a prediction; only colliding names end in a status of their own. */
		if (error || strcmp(finding->status->code, "CompletedWithWarnings") == 0)
			tally_run_predict(run, finding->status->code);
	} else if (error && finding->level == TALLY_LEVEL_PORTAL) {
		/* The service refuses the drive: none of its logs speaks of that. */
		run->portal = finding->status;
		run->unexplained = true;
	} else if (error && finding->level != TALLY_LEVEL_DRIVE && finding->level != TALLY_LEVEL_DOCUMENT &&
		   !foretells_nothing(finding->rule)) {
		tally_run_predict(run, "CompletedWithErrors");
	} else if (error) {
		run->unexplained = true;
	}
	if (run->sink->finding != NULL)
		run->sink->finding(run->sink->context, finding);
}

void tally_run_tell_find(tally_run *run, const tally_fact *fact, const char *sentence, const tally_find_detail *detail)
{
	/*
	 * The text is a part of the path and may begin anywhere in it; where a secret was cut, nobody could tell and mask
	 * it any more.
	 */
	bool may_tell = detail->text[0] != '\0' && !tally_has_secret((tally_text){fact->file_path, strlen(fact->file_path)});
	if (may_tell)
		tally_find_fact(&run->finder, fact, "%s (%s)", sentence, detail->text);
	else
		tally_find_fact(&run->finder, fact, "%s", sentence);
}

const tally_status *tally_run_count(tally_run *run, tally_level level, const char *code)
{
	const tally_status *status = tally_status_find(level, code);
	if (status != NULL)
		run->summary->status_counts[status - tally_status_at(0)]++;
	return status;
}

void tally_gap_add(tally_gap gaps[TALLY_GAPS_MAX], size_t *count, const char *what, const char *why)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(gaps[i].what, what) == 0 && strcmp(gaps[i].why, why) == 0)
			return;
	if (*count < TALLY_GAPS_MAX)
		gaps[(*count)++] = (tally_gap){what, why};
}

void tally_run_gap(tally_run *run, const char *what, const char *why)
{
	tally_gap_add(run->summary->gaps, &run->summary->gap_count, what, why);
}

const char *tally_run_no_journal(const tally_run *run)
{
	return run->keys != NULL ? "no journal of this drive was given" : "no journal was given (--journal)";
}

tally_result tally_run_progress(tally_run *run, tally_error *error)
{
	if (run->sink->progress == NULL)
		return TALLY_OK;
	char masked[TALLY_MASKED_PATH];
	tally_progress shown = run->progress;
	shown.findings = run->finder.errors + run->finder.warnings;
	shown.file_path = tally_mask_path(shown.file_path, masked);
	if (run->sink->progress(run->sink->context, &shown))
		return TALLY_OK;
	return tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
}

static uint64_t count_unread(const tally_summary *s)
{
	uint64_t unread = 0;
	for (size_t i = 0; i < tally_status_count(); i++)
		if (strcmp(tally_status_at(i)->code, "IOFailed") == 0)
			unread += s->status_counts[i];
	return unread;
}

void tally_run_conclude(tally_run *run)
{
	tally_summary *s = run->summary;
	s->unread = count_unread(s);
	s->errors = run->finder.errors;
	s->warnings = run->finder.warnings;
	s->notes = run->finder.notes;
	bool nothing = s->blobs_checked == 0;
	const char *code = replay_order[run->rank];
	bool finished = run->rank >= RANK_COUNT - 2;
	/*
	 * "Completed" is a claim, with warnings or without: it needs something that was checked, nothing that is unknown,
	 * and no error that says otherwise, not even one that has no status of its own (a journal that does not know this
	 * drive).
	 */
	if (finished && (nothing || run->unexplained || run->unknown))
		code = NULL;
	s->drive_status = tally_status_find(TALLY_LEVEL_DRIVE, code);
	s->portal_state = run->portal != NULL	    ? run->portal->code
			  : s->drive_status != NULL ? s->drive_status->portal_state
						    : NULL;
	if (s->errors > 0 || (code != NULL && !finished))
		s->exit_status = 1;
	else
		s->exit_status = nothing || run->unknown ? 3 : 0;
}
