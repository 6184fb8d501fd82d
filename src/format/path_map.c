/* SPDX-License-Identifier: Apache-2.0 */
#include "format/path_map.h"

#include "base/windows_path.h"
#include "format/csv_lines.h"
#include "format/data_set_path.h"

static void tell(tally_finder *finder, tally_rule_symbol rule, const tally_line *line, tally_text at,
		 const char *message)
{
	tally_fact fact = {.rule = rule, .in_document = true, .actual = at};
	fact.place = (tally_place){line->place.line, tally_line_offset(line, (size_t)(at.data - line->text))};
	tally_find_fact(finder, &fact, "%s", message);
}

static void judge_path(tally_finder *finder, const tally_line *line, tally_text path)
{
	if (path.data[0] != '\\')
		tell(finder, TALLY_RULE_T_21_PATH, line, path, "this path does not begin with a backslash");
	else if (tally_windows_path_check(path, NULL) != TALLY_PATH_OK)
		tell(finder, TALLY_RULE_T_21_PATH, line, path,
		     tally_path_fault_text(tally_windows_path_check(path, NULL)));
}

static void judge_target(tally_finder *finder, const tally_line *line, tally_text target)
{
	const char *reason;
	if (tally_local_path_check(target, &reason) != TALLY_LOCAL_OK || target.data[target.size - 1] == '\\')
		tell(finder, TALLY_RULE_T_21_TARGET, line, target, "this is not the absolute path of a file");
	else if (tally_local_path_is_long(target))
		tell(finder, TALLY_RULE_T_18, line, target, "this path has more than 256 characters");
}

/* A second path behind blanks: no name holds a colon, and no path two backslashes in a row. Its index, or 0. */
static size_t find_second(tally_text text)
{
	for (size_t i = 1; i < text.size; i++)
		if (text.data[i - 1] == ' ' && tally_local_path_begins((tally_text){text.data + i, text.size - i}))
			return i;
	return 0;
}

static void judge_single(tally_finder *finder, const tally_line *line, tally_text text)
{
	size_t second = find_second(text);
	if (second > 0) {
		tell(finder, TALLY_RULE_T_21_TAB, line, (tally_text){text.data + second, text.size - second},
		     "blanks stand where a tab belongs in front of this path");
		return;
	}
	judge_path(finder, line, text);
	tell(finder, TALLY_RULE_T_21_EMPTY, line, text, "there is no local path for this one");
}

static void on_line(void *context, const tally_line *line)
{
	tally_finder *finder = context;
	tally_text text = {line->text, line->size};
	if (tally_text_trim(text).size == 0)
		return;
	const char *tab = memchr(text.data, '\t', text.size);
	tally_text path = tally_text_trim((tally_text){text.data, tab != NULL ? (size_t)(tab - text.data) : text.size});
	if (tab == NULL) {
		judge_single(finder, line, path);
		return;
	}
	tally_text target = tally_text_trim((tally_text){tab + 1, text.size - (size_t)(tab + 1 - text.data)});
	if (path.size == 0 || memchr(target.data, '\t', target.size) != NULL) {
		tell(finder, TALLY_RULE_T_21_FORM, line, text,
		     path.size == 0 ? "there is nothing in front of the tab" : "the line has more than one tab");
		return;
	}
	if (target.size == 0) {
		judge_single(finder, line, path);
		return;
	}
	judge_path(finder, line, path);
	judge_target(finder, line, target);
}

static void on_too_long(void *context, tally_place place)
{
	tally_find_fact(context, &(tally_fact){.rule = TALLY_RULE_CSV_03, .in_document = true, .place = place},
			"this line is longer than 64 KiB; it was not read");
}

static void on_not_text(void *context, tally_place place, const char *message)
{
	tally_find_fact(context, &(tally_fact){.rule = TALLY_RULE_CSV_04, .in_document = true, .place = place}, "%s",
			message);
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_line_handler handler = {on_line, on_too_long, on_not_text};
	return tally_lint_lines(run, &handler, run->finder, error);
}

/* There is no header. A path of a log begins with one backslash; else a tab with a local path behind it is the sign. */
static bool has_front(tally_text front)
{
	if (tally_text_starts(front, "\\") && !tally_text_starts(front, "\\\\"))
		return true;
	const char *end = front.size > 0 ? memchr(front.data, '\n', front.size) : NULL;
	size_t size = end != NULL ? (size_t)(end - front.data) : front.size;
	const char *tab = size > 0 ? memchr(front.data, '\t', size) : NULL;
	return tab != NULL && tally_local_path_begins((tally_text){tab + 1, size - (size_t)(tab + 1 - front.data)});
}

const tally_format tally_path_map_format = {TALLY_DOCUMENT_PATH_MAP, "path-map", NULL, has_front, lint};
