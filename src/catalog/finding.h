/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a finding is made. Whoever finds something fills a tally_fact and says it in a sentence; the finder looks up rule
 * and status, masks secrets, and passes the finding on.
 */
#ifndef TALLY_CATALOG_FINDING_H
#define TALLY_CATALOG_FINDING_H

#include "base/place.h"
#include "base/text.h"
#include "catalog/rules.h"

/* Where findings go. One thread at a time. `put` may be NULL: then findings are only counted. */
typedef struct tally_finder {
	void (*put)(void *context, const tally_finding *finding);
	void *context;
	const char *document; /* path of the document in hand, or NULL */
	bool strict;          /* warnings become errors */
	uint64_t errors, warnings, notes;
} tally_finder;

/* Counts and passes on what another finder found. */
void tally_finder_relay(tally_finder *finder, const tally_finding *finding);

typedef struct tally_fact {
	tally_rule_symbol rule;
	bool use_level;    /* `level` replaces the rule's: metadata and properties share rules */
	tally_level level;
	const char *status; /* replaces the rule's, or NULL */
	bool in_document;  /* `place` is set */
	tally_place place;
	const char *blob_path, *file_path;
	bool has_range;
	uint64_t offset, length;
	tally_text expected, actual; /* shortened when long; data NULL: none */
} tally_fact;

void tally_find_fact(tally_finder *finder, const tally_fact *fact, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Copies `text` into `out`, secrets masked, at most `size` - 1 bytes, cut at a character with "…" behind it. Masked are
 * values of sig= and AccountKey=, account keys (Base64 of 64 bytes) and BitLocker recovery passwords (48 digits).
 */
void tally_mask(tally_text text, char *out, size_t size);
/* Whether tally_mask would mask something. */
bool tally_has_secret(tally_text text);

#define TALLY_MASKED_PATH 2048
/* A path as it may be shown: itself, or, when it holds a secret, `copy` with that masked, cut if need be. NULL gives NULL. */
const char *tally_mask_path(const char *path, char copy[TALLY_MASKED_PATH]);

#endif
