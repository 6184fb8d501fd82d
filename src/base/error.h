/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of a run: a code and a sentence in a struct of the caller. See tallyman.h. */
#ifndef TALLY_BASE_ERROR_H
#define TALLY_BASE_ERROR_H

#include "tallyman.h"

#include <stdarg.h>

#define TALLY_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))

/* Fills `error` (which may be NULL) and returns `code`, so that a refusal is one line: return tally_fail(...). */
tally_result tally_fail(tally_error *error, tally_result code, const char *format, ...) TALLY_PRINTF(3, 4);

/*
 * The same for a failed system call: adds the text of `os_error` to the sentence. TALLY_ERROR_NO_FILES, with what to do,
 * where it says that; else TALLY_ERROR_IO.
 */
tally_result tally_fail_os(tally_error *error, int os_error, const char *format, ...) TALLY_PRINTF(3, 4);

/* Whether an errno says that no more files may be open: it is the program's shortage, and nobody else's fault. */
bool tally_is_no_files(int os_error);

/* The one sentence for a failed allocation. */
tally_result tally_fail_memory(tally_error *error);

#endif
