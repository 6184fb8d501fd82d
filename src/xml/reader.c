/* SPDX-License-Identifier: Apache-2.0 */
#include "xml/reader.h"

#include "base/memory.h"
#include "xml/decode.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <stdio.h>

/* A fragment is fed between these, so that several roots make one document. */
static const char fragment_start[] = "<fragment>";
static const char fragment_end[] = "</fragment>";
#define PROLOG_MAX 1024 /* blanks and XML declaration in front of a fragment */

struct tally_xml_reader {
	const tally_xml_handler *handler;
	void *context;
	xmlParserCtxtPtr parser;
	xmlSAXHandler sax;
	tally_decoder decoder;
	tally_xml_options options;
	bool stopped;
	bool namespace_told;
	bool out_of_memory;
	bool ending;            /* there is no more input */
	bool has_element;
	unsigned depth;
	uint64_t lines;         /* line ends decoded so far */
	tally_place last_event; /* where the last tag began: the place of what has no better one */
	/*
	 * Decoded text on its way to libxml2, whose events and errors depend on how its input is cut: so it always gets
	 * as many whole characters as fit in here, however the document came.
	 */
	char slice[TALLY_DECODE_SLICE_MAX];
	size_t slice_size;
	/* Fragments: what was dropped in front, and how far libxml2's count is ahead or behind because of it. */
	bool prolog_done;
	char prolog[PROLOG_MAX];
	size_t prolog_size;
	uint64_t dropped_bytes, dropped_lines;
	/* Attributes of the current element; values written with references are decoded into `scratch`. */
	tally_xml_attribute attributes[TALLY_XML_ATTRIBUTES_MAX];
	char name[TALLY_XML_NAME_MAX + 1];
	char *scratch;
	size_t scratch_capacity;
};

static void stop(tally_xml_reader *r)
{
	r->stopped = true;
	xmlStopParser(r->parser);
}

static void fatal(tally_xml_reader *r, tally_xml_problem problem, tally_place place, const char *message)
{
	if (r->stopped)
		return;
	r->handler->problem(r->context, problem, place, message);
	stop(r);
}

/* Bytes of decoded document in front of `at`, which points into the parser's buffer. */
static uint64_t decoded_offset(const tally_xml_reader *r, const xmlChar *at)
{
	const xmlParserInput *input = r->parser->input;
	uint64_t offset = (uint64_t)input->consumed + (uint64_t)(at - input->base);
	if (!r->options.fragment)
		return offset;
	size_t added = sizeof fragment_start - 1;
	return (offset > added ? offset - added : 0) + r->dropped_bytes;
}

static uint64_t lines_between(const xmlChar *from, const xmlChar *to)
{
	uint64_t lines = 0;
	while (from < to && (from = memchr(from, '\n', (size_t)(to - from))) != NULL) {
		lines++;
		from++;
	}
	return lines;
}

static tally_place place_of(const tally_xml_reader *r, const xmlChar *at)
{
	const xmlParserInput *input = r->parser->input;
	uint64_t lines_since = lines_between(at, input->cur);
	uint64_t line = (uint64_t)(input->line > 0 ? input->line : 1) + r->dropped_lines;
	return (tally_place){line > lines_since ? line - lines_since : 1,
			     tally_decoder_stored_offset(&r->decoder, decoded_offset(r, at))};
}

/* The `<` of the tag that was just read: `<` can't stand inside a tag, so the nearest one behind is it. */
static const xmlChar *tag_start(const tally_xml_reader *r)
{
	const xmlParserInput *input = r->parser->input;
	const xmlChar *found = memrchr(input->base, '<', (size_t)(input->cur - input->base));
	return found != NULL ? found : input->cur;
}

static void refuse_markup(tally_xml_reader *r, tally_place place)
{
	fatal(r, TALLY_XML_LIMIT, place, "a tag, comment, CDATA section or processing instruction is longer than 1 MiB");
}

static void refuse_ampersand(tally_xml_reader *r, tally_place place)
{
	fatal(r, TALLY_XML_AMPERSAND, place, "this & begins no reference: an & that stands for itself must be written as &amp;");
}

static bool enter_tag(tally_xml_reader *r)
{
	const xmlChar *start = tag_start(r);
	r->last_event = place_of(r, start);
	tally_decoder_forget(&r->decoder, decoded_offset(r, start));
	if (r->parser->input->cur - start <= TALLY_XML_MARKUP_MAX)
		return true;
	refuse_markup(r, r->last_event);
	return false;
}

static tally_text full_name(tally_xml_reader *r, const xmlChar *local, const xmlChar *prefix)
{
	if (prefix == NULL)
		return (tally_text){(const char *)local, strlen((const char *)local)};
	int length = snprintf(r->name, sizeof r->name, "%s:%s", (const char *)prefix, (const char *)local);
	size_t size = length > 0 ? (size_t)length : 0;
	return (tally_text){r->name, size < sizeof r->name ? size : sizeof r->name - 1};
}

static void tell_namespace(tally_xml_reader *r, tally_place place)
{
	if (r->namespace_told)
		return;
	r->namespace_told = true;
	r->handler->problem(r->context, TALLY_XML_NAMESPACE, place, "the document uses XML namespaces");
}

/*
 * libxml2 hands out attribute values with every `&` written as `&#38;` unless entities are substituted, which we
 * never let it do. Undoing that is all that is left to decode.
 */
static tally_text decode_ampersands(char **scratch, const char *value, size_t size)
{
	char *out = *scratch;
	tally_text decoded = {out, 0};
	for (size_t i = 0; i < size; i++) {
		*out++ = value[i];
		if (value[i] == '&' && size - i >= 5 && memcmp(value + i, "&#38;", 5) == 0)
			i += 4;
	}
	decoded.size = (size_t)(out - decoded.data);
	*scratch = out;
	return decoded;
}

/* prefix:local, written to *scratch where there is a prefix. */
static tally_text attribute_name(char **scratch, const char *local, const char *prefix)
{
	if (prefix == NULL)
		return (tally_text){local, strlen(local)};
	tally_text name = {*scratch, strlen(prefix) + 1 + strlen(local)};
	*scratch = stpcpy(stpcpy(stpcpy(*scratch, prefix), ":"), local);
	return name;
}

/* Where a value begins in its tag, when libxml2 had to decode it into memory of its own. */
static const xmlChar *raw_value(const xmlChar *tag, const xmlChar *end, tally_text name)
{
	for (const xmlChar *at = tag; at < end; at++) {
		if (*at != '"' && *at != '\'')
			continue;
		const xmlChar *back = at;
		while (back > tag && strchr(" \t\r\n=", back[-1]) != NULL)
			back--;
		if ((size_t)(back - tag) > name.size && memcmp(back - name.size, name.data, name.size) == 0 &&
		    strchr(" \t\r\n", back[-(ptrdiff_t)name.size - 1]) != NULL)
			return at + 1;
		const xmlChar *close = memchr(at + 1, *at, (size_t)(end - at - 1));
		at = close != NULL ? close : end - 1;
	}
	return tag;
}

static bool read_attributes(tally_xml_reader *r, size_t count, const xmlChar **raw)
{
	const xmlParserInput *input = r->parser->input;
	size_t total = 0;
	for (size_t i = 0; i < count; i++) {
		const char *local = (const char *)raw[5 * i], *prefix = (const char *)raw[5 * i + 1];
		total += (size_t)(raw[5 * i + 4] - raw[5 * i + 3]);
		if (prefix != NULL)
			total += strlen(prefix) + 1 + strlen(local);
	}
	char *grown = tally_grow(r->scratch, &r->scratch_capacity, total + 1, 1);
	if (grown == NULL) {
		r->out_of_memory = true;
		stop(r);
		return false;
	}
	r->scratch = grown;
	char *scratch = grown;
	for (size_t i = 0; i < count; i++) {
		const char *local = (const char *)raw[5 * i], *prefix = (const char *)raw[5 * i + 1];
		const xmlChar *value = raw[5 * i + 3];
		size_t size = (size_t)(raw[5 * i + 4] - value);
		tally_xml_attribute *a = &r->attributes[i];
		a->name = attribute_name(&scratch, local, prefix);
		a->value = (tally_text){(const char *)value, size};
		bool in_input = value >= input->base && value <= input->cur;
		a->place = place_of(r, in_input ? value : raw_value(tag_start(r), input->cur, a->name));
		if (size > 0 && memchr(value, '&', size) != NULL)
			a->value = decode_ampersands(&scratch, (const char *)value, size);
		if (prefix != NULL)
			tell_namespace(r, r->last_event);
		if (a->name.size > TALLY_XML_NAME_MAX) {
			fatal(r, TALLY_XML_LIMIT, r->last_event, "the name of an attribute is too long");
			return false;
		}
	}
	return true;
}

static void on_start(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int namespaces,
		     const xmlChar **namespace_list, int attributes, int defaulted, const xmlChar **raw)
{
	(void)uri, (void)namespace_list, (void)defaulted;
	tally_xml_reader *r = context;
	r->depth++;
	if (r->options.fragment && r->depth == 1)
		return;
	r->has_element = true;
	/* At the end of the document libxml2 hands out half a tag, before it complains of the missing half. */
	const xmlChar *close = r->parser->input->cur;
	if (*close != '>' && !(close[0] == '/' && close[1] == '>'))
		return;
	if (!enter_tag(r))
		return;
	if (r->depth > TALLY_XML_DEPTH_MAX + (r->options.fragment ? 1U : 0U)) {
		fatal(r, TALLY_XML_LIMIT, r->last_event, "elements are nested too deeply");
		return;
	}
	if (strnlen((const char *)local, TALLY_XML_NAME_MAX + 1) > TALLY_XML_NAME_MAX) {
		fatal(r, TALLY_XML_LIMIT, r->last_event, "the name of an element is too long");
		return;
	}
	if (attributes > TALLY_XML_ATTRIBUTES_MAX) {
		fatal(r, TALLY_XML_LIMIT, r->last_event, "an element has too many attributes");
		return;
	}
	if (namespaces > 0 || prefix != NULL)
		tell_namespace(r, r->last_event);
	size_t count = attributes > 0 ? (size_t)attributes : 0;
	if (!read_attributes(r, count, raw))
		return;
	r->handler->start(r->context, full_name(r, local, prefix), r->attributes, count, r->last_event);
}

static void on_end(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	(void)uri;
	tally_xml_reader *r = context;
	r->depth--;
	if (r->options.fragment && r->depth == 0)
		return;
	if (enter_tag(r))
		r->handler->end(r->context, full_name(r, local, prefix), r->last_event);
}

static void on_text(void *context, const xmlChar *text, int size)
{
	tally_xml_reader *r = context;
	if (size > 0 && !r->stopped)
		r->handler->text(r->context, (tally_text){(const char *)text, (size_t)size});
}

static void on_comment(void *context, const xmlChar *text)
{
	tally_xml_reader *r = context;
	if (strlen((const char *)text) > TALLY_XML_MARKUP_MAX)
		refuse_markup(r, r->last_event);
}

static void on_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	tally_xml_reader *r = context;
	if (data != NULL && strlen((const char *)data) > TALLY_XML_MARKUP_MAX)
		refuse_markup(r, r->last_event);
}

/* Called as soon as libxml2 has seen <!DOCTYPE name, before anything in it is read. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	tally_xml_reader *r = context;
	fatal(r, TALLY_XML_DOCTYPE, place_of(r, tag_start(r)), "the document has a DOCTYPE, which is refused");
}

static xmlEntityPtr on_entity(void *context, const xmlChar *name)
{
	(void)context;
	return xmlGetPredefinedEntity(name);
}

/* The value of encoding="…" in the XML declaration that ends at `end`. */
static tally_text declared_encoding(const char *begin, const char *end)
{
	const char *found = memmem(begin, (size_t)(end - begin), "encoding", 8);
	if (found == NULL)
		return (tally_text){NULL, 0};
	const char *open = found + 8;
	while (open < end && *open != '"' && *open != '\'')
		open++;
	const char *close = open < end ? memchr(open + 1, *open, (size_t)(end - open - 1)) : NULL;
	return close != NULL ? (tally_text){open + 1, (size_t)(close - open - 1)} : (tally_text){NULL, 0};
}

static void judge_encoding(tally_xml_reader *r, tally_text declared)
{
	bool utf16 = r->decoder.encoding == TALLY_ENCODING_UTF16LE || r->decoder.encoding == TALLY_ENCODING_UTF16BE;
	bool says_utf16 = declared.size >= 6 && tally_text_equal_ascii_nocase((tally_text){declared.data, 6}, TALLY_TEXT("UTF-16"));
	tally_place place = {1 + r->dropped_lines, 0};
	char message[160];
	if (declared.data == NULL && !utf16)
		return;
	bool says_utf8 = tally_text_equal_ascii_nocase(declared, TALLY_TEXT("UTF-8"));
	if (!utf16 && says_utf8)
		return;
	if (declared.data != NULL && !says_utf8 && !(utf16 && says_utf16)) {
		snprintf(message, sizeof message, "the document is declared as %.*s but encoded as %s",
			 (int)(declared.size < 40 ? declared.size : 40), declared.data, utf16 ? "UTF-16" : "UTF-8 or ASCII");
	} else {
		snprintf(message, sizeof message, "the document is encoded as UTF-16, not UTF-8");
	}
	r->handler->problem(r->context, TALLY_XML_DECLARED, place, message);
}

static void on_document(void *context)
{
	tally_xml_reader *r = context;
	const xmlParserInput *input = r->parser->input;
	tally_text declared = {NULL, 0};
	if (r->options.fragment)
		return; /* judged where the declaration is dropped */
	if (input->cur - input->base >= 5 && memcmp(input->base, "<?xml", 5) == 0)
		declared = declared_encoding((const char *)input->base, (const char *)input->cur);
	judge_encoding(r, declared);
}

/*
 * An & that begins none of the references that XML knows: most often part of a name that nobody escaped. libxml2 tells
 * it in several ways, when it has read on to where the reference should have ended.
 */
static const xmlChar *loose_ampersand(const tally_xml_reader *r, int code)
{
	const xmlParserInput *input = r->parser->input;
	bool reference = code == XML_ERR_ENTITYREF_SEMICOL_MISSING || code == XML_ERR_UNDECLARED_ENTITY ||
			 code == XML_WAR_UNDECLARED_ENTITY || code == XML_ERR_INVALID_DEC_CHARREF ||
			 code == XML_ERR_INVALID_HEX_CHARREF;
	if (input == NULL || (!reference && code != XML_ERR_NAME_REQUIRED))
		return NULL;
	const xmlChar *at = memrchr(input->base, '&', (size_t)(input->cur - input->base));
	return at != NULL && (reference || at + 1 == input->cur) ? at : NULL;
}

/* Where libxml2 would mislead: it complains of "extra content" at an end that comes too early, say. */
static const char *own_message(const tally_xml_reader *r, int code)
{
	const xmlParserInput *input = r->parser->input;
	bool nothing_left = input == NULL || input->cur == input->end || (*input->cur == '/' && input->cur + 1 == input->end);
	bool at_end = r->ending && (nothing_left || code == XML_ERR_DOCUMENT_END);
	bool inside = r->depth > (r->options.fragment ? 1U : 0U);
	if (at_end && inside)
		return "the document ends before its last element does: it is cut off";
	if (at_end && !r->has_element)
		return "the document has no complete element: it is empty or cut off";
	return code == XML_ERR_DOCUMENT_EMPTY ? "this is no XML: it does not begin with an element" : NULL;
}

static void on_error(void *context, const xmlError *e)
{
	/* libxml2 passes the parser's userData, which is our reader. */
	tally_xml_reader *r = context;
	if (r->stopped || e->level == XML_ERR_NONE || e->level == XML_ERR_WARNING)
		return;
	/* An error without text: there was no memory to write it. */
	if (e->code == XML_ERR_NO_MEMORY || e->message == NULL) {
		r->out_of_memory = true;
		stop(r);
		return;
	}
	if (e->domain == XML_FROM_NAMESPACE) {
		tell_namespace(r, place_of(r, tag_start(r)));
		if (e->level != XML_ERR_FATAL)
			return;
	}
	tally_place place = r->parser->input != NULL ? place_of(r, r->parser->input->cur) : r->last_event;
	const char *ours = own_message(r, e->code);
	if (ours != NULL) {
		fatal(r, TALLY_XML_MALFORMED, place, ours);
		return;
	}
	const xmlChar *ampersand = loose_ampersand(r, e->code);
	if (ampersand != NULL) {
		refuse_ampersand(r, place_of(r, ampersand));
		return;
	}
	/* Whole, as names may be in it that hold secrets: cut off, they could no longer be told and masked. */
	char *message = tally_strndup(e->message, strcspn(e->message, "\r\n"));
	if (message == NULL) {
		r->out_of_memory = true;
		stop(r);
		return;
	}
	bool character = e->code == XML_ERR_INVALID_CHAR || e->code == XML_ERR_INVALID_CHARREF;
	bool limit = e->code == XML_ERR_NAME_TOO_LONG || strstr(message, "too long") != NULL || strstr(message, "Huge input") != NULL;
	fatal(r, character ? TALLY_XML_CHARACTER : limit ? TALLY_XML_LIMIT : TALLY_XML_MALFORMED, place, message);
	tally_free(message);
}

/*
 * Some failures of libxml2, of memory mostly, bypass the parser's own handler and would be printed on standard error. Its
 * second handler belongs to the thread; it is ours while libxml2 is at work, and given back.
 */
typedef struct thread_handler {
	xmlStructuredErrorFunc function;
	void *context;
} thread_handler;

static void on_stray_error(void *context, xmlErrorPtr e)
{
	bool *out_of_memory = context;
	*out_of_memory = *out_of_memory || e->code == XML_ERR_NO_MEMORY;
}

static thread_handler take_thread_handler(bool *out_of_memory)
{
	thread_handler before = {xmlStructuredError, xmlStructuredErrorContext};
	xmlSetStructuredErrorFunc(out_of_memory, on_stray_error);
	return before;
}

static void give_thread_handler_back(thread_handler before)
{
	xmlSetStructuredErrorFunc(before.context, before.function);
}

static void initialise_libxml(void)
{
	xmlInitParser();
}

tally_result tally_xml_new(tally_xml_reader **out, const tally_xml_handler *handler, void *context,
			   const tally_xml_options *options, tally_error *error)
{
	/* libxml2 wants its first initialisation on one thread; this is the only static state, and it is only a lock. */
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	*out = NULL;
	pthread_once(&once, initialise_libxml);
	tally_xml_reader *r = tally_zalloc(1, sizeof *r);
	if (r == NULL)
		return tally_fail_memory(error);
	r->handler = handler;
	r->context = context;
	r->last_event = (tally_place){1, 0};
	if (options != NULL)
		r->options = *options;
	r->sax.initialized = XML_SAX2_MAGIC;
	r->sax.startDocument = on_document;
	r->sax.startElementNs = on_start;
	r->sax.endElementNs = on_end;
	r->sax.characters = on_text;
	r->sax.ignorableWhitespace = on_text;
	r->sax.cdataBlock = on_text;
	r->sax.comment = on_comment;
	r->sax.processingInstruction = on_instruction;
	r->sax.internalSubset = on_doctype;
	r->sax.getEntity = on_entity;
	r->sax.serror = (xmlStructuredErrorFunc)on_error;
	thread_handler before = take_thread_handler(&r->out_of_memory);
	r->parser = xmlCreatePushParserCtxt(&r->sax, r, NULL, 0, NULL);
	give_thread_handler_back(before);
	if (r->parser == NULL || r->out_of_memory) {
		tally_xml_free(r);
		return tally_fail_memory(error);
	}
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	/* What we feed is UTF-8, checked; libxml2 must not guess from the first bytes. */
	r->parser->charset = XML_CHAR_ENCODING_UTF8;
	*out = r;
	return TALLY_OK;
}

void tally_xml_free(tally_xml_reader *r)
{
	if (r == NULL)
		return;
	if (r->parser != NULL)
		xmlFreeParserCtxt(r->parser);
	tally_decoder_clear(&r->decoder);
	tally_free(r->scratch);
	tally_free(r);
}

static tally_result parse(tally_xml_reader *r, const char *text, size_t size, bool last, tally_error *error)
{
	if (r->stopped)
		return r->out_of_memory ? tally_fail_memory(error) : TALLY_OK;
	thread_handler before = take_thread_handler(&r->out_of_memory);
	int code = xmlParseChunk(r->parser, text, (int)size, last);
	give_thread_handler_back(before);
	if (r->out_of_memory || code == XML_ERR_NO_MEMORY)
		return tally_fail_memory(error);
	if (r->stopped || r->parser->input == NULL)
		return TALLY_OK;
	/* Nothing that comes stands before `cur`: there libxml2 waits for the rest of a tag, say. */
	const xmlParserInput *input = r->parser->input;
	tally_decoder_forget(&r->decoder, decoded_offset(r, input->cur));
	if (input->end - input->cur <= TALLY_XML_MARKUP_MAX)
		return TALLY_OK;
	if (*input->cur == '&')
		refuse_ampersand(r, place_of(r, input->cur)); /* libxml2 still waits for its semicolon */
	else
		refuse_markup(r, place_of(r, input->cur));
	return TALLY_OK;
}

/* The front of a fragment: drops blanks and the XML declaration, then opens the root that holds the roots. */
static tally_result start_fragment(tally_xml_reader *r, bool last, tally_error *error)
{
	size_t blanks = 0;
	while (blanks < r->prolog_size && strchr(" \t\r\n", r->prolog[blanks]) != NULL)
		blanks++;
	tally_text rest = {r->prolog + blanks, r->prolog_size - blanks};
	bool full = r->prolog_size == PROLOG_MAX || last;
	if (!full && (rest.size < 5 || (tally_text_starts(rest, "<?xml") && memmem(rest.data, rest.size, "?>", 2) == NULL)))
		return TALLY_OK;
	const char *close = tally_text_starts(rest, "<?xml") ? memmem(rest.data, rest.size, "?>", 2) : NULL;
	judge_encoding(r, close != NULL ? declared_encoding(rest.data, close) : (tally_text){NULL, 0});
	if (close != NULL) {
		rest.size -= (size_t)(close + 2 - rest.data);
		rest.data = close + 2;
	}
	r->prolog_done = true;
	r->dropped_bytes = (uint64_t)(rest.data - r->prolog);
	r->dropped_lines = lines_between((const xmlChar *)r->prolog, (const xmlChar *)rest.data);
	tally_result result = parse(r, fragment_start, sizeof fragment_start - 1, false, error);
	if (result == TALLY_OK && rest.size > 0)
		result = parse(r, rest.data, rest.size, false, error);
	return result;
}

static tally_result parse_slice(tally_xml_reader *r, tally_error *error)
{
	tally_text slice = {r->slice, r->slice_size};
	if (slice.size == 0)
		return TALLY_OK;
	r->slice_size = 0;
	if (!r->options.fragment || r->prolog_done)
		return parse(r, slice.data, slice.size, false, error);
	size_t room = PROLOG_MAX - r->prolog_size;
	size_t take = slice.size < room ? slice.size : room;
	memcpy(r->prolog + r->prolog_size, slice.data, take);
	r->prolog_size += take;
	tally_result result = start_fragment(r, false, error);
	if (result != TALLY_OK || take == slice.size)
		return result;
	return parse(r, slice.data + take, slice.size - take, false, error);
}

/* How many bytes of whole characters are in the first `room` bytes. */
static size_t whole_characters(tally_text text, size_t room)
{
	if (text.size <= room)
		return text.size;
	while (room > 0 && ((unsigned char)text.data[room] & 0xC0) == 0x80)
		room--;
	return room;
}

static tally_result collect(tally_xml_reader *r, tally_text text, tally_error *error)
{
	tally_result result = TALLY_OK;
	while (result == TALLY_OK) {
		size_t take = whole_characters(text, sizeof r->slice - r->slice_size);
		memcpy(r->slice + r->slice_size, text.data, take);
		r->slice_size += take;
		text.data += take;
		text.size -= take;
		if (text.size == 0)
			break;
		/* libxml2 overlooks a ]]> that is cut in two: brackets at the end wait for what follows. */
		size_t waiting = 0;
		while (waiting < 2 && r->slice[r->slice_size - 1 - waiting] == ']')
			waiting++;
		r->slice_size -= waiting;
		result = parse_slice(r, error);
		memset(r->slice, ']', waiting);
		r->slice_size = waiting;
	}
	return result;
}

tally_result tally_xml_feed(tally_xml_reader *r, const void *bytes, size_t size, tally_error *error)
{
	tally_text rest = {bytes, size};
	char buffer[TALLY_DECODE_SLICE_MAX];
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && !r->stopped) {
		tally_text slice;
		switch (tally_decoder_next(&r->decoder, &rest, buffer, &slice)) {
		case TALLY_DECODE_MORE:
			return TALLY_OK;
		case TALLY_DECODE_NO_MEMORY:
			return tally_fail_memory(error);
		case TALLY_DECODE_MALFORMED:
			result = parse_slice(r, error);
			if (result == TALLY_OK)
				fatal(r, TALLY_XML_ENCODING, (tally_place){r->lines + 1, r->decoder.stored},
				      r->decoder.encoding == TALLY_ENCODING_UTF8 ? "there is a byte that is not UTF-8 text"
										 : "there is a unit that is not UTF-16 text");
			return result;
		case TALLY_DECODE_SLICE:
			break;
		}
		r->lines += lines_between((const xmlChar *)slice.data, (const xmlChar *)slice.data + slice.size);
		result = collect(r, slice, error);
	}
	return r->out_of_memory ? tally_fail_memory(error) : result;
}

tally_result tally_xml_finish(tally_xml_reader *r, tally_error *error)
{
	tally_result result = parse_slice(r, error);
	if (result != TALLY_OK)
		return result;
	r->ending = true;
	if (!r->stopped && !tally_decoder_complete(&r->decoder)) {
		bool too_short = r->decoder.encoding == TALLY_ENCODING_UNKNOWN;
		fatal(r, too_short ? TALLY_XML_MALFORMED : TALLY_XML_ENCODING, (tally_place){r->lines + 1, r->decoder.stored},
		      too_short ? "the document is too short for XML" : "the document ends within a character");
	}
	if (r->options.fragment) {
		if (!r->prolog_done)
			result = start_fragment(r, true, error);
		if (result == TALLY_OK)
			result = parse(r, fragment_end, sizeof fragment_end - 1, false, error);
	}
	if (result == TALLY_OK)
		result = parse(r, NULL, 0, true, error);
	return result;
}

void tally_xml_stop(tally_xml_reader *r)
{
	if (!r->stopped)
		stop(r);
}

bool tally_xml_stopped(const tally_xml_reader *r)
{
	return r->stopped;
}
