/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/fault.h"

#include <inttypes.h>
#include <stdio.h>

const char *tally_second_words(tally_second_reading second)
{
	static const char *const words[] = {
	    [TALLY_SECOND_NONE] = "",
	    [TALLY_SECOND_RIGHT] = "; flaky: a second reading, past the page cache, gave the right bytes",
	    [TALLY_SECOND_SAME] = "; bad: a second reading, past the page cache, gave the same wrong bytes",
	    [TALLY_SECOND_OTHER] = "; bad: a second reading, past the page cache, gave other wrong bytes",
	    [TALLY_SECOND_FAILED] = "; bad: a second reading, past the page cache, failed",
	    [TALLY_SECOND_READ] = "; flaky: a second reading, past the page cache, gave all bytes",
	};
	return words[second];
}

const char *tally_bad_words(const tally_bad_bytes *bad, char words[TALLY_BAD_WORDS])
{
	words[0] = '\0';
	if (bad->ranges == 0)
		return words;
	uint64_t last = bad->offset + bad->length - 1, others = bad->ranges - 1;
	int size =
	    snprintf(words, TALLY_BAD_WORDS, ": bytes %" PRIu64 " to %" PRIu64 " of the file", bad->offset, last);
	if (others > 0)
		snprintf(words + size, TALLY_BAD_WORDS - (size_t)size, ", and %" PRIu64 " more range%s%s", others,
			 others > 1 ? "s" : "", bad->unknown ? " (the last not tried to its end)" : "");
	else if (bad->unknown)
		snprintf(words + size, TALLY_BAD_WORDS - (size_t)size, " (not tried to their end)");
	return words;
}

void tally_fault_tell(const tally_fault *fault, tally_finder *finder, tally_fact fact, const char *sentence)
{
	char words[TALLY_BAD_WORDS];
	fact.has_range = fault->bad.ranges > 0;
	fact.offset = fault->bad.offset;
	fact.length = fault->bad.length;
	tally_find_fact(finder, &fact, "%s%s%s", sentence, tally_bad_words(&fault->bad, words),
			tally_second_words(fault->second));
}
