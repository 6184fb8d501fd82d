/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every name on a volume, in 20 bytes and its letters, to be looked up by directory and name as NTFS compares names.
 * The names of a directory stand together. Found by a keyed hash of the folded name, so that nobody can prepare a
 * volume whose names collide.
 *
 * Threads: once finished, any number may look up at once.
 */
#ifndef TALLY_DRIVE_NTFS_NAMES_H
#define TALLY_DRIVE_NTFS_NAMES_H

#include "base/fingerprint.h"
#include "base/siphash.h"
#include "drive/ntfs/arena.h"

#define TALLY_NTFS_NAME_UNITS 255
#define TALLY_NTFS_UPCASE_UNITS 65536
/* Of a name in UTF-8; a lone surrogate takes three bytes, too. */
#define TALLY_NTFS_NAME_BYTES (3 * TALLY_NTFS_NAME_UNITS)

typedef struct tally_ntfs_names {
	tally_records records; /* directory and hash; file and place of the letters in the arena */
	tally_arena arena;     /* letters, and what else the volume keeps of each file */
	uint8_t key[TALLY_SIPHASH_KEY];
	const uint16_t *upcase; /* TALLY_NTFS_UPCASE_UNITS */
} tally_ntfs_names;

typedef struct tally_ntfs_name {
	uint32_t directory, file; /* numbers of records */
	uint16_t directory_sequence, file_sequence;
	bool is_short; /* a name of DOS, beside a proper one */
	bool is_wide;
	uint8_t units;
	const uint8_t *letters; /* UTF-16, or Latin-1 unless it is wide */
} tally_ntfs_name;

/* Draws a key. TALLY_ERROR_INTERNAL when there is no randomness. */
tally_result tally_ntfs_names_begin(tally_ntfs_names *names, const uint16_t *upcase, tally_error *error);
/* `name->letters` is UTF-16. False when memory is short. */
bool tally_ntfs_names_add(tally_ntfs_names *names, const tally_ntfs_name *name);
/* Drops the names that `keep` doesn't want and puts the rest in order. False when memory is short. */
bool tally_ntfs_names_finish(tally_ntfs_names *names, bool (*keep)(void *context, const tally_ntfs_name *name),
			     void *context);
void tally_ntfs_names_clear(tally_ntfs_names *names);

size_t tally_ntfs_names_bytes(const tally_ntfs_names *names);
tally_ntfs_name tally_ntfs_names_at(const tally_ntfs_names *names, size_t index);
/* The names of a directory: how many, and the index of the first. Those that are equal for NTFS stand together. */
size_t tally_ntfs_names_in(const tally_ntfs_names *names, uint32_t directory, size_t *first);

typedef enum tally_ntfs_match { TALLY_NTFS_NO_MATCH, TALLY_NTFS_MATCH, TALLY_NTFS_MATCHES } tally_ntfs_match;

/*
 * Looks a name up: just so spelt if there is one, else in any case, else among the short ones. MATCHES: several, of
 * which two are given.
 */
tally_ntfs_match tally_ntfs_names_find(const tally_ntfs_names *names, uint32_t directory, const uint16_t *units,
				       unsigned count, tally_ntfs_name found[2]);

/* Equal for NTFS, case overlooked. */
bool tally_ntfs_name_same(const tally_ntfs_names *names, const tally_ntfs_name *a, const tally_ntfs_name *b);
/* In the order of their UTF-8 bytes. */
int tally_ntfs_name_compare_bytes(const tally_ntfs_name *a, const tally_ntfs_name *b);
/* Writes UTF-8 and a NUL; returns the size. */
size_t tally_ntfs_name_write(const tally_ntfs_name *name, char out[TALLY_NTFS_NAME_BYTES + 1]);
/* UTF-8 into UTF-16; the number of units, 0 when it is more than TALLY_NTFS_NAME_UNITS or not UTF-8. */
unsigned tally_ntfs_name_read(const char *text, size_t size, uint16_t units[TALLY_NTFS_NAME_UNITS]);

#endif
