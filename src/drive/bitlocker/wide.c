/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/wide.h"

#include <string.h>

#define BLOCK 16
#define GROUP 512 /* bytes; every sector is a multiple of that */

#define SUFFIX plain
#define WIDTH 16
#define TARGET
#include "drive/bitlocker/wide_kernel.h"

#ifdef __x86_64__
#  define SUFFIX avx2
#  define WIDTH 32
#  define TARGET __attribute__((target("avx2")))
#  include "drive/bitlocker/wide_kernel.h"

#  define SUFFIX avx512
#  define WIDTH 64
#  define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#  include "drive/bitlocker/wide_kernel.h"
#endif

static const tally_wide kernels[] = {
    {"plain", tweak_plain, mask_plain, chain_plain},
#ifdef __x86_64__
    {"avx2", tweak_avx2, mask_avx2, chain_avx2},
    {"avx512", tweak_avx512, mask_avx512, chain_avx512},
#endif
};

const tally_wide *tally_wide_all(size_t *count)
{
	*count = 1;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		*count = 2;
	if (*count == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
		*count = 3;
#endif
	return kernels;
}

const tally_wide *tally_wide_best(void)
{
	size_t count;
	const tally_wide *all = tally_wide_all(&count);
	return &all[count - 1];
}
