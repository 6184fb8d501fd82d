/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Duplicate blob paths, duplicate file paths, and file paths that NTFS takes for one (N-09).
 *
 * While the manifest is read, each name leaves a record of 16 bytes: a keyed fingerprint, and the offset of its <Blob>.
 * At the end the records are sorted; equal fingerprints are suspects. Each suspect's entry is read again at its offset,
 * so what is told is always a comparison of texts. Confirmed ones are noted in their own records, moved to the front,
 * sorted by offset and told in the document's order; nothing grows on the way.
 */
#include "base/memory.h"
#include "base/windows_path.h"
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
	tally_record record = {.position = m->blob.place.offset};
	tally_error error;
	tally_result result = tally_fingerprint_end(m->fingerprinter, &record.fingerprint, &error);
	if (result == TALLY_OK)
		result = tally_records_add(records, record, &error);
	tally_manifest_fail(m, result, &error);
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

#define LOOK_CHUNK 4096

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

static tally_result read_names(const tally_source *document, uint64_t offset, entry_names *e, tally_error *error)
{
	static const tally_xml_handler handler = {look_start, look_end, look_text, look_problem};
	e->blob_path.set = e->file_path.set = e->snapshot.set = false;
	e->blob_path.size = e->file_path.size = e->snapshot.size = 0;
	e->depth = 0;
	e->open = NULL;
	tally_result result = tally_xml_new(&e->reader, &handler, e, NULL, error);
	if (result != TALLY_OK)
		return result;
	char chunk[LOOK_CHUNK];
	while (result == TALLY_OK && !tally_xml_stopped(e->reader)) {
		int64_t got = document->read(document->context, offset, chunk, sizeof chunk);
		if (got <= 0)
			break;
		result = tally_xml_feed(e->reader, chunk, (size_t)got, error);
		offset += (uint64_t)got;
	}
	if (result == TALLY_OK)
		result = tally_xml_finish(e->reader, error);
	tally_xml_free(e->reader);
	return e->out_of_memory ? tally_fail_memory(error) : result;
}

/* ---- comparing suspects ---- */

typedef enum likeness { DIFFERENT, SAME, SAME_FOR_NTFS } likeness;

static likeness compare_blobs(const entry_names *a, const entry_names *b)
{
	tally_text left = text_of(&a->blob_path), right = text_of(&b->blob_path);
	if (left.size > 0 && left.data[0] == '/')
		left = (tally_text){left.data + 1, left.size - 1};
	if (right.size > 0 && right.data[0] == '/')
		right = (tally_text){right.data + 1, right.size - 1};
	bool same = tally_text_equal(left, right) && tally_text_equal(text_of(&a->snapshot), text_of(&b->snapshot));
	return same ? SAME : DIFFERENT;
}

static likeness compare_files(const entry_names *a, const entry_names *b)
{
	tally_text left = text_of(&a->file_path), right = text_of(&b->file_path), x, y;
	if (tally_text_equal(left, right))
		return SAME;
	for (;;) {
		bool more_left = tally_windows_path_next(&left, &x);
		bool more_right = tally_windows_path_next(&right, &y);
		if (!more_left && !more_right)
			return SAME_FOR_NTFS;
		if (more_left != more_right || !tally_ntfs_equal(x, y))
			return DIFFERENT;
	}
}

/*
 * A confirmed duplicate's record holds its own offset as the fingerprint, and as the position the offset of the first
 * one with these two bits. No document is as long as 2^62 bytes.
 */
#define CONFIRMED (UINT64_C(1) << 63)
#define FOR_NTFS (UINT64_C(1) << 62)

typedef struct search {
	const tally_source *document;
	tally_records *records;
	likeness (*compare)(const entry_names *a, const entry_names *b);
	entry_names first, other;
} search;

/*
 * Records begin…end have one fingerprint. Each that is not confirmed yet is compared with all behind it; only texts that
 * differ in spite of their fingerprint, which nobody can bring about on purpose, make more than one round.
 */
static tally_result confirm_group(search *s, size_t begin, size_t end, tally_error *error)
{
	for (; begin + 1 < end; begin++) {
		uint64_t first = tally_records_at(s->records, begin)->position;
		if ((first & CONFIRMED) != 0)
			continue;
		bool differing = false;
		tally_result result = read_names(s->document, first, &s->first, error);
		for (size_t i = begin + 1; i < end && result == TALLY_OK; i++) {
			tally_record *record = tally_records_at(s->records, i);
			if ((record->position & CONFIRMED) != 0)
				continue;
			result = read_names(s->document, record->position, &s->other, error);
			likeness like = result == TALLY_OK ? s->compare(&s->first, &s->other) : DIFFERENT;
			differing = differing || like == DIFFERENT;
			if (like != DIFFERENT)
				*record = (tally_record){.fingerprint = record->position,
							 .position = first | CONFIRMED | (like == SAME_FOR_NTFS ? FOR_NTFS : 0)};
		}
		if (result != TALLY_OK || !differing)
			return result;
	}
	return TALLY_OK;
}

/* Leaves the confirmed ones only, by their own offsets. */
static tally_result confirm(search *s, tally_error *error)
{
	tally_records *records = s->records;
	tally_result result = TALLY_OK;
	tally_records_sort(records);
	for (size_t begin = 0, end; begin < records->count && result == TALLY_OK; begin = end) {
		uint64_t fingerprint = tally_records_at(records, begin)->fingerprint;
		for (end = begin + 1; end < records->count; end++)
			if (tally_records_at(records, end)->fingerprint != fingerprint)
				break;
		if (end - begin > 1)
			result = confirm_group(s, begin, end, error);
	}
	size_t kept = 0;
	for (size_t i = 0; i < records->count; i++)
		if ((tally_records_at(records, i)->position & CONFIRMED) != 0)
			*tally_records_at(records, kept++) = *tally_records_at(records, i);
	records->count = kept;
	tally_records_sort(records);
	return result;
}

/* ---- telling them ---- */

/* Counts lines up to ascending offsets in one pass over the document. */
typedef struct line_counter {
	const tally_source *document;
	uint64_t offset, line;
	bool utf16, big_endian;
	char chunk[TALLY_SOURCE_CHUNK];
} line_counter;

static uint64_t count_lines(const line_counter *c, size_t size)
{
	uint64_t lines = 0;
	if (!c->utf16) {
		for (const char *at = c->chunk; (at = memchr(at, '\n', size - (size_t)(at - c->chunk))) != NULL; at++)
			lines++;
		return lines;
	}
	for (size_t i = 0; i + 1 < size; i += 2)
		lines += c->chunk[i + c->big_endian] == '\n' && c->chunk[i + !c->big_endian] == 0;
	return lines;
}

static uint64_t line_at(line_counter *c, uint64_t offset)
{
	while (c->offset < offset) {
		uint64_t left = offset - c->offset;
		size_t wanted = left < sizeof c->chunk ? (size_t)left : sizeof c->chunk, size = 0;
		/* To the last byte, so that no UTF-16 unit is cut in two. */
		while (size < wanted) {
			int64_t got = c->document->read(c->document->context, c->offset + size, c->chunk + size, wanted - size);
			if (got <= 0)
				return c->line;
			size += (size_t)got;
		}
		c->line += count_lines(c, size);
		c->offset += size;
	}
	return c->line;
}

static tally_result tell(tally_manifest *m, search *s, const tally_record *record, tally_rule_symbol rule, const char *what,
			 line_counter *lines, tally_error *error)
{
	tally_result result = read_names(s->document, record->fingerprint, &s->other, error);
	if (result != TALLY_OK)
		return result;
	const entry_names *e = &s->other;
	tally_fact fact = {.rule = rule,
			   .in_document = true,
			   .place = {line_at(lines, record->fingerprint), record->fingerprint},
			   .blob_path = e->blob_path.set ? e->blob_path.data : NULL,
			   .file_path = e->file_path.set ? e->file_path.data : NULL};
	tally_document_find(m->document, &fact, "%s; the first one is at byte %" PRIu64, what,
			    record->position & ~(CONFIRMED | FOR_NTFS));
	return TALLY_OK;
}

static tally_result tell_all(tally_manifest *m, search *s, bool files, tally_error *error)
{
	bool export = m->totals.kind == TALLY_MANIFEST_EXPORT;
	line_counter *lines = tally_zalloc(1, sizeof *lines);
	if (lines == NULL)
		return tally_fail_memory(error);
	lines->document = s->document;
	lines->line = 1;
	unsigned char front[2] = {'<', '?'};
	if (s->document->read(s->document->context, 0, front, sizeof front) == sizeof front) {
		lines->big_endian = front[0] == 0 || front[0] == 0xFE;
		lines->utf16 = lines->big_endian || front[1] == 0 || front[0] == 0xFF;
	}
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < s->records->count && result == TALLY_OK; i++) {
		const tally_record *record = tally_records_at(s->records, i);
		tally_rule_symbol rule = export ? TALLY_RULE_N_09_EXPORT : TALLY_RULE_N_09_FILE;
		const char *what = files ? "this FilePath occurs more than once" : "this BlobPath occurs more than once";
		if (!files) {
			rule = TALLY_RULE_N_09_BLOB;
		} else if ((record->position & FOR_NTFS) != 0) {
			rule = TALLY_RULE_N_09_CASE;
			what = "NTFS takes this FilePath and an earlier one for the same file";
		}
		result = tell(m, s, record, rule, what, lines, error);
	}
	tally_free(lines);
	return result;
}

static tally_result search_duplicates(tally_manifest *m, const tally_source *document, bool files, tally_error *error)
{
	search s = {.document = document, .records = files ? &m->file_names : &m->blob_names, .compare = files ? compare_files : compare_blobs};
	tally_result result = confirm(&s, error);
	if (result == TALLY_OK && s.records->count > 0)
		result = tell_all(m, &s, files, error);
	tally_records_clear(s.records);
	clear_names(&s.first);
	clear_names(&s.other);
	return result;
}

tally_result tally_manifest_find_duplicates(tally_manifest *m, const tally_source *document, tally_error *error)
{
	tally_document_about(m->document, NULL, NULL);
	tally_result result = search_duplicates(m, document, false, error);
	if (result == TALLY_OK)
		result = search_duplicates(m, document, true, error);
	return result;
}
