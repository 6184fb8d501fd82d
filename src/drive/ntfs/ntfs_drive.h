/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the NTFS drive share. */
#ifndef TALLY_DRIVE_NTFS_NTFS_DRIVE_H
#define TALLY_DRIVE_NTFS_NTFS_DRIVE_H

#include "drive/ntfs/drive.h"

#include <stdatomic.h>

typedef struct tally_ntfs_drive {
	tally_drive drive;
	tally_ntfs *volume;
	tally_os_medium medium;
	void (*release)(void *context);
	void *context;
	atomic_size_t users; /* open files, and the drive itself until it is closed */
} tally_ntfs_drive;

tally_find tally_ntfs_drive_find(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail);
tally_result tally_ntfs_drive_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
				   void *context, tally_error *error);
tally_file_identity tally_ntfs_drive_identity(const tally_ntfs_drive *drive, const tally_ntfs_file *file);
/* errno for a file that can't be opened as one. */
int tally_ntfs_errno(tally_ntfs_kind kind, const tally_ntfs_reason *reason);

#endif
