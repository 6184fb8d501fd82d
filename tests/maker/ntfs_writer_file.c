/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories. */
#include "maker/ntfs_writer_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define UNIT_SHIFT 4
#define PORTION ((size_t)1 << 20)

/* ---- names ---- */

/* UTF-8 to UTF-16; three bytes that stand for a lone surrogate become it. */
static unsigned to_utf16(const char *name, uint8_t *out)
{
	tally_text rest = {name, strlen(name)};
	unsigned units = 0;
	while (rest.size > 0) {
		const unsigned char *at = (const unsigned char *)rest.data;
		uint32_t c;
		if (rest.size >= 3 && at[0] == 0xED && at[1] >= 0xA0) {
			c = 0xD000U | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
			rest = (tally_text){rest.data + 3, rest.size - 3};
		} else {
			c = tally_utf8_next(&rest);
		}
		if (c >= 0x10000) {
			ntfs_put(out + 2 * units++, 0xD800 + ((c - 0x10000) >> 10), 2);
			c = 0xDC00 + (c & 0x3FF);
		}
		ntfs_put(out + 2 * units++, c, 2);
	}
	return units;
}

uint8_t *ntfs_file_name(const ntfs_writer *w, const ntfs_link *link, uint64_t size, uint64_t modified, uint32_t flags,
			uint16_t directory_sequence, uint16_t *key_size)
{
	static const uint8_t spaces[] = {[NTFS_WIN32] = 1, [NTFS_POSIX] = 0, [NTFS_DOS] = 2, [NTFS_BOTH] = 3};
	uint8_t *key = calloc(1, 66 + 2 * strlen(link->name));
	if (key == NULL)
		ntfs_die("memory");
	uint64_t parent = ntfs_reference(w, link->directory);
	if (directory_sequence != 0)
		parent = (uint64_t)directory_sequence << 48 | link->directory;
	ntfs_put(key, parent, 8);
	for (unsigned i = 0; i < 4; i++)
		ntfs_put(key + 8 + 8 * i, modified, 8);
	ntfs_put(key + 40, ntfs_clusters_for(w, size) * w->cluster, 8);
	ntfs_put(key + 48, size, 8);
	ntfs_put(key + 56, flags, 4);
	unsigned units = to_utf16(link->name, key + 66);
	key[64] = (uint8_t)units;
	key[65] = spaces[link->space];
	*key_size = (uint16_t)(66 + 2 * units);
	return key;
}

void ntfs_enter(ntfs_writer *w, uint32_t directory, uint32_t child, const uint8_t *key, uint16_t key_size)
{
	if (w->options.without_indexes)
		return;
	w->entries = ntfs_room(w->entries, &w->entry_capacity, w->entry_count + 1, sizeof *w->entries);
	ntfs_entry *entry = &w->entries[w->entry_count++];
	*entry = (ntfs_entry){directory, child, ntfs_reference(w, child), malloc(key_size), key_size};
	if (entry->key == NULL)
		ntfs_die("memory");
	memcpy(entry->key, key, key_size);
}

static void add_name(ntfs_writer *w, ntfs_attributes *list, uint32_t record, const ntfs_link *link,
		     const ntfs_file *file, uint64_t size, uint32_t flags, bool outside)
{
	uint16_t key_size;
	uint64_t modified = file->modified != 0 ? file->modified : NTFS_DEFAULT_TIME;
	uint8_t *key = ntfs_file_name(w, link, size, modified, flags, file->directory_sequence, &key_size);
	ntfs_add_resident(list, 0x30, "", key, key_size, 0);
	list->items[list->count - 1].outside = outside;
	ntfs_enter(w, link->directory, record, key, key_size);
	free(key);
}

uint32_t ntfs_writer_directory_as(ntfs_writer *w, const ntfs_link *link, uint32_t reparse_tag)
{
	uint32_t record = ntfs_new_record(w);
	w->folders = ntfs_room(w->folders, &w->folder_capacity, w->folder_count + 1, sizeof *w->folders);
	ntfs_folder *folder = &w->folders[w->folder_count++];
	*folder = (ntfs_folder){.record = record, .reparse_tag = reparse_tag};
	folder->key = ntfs_file_name(w, link, 0, NTFS_DEFAULT_TIME, FLAG_DIRECTORY, 0, &folder->key_size);
	ntfs_enter(w, link->directory, record, folder->key, folder->key_size);
	return record;
}

uint32_t ntfs_writer_directory(ntfs_writer *w, uint32_t directory, const char *name)
{
	return ntfs_writer_directory_as(w, &(ntfs_link){.directory = directory, .name = name}, 0);
}

/* ---- content ---- */

typedef struct source {
	ntfs_content content;
	uint64_t size;
	FILE *in;
} source;

static source open_source(const ntfs_content *content)
{
	source s = {.content = *content, .size = content->size};
	struct stat facts;
	if (content->copy_from == NULL)
		return s;
	s.in = fopen(content->copy_from, "rb");
	if (s.in == NULL || fstat(fileno(s.in), &facts) != 0)
		ntfs_die(content->copy_from);
	s.size = (uint64_t)facts.st_size;
	return s;
}

static void get(const source *s, uint64_t offset, uint8_t *out, size_t size)
{
	if (s->in != NULL) {
		if (fseeko(s->in, (off_t)offset, SEEK_SET) != 0 || fread(out, 1, size, s->in) != size)
			ntfs_die(s->content.copy_from);
	} else if (s->content.make != NULL) {
		s->content.make(s->content.context, offset, out, size);
	} else if (s->content.bytes != NULL) {
		memcpy(out, (const uint8_t *)s->content.bytes + offset, size);
	} else {
		memset(out, 0, size);
	}
}

static void close_source(source *s)
{
	if (s->in != NULL)
		fclose(s->in);
}

/* Clusters for a file: in pieces with a cluster between them, and holes where they shall be. */
static ntfs_pieces lay_out(ntfs_writer *w, const ntfs_file *file, uint64_t size)
{
	ntfs_pieces pieces = {0};
	uint64_t total = ntfs_clusters_for(w, size), vcn = 0;
	uint64_t each = file->pieces > 1 ? total / file->pieces : total;
	each = each > 0 ? each : 1;
	for (size_t h = 0; vcn < total;) {
		bool hole = h < file->hole_count && file->holes[h].first == vcn;
		uint64_t count = total - vcn;
		if (hole)
			count = file->holes[h].count < count ? file->holes[h].count : count;
		else if (count > each)
			count = each;
		if (!hole && h < file->hole_count && file->holes[h].first - vcn < count)
			count = file->holes[h].first - vcn;
		uint64_t lcn = hole         ? NTFS_NO_CLUSTER
			       : file->last ? ntfs_allocate_last(w, count)
					    : ntfs_allocate(w, count);
		ntfs_add_piece(&pieces, lcn, count);
		if (!hole && file->pieces > 1)
			ntfs_allocate(w, 1);
		h += hole;
		vcn += count;
	}
	return pieces;
}

static void write_content(const ntfs_writer *w, const source *s, const ntfs_pieces *pieces, uint64_t written)
{
	/* Zeros need no writing in a new file. */
	bool nothing = s->in == NULL && s->content.make == NULL && s->content.bytes == NULL && written == s->size;
	uint8_t *buffer = nothing ? NULL : malloc(s->size < PORTION ? (size_t)s->size + 1 : PORTION);
	uint64_t at = 0;
	if (nothing)
		return;
	if (buffer == NULL)
		ntfs_die("memory");
	for (size_t i = 0; i < pieces->count; i++) {
		const ntfs_piece *piece = &pieces->items[i];
		uint64_t bytes = piece->count * w->cluster;
		for (uint64_t into = 0; into < bytes && at + into < s->size; into += PORTION) {
			uint64_t left = s->size - at - into;
			size_t size = bytes - into < PORTION ? (size_t)(bytes - into) : PORTION;
			if (piece->lcn == NTFS_NO_CLUSTER)
				continue;
			size = left < size ? (size_t)left : size;
			get(s, at + into, buffer, size);
			/* What was never initialised is whatever was there before. */
			for (size_t j = 0; j < size; j++)
				if (at + into + j >= written)
					buffer[j] = (uint8_t)(0xA5 ^ j);
			ntfs_write(w, piece->lcn * w->cluster + into, buffer, size);
		}
		at += bytes;
	}
	free(buffer);
}

/* Unit by unit: packed with a hole behind it where that saves a cluster, as it is where not, nothing for zeros. */
static ntfs_pieces write_packed(ntfs_writer *w, const source *s)
{
	const size_t unit = (size_t)w->cluster << UNIT_SHIFT;
	uint8_t *plain = malloc(unit), *packed = malloc(unit);
	ntfs_pieces pieces = {0};
	if (plain == NULL || packed == NULL)
		ntfs_die("memory");
	for (uint64_t at = 0; at < s->size; at += unit) {
		size_t size = s->size - at < unit ? (size_t)(s->size - at) : unit;
		memset(plain, 0, unit);
		get(s, at, plain, size);
		bool zeros = plain[0] == 0 && memcmp(plain, plain + 1, unit - 1) == 0;
		size_t got = zeros ? 0 : ntfs_lznt1_pack(plain, size, packed, unit - w->cluster);
		uint64_t clusters = zeros ? 0 : got > 0 ? ntfs_clusters_for(w, got) : unit / w->cluster;
		if (clusters > 0) {
			uint64_t lcn = ntfs_allocate(w, clusters);
			ntfs_write(w, lcn * w->cluster, got > 0 ? packed : plain, got > 0 ? got : unit);
			ntfs_add_piece(&pieces, lcn, clusters);
		}
		ntfs_add_piece(&pieces, NTFS_NO_CLUSTER, unit / w->cluster - clusters);
	}
	free(plain);
	free(packed);
	return pieces;
}

/* A stream with all its attributes. `room`: what may be resident. */
static void add_stream(ntfs_writer *w, ntfs_attributes *list, const char *name, const ntfs_file *file, source *s,
		       size_t room)
{
	ntfs_sizes sizes = {.size = s->size, .initialised = s->size - file->never_written};
	sizes.flags =
	    (uint16_t)((file->compress ? 1 : 0) | (file->encrypted ? 0x4000 : 0) | (file->hole_count > 0 ? 0x8000 : 0));
	sizes.unit_shift = file->compress || file->hole_count > 0 ? UNIT_SHIFT : 0;
	if (s->size <= room && !file->not_resident && file->hole_count == 0) {
		uint8_t *value = malloc((size_t)s->size + 1);
		if (value == NULL)
			ntfs_die("memory");
		get(s, 0, value, (size_t)s->size);
		ntfs_add_resident(list, 0x80, name, value, (size_t)s->size, sizes.flags);
		free(value);
		return;
	}
	ntfs_pieces pieces = file->compress ? write_packed(w, s) : lay_out(w, file, s->size);
	if (!file->compress)
		write_content(w, s, &pieces, sizes.initialised);
	/* Some 4 to 9 bytes each. */
	size_t most = (w->record_size - 512) / 10;
	if (pieces.count > most || file->list)
		ntfs_add_runs(w, list, 0x80, name, &pieces, &sizes,
			      pieces.count > most ? most
			      : pieces.count > 1  ? pieces.count / 2
						  : 1);
	else
		ntfs_add_runs(w, list, 0x80, name, &pieces, &sizes, 0);
	if (*name == '\0' && pieces.count > 0)
		w->last_cluster = pieces.items[0].lcn;
	free(pieces.items);
}

static void add_reparse(ntfs_attributes *list, uint32_t tag)
{
	uint8_t value[24] = {0};
	ntfs_put(value, tag, 4);
	ntfs_put(value + 4, 16, 2);
	ntfs_add_resident(list, 0xC0, "", value, sizeof value, 0);
}

uint32_t ntfs_writer_file(ntfs_writer *w, const ntfs_file *file)
{
	uint32_t record = ntfs_new_record(w);
	if (file->sequence != 0)
		w->sequences[record] = file->sequence;
	ntfs_attributes list = {0};
	source s = open_source(&file->content);
	uint32_t flags = 0x20U | (file->compress ? 0x800U : 0) | (file->encrypted ? 0x4000U : 0) |
			 (file->hole_count > 0 ? 0x200U : 0) | (file->reparse_tag != 0 ? 0x400U : 0);
	w->last_cluster = NTFS_NO_CLUSTER;
	ntfs_add_standard(&list, file->modified != 0 ? file->modified : NTFS_DEFAULT_TIME, flags);
	ntfs_link own = {file->directory, file->name, file->space};
	add_name(w, &list, record, &own, file, s.size, flags, false);
	if (file->short_name != NULL) {
		ntfs_link dos = {file->directory, file->short_name, NTFS_DOS};
		add_name(w, &list, record, &dos, file, s.size, flags, false);
	}
	for (size_t i = 0; i < file->link_count; i++)
		add_name(w, &list, record, &file->links[i], file, s.size, flags, file->names_outside);
	size_t used = 128;
	for (size_t i = 0; i < list.count; i++)
		used += list.items[i].size;
	add_stream(w, &list, "", file, &s, used + 64 < w->record_size ? w->record_size - used - 64 : 0);
	close_source(&s);
	for (size_t i = 0; i < file->stream_count; i++) {
		source extra = open_source(&file->streams[i].content);
		add_stream(w, &list, file->streams[i].name, &(ntfs_file){.not_resident = extra.size > 64}, &extra, 64);
		close_source(&extra);
	}
	if (file->reparse_tag != 0)
		add_reparse(&list, file->reparse_tag);
	ntfs_write_record(w, record, 1, &list, file->list || file->names_outside || file->list_outside,
			  file->list_outside);
	return record;
}
