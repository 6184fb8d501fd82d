/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/stored.h"

#include "base/memory.h"
#include "io/scratch.h"

/* 800,000 segments: of blocks of 4 MiB, a drive of 3 TB. */
#define STORED_MEMORY ((size_t)64 << 20)

struct tally_stored {
	tally_scratch *scratch;
};

tally_result tally_stored_new(tally_stored **stored, tally_error *error)
{
	*stored = tally_zalloc(1, sizeof **stored);
	if (*stored == NULL)
		return tally_fail_memory(error);
	tally_result result = tally_scratch_new(&(*stored)->scratch, STORED_MEMORY, error);
	if (result != TALLY_OK) {
		tally_stored_free(*stored);
		*stored = NULL;
	}
	return result;
}

void tally_stored_free(tally_stored *stored)
{
	if (stored == NULL)
		return;
	tally_scratch_free(stored->scratch);
	tally_free(stored);
}

uint64_t tally_stored_count(const tally_stored *stored)
{
	return tally_scratch_size(stored->scratch) / sizeof(tally_stored_segment);
}

tally_result tally_stored_put(tally_stored *stored, uint64_t number, const tally_stored_segment *segment,
			      tally_error *error)
{
	return tally_scratch_write(stored->scratch, number * sizeof *segment, segment, sizeof *segment, error);
}

tally_result tally_stored_get(const tally_stored *stored, uint64_t number, tally_stored_segment *segment,
			      tally_error *error)
{
	int64_t got = tally_scratch_read(stored->scratch, number * sizeof *segment, segment, sizeof *segment);
	if (got < 0)
		return tally_fail_os(error, (int)-got, "can't read a temporary file");
	if (got != (int64_t)sizeof *segment)
		return tally_fail(error, TALLY_ERROR_INTERNAL,
				  "the manifest has more segments than when it was read before");
	return TALLY_OK;
}

tally_result tally_stored_join(tally_stored *stored, uint64_t number, uint64_t other, tally_error *error)
{
	tally_stored_segment segment;
	tally_result result = tally_stored_get(stored, number, &segment, error);
	segment.same = other + 1;
	return result == TALLY_OK ? tally_stored_put(stored, number, &segment, error) : result;
}
