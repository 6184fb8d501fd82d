/* SPDX-License-Identifier: Apache-2.0 */
/* Run lists of NTFS: whatever the pairs are, what is made of them hangs together and stays on the volume. */
#include "drive/ntfs/runs.h"
#include "fuzz.h"

enum { STAGE_DECODED = 1 };
const unsigned fuzz_deepest = STAGE_DECODED;

static const tally_ntfs_run_limits limits = {.clusters = UINT64_C(1) << 28, .vcns = (uint64_t)INT64_MAX / 4096};

static void check(const tally_ntfs_runs *runs)
{
	uint64_t vcn = 0;
	for (size_t i = 0; i < runs->count; i++) {
		const tally_ntfs_run *run = &runs->items[i];
		if (run->vcn != vcn || run->count == 0)
			fuzz_fail("runs with a gap");
		if (run->lcn != TALLY_NTFS_HOLE &&
		    (run->lcn >= limits.clusters || run->count > limits.clusters - run->lcn))
			fuzz_fail("a run that leaves the volume");
		if (tally_ntfs_runs_at(runs, vcn) != run || tally_ntfs_runs_at(runs, vcn + run->count - 1) != run)
			fuzz_fail("a run that isn't found");
		vcn += run->count;
	}
	if (vcn != runs->vcns || vcn > limits.vcns || tally_ntfs_runs_at(runs, vcn) != NULL)
		fuzz_fail("a wrong sum of clusters");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	uint32_t pairs = (uint32_t)input.size;
	tally_ntfs_runs runs = {0};
	fuzz_arm(input.fail);
	tally_ntfs_runs_result first = tally_ntfs_runs_add(&runs, input.data, pairs, 0, &limits);
	bool met = fuzz_disarm();
	check(&runs);
	if (met != (first == TALLY_NTFS_RUNS_NO_MEMORY))
		fuzz_fail("a failed allocation was reported as something else");
	uint64_t clusters = runs.vcns;
	tally_ntfs_runs_clear(&runs);
	if (met)
		return 0;
	/* How many there must be is known now: then only what is wrong in itself is refused. */
	tally_ntfs_runs_result second = tally_ntfs_runs_add(&runs, input.data, pairs, clusters - 1, &limits);
	check(&runs);
	if (second == TALLY_NTFS_RUNS_OK && runs.count > 1)
		fuzz_stage = STAGE_DECODED;
	if (first == TALLY_NTFS_RUNS_OK && second != TALLY_NTFS_RUNS_OK)
		fuzz_fail("a good list is refused");
	tally_ntfs_runs_clear(&runs);
	return 0;
}
