/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive for tests of what is read as a whole: the manifest, metadata and properties files. The manifest is too large
 * to stay in memory, and so is one side file.
 */
#ifndef TALLY_TESTS_VERIFY_WHOLE_STAGE_H
#define TALLY_TESTS_VERIFY_WHOLE_STAGE_H

#include "verify/stage.h"
#include "verify/transcript.h"

typedef struct whole_stage {
	stage s;
	char image[192], key_file[192], packed[192]; /* paths; nothing is there yet */
	transcript found;                            /* by the last check; to be cleared */
} whole_stage;

/* Bytes of the long side file, data/b.bin.metadata. */
#define WHOLE_LONG_SIDE 150000

/* The metadata file of the list, for blobs without one of their own. */
extern const char whole_list_metadata[];
/* For a blob; it is read twice: to be judged, and to be told. */
extern const char whole_wrong_metadata[];

/* `metadata` is that of data/a.bin. */
void whole_begin(whole_stage *w, const char *metadata);
void whole_end(whole_stage *w);
/* Bytes of a file of the drive. */
uint64_t whole_size(const whole_stage *w, const char *path);

/* Modes of reading and numbers of threads: of a directory all of them, of an image the first and the last. */
#define WHOLE_WAYS 4
#define WHOLE_WAYS_WITH_IMAGES (WHOLE_WAYS + 2)
/* From WHOLE_WAYS on the drive is checked as it is shipped, as a locked disk. */
void whole_choose_way(whole_stage *w, size_t i);

/* What comes of the drive when nothing is wrong with it. */
#define WHOLE_SEGMENTS "segment: Completed 5"
#define WHOLE_ALL_GOOD "blob: Completed 3; " WHOLE_SEGMENTS "; metadata: Completed 3; properties: Completed 3"

/* What comes of it when something is wrong with a side file. */
typedef struct whole_side {
	const char *path;
	bool is_properties;
	const char *counts[2]; /* when it can't be read, when it is wrong */
} whole_side;

#define WHOLE_SIDES 4
extern const whole_side whole_sides[WHOLE_SIDES];

void whole_check(whole_stage *w);
/* Asserts that the last check told it, or didn't. */
void whole_expect_text(const whole_stage *w, const char *text);
void whole_expect_no_text(const whole_stage *w, const char *text);

#endif
