/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streaming XML: bytes in, events with line and offset out. Knows no document and no rule.
 *
 * libxml2's push parser does the parsing, behind handlers of our own: no DOCTYPE, no entities but the five predefined
 * ones, no network, no files, bounded depth and lengths. What arrives may be UTF-8 or UTF-16, with or without a
 * byte-order mark; what leaves is UTF-8. The same bytes give the same events and problems however they are cut.
 *
 * Documents hold keys: what the reader keeps of one is wiped before it is freed. What libxml2 keeps, a few KiB of input
 * around the place in hand and values that it decodes, is freed as libxml2 does it, unwiped.
 */
#ifndef TALLY_XML_READER_H
#define TALLY_XML_READER_H

#include "base/error.h"
#include "base/place.h"
#include "base/text.h"

/* No document of the service comes near these; whatever exceeds them is refused (rule XML-03). */
#define TALLY_XML_DEPTH_MAX 64
#define TALLY_XML_NAME_MAX 1024          /* bytes of an element's or attribute's name */
#define TALLY_XML_ATTRIBUTES_MAX 64      /* of one element */
/* Bytes of one tag, comment or processing instruction; and of a CDATA section, which libxml2 2.9 collects (about). */
#define TALLY_XML_MARKUP_MAX (1 << 20)

typedef struct tally_xml_reader tally_xml_reader;

typedef struct tally_xml_attribute {
	tally_text name; /* with its prefix, if any */
	tally_text value;
	tally_place place; /* of the value's first byte */
} tally_xml_attribute;

typedef enum tally_xml_problem {
	TALLY_XML_MALFORMED, /* these five end the reading */
	TALLY_XML_AMPERSAND, /* an & that begins no reference; the place is its own */
	TALLY_XML_CHARACTER, /* a character that XML can't hold */
	TALLY_XML_DOCTYPE,
	TALLY_XML_LIMIT,
	TALLY_XML_ENCODING,  /* ends the reading: bytes that aren't text in the document's encoding */
	TALLY_XML_DECLARED,  /* the declared encoding is not UTF-8; reading goes on */
	TALLY_XML_NAMESPACE  /* reading goes on; told once */
} tally_xml_problem;

/* All are called during tally_xml_feed and tally_xml_finish. Texts are valid during the call only. */
typedef struct tally_xml_handler {
	void (*start)(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place);
	void (*end)(void *context, tally_text name, tally_place place);
	/* Character data, in pieces whose borders mean nothing. */
	void (*text)(void *context, tally_text piece);
	void (*problem)(void *context, tally_xml_problem problem, tally_place place, const char *message);
} tally_xml_handler;

typedef struct tally_xml_options {
	/*
	 * A sequence of elements instead of one document, as the service's logs are published: several roots, white
	 * space before the XML declaration, white space between roots.
	 */
	bool fragment;
} tally_xml_options;

/* `handler` must outlive the reader. `options` may be NULL. Freed with tally_xml_free (NULL is fine). */
tally_result tally_xml_new(tally_xml_reader **reader, const tally_xml_handler *handler, void *context,
			   const tally_xml_options *options, tally_error *error);
void tally_xml_free(tally_xml_reader *reader);

/* Takes the next bytes. After a problem that ends the reading, or tally_xml_stop, bytes are ignored. */
tally_result tally_xml_feed(tally_xml_reader *reader, const void *bytes, size_t size, tally_error *error);
/* No more bytes. Tells what is missing. */
tally_result tally_xml_finish(tally_xml_reader *reader, tally_error *error);
/* From within a handler: no more events. */
void tally_xml_stop(tally_xml_reader *reader);
bool tally_xml_stopped(const tally_xml_reader *reader);

#endif
