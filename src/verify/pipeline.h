/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches go round: the calling thread fills one, a worker hashes it, the calling thread takes the results in the order
 * in which it filled them. A ring of a fixed number of batches bounds the memory and holds back the parser.
 */
#ifndef TALLY_VERIFY_PIPELINE_H
#define TALLY_VERIFY_PIPELINE_H

#include "verify/worker.h"

typedef struct tally_pipeline tally_pipeline;

/*
 * `take` receives finished batches in order, on the calling thread. `jobs` 1…256 threads.
 * Freed with tally_pipeline_free (NULL is fine), which waits for the threads.
 */
tally_result tally_pipeline_new(tally_pipeline **pipeline, tally_drive *drive, bool is_export, unsigned jobs,
				tally_result (*take)(void *context, tally_batch *batch, tally_error *error), void *context,
				tally_error *error);
void tally_pipeline_free(tally_pipeline *pipeline);

/* The batch to fill. */
tally_batch *tally_pipeline_batch(tally_pipeline *pipeline);
/* It is full: hands it over and gets an empty one, which may mean waiting for the oldest and taking its results. */
tally_result tally_pipeline_submit(tally_pipeline *pipeline, tally_error *error);
/* Hands over the last batch and takes all results. */
tally_result tally_pipeline_finish(tally_pipeline *pipeline, tally_error *error);

#endif
