/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that the service gives a blob whose name is taken (formats.md M-25): " (2)" and so on, in front of the last
 * dot, or at the end where there is none. Whether a dot of a virtual directory counts, nobody says: both are taken.
 */
#include "verify/audit.h"

#include <stdio.h>

/* Higher numbers are followed where a log says which; they are not guessed. */
#define FIRST_NUMBER 2
#define NUMBERS 8

static size_t last_of(tally_text text, char c)
{
	size_t at = text.size;
	while (at > 0 && text.data[at - 1] != c)
		at--;
	return at == 0 ? SIZE_MAX : at - 1;
}

/* Where the number comes: in front of the last dot of the last part, and of the whole name where that has none. */
static size_t place_of(tally_text name, bool whole)
{
	size_t slash = last_of(name, '/'), dot = last_of(name, '.');
	if (dot == SIZE_MAX || (!whole && slash != SIZE_MAX && dot < slash))
		return name.size;
	return dot;
}

bool tally_audit_new_name(tally_text name, unsigned nth, tally_new_name *out)
{
	bool second = nth >= NUMBERS;
	size_t place = place_of(name, second);
	if (nth >= 2 * NUMBERS || (second && place == place_of(name, false)))
		return false;
	out->front = (tally_text){name.data, place};
	out->back = (tally_text){name.data + place, name.size - place};
	snprintf(out->number, sizeof out->number, " (%u)", FIRST_NUMBER + nth % NUMBERS);
	return true;
}

/* " (", a number from 2 on without a leading zero, ")", in front of `end`. */
static bool is_number(tally_text name, size_t end, size_t *begin)
{
	size_t at = end;
	if (at < 4 || name.data[--at] != ')')
		return false;
	while (at > 0 && name.data[at - 1] >= '0' && name.data[at - 1] <= '9')
		at--;
	tally_text digits = {name.data + at, end - 1 - at};
	if (digits.size == 0 || digits.data[0] == '0' || tally_text_equal_string(digits, "1") || at < 2 ||
	    name.data[at - 1] != '(' || name.data[at - 2] != ' ')
		return false;
	*begin = at - 2;
	return true;
}

bool tally_audit_renamed_part(tally_text name, tally_text *part)
{
	for (int whole = 0; whole < 2; whole++) {
		size_t end = place_of(name, whole != 0), begin;
		if (!is_number(name, end, &begin))
			continue;
		*part = (tally_text){name.data + begin, end - begin};
		return true;
	}
	return false;
}
