/* SPDX-License-Identifier: Apache-2.0 */
/* One audit in progress: what its parts share. */
#ifndef TALLY_VERIFY_AUDIT_H
#define TALLY_VERIFY_AUDIT_H

#include "format/log_common.h"
#include "verify/audit_index.h"
#include "verify/run.h"

typedef struct tally_audit_list tally_audit_list;

typedef struct tally_audit_log {
	const char *path;
	tally_source source;
	bool open;
	tally_document_kind kind;
	tally_log_totals totals;
	uint64_t entries;
	bool has_completed; /* an entry that is no error: this is no error log */
	bool verbose;       /* it lists everything */
	bool foreign;       /* of another drive: what it says is left aside */
} tally_audit_log;

typedef struct tally_auditing {
	const tally_audit_options *options;
	tally_audit_summary *summary;
	tally_run run;
	tally_run_observer observer;
	tally_finder finder; /* of its own: what is found here predicts nothing of the drive */
	tally_audit_log *logs;
	size_t log_count;
	tally_audit_index index;
	bool logs_judged;
	bool skipped_told;
	bool has_errors; /* a log of this drive lists what failed, if anything did */
	bool has_crc64;
	tally_audit_list *list; /* or NULL */
	/* The container that was looked up last, and what it is called now; blobs of one stand together. */
	tally_log_text container, new_container;
	bool container_renamed;
	tally_audit_entry *container_entry;
} tally_auditing;

/* What an entry says, read again. Freed with tally_audit_words_free. */
typedef struct tally_audit_words {
	bool read;
	tally_log_text blob_path, file_path, message, new_name;
	uint64_t segments, failed_segments;
	tally_log_segment first_failed;
} tally_audit_words;

/* audit_logs.c */
tally_result tally_audit_read_logs(tally_auditing *audit, tally_error *error);
/* When the manifest's drive id is known: which logs are another drive's. */
void tally_audit_judge_logs(tally_auditing *audit);
/* In a log's own document, at the entry. */
void tally_audit_find(tally_auditing *audit, const tally_audit_entry *entry, tally_fact *fact, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Copies a text to be kept. */
tally_result tally_audit_keep(tally_log_text *kept, tally_text text, tally_error *error);

/* audit_words.c */
tally_result tally_audit_read_words(tally_auditing *audit, const tally_audit_entry *entry, tally_audit_words *words,
				    tally_error *error);
void tally_audit_words_free(tally_audit_words *words);
/* At the end, what only the logs name, in their order. */
tally_result tally_audit_find_unknown(tally_auditing *audit, tally_error *error);
static inline tally_text tally_audit_kept(const tally_log_text *text)
{
	return (tally_text){text->set ? text->data : NULL, text->set ? text->size : 0};
}

/* audit_match.c: which entries speak of a blob. */
#define TALLY_AUDIT_MATCHES_MAX 16 /* of one blob that are looked at; nobody writes so many */
typedef struct tally_audit_matches {
	tally_audit_entry *entries[TALLY_AUDIT_MATCHES_MAX];
	size_t count;
	size_t direct;                /* how many of them, the first ones, were found under the blob's own name */
	tally_audit_entry *container; /* tells that the container was renamed, or NULL */
	bool guessed;                 /* found under a name that M-25 makes of the blob's */
} tally_audit_matches;

/* A blob of the manifest, when it is read first: its entries are no other blob's. */
void tally_audit_note_name(tally_auditing *audit, const tally_manifest_blob *blob);
tally_result tally_audit_match(tally_auditing *audit, const tally_manifest_blob *blob, tally_audit_matches *matches,
			       tally_error *error);

/* audit_names.c */
/* M-25 backwards: the part of `name` that renaming has put in, as " (2)"; false when there is none. */
bool tally_audit_renamed_part(tally_text name, tally_text *part);
/* A name that M-25 makes: front, " (n)", back. */
typedef struct tally_new_name {
	tally_text front, back; /* of the old one */
	char number[16];
} tally_new_name;
/* The `nth` name (0…) that M-25 can make of this one; false when there are no more that are looked for. */
bool tally_audit_new_name(tally_text name, unsigned nth, tally_new_name *out);

/* audit_blob.c */
tally_result tally_audit_blob(tally_auditing *audit, const tally_run_blob *blob, tally_error *error);

/* audit_list.c */
tally_result tally_audit_list_read(tally_auditing *audit, tally_error *error);
void tally_audit_list_free(tally_audit_list *list);
/* A blob that came. Whether anybody ordered it. */
tally_result tally_audit_list_take(tally_auditing *audit, const tally_manifest_blob *blob, tally_error *error);
/* Whether a path isn't one of those that were ordered by name. */
bool tally_audit_list_lacks(tally_auditing *audit, tally_text blob_path);
/* What the service says that it left out for lack of space on the drives. */
tally_result tally_audit_read_incomplete(tally_auditing *audit, tally_error *error);
/* What was ordered and did not come. */
tally_result tally_audit_list_conclude(tally_auditing *audit, tally_error *error);
/* To be ordered or downloaded again. */
tally_result tally_audit_miss(tally_auditing *audit, tally_text blob_path, bool is_prefix, tally_error *error);

#endif
