/* SPDX-License-Identifier: Apache-2.0 */
#include "format/manifest.h"

#include "base/memory.h"
#include "format/manifest_internal.h"

#include <stdarg.h>
#include <stdio.h>

void tally_manifest_tell(tally_manifest *m, tally_rule_symbol symbol, tally_place place, tally_text actual, const char *format, ...)
{
	char message[600];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	tally_document_find(m->document, &(tally_fact){.rule = symbol, .in_document = true, .place = place, .actual = actual}, "%s",
			    message);
	const tally_rule *rule = tally_rule_of(symbol);
	bool error = rule->severity == TALLY_SEVERITY_ERROR || (m->finder->strict && rule->severity == TALLY_SEVERITY_WARNING);
	if (rule->level == TALLY_LEVEL_BLOB && error && m->blob.status == NULL)
		m->blob.status = rule->status;
}

void tally_manifest_fail(tally_manifest *m, tally_result result, const tally_error *error)
{
	if (result != TALLY_OK)
		tally_document_fail(m->document, error);
}

void tally_manifest_keep(tally_manifest *m, owned_text *kept, tally_text text)
{
	char *grown = tally_grow(kept->data, &kept->capacity, text.size + 1, 1);
	if (grown == NULL) {
		tally_error error;
		tally_manifest_fail(m, tally_fail_memory(&error), &error);
		return;
	}
	kept->data = grown;
	memcpy(kept->data, text.data, text.size);
	kept->data[text.size] = '\0';
	kept->size = text.size;
	kept->set = true;
}

bool tally_manifest_set_kind(tally_manifest *m, tally_manifest_kind kind)
{
	if (m->totals.kind == TALLY_MANIFEST_UNKNOWN)
		m->totals.kind = kind;
	return m->totals.kind == kind;
}

static void open_root(tally_manifest *m, const tally_value *attributes, tally_place place)
{
	const tally_value *version = &attributes[0];
	(void)place;
	if (version->present && !tally_text_equal_string(version->text, "2014-11-01") && !tally_text_equal_string(version->text, "2011-10-01"))
		tally_manifest_tell(m, TALLY_RULE_M_03_VERSION, version->place, version->text,
				    "the manifest's Version is not a published one (2014-11-01 or 2011-10-01)");
}

static void open_drive(tally_manifest *m, tally_place place)
{
	if (++m->drives == 2)
		tally_manifest_tell(m, TALLY_RULE_M_01_SEVERAL, place, (tally_text){0},
				    "a second Drive in one manifest; the service expects one manifest on each drive");
	m->credential = 0;
	m->sas_container.set = m->first_container.set = m->several_containers = false;
	m->drive_has_lists = false;
}

static void open_list(tally_manifest *m, const tally_value *id, tally_place place)
{
	if (m->options.events != NULL && m->options.events->list_begin != NULL)
		m->options.events->list_begin(m->options.events_context, id->present ? id->text : (tally_text){"", 0},
					      place);
	m->list_metadata.reference = (tally_side_reference){0};
	m->list_properties.reference = (tally_side_reference){0};
	m->drive_has_lists = true;
	tally_document_about(m->document, NULL, NULL);
}

static void open_blob(tally_manifest *m, tally_place place)
{
	m->blob = (tally_manifest_blob){.index = m->totals.blobs, .place = place};
	m->begun = m->list_seen = false;
	m->blob_path.set = m->file_path.set = m->snapshot.set = m->disposition.set = false;
	m->metadata.reference = (tally_side_reference){0};
	m->properties.reference = (tally_side_reference){0};
	m->next_offset = m->last_offset = m->early_end = 0;
	m->with_id = m->without_id = 0;
	m->ids_differ = m->offset_lost = false;
	tally_document_about(m->document, NULL, NULL);
}

static const char *text_or_null(const owned_text *text)
{
	return text->set ? text->data : NULL;
}

static void show_texts(tally_manifest *m)
{
	m->blob.blob_path = text_or_null(&m->blob_path);
	m->blob.file_path = text_or_null(&m->file_path);
	m->blob.snapshot = text_or_null(&m->snapshot);
	m->blob.disposition = text_or_null(&m->disposition);
}

/* What is known when the first list begins is what a checker has for opening the file. */
static void begin_blob(tally_manifest *m)
{
	if (m->begun)
		return;
	m->begun = true;
	show_texts(m);
	if (m->options.events != NULL && m->options.events->blob_begin != NULL)
		m->options.events->blob_begin(m->options.events_context, &m->blob);
}

static void open_segment_list(tally_manifest *m, tally_blob_kind kind, tally_place place)
{
	if (m->list_seen && m->blob.kind != kind)
		tally_manifest_tell(m, TALLY_RULE_M_26_BOTH, place, (tally_text){0},
				    "the blob has both a PageRangeList and a BlockList");
	m->list_seen = true;
	m->blob.kind = kind;
	m->next_offset = m->last_offset = 0;
	m->offset_lost = false;
	begin_blob(m);
}

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	tally_manifest *m = state;
	(void)name;
	switch (element) {
	case MANIFEST_ROOT:
		open_root(m, attributes, place);
		break;
	case MANIFEST_DRIVE:
		open_drive(m, place);
		break;
	case MANIFEST_BLOB_LIST:
		open_list(m, &attributes[0], place);
		break;
	case MANIFEST_BLOB:
		open_blob(m, place);
		break;
	case MANIFEST_PAGE_RANGE_LIST:
		open_segment_list(m, TALLY_BLOB_PAGE, place);
		break;
	case MANIFEST_BLOCK_LIST:
		open_segment_list(m, TALLY_BLOB_BLOCK, place);
		break;
	case MANIFEST_PAGE_RANGE:
	case MANIFEST_BLOCK:
		tally_manifest_check_segment(m, attributes, place);
		break;
	default:
		break;
	}
}

static void take_side_file(tally_manifest *m, side_file *side, const tally_value *value, const tally_value *attributes,
			   tally_level level, bool from_list)
{
	side->path.set = false;
	side->reference = (tally_side_reference){.present = true, .from_list = from_list, .place = value->place};
	if (attributes != NULL && attributes[0].present && attributes[0].valid) {
		side->reference.has_hash = true;
		memcpy(side->reference.md5, attributes[0].md5, sizeof side->reference.md5);
	}
	tally_manifest_check_side_path(m, value, level);
	if (value->text.size == 0)
		return;
	tally_manifest_keep(m, &side->path, value->text);
	side->reference.path = side->path.data;
}

static void take_disposition(tally_manifest *m, const tally_value *value)
{
	if (!tally_manifest_set_kind(m, TALLY_MANIFEST_IMPORT))
		tally_manifest_tell(m, TALLY_RULE_M_24_EXPORT, value->place, (tally_text){0},
				    "an ImportDisposition in the manifest of an export");
	static const char *const known[] = {"rename", "no-overwrite", "overwrite"};
	if (value->text.size > 0)
		tally_manifest_keep(m, &m->disposition, value->text);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (tally_text_equal_string(value->text, known[i]))
			return;
	if (value->text.size > 0)
		tally_manifest_tell(m, TALLY_RULE_M_24_VALUE, value->place, value->text,
				    "ImportDisposition is not rename, no-overwrite or overwrite (in lower case)");
}

static void close_list(tally_manifest *m, bool metadata, const tally_value *value, const tally_value *attributes)
{
	if (!tally_manifest_set_kind(m, TALLY_MANIFEST_IMPORT))
		tally_manifest_tell(m, TALLY_RULE_M_17_EXPORT, value->place, (tally_text){0},
				    "a list-wide side file in the manifest of an export");
	take_side_file(m, metadata ? &m->list_metadata : &m->list_properties, value, attributes,
		       metadata ? TALLY_LEVEL_METADATA : TALLY_LEVEL_PROPERTIES, true);
}

static void close_blob(tally_manifest *m)
{
	begin_blob(m);
	/* Known only now, when it stood behind the list. */
	show_texts(m);
	m->blob.metadata = m->metadata.reference.present ? m->metadata.reference : m->list_metadata.reference;
	m->blob.properties = m->properties.reference.present ? m->properties.reference : m->list_properties.reference;
	tally_manifest_check_blob_end(m);
	if (m->fingerprinter != NULL)
		tally_manifest_note_names(m);
	m->totals.blobs++;
	m->totals.segments += m->blob.segment_count;
	if (m->options.events != NULL && m->options.events->blob_end != NULL)
		m->options.events->blob_end(m->options.events_context, &m->blob);
	tally_document_about(m->document, NULL, NULL);
}

static void close_drive(tally_manifest *m, tally_place place)
{
	if (m->credential == 0 && m->totals.kind != TALLY_MANIFEST_EXPORT)
		tally_manifest_tell(m, TALLY_RULE_M_14, place, (tally_text){0},
				    "the manifest holds no credential; manifests of the older tools do, for an import");
}

static void hand_out_key(tally_manifest *m, const tally_value *value)
{
	size_t size;
	bool wanted = m->options.events != NULL && m->options.events->account_key != NULL;
	if (wanted && tally_base64_decode(value->text, NULL, 0, &size) && size == 64)
		m->options.events->account_key(m->options.events_context, value->text, value->place);
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value, const tally_value *attributes)
{
	tally_manifest *m = state;
	(void)name;
	switch (element) {
	case MANIFEST_DRIVE:
		close_drive(m, value->place);
		break;
	case MANIFEST_DRIVE_ID:
		tally_manifest_check_drive_id(m, value);
		break;
	case MANIFEST_ACCOUNT_KEY:
		tally_manifest_check_account_key(m, value);
		hand_out_key(m, value);
		break;
	case MANIFEST_CONTAINER_SAS:
		tally_manifest_check_container_sas(m, value);
		break;
	case MANIFEST_CLIENT_CREATOR:
		/* "Windows Azure Import/Export service" and its later names: written by the service, for an export (M-15). */
		if (tally_text_contains(value->text, "Import/Export service"))
			tally_manifest_set_kind(m, TALLY_MANIFEST_EXPORT);
		break;
	case MANIFEST_LIST_METADATA:
	case MANIFEST_LIST_PROPERTIES:
		close_list(m, element == MANIFEST_LIST_METADATA, value, attributes);
		break;
	case MANIFEST_BLOB:
		close_blob(m);
		break;
	case MANIFEST_BLOB_PATH:
		if (value->text.size > 0) {
			tally_manifest_keep(m, &m->blob_path, value->text);
			tally_document_about(m->document, m->blob_path.data, m->file_path.set ? m->file_path.data : NULL);
			tally_manifest_check_blob_path(m, value);
		}
		break;
	case MANIFEST_FILE_PATH:
		if (value->text.size > 0) {
			tally_manifest_keep(m, &m->file_path, value->text);
			tally_document_about(m->document, m->blob_path.set ? m->blob_path.data : NULL, m->file_path.data);
			tally_manifest_check_file_path(m, value);
		}
		break;
	case MANIFEST_SNAPSHOT:
		if (value->text.size > 0)
			tally_manifest_keep(m, &m->snapshot, value->text);
		tally_manifest_check_snapshot(m, value);
		break;
	case MANIFEST_LENGTH:
		m->blob.has_length = value->present && value->valid;
		m->blob.length = m->blob.has_length ? value->number : 0;
		break;
	case MANIFEST_DISPOSITION:
		take_disposition(m, value);
		break;
	case MANIFEST_METADATA:
		take_side_file(m, &m->metadata, value, attributes, TALLY_LEVEL_METADATA, false);
		break;
	case MANIFEST_PROPERTIES:
		take_side_file(m, &m->properties, value, attributes, TALLY_LEVEL_PROPERTIES, false);
		break;
	default:
		break;
	}
}

tally_result tally_manifest_new(tally_manifest **out, const tally_manifest_options *options, tally_finder *finder, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	*out = NULL;
	tally_manifest *m = tally_zalloc(1, sizeof *m);
	if (m == NULL)
		return tally_fail_memory(error);
	m->finder = finder;
	if (options != NULL)
		m->options = *options;
	m->totals.kind = m->options.kind;
	tally_result result = TALLY_OK;
	if (m->options.find_duplicates)
		result = tally_fingerprinter_new(&m->fingerprinter, error);
	if (result == TALLY_OK && (m->ids = tally_block_ids_new()) == NULL)
		result = tally_fail_memory(error);
	if (result == TALLY_OK)
		result = tally_document_new(&m->document, &tally_manifest_grammar, &hooks, m, finder, error);
	if (result != TALLY_OK) {
		tally_manifest_free(m);
		return result;
	}
	*out = m;
	return TALLY_OK;
}

void tally_manifest_free(tally_manifest *m)
{
	if (m == NULL)
		return;
	tally_document_free(m->document);
	tally_block_ids_free(m->ids);
	tally_fingerprinter_free(m->fingerprinter);
	tally_records_clear(&m->blob_names);
	tally_records_clear(&m->file_names);
	owned_text *const texts[] = {&m->sas_container, &m->first_container, &m->list_metadata.path, &m->list_properties.path, &m->blob_path,
				     &m->file_path,	&m->snapshot,		&m->disposition,	  &m->metadata.path,
				     &m->properties.path};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		tally_free(texts[i]->data);
	tally_free(m);
}

tally_result tally_manifest_feed(tally_manifest *m, const void *bytes, size_t size, tally_error *error)
{
	return tally_document_feed(m->document, bytes, size, error);
}

tally_result tally_manifest_finish(tally_manifest *m, tally_error *error)
{
	tally_result result = tally_document_finish(m->document, error);
	m->totals.skipped = tally_document_skipped(m->document);
	m->totals.complete = result == TALLY_OK && !tally_document_broken(m->document);
	return result;
}

const tally_manifest_totals *tally_manifest_get_totals(const tally_manifest *m)
{
	return &m->totals;
}
