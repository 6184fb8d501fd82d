/* SPDX-License-Identifier: Apache-2.0 */
#include "format/blob_list_events.h"

#include "base/memory.h"
#include "format/blob_list_grammar.h"

typedef struct list_reading {
	const tally_list_events *events;
	void *context;
	tally_grammar grammar;
	tally_document *document;
	uint64_t entries, lost; /* `lost`: empty, too long, or not the one that is wanted */
	bool only_one;          /* which begins the text */
} list_reading;

static bool is_over(const list_reading *r)
{
	return r->only_one && r->entries + r->lost > 0;
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	list_reading *r = state;
	tally_error error;
	(void)name, (void)attributes;
	bool is_prefix = element == LIST_BLOB_PREFIX;
	if ((element != LIST_BLOB_PATH && !is_prefix) || is_over(r))
		return;
	if (!value->present || (r->only_one && value->place.offset > 0)) {
		r->lost++;
		return;
	}
	r->entries++;
	if (r->events->entry(r->context, value->text, is_prefix, value->place, &error) != TALLY_OK)
		tally_document_fail(r->document, &error);
}

static tally_result feed(list_reading *r, const tally_source *list, uint64_t offset, char *chunk, size_t size,
			 tally_error *error)
{
	tally_result result = TALLY_OK;
	int64_t got;
	while (result == TALLY_OK && !is_over(r) && !tally_document_broken(r->document)) {
		got = list->read(list->context, offset, chunk, size);
		if (got < 0)
			return tally_fail_os(error, (int)-got, "the blob list can't be read");
		if (got == 0)
			break;
		offset += (uint64_t)got;
		result = tally_document_feed(r->document, chunk, (size_t)got, error);
		if (result == TALLY_OK && r->events->progress != NULL)
			result = r->events->progress(r->context, offset, error);
	}
	return result;
}

static tally_result read_list(list_reading *r, const tally_source *list, uint64_t offset, tally_error *error)
{
	static const tally_format_hooks hooks = {NULL, on_close};
	tally_finder silent = {0};
	size_t size = r->only_one ? 1024 : TALLY_SOURCE_CHUNK;
	char *chunk = tally_alloc(size);
	if (chunk == NULL)
		return tally_fail_memory(error);
	r->grammar = tally_list_grammar;
	if (r->only_one)
		r->grammar.document = LIST_BLOBS;
	tally_result result = tally_document_new(&r->document, &r->grammar, &hooks, r, &silent, error);
	if (result == TALLY_OK)
		result = feed(r, list, offset, chunk, size, error);
	if (result == TALLY_OK)
		result = tally_document_finish(r->document, error);
	tally_free(chunk);
	return result;
}

tally_result tally_list_read(const tally_source *list, const tally_list_events *events, void *context, bool *complete,
			     tally_error *error)
{
	list_reading r = {.events = events, .context = context};
	tally_result result = read_list(&r, list, 0, error);
	*complete = result == TALLY_OK && !tally_document_broken(r.document) &&
		    tally_document_skipped(r.document) == 0 && r.lost == 0;
	tally_document_free(r.document);
	return result;
}

tally_result tally_list_read_entry(const tally_source *list, uint64_t offset, const tally_list_events *events,
				   void *context, bool *found, tally_error *error)
{
	list_reading r = {.events = events, .context = context, .only_one = true};
	tally_result result = read_list(&r, list, offset, error);
	*found = r.entries > 0;
	tally_document_free(r.document);
	return result;
}
