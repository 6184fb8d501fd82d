/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists that a Data Box keeps of its files (formats.md C-16): the bill of materials, a line for each file with size
 * and CRC-64, and error.xml, a line for each file that can't be uploaded.
 */
#ifndef TALLY_FORMAT_BOX_LISTS_H
#define TALLY_FORMAT_BOX_LISTS_H

#include "format/format.h"

extern const tally_format tally_bill_of_materials_format;
extern const tally_format tally_error_list_format;

#endif
