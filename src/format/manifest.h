/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drive manifest (formats.md section 1), import and export. Streams: a blob at a time, then a segment at a time;
 * nothing is kept that grows with the document but what finding duplicates needs (32 bytes a blob).
 */
#ifndef TALLY_FORMAT_MANIFEST_H
#define TALLY_FORMAT_MANIFEST_H

#include "format/document.h"
#include "io/source.h"

/* M-40: 50,000 blocks of 4 MiB each are the manifest page's "200 GB". */
#define TALLY_BLOCKS_MAX 50000
#define TALLY_BLOCK_SIZE_MAX (UINT64_C(4) << 20)

typedef enum tally_manifest_kind { TALLY_MANIFEST_UNKNOWN, TALLY_MANIFEST_IMPORT, TALLY_MANIFEST_EXPORT } tally_manifest_kind;

/* A metadata or properties file that the manifest names. */
typedef struct tally_side_reference {
	bool present;
	bool from_list; /* the list's default, not the blob's own */
	const char *path; /* as written; NULL when the element was empty */
	bool has_hash;
	uint8_t md5[16];
	tally_place place;
} tally_side_reference;

typedef struct tally_manifest_blob {
	uint64_t index; /* from 0 */
	tally_place place;
	const char *blob_path, *file_path; /* NULL: missing or empty */
	const char *snapshot, *disposition; /* as written; NULL: missing or empty */
	bool has_length;
	uint64_t length;
	tally_blob_kind kind;
	uint64_t segment_count; /* so far */
	bool uncovered;         /* no segment says what its bytes are, though it has some; known when it ends */
	/* Own ones, or else the list's; complete when the blob ends. */
	tally_side_reference metadata, properties;
	/* Worst status at blob level that the entry itself leads to, e.g. "FileNameInvalid"; NULL: none so far. */
	const char *status;
} tally_manifest_blob;

typedef struct tally_manifest_segment {
	uint64_t index; /* within the blob, from 0 */
	tally_place place;
	uint64_t offset, length;
	bool usable; /* offset, length and hash are all well-formed and offset + length does not overflow */
	const char *status; /* what the entry itself leads to whatever the bytes are, e.g. "BlobUnexpectedEnd"; NULL: nothing */
	uint8_t md5[16];
	tally_text id; /* as written; data NULL: none */
} tally_manifest_segment;

/* What a reader hands out. Any may be NULL. Pointers are valid during the call only. */
typedef struct tally_manifest_events {
	void (*blob_begin)(void *context, const tally_manifest_blob *blob); /* before its first segment */
	void (*segment)(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *segment);
	void (*blob_end)(void *context, const tally_manifest_blob *blob);
	/* A BlobList begins; `id` is empty where it has none. */
	void (*list_begin)(void *context, tally_text id, tally_place place);
	/* A StorageAccountKey that can be one. It is a secret: to be compared, not to be kept. */
	void (*account_key)(void *context, tally_text key, tally_place place);
} tally_manifest_events;

typedef struct tally_manifest_options {
	tally_manifest_kind kind; /* UNKNOWN: recognise */
	bool find_duplicates;
	const tally_manifest_events *events; /* or NULL */
	void *events_context;
} tally_manifest_options;

/* What a whole manifest comes to. */
typedef struct tally_manifest_totals {
	uint64_t blobs, segments, segment_bytes;
	char drive_id[128];
	tally_manifest_kind kind; /* as given or recognised; UNKNOWN when nothing tells */
	uint64_t skipped; /* unknown elements, with all they hold */
	bool uncovered;   /* a page blob has bytes that no page range has */
	bool complete; /* read to the end of the document */
} tally_manifest_totals;

typedef struct tally_manifest tally_manifest;

/* Pointers must outlive the reader. Freed with tally_manifest_free (NULL is fine). */
tally_result tally_manifest_new(tally_manifest **manifest, const tally_manifest_options *options, tally_finder *finder,
				tally_error *error);
void tally_manifest_free(tally_manifest *manifest);
tally_result tally_manifest_feed(tally_manifest *manifest, const void *bytes, size_t size, tally_error *error);
tally_result tally_manifest_finish(tally_manifest *manifest, tally_error *error);
const tally_manifest_totals *tally_manifest_get_totals(const tally_manifest *manifest);
/*
 * After finish: confirms suspected duplicates by reading the document again where they stand, and tells them in the
 * document's order. Releases what finding duplicates needed.
 */
tally_result tally_manifest_find_duplicates(tally_manifest *manifest, const tally_source *document, tally_error *error);

#endif
