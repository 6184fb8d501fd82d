/* SPDX-License-Identifier: Apache-2.0 */
/* With GNU's extensions strerror_r is another function, which may ignore the buffer; this file wants POSIX's. */
#undef _GNU_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void write_message(tally_error *error, tally_result code, int os_error,
								const char *format, va_list args)
{
	if (error == NULL)
		return;
	error->code = code;
	error->os_error = os_error;
	vsnprintf(error->message, sizeof error->message, format, args);
	if (os_error == 0)
		return;
	char reason[128];
	/* Unlike strerror, safe while other threads fail too. */
	if (strerror_r(os_error, reason, sizeof reason) != 0)
		snprintf(reason, sizeof reason, "error %d", os_error);
	size_t used = strlen(error->message);
	snprintf(error->message + used, sizeof error->message - used, ": %s%s", reason,
		 code == TALLY_ERROR_NO_FILES ? "; allow more (ulimit -n), or check fewer drives at a time" : "");
}

tally_result tally_fail(tally_error *error, tally_result code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	write_message(error, code, 0, format, args);
	va_end(args);
	return code;
}

tally_result tally_fail_os(tally_error *error, int os_error, const char *format, ...)
{
	const tally_result code = tally_is_no_files(os_error) ? TALLY_ERROR_NO_FILES : TALLY_ERROR_IO;
	va_list args;
	va_start(args, format);
	write_message(error, code, os_error, format, args);
	va_end(args);
	return code;
}

bool tally_is_no_files(int os_error)
{
	return os_error == EMFILE || os_error == ENFILE;
}

tally_result tally_fail_memory(tally_error *error)
{
	return tally_fail(error, TALLY_ERROR_NO_MEMORY, "out of memory");
}
