/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "drive/ntfs/ntfs_drive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A directory that the walk is in. */
typedef struct level {
	uint32_t *names; /* where they stand in the table, in the order of their bytes */
	size_t count, next;
	size_t path_size; /* of the directory's own path */
	bool clashes;
} level;

typedef struct walk {
	const tally_ntfs *volume;
	const tally_ntfs_names *names;
	bool (*visit)(void *context, const tally_walk_entry *entry);
	void *context;
	tally_error *error;
	uint8_t *entered; /* a bit for each record */
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

static int by_bytes(const void *a, const void *b, void *names)
{
	tally_ntfs_name x = tally_ntfs_names_at(names, *(const uint32_t *)a);
	tally_ntfs_name y = tally_ntfs_names_at(names, *(const uint32_t *)b);
	int order = tally_ntfs_name_compare_bytes(&x, &y);
	return order != 0 ? order : (x.file > y.file) - (x.file < y.file);
}

static tally_result enter(walk *w, uint32_t directory, bool clashes)
{
	size_t first, count = tally_ntfs_names_in(w->names, directory, &first);
	uint32_t *names = tally_alloc((count + 1) * sizeof *names);
	level *levels = names != NULL ? tally_grow(w->levels, &w->capacity, w->depth + 1, sizeof *levels) : NULL;
	if (levels == NULL) {
		tally_free(names);
		return tally_fail_memory(w->error);
	}
	w->levels = levels;
	levels[w->depth] = (level){.names = names, .path_size = w->path_size, .clashes = clashes};
	level *inner = &levels[w->depth++];
	for (size_t i = 0; i < count; i++) {
		tally_ntfs_name name = tally_ntfs_names_at(w->names, first + i);
		if (!name.is_short && name.file >= TALLY_NTFS_FIRST_USER_RECORD)
			names[inner->count++] = (uint32_t)(first + i);
	}
	qsort_r(names, inner->count, sizeof *names, by_bytes, (void *)(uintptr_t)w->names);
	w->entered[directory / 8] |= (uint8_t)(1U << directory % 8);
	return TALLY_OK;
}

static void leave(walk *w)
{
	tally_free(w->levels[--w->depth].names);
}

/* Names that are equal for NTFS stand side by side in the table. */
static bool clashes_with(const walk *w, const tally_ntfs_name *name, size_t other)
{
	if (other >= w->names->records.count)
		return false;
	tally_ntfs_name neighbour = tally_ntfs_names_at(w->names, other);
	return neighbour.directory == name->directory && !neighbour.is_short &&
	       tally_ntfs_name_same(w->names, &neighbour, name);
}

static tally_result set_path(walk *w, const tally_ntfs_name *name)
{
	size_t start = w->levels[w->depth - 1].path_size;
	char *path = tally_grow(w->path, &w->path_capacity, start + 1 + TALLY_NTFS_NAME_BYTES + 1, 1);
	if (path == NULL)
		return tally_fail_memory(w->error);
	w->path = path;
	path[start] = '\\';
	w->path_size = start + 1 + tally_ntfs_name_write(name, path + start + 1);
	return TALLY_OK;
}

static tally_result visit_directory(walk *w, uint32_t record, bool clashes)
{
	/* As in a mounted directory; and a ring is entered once. */
	if (w->path_size > TALLY_WINDOWS_PATH_BYTES)
		return visit_failed(w, ENAMETOOLONG, clashes);
	if ((w->entered[record / 8] >> record % 8 & 1) != 0)
		return visit_failed(w, ELOOP, clashes);
	return enter(w, record, clashes);
}

/* A file for whoever looks at names, also where only Windows could read it. */
static bool is_file(tally_ntfs_kind kind)
{
	return kind == TALLY_NTFS_FILE || kind == TALLY_NTFS_EFS || kind == TALLY_NTFS_WOF ||
	       kind == TALLY_NTFS_DEDUPLICATED;
}

/* What only its record tells: a link, a file put together from several records, one that is damaged. */
static tally_result visit_opened(walk *w, uint32_t record, bool clashes, uint64_t size)
{
	tally_ntfs_file *file;
	tally_ntfs_reason reason;
	tally_ntfs_kind kind = tally_ntfs_file_open(w->volume, record, "", &file, &reason);
	tally_walk_entry entry = {.path = w->path, .clashes = clashes, .is_regular = is_file(kind)};
	if (kind == TALLY_NTFS_NO_MEMORY)
		return tally_fail_memory(w->error);
	if (kind == TALLY_NTFS_DIRECTORY)
		return visit_directory(w, record, clashes);
	if (entry.is_regular)
		entry.size = file != NULL ? file->stream.size : size;
	/* A junction that is no folder hides nothing. */
	if (kind != TALLY_NTFS_JUNCTION || tally_ntfs_is_directory(w->volume, record))
		entry.os_error = tally_ntfs_errno(kind, &reason);
	tally_ntfs_file_close(file);
	return visit(w, &entry);
}

static tally_result visit_name(walk *w, size_t index)
{
	const level *inner = &w->levels[w->depth - 1];
	tally_ntfs_name name = tally_ntfs_names_at(w->names, index);
	bool clashes = inner->clashes || clashes_with(w, &name, index - 1) || clashes_with(w, &name, index + 1);
	tally_result result = set_path(w, &name);
	if (result != TALLY_OK)
		return result;
	bool is_link = tally_ntfs_has_reparse_point(w->volume, name.file);
	if (tally_ntfs_is_directory(w->volume, name.file) && !is_link)
		return visit_directory(w, name.file, clashes);
	tally_ntfs_glance glance = tally_ntfs_glance_at(w->volume, name.file);
	if (!glance.is_known || !glance.is_plain)
		return visit_opened(w, name.file, clashes, glance.size);
	return visit(w,
		     &(tally_walk_entry){.path = w->path, .size = glance.size, .is_regular = true, .clashes = clashes});
}

static tally_result walk_all(walk *w)
{
	tally_result result = enter(w, TALLY_NTFS_ROOT, false);
	while (result == TALLY_OK && w->depth > 0) {
		level *inner = &w->levels[w->depth - 1];
		if (inner->next < inner->count)
			result = visit_name(w, inner->names[inner->next++]);
		else
			leave(w);
	}
	return result;
}

tally_result tally_ntfs_drive_walk(tally_drive *drive,
				   bool (*visit_entry)(void *context, const tally_walk_entry *entry), void *context,
				   tally_error *error)
{
	const tally_ntfs *volume = ((tally_ntfs_drive *)drive)->volume;
	walk w = {.volume = volume,
		  .names = tally_ntfs_names_of(volume),
		  .visit = visit_entry,
		  .context = context,
		  .error = error};
	w.entered = tally_zalloc((size_t)(tally_ntfs_facts_of(volume)->records / 8 + 1), 1);
	tally_result result = w.entered != NULL ? walk_all(&w) : tally_fail_memory(error);
	while (w.depth > 0)
		leave(&w);
	tally_free(w.entered);
	tally_free(w.levels);
	tally_free(w.path);
	return result;
}
