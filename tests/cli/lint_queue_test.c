/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_queue.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOCUMENTS 200

static char folder[] = "/tmp/tallyman-queue-XXXXXX";
static bool stop;
static tally_progress_meter meter;

static uint64_t no_clock(void)
{
	return 0;
}

static bool is_stopped(void)
{
	return stop;
}

static const tally_cli_streams streams = {.clock = no_clock, .stopped = is_stopped};

static char *path_of(int number)
{
	char path[64];
	snprintf(path, sizeof path, "%s/%d", folder, number);
	return strdup(path);
}

/* Document number n has n % 5 faults. */
static void set_up(void)
{
	stop = false;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (int n = 0; n < DOCUMENTS; n++) {
		char *path = path_of(n);
		FILE *file = fopen(path, "w");
		ck_assert_ptr_nonnull(file);
		fputs("<Metadata>", file);
		for (int i = 0; i < n % 5; i++)
			fprintf(file, "<A-%d>1</A-%d>", i, i);
		fputs("</Metadata>", file);
		ck_assert_int_eq(fclose(file), 0);
		free(path);
	}
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_NONE);
}

static void tear_down(void)
{
	for (int n = 0; n < DOCUMENTS; n++) {
		char *path = path_of(n);
		unlink(path);
		free(path);
	}
	rmdir(folder);
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
}

static tally_lint_queue *make_queue(unsigned jobs, size_t waiting_bytes)
{
	tally_lint_queue *queue;
	const tally_lint_setting setting = {
	    .jobs = jobs, .streams = &streams, .meter = &meter, .waiting_bytes = waiting_bytes};
	tally_error error;
	ck_assert_int_eq(tally_lint_queue_new(&setting, &queue, &error), TALLY_OK);
	return queue;
}

static void put(tally_lint_queue *queue, int number)
{
	/* Every seventh can't be looked into: nothing is to be done for it, and it keeps its place. */
	const tally_subject subject = {
	    .kind = number % 7 == 0 ? TALLY_SUBJECT_FAILED : TALLY_SUBJECT_FOUND,
	    .argument = (size_t)number,
	    .path = path_of(number),
	};
	tally_lint_queue_put(queue, &subject);
}

static void expect_work(const tally_lint_work *work, int number)
{
	ck_assert_uint_eq(work->subject.argument, (size_t)number);
	if (number % 7 == 0) {
		ck_assert_uint_eq(work->findings.total, 0);
		return;
	}
	ck_assert_int_eq(work->result, TALLY_OK);
	ck_assert_int_eq(work->judgement.kind, TALLY_DOCUMENT_METADATA);
	ck_assert_int_eq(work->judgement.valid, number % 5 == 0);
	ck_assert_int_eq(work->findings.total > 0, number % 5 != 0);
}

/* In order for any number of threads, also when next to nothing may wait for its turn. */
static void run_all(unsigned jobs, size_t waiting_bytes)
{
	tally_lint_queue *queue = make_queue(jobs, waiting_bytes);
	int next = 0, done = 0;
	while (done < DOCUMENTS) {
		for (; next < DOCUMENTS && !tally_lint_queue_is_full(queue); next++)
			put(queue, next);
		bool begun;
		expect_work(tally_lint_queue_wait(queue, &begun), done);
		ck_assert(begun);
		tally_lint_queue_drop(queue);
		done++;
	}
	ck_assert(tally_lint_queue_is_empty(queue));
	tally_lint_queue_free(queue);
}

START_TEST(test_order)
{
	static const unsigned jobs[] = {1, 2, 7, 64};
	for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
		run_all(jobs[i], 0);
		run_all(jobs[i], 1);
	}
}
END_TEST

/* What was not taken out is freed, whether it was judged or not (the sanitizers tell). */
START_TEST(test_abandoned)
{
	for (unsigned jobs = 1; jobs <= 3; jobs++) {
		tally_lint_queue *queue = make_queue(jobs, 0);
		for (int next = 1; !tally_lint_queue_is_full(queue); next++)
			put(queue, next);
		bool begun;
		expect_work(tally_lint_queue_wait(queue, &begun), 1);
		tally_lint_queue_free(queue);
	}
}
END_TEST

/* What runs when the user stops is ended, what waits is not begun; only the first is, so that there is a report. */
START_TEST(test_stopped)
{
	for (unsigned jobs = 1; jobs <= 3; jobs++) {
		stop = true;
		tally_lint_queue *queue = make_queue(jobs, 0);
		put(queue, 1);
		bool begun;
		tally_lint_work *work = tally_lint_queue_wait(queue, &begun);
		ck_assert(begun);
		ck_assert_int_eq(work->result, TALLY_ERROR_STOPPED);
		tally_lint_queue_drop(queue);
		put(queue, 2);
		tally_lint_queue_wait(queue, &begun);
		ck_assert(!begun);
		tally_lint_queue_free(queue);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/lint_queue");
	TCase *tests = tcase_create("lint_queue");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_order);
	tcase_add_test(tests, test_abandoned);
	tcase_add_test(tests, test_stopped);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
