/* SPDX-License-Identifier: Apache-2.0 */
/* driveset.csv of the V2 tool (formats.md T-16, T-17): which drives to prepare, and how. */
#ifndef TALLY_FORMAT_DRIVE_SET_H
#define TALLY_FORMAT_DRIVE_SET_H

#include "format/format.h"

extern const tally_format tally_drive_set_format;

#endif
