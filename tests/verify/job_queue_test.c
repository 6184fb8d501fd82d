/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's drives: which are checked at the same time, in which order they are told, from which thread, and what is
 * left when the user stops.
 */
#include "drive/drive.h"
#include "verify/job_cast.h"
#include "verify/job_queue.h"

#include <check.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DRIVES CAST_MAX

static job_cast c;
static tally_job_options options;

static void set_up(void)
{
	job_cast_open(&c);
	options = job_cast_all(&c);
}

static void tear_down(void)
{
	tally_job_disk_of = NULL;
	tally_read_fault = NULL;
	job_cast_close(&c);
}

/* What threads wait for each other with. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t met = PTHREAD_COND_INITIALIZER;
static bool asked_to_stop;
static unsigned refusals;

/* ---- what is told ---- */

typedef struct told {
	pthread_t caller;
	size_t done[DRIVES], done_count;
	tally_result results[DRIVES];
	uint64_t findings[DRIVES]; /* errors of a drive's check */
	uint64_t progress;
	size_t stop_at; /* progress of this drive ends the run */
	bool foreign;   /* something came from another thread */
	tally_job_summary summary;
} told;

static void look(told *t)
{
	t->foreign = t->foreign || pthread_equal(t->caller, pthread_self()) == 0;
}

static void on_finding(void *context, const tally_finding *finding)
{
	(void)finding;
	look(context);
}

static void on_drive_finding(void *context, size_t subject, const tally_finding *finding)
{
	told *t = context;
	look(t);
	ck_assert_uint_lt(subject, DRIVES);
	t->findings[subject] += finding->severity == TALLY_SEVERITY_ERROR;
}

static void on_drive_done(void *context, size_t subject, tally_result result, const tally_summary *summary,
			  const tally_error *error)
{
	told *t = context;
	look(t);
	ck_assert_ptr_nonnull(summary);
	ck_assert_int_eq(error != NULL, result != TALLY_OK);
	ck_assert(error == NULL || error->code == result);
	t->results[subject] = result;
	t->done[t->done_count++] = subject;
}

static bool on_progress(void *context, size_t subject, const tally_progress *progress)
{
	told *t = context;
	look(t);
	ck_assert_ptr_nonnull(progress->stage);
	t->progress++;
	if (subject != t->stop_at)
		return true;
	pthread_mutex_lock(&lock);
	/* When it is asked a second time, everybody knows of the first. */
	if (++refusals == 2) {
		asked_to_stop = true;
		pthread_cond_broadcast(&met);
	}
	pthread_mutex_unlock(&lock);
	return false;
}

static tally_result run(told *t, tally_error *error)
{
	const tally_job_sink sink = {.context = t,
				     .finding = on_finding,
				     .drive_finding = on_drive_finding,
				     .drive_done = on_drive_done,
				     .progress = on_progress};
	*t = (told){.caller = pthread_self(), .stop_at = t->stop_at};
	return tally_job(&options, &sink, &t->summary, error);
}

static void expect_order(const told *t)
{
	ck_assert_uint_eq(t->done_count, DRIVES);
	for (size_t i = 0; i < DRIVES; i++)
		ck_assert_uint_eq(t->done[i], i);
	ck_assert(!t->foreign);
}

/* ---- disks ---- */

/* Drives with odd and even numbers lie on two disks. */
static uint64_t two_disks(const char *path)
{
	return (uint64_t)(path[strlen(path) - 1] - '0') % 2;
}

static uint64_t one_disk(const char *path)
{
	(void)path;
	return 7;
}

/* Which drive a file belongs to, by its device and inode; only files of blobs are known. */
typedef struct known_file {
	uint64_t device, inode;
	size_t drive;
} known_file;

static known_file known[DRIVES * 3];

static void know_files(void)
{
	for (size_t i = 0; i < DRIVES; i++) {
		tally_drive *drive;
		ck_assert_int_eq(tally_drive_open_directory(c.folder[i], &drive, NULL), TALLY_OK);
		for (unsigned k = 0; k < 3; k++) {
			char path[64];
			tally_file file;
			int size = snprintf(path, sizeof path, "\\data%zu\\file-%u.bin", i, k);
			ck_assert_int_eq(tally_drive_find(drive, (tally_text){path, (size_t)size}, &file, NULL),
					 TALLY_FIND_OK);
			known[3 * i + k] = (known_file){file.identity.device, file.identity.inode, i};
			tally_file_close(&file);
		}
		tally_drive_close(drive);
	}
}

static size_t drive_of(const tally_file *file)
{
	for (size_t i = 0; i < DRIVES * 3; i++)
		if (known[i].device == file->identity.device && known[i].inode == file->identity.inode)
			return known[i].drive;
	return SIZE_MAX;
}

static bool seen[DRIVES];

/* The first two drives wait for each other: on two disks they can, on one the test would never end. */
static int64_t wait_for_the_other(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	size_t drive = drive_of(file);
	if (drive > 1)
		return 0;
	pthread_mutex_lock(&lock);
	seen[drive] = true;
	pthread_cond_broadcast(&met);
	while (!seen[1 - drive])
		pthread_cond_wait(&met, &lock);
	pthread_mutex_unlock(&lock);
	return 0;
}

START_TEST(drives_on_two_disks_are_checked_at_once)
{
	told t = {.stop_at = 100};
	know_files();
	memset(seen, 0, sizeof seen);
	tally_job_disk_of = two_disks;
	tally_read_fault = wait_for_the_other;
	ck_assert_int_eq(run(&t, NULL), TALLY_OK);
	expect_order(&t);
	ck_assert_int_eq(t.summary.exit_status, 0);
	ck_assert_str_eq(t.summary.job_status->code, "Completed");
	tally_job_summary_clear(&t.summary);
}
END_TEST

static size_t begun[DRIVES], begun_count;

static int64_t note_order(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	size_t drive = drive_of(file);
	if (drive == SIZE_MAX)
		return 0;
	pthread_mutex_lock(&lock);
	bool is_new = true;
	for (size_t i = 0; i < begun_count; i++)
		is_new = is_new && begun[i] != drive;
	if (is_new)
		begun[begun_count++] = drive;
	else /* a drive is not returned to once another one was begun on its disk */
		ck_assert_uint_eq(begun[begun_count - 1], drive);
	pthread_mutex_unlock(&lock);
	return 0;
}

START_TEST(drives_on_one_disk_are_checked_one_after_the_other)
{
	told t = {.stop_at = 100};
	know_files();
	begun_count = 0;
	tally_job_disk_of = one_disk;
	tally_read_fault = note_order;
	ck_assert_int_eq(run(&t, NULL), TALLY_OK);
	expect_order(&t);
	ck_assert_uint_eq(begun_count, DRIVES);
	for (size_t i = 0; i < DRIVES; i++)
		ck_assert_uint_eq(begun[i], i);
	tally_job_summary_clear(&t.summary);
}
END_TEST

/* The first drive waits until the last one was read to its end: they are told in their order all the same. */
static unsigned reads_of_last;

static int64_t first_waits_for_last(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	size_t drive = drive_of(file);
	pthread_mutex_lock(&lock);
	if (drive == DRIVES - 1) {
		reads_of_last++;
		pthread_cond_broadcast(&met);
	}
	while (drive == 0 && reads_of_last < 3)
		pthread_cond_wait(&met, &lock);
	pthread_mutex_unlock(&lock);
	return 0;
}

START_TEST(whichever_is_ready_first_the_order_is_that_of_the_subjects)
{
	told t = {.stop_at = 100};
	know_files();
	reads_of_last = 0;
	tally_job_disk_of = disks_of_their_own;
	tally_read_fault = first_waits_for_last;
	ck_assert_int_eq(run(&t, NULL), TALLY_OK);
	expect_order(&t);
	tally_job_summary_clear(&t.summary);
}
END_TEST

static int64_t fail_second(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return drive_of(file) == 1 ? -EIO : 0;
}

START_TEST(a_drive_that_fails_is_told_by_its_own_findings)
{
	static uint64_t (*const layouts[])(const char *) = {one_disk, two_disks, disks_of_their_own};
	know_files();
	tally_read_fault = fail_second;
	for (size_t i = 0; i < 3; i++) {
		told t = {.stop_at = 100};
		tally_job_disk_of = layouts[i];
		ck_assert_int_eq(run(&t, NULL), TALLY_OK);
		expect_order(&t);
		ck_assert_uint_eq(t.findings[0], 0);
		ck_assert_uint_gt(t.findings[1], 2);
		ck_assert_uint_eq(t.findings[2] + t.findings[3], 0);
		ck_assert_uint_eq(t.summary.drive_errors, t.findings[1]);
		ck_assert_int_eq(t.summary.exit_status, 1);
		ck_assert_str_eq(t.summary.job_status->code, "Data copy completed with errors");
		ck_assert_str_eq(t.summary.subjects[1].drive_status->code, "CompletedWithErrors");
		ck_assert_str_eq(t.summary.subjects[1].journal, c.journal[1]);
		tally_job_summary_clear(&t.summary);
	}
}
END_TEST

/* ---- what each gets ---- */

static unsigned jobs_of[DRIVES], checks_of[DRIVES];

static void note_share(job_check *check, bool stopped)
{
	ck_assert(!stopped);
	jobs_of[check->number] = check->options.jobs;
	checks_of[check->number] = check->run.checks;
}

static bool go_on(job_check *check, const tally_progress *progress)
{
	(void)check, (void)progress;
	return true;
}

/* What a queue gives each drive of its threads, for so many of them. */
static void take_shares(uint64_t (*layout)(const char *), unsigned jobs)
{
	static const job_work work = {.run = note_share, .progress = go_on};
	job_check checks[DRIVES];
	tally_job_options given = {.jobs = jobs};
	job_model m = {.options = &given, .checks = checks, .check_count = DRIVES};
	tally_job_disk_of = layout;
	for (size_t i = 0; i < DRIVES; i++)
		checks[i] = (job_check){.m = &m, .number = i, .options.drive = c.folder[i]};
	job_queue *queue = tally_job_queue_new(&m);
	ck_assert_ptr_nonnull(queue);
	ck_assert_int_eq(tally_job_queue_run(queue, &work, NULL), TALLY_OK);
	tally_job_queue_free(queue);
}

static void expect_shares(unsigned jobs, unsigned lanes)
{
	unsigned sum = 0;
	for (size_t i = 0; i < DRIVES; i++) {
		ck_assert_uint_eq(checks_of[i], lanes);
		ck_assert_uint_eq(jobs_of[i] == 0, jobs == 0);
		sum += i < lanes ? jobs_of[i] : 0;
	}
	/* None is lost, and none too many unless each has just one. */
	ck_assert_uint_eq(sum, jobs == 0 || jobs >= lanes ? jobs : lanes);
}

START_TEST(threads_are_shared_out)
{
	static const unsigned all[] = {0, 1, 2, 3, 4, 7, 8, 256};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		take_shares(one_disk, all[i]);
		expect_shares(all[i], 1);
		take_shares(two_disks, all[i]);
		expect_shares(all[i], 2);
		take_shares(disks_of_their_own, all[i]);
		expect_shares(all[i], 4);
	}
}
END_TEST

/* Where few files may be open, disks share lanes, evenly; drives on one disk stay together. */
START_TEST(no_more_at_once_than_files_allow)
{
	struct rlimit before;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){48 + 2 * 56, before.rlim_max}), 0);
	take_shares(disks_of_their_own, 0);
	expect_shares(0, 2);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){100, before.rlim_max}), 0);
	take_shares(disks_of_their_own, 5);
	expect_shares(5, 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

/* ---- stopping ---- */

/* Drive 0 goes on only when the user has asked to stop; the drive on the other disk is done by then, or not. */
static int64_t wait_for_stop(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	pthread_mutex_lock(&lock);
	while (drive_of(file) == 0 && !asked_to_stop)
		pthread_cond_wait(&met, &lock);
	pthread_mutex_unlock(&lock);
	return 0;
}

START_TEST(stopping_ends_all_and_begins_nothing_more)
{
	static uint64_t (*const layouts[])(const char *) = {one_disk, two_disks};
	know_files();
	for (size_t i = 0; i < 2; i++) {
		tally_error error = {0};
		told t = {.stop_at = 0};
		refusals = 0;
		asked_to_stop = i == 0; /* in the caller's own thread nobody could be waited for */
		tally_job_disk_of = layouts[i];
		tally_read_fault = wait_for_stop;
		ck_assert_int_eq(run(&t, &error), TALLY_ERROR_STOPPED);
		ck_assert_int_eq(error.code, TALLY_ERROR_STOPPED);
		expect_order(&t);
		ck_assert_int_eq(t.summary.exit_status, 3);
		ck_assert_ptr_null(t.summary.job_status);
		ck_assert_ptr_null(t.summary.list);
		/* The one in work ended, the next one on its disk was not begun. */
		ck_assert_int_eq(t.results[0], TALLY_ERROR_STOPPED);
		ck_assert_int_eq(t.results[2], TALLY_ERROR_STOPPED);
		ck_assert_ptr_null(strstr(t.summary.subjects[0].error.message, "was not begun"));
		ck_assert_ptr_nonnull(strstr(t.summary.subjects[2].error.message, "was not begun"));
		tally_job_summary_clear(&t.summary);
	}
}
END_TEST

START_TEST(stopping_while_documents_are_read)
{
	tally_error error = {0};
	told t = {.stop_at = SIZE_MAX};
	ck_assert_int_eq(run(&t, &error), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(t.done_count, 0);
	ck_assert_int_eq(t.summary.exit_status, 3);
	ck_assert_uint_eq(t.summary.subject_count, 2 * DRIVES);
	tally_job_summary_clear(&t.summary);
}
END_TEST

int main(void)
{
	SRunner *runner;
	Suite *suite = suite_create("verify/job_queue");
	TCase *tests = tcase_create("verify/job_queue");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, drives_on_two_disks_are_checked_at_once);
	tcase_add_test(tests, drives_on_one_disk_are_checked_one_after_the_other);
	tcase_add_test(tests, whichever_is_ready_first_the_order_is_that_of_the_subjects);
	tcase_add_test(tests, a_drive_that_fails_is_told_by_its_own_findings);
	tcase_add_test(tests, threads_are_shared_out);
	tcase_add_test(tests, no_more_at_once_than_files_allow);
	tcase_add_test(tests, stopping_ends_all_and_begins_nothing_more);
	tcase_add_test(tests, stopping_while_documents_are_read);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
