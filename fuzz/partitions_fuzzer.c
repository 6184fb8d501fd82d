/* SPDX-License-Identifier: Apache-2.0 */
/* Partition tables, and what every partition must keep that is read from one. */
#include "drive/image/partitions.h"

#include "base/text.h"
#include "disk.h"
#include "base/bytes.h"
#include "base/crc32.h"

enum { STAGE_READ = 1, STAGE_VOLUME };
const unsigned fuzz_deepest = STAGE_VOLUME;

#define ENTRIES_SEALED 65536

static void seal_header(fuzz_disk *disk, uint32_t sector_size, uint64_t at)
{
	static uint8_t entries[ENTRIES_SEALED];
	uint8_t header[4096];
	uint64_t offset = at * sector_size;
	fuzz_disk_get(disk, offset, header, sector_size);
	uint64_t size = (uint64_t)tally_le32(header + 80) * tally_le32(header + 84), where;
	if (memcmp(header, "EFI PART", 8) != 0)
		return;
	if (size <= sizeof entries && !__builtin_mul_overflow(tally_le64(header + 72), sector_size, &where)) {
		fuzz_disk_get(disk, where, entries, (size_t)size);
		fuzz_disk_put(disk, offset + 88, tally_crc32(0, entries, (size_t)size), false);
	}
	fuzz_disk_put(disk, offset + 16, 0, false);
	fuzz_disk_get(disk, offset, header, sector_size);
	uint32_t header_size = tally_le32(header + 12);
	if (header_size <= sector_size)
		fuzz_disk_put(disk, offset + 16, tally_crc32(0, header, header_size), false);
}

static void seal(fuzz_disk *disk)
{
	for (uint32_t sector_size = 512; sector_size <= 4096; sector_size *= 8) {
		seal_header(disk, sector_size, 1);
		if (disk->layer.size >= 4 * sector_size)
			seal_header(disk, sector_size, disk->layer.size / sector_size - 1);
	}
}

static void check_partition(const fuzz_disk *disk, const tally_partitions *all, const tally_partition *p)
{
	if (p->size == 0 || p->offset > disk->layer.size || p->size > disk->layer.size - p->offset)
		fuzz_fail("a partition that isn't on the disk");
	if (all->sector_size != 0 &&
	    (p->offset % all->sector_size != 0 || (p->size % all->sector_size != 0 && p->number != 0)))
		fuzz_fail("a partition that isn't in whole sectors");
	if (p->type_name == NULL || !tally_utf8_valid((tally_text){p->name, strlen(p->name)}))
		fuzz_fail("a partition's name isn't text");
}

static void check(const fuzz_disk *disk, const tally_partitions *all)
{
	bool has_list =
	    all->table == TALLY_TABLE_MBR || all->table == TALLY_TABLE_GPT || all->table == TALLY_TABLE_VOLUME;
	if (has_list == (all->problem[0] != '\0') || (!has_list && all->count > 0))
		fuzz_fail("neither partitions nor a problem, or both");
	if (all->count > TALLY_PARTITIONS_MAX || all->notes.count > TALLY_NOTES_MAX)
		fuzz_fail("more than there is room for");
	if (all->incomplete && all->notes.count == 0)
		fuzz_fail("incomplete, and not a word about it");
	for (unsigned i = 0; i < all->count; i++)
		check_partition(disk, all, &all->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static tally_partitions partitions, again;
	fuzz_input input = fuzz_take_orders(data, size);
	fuzz_disk disk;
	fuzz_disk_begin(&disk, &input);
	if ((disk.orders & FUZZ_DISK_SEAL) != 0)
		seal(&disk);
	fuzz_disk_arm(&disk);
	/* With every allocation failing: none is made. */
	fuzz_arm(1);
	tally_partitions_read(&disk.layer, &partitions);
	if (fuzz_disarm())
		fuzz_fail("partitions took memory");
	check(&disk, &partitions);
	fuzz_stage = STAGE_READ;
	for (unsigned i = 0; i < partitions.count; i++)
		if (partitions.items[i].role == TALLY_PARTITION_DATA)
			fuzz_stage = STAGE_VOLUME;
	/* In whatever pieces it is read, it is the same disk. */
	input.chunk = 0;
	disk.reads = 0;
	if (disk.failing_read == 0) {
		tally_partitions_read(&disk.layer, &again);
		if (memcmp(&partitions, &again, sizeof again) != 0)
			fuzz_fail("read again, the partitions are others");
	}
	return 0;
}
