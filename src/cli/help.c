/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#define INDENT 6 /* of what explains an option */

void tally_cli_synopsis(tally_writer *writer, const tally_cli_command *command)
{
	tally_write(writer, "[OPTION]... ");
	if (command->least == 0)
		tally_write(writer, "[");
	tally_write(writer, command->metavar);
	tally_write(writer, command->least == 0 ? "]" : "");
	tally_write(writer, command->most > 1 ? "..." : "");
}

static void write_option(tally_writer *writer, const tally_cli_option *option)
{
	const char letter[2] = {option->letter, '\0'};
	tally_write(writer, "  ");
	if (option->letter != 0) {
		tally_write(writer, "-");
		tally_write(writer, letter);
		tally_write(writer, ", ");
	}
	tally_write(writer, "--");
	tally_write(writer, option->name);
	if (option->metavar != NULL) {
		tally_write(writer, option->optional ? "[=" : " ");
		tally_write(writer, option->metavar);
		tally_write(writer, option->optional ? "]" : "");
	}
	tally_write(writer, "\n");
	tally_write_blanks(writer, INDENT);
	tally_write_wrapped(writer, INDENT, INDENT, option->help);
	if (option->choice == NULL)
		return;
	static const char is_one_of[] = " is one of: ";
	tally_write_blanks(writer, INDENT);
	tally_write(writer, option->metavar);
	tally_write(writer, is_one_of);
	size_t column = INDENT + strlen(option->metavar) + strlen(is_one_of);
	const char *choice;
	for (size_t i = 0; (choice = option->choice(i)) != NULL; i++)
		tally_write_listed(writer, &column, INDENT, i == 0, choice);
	tally_write(writer, "\n");
}

static void write_options(tally_writer *writer, const tally_cli_option *const *options)
{
	tally_write(writer, "\nOptions:\n");
	for (; *options != NULL; options++)
		write_option(writer, *options);
}

static void write_command_help(tally_writer *writer, const tally_cli_command *command)
{
	tally_write(writer, "Usage: tallyman ");
	tally_write(writer, command->name);
	tally_write(writer, " ");
	tally_cli_synopsis(writer, command);
	tally_write(writer, "\n\n");
	tally_write_wrapped(writer, 0, 0, command->description);
	write_options(writer, command->options);
	tally_write(writer, "\nExit status:\n");
	for (const tally_cli_exit_text *exit = command->exits; exit->text != NULL; exit++) {
		tally_write(writer, "  ");
		tally_write_number(writer, (uint64_t)exit->status);
		tally_write(writer, "   ");
		tally_write_wrapped(writer, INDENT, INDENT, exit->text);
	}
	tally_write(writer, "\nExamples:\n");
	for (const char *const *example = command->examples; *example != NULL; example += 2) {
		tally_write(writer, "  ");
		tally_write(writer, example[0]);
		tally_write(writer, "\n");
		tally_write_blanks(writer, INDENT);
		tally_write_wrapped(writer, INDENT, INDENT, example[1]);
	}
}

static void write_program_help(tally_writer *writer)
{
	tally_write(writer, "Usage: tallyman COMMAND [OPTION]... [ARGUMENT]...\n\n");
	tally_write(writer, "tallyman " TALLY_CLI_SUMMARY ".\n\nCommands:\n");
	const tally_cli_command *command;
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++) {
		tally_write(writer, "  ");
		tally_write_column(writer, command->name, 10);
		tally_write(writer, command->summary);
		tally_write(writer, "\n");
	}
	write_options(writer, tally_cli_options());
	tally_write(writer, "\n'tallyman COMMAND --help' tells more of a command.\n");
}

void tally_cli_help(tally_writer *writer, const tally_cli_command *command)
{
	if (command != NULL)
		write_command_help(writer, command);
	else
		write_program_help(writer);
}
