/* SPDX-License-Identifier: Apache-2.0 */
#include "io/mapping.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux 5.14. */
#ifndef MADV_POPULATE_READ
#  define MADV_POPULATE_READ 22
#endif

/*
 * The one place of the library with state of its own: a signal's action belongs to the process, and a handler gets
 * nothing to know its caller by.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned guards;
static struct sigaction previous;
static uintptr_t page_size;

typedef struct watch {
	tally_mapping *mappings;
	size_t count;
} watch;
static _Thread_local volatile watch watched;
static _Thread_local volatile sig_atomic_t passing;

/* The access that failed is repeated when the handler returns, and then meets zeros. */
static bool replace(const siginfo_t *info)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	for (size_t i = 0; i < watched.count; i++) {
		tally_mapping *m = &watched.mappings[i];
		uint8_t *base = m->base;
		if (base == NULL || at < (uintptr_t)base || at - (uintptr_t)base >= m->size)
			continue;
		size_t skipped = (at - (uintptr_t)base) & ~(page_size - 1);
		void *zeros =
		    mmap(base + skipped, m->size - skipped, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		m->spoiled = 1;
		return zeros != MAP_FAILED;
	}
	return false;
}

static void pass_on(int number, siginfo_t *info, void *context)
{
	bool takes_info = (previous.sa_flags & SA_SIGINFO) != 0;
	/* `passing`: a handler that was set over ours, and over which ours was set again, calls ours. */
	if (!passing && (takes_info || (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN))) {
		passing = 1;
		if (takes_info)
			previous.sa_sigaction(number, info, context);
		else
			previous.sa_handler(number);
		passing = 0;
		return;
	}
	if (!takes_info && previous.sa_handler == SIG_IGN && info->si_code <= 0)
		return; /* somebody sent it */
	/* As without us: a failed access is repeated and ends the process; what was sent is sent again. */
	signal(number, SIG_DFL);
	if (info->si_code <= 0)
		raise(number);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	/* Codes above 0 come from the kernel: the address is that of an access by this thread. */
	if (info->si_code <= 0 || !replace(info))
		pass_on(number, info, context);
	errno = saved;
}

int tally_mapping_guard(void)
{
	int result = 0;
	pthread_mutex_lock(&lock);
	if (guards == 0) {
		struct sigaction ours = {.sa_sigaction = on_bus_error,
					 .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER},
				 present;
		sigemptyset(&ours.sa_mask);
		page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
		bool there = sigaction(SIGBUS, NULL, &present) == 0 && (present.sa_flags & SA_SIGINFO) != 0 &&
			     present.sa_sigaction == on_bus_error;
		/* Known before it can be needed. Ours may still be there when another handler kept it from being
		 * removed. */
		if (!there)
			previous = present;
		result = sigaction(SIGBUS, &ours, NULL) == 0 ? 0 : -errno;
	}
	guards += result == 0;
	pthread_mutex_unlock(&lock);
	return result;
}

void tally_mapping_unguard(void)
{
	struct sigaction present;
	pthread_mutex_lock(&lock);
	if (--guards == 0 && sigaction(SIGBUS, NULL, &present) == 0 && (present.sa_flags & SA_SIGINFO) != 0 &&
	    present.sa_sigaction == on_bus_error)
		sigaction(SIGBUS, &previous, NULL);
	pthread_mutex_unlock(&lock);
}

void tally_mapping_watch(tally_mapping *mappings, size_t count)
{
	watched.count = 0;
	watched.mappings = mappings;
	watched.count = count;
	if (count == 0)
		return;
	/* A blocked signal that an access raises ends the process. */
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int tally_mapping_make(tally_mapping *m, int fd, uint64_t offset, size_t size)
{
	uint8_t *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	if (base == MAP_FAILED)
		return -errno;
	m->spoiled = 0;
	m->size = size;
	m->base = base;
	int result;
	/* What surrounds the window is not wanted, and whoever reads ahead does so by itself. */
	madvise(base, size, MADV_RANDOM);
	do
		result = madvise(base, size, MADV_POPULATE_READ) == 0 ? 0 : -errno;
	while (result == -EINTR);
	/* An older kernel reads the pages when they are needed. */
	if (result == 0 || result == -EINVAL)
		return 0;
	tally_mapping_end(m);
	return result;
}

bool tally_mapping_end(tally_mapping *m)
{
	uint8_t *base = m->base;
	if (base == NULL)
		return true;
	m->base = NULL;
	munmap(base, m->size);
	return m->spoiled == 0;
}
