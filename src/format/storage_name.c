/* SPDX-License-Identifier: Apache-2.0 */
#include "format/storage_name.h"

static const char *const special[] = {"$root", "$web", "$logs"};

#define SPECIAL (sizeof special / sizeof special[0])
#define CONTAINER_MIN 3
#define CONTAINER_MAX 63

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Faults are told in the order that the service's own messages follow: length, characters, hyphens (N-16). */
const char *tally_container_name_fault(tally_text name)
{
	for (size_t i = 0; i < SPECIAL; i++)
		if (tally_text_equal_string(name, special[i]))
			return NULL;
	if (name.size < CONTAINER_MIN)
		return "it is shorter than 3 characters";
	if (name.size > CONTAINER_MAX)
		return "it is longer than 63 characters";
	for (size_t i = 0; i < name.size; i++)
		if (!is_lower_or_digit(name.data[i]) && name.data[i] != '-')
			return "only lower-case letters, digits and hyphens may occur";
	if (name.data[0] == '-' || name.data[name.size - 1] == '-')
		return "it must start and end with a letter or digit";
	return tally_text_contains(name, "--") ? "two hyphens follow each other" : NULL;
}

/* Why no container's name begins so; NULL when one may. */
static const char *beginning_fault(tally_text name)
{
	for (size_t i = 0; i < SPECIAL; i++)
		if (name.size <= strlen(special[i]) && memcmp(name.data, special[i], name.size) == 0)
			return NULL;
	if (name.size > CONTAINER_MAX)
		return "it is longer than 63 characters";
	/* What is too short, or ends in a hyphen, may go on. */
	char whole[CONTAINER_MAX + CONTAINER_MIN];
	memcpy(whole, name.data, name.size);
	memset(whole + name.size, '0', CONTAINER_MIN);
	size_t size = name.size + (name.data[name.size - 1] == '-');
	size = size < CONTAINER_MIN ? CONTAINER_MIN : size;
	return tally_container_name_fault((tally_text){whole, size < CONTAINER_MAX ? size : CONTAINER_MAX});
}

const char *tally_prefix_container_fault(const tally_blob_name *prefix)
{
	if (prefix->blob.data != NULL)
		return tally_container_name_fault(prefix->container);
	return prefix->container.size > 0 ? beginning_fault(prefix->container) : NULL;
}

tally_blob_name tally_blob_path_split(tally_text path)
{
	tally_blob_name name = {.leading_slash = path.size > 0 && path.data[0] == '/'};
	if (name.leading_slash) {
		path.data++;
		path.size--;
	}
	const char *slash = path.size > 0 ? memchr(path.data, '/', path.size) : NULL;
	if (slash == NULL) {
		name.container = path;
		return name;
	}
	name.container = (tally_text){path.data, (size_t)(slash - path.data)};
	name.blob = (tally_text){slash + 1, path.size - name.container.size - 1};
	return name;
}

/* The characters that N-03 names: control characters, and private-use and non-characters, U+E000 and its like. */
static bool is_forbidden(uint32_t c)
{
	return c < 0x20 || c == 0x81 || (c >= 0xE000 && c <= 0xF8FF) || c == 0xFFFE || c == 0xFFFF ||
	       c == TALLY_NOT_A_CODE_POINT;
}

#define BLOB_NAME_CHARACTERS 1024
#define BLOB_NAME_SEGMENTS 254

tally_blob_fault tally_blob_name_check(const tally_blob_name *name)
{
	if (name->blob.size == 0)
		return TALLY_BLOB_NAME_EMPTY;
	size_t units = 0, segments = 1;
	bool forbidden = false, delete = false;
	for (tally_text rest = name->blob; rest.size > 0;) {
		uint32_t c = tally_utf8_next(&rest);
		units += tally_utf16_units(c == TALLY_NOT_A_CODE_POINT ? 0 : c);
		segments += c == '/';
		forbidden = forbidden || is_forbidden(c);
		delete = delete || c == 0x7F;
	}
	if (units > BLOB_NAME_CHARACTERS)
		return TALLY_BLOB_NAME_TOO_LONG;
	if (segments > BLOB_NAME_SEGMENTS)
		return TALLY_BLOB_NAME_SEGMENTS;
	if (forbidden)
		return TALLY_BLOB_NAME_CHARACTER;
	if (segments > 1 && tally_text_equal_string(name->container, "$root"))
		return TALLY_BLOB_NAME_ROOT_SLASH;
	if (delete)
		return TALLY_BLOB_NAME_DELETE;
	char last = name->blob.data[name->blob.size - 1];
	return last == '.' || last == '/' ? TALLY_BLOB_NAME_END : TALLY_BLOB_NAME_OK;
}
