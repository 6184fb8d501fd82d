/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/image_maker.h"

#include "maker/disk_writer.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB ((uint64_t)1 << 20)

static uint64_t scatter(const char *name)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001B3);
	/* The last letters alone would change little at the top. */
	hash ^= hash >> 29;
	hash *= UINT64_C(0xBF58476D1CE4E5B9);
	return hash ^ hash >> 32;
}

static int compare_scattered(const FTSENT **left, const FTSENT **right)
{
	const uint64_t a = scatter((*left)->fts_name), b = scatter((*right)->fts_name);
	return a != b ? (a > b) - (a < b) : strcmp((*left)->fts_name, (*right)->fts_name);
}

static FTS *open_folder(const char *folder, bool shuffled)
{
	char *paths[] = {(char *)(uintptr_t)folder, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, shuffled ? compare_scattered : NULL);
	if (walk != NULL)
		return walk;
	perror(folder);
	exit(99);
}

/* What the files take, by whole clusters, and how many there are. */
static uint64_t measure(const char *folder, uint32_t *count)
{
	FTS *walk = open_folder(folder, false);
	uint64_t bytes = 0;
	*count = 0;
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
		if (entry->fts_info != FTS_F && entry->fts_info != FTS_D)
			continue;
		(*count)++;
		bytes += ((uint64_t)entry->fts_statp->st_size + 4095) & ~UINT64_C(4095);
	}
	fts_close(walk);
	return bytes;
}

static void add_file(ntfs_writer *w, uint32_t directory, const FTSENT *entry, const image_order *order)
{
	const bool is_last = order->last != NULL && strcmp(entry->fts_name, order->last) == 0;
	const bool is_special = order->special != NULL && strcmp(entry->fts_name, order->special) == 0;
	ntfs_writer_file(w, &(ntfs_file){.directory = directory,
					 .name = entry->fts_name,
					 .last = is_last,
					 .reparse_tag = is_special ? order->reparse_tag : 0,
					 .encrypted = is_special && order->reparse_tag == 0,
					 .content = {.copy_from = entry->fts_path}});
}

static void add_all(ntfs_writer *w, const char *folder, const image_order *order)
{
	FTS *walk = open_folder(folder, order->shuffled);
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
		uint32_t parent = entry->fts_level > 0 ? (uint32_t)entry->fts_parent->fts_number : NTFS_ROOT;
		if (entry->fts_info == FTS_D)
			entry->fts_number =
			    entry->fts_level == 0 ? NTFS_ROOT : ntfs_writer_directory(w, parent, entry->fts_name);
		else if (entry->fts_info == FTS_F)
			add_file(w, parent, entry, order);
	}
	fts_close(walk);
}

ntfs_options image_measure(const char *folder, const ntfs_options *options)
{
	ntfs_options o = options != NULL ? *options : (ntfs_options){.label = "DRIVE"};
	uint32_t count;
	uint64_t bytes = measure(folder, &count);
	if (o.records == 0)
		o.records = count + 64;
	if (o.size == 0)
		o.size = (bytes + (uint64_t)o.records * 4096 + 32 * MIB) & ~(MIB - 1);
	return o;
}

void image_make_volume_in(const char *folder, const char *path, const ntfs_options *options, const image_order *order,
			  uint64_t *size)
{
	const ntfs_options o = image_measure(folder, options);
	ntfs_writer *w = ntfs_writer_begin(path, &o);
	add_all(w, folder, order);
	ntfs_writer_finish(w);
	*size = o.size;
}

void image_make_volume(const char *folder, const char *path, const ntfs_options *options, uint64_t *size)
{
	image_make_volume_in(folder, path, options, &(image_order){0}, size);
}

void image_lock_volume(const char *path, uint64_t size, const bitlocker_options *options)
{
	bitlocker_wrap_file(path, 0, size, options);
}

void image_make_disk(const char *volume, const char *second, const char *path)
{
	const disk_volume volumes[] = {{.image = volume, .name = "Basic data partition"}, {.image = second}};
	disk_write_gpt(path, &(disk_layout){.volumes = volumes, .count = second != NULL ? 2 : 1});
}
