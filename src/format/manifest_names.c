/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Duplicate blob paths, duplicate file paths, and file paths that NTFS takes for one (N-09). While the manifest is read,
 * each name leaves a record with the offset of its <Blob>; format/duplicates.h says how the search goes on.
 */
#include "base/memory.h"
#include "base/windows_path.h"
#include "format/duplicates.h"
#include "format/manifest_internal.h"
#include "format/storage_name.h"

#include <inttypes.h>

static tally_text text_of(const owned_text *text)
{
	return text->set ? (tally_text){text->data, text->size} : (tally_text){"", 0};
}

/* Blobs and their snapshots share a path; only both together name one thing. A leading slash names the same blob. */
static void fingerprint_blob(tally_manifest *m, tally_text path, tally_text snapshot)
{
	if (path.size > 0 && path.data[0] == '/') {
		path.data++;
		path.size--;
	}
	tally_fingerprint_update(m->fingerprinter, path.data, path.size);
	tally_fingerprint_update(m->fingerprinter, "", 1);
	tally_fingerprint_update(m->fingerprinter, snapshot.data, snapshot.size);
}

static void add_record(tally_manifest *m, tally_records *records)
{
	tally_record record = {.fingerprint = tally_fingerprint_end(m->fingerprinter),
			       .position = m->blob.place.offset};
	tally_error error;
	tally_manifest_fail(m, tally_records_add(records, record, &error), &error);
}

void tally_manifest_note_names(tally_manifest *m)
{
	if (m->blob_path.set) {
		tally_fingerprint_begin(m->fingerprinter);
		fingerprint_blob(m, text_of(&m->blob_path), text_of(&m->snapshot));
		add_record(m, &m->blob_names);
	}
	if (m->file_path.set) {
		tally_fingerprint_begin(m->fingerprinter);
		tally_ntfs_fold(text_of(&m->file_path), tally_fingerprint_update, m->fingerprinter);
		add_record(m, &m->file_names);
	}
}

/* ---- reading an entry again ---- */

typedef struct entry_names {
	owned_text blob_path, file_path, snapshot;
	owned_text *open; /* which of them the text belongs to */
	owned_text text;
	tally_xml_reader *reader;
	unsigned depth;
	bool out_of_memory;
} entry_names;

static void look_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place)
{
	(void)attributes, (void)count, (void)place;
	entry_names *e = context;
	if (++e->depth == 2) {
		if (tally_text_equal_string(name, "BlobPath"))
			e->open = &e->blob_path;
		else if (tally_text_equal_string(name, "FilePath"))
			e->open = &e->file_path;
		else if (tally_text_equal_string(name, "Snapshot"))
			e->open = &e->snapshot;
	}
	if (e->depth == 2)
		e->text.size = 0;
}

static void append(entry_names *e, owned_text *text, tally_text piece)
{
	char *grown = tally_grow(text->data, &text->capacity, text->size + piece.size + 1, 1);
	if (grown == NULL) {
		e->out_of_memory = true;
		tally_xml_stop(e->reader);
		return;
	}
	text->data = grown;
	if (piece.size > 0)
		memcpy(grown + text->size, piece.data, piece.size);
	text->size += piece.size;
	grown[text->size] = '\0';
}

static void look_text(void *context, tally_text piece)
{
	entry_names *e = context;
	if (e->open == NULL || e->depth != 2)
		return;
	/* What is longer is no name: the engine refused it in the first reading, and left no record of it. */
	if (piece.size > MANIFEST_PATH_BYTES_MAX - e->text.size)
		e->open = NULL;
	else
		append(e, &e->text, piece);
}

static void look_end(void *context, tally_text name, tally_place place)
{
	(void)name, (void)place;
	entry_names *e = context;
	tally_text text = tally_text_trim((tally_text){e->text.data, e->text.size});
	if (e->open != NULL && e->depth == 2) {
		/* As in the first reading: where an element is repeated, the last one counts, unless a name is empty. */
		if (text.size > 0 || e->open == &e->snapshot) {
			e->open->size = 0;
			append(e, e->open, text);
			e->open->set = true;
		}
		e->open = NULL;
	}
	if (--e->depth == 0)
		tally_xml_stop(e->reader);
}

static void look_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	(void)context, (void)problem, (void)place, (void)message;
}

static void clear_names(entry_names *e)
{
	tally_free(e->blob_path.data);
	tally_free(e->file_path.data);
	tally_free(e->snapshot.data);
	tally_free(e->text.data);
}

static tally_result read_names(const tally_source *document, uint64_t offset, void *entry, tally_error *error)
{
	static const tally_xml_handler handler = {look_start, look_end, look_text, look_problem};
	entry_names *e = entry;
	e->blob_path.set = e->file_path.set = e->snapshot.set = false;
	e->blob_path.size = e->file_path.size = e->snapshot.size = 0;
	e->depth = 0;
	e->open = NULL;
	tally_result result = tally_duplicates_read_element(document, offset, &handler, e, &e->reader, error);
	return e->out_of_memory ? tally_fail_memory(error) : result;
}

/* ---- comparing suspects and telling duplicates ---- */

static tally_likeness compare_blobs(const void *first, const void *other)
{
	const entry_names *a = first, *b = other;
	tally_text left = text_of(&a->blob_path), right = text_of(&b->blob_path);
	if (left.size > 0 && left.data[0] == '/')
		left = (tally_text){left.data + 1, left.size - 1};
	if (right.size > 0 && right.data[0] == '/')
		right = (tally_text){right.data + 1, right.size - 1};
	bool same = tally_text_equal(left, right) && tally_text_equal(text_of(&a->snapshot), text_of(&b->snapshot));
	return same ? TALLY_SAME : TALLY_DIFFERENT;
}

static tally_likeness compare_files(const void *first, const void *other)
{
	const entry_names *a = first, *b = other;
	tally_text left = text_of(&a->file_path), right = text_of(&b->file_path), x, y;
	if (tally_text_equal(left, right))
		return TALLY_SAME;
	for (;;) {
		bool more_left = tally_windows_path_next(&left, &x);
		bool more_right = tally_windows_path_next(&right, &y);
		if (!more_left && !more_right)
			return TALLY_ALIKE;
		if (more_left != more_right || !tally_ntfs_equal(x, y))
			return TALLY_DIFFERENT;
	}
}

static void tell(tally_manifest *m, const entry_names *e, const tally_duplicate *duplicate, tally_rule_symbol rule, const char *what)
{
	tally_fact fact = {.rule = rule,
			   .in_document = true,
			   .place = duplicate->place,
			   .blob_path = e->blob_path.set ? e->blob_path.data : NULL,
			   .file_path = e->file_path.set ? e->file_path.data : NULL};
	tally_document_find(m->document, &fact, "%s; the first one is at byte %" PRIu64, what, duplicate->first);
}

static void tell_blob(void *context, const void *entry, const tally_duplicate *duplicate)
{
	tell(context, entry, duplicate, TALLY_RULE_N_09_BLOB, "this BlobPath occurs more than once");
}

static void tell_file(void *context, const void *entry, const tally_duplicate *duplicate)
{
	tally_manifest *m = context;
	bool export = m->totals.kind == TALLY_MANIFEST_EXPORT;
	if (duplicate->alike)
		tell(m, entry, duplicate, TALLY_RULE_N_09_CASE, "NTFS takes this FilePath and an earlier one for the same file");
	else
		tell(m, entry, duplicate, export ? TALLY_RULE_N_09_EXPORT : TALLY_RULE_N_09_FILE,
		     "this FilePath occurs more than once");
}

tally_result tally_manifest_find_duplicates(tally_manifest *m, const tally_source *document, tally_error *error)
{
	entry_names first = {.depth = 0}, other = {.depth = 0};
	tally_document_about(m->document, NULL, NULL);
	tally_duplicate_search search = {.document = document,
					 .records = &m->blob_names,
					 .first = &first,
					 .other = &other,
					 .read = read_names,
					 .compare = compare_blobs,
					 .tell = tell_blob,
					 .context = m};
	tally_result result = tally_duplicates_find(&search, error);
	tally_records_clear(&m->blob_names);
	if (result == TALLY_OK) {
		search.records = &m->file_names;
		search.compare = compare_files;
		search.tell = tell_file;
		result = tally_duplicates_find(&search, error);
	}
	tally_records_clear(&m->file_names);
	clear_names(&first);
	clear_names(&other);
	return result;
}
