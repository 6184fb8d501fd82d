/* SPDX-License-Identifier: Apache-2.0 */
/* The standard drive of a stage as a whole disk, as it is shipped: GPT, BitLocker, NTFS; and what comes of checking it.
 */
#ifndef TALLY_TESTS_VERIFY_IMAGE_STAGE_H
#define TALLY_TESTS_VERIFY_IMAGE_STAGE_H

#include "maker/image_maker.h"
#include "verify/stage.h"
#include "verify/transcript.h"

typedef struct image_stage {
	stage s;
	char volume[192], disk[192], key_file[192]; /* paths; nothing is there yet */
	char digits[56], other_digits[56];
	transcript t; /* of the last check */
} image_stage;

/* A stage with the standard drive, and a journal that has `digits` as the volume's key. */
void image_begin(image_stage *im);
/* The same without a drive yet, for tests that make their own with stage_begin. */
void image_begin_empty(image_stage *im);
void image_end(image_stage *im);

/* To be opened by the journal's key, which takes time. */
bitlocker_options image_lock(const image_stage *im);
/* To be opened by the key in key_file, which doesn't; and writes that, and has checks use it. */
bitlocker_options image_lock_fast(image_stage *im);

/* The drive as a volume of NTFS, anew; returns its bytes. */
uint64_t image_put_volume(const image_stage *im, const ntfs_options *options);
/* The drive as a whole disk, locked with `options`; NULL: image_lock_fast. */
void image_put_disk(image_stage *im, const bitlocker_options *options);

/* Checks what is at `path`, and keeps what is told. */
void image_check(image_stage *im, const char *path);
/* Asserts what the last check told, and forgets it. `findings` NULL: any. */
void image_expect(image_stage *im, const char *what, const char *status, int exit_status, const char *findings);

#endif
