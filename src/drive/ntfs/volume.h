/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the NTFS reader share. */
#ifndef TALLY_DRIVE_NTFS_VOLUME_H
#define TALLY_DRIVE_NTFS_VOLUME_H

#include "drive/ntfs/ntfs.h"
#include "drive/ntfs/record.h"

/* What is kept of each record: 8 bytes, whether it is used or not. */
typedef struct tally_ntfs_info {
	uint32_t sketch; /* place in the arena; 0: none */
	uint16_t sequence;
	uint8_t flags;
} tally_ntfs_info;

enum {
	TALLY_NTFS_INFO_IN_USE = 1, /* and no extension of another record */
	TALLY_NTFS_INFO_DIRECTORY = 2,
	TALLY_NTFS_INFO_REPARSE = 4,
	TALLY_NTFS_INFO_TORN = 8
};

struct tally_ntfs {
	tally_layer *layer;
	tally_ntfs_stream mft;
	uint16_t *upcase;
	tally_ntfs_names names;
	tally_ntfs_info *infos; /* facts.records of them */
	tally_ntfs_runs bad;    /* $BadClus:$Bad; what isn't a hole is bad, and at its own number */
	tally_ntfs_facts facts;
};

/* ---- records ---- */

tally_ntfs_run_limits tally_ntfs_limits(const tally_ntfs *volume);

/* A record in memory of its own; start with {0}, free with tally_free(bytes). */
typedef struct tally_ntfs_held {
	uint8_t *bytes;
	tally_ntfs_record record;
} tally_ntfs_held;

/* Reads a record that is in use: TALLY_NTFS_FILE when it can be used; NO_STREAM when it isn't in use. */
tally_ntfs_kind tally_ntfs_record_read(const tally_ntfs *volume, uint64_t number, tally_ntfs_held *held,
				       tally_ntfs_reason *reason);

/*
 * Puts a stream together from the record and what its attribute list names. TALLY_NTFS_FILE, or one of the last four
 * kinds; then there is nothing to be cleared. `attribute_flags` of the stream, may be NULL.
 */
tally_ntfs_kind tally_ntfs_assemble(const tally_ntfs *volume, uint64_t number, const tally_ntfs_record *record,
				    uint32_t type, const char *name, tally_ntfs_stream *stream,
				    uint16_t *attribute_flags, tally_ntfs_reason *reason);
/* Both in one, for the files of NTFS itself. */
tally_ntfs_kind tally_ntfs_assemble_of(const tally_ntfs *volume, uint64_t number, uint32_t type, const char *name,
				       tally_ntfs_stream *stream, tally_ntfs_reason *reason);

/* ---- sketches: how a file lies on the volume, as far as it is simple enough to be kept for all of them ---- */

typedef struct tally_ntfs_sketch {
	bool is_plain; /* no EFS, no reparse point */
	bool has_runs; /* in one attribute, neither resident nor compressed */
	uint64_t size;
	uint64_t initialised, modified; /* with runs only */
	const uint8_t *pairs;
	uint32_t pairs_size;
} tally_ntfs_sketch;

/* 0 when memory is short. */
uint32_t tally_ntfs_sketch_keep(tally_arena *arena, const tally_ntfs_sketch *sketch);
size_t tally_ntfs_sketch_size(const tally_ntfs_sketch *sketch);
tally_ntfs_sketch tally_ntfs_sketch_at(const tally_arena *arena, uint32_t place);

/* ---- opening ---- */

typedef struct tally_ntfs_opening {
	tally_ntfs *volume;
	const tally_ntfs_options *options;
	tally_ntfs_problem *problem;
	tally_error *error;
} tally_ntfs_opening;

/* Sets the problem; always false. What an unusable part of the volume is called. */
bool tally_ntfs_refuse(tally_ntfs_opening *opening, tally_ntfs_outcome outcome, int os_error, const char *format, ...)
    TALLY_PRINTF(4, 5);
/* Reads all of $MFT into names and infos. TALLY_OK with the problem's outcome, as tally_ntfs_open. */
tally_result tally_ntfs_scan(tally_ntfs_opening *opening);

#endif
