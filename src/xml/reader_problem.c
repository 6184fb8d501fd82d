/* SPDX-License-Identifier: Apache-2.0 */
/* What ends the reading; and what libxml2 complains of, in words that help. */
#include "xml/reader_internal.h"

#include "base/memory.h"

#include <libxml/parserInternals.h>
#include <string.h>

void tally_xml_fatal(tally_xml_reader *r, tally_xml_problem problem, tally_place place, const char *message)
{
	if (r->stopped)
		return;
	r->handler->problem(r->context, problem, place, message);
	tally_xml_stop(r);
}

void tally_xml_refuse_markup(tally_xml_reader *r, tally_place place)
{
	tally_xml_fatal(r, TALLY_XML_LIMIT, place, "a tag, comment, CDATA section or processing instruction is longer than 1 MiB");
}

void tally_xml_refuse_doctype(tally_xml_reader *r, tally_place place)
{
	tally_xml_fatal(r, TALLY_XML_DOCTYPE, place, "the document has a DOCTYPE, which is refused");
}

void tally_xml_refuse_ampersand(tally_xml_reader *r, tally_place place)
{
	tally_xml_fatal(r, TALLY_XML_AMPERSAND, place, "this & begins no reference: an & that stands for itself must be written as &amp;");
}

void tally_xml_tell_namespace(tally_xml_reader *r, tally_place place)
{
	if (r->namespace_told)
		return;
	r->namespace_told = true;
	r->handler->problem(r->context, TALLY_XML_NAMESPACE, place, "the document uses XML namespaces");
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

/* Where a DOCTYPE may not stand at all, libxml2 sees no more than an error there. */
static bool is_doctype(const tally_xml_reader *r)
{
	static const char doctype[] = "<!DOCTYPE";
	const xmlParserInput *input = r->parser->input;
	return input != NULL && (size_t)(input->end - input->cur) >= sizeof doctype - 1 &&
	       memcmp(input->cur, doctype, sizeof doctype - 1) == 0;
}

void tally_xml_on_error(void *context, const xmlError *e)
{
	/* libxml2 passes the parser's userData, which is our reader. */
	tally_xml_reader *r = context;
	if (r->stopped || e->level == XML_ERR_NONE || e->level == XML_ERR_WARNING)
		return;
	/* An error without text: there was no memory to write it. */
	if (e->code == XML_ERR_NO_MEMORY || e->message == NULL) {
		r->out_of_memory = true;
		tally_xml_stop(r);
		return;
	}
	if (e->domain == XML_FROM_NAMESPACE) {
		tally_xml_tell_namespace(r, tally_xml_place_of(r, tally_xml_tag_start(r)));
		if (e->level != XML_ERR_FATAL)
			return;
	}
	tally_place place = r->parser->input != NULL ? tally_xml_place_of(r, r->parser->input->cur) : r->last_event;
	if (is_doctype(r)) {
		tally_xml_refuse_doctype(r, place);
		return;
	}
	const char *ours = own_message(r, e->code);
	if (ours != NULL) {
		tally_xml_fatal(r, TALLY_XML_MALFORMED, place, ours);
		return;
	}
	const xmlChar *ampersand = loose_ampersand(r, e->code);
	if (ampersand != NULL) {
		tally_xml_refuse_ampersand(r, tally_xml_place_of(r, ampersand));
		return;
	}
	/* Whole, as names may be in it that hold secrets: cut off, they could no longer be told and masked. */
	char *message = tally_strndup(e->message, strcspn(e->message, "\r\n"));
	if (message == NULL) {
		r->out_of_memory = true;
		tally_xml_stop(r);
		return;
	}
	bool character = e->code == XML_ERR_INVALID_CHAR || e->code == XML_ERR_INVALID_CHARREF;
	bool limit = e->code == XML_ERR_NAME_TOO_LONG || strstr(message, "too long") != NULL || strstr(message, "Huge input") != NULL;
	tally_xml_fatal(r, character ? TALLY_XML_CHARACTER : limit ? TALLY_XML_LIMIT : TALLY_XML_MALFORMED, place, message);
	tally_free(message);
}

static void on_stray_error(void *context, xmlErrorPtr e)
{
	bool *out_of_memory = context;
	*out_of_memory = *out_of_memory || e->code == XML_ERR_NO_MEMORY;
}

tally_xml_thread_handler tally_xml_take_thread_handler(bool *out_of_memory)
{
	tally_xml_thread_handler before = {xmlStructuredError, xmlStructuredErrorContext};
	xmlSetStructuredErrorFunc(out_of_memory, on_stray_error);
	return before;
}

void tally_xml_give_thread_handler_back(tally_xml_thread_handler before)
{
	xmlSetStructuredErrorFunc(before.context, before.function);
}
