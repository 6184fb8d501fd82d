/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that touches what a process has once: terminal, environment, clock, signals. */
#include "cli/cli.h"
#include "io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Set by handlers, read by any thread: lock-free, which handlers need. */
static atomic_int stop_asked, progress_asked;

static void on_stop(int number)
{
	(void)number;
	atomic_store(&stop_asked, 1);
}

static void on_progress_asked(int number)
{
	(void)number;
	atomic_store(&progress_asked, 1);
}

static bool is_stopped(void)
{
	return atomic_load(&stop_asked) != 0;
}

static bool is_progress_asked(void)
{
	return atomic_exchange(&progress_asked, 0) != 0;
}

static uint64_t monotonic_milliseconds(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void catch_signal(int number, void (*handler)(int), int flags)
{
	struct sigaction old, action = {.sa_handler = handler, .sa_flags = flags | SA_RESTART};
	sigemptyset(&action.sa_mask);
	/* nohup and shells in the background ignore signals on purpose. */
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
#define STOPPING (sizeof stopping / sizeof stopping[0])

/* The first signal ends the run in order, the second one at once. */
static void catch_signals(void)
{
	for (size_t i = 0; i < STOPPING; i++)
		catch_signal(stopping[i], on_stop, (int)SA_RESETHAND);
	catch_signal(SIGUSR1, on_progress_asked, 0);
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

/*
 * A line of the terminal, without its end; false when the user stops or says nothing. Signals that stop the run are
 * blocked, and `outside` is the mask that lets them through, while a key is waited for and at no other time.
 */
static bool read_line(int terminal, const sigset_t *outside, char *line, size_t size)
{
	size_t used = 0;
	while (used < size - 1) {
		struct pollfd wait = {.fd = terminal, .events = POLLIN};
		char c;
		int ready = is_stopped() ? -1 : ppoll(&wait, 1, NULL, outside);
		if (ready < 0 && errno == EINTR && !is_stopped())
			continue;
		if (ready < 0 || is_stopped() || read(terminal, &c, 1) != 1)
			return false;
		if (c == '\n' || c == '\r')
			break;
		line[used++] = c;
	}
	line[used] = '\0';
	return used > 0;
}

/* A terminal is not left without its echo: a second signal ends the process only when that is back. */
static bool ask_silently(int terminal, const char *question, char *answer, size_t size)
{
	struct termios before, silent;
	sigset_t blocked, outside;
	bool answered = false;
	if (tcgetattr(terminal, &before) != 0)
		return false;
	sigemptyset(&blocked);
	for (size_t i = 0; i < STOPPING; i++)
		sigaddset(&blocked, stopping[i]);
	if (pthread_sigmask(SIG_BLOCK, &blocked, &outside) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	/* Where it would be seen it is not asked for. */
	if (tcsetattr(terminal, TCSAFLUSH, &silent) == 0) {
		answered =
		    write(terminal, question, strlen(question)) > 0 && read_line(terminal, &outside, answer, size);
		tcsetattr(terminal, TCSAFLUSH, &before);
		if (write(terminal, "\n", 1) != 1)
			answered = false;
	}
	pthread_sigmask(SIG_SETMASK, &outside, NULL);
	return answered;
}

static bool ask_secret(const char *question, char *answer, size_t size)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return false;
	bool answered = ask_silently(terminal, question, answer, size);
	close(terminal);
	return answered;
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
	tally_secret_never_dump();
	catch_signals();
	const tally_cli_streams streams = {
	    .out = stdout,
	    .err = stderr,
	    .out_colour = wants_colour(),
	    .err_terminal = isatty(STDERR_FILENO) != 0,
	    .clock = monotonic_milliseconds,
	    .stopped = is_stopped,
	    .progress_asked = is_progress_asked,
	    .ask_secret = ask_secret,
	};
	int status = tally_cli(argc, argv, &streams);
	/* Network file systems tell of a full disk here. */
	if (fclose(stdout) != 0 && status != TALLY_EXIT_UNCHECKED) {
		fputs("tallyman: standard output could not be closed\n", stderr);
		return TALLY_EXIT_UNCHECKED;
	}
	return status;
}
