/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of files as URI references (RFC 3986). Whatever bytes a name has, what is written is plain ASCII: all but
 * unreserved characters and slashes are percent-encoded.
 */
#ifndef TALLY_REPORT_URI_H
#define TALLY_REPORT_URI_H

#include "report/writer.h"

/* A path of this machine: file:///… when it is absolute, else relative, without "./" in front. */
void tally_uri_write(tally_writer *writer, const char *path);
/*
 * Whether a path on a drive, as its documents write it, names a place on the drive. One with ".." in it could lead
 * whoever follows the link to any other file.
 */
bool tally_uri_is_on_drive(const char *windows_path);
/* Such a path, backslashes become slashes, below the directory where the drive is mounted. */
void tally_uri_write_on_drive(tally_writer *writer, const char *drive, const char *windows_path);

#endif
