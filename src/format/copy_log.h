/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copy logs since 2021-08-01 (formats.md section 4): any number of ErroredEntity, then a CopyLog that sums them up.
 * Streams; of each entity one message and one path are kept.
 */
#ifndef TALLY_FORMAT_COPY_LOG_H
#define TALLY_FORMAT_COPY_LOG_H

#include "format/format.h"

extern const tally_format tally_copy_log_format;

#endif
