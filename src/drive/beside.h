/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Good bytes beside a bad place. The page cache holds files and devices in pieces of up to some megabytes, each of
 * which is read as one: where one has a bad sector in it, nothing of it can be had, and everything that lies there
 * would seem lost.
 */
#ifndef TALLY_DRIVE_BESIDE_H
#define TALLY_DRIVE_BESIDE_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_BESIDE_REACH ((uint64_t)2 << 20) /* how large a piece may be, to be on the safe side */

/* Reading past the page cache. */
typedef struct tally_beside {
	/* As a layer's read; offset, size and buffer are multiples of TALLY_LAYER_ALIGNMENT. */
	int64_t (*read)(void *context, uint64_t offset, void *buffer, size_t size);
	void *context;
	uint64_t end; /* of what is read */
} tally_beside;

/*
 * After a read through the page cache failed with EIO: the bytes by themselves. The number read, > 0; or -errno when
 * the first of them can't be had, and also when all of them can and no bad place nearby explains why they could not
 * before: then the medium is of two minds, which is worth knowing.
 */
int64_t tally_beside_read(const tally_beside *from, uint64_t offset, void *buffer, size_t size);

#endif
