/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include "tallyman.h"

#include <string.h>

/* Longer than any code; what is longer was never one. */
#define LENGTH_MAX 63

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* How many characters have to be inserted, removed or changed; capitals don't count. Both are at most LENGTH_MAX long.
 */
static size_t distance(const char *a, const char *b)
{
	size_t row[LENGTH_MAX + 1], width = strlen(b);
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t changed = diagonal + (lower(a[i]) != lower(b[j]));
			diagonal = row[j + 1];
			size_t nearest = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
			row[j + 1] = changed < nearest ? changed : nearest;
		}
	}
	return row[width];
}

typedef struct candidates {
	const char *code;
	const char **names;
	size_t distances[TALLY_SUGGESTIONS];
	size_t count;
} candidates;

/* Keeps the nearest ones in order; of two equally near ones the earlier in the catalogue. */
static void consider(candidates *best, const char *name)
{
	size_t size = strlen(name), allowed = strlen(best->code) / 3 + 1;
	if (size > LENGTH_MAX)
		return;
	size_t far = distance(best->code, name);
	if (far > allowed)
		return;
	size_t place = best->count;
	for (size_t i = 0; i < best->count; i++)
		if (strcmp(best->names[i], name) == 0)
			return;
	while (place > 0 && best->distances[place - 1] > far)
		place--;
	if (place == TALLY_SUGGESTIONS)
		return;
	if (best->count < TALLY_SUGGESTIONS)
		best->count++;
	for (size_t i = best->count - 1; i > place; i--) {
		best->names[i] = best->names[i - 1];
		best->distances[i] = best->distances[i - 1];
	}
	best->names[place] = name;
	best->distances[place] = far;
}

size_t tally_cli_suggest(const char *code, const char *names[TALLY_SUGGESTIONS])
{
	candidates best = {.code = code, .names = names};
	if (strlen(code) > LENGTH_MAX)
		return 0;
	for (size_t i = 0; i < tally_rule_count(); i++)
		consider(&best, tally_rule_at(i)->id);
	for (size_t i = 0; i < tally_status_count(); i++)
		consider(&best, tally_status_at(i)->code);
	return best.count;
}
