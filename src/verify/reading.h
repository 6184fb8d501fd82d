/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of one check share in order to read: in which way, how fast at most, how far ahead, and how much of
 * the memory and of the files that may be open each of them gets. Checks that run side by side share both.
 */
#ifndef TALLY_VERIFY_READING_H
#define TALLY_VERIFY_READING_H

#include "drive/drive.h"
#include "verify/loss.h"
#include "verify/stored.h"

#include <pthread.h>
#include <stdatomic.h>

struct tally_checkpoint;

/* Checks that may run side by side: with more there would be too little for each of them. */
#define TALLY_READING_CHECKS_MAX 16

typedef struct tally_reading_options {
	unsigned jobs; /* of this check. 0: its part of the processors; two for a rotating disk */
	unsigned checks; /* side by side, at most TALLY_READING_CHECKS_MAX, this one among them; 0: it is alone */
	tally_io_mode io;
	uint64_t max_rate; /* bytes per second, of all threads together; 0: no limit */
	struct tally_checkpoint *checkpoint; /* what was read before; NULL: nothing */
	const tally_stored *stored; /* not NULL: segments were hashed before; by their number */
	const char *path; /* of the drive, to see whether it is still there when a read fails; NULL: that is no matter */
	bool once; /* what is read is a copy of the files: reading it again would say nothing of the medium */
} tally_reading_options;

/* Holds back those who take more than so many bytes per second. */
typedef struct tally_rate {
	uint64_t bytes_per_second; /* 0: nobody is held back */
	pthread_mutex_t lock;
	pthread_cond_t stopped_now;
	uint64_t free_at; /* nanoseconds: when all that was taken is paid for */
	bool stopped;
} tally_rate;

void tally_rate_init(tally_rate *rate, uint64_t bytes_per_second);
void tally_rate_destroy(tally_rate *rate);
/* Waits for its turn, if need be; not when it was stopped. */
void tally_rate_take(tally_rate *rate, uint64_t bytes);
void tally_rate_stop(tally_rate *rate);

typedef struct tally_reading {
	tally_io_mode io;
	tally_os_medium medium;
	unsigned workers;   /* threads: `jobs`, or fewer where memory or open files are short */
	size_t slots;       /* batches */
	size_t buffer;      /* bytes of a lane's buffer */
	size_t arrivals_room; /* bytes of the small files that a worker has on their way at a time */
	size_t window_room; /* bytes that a worker may have mapped at a time */
	uint64_t ahead;     /* bytes that a worker has read into the page cache before they are hashed */
	unsigned files;     /* that a worker may have open, at least one */
	bool once;          /* nothing is read a second time */
	bool guards;        /* tally_mapping_guard is held */
	struct tally_checkpoint *checkpoint; /* or NULL */
	const tally_stored *stored;          /* or NULL */
	tally_rate rate;
	pthread_mutex_t one_reader; /* of a rotating disk */
	atomic_bool stop;           /* nobody wants the results any more, or the drive is gone */
	tally_loss loss;
} tally_reading;

/* Those that this process may run on. */
unsigned tally_reading_processors(void);
/* How many of them each of so many checks side by side gets, at least 1. */
unsigned tally_reading_processors_of(unsigned checks);
/* As many checks may run side by side with the files that this process may open: 1…TALLY_READING_CHECKS_MAX. */
unsigned tally_reading_checks_max(void);
/* `drive` may be NULL: then nothing of it is known. */
void tally_reading_init(tally_reading *reading, const tally_drive *drive, const tally_reading_options *options);
void tally_reading_destroy(tally_reading *reading);
/* Ends the work of all threads soon. */
void tally_reading_stop(tally_reading *reading);
/* After a read that failed: whether the drive is gone, and not only some of its bytes. That ends the work, too. */
bool tally_reading_is_lost(tally_reading *reading);
/* How what was stopped ends: TALLY_ERROR_IO when the drive is gone, else TALLY_ERROR_STOPPED. */
tally_result tally_reading_fail_stopped(const tally_reading *reading, tally_error *error);
/*
 * A file can't be opened, as the process may have no more of them: waits a moment for others to close theirs, other
 * threads of this check or whoever else lives in this process. `waited` counts how often in a row, from 0. False when
 * it was long enough, or the reading was stopped.
 */
bool tally_reading_wait_for_files(tally_reading *reading, unsigned *waited);
#ifdef TALLY_FAULT_INJECTION
/* Test only: asked instead of waiting, from any thread. NULL switches it off. */
extern bool (*tally_reading_wait_fault)(unsigned waited);
#endif

#endif
