/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers and blobs (formats.md section 9: N-02, N-03, N-04). Pure text. */
#ifndef TALLY_FORMAT_STORAGE_NAME_H
#define TALLY_FORMAT_STORAGE_NAME_H

#include "base/text.h"

/* "$root", or 3 to 63 lower-case letters, digits and single hyphens. NULL when it is valid, else what is wrong; static.
 */
const char *tally_container_name_fault(tally_text name);

typedef struct tally_blob_name {
	tally_text container, blob; /* blob.data NULL: no slash */
	bool leading_slash;
} tally_blob_name;

/* Takes a BlobPath apart: container, slash, blob. */
tally_blob_name tally_blob_path_split(tally_text path);

/*
 * Why no blob's path begins as this prefix does, which may end within the container's name; NULL when one may. Else
 * static.
 */
const char *tally_prefix_container_fault(const tally_blob_name *prefix);

typedef enum tally_blob_fault {
	TALLY_BLOB_NAME_OK,
	TALLY_BLOB_NAME_EMPTY,
	TALLY_BLOB_NAME_TOO_LONG,
	TALLY_BLOB_NAME_SEGMENTS,
	TALLY_BLOB_NAME_CHARACTER,
	TALLY_BLOB_NAME_ROOT_SLASH, /* a slash in a blob of $root */
	TALLY_BLOB_NAME_DELETE,     /* U+007F: a control character, but none of those that are named as forbidden */
	TALLY_BLOB_NAME_END         /* ends in a dot or slash: to be avoided, not forbidden */
} tally_blob_fault;

tally_blob_fault tally_blob_name_check(const tally_blob_name *name);

#endif
