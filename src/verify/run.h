/* SPDX-License-Identifier: Apache-2.0 */
/* One check in progress: what its stages share. */
#ifndef TALLY_VERIFY_RUN_H
#define TALLY_VERIFY_RUN_H

#include "base/fingerprint.h"
#include "digest/digest.h"
#include "drive/archive/archive.h"
#include "drive/drive.h"
#include "format/journal.h"
#include "format/manifest.h"
#include "verify/keys.h"
#include "verify/opening.h"
#include "verify/recording.h"
#include "verify/whole.h"

/* A finished blob, as the audit sees it. Valid only during the call. */
typedef struct tally_run_blob {
	const tally_manifest_blob *entry;
	const char *status; /* at blob level; NULL: there is no drive, or only Windows knows */
	bool checked;       /* all of it */
	/* The drive doesn't have the bytes, or the metadata and properties, that the manifest describes. */
	bool data_failed, side_failed;
	bool has_crc64;
	bool gaps; /* bytes that no segment has count as zeros in it */
	uint64_t crc64;
} tally_run_blob;

/* Who looks on while a drive is checked. */
typedef struct tally_run_observer {
	void *context;
	bool crc64; /* of each blob is wanted */
	/* Each blob of the manifest, when it is read first. */
	void (*named)(void *context, const tally_manifest_blob *blob);
	/* Each blob, when it was checked and its findings are told; on the calling thread, in the manifest's order. */
	tally_result (*blob)(void *context, const tally_run_blob *blob, tally_error *error);
	/* When the drive is done and the summary filled in: what the observer has to add. */
	tally_result (*end)(void *context, tally_error *error);
} tally_run_observer;

#define TALLY_RUN_PATHS 32 /* of the manifest: distinct ones that documents give */

typedef struct tally_run {
	const tally_check_options *options;
	const tally_sink *sink; /* never NULL; its callbacks may be */
	const tally_run_observer *observer; /* or NULL */
	tally_summary *summary;
	tally_finder finder;
	unsigned rank; /* of summary->drive_status in the replay's order; see verdict.c */
	const tally_status *portal; /* what the portal shows before anything is copied; NULL: nothing */
	bool serial_overruled; /* the disk's serial number is another than the manifest's, and the options name the drive */
	bool unexplained; /* an error was found that no status of the service stands for */
	bool unknown;     /* there is something of which nobody knows here what the service would say: */
	bool only_windows; /* files that can't be read here */
	uint64_t unhashed; /* segments of an archive that overlap too many others */

	unsigned checks;            /* that run side by side in this process, this one among them; 0: it is alone */
	const tally_run_keys *keys; /* for a locked volume, instead of the journal's; or NULL */
	/* Where its manifest may be, as far as that is known elsewhere; TALLY_RUN_PATHS at most. */
	const char *const *manifests;
	size_t manifest_count;
	bool is_opened;      /* as far as that can be done */
	tally_opened opened; /* what is below the drive */
	tally_drive *drive;
	tally_archive *archive;      /* the drive, when it is one; else NULL */
	struct tally_stored *stored; /* outcomes of its segments */
	tally_journal journal;
	const tally_journal_drive *entry; /* this drive's, or NULL */
	const char *manifest_path;        /* as the journal or the options give it */
	tally_file manifest;
	bool manifest_open;
	tally_source paper; /* the manifest of a drive that isn't at hand */
	bool is_paper;
	tally_whole *manifest_bytes; /* the one reading of it that everything goes by */
	tally_whole_outcome manifest_outcome;
	tally_manifest_totals totals;
	tally_recording *recording; /* of it, to be replayed; may be NULL */

	tally_reading reading; /* of everything on the drive */
	bool has_reading;      /* it is there */
	tally_whole *side_bytes; /* side files that the calling thread looks at; made when it is needed first */

	/* Fingerprints of every file that the manifest names, to tell the others. */
	tally_fingerprinter *fingerprinter;
	tally_records named;

	tally_progress progress;
} tally_run;

/* check.c */

/*
 * tally_check with somebody who looks on. Then options->drive may be NULL: options->manifest is a file of the local file
 * system, and nothing but papers is compared.
 */
tally_result tally_run_check(tally_run *run, const tally_check_options *options, const tally_sink *sink,
			     tally_summary *summary, tally_error *error);

/*
 * The same in steps, for whoever has to look at the drive before it is known which documents speak of it. Until the run
 * goes on, the options may change in all but the drive, and then the journal's keys have no part in it any more.
 */
tally_result tally_run_begin(tally_run *run, const tally_check_options *options, const tally_sink *sink,
			     tally_summary *summary, tally_error *error);
tally_result tally_run_open(tally_run *run, tally_error *error);
tally_result tally_run_go_on(tally_run *run, tally_error *error);
/* `result` and `error`: what the steps so far came to. Fills in the verdict and releases all but the summary. */
tally_result tally_run_end(tally_run *run, tally_result result, tally_error *error);
/* Of a run that is given up: only releases, which tally_run_end does too. */
void tally_run_release(tally_run *run);

/* What the journal's own reading finds, as far as it is about this drive. */
tally_result tally_run_tell_journal(tally_run *run, const char *drive_id, tally_error *error);

/* manifest.c */
/* Reads and judges it; its bytes are to be had from run->manifest_bytes from then on. */
tally_result tally_run_read_manifest(tally_run *run, tally_error *error);
/* Tells that bytes of the manifest at `path` could not be read. */
void tally_manifest_tell_unreadable(tally_finder *finder, const char *path, const tally_fault *fault);
/* Tells when it could be read once more only past the page cache, unless something was told of its bytes before. */
void tally_run_tell_flaky_manifest(tally_run *run);
/* Tells that it could not be read once more from `offset` on. `loss` says what that costs. */
void tally_run_tell_not_again(tally_run *run, uint64_t offset, int os_error, const char *loss);

/* papers.c: every blob of the manifest, without a drive. */
tally_result tally_run_read_papers(tally_run *run, tally_error *error);

/* verdict.c */
/* How early the service stops with a drive status: the smallest comes first. A status it can't predict: the last. */
unsigned tally_replay_rank(const char *drive_status);
void tally_run_start_verdict(tally_run *run);
/* The finder's `put`: passes a finding on and lets it count for the verdict. `context` is the run. */
void tally_run_put(void *context, const tally_finding *finding);
/* Tells that fact->file_path, which is not NULL, can't be opened: `sentence`, and what stands in the way if known. */
void tally_run_tell_find(tally_run *run, const tally_fact *fact, const char *sentence, const tally_find_detail *detail);
/* What the service would report for the drive if nothing earlier in its order stops it. NULL is ignored. */
void tally_run_predict(tally_run *run, const char *drive_status);
/* What ends the service's work before it comes to the blobs, as far as known; or NULL. */
const tally_status *tally_run_failure(const tally_run *run);
/* Counts a status of a blob, segment or side file. Returns it. */
const tally_status *tally_run_count(tally_run *run, tally_level level, const char *code);
/*
 * Adds a gap to a summary's, unless it is there: what is met a thousand times must not take the room of what is met
 * once. The texts are static, or live as long as the summary.
 */
void tally_gap_add(tally_gap gaps[TALLY_GAPS_MAX], size_t *count, const char *what, const char *why);
void tally_run_gap(tally_run *run, const char *what, const char *why);
/* Why nothing is known that a journal would tell: a job has no option for it, and may have those of other drives. */
const char *tally_run_no_journal(const tally_run *run);
/* Calls the sink; TALLY_ERROR_STOPPED when it says so. */
tally_result tally_run_progress(tally_run *run, tally_error *error);
/* Fills in the summary's verdict. */
void tally_run_conclude(tally_run *run);

/* again.c: the manifest once more. */
typedef struct tally_manifest_end {
	uint64_t offset; /* how far it was read */
	int os_error;    /* what ended that, or 0 */
} tally_manifest_end;
/*
 * Hands out the manifest's blobs once more, as long as goes_on(context) says so: out of memory where it was kept whole,
 * else read from the drive. `end` may be NULL; it stays as it is when nothing is read.
 */
tally_result tally_run_read_again(tally_run *run, const tally_manifest_events *events, bool (*goes_on)(void *context),
				  void *context, tally_manifest_end *end, tally_error *error);

/* archive_report.c: what a drive in an archive makes different. */
tally_result tally_run_open_archive(tally_run *run, tally_error *error);
/* Has the bytes of the manifest, which is open; it takes a while where nobody knew its name. */
tally_result tally_run_fetch_manifest(tally_run *run, tally_error *error);
void tally_run_tell_archive_gaps(tally_run *run);
void tally_run_settle_archive(tally_run *run, const char *const *manifests, size_t count);
/* What was wrong with the archive itself. */
void tally_run_tell_archive(tally_run *run);

/* replay.c: every blob against the drive. */
tally_result tally_run_replay(tally_run *run, tally_error *error);

/* others.c: files that nothing names. */
tally_result tally_run_name(tally_run *run, const char *windows_path, tally_error *error);
tally_result tally_run_find_others(tally_run *run, tally_error *error);

#endif
