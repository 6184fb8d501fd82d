/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tools.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Programs for disks are where only root looks for them. */
#define SHELL "export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin; "

static bool are_required(void)
{
	const char *required = getenv("TALLY_TOOLS_REQUIRED");
	return required != NULL && strcmp(required, "1") == 0;
}

static bool are_installed(const char *names)
{
	char command[1024];
	/* Without asserting: main asks before there are tests that could fail. */
	int size = snprintf(command, sizeof command,
			    SHELL "for tool in %s; do command -v $tool >/dev/null || exit 1; done", names);
	return size < (int)sizeof command && system(command) == 0;
}

bool tools_have(const char *names)
{
	if (are_installed(names))
		return true;
	ck_assert_msg(!are_required(), "not all of these are installed: %s", names);
	printf("skipped: not all of these are installed: %s\n", names);
	return false;
}

bool tools_any(const char *const *names)
{
	if (are_required())
		return true;
	for (const char *const *each = names; *each != NULL; each++)
		if (are_installed(*each))
			return true;
	printf("skipped: none of these is installed:");
	for (; *names != NULL; names++)
		printf(" %s", *names);
	putchar('\n');
	return false;
}

__attribute__((format(printf, 3, 0))) static void put_command(char *command, size_t capacity, const char *format, va_list arguments)
{
	size_t used = strlen(command);
	int size = vsnprintf(command + used, capacity - used, format, arguments);
	ck_assert(size >= 0 && (size_t)size < capacity - used);
}

const test_text *tools_run(const char *format, ...)
{
	static test_text out;
	char command[16384] = SHELL, piece[4096];
	va_list arguments;
	va_start(arguments, format);
	put_command(command, sizeof command, format, arguments);
	va_end(arguments);
	FILE *in = popen(command, "r");
	ck_assert_ptr_nonnull(in);
	text_clear(&out);
	text_add(&out, "", 0);
	for (size_t got; (got = fread(piece, 1, sizeof piece, in)) > 0;)
		text_add(&out, piece, got);
	int status = pclose(in);
	ck_assert_msg(status == 0, "%s: status %d: %.2000s", command + strlen(SHELL), status, out.data);
	return &out;
}

int tools_status(const char *format, ...)
{
	char command[4096] = SHELL "exec >/dev/null 2>&1; ";
	va_list arguments;
	va_start(arguments, format);
	put_command(command, sizeof command, format, arguments);
	va_end(arguments);
	int status = system(command);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}
