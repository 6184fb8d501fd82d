/* SPDX-License-Identifier: Apache-2.0 */
#include "digest/cpu.h"

#if defined(__aarch64__) && defined(__linux__)
#  include <asm/hwcap.h>
#  include <sys/auxv.h>
#endif

unsigned tally_cpu_features(void)
{
	unsigned features = 0;
#if defined(__x86_64__)
	/* Says yes to wide registers only when XCR0 shows that the operating system saves them. */
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse2"))
		features |= TALLY_CPU_SSE2;
	if (__builtin_cpu_supports("avx2"))
		features |= TALLY_CPU_AVX2;
	if (__builtin_cpu_supports("avx512f"))
		features |= TALLY_CPU_AVX512;
	if (__builtin_cpu_supports("pclmul"))
		features |= TALLY_CPU_CLMUL;
#elif defined(__aarch64__)
	/* The architecture's base has NEON, but not the multiplication: a Raspberry Pi 4 lacks it. */
	features |= TALLY_CPU_NEON;
#  if defined(__linux__)
	if ((getauxval(AT_HWCAP) & HWCAP_PMULL) != 0)
		features |= TALLY_CPU_CLMUL;
#  endif
#endif
	return features;
}
