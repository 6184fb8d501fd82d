/* SPDX-License-Identifier: Apache-2.0 */
/* How a drive says what became of a look-up. */
#ifndef TALLY_DRIVE_FIND_DETAIL_H
#define TALLY_DRIVE_FIND_DETAIL_H

#include "drive/drive.h"

/*
 * Fills `detail`, which may be NULL, with "\dir\component <what>" and returns `result`. `component` is a part of
 * `path`; what follows it is left out. `what` has at most 120 bytes.
 */
tally_find tally_find_report(tally_find result, tally_find_detail *detail, tally_text path, tally_text component,
			     int os_error, const char *what);
/* AMBIGUOUS, with two of the names that it could be. */
tally_find tally_find_report_ambiguous(tally_find_detail *detail, tally_text path, tally_text component,
				       const char *name, const char *other);

#endif
