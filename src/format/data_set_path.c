/* SPDX-License-Identifier: Apache-2.0 */
#include "format/data_set_path.h"

#include "base/windows_path.h"

#define LONG_PATH 256

static bool is_separator(char c)
{
	return c == '\\' || c == '/';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool has_letter(tally_text path)
{
	return path.size >= 3 && is_letter(path.data[0]) && path.data[1] == ':' && is_separator(path.data[2]);
}

bool tally_local_path_begins(tally_text path)
{
	return has_letter(path) || tally_text_starts(path, "\\\\");
}

bool tally_local_path_is_long(tally_text path)
{
	size_t units = 0;
	while (path.size > 0) {
		uint32_t c = tally_utf8_next(&path);
		units += tally_utf16_units(c == TALLY_NOT_A_CODE_POINT ? 0 : c);
	}
	return units > LONG_PATH;
}

tally_local_fault tally_local_path_check(tally_text path, const char **reason)
{
	*reason = "";
	tally_text rest = path, part;
	if (tally_text_starts(path, "\\\\?\\") || tally_text_starts(path, "\\\\.\\")) {
		*reason = "it begins as the path of a device";
		return TALLY_LOCAL_RELATIVE;
	}
	if (has_letter(path)) {
		rest = (tally_text){path.data + 3, path.size - 3};
	} else if (!tally_text_starts(path, "\\\\")) {
		return TALLY_LOCAL_RELATIVE;
	} else if (!tally_windows_path_next(&rest, &part) || !tally_windows_path_next(&rest, &part)) {
		*reason = "a share of the server is missing";
		return TALLY_LOCAL_RELATIVE;
	}
	if (memchr(path.data, '*', path.size) != NULL || memchr(path.data, '?', path.size) != NULL)
		return TALLY_LOCAL_PATTERN;
	if (rest.size > 0 && is_separator(rest.data[rest.size - 1]))
		rest.size--;
	tally_path_fault fault = rest.size > 0 ? tally_windows_path_check(rest, NULL) : TALLY_PATH_OK;
	if (fault == TALLY_PATH_OK)
		return TALLY_LOCAL_OK;
	*reason = tally_path_fault_text(fault);
	return TALLY_LOCAL_NAME;
}
