/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sidefile.h"

#include "base/memory.h"

#include <string.h>

#define METADATA_BYTES_MAX 8192 /* MP-08: names and values of a blob together */
/* Well above what is allowed, so that a file that is somewhat too large gets the rule that says so. */
#define VALUE_MAX ((size_t)1 << 20)

struct tally_sidefile {
	tally_document *document;
	bool is_properties, is_export;
	tally_finder inner;  /* what the document tells goes here … */
	tally_finder *outer; /* … and comes out there */
	bool read_failed, request_failed;

	/* Metadata: the names so far, each with a NUL behind it. As long as `total` is within its limit, there is room.
	 */
	char names[2 * METADATA_BYTES_MAX];
	size_t names_size;
	uint64_t total; /* bytes of names and values */
};

/* ---- metadata ------------------------------------------------------------------------------------------------- */

enum { METADATA_DOCUMENT, METADATA, METADATA_VALUE };

static const tally_child_rule metadata_roots[] = {
    {.element = METADATA, .missing = TALLY_RULE_MP_01, .order = TALLY_RULE_NONE},
};

static const tally_child_rule metadata_children[] = {
    {.element = METADATA_VALUE, .many = true, .missing = TALLY_RULE_NONE, .order = TALLY_RULE_NONE},
};

#define TEXT_ELEMENT(title)                                                                          \
  {                                                                                                  \
    .name = (title), .type = TALLY_VALUE_TEXT, .invalid = TALLY_RULE_NONE, .empty = TALLY_RULE_NONE, \
    .refused = TALLY_RULE_NONE, .text_max = VALUE_MAX                                                \
  }

static const tally_element_rule metadata_elements[] = {
    [METADATA_DOCUMENT] = {.name = "", .refused = TALLY_RULE_NONE, TALLY_CHILDREN(metadata_roots)},
    [METADATA] = {.name = "Metadata", .refused = TALLY_RULE_NONE, .any_child = true, TALLY_CHILDREN(metadata_children)},
    [METADATA_VALUE] = TEXT_ELEMENT("a metadata value"),
};

static const tally_grammar metadata_grammar = {
    .elements = metadata_elements,
    .root = TALLY_RULE_MP_01,
    .unknown_element = TALLY_RULE_MP_01,
    .unknown_attribute = TALLY_RULE_M_05_ATTRIBUTE,
    .repeated = TALLY_RULE_MP_01,
    .text = TALLY_RULE_M_05_TEXT,
    .blanks = TALLY_RULE_NONE,
    .character = TALLY_RULE_M_06,
    .level = TALLY_LEVEL_METADATA,
    .status = "XmlReadFailed",
};

/*
 * A name is a C# identifier (MP-08) that also is an XML name (MP-09). C# takes letters of every script, but the name
 * travels as the header x-ms-meta-NAME, and names of headers are ASCII. What is left is this. C#'s keywords are no
 * identifiers in C# source, but nothing says that the service refuses them, and class or event are likely names.
 */
static bool is_metadata_name(tally_text name)
{
	for (size_t i = 0; i < name.size; i++) {
		char c = name.data[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return name.size > 0;
}

/* Also what XML couldn't hold: a header's value is printable ASCII, blanks and tabs. */
static bool is_header_value(tally_text value)
{
	for (size_t i = 0; i < value.size; i++) {
		unsigned char c = (unsigned char)value.data[i];
		if ((c < 0x20 && c != '\t') || c > 0x7E)
			return false;
	}
	return true;
}

/* Whether the name is among those so far; if not, it is added. */
static bool seen_before(tally_sidefile *s, tally_text name)
{
	for (size_t at = 0; at < s->names_size;) {
		tally_text other = {s->names + at, strlen(s->names + at)};
		if (tally_text_equal_ascii_nocase(other, name))
			return true;
		at += other.size + 1;
	}
	memcpy(s->names + s->names_size, name.data, name.size);
	s->names_size += name.size;
	s->names[s->names_size++] = '\0';
	return false;
}

static void take_metadata(tally_sidefile *s, tally_text name, const tally_value *value)
{
	tally_fact fact = {.rule = TALLY_RULE_MP_08_NAME, .in_document = true, .place = value->place, .actual = name};
	if (!is_metadata_name(name))
		tally_document_find(s->document, &fact,
				    "the name of this metadata is no C# identifier of ASCII characters");
	if (!is_header_value(value->text)) {
		char shown[104];
		tally_mask(name, shown, sizeof shown);
		fact.rule = TALLY_RULE_MP_08_VALUE;
		fact.actual = value->text;
		tally_document_find(s->document, &fact, "the value of %s has characters other than printable ASCII",
				    shown);
	}
	if (s->total > METADATA_BYTES_MAX)
		return; /* told; names are no longer collected */
	s->total += name.size + value->text.size;
	if (s->total > METADATA_BYTES_MAX) {
		fact = (tally_fact){.rule = TALLY_RULE_MP_08_SIZE, .in_document = true, .place = value->place};
		tally_document_find(s->document, &fact, "with this one, names and values have more than %d bytes",
				    METADATA_BYTES_MAX);
	} else if (seen_before(s, name)) {
		fact.rule = TALLY_RULE_MP_08_TWICE;
		fact.actual = name;
		tally_document_find(s->document, &fact, "this name was given before; capitals make no difference");
	}
}

/* ---- properties ----------------------------------------------------------------------------------------------- */

enum {
	PROPERTIES_DOCUMENT,
	PROPERTIES,
	LAST_MODIFIED,
	ETAG,
	CONTENT_LENGTH,
	CONTENT_TYPE,
	CONTENT_MD5,
	CONTENT_ENCODING,
	CONTENT_LANGUAGE,
	CACHE_CONTROL
};

static const tally_child_rule properties_roots[] = {
    {.element = PROPERTIES, .missing = TALLY_RULE_MP_02_ROOT, .order = TALLY_RULE_NONE},
};

#define PROPERTY(index)                                                      \
  {                                                                          \
    .element = (index), .missing = TALLY_RULE_NONE, .order = TALLY_RULE_NONE \
  }

static const tally_child_rule properties_children[] = {
    PROPERTY(LAST_MODIFIED),    PROPERTY(ETAG),          PROPERTY(CONTENT_LENGTH),
    PROPERTY(CONTENT_TYPE),     PROPERTY(CONTENT_MD5),   PROPERTY(CONTENT_ENCODING),
    PROPERTY(CONTENT_LANGUAGE), PROPERTY(CACHE_CONTROL),
};

static const tally_element_rule properties_elements[] = {
    [PROPERTIES_DOCUMENT] = {.name = "", .refused = TALLY_RULE_NONE, TALLY_CHILDREN(properties_roots)},
    [PROPERTIES] = {.name = "Properties", .refused = TALLY_RULE_NONE, TALLY_CHILDREN(properties_children)},
    [LAST_MODIFIED] = TEXT_ELEMENT("Last-Modified"),
    [ETAG] = TEXT_ELEMENT("Etag"),
    [CONTENT_LENGTH] = TEXT_ELEMENT("Content-Length"),
    [CONTENT_TYPE] = TEXT_ELEMENT("Content-Type"),
    [CONTENT_MD5] = TEXT_ELEMENT("Content-MD5"),
    [CONTENT_ENCODING] = TEXT_ELEMENT("Content-Encoding"),
    [CONTENT_LANGUAGE] = TEXT_ELEMENT("Content-Language"),
    [CACHE_CONTROL] = TEXT_ELEMENT("Cache-Control"),
};

static const tally_grammar properties_grammar = {
    .elements = properties_elements,
    .root = TALLY_RULE_MP_02_ROOT,
    .unknown_element = TALLY_RULE_MP_02_NAME,
    .unknown_attribute = TALLY_RULE_M_05_ATTRIBUTE,
    .repeated = TALLY_RULE_MP_02_REPEATED,
    .text = TALLY_RULE_M_05_TEXT,
    .blanks = TALLY_RULE_NONE,
    .character = TALLY_RULE_M_06,
    .level = TALLY_LEVEL_PROPERTIES,
    .status = "XmlReadFailed",
};

static void take_property(tally_sidefile *s, unsigned element, const tally_value *value, bool has_children)
{
	const char *name = properties_elements[element].name;
	tally_fact fact = {.rule = TALLY_RULE_MP_02_ROOT, .in_document = true, .place = value->place};
	if (has_children)
		tally_document_find(s->document, &fact, "%s has elements in it, where only text belongs", name);
	fact.rule = TALLY_RULE_MP_03;
	if (!s->is_export && (element == LAST_MODIFIED || element == ETAG || element == CONTENT_LENGTH))
		tally_document_find(s->document, &fact, "%s can't be set by an import", name);
	fact.actual = value->text;
	fact.rule = TALLY_RULE_MP_02_VALUE;
	if (!is_header_value(value->text)) {
		tally_document_find(s->document, &fact, "the value of %s has characters other than printable ASCII",
				    name);
		return;
	}
	size_t decoded;
	if (element != CONTENT_MD5 || value->text.size == 0 ||
	    (tally_base64_decode(value->text, NULL, 0, &decoded) && decoded == 16))
		return;
	fact.rule = TALLY_RULE_MP_04;
	fact.expected = TALLY_TEXT("Base64 of 16 bytes");
	tally_document_find(s->document, &fact, "Content-MD5 is not the Base64 of an MD5");
}

/* ---- both ----------------------------------------------------------------------------------------------------- */

static void on_close(void *context, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	tally_sidefile *s = context;
	(void)attributes;
	if (s->is_properties && element > PROPERTIES)
		take_property(s, element, value, tally_document_has_children(s->document));
	else if (!s->is_properties && element == METADATA_VALUE)
		take_metadata(s, name, value);
}

static void relay(void *context, const tally_finding *finding)
{
	tally_sidefile *s = context;
	if (finding->severity == TALLY_SEVERITY_ERROR && finding->status != NULL) {
		s->read_failed = s->read_failed || strcmp(finding->status->code, "XmlReadFailed") == 0;
		s->request_failed = s->request_failed || strcmp(finding->status->code, "BlobRequestFailed") == 0;
	}
	tally_finder_relay(s->outer, finding);
}

tally_result tally_sidefile_new(tally_sidefile **out, bool is_properties, bool is_export, tally_finder *finder,
				tally_error *error)
{
	static const tally_format_hooks hooks = {NULL, on_close};
	*out = NULL;
	tally_sidefile *s = tally_zalloc(1, sizeof *s);
	if (s == NULL)
		return tally_fail_memory(error);
	s->is_properties = is_properties;
	s->is_export = is_export;
	s->outer = finder;
	s->inner = (tally_finder){.put = relay, .context = s, .document = finder->document, .strict = finder->strict};
	const tally_grammar *grammar = is_properties ? &properties_grammar : &metadata_grammar;
	tally_result result = tally_document_new(&s->document, grammar, &hooks, s, &s->inner, error);
	if (result != TALLY_OK) {
		tally_free(s);
		return result;
	}
	*out = s;
	return TALLY_OK;
}

void tally_sidefile_free(tally_sidefile *s)
{
	if (s == NULL)
		return;
	tally_document_free(s->document);
	tally_free(s);
}

tally_result tally_sidefile_feed(tally_sidefile *s, const void *bytes, size_t size, tally_error *error)
{
	return tally_document_feed(s->document, bytes, size, error);
}

tally_result tally_sidefile_finish(tally_sidefile *s, tally_error *error)
{
	return tally_document_finish(s->document, error);
}

const char *tally_sidefile_status(const tally_sidefile *s)
{
	return s->read_failed ? "XmlReadFailed" : s->request_failed ? "BlobRequestFailed" : NULL;
}
