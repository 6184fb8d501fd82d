/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a manifest's files are. One interface, so that the check doesn't know whether it reads a mounted directory, an
 * image or an archive. Only reading; nothing here ever writes.
 *
 * Threads: tally_drive_find, tally_file_read, tally_file_identify and tally_file_close may be called by several threads
 * at once on one drive.
 */
#ifndef TALLY_DRIVE_DRIVE_H
#define TALLY_DRIVE_DRIVE_H

#include "base/error.h"
#include "base/windows_path.h"
#include "io/mapping.h"
#include "io/pages.h"
#include "io/reads.h"

typedef struct tally_drive tally_drive;

/* What became of opening a path; each is a status of its own for the service. */
typedef enum tally_find {
	TALLY_FIND_OK,
	TALLY_FIND_NAME_INVALID,
	TALLY_FIND_NAME_TOO_LONG,
	TALLY_FIND_MISSING,      /* a component does not exist, or a file stands where a directory should be */
	TALLY_FIND_NOT_A_FILE,   /* the path leads to something, but to no regular file: the text says to what */
	TALLY_FIND_LEAVES_DRIVE, /* a symbolic link or mount point on the way; never followed */
	TALLY_FIND_DENIED,
	TALLY_FIND_WINDOWS_ONLY, /* what only Windows can make a file of: what it would read there isn't known here */
	TALLY_FIND_AMBIGUOUS,    /* no exact match and several names that NTFS takes for this one */
	TALLY_FIND_IO_FAILED,
	/* The program's own shortages, which say nothing of the drive; see tally_find_shortage. */
	TALLY_FIND_NO_MEMORY,
	TALLY_FIND_NO_FILES /* it may have no more files open: when some are closed, the same may be found */
} tally_find;

typedef struct tally_file_identity {
	uint64_t device, inode, size;
	uint64_t links;      /* names that lead to it: one less when another file has taken its place */
	int64_t modified_ns; /* only to be compared: years that don't fit wrap around */
} tally_file_identity;

/* An open file. A value: no allocation for each file. */
typedef struct tally_file {
	tally_drive *drive;
	intptr_t handle; /* a file descriptor for a directory drive */
	uint64_t size;   /* bytes, when it was opened */
	tally_file_identity identity;
} tally_file;

/* Filled for every outcome but TALLY_FIND_OK. */
typedef struct tally_find_detail {
	int os_error;               /* errno or 0 */
	tally_path_problem problem; /* for NAME_INVALID and NAME_TOO_LONG */
	/* What stands in the way, UTF-8, e.g. "\pictures is a symbolic link". A long path is cut in front. */
	char text[160];
} tally_find_detail;

/*
 * A mounted directory, opened once; every path below it by openat2(BENEATH, NO_SYMLINKS, NO_MAGICLINKS, NO_XDEV), by a
 * walk of one component at a time where the kernel lacks it. TALLY_ERROR_IO when `path` can't be opened as a directory,
 * TALLY_ERROR_NO_FILES.
 */
tally_result tally_drive_open_directory(const char *path, tally_drive **drive, tally_error *error);
/* `drive` may be NULL. Files of it that are still open stay readable. */
void tally_drive_close(tally_drive *drive);

/*
 * Opens a manifest path for reading. Never waits for anything but the disk, whatever the path leads to. On
 * TALLY_FIND_OK the file must be closed. `detail` may be NULL.
 */
tally_find tally_drive_find(tally_drive *drive, tally_text windows_path, tally_file *file, tally_find_detail *detail);

/*
 * The error of the run that an outcome is which is no status of the service: TALLY_ERROR_NO_MEMORY,
 * TALLY_ERROR_NO_FILES; TALLY_OK for all others. `detail` may be NULL.
 */
tally_result tally_find_shortage(tally_find found, const tally_find_detail *detail, tally_error *error);

/*
 * The folder that a thread found a file in last, kept open for the next file in it: the way there needs not be gone
 * again. All zeros in the beginning. A folder that is moved or replaced meanwhile is noticed when it is left, so it is
 * left soon.
 */
#define TALLY_FOLDER_PATH 512
typedef struct tally_folder {
	tally_drive *drive;
	intptr_t handle; /* a file descriptor for a directory drive; the folder is `open` only while it has one */
	bool open;
	size_t size; /* of `path`, the drive's own spelling */
	char path[TALLY_FOLDER_PATH];
} tally_folder;

/* tally_drive_find, which may use and change `folder`. One thread uses a folder. */
tally_find tally_drive_find_near(tally_drive *drive, tally_folder *folder, tally_text windows_path, tally_file *file,
				 tally_find_detail *detail);
void tally_folder_leave(tally_folder *folder);

/* Reads up to `size` bytes at `offset`: the number read, 0 at the end of the file, or -errno. Retries EINTR. */
int64_t tally_file_read(const tally_file *file, uint64_t offset, void *buffer, size_t size);
#ifdef TALLY_FAULT_INJECTION
/*
 * Test only: asked before each read, from any thread. -errno makes it fail, n > 0 shortens it to n bytes, 0 lets it be.
 * NULL switches it off.
 */
extern int64_t (*tally_read_fault)(const tally_file *file, uint64_t offset, size_t size);
/* Test only: may change what a read gave. While it is set, nothing is mapped. */
extern void (*tally_read_damage)(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size);
/* Test only: tally_file_read_cached gives nothing, as that of Linux 5.9 does where it would have to wait. */
extern bool tally_cached_reads_end;
#endif
/*
 * The same of what is in the page cache: -EAGAIN where it would have to wait for the medium, and -EOPNOTSUPP where that
 * can't be had. Only bytes that come are to be relied on.
 */
int64_t tally_file_read_cached(const tally_file *file, uint64_t offset, void *buffer, size_t size);
/* What the file is now, to tell a change while it was read. 0 or -errno. */
int tally_file_identify(const tally_file *file, tally_file_identity *identity);
/* Whether one has become the other: a file that was written to, cut, removed or replaced. */
bool tally_file_identity_changed(const tally_file_identity *then, const tally_file_identity *now);
void tally_file_close(tally_file *file);
/* The first bytes of the file that lie on clusters which the file system has noted as bad; false: none that is known. */
bool tally_file_on_bad_clusters(const tally_file *file, uint64_t *offset, uint64_t *length);

/* ---- how its bytes are best had; all of this is advice, and only tally_file_map can fail ---- */

/* What `offset`, `size` and the buffer of tally_file_read_medium are multiples of. */
#define TALLY_MEDIUM_ALIGNMENT 4096
/*
 * The same as tally_file_read, but the bytes come from the medium: past the page cache, or, where the file system knows
 * no such way, after the range was taken out of it. Only one thread at a time uses the file.
 */
int64_t tally_file_read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size);
/*
 * Begins such a reading of the first `size` bytes as read `number` of `reads`. False where the page cache can't be
 * passed by. Until tally_file_end_read, which gives what tally_file_read_medium would or TALLY_READS_LOST, nothing else is
 * read of this file.
 */
bool tally_file_begin_read(const tally_file *file, tally_reads *reads, unsigned number, void *buffer, size_t size);
int64_t tally_file_end_read(const tally_file *file, tally_reads *reads, unsigned number);
/* See tally_mapping_make. 0 or -errno. */
int tally_file_map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping);
tally_os_presence tally_file_cached(const tally_file *file, uint64_t offset, uint64_t size);
void tally_file_will_need(const tally_file *file, uint64_t offset, uint64_t size);
void tally_file_drop(const tally_file *file, uint64_t offset, uint64_t size);
void tally_file_expect_no_order(const tally_file *file);
/* Sorts files by where they are on the medium; false when that can't be known. */
bool tally_file_place(const tally_file *file, uint64_t offset, uint64_t *place);
/* What the drive lies on. */
tally_os_medium tally_drive_medium(const tally_drive *drive);

/* One regular file (or other thing) met by tally_drive_walk. */
typedef struct tally_walk_entry {
	const char *path; /* "\dir\name", its bytes as on the drive, which need not be UTF-8 */
	uint64_t size;    /* of a regular file */
	bool is_regular;
	bool clashes; /* another name in this directory, or one of a directory on the way, is the same for NTFS */
	/*
	 * Not 0: what is here could not be looked at, or it is a directory that could not be read. EXDEV for a mount
	 * point, ENAMETOOLONG for a directory deeper than any path of Windows; neither is entered.
	 */
	int os_error;
	/*
	 * Not NULL: `size` is not known yet, and is_regular is what the directory's list of names says. Most visitors
	 * know from the path that they don't care, and looking costs more than all the rest of a visit.
	 */
	void (*look)(struct tally_walk_entry *entry);
	const void *place; /* the walk's own */
} tally_walk_entry;

/* During the visit: the entry with everything known. */
tally_walk_entry tally_walk_look(const tally_walk_entry *entry);

/*
 * Visits everything on the drive but the directories that could be read, depth first, names of a directory in byte
 * order, without recursion and with a bounded number of open directories. Links are visited, never followed.
 * TALLY_ERROR_STOPPED when `visit` returned false; TALLY_ERROR_IO when directories are moved about meanwhile;
 * TALLY_ERROR_NO_FILES, TALLY_ERROR_NO_MEMORY.
 */
tally_result tally_drive_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
			      void *context, tally_error *error);

#endif
