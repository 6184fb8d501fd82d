/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/reading.h"

#include "base/tick.h"
#include "digest/digest.h"
#include "io/os.h"
#include "verify/batch.h"

#include <limits.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/*
 * The memory of all checks that run side by side, whatever their manifests and the number of threads: 256 MiB, but for
 * the fingerprints that find duplicates. What is not shared out here are the listings of directories
 * (drive/directory.h), the manifest's parser and the digests. An archive is read before there is any of these, and has
 * its part of TALLY_FLOW_ROOM (verify/flow.h) for itself.
 */
#define BATCHES_ROOM ((size_t)48 << 20)
#define BUFFERS_ROOM ((size_t)40 << 20)
#define ARRIVALS_ROOM ((size_t)8 << 20)
#define WINDOWS_ROOM ((size_t)96 << 20)

/*
 * Measured (tests/bench/bench.sh): a system call's cost is lost in 256 KiB, and larger buffers fall out of the last
 * level of the cache. Reads past the page cache wait for the medium: one for a whole block of 4 MiB.
 */
#define BUFFER_MAX ((size_t)256 << 10)
#define BUFFER_MIN ((size_t)32 << 10)
#define DIRECT_BUFFER_MAX ((size_t)4 << 20)

#define AHEAD_MAX ((uint64_t)192 << 20)
#define AHEAD_MIN ((uint64_t)8 << 20)

#define BATCH                                                        \
  (TALLY_BATCH_TEXT + TALLY_BATCH_BLOBS * sizeof(tally_batch_blob) + \
   TALLY_BATCH_SEGMENTS * (sizeof(tally_batch_segment) + sizeof(tally_segment_place)))
/* Of a check with one worker: in its hands, waiting for it, being filled. */
_Static_assert(BATCHES_ROOM / TALLY_READING_CHECKS_MAX / BATCH >= 3, "each check has room for its batches");

/*
 * Open files that are not the workers': what the program itself has, and of each check the drive, its manifest, its
 * checkpoint, the journal. A worker has, beside those that it reads, a folder, what reads many at once, and a way to
 * go.
 */
#define PROGRAM_FILES 48
#define CHECK_FILES 16
#define WORKER_FILES 6
#define FILES_MIN (TALLY_DIGEST_LANES_MAX + 2)
#define FILES_MAX (TALLY_BATCH_BLOBS + FILES_MIN)

/* Ten seconds. Longer than others take for what they have in hand, and short enough for whoever looks on. */
#define PATIENCE 100
#ifdef TALLY_FAULT_INJECTION
bool (*tally_reading_wait_fault)(unsigned waited);
#endif

/* What a waiting thread may make up for, so that sleeping too long doesn't add up. */
#define BURST_NS UINT64_C(50000000)
#define SECOND_NS UINT64_C(1000000000)

void tally_rate_init(tally_rate *rate, uint64_t bytes_per_second)
{
	*rate = (tally_rate){.bytes_per_second = bytes_per_second};
	pthread_mutex_init(&rate->lock, NULL);
	tally_tick_init(&rate->stopped_now);
}

void tally_rate_destroy(tally_rate *rate)
{
	pthread_cond_destroy(&rate->stopped_now);
	pthread_mutex_destroy(&rate->lock);
}

void tally_rate_take(tally_rate *rate, uint64_t bytes)
{
	if (rate->bytes_per_second == 0)
		return;
	pthread_mutex_lock(&rate->lock);
	uint64_t now = tally_os_now_ns(), earliest = now > BURST_NS ? now - BURST_NS : 0;
	if (rate->free_at < earliest)
		rate->free_at = earliest;
	uint64_t turn = rate->free_at;
	rate->free_at += (uint64_t)((double)bytes * (double)SECOND_NS / (double)rate->bytes_per_second);
	struct timespec until = {(time_t)(turn / SECOND_NS), (long)(turn % SECOND_NS)};
	while (!rate->stopped && tally_os_now_ns() < turn)
		pthread_cond_timedwait(&rate->stopped_now, &rate->lock, &until);
	pthread_mutex_unlock(&rate->lock);
}

void tally_rate_stop(tally_rate *rate)
{
	pthread_mutex_lock(&rate->lock);
	rate->stopped = true;
	pthread_cond_broadcast(&rate->stopped_now);
	pthread_mutex_unlock(&rate->lock);
}

unsigned tally_reading_processors(void)
{
	cpu_set_t may;
	if (sched_getaffinity(0, sizeof may, &may) == 0)
		return (unsigned)CPU_COUNT(&may);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : (unsigned)online;
}

static unsigned at_most(unsigned value, size_t limit)
{
	return value <= limit ? value : limit < 1 ? 1 : (unsigned)limit;
}

unsigned tally_reading_processors_of(unsigned checks)
{
	unsigned all = tally_reading_processors();
	return at_most(all, all / (checks > 0 ? checks : 1));
}

/* What is left of a number, but not less than nothing. */
static size_t without(size_t number, size_t taken)
{
	return number > taken ? number - taken : 0;
}

static size_t files_of_process(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > 1U << 20)
		return (size_t)1 << 20;
	return (size_t)limit.rlim_cur;
}

static size_t files_of_checks(void)
{
	return without(files_of_process(), PROGRAM_FILES);
}

unsigned tally_reading_checks_max(void)
{
	return at_most(TALLY_READING_CHECKS_MAX, files_of_checks() / (CHECK_FILES + WORKER_FILES + FILES_MIN));
}

static void choose_workers(tally_reading *r, unsigned jobs, unsigned checks)
{
	const size_t files = without(files_of_checks() / checks, CHECK_FILES);
	const size_t batches = BATCHES_ROOM / checks / BATCH;
	/* On a rotating disk one reads while the other hashes, or does both in turn; more could only make it seek. */
	unsigned useful = !r->medium.rotational ? UINT_MAX : r->io == TALLY_IO_DIRECT ? 1 : 2;
	unsigned wanted = jobs != 0 ? jobs : at_most(tally_reading_processors_of(checks), useful);
	wanted = at_most(wanted, files / (WORKER_FILES + FILES_MIN));
	wanted = at_most(wanted, BUFFERS_ROOM / checks / (BUFFER_MIN * TALLY_DIGEST_LANES_MAX));
	wanted = at_most(wanted, batches - 1);
	r->workers = wanted;
	/* Where it doesn't come to anything, as many as are little harm to others. */
	size_t own = without(files / wanted, WORKER_FILES), least = files_of_process() / 8 / checks / wanted;
	r->files = at_most(FILES_MAX, own > least ? own : least);
	/* One in each worker's hands, one waiting for each, one being filled. */
	r->slots = at_most(2 * wanted + 1, batches);
}

static size_t share(size_t room, size_t parts, size_t least, size_t most)
{
	size_t size = room / parts & ~((size_t)TALLY_MEDIUM_ALIGNMENT - 1);
	return size < least ? least : size > most ? most : size;
}

static void choose_sizes(tally_reading *r, uint64_t max_rate, unsigned checks)
{
	const size_t workers = (size_t)r->workers * checks, lanes = workers * TALLY_DIGEST_LANES_MAX;
	if (r->io == TALLY_IO_DIRECT)
		r->buffer = share(BUFFERS_ROOM + WINDOWS_ROOM, lanes, BUFFER_MIN, DIRECT_BUFFER_MAX);
	else
		r->buffer = share(BUFFERS_ROOM, lanes, BUFFER_MIN, BUFFER_MAX);
	r->window_room = WINDOWS_ROOM / workers;
	r->arrivals_room = ARRIVALS_ROOM / workers;
	/* What is read ahead must still be there when it is hashed, on small machines too. */
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t room = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 16 / checks : AHEAD_MAX;
	r->ahead = (room < AHEAD_MAX ? room : AHEAD_MAX) / r->workers;
	if (max_rate != 0 && r->ahead > max_rate / 2)
		r->ahead = max_rate / 2;
	if (r->ahead < AHEAD_MIN)
		r->ahead = AHEAD_MIN;
}

void tally_reading_init(tally_reading *r, const tally_drive *drive, const tally_reading_options *options)
{
	*r = (tally_reading){
	    .io = options->io, .stored = options->stored,
	    .medium = drive != NULL ? tally_drive_medium(drive) : (tally_os_medium){0},
	    .checkpoint = options->checkpoint,
	    .once = options->once,
	};
	atomic_init(&r->stop, false);
	const unsigned checks = at_most(options->checks > 0 ? options->checks : 1, TALLY_READING_CHECKS_MAX);
	tally_loss_init(&r->loss, options->path);
	choose_workers(r, options->jobs, checks);
	choose_sizes(r, options->max_rate, checks);
	tally_rate_init(&r->rate, options->max_rate);
	pthread_mutex_init(&r->one_reader, NULL);
	bool maps = r->io == TALLY_IO_AUTO || r->io == TALLY_IO_MMAP;
	r->guards = maps && tally_mapping_guard() == 0;
	/* Without it a mapping could end the process. */
	if (maps && !r->guards)
		r->io = TALLY_IO_READ;
}

void tally_reading_destroy(tally_reading *r)
{
	if (r->guards)
		tally_mapping_unguard();
	pthread_mutex_destroy(&r->one_reader);
	tally_rate_destroy(&r->rate);
}

void tally_reading_stop(tally_reading *r)
{
	atomic_store(&r->stop, true);
	tally_rate_stop(&r->rate);
}

bool tally_reading_is_lost(tally_reading *r)
{
	bool lost = tally_loss_look(&r->loss);
	if (lost)
		tally_reading_stop(r);
	return lost;
}

tally_result tally_reading_fail_stopped(const tally_reading *r, tally_error *error)
{
	return atomic_load(&r->loss.met) ? tally_loss_fail(&r->loss, error)
					 : tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
}

bool tally_reading_wait_for_files(tally_reading *r, unsigned *waited)
{
	tally_rate *rate = &r->rate;
#ifdef TALLY_FAULT_INJECTION
	if (tally_reading_wait_fault != NULL)
		return tally_reading_wait_fault((*waited)++);
#endif
	if (*waited == PATIENCE)
		return false;
	++*waited;
	pthread_mutex_lock(&rate->lock);
	if (!rate->stopped)
		tally_tick_wait(&rate->stopped_now, &rate->lock);
	bool stopped = rate->stopped;
	pthread_mutex_unlock(&rate->lock);
	return !stopped;
}
