/* SPDX-License-Identifier: Apache-2.0 */
/* The drive that is an NTFS volume, read without being mounted. */
#ifndef TALLY_DRIVE_NTFS_DRIVE_H
#define TALLY_DRIVE_NTFS_DRIVE_H

#include "drive/drive_class.h"
#include "drive/ntfs/ntfs.h"

typedef struct tally_ntfs_drive_options {
	/* What the volume lies on; NULL: asked of the file behind it where there is one, else taken for flash. */
	const tally_os_medium *medium;
	/* Called once when the drive and the last of its files are closed: for the layers below. Or NULL. */
	void (*release)(void *context);
	void *context;
} tally_ntfs_drive_options;

/*
 * Makes a drive of a volume, which it takes over; the layers stay the caller's until `release`. When it fails
 * (TALLY_ERROR_NO_MEMORY), the volume is still the caller's and `release` isn't called. `options` may be NULL.
 *
 * Look-ups end as drive.h says, and so: a file encrypted with EFS and what belongs to NTFS itself are DENIED, as they
 * are to everybody else under Windows. What only Windows can read (WOF, deduplicated, unknown reparse points) is
 * WINDOWS_ONLY, also on the way. A file whose record or run list is damaged is IO_FAILED with EBADMSG, as is a read of
 * damaged data. While records of $MFT can't be read, a name that isn't found is IO_FAILED and not MISSING, as it may be
 * in one of them.
 *
 * The drive's walk leaves out what belongs to NTFS itself. It meets a directory that is its own parent, or has two
 * names, once; the second time it is visited with ELOOP. A file with damaged record is visited with EBADMSG.
 */
tally_result tally_drive_open_ntfs(tally_ntfs *volume, const tally_ntfs_drive_options *options, tally_drive **drive,
				   tally_error *error);

/* For what a drive has and a directory hasn't: facts, notes. NULL when the drive is of another kind. */
const tally_ntfs *tally_drive_ntfs_volume(const tally_drive *drive);

#endif
