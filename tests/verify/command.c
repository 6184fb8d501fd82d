/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/command.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define ARGUMENTS_MAX 32
#define CANNOT_RUN 126

bool command_is_there(void)
{
	const char *command = getenv("TALLY_COMMAND");
	if (command != NULL && access(command, X_OK) == 0)
		return true;
	fprintf(stderr, "skipped: TALLY_COMMAND does not name a program\n");
	return false;
}

/* An unnamed file that takes all that is written, so that nobody waits for a reader. */
static int take_output(void)
{
	char name[] = "/tmp/tally-command-XXXXXX";
	int fd = mkstemp(name);
	ck_assert_msg(fd >= 0 && unlink(name) == 0, "%s", strerror(errno));
	return fd;
}

static char *read_back(int fd)
{
	struct stat file;
	ck_assert_int_eq(fstat(fd, &file), 0);
	size_t size = (size_t)file.st_size;
	char *text = calloc(1, size + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(pread(fd, text, size, 0), (ssize_t)size);
	close(fd);
	return text;
}

/* In the child: opened while we still may, run as whoever we then are. */
static _Noreturn void become_command(char **argv, int output, int diagnostics, bool as_nobody)
{
	int program = open(argv[0], O_RDONLY | O_CLOEXEC);
	bool ready = program >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(diagnostics, STDERR_FILENO) >= 0;
	if (ready && as_nobody && getuid() == 0)
		ready = setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
	if (ready)
		fexecve(program, argv, environ);
	_exit(CANNOT_RUN);
}

void command_run(command_result *result, const char *const *arguments, bool as_nobody)
{
	char *argv[ARGUMENTS_MAX + 2];
	size_t count = 0;
	argv[count++] = strdup(getenv("TALLY_COMMAND"));
	for (; *arguments != NULL; arguments++) {
		ck_assert_uint_le(count, ARGUMENTS_MAX);
		argv[count++] = strdup(*arguments);
	}
	argv[count] = NULL;
	int output = take_output(), diagnostics = take_output(), status;
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		become_command(argv, output, diagnostics, as_nobody);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	while (count > 0)
		free(argv[--count]);
	result->output = read_back(output);
	result->diagnostics = read_back(diagnostics);
	ck_assert_msg(WIFEXITED(status), "the command ended with signal %d: %s", WTERMSIG(status), result->diagnostics);
	result->exit_status = WEXITSTATUS(status);
	ck_assert_int_ne(result->exit_status, CANNOT_RUN);
}

void command_clear(command_result *result)
{
	free(result->output);
	free(result->diagnostics);
	*result = (command_result){0};
}
