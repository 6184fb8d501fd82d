/* SPDX-License-Identifier: Apache-2.0 */
/* The MD5 kernels: one source (md5_lanes.h), compiled once for each width of vector. */
#ifndef TALLY_DIGEST_MD5_KERNEL_H
#define TALLY_DIGEST_MD5_KERNEL_H

#include "digest/cpu.h"

#include <stddef.h>
#include <stdint.h>

#define TALLY_MD5_BLOCK 64
#define TALLY_MD5_WORDS 4      /* A, B, C, D of RFC 1321 */
#define TALLY_MD5_PREFETCH 256 /* a kernel fetches the line so many bytes after the block that it loads */

/*
 * Compresses `steps` > 0 blocks of each lane. cursor[lane] is where the lane's bytes are, at any alignment; it is moved
 * past them. The chaining value of a lane is column `lane` of state[TALLY_MD5_WORDS][lanes]. Every lane must have
 * readable bytes: an idle one is pointed at those of another.
 */
typedef void tally_md5_run(uint32_t *state, const uint8_t **cursor, size_t steps);

typedef struct tally_md5_kernel {
	const char *name;
	unsigned needs; /* TALLY_CPU_… */
	unsigned lanes;
	unsigned worth; /* with fewer busy lanes than this, the plain kernel is faster on one after the other */
	tally_md5_run *run;
} tally_md5_kernel;

/* Fastest first. The last is "plain", which needs nothing. */
const tally_md5_kernel *tally_md5_kernels(size_t *count);

/* The fastest that `features` allow. Never NULL. */
const tally_md5_kernel *tally_md5_kernel_best(unsigned features);
/* NULL when there is none of this name or `features` don't allow it. */
const tally_md5_kernel *tally_md5_kernel_named(const char *name, unsigned features);

tally_md5_run tally_md5_run_plain;
#if defined(__x86_64__)
tally_md5_run tally_md5_run_sse2, tally_md5_run_avx2, tally_md5_run_avx512;
#elif defined(__aarch64__)
tally_md5_run tally_md5_run_neon;
#endif

#endif
