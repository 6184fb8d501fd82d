/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that are under way at once, of one thread. A thread that reads one small file after the other waits for the
 * medium each time; flash gives many at once in hardly more time than one, and a rotating disk finds a better order.
 *
 * It needs io_uring: Linux 5.6, which containers often forbid. Where it can't be had there is nothing here, and who
 * would have used it reads in the ordinary way, with the same results.
 */
#ifndef TALLY_IO_READS_H
#define TALLY_IO_READS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef TALLY_FAULT_INJECTION
#  include <stdatomic.h>
#endif

typedef struct tally_reads tally_reads;

/* For at most `count` reads at once. NULL where there is no such thing, or no memory for it. */
tally_reads *tally_reads_new(unsigned count);
/*
 * Waits for all that is under way. False when that can't be done, see TALLY_READS_LOST: the buffers of those reads must
 * stay for ever. NULL is fine.
 */
bool tally_reads_free(tally_reads *reads);

/*
 * Prepares read number `number` < count, which is not under way. The buffer must stay until tally_reads_end. False when
 * it can't be had now.
 */
bool tally_reads_begin(tally_reads *reads, unsigned number, int fd, uint64_t offset, void *buffer, size_t size);
/* Hands all that was prepared to the kernel, in this order. */
void tally_reads_submit(tally_reads *reads);
/*
 * Waits for a read that was begun: how many bytes came, as tally_os_read tells it, or -errno. TALLY_READS_LOST when the
 * kernel refuses to tell, which is not the medium's fault: it may write into the buffer at any time, so neither buffer
 * nor number can be used again, and every read that is under way ends so.
 */
#define TALLY_READS_LOST INT64_MIN
int64_t tally_reads_end(tally_reads *reads, unsigned number);

#ifdef TALLY_FAULT_INJECTION
/* Test only: there is no such thing; how many were begun, by all threads; and, unless it is 0, errno that all fail
 * with. */
extern bool tally_reads_refused;
extern atomic_uint tally_reads_begun;
extern int tally_reads_failure;
/*
 * Asked before the kernel is waited for. 1: it takes what there is and doesn't wait, as when it can't take all; -errno:
 * it refuses; 0: it is asked as ever.
 */
extern int (*tally_reads_wait_fault)(void);
#endif

#endif
