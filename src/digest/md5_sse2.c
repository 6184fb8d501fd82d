/* SPDX-License-Identifier: Apache-2.0 */
/* Every x86-64: 12 lanes. Compiled with -msse2. */
#define MD5_RUN tally_md5_run_sse2
#define MD5_WIDTH 4
#define MD5_SETS 3
#define MD5_SELECT 0
#include "digest/md5_lanes.h"
