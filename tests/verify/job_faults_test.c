/* SPDX-License-Identifier: Apache-2.0 */
/* A job of a folder, a disk and an archive when memory runs out, when reads fail, and when the user stops it. */
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "support/faults.h"
#include "support/suite.h"
#include "verify/job_cast.h"
#include "verify/job_queue.h"
#include "verify/read_faults.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static job_cast c;
static char disk[192], tar[192];
static const char *subjects[6];
static tally_job_options options;

static void begin(void)
{
	job_cast_open(&c);
	for (size_t i = 0; i < 3; i++)
		job_cast_make(&c, i);
	snprintf(disk, sizeof disk, "%s", job_cast_path(&c, "disk.img"));
	snprintf(tar, sizeof tar, "%s", job_cast_path(&c, "drive.tar"));
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_tar(&c, 2, tar);
	const char *const all[] = {c.folder[0], disk, tar, c.journal[0], c.journal[1], c.journal[2]};
	memcpy(subjects, all, sizeof all);
	options = (tally_job_options){.subjects = subjects, .subject_count = 6, .jobs = 1, .io = TALLY_IO_READ};
}

static void end(void)
{
	tally_layer_fault = NULL;
	tally_job_disk_of = NULL;
	job_cast_close(&c);
}

static bool is_completed(const tally_status *status)
{
	return status != NULL && strcmp(status->code, "Completed") == 0;
}

/* ---- memory ---- */

static tally_result run(void *context, tally_error *error)
{
	tally_job_summary *summary = context;
	tally_result result = tally_job(&options, NULL, summary, error);
	if (result != TALLY_OK)
		tally_job_summary_clear(summary);
	return result;
}

/* Without memory nothing is claimed: neither that a drive is right, nor that anything is wrong with it. */
static void succeeded(void *context, bool fault_met)
{
	tally_job_summary *summary = context;
	bool all = true;
	for (size_t i = 0; i < 3; i++) {
		const tally_job_subject *subject = &summary->subjects[i];
		ck_assert(subject->drive_status == NULL || is_completed(subject->drive_status));
		ck_assert(subject->error.code == TALLY_OK || subject->error.code == TALLY_ERROR_NO_MEMORY);
		all = all &&
		      (options.papers_only ? subject->error.code == TALLY_OK : is_completed(subject->drive_status));
	}
	ck_assert(all || fault_met);
	ck_assert_int_eq(summary->exit_status, all ? 0 : 3);
	ck_assert_uint_eq(summary->errors + summary->drive_errors, 0);
	if (!options.papers_only)
		ck_assert_int_eq(is_completed(summary->job_status), all);
	tally_job_summary_clear(summary);
}

START_TEST(memory_that_runs_out)
{
	tally_job_summary summary = {0};
	begin();
	/* Of memory that stays gone fewer places: each leaves what comes behind it undone. */
	for (unsigned i = 0; i < 4; i++) {
		const bool lasting = i % 2 == 1;
		options.papers_only = i < 2;
		ck_assert_uint_gt(faults_some(FAULTS_OURS, lasting, lasting ? 3 : 1, run, succeeded, &summary), 100);
	}
	end();
}
END_TEST

/* ---- reads ---- */

/* Whatever read of a disk or an archive fails: it is told of that drive, or made good, and the folder is none the
 * worse. */
START_TEST(every_read_may_fail)
{
	unsigned told = 0, nth = 0;
	begin();
	for (bool met = true; met;) {
		job_words w;
		read_faults_fail_nth(++nth);
		job_words_take(&w, &options);
		met = read_faults_met() > 0;
		read_faults_clear();
		ck_assert_msg(w.result == TALLY_OK, "read %u: %s", nth, w.error.message);
		const tally_job_subject *s = w.summary.subjects;
		ck_assert_msg(is_completed(s[0].drive_status), "read %u: %s", nth, w.told);
		bool all = is_completed(s[1].drive_status) && is_completed(s[2].drive_status);
		ck_assert_msg(all || is_completed(s[1].drive_status) || is_completed(s[2].drive_status), "read %u: %s",
			      nth, w.told);
		ck_assert_msg(is_completed(w.summary.job_status) == all, "read %u: %s", nth, w.told);
		ck_assert_msg((w.summary.exit_status == 0) == all, "read %u: %s", nth, w.told);
		ck_assert_msg(all || met, "no read fails: %s", w.told);
		told += !all;
		job_words_clear(&w);
	}
	ck_assert_uint_gt(told, 10);
	ck_assert_uint_gt(nth, 20);
	end();
}
END_TEST

/* ---- stopping ---- */

typedef struct stopping {
	const char *stage; /* at which the user stops */
	size_t done;
	tally_result results[3];
	bool begun[3];
} stopping;

static bool stop_there(void *context, size_t subject, const tally_progress *progress)
{
	const stopping *s = context;
	(void)subject;
	return strcmp(progress->stage, s->stage) != 0;
}

static void note_done(void *context, size_t subject, tally_result result, const tally_summary *summary,
		      const tally_error *error)
{
	stopping *s = context;
	ck_assert_uint_eq(subject, s->done);
	ck_assert_ptr_nonnull(error);
	s->results[subject] = result;
	s->begun[subject] = summary->source != NULL;
	s->done++;
}

/* The folder is open by then, and nothing more can be said of it; the disk was in work, the archive was not begun. */
START_TEST(stopping_while_drives_are_opened)
{
	static const struct {
		const char *stage;
		bool begun[3];
	} cases[] = {
	    {"unlocking the volume", {false, true, false}},
	    {"reading the volume's names", {false, true, false}},
	    {"listing the archive", {false, false, true}},
	    {"reading the manifests", {false, false, false}},
	};
	begin();
	char digits[56];
	bitlocker_recovery(3, digits);
	const bitlocker_options lock = {.recovery = {digits}, .seed = 1};
	job_cast_disk(&c, 1, &lock, disk);
	job_cast_journal(&c, 1, digits);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		stopping s = {.stage = cases[i].stage};
		const tally_job_sink sink = {.context = &s, .drive_done = note_done, .progress = stop_there};
		tally_job_summary summary;
		tally_error error;
		ck_assert_int_eq(tally_job(&options, &sink, &summary, &error), TALLY_ERROR_STOPPED);
		ck_assert_uint_eq(s.done, 3);
		for (size_t k = 0; k < 3; k++) {
			ck_assert_int_eq(s.results[k], TALLY_ERROR_STOPPED);
			ck_assert_msg(s.begun[k] == cases[i].begun[k], "%s: %zu", s.stage, k);
		}
		ck_assert_int_eq(summary.exit_status, 3);
		ck_assert_ptr_null(summary.job_status);
		tally_job_summary_clear(&summary);
	}
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {memory_that_runs_out, 0},
	    {every_read_may_fail, 0},
	    {stopping_while_drives_are_opened, 0},
	    {NULL, 0},
	};
	return suite_run("verify/job_faults", tests);
}
