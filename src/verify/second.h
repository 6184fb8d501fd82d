/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reading of a segment that could not be read: past the page cache, in ever smaller pieces where it fails,
 * so that it is known exactly which bytes the medium doesn't give.
 */
#ifndef TALLY_VERIFY_SECOND_H
#define TALLY_VERIFY_SECOND_H

#include "verify/batch.h"
#include "verify/reading.h"

typedef struct tally_second tally_second;

/* Freed with tally_second_free (NULL is fine). */
tally_result tally_second_new(tally_second **second, tally_reading *reading, tally_error *error);
void tally_second_free(tally_second *second);
/* Fills in what batch.h says of second readings. `file` is the segment's. */
tally_result tally_second_read(tally_second *second, const tally_file *file, tally_batch_segment *segment,
			       tally_error *error);

#endif
