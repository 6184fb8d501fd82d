/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume formatted with NTFS, for reading only. Opening it reads $MFT once from front to back and keeps every name
 * and where most files lie; after that a file is found and opened without touching the disk. Nothing of the volume is
 * believed: whatever its bytes are, an outcome comes back.
 *
 * Threads: once open, any number may use a volume and its files at once, without a lock but that of a compressed file.
 */
#ifndef TALLY_DRIVE_NTFS_NTFS_H
#define TALLY_DRIVE_NTFS_NTFS_H

#include "base/text.h"
#include "drive/ntfs/boot.h"
#include "drive/ntfs/names.h"
#include "drive/ntfs/stream.h"

typedef struct tally_ntfs tally_ntfs;

/* What became of opening a volume; all of it is about what is on the disk, and no error of the run. */
typedef enum tally_ntfs_outcome {
	TALLY_NTFS_OPEN,
	TALLY_NTFS_OTHER,      /* neither the boot sector nor its copy is one of NTFS */
	TALLY_NTFS_DAMAGED,    /* it is NTFS, but its boot sectors or $MFT make no sense */
	TALLY_NTFS_UNREADABLE, /* reading failed where nothing else has the same bytes: os_error says how */
	TALLY_NTFS_TOO_LARGE   /* its names need more memory than the limit */
} tally_ntfs_outcome;

typedef struct tally_ntfs_problem {
	tally_ntfs_outcome outcome;
	int os_error;
	char text[160]; /* a sentence without its end, e.g. "record 0 of $MFT is damaged, and so is its mirror"; "" for
			   OPEN */
} tally_ntfs_problem;

#define TALLY_NTFS_MEMORY_LIMIT ((size_t)2 << 30)

typedef struct tally_ntfs_options {
	size_t memory_limit; /* for what is kept of all files; 0: TALLY_NTFS_MEMORY_LIMIT */
	/* Called often while $MFT is read, with bytes of it. False ends the run with TALLY_ERROR_STOPPED. Or NULL. */
	bool (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
} tally_ntfs_options;

/*
 * Opens the volume that fills the layer, which is borrowed and must outlive it. `options` may be NULL. TALLY_OK
 * whatever the outcome; *out is NULL unless it is TALLY_NTFS_OPEN. TALLY_ERROR_NO_MEMORY, TALLY_ERROR_STOPPED,
 * TALLY_ERROR_INTERNAL (no random numbers).
 */
tally_result tally_ntfs_open(tally_layer *layer, const tally_ntfs_options *options, tally_ntfs **out,
			     tally_ntfs_problem *problem, tally_error *error);
/* NULL is fine. After all of its files. */
void tally_ntfs_close(tally_ntfs *volume);

#define TALLY_NTFS_LABEL_UNITS 128

typedef struct tally_ntfs_facts {
	tally_ntfs_geometry geometry; /* serial number, sizes of sector, cluster and record */
	char label[3 * TALLY_NTFS_LABEL_UNITS + 1];
	uint8_t major, minor; /* 3.1 since Windows XP; 0.0 when that can't be read */
	bool dirty;           /* Windows would check it at the next mount */
	uint64_t bad_clusters;
	uint64_t records; /* in $MFT, used or not */
	uint64_t names, files, directories;
	uint64_t torn_records; /* in use, partly written: their files can't be read */
	uint64_t lost_records; /* in use, but so damaged or unreadable that names may be missing */
	uint64_t orphans;      /* names in directories that don't exist */
	bool boot_from_copy;   /* the boot sector was taken from its copy at the volume's end */
	bool mft_from_mirror;  /* record 0 was taken from $MFTMirr */
	bool own_upcase;       /* $UpCase can't be read: names are compared by the table of Windows 10 */
	bool bad_unknown;      /* $BadClus can't be read */
	bool cut;              /* the layer ends before the volume does */
	size_t memory;         /* bytes kept for all files */
} tally_ntfs_facts;

const tally_ntfs_facts *tally_ntfs_facts_of(const tally_ntfs *volume);
tally_layer *tally_ntfs_layer(const tally_ntfs *volume);
/*
 * What is wrong with the volume, though it can be read: the n-th sentence, from 0, such as "its last use was not ended
 * cleanly (dirty)". False when there are no more.
 */
bool tally_ntfs_note(const tally_ntfs *volume, unsigned n, char text[160]);

/* ---- names ---- */

#define TALLY_NTFS_ROOT 5U
/* Records below this are NTFS's own, but for the root directory. */
#define TALLY_NTFS_FIRST_USER_RECORD 24U

/* As tally_ntfs_names_find; `name` in UTF-8. */
tally_ntfs_match tally_ntfs_lookup(const tally_ntfs *volume, uint32_t directory, tally_text name,
				   tally_ntfs_name found[2]);
const tally_ntfs_names *tally_ntfs_names_of(const tally_ntfs *volume);
bool tally_ntfs_is_directory(const tally_ntfs *volume, uint32_t record);
/* It is, or may be, a link to somewhere else; tally_ntfs_file_open tells. */
bool tally_ntfs_has_reparse_point(const tally_ntfs *volume, uint32_t record);

/* ---- files ---- */

typedef enum tally_ntfs_kind {
	TALLY_NTFS_FILE,
	TALLY_NTFS_DIRECTORY,
	TALLY_NTFS_EFS,          /* encrypted; what could be read is not its content */
	TALLY_NTFS_WOF,          /* compressed by the Windows Overlay Filter, e.g. `compact /exe` */
	TALLY_NTFS_DEDUPLICATED, /* the content is in the chunk store of Windows Server */
	TALLY_NTFS_SYMBOLIC_LINK,
	TALLY_NTFS_JUNCTION,  /* or a volume mounted on a directory */
	TALLY_NTFS_REPARSE,   /* another tag: only what wrote it knows */
	TALLY_NTFS_NO_STREAM, /* there is no stream of that name, or no such file any more */
	TALLY_NTFS_FILE_DAMAGED,
	TALLY_NTFS_FILE_UNREADABLE,
	TALLY_NTFS_NO_MEMORY
} tally_ntfs_kind;

typedef struct tally_ntfs_reason {
	const char *what; /* for FILE_DAMAGED, static: "its run list leaves the volume" */
	int os_error;     /* for FILE_UNREADABLE */
	uint32_t tag;     /* for a reparse point */
} tally_ntfs_reason;

typedef struct tally_ntfs_file {
	tally_ntfs_stream stream;
	uint64_t reference; /* number of its record and how often that was used */
	uint64_t modified;  /* 100 ns since 1601 */
} tally_ntfs_file;

/*
 * Opens a stream of the file with this record, "" being its content; only for TALLY_NTFS_FILE there is a file, which
 * must be closed. All kinds but FILE are about the whole file, whatever the stream.
 */
tally_ntfs_kind tally_ntfs_file_open(const tally_ntfs *volume, uint32_t record, const char *stream,
				     tally_ntfs_file **file, tally_ntfs_reason *reason);
/* NULL is fine. */
void tally_ntfs_file_close(tally_ntfs_file *file);
/* The first bytes of the file, if any, that lie on clusters which Windows found bad. */
bool tally_ntfs_file_on_bad_clusters(const tally_ntfs *volume, const tally_ntfs_file *file, uint64_t *offset,
				     uint64_t *size);

/* What is known of a file without opening it. `is_known` false: only opening it tells. */
typedef struct tally_ntfs_glance {
	bool is_known;
	bool is_plain; /* its bytes can be read: no EFS, no reparse point */
	uint64_t size;
} tally_ntfs_glance;

tally_ntfs_glance tally_ntfs_glance_at(const tally_ntfs *volume, uint32_t record);

#endif
