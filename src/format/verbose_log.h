/* SPDX-License-Identifier: Apache-2.0 */
/* Verbose logs since 2021-08-01 (formats.md C-05): a File element for each file that was copied, with its CRC-64. */
#ifndef TALLY_FORMAT_VERBOSE_LOG_H
#define TALLY_FORMAT_VERBOSE_LOG_H

#include "format/format.h"

extern const tally_format tally_verbose_log_format;

#endif
