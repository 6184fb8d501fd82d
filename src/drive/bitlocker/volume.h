/* SPDX-License-Identifier: Apache-2.0 */
/* An opened volume, as the files of this folder know it. */
#ifndef TALLY_DRIVE_BITLOCKER_VOLUME_H
#define TALLY_DRIVE_BITLOCKER_VOLUME_H

#include "drive/bitlocker/metadata.h"
#include "drive/bitlocker/sectors.h"

struct tally_bitlocker {
	tally_layer *volume;
	tally_bitlocker_facts facts;
	tally_bitlocker_outcome known; /* without a key */
	tally_metadata metadata;       /* points into block */
	uint8_t *block;
	tally_layer *view; /* NULL until it is unlocked */
};

/* Takes `key`, which is secret memory, in any case. TALLY_ERROR_NO_MEMORY. */
tally_result tally_bitlocker_view_open(tally_layer *volume, const tally_bitlocker_facts *facts, tally_volume_key *key,
				       tally_layer **view, tally_error *error);
void tally_bitlocker_view_free(tally_layer *view);

#endif
