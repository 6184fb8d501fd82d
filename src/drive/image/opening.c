/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/opening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void describe(tally_opening *o, tally_disk_fault fault, int os_error,
							   const char *format, va_list args)
{
	tally_error error;
	o->problem->fault = fault;
	o->problem->os_error = os_error;
	char *text = o->problem->text;
	vsnprintf(text, sizeof o->problem->text, format, args);
	if (os_error == 0)
		return;
	/* For the words of the error alone. */
	tally_fail_os(&error, os_error, "%s", "");
	size_t used = strlen(text);
	snprintf(text + used, sizeof o->problem->text - used, "%s", error.message);
}

bool tally_opening_refuse(tally_opening *o, tally_disk_fault fault, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	describe(o, fault, 0, format, args);
	va_end(args);
	return false;
}

bool tally_opening_refuse_os(tally_opening *o, int os_error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	describe(o, TALLY_DISK_FAULT_UNREADABLE, os_error, format, args);
	va_end(args);
	return false;
}

bool tally_opening_no_memory(tally_opening *o)
{
	o->result = tally_fail_memory(o->error);
	return false;
}

bool tally_opening_read(tally_opening *o, uint64_t offset, void *buffer, size_t size, const char *what)
{
	if (offset > o->below->size || size > o->below->size - offset)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_TRUNCATED,
					    "the file is cut off: it has %llu bytes, but its %s is at byte %llu",
					    (unsigned long long)o->below->size, what, (unsigned long long)offset);
	int failed = tally_layer_read_all(o->below, offset, buffer, size);
	if (failed == -ENODATA)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_TRUNCATED,
					    "the file became shorter while its %s was read", what);
	if (failed != 0)
		return tally_opening_refuse_os(o, -failed, "its %s can't be read (%zu bytes from %llu)", what, size,
					       (unsigned long long)offset);
	return true;
}
