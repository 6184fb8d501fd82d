/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/archive/archive_internal.h"

#include "base/memory.h"

/* A folder that the walk is in: its part of the list of names. */
typedef struct level {
	size_t next, end, begin;
	size_t path_size; /* of the folder's own path */
	bool clashes;
} level;

typedef struct walk {
	tally_archive *archive;
	bool (*visit)(void *context, const tally_walk_entry *entry);
	void *context;
	tally_error *error;
	uint32_t *list; /* names of all levels */
	size_t count, list_capacity;
	level *levels;
	size_t depth, level_capacity;
	char *path;
	size_t path_capacity;
} walk;

static tally_result enter(walk *w, uint32_t folder, size_t path_size, bool clashes)
{
	level *levels = tally_grow(w->levels, &w->level_capacity, w->depth + 1, sizeof *levels);
	if (levels == NULL)
		return tally_fail_memory(w->error);
	w->levels = levels;
	size_t begin = w->count;
	tally_result result =
	    tally_names_list(&w->archive->names, folder, &w->list, &w->count, &w->list_capacity, w->error);
	levels[w->depth++] = (level){begin, w->count, begin, path_size, clashes};
	return result;
}

static tally_result visit_node(walk *w, uint32_t node)
{
	const tally_names *names = &w->archive->names;
	const tally_name_node *n = &names->nodes[node];
	const level *inner = &w->levels[w->depth - 1];
	tally_text name = tally_names_text(names, node);
	size_t start = inner->path_size, size = start + 1 + name.size;
	char *path = tally_grow(w->path, &w->path_capacity, size + 1, 1);
	if (path == NULL)
		return tally_fail_memory(w->error);
	w->path = path;
	path[start] = '\\';
	memcpy(path + start + 1, name.data, name.size);
	path[size] = '\0';
	bool clashes = inner->clashes || n->other != TALLY_NODE_NONE;
	if (n->kind == TALLY_ARCHIVE_DIRECTORY)
		return enter(w, node, size, clashes);
	uint32_t file = tally_names_file_of(names, node);
	tally_walk_entry entry = {.path = path,
				  .size = file != TALLY_NODE_NONE ? names->nodes[file].size : 0,
				  .is_regular = file != TALLY_NODE_NONE,
				  .clashes = clashes};
	return w->visit(w->context, &entry) ? TALLY_OK : tally_fail(w->error, TALLY_ERROR_STOPPED, "stopped");
}

tally_result tally_archive_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
				void *context, tally_error *error)
{
	walk w = {.archive = tally_archive_of(drive), .visit = visit, .context = context, .error = error};
	tally_result result = enter(&w, w.archive->root, 0, false);
	while (result == TALLY_OK && w.depth > 0) {
		level *inner = &w.levels[w.depth - 1];
		if (inner->next < inner->end) {
			result = visit_node(&w, w.list[inner->next++]);
		} else {
			w.count = inner->begin;
			w.depth--;
		}
	}
	tally_free(w.list);
	tally_free(w.levels);
	tally_free(w.path);
	return result;
}
