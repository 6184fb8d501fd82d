/* SPDX-License-Identifier: Apache-2.0 */
/* Text against oracles: OpenSSL for Base64, printf for numbers and digits, Unicode's own table of well-formed UTF-8. */
#include "base/text.h"

#include "support/documents.h"
#include "support/suite.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>

static tally_text text(const char *string)
{
	return (tally_text){string, strlen(string)};
}

/* ---- UTF-8 ---- */

/* Table 3-7 of the Unicode standard, byte by byte: how long is the well-formed sequence in front? 0: none. */
static size_t well_formed(const unsigned char *p, size_t size)
{
	static const struct {
		unsigned char first[2], second[2];
		size_t length;
	} rows[] = {
	    {{0x00, 0x7F}, {0, 0}, 1},       {{0xC2, 0xDF}, {0x80, 0xBF}, 2}, {{0xE0, 0xE0}, {0xA0, 0xBF}, 3},
	    {{0xE1, 0xEC}, {0x80, 0xBF}, 3}, {{0xED, 0xED}, {0x80, 0x9F}, 3}, {{0xEE, 0xEF}, {0x80, 0xBF}, 3},
	    {{0xF0, 0xF0}, {0x90, 0xBF}, 4}, {{0xF1, 0xF3}, {0x80, 0xBF}, 4}, {{0xF4, 0xF4}, {0x80, 0x8F}, 4},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (p[0] < rows[i].first[0] || p[0] > rows[i].first[1] || size < rows[i].length)
			continue;
		if (rows[i].length > 1 && (p[1] < rows[i].second[0] || p[1] > rows[i].second[1]))
			continue;
		bool tail = true;
		for (size_t k = 2; k < rows[i].length; k++)
			tail = tail && p[k] >= 0x80 && p[k] <= 0xBF;
		if (tail)
			return rows[i].length;
	}
	return 0;
}

START_TEST(test_every_code_point_goes_there_and_back)
{
	for (uint32_t c = 0; c <= 0x110000; c++) {
		char bytes[4];
		size_t size = tally_utf8_put(c, bytes);
		bool exists = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
		size_t expected = !exists ? 0 : c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		REQUIRE(size == expected, "U+%04X takes %zu bytes, not %zu", c, size, expected);
		if (!exists)
			continue;
		tally_text rest = {bytes, size};
		REQUIRE(tally_utf8_next(&rest) == c && rest.size == 0, "U+%04X does not come back", c);
		REQUIRE(well_formed((unsigned char *)bytes, size) == size, "U+%04X is written wrongly", c);
		REQUIRE(tally_utf16_units(c) == (c > 0xFFFF ? 2 : 1), "U+%04X in UTF-16", c);
	}
}
END_TEST

static void check_bytes(const unsigned char *bytes, size_t size)
{
	size_t expected = well_formed(bytes, size);
	tally_text rest = {(const char *)bytes, size};
	uint32_t c = tally_utf8_next(&rest);
	size_t taken = size - rest.size;
	bool right = expected == 0 ? c == TALLY_NOT_A_CODE_POINT && taken == 1
				   : c != TALLY_NOT_A_CODE_POINT && taken == expected;
	REQUIRE(right, "%02X %02X %02X %02X (%zu bytes): %zu taken, not %zu", bytes[0], bytes[1], bytes[2], bytes[3],
		size, taken, expected);
}

/* Two bytes: all. Three and four: all first and second bytes, and those later ones where something changes. */
START_TEST(test_what_is_not_utf8_is_told_from_what_is)
{
	static const unsigned char tails[] = {0x00, 0x3C, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xE2, 0xFF};
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			unsigned char bytes[4] = {(unsigned char)first, (unsigned char)second};
			check_bytes(bytes, 1);
			check_bytes(bytes, 2);
			for (size_t i = 0; i < sizeof tails * sizeof tails; i++) {
				bytes[2] = tails[i / sizeof tails];
				bytes[3] = tails[i % sizeof tails];
				check_bytes(bytes, 3);
				check_bytes(bytes, 4);
			}
		}
	}
	ck_assert(tally_utf8_valid(text("crate \xF0\x9F\x8D\x8E")));
	ck_assert(!tally_utf8_valid(text("crate \xF0\x9F\x8D")));
	ck_assert(!tally_utf8_valid(text("\xE4rger")));
	ck_assert(tally_utf8_valid((tally_text){NULL, 0}));
}
END_TEST

/* ---- Base16 and Base64 ---- */

START_TEST(test_utf16_goes_there_and_back)
{
	static const struct {
		uint8_t units[8];
		size_t count;
		uint32_t first;
		size_t taken;
	} odd[] = {
	    {{0x3D, 0xD8, 0xF7, 0xDC}, 2, 0x1F4F7, 2},
	    {{0x3D, 0xD8}, 1, 0xD83D, 1},                         /* cut in the middle */
	    {{0x3D, 0xD8, 0x41, 0x00}, 2, 0xD83D, 1},             /* no partner */
	    {{0x3D, 0xD8, 0x3D, 0xD8, 0xF7, 0xDC}, 3, 0xD83D, 1}, /* another beginning */
	    {{0xF7, 0xDC, 0x3D, 0xD8}, 2, 0xDCF7, 1},             /* the wrong way round */
	    {{0, 0, 0x41, 0}, 2, 0, 1},
	};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		size_t at = 0;
		ck_assert_uint_eq(tally_utf16_next(odd[i].units, odd[i].count, &at), odd[i].first);
		ck_assert_uint_eq(at, odd[i].taken);
	}
	for (uint32_t c = 0; c < 0x110000; c += 0x101) {
		unsigned count = tally_utf16_units(c);
		uint32_t high = count == 2 ? 0xD800 + ((c - 0x10000) >> 10) : c, low = 0xDC00 + (c & 0x3FF);
		const uint8_t units[] = {(uint8_t)high, (uint8_t)(high >> 8), (uint8_t)low, (uint8_t)(low >> 8)};
		size_t at = 0;
		ck_assert_uint_eq(tally_utf16_next(units, count, &at), c);
		ck_assert_uint_eq(at, count);
	}
}
END_TEST

START_TEST(test_hex)
{
	for (unsigned value = 0; value < 256; value++) {
		uint8_t byte = (uint8_t)value, back;
		char upper[3], lower[3], ours[3];
		snprintf(upper, sizeof upper, "%02X", value);
		snprintf(lower, sizeof lower, "%02x", value);
		tally_hex_encode(&byte, 1, ours);
		ck_assert_str_eq(ours, upper);
		ck_assert(tally_hex_decode(text(upper), &back, 1) && back == byte);
		ck_assert(tally_hex_decode(text(lower), &back, 1) && back == byte);
	}
	for (unsigned c = 0; c < 256; c++) {
		char pair[2] = {'0', (char)c};
		uint8_t byte;
		bool digit = c != 0 && strchr("0123456789abcdefABCDEF", (int)c) != NULL;
		ck_assert(tally_hex_decode((tally_text){pair, 2}, &byte, 1) == digit);
		ck_assert(tally_is_hex((tally_text){pair, 2}) == digit);
		ck_assert(tally_is_hex((tally_text){pair + 1, 1}) == digit);
	}
	uint8_t md5[16];
	ck_assert(tally_hex_decode(text("0123456789abcdefFEDCBA9876543210"), md5, 16));
	ck_assert(!tally_hex_decode(text("0123456789abcdefFEDCBA987654321"), md5, 16));
	ck_assert(!tally_hex_decode(text("0123456789abcdefFEDCBA98765432100"), md5, 16));
	ck_assert(!tally_hex_decode(text(""), md5, 16));
	ck_assert(!tally_is_hex(text("")));
}
END_TEST

START_TEST(test_base64_reads_what_openssl_writes)
{
	uint32_t state = 1;
	for (int size = 1; size <= 200; size++) {
		unsigned char bytes[200], encoded[300];
		uint8_t decoded[200];
		for (int i = 0; i < size; i++)
			bytes[i] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
		int length = EVP_EncodeBlock(encoded, bytes, size);
		tally_text base64 = {(const char *)encoded, (size_t)length};
		size_t got = 0;
		ck_assert(tally_base64_decode(base64, decoded, (size_t)size, &got));
		ck_assert_uint_eq(got, (size_t)size);
		ck_assert_mem_eq(decoded, bytes, (size_t)size);
		ck_assert(tally_base64_decode(base64, NULL, 0, &got));
		ck_assert_uint_eq(got, (size_t)size);
		ck_assert(!tally_base64_decode(base64, decoded, (size_t)size - 1, &got));
		for (size_t cut = 1; cut < 4; cut++)
			ck_assert(!tally_base64_decode((tally_text){base64.data, base64.size - cut}, NULL, 0, &got));
	}
}
END_TEST

START_TEST(test_base64_is_strict)
{
	static const char *const wrong[] = {"",         "=",        "====",     "A===",       "AA=A", "AAA",
					    "AB==",     "AAB=",     "AAAA AAA", "AAAA\nAAA",  "AA-_", " AAAA",
					    "AAAA====", "AA==AAAA", "AAA=AAAA", "\xC3\xA4==", "A A="};
	size_t size;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(!tally_base64_decode(text(wrong[i]), NULL, 0, &size), "\"%s\" is taken", wrong[i]);
	/* Each byte that is no digit, in each place. */
	for (unsigned c = 0; c < 256; c++) {
		for (size_t place = 0; place < 4; place++) {
			char digits[4] = {'A', 'A', 'A', 'A'};
			digits[place] = (char)c;
			unsigned char plain[4];
			bool openssl_knows = c != '=' && c > ' ' && c < 0x7F && c != '-' &&
					     EVP_DecodeBlock(plain, (unsigned char *)digits, 4) == 3;
			bool padding = c == '=' && place == 3;
			ck_assert_msg(tally_base64_decode((tally_text){digits, 4}, NULL, 0, &size) ==
					  (openssl_knows || padding),
				      "byte %02X at %zu", c, place);
		}
	}
}
END_TEST

/* ---- numbers ---- */

START_TEST(test_decimal_numbers)
{
	static const uint64_t values[] = {0, 1, 9, 10, 511, 4194304, UINT32_MAX, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
	uint64_t value;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char digits[64];
		snprintf(digits, sizeof digits, "%" PRIu64, values[i]);
		ck_assert_int_eq(tally_decimal_parse(text(digits), &value), TALLY_NUMBER_OK);
		ck_assert_uint_eq(value, values[i]);
		snprintf(digits, sizeof digits, "%040" PRIu64, values[i]);
		ck_assert_int_eq(tally_decimal_parse(text(digits), &value), TALLY_NUMBER_OK);
		ck_assert_uint_eq(value, values[i]);
	}
	static const char *const large[] = {"18446744073709551616",
					    "18446744073709551617",
					    "18446744073709551620",
					    "28446744073709551615",
					    "99999999999999999999",
					    "184467440737095516150",
					    "340282366920938463463374607431768211456"};
	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
		ck_assert_int_eq(tally_decimal_parse(text(large[i]), &value), TALLY_NUMBER_OVERFLOW);
	static const char *const wrong[] = {"",     " ",   "+1",  "-1",    "1 ",       " 1",
					    "0x10", "1e3", "1.0", "1,000", "\xD9\xA1", "99999999999999999999x",
					    "12\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_int_eq(tally_decimal_parse(text(wrong[i]), &value), TALLY_NUMBER_MALFORMED);
	ck_assert_int_eq(tally_decimal_parse((tally_text){"1\0"
							  "2",
							  3},
					     &value),
			 TALLY_NUMBER_MALFORMED);
}
END_TEST

/* ---- pieces of text ---- */

START_TEST(test_comparing_and_trimming)
{
	ck_assert(tally_text_equal(text("crate"), text("crate")));
	ck_assert(!tally_text_equal(text("crate"), text("crates")));
	ck_assert(tally_text_equal((tally_text){NULL, 0}, text("")));
	ck_assert(tally_text_equal_string((tally_text){"crates", 5}, "crate"));
	ck_assert(tally_text_equal_ascii_nocase(text("DriveID"), text("DriveId")));
	ck_assert(!tally_text_equal_ascii_nocase(text("Drive\xC3\xA4"), text("Drive\xC3\x84")));
	ck_assert(!tally_text_equal_ascii_nocase(text("@[`{"), text("`{@[")));
	ck_assert(tally_text_equal_string(tally_text_trim(text(" \t\r\n a b \n")), "a b"));
	ck_assert_uint_eq(tally_text_trim(text(" \t\r\n")).size, 0);
	ck_assert(tally_text_equal_string(tally_text_trim(text("\xC2\xA0"
							       "a\v")),
					  "\xC2\xA0"
					  "a\v"));
	ck_assert(tally_text_starts(text("MD5/x"), "MD5/") && !tally_text_starts(text("MD5"), "MD5/"));
	ck_assert(tally_text_contains(text("a--b"), "--") && !tally_text_contains(text("a-b-"), "--"));
	ck_assert(!tally_text_contains((tally_text){NULL, 0}, "x"));
}
END_TEST

int main(void)
{
	return suite_run("text", (const suite_test[]){{test_every_code_point_goes_there_and_back, 0},
						      {test_what_is_not_utf8_is_told_from_what_is, 0},
						      {test_utf16_goes_there_and_back, 0},
						      {test_hex, 0},
						      {test_base64_reads_what_openssl_writes, 0},
						      {test_base64_is_strict, 0},
						      {test_decimal_numbers, 0},
						      {test_comparing_and_trimming, 0},
						      {NULL, 0}});
}
