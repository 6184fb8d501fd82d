/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a check is done, in a file, so that a run that was killed can go on. It only grows, by a record for each
 * segment as soon as its outcome is final, so at most the segments in flight are lost. A record that was torn by a
 * crash is found by its checksum and cut off.
 *
 * A segment is found by the number of its batch and its index there, as a check makes the same batches of the same
 * manifest mostly: what is told of blobs counts for a batch's text only where somebody is told. So a record counts only
 * for a segment of which the manifest says the same, and only while its file is still the one that was read.
 *
 * What could not be read isn't kept: a cable may have slipped, and whoever goes on wants just that to be read again.
 *
 * All but opening and closing may be called by several threads at once.
 */
#ifndef TALLY_VERIFY_CHECKPOINT_H
#define TALLY_VERIFY_CHECKPOINT_H

#include "verify/batch.h"
#include "verify/checkpoint_record.h"

typedef struct tally_checkpoint tally_checkpoint;

/*
 * Opens the file, or makes it. TALLY_ERROR_IO, TALLY_ERROR_NO_MEMORY; TALLY_ERROR_ARGUMENT when it is no checkpoint,
 * belongs to something else than `subject`, is in use, or would lie on the drive at `drive_path`. Such a file is left
 * as it is.
 */
tally_result tally_checkpoint_open(const char *path, const char *drive_path, const tally_checkpoint_subject *subject,
				   tally_checkpoint **checkpoint, tally_error *error);
/* NULL is fine. */
void tally_checkpoint_close(tally_checkpoint *checkpoint);

/*
 * Fills in what is known of a batch's segments, and marks them `recalled`. Opens their files to see whether they are
 * the same, and closes them. TALLY_ERROR_IO, TALLY_ERROR_NO_MEMORY, TALLY_ERROR_NO_FILES.
 */
tally_result tally_checkpoint_recall(tally_checkpoint *checkpoint, tally_batch *batch, tally_drive *drive,
				     struct tally_reading *reading, tally_error *error);
/* Notes a segment whose outcome is final. What was not read (as of a file that can't be opened) isn't kept. */
tally_result tally_checkpoint_note(tally_checkpoint *checkpoint, tally_batch *batch, const tally_batch_segment *segment,
				   tally_error *error);

#endif
