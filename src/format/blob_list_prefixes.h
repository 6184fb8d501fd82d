/* SPDX-License-Identifier: Apache-2.0 */
/* Which prefixes of a list select what other entries select too. Bounded, however long the list. */
#ifndef TALLY_FORMAT_BLOB_LIST_PREFIXES_H
#define TALLY_FORMAT_BLOB_LIST_PREFIXES_H

#include "base/error.h"
#include "base/place.h"
#include "base/text.h"

/* Prefixes are few: a list of more is one of paths in disguise. Both together are about 16 MiB. */
#define TALLY_PREFIXES_MAX 100000
#define TALLY_PREFIXES_BYTES_MAX (8 << 20)

typedef struct tally_prefix {
	size_t begin, size; /* in `texts` */
	tally_place place;
	uint64_t swallowed;  /* other entries that it selects */
	tally_place example; /* the first of them in the document */
} tally_prefix;

typedef struct tally_prefixes {
	tally_prefix *items;
	size_t count, capacity;
	char *texts;
	size_t texts_size, texts_capacity;
	uint64_t left_out; /* prefixes beyond the limits */
} tally_prefixes;

void tally_prefixes_clear(tally_prefixes *prefixes);
tally_text tally_prefix_text(const tally_prefixes *prefixes, const tally_prefix *prefix);
tally_result tally_prefixes_add(tally_prefixes *prefixes, tally_text text, tally_place place, tally_error *error);
/*
 * When all are there: leaves those that no other one swallows, each once, with what they swallow counted. After that
 * only the following functions may be called.
 */
void tally_prefixes_settle(tally_prefixes *prefixes);
/* Counts the entry for the prefix that selects it, if there is one. Entries come in the document's order. */
void tally_prefixes_swallow(tally_prefixes *prefixes, tally_text text, tally_place place);
/* Leaves those that swallow something, in the document's order. */
void tally_prefixes_conclude(tally_prefixes *prefixes);

#endif
