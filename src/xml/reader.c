/* SPDX-License-Identifier: Apache-2.0 */
#include "xml/reader_internal.h"

#include "base/memory.h"

#include <pthread.h>
#include <string.h>

static void initialise_libxml(void)
{
	xmlInitParser();
}

tally_result tally_xml_new(tally_xml_reader **out, const tally_xml_handler *handler, void *context,
			   const tally_xml_options *options, tally_error *error)
{
	/* libxml2 wants its first initialisation on one thread; this is the only static state, and it is only a lock. */
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	*out = NULL;
	pthread_once(&once, initialise_libxml);
	tally_xml_reader *r = tally_zalloc(1, sizeof *r);
	if (r == NULL)
		return tally_fail_memory(error);
	r->handler = handler;
	r->context = context;
	r->last_event = (tally_place){1, 0};
	if (options != NULL)
		r->options = *options;
	tally_xml_take_events(&r->sax);
	r->sax.startDocument = tally_xml_on_document;
	r->sax.serror = (xmlStructuredErrorFunc)tally_xml_on_error;
	tally_xml_thread_handler before = tally_xml_take_thread_handler(&r->out_of_memory);
	r->parser = xmlCreatePushParserCtxt(&r->sax, r, NULL, 0, NULL);
	tally_xml_give_thread_handler_back(before);
	if (r->parser == NULL || r->out_of_memory) {
		tally_xml_free(r);
		return tally_fail_memory(error);
	}
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	/* What we feed is UTF-8, checked; libxml2 must not guess from the first bytes. */
	r->parser->charset = XML_CHAR_ENCODING_UTF8;
	*out = r;
	return TALLY_OK;
}

/* A document no larger than libxml2's buffer lies there to its end: a journal's drive, for one, with its key. */
static void wipe_input(const xmlParserCtxt *parser)
{
	const xmlParserInputBuffer *input = parser->input != NULL ? parser->input->buf : NULL;
	if (input != NULL && input->buffer != NULL)
		explicit_bzero(xmlBufContent(input->buffer), xmlBufUse(input->buffer));
}

void tally_xml_free(tally_xml_reader *r)
{
	if (r == NULL)
		return;
	if (r->parser != NULL) {
		wipe_input(r->parser);
		xmlFreeParserCtxt(r->parser);
	}
	tally_decoder_clear(&r->decoder);
	tally_free_wiped(r->scratch, r->scratch_capacity);
	/* It holds pieces of the text, in which there may be the key of a storage account. */
	tally_free_wiped(r, sizeof *r);
}

tally_result tally_xml_parse(tally_xml_reader *r, const char *text, size_t size, bool last, tally_error *error)
{
	if (r->stopped)
		return r->out_of_memory ? tally_fail_memory(error) : TALLY_OK;
	tally_xml_thread_handler before = tally_xml_take_thread_handler(&r->out_of_memory);
	int code = xmlParseChunk(r->parser, text, (int)size, last);
	tally_xml_give_thread_handler_back(before);
	if (r->out_of_memory || code == XML_ERR_NO_MEMORY)
		return tally_fail_memory(error);
	if (r->stopped || r->parser->input == NULL)
		return TALLY_OK;
	/* Nothing that comes stands before `cur`: there libxml2 waits for the rest of a tag, say. */
	const xmlParserInput *input = r->parser->input;
	tally_decoder_forget(&r->decoder, tally_xml_decoded_offset(r, input->cur));
	if (input->end - input->cur <= TALLY_XML_MARKUP_MAX)
		return TALLY_OK;
	if (*input->cur == '&')
		tally_xml_refuse_ampersand(r, tally_xml_place_of(r, input->cur)); /* libxml2 still waits for its semicolon */
	else
		tally_xml_refuse_markup(r, tally_xml_place_of(r, input->cur));
	return TALLY_OK;
}

static tally_result parse_slice(tally_xml_reader *r, tally_error *error)
{
	tally_text slice = {r->slice, r->slice_size};
	if (slice.size == 0)
		return TALLY_OK;
	r->slice_size = 0;
	if (!r->options.fragment || r->prolog_done)
		return tally_xml_parse(r, slice.data, slice.size, false, error);
	size_t room = TALLY_XML_PROLOG_MAX - r->prolog_size;
	size_t take = slice.size < room ? slice.size : room;
	memcpy(r->prolog + r->prolog_size, slice.data, take);
	r->prolog_size += take;
	tally_result result = tally_xml_start_fragment(r, false, error);
	if (result != TALLY_OK || take == slice.size)
		return result;
	return tally_xml_parse(r, slice.data + take, slice.size - take, false, error);
}

/* How many bytes of whole characters are in the first `room` bytes. */
static size_t whole_characters(tally_text text, size_t room)
{
	if (text.size <= room)
		return text.size;
	while (room > 0 && ((unsigned char)text.data[room] & 0xC0) == 0x80)
		room--;
	return room;
}

static tally_result collect(tally_xml_reader *r, tally_text text, tally_error *error)
{
	tally_result result = TALLY_OK;
	while (result == TALLY_OK) {
		size_t take = whole_characters(text, sizeof r->slice - r->slice_size);
		memcpy(r->slice + r->slice_size, text.data, take);
		r->slice_size += take;
		text.data += take;
		text.size -= take;
		if (text.size == 0)
			break;
		/* libxml2 overlooks a ]]> that is cut in two: brackets at the end wait for what follows. */
		size_t waiting = 0;
		while (waiting < 2 && r->slice[r->slice_size - 1 - waiting] == ']')
			waiting++;
		r->slice_size -= waiting;
		result = parse_slice(r, error);
		memset(r->slice, ']', waiting);
		r->slice_size = waiting;
	}
	return result;
}

tally_result tally_xml_feed(tally_xml_reader *r, const void *bytes, size_t size, tally_error *error)
{
	tally_text rest = {bytes, size};
	tally_result result = TALLY_OK;
	while (result == TALLY_OK && !r->stopped) {
		tally_text slice;
		switch (tally_decoder_next(&r->decoder, &rest, r->decoded, &slice)) {
		case TALLY_DECODE_MORE:
			return TALLY_OK;
		case TALLY_DECODE_NO_MEMORY:
			return tally_fail_memory(error);
		case TALLY_DECODE_MALFORMED:
			result = parse_slice(r, error);
			if (result == TALLY_OK)
				tally_xml_fatal(r, TALLY_XML_ENCODING, (tally_place){r->lines + 1, r->decoder.stored},
				      r->decoder.encoding == TALLY_ENCODING_UTF8 ? "there is a byte that is not UTF-8 text"
										 : "there is a unit that is not UTF-16 text");
			return result;
		case TALLY_DECODE_SLICE:
			break;
		}
		r->lines += tally_xml_lines_between((const xmlChar *)slice.data, (const xmlChar *)slice.data + slice.size);
		result = collect(r, slice, error);
	}
	return r->out_of_memory ? tally_fail_memory(error) : result;
}

tally_result tally_xml_finish(tally_xml_reader *r, tally_error *error)
{
	tally_result result = parse_slice(r, error);
	if (result != TALLY_OK)
		return result;
	r->ending = true;
	if (!r->stopped && !tally_decoder_complete(&r->decoder)) {
		bool too_short = r->decoder.encoding == TALLY_ENCODING_UNKNOWN;
		tally_xml_fatal(r, too_short ? TALLY_XML_MALFORMED : TALLY_XML_ENCODING, (tally_place){r->lines + 1, r->decoder.stored},
		      too_short ? "the document is too short for XML" : "the document ends within a character");
	}
	if (r->options.fragment) {
		if (!r->prolog_done)
			result = tally_xml_start_fragment(r, true, error);
		if (result == TALLY_OK)
			result = tally_xml_parse(r, TALLY_XML_FRAGMENT_END, sizeof TALLY_XML_FRAGMENT_END - 1, false, error);
	}
	if (result == TALLY_OK)
		result = tally_xml_parse(r, NULL, 0, true, error);
	return result;
}

void tally_xml_stop(tally_xml_reader *r)
{
	if (r->stopped)
		return;
	r->stopped = true;
	xmlStopParser(r->parser);
}

bool tally_xml_stopped(const tally_xml_reader *r)
{
	return r->stopped;
}
