/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that touches what a process has once: terminal, environment, clock, signals. */
#include "cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void on_stop(int number)
{
	(void)number;
	stop_asked = 1;
}

static bool is_stopped(void)
{
	return stop_asked != 0;
}

static uint64_t monotonic_milliseconds(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The first signal ends the run in order, the second one at once. */
static void catch_signals(void)
{
	static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
	for (size_t i = 0; i < sizeof stopping / sizeof stopping[0]; i++) {
		struct sigaction old, action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
		sigemptyset(&action.sa_mask);
		/* nohup and shells in the background ignore signals on purpose. */
		if (sigaction(stopping[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(stopping[i], &action, NULL);
	}
	/* A reader that goes away is an error of writing, with a message and a status. */
	signal(SIGPIPE, SIG_IGN);
}

/*
 * A file of the run must not become standard output because the caller closed that. Opened the wrong way round, so
 * that using one is still an error.
 */
static bool hold_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	if (!hold_standard_streams())
		return TALLY_EXIT_UNCHECKED;
	catch_signals();
	const tally_cli_streams streams = {
	    .out = stdout,
	    .err = stderr,
	    .out_colour = wants_colour(),
	    .err_terminal = isatty(STDERR_FILENO) != 0,
	    .clock = monotonic_milliseconds,
	    .stopped = is_stopped,
	};
	int status = tally_cli(argc, argv, &streams);
	/* Network file systems tell of a full disk here. */
	if (fclose(stdout) != 0 && status != TALLY_EXIT_UNCHECKED) {
		fputs("tallyman: standard output could not be closed\n", stderr);
		return TALLY_EXIT_UNCHECKED;
	}
	return status;
}
