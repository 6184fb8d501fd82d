/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "drive/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many of the innermost directories stay open; those further out are reached again by `..`. */
#define OPEN_LEVELS 32

/* A directory that the walk is in. */
typedef struct level {
	tally_listing listing; /* in the order of the names' bytes */
	size_t next;
	size_t path_size; /* of the directory's own path */
	int fd;           /* O_PATH, or -1 while closed */
	dev_t device;
	ino_t inode;
	bool clashes;
} level;

typedef struct walk {
	const tally_directory *directory;
	bool (*visit)(void *context, const tally_walk_entry *entry);
	void *context;
	tally_error *error;
	level *levels;
	size_t depth, capacity;
	char *path;
	size_t path_size, path_capacity;
} walk;

static tally_result visit(const walk *w, const tally_walk_entry *entry)
{
	return w->visit(w->context, entry) ? TALLY_OK : tally_fail(w->error, TALLY_ERROR_STOPPED, "stopped");
}

static tally_result visit_failed(const walk *w, int os_error, bool clashes)
{
	return visit(w, &(tally_walk_entry){.path = w->path, .os_error = os_error, .clashes = clashes});
}

/* Makes w->path that of `name` in the innermost level. */
static tally_result set_path(walk *w, const tally_name *name)
{
	size_t start = w->levels[w->depth - 1].path_size;
	char *path = tally_grow(w->path, &w->path_capacity, start + name->size + 2, 1);
	if (path == NULL)
		return tally_fail_memory(w->error);
	w->path = path;
	path[start] = '\\';
	memcpy(path + start + 1, name->text, name->size + (size_t)1);
	w->path_size = start + 1 + name->size;
	return TALLY_OK;
}

/* So that others can be opened. False when the innermost is the only one that is open. */
static bool close_outer(const walk *w)
{
	bool any = false;
	for (size_t i = 0; i + 1 < w->depth; i++) {
		level *outer = &w->levels[i];
		if (outer->fd < 0)
			continue;
		close(outer->fd);
		outer->fd = -1;
		any = true;
	}
	return any;
}

static int list(const walk *w, int fd, tally_listing *listing)
{
	int result = tally_listing_read(listing, fd, w->directory->keep_access_time);
	if (tally_is_no_files(-result) && close_outer(w))
		result = tally_listing_read(listing, fd, w->directory->keep_access_time);
	return result;
}

/* That the program is short of something is no news of the drive. */
static tally_result enter_failed(const walk *w, int os_error, bool clashes)
{
	if (os_error == ENOMEM)
		return tally_fail_memory(w->error);
	if (tally_is_no_files(os_error))
		return tally_fail_os(w->error, os_error, "can't look through the drive's folders");
	return visit_failed(w, os_error, clashes);
}

/*
 * Goes into the directory behind `fd`, which it takes over, and whose path is w->path. One that can't be read is
 * visited instead.
 */
static tally_result enter(walk *w, int fd, bool clashes)
{
	struct stat facts;
	tally_listing listing = {0};
	int result = fstat(fd, &facts) != 0 ? -errno : list(w, fd, &listing);
	if (result != 0) {
		close(fd);
		return enter_failed(w, -result, clashes);
	}
	level *levels = tally_grow(w->levels, &w->capacity, w->depth + 1, sizeof *levels);
	if (levels == NULL) {
		tally_listing_free(&listing);
		close(fd);
		return tally_fail_memory(w->error);
	}
	w->levels = levels;
	tally_listing_sort_by_bytes(&listing);
	levels[w->depth] = (level){.listing = listing,
				   .path_size = w->path_size,
				   .fd = fd,
				   .device = facts.st_dev,
				   .inode = facts.st_ino,
				   .clashes = clashes};
	if (w->depth >= OPEN_LEVELS) {
		level *outer = &levels[w->depth - OPEN_LEVELS];
		if (outer->fd >= 0)
			close(outer->fd);
		outer->fd = -1;
	}
	w->depth++;
	return TALLY_OK;
}

/* `..` leads out of the drive when somebody moves the directory meanwhile: only the directory we came from will do. */
static int reopen(level *outer, const level *inner)
{
	int fd = openat(inner->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct stat facts;
	int result = fstat(fd, &facts) != 0 ? -errno : 0;
	if (result == 0 && (facts.st_dev != outer->device || facts.st_ino != outer->inode))
		result = -ESTALE;
	if (result != 0) {
		close(fd);
		return result;
	}
	outer->fd = fd;
	return 0;
}

static void drop_innermost(walk *w)
{
	level *inner = &w->levels[--w->depth];
	if (inner->fd >= 0)
		close(inner->fd);
	tally_listing_free(&inner->listing);
}

static tally_result leave(walk *w)
{
	level *inner = &w->levels[w->depth - 1];
	int result = 0;
	if (w->depth > 1 && inner[-1].fd < 0)
		result = reopen(inner - 1, inner);
	drop_innermost(w);
	return result == 0 ? TALLY_OK : tally_fail_os(w->error, -result, "can't return from a directory of the drive");
}

static tally_result visit_directory(walk *w, const tally_name *name, bool clashes)
{
	/* A tree can be deeper than Windows can name, or be a ring on a damaged or hostile file system. */
	if (w->path_size > TALLY_WINDOWS_PATH_BYTES)
		return visit_failed(w, ENAMETOOLONG, clashes);
	const int dir = w->levels[w->depth - 1].fd, flags = O_PATH | O_DIRECTORY;
	int fd = tally_directory_step(w->directory, dir, name->text, flags);
	if (tally_is_no_files(-fd) && close_outer(w))
		fd = tally_directory_step(w->directory, dir, name->text, flags);
	return fd < 0 ? enter_failed(w, -fd, clashes) : enter(w, fd, clashes);
}

/* Where an entry is, for as long as it is visited. */
typedef struct place {
	int dir;
	const char *name;
} place;

static int look_at(const place *at, struct stat *facts)
{
	return fstatat(at->dir, at->name, facts, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0 ? errno : 0;
}

static void fill_in(tally_walk_entry *entry, const struct stat *facts)
{
	entry->is_regular = S_ISREG(facts->st_mode);
	entry->size = entry->is_regular ? (uint64_t)facts->st_size : 0;
}

static void look(tally_walk_entry *entry)
{
	struct stat facts;
	entry->is_regular = false;
	entry->os_error = look_at(entry->place, &facts);
	if (entry->os_error == 0)
		fill_in(entry, &facts);
}

static tally_result visit_name(walk *w, const tally_name *name)
{
	const level *inner = &w->levels[w->depth - 1];
	bool clashes = name->clashes || inner->clashes;
	tally_result result = set_path(w, name);
	if (result != TALLY_OK)
		return result;
	if (name->type == DT_DIR)
		return visit_directory(w, name, clashes);
	const place at = {inner->fd, name->text};
	tally_walk_entry entry = {.path = w->path, .clashes = clashes};
	if (name->type == DT_REG) {
		entry.is_regular = true;
		entry.look = look;
		entry.place = &at;
		return visit(w, &entry);
	}
	struct stat facts;
	entry.os_error = look_at(&at, &facts);
	if (entry.os_error != 0)
		return visit(w, &entry);
	if (S_ISDIR(facts.st_mode))
		return visit_directory(w, name, clashes);
	fill_in(&entry, &facts);
	return visit(w, &entry);
}

static tally_result walk_all(walk *w)
{
	int root = tally_directory_step(w->directory, w->directory->root, ".", O_PATH | O_DIRECTORY);
	if (root < 0)
		return tally_fail_os(w->error, -root, "can't open the drive's root");
	tally_result result = enter(w, root, false);
	while (result == TALLY_OK && w->depth > 0) {
		level *inner = &w->levels[w->depth - 1];
		if (inner->next < inner->listing.count)
			result = visit_name(w, &inner->listing.names[inner->next++]);
		else
			result = leave(w);
	}
	return result;
}

tally_result tally_directory_walk(tally_drive *drive, bool (*visit_entry)(void *context, const tally_walk_entry *entry),
				  void *context, tally_error *error)
{
	walk w = {.directory = tally_directory_of(drive), .visit = visit_entry, .context = context, .error = error};
	w.path = tally_grow(NULL, &w.path_capacity, 2, 1);
	if (w.path == NULL)
		return tally_fail_memory(error);
	/* For the root itself, should it be visited because it can't be read; names below it overwrite this. */
	memcpy(w.path, "\\", 2);
	tally_result result = walk_all(&w);
	while (w.depth > 0)
		drop_innermost(&w);
	tally_free(w.levels);
	tally_free(w.path);
	return result;
}
