/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that take jobs, under one lock, and the calling thread that waits for what they finish. What a job is, and
 * what bounds their number, is their owner's business.
 */
#ifndef TALLY_VERIFY_CREW_H
#define TALLY_VERIFY_CREW_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct tally_crew_duty {
	void *context;
	/* On a member's thread, before its first job and after its last one, under the lock. May be NULL, both. */
	void (*enter)(void *context, unsigned member);
	void (*leave)(void *context, unsigned member);
	/* A job to do, or NULL: none for now. Under the lock. */
	void *(*take)(void *context, unsigned member);
	/* Does it, without the lock. */
	void (*run)(void *context, unsigned member, void *job);
	/* It is done. Under the lock. */
	void (*done)(void *context, unsigned member, void *job);
} tally_crew_duty;

typedef struct tally_crew {
	pthread_mutex_t lock;
	pthread_cond_t work;     /* signalled by the owner: there is a job */
	pthread_cond_t finished; /* signalled when one is done, and by whoever has news for the waiting thread */
	tally_crew_duty duty;
	pthread_t *threads;
	unsigned started, entered;
	bool ending;
} tally_crew;

void tally_crew_init(tally_crew *crew, const tally_crew_duty *duty);
/*
 * Once. Members are numbered from 0. Where the system refuses some of the threads, those that there are do the work.
 * TALLY_ERROR_NO_MEMORY, or what the system says when there is none.
 */
tally_result tally_crew_start(tally_crew *crew, unsigned members, tally_error *error);
/* Waits until all have done the job in hand; jobs that are left are not taken. */
void tally_crew_end(tally_crew *crew);
/* After tally_crew_end. */
void tally_crew_destroy(tally_crew *crew);

/*
 * Under the lock: waits for `finished`, and calls `wait`, without the lock, when nothing has come for a while; anything
 * but TALLY_OK of it ends the waiting. Returns at each signal: whoever waits for something in particular looks and
 * calls again.
 */
tally_result tally_crew_wait(tally_crew *crew, tally_result (*wait)(void *context, tally_error *error), void *context,
			     tally_error *error);

/* pthread_create for threads that take no signals, which are the program's business; but faults of their own accesses.
 */
int tally_crew_thread(pthread_t *thread, void *(*begin)(void *context), void *context);

#ifdef TALLY_FAULT_INJECTION
/* Test only: asked before each thread. An errno: it can't be started. */
extern int (*tally_thread_fault)(void);
#endif

#endif
