/* SPDX-License-Identifier: Apache-2.0 */
#include "support/folder.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
	(void)facts, (void)kind, (void)where;
	return remove(path);
}

void folder_remove(const char *path)
{
	char command[8448];
	/* Permissions are nothing to root, who so needs no processes, of which all tests together would start
	 * thousands. */
	if (geteuid() == 0 && nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0)
		return;
	/* Folders may have lost their permissions, and what is too deep for a path is nothing to rm. */
	int size = snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", path, path);
	ck_assert_int_lt(size, (int)sizeof command);
	ck_assert_int_eq(system(command), 0);
}
