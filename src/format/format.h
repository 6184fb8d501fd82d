/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every kind of document has: a name, a way to recognise it by its content, and a way to judge it. Adding a kind
 * means one file with one tally_format, and one line in formats.c.
 */
#ifndef TALLY_FORMAT_FORMAT_H
#define TALLY_FORMAT_FORMAT_H

#include "format/document.h"
#include "io/source.h"

struct tally_log_events; /* format/log_events.h */

/* A document being judged. */
typedef struct tally_lint_run {
	const tally_source *source;
	tally_finder *finder;
	tally_document_kind kind; /* as recognised or asked for */
	uint64_t bytes_done;
	/* Called after each chunk; anything but TALLY_OK ends the run. May be NULL. */
	tally_result (*progress)(void *context, uint64_t bytes_done, tally_error *error);
	void *progress_context;
	/* By the reader: it needs no more bytes. */
	bool over;
	/* The source begins with an entry of a log, not with what holds it. */
	bool is_entry;
	/* What the readers of logs hand out besides; or NULL. */
	const struct tally_log_events *events;
	void *events_context;
} tally_lint_run;

typedef struct tally_format {
	tally_document_kind kind;
	const char *name; /* as --kind takes it and reports write it */
	/* Whether an XML document (or fragment) whose first element is this one is of this kind. NULL: not XML, or only on request. */
	bool (*has_root)(tally_text name, const tally_xml_attribute *attributes, size_t count);
	/* Whether text that begins so is of this kind: UTF-8, without byte-order mark and blanks in front. NULL: XML. */
	bool (*has_front)(tally_text front);
	tally_result (*lint)(tally_lint_run *run, tally_error *error);
} tally_format;

#define TALLY_FRONT_MAX 1024 /* bytes that has_front gets to see, at most */

/* The kinds in the order in which they are tried. NULL past the end. */
const tally_format *tally_format_at(size_t index);
const tally_format *tally_format_of(tally_document_kind kind);

/* NULL when the beginning of the document fits no kind. */
tally_result tally_format_recognise(const tally_source *source, const tally_format **format, tally_error *error);

/* Judges a document that fits no kind: tells why. */
tally_result tally_lint_unknown(tally_lint_run *run, tally_error *error);

/* Reads the source to its end or until the run is over, in chunks, with progress. A read error is TALLY_ERROR_IO. */
tally_result tally_lint_feed(tally_lint_run *run,
			     tally_result (*feed)(void *reader, const void *bytes, size_t size, tally_error *error), void *reader,
			     tally_error *error);
/* A document that a grammar and its hooks say everything about. */
tally_result tally_lint_document(tally_lint_run *run, const tally_grammar *grammar, const tally_format_hooks *hooks, void *state,
				 tally_error *error);

#endif
