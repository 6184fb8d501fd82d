/* SPDX-License-Identifier: Apache-2.0 */
/* Where the key of a BitLocker volume comes from: a file of the user's, the journal, or the user. */
#ifndef TALLY_VERIFY_KEYS_H
#define TALLY_VERIFY_KEYS_H

#include "drive/bitlocker/bitlocker.h"

struct tally_run;

/*
 * Tries what keys there are. outcome: what came of the last one that was tried, or of the one that unlocked it.
 * TALLY_ERROR_ARGUMENT when there is no key at all; TALLY_ERROR_IO when the key's file can't be read.
 */
tally_result tally_run_unlock(struct tally_run *run, tally_bitlocker *volume, tally_bitlocker_outcome *outcome,
			      tally_error *error);

#endif
