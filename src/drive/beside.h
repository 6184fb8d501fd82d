/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Good bytes beside a bad place. The page cache holds files and devices in pieces of up to some megabytes, each of
 * which is read as one: where one has a bad sector in it, nothing of it can be had, and everything that lies there
 * would seem lost.
 */
#ifndef TALLY_DRIVE_BESIDE_H
#define TALLY_DRIVE_BESIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_BESIDE_REACH ((uint64_t)2 << 20) /* how large a piece may be, to be on the safe side */

/*
 * Where a medium failed last. A disk takes seconds to say so, and whatever lies beside that place would ask for it
 * again: once is enough. Threads: any number may share one.
 */
typedef struct tally_bad_place {
	pthread_mutex_t lock; /* of what follows; but whether there is a place can be asked without */
	atomic_bool is_known;
	uint64_t file, from, to;
} tally_bad_place;

void tally_bad_place_init(tally_bad_place *bad);
void tally_bad_place_destroy(tally_bad_place *bad);

/* What is read, through the page cache and past it. */
typedef struct tally_beside {
	/* As a layer's read. */
	int64_t (*cached)(void *context, uint64_t offset, void *buffer, size_t size);
	/* The same; offset, size and buffer are multiples of TALLY_LAYER_ALIGNMENT. */
	int64_t (*medium)(void *context, uint64_t offset, void *buffer, size_t size);
	void *context;
	uint64_t end; /* of what is read */
	tally_bad_place *bad;
	uint64_t file; /* which of those that share the bad place */
} tally_beside;

/*
 * Reads through the page cache; and the bytes by themselves where that fails with EIO, or would have to: beside the bad
 * place. As a layer's read: the number read, > 0 or 0 as `cached` gives it; or -errno when the first of them can't be
 * had, and also when all of them can and no bad place nearby explains why they could not before: then the medium is of
 * two minds, which is worth knowing.
 */
int64_t tally_beside_read(const tally_beside *from, uint64_t offset, void *buffer, size_t size);

#endif
