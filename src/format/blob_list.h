/* SPDX-License-Identifier: Apache-2.0 */
/* Export blob lists and Data Box export orders (formats.md section 5). */
#ifndef TALLY_FORMAT_BLOB_LIST_H
#define TALLY_FORMAT_BLOB_LIST_H

#include "format/format.h"

extern const tally_format tally_blob_list_format;

#endif
