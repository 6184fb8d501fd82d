/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines and records of a journal (formats.md J-04), whatever they mean. Streams: what is kept is a line and a
 *value.
 *
 *	[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]
 *	ActivityId: DriveInfo
 *	DriveState: [BeginValue]
 *	<?xml version="1.0" encoding="UTF-8"?>
 *	...
 *	[EndValue]
 *	[EndUpdateRecord]
 */
#ifndef TALLY_FORMAT_JOURNAL_SCAN_H
#define TALLY_FORMAT_JOURNAL_SCAN_H

#include "base/place.h"
#include "base/text.h"
#include "io/source.h"

#define TALLY_JOURNAL_LINE_MAX (64 * 1024) /* bytes of a line outside of values */
#define TALLY_JOURNAL_VALUE_MAX (1 << 20)  /* bytes of a value between [BeginValue] and [EndValue] */
#define TALLY_JOURNAL_NAME_MAX 64          /* bytes of a field's name */

typedef struct tally_journal_field {
	tally_text name;
	tally_text value;  /* of one line: without blanks around it; else the text between the markers as it stands */
	tally_place place; /* of the name */
	tally_place value_place; /* of the value's first byte */
	bool utf16;              /* how the value is stored; it is handed out as UTF-8 */
	bool too_long;           /* longer than TALLY_JOURNAL_VALUE_MAX; `value` is empty */
} tally_journal_field;

/* All are called during tally_journal_scan. Texts are valid during the call only. */
typedef struct tally_journal_events {
	void (*begin)(void *context, tally_text type, tally_place place);
	/* A result other than TALLY_OK ends the scan and is its result. */
	tally_result (*field)(void *context, const tally_journal_field *field);
	/* `place` is that of [EndUpdateRecord]. */
	tally_result (*end)(void *context, tally_place place);
	/* Instead of `end`: the record that began at `place` has none. It may not even have got as far as `begin`. */
	void (*interrupted)(void *context, tally_place place);
	/* A line that doesn't belong where it stands, or the first of several; `message` is static. */
	void (*wrong)(void *context, tally_place place, const char *message);
	/* Bytes that are no text. The scan ends there. */
	void (*not_text)(void *context, tally_place place, const char *message);
} tally_journal_events;

typedef struct tally_journal_extent {
	uint64_t bytes;
	bool utf16;
} tally_journal_extent;

/* Reads a journal from its beginning to its end. `error` may be NULL. */
tally_result tally_journal_scan(const tally_source *source, const tally_journal_events *events, void *context,
				tally_journal_extent *extent, tally_error *error);

#endif
