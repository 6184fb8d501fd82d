/* SPDX-License-Identifier: Apache-2.0 */
/* A job as a whole: its documents and drives are read, held together, checked and judged. */
#include "base/memory.h"
#include "verify/job_list.h"
#include "verify/job_queue.h"

#include <stdio.h>

/* ---- what the parts share ---- */

tally_result tally_job_copy(job_model *m, tally_text text, char **copy)
{
	*copy = tally_strndup(text.data, text.size);
	return *copy != NULL ? TALLY_OK : tally_fail_memory(m->error);
}

tally_result tally_job_progress(job_model *m, const char *stage, const char *path, uint64_t done, uint64_t total)
{
	if (m->sink->progress == NULL)
		return TALLY_OK;
	char masked[TALLY_MASKED_PATH];
	const tally_progress progress = {
	    .stage = stage,
	    .bytes_done = done,
	    .bytes_total = total,
	    .findings = m->finder.errors + m->finder.warnings,
	    .file_path = tally_mask_path(path, masked),
	};
	if (m->sink->progress(m->sink->context, SIZE_MAX, &progress))
		return TALLY_OK;
	return tally_fail(m->error, TALLY_ERROR_STOPPED, "stopped on request");
}

bool tally_job_same_id(const char *a, const char *b)
{
	return tally_text_equal_ascii_nocase((tally_text){a, strlen(a)}, (tally_text){b, strlen(b)});
}

void tally_job_gap(job_model *m, const char *what, const char *why)
{
	tally_gap_add(m->summary->gaps, &m->summary->gap_count, what, why);
}

void tally_job_find(job_model *m, tally_rule_symbol rule, size_t subject, tally_place place, const char *format, ...)
{
	char message[900];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	m->finder.document = subject < m->summary->subject_count ? m->summary->subjects[subject].path : NULL;
	tally_find_fact(&m->finder, &(tally_fact){.rule = rule, .in_document = place.line != 0, .place = place}, "%s",
			message);
}

static void put(void *context, const tally_finding *finding)
{
	const tally_job_sink *sink = context;
	if (sink->finding != NULL)
		sink->finding(sink->context, finding);
}

/* ---- the flow ---- */

static tally_result make_subjects(job_model *m)
{
	const tally_job_options *options = m->options;
	tally_job_summary *s = m->summary;
	size_t count = options->subject_count + (options->job != NULL);
	s->subjects = tally_zalloc(count, sizeof *s->subjects);
	if (s->subjects == NULL)
		return tally_fail_memory(m->error);
	s->subject_count = count;
	for (size_t i = 0; i < options->subject_count; i++)
		s->subjects[i].path = options->subjects[i];
	if (options->job != NULL)
		s->subjects[count - 1].path = options->job;
	return TALLY_OK;
}

static tally_result run_stages(job_model *m)
{
	tally_result result = make_subjects(m);
	if (result == TALLY_OK)
		result = tally_fingerprinter_new(&m->fingerprinter, m->error);
	if (result == TALLY_OK)
		result = tally_job_read_papers(m);
	if (result == TALLY_OK)
		result = tally_job_gather_keys(m);
	if (result == TALLY_OK)
		result = tally_job_open_drives(m);
	if (result == TALLY_OK)
		result = tally_job_read_manifests(m);
	if (result == TALLY_OK)
		result = tally_job_group(m);
	if (result == TALLY_OK)
		result = tally_job_judge_keys(m);
	if (result == TALLY_OK && m->options->papers_only)
		tally_job_settle_drives(m);
	if (result == TALLY_OK)
		result = tally_job_order_drives(m);
	if (result == TALLY_OK)
		tally_job_compare(m);
	if (result == TALLY_OK)
		result = tally_job_find_shared_blobs(m);
	if (result == TALLY_OK && !m->options->papers_only)
		result = tally_job_check_drives(m);
	return result;
}

/* Drives that were opened, or were to be, have their reports also when the run is stopped before their check. */
static void tell_stopped(job_model *m)
{
	if (m->queue == NULL || m->drives_told || m->options->papers_only)
		return;
	tally_job_queue_stop(m->queue);
	(void)tally_job_check_drives(m);
}

static void clear_carrier(job_carrier *carrier)
{
	for (size_t i = 0; i < carrier->session_count; i++)
		tally_free(carrier->sessions[i].id);
	tally_free(carrier->sessions);
	tally_free(carrier->manifest_path);
	tally_free(carrier->shown);
}

static void release(job_model *m)
{
	tally_job_close_drives(m);
	tally_job_clear_keys(m);
	for (size_t i = 0; i < m->entry_count; i++) {
		job_entry *entry = &m->entries[i];
		tally_free(entry->drive_id);
		tally_free(entry->manifest_file);
		tally_free(entry->header_hash);
		tally_free_secret(entry->key);
	}
	for (size_t i = 0; i < m->carrier_count; i++)
		clear_carrier(&m->carriers[i]);
	tally_free(m->entries);
	tally_free(m->carriers);
	tally_free(m->drives);
	tally_free(m->ordered);
	tally_records_clear(&m->blobs);
	tally_fingerprinter_free(m->fingerprinter);
}

tally_result tally_job(const tally_job_options *options, const tally_job_sink *sink, tally_job_summary *summary,
		       tally_error *error)
{
	static const tally_job_sink nobody = {0};
	tally_error own;
	if (options == NULL || summary == NULL || options->subject_count > TALLY_JOB_SUBJECTS_MAX ||
	    options->jobs > 256 || (unsigned)options->io > TALLY_IO_DIRECT ||
	    (options->subject_count == 0 && options->job == NULL))
		return tally_fail(error, TALLY_ERROR_ARGUMENT,
				  "tally_job needs 1 to %d subjects, a summary, at most 256 jobs and a known io",
				  TALLY_JOB_SUBJECTS_MAX);
	*summary = (tally_job_summary){.exit_status = 3};
	job_model m = {.options = options,
		       .sink = sink != NULL ? sink : &nobody,
		       .summary = summary,
		       .error = error != NULL ? error : &own};
	m.finder = (tally_finder){.put = put, .context = (void *)(uintptr_t)m.sink, .strict = options->strict};
	tally_result result = run_stages(&m);
	if (result == TALLY_ERROR_STOPPED)
		tell_stopped(&m);
	summary->errors = m.finder.errors;
	summary->warnings = m.finder.warnings;
	summary->notes = m.finder.notes;
	/* A run that was stopped still says what it found; nothing is concluded from it. */
	if (result == TALLY_OK || result == TALLY_ERROR_STOPPED) {
		tally_result concluded = tally_job_conclude(&m);
		if (result == TALLY_OK)
			result = concluded;
	}
	if (result != TALLY_OK) {
		summary->job_status = NULL;
		summary->exit_status = 3;
		tally_job_list_free(summary->list);
		summary->list = NULL;
		snprintf(summary->list_refusal, sizeof summary->list_refusal, "the run did not come to its end");
	}
	release(&m);
	return result;
}

void tally_job_summary_clear(tally_job_summary *summary)
{
	if (summary == NULL)
		return;
	tally_job_list_free(summary->list);
	tally_free(summary->subjects);
	tally_free(summary->drives);
	*summary = (tally_job_summary){0};
}
