/* SPDX-License-Identifier: Apache-2.0 */
/* Disks in containers: VHD after Microsoft's specification of 2006, VHDX after [MS-VHDX], and pieces. */
#include "maker/disk_file.h"
#include "maker/disk_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)
#define SECTOR 512

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static size_t piece_of(uint64_t size, uint64_t at, size_t block)
{
	return size - at < block ? (size_t)(size - at) : block;
}

/* ---- VHD ---- */

static void seal_vhd(int fd, uint64_t offset, size_t size, size_t field)
{
	uint8_t bytes[1024];
	uint32_t sum = 0;
	disk_file_get(fd, offset, bytes, size);
	disk_be(bytes + field, 4, 0);
	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	disk_be(bytes + field, 4, ~sum);
	disk_file_put(fd, offset, bytes, size);
}

void disk_seal_vhd(const char *path, uint64_t offset, size_t size, size_t field)
{
	int fd = disk_file_open(path);
	seal_vhd(fd, offset, size, field);
	disk_file_close(fd);
}

static void put_footer(int fd, uint64_t offset, uint32_t type, uint64_t disk)
{
	uint8_t footer[SECTOR] = "conectix";
	disk_be(footer + 8, 4, 2);
	disk_be(footer + 12, 4, 0x00010000);
	disk_be(footer + 16, 8, type == 2 ? UINT64_MAX : SECTOR);
	disk_be(footer + 24, 4, 500000000);
	/* The name under which the sizes below count and not the geometry: that of Windows. */
	memcpy(footer + 28, "win \x00\x0A\x00\x00Wi2k", 12);
	disk_be(footer + 40, 8, disk);
	disk_be(footer + 48, 8, disk);
	memcpy(footer + 56, "\xFF\xFF\x10\xFF", 4);
	disk_be(footer + 60, 4, type);
	memcpy(footer + 68, "tallyman's VHD..", 16);
	disk_file_put(fd, offset, footer, sizeof footer);
	seal_vhd(fd, offset, sizeof footer, 64);
}

void disk_write_vhd_fixed(const char *raw, const char *path)
{
	uint64_t size = disk_size(raw);
	int fd = disk_file_create(path);
	disk_file_insert(fd, 0, raw);
	put_footer(fd, size, 2, size);
	disk_file_close(fd);
}

static void put_sparse_header(int fd, uint64_t table, uint32_t count, uint32_t block_size)
{
	uint8_t header[1024] = "cxsparse";
	disk_be(header + 8, 8, UINT64_MAX);
	disk_be(header + 16, 8, table);
	disk_be(header + 24, 4, 0x00010000);
	disk_be(header + 28, 4, count);
	disk_be(header + 32, 4, block_size);
	disk_file_put(fd, SECTOR, header, sizeof header);
	seal_vhd(fd, SECTOR, sizeof header, 36);
}

/* A block is its bitmap, in which only sectors with something in them are marked, and its sectors. */
static void put_block(int fd, uint64_t offset, const uint8_t *data, size_t size, size_t block, size_t bitmap_size)
{
	uint8_t *bitmap = calloc(1, bitmap_size);
	for (size_t sector = 0; sector < size / SECTOR; sector++)
		if (!is_zero(data + sector * SECTOR, SECTOR))
			bitmap[sector / 8] |= (uint8_t)(0x80 >> sector % 8);
	disk_file_put(fd, offset, bitmap, bitmap_size);
	disk_file_put(fd, offset + bitmap_size, data, block);
	free(bitmap);
}

void disk_write_vhd_dynamic(const char *raw, const char *path, uint32_t block_size)
{
	uint64_t size = disk_size(raw), table = SECTOR + 1024;
	uint32_t count = (uint32_t)((size + block_size - 1) / block_size);
	size_t bitmap_size = (block_size / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
	size_t table_size = (count * (size_t)4 + SECTOR - 1) / SECTOR * SECTOR;
	uint64_t end = table + table_size;
	uint8_t *entries = malloc(table_size), *block = malloc(block_size);
	int in = disk_file_open(raw), fd = disk_file_create(path);
	memset(entries, 0xFF, table_size);
	for (uint32_t n = 0; n < count; n++) {
		size_t used = piece_of(size, n * (uint64_t)block_size, block_size);
		if (disk_file_is_hole(in, n * (uint64_t)block_size, used))
			continue;
		memset(block, 0, block_size);
		disk_file_get(in, n * (uint64_t)block_size, block, used);
		if (is_zero(block, used))
			continue;
		disk_be(entries + n * (size_t)4, 4, end / SECTOR);
		put_block(fd, end, block, used, block_size, bitmap_size);
		end += bitmap_size + block_size;
	}
	put_footer(fd, 0, 3, size);
	put_sparse_header(fd, table, count, block_size);
	disk_file_put(fd, table, entries, table_size);
	put_footer(fd, end, 3, size);
	free(block);
	free(entries);
	disk_file_close(in);
	disk_file_close(fd);
}

/* ---- VHDX ---- */

/* Where this writer puts things. */
#define LOG_AT (1 * MIB)
#define METADATA_AT (2 * MIB)
#define BAT_AT (3 * MIB)
#define TABLE_SIZE ((size_t)64 << 10)

static void seal_vhdx(int fd, uint64_t offset, size_t size)
{
	uint8_t *bytes = malloc(size);
	disk_file_get(fd, offset, bytes, size);
	disk_le(bytes + 4, 4, 0);
	disk_le(bytes + 4, 4, disk_crc32(bytes, size, 0x82F63B78));
	disk_file_put(fd, offset, bytes, size);
	free(bytes);
}

void disk_seal_vhdx(const char *path, uint64_t offset, size_t size)
{
	int fd = disk_file_open(path);
	seal_vhdx(fd, offset, size);
	disk_file_close(fd);
}

static void put_vhdx_header(int fd, uint64_t offset, uint64_t sequence)
{
	uint8_t header[4096] = "head";
	disk_le(header + 8, 8, sequence);
	memcpy(header + 16, "file write guid.data write guid.", 32);
	disk_le(header + 66, 2, 1);
	disk_le(header + 68, 4, MIB);
	disk_le(header + 72, 8, LOG_AT);
	disk_file_put(fd, offset, header, sizeof header);
	seal_vhdx(fd, offset, sizeof header);
}

static void put_region_table(int fd, uint64_t offset, uint64_t bat_size)
{
	static uint8_t table[TABLE_SIZE];
	memset(table, 0, sizeof table);
	memcpy(table, "regi", 4);
	disk_le(table + 8, 4, 2);
	disk_guid(table + 16, "2dc27766-f623-4200-9d64-115e9bfd4a08");
	disk_le(table + 32, 8, BAT_AT);
	disk_le(table + 40, 4, bat_size);
	disk_le(table + 44, 4, 1);
	disk_guid(table + 48, "8b7ca206-4790-4b9a-b8fe-575f050f886e");
	disk_le(table + 64, 8, METADATA_AT);
	disk_le(table + 72, 4, MIB);
	disk_le(table + 76, 4, 1);
	disk_file_put(fd, offset, table, sizeof table);
	seal_vhdx(fd, offset, sizeof table);
}

static void put_metadata(int fd, uint64_t size, uint32_t block_size, uint32_t sector_size)
{
	const struct {
		const char *guid;
		unsigned size;
		uint64_t value;
	} items[] = {
	    {"caa16737-fa36-4d43-b3b6-33f0aa44e76b", 8, block_size},  {"2fa54224-cd1b-4876-b211-5dbed83bf4b8", 8, size},
	    {"8141bf1d-a96f-4709-ba47-f233a8faab5f", 4, sector_size}, {"cda348c7-445d-4471-9cc9-e9885251c556", 4, 4096},
	    {"beca12ab-b2e6-4523-93ef-c309e000c746", 16, 0x7A11E3A2},
	};
	static uint8_t metadata[TABLE_SIZE + 4096];
	memset(metadata, 0, sizeof metadata);
	memcpy(metadata, "metadata", 8);
	disk_le(metadata + 10, 2, sizeof items / sizeof *items);
	for (size_t i = 0, at = TABLE_SIZE; i < sizeof items / sizeof *items; at += items[i++].size) {
		uint8_t *entry = metadata + 32 + i * 32;
		disk_guid(entry, items[i].guid);
		disk_le(entry + 16, 4, at);
		disk_le(entry + 20, 4, items[i].size);
		/* Required; all but the parameters are of the virtual disk. */
		disk_le(entry + 24, 4, i == 0 ? 4 : 6);
		disk_le(metadata + at, 8, items[i].value);
	}
	disk_file_put(fd, METADATA_AT, metadata, sizeof metadata);
}

void disk_write_vhdx(const char *raw, const char *path, uint32_t block_size, uint32_t sector_size)
{
	uint64_t size = disk_size(raw), ratio = (UINT64_C(1) << 23) * sector_size / block_size;
	uint64_t count = (size + block_size - 1) / block_size, entries = count + (count - 1) / ratio;
	uint64_t bat_size = (entries * 8 + MIB - 1) / MIB * MIB, end = BAT_AT + bat_size;
	uint8_t *block = malloc(block_size);
	int in = disk_file_open(raw), fd = disk_file_create(path);
	for (uint64_t n = 0; n < count; n++) {
		uint8_t entry[8];
		size_t used = piece_of(size, n * block_size, block_size);
		if (disk_file_is_hole(in, n * block_size, used))
			continue;
		disk_file_get(in, n * block_size, block, used);
		if (is_zero(block, used))
			continue;
		disk_le(entry, 8, end | 6);
		disk_file_put(fd, BAT_AT + (n + n / ratio) * 8, entry, sizeof entry);
		disk_file_put(fd, end, block, used);
		end += block_size;
	}
	disk_file_put(fd, 0, "vhdxfilet\0e\0s\0t\0", 16);
	put_vhdx_header(fd, 64 * KIB, 7);
	put_vhdx_header(fd, 128 * KIB, 8);
	put_region_table(fd, 192 * KIB, bat_size);
	put_region_table(fd, 256 * KIB, bat_size);
	put_metadata(fd, size, block_size, sector_size);
	free(block);
	disk_file_close(in);
	disk_file_end(fd, end);
}

/* ---- pieces ---- */

unsigned disk_write_pieces(const char *raw, const char *name, uint64_t size, unsigned first)
{
	uint64_t whole = disk_size(raw);
	uint8_t *piece = malloc((size_t)size);
	unsigned count = 0;
	int in = disk_file_open(raw);
	for (uint64_t at = 0; at < whole; at += size, count++) {
		char path[4096];
		size_t used = piece_of(whole, at, (size_t)size);
		snprintf(path, sizeof path, "%s.%03u", name, first + count);
		int out = disk_file_create(path);
		disk_file_get(in, at, piece, used);
		disk_file_put(out, 0, piece, used);
		disk_file_close(out);
	}
	free(piece);
	disk_file_close(in);
	return count;
}
