/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/find_detail.h"

#include <stdio.h>

/* Of a long path the end, which tells more. */
static void write_text(tally_find_detail *detail, tally_text subject, const char *what)
{
	const char *cut = "";
	size_t room = sizeof detail->text - strlen(what) - sizeof "... ";
	if (subject.size > room) {
		cut = "...";
		subject.data += subject.size - room;
		subject.size = room;
		/* Not from within a character. */
		while (subject.size > 0 && (subject.data[0] & 0xC0) == 0x80) {
			subject.data++;
			subject.size--;
		}
	}
	snprintf(detail->text, sizeof detail->text, "%s%.*s %s", cut, (int)subject.size, subject.data, what);
}

tally_find tally_find_report(tally_find result, tally_find_detail *detail, tally_text path, tally_text component,
			     int os_error, const char *what)
{
	if (detail == NULL)
		return result;
	*detail = (tally_find_detail){.os_error = os_error};
	size_t size = (size_t)(component.data - path.data) + component.size;
	write_text(detail, (tally_text){path.data, size}, what);
	return result;
}

tally_find tally_find_report_ambiguous(tally_find_detail *detail, tally_text path, tally_text component,
				       const char *name, const char *other)
{
	char what[96];
	int size = snprintf(what, sizeof what, "could be %s or %s", name, other);
	bool fits = size > 0 && (size_t)size < sizeof what;
	return tally_find_report(TALLY_FIND_AMBIGUOUS, detail, path, component, 0,
				 fits ? what : "could be several names that differ only in case");
}
