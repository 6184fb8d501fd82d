/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of one directory, read once. Sorted by their folded form, so that a look-up that overlooks case is a binary
 * search: no hashing, hence nothing that a hostile drive could make collide. Costs 17 bytes and its length for a name.
 */
#ifndef TALLY_DRIVE_LISTING_H
#define TALLY_DRIVE_LISTING_H

#include "base/windows_path.h"

typedef struct tally_name {
	const char *text; /* ends in NUL */
	uint32_t size;
	uint8_t type; /* DT_… of <dirent.h>, as far as the file system tells */
	bool clashes; /* another name of the directory is the same for NTFS */
} tally_name;

typedef struct tally_listing {
	tally_name *names;
	size_t count;
	char *arena;  /* the names' texts */
	size_t bytes; /* memory held */
} tally_listing;

/* Reads the directory behind `dir`, which may be an O_PATH descriptor. 0 or -errno, with nothing to be freed. */
int tally_listing_read(tally_listing *listing, int dir, bool keep_access_time);
void tally_listing_free(tally_listing *listing);

/*
 * The names that are `name` for NTFS: none, one, or two for several, the first of them in *first and the second right
 * after it. It stops at two, as a directory can be made of nothing but such names.
 */
unsigned tally_listing_find(const tally_listing *listing, tally_text name, const tally_name **first);

/* Gives up the order that tally_listing_find needs for that of the names' bytes. */
void tally_listing_sort_by_bytes(tally_listing *listing);

#endif
