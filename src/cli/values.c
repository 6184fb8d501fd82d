/* SPDX-License-Identifier: Apache-2.0 */
/* The values of options that are more than text or one of several words. */
#include "base/text.h"
#include "cli/command.h"

#include <stdio.h>

int tally_cli_jobs(const tally_cli_call *call, unsigned *jobs)
{
	const char *text = call->value[TALLY_OPTION_JOBS];
	uint64_t number = 0;
	*jobs = 0;
	if (text == NULL)
		return TALLY_EXIT_OK;
	if (tally_decimal_parse((tally_text){text, strlen(text)}, &number) != TALLY_NUMBER_OK || number < 1 ||
	    number > TALLY_CLI_JOBS_MAX)
		return tally_cli_usage_error(call, "--jobs is a number from 1 to %d; not %.200s", TALLY_CLI_JOBS_MAX,
					     text);
	*jobs = (unsigned)number;
	return TALLY_EXIT_OK;
}

/* A number with K, M or G behind it, of either case. */
static bool parse_size(tally_text text, uint64_t *size)
{
	static const char units[] = "KMG";
	unsigned shift = 0;
	for (size_t i = 0; text.size > 0 && units[i] != '\0'; i++)
		if ((text.data[text.size - 1] & ~0x20) == units[i])
			shift = 10 * ((unsigned)i + 1);
	if (shift > 0)
		text.size--;
	if (tally_decimal_parse(text, size) != TALLY_NUMBER_OK || *size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}

static int take_max_rate(const tally_cli_call *call, uint64_t *max_rate)
{
	const char *text = call->value[TALLY_OPTION_MAX_RATE];
	*max_rate = 0;
	if (text == NULL)
		return TALLY_EXIT_OK;
	if (!parse_size((tally_text){text, strlen(text)}, max_rate) || *max_rate == 0)
		return tally_cli_usage_error(
		    call,
		    "--max-rate is a number of bytes per second, with K, M or G behind it if you like; not %.200s",
		    text);
	return TALLY_EXIT_OK;
}

static const char *const io_modes[] = {
    [TALLY_IO_AUTO] = "auto",
    [TALLY_IO_MMAP] = "mmap",
    [TALLY_IO_READ] = "read",
    [TALLY_IO_DIRECT] = "direct",
};

const char *tally_cli_io_choice(size_t index)
{
	return index < sizeof io_modes / sizeof io_modes[0] ? io_modes[index] : NULL;
}

static int take_io(const tally_cli_call *call, tally_io_mode *io)
{
	const char *name = call->value[TALLY_OPTION_IO];
	bool direct = call->given[TALLY_OPTION_DIRECT];
	*io = direct ? TALLY_IO_DIRECT : TALLY_IO_AUTO;
	if (name == NULL)
		return TALLY_EXIT_OK;
	for (size_t i = 0; i < sizeof io_modes / sizeof io_modes[0]; i++)
		if (strcmp(io_modes[i], name) == 0)
			*io = (tally_io_mode)i;
	if (direct && *io != TALLY_IO_DIRECT)
		return tally_cli_usage_error(call, "--direct and --io %.200s exclude each other", name);
	return TALLY_EXIT_OK;
}

int tally_cli_reading(const tally_cli_call *call, unsigned *jobs, tally_io_mode *io, uint64_t *max_rate)
{
	int status = tally_cli_jobs(call, jobs);
	if (status == TALLY_EXIT_OK)
		status = take_io(call, io);
	return status == TALLY_EXIT_OK ? take_max_rate(call, max_rate) : status;
}

static bool ask_key(void *context, const char *volume, char *key, size_t size)
{
	const tally_cli_streams *streams = context;
	char question[480];
	snprintf(question, sizeof question, "BitLocker key of %.400s: ", volume[0] != '\0' ? volume : "the volume");
	return streams->ask_secret(question, key, size);
}

void tally_cli_key(const tally_cli_call *call, tally_check_options *options)
{
	options->key_file = call->value[TALLY_OPTION_KEY_FILE];
	options->ask_key = call->streams->ask_secret != NULL ? ask_key : NULL;
	options->ask_context = (void *)(uintptr_t)call->streams;
}
