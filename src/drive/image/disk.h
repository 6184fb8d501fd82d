/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk: a block device, or a file that holds one, as it is or in a container. Which, is told by the content.
 *
 * Threads: opened and closed by one; its layer is read by any number of threads at once.
 */
#ifndef TALLY_DRIVE_IMAGE_DISK_H
#define TALLY_DRIVE_IMAGE_DISK_H

#include "drive/image/notes.h"
#include "drive/layer.h"

typedef enum tally_disk_kind {
	TALLY_DISK_RAW, /* a block device, or the bytes of one in a file */
	TALLY_DISK_PIECES,
	TALLY_DISK_VHD_FIXED,
	TALLY_DISK_VHD_DYNAMIC,
	TALLY_DISK_VHDX
} tally_disk_kind;

/* Why an image can't be used, which is the image's fault and not that of the run. */
typedef enum tally_disk_fault {
	TALLY_DISK_FAULT_NONE,
	TALLY_DISK_FAULT_EMPTY,        /* no bytes at all */
	TALLY_DISK_FAULT_UNREADABLE,   /* os_error says why */
	TALLY_DISK_FAULT_GAP,          /* a piece is missing, or this is not the first one */
	TALLY_DISK_FAULT_TRUNCATED,    /* something lies where the file has ended already */
	TALLY_DISK_FAULT_CHECKSUM,     /* no good copy is left */
	TALLY_DISK_FAULT_INCONSISTENT, /* says what can't be */
	TALLY_DISK_FAULT_NOT_CLOSED,   /* a VHDX with a log to be replayed */
	TALLY_DISK_FAULT_DIFFERENCING, /* half of the data is in another file */
	TALLY_DISK_FAULT_UNSUPPORTED   /* a version, feature, size or container that we don't read */
} tally_disk_fault;

typedef struct tally_disk_problem {
	tally_disk_fault fault;
	int os_error;   /* errno, or 0 */
	char text[320]; /* a sentence for people, without the path of the image */
} tally_disk_problem;

typedef struct tally_disk {
	tally_disk_kind kind;
	unsigned pieces; /* 1: a single file; more of any kind */
	/* The disk. Its sector_size is what the device or container says; 0 for a raw image, which says nothing. */
	tally_layer *layer;
	tally_notes notes;
	tally_layer *file, *container; /* what is owned, each NULL or `layer` or below it: of no concern to others */
} tally_disk;

/*
 * Opens a disk. For TALLY_OK either *disk is set, or it is NULL and *problem says why it can't be used; *problem is set
 * in any case. Freed with tally_disk_close.
 *
 * A raw image may be in pieces: NAME.001, NAME.002 and so on, from .000, .001, .00, .01 or .aa. Given the first one,
 * all that follow are read as one disk.
 *
 * TALLY_ERROR_IO when there is nothing at `path` that can be opened, as tally_layer_open_file; TALLY_ERROR_NO_MEMORY.
 */
tally_result tally_disk_open(const char *path, tally_disk **disk, tally_disk_problem *problem, tally_error *error);
/* The same for what can be read already, which is borrowed and must outlive the disk. TALLY_ERROR_NO_MEMORY. */
tally_result tally_disk_open_layer(tally_layer *below, tally_disk **disk, tally_disk_problem *problem,
				   tally_error *error);
/* NULL is fine. */
void tally_disk_close(tally_disk *disk);

/* "raw", "raw in pieces", "fixed VHD", "dynamic VHD", "VHDX". */
const char *tally_disk_kind_name(tally_disk_kind kind);

#endif
