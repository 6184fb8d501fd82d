/* SPDX-License-Identifier: Apache-2.0 */
/* Real directory trees for the tests of drives. Paths are relative to the tree's root, `/` between components. */
#ifndef TALLY_TESTS_DRIVE_TREE_H
#define TALLY_TESTS_DRIVE_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* Makes an empty directory for one test, in TMPDIR or /tmp, readable for everybody. */
void tree_make(void);
void tree_remove(void);
/* The absolute path of something in the tree, "" for the tree; in a buffer that the next call overwrites. */
const char *tree_place(const char *path);

/*
 * A descriptor of the directory in which `path` is, made with all that leads there, and *name its last component. Works
 * for paths of any length. To be closed.
 */
int tree_parent(const char *path, const char **name);
void tree_directory(const char *path);
void tree_file(const char *path, const char *content);
void tree_link(const char *path, const char *target);
void tree_fifo(const char *path);
void tree_socket(const char *path);
/* False, with a message, where that takes more rights than the test has. */
bool tree_device(const char *path);

/* Goes on as a user who owns nothing of the tree, for what root is never denied. False when that can't be had. */
bool tree_become_nobody(void);
/* A mount name space of our own, for this process alone. False, with a message, when that can't be had. */
bool tree_may_mount(void);
/* Mounts an empty file system on a directory of the tree; `flags` as of mount(2). */
void tree_mount(const char *path, unsigned long flags);

/* Makes the system call `number` fail from now on, as the seccomp filter of a container does. False, with a message. */
bool tree_forbid_call(long number, int os_error);

#endif
