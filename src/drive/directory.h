/* SPDX-License-Identifier: Apache-2.0 */
/* The drive that is a mounted directory: what its parts share, and what only tests set. */
#ifndef TALLY_DRIVE_DIRECTORY_H
#define TALLY_DRIVE_DIRECTORY_H

#include "drive/drive.h"
#include "drive/listing_cache.h"
#include "io/os.h"

#include <sys/stat.h>

/* Enough for the directories of a drive that is written in another case than its manifest, eight million names. */
#define TALLY_DIRECTORY_CACHE ((tally_cache_limits){4096, (size_t)256 << 20})

typedef struct tally_directory_options {
	bool without_openat2; /* as on a kernel that lacks it */
	tally_cache_limits cache;
} tally_directory_options;

struct tally_drive {
	int root; /* O_PATH */
	tally_os_mount mount;
	bool has_openat2;
	bool refuses_devices;
	bool keep_access_time;
	tally_listing_cache *listings;
};

/* tally_drive_open_directory with everything that it chooses by itself. */
tally_result tally_directory_open(const char *path, const tally_directory_options *options, tally_drive **drive,
				  tally_error *error);

/*
 * Opens the component `name` of the directory `dir`, itself and nothing that it refers to; where openat2 is there,
 * `name` may also be a path below `dir`. A descriptor or -errno; -EXDEV when something is mounted there.
 */
int tally_directory_step(const tally_drive *drive, int dir, const char *name, int flags);

/* Opens `name`, as above, for reading. 0, or -errno. */
int tally_directory_open_file(tally_drive *drive, int dir, const char *name, tally_file *file);
tally_file_identity tally_directory_identity(const struct stat *facts);
/* -errno of the above for what is no regular file. */
#define TALLY_NOT_REGULAR (-ENOTSUP)

/*
 * Finds a path that tally_windows_path_check found right by walking along it: compares names as NTFS does, and can tell
 * what stands in the way. Slower than one openat2 by some microseconds a component.
 */
tally_find tally_directory_search(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail);

#endif
