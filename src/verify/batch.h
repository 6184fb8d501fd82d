/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The unit of work between the manifest and the hashing threads: some blobs in a row, with their segments. A blob with
 * many segments goes on in the next batch. Everything in a batch is allocated once and used again, so the memory of a
 * check depends on the number of batches and on nothing in the manifest.
 */
#ifndef TALLY_VERIFY_BATCH_H
#define TALLY_VERIFY_BATCH_H

#include "drive/drive.h"
#include "format/manifest.h"
#include "verify/fault.h"

struct tally_reading;

/*
 * What makes a batch full. Segments are enough to keep 32 lanes busy; bytes bound the time until results come out, and
 * how unevenly threads end; the text holds at least one blob's four paths of 32,767 UTF-16 units each.
 */
#define TALLY_BATCH_SEGMENTS 512
#define TALLY_BATCH_BLOBS 256
#define TALLY_BATCH_BYTES (UINT64_C(256) << 20)
#define TALLY_BATCH_TEXT (512 * 1024)

typedef enum tally_segment_outcome {
	TALLY_SEGMENT_WAITING,
	TALLY_SEGMENT_COMPLETED,
	TALLY_SEGMENT_CORRUPTED,
	TALLY_SEGMENT_SHORT, /* the file ends before the segment does */
	TALLY_SEGMENT_IO_FAILED,
	TALLY_SEGMENT_UNUSABLE,  /* the manifest's entry can't be checked */
	TALLY_SEGMENT_CANCELLED, /* its file could not be opened */
	TALLY_SEGMENT_UNKNOWN    /* it could not be hashed here; nothing is wrong with it that anybody knows of */
} tally_segment_outcome;

typedef struct tally_batch_segment {
	tally_manifest_segment entry;
	uint32_t blob; /* index in the batch */
	uint64_t number; /* in the manifest */
	tally_segment_outcome outcome;
	uint8_t actual[16];
	uint64_t crc64; /* of the first reading, where it was asked for and `actual` is known */
	uint64_t read;  /* bytes read of it */
	int os_error;  /* for IO_FAILED */
	tally_second_reading second;
	tally_bad_bytes bad; /* for IO_FAILED, unless the second reading was RIGHT: what can't be read */
	bool recalled;       /* all of this was known before, by a checkpoint */
	bool again;          /* what was hashed were not the file's bytes: to be read in another way */
	bool postponed;      /* its file could not be opened yet, as too many are open */
	bool present;        /* all of it was in the page cache before */
	bool give_back;      /* nothing of it was */
	uint64_t given_back; /* bytes */
	bool begun;          /* a lane has it in hand */
	uint8_t arrival;     /* not 0: all of it is on its way; see arrivals.h */
} tally_batch_segment;

typedef struct tally_segment_place {
	uint64_t place; /* on the medium */
	uint32_t segment;
} tally_segment_place;

typedef enum tally_side_outcome {
	TALLY_SIDE_NONE, /* the blob has none, or it was dealt with for the whole list */
	TALLY_SIDE_COMPLETED,
	TALLY_SIDE_NOT_FOUND, /* `find` says what became of it */
	TALLY_SIDE_CORRUPTED,
	TALLY_SIDE_IO_FAILED,
	TALLY_SIDE_FORM /* `status` says how the file is wrong */
} tally_side_outcome;

typedef struct tally_side_check {
	tally_side_reference reference; /* its path points into the batch's text */
	tally_side_outcome outcome;
	tally_find find;
	tally_find_detail detail;
	uint8_t actual[16]; /* of the first reading, for CORRUPTED */
	tally_fault fault;  /* for CORRUPTED and IO_FAILED */
	const char *status;
	bool has_findings; /* of form, to be told in order by whoever prints */
} tally_side_check;

typedef struct tally_batch_blob {
	tally_manifest_blob entry; /* texts point into the batch's text */
	bool begins, ends;         /* in this batch */
	bool late_path;            /* FilePath came behind the segments: they can't be checked */
	size_t first_segment, segment_count;
	tally_find find;
	tally_find_detail detail;
	tally_file file; /* valid while it is open and, as identity and size, after */
	bool opened;     /* `find` is set */
	bool is_open;
	bool in_no_order; /* tally_file_expect_no_order was said */
	size_t pending;   /* segments of this batch not done yet */
	bool changed;     /* while it was read */
	bool on_bad;      /* a part of it lies on clusters that are marked bad: */
	uint64_t bad_offset, bad_length;
	bool noted;       /* in a checkpoint, as this file: */
	tally_file_identity noted_identity;
	tally_side_check metadata, properties;
} tally_batch_blob;

typedef struct tally_batch {
	tally_batch_blob *blobs;
	tally_batch_segment *segments;
	tally_segment_place *places; /* for sorting */
	char *text;
	unsigned open_files;
	uint64_t number; /* of the batch in the check */
	tally_folder folder; /* of the file that was opened last; left when the batch is done */
	size_t blob_count, segment_count, text_size;
	uint64_t bytes;
	tally_result result; /* of the thread that worked on it */
	tally_error error;
} tally_batch;

tally_result tally_batch_init(tally_batch *batch, tally_error *error);
void tally_batch_release(tally_batch *batch);
void tally_batch_reset(tally_batch *batch);
/* Copies a text into the batch; NULL gives NULL, and so does a text for which there is no room. */
const char *tally_batch_copy(tally_batch *batch, const char *text);
/* Whether a further blob with these texts, or a further segment of `bytes`, has room. */
bool tally_batch_has_room(const tally_batch *batch, size_t text_size, uint64_t bytes);

/*
 * Opens a blob's file unless that was tried before. False when the process may have no more files open: then it was not
 * tried, and nothing is known of the file.
 */
bool tally_batch_open(tally_batch *batch, tally_batch_blob *blob, tally_drive *drive);
/* The same for whoever has no other files to close: waits for some time, and else it is an error of the run. */
tally_result tally_batch_await_open(tally_batch *batch, tally_batch_blob *blob, tally_drive *drive,
				    struct tally_reading *reading, tally_error *error);
/* Opens it once more: TALLY_FIND_MISSING when it isn't the same any more. */
tally_find tally_batch_reopen(tally_batch *batch, tally_batch_blob *blob, tally_drive *drive);
/* Closes those of which nothing was read or asked for yet, as if they had never been opened. Whether there were any. */
bool tally_batch_close_idle(tally_batch *batch);
/* Closes it, if it is open, and notes whether it changed. */
void tally_batch_close(tally_batch *batch, tally_batch_blob *blob);

#endif
