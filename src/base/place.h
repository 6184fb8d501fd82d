/* SPDX-License-Identifier: Apache-2.0 */
/* A place in a document. */
#ifndef TALLY_BASE_PLACE_H
#define TALLY_BASE_PLACE_H

#include <stdint.h>

typedef struct tally_place {
	uint64_t line;   /* from 1 */
	uint64_t offset; /* bytes from the start of the document as it is stored, byte-order mark included */
} tally_place;

#endif
