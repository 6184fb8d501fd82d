/* SPDX-License-Identifier: Apache-2.0 */
/* The drive that is a mounted directory: what its parts share, and what only tests set. */
#ifndef TALLY_DRIVE_DIRECTORY_H
#define TALLY_DRIVE_DIRECTORY_H

#include "drive/beside.h"
#include "drive/drive_class.h"
#include "drive/listing_cache.h"
#include "io/os.h"

#include <sys/stat.h>

/*
 * A part of what a check may take (verify/reading.c). Enough for the folders in use on a drive that is written in
 * another case than its manifest: a million names.
 */
#define TALLY_DIRECTORY_CACHE ((tally_cache_limits){4096, (size_t)32 << 20})

typedef struct tally_directory_options {
	bool without_openat2; /* as on a kernel that lacks it */
	bool without_view;    /* as for whoever may not have a view of his own */
	tally_cache_limits cache;
} tally_directory_options;

typedef struct tally_directory {
	tally_drive drive;
	int root; /* O_PATH */
	int seen; /* what `root` is a view of, or -1; while it is open, nobody unmounts the drive and thinks it is free
		   */
	tally_os_mount mount;
	bool has_openat2;
	bool refuses_devices;
	bool keep_access_time;
	tally_listing_cache *listings;
	tally_bad_place bad; /* of its files, all of one file system: told apart by their inodes */
} tally_directory;

/* The directory that a drive is; of such a drive only. */
static inline tally_directory *tally_directory_of(const tally_drive *drive)
{
	return (tally_directory *)(uintptr_t)drive;
}

/* tally_drive_open_directory with everything that it chooses by itself. */
tally_result tally_directory_open(const char *path, const tally_directory_options *options, tally_drive **drive,
				  tally_error *error);

/*
 * Opens the component `name` of the directory `dir`, itself and nothing that it refers to; where openat2 is there,
 * `name` may also be a path below `dir`. A descriptor or -errno; -EXDEV when something is mounted there.
 */
int tally_directory_step(const tally_directory *directory, int dir, const char *name, int flags);

/* Opens `name`, as above, for reading. 0, or -errno. */
int tally_directory_open_file(tally_directory *directory, int dir, const char *name, tally_file *file);
tally_file_identity tally_directory_identity(const struct stat *facts);
/* -errno of the above for what is no regular file. */
#define TALLY_NOT_REGULAR (-ENOTSUP)

/*
 * Finds a path that tally_windows_path_check found right by walking along it: compares names as NTFS does, and can tell
 * what stands in the way. Slower than one openat2 by some microseconds a component.
 */
tally_find tally_directory_search(tally_directory *directory, tally_text path, tally_file *file,
				  tally_find_detail *detail);

/* The rest of the class: tally_drive_walk, and the bytes of a file. */
tally_result tally_directory_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
				  void *context, tally_error *error);
int64_t tally_directory_read(const tally_file *file, uint64_t offset, void *buffer, size_t size);
int64_t tally_directory_read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size);
int64_t tally_directory_read_cached(const tally_file *file, uint64_t offset, void *buffer, size_t size);
bool tally_directory_begin_read(const tally_file *file, tally_reads *reads, unsigned number, void *buffer, size_t size);
int64_t tally_directory_end_read(const tally_file *file, tally_reads *reads, unsigned number);
int tally_directory_identify(const tally_file *file, tally_file_identity *identity);
void tally_directory_close_file(tally_file *file);
int tally_directory_map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping);
tally_os_presence tally_directory_cached(const tally_file *file, uint64_t offset, uint64_t size);
void tally_directory_will_need(const tally_file *file, uint64_t offset, uint64_t size);
void tally_directory_drop(const tally_file *file, uint64_t offset, uint64_t size);
void tally_directory_expect_no_order(const tally_file *file);
bool tally_directory_place(const tally_file *file, uint64_t offset, uint64_t *place);

#endif
