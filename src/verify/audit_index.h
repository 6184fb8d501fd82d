/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What logs say, by the names that they say it of: 48 bytes an entry, whatever its texts. An entry is found by a keyed
 * fingerprint of a name, which is a suspicion; who wants to blame somebody reads its texts again from the log.
 */
#ifndef TALLY_VERIFY_AUDIT_INDEX_H
#define TALLY_VERIFY_AUDIT_INDEX_H

#include "base/fingerprint.h"
#include "format/log_events.h"

typedef enum tally_audit_flag {
	TALLY_AUDIT_HAS_SIZE = 1,
	TALLY_AUDIT_HAS_CRC64 = 2,
	TALLY_AUDIT_RENAME = 4, /* an ErroredEntity that tells of a new name, not of an error */
	TALLY_AUDIT_CONTAINER = 8,
	TALLY_AUDIT_FAILED = 16, /* the service reports an error */
	TALLY_AUDIT_NAMED = 32,  /* a blob of the manifest has this very name */
	TALLY_AUDIT_MATCHED = 64 /* a blob of the manifest is what this is about */
} tally_audit_flag;

typedef struct tally_audit_entry {
	uint64_t offset; /* in its log */
	uint64_t size;
	uint64_t value;  /* the CRC-64; of an entry of a drive log: the status of its disposition, as below */
	uint32_t line;   /* the highest number stands for all above */
	uint16_t status; /* 1 + its number in the catalogue; 0: none, or not known */
	uint8_t log;
	uint8_t flags;
} tally_audit_entry;

#define TALLY_AUDIT_CHUNK 8192 /* entries: 256 KiB */

typedef struct tally_audit_index {
	tally_fingerprinter *fingerprinter;
	tally_audit_entry **chunks;
	size_t chunk_count, chunk_capacity;
	size_t count;
	tally_records records; /* `position` is the entry's number */
	bool sorted;
} tally_audit_index;

tally_result tally_audit_index_init(tally_audit_index *index, tally_error *error);
void tally_audit_index_clear(tally_audit_index *index);

tally_audit_entry *tally_audit_index_at(const tally_audit_index *index, size_t number);
tally_result tally_audit_index_add(tally_audit_index *index, const tally_audit_entry *entry, tally_error *error);
/* Lets the entry added last be found by `key`. */
tally_result tally_audit_index_name(tally_audit_index *index, uint64_t key, tally_error *error);
/* After all are there, before any is looked for. */
void tally_audit_index_sort(tally_audit_index *index);

/* The `nth` entry of that key, in the order in which they came; NULL when there are fewer. */
tally_audit_entry *tally_audit_index_find(const tally_audit_index *index, uint64_t key, size_t nth);

/*
 * The key of a blob, "container" and "name" with a slash between: logs write either slash (C-06), and a leading one
 * means nothing. `name` may be empty: then it is the key of "container" as it stands, be it a whole path.
 */
uint64_t tally_audit_blob_key(tally_audit_index *index, tally_text container, tally_text name);
/* The key of a snapshot of a blob. */
uint64_t tally_audit_snapshot_key(tally_audit_index *index, tally_text path, tally_text snapshot);
/* The key of a file on the drive, as NTFS compares names. */
uint64_t tally_audit_file_key(tally_audit_index *index, tally_text path);
/* Whether two texts would have the same blob key but for chance. */
bool tally_audit_same_blob(tally_text a, tally_text b);

static inline uint16_t tally_audit_status_number(const tally_status *status)
{
	return status != NULL ? (uint16_t)(status - tally_status_at(0) + 1) : 0;
}

static inline const tally_status *tally_audit_status_of(uint64_t number)
{
	return number != 0 ? tally_status_at((size_t)number - 1) : NULL;
}

#endif
