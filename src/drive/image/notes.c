/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/notes.h"

#include <stdio.h>

void tally_notes_add(tally_notes *notes, const char *format, ...)
{
	if (notes->count == TALLY_NOTES_MAX) {
		notes->dropped++;
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(notes->text[notes->count], TALLY_NOTE_SIZE, format, args);
	va_end(args);
	notes->count++;
}
