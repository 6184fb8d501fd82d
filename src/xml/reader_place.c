/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the document things are, though libxml2 sees it decoded and, of a fragment, with other bytes around it. */
#include "xml/reader_internal.h"

#include <string.h>

uint64_t tally_xml_decoded_offset(const tally_xml_reader *r, const xmlChar *at)
{
	const xmlParserInput *input = r->parser->input;
	uint64_t offset = (uint64_t)input->consumed + (uint64_t)(at - input->base);
	if (!r->options.fragment)
		return offset;
	size_t added = sizeof TALLY_XML_FRAGMENT_START - 1;
	return (offset > added ? offset - added : 0) + r->dropped_bytes;
}

uint64_t tally_xml_lines_between(const xmlChar *from, const xmlChar *to)
{
	uint64_t lines = 0;
	while (from < to && (from = memchr(from, '\n', (size_t)(to - from))) != NULL) {
		lines++;
		from++;
	}
	return lines;
}

tally_place tally_xml_place_of(const tally_xml_reader *r, const xmlChar *at)
{
	const xmlParserInput *input = r->parser->input;
	uint64_t lines_since = tally_xml_lines_between(at, input->cur);
	uint64_t line = (uint64_t)(input->line > 0 ? input->line : 1) + r->dropped_lines;
	return (tally_place){line > lines_since ? line - lines_since : 1,
			     tally_decoder_stored_offset(&r->decoder, tally_xml_decoded_offset(r, at))};
}

/* `<` can't stand inside a tag, so the nearest one behind is it. */
const xmlChar *tally_xml_tag_start(const tally_xml_reader *r)
{
	const xmlParserInput *input = r->parser->input;
	const xmlChar *found = memrchr(input->base, '<', (size_t)(input->cur - input->base));
	return found != NULL ? found : input->cur;
}
