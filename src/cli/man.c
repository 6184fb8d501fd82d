/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page, in the macros of man(7). It has no date, so that the same source always gives the same page. */
#include "cli/command.h"
#include "tallyman.h"

#define ROFF_COLUMNS 78

/* A word of running text; what roff would take for its own is escaped. Returns its size in the source. */
static void write_word(tally_writer *writer, const char *word, size_t size)
{
	if (word[0] == '.' || word[0] == '\'')
		tally_write(writer, "\\&");
	for (size_t i = 0; i < size; i++) {
		switch (word[i]) {
		case '\\':
			tally_write(writer, "\\e");
			break;
		case '-':
			tally_write(writer, "\\-");
			break;
		case '\'':
			tally_write(writer, "\\(aq");
			break;
		default:
			tally_write_bytes(writer, word + i, 1);
		}
	}
}

/* Running text: lines of moderate length, a new one for each sentence. */
static void write_text(tally_writer *writer, const char *text)
{
	size_t column = 0;
	while (*text != '\0') {
		size_t size = strcspn(text, " ");
		if (column > 0 && column + 1 + size > ROFF_COLUMNS - 10) {
			tally_write(writer, "\n");
			column = 0;
		}
		if (column > 0)
			tally_write(writer, " ");
		write_word(writer, text, size);
		column += size + 1;
		if (size > 1 && (text[size - 1] == '.' || text[size - 1] == '?'))
			column = ROFF_COLUMNS;
		text += size;
		text += strspn(text, " ");
	}
	tally_write(writer, "\n");
}

static void write_option(tally_writer *writer, const tally_cli_option *option)
{
	const char letter[2] = {option->letter, '\0'};
	tally_write(writer, ".TP\n");
	if (option->letter != 0) {
		tally_write(writer, "\\fB\\-");
		tally_write(writer, letter);
		tally_write(writer, "\\fR, ");
	}
	tally_write(writer, "\\fB\\-\\-");
	write_word(writer, option->name, strlen(option->name));
	tally_write(writer, "\\fR");
	if (option->metavar != NULL) {
		tally_write(writer, option->optional ? "[=\\fI" : " \\fI");
		tally_write(writer, option->metavar);
		tally_write(writer, option->optional ? "\\fR]" : "\\fR");
	}
	tally_write(writer, "\n");
	write_text(writer, option->help);
	if (option->choice == NULL)
		return;
	tally_write(writer, "\\fI");
	tally_write(writer, option->metavar);
	tally_write(writer, "\\fR is one of");
	const char *choice;
	for (size_t i = 0; (choice = option->choice(i)) != NULL; i++) {
		tally_write(writer, i > 0 ? ",\n\\fB" : "\n\\fB");
		write_word(writer, choice, strlen(choice));
		tally_write(writer, "\\fR");
	}
	tally_write(writer, ".\n");
}

static void write_command(tally_writer *writer, const tally_cli_command *command)
{
	tally_write(writer, ".SS ");
	tally_write(writer, command->name);
	tally_write(writer, "\n\\fBtallyman ");
	tally_write(writer, command->name);
	tally_write(writer, "\\fR ");
	tally_cli_synopsis(writer, command);
	tally_write(writer, "\n.PP\n");
	write_text(writer, command->description);
	for (const tally_cli_option *const *option = command->options; *option != NULL; option++)
		write_option(writer, *option);
	tally_write(writer, ".PP\nExit status:\n");
	for (const tally_cli_exit_text *exit = command->exits; exit->text != NULL; exit++) {
		tally_write(writer, ".TP\n\\fB");
		tally_write_number(writer, (uint64_t)exit->status);
		tally_write(writer, "\\fR\n");
		write_text(writer, exit->text);
	}
}

static void write_examples(tally_writer *writer)
{
	const tally_cli_command *command;
	tally_write(writer, ".SH EXAMPLES\n");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++) {
		for (const char *const *example = command->examples; *example != NULL; example += 2) {
			tally_write(writer, ".TP\n\\fB");
			write_word(writer, example[0], strlen(example[0]));
			tally_write(writer, "\\fR\n");
			write_text(writer, example[1]);
		}
	}
}

void tally_cli_man_page(tally_writer *writer)
{
	const tally_cli_command *command;
	tally_write(writer, ".\\\" Generated from the table of commands.\n");
	tally_write(writer, ".TH TALLYMAN 1 \"\" \"tallyman ");
	tally_write(writer, tally_version());
	tally_write(writer, "\" \"User Commands\"\n.SH NAME\n");
	tally_write(writer, "tallyman \\- " TALLY_CLI_SUMMARY "\n.SH SYNOPSIS\n");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++) {
		tally_write(writer, i > 0 ? ".br\n\\fBtallyman " : "\\fBtallyman ");
		tally_write(writer, command->name);
		tally_write(writer, "\\fR ");
		tally_cli_synopsis(writer, command);
		tally_write(writer, "\n");
	}
	tally_write(writer, ".SH DESCRIPTION\n");
	write_text(
	    writer,
	    "A tallyman checks cargo against its manifest before the ship leaves. This one checks the drives of an "
	    "Azure Import/Export job: it replays what the datacenter does to a drive and reports, in the service's "
	    "own words, what the service would say about it. It needs no network and never writes to a drive.");
	tally_write(writer, ".SH OPTIONS\n");
	for (const tally_cli_option *const *option = tally_cli_options(); *option != NULL; option++)
		write_option(writer, *option);
	tally_write(writer, ".SH COMMANDS\n");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++)
		write_command(writer, command);
	tally_write(writer, ".SH OUTPUT\n");
	write_text(
	    writer,
	    "Reports go to standard output, progress and complaints to standard error. In text, characters that "
	    "could deceive a terminal are shown as \\xNN or \\u{NNNN}. Account keys, signatures and BitLocker keys "
	    "are masked everywhere and never taken on the command line. A schema of the JSON reports is installed "
	    "as report.schema.json.");
	tally_write(writer, ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\n");
	write_text(writer, "When set to anything but an empty value, no colours are used.");
	write_examples(writer);
}
