/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the formats: UTF-8 and UTF-16, Base16, Base64, decimal numbers. No locale, no allocation. */
#ifndef TALLY_BASE_TEXT_H
#define TALLY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of text that need not end in NUL. */
typedef struct tally_text {
	const char *data;
	size_t size; /* bytes */
} tally_text;

#define TALLY_TEXT(literal) ((tally_text){"" literal, sizeof(literal) - 1})

bool tally_text_equal(tally_text a, tally_text b);
bool tally_text_equal_string(tally_text text, const char *string);
/* Case-insensitive for ASCII letters only. */
bool tally_text_equal_ascii_nocase(tally_text a, tally_text b);
/* By bytes, as memcmp: below, equal to or above 0. A text stands right in front of those that begin with it. */
int tally_text_compare(tally_text a, tally_text b);
/* Without blanks, tabs, CR and LF at both ends (XML white space). */
tally_text tally_text_trim(tally_text text);
bool tally_text_starts(tally_text text, const char *prefix);
bool tally_text_contains(tally_text text, const char *needle);

#define TALLY_NOT_A_CODE_POINT UINT32_MAX
/*
 * Takes one code point off the front of *text. TALLY_NOT_A_CODE_POINT, with one byte taken, for what is not
 * well-formed UTF-8 (overlong forms, surrogates and values above U+10FFFF included). *text must not be empty.
 */
uint32_t tally_utf8_next(tally_text *text);
bool tally_utf8_valid(tally_text text);
/* Writes 1…4 bytes, returns how many; 0 for a surrogate or a value above U+10FFFF. */
size_t tally_utf8_put(uint32_t code_point, char out[4]);
/*
 * The code point at *at, which moves behind it, of `count` units of little-endian UTF-16 at any alignment; *at < count.
 * A surrogate without its partner stands for itself.
 */
uint32_t tally_utf16_next(const uint8_t *units, size_t count, size_t *at);
/* Number of UTF-16 units a code point takes: 1 or 2. */
unsigned tally_utf16_units(uint32_t code_point);

/* Base16 of either case into exactly `size` bytes; false when `text` isn't exactly 2 * size hex digits. */
bool tally_hex_decode(tally_text text, uint8_t *out, size_t size);
/* Upper case, as the service writes hashes; writes 2 * size digits and a NUL. */
void tally_hex_encode(const uint8_t *bytes, size_t size, char *out);
bool tally_is_hex(tally_text text);

/*
 * Strict Base64 (RFC 4648 section 4, with padding, no line breaks, no stray bits).
 * Returns the decoded size in *decoded; `out` may be NULL, else it must hold `capacity` bytes.
 */
bool tally_base64_decode(tally_text text, uint8_t *out, size_t capacity, size_t *decoded);

/* Unsigned decimal: digits only. Distinguishes what is not a number from what does not fit. */
typedef enum tally_number { TALLY_NUMBER_OK, TALLY_NUMBER_MALFORMED, TALLY_NUMBER_OVERFLOW } tally_number;
tally_number tally_decimal_parse(tally_text text, uint64_t *value);

#endif
