/* SPDX-License-Identifier: Apache-2.0 */
/* Paths on the computer that runs the tools: absolute, local or on another computer's share (T-12). Pure text. */
#ifndef TALLY_FORMAT_DATA_SET_PATH_H
#define TALLY_FORMAT_DATA_SET_PATH_H

#include "base/text.h"

typedef enum tally_local_fault {
	TALLY_LOCAL_OK,
	TALLY_LOCAL_RELATIVE, /* neither C:\… nor \\server\share\… */
	TALLY_LOCAL_PATTERN,  /* * or ? */
	TALLY_LOCAL_NAME      /* a name that Windows can't hold */
} tally_local_fault;

/* *reason says more, static; "" where there is no more to say. A separator at the end is fine. */
tally_local_fault tally_local_path_check(tally_text path, const char **reason);
/* C:\ or \\ at the front, whatever follows. */
bool tally_local_path_begins(tally_text path);
/* More than 256 characters need a setting of the computer (T-18). */
bool tally_local_path_is_long(tally_text path);

#endif
