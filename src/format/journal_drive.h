/* SPDX-License-Identifier: Apache-2.0 */
/* DriveState: the XML document in a journal that describes a drive (formats.md J-07). */
#ifndef TALLY_FORMAT_JOURNAL_DRIVE_H
#define TALLY_FORMAT_JOURNAL_DRIVE_H

#include "format/journal.h"
#include "format/journal_scan.h"

/*
 * Reads the value of a DriveState. Findings get their places in the journal. *whole: the document was read to its end
 * and has a DriveId, so that it speaks of a drive. `drive` is cleared with tally_journal_drive_clear in any case.
 */
tally_result tally_journal_drive_read(const tally_journal_field *state, tally_journal_drive *drive, bool keep_key,
				      bool *whole, tally_finder *finder, tally_error *error);
void tally_journal_drive_clear(tally_journal_drive *drive);

#endif
