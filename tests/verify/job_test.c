/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job whose drives are folders: arguments, the drive list, and memory that runs out. What is found between documents
 * is tested through the command (tests/cli/job_test.py), the order of work in job_queue_test.c, drives of other kinds
 * in job_drives_test.c.
 */
#include "support/faults.h"
#include "verify/job_cast.h"

#include <check.h>

#include <errno.h>
#include <stdio.h>

static job_cast c;
static tally_job_options options;

static void set_up(void)
{
	job_cast_open(&c);
	options = job_cast_all(&c);
}

static void tear_down(void)
{
	job_cast_close(&c);
}

/* ---- arguments ---- */

static int put_nowhere(void *context, const char *bytes, size_t size)
{
	(void)bytes;
	*(size_t *)context += size;
	return 0;
}

static int put_fails(void *context, const char *bytes, size_t size)
{
	(void)context, (void)bytes, (void)size;
	return ENOSPC;
}

START_TEST(arguments_out_of_range_are_refused)
{
	tally_job_summary summary = {0};
	tally_error error;
	size_t size = 0;
	tally_job_options none = {0}, many = options, modes = options;
	many.jobs = 257;
	modes.io = (tally_io_mode)9;
	ck_assert_int_eq(tally_job(NULL, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job(&options, NULL, NULL, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job(&none, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job(&many, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job(&modes, NULL, &summary, NULL), TALLY_ERROR_ARGUMENT);
	many.jobs = 0;
	many.subject_count = 1001;
	ck_assert_int_eq(tally_job(&many, NULL, &summary, NULL), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job_list_write(NULL, TALLY_JOB_CLI, false, put_nowhere, &size, &error),
			 TALLY_ERROR_ARGUMENT);
	tally_job_summary_clear(NULL);
	tally_job_summary_clear(&summary);
}
END_TEST

START_TEST(a_list_that_nobody_takes)
{
	tally_job_summary summary;
	tally_error error = {0};
	options.papers_only = true;
	ck_assert_int_eq(tally_job(&options, NULL, &summary, &error), TALLY_OK);
	ck_assert_ptr_nonnull(summary.list);
	ck_assert(summary.is_complete);
	ck_assert_ptr_null(summary.job_status);
	for (unsigned form = 0; form < 4; form++) {
		ck_assert_int_eq(
		    tally_job_list_write(summary.list, (tally_job_form)form, true, put_fails, NULL, &error),
		    TALLY_ERROR_IO);
		ck_assert_int_eq(error.os_error, ENOSPC);
	}
	ck_assert_int_eq(tally_job_list_write(summary.list, (tally_job_form)4, true, put_fails, NULL, &error),
			 TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_job_list_write(summary.list, TALLY_JOB_CLI, true, NULL, NULL, &error),
			 TALLY_ERROR_ARGUMENT);
	tally_job_summary_clear(&summary);
}
END_TEST

/* ---- memory ---- */

static tally_result run_papers(void *context, tally_error *error)
{
	tally_job_summary *summary = context;
	tally_result result = tally_job(&options, NULL, summary, error);
	size_t size = 0;
	for (unsigned form = 0; form < 4 && result == TALLY_OK && summary->list != NULL; form++)
		result = tally_job_list_write(summary->list, (tally_job_form)form, true, put_nowhere, &size, error);
	if (result != TALLY_OK)
		tally_job_summary_clear(summary);
	return result;
}

/* A drive that could not be opened for want of memory says so; it ends no job. */
static bool any_unopened(const tally_job_summary *summary)
{
	for (size_t i = 0; i < summary->subject_count; i++)
		if (summary->subjects[i].is_drive && summary->subjects[i].error.code == TALLY_ERROR_NO_MEMORY)
			return true;
	return false;
}

/* What got through is right: the shared blob is found, and nothing else. */
static void papers_succeeded(void *context, bool fault_met)
{
	tally_job_summary *summary = context;
	if (any_unopened(summary)) {
		ck_assert(fault_met);
		ck_assert_int_eq(summary->exit_status, 3);
		ck_assert_ptr_null(summary->job_status);
		tally_job_summary_clear(summary);
		return;
	}
	ck_assert_uint_eq(summary->errors, 0);
	ck_assert_uint_eq(summary->drive_count, 2);
	ck_assert_uint_eq(summary->warnings, 3);
	ck_assert_ptr_nonnull(summary->list);
	tally_job_summary_clear(summary);
}

START_TEST(memory_that_runs_out)
{
	static const faults_of whose[] = {FAULTS_OURS, FAULTS_BOTH};
	const char *few[] = {c.folder[0], c.journal[0], c.journal[1], c.folder[1]};
	char path[256];
	tally_job_summary summary = {0};
	/* The second drive's blobs are the first one's. */
	for (size_t i = 0; i < 2; i++) {
		maker *m = maker_begin(&(maker_options){
		    .drive = c.folder[i], .journal = c.journal[i], .drive_id = c.id[i], .manifest_only = true});
		for (unsigned k = 0; k < 3; k++) {
			snprintf(path, sizeof path, "shared/%u", k);
			maker_add(m, &(maker_blob){.blob_path = path, .size = 5000});
		}
		maker_end(m);
		maker_seal(m);
	}
	options = (tally_job_options){.subjects = few, .subject_count = 4, .papers_only = true};
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_gt(faults_each(whose[i / 2], i % 2 == 1, run_papers, papers_succeeded, &summary), 50);
}
END_TEST

int main(void)
{
	SRunner *runner;
	Suite *suite = suite_create("verify/job");
	TCase *tests = tcase_create("verify/job");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, arguments_out_of_range_are_refused);
	tcase_add_test(tests, a_list_that_nobody_takes);
	tcase_add_test(tests, memory_that_runs_out);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
