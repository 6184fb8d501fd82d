/* SPDX-License-Identifier: Apache-2.0 */
/* Every arm64: 12 lanes. */
#define MD5_RUN tally_md5_run_neon
#define MD5_WIDTH 4
#define MD5_SETS 3
#define MD5_SELECT 1
#include "digest/md5_lanes.h"
