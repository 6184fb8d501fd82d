/* SPDX-License-Identifier: Apache-2.0 */
/* Path map of RepairImport (formats.md T-21): where the files are that replace damaged ones. */
#ifndef TALLY_FORMAT_PATH_MAP_H
#define TALLY_FORMAT_PATH_MAP_H

#include "format/format.h"

extern const tally_format tally_path_map_format;

#endif
