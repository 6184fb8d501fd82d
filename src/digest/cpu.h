/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor and the operating system let us use. */
#ifndef TALLY_DIGEST_CPU_H
#define TALLY_DIGEST_CPU_H

#define TALLY_CPU_SSE2 0x01u
#define TALLY_CPU_AVX2 0x02u
#define TALLY_CPU_AVX512 0x04u /* F: the kernel needs no other part of it */
#define TALLY_CPU_NEON 0x08u
#define TALLY_CPU_CLMUL 0x10u /* carry-less multiplication: PCLMULQDQ or PMULL */
#define TALLY_CPU_ALL 0x1fu

/* A set of TALLY_CPU_…: what both the processor has and the operating system saves on a task switch. */
unsigned tally_cpu_features(void);

#endif
