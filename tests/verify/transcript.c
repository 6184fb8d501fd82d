/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/transcript.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writing {
	FILE *findings, *whole;
	uint64_t by_severity[3];
	uint64_t blobs, segments; /* of the blob in hand */
	bool has_drive, in_blob;
	uint64_t unknown[TALLY_LEVEL_PROPERTIES + 1];
} writing;

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void on_finding(void *context, const tally_finding *f)
{
	writing *w = context;
	ck_assert_ptr_nonnull(f->rule);
	ck_assert_ptr_nonnull(f->message);
	const char *status = f->status != NULL ? f->status->code : NULL;
	w->by_severity[f->severity]++;
	fprintf(w->findings, "%s %s %s %s\n", f->rule->id, tally_severity_name(f->severity), tally_level_name(f->level),
		or_dash(status));
	fprintf(w->whole, "%s/%s %s %s %s blob=%s file=%s document=%s:%" PRIu64 "@%" PRIu64, f->rule->id,
		f->rule->aspect, tally_severity_name(f->severity), tally_level_name(f->level), or_dash(status),
		or_dash(f->blob_path), or_dash(f->file_path), or_dash(f->document), f->line, f->document_offset);
	if (f->has_range)
		fprintf(w->whole, " range=%" PRIu64 "+%" PRIu64, f->offset, f->length);
	fprintf(w->whole, " expected=%s actual=%s message=%s\n", or_dash(f->expected), or_dash(f->actual), f->message);
}

static void on_drive(void *context, const tally_drive_report *d)
{
	writing *w = context;
	ck_assert(!w->has_drive);
	w->has_drive = true;
	fprintf(w->whole, "drive %s %d %s\n", d->drive_id, d->is_export, d->failure != NULL ? d->failure->code : "-");
}

static void on_blob_begin(void *context, const tally_blob_report *b)
{
	writing *w = context;
	ck_assert(w->has_drive && !w->in_blob);
	ck_assert_uint_eq(b->index, w->blobs); /* in the manifest's order, none left out */
	w->in_blob = true;
	w->segments = 0;
}

/* NULL is the status of what could not be checked, which no count holds. */
static const char *code_of(writing *w, const tally_status *status, tally_level level)
{
	if (status != NULL)
		ck_assert_int_eq(status->level, level);
	else
		w->unknown[level]++;
	return status != NULL ? status->code : "-";
}

static void on_segment(void *context, const tally_segment_report *g)
{
	writing *w = context;
	ck_assert(w->in_blob);
	ck_assert_uint_eq(g->blob_index, w->blobs);
	ck_assert_uint_eq(g->index, w->segments);
	w->segments++;
	fprintf(w->whole, "segment %" PRIu64 "+%" PRIu64 " %d %s %s\n", g->offset, g->length, g->md5 != NULL,
		or_dash(g->id), code_of(w, g->status, TALLY_LEVEL_SEGMENT));
}

static void on_side_file(void *context, const tally_side_report *f)
{
	writing *w = context;
	ck_assert(w->in_blob);
	ck_assert_uint_eq(f->blob_index, w->blobs);
	fprintf(w->whole, "%s %d %s %s\n", tally_level_name(f->level), f->is_global, or_dash(f->path),
		code_of(w, f->status, f->level));
}

static void on_blob(void *context, const tally_blob_report *b)
{
	writing *w = context;
	ck_assert(w->in_blob);
	ck_assert_uint_eq(b->index, w->blobs);
	ck_assert_uint_eq(b->segments_listed, w->segments);
	w->in_blob = false;
	w->blobs++;
	fprintf(w->whole, "blob %" PRIu64 " %s %s %" PRIu64 " %s %" PRIu64 "/%" PRIu64 "\n", b->index,
		or_dash(b->blob_path), or_dash(b->file_path), b->length,
		code_of(w, b->status, TALLY_LEVEL_BLOB), b->segments_checked, b->segments_listed);
}

static void write_counts(FILE *out, const tally_summary *summary)
{
	static const tally_level levels[] = {TALLY_LEVEL_BLOB, TALLY_LEVEL_SEGMENT, TALLY_LEVEL_METADATA,
					     TALLY_LEVEL_PROPERTIES};
	const char *between_levels = "";
	for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
		const char *between = NULL;
		for (size_t i = 0; i < tally_status_count(); i++) {
			const tally_status *status = tally_status_at(i);
			if (status->level != levels[l] || summary->status_counts[i] == 0)
				continue;
			if (between == NULL)
				fprintf(out, "%s%s: ", between_levels, tally_level_name(levels[l]));
			else
				fputs(", ", out);
			between = ", ";
			between_levels = "; ";
			fprintf(out, "%s %" PRIu64, status->code, summary->status_counts[i]);
		}
	}
}

static uint64_t count_of_level(const tally_summary *summary, tally_level level)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < tally_status_count(); i++)
		if (tally_status_at(i)->level == level)
			sum += summary->status_counts[i];
	return sum;
}

/* What no drive can make untrue. */
static void check_summary(const tally_summary *s, const writing *w)
{
	ck_assert_uint_eq(s->errors, w->by_severity[TALLY_SEVERITY_ERROR]);
	ck_assert_uint_eq(s->warnings, w->by_severity[TALLY_SEVERITY_WARNING]);
	ck_assert_uint_eq(s->notes, w->by_severity[TALLY_SEVERITY_NOTE]);
	ck_assert_uint_le(s->blobs_checked, s->blobs_listed);
	ck_assert_uint_le(s->segments_checked, s->segments_listed);
	ck_assert_uint_le(count_of_level(s, TALLY_LEVEL_BLOB), s->blobs_listed);
	const uint64_t *unknown = w->unknown;
	ck_assert_uint_eq(count_of_level(s, TALLY_LEVEL_BLOB) + unknown[TALLY_LEVEL_BLOB], w->blobs);
	ck_assert_uint_eq(count_of_level(s, TALLY_LEVEL_SEGMENT) + unknown[TALLY_LEVEL_SEGMENT], s->segments_listed);
	ck_assert_msg(unknown[TALLY_LEVEL_BLOB] == 0 || s->exit_status != 0, "success, and a blob was not checked");
	ck_assert_msg(s->exit_status == 0 || s->exit_status == 1 || s->exit_status == 3, "exit status %d",
		      s->exit_status);
	ck_assert_msg((s->errors > 0) <= (s->exit_status == 1), "errors, but exit status %d", s->exit_status);
	bool completed = s->drive_status != NULL && strcmp(s->drive_status->code, "Completed") == 0;
	ck_assert_msg(!completed || (s->exit_status == 0 && s->errors == 0 && s->blobs_checked > 0),
		      "Completed with %" PRIu64 " errors and %" PRIu64 " blobs checked", s->errors, s->blobs_checked);
	ck_assert_msg(s->exit_status != 0 || s->blobs_checked > 0, "success, and nothing was checked");
	if (s->drive_status != NULL)
		ck_assert_int_eq(s->drive_status->level, TALLY_LEVEL_DRIVE);
	ck_assert_uint_gt(s->gap_count, 0);
}

static void write_summary(FILE *out, const tally_summary *s)
{
	fprintf(out, "drive=%s source=%s id=%s status=%s portal=%s exit=%d\n", s->drive, s->source, s->drive_id,
		s->drive_status != NULL ? s->drive_status->code : "-", s->portal_state != NULL ? s->portal_state : "-", s->exit_status);
	fprintf(out,
		"blobs %" PRIu64 "/%" PRIu64 " segments %" PRIu64 "/%" PRIu64 " bytes %" PRIu64 " others %" PRIu64
		" %" PRIu64 "\n",
		s->blobs_checked, s->blobs_listed, s->segments_checked, s->segments_listed, s->bytes_hashed,
		s->other_files, s->other_bytes);
	for (size_t i = 0; i < s->gap_count; i++)
		fprintf(out, "gap %s: %s\n", s->gaps[i].what, s->gaps[i].why);
}

void transcript_take(transcript *t, const tally_check_options *options)
{
	size_t size;
	writing w = {0};
	*t = (transcript){0};
	w.findings = open_memstream(&t->findings, &size);
	w.whole = open_memstream(&t->whole, &size);
	FILE *counts = open_memstream(&t->counts, &size);
	tally_sink sink = {.context = &w,
			   .finding = on_finding,
			   .drive = on_drive,
			   .blob_begin = on_blob_begin,
			   .segment = on_segment,
			   .side_file = on_side_file,
			   .blob = on_blob};
	tally_summary summary;
	t->result = tally_check(options, &sink, &summary, &t->error);
	t->drive_status = summary.drive_status;
	t->exit_status = summary.exit_status;
	if (t->result == TALLY_OK) {
		ck_assert(w.has_drive);
		check_summary(&summary, &w);
		write_counts(counts, &summary);
		write_summary(w.whole, &summary);
	} else {
		ck_assert_ptr_null(summary.drive_status);
		ck_assert_int_eq(summary.exit_status, 3);
		ck_assert_int_eq(t->error.code, t->result);
		ck_assert_str_ne(t->error.message, "");
	}
	tally_summary_clear(&summary);
	fclose(w.findings);
	fclose(w.whole);
	fclose(counts);
}

void transcript_clear(transcript *t)
{
	free(t->findings);
	free(t->counts);
	free(t->whole);
	*t = (transcript){0};
}

void transcript_expect_same(const char *what, const transcript *found, const transcript *expected)
{
	ck_assert_msg(found->result == expected->result && found->exit_status == expected->exit_status &&
			  found->drive_status == expected->drive_status &&
			  strcmp(found->findings, expected->findings) == 0 &&
			  strcmp(found->counts, expected->counts) == 0,
		      "%s: %s\n%s---- instead of\n%s", what, found->error.message, found->whole, expected->whole);
}
