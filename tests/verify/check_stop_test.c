/* SPDX-License-Identifier: Apache-2.0 */
/* A check that is asked to stop does so, wherever it is, and leaves nothing behind. */
#include "support/suite.h"
#include "verify/stage.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

typedef struct listener {
	uint64_t calls, stop_at;
	uint64_t calls_after;
	const char *stages[8];
	size_t stage_count;
	uint64_t bytes_done;
} listener;

static bool on_progress(void *context, const tally_progress *p)
{
	listener *l = context;
	ck_assert_ptr_nonnull(p->stage);
	ck_assert_uint_le(p->bytes_done, p->bytes_total);
	/* A text that is still there, and of this drive. */
	ck_assert_msg(p->file_path == NULL || strncmp(p->file_path, "\\data\\file-", 11) == 0 ||
			  strncmp(p->file_path, "\\other\\", 7) == 0 ||
			  strcmp(p->file_path, "\\DriveManifest.xml") == 0,
		      "%s", p->file_path);
	if (l->stage_count == 0 || strcmp(l->stages[l->stage_count - 1], p->stage) != 0) {
		ck_assert_uint_lt(l->stage_count, 8);
		l->stages[l->stage_count++] = p->stage;
		l->bytes_done = 0;
	}
	ck_assert_uint_ge(p->bytes_done, l->bytes_done);
	l->bytes_done = p->bytes_done;
	l->calls_after += l->stop_at != 0 && l->calls >= l->stop_at;
	return ++l->calls != l->stop_at;
}

static size_t open_files(void)
{
	size_t count = 0;
	DIR *dir = opendir("/proc/self/fd");
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static tally_result check(stage *s, listener *l, tally_summary *summary, tally_error *error)
{
	tally_sink sink = {.context = l, .progress = on_progress};
	return tally_check(&s->options, &sink, summary, error);
}

/* Several batches, several files that nothing names. */
static void make(stage *s)
{
	stage_open(s);
	maker *m = stage_begin(s);
	for (unsigned i = 0; i < 8; i++) {
		char path[32];
		snprintf(path, sizeof path, "data/file-%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 400 * 16, .segment_size = 16});
	}
	maker_end(m);
	maker_seal(m);
	stage_write(s, "other/a.txt", "a");
	stage_write(s, "other/b.txt", "b");
	stage_remove(s, "data/file-3.bin");
}

START_TEST(a_check_stops_when_it_is_asked_to)
{
	static const unsigned jobs[] = {1, 4};
	stage s;
	tally_summary summary;
	tally_error error;
	make(&s);
	s.options.jobs = jobs[_i];
	listener all = {0};
	ck_assert_int_eq(check(&s, &all, &summary, &error), TALLY_OK);
	ck_assert_int_eq(summary.exit_status, 1);
	tally_summary_clear(&summary);
	ck_assert_uint_eq(all.stage_count, 3);
	ck_assert_str_eq(all.stages[0], "reading the manifest");
	ck_assert_str_eq(all.stages[1], "checking");
	ck_assert_str_eq(all.stages[2], "looking for other files");
	size_t before = open_files();
	size_t stopped_in[3] = {0};
	for (uint64_t n = 1; n <= all.calls; n++) {
		listener l = {.stop_at = n};
		tally_result result = check(&s, &l, &summary, &error);
		ck_assert_uint_eq(l.calls_after, 0);
		ck_assert_uint_eq(open_files(), before);
		/* How often progress is told depends on how fast it is made: this time it may have been less often. */
		if (l.calls == n)
			stopped_in[l.stage_count - 1]++;
		ck_assert_int_eq(result, l.calls == n ? TALLY_ERROR_STOPPED : TALLY_OK);
		if (result == TALLY_ERROR_STOPPED) {
			ck_assert_int_eq(error.code, TALLY_ERROR_STOPPED);
			ck_assert_ptr_null(summary.drive_status);
			ck_assert_int_eq(summary.exit_status, 3);
			ck_assert_str_eq(summary.gaps[summary.gap_count - 1].why, "the check was stopped");
		}
		tally_summary_clear(&summary);
	}
	for (size_t i = 0; i < 3; i++)
		ck_assert_msg(stopped_in[i] > 0, "never stopped while %s", all.stages[i]);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_check_stops_when_it_is_asked_to, 2},
	    {NULL, 0},
	};
	return suite_run("check stop", tests);
}
