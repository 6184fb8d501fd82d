/* SPDX-License-Identifier: Apache-2.0 */
#include "io/source.h"

#include "base/memory.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/tally-source-XXXXXX";
static char path[sizeof folder + 16];
static int open_before;

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	ck_assert_ptr_nonnull(dir);
	int count = 0;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static void setup(void)
{
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/document", folder);
	open_before = open_descriptors();
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
	ck_assert_int_eq(open_descriptors(), open_before);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* All of it by pieces of `piece` bytes, twice: a source can be read again. */
static void check_content(const tally_source *source, const char *text, size_t size, size_t piece)
{
	char *buffer = malloc(piece);
	ck_assert_ptr_nonnull(buffer);
	for (int turn = 0; turn < 2; turn++) {
		uint64_t offset = 0;
		int64_t got;
		while ((got = source->read(source->context, offset, buffer, piece)) > 0) {
			ck_assert_int_le(got, (int64_t)piece);
			ck_assert_uint_le(offset + (uint64_t)got, size);
			ck_assert_int_eq(memcmp(buffer, text + offset, (size_t)got), 0);
			offset += (uint64_t)got;
		}
		ck_assert_int_eq(got, 0);
		ck_assert_uint_eq(offset, size);
	}
	free(buffer);
}

static void check_refused(const char *name, const char *why)
{
	tally_source source;
	tally_error error = {0};
	ck_assert_int_eq(tally_source_file(&source, name, &error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.code, TALLY_ERROR_IO);
	ck_assert_msg(strstr(error.message, why) != NULL, "\"%s\" does not say \"%s\"", error.message, why);
	tally_source_close(&source); /* is allowed, and does nothing */
}

/* ---- memory and files ------------------------------------------------------------------------------------------- */

START_TEST(memory)
{
	tally_source source;
	ck_assert_int_eq(tally_source_memory(&source, "0123456789", 10, NULL), TALLY_OK);
	check_content(&source, "0123456789", 10, 3);
	check_content(&source, "0123456789", 10, 64);
	char buffer[4];
	ck_assert_int_eq(source.read(source.context, 10, buffer, 4), 0);
	ck_assert_int_eq(source.read(source.context, UINT64_MAX, buffer, 4), 0);
	tally_source_close(&source);
	ck_assert_int_eq(tally_source_memory(&source, NULL, 0, NULL), TALLY_OK);
	ck_assert_int_eq(source.read(source.context, 0, buffer, 4), 0);
	tally_source_close(&source);
}
END_TEST

START_TEST(regular_file)
{
	tally_source source;
	write_file("a document\n");
	ck_assert_int_eq(tally_source_file(&source, path, NULL), TALLY_OK);
	check_content(&source, "a document\n", 11, 1);
	check_content(&source, "a document\n", 11, 4096);
	char buffer[4];
	ck_assert_int_eq(source.read(source.context, 1000, buffer, 4), 0);
	ck_assert_int_eq(source.read(source.context, INT64_MAX, buffer, 4), 0);
	ck_assert_int_eq(source.read(source.context, UINT64_MAX, buffer, 4), 0);
	tally_source_close(&source);
}
END_TEST

START_TEST(read_error)
{
	/* The first page of this process is never mapped. */
	tally_source source;
	char buffer[4];
	ck_assert_int_eq(tally_source_file(&source, "/proc/self/mem", NULL), TALLY_OK);
	ck_assert_int_eq(source.read(source.context, 0, buffer, 4), -EIO);
	tally_source_close(&source);
}
END_TEST

START_TEST(refused)
{
	check_refused(path, "can't open");
	check_refused(folder, "a directory");
	check_refused("/dev/null", "a device");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	check_refused(path, "a socket");
	close(fd);
}
END_TEST

/* ---- standard input --------------------------------------------------------------------------------------------- */

static int replace_input(int fd)
{
	int saved = fcntl(STDIN_FILENO, F_DUPFD, 10);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	return saved;
}

static void restore_input(int saved)
{
	dup2(saved, STDIN_FILENO);
	close(saved);
}

START_TEST(input_is_a_file)
{
	write_file("read before|a document");
	int fd = open(path, O_RDONLY);
	ck_assert_int_eq(lseek(fd, 12, SEEK_SET), 12);
	int saved = replace_input(fd);
	tally_source source;
	ck_assert_int_eq(tally_source_file(&source, "-", NULL), TALLY_OK);
	check_content(&source, "a document", 10, 3);
	tally_source_close(&source);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), 0);
	restore_input(saved);
}
END_TEST

START_TEST(input_is_a_pipe)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "a document", 10), 10);
	close(ends[1]);
	int saved = replace_input(ends[0]);
	tally_source source;
	ck_assert_int_eq(tally_source_file(&source, "-", NULL), TALLY_OK);
	check_content(&source, "a document", 10, 3);
	tally_source_close(&source);
	restore_input(saved);
}
END_TEST

START_TEST(input_is_empty)
{
	int saved = replace_input(open("/dev/null", O_RDONLY));
	tally_source source;
	ck_assert_int_eq(tally_source_file(&source, "-", NULL), TALLY_OK);
	check_content(&source, "", 0, 3);
	tally_source_close(&source);
	restore_input(saved);
}
END_TEST

START_TEST(input_is_a_directory)
{
	int saved = replace_input(open(folder, O_RDONLY));
	check_refused("-", "a directory");
	restore_input(saved);
}
END_TEST

START_TEST(input_is_closed)
{
	int saved = fcntl(STDIN_FILENO, F_DUPFD, 10);
	close(STDIN_FILENO);
	check_refused("-", "standard input");
	restore_input(saved);
}
END_TEST

/* ---- pipes with a name ------------------------------------------------------------------------------------------ */

/* More than a pipe holds, so that reading and writing must take turns. */
#define LONG_SIZE (300 * 1000)

static char *long_text(void)
{
	char *text = malloc(LONG_SIZE);
	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < LONG_SIZE; i++)
		text[i] = (char)('a' + i % 23);
	return text;
}

static void finish_child(pid_t child)
{
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

/* What a shell makes of <(command). */
START_TEST(process_substitution)
{
	char *text = long_text();
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(write(ends[1], text, LONG_SIZE) == LONG_SIZE ? 0 : 1);
	}
	close(ends[1]);
	char name[32];
	snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
	tally_source source;
	ck_assert_int_eq(tally_source_file(&source, name, NULL), TALLY_OK);
	close(ends[0]);
	finish_child(child);
	check_content(&source, text, LONG_SIZE, 1000);
	tally_source_close(&source);
	free(text);
}
END_TEST

START_TEST(fifo_that_was_written)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int keeper = open(path, O_RDONLY | O_NONBLOCK);
	int writer = open(path, O_WRONLY);
	ck_assert_int_eq(write(writer, "a document", 10), 10);
	close(writer);
	tally_source source;
	ck_assert_int_eq(tally_source_file(&source, path, NULL), TALLY_OK);
	close(keeper);
	check_content(&source, "a document", 10, 3);
	tally_source_close(&source);
}
END_TEST

START_TEST(fifo_without_a_writer)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	check_refused(path, "nothing was written");
}
END_TEST

static volatile sig_atomic_t signals;
static int writing_end;

/* Only here is anything written, so that a reader waits through the 99 signals before. */
static void on_signal(int number)
{
	(void)number;
	signals++;
	if (signals % 100 == 0 && signals <= 1000 && write(writing_end, "x", 1) != 1)
		abort();
	if (signals == 1000)
		close(writing_end);
}

START_TEST(interrupted_calls)
{
	struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	writing_end = ends[1];
	int saved = replace_input(ends[0]);
	pid_t child = fork();
	if (child == 0) {
		close(writing_end);
		while (kill(getppid(), SIGUSR1) == 0)
			;
		_exit(0);
	}
	tally_source source;
	tally_error error = {0};
	tally_result result = tally_source_file(&source, "-", &error);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_msg(result == TALLY_OK, "%s", error.message);
	check_content(&source, "xxxxxxxxxx", 10, 3);
	tally_source_close(&source);
	restore_input(saved);
}
END_TEST

/* ---- failures --------------------------------------------------------------------------------------------------- */

static int calls_left;

static int fail_later(void)
{
	return calls_left-- <= 0;
}

/* Makes the first, second, … allocation fail until opening succeeds; teardown sees what it leaves open. */
static void check_out_of_memory(const char *name, int allocations)
{
	for (int n = 0;; n++) {
		tally_source source;
		tally_error error = {0};
		calls_left = n;
		tally_allocation_fault = fail_later;
		tally_result result = tally_source_file(&source, name, &error);
		tally_allocation_fault = NULL;
		tally_source_close(&source);
		if (result == TALLY_OK) {
			ck_assert_int_eq(n, allocations);
			return;
		}
		ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
		ck_assert_int_eq(error.code, TALLY_ERROR_NO_MEMORY);
	}
}

START_TEST(out_of_memory)
{
	write_file("a document");
	check_out_of_memory(path, 1);
	int saved = replace_input(open("/dev/null", O_RDONLY));
	check_out_of_memory("-", 2);
	restore_input(saved);
	tally_source source;
	calls_left = 0;
	tally_allocation_fault = fail_later;
	tally_result result = tally_source_memory(&source, "", 0, NULL);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/source");
	TCase *tcase = tcase_create("source");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, memory);
	tcase_add_test(tcase, regular_file);
	tcase_add_test(tcase, read_error);
	tcase_add_test(tcase, refused);
	tcase_add_test(tcase, input_is_a_file);
	tcase_add_test(tcase, input_is_a_pipe);
	tcase_add_test(tcase, input_is_empty);
	tcase_add_test(tcase, input_is_a_directory);
	tcase_add_test(tcase, input_is_closed);
	tcase_add_test(tcase, process_substitution);
	tcase_add_test(tcase, fifo_that_was_written);
	tcase_add_test(tcase, fifo_without_a_writer);
	tcase_add_test(tcase, interrupted_calls);
	tcase_add_test(tcase, out_of_memory);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
