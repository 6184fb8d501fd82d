/* SPDX-License-Identifier: Apache-2.0 */
/* Which document is this? By content, never by name. */
#ifndef TALLY_FORMAT_RECOGNISE_H
#define TALLY_FORMAT_RECOGNISE_H

#include "io/source.h"

/* *kind is TALLY_DOCUMENT_UNKNOWN when the beginning of the document fits none. */
tally_result tally_recognise(const tally_source *document, tally_document_kind *kind, tally_error *error);

#endif
