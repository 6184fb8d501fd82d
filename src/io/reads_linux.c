/* SPDX-License-Identifier: Apache-2.0 */
#include "io/reads.h"

#ifdef TALLY_FAULT_INJECTION
bool tally_reads_refused;
atomic_uint tally_reads_begun;
int tally_reads_failure;
int (*tally_reads_wait_fault)(void);
#endif

#ifdef TALLY_HAS_IO_URING

#include "base/memory.h"
#include "io/os.h"

#include <errno.h>
#include <limits.h>
#include <liburing.h>

/* A read's result while there is none. */
#define UNDER_WAY INT_MIN

struct tally_reads {
	struct io_uring ring;
	unsigned count, under_way;
	bool is_lost; /* the ring refused to be waited for */
	int results[];
};

tally_reads *tally_reads_new(unsigned count)
{
#ifdef TALLY_FAULT_INJECTION
	if (tally_reads_refused)
		return NULL;
#endif
	tally_reads *reads = tally_zalloc(1, sizeof *reads + count * sizeof reads->results[0]);
	if (reads == NULL)
		return NULL;
	reads->count = count;
	if (io_uring_queue_init(count, &reads->ring, 0) == 0) {
		/* Linux 5.1 to 5.5 have a ring, but not the kind of read that we use. */
		struct io_uring_probe *probe = io_uring_get_probe_ring(&reads->ring);
		bool can_read = probe != NULL && io_uring_opcode_supported(probe, IORING_OP_READ) != 0;
		io_uring_free_probe(probe);
		if (can_read)
			return reads;
		io_uring_queue_exit(&reads->ring);
	}
	tally_free(reads);
	return NULL;
}

static void take_completion(tally_reads *reads, struct io_uring_cqe *cqe)
{
	int result = cqe->res;
#ifdef TALLY_FAULT_INJECTION
	if (tally_reads_failure != 0)
		result = -tally_reads_failure;
#endif
	reads->results[io_uring_cqe_get_data64(cqe)] = result < 0 ? -tally_os_read_error(-result) : result;
	reads->under_way--;
	io_uring_cqe_seen(&reads->ring, cqe);
}

/* What the kernel took, or -errno. It doesn't wait when it takes only a part of what there is. */
static int submit_and_wait(tally_reads *reads)
{
#ifdef TALLY_FAULT_INJECTION
	int fault = tally_reads_wait_fault != NULL ? tally_reads_wait_fault() : 0;
	if (fault != 0)
		return fault > 0 ? io_uring_submit(&reads->ring) : fault;
#endif
	return io_uring_submit_and_wait(&reads->ring, 1);
}

/* Waits for any. False when the ring itself fails, which it has no reason to. */
static bool take_one(tally_reads *reads)
{
	struct io_uring_cqe *cqe;
	while (!reads->is_lost && io_uring_peek_cqe(&reads->ring, &cqe) != 0) {
		int taken = submit_and_wait(reads);
		reads->is_lost = taken < 0 && taken != -EINTR && taken != -EAGAIN && taken != -EBUSY;
	}
	if (reads->is_lost)
		return false;
	take_completion(reads, cqe);
	return true;
}

bool tally_reads_free(tally_reads *reads)
{
	if (reads == NULL)
		return true;
	/* The kernel writes into the buffers until it has said that it is done, whatever becomes of the ring. */
	while (reads->under_way > 0 && take_one(reads))
		;
	bool is_done = reads->under_way == 0;
	io_uring_queue_exit(&reads->ring);
	tally_free(reads);
	return is_done;
}

bool tally_reads_begin(tally_reads *reads, unsigned number, int fd, uint64_t offset, void *buffer, size_t size)
{
	struct io_uring_sqe *sqe = size <= UINT_MAX && !reads->is_lost ? io_uring_get_sqe(&reads->ring) : NULL;
	if (sqe == NULL)
		return false;
	io_uring_prep_read(sqe, fd, buffer, (unsigned)size, offset);
	io_uring_sqe_set_data64(sqe, number);
	reads->results[number] = UNDER_WAY;
	reads->under_way++;
#ifdef TALLY_FAULT_INJECTION
	atomic_fetch_add(&tally_reads_begun, 1);
#endif
	return true;
}

void tally_reads_submit(tally_reads *reads)
{
	/* What it doesn't take now, because of a signal or for lack of memory, it takes while we wait. */
	if (!reads->is_lost && io_uring_sq_ready(&reads->ring) > 0)
		io_uring_submit(&reads->ring);
}

int64_t tally_reads_end(tally_reads *reads, unsigned number)
{
	while (reads->results[number] == UNDER_WAY)
		if (!take_one(reads))
			return TALLY_READS_LOST;
	return reads->results[number];
}

#else

#include <errno.h>

tally_reads *tally_reads_new(unsigned count)
{
	(void)count;
	return NULL;
}

bool tally_reads_free(tally_reads *reads)
{
	(void)reads;
	return true;
}

bool tally_reads_begin(tally_reads *reads, unsigned number, int fd, uint64_t offset, void *buffer, size_t size)
{
	(void)reads, (void)number, (void)fd, (void)offset, (void)buffer, (void)size;
	return false;
}

void tally_reads_submit(tally_reads *reads)
{
	(void)reads;
}

int64_t tally_reads_end(tally_reads *reads, unsigned number)
{
	(void)reads, (void)number;
	return -ENOSYS;
}

#endif
