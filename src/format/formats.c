/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, and telling them apart by content, never by name. */
#include "format/format.h"

#include "base/memory.h"
#include "format/blob_list.h"
#include "format/box_lists.h"
#include "format/copy_log.h"
#include "format/data_set.h"
#include "format/drive_log.h"
#include "format/drive_set.h"
#include "format/error_log.h"
#include "format/job.h"
#include "format/journal.h"
#include "format/manifest.h"
#include "format/path_map.h"
#include "format/sidefile.h"
#include "format/verbose_log.h"
#include "xml/decode.h"

/* ---- the kinds whose readers other rooms use too ---- */

static tally_result feed_manifest(void *reader, const void *bytes, size_t size, tally_error *error)
{
	return tally_manifest_feed(reader, bytes, size, error);
}

static tally_result lint_manifest(tally_lint_run *run, tally_error *error)
{
	tally_manifest_options options = {.find_duplicates = true};
	if (run->kind == TALLY_DOCUMENT_MANIFEST_IMPORT)
		options.kind = TALLY_MANIFEST_IMPORT;
	else if (run->kind == TALLY_DOCUMENT_MANIFEST_EXPORT)
		options.kind = TALLY_MANIFEST_EXPORT;
	tally_manifest *manifest;
	tally_result result = tally_manifest_new(&manifest, &options, run->finder, error);
	if (result == TALLY_OK)
		result = tally_lint_feed(run, feed_manifest, manifest, error);
	if (result == TALLY_OK)
		result = tally_manifest_finish(manifest, error);
	if (result == TALLY_OK)
		result = tally_manifest_find_duplicates(manifest, run->source, error);
	tally_manifest_free(manifest);
	return result;
}

static tally_result feed_sidefile(void *reader, const void *bytes, size_t size, tally_error *error)
{
	return tally_sidefile_feed(reader, bytes, size, error);
}

static tally_result lint_sidefile(tally_lint_run *run, tally_error *error)
{
	tally_sidefile *sidefile;
	bool is_properties = run->kind != TALLY_DOCUMENT_METADATA;
	bool is_export = run->kind != TALLY_DOCUMENT_PROPERTIES_IMPORT;
	tally_result result = tally_sidefile_new(&sidefile, is_properties, is_export, run->finder, error);
	if (result == TALLY_OK)
		result = tally_lint_feed(run, feed_sidefile, sidefile, error);
	if (result == TALLY_OK)
		result = tally_sidefile_finish(sidefile, error);
	tally_sidefile_free(sidefile);
	return result;
}

static tally_result lint_journal(tally_lint_run *run, tally_error *error)
{
	tally_journal journal = {0};
	tally_result result = tally_journal_read(&journal, run->source, run->finder, error);
	tally_journal_clear(&journal);
	return result;
}

static bool is_manifest(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "DriveManifest");
}

static bool is_metadata(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "Metadata");
}

static bool is_properties(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "Properties");
}

/* A DriveInfo file is one record of the journal that it stands beside. */
static bool is_drive_info(tally_text front)
{
	return tally_text_starts(front, "[BeginUpdateRecord]") && tally_text_contains(front, "[Type:ActivityRecord]") &&
	       !tally_text_contains(front, "[Type:NewJournalFile]");
}

static bool is_journal(tally_text front)
{
	return tally_text_starts(front, "[BeginUpdateRecord]");
}

static const tally_format manifest = {TALLY_DOCUMENT_MANIFEST, "manifest", is_manifest, NULL, lint_manifest};
static const tally_format manifest_import = {TALLY_DOCUMENT_MANIFEST_IMPORT, "manifest-import", NULL, NULL, lint_manifest};
static const tally_format manifest_export = {TALLY_DOCUMENT_MANIFEST_EXPORT, "manifest-export", NULL, NULL, lint_manifest};
static const tally_format drive_info = {TALLY_DOCUMENT_DRIVE_INFO, "drive-info", NULL, is_drive_info, lint_journal};
static const tally_format journal = {TALLY_DOCUMENT_JOURNAL, "journal", NULL, is_journal, lint_journal};
static const tally_format metadata = {TALLY_DOCUMENT_METADATA, "metadata", is_metadata, NULL, lint_sidefile};
static const tally_format properties = {TALLY_DOCUMENT_PROPERTIES, "properties", is_properties, NULL, lint_sidefile};
static const tally_format properties_import = {TALLY_DOCUMENT_PROPERTIES_IMPORT, "properties-import", NULL, NULL, lint_sidefile};

/* ---- the table ---- */

static const tally_format *const formats[] = {
	&manifest, &manifest_import, &manifest_export, &drive_info, &journal, &metadata, &properties, &properties_import,
	&tally_drive_log_format, &tally_copy_log_format, &tally_verbose_log_format,
	&tally_bill_of_materials_format, &tally_error_list_format, &tally_error_log_format,
	&tally_job_format,
	&tally_job_template_format,
	&tally_blob_list_format,
	&tally_data_set_format,
	&tally_drive_set_format,
	&tally_path_map_format,
};

const tally_format *tally_format_at(size_t index)
{
	return index < sizeof formats / sizeof formats[0] ? formats[index] : NULL;
}

const tally_format *tally_format_of(tally_document_kind kind)
{
	for (size_t i = 0; tally_format_at(i) != NULL; i++)
		if (tally_format_at(i)->kind == kind)
			return tally_format_at(i);
	return NULL;
}

const char *tally_document_kind_name(tally_document_kind kind)
{
	const tally_format *format = tally_format_of(kind);
	return format != NULL ? format->name : "unknown";
}

tally_document_kind tally_document_kind_find(const char *name)
{
	for (size_t i = 0; name != NULL && tally_format_at(i) != NULL; i++)
		if (strcmp(tally_format_at(i)->name, name) == 0)
			return tally_format_at(i)->kind;
	return TALLY_DOCUMENT_UNKNOWN;
}

/* ---- recognising ---- */

/* A root element that hasn't come by then won't: no document of the service has so much in front of it. */
#define LOOK_MAX (64 * 1024)

typedef struct root_search {
	tally_xml_reader *reader;
	const tally_format *format;
	bool has_doctype;
	tally_place doctype;
} root_search;

static void on_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place)
{
	(void)place;
	root_search *s = context;
	for (size_t i = 0; s->format == NULL && tally_format_at(i) != NULL; i++)
		if (tally_format_at(i)->has_root != NULL && tally_format_at(i)->has_root(name, attributes, count))
			s->format = tally_format_at(i);
	tally_xml_stop(s->reader);
}

static void on_end(void *context, tally_text name, tally_place place)
{
	(void)context, (void)name, (void)place;
}

static void on_text(void *context, tally_text piece)
{
	(void)context, (void)piece;
}

static void on_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	root_search *s = context;
	(void)message;
	s->has_doctype = s->has_doctype || problem == TALLY_XML_DOCTYPE;
	if (problem == TALLY_XML_DOCTYPE)
		s->doctype = place;
}

static tally_result find_root(tally_text front, root_search *search, tally_error *error)
{
	static const tally_xml_handler handler = {on_start, on_end, on_text, on_problem};
	*search = (root_search){.format = NULL};
	tally_result result = tally_xml_new(&search->reader, &handler, search, &(tally_xml_options){.fragment = true}, error);
	if (result == TALLY_OK)
		result = tally_xml_feed(search->reader, front.data, front.size, error);
	if (result == TALLY_OK)
		result = tally_xml_finish(search->reader, error);
	tally_xml_free(search->reader);
	return result;
}

/* The first text that is not white space, in UTF-8 whatever the document's encoding. */
static tally_result first_text(tally_text front, char out[TALLY_FRONT_MAX], tally_text *text, tally_error *error)
{
	tally_decoder decoder = {0};
	char buffer[TALLY_DECODE_SLICE_MAX];
	tally_text slice;
	tally_decode state = TALLY_DECODE_SLICE;
	*text = (tally_text){out, 0};
	while (text->size < TALLY_FRONT_MAX && (state = tally_decoder_next(&decoder, &front, buffer, &slice)) == TALLY_DECODE_SLICE) {
		while (text->size == 0 && slice.size > 0 && strchr(" \t\r\n", slice.data[0]) != NULL)
			slice = (tally_text){slice.data + 1, slice.size - 1};
		size_t room = TALLY_FRONT_MAX - text->size;
		size_t take = slice.size < room ? slice.size : room;
		memcpy(out + text->size, slice.data, take);
		text->size += take;
	}
	explicit_bzero(buffer, sizeof buffer);
	tally_decoder_clear(&decoder);
	return state == TALLY_DECODE_NO_MEMORY ? tally_fail_memory(error) : TALLY_OK;
}

static tally_result recognise_front(tally_text front, const tally_format **format, tally_error *error)
{
	char first[TALLY_FRONT_MAX];
	tally_text text;
	tally_result result = first_text(front, first, &text, error);
	for (size_t i = 0; result == TALLY_OK && *format == NULL && tally_format_at(i) != NULL; i++)
		if (tally_format_at(i)->has_front != NULL && tally_format_at(i)->has_front(text))
			*format = tally_format_at(i);
	explicit_bzero(first, sizeof first);
	return result;
}

static tally_result recognise(tally_text front, const tally_format **format, tally_error *error)
{
	tally_result result = recognise_front(front, format, error);
	if (result != TALLY_OK || *format != NULL)
		return result;
	root_search search;
	result = find_root(front, &search, error);
	*format = search.format;
	return result;
}

/* At most LOOK_MAX bytes; freed by wiping as many. A read error is told by whoever reads the document in earnest. */
static char *read_front(const tally_source *source, size_t *size)
{
	char *front = tally_alloc(LOOK_MAX);
	int64_t got;
	*size = 0;
	while (front != NULL && *size < LOOK_MAX &&
	       (got = source->read(source->context, *size, front + *size, LOOK_MAX - *size)) > 0)
		*size += (size_t)got;
	return front;
}

tally_result tally_format_recognise(const tally_source *source, const tally_format **format, tally_error *error)
{
	size_t size;
	char *front = read_front(source, &size);
	*format = NULL;
	if (front == NULL)
		return tally_fail_memory(error);
	tally_result result = recognise((tally_text){front, size}, format, error);
	tally_free_wiped(front, LOOK_MAX); /* journals and jobs hold keys */
	return result;
}

tally_result tally_lint_unknown(tally_lint_run *run, tally_error *error)
{
	size_t size;
	root_search search;
	char *front = read_front(run->source, &size);
	if (front == NULL)
		return tally_fail_memory(error);
	tally_result result = find_root((tally_text){front, size}, &search, error);
	tally_free_wiped(front, LOOK_MAX);
	if (result != TALLY_OK)
		return result;
	if (search.has_doctype)
		tally_find_fact(run->finder, &(tally_fact){.rule = TALLY_RULE_XML_02, .in_document = true, .place = search.doctype},
				"the document has a DOCTYPE, which is refused; what kind of document it is was not looked at");
	else
		tally_find_fact(run->finder, &(tally_fact){.rule = TALLY_RULE_XML_05, .in_document = true, .place = {1, 0}},
				"this is no document that is known here: neither its first element nor its first line is one of theirs");
	return TALLY_OK;
}

/* ---- reading ---- */

tally_result tally_lint_feed(tally_lint_run *run,
			     tally_result (*feed)(void *reader, const void *bytes, size_t size, tally_error *error), void *reader,
			     tally_error *error)
{
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && !run->over) {
		int64_t got = run->source->read(run->source->context, run->bytes_done, chunk, TALLY_SOURCE_CHUNK);
		if (got < 0)
			result = tally_fail_os(error, (int)-got, "the document can't be read at byte %llu",
					       (unsigned long long)run->bytes_done);
		if (got <= 0)
			break;
		run->bytes_done += (uint64_t)got;
		result = feed(reader, chunk, (size_t)got, error);
		if (result == TALLY_OK && run->progress != NULL)
			result = run->progress(run->progress_context, run->bytes_done, error);
	}
	tally_free_wiped(chunk, TALLY_SOURCE_CHUNK); /* documents hold keys */
	return result;
}

static tally_result feed_document(void *reader, const void *bytes, size_t size, tally_error *error)
{
	return tally_document_feed(reader, bytes, size, error);
}

tally_result tally_lint_document(tally_lint_run *run, const tally_grammar *grammar, const tally_format_hooks *hooks, void *state,
				 tally_error *error)
{
	tally_document *document;
	tally_result result = tally_document_new(&document, grammar, hooks, state, run->finder, error);
	if (result == TALLY_OK)
		result = tally_lint_feed(run, feed_document, document, error);
	if (result == TALLY_OK)
		result = tally_document_finish(document, error);
	tally_document_free(document);
	return result;
}
