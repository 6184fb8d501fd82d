/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a document that name the same thing, among millions, in 16 bytes an entry.
 *
 * While the document is read, each entry leaves a tally_record: a keyed fingerprint of its name, and the offset of its
 * start tag. At the end the records are sorted; equal fingerprints are suspects. Each suspect is read again at its
 * offset, so what is told is always a comparison of texts. Confirmed ones are noted in their own records, moved to the
 * front, sorted by offset and told in the document's order; nothing grows on the way.
 */
#ifndef TALLY_FORMAT_DUPLICATES_H
#define TALLY_FORMAT_DUPLICATES_H

#include "base/fingerprint.h"
#include "base/place.h"
#include "io/source.h"
#include "xml/reader.h"

typedef enum tally_likeness {
	TALLY_DIFFERENT,
	TALLY_SAME,
	TALLY_ALIKE /* other texts that name the same thing */
} tally_likeness;

/* An entry that names what an earlier one has named. */
typedef struct tally_duplicate {
	tally_place place;
	uint64_t first; /* offset of the first entry that names it */
	bool alike;     /* TALLY_ALIKE to that one, else TALLY_SAME */
} tally_duplicate;

typedef struct tally_duplicate_search {
	const tally_source *document;
	tally_records *records; /* `position` is an offset in the document; worn out by the search */
	void *first, *other;    /* two entries of the caller's, for `read` to fill */
	tally_result (*read)(const tally_source *document, uint64_t offset, void *entry, tally_error *error);
	tally_likeness (*compare)(const void *first, const void *other);
	/* `entry` is `other`, read again. */
	void (*tell)(void *context, const void *entry, const tally_duplicate *duplicate);
	void *context;
} tally_duplicate_search;

tally_result tally_duplicates_find(const tally_duplicate_search *search, tally_error *error);

/*
 * For `read`: one element of a document, from its start tag on. `*reader` is where the handler finds the reader, to
 * stop it at the element's end. What can't be read a second time ends the element early.
 */
tally_result tally_duplicates_read_element(const tally_source *document, uint64_t offset,
					   const tally_xml_handler *handler, void *context, tally_xml_reader **reader,
					   tally_error *error);

#endif
