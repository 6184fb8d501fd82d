/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of an archive, one after the other, through libarchive: tar, zip, 7z, ISO 9660 and cpio with the filters
 * that are built into it. None of those that run other programs.
 */
#ifndef TALLY_DRIVE_ARCHIVE_READER_H
#define TALLY_DRIVE_ARCHIVE_READER_H

#include "base/text.h"
#include "drive/layer.h"

typedef struct tally_archive_reader tally_archive_reader;

typedef enum tally_archive_kind {
	TALLY_ARCHIVE_FILE,
	TALLY_ARCHIVE_DIRECTORY,
	TALLY_ARCHIVE_LINK,      /* symbolic */
	TALLY_ARCHIVE_SAME_FILE, /* a hard link: `target` names the entry that has the bytes */
	TALLY_ARCHIVE_OTHER
} tally_archive_kind;

typedef struct tally_archive_entry {
	tally_archive_kind kind;
	tally_text path;   /* "dir\name", nothing in front; valid until the next entry. The root itself is empty */
	const char *fault; /* why no drive has a path like this; then `path` is the name as it stands there. Or NULL */
	tally_text target; /* as `path`; empty when it can't be one */
	bool has_size;
	uint64_t size;
	uint64_t unpacked; /* bytes that the archive claims to hold of it; fewer than the size when it has holes */
	bool has_holes;    /* bytes that aren't there are zeros, also at the end */
	bool encrypted;
} tally_archive_entry;

typedef enum tally_archive_step {
	TALLY_ARCHIVE_NEXT,
	TALLY_ARCHIVE_END,
	TALLY_ARCHIVE_UNREADABLE, /* this entry, or the rest of it; others may follow */
	TALLY_ARCHIVE_BROKEN,     /* nothing more can be read */
	TALLY_ARCHIVE_NO_MEMORY   /* ours; what libarchive lacks makes the archive a broken one, which it may be */
} tally_archive_step;

/* Called whenever the archive's own bytes are read; false: read no more (TALLY_ARCHIVE_BROKEN). */
typedef bool tally_archive_watch(void *context, uint64_t place);

/* `layer` must outlive the reader; `watch` may be NULL. Freed with tally_archive_reader_free (NULL is fine). */
tally_result tally_archive_reader_new(tally_archive_reader **reader, tally_layer *layer, tally_archive_watch *watch,
				      void *context, tally_error *error);
void tally_archive_reader_free(tally_archive_reader *reader);

/* Skips what is left of the entry before. UNREADABLE: one that can't be told from others. */
tally_archive_step tally_archive_reader_next(tally_archive_reader *reader, tally_archive_entry *entry);
/* The entry's next bytes, *size > 0, valid until the next call. Offsets grow; what lies between was never written. */
tally_archive_step tally_archive_reader_data(tally_archive_reader *reader, const uint8_t **bytes, size_t *size,
					     uint64_t *offset);
/* What libarchive says of the last UNREADABLE or BROKEN; a sentence without a capital, perhaps "". */
const char *tally_archive_reader_message(tally_archive_reader *reader);
/* "ZIP 2.0 (deflation)", or NULL when no format was recognised. After the first entry was asked for. */
const char *tally_archive_reader_format(tally_archive_reader *reader);
/* Whether a filter was recognised, so that there is something else within. After the first entry was asked for. */
bool tally_archive_reader_is_packed(tally_archive_reader *reader);

#endif
