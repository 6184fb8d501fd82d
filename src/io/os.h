/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What POSIX has no call for, or one that needs a loop around it, in one place: opening below a directory, reading,
 * facts of a mount, temporary files.
 */
#ifndef TALLY_IO_OS_H
#define TALLY_IO_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Opens `path`, relative to `dir`: through no symbolic link, no link of /proc, no mount point, and never outside `dir`.
 * With O_PATH | O_NOFOLLOW a link at the end is opened itself. Returns the descriptor or -errno; EXDEV for a mount
 * point, ELOOP for a link.
 */
int tally_os_open_beneath(int dir, const char *path, int flags);
/*
 * Whether the kernel does that. Before Linux 5.6 it doesn't know the call, and the filters of containers refuse it with
 * various errors, so it is tried out.
 */
bool tally_os_can_open_beneath(int dir);

/* Which mount a file lies on: the kernel's number for it, or only the device where the kernel doesn't tell. */
typedef struct tally_os_mount {
	uint64_t id;
	bool is_number;
	bool is_directory; /* of the file that was asked about */
} tally_os_mount;

/* 0 or -errno. */
int tally_os_mount_of(int fd, tally_os_mount *mount);
bool tally_os_same_mount(const tally_os_mount *a, const tally_os_mount *b);

/* Device nodes on this file's mount can't be opened (nodev). */
bool tally_os_refuses_devices(int fd);
/*
 * The directory, with all that is mounted below it, through mounts of its own that nobody else sees: read-only, without
 * access times, and device nodes can't be opened. It lasts as long as the descriptor that is returned. Or -errno: it
 * takes CAP_SYS_ADMIN and Linux 5.12.
 */
int tally_os_private_view(int dir);
/* Reading a file on this file's mount can change its access time, which is a write to the drive. */
bool tally_os_tracks_reading(int fd);

/* The root of a mounted NTFS file system of a block device: a drive, and not a copy of what was on one. */
bool tally_os_is_ntfs_root(const char *path);

/* What can be read as a disk: how large it is, and in which sectors. */
typedef struct tally_os_extent {
	uint64_t size;        /* bytes */
	uint32_t sector_size; /* logical, of a block device; 0 for a file */
} tally_os_extent;

/*
 * pread, which goes on after a signal: bytes, 0 at the end, or -errno, of which tally_os_read_error says the meaning.
 */
int64_t tally_os_read(int fd, uint64_t offset, void *buffer, size_t size);
/*
 * errno of a failed read, EIO for whatever it is called that the device could not read. Through the page cache that is
 * EIO already; past it the block layer's own words come through, which mean other things elsewhere: ENODATA for a bad
 * sector.
 */
int tally_os_read_error(int error);
#ifdef TALLY_FAULT_INJECTION
/* Test only: asked before each tally_os_read, from any thread. Not 0: errno that it fails with. */
extern int (*tally_os_read_fault)(int fd, uint64_t offset, size_t size);
#endif

/* Of a regular file or block device: 0 or -errno; -EISDIR for a directory, -ENOTBLK for anything else. */
int tally_os_extent_of(int fd, tally_os_extent *extent);

/*
 * A file without a name, so that nobody else can open it and nothing is left, for reading and writing. It is in the
 * folder that TMPDIR names, as that is where the user has room, else in /tmp. The descriptor or -errno.
 */
int tally_os_open_temporary(void);
/* That folder, for messages. Valid until the environment changes. */
const char *tally_os_temporary_folder(void);
/* Writes all of it: 0 or an errno. */
int tally_os_write_at(int fd, uint64_t offset, const void *bytes, size_t size);
/* By a clock that only goes forward. */
uint64_t tally_os_now_ns(void);

#endif
