/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of the two partition tables share. */
#ifndef TALLY_DRIVE_IMAGE_TABLES_H
#define TALLY_DRIVE_IMAGE_TABLES_H

#include "drive/image/partitions.h"

#define TALLY_MBR_SIGNED_AT 510
#define TALLY_MBR_ENTRIES_AT 446
#define TALLY_MBR_ENTRY_SIZE 16
#define TALLY_MBR_PROTECTIVE 0xEE

typedef struct tally_tables {
	tally_layer *disk;
	tally_partitions *out;
} tally_tables;

/*
 * Keeps a partition, of which all but `cut` is set, after holding it against the disk's end. NULL, and noted, when none
 * of it is on the disk or there is no room; `first` and `count` are in sectors.
 */
tally_partition *tally_tables_add(tally_tables *t, unsigned number, uint64_t first, uint64_t count);
/* Notes that a part of the table can't be read, and so what is there isn't all. */
void tally_tables_unreadable(tally_tables *t, int failed, const char *what, uint64_t offset);

/* `sector` is the disk's first; out->sector_size is set. */
void tally_mbr_read(tally_tables *t, const uint8_t *sector);
/* The sector size that the disk must have if this is its MBR, for an image that doesn't say. */
uint32_t tally_mbr_guess_sector_size(tally_layer *disk, const uint8_t *sector);
/* Whether something at the start of the disk looks like a GPT. */
bool tally_gpt_is_there(tally_layer *disk);
/* Behind an MBR that protects it. */
void tally_gpt_read(tally_tables *t);

#endif
