/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was ordered against what came. A path is ordered by name, in 16 bytes an entry; prefixes are kept, within the
 * limits of lint's (format/blob_list_prefixes.h), in the order of their texts, each with the longest other one that it
 * begins with.
 */
#include "verify/audit.h"

#include "base/memory.h"
#include "format/blob_list_events.h"
#include "format/blob_list_prefixes.h"

#include <inttypes.h>
#include <stdlib.h>

static const char not_whole[] =
    "the list could not be read whole (tallyman lint says why): what else it orders is not known";

#define NOBODY UINT32_MAX
/* Of a path's record: it came. No list is so long. */
#define CAME (UINT64_C(1) << 63)

struct tally_audit_list {
	tally_source source;
	tally_records paths; /* by key; the position is the offset of the entry */
	tally_prefixes prefixes;
	uint32_t *order, *parents; /* of prefixes, by their texts; parents of places in `order` */
	tally_log_text text;
};

static tally_text text_of(const char *text)
{
	return (tally_text){text != NULL ? text : "", text != NULL ? strlen(text) : 0};
}

/* ---- reading it ------------------------------------------------------------------------------------------------ */

static tally_result with_slash(tally_audit_list *list, tally_text text, tally_text *out, tally_error *error)
{
	bool has = text.size > 0 && text.data[0] == '/';
	tally_result result = tally_audit_keep(&list->text, (tally_text){"/", has ? 0 : 1}, error);
	if (result != TALLY_OK)
		return result;
	size_t front = list->text.size;
	char *grown = tally_grow(list->text.data, &list->text.capacity, front + text.size + 1, 1);
	if (grown == NULL)
		return tally_fail_memory(error);
	list->text.data = grown;
	if (text.size > 0)
		memcpy(grown + front, text.data, text.size);
	*out = (tally_text){grown, front + text.size};
	return TALLY_OK;
}

static tally_result on_entry(void *context, tally_text text, bool is_prefix, tally_place place, tally_error *error)
{
	tally_auditing *audit = context;
	tally_audit_list *list = audit->list;
	if (is_prefix) {
		audit->summary->list_prefixes++;
		tally_result result = with_slash(list, text, &text, error);
		return result == TALLY_OK ? tally_prefixes_add(&list->prefixes, text, place, error) : result;
	}
	audit->summary->list_paths++;
	uint64_t key = tally_audit_blob_key(&audit->index, text, (tally_text){"", 0});
	return tally_records_add(&list->paths, (tally_record){.fingerprint = key, .position = place.offset}, error);
}

static tally_result on_progress(void *context, uint64_t bytes_done, tally_error *error)
{
	tally_auditing *audit = context;
	audit->run.progress.bytes_done = bytes_done;
	return tally_run_progress(&audit->run, error);
}

static int compare_prefixes(const void *a, const void *b, void *context)
{
	const tally_prefixes *prefixes = context;
	const uint32_t *left = a, *right = b;
	int order = tally_text_compare(tally_prefix_text(prefixes, &prefixes->items[*left]),
				       tally_prefix_text(prefixes, &prefixes->items[*right]));
	return order != 0 ? order : (*left > *right) - (*left < *right);
}

static tally_text prefix_at(const tally_audit_list *list, uint32_t place)
{
	return tally_prefix_text(&list->prefixes, &list->prefixes.items[list->order[place]]);
}

static bool begins(tally_text text, tally_text prefix)
{
	return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

/* Whatever begins with a text stands right behind it. */
static tally_result sort_prefixes(tally_audit_list *list, tally_error *error)
{
	uint32_t count = (uint32_t)list->prefixes.count;
	if (count == 0)
		return TALLY_OK;
	list->order = tally_zalloc(count, sizeof *list->order);
	list->parents = tally_zalloc(count, sizeof *list->parents);
	if (list->order == NULL || list->parents == NULL)
		return tally_fail_memory(error);
	for (uint32_t i = 0; i < count; i++)
		list->order[i] = i;
	qsort_r(list->order, count, sizeof *list->order, compare_prefixes, &list->prefixes);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t parent = i > 0 ? i - 1 : NOBODY;
		while (parent != NOBODY && !begins(prefix_at(list, i), prefix_at(list, parent)))
			parent = list->parents[parent];
		list->parents[i] = parent;
	}
	return TALLY_OK;
}

tally_result tally_audit_list_read(tally_auditing *audit, tally_error *error)
{
	static const tally_list_events events = {on_entry, on_progress};
	const char *path = audit->options->list;
	bool complete;
	audit->list = tally_zalloc(1, sizeof *audit->list);
	if (audit->list == NULL)
		return tally_fail_memory(error);
	tally_result result = tally_source_file(&audit->list->source, path, error);
	if (result != TALLY_OK)
		return result;
	audit->run.progress = (tally_progress){.stage = "reading the list", .file_path = path};
	result = tally_list_read(&audit->list->source, &events, audit, &complete, error);
	audit->run.progress = (tally_progress){0};
	if (result != TALLY_OK)
		return result;
	audit->finder.document = path;
	if (!complete || audit->summary->list_paths + audit->summary->list_prefixes == 0)
		tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_60_FORM}, "%s",
				complete ? "the list orders nothing" : not_whole);
	audit->finder.document = NULL;
	tally_records_sort(&audit->list->paths);
	return sort_prefixes(audit->list, error);
}

void tally_audit_list_free(tally_audit_list *list)
{
	if (list == NULL)
		return;
	tally_source_close(&list->source);
	tally_records_clear(&list->paths);
	tally_prefixes_clear(&list->prefixes);
	tally_free(list->order);
	tally_free(list->parents);
	tally_free(list->text.data);
	tally_free(list);
}

/* ---- what came ------------------------------------------------------------------------------------------------- */

static size_t first_of(const tally_records *records, uint64_t key)
{
	size_t low = 0, high = records->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_records_at(records, middle)->fingerprint < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool tally_audit_list_lacks(tally_auditing *audit, tally_text blob_path)
{
	return audit->list == NULL ||
	       !tally_records_contain(&audit->list->paths,
				      tally_audit_blob_key(&audit->index, blob_path, (tally_text){"", 0}));
}

/* Notes all entries of one path at once, so that a path that comes again finds them noted. */
static bool take_path(tally_audit_list *list, uint64_t key)
{
	size_t first = first_of(&list->paths, key);
	for (size_t i = first; i < list->paths.count; i++) {
		tally_record *record = tally_records_at(&list->paths, i);
		if (record->fingerprint != key)
			return i > first;
		if ((record->position & CAME) != 0)
			return true;
		record->position |= CAME;
	}
	return first < list->paths.count;
}

/* The last prefix in front of the path begins with every prefix of it. */
static bool take_prefix(tally_audit_list *list, tally_text path)
{
	uint32_t low = 0, high = (uint32_t)list->prefixes.count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (tally_text_compare(prefix_at(list, middle), path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	uint32_t at = low > 0 ? low - 1 : NOBODY;
	while (at != NOBODY && !begins(path, prefix_at(list, at)))
		at = list->parents[at];
	if (at == NOBODY)
		return false;
	list->prefixes.items[list->order[at]].swallowed++;
	return true;
}

/* Names that NTFS can't hold, or that another name stands for there (N-08, N-09). */
static void tell_name(tally_auditing *audit, const tally_manifest_blob *blob, const tally_fact *about)
{
	tally_text path = text_of(blob->blob_path), file = text_of(blob->file_path);
	if (path.size == 0 || file.size == 0)
		return;
	if (file.data[0] == '\\' || file.data[0] == '/')
		file = (tally_text){file.data + 1, file.size - 1};
	if (path.data[0] == '/')
		path = (tally_text){path.data + 1, path.size - 1};
	if (tally_audit_same_blob(path, file))
		return;
	tally_fact fact = *about;
	tally_path_problem problem;
	tally_path_fault fault = tally_windows_path_check(path, &problem);
	fact.rule = TALLY_RULE_A_63;
	tally_find_fact(&audit->finder, &fact, "the blob is in a file of another name%s%s",
			fault != TALLY_PATH_OK ? ": " : "", fault != TALLY_PATH_OK ? tally_path_fault_text(fault) : "");
}

tally_result tally_audit_list_take(tally_auditing *audit, const tally_manifest_blob *blob, tally_error *error)
{
	tally_audit_list *list = audit->list;
	tally_fact fact = {
	    .in_document = true, .place = blob->place, .blob_path = blob->blob_path, .file_path = blob->file_path};
	const char *document = audit->finder.document;
	tally_text path;
	tally_result result = TALLY_OK;
	audit->finder.document = audit->run.manifest_path;
	tell_name(audit, blob, &fact);
	if (blob->snapshot != NULL) {
		audit->summary->snapshots++;
		fact.rule = TALLY_RULE_A_64;
		fact.actual = text_of(blob->snapshot);
		tally_find_fact(&audit->finder, &fact, "this is a snapshot of the blob");
		fact.actual.data = NULL;
	}
	if (list != NULL && blob->blob_path != NULL) {
		uint64_t key = tally_audit_blob_key(&audit->index, text_of(blob->blob_path), (tally_text){"", 0});
		result = with_slash(list, text_of(blob->blob_path), &path, error);
		bool by_name = result == TALLY_OK && take_path(list, key);
		bool by_prefix = result == TALLY_OK && take_prefix(list, path);
		if (result == TALLY_OK && !by_name && !by_prefix && list->prefixes.left_out == 0) {
			audit->summary->blobs_unordered++;
			fact.rule = TALLY_RULE_A_62;
			tally_find_fact(&audit->finder, &fact, "nothing in the list ordered this blob");
		}
	}
	audit->finder.document = document;
	return result;
}

/* ---- what did not come ----------------------------------------------------------------------------------------- */

tally_result tally_audit_miss(tally_auditing *audit, tally_text blob_path, bool is_prefix, tally_error *error)
{
	const tally_audit_options *options = audit->options;
	tally_log_text path = {0};
	audit->summary->to_order_again++;
	/* A path that holds a signature is no path that can be ordered, and must not get about. */
	if (options->missing == NULL || tally_has_secret(blob_path))
		return TALLY_OK;
	if (!is_prefix && blob_path.size > 0 && (blob_path.data[0] == '/' || blob_path.data[0] == '\\'))
		blob_path = (tally_text){blob_path.data + 1, blob_path.size - 1};
	tally_result result = tally_audit_keep(&path, blob_path, error);
	if (result == TALLY_OK && !options->missing(options->missing_context, path.data, is_prefix))
		result = tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
	tally_free(path.data);
	return result;
}

static tally_result on_missing(void *context, tally_text text, bool is_prefix, tally_place place, tally_error *error)
{
	tally_auditing *audit = context;
	(void)is_prefix, (void)place;
	tally_fact fact = {.rule = TALLY_RULE_A_60, .blob_path = text.data};
	tally_find_fact(&audit->finder, &fact, "this path was ordered, but no such blob came");
	return tally_audit_miss(audit, text, false, error);
}

static tally_result tell_missing(tally_auditing *audit, uint64_t offset, tally_error *error)
{
	static const tally_list_events events = {on_missing, NULL};
	bool found;
	tally_result result = tally_list_read_entry(&audit->list->source, offset, &events, audit, &found, error);
	if (result != TALLY_OK || found)
		return result;
	audit->summary->to_order_again++;
	tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_60},
			"no blob came for the path at byte %" PRIu64
			" of the list, which was another one when it was read again",
			offset);
	return TALLY_OK;
}

/* Leaves the paths that did not come, in the list's order. */
static void leave_missing(tally_records *paths)
{
	size_t kept = 0;
	for (size_t i = 0; i < paths->count; i++) {
		const tally_record *record = tally_records_at(paths, i);
		if ((record->position & CAME) == 0)
			*tally_records_at(paths, kept++) = (tally_record){record->position, 0};
	}
	paths->count = kept;
	tally_records_sort(paths);
}

static tally_result conclude_prefixes(tally_auditing *audit, tally_error *error)
{
	tally_audit_list *list = audit->list;
	tally_result result = TALLY_OK;
	for (size_t i = list->prefixes.count; i-- > 0;)
		if (list->parents[i] != NOBODY)
			list->prefixes.items[list->order[list->parents[i]]].swallowed +=
			    list->prefixes.items[list->order[i]].swallowed;
	for (size_t i = 0; i < list->prefixes.count && result == TALLY_OK; i++) {
		const tally_prefix *prefix = &list->prefixes.items[i];
		tally_text text = tally_prefix_text(&list->prefixes, prefix);
		if (prefix->swallowed > 0)
			continue;
		audit->summary->prefixes_empty++;
		tally_find_fact(
		    &audit->finder,
		    &(tally_fact){.rule = TALLY_RULE_A_61, .in_document = true, .place = prefix->place, .actual = text},
		    "this prefix was ordered, but no blob came that begins so");
		result = tally_audit_miss(audit, text, true, error);
	}
	return result;
}

tally_result tally_audit_list_conclude(tally_auditing *audit, tally_error *error)
{
	tally_audit_list *list = audit->list;
	tally_result result = TALLY_OK;
	if (list == NULL)
		return TALLY_OK;
	if (!audit->run.totals.complete) {
		tally_run_gap(&audit->run, "which entries of the list brought nothing",
			      "the manifest could not be read to its end");
		return TALLY_OK;
	}
	if (list->prefixes.left_out > 0)
		tally_run_gap(&audit->run, "prefixes of the list beyond the first 100,000",
			      "they are too many to be kept");
	audit->finder.document = audit->options->list;
	leave_missing(&list->paths);
	audit->summary->paths_empty = list->paths.count;
	for (size_t i = 0; i < list->paths.count && result == TALLY_OK; i++)
		result = tell_missing(audit, tally_records_at(&list->paths, i)->fingerprint, error);
	if (result == TALLY_OK)
		result = conclude_prefixes(audit, error);
	audit->finder.document = NULL;
	return result;
}

/* ---- what the service left out --------------------------------------------------------------------------------- */

static tally_result on_left_out(void *context, tally_text text, bool is_prefix, tally_place place, tally_error *error)
{
	tally_auditing *audit = context;
	tally_fact fact = {.rule = TALLY_RULE_A_60_SPACE, .in_document = true, .place = place, .blob_path = text.data};
	audit->summary->left_out++;
	tally_find_fact(&audit->finder, &fact, "the service left this out: the drives had no room for it");
	/* A path that was ordered by name is missed by that. */
	bool missed = is_prefix || tally_audit_list_lacks(audit, text);
	return missed ? tally_audit_miss(audit, text, is_prefix, error) : TALLY_OK;
}

tally_result tally_audit_read_incomplete(tally_auditing *audit, tally_error *error)
{
	static const tally_list_events events = {on_left_out, on_progress};
	const char *path = audit->options->incomplete;
	tally_source source = {0};
	bool complete = true;
	if (path == NULL)
		return TALLY_OK;
	tally_result result = tally_source_file(&source, path, error);
	if (result != TALLY_OK)
		return result;
	audit->finder.document = path;
	result = tally_list_read(&source, &events, audit, &complete, error);
	if (result == TALLY_OK && !complete)
		tally_find_fact(&audit->finder, &(tally_fact){.rule = TALLY_RULE_A_60_FORM}, "%s", not_whole);
	audit->finder.document = NULL;
	tally_source_close(&source);
	return result;
}
