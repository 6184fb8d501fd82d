/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader tells of well-formed and malformed documents, and where. Limits are in limits_test. */
#include "events.h"

#include "support/suite.h"

#include <libxml/parser.h>
#include <stdlib.h>

static void expect_log(const char *document, const char *log)
{
	xml_events e = xml_read(document, strlen(document), PIECE_WHOLE, false);
	ck_assert_int_eq(e.result, TALLY_OK);
	ck_assert_str_eq(e.log.data, log);
	xml_clear(&e);
}

START_TEST(test_events_of_a_small_document)
{
	expect_log("<?xml version='1.0'?>\n<!-- <no> --><a b='1'\n c=\"\">x<d/>y&amp;z<![CDATA[<&]]></a>\n<?pi?>",
		   "start a 2:35\n"
		   "attribute b=1 2:41\n"
		   "attribute c= 3:48\n"
		   "text x\n"
		   "start d 3:51\n"
		   "end d 3:51\n"
		   "text y&z<&\n"
		   "end a 3:76\n");
}
END_TEST

START_TEST(test_values_are_decoded)
{
	expect_log("<a b='&lt;&amp;&gt;&quot;&apos;'/>", "start a 1:0\nattribute b=<&>\"' 1:6\nend a 1:0\n");
	expect_log("<a b='&amp;amp;&amp;#38;&#38;x'/>", "start a 1:0\nattribute b=&amp;&#38;&x 1:6\nend a 1:0\n");
	expect_log("<a b='&#65;&#x42;&#x1F34E;'/>", "start a 1:0\nattribute b=AB\xF0\x9F\x8D\x8E 1:6\nend a 1:0\n");
	expect_log("<a b='1\n2\t3' c='4'/>", "start a 1:0\nattribute b=1 2 3 1:6\nattribute c=4 2:16\nend a 1:0\n");
	expect_log("<a>1\r\n2\r3&#13;</a>", "start a 1:0\ntext 1\n2\n3\r\nend a 2:14\n");
}
END_TEST

START_TEST(test_namespaces_are_told_once_and_names_keep_their_prefix)
{
	expect_log("<a xmlns:x='u'>\n<x:b x:c='1' c='2'/></a>", "problem 7 1:0 the document uses XML namespaces\n"
								"start a 1:0\n"
								"text \n\n"
								"start x:b 2:16\n"
								"attribute x:c=1 2:26\n"
								"attribute c=2 2:32\n"
								"end x:b 2:16\n"
								"end a 2:36\n");
	expect_log("<a>\n<b/><x:c/></a>", "start a 1:0\ntext \n\nstart b 2:4\nend b 2:4\n"
					  "problem 7 2:8 the document uses XML namespaces\n"
					  "start x:c 2:8\nend x:c 2:8\nend a 2:14\n");
	expect_log("<a b:c='1'/>", "problem 7 1:0 the document uses XML namespaces\n"
				   "start a 1:0\nattribute b:c=1 1:8\nend a 1:0\n");
}
END_TEST

static const struct {
	const char *declared, *message;
	int form; /* 0 UTF-8, 1 UTF-16LE, 2 UTF-16BE */
} encodings[] = {
    {NULL, NULL, 0},
    {"UTF-8", NULL, 0},
    {"utf-8", NULL, 0},
    {"iso-8859-1", "the document is declared as iso-8859-1 but encoded as UTF-8 or ASCII", 0},
    {"UTF-16", "the document is declared as UTF-16 but encoded as UTF-8 or ASCII", 0},
    {"US-ASCII", "the document is declared as US-ASCII but encoded as UTF-8 or ASCII", 0},
    {NULL, "the document is encoded as UTF-16, not UTF-8", 1},
    {"UTF-16", "the document is encoded as UTF-16, not UTF-8", 1},
    {"utf-16be", "the document is encoded as UTF-16, not UTF-8", 2},
    {"utf-8", "the document is encoded as UTF-16, not UTF-8", 2},
    {"windows-1252", "the document is declared as windows-1252 but encoded as UTF-16", 1},
};

#define ENCODINGS (int)(sizeof encodings / sizeof encodings[0])

START_TEST(test_what_a_document_is_encoded_and_declared_as)
{
	test_text utf8 = {0}, bytes = {0};
	if (encodings[_i].declared != NULL)
		text_print(&utf8, "<?xml version=\"1.0\" encoding=\"%s\"?>", encodings[_i].declared);
	text_print(&utf8, "<a>\xC3\xA4</a>");
	if (encodings[_i].form == 0)
		text_add(&bytes, utf8.data, utf8.size);
	else
		text_add_utf16(&bytes, utf8.data, encodings[_i].form == 2, true);
	for (int fragment = 0; fragment < 2; fragment++) {
		xml_events e = xml_read(bytes.data, bytes.size, PIECE_WHOLE, fragment == 1);
		const char *found = NULL;
		for (size_t i = 0; i < e.count; i++)
			if (e.items[i].kind == '!') {
				ck_assert_int_eq(e.items[i].problem, TALLY_XML_DECLARED);
				found = strstr(e.log.data, "the document is");
			}
		if (encodings[_i].message == NULL)
			ck_assert_msg(found == NULL, "%s", e.log.data);
		else
			ck_assert_msg(found != NULL &&
					  strncmp(found, encodings[_i].message, strlen(encodings[_i].message)) == 0,
				      "%s", e.log.data);
		ck_assert_ptr_nonnull(strstr(e.log.data, "text \xC3\xA4\n"));
		xml_clear(&e);
	}
	text_clear(&bytes);
	text_clear(&utf8);
}
END_TEST

/* ---- what ends the reading ---- */

static const struct {
	const char *document;
	tally_xml_problem problem;
	uint64_t line, offset;
	const char *message; /* part of it */
} problems[] = {
    {"", TALLY_XML_MALFORMED, 1, 0, "empty or cut off"},
    {"<", TALLY_XML_MALFORMED, 1, 0, "too short"},
    {"   \n  ", TALLY_XML_MALFORMED, 2, 6, "empty or cut off"},
    {"crates and barrels", TALLY_XML_MALFORMED, 1, 0, "no XML"},
    {"<?xml version='1.0'?><!-- -->", TALLY_XML_MALFORMED, 1, 29, "empty or cut off"},
    {"<a>\n<b></b>", TALLY_XML_MALFORMED, 2, 11, "cut off"},
    {"<a>\n<b c='d", TALLY_XML_MALFORMED, 2, 11, "cut off"},
    {"<a>\n<b c='d'", TALLY_XML_MALFORMED, 2, 12, "cut off"},
    {"<a", TALLY_XML_MALFORMED, 1, 0, "too short"},
    {"<abc d='e'", TALLY_XML_MALFORMED, 1, 10, "cut off"},
    {"<a><b /", TALLY_XML_MALFORMED, 1, 6, "cut off"},
    {"<a><b></c></a>", TALLY_XML_MALFORMED, 1, 10, "mismatch"},
    {"<a/><b/>", TALLY_XML_MALFORMED, 1, 4, "Extra content"},
    {"<a/>x", TALLY_XML_MALFORMED, 1, 4, "Extra content"},
    {"<a b='1' b='2'/>", TALLY_XML_MALFORMED, 1, 14, "redefined"},
    {"<a b=1/>", TALLY_XML_MALFORMED, 1, 5, "expected"},
    {"<a>&crate;</a>", TALLY_XML_AMPERSAND, 1, 3, "&amp;"},
    {"<a>& b</a>", TALLY_XML_AMPERSAND, 1, 3, "&amp;"},
    {"<a b='c & d'/>", TALLY_XML_AMPERSAND, 1, 8, "&amp;"},
    {"<a>\n<b>&am", TALLY_XML_MALFORMED, 2, 10, "cut off"},
    {"<a b='<'/>", TALLY_XML_MALFORMED, 1, 6, "'<'"},
    {"<a>]]></a>", TALLY_XML_MALFORMED, 1, 3, "]]>"},
    {"<a>&#0;</a>", TALLY_XML_CHARACTER, 1, 7, "invalid"},
    {"<a>&#xFFFE;</a>", TALLY_XML_CHARACTER, 1, 11, "invalid"},
    {"<a>\n&#7;</a>", TALLY_XML_CHARACTER, 2, 8, "invalid"},
    {"<a>b\x01</a>", TALLY_XML_CHARACTER, 1, 4, "nvalid"},
    {"<a b='\x01'/>", TALLY_XML_CHARACTER, 1, 6, "nvalid"},
    {"<a>\xEF\xBF\xBE</a>", TALLY_XML_CHARACTER, 1, 3, "allowed"},
    {"<a>\xC3(</a>", TALLY_XML_ENCODING, 1, 3, "not UTF-8"},
    {"<a>\n\n\xFF</a>", TALLY_XML_ENCODING, 3, 5, "not UTF-8"},
    {"<a>bc</a>\xC3", TALLY_XML_ENCODING, 1, 9, "within a character"},
    {"<!DOCTYPE a><a/>", TALLY_XML_DOCTYPE, 1, 0, "DOCTYPE"},
    {"<!-- -->\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", TALLY_XML_DOCTYPE, 2, 9, "DOCTYPE"},
    {"<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]><a>&d;</a>", TALLY_XML_DOCTYPE, 1, 0, "DOCTYPE"},
    {"<!DOCTYPE a PUBLIC '-//x' 'http://127.0.0.1:1/x'><a/>", TALLY_XML_DOCTYPE, 1, 0, "DOCTYPE"},
    {"<!DOCTYPE a [<!ENTITY % b SYSTEM 'file:///dev/zero'> %b; ]><a/>", TALLY_XML_DOCTYPE, 1, 0, "DOCTYPE"},
    {"<a/><!DOCTYPE a>", TALLY_XML_DOCTYPE, 1, 4, "DOCTYPE"},
    {"<a>\n<!DOCTYPE a></a>", TALLY_XML_DOCTYPE, 2, 4, "DOCTYPE"},
};

#define PROBLEMS (int)(sizeof problems / sizeof problems[0])

START_TEST(test_what_ends_the_reading)
{
	xml_events e = xml_read(problems[_i].document, strlen(problems[_i].document), PIECE_WHOLE, false);
	const xml_event *fatal = xml_fatal(&e);
	ck_assert_int_eq(e.result, TALLY_OK);
	ck_assert_msg(fatal != NULL, "%s: no problem", problems[_i].document);
	ck_assert_msg(fatal->problem == problems[_i].problem && fatal->place.line == problems[_i].line &&
			  fatal->place.offset == problems[_i].offset &&
			  strstr(e.log.data, problems[_i].message) != NULL,
		      "%s: %s", problems[_i].document, e.log.data);
	ck_assert_ptr_eq(fatal, &e.items[e.count - 1]);
	xml_clear(&e);
}
END_TEST

START_TEST(test_half_a_tag_is_no_tag)
{
	static const char document[] = "<abc d='e' /><f";
	for (size_t size = 0; size < sizeof document; size++) {
		xml_events e = xml_read(document, size, PIECE_WHOLE, false);
		bool whole = size >= strlen("<abc d='e' />");
		ck_assert_msg((e.items[0].kind == '<') == whole, "cut at %zu: %s", size, e.log.data);
		xml_clear(&e);
	}
}
END_TEST

/* A name in a message is whole: whoever masks secrets could not tell half a one. */
START_TEST(test_messages_are_not_cut)
{
	test_text document = {0};
	text_print(&document, "<a></x%0400d-y></a>", 7);
	xml_events e = xml_read(document.data, document.size, PIECE_WHOLE, false);
	ck_assert_ptr_nonnull(strstr(e.log.data, "7-y"));
	xml_clear(&e);
	text_clear(&document);
}
END_TEST

/* ---- libxml2's other parser as an oracle: is a document well-formed? ---- */

static void ignore(void *context, const char *format, ...)
{
	(void)context, (void)format;
}

static bool is_well_formed(const char *bytes, size_t size)
{
	xmlSetGenericErrorFunc(NULL, ignore);
	xmlDocPtr document =
	    xmlReadMemory(bytes, (int)size, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlFreeDoc(document);
	return document != NULL;
}

/* ---- the same however the document is cut ---- */

static void expect_same_in_pieces(const void *bytes, size_t size, bool fragment, const char *what)
{
	static const size_t cut_sizes[] = {1, 2, 3, 7, 64, 4096, 65536};
	xml_events whole = xml_read(bytes, size, PIECE_WHOLE, fragment);
	for (size_t i = 0; i < sizeof cut_sizes / sizeof cut_sizes[0]; i++) {
		xml_events e = xml_read(bytes, size, cut_sizes[i], fragment);
		REQUIRE(strcmp(e.log.data, whole.log.data) == 0, "%s in pieces of %zu:\n%s\nnot\n%s", what,
			cut_sizes[i], e.log.data, whole.log.data);
		xml_clear(&e);
	}
	xml_clear(&whole);
}

START_TEST(test_problems_do_not_depend_on_pieces)
{
	expect_same_in_pieces(problems[_i].document, strlen(problems[_i].document), false, problems[_i].document);
	expect_same_in_pieces(problems[_i].document, strlen(problems[_i].document), true, problems[_i].document);
}
END_TEST

/* Text of all lengths in front of what is wrong: libxml2 hands out long text before it has seen the end of it. */
START_TEST(test_pieces_of_long_text)
{
	static const char *const ends[] = {"</a>",     "]]></a>", "]]x></a>",          "&amp;</a>", "& </a>",
					   "\xFF</a>", "<b></a>", "]]]]]]></a>",       "\r\n</a>",  "",
					   "<",        "<!-",     "<![CDATA[x]]></a>", "\x02</a>"};
	static const size_t lengths[] = {250,  295,  299,  300,  301,  599,  1000, 4085,
					 4089, 4090, 4091, 4092, 4093, 4094, 8190};
	for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
		test_text document = {0};
		text_print(&document, "<a>");
		for (size_t i = 0; i < lengths[k]; i++)
			text_add(&document, i % 61 == 60 ? "\n" : "x", 1);
		text_print(&document, "%s", ends[_i]);
		expect_same_in_pieces(document.data, document.size, false, ends[_i]);
		xml_events e = xml_read(document.data, document.size, PIECE_WHOLE, false);
		REQUIRE((xml_fatal(&e) == NULL) == is_well_formed(document.data, document.size), "%s behind %zu: %s",
			ends[_i], lengths[k], e.log.data + lengths[k]);
		xml_clear(&e);
		text_clear(&document);
	}
}
END_TEST

#define LONG_ENDS 14

/* ---- places ---- */

static const char places_document[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<!-- two\nlines --><e0 a='v0'\n\tb = \"v1\"\n>\xC3\xA4\n<e1>\xF0\x9F\x8D\x8E</e1 ><e2\n\n/>\n"
    "<![CDATA[ <e9> \n ]]><e3 c='v2 \xE6\x97\xA5' d='v3'/><?e9 <e9>\n?>\n&#10;&amp;<e4\td='v4'></e4>\n</e0>\n";

/* Where a text stands in a document, by looking for it in the stored bytes. */
static tally_place find(const test_text *bytes, int form, const char *wanted, size_t from)
{
	test_text stored = {0};
	if (form < 4)
		text_add_utf16(&stored, wanted, (form & 1) != 0, false);
	else
		text_add(&stored, wanted, strlen(wanted));
	size_t unit = form < 4 ? 2 : 1;
	const char *found = memmem(bytes->data + from, bytes->size - from, stored.data, stored.size);
	ck_assert_msg(found != NULL, "%s is not in the document", wanted);
	tally_place place = {1, (uint64_t)(found - bytes->data)};
	for (size_t i = 0; i < place.offset; i += unit) {
		bool low = bytes->data[i] == '\n' && (unit == 1 || bytes->data[i + 1] == 0);
		bool high = unit == 2 && bytes->data[i] == 0 && bytes->data[i + 1] == '\n';
		place.line += (form & 1) != 0 && unit == 2 ? high : low;
	}
	text_clear(&stored);
	return place;
}

static void expect_places(const test_text *bytes, int form, size_t piece)
{
	xml_events e = xml_read(bytes->data, bytes->size, piece, false);
	ck_assert_ptr_null(xml_fatal(&e));
	size_t seen = 0;
	uint64_t last_end = 0;
	for (size_t i = 0; i < e.count; i++) {
		const xml_event *item = &e.items[i];
		char wanted[64];
		if (item->kind == '!')
			continue;
		bool empty = item->kind == '>' && i > 0 && e.items[i - 1].kind != '>' &&
			     (strcmp(item->name, "e2") == 0 || strcmp(item->name, "e3") == 0);
		snprintf(wanted, sizeof wanted, "%s%s",
			 item->kind == '@'            ? ""
			 : item->kind == '<' || empty ? "<"
						      : "</",
			 item->name);
		tally_place place = find(bytes, form, wanted, 0);
		ck_assert_msg(item->place.offset == place.offset && item->place.line == place.line,
			      "form %d, pieces of %zu: %s at line %zu, byte %zu, not %zu, %zu", form, piece, wanted,
			      (size_t)item->place.line, (size_t)item->place.offset, (size_t)place.line,
			      (size_t)place.offset);
		last_end = item->kind == '>' ? place.offset : last_end;
		seen++;
	}
	ck_assert_uint_eq(seen, 5 + 5 + 5);
	ck_assert_uint_gt(last_end, 100);
	xml_clear(&e);
}

/* Four kinds of UTF-16, UTF-8 with and without byte-order mark, each with LF and CR LF. */
START_TEST(test_places_are_those_of_the_stored_document)
{
	int form = _i / 2;
	test_text utf8 = {0}, bytes = {0};
	for (const char *c = places_document; *c != '\0'; c++)
		text_print(&utf8, "%s%c", *c == '\n' && _i % 2 == 1 ? "\r" : "", *c);
	if (form < 4)
		text_add_utf16(&bytes, utf8.data, (form & 1) != 0, (form & 2) != 0);
	else
		text_print(&bytes, "%s%s", form == 4 ? "" : "\xEF\xBB\xBF", utf8.data);
	static const size_t cut_sizes[] = {1, 2, 3, 7, 64, 4096, PIECE_WHOLE};
	for (size_t i = 0; i < sizeof cut_sizes / sizeof cut_sizes[0]; i++)
		expect_places(&bytes, form, cut_sizes[i]);
	text_clear(&utf8);
	text_clear(&bytes);
}
END_TEST

/* Behind megabytes of other things, which the reader forgets on the way. */
START_TEST(test_places_far_behind)
{
	test_text utf8 = {0}, bytes = {0};
	text_print(&utf8, "<a>");
	for (int i = 0; i < 60000; i++)
		text_print(&utf8, "%s",
			   i % 3 == 0   ? "<b/>\n"
			   : i % 3 == 1 ? "<!-- \xC3\xA4 -->"
					: "\xF0\x9F\x8D\x8E text\n");
	text_print(&utf8, "<c d='e'/></a>");
	if (_i < 4)
		text_add_utf16(&bytes, utf8.data, (_i & 1) != 0, false);
	else
		text_add(&bytes, utf8.data, utf8.size);
	xml_events e = xml_read(bytes.data, bytes.size, 1000, false);
	const xml_event *last = &e.items[e.count - 4];
	tally_place place = find(&bytes, _i < 4 ? _i & 1 : 4, "<c", 0);
	ck_assert_str_eq(last->name, "c");
	ck_assert_uint_eq(last->place.offset, place.offset);
	ck_assert_uint_eq(last->place.line, place.line);
	ck_assert_uint_eq(last->place.line, 40001);
	xml_clear(&e);
	text_clear(&utf8);
	text_clear(&bytes);
}
END_TEST

/* ---- fragments ---- */

START_TEST(test_fragments)
{
	static const char document[] = "\n\n <?xml version='1.0' encoding='utf-8'?>\n<a/>\n<b c='d'>e</b> ";
	xml_events e = xml_read(document, strlen(document), PIECE_WHOLE, true);
	ck_assert_str_eq(e.log.data, "text \n\n"
				     "start a 4:42\nend a 4:42\n"
				     "text \n\n"
				     "start b 5:47\nattribute c=d 5:53\ntext e\nend b 5:57\ntext  ");
	xml_clear(&e);
	static const char cut_off[] = "<a/>\n<b><c>";
	e = xml_read(cut_off, strlen(cut_off), PIECE_WHOLE, true);
	ck_assert_ptr_nonnull(xml_fatal(&e));
	ck_assert_ptr_nonnull(strstr(e.log.data, "cut off"));
	ck_assert_ptr_null(strstr(e.log.data, "fragment"));
	xml_clear(&e);
	expect_same_in_pieces(document, strlen(document), true, document);
	expect_same_in_pieces(cut_off, strlen(cut_off), true, cut_off);
}
END_TEST

/* Small documents, damaged at random (always the same): both agree, and cutting makes no difference. */
START_TEST(test_damaged_documents_are_judged_as_the_tree_parser_does)
{
	static const char whole[] =
	    "<?xml version=\"1.0\"?>\n<a b=\"c&amp;\" d='e'><!-- f --><g/>h&lt;i<![CDATA[j]]>]]&gt;<?k l?>\n"
	    "\xC3\xA4<m n='&#65;'>o</m></a>\n";
	static const char alphabet[] = "<>&;\"'=/!-[]?ax:# \n\xC3\xA4\x01";
	uint32_t state = (uint32_t)_i * 2654435761U + 1;
	for (int round = 0; round < 1500; round++) {
		char damaged[sizeof whole + 8];
		size_t size = sizeof whole - 1;
		memcpy(damaged, whole, size);
		for (int hits = 0; hits < 1 + round % 3; hits++) {
			state = state * 1664525 + 1013904223;
			size_t at = (state >> 8) % size;
			char c = alphabet[(state >> 24) % (sizeof alphabet - 1)];
			if ((state & 0xC0) == 0) {
				memmove(damaged + at, damaged + at + 1, size - at - 1);
				size--;
			} else {
				damaged[at] = c;
			}
		}
		bool doctype = memmem(damaged, size, "<!DOCTYPE", 9) != NULL;
		xml_events e = xml_read(damaged, size, PIECE_WHOLE, false);
		bool ours = xml_fatal(&e) == NULL;
		REQUIRE(doctype || ours == is_well_formed(damaged, size), "%.*s\n%s", (int)size, damaged, e.log.data);
		xml_clear(&e);
		if (round % 10 == 0)
			expect_same_in_pieces(damaged, size, round % 20 == 0, "damaged");
	}
}
END_TEST

int main(void)
{
	return suite_run("reader", (const suite_test[]){{test_events_of_a_small_document, 0},
							{test_values_are_decoded, 0},
							{test_namespaces_are_told_once_and_names_keep_their_prefix, 0},
							{test_what_a_document_is_encoded_and_declared_as, ENCODINGS},
							{test_what_ends_the_reading, PROBLEMS},
							{test_half_a_tag_is_no_tag, 0},
							{test_messages_are_not_cut, 0},
							{test_problems_do_not_depend_on_pieces, PROBLEMS},
							{test_pieces_of_long_text, LONG_ENDS},
							{test_places_are_those_of_the_stored_document, 12},
							{test_places_far_behind, 5},
							{test_fragments, 0},
							{test_damaged_documents_are_judged_as_the_tree_parser_does, 8},
							{NULL, 0}});
}
