/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/ntfs_writer.h"

#include "base/windows_path.h"
#include "maker/ntfs_writer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ntfs_die(const char *what)
{
	fprintf(stderr, "ntfs_writer: %s: %s\n", what, strerror(errno));
	exit(99);
}

void *ntfs_room(void *array, size_t *capacity, size_t needed, size_t size)
{
	if (needed <= *capacity)
		return array;
	*capacity = needed < 16 ? 16 : 2 * needed;
	array = realloc(array, *capacity * size);
	if (array == NULL)
		ntfs_die("memory");
	return array;
}

void ntfs_put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

uint64_t ntfs_get(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = bytes; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

void ntfs_write(const ntfs_writer *w, uint64_t place, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	place += w->options.offset;
	while (size > 0) {
		ssize_t done = pwrite(w->fd, at, size, (off_t)place);
		if (done <= 0)
			ntfs_die("writing");
		at += done;
		place += (uint64_t)done;
		size -= (size_t)done;
	}
}

/* ---- clusters ---- */

static bool is_bad(const ntfs_writer *w, uint64_t first, uint64_t count)
{
	for (size_t i = 0; i < w->options.bad_count; i++)
		if (w->options.bad[i].first < first + count &&
		    first < w->options.bad[i].first + w->options.bad[i].count)
			return true;
	return false;
}

static void mark(ntfs_writer *w, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		w->used[i / 8] |= (uint8_t)(1U << i % 8);
}

static void need(const ntfs_writer *w, uint64_t count)
{
	if (count > w->end_cluster - w->next_cluster) {
		errno = ENOSPC;
		ntfs_die("the volume");
	}
}

uint64_t ntfs_allocate(ntfs_writer *w, uint64_t count)
{
	/* Only the first is kept off the bad ones, so that a test can have a file on them. */
	while (is_bad(w, w->next_cluster, 1))
		w->next_cluster++;
	uint64_t first = w->next_cluster;
	need(w, count);
	w->next_cluster += count;
	mark(w, first, count);
	return first;
}

uint64_t ntfs_allocate_last(ntfs_writer *w, uint64_t count)
{
	need(w, count);
	w->end_cluster -= count;
	mark(w, w->end_cluster, count);
	return w->end_cluster;
}

void ntfs_add_piece(ntfs_pieces *pieces, uint64_t lcn, uint64_t count)
{
	ntfs_piece *last = pieces->count > 0 ? &pieces->items[pieces->count - 1] : NULL;
	bool hole = lcn == NTFS_NO_CLUSTER;
	pieces->clusters += count;
	if (count == 0)
		return;
	if (last != NULL &&
	    (hole ? last->lcn == NTFS_NO_CLUSTER : last->lcn != NTFS_NO_CLUSTER && last->lcn + last->count == lcn)) {
		last->count += count;
		return;
	}
	pieces->items = ntfs_room(pieces->items, &pieces->capacity, pieces->count + 1, sizeof *pieces->items);
	pieces->items[pieces->count++] = (ntfs_piece){lcn, count};
}

uint64_t ntfs_clusters_for(const ntfs_writer *w, uint64_t size)
{
	return size / w->cluster + (size % w->cluster != 0);
}

ntfs_pieces ntfs_store(ntfs_writer *w, const void *bytes, uint64_t size)
{
	ntfs_pieces pieces = {0};
	uint64_t count = ntfs_clusters_for(w, size);
	if (count == 0)
		return pieces;
	uint64_t lcn = ntfs_allocate(w, count);
	ntfs_add_piece(&pieces, lcn, count);
	ntfs_write(w, lcn * w->cluster, bytes, size);
	return pieces;
}

uint64_t ntfs_mirror_size(const ntfs_writer *w)
{
	return w->cluster > 4 * w->record_size ? w->cluster : 4 * (uint64_t)w->record_size;
}

/* ---- records ---- */

uint32_t ntfs_new_record(ntfs_writer *w)
{
	if (w->next_record == w->options.records) {
		errno = ENOSPC;
		ntfs_die("$MFT");
	}
	uint32_t record = w->next_record++;
	w->used_records[record / 8] |= (uint8_t)(1U << record % 8);
	if (w->sequences[record] == 0)
		w->sequences[record] = 1;
	return record;
}

uint32_t ntfs_writer_skip(ntfs_writer *w)
{
	uint32_t record = ntfs_new_record(w);
	w->used_records[record / 8] &= (uint8_t) ~(1U << record % 8);
	return record;
}

uint64_t ntfs_reference(const ntfs_writer *w, uint32_t record)
{
	return (uint64_t)w->sequences[record] << 48 | record;
}

/* Of a byte of $MFT, in the file. */
static uint64_t mft_place(const ntfs_writer *w, uint64_t offset)
{
	for (size_t i = 0; i < w->mft.count; i++) {
		uint64_t bytes = w->mft.items[i].count * w->cluster;
		if (offset < bytes)
			return w->options.offset + w->mft.items[i].lcn * w->cluster + offset;
		offset -= bytes;
	}
	errno = ERANGE;
	ntfs_die("record");
}

uint64_t ntfs_writer_record_place(const ntfs_writer *w, uint32_t record)
{
	return mft_place(w, (uint64_t)record * w->record_size);
}

void ntfs_put_record(const ntfs_writer *w, uint32_t record, const uint8_t *bytes)
{
	/* With small clusters one can lie in two places. */
	uint32_t step = w->cluster < w->record_size ? w->cluster : w->record_size;
	for (uint32_t at = 0; at < w->record_size; at += step) {
		uint64_t place = mft_place(w, (uint64_t)record * w->record_size + at);
		ntfs_write(w, place - w->options.offset, bytes + at, step);
	}
}

uint64_t ntfs_writer_last_cluster(const ntfs_writer *w)
{
	return w->last_cluster;
}

void ntfs_seal(uint8_t *block, size_t size)
{
	size_t offset = (size_t)ntfs_get(block + 4, 2);
	ntfs_put(block + offset, 0x0107, 2);
	for (size_t i = 1; i <= size / 512; i++) {
		memcpy(block + offset + 2 * i, block + i * 512 - 2, 2);
		memcpy(block + i * 512 - 2, block + offset, 2);
	}
}

void ntfs_unseal(uint8_t *block, size_t size)
{
	size_t offset = (size_t)ntfs_get(block + 4, 2);
	for (size_t i = 1; i <= size / 512; i++)
		memcpy(block + i * 512 - 2, block + offset + 2 * i, 2);
}

/* ---- beginning and end ---- */

static void set_defaults(ntfs_options *o)
{
	o->size = o->size != 0 ? o->size : UINT64_C(32) << 20;
	o->sector_size = o->sector_size != 0 ? o->sector_size : 512;
	o->cluster_size = o->cluster_size != 0 ? o->cluster_size : 4096;
	o->record_size = o->record_size != 0 ? o->record_size : 1024;
	o->serial = o->serial != 0 ? o->serial : UINT64_C(0x1122334455667788);
	o->records = o->records != 0 ? o->records : 256;
	o->mft_pieces = o->mft_pieces != 0 ? o->mft_pieces : 1;
}

/* $MFT in pieces of about the same size, a cluster between two of them. */
static void place_mft(ntfs_writer *w)
{
	uint64_t bytes = (uint64_t)w->options.records * w->record_size;
	uint64_t total = ntfs_clusters_for(w, bytes), pieces = w->options.mft_pieces;
	uint64_t each = total / pieces > 0 ? total / pieces : 1, left = total;
	uint64_t first = ntfs_allocate(w, total + pieces);
	/* In front stands what must be readable without the rest. */
	uint64_t start = w->options.mft_backwards ? first + (pieces - 1) * (each + 1) : first;
	for (uint64_t i = 0; i < pieces && left > 0; i++) {
		bool last = i + 1 == pieces;
		uint64_t count = last ? left : each < left ? each : left;
		if (w->options.mft_backwards && last)
			start = ntfs_allocate(w, count);
		if (w->options.mft_last && last)
			start = ntfs_allocate_last(w, count);
		ntfs_add_piece(&w->mft, start, count);
		left -= count;
		start = w->options.mft_backwards ? start - (each + 1) : start + each + 1;
	}
}

ntfs_writer *ntfs_writer_begin(const char *path, const ntfs_options *options)
{
	ntfs_writer *w = calloc(1, sizeof *w);
	if (w == NULL)
		ntfs_die("memory");
	w->options = *options;
	set_defaults(&w->options);
	const ntfs_options *o = &w->options;
	w->cluster = o->cluster_size;
	w->record_size = o->record_size;
	w->sectors = o->size / o->sector_size - 1;
	w->clusters = w->sectors / (o->cluster_size / o->sector_size);
	w->used = calloc(w->clusters / 8 + 16, 1);
	w->used_records = calloc(o->records / 8 + 16, 1);
	w->sequences = calloc(o->records, sizeof *w->sequences);
	w->upcase = malloc(65536 * sizeof *w->upcase);
	if (w->used == NULL || w->used_records == NULL || w->sequences == NULL || w->upcase == NULL)
		ntfs_die("memory");
	for (uint32_t i = 0; i < 65536; i++)
		w->upcase[i] = o->upcase != NULL ? o->upcase[i] : (uint16_t)tally_ntfs_upcase(i);
	w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (w->fd < 0 || (lseek(w->fd, 0, SEEK_END) < (off_t)(o->offset + o->size) &&
			  ftruncate(w->fd, (off_t)(o->offset + o->size)) != 0))
		ntfs_die(path);
	w->last_cluster = NTFS_NO_CLUSTER;
	w->end_cluster = w->clusters;
	/* The boot sector's file, then the mirror of the first records. */
	ntfs_allocate(w, ntfs_clusters_for(w, 8192));
	if (o->set_aside != 0)
		ntfs_allocate(w, ntfs_clusters_for(w, NTFS_SET_ASIDE + o->set_aside) - w->next_cluster);
	w->mirror = ntfs_allocate(w, ntfs_clusters_for(w, ntfs_mirror_size(w)));
	place_mft(w);
	for (uint32_t i = 0; i < NTFS_FIRST_FILE; i++)
		w->sequences[i] = i < 16 && i > 0 ? (uint16_t)i : 1;
	w->next_record = NTFS_FIRST_FILE;
	w->used_records[0] = w->used_records[1] = 0xFF;
	return w;
}

void ntfs_writer_finish(ntfs_writer *w)
{
	ntfs_write_system(w);
	ntfs_write_folders(w);
	ntfs_write_rest(w);
	if (close(w->fd) != 0)
		ntfs_die("closing");
	for (size_t i = 0; i < w->entry_count; i++)
		free(w->entries[i].key);
	for (size_t i = 0; i < w->folder_count; i++)
		free(w->folders[i].key);
	free(w->entries);
	free(w->folders);
	free(w->mft.items);
	free(w->bitmap.items);
	free(w->mft_bitmap.items);
	free(w->upcase);
	free(w->used);
	free(w->used_records);
	free(w->sequences);
	free(w);
}
