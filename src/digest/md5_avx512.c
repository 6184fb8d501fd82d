/* SPDX-License-Identifier: Apache-2.0 */
/* Intel servers since 2017, AMD since 2022: 32 lanes. Compiled with -mavx512f. */
#define MD5_RUN tally_md5_run_avx512
#define MD5_WIDTH 16
#define MD5_SETS 2
#define MD5_SELECT 1
#include "digest/md5_lanes.h"
