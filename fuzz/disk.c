/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include "base/bytes.h"

#include <errno.h>

#define HEAD 6
#define PIECE_HEAD 6
#define CHUNK_UNIT 61 /* bytes: disks are larger than documents */

/* Copies what two ranges share. */
static void overlay(uint8_t *to, uint64_t to_offset, size_t to_size, const uint8_t *from, uint64_t offset, size_t size)
{
	uint64_t begin = offset > to_offset ? offset : to_offset;
	uint64_t end = offset + size < to_offset + to_size ? offset + size : to_offset + to_size;
	if (begin < end)
		memcpy(to + (begin - to_offset), from + (begin - offset), (size_t)(end - begin));
}

void fuzz_disk_get(const fuzz_disk *disk, uint64_t offset, void *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; i < disk->piece_count; i++)
		overlay(bytes, offset, size, disk->pieces[i].bytes, disk->pieces[i].offset, disk->pieces[i].size);
	for (size_t i = 0; i < disk->patch_count; i++)
		overlay(bytes, offset, size, disk->patches[i].bytes, disk->patches[i].offset, 4);
}

void fuzz_disk_put(fuzz_disk *disk, uint64_t offset, uint32_t number, bool big_endian)
{
	if (disk->patch_count == FUZZ_DISK_PATCHES)
		fuzz_fail("too many patches");
	disk->patches[disk->patch_count].offset = offset;
	for (unsigned i = 0; i < 4; i++)
		disk->patches[disk->patch_count].bytes[i] = (uint8_t)(number >> 8 * (big_endian ? 3 - i : i));
	disk->patch_count++;
}

static int64_t read_disk(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	fuzz_disk *disk = (fuzz_disk *)layer;
	(void)way;
	if (offset >= layer->size || size == 0 || size > layer->size - offset)
		fuzz_fail("a read that a layer must not get");
	if (disk->failing_read != 0 && ++disk->reads == disk->failing_read)
		return -EIO;
	if (disk->input->chunk != 0 && size > disk->input->chunk * CHUNK_UNIT)
		size = disk->input->chunk * CHUNK_UNIT;
	fuzz_disk_get(disk, offset, buffer, size);
	return (int64_t)size;
}

static bool locate_disk(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	*place = (tally_layer_place){.fd = -1, .offset = offset, .length = layer->size - offset};
	return true;
}

static void close_disk(tally_layer *layer)
{
	(void)layer;
}

void fuzz_disk_begin(fuzz_disk *disk, const fuzz_input *input)
{
	static const tally_layer_class class = {read_disk, locate_disk, close_disk};
	const uint8_t *at = input->data;
	size_t left = input->size;
	*disk = (fuzz_disk){.layer = {.class = &class}, .input = input};
	if (left < HEAD)
		return;
	disk->layer.size = tally_le32(at) * UINT64_C(512);
	disk->orders = at[4];
	if ((disk->orders & (FUZZ_DISK_512 | FUZZ_DISK_4096)) != 0)
		disk->layer.sector_size = (disk->orders & FUZZ_DISK_512) != 0 ? 512 : 4096;
	at += HEAD;
	left -= HEAD;
	for (; left >= PIECE_HEAD && disk->piece_count < FUZZ_DISK_PIECES; disk->piece_count++) {
		size_t size = tally_le16(at + 4);
		disk->pieces[disk->piece_count].offset = tally_le32(at) * UINT64_C(512);
		disk->pieces[disk->piece_count].bytes = at + PIECE_HEAD;
		left -= PIECE_HEAD;
		size = size < left ? size : left;
		disk->pieces[disk->piece_count].size = size;
		left -= size;
		at += PIECE_HEAD + size;
	}
}

void fuzz_disk_arm(fuzz_disk *disk)
{
	disk->failing_read = disk->input->size >= HEAD ? disk->input->data[5] : 0;
	disk->reads = 0;
}

void fuzz_hash(uint64_t *hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ at[i]) * UINT64_C(0x100000001B3);
}
