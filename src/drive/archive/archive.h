/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive that was packed into an archive. It is listed first (names, sizes, links: the tree that it would be unpacked
 * to); then its files are streamed in the archive's own order, as often as need be, to whoever wants their bytes.
 * Nothing is unpacked to disk but what must be read in another order and is small or unavoidable, into a file without a
 * name: the manifest and side files.
 *
 * Which names count: later entries replace earlier ones, as when unpacking. The root is that of the archive when the
 * manifest is there, else the one folder at the top that holds it.
 */
#ifndef TALLY_DRIVE_ARCHIVE_ARCHIVE_H
#define TALLY_DRIVE_ARCHIVE_ARCHIVE_H

#include "drive/archive/reader.h"
#include "drive/drive.h"

/* Of a side file; the service's own limit for metadata is 8 KiB. What is longer can't be read (EFBIG). */
#define TALLY_ARCHIVE_SIDE_MAX (UINT64_C(16) << 20)
#define TALLY_ARCHIVE_SIDES_MAX (UINT64_C(2) << 30) /* all of them */
#define TALLY_ARCHIVE_MANIFEST_MAX (UINT64_C(8) << 30)
#ifdef TALLY_FAULT_INJECTION
extern uint64_t tally_archive_sides_max; /* Test only: instead of it. */
#endif
/*
 * What an archive may claim to unpack to: so much, and so many times its own size. Zeros packed by zstd come to 1 in
 * 32,768, which no format of a single packing but bzip2 surpasses; so a large empty disk image is no bomb, and what a
 * bomb costs is in proportion to its size.
 */
#define TALLY_ARCHIVE_FREE_BYTES (UINT64_C(64) << 30)
#define TALLY_ARCHIVE_RATIO 33000

typedef struct tally_archive tally_archive;

typedef enum tally_archive_trouble {
	TALLY_ARCHIVE_CUT,   /* can't be read any further */
	TALLY_ARCHIVE_AFTER, /* the entry behind this one can't be told from others */
	TALLY_ARCHIVE_ENTRY, /* this entry can't be read */
	TALLY_ARCHIVE_NAME,  /* no drive has a path like this */
	TALLY_ARCHIVE_TWICE, /* the name comes more than once: the last counts */
	TALLY_ARCHIVE_BOMB   /* more than is unpacked */
} tally_archive_trouble;

typedef struct tally_archive_note {
	tally_archive_trouble trouble;
	const char *path;    /* as "\dir\name" within the archive; or the name as it stands there; or "" */
	const char *message; /* what more there is to say, or "" */
} tally_archive_note;

typedef struct tally_archive_options {
	/*
	 * Paths that the manifest may have, beside the usual ones, as far as they are known. A file at one of them is
	 * kept while it is listed, at the top and in folders at the top; but not more than a few.
	 */
	const char *const *manifests;
	size_t manifest_count;
	tally_archive_watch *watch; /* of the listing; may be NULL */
	void *context;
} tally_archive_options;

/*
 * Opens and lists an archive; `options` may be NULL. What is wrong with it is no error, but a note. TALLY_ERROR_IO:
 * can't be read, or is no archive that is known here; TALLY_ERROR_STOPPED when `watch` said so. Closed with
 * tally_drive_close.
 */
tally_result tally_archive_open(const char *path, const tally_archive_options *options, tally_archive **archive,
				tally_error *error);
/* Takes over the layer, also when it fails; `name` is for messages. */
tally_result tally_archive_open_layer(tally_layer *layer, const char *name, const tally_archive_options *options,
				      tally_archive **archive, tally_error *error);
tally_drive *tally_archive_drive(tally_archive *archive);
/* Finds the root, by paths that the manifest may have. */
void tally_archive_settle(tally_archive *archive, const char *const *manifests, size_t count);
/* Whether its file was written to since it was opened: then what was listed and what was streamed are two things. */
bool tally_archive_changed(const tally_archive *archive);
uint64_t tally_archive_size(const tally_archive *archive);
/* Things at the archive's top that are outside of the root. */
uint64_t tally_archive_outside(const tally_archive *archive);
/* Notes so far, in the order in which they came; few are kept of many: *dropped. */
size_t tally_archive_notes(const tally_archive *archive, const tally_archive_note **notes, uint64_t *dropped);

/* ---- streaming ---- */

/* The number of an open file, for tally_archive_receiver: hard links of one have the same. */
uint32_t tally_archive_number(const tally_file *file);
/* Its bytes are kept by the next streaming, to be read by tally_file_read. */
void tally_archive_want(tally_archive *archive, const tally_file *file);

/*
 * Its bytes are kept now, unless they are already: one more streaming up to it, for it alone. Only what was kept can be
 * read; what is wrong with it is told then. `file` gets to know its size where only its end tells. `watch` may be NULL.
 * Nobody else uses the archive meanwhile. TALLY_ERROR_STOPPED when `watch` said so; TALLY_ERROR_IO: no temporary file;
 * TALLY_ERROR_NO_MEMORY.
 */
tally_result tally_archive_fetch(tally_archive *archive, tally_file *file, tally_archive_watch *watch, void *context,
				 tally_error *error);

/* Anything but TALLY_OK ends the streaming. */
typedef struct tally_archive_receiver {
	void *context;
	/* A file comes. *wanted: so many bytes from its front, 0 for none. */
	tally_result (*begin)(void *context, uint32_t number, uint64_t *wanted, tally_error *error);
	tally_result (*data)(void *context, const uint8_t *bytes, size_t size, tally_error *error);
	/* All that was wanted has come, or all there is; or errno: it can't be read any further. */
	tally_result (*end)(void *context, int os_error, tally_error *error);
} tally_archive_receiver;

/* Every file that counts, once, in the archive's order. TALLY_ERROR_STOPPED when `watch` said so. */
tally_result tally_archive_stream(tally_archive *archive, const tally_archive_receiver *receiver,
				  tally_archive_watch *watch, void *context, tally_error *error);

#endif
