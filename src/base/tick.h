/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for something, and looking up ten times a second to see whether anybody still wants it. */
#ifndef TALLY_BASE_TICK_H
#define TALLY_BASE_TICK_H

#include <pthread.h>
#include <stdbool.h>

/* A condition whose waiting can end by the clock: by one that nobody sets. With its usual attributes it can't fail. */
void tally_tick_init(pthread_cond_t *condition);
/* Under the lock: waits for such a condition, but no longer than a tenth of a second. False when that was over. */
bool tally_tick_wait(pthread_cond_t *condition, pthread_mutex_t *lock);

#endif
