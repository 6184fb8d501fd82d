/* SPDX-License-Identifier: Apache-2.0 */
/* What readings of bad media come to, of a segment or of a whole file, and how that is told. */
#ifndef TALLY_VERIFY_FAULT_H
#define TALLY_VERIFY_FAULT_H

#include "catalog/finding.h"

/* What a second reading of what failed came to: past the page cache, right after the first. */
typedef enum tally_second_reading {
	TALLY_SECOND_NONE, /* not needed; or the file was gone */
	TALLY_SECOND_RIGHT,
	TALLY_SECOND_SAME,  /* the same wrong bytes */
	TALLY_SECOND_OTHER, /* wrong, but not as before */
	TALLY_SECOND_FAILED,
	TALLY_SECOND_READ /* bytes of which nobody knows whether they are right */
} tally_second_reading;

/* Bytes of a file with something wrong: the first of `ranges` such ranges. */
typedef struct tally_bad_bytes {
	uint64_t offset, length;
	uint64_t ranges; /* 0: none is known */
	bool unknown;    /* the last one may end earlier: reading was given up */
} tally_bad_bytes;

/* What was wrong with the first reading of a file. */
typedef struct tally_fault {
	bool met;
	int os_error; /* bytes could not be read; 0: they were, and were not the right ones */
	tally_second_reading second;
	tally_bad_bytes bad; /* those that can't be read, or that differ from one reading to the other */
} tally_fault;

/* What the second reading adds to the sentence: whether it is the drive's state or its mood. Static; "" for NONE. */
const char *tally_second_words(tally_second_reading second);

#define TALLY_BAD_WORDS 128
/* ": bytes 512 to 1023 of the file, and 1 more range"; "" when none is known. Returns `words`. */
const char *tally_bad_words(const tally_bad_bytes *bad, char words[TALLY_BAD_WORDS]);

/* Tells a fact of a whole file: `sentence`, where, and what the second reading adds. */
void tally_fault_tell(const tally_fault *fault, tally_finder *finder, tally_fact fact, const char *sentence);

#endif
