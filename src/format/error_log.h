/* SPDX-License-Identifier: Apache-2.0 */
/* Validation logs of the tools (formats.md C-16): ErrorLog, with the files and containers that can't be copied. */
#ifndef TALLY_FORMAT_ERROR_LOG_H
#define TALLY_FORMAT_ERROR_LOG_H

#include "format/format.h"

extern const tally_format tally_error_log_format;

#endif
