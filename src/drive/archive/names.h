/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of an archive as the tree that they would be unpacked to: an entry replaces an earlier one of its name.
 * About 60 bytes a name, and the name itself.
 *
 * Threads: any number may look while nobody adds, but tally_names_find only one at a time.
 */
#ifndef TALLY_DRIVE_ARCHIVE_NAMES_H
#define TALLY_DRIVE_ARCHIVE_NAMES_H

#include "base/fingerprint.h"
#include "base/text.h"
#include "drive/archive/reader.h"

#define TALLY_NODE_ROOT 0
#define TALLY_NODE_NONE UINT32_MAX

/* A hostile archive of a few kilobytes can hold any number of names: no drive has so many, or so long ones. */
#define TALLY_NAMES_MAX 16000000
#define TALLY_NAMES_BYTES_MAX (UINT64_C(4) << 30) /* of all paths as they stand in the archive */

typedef struct tally_name_node {
	uint64_t text; /* where its name is */
	uint64_t size; /* of a file */
	uint32_t parent;
	uint32_t next, next_alike; /* in their chains of the tables */
	uint32_t child, sibling;   /* children, in the order in which they came, backwards */
	uint32_t other;            /* another name in its directory that is the same for NTFS; or NONE */
	uint32_t same_as;          /* of a hard link: the file, or NONE */
	uint32_t same_entry;       /* … and its entry then: what replaces it later is not what was linked */
	uint32_t entry;            /* the number of its last entry; NONE: no entry of its own */
	uint32_t kept;             /* for whoever keeps bytes of it: 0 at first */
	uint16_t text_size;
	uint8_t kind; /* tally_archive_kind */
	bool has_size, encrypted, has_holes;
} tally_name_node;

typedef struct tally_names {
	tally_name_node *nodes;
	size_t count, capacity;
	char *texts;
	size_t texts_size, texts_capacity;
	uint64_t bytes;          /* of all paths that came */
	uint32_t *exact, *alike; /* chains by keyed hash, as many as table_size */
	size_t table_size;
	tally_fingerprinter *fingerprinter;
} tally_names;

typedef enum tally_names_outcome { TALLY_NAMES_DONE, TALLY_NAMES_FULL, TALLY_NAMES_FAILED } tally_names_outcome;

tally_result tally_names_init(tally_names *names, tally_error *error);
void tally_names_release(tally_names *names);
tally_text tally_names_text(const tally_names *names, uint32_t node);
/*
 * Takes an entry whose name has no fault. `number`: the archive's how many-th it is. *node: NONE for one that counts
 * for nothing. *replaced: there was one of this name before. FULL: more names than any drive has; FAILED: `error` says
 * why.
 */
tally_names_outcome tally_names_add(tally_names *names, const tally_archive_entry *entry, uint32_t number,
				    uint32_t *node, bool *replaced, tally_error *error);

/*
 * The one name in a directory that is spelt so, or else that NTFS takes for it; NONE when there is none. *other is
 * another one that NTFS takes for it, where none is spelt so, or NONE.
 */
uint32_t tally_names_find(tally_names *names, uint32_t directory, tally_text component, uint32_t *other);
/* Writes the children of a directory in the order of their bytes into a growing array from `count` on. */
tally_result tally_names_list(const tally_names *names, uint32_t directory, uint32_t **list, size_t *count,
			      size_t *capacity, tally_error *error);
/* The file that has a hard link's bytes, through at most a few links; NONE when there is none. */
uint32_t tally_names_file_of(const tally_names *names, uint32_t node);

#endif
