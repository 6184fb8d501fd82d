/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/memory.h"
#include "cli/command.h"
#include "tallyman.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>

/* getopt's value of an option without a letter, kept clear of characters. */
#define LONG_OPTION 256

static int put_file(void *context, const char *bytes, size_t size)
{
	FILE *file = context;
	errno = 0;
	/* Flushed at once: the writer has a buffer of its own, and a failure that comes later could go unnoticed. */
	if (fwrite(bytes, 1, size, file) == size && fflush(file) == 0)
		return 0;
	return errno != 0 ? errno : EIO;
}

void tally_cli_writer_init(tally_writer *writer, FILE *file)
{
	tally_writer_init(writer, put_file, file);
}

int tally_cli_finish(const tally_cli_streams *streams, tally_writer *writer, int status)
{
	int error = tally_writer_flush(writer);
	if (error == 0)
		return status;
	tally_cli_complain(streams, "standard output could not be written: %s", strerror(error));
	return TALLY_EXIT_UNCHECKED;
}

/* Bounded: what a user typed may be of any length, and its beginning is enough to recognise it. */
#define COMPLAINT_MAX 1024

static void write_complaint(const tally_cli_streams *streams, const char *text)
{
	tally_writer writer;
	tally_cli_writer_init(&writer, streams->err);
	tally_write(&writer, "tallyman: ");
	tally_write_escaped(&writer, text);
	tally_write(&writer, "\n");
	tally_writer_flush(&writer);
}

void tally_cli_complain(const tally_cli_streams *streams, const char *text_format, ...)
{
	char text[COMPLAINT_MAX];
	va_list args;
	va_start(args, text_format);
	vsnprintf(text, sizeof text, text_format, args);
	va_end(args);
	write_complaint(streams, text);
}

int tally_cli_usage_error(const tally_cli_call *call, const char *text_format, ...)
{
	char text[COMPLAINT_MAX];
	va_list args;
	va_start(args, text_format);
	vsnprintf(text, sizeof text, text_format, args);
	va_end(args);
	write_complaint(call->streams, text);
	if (call->command != NULL)
		fprintf(call->streams->err, "Try 'tallyman %s --help'.\n", call->command->name);
	else
		fprintf(call->streams->err, "Try 'tallyman --help'.\n");
	return TALLY_EXIT_USAGE;
}

/* ---- parsing ------------------------------------------------------------------------------------------------ */

/* The first mistake waits until the whole line was read: --help and --version count wherever they are. */
typedef struct parse_mistake {
	bool made;
	char text[COMPLAINT_MAX];
} parse_mistake;

__attribute__((format(printf, 2, 3))) static void make_mistake(parse_mistake *mistake, const char *text_format, ...)
{
	if (mistake->made)
		return;
	va_list args;
	va_start(args, text_format);
	vsnprintf(mistake->text, sizeof mistake->text, text_format, args);
	va_end(args);
	mistake->made = true;
}

/* getopt's two tables. '-' in front of the letters: arguments come in their place, whatever POSIXLY_CORRECT says. */
static void fill_getopt(const tally_cli_option *const *options, struct option longs[TALLY_OPTIONS + 1],
			char letters[2 * TALLY_OPTIONS + 3])
{
	size_t count = 0;
	*letters++ = '-';
	*letters++ = ':';
	for (; *options != NULL; options++) {
		const tally_cli_option *option = *options;
		longs[count++] = (struct option){
		    .name = option->name,
		    .has_arg = option->metavar == NULL ? no_argument
			       : option->optional      ? optional_argument
						       : required_argument,
		    .val = LONG_OPTION + (int)option->id,
		};
		if (option->letter == 0)
			continue;
		*letters++ = option->letter;
		if (option->metavar != NULL && !option->optional)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[count] = (struct option){0};
}

static const tally_cli_option *option_of(const tally_cli_option *const *options, int value)
{
	for (; *options != NULL; options++)
		if (value == LONG_OPTION + (int)(*options)->id || (value != 0 && value == (*options)->letter))
			return *options;
	return NULL;
}

static bool is_choice(const tally_cli_option *option, const char *value)
{
	const char *choice;
	for (size_t i = 0; (choice = option->choice(i)) != NULL; i++)
		if (strcmp(choice, value) == 0)
			return true;
	return false;
}

static void check_choice(const tally_cli_option *option, const char *value, parse_mistake *mistake)
{
	if (option->choice == NULL || is_choice(option, value))
		return;
	char list[512] = "";
	size_t used = 0;
	const char *choice;
	for (size_t i = 0; (choice = option->choice(i)) != NULL && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", choice);
	make_mistake(mistake, "--%s is one of: %s; not %.200s", option->name, list, value);
}

static void take_option(tally_cli_call *call, const tally_cli_option *option, parse_mistake *mistake)
{
	if (option->metavar != NULL && optarg != NULL) {
		if (option->many)
			call->values[call->value_count++] = optarg;
		else if (call->given[option->id])
			make_mistake(mistake, "--%s is given twice", option->name);
		check_choice(option, optarg, mistake);
		call->value[option->id] = optarg;
	}
	call->given[option->id] = true;
}

/* What getopt could not understand. `value` is '?' or ':'. */
static void take_unknown(const tally_cli_option *const *options, int value, const char *argument,
			 parse_mistake *mistake)
{
	const tally_cli_option *option = option_of(options, optopt);
	if (value == ':' && option != NULL)
		make_mistake(mistake, "--%s needs a value: %s", option->name, option->metavar);
	else if (optopt >= LONG_OPTION && option != NULL)
		make_mistake(mistake, "--%s takes no value", option->name);
	else if (optopt != 0)
		make_mistake(mistake, "unknown option -%c", optopt);
	else
		make_mistake(mistake, "unknown option %.200s", argument);
}

/* argv[0] is the command's name, or the program's where there is no command. */
static void parse(tally_cli_call *call, int argc, char **argv, parse_mistake *mistake)
{
	const tally_cli_option *const *options = call->command != NULL ? call->command->options : tally_cli_options();
	struct option longs[TALLY_OPTIONS + 1];
	char letters[2 * TALLY_OPTIONS + 3];
	fill_getopt(options, longs, letters);
	opterr = 0;
	optind = 0; /* GNU: begin anew */
	int value;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const tally_cli_option *option = option_of(options, value);
		if (value == 1)
			call->arguments[call->argument_count++] = optarg;
		else if (option != NULL)
			take_option(call, option, mistake);
		else
			take_unknown(options, value, argv[optind - 1], mistake);
	}
	while (optind < argc)
		call->arguments[call->argument_count++] = argv[optind++];
}

/* ---- running ------------------------------------------------------------------------------------------------ */

static void write_version(tally_writer *writer)
{
	tally_write(writer, "tallyman ");
	tally_write(writer, tally_version());
	tally_write(writer, "\n");
}

static int show_help(const tally_cli_call *call, tally_writer *writer)
{
	const char *kind = call->value[TALLY_OPTION_HELP];
	if (kind != NULL && strcmp(kind, "man") == 0)
		tally_cli_man_page(writer);
	else if (kind != NULL && strcmp(kind, "bash") == 0)
		tally_cli_bash_completion(writer);
	else
		tally_cli_help(writer, call->command);
	return tally_cli_finish(call->streams, writer, TALLY_EXIT_OK);
}

/* Why this command line can't be run, or NULL. */
static const char *find_mistake(const tally_cli_call *call, parse_mistake *mistake)
{
	const tally_cli_command *command = call->command;
	if (command == NULL) {
		const char *first = call->argument_count > 0 ? call->arguments[0] : NULL;
		if (first != NULL && tally_cli_command_find(first) == NULL)
			mistake->made = false; /* its options can't be known, so they are no mistake */
		if (first == NULL)
			make_mistake(mistake, "no command is given");
		else if (tally_cli_command_find(first) == NULL)
			make_mistake(mistake, "unknown command %.200s", first);
		else
			make_mistake(mistake, "the command %s comes before its options", first);
	} else if (call->argument_count < command->least) {
		make_mistake(mistake, "%s needs a %s", command->name, command->metavar);
	} else if (call->argument_count > command->most) {
		make_mistake(mistake, "%s takes no more than %zu %s", command->name, command->most, command->metavar);
	}
	return mistake->made ? mistake->text : NULL;
}

static int run(tally_cli_call *call, int argc, char **argv)
{
	parse_mistake mistake = {.made = false};
	parse(call, argc, argv, &mistake);
	tally_writer writer;
	tally_cli_writer_init(&writer, call->streams->out);
	if (call->given[TALLY_OPTION_HELP] && (call->value[TALLY_OPTION_HELP] == NULL || !mistake.made))
		return show_help(call, &writer);
	if (call->given[TALLY_OPTION_VERSION]) {
		write_version(&writer);
		return tally_cli_finish(call->streams, &writer, TALLY_EXIT_OK);
	}
	const char *text = find_mistake(call, &mistake);
	if (text != NULL)
		return tally_cli_usage_error(call, "%s", text);
	return call->command->run(call);
}

int tally_cli(int argc, char **argv, const tally_cli_streams *streams)
{
	tally_cli_call call = {.streams = streams};
	call.arguments = tally_zalloc((size_t)argc + 1, sizeof *call.arguments);
	call.values = tally_zalloc((size_t)argc + 1, sizeof *call.values);
	if (call.arguments == NULL || call.values == NULL) {
		tally_free(call.arguments);
		tally_free(call.values);
		tally_cli_complain(streams, "out of memory");
		return TALLY_EXIT_UNCHECKED;
	}
	if (argc > 1)
		call.command = tally_cli_command_find(argv[1]);
	int skip = call.command != NULL;
	int status = run(&call, argc - skip, argv + skip);
	tally_free(call.arguments);
	tally_free(call.values);
	return status;
}
