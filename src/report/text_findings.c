/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for people: a thousand alike in one paragraph. */
#include "report/text_parts.h"

#define SHOWN 5 /* places of one kind without --verbose */

static void write_group_heading(tally_writer *writer, const tally_finding_group *group)
{
	static const struct {
		const char *word;
		tally_colour colour;
	} severities[] = {
	    [TALLY_SEVERITY_NOTE] = {"NOTE", TALLY_COLOUR_NONE},
	    [TALLY_SEVERITY_WARNING] = {"WARNING", TALLY_COLOUR_WARN},
	    [TALLY_SEVERITY_ERROR] = {"ERROR", TALLY_COLOUR_BAD},
	};
	tally_write(writer, "\n");
	tally_text_coloured(writer, severities[group->severity].colour, severities[group->severity].word);
	tally_write(writer, "  ");
	if (group->status != NULL) {
		tally_write(writer, group->status->code);
		tally_write(writer, " ");
	}
	tally_write(writer, "(");
	tally_write(writer, tally_level_name(group->level));
	tally_write(writer, "), rule ");
	tally_write(writer, group->rule->id);
	tally_write(writer, ", ");
	tally_write_counted(writer, group->total, "time");
	tally_write(writer, "\n  Must hold: ");
	tally_write_wrapped(writer, 13, 13, group->rule->summary);
	if (group->rule->advice[0] != '\0') {
		tally_write(writer, "  To do:     ");
		tally_write_wrapped(writer, 13, 13, group->rule->advice);
	}
}

static void write_detail_label(tally_writer *writer, const char *label)
{
	tally_write(writer, "        ");
	tally_write_column(writer, label, 10);
}

static void write_detail(tally_writer *writer, const char *label, const char *text)
{
	if (text == NULL)
		return;
	write_detail_label(writer, label);
	tally_write_escaped(writer, text);
	tally_write(writer, "\n");
}

static void write_range(tally_writer *writer, const tally_finding *finding)
{
	if (!finding->has_range)
		return;
	write_detail_label(writer, "bytes");
	uint64_t end;
	if (finding->length == 0) {
		tally_write(writer, "at ");
		tally_write_number(writer, finding->offset);
	} else if (__builtin_add_overflow(finding->offset, finding->length - 1, &end)) {
		tally_write(writer, "from ");
		tally_write_number(writer, finding->offset);
		tally_write(writer, " on, ");
		tally_write_counted(writer, finding->length, "byte");
	} else {
		tally_write_number(writer, finding->offset);
		tally_write(writer, " to ");
		tally_write_number(writer, end);
	}
	tally_write(writer, "\n");
}

/* One place: "document:line: message", as compilers write it, so that editors can jump there. */
static void write_place(tally_writer *writer, const tally_finding *finding)
{
	tally_write(writer, "  - ");
	if (finding->document != NULL) {
		tally_write_escaped(writer, finding->document);
		if (finding->line != 0) {
			tally_write(writer, ":");
			tally_write_number(writer, finding->line);
		}
		tally_write(writer, ": ");
	}
	tally_write_escaped(writer, finding->message);
	tally_write(writer, "\n");
	write_detail(writer, "blob", finding->blob_path);
	write_detail(writer, "file", finding->file_path);
	write_range(writer, finding);
	write_detail(writer, "expected", finding->expected);
	write_detail(writer, "actual", finding->actual);
}

static void write_group(tally_writer *writer, const tally_report_style *style, const tally_collector *findings,
			const tally_finding_group *group)
{
	write_group_heading(writer, group);
	size_t shown = 0;
	for (size_t i = group->first; i != TALLY_COLLECTOR_END; i = findings->kept[i]->next) {
		if (shown == SHOWN && !style->verbose)
			break;
		write_place(writer, &findings->kept[i]->finding);
		shown++;
	}
	if (group->kept > shown) {
		tally_write(writer, "  - and ");
		tally_write_count(writer, group->kept - shown);
		tally_write(writer, " more; --verbose lists them\n");
	}
	if (group->total > group->kept) {
		tally_write(writer, "  - and ");
		tally_write_count(writer, group->total - group->kept);
		tally_write(writer, " more that were counted but not kept\n");
	}
}

void tally_text_findings(tally_writer *writer, const tally_report_style *style, const tally_collector *findings)
{
	const tally_finding_group *group = NULL;
	while ((group = tally_collector_next(findings, group)) != NULL)
		write_group(writer, style, findings, group);
}
