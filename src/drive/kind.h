/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody gave us as a drive, by its content, not by its name. */
#ifndef TALLY_DRIVE_KIND_H
#define TALLY_DRIVE_KIND_H

#include "base/error.h"

typedef enum tally_drive_kind {
	TALLY_DRIVE_DIRECTORY,
	TALLY_DRIVE_ARCHIVE, /* tar, zip, 7z, ISO 9660, cpio, packed or not */
	TALLY_DRIVE_IMAGE,   /* a block device, or a file with any other content: disks say themselves what they are */
	TALLY_DRIVE_UNKNOWN  /* an empty file, or something packed that is no archive */
} tally_drive_kind;

/* TALLY_ERROR_IO when there is nothing at `path`, or nothing that can be read twice. */
tally_result tally_drive_recognise(const char *path, tally_drive_kind *kind, tally_error *error);

#endif
