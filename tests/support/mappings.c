/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mappings.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

const char *mappings_line(const void *address, const char *what)
{
	static char line[4096];
	bool found = false;
	FILE *maps = fopen("/proc/self/smaps", "r");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long long begin, end;
		if (sscanf(line, "%llx-%llx ", &begin, &end) == 2)
			found = begin <= (uintptr_t)address && (uintptr_t)address < end;
		else if (found && strncmp(line, what, strlen(what)) == 0)
			break;
		line[0] = '\0';
	}
	fclose(maps);
	return line;
}

void mappings_expect_no_dump(const void *address)
{
	const char *flags = mappings_line(address, "VmFlags:");
	/* Kernels can be built without them. */
	if (flags[0] != '\0')
		ck_assert_msg(strstr(flags, " dd") != NULL, "%s", flags);
}
