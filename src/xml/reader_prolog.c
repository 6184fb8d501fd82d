/* SPDX-License-Identifier: Apache-2.0 */
/* The XML declaration, and what else stands in front of the first element. */
#include "xml/reader_internal.h"

#include <stdio.h>
#include <string.h>

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

void tally_xml_on_document(void *context)
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

tally_result tally_xml_start_fragment(tally_xml_reader *r, bool last, tally_error *error)
{
	size_t blanks = 0;
	while (blanks < r->prolog_size && strchr(" \t\r\n", r->prolog[blanks]) != NULL)
		blanks++;
	tally_text rest = {r->prolog + blanks, r->prolog_size - blanks};
	bool full = r->prolog_size == TALLY_XML_PROLOG_MAX || last;
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
	r->dropped_lines = tally_xml_lines_between((const xmlChar *)r->prolog, (const xmlChar *)rest.data);
	tally_result result = tally_xml_parse(r, TALLY_XML_FRAGMENT_START, sizeof TALLY_XML_FRAGMENT_START - 1, false, error);
	if (result == TALLY_OK && rest.size > 0)
		result = tally_xml_parse(r, rest.data, rest.size, false, error);
	return result;
}
