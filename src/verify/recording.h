/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the first reading of a manifest handed out, kept for the check of its blobs. The form of the whole manifest is
 * judged before the first file is opened, as the service does it, so its blobs are needed a second time; reading them
 * out of memory costs a tenth of parsing them. A manifest that takes more memory than there is for it is parsed again.
 * What only logs tell (snapshots, dispositions, ids of segments) is not kept.
 */
#ifndef TALLY_VERIFY_RECORDING_H
#define TALLY_VERIFY_RECORDING_H

#include "format/manifest.h"

typedef struct tally_recording tally_recording;

/* A part of what a check may take (verify/reading.c): some two hundred thousand blobs of one block. */
#define TALLY_RECORDING_ROOM ((size_t)24 << 20)

/* Of at most `limit` bytes. NULL: no memory. Freed with tally_recording_free (NULL is fine). One thread uses it. */
tally_recording *tally_recording_new(size_t limit);
void tally_recording_free(tally_recording *recording);

/* For the manifest's reader; their context is the recording. */
extern const tally_manifest_events tally_recording_events;

/* Whether nothing is missing of what was handed out: it was not too much, and there was memory for it. */
bool tally_recording_is_whole(const tally_recording *recording);
/*
 * Hands out the same once more, as long as goes_on(context) says so, which is asked before each event. All three events
 * must be there. Texts stay valid as long as the recording.
 */
void tally_recording_replay(const tally_recording *recording, const tally_manifest_events *events,
			    bool (*goes_on)(void *context), void *context);

#endif
