/* SPDX-License-Identifier: Apache-2.0 */
/* What a blob list orders, one entry at a time; it is not judged here. */
#ifndef TALLY_FORMAT_BLOB_LIST_EVENTS_H
#define TALLY_FORMAT_BLOB_LIST_EVENTS_H

#include "format/document.h"
#include "io/source.h"

typedef struct tally_list_events {
	/* A path or prefix of blobs. Texts are valid during the call only. Anything but TALLY_OK ends the reading. */
	tally_result (*entry)(void *context, tally_text text, bool is_prefix, tally_place place, tally_error *error);
	/* NULL, or called after each chunk; anything but TALLY_OK ends the reading. */
	tally_result (*progress)(void *context, uint64_t bytes_done, tally_error *error);
} tally_list_events;

/* `complete`: it is well-formed, and no entry of it is unknown or can't be used. TALLY_ERROR_IO when it can't be read.
 */
tally_result tally_list_read(const tally_source *list, const tally_list_events *events, void *context, bool *complete,
			     tally_error *error);
/*
 * One entry once more, from the offset of its start tag on, in whatever encoding the list has. `found`: it was there,
 * and `entry` was called, with a place that counts from there.
 */
tally_result tally_list_read_entry(const tally_source *list, uint64_t offset, const tally_list_events *events,
				   void *context, bool *found, tally_error *error);

#endif
