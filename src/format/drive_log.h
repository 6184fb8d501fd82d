/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drive logs (formats.md section 3): DriveLog of the classic service, without version or of 2014-11-01, and of Data Box
 * Disk, 2018-10-01. Streams; of each entry only flags and its two paths are kept.
 */
#ifndef TALLY_FORMAT_DRIVE_LOG_H
#define TALLY_FORMAT_DRIVE_LOG_H

#include "format/format.h"

extern const tally_format tally_drive_log_format;

#endif
