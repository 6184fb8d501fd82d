/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/archive/names.h"

#include "base/memory.h"
#include "base/windows_path.h"

#include <stdlib.h>

#define TABLE_MIN 1024
/* Links to links are no work of any packer; whoever makes a ring of them gets no file. */
#define LINKS_MAX 16

static tally_name_node *at(const tally_names *n, uint32_t node)
{
	return &n->nodes[node];
}

tally_text tally_names_text(const tally_names *n, uint32_t node)
{
	return (tally_text){n->texts + at(n, node)->text, at(n, node)->text_size};
}

/* ---- the tables ---- */

static uint64_t hash_name(tally_names *n, uint32_t parent, tally_text name, bool fold)
{
	tally_fingerprint_begin(n->fingerprinter);
	tally_fingerprint_update(n->fingerprinter, (const char *)&parent, sizeof parent);
	if (fold)
		tally_ntfs_fold(name, tally_fingerprint_update, n->fingerprinter);
	else
		tally_fingerprint_update(n->fingerprinter, name.data, name.size);
	return tally_fingerprint_end(n->fingerprinter);
}

static uint32_t *chain(uint32_t *table, const tally_names *n, uint64_t hash)
{
	return &table[hash & (n->table_size - 1)];
}

static uint32_t find_exact(const tally_names *n, uint32_t parent, tally_text name, uint64_t hash)
{
	uint32_t node = *chain(n->exact, n, hash);
	while (node != TALLY_NODE_NONE &&
	       (at(n, node)->parent != parent || !tally_text_equal(tally_names_text(n, node), name)))
		node = at(n, node)->next;
	return node;
}

static uint32_t find_alike(const tally_names *n, uint32_t parent, tally_text name, uint64_t hash)
{
	uint32_t node = *chain(n->alike, n, hash);
	while (node != TALLY_NODE_NONE &&
	       (at(n, node)->parent != parent || !tally_ntfs_equal(tally_names_text(n, node), name)))
		node = at(n, node)->next_alike;
	return node;
}

/* Of names that are alike only the first is in the table of alike ones: chains stay short whatever an archive holds. */
static void enlist(tally_names *n, uint32_t node)
{
	tally_name_node *new = at(n, node);
	tally_text name = tally_names_text(n, node);
	uint64_t exact = hash_name(n, new->parent, name, false), alike = hash_name(n, new->parent, name, true);
	uint32_t *head = chain(n->exact, n, exact);
	new->next = *head;
	*head = node;
	uint32_t first = find_alike(n, new->parent, name, alike);
	if (first == TALLY_NODE_NONE) {
		head = chain(n->alike, n, alike);
		new->next_alike = *head;
		*head = node;
		return;
	}
	if (at(n, first)->other == TALLY_NODE_NONE)
		at(n, first)->other = node;
	new->other = first;
}

static tally_result make_tables(tally_names *n, size_t size, tally_error *error)
{
	uint32_t *exact = tally_alloc(size * sizeof *exact), *alike = tally_alloc(size * sizeof *alike);
	if (exact == NULL || alike == NULL) {
		tally_free(exact);
		tally_free(alike);
		return tally_fail_memory(error);
	}
	tally_free(n->exact);
	tally_free(n->alike);
	n->exact = exact;
	n->alike = alike;
	n->table_size = size;
	for (size_t i = 0; i < size; i++)
		exact[i] = alike[i] = TALLY_NODE_NONE;
	for (uint32_t node = 1; node < n->count; node++) {
		at(n, node)->next = at(n, node)->next_alike = TALLY_NODE_NONE;
		enlist(n, node);
	}
	return TALLY_OK;
}

/* ---- adding ---- */

static tally_result add_node(tally_names *n, uint32_t parent, tally_text name, uint32_t *node, tally_error *error)
{
	tally_name_node *nodes = tally_grow(n->nodes, &n->capacity, n->count + 1, sizeof *nodes);
	if (nodes == NULL)
		return tally_fail_memory(error);
	n->nodes = nodes;
	char *texts = tally_grow(n->texts, &n->texts_capacity, n->texts_size + name.size + 1, 1);
	if (texts == NULL)
		return tally_fail_memory(error);
	n->texts = texts;
	memcpy(texts + n->texts_size, name.data, name.size);
	*node = (uint32_t)n->count;
	nodes[n->count++] = (tally_name_node){.text = n->texts_size,
					      .text_size = (uint16_t)name.size,
					      .parent = parent,
					      .next = TALLY_NODE_NONE,
					      .next_alike = TALLY_NODE_NONE,
					      .child = TALLY_NODE_NONE,
					      .sibling = TALLY_NODE_NONE,
					      .other = TALLY_NODE_NONE,
					      .same_as = TALLY_NODE_NONE,
					      .entry = TALLY_NODE_NONE,
					      .kind = TALLY_ARCHIVE_DIRECTORY};
	n->texts_size += name.size;
	if (*node == TALLY_NODE_ROOT)
		return TALLY_OK;
	nodes[*node].sibling = nodes[parent].child;
	nodes[parent].child = *node;
	if (n->count > n->table_size)
		return make_tables(n, 2 * n->table_size, error);
	enlist(n, *node);
	return TALLY_OK;
}

tally_result tally_names_init(tally_names *n, tally_error *error)
{
	uint32_t root;
	*n = (tally_names){0};
	tally_result result = tally_fingerprinter_new(&n->fingerprinter, error);
	if (result == TALLY_OK)
		result = make_tables(n, TABLE_MIN, error);
	if (result == TALLY_OK)
		result = add_node(n, TALLY_NODE_ROOT, TALLY_TEXT(""), &root, error);
	return result;
}

void tally_names_release(tally_names *n)
{
	tally_fingerprinter_free(n->fingerprinter);
	tally_free(n->nodes);
	tally_free(n->texts);
	tally_free(n->exact);
	tally_free(n->alike);
	*n = (tally_names){0};
}

/* The node of a path, made where it isn't there. *found: it was. */
static tally_names_outcome reach(tally_names *n, tally_text path, uint32_t *node, bool *found, tally_error *error)
{
	tally_text component;
	*node = TALLY_NODE_ROOT;
	*found = true;
	while (tally_windows_path_next(&path, &component)) {
		uint32_t parent = *node;
		*node =
		    *found ? find_exact(n, parent, component, hash_name(n, parent, component, false)) : TALLY_NODE_NONE;
		if (*node != TALLY_NODE_NONE)
			continue;
		*found = false;
		if (n->count > TALLY_NAMES_MAX || component.size > UINT16_MAX)
			return TALLY_NAMES_FULL;
		if (add_node(n, parent, component, node, error) != TALLY_OK)
			return TALLY_NAMES_FAILED;
	}
	return TALLY_NAMES_DONE;
}

/* The file that a hard link names must have come before; what comes later isn't it. */
static void link_file(tally_names *n, uint32_t node, tally_text target)
{
	tally_text component;
	uint32_t to = TALLY_NODE_ROOT;
	while (to != TALLY_NODE_NONE && tally_windows_path_next(&target, &component))
		to = find_exact(n, to, component, hash_name(n, to, component, false));
	if (to == TALLY_NODE_NONE || to == node)
		return;
	if (at(n, node)->kind == TALLY_ARCHIVE_SAME_FILE) {
		at(n, node)->same_as = to;
		at(n, node)->same_entry = at(n, to)->entry;
	} else if (at(n, to)->kind == TALLY_ARCHIVE_FILE && at(n, to)->size == 0) {
		/* The new cpio formats give the bytes with the last name of a file. */
		at(n, to)->kind = TALLY_ARCHIVE_SAME_FILE;
		at(n, to)->same_as = node;
		at(n, to)->same_entry = at(n, node)->entry;
	}
}

tally_names_outcome tally_names_add(tally_names *n, const tally_archive_entry *entry, uint32_t number, uint32_t *added,
				    bool *replaced, tally_error *error)
{
	uint32_t node;
	bool found;
	*replaced = false;
	*added = TALLY_NODE_NONE;
	n->bytes += entry->path.size;
	if (n->bytes > TALLY_NAMES_BYTES_MAX)
		return TALLY_NAMES_FULL;
	tally_names_outcome outcome = reach(n, entry->path, &node, &found, error);
	if (outcome != TALLY_NAMES_DONE || node == TALLY_NODE_ROOT)
		return outcome;
	tally_name_node *new = at(n, node);
	/* Nothing unpacks a file in place of a folder that holds something. */
	if (entry->kind != TALLY_ARCHIVE_DIRECTORY &&
	    new->child != TALLY_NODE_NONE &&new->kind == TALLY_ARCHIVE_DIRECTORY)
		return TALLY_NAMES_DONE;
	*replaced = new->entry != TALLY_NODE_NONE &&
		    (new->kind != TALLY_ARCHIVE_DIRECTORY || entry->kind != TALLY_ARCHIVE_DIRECTORY);
	*added = node;
	new->kind = (uint8_t)entry->kind;
	new->entry = number;
	new->kept = 0;
	new->size = entry->size;
	new->has_size = entry->has_size;
	new->has_holes = entry->has_holes;
	new->encrypted = entry->encrypted;
	new->same_as = TALLY_NODE_NONE;
	if (entry->target.size > 0)
		link_file(n, node, entry->target);
	return TALLY_NAMES_DONE;
}

/* ---- looking ---- */

uint32_t tally_names_find(tally_names *n, uint32_t directory, tally_text component, uint32_t *other)
{
	*other = TALLY_NODE_NONE;
	uint32_t node = find_exact(n, directory, component, hash_name(n, directory, component, false));
	if (node != TALLY_NODE_NONE)
		return node;
	node = find_alike(n, directory, component, hash_name(n, directory, component, true));
	if (node != TALLY_NODE_NONE)
		*other = at(n, node)->other;
	return node;
}

uint32_t tally_names_file_of(const tally_names *n, uint32_t node)
{
	for (int i = 0; i < LINKS_MAX && node != TALLY_NODE_NONE; i++) {
		if (at(n, node)->kind == TALLY_ARCHIVE_FILE)
			return node;
		const tally_name_node *link = at(n, node);
		node = link->kind == TALLY_ARCHIVE_SAME_FILE ? link->same_as : TALLY_NODE_NONE;
		if (node != TALLY_NODE_NONE && at(n, node)->entry != link->same_entry)
			return TALLY_NODE_NONE;
	}
	return TALLY_NODE_NONE;
}

/* What sorting needs of a name: qsort hands out no context. */
typedef struct sorted_name {
	const char *text;
	uint32_t size, node;
} sorted_name;

static int compare_bytes(const void *left, const void *right)
{
	const sorted_name *a = left, *b = right;
	int order = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
	return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

tally_result tally_names_list(const tally_names *n, uint32_t directory, uint32_t **list, size_t *count,
			      size_t *capacity, tally_error *error)
{
	size_t children = 0;
	for (uint32_t c = at(n, directory)->child; c != TALLY_NODE_NONE; c = at(n, c)->sibling)
		children++;
	if (children == 0)
		return TALLY_OK;
	sorted_name *sorted = tally_alloc(children * sizeof *sorted);
	uint32_t *grown = tally_grow(*list, capacity, *count + children, sizeof *grown);
	if (grown != NULL)
		*list = grown;
	if (sorted == NULL || grown == NULL) {
		tally_free(sorted);
		return tally_fail_memory(error);
	}
	size_t i = 0;
	for (uint32_t c = at(n, directory)->child; c != TALLY_NODE_NONE; c = at(n, c)->sibling)
		sorted[i++] = (sorted_name){n->texts + at(n, c)->text, at(n, c)->text_size, c};
	qsort(sorted, children, sizeof *sorted, compare_bytes);
	for (i = 0; i < children; i++)
		grown[*count + i] = sorted[i].node;
	*count += children;
	tally_free(sorted);
	return TALLY_OK;
}
