/* SPDX-License-Identifier: Apache-2.0 */
/* Any processor: one stream in ordinary registers. Faster than lanes that are nearly all idle. */
#define MD5_RUN tally_md5_run_plain
#define MD5_WIDTH 1
#define MD5_SETS 1
#define MD5_SELECT 0
#include "digest/md5_lanes.h"
