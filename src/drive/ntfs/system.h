/* SPDX-License-Identifier: Apache-2.0 */
/* What NTFS keeps about a volume in files of its own: $UpCase, $Volume, $BadClus. */
#ifndef TALLY_DRIVE_NTFS_SYSTEM_H
#define TALLY_DRIVE_NTFS_SYSTEM_H

#include "drive/ntfs/volume.h"

/* Fills volume->upcase, ->bad and the facts. What can't be read is noted there. TALLY_ERROR_NO_MEMORY. */
tally_result tally_ntfs_load_system(tally_ntfs *volume, tally_error *error);

#endif
