/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/job_cast.h"

#include "maker/disk_writer.h"
#include "maker/image_maker.h"
#include "verify/pack.h"

#include <check.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- making them ---- */

void job_cast_open(job_cast *c)
{
	*c = (job_cast){0};
	stage_open(&c->s);
	snprintf(c->s.drive, sizeof c->s.drive, "%s/drive0", c->s.root);
	for (size_t i = 0; i < CAST_MAX; i++) {
		snprintf(c->folder[i], sizeof c->folder[i], "%s/drive%zu", c->s.root, i);
		snprintf(c->journal[i], sizeof c->journal[i], "%s/%zu.jrn", c->s.root, i);
		snprintf(c->id[i], sizeof c->id[i], "DRIVE-%zu", i);
		for (size_t k = 0; k < sizeof c->external[i]; k++)
			c->external[i][k] = (uint8_t)(7 * k + 31 * i + 1);
		EVP_EncodeBlock((uint8_t *)c->key[i], c->external[i], sizeof c->external[i]);
	}
}

void job_cast_close(job_cast *c)
{
	stage_close(&c->s);
}

void job_cast_make(job_cast *c, size_t i)
{
	maker *m = maker_begin(&(maker_options){.drive = c->folder[i],
						.journal = c->journal[i],
						.drive_id = c->id[i],
						.seed = i + 1,
						.record = {.bitlocker_key = c->key[i]}});
	for (unsigned k = 0; k < 3; k++) {
		char path[64];
		snprintf(path, sizeof path, "data%zu/file-%u.bin", i, k);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 5000 + k, .segment_size = 2000});
	}
	maker_end(m);
	maker_seal(m);
}

tally_job_options job_cast_all(job_cast *c)
{
	for (size_t i = 0; i < CAST_MAX; i++) {
		job_cast_make(c, i);
		c->subjects[i] = c->folder[i];
		c->subjects[CAST_MAX + i] = c->journal[i];
	}
	return (tally_job_options){
	    .subjects = c->subjects, .subject_count = 2 * CAST_MAX, .io = TALLY_IO_READ, .jobs = 1};
}

void job_cast_give(job_cast *c, tally_job_options *options, ...)
{
	va_list more;
	options->subjects = c->subjects;
	options->subject_count = 0;
	va_start(more, options);
	for (const char *path; (path = va_arg(more, const char *)) != NULL;) {
		ck_assert_uint_lt(options->subject_count, SUBJECTS_MAX);
		c->subjects[options->subject_count++] = path;
	}
	va_end(more);
}

void job_cast_journal(job_cast *c, size_t i, const char *key)
{
	char manifest[256], hash[33];
	snprintf(manifest, sizeof manifest, "%s/DriveManifest.xml", c->folder[i]);
	maker_hash_file(manifest, hash);
	const maker_record record = {
	    .drive_id = c->id[i], .bitlocker_key = key, .manifest_file = "\\DriveManifest.xml", .manifest_hash = hash};
	maker_write_journal(c->journal[i], &record, 1);
}

const char *job_cast_path(const job_cast *c, const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", c->s.root, name);
	return path;
}

const char *job_cast_job(const job_cast *c, const char *name, size_t first, size_t count)
{
	const char *path = job_cast_path(c, name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fputs("{\"properties\": {\"driveList\": [", file);
	for (size_t i = first; i < first + count; i++) {
		char manifest[256], hash[33];
		snprintf(manifest, sizeof manifest, "%s/DriveManifest.xml", c->folder[i]);
		maker_hash_file(manifest, hash);
		fprintf(file,
			"%s{\"driveId\": \"%s\", \"bitLockerKey\": \"%s\", \"manifestFile\": "
			"\"\\\\DriveManifest.xml\", \"manifestHash\": \"%s\"}",
			i > first ? ", " : "", c->id[i], c->key[i], hash);
	}
	fputs("]}}\n", file);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

void job_cast_disk(const job_cast *c, size_t i, const bitlocker_options *options, const char *path)
{
	const bitlocker_options own = {.external_key = c->external[i], .seed = i + 1};
	char volume[300];
	uint64_t size;
	snprintf(volume, sizeof volume, "%s.volume", path);
	image_make_volume(c->folder[i], volume, NULL, &size);
	image_lock_volume(volume, size, options != NULL ? options : &own);
	image_make_disk(volume, NULL, path);
	unlink(volume);
}

void job_cast_vhdx(const job_cast *c, size_t i, const char *path)
{
	char raw[300];
	snprintf(raw, sizeof raw, "%s.raw", path);
	job_cast_disk(c, i, NULL, raw);
	disk_write_vhdx(raw, path, 1 << 20, 512);
	unlink(raw);
}

void job_cast_tar(const job_cast *c, size_t i, const char *path)
{
	pack *p = pack_begin(path, "ustar", NULL, NULL);
	pack_folder(p, c->folder[i], "", false);
	pack_end(p);
}

/* ---- what is told ---- */

typedef struct listening {
	const tally_job_options *options;
	job_words *words;
	FILE *told, *whole, *of_job;
	FILE **of_drives;
	char **drive_texts;
	bool *seen_opening, *seen_checking;
} listening;

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static void write_finding(const listening *l, FILE *out, const tally_finding *f)
{
	fprintf(l->whole, "%s/%s %s %s:%" PRIu64 " %s %s %s\n", f->rule->id, f->rule->aspect,
		tally_severity_name(f->severity), f->document != NULL ? f->document : "-", f->line,
		f->expected != NULL ? f->expected : "-", f->actual != NULL ? f->actual : "-", f->message);
	if (f->severity != TALLY_SEVERITY_NOTE)
		fprintf(out, "\t%s %s\n", f->rule->id, f->status != NULL ? f->status->code : "-");
}

static void on_finding(void *context, const tally_finding *f)
{
	const listening *l = context;
	write_finding(l, l->of_job, f);
}

static void on_drive_finding(void *context, size_t subject, const tally_finding *f)
{
	const listening *l = context;
	write_finding(l, l->of_drives[subject], f);
}

static void write_gaps(const listening *l, const tally_gap *gaps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(l->whole, "not checked: %s: %s\n", gaps[i].what, gaps[i].why);
}

static const char *name_of_error(tally_result result)
{
	static const char *const names[] = {"ok", "memory", "argument", "io", "stopped", "internal", "no files"};
	return names[result];
}

static void on_drive_done(void *context, size_t subject, tally_result result, const tally_summary *summary,
			  const tally_error *error)
{
	listening *l = context;
	const char *name = name_of(l->options->subjects[subject]);
	const char *status = summary->drive_status != NULL ? summary->drive_status->code : "none";
	ck_assert_int_eq(error != NULL, result != TALLY_OK);
	fclose(l->of_drives[subject]);
	if (error != NULL)
		fprintf(l->told, "%s: error %s, 3\n%s", name, name_of_error(result), l->drive_texts[subject]);
	else
		fprintf(l->told, "%s: %s, %d\n%s", name, status, summary->exit_status, l->drive_texts[subject]);
	fprintf(l->whole, "drive %s id=%s source=%s %" PRIu64 "/%" PRIu64 " blobs error=%s\n", name, summary->drive_id,
		summary->source != NULL ? summary->source : "-", summary->blobs_checked, summary->blobs_listed,
		error != NULL ? error->message : "-");
	write_gaps(l, summary->gaps, summary->gap_count);
	l->of_drives[subject] = NULL;
}

static bool is_opening(const char *what)
{
	return strcmp(what, "unlocking the volume") == 0 || strcmp(what, "reading the volume's names") == 0 ||
	       strcmp(what, "listing the archive") == 0;
}

static bool on_progress(void *context, size_t subject, const tally_progress *progress)
{
	listening *l = context;
	if (subject == SIZE_MAX)
		return true;
	ck_assert_uint_lt(subject, l->options->subject_count);
	bool is_check = strcmp(progress->stage, "checking") == 0;
	if (!is_check && !is_opening(progress->stage))
		return true;
	bool *seen = is_check ? l->seen_checking : l->seen_opening;
	size_t *count = is_check ? &l->words->checked : &l->words->opened;
	*count += !seen[subject];
	seen[subject] = true;
	return true;
}

static void write_summary(listening *l, char **job_text)
{
	const tally_job_summary *s = &l->words->summary;
	for (size_t i = 0; i < s->subject_count; i++)
		fprintf(l->whole, "subject %s %s id=%s status=%s error=%s\n", name_of(s->subjects[i].path),
			s->subjects[i].is_drive ? "drive" : tally_document_kind_name(s->subjects[i].kind),
			s->subjects[i].drive_id,
			s->subjects[i].drive_status != NULL ? s->subjects[i].drive_status->code : "-",
			s->subjects[i].error.message);
	for (size_t i = 0; i < s->drive_count; i++)
		fprintf(l->whole, "of job %s at_hand=%d status=%s\n", s->drives[i].drive_id, s->drives[i].is_at_hand,
			s->drives[i].status != NULL ? s->drives[i].status->code : "-");
	write_gaps(l, s->gaps, s->gap_count);
	fclose(l->of_job);
	fclose(l->told);
	fclose(l->whole);
	char *drives = l->words->told;
	size_t size = strlen(drives) + strlen(*job_text) + 200;
	l->words->told = malloc(size);
	snprintf(l->words->told, size, "job: %s, %d\n%s%s", s->job_status != NULL ? s->job_status->code : "none",
		 s->exit_status, *job_text, drives);
	free(drives);
	free(*job_text);
}

void job_words_take(job_words *w, const tally_job_options *options)
{
	size_t count = options->subject_count + 1, sizes[3];
	char *job_text;
	*w = (job_words){.result = TALLY_OK};
	listening l = {.options = options, .words = w};
	l.told = open_memstream(&w->told, &sizes[0]);
	l.whole = open_memstream(&w->whole, &sizes[1]);
	l.of_job = open_memstream(&job_text, &sizes[2]);
	l.of_drives = calloc(count, sizeof *l.of_drives);
	l.drive_texts = calloc(count, sizeof *l.drive_texts);
	l.seen_opening = calloc(count, sizeof *l.seen_opening);
	l.seen_checking = calloc(count, sizeof *l.seen_checking);
	for (size_t i = 0; i < count; i++) {
		static size_t size;
		l.of_drives[i] = open_memstream(&l.drive_texts[i], &size);
	}
	const tally_job_sink sink = {&l, on_finding, on_drive_finding, on_drive_done, on_progress};
	w->result = tally_job(options, &sink, &w->summary, &w->error);
	write_summary(&l, &job_text);
	for (size_t i = 0; i < count; i++) {
		if (l.of_drives[i] != NULL)
			fclose(l.of_drives[i]);
		free(l.drive_texts[i]);
	}
	free(l.of_drives);
	free(l.drive_texts);
	free(l.seen_opening);
	free(l.seen_checking);
}

void job_words_clear(job_words *w)
{
	free(w->told);
	free(w->whole);
	tally_job_summary_clear(&w->summary);
	*w = (job_words){.result = TALLY_OK};
}

void job_words_expect(const char *what, const tally_job_options *options, const char *told)
{
	job_words w;
	job_words_take(&w, options);
	ck_assert_msg(w.result == TALLY_OK, "%s: %s", what, w.error.message);
	if (strcmp(w.told, told) != 0)
		fprintf(stderr, "%s\n", w.whole); /* longer than Check's messages may be */
	ck_assert_msg(strcmp(w.told, told) == 0, "%s:\n%s", what, w.told);
	job_words_clear(&w);
}

void expect_in(const job_words *w, const char *text)
{
	if (strstr(w->whole, text) == NULL)
		fprintf(stderr, "%s\n", w->whole); /* longer than Check's messages may be */
	ck_assert_msg(strstr(w->whole, text) != NULL, "not there: %s\n%s", text, w->told);
}

uint64_t disks_of_their_own(const char *path)
{
	return (uint64_t)path[strlen(path) - 1];
}
