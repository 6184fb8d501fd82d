/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "support/suite.h"

#include <inttypes.h>
#include <stdlib.h>

static void add(xml_events *e, char kind, tally_text name, tally_place place, tally_xml_problem problem)
{
	if (e->in_text)
		text_print(&e->log, "\n");
	e->in_text = false;
	if (e->count == e->capacity) {
		e->capacity = e->capacity == 0 ? 16 : 2 * e->capacity;
		e->items = realloc(e->items, e->capacity * sizeof *e->items);
		REQUIRE(e->items != NULL, "out of memory");
	}
	xml_event *item = &e->items[e->count++];
	*item = (xml_event){.kind = kind, .place = place, .problem = problem};
	size_t shown = name.size < sizeof item->name ? name.size : sizeof item->name - 1;
	memcpy(item->name, name.data, shown);
}

static void on_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count,
		     tally_place place)
{
	xml_events *e = context;
	add(e, '<', name, place, 0);
	text_print(&e->log, "start %.*s %" PRIu64 ":%" PRIu64 "\n", (int)name.size, name.data, place.line,
		   place.offset);
	for (size_t i = 0; i < count; i++) {
		const tally_xml_attribute *a = &attributes[i];
		add(e, '@', a->value, a->place, 0);
		text_print(&e->log, "attribute %.*s=%.*s %" PRIu64 ":%" PRIu64 "\n", (int)a->name.size, a->name.data,
			   (int)a->value.size, a->value.size > 0 ? a->value.data : "", a->place.line, a->place.offset);
	}
}

static void on_end(void *context, tally_text name, tally_place place)
{
	xml_events *e = context;
	add(e, '>', name, place, 0);
	text_print(&e->log, "end %.*s %" PRIu64 ":%" PRIu64 "\n", (int)name.size, name.data, place.line, place.offset);
}

static void on_text(void *context, tally_text piece)
{
	xml_events *e = context;
	if (!e->in_text)
		text_print(&e->log, "text ");
	e->in_text = true;
	text_add(&e->log, piece.data, piece.size);
}

static void on_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	xml_events *e = context;
	add(e, '!', (tally_text){message, strlen(message)}, place, problem);
	text_print(&e->log, "problem %d %" PRIu64 ":%" PRIu64 " %s\n", (int)problem, place.line, place.offset, message);
}

xml_events xml_read(const void *bytes, size_t size, size_t piece, bool fragment)
{
	static const tally_xml_handler handler = {on_start, on_end, on_text, on_problem};
	xml_events e = {.result = TALLY_OK};
	tally_xml_reader *reader;
	text_add(&e.log, "", 0);
	e.result = tally_xml_new(&reader, &handler, &e, &(tally_xml_options){.fragment = fragment}, &e.error);
	for (size_t at = 0; at < size && e.result == TALLY_OK; at += piece) {
		size_t take = size - at < piece ? size - at : piece;
		/* Alone in memory, so that reading beyond the piece is seen. */
		char *alone = malloc(take);
		REQUIRE(alone != NULL, "out of memory");
		memcpy(alone, (const char *)bytes + at, take);
		e.result = tally_xml_feed(reader, alone, take, &e.error);
		free(alone);
		if (take < piece)
			break;
	}
	if (e.result == TALLY_OK)
		e.result = tally_xml_finish(reader, &e.error);
	tally_xml_free(reader);
	return e;
}

void xml_clear(xml_events *events)
{
	text_clear(&events->log);
	free(events->items);
	*events = (xml_events){0};
}

const xml_event *xml_fatal(const xml_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const xml_event *e = &events->items[i];
		if (e->kind == '!' && e->problem != TALLY_XML_DECLARED && e->problem != TALLY_XML_NAMESPACE)
			return e;
	}
	return NULL;
}
