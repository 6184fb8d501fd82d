/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drives and journals of a job, and what a job tells of them. A drive is a folder first; of that a disk, a
 * container or an archive can be made. Drive i has three blobs data<i>/file-<k>.bin, and its journal the external key
 * that its disk is locked with.
 */
#ifndef TALLY_TESTS_VERIFY_JOB_CAST_H
#define TALLY_TESTS_VERIFY_JOB_CAST_H

#include "maker/bitlocker_writer.h"
#include "verify/stage.h"

#define CAST_MAX 4
#define SUBJECTS_MAX 16

typedef struct job_cast {
	stage s;
	char folder[CAST_MAX][192], journal[CAST_MAX][192], id[CAST_MAX][16];
	char key[CAST_MAX][64]; /* what the journal says; may be changed before job_cast_make */
	uint8_t external[CAST_MAX][32];
	const char *subjects[SUBJECTS_MAX]; /* of the job in hand */
} job_cast;

void job_cast_open(job_cast *c);
void job_cast_close(job_cast *c);
/* Folder and journal. */
void job_cast_make(job_cast *c, size_t i);
/* All of them, and a job of them in one thread: the folders, then their journals. */
tally_job_options job_cast_all(job_cast *c);
/* These paths, up to a NULL, are from now on the subjects of a job. */
void job_cast_give(job_cast *c, tally_job_options *options, ...) __attribute__((sentinel));
/* The journal once more, as it stands now with another key. */
void job_cast_journal(job_cast *c, size_t i, const char *key);
/* A job in JSON that lists so many drives from the first on, with their keys as they stand now. Returns its path. */
const char *job_cast_job(const job_cast *c, const char *name, size_t first, size_t count);
/* "<root>/<name>", in a buffer that the next call but three overwrites. */
const char *job_cast_path(const job_cast *c, const char *name);

/* A GPT disk with the drive's volume. `options` NULL: locked with the drive's external key. */
void job_cast_disk(const job_cast *c, size_t i, const bitlocker_options *options, const char *path);
void job_cast_vhdx(const job_cast *c, size_t i, const char *path);
void job_cast_tar(const job_cast *c, size_t i, const char *path);

/* What a job tells. */
typedef struct job_words {
	tally_result result;
	tally_error error;
	/*
	 * "job: STATUS, EXIT\n", a line "\tRULE status" for each error and warning between the documents; then each
	 * drive the same way, "NAME: …", in the order in which they were done; "NAME: error CODE, 3" of one whose check
	 * ended so.
	 */
	char *told;
	char *whole; /* all texts, gaps and notes too */
	tally_job_summary summary;
	size_t opened, checked; /* progress of so many drives, in opening and in checking */
} job_words;

/* To be cleared. */
void job_words_take(job_words *w, const tally_job_options *options);
void job_words_clear(job_words *w);
/* Takes, compares with `told`, and clears. */
void job_words_expect(const char *what, const tally_job_options *options, const char *told);
/* Asserts that a text is among what was told. */
void expect_in(const job_words *w, const char *text);

/* For tally_job_disk_of: subjects whose names end otherwise lie on different disks. */
uint64_t disks_of_their_own(const char *path);

#endif
