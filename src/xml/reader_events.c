/* SPDX-License-Identifier: Apache-2.0 */
/* libxml2's events become the handler's, within the limits. */
#include "xml/reader_internal.h"

#include "base/memory.h"

#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

static bool enter_tag(tally_xml_reader *r)
{
	const xmlChar *start = tally_xml_tag_start(r);
	r->last_event = tally_xml_place_of(r, start);
	tally_decoder_forget(&r->decoder, tally_xml_decoded_offset(r, start));
	if (r->parser->input->cur - start <= TALLY_XML_MARKUP_MAX)
		return true;
	tally_xml_refuse_markup(r, r->last_event);
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
	char *grown = tally_grow_wiped(r->scratch, &r->scratch_capacity, total + 1);
	if (grown == NULL) {
		r->out_of_memory = true;
		tally_xml_stop(r);
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
		a->place = tally_xml_place_of(r, in_input ? value : raw_value(tally_xml_tag_start(r), input->cur, a->name));
		if (size > 0 && memchr(value, '&', size) != NULL)
			a->value = decode_ampersands(&scratch, (const char *)value, size);
		if (prefix != NULL)
			tally_xml_tell_namespace(r, r->last_event);
		if (a->name.size > TALLY_XML_NAME_MAX) {
			tally_xml_fatal(r, TALLY_XML_LIMIT, r->last_event, "the name of an attribute is too long");
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
		tally_xml_fatal(r, TALLY_XML_LIMIT, r->last_event, "elements are nested too deeply");
		return;
	}
	if (strnlen((const char *)local, TALLY_XML_NAME_MAX + 1) > TALLY_XML_NAME_MAX) {
		tally_xml_fatal(r, TALLY_XML_LIMIT, r->last_event, "the name of an element is too long");
		return;
	}
	if (attributes > TALLY_XML_ATTRIBUTES_MAX) {
		tally_xml_fatal(r, TALLY_XML_LIMIT, r->last_event, "an element has too many attributes");
		return;
	}
	if (namespaces > 0 || prefix != NULL)
		tally_xml_tell_namespace(r, r->last_event);
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
		tally_xml_refuse_markup(r, r->last_event);
}

static void on_instruction(void *context, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	tally_xml_reader *r = context;
	if (data != NULL && strlen((const char *)data) > TALLY_XML_MARKUP_MAX)
		tally_xml_refuse_markup(r, r->last_event);
}

/* Called as soon as libxml2 has seen <!DOCTYPE name, before anything in it is read. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name, (void)external, (void)system;
	tally_xml_reader *r = context;
	tally_xml_refuse_doctype(r, tally_xml_place_of(r, tally_xml_tag_start(r)));
}

static xmlEntityPtr on_entity(void *context, const xmlChar *name)
{
	(void)context;
	return xmlGetPredefinedEntity(name);
}

void tally_xml_take_events(xmlSAXHandler *sax)
{
	sax->initialized = XML_SAX2_MAGIC;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
	sax->characters = on_text;
	sax->ignorableWhitespace = on_text;
	sax->cdataBlock = on_text;
	sax->comment = on_comment;
	sax->processingInstruction = on_instruction;
	sax->internalSubset = on_doctype;
	sax->getEntity = on_entity;
}
