/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a log says, as values: the readers that judge logs also hand out their entries, one at a time, of whatever
 * generation the log is (formats.md sections 3 and 4). Nothing grows with the log.
 */
#ifndef TALLY_FORMAT_LOG_EVENTS_H
#define TALLY_FORMAT_LOG_EVENTS_H

#include "format/format.h"

typedef enum tally_log_entry_kind {
	TALLY_LOG_PROCESSED, /* Blob or File of a drive log: what became of it, whatever that is */
	TALLY_LOG_ERRORED,   /* ErroredEntity of a copy log: it failed, or was renamed */
	TALLY_LOG_STORED     /* File of a verbose log since 2021-08-01: this was stored */
} tally_log_entry_kind;

typedef struct tally_log_entry {
	tally_log_entry_kind kind;
	tally_place place; /* of its start tag */
	/* As written; data NULL: none. */
	tally_text blob_path; /* BlobPath, FileStoragePath or Path */
	tally_text file_path; /* FilePath or OriginalFilePath */
	tally_text snapshot;  /* of an export: which one of the blob's */
	tally_text message;   /* ErrorMessage */
	tally_text new_name;  /* what the message of a rename says that it is called now */
	/* NULL: none, or not known. */
	const tally_status *status;      /* of the blob, or the Category */
	const tally_status *disposition; /* what became of an ImportDisposition */
	bool is_container;               /* Type */
	bool is_rename;                  /* the Category is one of those */
	bool failed_part;                /* a range, block, metadata or properties file, or the disposition, failed */
	bool has_size, has_crc64;
	uint64_t size, crc64;
} tally_log_entry;

/* A block or range of the entry that comes next. */
typedef struct tally_log_segment {
	uint64_t offset, length;
	const tally_status *status;
} tally_log_segment;

/* What stands once in a log. */
typedef struct tally_log_totals {
	bool complete;                    /* it could be read to its end */
	uint64_t skipped;                 /* unknown elements, with all they hold */
	char drive_id[128];               /* "": none */
	const tally_status *drive_status; /* a drive log's; NULL: none, or not known */
	bool succeeded, failed;           /* a copy log's Status */
	bool has_total;
	uint64_t total; /* TotalFiles_Blobs */
} tally_log_totals;

/* Any may be NULL. Texts are valid during the call only. */
typedef struct tally_log_events {
	void (*segment)(void *context, const tally_log_segment *segment);
	void (*entry)(void *context, const tally_log_entry *entry);
	void (*end)(void *context, const tally_log_totals *totals);
} tally_log_events;

/* For the readers: what they have gathered so far. */
typedef struct tally_log_out {
	const tally_lint_run *run;
	tally_log_entry entry;
	tally_log_totals totals;
} tally_log_out;

void tally_log_out_segment(const tally_log_out *out, const tally_value *offset, const tally_value *length,
			   const tally_status *status);
void tally_log_out_entry(const tally_log_out *out);
void tally_log_out_drive_id(tally_log_out *out, const tally_value *value);
void tally_log_out_number(const tally_value *value, bool *has, uint64_t *number);
void tally_log_out_end(tally_log_out *out, const tally_document *document);

/*
 * One entry of a log once more, from the offset of its start tag on, in whatever encoding the log has: `entry` is called
 * at most once, with a place that counts from there. What can't be read a second time is no entry.
 */
tally_result tally_log_read_entry(const tally_source *log, tally_document_kind kind, uint64_t offset,
				  const tally_log_events *events, void *context, tally_error *error);

#endif
