/* SPDX-License-Identifier: Apache-2.0 */
/* The files that NTFS keeps for itself, and the boot sector. */
#include "maker/ntfs_writer_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HIDDEN_SYSTEM 6U
/* As small as ntfs-3g takes it; all ones, which means that nothing was ever logged. */
#define LOG_SIZE ((size_t)512 << 10)

static void add_name(ntfs_writer *w, ntfs_attributes *list, uint32_t record, const char *name, uint64_t size)
{
	ntfs_link link = {NTFS_ROOT, name, NTFS_BOTH};
	uint16_t key_size;
	ntfs_add_standard(list, NTFS_DEFAULT_TIME, HIDDEN_SYSTEM);
	uint8_t *key = ntfs_file_name(w, &link, size, NTFS_DEFAULT_TIME, HIDDEN_SYSTEM, 0, &key_size);
	ntfs_add_resident(list, 0x30, "", key, key_size, 0);
	ntfs_enter(w, NTFS_ROOT, record, key, key_size);
	free(key);
}

/* A file whose content has its clusters already. */
static void write_file(ntfs_writer *w, uint32_t record, const char *name, const ntfs_pieces *pieces, uint64_t size)
{
	ntfs_attributes list = {0};
	add_name(w, &list, record, name, size);
	if (pieces == NULL)
		ntfs_add_resident(&list, 0x80, "", "", 0, 0);
	else
		ntfs_add_runs(w, &list, 0x80, "", pieces, &(ntfs_sizes){.size = size, .initialised = size}, 0);
	ntfs_write_record(w, record, 1, &list, false, false);
}

static void write_stored(ntfs_writer *w, uint32_t record, const char *name, const void *bytes, size_t size)
{
	ntfs_pieces pieces = ntfs_store(w, bytes, size);
	write_file(w, record, name, &pieces, size);
	free(pieces.items);
}

static void write_volume(ntfs_writer *w)
{
	ntfs_attributes list = {0};
	uint8_t information[12] = {[8] = 3, [9] = 1, [10] = w->options.dirty};
	add_name(w, &list, 3, "$Volume", 0);
	if (w->options.label != NULL) {
		ntfs_link label = {NTFS_ROOT, w->options.label, NTFS_WIN32};
		uint16_t size;
		/* A $FILE_NAME has its text as UTF-16 behind 66 bytes. */
		uint8_t *key = ntfs_file_name(w, &label, 0, 0, 0, 0, &size);
		ntfs_add_resident(&list, 0x60, "", key + 66, size - 66U, 0);
		free(key);
	}
	ntfs_add_resident(&list, 0x70, "", information, sizeof information, 0);
	ntfs_add_resident(&list, 0x80, "", "", 0, 0);
	ntfs_write_record(w, 3, 1, &list, false, false);
}

static void write_bad_clusters(ntfs_writer *w)
{
	ntfs_attributes list = {0};
	ntfs_pieces pieces = {0};
	uint64_t at = 0;
	add_name(w, &list, 8, "$BadClus", 0);
	for (size_t i = 0; i < w->options.bad_count; i++) {
		ntfs_add_piece(&pieces, NTFS_NO_CLUSTER, w->options.bad[i].first - at);
		ntfs_add_piece(&pieces, w->options.bad[i].first, w->options.bad[i].count);
		at = w->options.bad[i].first + w->options.bad[i].count;
	}
	ntfs_add_piece(&pieces, NTFS_NO_CLUSTER, w->clusters - at);
	ntfs_add_resident(&list, 0x80, "", "", 0, 0);
	ntfs_add_runs(w, &list, 0x80, "$Bad", &pieces, &(ntfs_sizes){.size = w->clusters * w->cluster}, 0);
	ntfs_write_record(w, 8, 1, &list, false, false);
	free(pieces.items);
}

static void write_attribute_definitions(ntfs_writer *w)
{
	static const struct {
		const char *name;
		uint32_t type, flags;
		uint64_t least, most;
	} rows[] = {
	    {"$STANDARD_INFORMATION", 0x10, 0x40, 48, 72},
	    {"$ATTRIBUTE_LIST", 0x20, 0x80, 0, UINT64_MAX},
	    {"$FILE_NAME", 0x30, 0x42, 68, 578},
	    {"$OBJECT_ID", 0x40, 0x40, 0, 256},
	    {"$SECURITY_DESCRIPTOR", 0x50, 0x80, 0, UINT64_MAX},
	    {"$VOLUME_NAME", 0x60, 0x40, 2, 256},
	    {"$VOLUME_INFORMATION", 0x70, 0x40, 12, 12},
	    {"$DATA", 0x80, 0, 0, UINT64_MAX},
	    {"$INDEX_ROOT", 0x90, 0x40, 0, UINT64_MAX},
	    {"$INDEX_ALLOCATION", 0xA0, 0x80, 0, UINT64_MAX},
	    {"$BITMAP", 0xB0, 0x80, 0, UINT64_MAX},
	    {"$REPARSE_POINT", 0xC0, 0x80, 0, 16384},
	    {"$EA_INFORMATION", 0xD0, 0x40, 8, 8},
	    {"$EA", 0xE0, 0, 0, 65536},
	    {"$LOGGED_UTILITY_STREAM", 0x100, 0x80, 0, 65536},
	};
	uint8_t table[2560] = {0};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t *at = table + 160 * i;
		for (size_t j = 0; rows[i].name[j] != '\0'; j++)
			at[2 * j] = (uint8_t)rows[i].name[j];
		ntfs_put(at + 128, rows[i].type, 4);
		ntfs_put(at + 140, rows[i].flags, 4);
		ntfs_put(at + 144, rows[i].least, 8);
		ntfs_put(at + 152, rows[i].most, 8);
	}
	write_stored(w, 4, "$AttrDef", table, sizeof table);
}

static void write_upcase(ntfs_writer *w)
{
	uint8_t *table = malloc(131072);
	if (table == NULL)
		ntfs_die("memory");
	for (uint32_t i = 0; i < 65536; i++)
		ntfs_put(table + 2 * (size_t)i, w->upcase[i], 2);
	write_stored(w, 10, "$UpCase", table, 131072);
	free(table);
}

static void write_log(ntfs_writer *w)
{
	uint8_t *log = malloc(LOG_SIZE);
	if (log == NULL)
		ntfs_die("memory");
	memset(log, 0xFF, LOG_SIZE);
	write_stored(w, 2, "$LogFile", log, LOG_SIZE);
	free(log);
}

static void add_folder(ntfs_writer *w, uint32_t record, const char *name)
{
	ntfs_link link = {NTFS_ROOT, name, NTFS_BOTH};
	ntfs_folder folder = {.record = record};
	folder.key =
	    ntfs_file_name(w, &link, 0, NTFS_DEFAULT_TIME, FLAG_DIRECTORY | HIDDEN_SYSTEM, 0, &folder.key_size);
	ntfs_enter(w, NTFS_ROOT, record, folder.key, folder.key_size);
	w->folders = ntfs_room(w->folders, &w->folder_capacity, w->folder_count + 1, sizeof *w->folders);
	w->folders[w->folder_count++] = folder;
}

static uint64_t bitmap_size(const ntfs_writer *w)
{
	return (w->clusters + 63) / 64 * 8;
}

static uint64_t mft_bitmap_size(const ntfs_writer *w)
{
	return (w->options.records + UINT64_C(63)) / 64 * 8;
}

static ntfs_pieces reserve(ntfs_writer *w, uint64_t size)
{
	ntfs_pieces pieces = {0};
	uint64_t count = ntfs_clusters_for(w, size);
	ntfs_add_piece(&pieces, ntfs_allocate(w, count), count);
	return pieces;
}

void ntfs_write_system(ntfs_writer *w)
{
	ntfs_pieces boot = {0}, mirror = {0};
	ntfs_add_piece(&boot, 0, ntfs_clusters_for(w, 8192));
	ntfs_add_piece(&mirror, w->mirror, ntfs_clusters_for(w, ntfs_mirror_size(w)));
	w->bitmap = reserve(w, bitmap_size(w));
	w->mft_bitmap = reserve(w, mft_bitmap_size(w));
	write_file(w, 1, "$MFTMirr", &mirror, ntfs_mirror_size(w));
	write_log(w);
	write_volume(w);
	write_attribute_definitions(w);
	add_folder(w, NTFS_ROOT, ".");
	write_file(w, 6, "$Bitmap", &w->bitmap, bitmap_size(w));
	write_file(w, 7, "$Boot", &boot, 8192);
	write_bad_clusters(w);
	write_file(w, 9, "$Secure", NULL, 0);
	write_upcase(w);
	add_folder(w, 11, "$Extend");
	for (uint32_t i = 12; i < 16; i++) {
		ntfs_attributes list = {0};
		ntfs_add_standard(&list, NTFS_DEFAULT_TIME, HIDDEN_SYSTEM);
		ntfs_add_resident(&list, 0x80, "", "", 0, 0);
		ntfs_write_record(w, i, 1, &list, false, false);
	}
	free(boot.items);
	free(mirror.items);
	/* Entered here, as its own record comes last. */
	ntfs_attributes mft = {0};
	add_name(w, &mft, 0, "$MFT", (uint64_t)w->options.records * w->record_size);
	for (size_t i = 0; i < mft.count; i++)
		free(mft.items[i].bytes);
	free(mft.items);
	w->used_records[0] = w->used_records[1] = 0xFF;
}

static void write_mft_record(ntfs_writer *w)
{
	ntfs_attributes list = {0};
	ntfs_link link = {NTFS_ROOT, "$MFT", NTFS_BOTH};
	uint64_t size = (uint64_t)w->options.records * w->record_size, bits = mft_bitmap_size(w);
	uint64_t initialised = (uint64_t)w->next_record * w->record_size;
	uint16_t key_size;
	uint8_t *key = ntfs_file_name(w, &link, size, NTFS_DEFAULT_TIME, HIDDEN_SYSTEM, 0, &key_size);
	ntfs_add_standard(&list, NTFS_DEFAULT_TIME, HIDDEN_SYSTEM);
	ntfs_add_resident(&list, 0x30, "", key, key_size, 0);
	free(key);
	ntfs_add_runs(w, &list, 0x80, "", &w->mft, &(ntfs_sizes){.size = size, .initialised = initialised},
		      w->options.mft_list ? 1 : 0);
	ntfs_add_runs(w, &list, 0xB0, "", &w->mft_bitmap, &(ntfs_sizes){.size = bits, .initialised = bits}, 0);
	ntfs_write_record(w, 0, 1, &list, false, false);
}

static void write_boot(const ntfs_writer *w)
{
	const ntfs_options *o = &w->options;
	uint8_t sector[512] = {0xEB, 0x52, 0x90, 'N', 'T', 'F', 'S', ' ', ' ', ' ', ' '};
	uint32_t sectors = w->cluster / o->sector_size;
	unsigned shift = 0;
	while (sectors >> shift > 1)
		shift++;
	ntfs_put(sector + 11, o->sector_size, 2);
	sector[13] = (uint8_t)(sectors <= 128 ? sectors : 256 - shift);
	sector[21] = 0xF8;
	ntfs_put(sector + 24, 63, 2);
	ntfs_put(sector + 26, 255, 2);
	ntfs_put(sector + 36, 0x800080, 4);
	ntfs_put(sector + 40, w->sectors, 8);
	ntfs_put(sector + 48, w->mft.items[0].lcn, 8);
	ntfs_put(sector + 56, w->mirror, 8);
	/* In clusters where there is a whole number of them, else 2^-n bytes. */
	for (unsigned i = 0; i < 2; i++) {
		uint32_t size = i == 0 ? w->record_size : INDEX_SIZE;
		int n = 0;
		while (size >> n > 1)
			n++;
		sector[64 + 4 * i] = (uint8_t)(size >= w->cluster ? (int)(size / w->cluster) : -n);
	}
	ntfs_put(sector + 72, o->serial, 8);
	sector[510] = 0x55;
	sector[511] = 0xAA;
	ntfs_write(w, 0, sector, sizeof sector);
	ntfs_write(w, w->sectors * o->sector_size, sector, sizeof sector);
}

/* The mirror is of the records as they are on the disk. */
static void write_mirror(const ntfs_writer *w)
{
	uint64_t size = ntfs_mirror_size(w);
	uint8_t *bytes = calloc(1, size);
	if (bytes == NULL)
		ntfs_die("memory");
	for (uint64_t at = 0; at < size && at / w->record_size < w->options.records; at += w->record_size) {
		off_t place = (off_t)ntfs_writer_record_place(w, (uint32_t)(at / w->record_size));
		if (pread(w->fd, bytes + at, w->record_size, place) != (ssize_t)w->record_size)
			ntfs_die("reading back");
	}
	ntfs_write(w, w->mirror * w->cluster, bytes, size);
	free(bytes);
}

void ntfs_write_rest(ntfs_writer *w)
{
	write_mft_record(w);
	ntfs_write(w, w->mft_bitmap.items[0].lcn * w->cluster, w->used_records, mft_bitmap_size(w));
	ntfs_write(w, w->bitmap.items[0].lcn * w->cluster, w->used, bitmap_size(w));
	write_boot(w);
	write_mirror(w);
}
