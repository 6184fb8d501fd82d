/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd about a disk though it can be read: sentences for people, in the order in which they were noticed. */
#ifndef TALLY_DRIVE_IMAGE_NOTES_H
#define TALLY_DRIVE_IMAGE_NOTES_H

#include "base/error.h"

#define TALLY_NOTES_MAX 8
#define TALLY_NOTE_SIZE 240

typedef struct tally_notes {
	unsigned count;   /* of those that are here */
	unsigned dropped; /* for which there was no room */
	char text[TALLY_NOTES_MAX][TALLY_NOTE_SIZE];
} tally_notes;

void tally_notes_add(tally_notes *notes, const char *format, ...) TALLY_PRINTF(2, 3);

#endif
