/* SPDX-License-Identifier: Apache-2.0 */
/* Directories: each a B-tree of names, filled from the left, level by level. */
#include "maker/ntfs_writer_parts.h"

#include <stdlib.h>
#include <string.h>

#define NO_CHILD UINT64_MAX
enum { ENTRY_HAS_CHILD = 1, ENTRY_IS_LAST = 2 };

/* A name in a node, and the block with all that are before it. */
typedef struct item {
	const ntfs_entry *entry;
	uint64_t child;
} item;

typedef struct tree {
	const ntfs_writer *w;
	item *items; /* of the level that is being packed */
	size_t count;
	uint64_t last_child; /* with all that are behind the last */
	uint8_t *blocks;
	size_t block_count, block_capacity;
} tree;

/* NTFS sorts by upper-cased units, and spellings of one name as they are. */
static int compare_names(const ntfs_writer *w, const uint8_t *a, const uint8_t *b)
{
	unsigned x_units = a[64], y_units = b[64];
	for (unsigned folded = 1;; folded--) {
		for (unsigned i = 0; i < x_units && i < y_units; i++) {
			unsigned x = (unsigned)ntfs_get(a + 66 + 2 * i, 2), y = (unsigned)ntfs_get(b + 66 + 2 * i, 2);
			if (folded != 0) {
				x = w->upcase[x];
				y = w->upcase[y];
			}
			if (x != y)
				return x < y ? -1 : 1;
		}
		if (x_units != y_units || folded == 0)
			return (x_units > y_units) - (x_units < y_units);
	}
}

static int compare_entries(const void *a, const void *b, void *w)
{
	const ntfs_entry *x = a, *y = b;
	if (x->directory != y->directory)
		return x->directory < y->directory ? -1 : 1;
	return compare_names(w, x->key, y->key);
}

static size_t item_size(const item *i)
{
	return (16 + i->entry->key_size + 7U) / 8 * 8 + (i->child != NO_CHILD ? 8 : 0);
}

static uint8_t *put_item(uint8_t *at, const item *i)
{
	size_t size = item_size(i);
	memset(at, 0, size);
	ntfs_put(at, i->entry->reference, 8);
	ntfs_put(at + 8, size, 2);
	ntfs_put(at + 10, i->entry->key_size, 2);
	ntfs_put(at + 12, i->child != NO_CHILD ? ENTRY_HAS_CHILD : 0, 4);
	memcpy(at + 16, i->entry->key, i->entry->key_size);
	if (i->child != NO_CHILD)
		ntfs_put(at + size - 8, i->child, 8);
	return at + size;
}

static uint8_t *put_end(uint8_t *at, uint64_t child)
{
	size_t size = child != NO_CHILD ? 24 : 16;
	memset(at, 0, size);
	ntfs_put(at + 8, size, 2);
	ntfs_put(at + 12, ENTRY_IS_LAST | (child != NO_CHILD ? ENTRY_HAS_CHILD : 0), 4);
	if (child != NO_CHILD)
		ntfs_put(at + 16, child, 8);
	return at + size;
}

/* Blocks are counted in clusters, or in 512 bytes where a cluster is larger than a block. */
static uint64_t vcn_of(const tree *t, size_t block)
{
	uint32_t unit = t->w->cluster <= INDEX_SIZE ? t->w->cluster : 512;
	return (uint64_t)block * (INDEX_SIZE / unit);
}

/* Makes a block of some items; returns its VCN. */
static uint64_t add_block(tree *t, const item *items, size_t count, uint64_t end_child)
{
	const size_t start = 24 + 40;
	t->blocks = ntfs_room(t->blocks, &t->block_capacity, t->block_count + 1, INDEX_SIZE);
	uint8_t *block = t->blocks + t->block_count * INDEX_SIZE, *at = block + start;
	uint64_t vcn = vcn_of(t, t->block_count++);
	memset(block, 0, INDEX_SIZE);
	memcpy(block, "INDX", 4);
	ntfs_put(block + 4, 40, 2);
	ntfs_put(block + 6, INDEX_SIZE / 512 + 1, 2);
	ntfs_put(block + 16, vcn, 8);
	for (size_t i = 0; i < count; i++)
		at = put_item(at, &items[i]);
	at = put_end(at, end_child);
	ntfs_put(block + 24, start - 24, 4);
	ntfs_put(block + 28, (uint64_t)(at - block) - 24, 4);
	ntfs_put(block + 32, INDEX_SIZE - 24, 4);
	block[36] = end_child != NO_CHILD;
	ntfs_seal(block, INDEX_SIZE);
	return vcn;
}

static size_t items_size(const item *items, size_t count)
{
	size_t size = 24;
	for (size_t i = 0; i < count; i++)
		size += item_size(&items[i]);
	return size;
}

/* Packs a level into blocks; what separates them is the next level. */
static void pack_level(tree *t)
{
	const size_t room = INDEX_SIZE - 64 - 24;
	size_t above = 0, first = 0;
	while (first < t->count) {
		size_t count = 0, size = 0;
		while (first + count < t->count && size + item_size(&t->items[first + count]) <= room)
			size += item_size(&t->items[first + count++]);
		/* One that separates needs something behind it. */
		if (first + count + 1 == t->count)
			count--;
		if (first + count == t->count) {
			t->last_child = add_block(t, t->items + first, count, t->last_child);
			break;
		}
		item separator = t->items[first + count];
		separator.child = add_block(t, t->items + first, count, separator.child);
		first += count + 1;
		t->items[above++] = separator;
	}
	t->count = above;
}

static void add_index(ntfs_writer *w, ntfs_attributes *list, tree *t)
{
	uint8_t *root = calloc(1, 64 + items_size(t->items, t->count));
	if (root == NULL)
		ntfs_die("memory");
	uint8_t *at = root + 32;
	for (size_t i = 0; i < t->count; i++)
		at = put_item(at, &t->items[i]);
	at = put_end(at, t->last_child);
	size_t size = (size_t)(at - root);
	ntfs_put(root, 0x30, 4);
	ntfs_put(root + 4, 1, 4);
	ntfs_put(root + 8, INDEX_SIZE, 4);
	root[12] = (uint8_t)(w->cluster <= INDEX_SIZE ? INDEX_SIZE / w->cluster : INDEX_SIZE / 512);
	ntfs_put(root + 16, 16, 4);
	ntfs_put(root + 20, size - 16, 4);
	ntfs_put(root + 24, size - 16, 4);
	root[28] = t->block_count > 0;
	ntfs_add_resident(list, 0x90, "$I30", root, size, 0);
	free(root);
	if (t->block_count == 0)
		return;
	uint64_t bytes = (uint64_t)t->block_count * INDEX_SIZE;
	ntfs_pieces pieces = ntfs_store(w, t->blocks, bytes);
	ntfs_add_runs(w, list, 0xA0, "$I30", &pieces, &(ntfs_sizes){.size = bytes, .initialised = bytes}, 0);
	free(pieces.items);
	size_t bits = (t->block_count + 63) / 64 * 8;
	uint8_t *bitmap = calloc(1, bits);
	if (bitmap == NULL)
		ntfs_die("memory");
	for (size_t i = 0; i < t->block_count; i++)
		bitmap[i / 8] |= (uint8_t)(1U << i % 8);
	if (bits <= 64) {
		ntfs_add_resident(list, 0xB0, "$I30", bitmap, bits, 0);
	} else {
		pieces = ntfs_store(w, bitmap, bits);
		ntfs_add_runs(w, list, 0xB0, "$I30", &pieces, &(ntfs_sizes){.size = bits, .initialised = bits}, 0);
		free(pieces.items);
	}
	free(bitmap);
}

static void write_folder(ntfs_writer *w, const ntfs_folder *folder, const ntfs_entry *entries, size_t count)
{
	ntfs_attributes list = {0};
	tree t = {.w = w, .count = count, .last_child = NO_CHILD, .items = malloc((count + 1) * sizeof *t.items)};
	if (t.items == NULL)
		ntfs_die("memory");
	for (size_t i = 0; i < count; i++)
		t.items[i] = (item){&entries[i], NO_CHILD};
	ntfs_add_standard(&list, NTFS_DEFAULT_TIME, folder->record < NTFS_FIRST_FILE ? 6 : 0);
	ntfs_add_resident(&list, 0x30, "", folder->key, folder->key_size, 0);
	/* Head, standard information, list of blocks, bitmap of blocks, reparse point and end. */
	size_t fixed = 56 + 72 + list.items[1].size + 64 + 80 + 104 + 48 + 16;
	/* Behind a long name there is room for the end only. */
	size_t room = w->record_size > fixed + 24 ? w->record_size - fixed : 24;
	while (items_size(t.items, t.count) > room)
		pack_level(&t);
	add_index(w, &list, &t);
	if (folder->reparse_tag != 0) {
		uint8_t value[24] = {0};
		ntfs_put(value, folder->reparse_tag, 4);
		ntfs_put(value + 4, 16, 2);
		ntfs_add_resident(&list, 0xC0, "", value, sizeof value, 0);
	}
	ntfs_write_record(w, folder->record, 3, &list, false, false);
	free(t.items);
	free(t.blocks);
}

static int compare_folders(const void *a, const void *b)
{
	const ntfs_folder *x = a, *y = b;
	return (x->record > y->record) - (x->record < y->record);
}

void ntfs_write_folders(ntfs_writer *w)
{
	qsort_r(w->entries, w->entry_count, sizeof *w->entries, compare_entries, w);
	qsort(w->folders, w->folder_count, sizeof *w->folders, compare_folders);
	size_t at = 0;
	for (size_t i = 0; i < w->folder_count; i++) {
		/* Names in what is no directory have nowhere to stand. */
		while (at < w->entry_count && w->entries[at].directory < w->folders[i].record)
			at++;
		size_t end = at;
		while (end < w->entry_count && w->entries[end].directory == w->folders[i].record)
			end++;
		write_folder(w, &w->folders[i], w->entries + at, end - at);
		at = end;
	}
}
