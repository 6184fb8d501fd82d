/* SPDX-License-Identifier: Apache-2.0 */
#include "format/recognise.h"

#include "base/memory.h"
#include "xml/decode.h"
#include "xml/reader.h"

/* A root element that hasn't come by then won't: no document of the service has so much in front of it. */
#define LOOK_MAX (64 * 1024)

static const struct {
	const char *name;
	tally_document_kind kind;
} kinds[] = {
	{"manifest", TALLY_DOCUMENT_MANIFEST},
	{"manifest-import", TALLY_DOCUMENT_MANIFEST_IMPORT},
	{"manifest-export", TALLY_DOCUMENT_MANIFEST_EXPORT},
	{"journal", TALLY_DOCUMENT_JOURNAL},
	{"drive-info", TALLY_DOCUMENT_DRIVE_INFO},
	{"metadata", TALLY_DOCUMENT_METADATA},
	{"properties", TALLY_DOCUMENT_PROPERTIES},
};

static const struct {
	const char *root;
	tally_document_kind kind;
} roots[] = {
	{"DriveManifest", TALLY_DOCUMENT_MANIFEST},
	{"Metadata", TALLY_DOCUMENT_METADATA},
	{"Properties", TALLY_DOCUMENT_PROPERTIES},
};

const char *tally_document_kind_name(tally_document_kind kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "unknown";
}

tally_document_kind tally_document_kind_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].kind;
	return TALLY_DOCUMENT_UNKNOWN;
}

typedef struct root_search {
	tally_xml_reader *reader;
	tally_document_kind kind;
} root_search;

static void on_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place)
{
	(void)attributes, (void)count, (void)place;
	root_search *s = context;
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		if (tally_text_equal_string(name, roots[i].root))
			s->kind = roots[i].kind;
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
	(void)context, (void)problem, (void)place, (void)message;
}

static tally_result find_root(tally_text front, tally_document_kind *kind, tally_error *error)
{
	static const tally_xml_handler handler = {on_start, on_end, on_text, on_problem};
	root_search search = {.kind = TALLY_DOCUMENT_UNKNOWN};
	tally_result result = tally_xml_new(&search.reader, &handler, &search, &(tally_xml_options){.fragment = true}, error);
	if (result == TALLY_OK)
		result = tally_xml_feed(search.reader, front.data, front.size, error);
	tally_xml_free(search.reader);
	*kind = search.kind;
	return result;
}

/* The first text that is not white space, in UTF-8 whatever the document's encoding. */
static tally_result first_text(tally_text front, char *out, size_t size, tally_error *error)
{
	tally_decoder decoder = {0};
	char buffer[TALLY_DECODE_SLICE_MAX];
	tally_text slice;
	size_t used = 0;
	tally_decode state;
	while (used < size - 1 && (state = tally_decoder_next(&decoder, &front, buffer, &slice)) != TALLY_DECODE_MORE) {
		if (state != TALLY_DECODE_SLICE)
			break;
		if (used == 0)
			while (slice.size > 0 && strchr(" \t\r\n", slice.data[0]) != NULL)
				slice = (tally_text){slice.data + 1, slice.size - 1};
		size_t take = slice.size < size - 1 - used ? slice.size : size - 1 - used;
		memcpy(out + used, slice.data, take);
		used += take;
	}
	out[used] = '\0';
	bool no_memory = used < size - 1 && state == TALLY_DECODE_NO_MEMORY;
	tally_decoder_clear(&decoder);
	return no_memory ? tally_fail_memory(error) : TALLY_OK;
}

tally_result tally_recognise(const tally_source *document, tally_document_kind *kind, tally_error *error)
{
	*kind = TALLY_DOCUMENT_UNKNOWN;
	char *front = tally_alloc(LOOK_MAX);
	if (front == NULL)
		return tally_fail_memory(error);
	size_t size = 0;
	int64_t got;
	while (size < LOOK_MAX && (got = document->read(document->context, size, front + size, LOOK_MAX - size)) > 0)
		size += (size_t)got;
	/* A read error is told by whoever reads the document in earnest. */
	char first[64];
	tally_result result = first_text((tally_text){front, size}, first, sizeof first, error);
	if (result == TALLY_OK && strncmp(first, "[BeginUpdateRecord]", 19) == 0)
		*kind = strstr(first, "[Type:ActivityRecord]") != NULL ? TALLY_DOCUMENT_DRIVE_INFO : TALLY_DOCUMENT_JOURNAL;
	else if (result == TALLY_OK)
		result = find_root((tally_text){front, size}, kind, error);
	tally_free(front);
	return result;
}
