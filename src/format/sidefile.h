/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and properties files of blobs (formats.md section 2). */
#ifndef TALLY_FORMAT_SIDEFILE_H
#define TALLY_FORMAT_SIDEFILE_H

#include "format/document.h"

typedef struct tally_sidefile tally_sidefile;

/*
 * `is_export`: properties that only export jobs write are in place. Feed and finish as a tally_document.
 * Freed with tally_sidefile_free (NULL is fine).
 */
tally_result tally_sidefile_new(tally_sidefile **sidefile, bool is_properties, bool is_export, tally_finder *finder,
				tally_error *error);
void tally_sidefile_free(tally_sidefile *sidefile);
tally_result tally_sidefile_feed(tally_sidefile *sidefile, const void *bytes, size_t size, tally_error *error);
tally_result tally_sidefile_finish(tally_sidefile *sidefile, tally_error *error);
/*
 * After finish: the worst status that an error of this file leads to (XmlReadFailed before BlobRequestFailed), or NULL.
 */
const char *tally_sidefile_status(const tally_sidefile *sidefile);

#endif
