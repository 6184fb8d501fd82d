/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding equal texts among millions in 16 bytes each. A text becomes a keyed 64-bit fingerprint (SipHash with a
 * random key of OpenSSL's, so that nobody can prepare collisions); equal fingerprints are a suspicion, which the
 * caller confirms by looking at the texts again. Records are appended, then sorted in place: no table that must be kept
 * half empty, no second copy while it grows.
 */
#ifndef TALLY_BASE_FINGERPRINT_H
#define TALLY_BASE_FINGERPRINT_H

#include "base/error.h"

typedef struct tally_fingerprinter tally_fingerprinter;

/* A fresh random key for each. One thread at a time. Freed with tally_fingerprinter_free (NULL is fine). */
tally_result tally_fingerprinter_new(tally_fingerprinter **fingerprinter, tally_error *error);
void tally_fingerprinter_free(tally_fingerprinter *fingerprinter);
/* Begin, any number of updates, end. */
void tally_fingerprint_begin(tally_fingerprinter *fingerprinter);
void tally_fingerprint_update(void *fingerprinter, const char *data, size_t size);
uint64_t tally_fingerprint_end(tally_fingerprinter *fingerprinter);

typedef struct tally_record {
	uint64_t fingerprint;
	uint64_t position; /* where the text stands; the caller's business */
} tally_record;

/* A list of records in chunks: growing never copies. */
typedef struct tally_records {
	tally_record **chunks;
	size_t chunk_count, chunk_capacity;
	size_t count;
} tally_records;

#define TALLY_RECORDS_CHUNK 16384 /* records: 256 KiB */

void tally_records_clear(tally_records *records);
/* TALLY_ERROR_NO_MEMORY or TALLY_OK. */
tally_result tally_records_add(tally_records *records, tally_record record, tally_error *error);
tally_record *tally_records_at(const tally_records *records, size_t index);
/* By fingerprint, then by position; in place, in linear time whatever the values. */
void tally_records_sort(tally_records *records);
/* After sorting. */
bool tally_records_contain(const tally_records *records, uint64_t fingerprint);

#endif
