/* SPDX-License-Identifier: Apache-2.0 */
#include "io/source.h"

#include "base/memory.h"
#include "io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct memory_source {
	const char *bytes;
	size_t size;
} memory_source;

typedef struct file_source {
	int fd;
	uint64_t begin; /* standard input may already have been read in part */
} file_source;

static int64_t read_memory(void *context, uint64_t offset, void *buffer, size_t size)
{
	const memory_source *m = context;
	if (offset >= m->size)
		return 0;
	size_t left = m->size - (size_t)offset;
	if (size > left)
		size = left;
	memcpy(buffer, m->bytes + offset, size);
	return (int64_t)size;
}

tally_result tally_source_memory(tally_source *source, const void *bytes, size_t size, tally_error *error)
{
	*source = (tally_source){0};
	memory_source *m = tally_zalloc(1, sizeof *m);
	if (m == NULL)
		return tally_fail_memory(error);
	*m = (memory_source){bytes, size};
	*source = (tally_source){m, read_memory, tally_free};
	return TALLY_OK;
}

static int64_t read_file(void *context, uint64_t offset, void *buffer, size_t size)
{
	const file_source *f = context;
	off_t at, end;
	if (__builtin_add_overflow(f->begin, offset, &at) || __builtin_add_overflow(at, size, &end))
		return 0; /* no file reaches that far */
	ssize_t got;
	do
		got = pread(f->fd, buffer, size, at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static void close_file(void *context)
{
	file_source *f = context;
	close(f->fd);
	tally_free(f);
}

/* Takes over `fd`. */
static tally_result use_file(tally_source *source, int fd, uint64_t begin, tally_error *error)
{
	file_source *f = tally_zalloc(1, sizeof *f);
	if (f == NULL) {
		close(fd);
		return tally_fail_memory(error);
	}
	*f = (file_source){fd, begin};
	*source = (tally_source){f, read_file, close_file};
	return TALLY_OK;
}

/* 0, or an errno; *reading tells which side failed. */
static int copy_all(int from, int to, char *buffer, uint64_t *copied, bool *reading)
{
	for (;;) {
		*reading = true;
		ssize_t got = read(from, buffer, TALLY_SOURCE_CHUNK);
		if (got < 0 && errno != EINTR)
			return errno;
		if (got == 0)
			return 0;
		if (got < 0)
			continue;
		*reading = false;
		int os_error = tally_os_write_at(to, *copied, buffer, (size_t)got);
		if (os_error != 0)
			return os_error;
		*copied += (uint64_t)got;
	}
}

/* Copies what can be read only once into a file without a name, so that nobody else can open it and nothing is left. */
static tally_result spool(tally_source *source, int from, const char *name, uint64_t *copied, tally_error *error)
{
	*copied = 0;
	char *buffer = tally_alloc(TALLY_SOURCE_CHUNK);
	if (buffer == NULL)
		return tally_fail_memory(error);
	int fd = tally_os_open_temporary();
	int os_error = fd < 0 ? -fd : 0;
	bool reading = false;
	if (os_error == 0)
		os_error = copy_all(from, fd, buffer, copied, &reading);
	tally_free(buffer);
	if (os_error == 0)
		return use_file(source, fd, 0, error);
	if (fd >= 0)
		close(fd);
	return reading ? tally_fail_os(error, os_error, "can't read %s", name)
		       : tally_fail_os(error, os_error, "can't copy %.200s into a temporary file in %.200s", name,
				       tally_os_temporary_folder());
}

static tally_result use_standard_input(tally_source *source, tally_error *error)
{
	static const char name[] = "standard input";
	struct stat status;
	if (fstat(STDIN_FILENO, &status) != 0)
		return tally_fail_os(error, errno, "can't read %s", name);
	if (S_ISDIR(status.st_mode) || S_ISBLK(status.st_mode))
		return tally_fail(error, TALLY_ERROR_IO, "%s is a %s, not a file", name,
				  S_ISDIR(status.st_mode) ? "directory" : "block device");
	uint64_t copied;
	off_t begin = S_ISREG(status.st_mode) ? lseek(STDIN_FILENO, 0, SEEK_CUR) : -1;
	if (begin < 0)
		return spool(source, STDIN_FILENO, name, &copied, error);
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return tally_fail_os(error, errno, "can't read %s", name);
	return use_file(source, fd, (uint64_t)begin, error);
}

/* NULL for what can be read as a document. */
static const char *unreadable_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFIFO:
		return NULL;
	case S_IFDIR:
		return "a directory";
	case S_IFSOCK:
		return "a socket";
	case S_IFBLK:
	case S_IFCHR:
		return "a device";
	default:
		return "of an unknown kind";
	}
}

/*
 * A pipe with a name, or <(command) of a shell. Opening didn't wait for a writer, reading waits for one that is there.
 * Without one the pipe is at its end at once; that is refused rather than judged as an empty document, which it most
 * likely isn't, and rather than waited for, which might be forever.
 */
static tally_result use_pipe(tally_source *source, int fd, const char *path, tally_error *error)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
		return tally_fail_os(error, errno, "can't read %s", path);
	uint64_t copied;
	tally_result result = spool(source, fd, path, &copied, error);
	if (result != TALLY_OK || copied > 0)
		return result;
	tally_source_close(source);
	return tally_fail(error, TALLY_ERROR_IO, "nothing was written to the pipe %s", path);
}

static tally_result use_open_file(tally_source *source, int fd, const char *path, tally_error *error)
{
	struct stat status;
	const char *kind = NULL;
	int os_error = fstat(fd, &status) != 0 ? errno : 0;
	if (os_error == 0 && (kind = unreadable_kind(status.st_mode)) == NULL && S_ISREG(status.st_mode))
		return use_file(source, fd, 0, error);
	tally_result result;
	if (os_error != 0)
		result = tally_fail_os(error, os_error, "can't read %s", path);
	else if (kind != NULL)
		result = tally_fail(error, TALLY_ERROR_IO, "%s is %s, not a file", path, kind);
	else
		result = use_pipe(source, fd, path, error);
	close(fd);
	return result;
}

tally_result tally_source_file(tally_source *source, const char *path, tally_error *error)
{
	*source = (tally_source){0};
	if (strcmp(path, "-") == 0)
		return use_standard_input(source, error);
	/* Asked before opening: opening a device can already do something, and a socket can't be opened at all. */
	struct stat status;
	if (stat(path, &status) != 0)
		return tally_fail_os(error, errno, "can't open %s", path);
	const char *kind = unreadable_kind(status.st_mode);
	if (kind != NULL)
		return tally_fail(error, TALLY_ERROR_IO, "%s is %s, not a file", path, kind);
	int fd;
	do
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return tally_fail_os(error, errno, "can't open %s", path);
	/* … and asked again, because another file may have taken its place. */
	return use_open_file(source, fd, path, error);
}

void tally_source_close(tally_source *source)
{
	if (source->close != NULL)
		source->close(source->context);
	*source = (tally_source){0};
}
