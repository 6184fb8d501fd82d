/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list is read once, in which everything is judged but what entries have to do with each other. Duplicates are found
 * through 16 bytes an entry (format/duplicates.h). What a prefix selects besides is found in a second reading, when all
 * prefixes are known; of these a bounded number is kept.
 */
#include "format/blob_list.h"

#include "base/memory.h"
#include "format/blob_list_entry.h"
#include "format/blob_list_grammar.h"
#include "format/blob_list_prefixes.h"
#include "format/duplicates.h"

#include <inttypes.h>

static bool is_entry(unsigned element)
{
	return element == LIST_BLOB_PATH || element == LIST_BLOB_PREFIX || element == LIST_FILE_PATH ||
	       element == LIST_FILE_PREFIX;
}

static bool is_prefix(unsigned element)
{
	return element == LIST_BLOB_PREFIX || element == LIST_FILE_PREFIX;
}

/* ---- the first reading ---------------------------------------------------------------------------------------- */

typedef struct stated_number {
	bool set;
	uint64_t value;
	tally_place place;
} stated_number;

typedef struct blob_list {
	tally_lint_run *run;
	tally_document *document;
	tally_fingerprinter *fingerprinter;
	tally_records records;
	tally_prefixes prefixes;
	char *key;
	size_t key_capacity;
	uint64_t root_count;
	tally_place root; /* the first one */
	uint64_t entries, paths, sized;
	bool has_paths; /* of blobs or files */
	uint64_t size;  /* of those paths together */
	bool size_overflow;
	bool dialect_told, slash_told;
	stated_number stated_paths, stated_size; /* by the Summary */
	uint64_t first_reading;                  /* bytes */
} blob_list;

static void tell(blob_list *l, tally_rule_symbol rule, tally_place place, const char *message)
{
	tally_find_fact(l->run->finder, &(tally_fact){.rule = rule, .in_document = true, .place = place}, "%s",
			message);
}

static void tell_dialect(blob_list *l, tally_place place)
{
	if (!l->dialect_told)
		tell(l, TALLY_RULE_X_10_DIALECT, place, "this is how the generator of lists for Data Box writes");
	l->dialect_told = true;
}

static void fail(blob_list *l, tally_result result, const tally_error *error)
{
	if (result != TALLY_OK)
		tally_document_fail(l->document, error);
}

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	blob_list *l = state;
	(void)name, (void)attributes;
	if (element != LIST_BLOBS && element != LIST_FILES && element != LIST_SUMMARY)
		return;
	if (l->root_count++ == 0)
		l->root = place;
	else
		tell(l, TALLY_RULE_K_15, place,
		     "this is a further root element: as a whole the list is no XML document");
	if (element == LIST_FILES)
		tell(l, TALLY_RULE_X_02, place, "Import/Export can't export what AzureFileList names");
	if (element == LIST_SUMMARY)
		tell_dialect(l, place);
}

/* A path with and one without a slash in front name the same blob; paths and prefixes have nothing in common. */
static void note_name(blob_list *l, unsigned element, const tally_value *value)
{
	tally_text text = value->text;
	char kind = (char)element;
	if (text.data[0] == '/')
		text = (tally_text){text.data + 1, text.size - 1};
	tally_fingerprint_begin(l->fingerprinter);
	tally_fingerprint_update(l->fingerprinter, &kind, 1);
	tally_fingerprint_update(l->fingerprinter, text.data, text.size);
	tally_record record = {.fingerprint = tally_fingerprint_end(l->fingerprinter), .position = value->place.offset};
	tally_error error;
	fail(l, tally_records_add(&l->records, record, &error), &error);
}

/* What prefixes and paths are compared by: blobs apart from files, and a slash in front of all. */
static bool make_key(blob_list *l, unsigned element, tally_text text, tally_text *key)
{
	char *grown = tally_grow(l->key, &l->key_capacity, text.size + 2, 1);
	if (grown == NULL) {
		tally_error error;
		fail(l, tally_fail_memory(&error), &error);
		return false;
	}
	l->key = grown;
	size_t size = 0;
	grown[size++] = element == LIST_BLOB_PATH || element == LIST_BLOB_PREFIX ? 'b' : 'f';
	if (text.data[0] != '/')
		grown[size++] = '/';
	memcpy(grown + size, text.data, text.size);
	*key = (tally_text){grown, size + text.size};
	return true;
}

static void note_prefix(blob_list *l, unsigned element, const tally_value *value)
{
	tally_text key;
	tally_error error;
	if (value->text.data[0] == '/' && make_key(l, element, value->text, &key))
		fail(l, tally_prefixes_add(&l->prefixes, key, value->place, &error), &error);
}

static void take_size(blob_list *l, const tally_value *size)
{
	if (!size->present)
		return;
	tell_dialect(l, size->place);
	if (!size->valid)
		return;
	l->sized++;
	l->size_overflow = l->size_overflow || __builtin_add_overflow(l->size, size->number, &l->size);
}

/* Once: whoever writes lists so does it in every entry. */
static void judge_slash(blob_list *l, const tally_value *value)
{
	if (l->slash_told || value->text.size < 2 || value->text.data[0] != '/')
		return;
	l->slash_told = true;
	tally_fact fact = {.rule = TALLY_RULE_K_16,
			   .in_document = true,
			   .place = value->place,
			   .blob_path = value->text.data,
			   .actual = value->text};
	tally_find_fact(
	    l->run->finder, &fact,
	    "this BlobPath begins with a slash, as Data Box has it; Import/Export has none; others are not told");
}

static void take_entry(blob_list *l, unsigned element, const tally_value *value, const tally_value *attributes)
{
	l->entries++;
	if (element == LIST_BLOB_PATH) {
		l->paths++;
		if (attributes != NULL)
			take_size(l, &attributes[0]);
	}
	if (!value->present)
		return;
	if (element == LIST_BLOB_PATH)
		judge_slash(l, value);
	tally_list_entry_judge(l->run->finder, element, value);
	note_name(l, element, value);
	if (is_prefix(element))
		note_prefix(l, element, value);
	else
		l->has_paths = true;
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	blob_list *l = state;
	(void)name;
	if (is_entry(element))
		take_entry(l, element, value, attributes);
	else if (element == LIST_NUM_BLOBS || element == LIST_STORAGE_CONSUMED)
		*(element == LIST_NUM_BLOBS ? &l->stated_paths : &l->stated_size) =
		    (stated_number){value->present && value->valid, value->number, value->place};
}

static void compare_number(blob_list *l, const stated_number *stated, uint64_t found, const char *what)
{
	if (stated->set && stated->value != found)
		tally_find_fact(
		    l->run->finder,
		    &(tally_fact){.rule = TALLY_RULE_X_10_NUMBERS, .in_document = true, .place = stated->place},
		    "the Summary says %" PRIu64 ", but %s %" PRIu64, stated->value, what, found);
}

/* What only the whole list shows. */
static void conclude(blob_list *l)
{
	if (tally_document_broken(l->document))
		return;
	if (l->root_count > 0 && l->entries == 0)
		tell(l, TALLY_RULE_X_01_EMPTY, l->root, "the list has no entry: it selects nothing");
	compare_number(l, &l->stated_paths, l->paths, "the number of paths in the list is");
	if (l->sized == l->paths && !l->size_overflow)
		compare_number(l, &l->stated_size, l->size, "the sizes in the list add up to");
}

/* ---- duplicates ----------------------------------------------------------------------------------------------- */

typedef struct list_entry {
	unsigned element; /* LIST_DOCUMENT: none that could be read */
	char *text;
	size_t size, capacity;
	tally_xml_reader *reader;
	unsigned depth;
	bool out_of_memory;
} list_entry;

static void look_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count,
		       tally_place place)
{
	list_entry *e = context;
	(void)attributes, (void)count, (void)place;
	if (++e->depth > 1)
		return;
	for (unsigned i = 0; i < LIST_ELEMENTS; i++)
		if (is_entry(i) && tally_text_equal_string(name, tally_list_grammar.elements[i].name))
			e->element = i;
}

static void look_text(void *context, tally_text piece)
{
	list_entry *e = context;
	if (e->depth != 1 || piece.size > LIST_ENTRY_BYTES_MAX - e->size)
		return;
	char *grown = tally_grow(e->text, &e->capacity, e->size + piece.size + 1, 1);
	if (grown == NULL) {
		e->out_of_memory = true;
		tally_xml_stop(e->reader);
		return;
	}
	e->text = grown;
	memcpy(grown + e->size, piece.data, piece.size);
	e->size += piece.size;
}

static void look_end(void *context, tally_text name, tally_place place)
{
	list_entry *e = context;
	(void)name, (void)place;
	if (--e->depth == 0)
		tally_xml_stop(e->reader);
}

static void look_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	(void)context, (void)problem, (void)place, (void)message;
}

static tally_result read_entry(const tally_source *document, uint64_t offset, void *entry, tally_error *error)
{
	static const tally_xml_handler handler = {look_start, look_end, look_text, look_problem};
	list_entry *e = entry;
	e->element = LIST_DOCUMENT;
	e->size = 0;
	e->depth = 0;
	tally_result result = tally_duplicates_read_element(document, offset, &handler, e, &e->reader, error);
	return e->out_of_memory ? tally_fail_memory(error) : result;
}

/* As the first reading saw it. */
static tally_text entry_text(const list_entry *e)
{
	return e->size > 0 ? tally_text_trim((tally_text){e->text, e->size}) : (tally_text){"", 0};
}

static tally_likeness compare_entries(const void *first, const void *other)
{
	const list_entry *entries[] = {first, other};
	tally_text texts[2];
	for (size_t i = 0; i < 2; i++) {
		texts[i] = entry_text(entries[i]);
		if (texts[i].size > 0 && texts[i].data[0] == '/')
			texts[i] = (tally_text){texts[i].data + 1, texts[i].size - 1};
	}
	return entries[0]->element == entries[1]->element && tally_text_equal(texts[0], texts[1]) ? TALLY_SAME
												  : TALLY_DIFFERENT;
}

static void tell_duplicate(void *context, const void *entry, const tally_duplicate *duplicate)
{
	blob_list *l = context;
	const list_entry *e = entry;
	tally_fact fact = {
	    .rule = TALLY_RULE_X_11, .in_document = true, .place = duplicate->place, .actual = entry_text(e)};
	tally_find_fact(l->run->finder, &fact, "this %s occurs more than once; the first one is at byte %" PRIu64,
			tally_list_grammar.elements[e->element].name, duplicate->first);
}

static tally_result find_duplicates(blob_list *l, tally_error *error)
{
	list_entry first = {.depth = 0}, other = {.depth = 0};
	tally_duplicate_search search = {.document = l->run->source,
					 .records = &l->records,
					 .first = &first,
					 .other = &other,
					 .read = read_entry,
					 .compare = compare_entries,
					 .tell = tell_duplicate,
					 .context = l};
	tally_result result = tally_duplicates_find(&search, error);
	tally_records_clear(&l->records);
	tally_free(first.text);
	tally_free(other.text);
	return result;
}

/* ---- the second reading --------------------------------------------------------------------------------------- */

static void on_close_again(void *state, unsigned element, tally_text name, const tally_value *value,
			   const tally_value *attributes)
{
	blob_list *l = state;
	tally_text key;
	(void)name, (void)attributes;
	if (is_entry(element) && !is_prefix(element) && value->present && make_key(l, element, value->text, &key))
		tally_prefixes_swallow(&l->prefixes, key, value->place);
}

static tally_result feed(void *document, const void *bytes, size_t size, tally_error *error)
{
	return tally_document_feed(document, bytes, size, error);
}

static tally_result read_list(blob_list *l, tally_lint_run *run, const tally_format_hooks *hooks, tally_error *error)
{
	tally_document_free(l->document);
	tally_result result = tally_document_new(&l->document, &tally_list_grammar, hooks, l, run->finder, error);
	if (result == TALLY_OK)
		result = tally_lint_feed(run, feed, l->document, error);
	return result == TALLY_OK ? tally_document_finish(l->document, error) : result;
}

static tally_result progress_again(void *context, uint64_t bytes_done, tally_error *error)
{
	const blob_list *l = context;
	return l->run->progress(l->run->progress_context, l->first_reading + bytes_done, error);
}

static void tell_swallowed(blob_list *l, const tally_prefix *prefix)
{
	tally_text text = tally_prefix_text(&l->prefixes, prefix);
	tally_fact fact = {.rule = TALLY_RULE_X_04_SWALLOWED,
			   .in_document = true,
			   .place = prefix->place,
			   .actual = {text.data + 1, text.size - 1}};
	if (prefix->swallowed == 1)
		tally_find_fact(l->run->finder, &fact,
				"this prefix also selects what the entry in line %" PRIu64 " does",
				prefix->example.line);
	else
		tally_find_fact(l->run->finder, &fact,
				"this prefix also selects what %" PRIu64
				" other entries do, of which the first is in line %" PRIu64,
				prefix->swallowed, prefix->example.line);
}

static tally_result find_swallowed(blob_list *l, tally_error *error)
{
	static const tally_format_hooks hooks = {NULL, on_close_again};
	tally_finder silent = {.put = NULL};
	tally_lint_run again = {.source = l->run->source, .finder = &silent, .kind = l->run->kind};
	if (l->run->progress != NULL) {
		again.progress = progress_again;
		again.progress_context = l;
	}
	if (l->prefixes.left_out > 0)
		tally_find_fact(l->run->finder,
				&(tally_fact){.rule = TALLY_RULE_X_04_COMPARED, .in_document = true, .place = l->root},
				"only the first %zu prefixes were looked at for what they also select; %" PRIu64
				" were not",
				l->prefixes.count, l->prefixes.left_out);
	tally_prefixes_settle(&l->prefixes);
	tally_result result = TALLY_OK;
	if (l->prefixes.count > 0 && l->has_paths)
		result = read_list(l, &again, &hooks, error);
	tally_prefixes_conclude(&l->prefixes);
	for (size_t i = 0; result == TALLY_OK && i < l->prefixes.count; i++)
		tell_swallowed(l, &l->prefixes.items[i]);
	return result;
}

/* ---- the format ----------------------------------------------------------------------------------------------- */

#define FRONT_MAX 1024

/* The reader of fragments lets blanks pass in front of the declaration, as logs have them; one for a list doesn't. */
static void judge_front(blob_list *l)
{
	char front[FRONT_MAX], text[FRONT_MAX];
	size_t size = 0, kept = 0;
	int64_t got;
	while (size < sizeof front &&
	       (got = l->run->source->read(l->run->source->context, size, front + size, sizeof front - size)) > 0)
		size += (size_t)got;
	/* What is left when marks and the zeros of UTF-16 are not looked at. */
	for (size_t i = 0; i < size; i++)
		if (front[i] != '\0' && (i > 2 || (front[i] & 0x80) == 0))
			text[kept++] = front[i];
	tally_text all = {text, kept}, trimmed = tally_text_trim(all);
	if (trimmed.size > 0 && trimmed.data != all.data && tally_text_starts(trimmed, "<?xml"))
		tell(l, TALLY_RULE_X_03_DECLARATION, (tally_place){1, 0},
		     "there are blanks in front of the XML declaration");
}

static tally_result lint_list(blob_list *l, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	tally_result result = tally_fingerprinter_new(&l->fingerprinter, error);
	if (result == TALLY_OK) {
		judge_front(l);
		result = read_list(l, l->run, &hooks, error);
	}
	if (result != TALLY_OK)
		return result;
	l->first_reading = l->run->bytes_done;
	conclude(l);
	result = find_duplicates(l, error);
	return result == TALLY_OK ? find_swallowed(l, error) : result;
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	blob_list l = {.run = run};
	tally_result result = lint_list(&l, error);
	tally_document_free(l.document);
	tally_fingerprinter_free(l.fingerprinter);
	tally_records_clear(&l.records);
	tally_prefixes_clear(&l.prefixes);
	tally_free(l.key);
	return result;
}

/* Other capitals too: then it was meant to be a list, and X-01 says what is wrong. */
static bool has_root(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_ascii_nocase(name, TALLY_TEXT("BlobList")) ||
	       tally_text_equal_ascii_nocase(name, TALLY_TEXT("AzureFileList"));
}

const tally_format tally_blob_list_format = {TALLY_DOCUMENT_BLOB_LIST, "blob-list", has_root, NULL, lint};
