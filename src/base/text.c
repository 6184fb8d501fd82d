/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/bytes.h"

bool tally_text_equal(tally_text a, tally_text b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int tally_text_compare(tally_text a, tally_text b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

bool tally_text_equal_string(tally_text text, const char *string)
{
	/* Names of a grammar mostly differ in their first letter. */
	if (text.size > 0 && text.data[0] != string[0])
		return false;
	return tally_text_equal(text, (tally_text){string, strlen(string)});
}

static unsigned char ascii_lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool tally_text_equal_ascii_nocase(tally_text a, tally_text b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

static bool is_xml_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

tally_text tally_text_trim(tally_text text)
{
	while (text.size > 0 && is_xml_space(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_xml_space(text.data[text.size - 1]))
		text.size--;
	return text;
}

bool tally_text_starts(tally_text text, const char *prefix)
{
	size_t size = strlen(prefix);
	return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

bool tally_text_contains(tally_text text, const char *needle)
{
	return text.size > 0 && memmem(text.data, text.size, needle, strlen(needle)) != NULL;
}

uint32_t tally_utf8_next(tally_text *text)
{
	const unsigned char *p = (const unsigned char *)text->data;
	size_t left = text->size;
	uint32_t value = p[0];
	size_t length = value < 0x80 ? 1 : value >= 0xC2 && value < 0xE0 ? 2 : (value & 0xF0) == 0xE0 ? 3
		      : value >= 0xF0 && value < 0xF5 ? 4 : 0;
	if (length == 0 || length > left)
		goto malformed;
	if (length > 1)
		value &= 0x7FU >> length;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xC0) != 0x80)
			goto malformed;
		value = value << 6 | (p[i] & 0x3F);
	}
	if ((length == 3 && (value < 0x800 || (value >= 0xD800 && value < 0xE000))) ||
	    (length == 4 && (value < 0x10000 || value > 0x10FFFF)))
		goto malformed;
	text->data += length;
	text->size -= length;
	return value;
malformed:
	text->data++;
	text->size--;
	return TALLY_NOT_A_CODE_POINT;
}

bool tally_utf8_valid(tally_text text)
{
	while (text.size > 0)
		if (tally_utf8_next(&text) == TALLY_NOT_A_CODE_POINT)
			return false;
	return true;
}

size_t tally_utf8_put(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c >= 0xD800 && c < 0xE000)
		return 0;
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	if (c > 0x10FFFF)
		return 0;
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

uint32_t tally_utf16_next(const uint8_t *units, size_t count, size_t *at)
{
	uint32_t unit = tally_le16(units + 2 * (*at)++);
	if (unit < 0xD800 || unit >= 0xDC00 || *at == count)
		return unit;
	uint32_t low = tally_le16(units + 2 * *at);
	if (low < 0xDC00 || low >= 0xE000)
		return unit;
	(*at)++;
	return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

unsigned tally_utf16_units(uint32_t code_point)
{
	return code_point >= 0x10000 ? 2 : 1;
}

/* Without branches: digits and letters come in no order that a processor could predict. */
static int hex_digit(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0', letter = ((unsigned char)c | 0x20U) - (unsigned)'a';
	return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

bool tally_hex_decode(tally_text text, uint8_t *out, size_t size)
{
	if (text.size != 2 * size)
		return false;
	int wrong = 0;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
		wrong |= high | low;
		out[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	return wrong >= 0;
}

void tally_hex_encode(const uint8_t *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < size; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

bool tally_is_hex(tally_text text)
{
	for (size_t i = 0; i < text.size; i++)
		if (hex_digit(text.data[i]) < 0)
			return false;
	return text.size > 0;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool tally_base64_decode(tally_text text, uint8_t *out, size_t capacity, size_t *decoded)
{
	if (text.size == 0 || text.size % 4 != 0)
		return false;
	size_t padding = text.data[text.size - 1] != '=' ? 0 : text.data[text.size - 2] != '=' ? 1 : 2;
	size_t size = text.size / 4 * 3 - padding;
	if (out != NULL && size > capacity)
		return false;
	uint32_t bits = 0;
	size_t written = 0;
	for (size_t i = 0; i < text.size - padding; i++) {
		int digit = base64_digit(text.data[i]);
		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 == 0)
			continue;
		/* The 2nd, 3rd and 4th digit of a group complete a byte, with 4, 2 and 0 bits left over. */
		uint32_t left_over = 6 - 2 * (uint32_t)(i % 4);
		if (out != NULL && written < size)
			out[written] = (uint8_t)(bits >> left_over);
		written++;
		bits &= (1U << left_over) - 1;
	}
	*decoded = size;
	return bits == 0; /* stray bits under the padding: two texts for one value */
}

tally_number tally_decimal_parse(tally_text text, uint64_t *value)
{
	if (text.size == 0)
		return TALLY_NUMBER_MALFORMED;
	uint64_t result = 0;
	bool overflow = false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return TALLY_NUMBER_MALFORMED;
		if (__builtin_mul_overflow(result, UINT64_C(10), &result) ||
		    __builtin_add_overflow(result, (uint64_t)(text.data[i] - '0'), &result))
			overflow = true;
	}
	if (overflow)
		return TALLY_NUMBER_OVERFLOW;
	*value = result;
	return TALLY_NUMBER_OK;
}
