/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tick.h"

#include <errno.h>
#include <time.h>

#define TICK_NS 100000000L
#define SECOND_NS 1000000000L

void tally_tick_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool tally_tick_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_NS;
	until.tv_sec += until.tv_nsec / SECOND_NS;
	until.tv_nsec %= SECOND_NS;
	return pthread_cond_timedwait(condition, lock, &until) != ETIMEDOUT;
}
