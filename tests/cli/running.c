/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/running.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

char *out, *err;
size_t out_size;
bool stop;
char folder[] = "/tmp/tallyman-command-XXXXXX";

static size_t err_size;

static uint64_t no_clock(void)
{
	return 0;
}

static bool is_stopped(void)
{
	return stop;
}

static void forget_output(void)
{
	free(out);
	free(err);
	out = NULL;
	err = NULL;
}

int run_into(FILE *file, char **argv)
{
	int argc = 0;
	while (argv[argc] != NULL)
		argc++;
	free(err);
	FILE *err_file = open_memstream(&err, &err_size);
	ck_assert_ptr_nonnull(err_file);
	const tally_cli_streams streams = {.out = file, .err = err_file, .clock = no_clock, .stopped = is_stopped};
	int status = tally_cli(argc, argv, &streams);
	ck_assert_int_eq(fclose(err_file), 0);
	return status;
}

int run_list(char **argv)
{
	free(out);
	FILE *file = open_memstream(&out, &out_size);
	ck_assert_ptr_nonnull(file);
	int status = run_into(file, argv);
	ck_assert_int_eq(fclose(file), 0);
	return status;
}

int run(const char *first, ...)
{
	char *argv[ARGUMENTS_MAX + 2] = {strdup("tallyman")};
	size_t count = 1;
	va_list args;
	va_start(args, first);
	for (const char *next = first; next != NULL; next = va_arg(args, const char *)) {
		ck_assert_uint_le(count, ARGUMENTS_MAX);
		argv[count++] = strdup(next);
	}
	va_end(args);
	int status = run_list(argv);
	for (size_t i = 0; i < count; i++)
		free(argv[i]);
	return status;
}

void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "not found: %s\nin: %s", part, text);
}

void write_document(char path[64], const char *text)
{
	snprintf(path, 64, "%s/document", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

void remove_folder(void)
{
	forget_output();
	rmdir(folder);
}
