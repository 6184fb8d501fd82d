/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files that are cut under the reader, for real, and what becomes of the program's own action for SIGBUS. */
#include "io/mapping.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t page;
static int fd;
static char path[64];

static void setup(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	strcpy(path, "/tmp/tally-mapping-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	char *text = malloc(8 * page);
	memset(text, 'x', 8 * page);
	ck_assert_int_eq(write(fd, text, 8 * page), (ssize_t)(8 * page));
	free(text);
}

static void teardown(void)
{
	close(fd);
	unlink(path);
}

static void *cut_file(void *context)
{
	off_t *size = context;
	return ftruncate(fd, *size) == 0 ? context : NULL;
}

static void cut(off_t size)
{
	pthread_t thread;
	void *result;
	ck_assert_int_eq(pthread_create(&thread, NULL, cut_file, &size), 0);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_nonnull(result);
}

static size_t count_x(const uint8_t *bytes, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += bytes[i] == 'x';
	return count;
}

static struct sigaction present_action(void)
{
	struct sigaction present;
	ck_assert_int_eq(sigaction(SIGBUS, NULL, &present), 0);
	return present;
}

static sigjmp_buf back;
static volatile sig_atomic_t own_calls;

static void own_handler(int number)
{
	(void)number;
	own_calls = own_calls + 1;
}

static void own_escape(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info, (void)context;
	own_calls = own_calls + 1;
	siglongjmp(back, 1);
}

static void set_own_handler(void)
{
	struct sigaction own = {.sa_handler = own_handler, .sa_flags = SA_RESTART};
	sigemptyset(&own.sa_mask);
	sigaddset(&own.sa_mask, SIGUSR1);
	own_calls = 0;
	ck_assert_int_eq(sigaction(SIGBUS, &own, NULL), 0);
}

START_TEST(a_mapping_has_the_file_s_bytes)
{
	static tally_mapping mappings[2];
	setup();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	tally_mapping_watch(mappings, 2);
	ck_assert_int_eq(tally_mapping_make(&mappings[1], fd, page, 3 * page), 0);
	ck_assert_uint_eq(count_x(mappings[1].base, 3 * page), 3 * page);
	ck_assert(tally_mapping_end(&mappings[1]));
	ck_assert(tally_mapping_end(&mappings[1]));
	ck_assert(tally_mapping_end(&mappings[0]));
	tally_mapping_watch(NULL, 0);
	tally_mapping_unguard();
	teardown();
}
END_TEST

START_TEST(a_file_that_is_cut_spoils_its_mapping_and_no_other)
{
	static tally_mapping mappings[3];
	setup();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	tally_mapping_watch(mappings, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(tally_mapping_make(&mappings[i], fd, 2 * page * i, 2 * page), 0);
	cut((off_t)(3 * page));
	ck_assert_uint_eq(count_x(mappings[0].base, 2 * page), 2 * page);
	ck_assert_uint_eq(count_x(mappings[1].base, 2 * page), page); /* zeros behind it */
	ck_assert_uint_eq(count_x(mappings[2].base, 2 * page), 0);
	ck_assert(tally_mapping_end(&mappings[0]));
	ck_assert(!tally_mapping_end(&mappings[1]));
	ck_assert(!tally_mapping_end(&mappings[2]));
	/* What was spoiled can be used again. */
	ck_assert_int_eq(tally_mapping_make(&mappings[1], fd, 0, page), 0);
	ck_assert_uint_eq(count_x(mappings[1].base, page), page);
	ck_assert(tally_mapping_end(&mappings[1]));
	tally_mapping_watch(NULL, 0);
	tally_mapping_unguard();
	teardown();
}
END_TEST

START_TEST(what_is_not_there_can_not_be_mapped)
{
	static tally_mapping mapping;
	setup();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	tally_mapping_watch(&mapping, 1);
	ck_assert_int_lt(tally_mapping_make(&mapping, fd, 7 * page, 2 * page), 0);
	ck_assert_ptr_null(mapping.base);
	tally_mapping_watch(NULL, 0);
	tally_mapping_unguard();
	teardown();
}
END_TEST

START_TEST(the_program_s_action_comes_back)
{
	set_own_handler();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	ck_assert_int_eq(tally_mapping_guard(), 0);
	ck_assert(present_action().sa_handler != own_handler);
	tally_mapping_unguard();
	ck_assert(present_action().sa_handler != own_handler);
	tally_mapping_unguard();
	struct sigaction after = present_action();
	ck_assert(after.sa_handler == own_handler);
	ck_assert_int_eq(after.sa_flags & SA_RESTART, SA_RESTART);
	ck_assert_int_eq(sigismember(&after.sa_mask, SIGUSR1), 1);
}
END_TEST

START_TEST(a_signal_that_somebody_sends_is_the_program_s)
{
	set_own_handler();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	raise(SIGBUS);
	ck_assert_int_eq(own_calls, 1);
	tally_mapping_unguard();
	raise(SIGBUS);
	ck_assert_int_eq(own_calls, 2);
}
END_TEST

START_TEST(a_fault_of_the_program_s_own_mapping_is_the_program_s)
{
	static tally_mapping mapping;
	setup();
	struct sigaction own = {.sa_sigaction = own_escape, .sa_flags = SA_SIGINFO};
	own_calls = 0;
	sigaction(SIGBUS, &own, NULL);
	ck_assert_int_eq(tally_mapping_guard(), 0);
	tally_mapping_watch(&mapping, 1);
	ck_assert_int_eq(tally_mapping_make(&mapping, fd, 0, page), 0);
	const volatile uint8_t *theirs = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, (off_t)(4 * page));
	ck_assert_ptr_ne((const void *)(uintptr_t)theirs, MAP_FAILED);
	cut((off_t)page);
	if (sigsetjmp(back, 1) == 0)
		ck_abort_msg("%d was read", theirs[0]);
	ck_assert_int_eq(own_calls, 1);
	ck_assert(tally_mapping_end(&mapping));
	tally_mapping_watch(NULL, 0);
	tally_mapping_unguard();
	teardown();
}
END_TEST

/* A handler that was set meanwhile stays, and ours beneath it goes on passing to the first one. */
static struct sigaction below;

static void own_above(int number, siginfo_t *info, void *context)
{
	own_calls = own_calls + 10;
	below.sa_sigaction(number, info, context);
}

START_TEST(a_handler_that_was_set_meanwhile_stays)
{
	struct sigaction above = {.sa_sigaction = own_above, .sa_flags = SA_SIGINFO | SA_NODEFER};
	set_own_handler();
	ck_assert_int_eq(tally_mapping_guard(), 0);
	ck_assert_int_eq(sigaction(SIGBUS, &above, &below), 0);
	tally_mapping_unguard();
	ck_assert(present_action().sa_sigaction == own_above);
	raise(SIGBUS);
	ck_assert_int_eq(own_calls, 11);
}
END_TEST

/* The last one, because it ends a process: as without us, by the signal. */
START_TEST(without_an_action_a_fault_ends_the_process)
{
	setup();
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		signal(SIGBUS, SIG_DFL);
		if (tally_mapping_guard() != 0)
			_exit(1);
		const volatile uint8_t *theirs = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)(16 * page));
		_exit(theirs[0] == 'x' ? 2 : 3);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGBUS);
	teardown();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_mapping_has_the_file_s_bytes, 0},
	    {a_file_that_is_cut_spoils_its_mapping_and_no_other, 0},
	    {what_is_not_there_can_not_be_mapped, 0},
	    {the_program_s_action_comes_back, 0},
	    {a_signal_that_somebody_sends_is_the_program_s, 0},
	    {a_fault_of_the_program_s_own_mapping_is_the_program_s, 0},
	    {a_handler_that_was_set_meanwhile_stays, 0},
	    {without_an_action_a_fault_ends_the_process, 0},
	    {NULL, 0},
	};
	return suite_run("mapping", tests);
}
