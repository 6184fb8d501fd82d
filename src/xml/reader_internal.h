/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the reader share: reader.c feeds libxml2, the others are what it calls. */
#ifndef TALLY_XML_READER_INTERNAL_H
#define TALLY_XML_READER_INTERNAL_H

#include "xml/decode.h"
#include "xml/reader.h"

#include <libxml/parser.h>

/* A fragment is fed between these, so that several roots make one document. */
#define TALLY_XML_FRAGMENT_START "<fragment>"
#define TALLY_XML_FRAGMENT_END "</fragment>"
#define TALLY_XML_PROLOG_MAX 1024 /* blanks and XML declaration in front of a fragment */

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
	char decoded[TALLY_DECODE_SLICE_MAX]; /* of the decoder; not on a stack, where a key in it would stay */
	/*
	 * Decoded text on its way to libxml2, whose events and errors depend on how its input is cut: so it always gets
	 * as many whole characters as fit in here, however the document came.
	 */
	char slice[TALLY_DECODE_SLICE_MAX];
	size_t slice_size;
	/* Fragments: what was dropped in front, and how far libxml2's count is ahead or behind because of it. */
	bool prolog_done;
	char prolog[TALLY_XML_PROLOG_MAX];
	size_t prolog_size;
	uint64_t dropped_bytes, dropped_lines;
	/* Attributes of the current element; values written with references are decoded into `scratch`. */
	tally_xml_attribute attributes[TALLY_XML_ATTRIBUTES_MAX];
	char name[TALLY_XML_NAME_MAX + 1];
	char *scratch;
	size_t scratch_capacity;
};

/* reader.c */
tally_result tally_xml_parse(tally_xml_reader *reader, const char *text, size_t size, bool last, tally_error *error);

/* reader_place.c: where things are; `at` points into the parser's buffer. */

/* Bytes of decoded document in front of `at`. */
uint64_t tally_xml_decoded_offset(const tally_xml_reader *reader, const xmlChar *at);
uint64_t tally_xml_lines_between(const xmlChar *from, const xmlChar *to);
tally_place tally_xml_place_of(const tally_xml_reader *reader, const xmlChar *at);
/* The `<` of the tag that was just read. */
const xmlChar *tally_xml_tag_start(const tally_xml_reader *reader);

/* reader_events.c: libxml2's events become the handler's. */
void tally_xml_take_events(xmlSAXHandler *sax);

/* reader_prolog.c: what stands in front of the first element. */
void tally_xml_on_document(void *context);
/* Of a fragment: drops blanks and the XML declaration, then opens the root that holds the roots. */
tally_result tally_xml_start_fragment(tally_xml_reader *reader, bool last, tally_error *error);

/* reader_problem.c: what ends the reading, and libxml2's errors. */
void tally_xml_fatal(tally_xml_reader *reader, tally_xml_problem problem, tally_place place, const char *message);
void tally_xml_refuse_markup(tally_xml_reader *reader, tally_place place);
void tally_xml_refuse_doctype(tally_xml_reader *reader, tally_place place);
void tally_xml_refuse_ampersand(tally_xml_reader *reader, tally_place place);
/* This does not end it, and is told once. */
void tally_xml_tell_namespace(tally_xml_reader *reader, tally_place place);
void tally_xml_on_error(void *context, const xmlError *error);

/*
 * Some failures of libxml2, of memory mostly, bypass the parser's own handler and would be printed on standard error. Its
 * second handler belongs to the thread; it is ours while libxml2 is at work, and given back.
 */
typedef struct tally_xml_thread_handler {
	xmlStructuredErrorFunc function;
	void *context;
} tally_xml_thread_handler;
tally_xml_thread_handler tally_xml_take_thread_handler(bool *out_of_memory);
void tally_xml_give_thread_handler_back(tally_xml_thread_handler before);

#endif
