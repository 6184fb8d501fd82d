/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.csv of the V2 tool (formats.md T-11…T-15): what is to be copied, and where to. */
#ifndef TALLY_FORMAT_DATA_SET_H
#define TALLY_FORMAT_DATA_SET_H

#include "format/format.h"

extern const tally_format tally_data_set_format;

#endif
