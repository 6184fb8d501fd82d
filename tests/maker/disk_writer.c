/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/disk_writer.h"

#include "maker/disk_file.h"

#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define BOOT_SIZE 512
#define ENTRY_SIZE_MAX 4096

typedef struct placed {
	uint64_t first, last; /* sectors */
	uint64_t table;       /* of a logical partition: where its own table is */
} placed;

typedef struct table {
	int fd;
	disk_layout layout; /* with the defaults filled in */
	placed *places;
	uint64_t sectors;
} table;

static uint64_t round_up(uint64_t number, uint64_t step)
{
	return (number + step - 1) / step * step;
}

/* Puts each volume where it shall be, from `begin` on; returns where the last one ends, in bytes. */
static uint64_t place(table *t, uint64_t begin)
{
	const disk_layout *l = &t->layout;
	uint64_t end = begin;
	t->places = calloc(l->count != 0 ? l->count : 1, sizeof *t->places);
	for (size_t i = 0; i < l->count; i++) {
		const disk_volume *v = &l->volumes[i];
		uint64_t size = v->size != 0 ? v->size : disk_size(v->image);
		uint64_t offset = v->offset != 0 ? v->offset : round_up(end, l->alignment);
		if (v->logical) {
			t->places[i].table = offset / l->sector_size;
			offset += l->alignment;
		}
		size = round_up(size, l->sector_size);
		t->places[i].first = offset / l->sector_size;
		t->places[i].last = (offset + size) / l->sector_size - 1;
		if (v->image != NULL)
			disk_file_insert(t->fd, offset, v->image);
		end = offset + size > end ? offset + size : end;
	}
	return end;
}

static void begin(table *t, const char *path, const disk_layout *layout)
{
	*t = (table){.fd = disk_file_create(path), .layout = *layout};
	disk_layout *l = &t->layout;
	l->sector_size = l->sector_size != 0 ? l->sector_size : 512;
	l->alignment = l->alignment != 0 ? l->alignment : MIB;
	l->entry_size = l->entry_size != 0 ? l->entry_size : 128;
	l->entry_count = l->entry_count != 0 ? l->entry_count : 128;
}

static void end(table *t)
{
	disk_file_end(t->fd, t->sectors * t->layout.sector_size);
	free(t->places);
}

/* ---- MBR ---- */

static void put_mbr_entry(uint8_t *sector, unsigned n, uint8_t type, uint64_t first, uint64_t count)
{
	uint8_t *at = sector + 446 + n * 16;
	/* Cylinders, heads and sectors, which nobody reads: out of range. */
	memcpy(at, (const uint8_t[]){0, 0xFE, 0xFF, 0xFF, type, 0xFE, 0xFF, 0xFF}, 8);
	disk_le(at + 8, 4, first);
	disk_le(at + 12, 4, count);
}

static void put_mbr(const table *t, uint64_t at, uint8_t *sector)
{
	sector[510] = 0x55;
	sector[511] = 0xAA;
	disk_file_put(t->fd, at * t->layout.sector_size, sector, BOOT_SIZE);
}

static uint8_t mbr_type(const disk_volume *v)
{
	return v->mbr_type != 0 ? v->mbr_type : 0x07;
}

/* The tables of the logical partitions, each of which leads to the next. */
static void put_chain(const table *t, size_t first)
{
	const disk_layout *l = &t->layout;
	uint64_t base = t->places[first].table;
	for (size_t i = first; i < l->count; i++) {
		uint8_t sector[BOOT_SIZE] = {0};
		const placed *p = &t->places[i], *next = p + 1;
		put_mbr_entry(sector, 0, mbr_type(&l->volumes[i]), p->first - p->table, p->last - p->first + 1);
		if (i + 1 < l->count)
			put_mbr_entry(sector, 1, 0x05, next->table - base, next->last - next->table + 1);
		put_mbr(t, p->table, sector);
	}
}

void disk_write_mbr(const char *path, const disk_layout *layout)
{
	table t;
	uint8_t sector[BOOT_SIZE] = {0};
	begin(&t, path, layout);
	const disk_layout *l = &t.layout;
	uint64_t used = place(&t, l->sector_size);
	t.sectors = (l->size != 0 ? l->size : round_up(used, l->alignment)) / l->sector_size;
	/* The boot code of Windows begins so. */
	memcpy(sector, "\x33\xC0\x8E\xD0\xBC\x00\x7C", 7);
	disk_le(sector + 440, 4, 0x7A11E3A2);
	for (size_t i = 0; i < l->count; i++) {
		const placed *p = &t.places[i];
		if (l->volumes[i].logical) {
			put_mbr_entry(sector, (unsigned)i, 0x0F, p->table, t.places[l->count - 1].last - p->table + 1);
			put_chain(&t, i);
			break;
		}
		put_mbr_entry(sector, (unsigned)i, mbr_type(&l->volumes[i]), p->first, p->last - p->first + 1);
	}
	put_mbr(&t, 0, sector);
	end(&t);
}

/* ---- GPT ---- */

static void put_entry(uint8_t *entry, const char *type, const placed *p, unsigned n, const char *name)
{
	disk_guid(entry, type);
	memcpy(entry + 16, "tallyman entry ", 15);
	entry[31] = (uint8_t)('0' + n);
	disk_le(entry + 32, 8, p->first);
	disk_le(entry + 40, 8, p->last);
	for (size_t i = 0; name != NULL && name[i] != '\0' && i < 36; i++)
		entry[56 + i * 2] = (uint8_t)name[i];
}

static void put_header(const table *t, uint64_t at, uint64_t other, uint64_t entries, uint64_t table_sectors)
{
	const disk_layout *l = &t->layout;
	uint8_t header[92] = "EFI PART";
	disk_le(header + 8, 4, 0x00010000);
	disk_le(header + 12, 4, sizeof header);
	disk_le(header + 24, 8, at);
	disk_le(header + 32, 8, other);
	disk_le(header + 40, 8, 2 + table_sectors);
	disk_le(header + 48, 8, t->sectors - 2 - table_sectors);
	memcpy(header + 56, "tallyman's disk.", 16);
	disk_le(header + 72, 8, entries);
	disk_le(header + 80, 4, l->entry_count);
	disk_le(header + 84, 4, l->entry_size);
	disk_file_put(t->fd, at * l->sector_size, header, sizeof header);
}

static void seal(int fd, uint32_t sector_size, uint64_t at)
{
	uint8_t header[92];
	disk_file_get(fd, at * sector_size, header, sizeof header);
	size_t size = (size_t)disk_get_le(header + 80, 4) * (size_t)disk_get_le(header + 84, 4);
	uint8_t *entries = malloc(size);
	disk_file_get(fd, disk_get_le(header + 72, 8) * sector_size, entries, size);
	disk_le(header + 88, 4, disk_crc32(entries, size, 0xEDB88320));
	disk_le(header + 16, 4, 0);
	disk_le(header + 16, 4, disk_crc32(header, sizeof header, 0xEDB88320));
	disk_file_put(fd, at * sector_size, header, sizeof header);
	free(entries);
}

void disk_seal_gpt(const char *path, uint32_t sector_size, uint64_t at)
{
	int fd = disk_file_open(path);
	seal(fd, sector_size, at);
	disk_file_close(fd);
}

static uint8_t *make_entries(const table *t, const placed *reserved, size_t *size)
{
	const disk_layout *l = &t->layout;
	*size = (size_t)l->entry_size * l->entry_count;
	uint8_t *entries = calloc(1, *size), *entry = entries;
	if (reserved->last != 0) {
		put_entry(entry, DISK_TYPE_RESERVED, reserved, 0, "Microsoft reserved partition");
		entry += l->entry_size;
	}
	for (size_t i = 0; i < l->count; i++, entry += l->entry_size) {
		const disk_volume *v = &l->volumes[i];
		put_entry(entry, v->type != NULL ? v->type : DISK_TYPE_BASIC, &t->places[i], (unsigned)i + 1, v->name);
	}
	return entries;
}

void disk_write_gpt(const char *path, const disk_layout *layout)
{
	table t;
	uint8_t sector[BOOT_SIZE] = {0};
	begin(&t, path, layout);
	const disk_layout *l = &t.layout;
	uint64_t table_size = round_up((uint64_t)l->entry_size * l->entry_count, l->sector_size);
	uint64_t table_sectors = table_size / l->sector_size, used = 2 * l->sector_size + table_size;
	placed reserved = {0};
	if (l->reserved != DISK_NO_RESERVED) {
		/* Where Windows puts it: right behind the table. */
		reserved.first = used / l->sector_size;
		used = round_up(used + (l->reserved != 0 ? l->reserved : 16 * MIB), l->sector_size);
		reserved.last = used / l->sector_size - 1;
	}
	used = place(&t, used);
	t.sectors =
	    (l->size != 0 ? l->size : round_up(used + table_size + l->sector_size, l->alignment)) / l->sector_size;
	uint64_t last = t.sectors - 1;
	put_mbr_entry(sector, 0, 0xEE, 1, last < UINT32_MAX ? last : UINT32_MAX);
	put_mbr(&t, 0, sector);
	size_t size;
	uint8_t *entries = make_entries(&t, &reserved, &size);
	disk_file_put(t.fd, 2 * l->sector_size, entries, size);
	disk_file_put(t.fd, (last - table_sectors) * l->sector_size, entries, size);
	free(entries);
	put_header(&t, 1, last, 2, table_sectors);
	put_header(&t, last, 1, last - table_sectors, table_sectors);
	disk_file_end_at(t.fd, t.sectors * l->sector_size);
	seal(t.fd, l->sector_size, 1);
	seal(t.fd, l->sector_size, last);
	end(&t);
}
