/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader tells, written down as text, a line for each event. */
#ifndef TALLY_TESTS_XML_EVENTS_H
#define TALLY_TESTS_XML_EVENTS_H

#include "support/documents.h"
#include "xml/reader.h"

typedef struct xml_event {
	char kind;     /* '<' start, '>' end, '@' attribute, '!' problem */
	char name[40]; /* the front of it */
	tally_place place;
	tally_xml_problem problem;
} xml_event;

typedef struct xml_events {
	test_text log; /* "start a 1:0", "attribute b=c 1:6", "text …", "end a 1:9", "problem 0 1:9 message" */
	xml_event *items;
	size_t count, capacity;
	tally_result result;
	tally_error error;
	bool in_text;
} xml_events;

#define PIECE_WHOLE SIZE_MAX

/* Reads a document that arrives in pieces. */
xml_events xml_read(const void *bytes, size_t size, size_t piece, bool fragment);
void xml_clear(xml_events *events);
/* The first problem that ends the reading; NULL when there is none. */
const xml_event *xml_fatal(const xml_events *events);

#endif
