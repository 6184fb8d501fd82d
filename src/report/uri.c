/* SPDX-License-Identifier: Apache-2.0 */
#include "report/uri.h"

#include <stdio.h>

static bool is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

static void write_path(tally_writer *writer, const char *path, char separator)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		char encoded[4];
		if (*path == separator || c == '/') {
			tally_write(writer, "/");
		} else if (is_unreserved(c)) {
			tally_write_bytes(writer, path, 1);
		} else {
			snprintf(encoded, sizeof encoded, "%%%02X", c);
			tally_write(writer, encoded);
		}
	}
}

void tally_uri_write(tally_writer *writer, const char *path)
{
	/* Hosts compare the paths with those of the repository, which have no dot in front. */
	while (strncmp(path, "./", 2) == 0) {
		path += 2;
		path += strspn(path, "/");
	}
	if (path[0] == '/')
		tally_write(writer, "file://");
	write_path(writer, path[0] != '\0' ? path : ".", '/');
}

bool tally_uri_is_on_drive(const char *path)
{
	while (*path != '\0') {
		size_t size = strcspn(path, "\\/");
		if (size == 2 && memcmp(path, "..", 2) == 0)
			return false;
		path += size;
		path += strspn(path, "\\/");
	}
	return true;
}

void tally_uri_write_on_drive(tally_writer *writer, const char *drive, const char *path)
{
	size_t size = strlen(drive);
	tally_uri_write(writer, drive);
	if (size == 0 || drive[size - 1] != '/')
		tally_write(writer, "/");
	write_path(writer, path + strspn(path, "\\/"), '\\');
}
