/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an archive drive share. */
#ifndef TALLY_DRIVE_ARCHIVE_ARCHIVE_INTERNAL_H
#define TALLY_DRIVE_ARCHIVE_ARCHIVE_INTERNAL_H

#include "drive/archive/archive.h"
#include "drive/archive/names.h"
#include "drive/drive_class.h"
#include "io/scratch.h"

#include <pthread.h>
#include <time.h>

#define TALLY_KEPT_WANTED UINT32_MAX /* of tally_name_node.kept: not there yet */

/* Bytes of a file that were kept, or why they weren't. */
typedef struct tally_kept {
	uint64_t offset, size;
	int os_error;
} tally_kept;

struct tally_archive {
	tally_drive drive;
	tally_layer *layer;
	struct timespec modified; /* when it was opened; zeros: it is in no file */
	tally_names names;
	uint32_t *nodes; /* of each entry; NONE for one that counts for nothing */
	size_t entry_count, entry_capacity;
	bool cut; /* there may be names that were not seen */
	uint32_t root;
	/* Looking up and keeping: tally_drive_find may be called by several threads. */
	pthread_mutex_t lock;
	tally_scratch *scratch;
	tally_kept *kept;
	size_t kept_count, kept_capacity;
	uint64_t sides;        /* bytes kept of side files */
	unsigned usual, known; /* files kept because of their names: the usual ones, and those that were given */
	tally_archive_note *notes;
	size_t note_count, note_capacity;
	uint64_t notes_dropped;
};

tally_archive *tally_archive_of(const tally_drive *drive);

tally_result tally_archive_note_add(tally_archive *archive, tally_archive_trouble trouble, tally_text path,
				    const char *message, tally_error *error);
/* "\dir\name" below the archive's top, as an allocated string; NULL without memory. */
char *tally_archive_path_of(const tally_archive *archive, uint32_t node);

/*
 * Hands the entry in hand on: its bytes up to `wanted`, zeros where it has holes. *os_error as in
 * tally_archive_receiver.end, which is not called. *broken: nothing follows.
 */
tally_result tally_archive_pump(tally_archive *archive, tally_archive_reader *reader, uint32_t node, uint64_t wanted,
				tally_result (*data)(void *context, const uint8_t *bytes, size_t size,
						     tally_error *error),
				void *context, int *os_error, bool *broken, tally_error *error);
/* Keeps the first `most` bytes of the entry in hand; of a longer one nothing. */
tally_result tally_archive_keep(tally_archive *archive, tally_archive_reader *reader, uint32_t node, uint64_t most,
				bool *broken, tally_error *error);

/* The class: find.c, walk.c, stream.c. */
tally_find tally_archive_find(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail);
tally_result tally_archive_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
				void *context, tally_error *error);
int64_t tally_archive_read(const tally_file *file, uint64_t offset, void *buffer, size_t size);
/* The file of a path from a folder on: a node, or what stands in the way. */
tally_find tally_archive_look(tally_archive *archive, uint32_t folder, tally_text path, uint32_t *node,
			      tally_find_detail *detail);

#endif
