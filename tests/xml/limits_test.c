/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that are too much of something: refused early, in little memory, and not a byte before the limit. */
#include "events.h"

#include "support/faults.h"
#include "support/suite.h"

#include <stdlib.h>

#define MIB (1024 * 1024)

/* ---- at the limit, and one beyond ---- */

static void expect_limit(const test_text *document, bool refused, uint64_t offset, const char *what)
{
	static const size_t cut_sizes[] = {1000, 4096, PIECE_WHOLE};
	for (size_t i = 0; i < sizeof cut_sizes / sizeof cut_sizes[0]; i++) {
		xml_events e = xml_read(document->data, document->size, cut_sizes[i], false);
		const xml_event *fatal = xml_fatal(&e);
		ck_assert_int_eq(e.result, TALLY_OK);
		ck_assert_msg((fatal != NULL) == refused, "%s: %s", what, fatal != NULL ? fatal->name : "taken");
		if (refused) {
			ck_assert_int_eq(fatal->problem, TALLY_XML_LIMIT);
			ck_assert_msg(fatal->place.offset == offset, "%s: told at byte %zu", what,
				      (size_t)fatal->place.offset);
		}
		xml_clear(&e);
	}
}

static void repeat(test_text *t, const char *what, size_t count)
{
	size_t size = strlen(what);
	char *many = malloc(size * count + 1);
	ck_assert_ptr_nonnull(many);
	for (size_t i = 0; i < count; i++)
		memcpy(many + i * size, what, size);
	text_add(t, many, size * count);
	free(many);
}

START_TEST(test_depth)
{
	for (size_t over = 0; over < 2; over++) {
		test_text document = {0};
		repeat(&document, "<a>", TALLY_XML_DEPTH_MAX + over);
		repeat(&document, "</a>", TALLY_XML_DEPTH_MAX + over);
		expect_limit(&document, over == 1, 3 * TALLY_XML_DEPTH_MAX, "depth");
		text_clear(&document);
	}
}
END_TEST

START_TEST(test_names)
{
	for (size_t over = 0; over < 2; over++) {
		test_text name = {0}, document = {0};
		repeat(&name, "n", TALLY_XML_NAME_MAX + over);
		text_print(&document, "<a><%s/></a>", name.data);
		expect_limit(&document, over == 1, 3, "an element's name");
		text_clear(&document);
		text_print(&document, "<a><b %s='c'/></a>", name.data);
		expect_limit(&document, over == 1, 3, "an attribute's name");
		text_clear(&document);
		text_clear(&name);
	}
}
END_TEST

START_TEST(test_attributes)
{
	for (unsigned over = 0; over < 2; over++) {
		test_text document = {0};
		text_print(&document, "<a");
		for (unsigned i = 0; i < TALLY_XML_ATTRIBUTES_MAX + over; i++)
			text_print(&document, " a%u=''", i);
		text_print(&document, "/>");
		expect_limit(&document, over == 1, 0, "attributes");
		text_clear(&document);
	}
}
END_TEST

START_TEST(test_tags)
{
	for (size_t over = 0; over < 2; over++) {
		test_text document = {0};
		/* Up to where `>` stands. */
		text_print(&document, "<a>text<b c='");
		repeat(&document, "x", TALLY_XML_MARKUP_MAX - strlen("<b c=''") + over);
		text_print(&document, "'></b></a>");
		expect_limit(&document, over == 1, 7, "a tag");
		text_clear(&document);
	}
}
END_TEST

/* ---- without end ---- */

static void nothing_start(void *context, tally_text name, const tally_xml_attribute *a, size_t count, tally_place place)
{
	(void)context, (void)name, (void)a, (void)count, (void)place;
}

static void nothing_end(void *context, tally_text name, tally_place place)
{
	(void)context, (void)name, (void)place;
}

static void count_text(void *context, tally_text piece)
{
	uint64_t *counts = context;
	counts[0] += piece.size;
}

static void take_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	uint64_t *counts = context;
	(void)place, (void)message;
	counts[1] |= UINT64_C(1) << problem;
}

static const struct {
	const char *front, *unit, *back;
	enum { TAKEN, REFUSED, EITHER } outcome;
	tally_xml_problem problem;
	bool utf16;
} endless[] = {
    {"<a b='", "x", "'/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a b='", "x", "'/>", REFUSED, TALLY_XML_LIMIT, true},
    {"<a b='", "&#65;", "'/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a ", "  ", "/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<", "n", "/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a", " b=''", "/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a><!--", " x ", "--></a>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a><?x ", " x ", "?></a>", REFUSED, TALLY_XML_LIMIT, false},
    {"<!DOCTYPE a SYSTEM '", "x", "'><a/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<?xml version='1.0'", "  ", "?><a/>", REFUSED, TALLY_XML_LIMIT, false},
    {"<a>&", "x", ";</a>", REFUSED, TALLY_XML_AMPERSAND, false},
    {"<a>&", "x ", "</a>", REFUSED, TALLY_XML_AMPERSAND, false},
    {"<a></a", "  ", ">", REFUSED, TALLY_XML_LIMIT, false},
    {"", "<a>", "", REFUSED, TALLY_XML_LIMIT, false},
    {"<a>", "x", "</a>", TAKEN, 0, false},
    {"<a>", "x", "</a>", TAKEN, 0, true},
    {"<a>", "\xF0\x9F\x8D\x8E", "</a>", TAKEN, 0, true},
    {"<a>", "]", "</a>", TAKEN, 0, false},
    /* libxml2 2.9 collects what other versions hand out in pieces. */
    {"<a><![CDATA[", "x\n", "]]></a>", EITHER, TALLY_XML_LIMIT, false},
    {"<a>", "<b/>", "</a>", TAKEN, 0, false},
    {"<a>", "<b/>", "</a>", TAKEN, 0, true},
    {"<a>", "&amp;&#65;", "</a>", TAKEN, 0, false},
    {"<a>", "<!-- x -->", "</a>", TAKEN, 0, true},
    {"<a>", "<?x y?>", "</a>", TAKEN, 0, true},
    {"", " \n", "<a/>", TAKEN, 0, true},
    {"<a/>", " \n", "", TAKEN, 0, false},
};

#define ENDLESS (int)(sizeof endless / sizeof endless[0])

/*
 * A hundred MiB of one thing, or 24 where all of it must be read. What is refused is refused within two MiB; what isn't
 * is read to its end; neither takes more memory than a few MiB at any time.
 */
START_TEST(test_endless_documents)
{
	static const tally_xml_handler handler = {nothing_start, nothing_end, count_text, take_problem};
	bool utf16 = endless[_i].utf16;
	test_text front = {0}, chunk = {0}, back = {0}, *texts[] = {&front, &chunk, &back};
	const char *const strings[] = {endless[_i].front, endless[_i].unit, endless[_i].back};
	for (size_t i = 0; i < 3; i++) {
		test_text many = {0};
		repeat(&many, strings[i], i == 1 ? 16384 / strlen(strings[i]) : 1);
		if (utf16)
			text_add_utf16(texts[i], many.data, false, i == 0);
		else
			text_add(texts[i], many.data, many.size);
		text_clear(&many);
	}
	uint64_t end = (endless[_i].outcome == REFUSED ? 100 : 24) * (uint64_t)MIB;
	uint64_t counts[2] = {0}, fed = front.size;
	tally_xml_reader *reader;
	ck_assert_int_eq(tally_xml_new(&reader, &handler, counts, NULL, NULL), TALLY_OK);
	size_t before = heap_in_use(), most = before;
	ck_assert_int_eq(tally_xml_feed(reader, front.data, front.size, NULL), TALLY_OK);
	for (; fed < end && !tally_xml_stopped(reader); fed += chunk.size) {
		REQUIRE(tally_xml_feed(reader, chunk.data, chunk.size, NULL) == TALLY_OK, "feeding failed");
		size_t now = heap_in_use();
		most = now > most ? now : most;
	}
	bool refused = tally_xml_stopped(reader);
	ck_assert(endless[_i].outcome == EITHER || refused == (endless[_i].outcome == REFUSED));
	ck_assert_int_eq(tally_xml_feed(reader, back.data, back.size, NULL), TALLY_OK);
	ck_assert_int_eq(tally_xml_finish(reader, NULL), TALLY_OK);
	tally_xml_free(reader);
	ck_assert_msg(most - before < 10 * (size_t)MIB, "%zu bytes of memory", most - before);
	uint64_t fatal = counts[1] & ~(UINT64_C(1) << TALLY_XML_DECLARED);
	if (refused) {
		ck_assert_uint_eq(fatal, UINT64_C(1) << endless[_i].problem);
		ck_assert_uint_lt(fed, (utf16 ? 4 : 2) * (uint64_t)MIB + 32768);
	} else {
		ck_assert_uint_eq(fatal, 0);
		ck_assert_uint_ge(fed, end);
	}
	for (size_t i = 0; i < 3; i++)
		text_clear(texts[i]);
}
END_TEST

/* The bombs need a DOCTYPE, and a DOCTYPE is the end. */
START_TEST(test_entity_bombs)
{
	test_text billion = {0}, quadratic = {0};
	text_print(&billion, "<!DOCTYPE a [\n<!ENTITY e0 'ha'>\n");
	for (int i = 1; i < 10; i++)
		text_print(&billion, "<!ENTITY e%d '&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;&e%d;'>\n", i, i - 1,
			   i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	text_print(&billion, "]>\n<a>&e9;</a>");
	text_print(&quadratic, "<!DOCTYPE a [<!ENTITY e '");
	repeat(&quadratic, "x", 100000);
	text_print(&quadratic, "'>]><a>");
	repeat(&quadratic, "&e;", 50000);
	text_print(&quadratic, "</a>");
	const test_text *const bombs[] = {&billion, &quadratic};
	for (size_t i = 0; i < 2; i++) {
		size_t before = heap_in_use();
		xml_events e = xml_read(bombs[i]->data, bombs[i]->size, 4096, false);
		ck_assert_uint_eq(e.count, 1);
		ck_assert_int_eq(e.items[0].problem, TALLY_XML_DOCTYPE);
		ck_assert_uint_eq(e.items[0].place.offset, 0);
		ck_assert_uint_lt(heap_in_use() - before, MIB);
		xml_clear(&e);
	}
	text_clear(&billion);
	text_clear(&quadratic);
}
END_TEST

int main(void)
{
	return suite_run("limits", (const suite_test[]){{test_depth, 0},
							{test_names, 0},
							{test_attributes, 0},
							{test_tags, 0},
							{test_endless_documents, ENDLESS},
							{test_entity_bombs, 0},
							{NULL, 0}});
}
