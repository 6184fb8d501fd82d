/* SPDX-License-Identifier: Apache-2.0 */
#include "format/drive_log.h"

#include "base/memory.h"
#include "format/drive_log_grammar.h"
#include "format/log_common.h"
#include "format/log_events.h"

typedef enum generation {
	CLASSIC, /* without version or 2014-11-01: the code tables are complete */
	DISK_2018,
	UNPUBLISHED
} generation;

/* What is remembered of a Blob or File while it is open. */
typedef struct log_entry {
	tally_place place;
	bool is_file;
	bool has_status;
	const tally_status *status; /* NULL: none, or not known */
	bool has_parts, completed_part, failed_part, unclear_part;
} log_entry;

typedef struct drive_log {
	tally_document *document;
	tally_grammar grammar;
	generation generation;
	log_entry entry;
	tally_log_text blob_path, file_path, snapshot;
	bool new_parts_told;
	bool import, export, direction_told;
	/* Of the whole log. */
	bool entries, failed_entries, unclear_entries;
	const tally_status *drive_status;
	tally_place drive_status_place;
	tally_log_counts counts;
	tally_log_out out;
} drive_log;

static const tally_text no_text = {NULL, 0};

static bool is_completed(const tally_status *status)
{
	return strcmp(status->code, "Completed") == 0;
}

/* ---- statuses ---- */

/* Looks a code up; tells one that isn't known by `rule`, or by L-35 in a log whose list of codes is not complete. */
static const tally_status *take_code(drive_log *log, tally_level level, const tally_value *code, tally_rule_symbol rule)
{
	const tally_status *status = tally_log_status(level, code->text);
	if (status == NULL && log->generation != CLASSIC)
		status = tally_log_status(TALLY_LEVEL_LOG_CODE, code->text);
	if (status == NULL)
		tally_log_tell(log->document, log->generation == CLASSIC ? rule : TALLY_RULE_L_35, code->place,
			       code->text, "this Status is not one of the published codes");
	return status;
}

static void take_entry_status(drive_log *log, const tally_value *code)
{
	log_entry *entry = &log->entry;
	entry->has_status = true;
	entry->status = take_code(log, TALLY_LEVEL_BLOB, code, TALLY_RULE_L_21_BLOB);
	tally_log_count_listed(&log->counts, code->text);
}

/* A range, block, metadata or properties of the entry. */
static const tally_status *take_part_status(drive_log *log, tally_level level, const tally_value *code,
					    tally_rule_symbol rule)
{
	log_entry *entry = &log->entry;
	const tally_status *status = code->present ? take_code(log, level, code, rule) : NULL;
	entry->has_parts = true;
	if (status == NULL)
		entry->unclear_part = true;
	else if (!is_completed(status))
		entry->failed_part = true;
	return status;
}

/* ---- parts of an entry ---- */

/* M-44's form of an id; any other form says nothing about the hash. */
static void check_block_id(drive_log *log, const tally_value *id, const tally_value *hash)
{
	uint8_t md5[16];
	size_t size;
	if (!id->present || !hash->present || !hash->valid || !tally_text_starts(id->text, "MD5/"))
		return;
	if (!tally_base64_decode((tally_text){id->text.data + 4, id->text.size - 4}, md5, sizeof md5, &size) ||
	    size != sizeof md5 || memcmp(md5, hash->md5, sizeof md5) != 0)
		tally_log_tell(log->document, TALLY_RULE_L_12_ID, id->place, id->text,
			       "the id does not name the MD5 that is the block's Hash");
}

static void take_segment(drive_log *log, unsigned element, const tally_value *attributes)
{
	const tally_value *offset = &attributes[LOG_SEGMENT_OFFSET], *length = &attributes[LOG_SEGMENT_LENGTH];
	const tally_value *code = &attributes[LOG_SEGMENT_STATUS];
	uint64_t end;
	if (offset->present && offset->valid && length->present && length->valid &&
	    __builtin_add_overflow(offset->number, length->number, &end))
		tally_log_tell(log->document, TALLY_RULE_L_01_NUMBER, offset->place, offset->text,
			       "Offset + Length is not below 2^64");
	if (element == DRIVE_LOG_BLOCK)
		check_block_id(log, &attributes[LOG_SEGMENT_ID], &attributes[LOG_SEGMENT_HASH]);
	const tally_status *status = take_part_status(log, TALLY_LEVEL_SEGMENT, code, TALLY_RULE_L_21_SEGMENT);
	tally_log_out_segment(&log->out, offset, length, status);
	if (status == NULL)
		return;
	if (is_completed(status))
		log->entry.completed_part = true;
	else if (element == DRIVE_LOG_PAGE_RANGE &&
		 (strcmp(status->code, "Committed") == 0 || strcmp(status->code, "Uncommitted") == 0))
		tally_log_tell(log->document, TALLY_RULE_L_21_PAGE, code->place, code->text,
			       "a page range can't be committed; blocks are");
}

static void take_direction(drive_log *log, bool import, tally_place place)
{
	log->import = log->import || import;
	log->export = log->export || !import;
	if (!log->import || !log->export || log->direction_told)
		return;
	log->direction_told = true;
	tally_log_tell(log->document, TALLY_RULE_L_13_DIRECTION, place, no_text,
		       import ? "an ImportDisposition in a log that had elements of an export before"
			      : "an element of an export in a log that had an ImportDisposition before");
}

static void take_time(drive_log *log, const tally_value *value)
{
	take_direction(log, false, value->place);
	if (value->present && !tally_log_is_time(value->text))
		tally_log_tell(log->document, TALLY_RULE_L_13_TIME, value->place, value->text,
			       "this is not a time such as 2012-09-18T23:47:08Z");
}

static void check_disposition(drive_log *log, const tally_value *value, const tally_value *code)
{
	static const char *const known[] = {"rename", "no-overwrite", "overwrite", NULL};
	static const struct {
		const char *code, *disposition;
	} pairs[] = {{"Renamed", "rename"}, {"Skipped", "no-overwrite"}, {"Overwritten", "overwrite"}};
	take_direction(log, true, value->place);
	bool is_known = value->present && tally_log_is_one_of(value->text, known);
	if (value->present && !is_known)
		tally_log_tell(log->document, TALLY_RULE_L_13_VALUE, value->place, value->text,
			       "ImportDisposition is not rename, no-overwrite or overwrite (in lower case)");
	if (code == NULL || !code->present)
		return;
	const tally_status *status = take_code(log, TALLY_LEVEL_DISPOSITION, code, TALLY_RULE_L_21_DISPOSITION);
	for (size_t i = 0; is_known && status != NULL && i < sizeof pairs / sizeof pairs[0]; i++)
		if (strcmp(status->code, pairs[i].code) == 0 &&
		    !tally_text_equal_string(value->text, pairs[i].disposition))
			tally_log_tell(log->document, TALLY_RULE_L_14, code->place, code->text,
				       "this Status does not occur under this disposition");
	log->out.entry.disposition = status;
	/* Cancelled follows from an earlier failure, as that of a range does. */
	if (status != NULL && strcmp(status->code, "Cancelled") == 0)
		log->entry.failed_part = true;
}

static void take_path(drive_log *log, tally_log_text *kept, const tally_value *value)
{
	if (!value->present)
		return;
	tally_log_keep(log->document, kept, value->text);
	tally_document_about(log->document, tally_log_kept(&log->blob_path), tally_log_kept(&log->file_path));
}

/* ---- an entry ---- */

/* What came with 2018-10-01; told once. */
static void take_new_part(drive_log *log, const char *name, tally_place place)
{
	if (log->generation != CLASSIC || log->new_parts_told)
		return;
	log->new_parts_told = true;
	tally_log_tell(log->document, TALLY_RULE_L_30_VERSION, place, (tally_text){name, strlen(name)},
		       "this element came with version 2018-10-01, which this log is not");
}

static void open_entry(drive_log *log, bool is_file, const tally_value *status, tally_place place)
{
	log->entry = (log_entry){.place = place, .is_file = is_file};
	log->out.entry = (tally_log_entry){.kind = TALLY_LOG_PROCESSED, .place = place};
	log->blob_path.set = log->file_path.set = log->snapshot.set = false;
	tally_document_about(log->document, NULL, NULL);
	if (is_file)
		take_new_part(log, "File", place);
	if (status->present)
		take_entry_status(log, status);
}

static void check_missing(drive_log *log)
{
	tally_document *d = log->document;
	tally_place place = log->entry.place;
	tally_rule_symbol missing = log->entry.is_file ? TALLY_RULE_L_32 : TALLY_RULE_L_01_MISSING;
	bool path = tally_document_seen(d, DRIVE_LOG_FILE_PATH),
	     old_path = tally_document_seen(d, DRIVE_LOG_ORIGINAL_FILE_PATH);
	bool length = tally_document_seen(d, DRIVE_LOG_LENGTH),
	     old_length = tally_document_seen(d, DRIVE_LOG_SIZE_IN_BYTES);
	if (!log->entry.has_status)
		tally_log_tell(log->document, missing, place, no_text, "the entry has no Status");
	if (!path && !old_path)
		tally_log_tell(log->document, missing, place, no_text, "the entry has no FilePath");
	if (!length && !old_length)
		tally_log_tell(log->document, missing, place, no_text, "the entry has no Length");
	if ((path && old_path) || (length && old_length))
		tally_log_tell(log->document, TALLY_RULE_L_31, place, no_text,
			       "the entry gives its path or its length twice, by the older and the newer name");
	if (tally_document_seen(d, DRIVE_LOG_PAGE_RANGE_LIST) && tally_document_seen(d, DRIVE_LOG_BLOCK_LIST))
		tally_log_tell(log->document, TALLY_RULE_L_01_LISTS, place, no_text,
			       "the blob has both a PageRangeList and a BlockList");
}

/* S-01, S-02, L-17, L-34: the entry's status against its parts. */
static void check_entry_status(drive_log *log)
{
	static const char *const not_opened[] = {"FileNameInvalid", "FileNameTooLong", "FileNotFound",
						 "FileAccessDenied", NULL};
	const log_entry *e = &log->entry;
	tally_text code = {e->status->code, strlen(e->status->code)};
	if (is_completed(e->status) && e->failed_part)
		tally_log_tell(log->document, TALLY_RULE_S_01, e->place, code,
			       "the entry is Completed, but a part of it is not");
	/* Later logs may list an entry without its parts (L-31). */
	bool complete = log->generation == CLASSIC || e->has_parts;
	if (tally_text_equal_string(code, "CompletedWithErrors") && complete && !e->failed_part && !e->unclear_part)
		tally_log_tell(log->document, TALLY_RULE_S_02, e->place, code,
			       "the entry is CompletedWithErrors, but no part of it failed");
	if (tally_log_is_one_of(code, not_opened) && e->completed_part)
		tally_log_tell(log->document, TALLY_RULE_L_17, e->place, code,
			       "the file could not be opened, yet a part of it is Completed");
	if (tally_text_equal_string(code, "ContainerRenamed") && log->blob_path.set &&
	    !tally_log_is_in_new_container((tally_text){log->blob_path.data, log->blob_path.size}))
		tally_log_tell(
		    log->document, TALLY_RULE_L_34, e->place, (tally_text){log->blob_path.data, log->blob_path.size},
		    "the container is said to be renamed, but is not called databox- and 40 hexadecimal digits");
}

static void hand_out(drive_log *log)
{
	tally_log_entry *entry = &log->out.entry;
	entry->status = log->entry.status;
	entry->failed_part = log->entry.failed_part;
	if (log->blob_path.set)
		entry->blob_path = (tally_text){log->blob_path.data, log->blob_path.size};
	if (log->file_path.set)
		entry->file_path = (tally_text){log->file_path.data, log->file_path.size};
	if (log->snapshot.set)
		entry->snapshot = (tally_text){log->snapshot.data, log->snapshot.size};
	tally_log_out_entry(&log->out);
}

static void close_entry(drive_log *log)
{
	check_missing(log);
	log->entries = true;
	if (log->entry.status == NULL) {
		log->unclear_entries = true;
	} else {
		check_entry_status(log);
		log->failed_entries = log->failed_entries || !is_completed(log->entry.status);
	}
	hand_out(log);
	log->blob_path.set = log->file_path.set = false;
	tally_document_about(log->document, NULL, NULL);
}

/* ---- the whole log ---- */

static void open_root(drive_log *log, const tally_value *version)
{
	/* A second DriveLog is told as repeated, and judged by itself. */
	*log = (drive_log){.document = log->document,
			   .blob_path = log->blob_path,
			   .file_path = log->file_path,
			   .snapshot = log->snapshot,
			   .grammar = log->grammar,
			   .out = log->out};
	if (!version->present || tally_text_equal_string(version->text, "2014-11-01")) {
		log->generation = CLASSIC;
	} else if (tally_text_equal_string(version->text, "2018-10-01")) {
		log->generation = DISK_2018;
	} else {
		log->generation = UNPUBLISHED;
		tally_log_tell(log->document, TALLY_RULE_L_10_VERSION, version->place, version->text,
			       "the log's Version is not a published one (2014-11-01 or 2018-10-01)");
	}
}

static void take_drive_status(drive_log *log, const tally_value *value)
{
	if (!value->present)
		return;
	log->drive_status = take_code(log, TALLY_LEVEL_DRIVE, value, TALLY_RULE_L_21_DRIVE);
	log->drive_status_place = value->place;
	log->out.totals.drive_status = log->drive_status;
}

/* S-03, S-04: the drive's status against its entries. */
static void close_root(drive_log *log)
{
	tally_log_compare_counts(log->document, &log->counts);
	if (log->drive_status == NULL)
		return;
	const char *code = log->drive_status->code;
	bool with_warnings = strcmp(code, "CompletedWithWarnings") == 0;
	bool with_errors = strcmp(code, "CompletedWithErrors") == 0;
	tally_place place = log->drive_status_place;
	tally_text actual = {code, strlen(code)};
	if (with_errors && !log->failed_entries && !log->unclear_entries)
		tally_log_tell(log->document, TALLY_RULE_S_03_ERRORS, place, actual,
			       "the drive is CompletedWithErrors, but every entry is Completed");
	/* In later logs a renamed container is a warning too (see the portal's CompletedWithWarnings). */
	if (log->failed_entries && (is_completed(log->drive_status) || (with_warnings && log->generation == CLASSIC)))
		tally_log_tell(log->document, TALLY_RULE_S_03_COMPLETED, place, actual,
			       "the drive's Status speaks of no error, but an entry failed");
	if (log->entries && !is_completed(log->drive_status) && !with_warnings && !with_errors &&
	    log->drive_status->level == TALLY_LEVEL_DRIVE)
		tally_log_tell(log->document, TALLY_RULE_S_04, place, actual,
			       "the drive could not be processed, yet the log lists entries");
}

/* ---- hooks ---- */

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	drive_log *log = state;
	switch (element) {
	case DRIVE_LOG_ROOT:
		open_root(log, &attributes[0]);
		break;
	case DRIVE_LOG_SUMMARY:
		take_new_part(log, "Summary", place);
		break;
	case DRIVE_LOG_VALIDATION_CODE:
		tally_log_take_validation_code(log->document, name, place);
		break;
	case DRIVE_LOG_COPY_ERRORS:
		log->counts.complete = true;
		log->counts.place = place;
		break;
	case DRIVE_LOG_COPY_CODE:
		tally_log_take_copy_code(log->document, &log->counts, name, &attributes[LOG_CODE_COUNT], place);
		break;
	case DRIVE_LOG_BLOB:
	case DRIVE_LOG_FILE:
		open_entry(log, element == DRIVE_LOG_FILE, &attributes[0], place);
		break;
	case DRIVE_LOG_ORIGINAL_FILE_PATH:
		take_new_part(log, "OriginalFilePath", place);
		break;
	case DRIVE_LOG_SIZE_IN_BYTES:
		take_new_part(log, "SizeInBytes", place);
		break;
	case DRIVE_LOG_PAGE_RANGE:
	case DRIVE_LOG_BLOCK:
	case DRIVE_LOG_FILE_RANGE:
		take_segment(log, element, attributes);
		break;
	case DRIVE_LOG_METADATA:
		take_part_status(log, TALLY_LEVEL_METADATA, &attributes[0], TALLY_RULE_L_21_SIDE);
		break;
	case DRIVE_LOG_PROPERTIES:
		take_part_status(log, TALLY_LEVEL_PROPERTIES, &attributes[0], TALLY_RULE_L_21_SIDE);
		break;
	default:
		break;
	}
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	drive_log *log = state;
	(void)name;
	switch (element) {
	case DRIVE_LOG_BLOB_STATUS:
		tally_log_tell(log->document, TALLY_RULE_L_15, value->place, no_text,
			       "the blob's Status is an element, not an attribute");
		if (value->present && !log->entry.has_status)
			take_entry_status(log, value);
		break;
	case DRIVE_LOG_BLOB_PATH:
	case DRIVE_LOG_FILE_STORAGE_PATH:
		take_path(log, &log->blob_path, value);
		break;
	case DRIVE_LOG_FILE_PATH:
	case DRIVE_LOG_ORIGINAL_FILE_PATH:
		take_path(log, &log->file_path, value);
		break;
	case DRIVE_LOG_LENGTH:
	case DRIVE_LOG_SIZE_IN_BYTES:
		tally_log_out_number(value, &log->out.entry.has_size, &log->out.entry.size);
		break;
	case DRIVE_LOG_DRIVE_ID:
		tally_log_out_drive_id(&log->out, value);
		break;
	case DRIVE_LOG_SNAPSHOT:
		if (value->present)
			tally_log_keep(log->document, &log->snapshot, value->text);
		take_time(log, value);
		break;
	case DRIVE_LOG_LAST_MODIFIED:
		take_time(log, value);
		break;
	case DRIVE_LOG_DISPOSITION:
		check_disposition(log, value, attributes);
		break;
	case DRIVE_LOG_BLOB:
	case DRIVE_LOG_FILE:
		close_entry(log);
		break;
	case DRIVE_LOG_STATUS:
		take_drive_status(log, value);
		break;
	case DRIVE_LOG_ROOT:
		close_root(log);
		break;
	default:
		break;
	}
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	drive_log *log = tally_zalloc(1, sizeof *log);
	if (log == NULL)
		return tally_fail_memory(error);
	log->out.run = run;
	log->grammar = tally_drive_log_grammar;
	if (run->is_entry) {
		log->grammar.document = DRIVE_LOG_ROOT;
		log->generation = DISK_2018; /* codes that only later logs have are known in them */
	}
	tally_result result = tally_log_read(run, &log->grammar, &hooks, log, &log->document, error);
	if (result == TALLY_OK)
		tally_log_out_end(&log->out, log->document);
	tally_document_free(log->document);
	tally_free(log->blob_path.data);
	tally_free(log->file_path.data);
	tally_free(log->snapshot.data);
	tally_free(log);
	return result;
}

static bool has_root(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "DriveLog");
}

const tally_format tally_drive_log_format = {TALLY_DOCUMENT_DRIVE_LOG, "drive-log", has_root, NULL, lint};
