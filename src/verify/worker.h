/* SPDX-License-Identifier: Apache-2.0 */
/* What a hashing thread does with a batch: opens the files, hashes the segments, looks at the side files. */
#ifndef TALLY_VERIFY_WORKER_H
#define TALLY_VERIFY_WORKER_H

#include "digest/digest.h"
#include "verify/batch.h"
#include "verify/reading.h"
#include "verify/whole.h"

typedef struct tally_worker tally_worker;

/* `drive` and `reading` must outlive the worker. One thread uses it. Freed with tally_worker_free (NULL is fine). */
tally_result tally_worker_new(tally_worker **worker, tally_drive *drive, tally_reading *reading, bool is_export,
			      bool crc64, tally_error *error);
void tally_worker_free(tally_worker *worker);
/* On the thread that is going to run it: once before, and once after. */
void tally_worker_enter(tally_worker *worker);
void tally_worker_leave(tally_worker *worker);
/* Fills in the outcomes; batch->result and batch->error tell of errors of the run. */
void tally_worker_run(tally_worker *worker, tally_batch *batch);

/*
 * A side file, read by `bytes`: found, hash, form. Also called for the files of a whole list, and again to tell what is
 * wrong.
 */
tally_result tally_side_check_run(tally_side_check *check, tally_drive *drive, tally_whole *bytes, bool is_properties,
				  bool is_export, tally_finder *finder, tally_error *error);

#endif
