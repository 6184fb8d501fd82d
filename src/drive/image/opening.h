/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of containers share while they open one. */
#ifndef TALLY_DRIVE_IMAGE_OPENING_H
#define TALLY_DRIVE_IMAGE_OPENING_H

#include "drive/image/disk.h"

typedef struct tally_opening {
	tally_layer *below;
	tally_disk_problem *problem;
	tally_notes *notes;
	tally_error *error;
	tally_result result; /* of the run: TALLY_OK also where there is a problem */
} tally_opening;

/* Each says what is wrong and returns false. */
bool tally_opening_refuse(tally_opening *o, tally_disk_fault fault, const char *format, ...) TALLY_PRINTF(3, 4);
bool tally_opening_refuse_os(tally_opening *o, int os_error, const char *format, ...) TALLY_PRINTF(3, 4);
bool tally_opening_no_memory(tally_opening *o);

/* Reads all of it, `what` being its name in a sentence ("header"), or says why it can't be had and returns false. */
bool tally_opening_read(tally_opening *o, uint64_t offset, void *buffer, size_t size, const char *what);

/*
 * What opens the containers: gives a layer on top of o->below, which it borrows, or false when the opening went wrong.
 * Each is called for what starts (or, for a VHD, ends) with the right signature only.
 */
bool tally_vhd_open(tally_opening *o, tally_disk_kind *kind, tally_layer **layer);
bool tally_vhdx_open(tally_opening *o, tally_layer **layer);

#define TALLY_VHD_SECTOR 512
#define TALLY_VHD_SIGNATURE "conectix"  /* at 0, or in the last sector */
#define TALLY_VHDX_SIGNATURE "vhdxfile" /* at 0 */

/*
 * Opens all the pieces of which `path` is the first. *pieces is 1, and *layer NULL, when the name is not that of a
 * piece or nothing follows it. The layer owns the pieces' files. Of the opening, `below` is not used.
 */
bool tally_pieces_open(tally_opening *o, const char *path, unsigned *pieces, tally_layer **layer);

#endif
