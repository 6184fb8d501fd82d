/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_NAMES 100 /* tried before giving up: leftovers of earlier runs with the same process id */

/* The folder of a path, with every link resolved. False when there is none, or its name is too long. */
static bool resolve_folder(const char *path, char folder[PATH_MAX])
{
	char copy[PATH_MAX];
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return realpath(".", folder) != NULL;
	size_t size = slash == path ? 1 : (size_t)(slash - path);
	if (size >= sizeof copy)
		return false;
	memcpy(copy, path, size);
	copy[size] = '\0';
	return realpath(copy, folder) != NULL;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* Whether two names lead to one file, also where there is none yet. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;
	char folder[PATH_MAX], other[PATH_MAX];
	bool has_first = stat(a, &first) == 0, has_second = stat(b, &second) == 0;
	if (has_first && has_second)
		return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
	return !has_first && !has_second && strcmp(last_name(a), last_name(b)) == 0 && resolve_folder(a, folder) &&
	       resolve_folder(b, other) && strcmp(folder, other) == 0;
}

/* Whether a file at `target` would lie in the directory `root`. */
static bool lies_below(const char *target, const char *root)
{
	char folder[PATH_MAX], top[PATH_MAX];
	struct stat information;
	if (stat(root, &information) != 0 || !S_ISDIR(information.st_mode))
		return false;
	if (!resolve_folder(target, folder) || realpath(root, top) == NULL)
		return false;
	size_t size = strlen(top);
	return strncmp(folder, top, size) == 0 &&
	       (folder[size] == '/' || folder[size] == '\0' || (size == 1 && top[0] == '/'));
}

/* Nothing writes to a drive or a document that is being checked, and no two things are written into one file. */
static int refuse_spared(const tally_cli_output *output, const char *const *spared, size_t spared_count)
{
	for (size_t i = 0; i < spared_count; i++) {
		if (spared[i] == NULL || strcmp(spared[i], "-") == 0)
			continue;
		if (is_same_file(output->target, spared[i]))
			return tally_cli_usage_error(output->call,
						     "%.300s would be written over %.300s, which this run needs too",
						     output->path, spared[i]);
		if (lies_below(output->target, spared[i]))
			return tally_cli_usage_error(output->call,
						     "%.300s would be written into %.300s, which is to be checked",
						     output->path, spared[i]);
	}
	return TALLY_EXIT_OK;
}

static int complain(const tally_cli_output *output, int error)
{
	tally_cli_complain(output->call->streams, "%.300s could not be written: %s", output->path, strerror(error));
	return TALLY_EXIT_UNCHECKED;
}

/* A new file beside the target. `mode` is 0 for what the umask leaves. */
static int open_temporary(tally_cli_output *output, mode_t mode)
{
	for (int i = 0; i < TEMPORARY_NAMES; i++) {
		int size = snprintf(output->temporary, sizeof output->temporary, "%s.%ld-%d.tmp", output->target,
				    (long)getpid(), i);
		if (size < 0 || (size_t)size >= sizeof output->temporary) {
			errno = ENAMETOOLONG;
			return -1;
		}
		/* Never readable for others, not even for a moment, when it must not be. O_EXCL follows no link. */
		int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode != 0 ? 0600 : 0666);
		if (fd >= 0 && mode != 0 && fchmod(fd, mode) != 0) {
			int error = errno;
			close(fd);
			unlink(output->temporary);
			errno = error;
			return -1;
		}
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* What --output means: a link to a file stays one, and the file that it leads to is replaced. */
static bool resolve_target(tally_cli_output *output, const char *path, struct stat *information)
{
	if (stat(path, information) != 0)
		information->st_mode = 0;
	if (S_ISREG(information->st_mode))
		return realpath(path, output->target) != NULL;
	int size = snprintf(output->target, sizeof output->target, "%s", path);
	errno = ENAMETOOLONG;
	return size >= 0 && (size_t)size < sizeof output->target;
}

static int open_target(tally_cli_output *output, mode_t mode)
{
	output->temporary[0] = '\0';
	if (mode == 0 || S_ISREG(mode))
		return open_temporary(output, mode & 0777);
	return open(output->target, O_WRONLY | O_CLOEXEC);
}

/* A file that is open, from here on as a stream. */
static int use_file(tally_cli_output *output, int fd)
{
	output->file = fdopen(fd, "w");
	if (output->file == NULL) {
		int error = errno;
		close(fd);
		if (output->temporary[0] != '\0')
			unlink(output->temporary);
		return complain(output, error);
	}
	/* The writer has a buffer, which is wiped where keys were in it; a second one would keep them. */
	setvbuf(output->file, NULL, _IONBF, 0);
	tally_cli_writer_init(&output->writer, output->file);
	return TALLY_EXIT_OK;
}

int tally_cli_output_open_file(tally_cli_output *output, const tally_cli_call *call, const char *path,
			       const char *const *spared, size_t spared_count)
{
	output->call = call;
	output->path = path;
	output->file = NULL;
	struct stat information;
	if (!resolve_target(output, path, &information))
		return complain(output, errno);
	int status = refuse_spared(output, spared, spared_count);
	if (status != TALLY_EXIT_OK)
		return status;
	int fd = open_target(output, information.st_mode);
	return fd < 0 ? complain(output, errno) : use_file(output, fd);
}

int tally_cli_output_open(tally_cli_output *output, const tally_cli_call *call, const char *const *spared,
			  size_t spared_count)
{
	const tally_cli_streams *streams = call->streams;
	const char *path = call->value[TALLY_OPTION_OUTPUT];
	if (path != NULL && strcmp(path, "-") != 0)
		return tally_cli_output_open_file(output, call, path, spared, spared_count);
	output->call = call;
	output->path = path;
	output->file = NULL;
	output->temporary[0] = '\0';
	tally_cli_writer_init(&output->writer, streams->out);
	output->writer.colour = streams->out_colour && !call->given[TALLY_OPTION_NO_COLOR];
	return TALLY_EXIT_OK;
}

int tally_cli_output_open_private(tally_cli_output *output, const tally_cli_call *call, const char *const *spared,
				  size_t spared_count)
{
	const char *path = call->value[TALLY_OPTION_OUTPUT];
	struct stat information;
	output->call = call;
	output->path = path;
	output->file = NULL;
	if (lstat(path, &information) == 0 && !S_ISREG(information.st_mode)) {
		tally_cli_complain(call->streams, "%.300s is no regular file, and keys are written to nothing else",
				   path);
		return TALLY_EXIT_UNCHECKED;
	}
	if (!resolve_target(output, path, &information))
		return complain(output, errno);
	int status = refuse_spared(output, spared, spared_count);
	if (status != TALLY_EXIT_OK)
		return status;
	int fd = open_temporary(output, 0600);
	return fd < 0 ? complain(output, errno) : use_file(output, fd);
}

void tally_cli_output_abandon(tally_cli_output *output)
{
	if (output->file == NULL)
		return;
	fclose(output->file);
	output->file = NULL;
	if (output->temporary[0] != '\0')
		unlink(output->temporary);
}

/* 0 or an errno. The file is closed in any case. */
static int close_file(tally_cli_output *output)
{
	int error = tally_writer_flush(&output->writer);
	/* Only a file that is renamed needs to be on the disk first: else a crash could leave an empty report. */
	if (error == 0 && output->temporary[0] != '\0' && fsync(fileno(output->file)) != 0)
		error = errno;
	if (fclose(output->file) != 0 && error == 0)
		error = errno;
	return error;
}

int tally_cli_output_finish(tally_cli_output *output, int status)
{
	if (output->file == NULL)
		return tally_cli_finish(output->call->streams, &output->writer, status);
	int error = close_file(output);
	if (error == 0 && output->temporary[0] != '\0' && rename(output->temporary, output->target) != 0)
		error = errno;
	if (error == 0)
		return status;
	if (output->temporary[0] != '\0')
		unlink(output->temporary);
	return complain(output, error);
}
