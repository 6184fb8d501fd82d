/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/directory.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

int tally_directory_step(const tally_directory *directory, int dir, const char *name, int flags)
{
	if (directory->has_openat2)
		return tally_os_open_beneath(dir, name, flags | O_NOFOLLOW);
	/* A single component that isn't `..` can't lead elsewhere but by a link, which O_NOFOLLOW stops, or a mount. */
	int fd;
	do
		fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	tally_os_mount mount;
	int result = tally_os_mount_of(fd, &mount);
	if (result == 0 && !tally_os_same_mount(&directory->mount, &mount))
		result = -EXDEV;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

/*
 * O_NONBLOCK: a FIFO opens at once, and so does a file under another process's lease (with EAGAIN). O_NOATIME: reading
 * leaves no trace on the drive; only a file's owner may ask for it, for others it is EPERM.
 */
static int step_for_reading(const tally_directory *directory, int dir, const char *name)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	int fd = -EPERM;
	if (directory->keep_access_time)
		fd = tally_directory_step(directory, dir, name, flags | O_NOATIME);
	return fd == -EPERM ? tally_directory_step(directory, dir, name, flags) : fd;
}

int tally_directory_open_file(tally_directory *directory, int dir, const char *name, tally_file *file)
{
	int fd = step_for_reading(directory, dir, name);
	if (fd < 0)
		return fd;
	struct stat facts;
	int result = fstat(fd, &facts) != 0 ? -errno : S_ISREG(facts.st_mode) ? 0 : TALLY_NOT_REGULAR;
	if (result != 0) {
		close(fd);
		return result;
	}
	file->drive = &directory->drive;
	file->handle = fd;
	file->identity = tally_directory_identity(&facts);
	file->size = file->identity.size;
	return 0;
}

/* A look at what is there. A name's own; where it isn't a path, nothing on the way could lead elsewhere. */
static bool is_regular_in(int dir, const char *name)
{
	struct stat facts;
	return fstatat(dir, name, &facts, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 && S_ISREG(facts.st_mode);
}

static bool is_regular(const tally_directory *directory, const char *path)
{
	int fd = tally_directory_step(directory, directory->root, path, O_PATH);
	if (fd < 0)
		return false;
	struct stat facts;
	bool regular = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
	close(fd);
	return regular;
}

static void leave_folder(tally_folder *folder)
{
	if (folder->open)
		close((int)folder->handle);
	folder->open = false;
	folder->size = 0;
}

/*
 * Whether the folder of `path` is open; then *name is the last component. It is opened for the second file in it: one
 * file by itself is found faster without.
 */
static bool enter_folder(tally_directory *directory, tally_folder *folder, char *path, const char **name)
{
	char *end = strrchr(path, '/');
	size_t size = end != NULL ? (size_t)(end - path) : 0;
	if (size == 0 || size >= sizeof folder->path)
		return false;
	*name = end + 1;
	if (folder->drive == &directory->drive && folder->size == size && memcmp(folder->path, path, size) == 0) {
		if (folder->open)
			return true;
		int fd = tally_directory_step(directory, directory->root, folder->path, O_PATH | O_DIRECTORY);
		folder->handle = fd;
		folder->open = fd >= 0;
		if (folder->open)
			return true;
	}
	leave_folder(folder);
	folder->drive = &directory->drive;
	folder->size = size;
	memcpy(folder->path, path, size);
	folder->path[size] = '\0';
	*name = path;
	return false;
}

/*
 * The case that nearly every path is: it is on the drive as the manifest spells it. One call of the kernel, which
 * remembers names in a table of its own; no allocation and no lock. Whatever else happens is the search's to explain.
 *
 * Opening a device can do things (rewind a tape, start a watchdog), so it must not be tried in order to find out. Where
 * the mount has `nodev`, as those for removable drives and our own view have, the kernel refuses before the device's
 * driver is asked; elsewhere the path is looked at first, which costs as much again; or half of that in a folder that
 * is open already.
 */
static bool open_as_spelt(tally_directory *directory, tally_folder *folder, tally_text path, tally_file *file)
{
	char local[PATH_MAX];
	if (!directory->has_openat2 || path.size >= sizeof local)
		return false;
	size_t leading = path.data[0] == '\\' || path.data[0] == '/';
	size_t size = path.size - leading;
	for (size_t i = 0; i < size; i++)
		local[i] = path.data[leading + i] == '\\' ? '/' : path.data[leading + i];
	local[size] = '\0';
	const char *name = local;
	int dir = directory->root;
	bool inside = folder != NULL && enter_folder(directory, folder, local, &name);
	if (inside)
		dir = (int)folder->handle;
	if (!directory->refuses_devices && !(inside ? is_regular_in(dir, name) : is_regular(directory, local)))
		return false;
	return tally_directory_open_file(directory, dir, name, file) == 0;
}

static tally_find find_near(tally_drive *drive, tally_folder *folder, tally_text path, tally_file *file,
			    tally_find_detail *detail)
{
	tally_directory *directory = tally_directory_of(drive);
	return open_as_spelt(directory, folder, path, file) ? TALLY_FIND_OK
							    : tally_directory_search(directory, path, file, detail);
}

static tally_find find(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail)
{
	return find_near(drive, NULL, path, file, detail);
}

static tally_os_medium medium(const tally_drive *drive)
{
	struct stat facts;
	return tally_os_medium_of(fstat(tally_directory_of(drive)->root, &facts) == 0 ? facts.st_dev : 0);
}

static void close_directory(tally_drive *drive)
{
	tally_directory *directory = tally_directory_of(drive);
	tally_listing_cache_free(directory->listings);
	if (directory->root >= 0)
		close(directory->root);
	if (directory->seen >= 0)
		close(directory->seen);
	tally_bad_place_destroy(&directory->bad);
	tally_free(directory);
}

static const tally_drive_class directory_class = {
    .find = find,
    .find_near = find_near,
    .leave = leave_folder,
    .walk = tally_directory_walk,
    .medium = medium,
    .close = close_directory,
    .read = tally_directory_read,
    .read_medium = tally_directory_read_medium,
    .identify = tally_directory_identify,
    .close_file = tally_directory_close_file,
    .read_cached = tally_directory_read_cached,
    .begin_read = tally_directory_begin_read,
    .end_read = tally_directory_end_read,
    .map = tally_directory_map,
    .cached = tally_directory_cached,
    .will_need = tally_directory_will_need,
    .drop = tally_directory_drop,
    .expect_no_order = tally_directory_expect_no_order,
    .place = tally_directory_place,
};

/* Where we may, we let the kernel see to it that nothing is written and no device is opened. */
static void take_view(tally_directory *directory)
{
	int view = tally_os_refuses_devices(directory->root) ? -1 : tally_os_private_view(directory->root);
	if (view < 0)
		return;
	directory->seen = directory->root;
	directory->root = view;
}

tally_result tally_directory_open(const char *path, const tally_directory_options *options, tally_drive **drive,
				  tally_error *error)
{
	tally_directory *opened = tally_zalloc(1, sizeof *opened);
	if (opened == NULL)
		return tally_fail_memory(error);
	opened->drive.class = &directory_class;
	opened->seen = -1;
	tally_bad_place_init(&opened->bad);
	opened->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int os_error = opened->root < 0 ? errno : 0;
	if (os_error == 0 && !options->without_view)
		take_view(opened);
	if (os_error == 0)
		os_error = -tally_os_mount_of(opened->root, &opened->mount);
	if (os_error != 0) {
		close_directory(&opened->drive);
		return tally_fail_os(error, os_error, "can't open the directory %s", path);
	}
	opened->has_openat2 = !options->without_openat2 && tally_os_can_open_beneath(opened->root);
	opened->refuses_devices = tally_os_refuses_devices(opened->root);
	opened->keep_access_time = tally_os_tracks_reading(opened->root);
	opened->listings = tally_listing_cache_new(options->cache, opened->keep_access_time);
	if (opened->listings == NULL) {
		close_directory(&opened->drive);
		return tally_fail_memory(error);
	}
	*drive = &opened->drive;
	return TALLY_OK;
}

tally_result tally_drive_open_directory(const char *path, tally_drive **drive, tally_error *error)
{
	tally_directory_options options = {.cache = TALLY_DIRECTORY_CACHE};
	return tally_directory_open(path, &options, drive, error);
}
