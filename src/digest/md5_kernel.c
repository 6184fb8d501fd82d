/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/md5_kernel.h"

#include <string.h>

/* `worth` is the time of a kernel's step over that of a step of the plain kernel, rounded up; modelled for NEON. */
static const tally_md5_kernel kernels[] = {
#if defined(__x86_64__)
    {"avx512", TALLY_CPU_AVX512, 32, 2, tally_md5_run_avx512},
    {"avx2", TALLY_CPU_AVX2, 24, 3, tally_md5_run_avx2},
    {"sse2", TALLY_CPU_SSE2, 12, 3, tally_md5_run_sse2},
#elif defined(__aarch64__)
    {"neon", TALLY_CPU_NEON, 12, 4, tally_md5_run_neon},
#endif
    {"plain", 0, 1, 1, tally_md5_run_plain},
};

const tally_md5_kernel *tally_md5_kernels(size_t *count)
{
	*count = sizeof kernels / sizeof kernels[0];
	return kernels;
}

const tally_md5_kernel *tally_md5_kernel_best(unsigned features)
{
	const tally_md5_kernel *kernel = kernels;
	while ((kernel->needs & ~features) != 0)
		kernel++;
	return kernel;
}

const tally_md5_kernel *tally_md5_kernel_named(const char *name, unsigned features)
{
	for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
		if (strcmp(kernels[i].name, name) == 0)
			return (kernels[i].needs & ~features) == 0 ? &kernels[i] : NULL;
	return NULL;
}
