/* SPDX-License-Identifier: Apache-2.0 */
/* What a report says, and the formats it can be written in. A new format is a new row of the table in report.c. */
#ifndef TALLY_REPORT_REPORT_H
#define TALLY_REPORT_REPORT_H

#include "report/collector.h"
#include "report/writer.h"

/* A drive that was checked, or that could not be. */
typedef struct tally_check_report {
	const char *path;             /* as the user gave it */
	/* Documents of the findings that are not on the drive; NULL among them is none. When `path` is, there is no drive. */
	const char *const *papers;
	size_t paper_count;
	const tally_summary *summary; /* never NULL; may be empty when there is an error */
	const tally_audit_summary *audit; /* whose drive `summary` is of; NULL: it was only checked */
	const tally_collector *findings;
	const tally_error *error; /* why it could not be checked to its end, or NULL */
	void *stream;             /* of a format that has one: the context of the sink that stream_new filled in */
} tally_check_report;

/* A document that was judged, or that could not be. */
typedef struct tally_lint_report {
	const char *path;
	const tally_lint_result *result;
	const tally_collector *findings;
	const tally_error *error;
} tally_lint_report;

/* The documents and drives of a job, as a whole. */
typedef struct tally_job_report {
	const char *path; /* of the job's description, or else of the first subject */
	const tally_job_summary *summary;
	const tally_collector *findings; /* of documents and between them */
	const tally_error *error;        /* why it could not be judged to its end, or NULL */
} tally_job_report;

/* The documents of one run so far. */
typedef struct tally_lint_totals {
	uint64_t documents, valid, unreadable;
	uint64_t skipped; /* files of directories that are no documents */
	uint64_t results; /* findings that were kept, and subjects that could not be checked */
	uint64_t omitted; /* findings counted but not kept */
	int exit_status;
} tally_lint_totals;

/* The drives of one run so far. */
typedef struct tally_check_totals {
	uint64_t drives;
	uint64_t results; /* findings that were kept, and subjects that could not be checked */
	uint64_t omitted; /* findings counted but not kept */
	int exit_status;
} tally_check_totals;

typedef struct tally_report_style {
	bool verbose; /* every finding that was kept, not the first few of each kind */
} tally_report_style;

typedef struct tally_report_format {
	const char *name; /* as --format takes it */
	/* A run of checks: begin, drive…, end. `totals` are those before this drive. */
	void (*check_begin)(tally_writer *writer);
	void (*check)(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		      const tally_check_report *report);
	/* In a run about a job, behind its drives. */
	void (*job)(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		    const tally_job_report *report);
	void (*check_end)(tally_writer *writer, const tally_check_totals *totals);
	/*
	 * Of a format that is written while its drive, which is the only one of the run, is being checked; else NULL.
	 * stream_new fills in the sink but for finding and progress; what it makes is freed with stream_free (NULL is
	 * fine). `missing` says in words why the report would not be whole; NULL: it will be.
	 */
	tally_result (*stream_new)(tally_sink *sink, tally_writer *writer, tally_error *error);
	void (*stream_free)(void *stream);
	const char *(*missing)(const tally_check_report *report);
	/* NULL where a format is only for checks. A lint run is written as it goes, so that its memory is that of one
	 * document: begin, document…, end. */
	void (*lint_begin)(tally_writer *writer);
	/* `totals` are those before this document. */
	void (*lint_document)(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
			      const tally_lint_report *report);
	void (*lint_end)(tally_writer *writer, const tally_lint_totals *totals);
} tally_report_format;

/* The formats by number, from 0; NULL behind the last. The first one is the default; those for checks only come last.
 */
const tally_report_format *tally_report_format_at(size_t index);
/* NULL when there is none of that name. */
const tally_report_format *tally_report_format_find(const char *name);

/* The exit statuses of design and documentation: 0 nothing wrong, 1 something is wrong, 3 could not check. */
int tally_check_report_exit(const tally_check_report *report);
int tally_lint_report_exit(const tally_lint_report *report);
int tally_job_report_exit(const tally_job_report *report);
/* The worse of two: what could not be checked outweighs what is wrong, which outweighs what is right. */
int tally_exit_worse(int a, int b);
/* Each adds one more to the totals. */
void tally_check_totals_add(tally_check_totals *totals, const tally_check_report *report);
void tally_check_totals_add_job(tally_check_totals *totals, const tally_job_report *report);
void tally_lint_totals_add(tally_lint_totals *totals, const tally_lint_report *report);

/* check_begin and check_end where each drive's report stands for itself. */
void tally_report_check_begin(tally_writer *writer);
void tally_report_check_end(tally_writer *writer, const tally_check_totals *totals);

extern const tally_report_format tally_report_text, tally_report_json, tally_report_sarif, tally_report_junit,
    tally_report_drive_log, tally_report_drive_log_errors;

#endif
