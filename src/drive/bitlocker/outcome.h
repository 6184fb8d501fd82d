/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_DRIVE_BITLOCKER_OUTCOME_H
#define TALLY_DRIVE_BITLOCKER_OUTCOME_H

#include "drive/bitlocker/bitlocker.h"

/* Fills *outcome. */
void tally_bitlocker_say(tally_bitlocker_outcome *outcome, tally_bitlocker_status status, tally_bitlocker_reason reason,
			 const char *format, ...) TALLY_PRINTF(4, 5);

#endif
