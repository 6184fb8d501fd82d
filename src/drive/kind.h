/* SPDX-License-Identifier: Apache-2.0 */
/* What a file that somebody gave us as a drive is, by its content, not by its name. */
#ifndef TALLY_DRIVE_KIND_H
#define TALLY_DRIVE_KIND_H

#include "base/error.h"

typedef enum tally_drive_kind {
	TALLY_DRIVE_ARCHIVE, /* tar, zip, 7z, ISO 9660, cpio, packed or not */
	TALLY_DRIVE_PACKED,  /* packed as an archive can be, but there is none in it */
	TALLY_DRIVE_OTHER    /* any other content: disks say themselves what they are */
} tally_drive_kind;

/* TALLY_ERROR_IO when the file can't be opened, or is none. */
tally_result tally_drive_recognise(const char *path, tally_drive_kind *kind, tally_error *error);

#endif
