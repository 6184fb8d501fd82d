/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches go round: the calling thread fills one, a worker hashes it, the calling thread takes the results in the order
 * in which it filled them. A ring of a fixed number of batches bounds the memory and holds back the parser.
 */
#ifndef TALLY_VERIFY_PIPELINE_H
#define TALLY_VERIFY_PIPELINE_H

#include "verify/worker.h"

typedef struct tally_pipeline tally_pipeline;

typedef struct tally_pipeline_options {
	bool is_export;
	bool crc64; /* of each segment */
} tally_pipeline_options;

typedef struct tally_pipeline_sink {
	void *context;
	/* Receives finished batches in order, on the calling thread. */
	tally_result (*take)(void *context, tally_batch *batch, tally_error *error);
	/* Called now and then while there is nothing to take, on the calling thread; anything but TALLY_OK ends the
	 * wait. */
	tally_result (*wait)(void *context, tally_error *error);
} tally_pipeline_sink;

/*
 * `drive` and `reading` must outlive it. Freed with tally_pipeline_free (NULL is fine), which stops the reading and
 * waits for the threads; what they have not finished by then, they leave unfinished.
 */
tally_result tally_pipeline_new(tally_pipeline **pipeline, tally_drive *drive, tally_reading *reading,
				const tally_pipeline_options *options, const tally_pipeline_sink *sink,
				tally_error *error);
void tally_pipeline_free(tally_pipeline *pipeline);

/* The batch to fill. */
tally_batch *tally_pipeline_batch(tally_pipeline *pipeline);
/* It is full: hands it over and gets an empty one, which may mean waiting for the oldest and taking its results. */
tally_result tally_pipeline_submit(tally_pipeline *pipeline, tally_error *error);
/* Hands over the last batch and takes all results. */
tally_result tally_pipeline_finish(tally_pipeline *pipeline, tally_error *error);

#endif
