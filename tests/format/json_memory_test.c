/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON when memory runs out. */
#include "format/json.h"

#include "support/documents.h"
#include "support/faults.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char with_everything[] =
    "{\"driveList\": [{\"driveId\": \"TALLY0001\", \"percentComplete\": 40, \"x\": [[], {}]}], "
    "\"a somewhat longer text\": \"which makes the reader's own buffer grow a few times, "
    "beyond 64, 128 and 256 bytes, as driveHeaderHash does: 0:1048576:FB6B6ED500D49DA6E0D7"
    "23C98D42C657F2881CC13357C28DCECA6A524F1292501571A321238540E621AB5BD9C9A32637615919A7\"}";

static tally_result run_everything(void *context, tally_error *error)
{
	(void)context;
	pieces p = {{with_everything, sizeof with_everything - 1}, 50, 0};
	tally_source source = pieces_source(&p);
	tally_json json;
	recorder r;
	recorder_begin(&r);
	tally_lint_run run = {.source = &source, .finder = &r.finder, .kind = TALLY_DOCUMENT_JOB};
	tally_result result = tally_json_read(&json, &run, error);
	recorder_expect(&r, "", "out of memory is no finding");
	ck_assert_int_eq(json.count > 0, result == TALLY_OK);
	tally_json_clear(&json);
	recorder_clear(&r);
	return result;
}

START_TEST(faults)
{
	ck_assert_uint_gt(faults_each(FAULTS_OURS, _i != 0, run_everything, NULL, NULL), 4);
}
END_TEST

extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* In a process that may use so much memory more than it does: 0 read, 1 no memory, 2 something else. */
static int read_within(const test_text *t, size_t more)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	if (statm == NULL || fscanf(statm, "%lu", &pages) != 1)
		return 2;
	fclose(statm);
	size_t limit = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
	if (setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) != 0)
		return 2;
	pieces p = {{t->data, t->size}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	tally_json json;
	tally_error error;
	tally_finder finder = {0};
	tally_lint_run run = {.source = &source, .finder = &finder};
	tally_result result = tally_json_read(&json, &run, &error);
	if (finder.errors > 0)
		return 2;
	return result == TALLY_OK ? 0 : result == TALLY_ERROR_NO_MEMORY ? 1 : 2;
}

/* jansson itself stops the process when it is short of memory; whatever the limit, it must not come to that. */
START_TEST(little_memory)
{
	if (__sanitizer_get_current_allocated_bytes != NULL) {
		printf("skipped: the sanitizer needs more address space than a limit would leave\n");
		return;
	}
	test_text t = {0};
	text_add(&t, "[", 1);
	for (size_t i = 0; i < 2000; i++)
		text_print(&t, "%s{\"driveId\": \"%0*zu\", \"list\": [%zu, {}]}", i > 0 ? "," : "", (int)(i % 500 + 1),
			   i, i);
	text_add(&t, "]", 1);
	size_t outcomes[3] = {0};
	for (size_t more = 0; more < (size_t)16 << 20; more += (size_t)96 << 10) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			_exit(read_within(&t, more));
		int status;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(WIFEXITED(status), "with %zu bytes: signal %d", more, WTERMSIG(status));
		ck_assert_int_lt(WEXITSTATUS(status), 3);
		outcomes[WEXITSTATUS(status)]++;
	}
	ck_assert_uint_gt(outcomes[0], 0);
	ck_assert_uint_gt(outcomes[1], 0);
	ck_assert_uint_eq(outcomes[2], 0);
	text_clear(&t);
}
END_TEST

int main(void)
{
	return suite_run("format/json memory", (const suite_test[]){{faults, 2}, {little_memory, 0}, {NULL, 0}});
}
