/* SPDX-License-Identifier: Apache-2.0 */
/* A drive, the archive that it is packed into, and what a check of that finds. */
#ifndef TALLY_TESTS_VERIFY_ARCHIVE_SCENE_H
#define TALLY_TESTS_VERIFY_ARCHIVE_SCENE_H

#include "verify/pack.h"
#include "verify/stage.h"
#include "verify/transcript.h"

typedef struct archive_kind {
	const char *format, *filter; /* as in pack_begin */
} archive_kind;

extern const archive_kind archive_kinds[];
extern const int archive_kind_count;

typedef struct archive_scene {
	stage stage;
	char packed[192]; /* path of the archive */
	transcript found;
} archive_scene;

void archive_open(archive_scene *a);
void archive_close(archive_scene *a);
pack *archive_start(archive_scene *a, const char *format, const char *filter);
/* The standard drive, with room for more behind it: to be ended. */
pack *archive_good(archive_scene *a);
/* Checks the archive. */
void archive_check(archive_scene *a);
void archive_expect(const archive_scene *a, const char *status, int exit_status, const char *counts,
		    const char *findings);
/*
 * Stops a check of the archive when it first tells its progress, then later and later, each time or more and more
 * seldom, until one comes to its end with this exit status. Returns how often that one told it, at least.
 */
unsigned archive_stop_everywhere(archive_scene *a, bool each_time, int exit_status);
/* Checks both the archive and the folder. */
void archive_expect_same_as_directory(archive_scene *a, const char *name);

#endif
