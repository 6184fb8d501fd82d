/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job in work: what its documents say of each drive, and which drives are at hand. job.c is the flow; job_papers.c
 * reads documents, job_drives.c opens drives with the keys of job_keys.c, job_manifests.c reads the manifests on them,
 * job_compare.c and job_blobs.c find what doesn't hold together, job_drives.c checks, job_verdict.c concludes,
 * job_list.c writes the drive list. What takes time on the drives goes through job_queue.c.
 */
#ifndef TALLY_VERIFY_JOB_MODEL_H
#define TALLY_VERIFY_JOB_MODEL_H

#include "base/fingerprint.h"
#include "catalog/finding.h"
#include "drive/drive.h"
#include "format/journal.h"
#include "verify/run.h"

#define TALLY_JOB_SUBJECTS_MAX 1000
#define TALLY_JOB_ENTRIES_MAX 10000 /* a job has ten drives; a journal tracks 25 at a time */
#define TALLY_JOB_SESSIONS_MAX 64   /* of a manifest; what is compared is a hint, not a proof */
#define TALLY_JOB_NOWHERE SIZE_MAX  /* instead of an index: there is none */
#define TALLY_JOB_HASH_BYTES 16     /* MD5 */

/* What one document says of one drive. */
typedef struct job_entry {
	size_t subject;                               /* the document */
	bool is_listed;                               /* in the job's drive list */
	bool is_answer;                               /* a key from an answer of listBitLockerKeys */
	char *drive_id, *manifest_file, *header_hash; /* the last two may be NULL */
	char *key;                                    /* a secret; or NULL */
	tally_key_form key_form;
	bool has_hash;
	uint8_t hash[TALLY_JOB_HASH_BYTES];
	tally_place place, key_place, file_place, hash_place; /* line 0: there is none */
	size_t order;                                         /* in which it was read */
	size_t drive;
} job_entry;

/* A key to try on locked volumes. Its texts are an entry's. */
typedef struct job_key {
	tally_text text;
	const char *drive_id; /* of the drive that it is for; NULL: nobody says, or several are named */
	size_t subject;       /* the document, or NOWHERE */
	tally_place place;
} job_key;

/* A drive, by its id. Its entries are entries[first … first + count - 1] of the model, in the order of reading. */
typedef struct job_drive {
	const char *id; /* of an entry or a carrier */
	size_t first, count;
	size_t carrier; /* with its manifest, the directory before a manifest alone; or TALLY_JOB_NOWHERE */
	size_t rank;    /* in the order in which drives are reported */
	bool is_listed, has_journal, is_at_hand, is_of_job;
	bool contradicts;      /* its documents don't agree: no list can be made of them */
	bool has_wrong_key;    /* what they give first doesn't open the drive at hand */
	bool has_right_key;    /* it does; of a drive that is given twice both may be so */
	const char *predicted; /* what such a contradiction means for the service, or NULL */
} job_drive;

typedef struct job_session {
	char *id;
	tally_place place;
} job_session;

typedef struct job_check job_check;

/* A subject with a manifest: a drive at hand, or the manifest by itself. */
typedef struct job_carrier {
	size_t subject;
	bool is_drive;
	job_check *check;    /* of a drive; NULL when it is given a second time */
	char *manifest_path; /* on the drive; of a manifest by itself its path. NULL: none was found */
	char *shown;         /* path for people: of the drive and on it */
	char drive_id[128];  /* "" when it isn't known */
	bool is_named;       /* by its manifest; else by its serial number or its key */
	bool has_hash;       /* the manifest was read to its end */
	uint8_t hash[TALLY_JOB_HASH_BYTES];
	tally_place account_place; /* of its StorageAccountKey; line 0: it has none */
	uint64_t account;          /* a fingerprint of that key */
	job_session *sessions;
	size_t session_count, session_capacity;
	bool is_repeated; /* another one has the same drive's manifest, or is the same directory, file or device */
	size_t drive;     /* or TALLY_JOB_NOWHERE */
} job_carrier;

/* A drive's check. It begins with the opening, which comes before documents are compared, and ends after that. */
struct job_check {
	struct job_model *m;
	job_carrier *carrier;
	size_t number; /* of the drives that are checked */
	tally_check_options options;
	tally_run_keys keys;
	tally_sink sink;
	tally_run run; /* while has_run */
	bool has_run;
	tally_summary summary;
	tally_error error;
	tally_result result; /* so far */
};

typedef struct job_model {
	const tally_job_options *options;
	const tally_job_sink *sink; /* never NULL */
	tally_job_summary *summary;
	tally_finder finder; /* for the documents and what is between them */
	tally_error *error;  /* of the run */

	job_entry *entries;
	size_t entry_count, entry_capacity;
	bool entries_lost; /* there were more */
	job_drive *drives;
	size_t drive_count;
	job_drive **ordered; /* the same as they are reported */
	const char *manifests[TALLY_RUN_PATHS]; /* where the documents say that they are; no two alike */
	size_t manifest_count;
	job_carrier *carriers;
	size_t carrier_count;

	job_key *keys; /* no two alike */
	size_t key_count;
	char *key_file;    /* what is in it; a secret */
	job_check *checks; /* in the order of the subjects */
	size_t check_count;
	struct job_queue *queue;
	bool drives_told; /* the sink was told of each check */
	int drives_exit;  /* the worst of the drives' checks */

	tally_fingerprinter *fingerprinter;
	tally_records blobs; /* fingerprints of BlobPaths; the position says which carrier's */
} job_model;

/* Copies of a text; TALLY_ERROR_NO_MEMORY in the model's error. */
tally_result tally_job_copy(job_model *m, tally_text text, char **copy);
/* Tells the sink's progress while documents are read. TALLY_ERROR_STOPPED when it says so. */
tally_result tally_job_progress(job_model *m, const char *stage, const char *path, uint64_t done, uint64_t total);
/* Whether two ids are those of one drive: capitals don't matter. */
bool tally_job_same_id(const char *a, const char *b);
void tally_job_gap(job_model *m, const char *what, const char *why);
/*
 * Tells a finding at a place of the subject's document (line 0: of the document as a whole). The message names the
 * other place itself.
 */
void tally_job_find(job_model *m, tally_rule_symbol rule, size_t subject, tally_place place, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* job_papers.c: reads all documents, and finds out what each subject is. */
tally_result tally_job_read_papers(job_model *m);
/* Puts entries of one drive together, and gives carriers their drives. */
tally_result tally_job_group(job_model *m);

/* job_keys.c: gathers what may open a volume. */
tally_result tally_job_gather_keys(job_model *m);
void tally_job_clear_keys(job_model *m);
/* The keys for a drive's volume, in an order that depends on nothing but the arguments. */
tally_run_keys tally_job_keys_for(job_check *check);
/* What tells which drive it is when no manifest does: its serial number, or whose key opened it. */
void tally_job_identify(const job_model *m, job_carrier *carrier);
/*
 * Holds the key that the documents give for each drive against its volume, where another one opened it, and says of
 * volumes that none opened whether that is the documents' fault.
 */
tally_result tally_job_judge_keys(job_model *m);

/* job_drives.c */
/* The carriers: drives, which are opened, and manifests. What becomes of a drive is its check's result. */
tally_result tally_job_open_drives(job_model *m);
/* The carrier's drive while it is open; or NULL. */
tally_drive *tally_job_drive_of(const job_carrier *carrier);
/* Of drives that won't be checked: what their opening came to is all there is to say. */
void tally_job_settle_drives(job_model *m);
/* A drive at hand of which nobody knows which one it is. */
bool tally_job_is_nameless(const job_carrier *carrier);
/* The rest of all checks, and tells each. Also of a run that was stopped: then each says how far it got. */
tally_result tally_job_check_drives(job_model *m);
/* Releases the checks. */
void tally_job_close_drives(job_model *m);

/* job_manifests.c: gathers where manifests may be; finds and reads that of each carrier. */
void tally_job_gather_paths(job_model *m);
tally_result tally_job_read_manifests(job_model *m);

typedef struct job_manifest_visitor {
	void *context;
	void (*blob)(void *context, const char *blob_path, tally_place place);
} job_manifest_visitor;

/* Reads a carrier's manifest once more, in silence. */
tally_result tally_job_visit_manifest(job_model *m, const job_carrier *carrier, const job_manifest_visitor *visitor);

/* job_compare.c */
tally_result tally_job_order_drives(job_model *m);
void tally_job_compare(job_model *m);

tally_result tally_job_find_shared_blobs(job_model *m); /* job_blobs.c */
tally_result tally_job_conclude(job_model *m);          /* job_verdict.c */

#endif
