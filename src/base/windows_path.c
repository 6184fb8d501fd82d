/* SPDX-License-Identifier: Apache-2.0 */
#include "base/windows_path.h"

#define SEVEN_BITS UINT64_C(0x7F7F7F7F7F7F7F7F)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define EACH_BYTE UINT64_C(0x0101010101010101)

static bool is_separator(char c)
{
	return c == '\\' || c == '/';
}

static bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t component_length(tally_text text)
{
	size_t length = 0;
	while (length < text.size && !is_separator(text.data[length]))
		length++;
	return length;
}

static tally_text text_from(tally_text text, size_t start)
{
	/* An empty text may have no data, and NULL + 0 is undefined. */
	return start == 0 ? text : (tally_text){text.data + start, text.size - start};
}

bool tally_windows_path_next(tally_text *rest, tally_text *component)
{
	while (rest->size > 0 && is_separator(rest->data[0]))
		*rest = text_from(*rest, 1);
	*component = (tally_text){rest->data, component_length(*rest)};
	*rest = text_from(*rest, component->size);
	return component->size > 0;
}

/* U+0000…U+001F, and < > : " | ? * besides the separators, which never get here. */
static bool is_forbidden(unsigned char c)
{
	static const uint32_t forbidden[4] = {0xFFFFFFFF, 0xD4000404, 0x00000000, 0x10000000};
	return (forbidden[c / 32] >> (c % 32) & 1) != 0;
}

/* COM1…COM9, LPT1…LPT9; Windows takes the superscript digits of Latin-1 for digits. */
static bool is_port_digit(tally_text text)
{
	if (text.size == 1)
		return text.data[0] >= '1' && text.data[0] <= '9';
	return tally_text_equal_string(text, "\u00B9") || tally_text_equal_string(text, "\u00B2") ||
	       tally_text_equal_string(text, "\u00B3");
}

/*
 * Win32 finds the device whatever follows the first dot, and overlooks blanks before it. The console's two names are
 * devices only without an extension.
 */
static bool is_reserved_device(tally_text component)
{
	if (tally_text_equal_ascii_nocase(component, TALLY_TEXT("CONIN$")) ||
	    tally_text_equal_ascii_nocase(component, TALLY_TEXT("CONOUT$")))
		return true;
	size_t length = 0;
	while (length < component.size && component.data[length] != '.')
		length++;
	while (length > 0 && component.data[length - 1] == ' ')
		length--;
	if (length < 3 || length > 5)
		return false;
	tally_text stem = {component.data, 3};
	tally_text digit = {component.data + 3, length - 3};
	if (length == 3)
		return tally_text_equal_ascii_nocase(stem, TALLY_TEXT("CON")) ||
		       tally_text_equal_ascii_nocase(stem, TALLY_TEXT("PRN")) ||
		       tally_text_equal_ascii_nocase(stem, TALLY_TEXT("AUX")) ||
		       tally_text_equal_ascii_nocase(stem, TALLY_TEXT("NUL"));
	return (tally_text_equal_ascii_nocase(stem, TALLY_TEXT("COM")) ||
		tally_text_equal_ascii_nocase(stem, TALLY_TEXT("LPT"))) &&
	       is_port_digit(digit);
}

static tally_path_fault check_component(tally_text component, size_t *units)
{
	*units = 0;
	if (component.size == 0)
		return TALLY_PATH_EMPTY_COMPONENT;
	if (component.data[0] == '.' && (component.size == 1 || (component.size == 2 && component.data[1] == '.')))
		return TALLY_PATH_DOT_COMPONENT;
	for (size_t i = 0; i < component.size;) {
		unsigned char c = (unsigned char)component.data[i];
		if (c < 0x80) {
			if (is_forbidden(c))
				return TALLY_PATH_CHARACTER;
			i++;
			*units += 1;
			continue;
		}
		tally_text rest = text_from(component, i);
		uint32_t code_point = tally_utf8_next(&rest);
		if (code_point == TALLY_NOT_A_CODE_POINT)
			return TALLY_PATH_ENCODING;
		i = component.size - rest.size;
		*units += tally_utf16_units(code_point);
	}
	if (*units > TALLY_NTFS_COMPONENT_UNITS)
		return TALLY_PATH_COMPONENT_TOO_LONG;
	if (is_reserved_device(component))
		return TALLY_PATH_RESERVED_DEVICE;
	char last = component.data[component.size - 1];
	return last == '.' || last == ' ' ? TALLY_PATH_TRAILING : TALLY_PATH_OK;
}

/*
 * \\?\, \\.\ and \\server\share name other name spaces. `\\name` alone doesn't: that is a path in which somebody
 * doubled a backslash, as the service's own documents do (K-21), so it gets the fault that says so.
 */
static tally_path_problem check_doubled_start(tally_text path)
{
	tally_text rest = text_from(path, 2);
	tally_text name = {rest.data, component_length(rest)};
	bool is_name_space = tally_text_equal_string(name, "?") || tally_text_equal_string(name, ".");
	if (is_name_space || (name.size > 0 && name.size + 1 < rest.size))
		return (tally_path_problem){TALLY_PATH_DEVICE_PREFIX, path};
	return (tally_path_problem){TALLY_PATH_EMPTY_COMPONENT, {path.data + 1, 0}};
}

static bool has_drive_letter(tally_text path, bool separated)
{
	if (path.size < 2 || !is_ascii_letter(path.data[0]) || path.data[1] != ':')
		return false;
	return !separated || path.size == 2 || is_separator(path.data[2]);
}

static tally_path_problem check_path(tally_text path)
{
	bool separated = path.size > 0 && is_separator(path.data[0]);
	if (separated && path.size > 1 && is_separator(path.data[1]))
		return check_doubled_start(path);
	tally_text rest = text_from(path, separated ? 1 : 0);
	if (rest.size == 0)
		return (tally_path_problem){TALLY_PATH_EMPTY, path};
	if (has_drive_letter(rest, separated))
		return (tally_path_problem){TALLY_PATH_DRIVE_LETTER, {rest.data, 2}};
	for (size_t path_units = 0;;) {
		tally_text component = {rest.data, component_length(rest)};
		size_t units;
		tally_path_fault fault = check_component(component, &units);
		if (fault != TALLY_PATH_OK)
			return (tally_path_problem){fault, component};
		path_units += units;
		if (path_units > TALLY_WINDOWS_PATH_UNITS)
			return (tally_path_problem){TALLY_PATH_TOO_LONG, path};
		if (component.size == rest.size)
			return (tally_path_problem){TALLY_PATH_OK, {path.data, 0}};
		rest = text_from(rest, component.size + 1);
		path_units++;
	}
}

tally_path_fault tally_windows_path_check(tally_text path, tally_path_problem *problem)
{
	tally_path_problem found = check_path(path);
	if (problem != NULL)
		*problem = found;
	return found.fault;
}

bool tally_path_fault_is_length(tally_path_fault fault)
{
	return fault == TALLY_PATH_COMPONENT_TOO_LONG || fault == TALLY_PATH_TOO_LONG;
}

const char *tally_path_fault_text(tally_path_fault fault)
{
	switch (fault) {
	case TALLY_PATH_OK:
		return "nothing is wrong with the path";
	case TALLY_PATH_EMPTY:
		return "the path names nothing";
	case TALLY_PATH_EMPTY_COMPONENT:
		return "two separators follow each other, or one ends the path";
	case TALLY_PATH_DRIVE_LETTER:
		return "the path has a drive letter; it must be relative to the drive's root";
	case TALLY_PATH_DEVICE_PREFIX:
		return "the path names a device or a server; it must be relative to the drive's root";
	case TALLY_PATH_DOT_COMPONENT:
		return "a component is . or ..";
	case TALLY_PATH_CHARACTER:
		return "a component has a character that Windows doesn't allow: < > : \" | ? * or a control character";
	case TALLY_PATH_RESERVED_DEVICE:
		return "a component is the name of a device";
	case TALLY_PATH_TRAILING:
		return "a component ends in a dot or a blank";
	case TALLY_PATH_ENCODING:
		return "the path is not UTF-8";
	case TALLY_PATH_COMPONENT_TOO_LONG:
		return "a component is longer than 255 UTF-16 units";
	case TALLY_PATH_TOO_LONG:
		return "the path is longer than 32767 UTF-16 units";
	}
	return "unknown";
}

/* A stray byte as a value that no code point has, so that it equals only itself. */
#define STRAY_BYTE UINT32_C(0x80000000)

/* Takes one code point, upper-cased, off the front of *text. */
static uint32_t next_folded(tally_text *text)
{
	unsigned char c = (unsigned char)text->data[0];
	if (c < 0x80) {
		*text = text_from(*text, 1);
		return c - (unsigned)'a' < 26 ? c - 0x20U : c;
	}
	uint32_t code_point = tally_utf8_next(text);
	return code_point == TALLY_NOT_A_CODE_POINT ? STRAY_BYTE | c : tally_ntfs_upcase(code_point);
}

int tally_ntfs_compare(tally_text a, tally_text b)
{
	while (a.size > 0 && b.size > 0) {
		uint32_t x = next_folded(&a), y = next_folded(&b);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.size > 0) - (b.size > 0);
}

bool tally_ntfs_equal(tally_text a, tally_text b)
{
	return tally_ntfs_compare(a, b) == 0;
}

/* 0x80 in each byte of `word`, which has none, that equals `c`. No carry passes from byte to byte. */
static uint64_t bytes_equal(uint64_t word, char c)
{
	return (((word ^ (EACH_BYTE * (unsigned char)c)) + SEVEN_BITS) & HIGH_BITS) ^ HIGH_BITS;
}

/*
 * Eight bytes of ASCII at once: ten million paths are folded for one drive, and nearly all of their bytes are ASCII.
 * False, with nothing written, when there is something else among them or two separators are side by side.
 */
static bool fold_word(const char *in, char *out, bool after_separator)
{
	uint64_t word;
	memcpy(&word, in, sizeof word);
	if ((word & HIGH_BITS) != 0 || (after_separator && is_separator(in[0])))
		return false;
	uint64_t slashes = bytes_equal(word, '/');
	uint64_t separators = slashes | bytes_equal(word, '\\');
	if ((separators & separators >> 8) != 0)
		return false;
	word ^= (slashes >> 7) * ('/' ^ '\\');
	uint64_t from_a = word + EACH_BYTE * (0x80 - 'a');
	uint64_t beyond_z = word + EACH_BYTE * (0x7F - 'z');
	word -= (from_a & ~beyond_z & HIGH_BITS) >> 2; /* 0x80 >> 2 is 'a' - 'A' */
	memcpy(out, &word, sizeof word);
	return true;
}

/* One code point, stray byte or separator: 0…4 bytes. */
static size_t fold_one(tally_text *path, char out[4], bool after_separator)
{
	char first = path->data[0];
	if (is_separator(first)) {
		*path = text_from(*path, 1);
		out[0] = '\\';
		return after_separator ? 0 : 1;
	}
	uint32_t folded = next_folded(path);
	if ((folded & STRAY_BYTE) == 0)
		return tally_utf8_put(folded, out);
	out[0] = first;
	return 1;
}

void tally_ntfs_fold(tally_text path, void (*put)(void *context, const char *data, size_t size), void *context)
{
	char piece[512];
	size_t used = 0;
	bool after_separator = true; /* so that those in front disappear */
	while (path.size > 0 && is_separator(path.data[path.size - 1]))
		path.size--;
	while (path.size > 0) {
		if (sizeof piece - used < sizeof(uint64_t)) {
			put(context, piece, used);
			used = 0;
		}
		size_t written = sizeof(uint64_t);
		if (path.size >= sizeof(uint64_t) && fold_word(path.data, piece + used, after_separator))
			path = text_from(path, sizeof(uint64_t));
		else
			written = fold_one(&path, piece + used, after_separator);
		used += written;
		if (written > 0)
			after_separator = piece[used - 1] == '\\';
	}
	if (used > 0)
		put(context, piece, used);
}
