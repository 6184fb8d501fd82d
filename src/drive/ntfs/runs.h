/* SPDX-License-Identifier: Apache-2.0 */
/* Run lists: where the clusters of a stream are on the volume. */
#ifndef TALLY_DRIVE_NTFS_RUNS_H
#define TALLY_DRIVE_NTFS_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_NTFS_HOLE UINT64_MAX
/* 96 MiB of memory. A file in more pieces than this doesn't fit into what an attribute list of Windows can hold. */
#define TALLY_NTFS_RUNS_MAX ((size_t)4 << 20)

/* `count` clusters of the stream from `vcn` on lie from `lcn` on, or nowhere: a hole, which reads as zeros. */
typedef struct tally_ntfs_run {
	uint64_t vcn, lcn, count;
} tally_ntfs_run;

typedef struct tally_ntfs_runs {
	tally_ntfs_run *items; /* without gaps, from VCN 0 on */
	size_t count, capacity;
	uint64_t vcns; /* clusters in all */
} tally_ntfs_runs;

typedef struct tally_ntfs_run_limits {
	uint64_t clusters; /* of the volume */
	uint64_t vcns;     /* of a stream, so that bytes can be counted */
} tally_ntfs_run_limits;

typedef enum tally_ntfs_runs_result {
	TALLY_NTFS_RUNS_OK,
	TALLY_NTFS_RUNS_DAMAGED,
	TALLY_NTFS_RUNS_TOO_MANY,
	TALLY_NTFS_RUNS_NO_MEMORY
} tally_ntfs_runs_result;

/*
 * Appends the mapping pairs of an attribute, which must give just the clusters up to `last_vcn`, all of them within the
 * limits. When it fails the runs may hold a part, and must still be cleared.
 */
tally_ntfs_runs_result tally_ntfs_runs_add(tally_ntfs_runs *runs, const uint8_t *pairs, uint32_t size,
					   uint64_t last_vcn, const tally_ntfs_run_limits *limits);
/* The run that holds `vcn`; NULL beyond the end. */
const tally_ntfs_run *tally_ntfs_runs_at(const tally_ntfs_runs *runs, uint64_t vcn);
void tally_ntfs_runs_clear(tally_ntfs_runs *runs);

#endif
