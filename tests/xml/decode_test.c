/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to UTF-8 and back to offsets, however they are cut. The oracle for UTF-16 is tests/support's own writer. */
#include "xml/decode.h"

#include "support/documents.h"
#include "support/suite.h"

typedef struct outcome {
	test_text text;
	tally_decode state; /* the last one that isn't SLICE */
	bool complete;
	uint64_t stored;
	tally_encoding encoding;
} outcome;

static outcome decode(const char *bytes, size_t size, size_t piece)
{
	outcome o = {.state = TALLY_DECODE_MORE};
	tally_decoder d = {0};
	char buffer[TALLY_DECODE_SLICE_MAX];
	text_add(&o.text, "", 0);
	for (size_t at = 0; at < size && o.state == TALLY_DECODE_MORE; at += piece) {
		tally_text rest = {bytes + at, size - at < piece ? size - at : piece}, slice;
		while ((o.state = tally_decoder_next(&d, &rest, buffer, &slice)) == TALLY_DECODE_SLICE) {
			REQUIRE(slice.size > 0 && slice.size <= TALLY_DECODE_SLICE_MAX, "a slice of %zu", slice.size);
			REQUIRE(tally_utf8_valid(slice), "a slice cut within a character");
			text_add(&o.text, slice.data, slice.size);
		}
		REQUIRE(o.state != TALLY_DECODE_MORE || rest.size == 0, "%zu bytes left", rest.size);
	}
	o.complete = tally_decoder_complete(&d);
	o.stored = d.stored;
	o.encoding = d.encoding;
	tally_decoder_clear(&d);
	return o;
}

static const size_t cuts[] = {1, 2, 3, 4, 5, 7, 64, 4095, 4096, 4097, SIZE_MAX / 2};
#define CUTS (int)(sizeof cuts / sizeof cuts[0])

/* ---- well-formed text ---- */

static const char sample[] = "<a>crate \xC3\xA4 \xE6\x97\xA5 \xF0\x9F\x8D\x8E \xEF\xBB\xBF end</a>";

START_TEST(test_all_encodings_give_the_same_text)
{
	for (int form = 0; form < 6; form++) {
		test_text bytes = {0};
		tally_encoding expected = TALLY_ENCODING_UTF8;
		if (form < 4) {
			text_add_utf16(&bytes, sample, (form & 1) != 0, (form & 2) != 0);
			expected = (form & 1) != 0 ? TALLY_ENCODING_UTF16BE : TALLY_ENCODING_UTF16LE;
		} else {
			text_print(&bytes, "%s%s", form == 4 ? "" : "\xEF\xBB\xBF", sample);
		}
		outcome o = decode(bytes.data, bytes.size, cuts[_i]);
		ck_assert_int_eq(o.state, TALLY_DECODE_MORE);
		ck_assert(o.complete);
		ck_assert_int_eq(o.encoding, expected);
		ck_assert_str_eq(o.text.data, sample);
		ck_assert_uint_eq(o.stored, bytes.size);
		text_clear(&o.text);
		text_clear(&bytes);
	}
}
END_TEST

/* Many slices, with characters of every length across their borders. */
START_TEST(test_long_text)
{
	test_text utf8 = {0};
	for (unsigned i = 0; utf8.size < 40000; i++)
		text_print(&utf8, "%.*s\xC3\xA4\xE6\x97\xA5%.*s\xF0\x9F\x8D\x8E", (int)(i % 9), "abcdefghi",
			   (int)(i % 5), "vwxyz");
	for (int form = 0; form < 3; form++) {
		test_text bytes = {0};
		if (form == 2)
			text_add(&bytes, utf8.data, utf8.size);
		else
			text_add_utf16(&bytes, utf8.data, form == 1, true);
		outcome o = decode(bytes.data, bytes.size, cuts[_i]);
		ck_assert_int_eq(o.state, TALLY_DECODE_MORE);
		ck_assert(o.complete);
		ck_assert_uint_eq(o.text.size, utf8.size);
		ck_assert_mem_eq(o.text.data, utf8.data, utf8.size);
		text_clear(&o.text);
		text_clear(&bytes);
	}
	text_clear(&utf8);
}
END_TEST

/* ---- what is no text ---- */

static const struct {
	const char *bytes;
	size_t size, good; /* stored bytes in front of what is wrong */
} wrong[] = {
#define WRONG(literal, good)           \
  {                                    \
    literal, sizeof(literal) - 1, good \
  }
    WRONG("abc\xFF"
	  "def",
	  3),
    WRONG("abc\x80", 3),
    WRONG("abc\xC3"
	  "d",
	  3),
    WRONG("abc\xE2\x82"
	  "d",
	  3),
    WRONG("abc\xF0\x9F\x8D"
	  "d",
	  3),
    WRONG("abc\xED\xA0\x80", 3),
    WRONG("abc\xE0\x80\x80", 3),
    WRONG("abc\xF4\x90\x80\x80", 3),
    WRONG("abcd\0e", 4),
    WRONG("a\xFF"
	  "bcdef",
	  1),
    WRONG("ab\xC3"
	  "def",
	  2),
    WRONG("\xEF\xBB\xBF"
	  "ab\xFE"
	  "cd",
	  5),
    WRONG("\xFF\xFE"
	  "a\0\0\xD8"
	  "b\0",
	  4), /* half a pair */
    WRONG("\xFF\xFE"
	  "a\0\0\xDC"
	  "b\0",
	  4), /* the other half */
    WRONG("\xFE\xFF"
	  "\0a\0\0\0b",
	  4),                        /* U+0000 */
    WRONG("\xFF\xFE\0\0<\0\0\0", 2), /* UTF-32 */
    WRONG("<\0a\0\0\xD8\0\xD8", 4),
};

#define WRONGS (int)(sizeof wrong / sizeof wrong[0])

START_TEST(test_what_is_no_text_is_told_at_its_byte)
{
	for (int cut = 0; cut < CUTS; cut++) {
		outcome o = decode(wrong[_i].bytes, wrong[_i].size, cuts[cut]);
		ck_assert_msg(o.state == TALLY_DECODE_MALFORMED, "case %d cut at %zu: state %d", _i, cuts[cut],
			      (int)o.state);
		ck_assert_msg(o.stored == wrong[_i].good, "case %d cut at %zu: byte %zu", _i, cuts[cut],
			      (size_t)o.stored);
		text_clear(&o.text);
	}
}
END_TEST

START_TEST(test_an_end_within_a_character_is_seen)
{
	static const struct {
		const char *bytes;
		size_t size;
		bool complete;
	} ends[] = {{"", 0, true},
		    {"a", 1, false}, /* too short to tell the encoding */
		    {"abcd", 4, true},
		    {"abcd\xC3", 5, false},
		    {"abcd\xF0\x9F\x8D", 7, false},
		    {"\xFF\xFE"
		     "a\0",
		     4, true},
		    {"\xFF\xFE"
		     "a\0b",
		     5, false},
		    {"\xFF\xFE"
		     "a\0\x3C\xD8",
		     6, false}};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		for (int cut = 0; cut < CUTS; cut++) {
			outcome o = decode(ends[i].bytes, ends[i].size, cuts[cut]);
			ck_assert_int_eq(o.state, TALLY_DECODE_MORE);
			ck_assert_msg(o.complete == ends[i].complete, "case %zu cut at %zu", i, cuts[cut]);
			text_clear(&o.text);
		}
	}
}
END_TEST

/* ---- offsets ---- */

/* Each character's offset, asked for in order, with and without forgetting what lies behind. */
START_TEST(test_offsets_lead_back_to_the_stored_bytes)
{
	for (int form = 0; form < 6; form++) {
		test_text bytes = {0};
		bool utf16 = form < 4, mark = (form & 2) != 0;
		if (utf16)
			text_add_utf16(&bytes, sample, (form & 1) != 0, mark);
		else
			text_print(&bytes, "%s%s", form == 4 ? "" : "\xEF\xBB\xBF", sample);
		tally_decoder d = {0};
		char buffer[TALLY_DECODE_SLICE_MAX];
		tally_text input = {bytes.data, bytes.size}, slice;
		while (tally_decoder_next(&d, &input, buffer, &slice) == TALLY_DECODE_SLICE)
			;
		uint64_t stored = utf16 ? (mark ? 2 : 0) : form == 5 ? 3 : 0;
		for (tally_text rest = {sample, sizeof sample - 1}; rest.size > 0;) {
			uint64_t decoded = sizeof sample - 1 - rest.size;
			ck_assert_uint_eq(tally_decoder_stored_offset(&d, decoded), stored);
			if (_i == 1)
				tally_decoder_forget(&d, decoded);
			ck_assert_uint_eq(tally_decoder_stored_offset(&d, decoded), stored);
			size_t before = rest.size;
			uint32_t c = tally_utf8_next(&rest);
			stored += utf16 ? 2 * tally_utf16_units(c) : before - rest.size;
		}
		ck_assert_uint_eq(tally_decoder_stored_offset(&d, sizeof sample - 1), bytes.size);
		tally_decoder_clear(&d);
		text_clear(&bytes);
	}
}
END_TEST

int main(void)
{
	return suite_run("decode", (const suite_test[]){{test_all_encodings_give_the_same_text, CUTS},
							{test_long_text, CUTS},
							{test_what_is_no_text_is_told_at_its_byte, WRONGS},
							{test_an_end_within_a_character_is_seen, 0},
							{test_offsets_lead_back_to_the_stored_bytes, 2},
							{NULL, 0}});
}
