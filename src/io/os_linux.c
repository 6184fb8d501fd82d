/* SPDX-License-Identifier: Apache-2.0 */
#include "io/os.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Known to Linux 5.8 and to later C libraries than to kernels. */
#ifndef STATX_MNT_ID
#  define STATX_MNT_ID 0x00001000U
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#  define STATX_ATTR_MOUNT_ROOT 0x00002000U
#endif

int tally_os_open_beneath(int dir, const char *path, int flags)
{
	struct open_how how = {
	    .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd;
	do
		fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : (int)fd;
}

bool tally_os_can_open_beneath(int dir)
{
	int fd = tally_os_open_beneath(dir, ".", O_PATH | O_DIRECTORY);
	if (fd < 0)
		return tally_is_no_files(-fd); /* it would, and who doesn't know it says something else */
	close(fd);
	return true;
}

int tally_os_mount_of(int fd, tally_os_mount *mount)
{
	struct statx facts;
	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MNT_ID, &facts) != 0)
		return -errno;
	mount->is_number = (facts.stx_mask & STATX_MNT_ID) != 0;
	mount->id = mount->is_number ? facts.stx_mnt_id : makedev(facts.stx_dev_major, facts.stx_dev_minor);
	mount->is_directory = S_ISDIR(facts.stx_mode);
	return 0;
}

bool tally_os_same_mount(const tally_os_mount *a, const tally_os_mount *b)
{
	/* Devices say nothing of files: those of one overlay lie on the devices of its layers. */
	if (!a->is_number && !b->is_number && !(a->is_directory && b->is_directory))
		return true;
	return a->is_number == b->is_number && a->id == b->id;
}

bool tally_os_refuses_devices(int fd)
{
	struct statvfs facts;
	return fstatvfs(fd, &facts) == 0 && (facts.f_flag & ST_NODEV) != 0;
}

int tally_os_private_view(int dir)
{
	struct mount_attr attributes = {
	    .attr_set =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME,
	    .attr_clr = MOUNT_ATTR__ATIME,
	};
	const unsigned tree = AT_EMPTY_PATH | AT_RECURSIVE;
	int view = (int)syscall(SYS_open_tree, dir, "", tree | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (view < 0)
		return -errno;
	int result = 0;
	if (syscall(SYS_mount_setattr, view, "", tree, &attributes, sizeof attributes) != 0)
		result = -errno;
	else if (!tally_os_refuses_devices(view))
		result = -ENOTSUP;
	if (result == 0)
		return view;
	close(view);
	return result;
}

bool tally_os_tracks_reading(int fd)
{
	struct statvfs facts;
	return fstatvfs(fd, &facts) != 0 || (facts.f_flag & (ST_RDONLY | ST_NOATIME)) == 0;
}

#ifdef TALLY_FAULT_INJECTION
int (*tally_os_read_fault)(int fd, uint64_t offset, size_t size);
#endif

/* 0, or errno that a test wants. */
static int fault_of(int fd, uint64_t offset, size_t size)
{
#ifdef TALLY_FAULT_INJECTION
	if (tally_os_read_fault != NULL)
		return tally_os_read_fault(fd, offset, size);
#endif
	(void)fd, (void)offset, (void)size;
	return 0;
}

int64_t tally_os_read(int fd, uint64_t offset, void *buffer, size_t size)
{
	ssize_t count;
	int fault = fault_of(fd, offset, size);
	if (fault != 0)
		return -tally_os_read_error(fault);
	do
		count = pread(fd, buffer, size, (off_t)offset);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -tally_os_read_error(errno) : count;
}

/* What the block layer makes of a status of the device (blk_errors in its blk-core.c), as far as that is a failure. */
int tally_os_read_error(int error)
{
	switch (error) {
	case ENODATA:   /* the medium */
	case EILSEQ:    /* its checksums */
	case EREMOTEIO: /* the device refuses the place, or is broken */
	case ETIMEDOUT: /* it does not answer */
	case ETIME:     /* nor within its own limit */
	case ENOLINK:   /* the way to it */
	case EBADE:     /* somebody else has reserved it */
		return EIO;
	default:
		return error;
	}
}

int tally_os_extent_of(int fd, tally_os_extent *extent)
{
	struct stat facts;
	if (fstat(fd, &facts) != 0)
		return -errno;
	if (S_ISREG(facts.st_mode)) {
		*extent = (tally_os_extent){(uint64_t)facts.st_size, 0};
		return 0;
	}
	if (!S_ISBLK(facts.st_mode))
		return S_ISDIR(facts.st_mode) ? -EISDIR : -ENOTBLK;
	uint64_t size = 0;
	int sector = 0;
	if (ioctl(fd, BLKGETSIZE64, &size) != 0 || ioctl(fd, BLKSSZGET, &sector) != 0)
		return -errno;
	*extent = (tally_os_extent){size, (uint32_t)sector};
	return 0;
}

/* Of the kernel's old driver, of ntfs3, and of what user space mounts. */
#define NTFS_MAGIC 0x5346544e
#define NTFS3_MAGIC 0x7366746e
#define FUSE_MAGIC 0x65735546

bool tally_os_is_ntfs_root(const char *path)
{
	struct statx facts;
	struct statfs system;
	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &facts) != 0 || statfs(path, &system) != 0)
		return false;
	if ((facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0 || facts.stx_dev_major == 0)
		return false;
	long type = (long)system.f_type;
	return type == NTFS_MAGIC || type == NTFS3_MAGIC || type == FUSE_MAGIC;
}

/* ---- temporary files, and time ---- */

const char *tally_os_temporary_folder(void)
{
	const char *folder = secure_getenv("TMPDIR");
	return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

int tally_os_open_temporary(void)
{
	char path[PATH_MAX];
	const char *folder = tally_os_temporary_folder();
	int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* Not every file system has such a thing. */
	int length = snprintf(path, sizeof path, "%s/tallyman-XXXXXX", folder);
	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

int tally_os_write_at(int fd, uint64_t offset, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = pwrite(fd, (const char *)bytes + done, size - done, (off_t)(offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? errno : EIO;
		done += (size_t)count;
	}
	return 0;
}

uint64_t tally_os_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
