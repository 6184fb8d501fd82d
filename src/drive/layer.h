/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a disk is read through, one on top of another: a file or device, the disk in a container, a partition, an
 * unlocked volume. Each is a run of bytes that knows only the one below it, which must outlive it.
 *
 * Threads: layers may be read by any number of threads at once.
 */
#ifndef TALLY_DRIVE_LAYER_H
#define TALLY_DRIVE_LAYER_H

#include "base/error.h"

typedef struct tally_layer tally_layer;

typedef enum tally_layer_way {
	TALLY_LAYER_CACHED,
	TALLY_LAYER_MEDIUM /* past the page cache; offset, size and buffer are multiples of TALLY_LAYER_ALIGNMENT */
} tally_layer_way;

#define TALLY_LAYER_ALIGNMENT 4096

/* Where bytes come from: what of a file is read for them. */
typedef struct tally_layer_place {
	int fd;
	uint64_t offset, length; /* how many lie there in a row */
	bool enciphered;         /* else they are there as they are, and can be mapped */
} tally_layer_place;

typedef struct tally_layer_class {
	/*
	 * Reads up to `size` > 0 bytes within the layer: the number read, > 0, or -errno when the very first can't be
	 * had. Fewer than asked for are not the end: whoever wants all asks again. -ENODATA: the file below has ended
	 * before the layer, and nothing else; a sector that can't be read is -EIO.
	 */
	int64_t (*read)(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way);
	/* False where the bytes come from no file, or from none alone. NULL: never. */
	bool (*locate)(tally_layer *layer, uint64_t offset, tally_layer_place *place);
	void (*close)(tally_layer *layer);
} tally_layer_class;

/* The head of what implements one. */
struct tally_layer {
	const tally_layer_class *class;
	uint64_t size;        /* bytes */
	uint32_t sector_size; /* of the disk, as it shows itself: 512 or 4096; 0: not known */
};

/* As the class, but ends at the layer's size: 0 from there on. */
int64_t tally_layer_read(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way);
/* Reads all of it: 0, or -errno; -ENODATA when the layer ends before. */
int tally_layer_read_all(tally_layer *layer, uint64_t offset, void *buffer, size_t size);
/* As much of it as comes in front of the first byte that can't be had; *failed is 0, or as above. */
size_t tally_layer_read_most(tally_layer *layer, uint64_t offset, void *buffer, size_t size, int *failed);
bool tally_layer_locate(tally_layer *layer, uint64_t offset, tally_layer_place *place);
/* NULL is fine. */
void tally_layer_close(tally_layer *layer);

/*
 * A regular file or a block device, opened for reading only and never waited for. TALLY_ERROR_IO; its os_error is
 * EISDIR for a directory and ENOTBLK for what is neither.
 */
tally_result tally_layer_open_file(const char *path, tally_layer **layer, tally_error *error);
/* A part of another layer, say a partition. Both numbers within it. TALLY_ERROR_NO_MEMORY. */
tally_result tally_layer_open_part(tally_layer *below, uint64_t offset, uint64_t size, tally_layer **layer,
				   tally_error *error);
/* Borrows `bytes`, which must outlive the layer. TALLY_ERROR_NO_MEMORY. */
tally_result tally_layer_open_memory(const void *bytes, uint64_t size, tally_layer **layer, tally_error *error);

#ifdef TALLY_FAULT_INJECTION
/* Test only: asked before each read of a file or memory, from any thread. Not 0: the read fails so (-errno). */
extern int (*tally_layer_fault)(uint64_t offset, size_t size);
#endif

#endif
