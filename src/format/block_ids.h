/* SPDX-License-Identifier: Apache-2.0 */
/* The block ids of one blob: does one id stand for different blocks (formats.md M-45)? */
#ifndef TALLY_FORMAT_BLOCK_IDS_H
#define TALLY_FORMAT_BLOCK_IDS_H

#include "base/place.h"
#include "base/text.h"

#define TALLY_BLOCK_ID_MAX 64 /* bytes before Base64 (Put Block) */

typedef struct tally_block_ids tally_block_ids;

/* NULL when memory is short. Holds TALLY_BLOCKS_MAX ids at most, so its memory is bounded whatever the manifest. */
tally_block_ids *tally_block_ids_new(void);
void tally_block_ids_free(tally_block_ids *ids);
/*
 * `id` is decoded, 1…TALLY_BLOCK_ID_MAX bytes. False when memory is short. Ids beyond the 50,000th are not kept: that
 * the blob has too many blocks is an error by itself.
 */
bool tally_block_ids_add(tally_block_ids *ids, const uint8_t *id, size_t id_size, uint64_t length, const uint8_t md5[16],
			 tally_place place);
/*
 * At the blob's end: tells each block whose id stands for other content too, in order of the ids, and forgets them all
 * for the next blob.
 */
void tally_block_ids_end(tally_block_ids *ids, void (*conflict)(void *context, tally_place place), void *context);

#endif
