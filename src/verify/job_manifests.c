/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests of a job's drives: where they are, whose they are, what their hash is, which blobs they name. */
#include "base/memory.h"
#include "format/manifest.h"
#include "verify/job_model.h"
#include "verify/run.h"
#include "verify/whole.h"

#include <stdio.h>

static const char stage[] = "reading the manifests";

/* ---- reading one ---- */

typedef struct manifest_input {
	job_model *m;
	const char *shown;
	tally_source paper; /* when it is on no drive */
	tally_file file;
	bool on_drive;
	tally_archive *archive; /* the drive, when it is one; else NULL */
	tally_reading reading;
	tally_whole *bytes; /* the one reading that everything goes by */
	tally_whole_outcome outcome;
} manifest_input;

/* Which of the documents is this drive's is not known yet. */
static bool is_told(void *context, const uint8_t md5[TALLY_MD5_SIZE])
{
	const manifest_input *input = context;
	for (size_t i = 0; i < input->m->entry_count; i++) {
		const job_entry *entry = &input->m->entries[i];
		if (entry->has_hash && memcmp(entry->hash, md5, TALLY_MD5_SIZE) == 0)
			return true;
	}
	return false;
}

static bool any_hash(const job_model *m)
{
	bool any = false;
	for (size_t i = 0; i < m->entry_count; i++)
		any |= m->entries[i].has_hash;
	return any;
}

static tally_result show_reading(void *context, uint64_t offset, tally_error *error)
{
	const manifest_input *input = context;
	(void)error; /* it is the model's */
	return tally_job_progress(input->m, stage, input->shown, offset, 2 * input->file.size);
}

static bool watch_archive(void *context, uint64_t place)
{
	const manifest_input *input = context;
	return tally_job_progress(input->m, "looking for the manifests", input->shown, place,
				  tally_archive_size(input->archive)) == TALLY_OK;
}

static tally_result open_file(job_model *m, const job_carrier *carrier, manifest_input *input)
{
	if (!input->on_drive)
		return tally_source_file(&input->paper, carrier->manifest_path, m->error);
	tally_text path = {carrier->manifest_path, strlen(carrier->manifest_path)};
	tally_find find = tally_drive_find(tally_job_drive_of(carrier), path, &input->file, NULL);
	tally_result shortage = tally_find_shortage(find, NULL, m->error);
	if (shortage != TALLY_OK)
		return shortage;
	if (find != TALLY_FIND_OK)
		return tally_fail(m->error, TALLY_ERROR_IO, "%.300s can't be opened", carrier->shown);
	if (input->archive == NULL)
		return TALLY_OK;
	return tally_archive_fetch(input->archive, &input->file, watch_archive, input, m->error);
}

static void close_input(manifest_input *input)
{
	tally_whole_free(input->bytes);
	tally_reading_destroy(&input->reading);
	if (input->on_drive)
		tally_file_close(&input->file);
	else
		tally_source_close(&input->paper);
}

/* As the drive's check will read it. */
static tally_result open_input(job_model *m, const job_carrier *carrier, manifest_input *input)
{
	tally_drive *drive = tally_job_drive_of(carrier);
	*input = (manifest_input){.m = m,
				  .shown = carrier->shown,
				  .on_drive = drive != NULL,
				  .archive = drive != NULL ? carrier->check->run.archive : NULL};
	tally_result result = open_file(m, carrier, input);
	if (result != TALLY_OK)
		return result;
	bool is_archive = input->archive != NULL;
	bool is_direct = m->options->io == TALLY_IO_DIRECT && !is_archive;
	tally_reading_init(&input->reading, drive,
			   &(tally_reading_options){.jobs = 1,
						    .io = is_direct ? TALLY_IO_DIRECT : TALLY_IO_READ,
						    .max_rate = is_archive ? 0 : m->options->max_rate,
						    .once = is_archive});
	const tally_whole_subject subject = {
	    .file = input->on_drive ? &input->file : NULL,
	    .paper = &input->paper,
	    .is_right = any_hash(m) ? is_told : NULL,
	    .watch = show_reading,
	    .context = input,
	};
	result = tally_whole_new(&input->bytes, &input->reading, m->error);
	if (result == TALLY_OK)
		result = tally_whole_take(input->bytes, &subject, &input->outcome, m->error);
	if (result != TALLY_OK)
		close_input(input);
	return result;
}

/* Feeds a manifest to its reader, as far as its bytes go. */
static tally_result feed(job_model *m, manifest_input *input, tally_manifest *manifest)
{
	tally_result result = TALLY_OK;
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(m->error);
	int64_t got = 0;
	for (uint64_t offset = 0; result == TALLY_OK; offset += (uint64_t)got) {
		got = tally_whole_read(input->bytes, offset, chunk, TALLY_SOURCE_CHUNK);
		if (got <= 0)
			break;
		result = tally_manifest_feed(manifest, chunk, (size_t)got, m->error);
		if (result == TALLY_OK)
			result =
			    tally_job_progress(m, stage, input->shown, input->file.size + offset, 2 * input->file.size);
	}
	tally_free_wiped(chunk, TALLY_SOURCE_CHUNK);
	if (result == TALLY_OK && got == 0)
		result = tally_manifest_finish(manifest, m->error);
	return result;
}

/* ---- the first reading ---- */

typedef struct first_reading {
	job_model *m;
	job_carrier *carrier;
	size_t index;
	tally_result result;
} first_reading;

/* "session#1-0": the session's id, a hyphen and the list's number (M-16). */
static tally_text session_of(tally_text list)
{
	size_t size = list.size;
	while (size > 0 && list.data[size - 1] >= '0' && list.data[size - 1] <= '9')
		size--;
	bool numbered = size < list.size && size > 1 && list.data[size - 1] == '-';
	return numbered ? (tally_text){list.data, size - 1} : (tally_text){"", 0};
}

static void on_list(void *context, tally_text id, tally_place place)
{
	first_reading *r = context;
	job_carrier *carrier = r->carrier;
	tally_text session = session_of(id);
	if (session.size == 0 || carrier->session_count == TALLY_JOB_SESSIONS_MAX || r->result != TALLY_OK)
		return;
	for (size_t i = 0; i < carrier->session_count; i++)
		if (tally_text_equal_string(session, carrier->sessions[i].id))
			return;
	job_session *grown =
	    tally_grow(carrier->sessions, &carrier->session_capacity, carrier->session_count + 1, sizeof *grown);
	if (grown == NULL) {
		r->result = tally_fail_memory(r->m->error);
		return;
	}
	carrier->sessions = grown;
	job_session *kept = &grown[carrier->session_count];
	kept->place = place;
	r->result = tally_job_copy(r->m, session, &kept->id);
	carrier->session_count += r->result == TALLY_OK;
}

static uint64_t fingerprint(job_model *m, tally_text text)
{
	tally_fingerprint_begin(m->fingerprinter);
	tally_fingerprint_update(m->fingerprinter, text.data, text.size);
	return tally_fingerprint_end(m->fingerprinter);
}

static void on_account_key(void *context, tally_text key, tally_place place)
{
	first_reading *r = context;
	if (r->result != TALLY_OK || r->carrier->account_place.line != 0)
		return;
	r->carrier->account_place = place;
	r->carrier->account = fingerprint(r->m, key);
}

static void on_blob(void *context, const tally_manifest_blob *blob)
{
	first_reading *r = context;
	if (blob->blob_path == NULL || r->result != TALLY_OK)
		return;
	tally_text path = {blob->blob_path, strlen(blob->blob_path)};
	tally_record record = {.fingerprint = fingerprint(r->m, path), .position = r->index};
	r->result = tally_records_add(&r->m->blobs, record, r->m->error);
}

static tally_result read_input(first_reading *r, manifest_input *input, tally_manifest *manifest)
{
	tally_result result = feed(r->m, input, manifest);
	if (result == TALLY_OK)
		result = r->result;
	r->carrier->has_hash = result == TALLY_OK && input->outcome.complete;
	memcpy(r->carrier->hash, input->outcome.md5, sizeof r->carrier->hash);
	snprintf(r->carrier->drive_id, sizeof r->carrier->drive_id, "%s",
		 tally_manifest_get_totals(manifest)->drive_id);
	return result;
}

/* Bytes that are always wrong are told where the journals are held against them. */
static void tell_fault(job_model *m, const job_carrier *carrier, const tally_fault *fault)
{
	if (fault->os_error != 0)
		tally_manifest_tell_unreadable(&m->finder, carrier->manifest_path, fault);
	else if (fault->second == TALLY_SECOND_RIGHT)
		tally_fault_tell(fault, &m->finder,
				 (tally_fact){.rule = TALLY_RULE_M_54, .file_path = carrier->manifest_path},
				 "the manifest is not the file that the journal was written for");
}

/* A drive that is checked tells what is wrong with its manifest; of any other it is told here. */
static tally_result read_manifest(job_model *m, size_t index)
{
	static const tally_manifest_events events = {
	    .blob_end = on_blob, .list_begin = on_list, .account_key = on_account_key};
	job_carrier *carrier = &m->carriers[index];
	bool is_checked = carrier->is_drive && !m->options->papers_only;
	first_reading r = {.m = m, .carrier = carrier, .index = index};
	tally_manifest_options options = {.events = &events, .events_context = &r};
	tally_finder silent = {0};
	tally_manifest *manifest = NULL;
	manifest_input input;
	tally_result result = open_input(m, carrier, &input);
	if (result != TALLY_OK)
		return result;
	m->finder.document = carrier->shown;
	result = tally_manifest_new(&manifest, &options, is_checked ? &silent : &m->finder, m->error);
	if (result == TALLY_OK)
		result = read_input(&r, &input, manifest);
	if (result == TALLY_OK && !is_checked)
		tell_fault(m, carrier, &input.outcome.fault);
	tally_manifest_free(manifest);
	close_input(&input);
	return result;
}

/* ---- the second reading ---- */

static void on_visited_blob(void *context, const tally_manifest_blob *blob)
{
	const job_manifest_visitor *visitor = context;
	if (blob->blob_path != NULL)
		visitor->blob(visitor->context, blob->blob_path, blob->place);
}

tally_result tally_job_visit_manifest(job_model *m, const job_carrier *carrier, const job_manifest_visitor *visitor)
{
	static const tally_manifest_events events = {.blob_end = on_visited_blob};
	tally_manifest_options options = {.events = &events, .events_context = (void *)(uintptr_t)visitor};
	tally_finder silent = {0};
	tally_manifest *manifest = NULL;
	manifest_input input;
	tally_result result = open_input(m, carrier, &input);
	if (result != TALLY_OK)
		return result;
	result = tally_manifest_new(&manifest, &options, &silent, m->error);
	if (result == TALLY_OK)
		result = feed(m, &input, manifest);
	tally_manifest_free(manifest);
	close_input(&input);
	return result;
}

/* ---- where they are ---- */

static tally_result take_path(job_model *m, job_carrier *carrier, const char *path)
{
	const char *drive = m->summary->subjects[carrier->subject].path;
	size_t size = strlen(drive) + strlen(path) + 2;
	carrier->shown = tally_alloc(size);
	if (carrier->shown == NULL)
		return tally_fail_memory(m->error);
	/* As a path of this computer, so that editors can open it; capitals may differ. */
	bool separated = path[0] == '\\' || path[0] == '/';
	snprintf(carrier->shown, size, "%s%s%s", drive, separated ? "" : "/", path);
	for (char *c = carrier->shown + strlen(drive); *c != '\0'; c++)
		*c = *c == '\\' ? '/' : *c;
	return tally_job_copy(m, (tally_text){path, strlen(path)}, &carrier->manifest_path);
}

/* *found stays false when there is none. What stands in the way is for the drive's check to tell. */
static tally_result try_path(job_model *m, job_carrier *carrier, const char *path, bool *found)
{
	tally_file file;
	tally_archive *archive = carrier->check->run.archive;
	/* The check comes to the same root by this path. */
	if (archive != NULL)
		tally_archive_settle(archive, &path, 1);
	tally_find find = tally_drive_find(tally_job_drive_of(carrier), (tally_text){path, strlen(path)}, &file, NULL);
	tally_result shortage = tally_find_shortage(find, NULL, m->error);
	if (find != TALLY_FIND_OK)
		return shortage;
	tally_file_close(&file);
	*found = true;
	return take_path(m, carrier, path);
}

void tally_job_gather_paths(job_model *m)
{
	m->manifest_count = 0;
	for (size_t i = 0; i < m->entry_count && m->manifest_count < TALLY_RUN_PATHS; i++) {
		const char *path = m->entries[i].manifest_file;
		for (size_t k = 0; k < m->manifest_count && path != NULL; k++)
			if (strcmp(m->manifests[k], path) == 0)
				path = NULL;
		if (path != NULL)
			m->manifests[m->manifest_count++] = path;
	}
}

/* Whose drive it is, only its manifest tells; so all paths that the documents give are tried, then the usual ones. */
static tally_result locate(job_model *m, job_carrier *carrier)
{
	static const char *const usual[] = {"\\DriveManifest.xml", "\\drive-manifest.xml"};
	bool found = false;
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < m->manifest_count && !found && result == TALLY_OK; i++)
		result = try_path(m, carrier, m->manifests[i], &found);
	for (size_t i = 0; i < sizeof usual / sizeof usual[0] && !found && result == TALLY_OK; i++)
		result = try_path(m, carrier, usual[i], &found);
	return result;
}

/* ---- the carriers ---- */

/* Of a drive that could not be opened there is nothing to read. */
static tally_result prepare(job_model *m, job_carrier *carrier)
{
	tally_job_subject *subject = &m->summary->subjects[carrier->subject];
	if (carrier->is_drive)
		return tally_job_drive_of(carrier) != NULL ? locate(m, carrier) : TALLY_OK;
	tally_text path = {subject->path, strlen(subject->path)};
	tally_result result = tally_job_copy(m, path, &carrier->shown);
	return result == TALLY_OK ? tally_job_copy(m, path, &carrier->manifest_path) : result;
}

static tally_result read_carrier(job_model *m, size_t index)
{
	job_carrier *carrier = &m->carriers[index];
	tally_job_subject *what = &m->summary->subjects[carrier->subject];
	tally_result result = prepare(m, carrier);
	if (result == TALLY_OK && carrier->manifest_path != NULL)
		result = read_manifest(m, index);
	tally_job_identify(m, carrier);
	tally_mask((tally_text){carrier->drive_id, strlen(carrier->drive_id)}, what->drive_id, sizeof what->drive_id);
	if (result != TALLY_ERROR_IO)
		return result;
	/* The drive's check, which comes later, says it itself and more exactly. */
	if (!carrier->is_drive || m->options->papers_only)
		what->error = *m->error;
	return TALLY_OK;
}

tally_result tally_job_read_manifests(job_model *m)
{
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < m->carrier_count && result == TALLY_OK; i++)
		if (!m->carriers[i].is_repeated)
			result = read_carrier(m, i);
	return result;
}
