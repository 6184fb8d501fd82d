/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drives of a job. Each is opened once, before its manifest is compared with the documents, and stays open for its
 * check: unlocking, reading a volume's names and listing an archive are not done again.
 */
#include "base/memory.h"
#include "verify/job_queue.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- what they tell ---- */

/* Where drives aren't checked they have no reports: what was met in opening them is told with the job's findings. */
static void on_finding(job_check *check, const tally_finding *finding)
{
	job_model *m = check->m;
	size_t subject = check->carrier->subject;
	if (m->options->papers_only) {
		tally_finding told = *finding;
		if (told.document == NULL)
			told.document = m->summary->subjects[subject].path;
		tally_finder_relay(&m->finder, &told);
	} else if (m->sink->drive_finding != NULL) {
		m->sink->drive_finding(m->sink->context, subject, finding);
	}
}

static bool on_progress(job_check *check, const tally_progress *progress)
{
	const tally_job_sink *sink = check->m->sink;
	return sink->progress == NULL || sink->progress(sink->context, check->carrier->subject, progress);
}

/* ---- opening ---- */

static void not_begun(job_check *check)
{
	check->summary = (tally_summary){0};
	check->result = tally_fail(&check->error, TALLY_ERROR_STOPPED, "%.300s was not begun: stopped on request",
				   check->options.drive);
}

static void open_drive(job_check *check, bool stopped)
{
	if (stopped) {
		not_begun(check);
		return;
	}
	check->keys = tally_job_keys_for(check);
	check->run.keys = &check->keys;
	check->run.manifests = check->m->manifests;
	check->run.manifest_count = check->m->manifest_count;
	check->result = tally_run_begin(&check->run, &check->options, &check->sink, &check->summary, &check->error);
	check->has_run = check->result == TALLY_OK;
	if (check->has_run)
		check->result = tally_run_open(&check->run, &check->error);
}

void tally_job_settle_drives(job_model *m)
{
	for (size_t i = 0; i < m->check_count; i++) {
		const job_check *check = &m->checks[i];
		tally_job_subject *subject = &m->summary->subjects[check->carrier->subject];
		if (check->result != TALLY_OK)
			subject->error = check->error;
		else
			subject->drive_status = tally_run_failure(&check->run);
	}
}

static bool is_same_place(const char *a, const char *b)
{
	struct stat first, second;
	if (stat(a, &first) != 0 || stat(b, &second) != 0)
		return false;
	if (S_ISBLK(first.st_mode) && S_ISBLK(second.st_mode))
		return first.st_rdev == second.st_rdev;
	return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static void find_repeated(job_model *m, job_carrier *carrier)
{
	const tally_job_subject *subjects = m->summary->subjects;
	for (const job_carrier *other = m->carriers; other < carrier && !carrier->is_repeated; other++) {
		if (!other->is_drive || other->is_repeated ||
		    !is_same_place(subjects[other->subject].path, subjects[carrier->subject].path))
			continue;
		carrier->is_repeated = true;
		tally_job_find(m, TALLY_RULE_W_03_PLACE, carrier->subject, (tally_place){0},
			       "this is the same as %.300s", subjects[other->subject].path);
	}
}

static void add_carrier(job_model *m, size_t subject)
{
	const tally_job_options *given = m->options;
	job_carrier *carrier = &m->carriers[m->carrier_count++];
	const tally_job_subject *what = &m->summary->subjects[subject];
	*carrier = (job_carrier){.subject = subject, .is_drive = what->is_drive, .drive = TALLY_JOB_NOWHERE};
	if (!carrier->is_drive)
		return;
	find_repeated(m, carrier);
	if (carrier->is_repeated)
		return;
	job_check *check = &m->checks[m->check_count];
	*check = (job_check){
	    .m = m,
	    .carrier = carrier,
	    .number = m->check_count,
	    .options = {.drive = what->path, .strict = given->strict, .io = given->io, .max_rate = given->max_rate}};
	m->check_count++;
	carrier->check = check;
}

tally_result tally_job_open_drives(job_model *m)
{
	static const job_work opening = {open_drive, NULL, on_finding, on_progress};
	const tally_job_summary *s = m->summary;
	m->carriers = tally_zalloc(s->subject_count, sizeof *m->carriers);
	m->checks = tally_zalloc(s->subject_count, sizeof *m->checks);
	if (m->carriers == NULL || m->checks == NULL)
		return tally_fail_memory(m->error);
	for (size_t i = 0; i < s->subject_count; i++) {
		bool carries = s->subjects[i].is_drive || s->subjects[i].kind == TALLY_DOCUMENT_MANIFEST;
		if (carries && s->subjects[i].error.code == TALLY_OK)
			add_carrier(m, i);
	}
	tally_job_gather_paths(m);
	m->queue = tally_job_queue_new(m);
	if (m->queue == NULL)
		return tally_fail_memory(m->error);
	return tally_job_queue_run(m->queue, &opening, m->error);
}

tally_drive *tally_job_drive_of(const job_carrier *carrier)
{
	return carrier->check != NULL && carrier->check->has_run ? carrier->check->run.drive : NULL;
}

bool tally_job_is_nameless(const job_carrier *carrier)
{
	return carrier->check != NULL && carrier->drive == TALLY_JOB_NOWHERE;
}

/* ---- checking ---- */

/* The journal that the drive's check goes by: the first one that speaks of it. */
static void choose_options(job_check *check)
{
	job_model *m = check->m;
	const job_carrier *carrier = check->carrier;
	tally_check_options *options = &check->options;
	if (carrier->drive == TALLY_JOB_NOWHERE)
		return;
	const job_drive *drive = &m->drives[carrier->drive];
	/* A manifest speaks for itself, and then the disk's serial number is held against it. */
	if (!carrier->is_named)
		options->drive_id = drive->id;
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &m->entries[drive->first + i];
		tally_document_kind kind = m->summary->subjects[entry->subject].kind;
		bool is_journal = kind == TALLY_DOCUMENT_JOURNAL || kind == TALLY_DOCUMENT_DRIVE_INFO;
		if (is_journal && options->journal == NULL)
			options->journal = m->summary->subjects[entry->subject].path;
	}
	/* Where the documents are wrong about the place, the rest of the drive is checked all the same. */
	options->manifest = carrier->manifest_path;
}

/*
 * Where the drive could not be opened, all is said but the end. One whose files were not begun with because the user
 * stopped the run has an error that says so.
 */
static void check_drive(job_check *check, bool stopped)
{
	if (!check->has_run)
		return;
	if (stopped && check->result == TALLY_OK && check->run.drive != NULL) {
		tally_run_release(&check->run);
		tally_summary_clear(&check->summary);
		not_begun(check);
	} else {
		if (check->result == TALLY_OK)
			check->result = tally_run_go_on(&check->run, &check->error);
		check->result = tally_run_end(&check->run, check->result, &check->error);
	}
	check->has_run = false;
}

static void report(job_check *check)
{
	job_model *m = check->m;
	size_t number = check->carrier->subject;
	tally_job_subject *subject = &m->summary->subjects[number];
	if (check->result == TALLY_OK)
		subject->drive_status = check->summary.drive_status;
	else
		subject->error = check->error;
	m->summary->drive_errors += check->summary.errors;
	m->summary->drive_warnings += check->summary.warnings;
	int exit_status = check->result == TALLY_OK ? check->summary.exit_status : 3;
	if (exit_status > m->drives_exit)
		m->drives_exit = exit_status;
	if (m->sink->drive_done != NULL)
		m->sink->drive_done(m->sink->context, number, check->result, &check->summary,
				    check->result != TALLY_OK ? &check->error : NULL);
	tally_summary_clear(&check->summary);
}

tally_result tally_job_check_drives(job_model *m)
{
	static const job_work checking = {check_drive, report, on_finding, on_progress};
	m->drives_told = true;
	for (size_t i = 0; i < m->check_count; i++) {
		choose_options(&m->checks[i]);
		m->summary->subjects[m->checks[i].carrier->subject].journal = m->checks[i].options.journal;
	}
	return tally_job_queue_run(m->queue, &checking, m->error);
}

void tally_job_close_drives(job_model *m)
{
	for (size_t i = 0; i < m->check_count; i++) {
		if (m->checks[i].has_run)
			tally_run_release(&m->checks[i].run);
		tally_summary_clear(&m->checks[i].summary);
	}
	tally_free(m->checks);
	tally_job_queue_free(m->queue);
}
