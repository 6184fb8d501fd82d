/* SPDX-License-Identifier: Apache-2.0 */
/* The logs of an audit: read once into the index; entries that matter are read again. */
#include "verify/audit.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

tally_result tally_audit_keep(tally_log_text *kept, tally_text text, tally_error *error)
{
	char *grown = tally_grow(kept->data, &kept->capacity, text.size + 1, 1);
	if (grown == NULL)
		return tally_fail_memory(error);
	kept->data = grown;
	if (text.size > 0)
		memcpy(grown, text.data, text.size);
	grown[text.size] = '\0';
	kept->size = text.size;
	kept->set = true;
	return TALLY_OK;
}

void tally_audit_find(tally_auditing *audit, const tally_audit_entry *entry, tally_fact *fact, const char *format, ...)
{
	char message[1000];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	const char *document = audit->finder.document;
	audit->finder.document = audit->logs[entry->log].path;
	fact->in_document = true;
	fact->place = (tally_place){entry->line, entry->offset};
	tally_find_fact(&audit->finder, fact, "%s", message);
	audit->finder.document = document;
}

/* ---- into the index ------------------------------------------------------------------------------------------- */

typedef struct log_reading {
	tally_auditing *audit;
	tally_audit_log *log;
	uint8_t number;
	tally_result result;
	tally_error error;
} log_reading;

static bool is_code(const tally_status *status, const char *code)
{
	return status != NULL && strcmp(status->code, code) == 0;
}

/* The data are there, but not where they were meant to be (L-35, C-09). */
static bool is_move(const tally_status *status)
{
	static const char *const codes[] = {"Renamed",
					    "ContainerRenamed",
					    "ShareRenamed",
					    "BlobRenamed",
					    "FileRenamed",
					    "DiskRenamed",
					    "MovedToOverflowShare",
					    "MovedToDefaultAzureShare",
					    "InvalidPageBlobUploadAsBlockBlob",
					    "InvalidAzureFileUploadAsBlockBlob",
					    "InvalidManagedDiskUploadAsBlockBlob",
					    "InvalidManagedDiskUploadAsPageBlob",
					    NULL};
	return status != NULL && tally_log_is_one_of((tally_text){status->code, strlen(status->code)}, codes);
}

/* L-34: a container whose name was none, or one that is really called so. Its blobs are Completed all the same. */
static bool is_in_new_container(const tally_log_entry *said)
{
	return said->kind == TALLY_LOG_PROCESSED && said->file_path.size > 0 &&
	       tally_log_is_in_new_container(said->blob_path);
}

static uint8_t flags_of(const tally_log_entry *said)
{
	uint8_t flags = said->has_size ? TALLY_AUDIT_HAS_SIZE : 0;
	bool moved = said->is_rename || is_move(said->status);
	if (said->has_crc64)
		flags |= TALLY_AUDIT_HAS_CRC64;
	if (said->is_container)
		flags |= TALLY_AUDIT_CONTAINER;
	if (moved || is_in_new_container(said))
		flags |= TALLY_AUDIT_RENAME;
	bool failed = said->failed_part || (said->status != NULL && !is_code(said->status, "Completed"));
	if (said->kind == TALLY_LOG_ERRORED ? !moved : failed && (!moved || said->failed_part))
		flags |= TALLY_AUDIT_FAILED;
	return flags;
}

static tally_result name_by_file(tally_audit_index *index, tally_text path, tally_error *error)
{
	return path.size > 0 ? tally_audit_index_name(index, tally_audit_file_key(index, path), error) : TALLY_OK;
}

static tally_result name_by_blob(tally_audit_index *index, tally_text path, tally_error *error)
{
	return tally_audit_index_name(index, tally_audit_blob_key(index, path, (tally_text){"", 0}), error);
}

/* The name that the blob had before M-25 gave it another. */
static tally_result name_by_original(tally_audit_index *index, tally_text path, tally_text part, tally_error *error)
{
	tally_log_text original = {0};
	size_t front = (size_t)(part.data - path.data);
	tally_result result = tally_audit_keep(&original, path, error);
	if (result != TALLY_OK)
		return result;
	memmove(original.data + front, part.data + part.size, path.size - front - part.size);
	result = name_by_blob(index, (tally_text){original.data, path.size - part.size}, error);
	tally_free(original.data);
	return result;
}

/* What is told of a blob is found by the blob's name; of one that is called otherwise now, by what didn't change. */
static tally_result name_entry(tally_audit_index *index, const tally_log_entry *said, tally_error *error)
{
	tally_text part;
	tally_result result = TALLY_OK;
	bool renamed = is_code(said->disposition, "Renamed");
	if (said->snapshot.size > 0) {
		uint64_t key = tally_audit_snapshot_key(index, said->blob_path, said->snapshot);
		return tally_audit_index_name(index, key, error);
	}
	if (renamed && tally_audit_renamed_part(said->blob_path, &part))
		result = name_by_original(index, said->blob_path, part, error);
	else if (said->blob_path.size > 0)
		result = name_by_blob(index, said->blob_path, error);
	bool by_file = renamed || is_move(said->status) || is_in_new_container(said) || said->blob_path.size == 0;
	if (result == TALLY_OK && said->kind == TALLY_LOG_PROCESSED && by_file)
		result = name_by_file(index, said->file_path, error);
	return result;
}

static void on_entry(void *context, const tally_log_entry *said)
{
	log_reading *r = context;
	if (r->result != TALLY_OK)
		return;
	tally_audit_entry entry = {
	    .offset = said->place.offset,
	    .size = said->size,
	    .value = said->has_crc64 ? said->crc64 : tally_audit_status_number(said->disposition),
	    .line = said->place.line < UINT32_MAX ? (uint32_t)said->place.line : UINT32_MAX,
	    .status = tally_audit_status_number(said->status),
	    .log = r->number,
	    .flags = flags_of(said),
	};
	r->log->entries++;
	r->log->has_completed |= said->kind == TALLY_LOG_PROCESSED && is_code(said->status, "Completed");
	r->audit->has_crc64 |= said->has_crc64;
	r->result = tally_audit_index_add(&r->audit->index, &entry, &r->error);
	if (r->result == TALLY_OK)
		r->result = name_entry(&r->audit->index, said, &r->error);
}

static void on_end(void *context, const tally_log_totals *totals)
{
	log_reading *r = context;
	r->log->totals = *totals;
}

static tally_result tell_progress(void *context, uint64_t bytes_done, tally_error *error)
{
	log_reading *r = context;
	if (r->result != TALLY_OK) {
		if (error != NULL)
			*error = r->error;
		return r->result;
	}
	r->audit->run.progress.bytes_done = bytes_done;
	return tally_run_progress(&r->audit->run, error);
}

static tally_result open_log(tally_audit_log *log, tally_error *error)
{
	const tally_format *format = NULL;
	tally_result result = tally_source_file(&log->source, log->path, error);
	log->open = result == TALLY_OK;
	if (result == TALLY_OK)
		result = tally_format_recognise(&log->source, &format, error);
	if (result != TALLY_OK)
		return result;
	log->kind = format != NULL ? format->kind : TALLY_DOCUMENT_UNKNOWN;
	if (log->kind == TALLY_DOCUMENT_DRIVE_LOG || log->kind == TALLY_DOCUMENT_COPY_LOG ||
	    log->kind == TALLY_DOCUMENT_VERBOSE_LOG)
		return TALLY_OK;
	return tally_fail(error, TALLY_ERROR_ARGUMENT, "%s is neither a drive log nor a copy log nor a verbose log",
			  log->path);
}

/* A log may be malformed in ways that lint tells; here it counts only what can be had from it. */
static tally_result read_log(tally_auditing *audit, uint8_t number, tally_error *error)
{
	static const tally_log_events events = {NULL, on_entry, on_end};
	tally_audit_log *log = &audit->logs[number];
	log_reading r = {.audit = audit, .log = log, .number = number};
	tally_finder silent = {0};
	tally_result result = open_log(log, error);
	if (result != TALLY_OK)
		return result;
	audit->run.progress = (tally_progress){.stage = "reading the logs", .file_path = log->path};
	tally_lint_run run = {.source = &log->source,
			      .finder = &silent,
			      .kind = log->kind,
			      .progress = tell_progress,
			      .progress_context = &r,
			      .events = &events,
			      .events_context = &r};
	result = tally_format_of(log->kind)->lint(&run, error);
	if (result == TALLY_OK && r.result != TALLY_OK) {
		if (error != NULL)
			*error = r.error;
		result = r.result;
	}
	return result;
}

tally_result tally_audit_read_logs(tally_auditing *audit, tally_error *error)
{
	const tally_audit_options *options = audit->options;
	tally_result result = TALLY_OK;
	if (options->log_count == 0)
		return TALLY_OK;
	audit->logs = tally_zalloc(options->log_count, sizeof *audit->logs);
	if (audit->logs == NULL)
		return tally_fail_memory(error);
	for (; audit->log_count < options->log_count && result == TALLY_OK; audit->log_count++) {
		audit->logs[audit->log_count].path = options->logs[audit->log_count];
		result = read_log(audit, (uint8_t)audit->log_count, error);
	}
	audit->run.progress = (tally_progress){0};
	tally_audit_index_sort(&audit->index);
	return result;
}

/* ---- whose logs they are -------------------------------------------------------------------------------------- */

static const char *drive_id(const tally_auditing *audit)
{
	const tally_run *run = &audit->run;
	if (run->totals.drive_id[0] != '\0')
		return run->totals.drive_id;
	if (run->options->drive_id != NULL)
		return run->options->drive_id;
	return run->entry != NULL ? run->entry->drive_id : "";
}

static bool is_verbose(const tally_audit_log *log)
{
	static const tally_text mark = {"verbose", 7};
	if (log->kind != TALLY_DOCUMENT_DRIVE_LOG || log->has_completed)
		return log->kind != TALLY_DOCUMENT_COPY_LOG;
	/* Of a drive on which nothing succeeded, only its name tells (L-03, L-36). */
	const char *slash = strrchr(log->path, '/'), *name = slash != NULL ? slash + 1 : log->path;
	for (size_t at = 0, size = strlen(name); at + mark.size <= size; at++)
		if (tally_text_equal_ascii_nocase((tally_text){name + at, mark.size}, mark))
			return true;
	return false;
}

static void tell_foreign(tally_auditing *audit, const tally_audit_log *log, const char *own)
{
	tally_text other = {log->totals.drive_id, strlen(log->totals.drive_id)};
	tally_fact fact = {.rule = audit->summary->logs_used > 0 ? TALLY_RULE_A_01_OTHER : TALLY_RULE_A_01,
			   .expected = {own, strlen(own)},
			   .actual = other};
	audit->finder.document = log->path;
	tally_find_fact(&audit->finder, &fact, "this log is of drive %s, not of %s; what it says is left aside",
			log->totals.drive_id, own);
}

static void tell_drive_status(tally_auditing *audit, const tally_audit_log *log)
{
	const tally_status *said = log->totals.drive_status;
	static const char *const finished[] = {"Completed", "CompletedWithWarnings", "CompletedWithErrors", NULL};
	if (said == NULL || tally_log_is_one_of((tally_text){said->code, strlen(said->code)}, finished))
		return;
	audit->finder.document = log->path;
	tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_04, .status = said->code},
			"the service could not process the drive: %s", said->code);
}

static void take_log(tally_auditing *audit, tally_audit_log *log)
{
	log->verbose = log->totals.complete && is_verbose(log);
	audit->summary->logs_used++;
	audit->summary->log_entries += log->entries;
	audit->summary->has_verbose |= log->verbose;
	audit->has_errors |= log->kind != TALLY_DOCUMENT_VERBOSE_LOG && log->totals.complete;
	tell_drive_status(audit, log);
	if (log->totals.skipped > 0 && !audit->skipped_told)
		tally_run_gap(&audit->run, "elements of the logs that are not known here",
			      "what they hold was not read; tallyman lint tells where they are");
	audit->skipped_told = audit->skipped_told || log->totals.skipped > 0;
	if (log->totals.complete)
		return;
	audit->finder.document = log->path;
	tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_03},
			"the log could not be read to its end (tallyman lint says why); what stands behind is missing");
}

void tally_audit_judge_logs(tally_auditing *audit)
{
	const char *own = drive_id(audit);
	bool unknown = false;
	if (audit->logs_judged)
		return;
	audit->logs_judged = true;
	for (size_t i = 0; i < audit->log_count; i++) {
		tally_audit_log *log = &audit->logs[i];
		tally_text id = {log->totals.drive_id, strlen(log->totals.drive_id)};
		bool comparable =
		    id.size > 0 && own[0] != '\0' && !(log->kind == TALLY_DOCUMENT_COPY_LOG && tally_log_is_guid(id));
		unknown = unknown || !comparable;
		log->foreign = comparable && !tally_text_equal_ascii_nocase(id, (tally_text){own, strlen(own)});
		if (!log->foreign)
			take_log(audit, log);
	}
	for (size_t i = 0; i < audit->log_count; i++)
		if (audit->logs[i].foreign)
			tell_foreign(audit, &audit->logs[i], own);
	audit->finder.document = NULL;
	if (unknown)
		tally_run_gap(
		    &audit->run, "whether every log is of this drive",
		    "logs since 2021-08-01 name the drive by a GUID or not at all; their entries are compared");
}
