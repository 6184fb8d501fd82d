/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our reading of XML against expat's: the same documents are well-formed, and the same elements, attributes and text come
 * out. Left out is where the two differ by design: DOCTYPE, encodings other than UTF-8 and UTF-16, our limits, and
 * namespaces (expat reads without them here, libxml2 with them).
 */
#include "base/memory.h"
#include "fuzz.h"
#include "xml/reader.h"

#include <expat.h>
#include <stdlib.h>

enum { STAGE_ACCEPTED = 1 };
const unsigned fuzz_deepest = STAGE_ACCEPTED;

typedef struct events {
	uint64_t hash;
	bool refused, skip;
} events;

static void mix(events *e, const char *bytes, size_t size, char kind)
{
	e->hash = (e->hash ^ (unsigned char)kind) * UINT64_C(0x100000001B3);
	for (size_t i = 0; i < size; i++)
		e->hash = (e->hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
}

/* Text comes in pieces whose borders mean nothing: it is mixed without marks. */
static void mix_text(events *e, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		e->hash = (e->hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001B3);
}

static void our_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place)
{
	(void)place;
	events *e = context;
	mix(e, name.data, name.size, '<');
	for (size_t i = 0; i < count; i++) {
		mix(e, attributes[i].name.data, attributes[i].name.size, '@');
		mix(e, attributes[i].value.data, attributes[i].value.size, '=');
	}
}

static void our_end(void *context, tally_text name, tally_place place)
{
	(void)place;
	mix(context, name.data, name.size, '>');
}

static void our_text(void *context, tally_text piece)
{
	mix_text(context, piece.data, piece.size);
}

static void our_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	(void)place, (void)message;
	events *e = context;
	switch (problem) {
	case TALLY_XML_MALFORMED:
	case TALLY_XML_AMPERSAND:
	case TALLY_XML_CHARACTER:
	case TALLY_XML_ENCODING:
		e->refused = true;
		break;
	case TALLY_XML_DOCTYPE:
	case TALLY_XML_LIMIT:
	case TALLY_XML_DECLARED:
	case TALLY_XML_NAMESPACE:
		e->skip = true;
		break;
	}
}

static void XMLCALL their_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	events *e = context;
	mix(e, name, strlen(name), '<');
	for (; *attributes != NULL; attributes += 2) {
		mix(e, attributes[0], strlen(attributes[0]), '@');
		mix(e, attributes[1], strlen(attributes[1]), '=');
		/* A name with a colon is a matter of namespaces. */
		if (strchr(attributes[0], ':') != NULL || strncmp(attributes[0], "xmlns", 5) == 0)
			e->skip = true;
	}
	if (strchr(name, ':') != NULL)
		e->skip = true;
}

static void XMLCALL their_end(void *context, const XML_Char *name)
{
	mix(context, name, strlen(name), '>');
}

static void XMLCALL their_text(void *context, const XML_Char *text, int size)
{
	mix_text(context, text, (size_t)size);
}

static void XMLCALL their_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	((events *)context)->skip = true;
}

static void XMLCALL their_declaration(void *context, const XML_Char *version, const XML_Char *encoding, int standalone)
{
	(void)standalone;
	events *e = context;
	if (encoding != NULL || (version != NULL && strcmp(version, "1.0") != 0))
		e->skip = e->skip || (encoding != NULL && strcasecmp(encoding, "utf-8") != 0) || (version != NULL && strcmp(version, "1.0") != 0);
}

static events read_ours(const fuzz_input *input)
{
	static const tally_xml_handler handler = {our_start, our_end, our_text, our_problem};
	events e = {0};
	tally_xml_reader *reader;
	tally_error error;
	if (tally_xml_new(&reader, &handler, &e, NULL, &error) != TALLY_OK)
		fuzz_fail("no reader");
	size_t step = input->chunk != 0 ? input->chunk : input->size;
	tally_result result = TALLY_OK;
	for (size_t at = 0; at < input->size && result == TALLY_OK; at += step) {
		size_t n = input->size - at < step ? input->size - at : step;
		result = tally_xml_feed(reader, input->data + at, n, &error);
	}
	if (result == TALLY_OK)
		result = tally_xml_finish(reader, &error);
	tally_xml_free(reader);
	if (result != TALLY_OK)
		fuzz_fail("an error of the run that the input can't justify");
	return e;
}

static events read_theirs(const fuzz_input *input)
{
	events e = {0};
	XML_Parser parser = XML_ParserCreate(NULL);
	if (parser == NULL)
		fuzz_fail("no expat");
	XML_SetUserData(parser, &e);
	XML_SetElementHandler(parser, their_start, their_end);
	XML_SetCharacterDataHandler(parser, their_text);
	XML_SetStartDoctypeDeclHandler(parser, their_doctype);
	XML_SetXmlDeclHandler(parser, their_declaration);
	if (XML_Parse(parser, (const char *)input->data, (int)input->size, 1) != XML_STATUS_OK) {
		e.refused = true;
		enum XML_Error code = XML_GetErrorCode(parser);
		/* A matter of encodings, or of a DOCTYPE that may be broken in itself. */
		if (code == XML_ERROR_UNKNOWN_ENCODING || code == XML_ERROR_INCORRECT_ENCODING)
			e.skip = true;
	}
	XML_ParserFree(parser);
	return e;
}

/* Names with characters beyond ASCII: expat follows the fourth edition of XML 1.0, libxml2 the fifth. */
static bool is_ascii(const fuzz_input *input)
{
	for (size_t i = 0; i < input->size; i++)
		if (input->data[i] >= 0x80 || input->data[i] == 0)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	if (input.size > (1 << 20))
		return 0;
	events ours = read_ours(&input), theirs = read_theirs(&input);
	if (ours.skip || theirs.skip)
		return 0;
	if (ours.refused != theirs.refused && is_ascii(&input))
		fuzz_fail(ours.refused ? "expat takes what we refuse" : "we take what expat refuses");
	if (!ours.refused && !theirs.refused) {
		if (ours.hash != theirs.hash)
			fuzz_fail("expat and we read different things");
		fuzz_stage = STAGE_ACCEPTED;
	}
	return 0;
}
