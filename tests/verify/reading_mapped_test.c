/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are cut by another thread while they are mapped and hashed; and what a check does to the process. */
#include "drive/drive.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/stage.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 8
#define SIZE ((uint64_t)3 << 20)
#define LARGE (400u << 10)

static stage s;
static recorder found;
static tally_summary summary;
static tally_error error;

static void make(void)
{
	stage_open(&s);
	stage_make_files(&s, FILES, SIZE, SIZE);
	s.options.jobs = 1;
}

static bool was_ours, is_ours;
static void own_handler(int number)
{
	(void)number;
}

static bool on_progress(void *context, const tally_progress *progress)
{
	(void)context, (void)progress;
	struct sigaction present;
	sigaction(SIGBUS, NULL, &present);
	is_ours = (present.sa_flags & SA_SIGINFO) != 0 || present.sa_handler != own_handler;
	was_ours |= is_ours;
	return true;
}

static tally_result check(void)
{
	recorder_begin(&found);
	tally_sink sink = {.context = &found, .finding = found.finder.put, .progress = on_progress};
	return tally_check(&s.options, &sink, &summary, &error);
}

static void end(void)
{
	recorder_clear(&found);
	tally_summary_clear(&summary);
	stage_close(&s);
}

/* ---- SIGBUS ---- */

static uint64_t first_inode;
static unsigned windows;
static uint64_t left_of_it;

static void *cut_first(void *context)
{
	char path[32];
	struct stat facts;
	(void)context;
	for (unsigned i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "data/%u.bin", i);
		if (stat(stage_place(&s, path), &facts) == 0 && facts.st_ino == first_inode)
			stage_resize(&s, path, (off_t)left_of_it);
	}
	return NULL;
}

/*
 * The first file's window is mapped and has its pages; while the next lane gets its own, and before anything is hashed,
 * another thread cuts the first file.
 */
static int64_t cut_when_mapped(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset;
	if (size < LARGE || ++windows > 2)
		return 0;
	if (windows == 1) {
		first_inode = file->identity.inode;
		return 0;
	}
	pthread_t thread;
	if (file->identity.inode != first_inode && pthread_create(&thread, NULL, cut_first, NULL) == 0)
		pthread_join(thread, NULL);
	return 0;
}

START_TEST(a_file_that_is_cut_while_it_is_mapped_ends_there)
{
	static const uint64_t left[] = {0, 1, 4096, 1000000, SIZE - 1};
	make();
	s.options.io = TALLY_IO_MMAP;
	windows = 0;
	left_of_it = left[_i];
	tally_read_fault = cut_when_mapped;
	ck_assert_int_eq(check(), TALLY_OK);
	tally_read_fault = NULL;
	ck_assert_uint_gt(windows, 2);
	recorder_expect(&found, "V-15 V-21", "");
	const recorded *f = recorder_find(&found, "V-21", "");
	char actual[32];
	snprintf(actual, sizeof actual, "%llu", (unsigned long long)left[_i]);
	ck_assert_str_eq(f->actual, actual);
	ck_assert_str_eq(f->status->code, "FileUnexpectedEnd");
	/* Everything else is checked. */
	ck_assert_uint_eq(summary.segments_checked, FILES);
	ck_assert_uint_eq(
	    summary.status_counts[tally_status_find(TALLY_LEVEL_SEGMENT, "Completed") - tally_status_at(0)], FILES - 1);
	end();
}
END_TEST

/* ---- the process ---- */

START_TEST(only_mapping_needs_a_handler_and_none_is_left)
{
	static const struct {
		tally_io_mode io;
		bool handler;
	} modes[] = {{TALLY_IO_AUTO, true}, {TALLY_IO_MMAP, true}, {TALLY_IO_READ, false}, {TALLY_IO_DIRECT, false}};
	struct sigaction own = {.sa_handler = own_handler}, after;
	make();
	ck_assert_int_eq(sigaction(SIGBUS, &own, NULL), 0);
	s.options.io = modes[_i].io;
	was_ours = false;
	ck_assert_int_eq(check(), TALLY_OK);
	recorder_expect(&found, "", "");
	ck_assert_int_eq(was_ours, modes[_i].handler);
	ck_assert_int_eq(sigaction(SIGBUS, NULL, &after), 0);
	ck_assert(after.sa_handler == own_handler);
	end();
}
END_TEST

static pthread_t main_thread;
static volatile sig_atomic_t elsewhere, here;

static void on_user_signal(int number)
{
	(void)number;
	if (pthread_equal(pthread_self(), main_thread))
		here = here + 1;
	else
		elsewhere = elsewhere + 1;
}

static int64_t send_signal(const tally_file *file, uint64_t offset, size_t size)
{
	(void)file, (void)offset, (void)size;
	if (!pthread_equal(pthread_self(), main_thread))
		kill(getpid(), SIGUSR2);
	return 0;
}

START_TEST(signals_reach_the_program_s_own_threads)
{
	struct sigaction own = {.sa_handler = on_user_signal, .sa_flags = SA_RESTART};
	make();
	main_thread = pthread_self();
	here = elsewhere = 0;
	sigaction(SIGUSR2, &own, NULL);
	tally_read_fault = send_signal;
	ck_assert_int_eq(check(), TALLY_OK);
	tally_read_fault = NULL;
	recorder_expect(&found, "", "");
	ck_assert_int_gt(here, 0);
	ck_assert_int_eq(elsewhere, 0);
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_file_that_is_cut_while_it_is_mapped_ends_there, 5},
	    {only_mapping_needs_a_handler_and_none_is_left, 4},
	    {signals_reach_the_program_s_own_threads, 0},
	    {NULL, 0},
	};
	return suite_run("reading mapped", tests);
}
