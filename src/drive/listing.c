/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/listing.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct reading {
	tally_name *names;
	size_t count, names_capacity;
	char *arena;
	size_t used, arena_capacity;
} reading;

static DIR *open_for_listing(int dir, bool keep_access_time)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = -1;
	if (keep_access_time)
		fd = openat(dir, ".", flags | O_NOATIME);
	/* EPERM: only the owner of a directory may ask for that. */
	if (fd < 0 && (!keep_access_time || errno == EPERM))
		fd = openat(dir, ".", flags);
	if (fd < 0)
		return NULL;
	DIR *stream = fdopendir(fd);
	if (stream == NULL) {
		int os_error = errno;
		close(fd);
		errno = os_error;
	}
	return stream;
}

static int add_name(reading *r, const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), needed;
	if (__builtin_add_overflow(r->used, size + 1, &needed))
		return -ENOMEM;
	tally_name *names = tally_grow(r->names, &r->names_capacity, r->count + 1, sizeof *names);
	if (names == NULL)
		return -ENOMEM;
	r->names = names;
	char *arena = tally_grow(r->arena, &r->arena_capacity, needed, 1);
	if (arena == NULL)
		return -ENOMEM;
	r->arena = arena;
	memcpy(arena + r->used, entry->d_name, size + 1);
	r->used = needed;
	/* The arena still moves: place_names sets the texts. */
	names[r->count++] = (tally_name){NULL, (uint32_t)size, entry->d_type, false};
	return 0;
}

static int read_names(reading *r, DIR *stream)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(stream);
		if (entry == NULL)
			return -errno;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int result = add_name(r, entry);
		if (result != 0)
			return result;
	}
}

/* A listing may stay in memory for long, so it gives back what growing took too much. */
static void place_names(reading *r, tally_listing *listing)
{
	tally_name *names = tally_realloc(r->names, r->count, sizeof *names);
	char *arena = tally_realloc(r->arena, r->used, 1);
	listing->names = names != NULL ? names : r->names;
	listing->arena = arena != NULL ? arena : r->arena;
	listing->count = r->count;
	listing->bytes = (names != NULL ? r->count : r->names_capacity) * sizeof *names +
			 (arena != NULL ? r->used : r->arena_capacity);
	size_t place = 0;
	for (size_t i = 0; i < listing->count; i++) {
		listing->names[i].text = listing->arena + place;
		place += listing->names[i].size + (size_t)1;
	}
}

static tally_text text_of(const tally_name *name)
{
	return (tally_text){name->text, name->size};
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(((const tally_name *)a)->text, ((const tally_name *)b)->text);
}

static int by_folded_form(const void *a, const void *b)
{
	int order = tally_ntfs_compare(text_of(a), text_of(b));
	return order != 0 ? order : by_bytes(a, b);
}

static void sort(tally_listing *listing, int (*compare)(const void *, const void *))
{
	if (listing->count > 1)
		qsort(listing->names, listing->count, sizeof *listing->names, compare);
}

int tally_listing_read(tally_listing *listing, int dir, bool keep_access_time)
{
	DIR *stream = open_for_listing(dir, keep_access_time);
	if (stream == NULL)
		return -errno;
	reading r = {0};
	int result = read_names(&r, stream);
	closedir(stream);
	if (result != 0) {
		tally_free(r.names);
		tally_free(r.arena);
		return result;
	}
	place_names(&r, listing);
	sort(listing, by_folded_form);
	for (size_t i = 1; i < listing->count; i++) {
		tally_name *name = &listing->names[i];
		if (tally_ntfs_equal(text_of(name - 1), text_of(name)))
			name[-1].clashes = name->clashes = true;
	}
	return 0;
}

void tally_listing_free(tally_listing *listing)
{
	tally_free(listing->names);
	tally_free(listing->arena);
	*listing = (tally_listing){0};
}

unsigned tally_listing_find(const tally_listing *listing, tally_text name, const tally_name **first)
{
	size_t low = 0, high = listing->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_ntfs_compare(text_of(&listing->names[middle]), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	unsigned count = 0;
	while (count < 2 && low + count < listing->count &&
	       tally_ntfs_equal(text_of(&listing->names[low + count]), name))
		count++;
	*first = count > 0 ? &listing->names[low] : NULL;
	return count;
}

void tally_listing_sort_by_bytes(tally_listing *listing)
{
	sort(listing, by_bytes);
}
