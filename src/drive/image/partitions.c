/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/partitions.h"

#include "base/bytes.h"
#include "drive/image/tables.h"

#include <stdio.h>

#define OVERLAPS_MAX 3 /* that are noted one by one */

const char *tally_table_name(tally_table table)
{
	switch (table) {
	case TALLY_TABLE_NONE:
	case TALLY_TABLE_VOLUME:
		break;
	case TALLY_TABLE_MBR:
		return "MBR";
	case TALLY_TABLE_GPT:
		return "GPT";
	case TALLY_TABLE_DAMAGED:
		return "damaged GPT";
	case TALLY_TABLE_UNREADABLE:
		return "unreadable partition table";
	}
	return "no partition table";
}

tally_partition *tally_tables_add(tally_tables *t, unsigned number, uint64_t first, uint64_t count)
{
	tally_partitions *out = t->out;
	uint64_t sectors = t->disk->size / out->sector_size;
	if (first >= sectors) {
		tally_notes_add(&out->notes, "partition %u begins behind the end of the disk (sector %llu of %llu)",
				number, (unsigned long long)first, (unsigned long long)sectors);
		return NULL;
	}
	if (out->count == TALLY_PARTITIONS_MAX) {
		if (!out->incomplete)
			tally_notes_add(&out->notes,
					"there are more than %d partitions; only the first ones are looked at",
					TALLY_PARTITIONS_MAX);
		out->incomplete = true;
		return NULL;
	}
	tally_partition *added = &out->items[out->count++];
	bool cut = count > sectors - first;
	if (cut)
		tally_notes_add(
		    &out->notes,
		    "partition %u ends behind the end of the disk, as if that were cut off (%llu of its %llu "
		    "sectors are there)",
		    number, (unsigned long long)(sectors - first), (unsigned long long)count);
	*added = (tally_partition){
	    .number = number,
	    .offset = first * out->sector_size,
	    .size = (cut ? sectors - first : count) * out->sector_size,
	    .cut = cut,
	    .role = TALLY_PARTITION_OTHER,
	    .type_name = "of an unknown type",
	};
	return added;
}

void tally_tables_unreadable(tally_tables *t, int failed, const char *what, uint64_t offset)
{
	t->out->incomplete = true;
	t->out->os_error = -failed;
	tally_notes_add(&t->out->notes, "%s at byte %llu can't be read", what, (unsigned long long)offset);
}

static void note_overlaps(tally_partitions *out)
{
	unsigned found = 0;
	for (unsigned i = 0; i < out->count; i++)
		for (unsigned j = i + 1; j < out->count && found < OVERLAPS_MAX; j++) {
			const tally_partition *a = &out->items[i], *b = &out->items[j];
			if (a->offset >= b->offset + b->size || b->offset >= a->offset + a->size)
				continue;
			found++;
			tally_notes_add(&out->notes, "partitions %u and %u overlap", a->number, b->number);
		}
}

static void be_volume(tally_tables *t, tally_boot_sector kind)
{
	tally_partitions *out = t->out;
	out->table = TALLY_TABLE_VOLUME;
	out->volume = kind;
	out->sector_size = t->disk->sector_size;
	out->count = 1;
	out->items[0] = (tally_partition){
	    .size = t->disk->size, .role = TALLY_PARTITION_DATA, .type_name = "a volume without a partition table"};
	if (tally_gpt_is_there(t->disk))
		tally_notes_add(&out->notes,
				"the first sector is that of a volume (%s), but a GPT follows it: perhaps the "
				"disk was partitioned over an old volume",
				tally_boot_sector_name(kind));
}

/* Boot code and much else ends in 55 AA; a table has nothing but these two in its status bytes. */
static bool is_mbr(const uint8_t *sector)
{
	if (sector[TALLY_MBR_SIGNED_AT] != 0x55 || sector[TALLY_MBR_SIGNED_AT + 1] != 0xAA)
		return false;
	for (unsigned n = 0; n < 4; n++)
		if ((sector[TALLY_MBR_ENTRIES_AT + n * TALLY_MBR_ENTRY_SIZE] & 0x7F) != 0)
			return false;
	return true;
}

static uint8_t type_of(const uint8_t *sector, unsigned n)
{
	return sector[TALLY_MBR_ENTRIES_AT + n * TALLY_MBR_ENTRY_SIZE + 4];
}

/* Behind which there is a GPT. */
static bool is_protective(tally_tables *t, const uint8_t *sector)
{
	unsigned protecting = 0, others = 0;
	for (unsigned n = 0; n < 4; n++) {
		protecting += type_of(sector, n) == TALLY_MBR_PROTECTIVE;
		others += type_of(sector, n) != TALLY_MBR_PROTECTIVE && type_of(sector, n) != 0;
	}
	if (protecting > 0 && others > 0)
		tally_notes_add(&t->out->notes,
				"the disk has a GPT, but its MBR lists partitions, too (hybrid): Windows may go "
				"by those");
	return protecting > 0;
}

static void be_nothing(tally_tables *t, tally_boot_sector kind)
{
	const char *text = "the first sector is neither a partition table nor that of a volume";
	if (kind == TALLY_BOOT_SECTOR_EMPTY)
		text = "the first sector is all zeros: there is no partition table and no volume";
	if (tally_gpt_is_there(t->disk))
		text = "there is a GPT, but not the MBR before it: to Windows the disk is an empty one";
	t->out->table = TALLY_TABLE_NONE;
	snprintf(t->out->problem, sizeof t->out->problem, "%s", text);
}

void tally_partitions_read(tally_layer *disk, tally_partitions *out)
{
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE] = {0};
	tally_tables t = {disk, out};
	*out = (tally_partitions){.table = TALLY_TABLE_NONE};
	if (disk->size < sizeof sector) {
		snprintf(out->problem, sizeof out->problem, "a disk of %llu bytes has room for nothing",
			 (unsigned long long)disk->size);
		return;
	}
	int failed = tally_layer_read_all(disk, 0, sector, sizeof sector);
	if (failed != 0) {
		out->table = TALLY_TABLE_UNREADABLE;
		out->os_error = -failed;
		snprintf(out->problem, sizeof out->problem, "the first sector of the disk can't be read");
		return;
	}
	/* A volume first: its boot sector ends in 55 AA as well, and what stands where a table would be is code. */
	tally_boot_sector kind = tally_boot_sector_of(sector);
	if (tally_boot_sector_is_volume(kind)) {
		be_volume(&t, kind);
	} else if (!is_mbr(sector)) {
		be_nothing(&t, kind);
	} else if (is_protective(&t, sector)) {
		tally_gpt_read(&t);
	} else {
		out->table = TALLY_TABLE_MBR;
		out->sector_size =
		    disk->sector_size != 0 ? disk->sector_size : tally_mbr_guess_sector_size(disk, sector);
		tally_mbr_read(&t, sector);
	}
	note_overlaps(out);
}
