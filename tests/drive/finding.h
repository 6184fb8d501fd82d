/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive in the tree of tree.h, and what is expected of it. Tests that begin with "both" run with openat2 and with the
 * walk that replaces it, and with openat2 once more as for somebody who isn't root; their _i says which.
 */
#ifndef TALLY_TESTS_DRIVE_FINDING_H
#define TALLY_TESTS_DRIVE_FINDING_H

#include "drive/directory.h"

enum { WITH_OPENAT2, WITHOUT_OPENAT2, WITHOUT_VIEW, BOTH };

extern tally_drive *drive;

/* Opens a directory of the tree, "" for the tree itself. */
void open_drive(const char *path, int mode);
/* Closes the drive and removes the tree; checked fixture. */
void drive_teardown(void);

tally_text text(const char *string);
/* The path is found, and the file has exactly this content. */
void expect_content(const char *path, const char *content);
/* The path isn't found, and `reason` is the text that says why. */
void expect(const char *path, tally_find expected, const char *reason);

#endif
