/* SPDX-License-Identifier: Apache-2.0 */
/* A check that is killed at any moment loses the segments in flight, and no more: they are counted by their reads. */
#include "digest/digest.h"
#include "drive/drive.h"
#include "support/suite.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static stage s;

#define ALIKE 2000U

/* Survives the process that is killed. */
static struct {
	atomic_uint reads;
	unsigned kill_at; /* 0: never */
} * shared;

/* Each of the files is one segment and takes one read. */
static int64_t count_and_die(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	if (file->size < 100000 && atomic_fetch_add(&shared->reads, 1) + 1 == shared->kill_at)
		raise(SIGKILL);
	return 0;
}

static void check_and_die(void)
{
	tally_summary summary;
	(void)!tally_check(&s.options, NULL, &summary, NULL);
	_exit(0);
}

START_TEST(a_kill_loses_what_was_in_flight)
{
	static const unsigned points[] = {1, 40, 300, 1111, ALIKE};
	char checkpoint[192];
	stage_open(&s);
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < ALIKE; i++) {
		char path[32];
		snprintf(path, sizeof path, "small/%u.bin", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 1 + i % 3000});
	}
	maker_end(m);
	maker_seal(m);
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
	s.options.checkpoint = checkpoint;
	s.options.io = TALLY_IO_READ;
	s.options.jobs = _i == 0 ? 1 : 3;
	const unsigned in_flight = s.options.jobs * TALLY_DIGEST_LANES_MAX;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	tally_read_fault = count_and_die;
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		int status;
		transcript rest;
		atomic_store(&shared->reads, 0);
		shared->kill_at = points[i];
		pid_t child = fork();
		if (child == 0)
			check_and_die();
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		const unsigned before = atomic_load(&shared->reads);
		ck_assert_uint_ge(before, points[i]);
		shared->kill_at = 0;
		transcript_take(&rest, &s.options);
		const unsigned both = atomic_load(&shared->reads);
		ck_assert_str_eq(rest.counts, "blob: Completed 2000; segment: Completed 2000");
		transcript_clear(&rest);
		ck_assert_msg(both >= ALIKE && both <= ALIKE + in_flight, "killed at read %u of %u: %u were read again",
			      before, ALIKE, both - ALIKE);
		unlink(checkpoint);
	}
	tally_read_fault = NULL;
	munmap(shared, sizeof *shared);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_kill_loses_what_was_in_flight, 2},
	    {NULL, 0},
	};
	return suite_run("verify/checkpoint_kill", tests);
}
