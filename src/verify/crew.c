/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/crew.h"

#include "base/memory.h"
#include "base/tick.h"

#include <signal.h>

#ifdef TALLY_FAULT_INJECTION
int (*tally_thread_fault)(void);
#endif

void tally_crew_init(tally_crew *crew, const tally_crew_duty *duty)
{
	*crew = (tally_crew){.duty = *duty};
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->work, NULL);
	tally_tick_init(&crew->finished);
}

static void *serve(void *context)
{
	tally_crew *crew = context;
	const tally_crew_duty *duty = &crew->duty;
	pthread_mutex_lock(&crew->lock);
	unsigned member = crew->entered++;
	if (duty->enter != NULL)
		duty->enter(duty->context, member);
	while (!crew->ending) {
		void *job = duty->take(duty->context, member);
		if (job == NULL) {
			pthread_cond_wait(&crew->work, &crew->lock);
			continue;
		}
		pthread_mutex_unlock(&crew->lock);
		duty->run(duty->context, member, job);
		pthread_mutex_lock(&crew->lock);
		duty->done(duty->context, member, job);
		pthread_cond_signal(&crew->finished);
	}
	if (duty->leave != NULL)
		duty->leave(duty->context, member);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

int tally_crew_thread(pthread_t *thread, void *(*begin)(void *context), void *context)
{
	static const int faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t blocked, before;
#ifdef TALLY_FAULT_INJECTION
	int fault = tally_thread_fault != NULL ? tally_thread_fault() : 0;
	if (fault != 0)
		return fault;
#endif
	sigfillset(&blocked);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		sigdelset(&blocked, faults[i]);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int failed = pthread_create(thread, NULL, begin, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

tally_result tally_crew_start(tally_crew *crew, unsigned members, tally_error *error)
{
	crew->threads = tally_zalloc(members, sizeof *crew->threads);
	if (crew->threads == NULL)
		return tally_fail_memory(error);
	int failed = 0;
	for (; crew->started < members && failed == 0; crew->started += failed == 0)
		failed = tally_crew_thread(&crew->threads[crew->started], serve, crew);
	return crew->started > 0 ? TALLY_OK
				 : tally_fail_os(error, failed, "no hashing thread can be started (see ulimit -u)");
}

void tally_crew_end(tally_crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->ending = true;
	pthread_cond_broadcast(&crew->work);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < crew->started; i++)
		pthread_join(crew->threads[i], NULL);
	crew->started = 0;
}

void tally_crew_destroy(tally_crew *crew)
{
	tally_free(crew->threads);
	pthread_cond_destroy(&crew->finished);
	pthread_cond_destroy(&crew->work);
	pthread_mutex_destroy(&crew->lock);
}

tally_result tally_crew_wait(tally_crew *crew, tally_result (*wait)(void *context, tally_error *error), void *context,
			     tally_error *error)
{
	if (tally_tick_wait(&crew->finished, &crew->lock))
		return TALLY_OK;
	pthread_mutex_unlock(&crew->lock);
	tally_result result = wait(context, error);
	pthread_mutex_lock(&crew->lock);
	return result;
}
