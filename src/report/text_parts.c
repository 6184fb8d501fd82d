/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text_parts.h"

void tally_text_label(tally_writer *writer, const char *label)
{
	tally_write_column(writer, label, TALLY_TEXT_LABEL_WIDTH);
}

void tally_text_labelled(tally_writer *writer, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	tally_text_label(writer, label);
	tally_write_wrapped(writer, TALLY_TEXT_LABEL_WIDTH, TALLY_TEXT_LABEL_WIDTH, text);
}

void tally_text_coloured(tally_writer *writer, tally_colour colour, const char *text)
{
	tally_write_colour(writer, colour);
	tally_write_escaped(writer, text);
	tally_write_colour(writer, TALLY_COLOUR_NONE);
}

bool tally_text_severities(tally_writer *writer, uint64_t errors, uint64_t warnings, uint64_t notes)
{
	const struct {
		uint64_t count;
		const char *name;
	} severities[] = {{errors, "error"}, {warnings, "warning"}, {notes, "note"}};
	bool any = false;
	for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
		if (severities[i].count == 0)
			continue;
		if (any)
			tally_write(writer, ", ");
		tally_write_counted(writer, severities[i].count, severities[i].name);
		any = true;
	}
	return any;
}

void tally_text_gaps(tally_writer *writer, const tally_gap *gaps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		tally_text_label(writer, i == 0 ? "Unchecked" : "");
		const tally_gap *gap = &gaps[i];
		tally_write_escaped(writer, gap->what);
		tally_write(writer, ": ");
		tally_write_wrapped(writer, TALLY_TEXT_LABEL_WIDTH + strlen(gap->what) + 2, TALLY_TEXT_LABEL_WIDTH + 2,
				    gap->why);
	}
}

void tally_text_found(tally_writer *writer, uint64_t errors, uint64_t warnings, uint64_t notes)
{
	tally_text_label(writer, "Found");
	if (!tally_text_severities(writer, errors, warnings, notes))
		tally_write(writer, "nothing");
	tally_write(writer, "\n");
}
