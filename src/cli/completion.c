/* SPDX-License-Identifier: Apache-2.0 */
/* Completion for bash, by its own builtins only. */
#include "cli/command.h"
#include "tallyman.h"

static void write_options(tally_writer *writer, const tally_cli_option *const *options)
{
	for (; *options != NULL; options++) {
		tally_write(writer, " --");
		tally_write(writer, (*options)->name);
	}
}

static void write_choices(tally_writer *writer, const tally_cli_option *option)
{
	const char *choice;
	for (size_t i = 0; (choice = option->choice(i)) != NULL; i++) {
		tally_write(writer, i > 0 ? " " : "");
		tally_write(writer, choice);
	}
}

/* Rules that share an id follow each other in the catalogue. */
static void write_codes(tally_writer *writer)
{
	const char *last = "";
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const char *id = tally_rule_at(i)->id;
		if (strcmp(id, last) == 0)
			continue;
		tally_write(writer, " ");
		tally_write(writer, id);
		last = id;
	}
	/* States with blanks in them have to be quoted, which word lists can't do. */
	for (size_t i = 0; i < tally_status_count(); i++) {
		const char *code = tally_status_at(i)->code;
		if (strchr(code, ' ') != NULL)
			continue;
		tally_write(writer, " ");
		tally_write(writer, code);
	}
}

/* What follows an option that takes a value. */
static void write_values(tally_writer *writer, const tally_cli_command *command)
{
	for (const tally_cli_option *const *options = command->options; *options != NULL; options++) {
		const tally_cli_option *option = *options;
		const char letter[2] = {option->letter, '\0'};
		if (option->metavar == NULL)
			continue;
		tally_write(writer, "\t\t'");
		tally_write(writer, command->name);
		tally_write(writer, " --");
		tally_write(writer, option->name);
		if (option->letter != 0) {
			tally_write(writer, "' | '");
			tally_write(writer, command->name);
			tally_write(writer, " -");
			tally_write(writer, letter);
		}
		tally_write(writer, "') ");
		if (option->choice != NULL) {
			tally_write(writer, "words='");
			write_choices(writer, option);
			tally_write(writer, "'");
		} else {
			tally_write(writer, strcmp(option->metavar, "FILE") == 0 ? "kind='file'" : "kind='none'");
		}
		tally_write(writer, " ;;\n");
	}
}

static void write_arguments(tally_writer *writer, const tally_cli_command *command)
{
	tally_write(writer, "\t\t\t");
	tally_write(writer, command->name);
	tally_write(writer, ") options='");
	write_options(writer, command->options);
	switch (command->argument) {
	case TALLY_ARGUMENT_DIRECTORY:
		tally_write(writer, "' kind='directory' ;;\n");
		break;
	case TALLY_ARGUMENT_FILE:
		tally_write(writer, "' kind='file' ;;\n");
		break;
	case TALLY_ARGUMENT_CODE:
		tally_write(writer, "' words='");
		write_codes(writer);
		tally_write(writer, "' ;;\n");
		break;
	}
}

void tally_cli_bash_completion(tally_writer *writer)
{
	const tally_cli_command *command;
	tally_write(writer, "# shellcheck shell=bash\n# Generated from the table of commands.\n_tallyman()\n{\n");
	tally_write(writer, "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
			    "\tlocal command=${COMP_WORDS[1]} options='' words='' kind='none'\n"
			    "\tCOMPREPLY=()\n"
			    "\t# bash takes --name=value apart into three words.\n"
			    "\tif [[ $current == '=' ]]; then\n"
			    "\t\tcurrent=''\n"
			    "\telif [[ $previous == '=' ]] && ((COMP_CWORD > 2)); then\n"
			    "\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
			    "\tfi\n"
			    "\tif ((COMP_CWORD == 1)); then\n\t\twords='");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++) {
		tally_write(writer, i > 0 ? " " : "");
		tally_write(writer, command->name);
	}
	write_options(writer, tally_cli_options());
	tally_write(writer, "'\n\telse\n\t\tcase \"$command $previous\" in\n");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++)
		write_values(writer, command);
	tally_write(writer, "\t\t*)\n\t\t\tcase $command in\n");
	for (size_t i = 0; (command = tally_cli_command_at(i)) != NULL; i++)
		write_arguments(writer, command);
	tally_write(writer, "\t\t\tesac\n"
			    "\t\t\tif [[ $current == -* ]]; then\n\t\t\t\twords=$options kind='none'\n\t\t\tfi\n"
			    "\t\t\t;;\n\t\tesac\n\tfi\n"
			    "\tcase $kind in\n"
			    "\t\tfile)\n\t\t\tcompopt -o filenames 2>/dev/null\n"
			    "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n\t\t\t;;\n"
			    "\t\tdirectory)\n\t\t\tcompopt -o filenames 2>/dev/null\n"
			    "\t\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n\t\t\t;;\n"
			    "\t\t*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\") ;;\n"
			    "\tesac\n}\ncomplete -F _tallyman tallyman\n");
}
