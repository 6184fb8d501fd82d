/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/directory.h"
#include "drive/find_detail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct search {
	tally_directory *directory;
	tally_find_detail *detail; /* may be NULL */
	tally_text path;
	tally_text component, rest;                /* where in the path we are */
	int dir;                                   /* the component's directory, O_PATH */
	char name[TALLY_NTFS_COMPONENT_BYTES + 1]; /* the component as on the drive */
} search;

static tally_find report(const search *s, tally_find result, int os_error, const char *what)
{
	return tally_find_report(result, s->detail, s->path, s->component, os_error, what);
}

static tally_find report_os(const search *s, int os_error)
{
	switch (os_error) {
	case ENOENT:
		return report(s, TALLY_FIND_MISSING, os_error, "does not exist");
	case ENAMETOOLONG:
		return report(s, TALLY_FIND_MISSING, os_error,
			      "can't be here: the local file system has no names so long");
	case EACCES:
	case EPERM:
		return report(s, TALLY_FIND_DENIED, os_error, "may not be opened");
	case EXDEV:
		return report(s, TALLY_FIND_LEAVES_DRIVE, os_error, "is a mount point");
	case ELOOP:
		return report(s, TALLY_FIND_LEAVES_DRIVE, os_error, "is a symbolic link");
	case EAGAIN:
		return report(s, TALLY_FIND_IO_FAILED, os_error, "is kept by another program, which has a lease on it");
	case ENOMEM:
		return report(s, TALLY_FIND_NO_MEMORY, os_error, "could not be looked up: out of memory");
	case EMFILE:
	case ENFILE:
		return report(s, TALLY_FIND_NO_FILES, os_error, "could not be looked up: too many files are open");
	default:
		return report(s, TALLY_FIND_IO_FAILED, os_error, "can't be opened");
	}
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "neither file nor directory";
	}
}

/* Sets s->name to the one name in the directory that NTFS takes for the component. */
static tally_find match_name(search *s, int missing)
{
	tally_cached_listing *loan;
	int result = tally_listing_cache_borrow(s->directory->listings, s->dir, &loan);
	if (result == -EACCES || result == -EPERM)
		return report(s, TALLY_FIND_DENIED, -result, "can't be looked up: its directory may not be read");
	if (result != 0)
		return report_os(s, -result);
	const tally_name *names;
	unsigned count = tally_listing_find(tally_cached_listing_of(loan), s->component, &names);
	tally_find found = TALLY_FIND_OK;
	if (count == 0)
		found = report_os(s, missing);
	else if (count > 1)
		found = tally_find_report_ambiguous(s->detail, s->path, s->component, names[0].text, names[1].text);
	else
		/* Fits: equal for NTFS means as many UTF-16 units. */
		memcpy(s->name, names[0].text, names[0].size + (size_t)1);
	tally_listing_cache_return(s->directory->listings, loan);
	return found;
}

/* Opens the component, whatever it is, with O_PATH: *fd is set for TALLY_FIND_OK only. */
static tally_find open_component(search *s, int *fd)
{
	memcpy(s->name, s->component.data, s->component.size);
	s->name[s->component.size] = '\0';
	*fd = tally_directory_step(s->directory, s->dir, s->name, O_PATH);
	/* Too long for this file system as it is spelt, but letters of the other case can take fewer bytes. */
	if (*fd == -ENOENT || *fd == -ENAMETOOLONG) {
		tally_find found = match_name(s, -*fd);
		if (found != TALLY_FIND_OK)
			return found;
		*fd = tally_directory_step(s->directory, s->dir, s->name, O_PATH);
	}
	return *fd < 0 ? report_os(s, -*fd) : TALLY_FIND_OK;
}

static void leave_directory(search *s)
{
	if (s->dir != s->directory->root)
		close(s->dir);
}

/* What ntfs-3g shows in place of reparse points that it can't follow: links that lead nowhere. */
static bool is_windows_only(int fd)
{
	static const char sign[] = "unsupported reparse tag ";
	char target[sizeof sign];
	ssize_t size = readlinkat(fd, "", target, sizeof target);
	return size == (ssize_t)sizeof target && memcmp(target, sign, sizeof sign - 1) == 0;
}

static tally_find report_windows_only(const search *s)
{
	return report(s, TALLY_FIND_WINDOWS_ONLY, 0, "is a reparse point, which only Windows can follow");
}

/* A component on the way: goes on from `fd` when it is a directory. */
static tally_find enter(search *s, int fd)
{
	struct stat facts;
	if (fstat(fd, &facts) != 0)
		return report_os(s, errno);
	if (S_ISLNK(facts.st_mode))
		return is_windows_only(fd) ? report_windows_only(s) : report_os(s, ELOOP);
	if (!S_ISDIR(facts.st_mode)) {
		char what[64];
		snprintf(what, sizeof what, "is %s, not a directory", kind_of(facts.st_mode));
		return report(s, TALLY_FIND_MISSING, ENOTDIR, what);
	}
	leave_directory(s);
	s->dir = fd;
	return TALLY_FIND_OK;
}

/* The last component: opens it for reading when `fd` says that it is a file. */
static tally_find open_file(const search *s, int fd, tally_file *file)
{
	struct stat facts;
	if (fstat(fd, &facts) != 0)
		return report_os(s, errno);
	if (S_ISLNK(facts.st_mode) && is_windows_only(fd))
		return report_windows_only(s);
	if (!S_ISREG(facts.st_mode)) {
		char what[64];
		snprintf(what, sizeof what, "is %s", kind_of(facts.st_mode));
		return report(s, TALLY_FIND_NOT_A_FILE, 0, what);
	}
	int result = tally_directory_open_file(s->directory, s->dir, s->name, file);
	if (result == TALLY_NOT_REGULAR)
		return report(s, TALLY_FIND_NOT_A_FILE, 0, "was replaced by something else meanwhile");
	return result != 0 ? report_os(s, -result) : TALLY_FIND_OK;
}

tally_find tally_directory_search(tally_directory *directory, tally_text path, tally_file *file,
				  tally_find_detail *detail)
{
	search s = {.directory = directory, .detail = detail, .path = path, .rest = path, .dir = directory->root};
	tally_find found = TALLY_FIND_OK;
	while (found == TALLY_FIND_OK && tally_windows_path_next(&s.rest, &s.component)) {
		int fd;
		found = open_component(&s, &fd);
		if (found != TALLY_FIND_OK)
			break;
		bool is_last = s.rest.size == 0;
		found = is_last ? open_file(&s, fd, file) : enter(&s, fd);
		if (is_last || found != TALLY_FIND_OK)
			close(fd);
	}
	leave_directory(&s);
	return found;
}
