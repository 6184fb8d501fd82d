/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partitions of a disk: MBR or GPT, or none and a volume from its first byte on. Nothing here can fail: what is
 * wrong with the disk is said in the result.
 */
#ifndef TALLY_DRIVE_IMAGE_PARTITIONS_H
#define TALLY_DRIVE_IMAGE_PARTITIONS_H

#include "drive/image/boot_sector.h"
#include "drive/image/notes.h"
#include "drive/layer.h"

#define TALLY_PARTITIONS_MAX 128
#define TALLY_PARTITION_NAME_SIZE 112 /* 36 UTF-16 units as UTF-8, and a NUL */

/* What a partition is for, by its type. */
typedef enum tally_partition_role {
	TALLY_PARTITION_DATA,     /* a volume that Windows would give a drive letter: what a drive is searched for */
	TALLY_PARTITION_RESERVED, /* Microsoft's reserved one, the first of a GPT disk and without a volume */
	TALLY_PARTITION_EFI,
	TALLY_PARTITION_RECOVERY,
	TALLY_PARTITION_OTHER
} tally_partition_role;

typedef struct tally_partition {
	uint64_t offset, size; /* bytes, all of them on the disk, at least one sector */
	unsigned number;       /* its place in the table, from 1; logical ones of an MBR from 5; 0: no table */
	tally_partition_role role;
	bool cut;                             /* the disk ends before it: `size` is what is there */
	const char *type_name;                /* "basic data"; never NULL */
	uint8_t mbr_type;                     /* of an MBR */
	uint8_t guid[16];                     /* of a GPT, as stored: its type */
	uint64_t attributes;                  /* of a GPT */
	char name[TALLY_PARTITION_NAME_SIZE]; /* of a GPT: valid UTF-8, may be empty */
} tally_partition;

typedef enum tally_table {
	TALLY_TABLE_NONE,   /* neither table nor volume; `problem` says what is there instead */
	TALLY_TABLE_VOLUME, /* no table: the disk is one volume, items[0] */
	TALLY_TABLE_MBR,
	TALLY_TABLE_GPT,
	TALLY_TABLE_DAMAGED,   /* a GPT without a good copy */
	TALLY_TABLE_UNREADABLE /* os_error */
} tally_table;

typedef struct tally_partitions {
	tally_table table;
	tally_boot_sector volume;      /* TALLY_TABLE_VOLUME: which kind */
	uint32_t sector_size;          /* in which the table counts, 512 or 4096; TALLY_TABLE_VOLUME: the layer's */
	bool incomplete;               /* there are more partitions than could be read, or kept; a note says why */
	int os_error;                  /* of a read that failed, or 0 */
	char problem[TALLY_NOTE_SIZE]; /* a sentence for people when there is no list; else empty */
	unsigned count;
	tally_partition items[TALLY_PARTITIONS_MAX]; /* in the order of the table */
	tally_notes notes;
} tally_partitions;

/* Some 25 KiB: better not on the stack of a thread. */
void tally_partitions_read(tally_layer *disk, tally_partitions *out);

/* "MBR", "GPT", "no partition table". */
const char *tally_table_name(tally_table table);

#endif
