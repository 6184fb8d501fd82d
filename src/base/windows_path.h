/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as a manifest writes them: Windows paths relative to a volume's root (formats.md M-19), with the rules of
 * Win32 and NTFS names (N-08). Pure text; knows no file system.
 */
#ifndef TALLY_BASE_WINDOWS_PATH_H
#define TALLY_BASE_WINDOWS_PATH_H

#include "base/text.h"

#define TALLY_NTFS_COMPONENT_UNITS 255 /* UTF-16 units in one name */
#define TALLY_WINDOWS_PATH_UNITS 32767 /* UTF-16 units in a whole path, the limit of the \\?\ interfaces */
#define TALLY_NTFS_COMPONENT_BYTES (3 * TALLY_NTFS_COMPONENT_UNITS) /* the same in UTF-8, at most */
#define TALLY_WINDOWS_PATH_BYTES (3 * TALLY_WINDOWS_PATH_UNITS)

/* Why Windows can't hold a path. The service answers …NameTooLong to the two lengths, …NameInvalid to all others. */
typedef enum tally_path_fault {
	TALLY_PATH_OK = 0,
	TALLY_PATH_EMPTY,              /* no component at all */
	TALLY_PATH_EMPTY_COMPONENT,    /* two separators in a row, or one at the end */
	TALLY_PATH_DRIVE_LETTER,       /* C:\..., \C:\..., C:name */
	TALLY_PATH_DEVICE_PREFIX,      /* \\?\, \\.\ or \\server\share */
	TALLY_PATH_DOT_COMPONENT,      /* . or .. */
	TALLY_PATH_CHARACTER,          /* < > : " | ? * or U+0000…U+001F */
	TALLY_PATH_RESERVED_DEVICE,    /* CON, PRN, AUX, NUL, COM1…9, LPT1…9 with any extension; CONIN$, CONOUT$ */
	TALLY_PATH_TRAILING,           /* a component ends in a dot or a blank */
	TALLY_PATH_ENCODING,           /* not UTF-8 */
	TALLY_PATH_COMPONENT_TOO_LONG, /* more than TALLY_NTFS_COMPONENT_UNITS */
	TALLY_PATH_TOO_LONG            /* more than TALLY_WINDOWS_PATH_UNITS, a leading separator not counted */
} tally_path_fault;

/* What a fault concerns, for messages: the component, or the whole path where it is no component's. */
typedef struct tally_path_problem {
	tally_path_fault fault;
	tally_text component; /* points into the path */
} tally_path_problem;

/*
 * Judges a whole path. One leading backslash is the usual form and is accepted, as is none; `/` separates too
 * (Windows takes both; K-21). TALLY_PATH_OK, or the first fault. `problem` may be NULL.
 */
tally_path_fault tally_windows_path_check(tally_text path, tally_path_problem *problem);
bool tally_path_fault_is_length(tally_path_fault fault);
/* "a component ends in a dot or a blank", for messages; static. */
const char *tally_path_fault_text(tally_path_fault fault);

/* Takes the next component off the front of *rest, skipping separators; false when there is none. */
bool tally_windows_path_next(tally_text *rest, tally_text *component);

/* NTFS compares upper-cased UTF-16 units: one code point to one, within the BMP only; the table is Windows' own. */
uint32_t tally_ntfs_upcase(uint32_t code_point);
/*
 * A total order in which names that are equal for NTFS are equal (0), and no others; not the order of NTFS's
 * directories. Bytes that aren't UTF-8 compare as themselves.
 */
int tally_ntfs_compare(tally_text a, tally_text b);
bool tally_ntfs_equal(tally_text a, tally_text b);
/*
 * Writes the upper-cased form of a path, separators normalised to one `\` between components and none at the ends, so
 * that two paths of one file give the same bytes, and two files different ones. Streams: calls `put` with pieces,
 * whose borders mean nothing. For fingerprints and look-ups.
 */
void tally_ntfs_fold(tally_text path, void (*put)(void *context, const char *data, size_t size), void *context);

#endif
