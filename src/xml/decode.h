/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's input stage: whatever bytes arrive become well-formed UTF-8, and offsets in that UTF-8 can be turned
 * back into offsets in the stored document. libxml2 is only ever fed what comes out of here, so that encoding errors
 * are found at the same byte however the input is cut.
 */
#ifndef TALLY_XML_DECODE_H
#define TALLY_XML_DECODE_H

#include "base/error.h"
#include "base/text.h"

typedef enum tally_encoding { TALLY_ENCODING_UNKNOWN, TALLY_ENCODING_UTF8, TALLY_ENCODING_UTF16LE, TALLY_ENCODING_UTF16BE } tally_encoding;

typedef struct tally_decoder {
	tally_encoding encoding;
	uint8_t pending[4]; /* bytes of an incomplete character, or the first ones of the document */
	size_t pending_size;
	uint64_t stored;  /* stored bytes turned into text so far, byte-order mark included */
	uint64_t decoded; /* UTF-8 bytes that came out of them */
	/*
	 * UTF-16 only: the decoded text from `anchor_decoded` on, which begins at stored offset `anchor_stored`. Kept
	 * as long as an event may still refer to it.
	 */
	char *window;
	size_t window_begin, window_end, window_capacity;
	uint64_t anchor_decoded, anchor_stored;
} tally_decoder;

typedef enum tally_decode { TALLY_DECODE_MORE, TALLY_DECODE_SLICE, TALLY_DECODE_MALFORMED, TALLY_DECODE_NO_MEMORY } tally_decode;

#define TALLY_DECODE_SLICE_MAX 4096

/*
 * Turns the front of *bytes into at most TALLY_DECODE_SLICE_MAX bytes of UTF-8, advancing *bytes. SLICE: `slice` holds some. MORE: all
 * bytes are taken and no (further) text came of them. MALFORMED: the byte at decoder->stored is no text.
 * `slice` points into *bytes or into `buffer`.
 */
tally_decode tally_decoder_next(tally_decoder *decoder, tally_text *bytes, char buffer[TALLY_DECODE_SLICE_MAX], tally_text *slice);
/* At the end of the document: false when a character is incomplete. */
bool tally_decoder_complete(const tally_decoder *decoder);
/* Where the decoded byte stands in the stored document; not for one that was forgotten. */
uint64_t tally_decoder_stored_offset(const tally_decoder *decoder, uint64_t decoded);
/* Nobody will ask for an offset before `decoded` any more. */
void tally_decoder_forget(tally_decoder *decoder, uint64_t decoded);
void tally_decoder_clear(tally_decoder *decoder);

/* How many stored bytes a piece of decoded text takes: in UTF-16 two for each unit. */
uint64_t tally_stored_size(tally_text text, bool utf16);

#endif
