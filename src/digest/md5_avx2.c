/* SPDX-License-Identifier: Apache-2.0 */
/* Intel since 2013, AMD since 2015: 24 lanes. Compiled with -mavx2. */
#define MD5_RUN tally_md5_run_avx2
#define MD5_WIDTH 8
#define MD5_SETS 3
#define MD5_SELECT 0
#include "digest/md5_lanes.h"
