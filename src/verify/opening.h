/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first stages of the replay: disk → partition → BitLocker volume → unlock → NTFS. Of a mounted directory the
 * operating system has done them all, and nothing can be said about them.
 */
#ifndef TALLY_VERIFY_OPENING_H
#define TALLY_VERIFY_OPENING_H

#include "drive/bitlocker/bitlocker.h"
#include "drive/drive.h"
#include "drive/image/disk.h"
#include "drive/image/partitions.h"
#include "io/disk.h"

struct tally_run;

/* What was opened in order to get at the drive, from the bottom. Each may be NULL. */
typedef struct tally_opened {
	tally_disk *disk;
	tally_partitions *partitions;
	tally_layer *volume;
	tally_bitlocker *bitlocker;
	bool has_facts; /* `facts` are the drive's own */
	tally_os_disk facts;
	bool was_unlocked;
	/* Of run->keys none opens the volume. Which were meant for it, their owner knows: nothing was told of it. */
	bool is_refused;
	tally_bitlocker_outcome refusal;
	size_t key_of; /* number of the key that unlocked it, as an entry of the journal's; SIZE_MAX: none of them */
} tally_opened;

/*
 * Opens the drive that the options name. What stands in the way is told, and run->drive stays NULL; then there is
 * nothing more to check.
 */
tally_result tally_run_open_drive(struct tally_run *run, tally_error *error);
/* Tells what is wrong with the volume, or what came of its key. */
void tally_run_tell_bitlocker(struct tally_run *run, const tally_bitlocker_outcome *outcome);
/* Closes the drive and all that is below it. */
void tally_run_close_drive(struct tally_run *run);

/* disk.c: asks the kernel what it knows of the disk, of a device or a mounted drive. */
void tally_run_ask_disk(struct tally_run *run);
/* Holds that against the disks that the service takes. */
void tally_run_judge_disk(struct tally_run *run);
/* And against the manifest's drive id, which is the disk's serial number. */
void tally_run_compare_serial(struct tally_run *run);

#ifdef TALLY_FAULT_INJECTION
/* Test only: answers instead of the kernel. 0 or -errno. */
extern int (*tally_disk_answer)(const char *path, tally_os_disk *disk);
#endif

#endif
