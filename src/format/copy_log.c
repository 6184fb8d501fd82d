/* SPDX-License-Identifier: Apache-2.0 */
#include "format/copy_log.h"

#include "base/memory.h"
#include "format/copy_log_grammar.h"
#include "format/log_common.h"
#include "format/log_events.h"

#include <inttypes.h>

/* What is remembered of an ErroredEntity while it is open. */
typedef struct entity {
	tally_place place;
	const tally_status *category; /* NULL: none, or not known */
	bool has_code, is_file;
	int64_t code;
	tally_place code_place, message_place;
	tally_value path;
} entity;

typedef struct copy_log {
	tally_document *document;
	entity entity;
	tally_log_text path, message;
	uint64_t entities, renamed;
	/* Of the CopyLog. */
	bool has_summary;
	tally_place place;
	enum { STATUS_UNKNOWN, STATUS_SUCCEEDED, STATUS_FAILED } status;
	bool has_total, has_errored;
	uint64_t total, errored;
	tally_log_counts counts;
	tally_log_out out;
} copy_log;

static const tally_text no_text = {NULL, 0};

/* ---- an entity ---- */

static bool is_rename(const tally_status *category)
{
	static const char *const known[] = {"ContainerRenamed", "ShareRenamed", "BlobRenamed", "FileRenamed",
					    "DiskRenamed",      "Renamed",      NULL};
	return category != NULL && tally_log_is_one_of((tally_text){category->code, strlen(category->code)}, known);
}

static void open_entity(copy_log *log, const tally_value *attributes, tally_place place)
{
	log->entity = (entity){.place = place, .path = attributes[ENTITY_PATH]};
	log->out.entry = (tally_log_entry){.kind = TALLY_LOG_ERRORED, .place = place};
	log->path.set = log->message.set = false;
	log->entities++;
	tally_document_about(log->document, NULL, NULL);
	if (log->has_summary)
		tally_log_tell(log->document, TALLY_RULE_C_03_ORDER, place, no_text,
			       "an ErroredEntity behind the CopyLog");
	if (attributes[ENTITY_PATH].present) {
		tally_log_keep(log->document, &log->path, attributes[ENTITY_PATH].text);
		log->entity.path.text = (tally_text){tally_log_kept(&log->path), log->path.set ? log->path.size : 0};
		tally_document_about(log->document, tally_log_kept(&log->path), NULL);
	}
	tally_log_check_cloud_format(log->document, &attributes[ENTITY_CLOUD_FORMAT]);
}

static void take_category(copy_log *log, const tally_value *value)
{
	if (!value->present)
		return;
	log->entity.category = tally_log_status(TALLY_LEVEL_LOG_CODE, value->text);
	if (log->entity.category == NULL)
		tally_log_tell(log->document, TALLY_RULE_C_09, value->place, value->text,
			       "this Category is not a published one");
	tally_log_count_listed(&log->counts, value->text);
}

/* An int of .NET: HRESULTs are negative. */
static bool read_code(tally_text text, int64_t *code)
{
	bool negative = tally_text_starts(text, "-");
	uint64_t number;
	if (negative)
		text = (tally_text){text.data + 1, text.size - 1};
	if (tally_decimal_parse(text, &number) != TALLY_NUMBER_OK || number > (uint64_t)INT32_MAX + (negative ? 1 : 0))
		return false;
	*code = negative ? -(int64_t)number : (int64_t)number;
	return true;
}

static void take_code(copy_log *log, const tally_value *value)
{
	if (!value->present)
		return;
	log->entity.has_code = read_code(value->text, &log->entity.code);
	log->entity.code_place = value->place;
	if (!log->entity.has_code)
		tally_log_tell(log->document, TALLY_RULE_C_11_NUMBER, value->place, value->text,
			       "ErrorCode is not an integer of 32 bits");
}

static void take_type(copy_log *log, const tally_value *value)
{
	log->entity.is_file = tally_text_equal_string(value->text, "File");
	log->out.entry.is_container = tally_text_equal_string(value->text, "Container");
	if (value->present && !log->entity.is_file && !tally_text_equal_string(value->text, "Container"))
		tally_log_tell(log->document, TALLY_RULE_C_03_VALUE, value->place, value->text,
			       "Type is not File or Container");
}

static void check_code(copy_log *log)
{
	static const char *const cloud[] = {"UploadErrorCloudHttp", "ExportCloudHttp", NULL};
	const entity *e = &log->entity;
	if (!e->has_code || e->category == NULL)
		return;
	if (is_rename(e->category) && e->code != 1)
		tally_log_tell(log->document, TALLY_RULE_C_11_CODE, e->code_place, no_text,
			       "what was renamed has the ErrorCode 1");
	if (tally_log_is_one_of((tally_text){e->category->code, strlen(e->category->code)}, cloud) &&
	    (e->code < 100 || e->code > 599))
		tally_log_tell(log->document, TALLY_RULE_C_11_CODE, e->code_place, no_text,
			       "the ErrorCode of an error of the cloud is an HTTP status");
}

/* ---- the message of a rename ---- */

/* Takes what stands in front of `mark` off *text, and the mark; false when it isn't there. */
static bool take_until(tally_text *text, const char *mark, tally_text *taken)
{
	const char *found = text->size > 0 ? memmem(text->data, text->size, mark, strlen(mark)) : NULL;
	if (found == NULL)
		return false;
	*taken = tally_text_trim((tally_text){text->data, (size_t)(found - text->data)});
	size_t gone = (size_t)(found - text->data) + strlen(mark);
	*text = (tally_text){text->data + gone, text->size - gone};
	return true;
}

static bool is_new_name(tally_text name, bool is_container)
{
	static const char *const kinds[] = {"BlockBlob/", "PageBlob/", "AzureFile/", "ManagedDisk/"};
	static const char prefix[] = "DataBox-";
	bool has_kind = false;
	for (size_t i = 0; !has_kind && i < sizeof kinds / sizeof kinds[0]; i++)
		if (tally_text_starts(name, kinds[i])) {
			has_kind = true;
			name = (tally_text){name.data + strlen(kinds[i]), name.size - strlen(kinds[i])};
		}
	if (has_kind == is_container || !tally_text_starts(name, prefix))
		return false;
	name = (tally_text){name.data + sizeof prefix - 1, name.size - (sizeof prefix - 1)};
	if (tally_log_is_guid(name))
		return true;
	return !is_container && name.size == 2 + 64 && tally_text_starts(name, "0x") &&
	       tally_is_hex((tally_text){name.data + 2, 64});
}

/* The path itself, or what follows its container or its last separator. */
static bool is_old_name(tally_text name, tally_text path)
{
	if (tally_text_equal(name, path))
		return true;
	if (name.size >= path.size ||
	    !tally_text_equal(name, (tally_text){path.data + path.size - name.size, name.size}))
		return false;
	char before = path.data[path.size - name.size - 1];
	return before == '/' || before == '\\';
}

static void check_rename(copy_log *log)
{
	const entity *e = &log->entity;
	tally_text rest = {log->message.data, log->message.size}, ignored, new_name, old_name;
	bool is_container =
	    strcmp(e->category->code, "ContainerRenamed") == 0 || strcmp(e->category->code, "ShareRenamed") == 0;
	if (!log->message.set)
		return;
	if (!take_until(&rest, "renamed to:", &ignored) || !take_until(&rest, ":from:", &new_name) ||
	    new_name.size == 0 || !take_until(&rest, ":because", &old_name) || old_name.size == 0) {
		tally_log_tell(log->document, TALLY_RULE_C_13_FORM, e->message_place,
			       (tally_text){log->message.data, log->message.size},
			       "the message does not say what was renamed to what");
		return;
	}
	log->out.entry.new_name = new_name;
	if (strcmp(e->category->code, "Renamed") != 0 && !is_new_name(new_name, is_container))
		tally_log_tell(log->document, TALLY_RULE_C_13_TARGET, e->message_place, new_name,
			       "the new name is not of the form that is published");
	if (e->path.present && !is_old_name(old_name, e->path.text))
		tally_log_tell(log->document, TALLY_RULE_C_13_FROM, e->message_place, old_name,
			       "the old name is not that of the entity's Path");
}

static void hand_out(copy_log *log)
{
	tally_log_entry *entry = &log->out.entry;
	entry->status = log->entity.category;
	entry->is_rename = is_rename(log->entity.category);
	entry->blob_path = log->entity.path.text;
	if (log->message.set)
		entry->message = (tally_text){log->message.data, log->message.size};
	tally_log_out_entry(&log->out);
}

static void close_entity(copy_log *log)
{
	if (log->entity.is_file)
		tally_log_check_file_path(log->document, &log->entity.path);
	check_code(log);
	if (is_rename(log->entity.category)) {
		log->renamed++;
		check_rename(log);
	}
	hand_out(log);
	tally_document_about(log->document, NULL, NULL);
}

/* ---- the CopyLog ---- */

static void take_status(copy_log *log, const tally_value *value)
{
	if (tally_text_equal_string(value->text, "Succeeded"))
		log->status = STATUS_SUCCEEDED, log->out.totals.succeeded = true;
	else if (tally_text_equal_string(value->text, "Failed"))
		log->status = STATUS_FAILED, log->out.totals.failed = true;
	else if (value->present)
		tally_log_tell(log->document, TALLY_RULE_C_03_VALUE, value->place, value->text,
			       "Status is not Succeeded or Failed");
}

static void take_version(copy_log *log, const tally_value *value)
{
	if (value->present && !tally_text_equal_string(value->text, "2021-08-01"))
		tally_log_tell(log->document, TALLY_RULE_C_04_VERSION, value->place, value->text,
			       "DriveLogVersion is not 2021-08-01");
}

static void take_drive_id(copy_log *log, const tally_value *value)
{
	tally_log_out_drive_id(&log->out, value);
	if (value->present && !tally_log_is_guid(value->text))
		tally_log_tell(log->document, TALLY_RULE_C_04_DRIVE, value->place, value->text,
			       "DriveId is not a GUID");
}

static void close_root(copy_log *log)
{
	if (!tally_document_seen(log->document, COPY_LOG_TOTAL) &&
	    !tally_document_seen(log->document, COPY_LOG_OLD_TOTAL))
		tally_log_tell(log->document, TALLY_RULE_C_03_MISSING, log->place, no_text,
			       "CopyLog has neither TotalFiles_Blobs nor TotalFiles");
}

/* C-14, when all entities are known. */
static void check_totals(copy_log *log)
{
	tally_fact fact = {.rule = TALLY_RULE_C_14_FILES, .in_document = true, .place = log->place};
	if (log->has_errored && log->has_total && log->errored > log->total)
		tally_log_tell(log->document, TALLY_RULE_C_14_TOTAL, log->place, no_text,
			       "more files are said to have failed than there were");
	if (log->status == STATUS_SUCCEEDED && (log->entities > 0 || (log->has_errored && log->errored > 0)))
		tally_log_tell(log->document, TALLY_RULE_C_14_SUCCEEDED, log->place, no_text,
			       "the log Succeeded, but lists or counts what failed");
	else if (log->status == STATUS_FAILED && log->entities == 0 && log->has_errored && log->errored == 0)
		tally_log_tell(log->document, TALLY_RULE_C_14_FAILED, log->place, no_text,
			       "the log Failed, but neither lists nor counts anything");
	else if (log->has_errored && log->errored != log->entities && log->errored != log->entities - log->renamed)
		tally_document_find(log->document, &fact,
				    "FilesErrored is %" PRIu64 ", but %" PRIu64 " entities are listed, %" PRIu64
				    " of them renamed",
				    log->errored, log->entities, log->renamed);
}

static void check_end(copy_log *log)
{
	if (tally_document_broken(log->document))
		return;
	if (!log->has_summary && log->entities > 0)
		tally_log_tell(log->document, TALLY_RULE_C_03_EXCERPT, log->entity.place, no_text,
			       "no CopyLog follows the last entity: this is an excerpt, or its end was lost");
	if (!log->has_summary)
		return;
	check_totals(log);
	tally_log_compare_counts(log->document, &log->counts);
}

/* ---- hooks ---- */

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	copy_log *log = state;
	switch (element) {
	case COPY_LOG_ENTITY:
		open_entity(log, attributes, place);
		break;
	case COPY_LOG_ROOT:
		log->has_summary = true;
		log->place = place;
		break;
	case COPY_LOG_VALIDATION_CODE:
		tally_log_take_validation_code(log->document, name, place);
		break;
	case COPY_LOG_COPY_ERRORS:
		log->counts.complete = true;
		log->counts.place = place;
		break;
	case COPY_LOG_COPY_CODE:
		tally_log_take_copy_code(log->document, &log->counts, name, &attributes[SUMMARY_COUNT], place);
		break;
	default:
		break;
	}
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	copy_log *log = state;
	(void)name, (void)attributes;
	switch (element) {
	case COPY_LOG_ENTITY:
		close_entity(log);
		break;
	case COPY_LOG_CATEGORY:
		take_category(log, value);
		break;
	case COPY_LOG_ERROR_CODE:
		take_code(log, value);
		break;
	case COPY_LOG_ERROR_MESSAGE:
		log->entity.message_place = value->place;
		tally_log_keep(log->document, &log->message, value->text);
		break;
	case COPY_LOG_TYPE:
		take_type(log, value);
		break;
	case COPY_LOG_VERSION:
		take_version(log, value);
		break;
	case COPY_LOG_DRIVE_ID:
		take_drive_id(log, value);
		break;
	case COPY_LOG_STATUS:
		take_status(log, value);
		break;
	case COPY_LOG_TOTAL:
	case COPY_LOG_OLD_TOTAL:
		tally_log_out_number(value, &log->has_total, &log->total);
		break;
	case COPY_LOG_ERRORED:
		tally_log_out_number(value, &log->has_errored, &log->errored);
		break;
	case COPY_LOG_ROOT:
		close_root(log);
		break;
	default:
		break;
	}
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	copy_log *log = tally_zalloc(1, sizeof *log);
	if (log == NULL)
		return tally_fail_memory(error);
	log->out.run = run;
	tally_result result = tally_log_read(run, &tally_copy_log_grammar, &hooks, log, &log->document, error);
	if (result == TALLY_OK) {
		check_end(log);
		log->out.totals.has_total = log->has_total;
		log->out.totals.total = log->total;
		tally_log_out_end(&log->out, log->document);
	}
	tally_document_free(log->document);
	tally_free(log->path.data);
	tally_free(log->message.data);
	tally_free(log);
	return result;
}

static bool has_root(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "ErroredEntity") || tally_text_equal_string(name, "CopyLog");
}

const tally_format tally_copy_log_format = {TALLY_DOCUMENT_COPY_LOG, "copy-log", has_root, NULL, lint};
