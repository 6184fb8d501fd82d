/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/subjects.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tally_subjects_begin(tally_subjects *subjects, char *const *arguments, size_t argument_count)
{
	*subjects = (tally_subjects){.arguments = arguments, .argument_count = argument_count};
}

static void clear_level(tally_subject_level *level)
{
	for (size_t i = 0; i < level->count; i++)
		tally_free(level->names[i]);
	tally_free(level->names);
	tally_free(level->path);
}

void tally_subjects_end(tally_subjects *subjects)
{
	while (subjects->depth > 0)
		clear_level(&subjects->levels[--subjects->depth]);
	tally_free(subjects->levels);
	*subjects = (tally_subjects){0};
}

/* Standard input is "-", whatever file has that name. */
bool tally_subject_is_directory(const char *argument)
{
	struct stat information;
	return strcmp(argument, "-") != 0 && stat(argument, &information) == 0 && S_ISDIR(information.st_mode);
}

static char *join(const char *folder, const char *name)
{
	size_t folder_size = strlen(folder), name_size = strlen(name);
	char *path = tally_alloc(folder_size + name_size + 2);
	if (path == NULL)
		return NULL;
	memcpy(path, folder, folder_size);
	if (folder_size == 0 || folder[folder_size - 1] != '/')
		path[folder_size++] = '/';
	memcpy(path + folder_size, name, name_size + 1);
	return path;
}

/* ---- reading a directory ------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static tally_result add_name(tally_subject_level *level, const char *name, tally_error *error)
{
	char **names = tally_grow(level->names, &level->capacity, level->count + 1, sizeof *names);
	if (names == NULL)
		return tally_fail_memory(error);
	level->names = names;
	names[level->count] = tally_strndup(name, strlen(name));
	if (names[level->count] == NULL)
		return tally_fail_memory(error);
	level->count++;
	return TALLY_OK;
}

static tally_result read_names(tally_subject_level *level, DIR *stream, tally_error *error)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(stream);
		if (entry == NULL && errno != 0)
			return tally_fail_os(error, errno, "%.300s: the directory could not be read", level->path);
		if (entry == NULL)
			break;
		if (entry->d_name[0] == '.')
			continue;
		tally_result added = add_name(level, entry->d_name, error);
		if (added != TALLY_OK)
			return added;
	}
	if (level->count > 0)
		qsort(level->names, level->count, sizeof *level->names, compare_names);
	return TALLY_OK;
}

static tally_result read_level(tally_subject_level *level, int flags, tally_error *error)
{
	int fd = open(level->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (fd < 0)
		return tally_fail_os(error, errno, "%.300s: the directory could not be opened", level->path);
	DIR *stream = fdopendir(fd);
	if (stream == NULL) {
		int os_error = errno;
		close(fd);
		return tally_fail_os(error, os_error, "%.300s: the directory could not be opened", level->path);
	}
	tally_result result = read_names(level, stream, error);
	closedir(stream);
	return result;
}

/* ---- walking ------------------------------------------------------------------------------------------------ */

static void make_subject(tally_subject *subject, tally_subject_kind kind, char *path)
{
	subject->kind = kind;
	subject->path = path;
}

/* Goes down into a directory; takes `path` over. What can't be read becomes a subject that failed. */
static tally_result enter(tally_subjects *subjects, char *path, int flags, tally_subject *subject)
{
	tally_subject_level *levels =
	    tally_grow(subjects->levels, &subjects->capacity, subjects->depth + 1, sizeof *levels);
	if (levels == NULL) {
		tally_free(path);
		return tally_fail_memory(&subject->error);
	}
	subjects->levels = levels;
	tally_subject_level *level = &levels[subjects->depth];
	*level = (tally_subject_level){.path = path};
	tally_result result = read_level(level, flags, &subject->error);
	if (result == TALLY_OK) {
		subjects->depth++;
		return TALLY_OK;
	}
	if (result == TALLY_ERROR_IO || result == TALLY_ERROR_NO_FILES) {
		level->path = NULL;
		make_subject(subject, TALLY_SUBJECT_FAILED, path);
		result = TALLY_OK;
	}
	clear_level(level);
	return result;
}

static tally_result visit_argument(tally_subjects *subjects, tally_subject *subject)
{
	const char *argument = subjects->arguments[subjects->next++];
	char *path = tally_strndup(argument, strlen(argument));
	if (path == NULL)
		return tally_fail_memory(&subject->error);
	if (tally_subject_is_directory(path))
		return enter(subjects, path, 0, subject);
	make_subject(subject, TALLY_SUBJECT_NAMED, path);
	return TALLY_OK;
}

static tally_result visit_entry(tally_subjects *subjects, tally_subject_level *level, tally_subject *subject)
{
	struct stat information;
	char *path = join(level->path, level->names[level->next++]);
	if (path == NULL)
		return tally_fail_memory(&subject->error);
	if (lstat(path, &information) != 0) {
		tally_fail_os(&subject->error, errno, "%.300s could not be looked at", path);
		make_subject(subject, TALLY_SUBJECT_FAILED, path);
		return TALLY_OK;
	}
	if (S_ISDIR(information.st_mode))
		return enter(subjects, path, O_NOFOLLOW, subject);
	if (S_ISREG(information.st_mode))
		make_subject(subject, TALLY_SUBJECT_FOUND, path);
	else
		tally_free(path);
	return TALLY_OK;
}

/* Out of a directory that was gone through. */
static void leave(tally_subjects *subjects, tally_subject *subject)
{
	tally_subject_level *level = &subjects->levels[--subjects->depth];
	if (subjects->depth == 0) {
		make_subject(subject, TALLY_SUBJECT_LEFT, level->path);
		level->path = NULL;
	}
	clear_level(level);
}

tally_result tally_subjects_next(tally_subjects *subjects, tally_subject *subject)
{
	tally_result result = TALLY_OK;
	*subject = (tally_subject){.path = NULL};
	while (result == TALLY_OK && subject->path == NULL) {
		tally_subject_level *level = subjects->depth > 0 ? &subjects->levels[subjects->depth - 1] : NULL;
		if (level != NULL && level->next < level->count)
			result = visit_entry(subjects, level, subject);
		else if (level != NULL)
			leave(subjects, subject);
		else if (subjects->next < subjects->argument_count)
			result = visit_argument(subjects, subject);
		else
			break;
	}
	subject->argument = subjects->next - (subjects->next > 0);
	return result;
}
