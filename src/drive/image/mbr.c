/* SPDX-License-Identifier: Apache-2.0 */
/* The partition table of the PC: four entries in the first sector, one of which may lead to a chain of further ones. */
#include "base/bytes.h"
#include "drive/image/tables.h"

/* A chain of more is not one that anybody made. Each link is one read. */
#define LINKS_MAX TALLY_PARTITIONS_MAX

typedef struct entry {
	uint8_t type;
	uint32_t first, count; /* sectors */
} entry;

/* A chain of tables, each for one logical partition. */
typedef struct chain {
	uint32_t begin, count; /* of the extended partition, sectors */
	uint32_t seen[LINKS_MAX];
	unsigned links;
} chain;

static const struct {
	uint8_t type;
	tally_partition_role role;
	const char *name;
} types[] = {
    {0x07, TALLY_PARTITION_DATA, "NTFS, exFAT or BitLocker"},
    {0x01, TALLY_PARTITION_DATA, "FAT12"},
    {0x04, TALLY_PARTITION_DATA, "FAT16"},
    {0x06, TALLY_PARTITION_DATA, "FAT16"},
    {0x0E, TALLY_PARTITION_DATA, "FAT16"},
    {0x0B, TALLY_PARTITION_DATA, "FAT32"},
    {0x0C, TALLY_PARTITION_DATA, "FAT32"},
    {0x27, TALLY_PARTITION_RECOVERY, "Windows recovery"},
    {0xEF, TALLY_PARTITION_EFI, "EFI system"},
    {0x17, TALLY_PARTITION_OTHER, "hidden NTFS"},
    {0x42, TALLY_PARTITION_OTHER, "dynamic disk"},
    {0x82, TALLY_PARTITION_OTHER, "Linux swap"},
    {0x83, TALLY_PARTITION_OTHER, "Linux"},
    {0x8E, TALLY_PARTITION_OTHER, "Linux LVM"},
    {0xA5, TALLY_PARTITION_OTHER, "FreeBSD"},
    {0xAF, TALLY_PARTITION_OTHER, "Mac OS"},
};

static entry read_entry(const uint8_t *sector, unsigned n)
{
	const uint8_t *at = sector + TALLY_MBR_ENTRIES_AT + n * TALLY_MBR_ENTRY_SIZE;
	return (entry){at[4], tally_le32(at + 8), tally_le32(at + 12)};
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0F || type == 0x85;
}

static void add(tally_tables *t, unsigned number, const entry *e, uint64_t base)
{
	tally_partition *added = tally_tables_add(t, number, base + e->first, e->count);
	if (added == NULL)
		return;
	added->mbr_type = e->type;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].type == e->type) {
			added->role = types[i].role;
			added->type_name = types[i].name;
		}
}

/* Whether the chain may go on with the table in this sector. */
static bool admit_link(tally_tables *t, chain *c, uint64_t sector)
{
	const char *wrong = NULL;
	if (c->links == LINKS_MAX)
		wrong = "has too many links";
	else if (sector >= (uint64_t)c->begin + c->count)
		wrong = "leads out of the extended partition";
	for (unsigned i = 0; i < c->links && wrong == NULL; i++)
		if (c->seen[i] == sector)
			wrong = "runs in a circle";
	if (wrong == NULL) {
		c->seen[c->links++] = (uint32_t)sector;
		return true;
	}
	t->out->incomplete = true;
	tally_notes_add(&t->out->notes, "the chain of logical partitions %s (sector %llu)", wrong,
			(unsigned long long)sector);
	return false;
}

/* Reads one table of the chain. False when the chain ends there, as it should or not. */
static bool read_link(tally_tables *t, chain *c, uint64_t at, unsigned *number, uint64_t *next)
{
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
	uint64_t offset = at * t->out->sector_size;
	int failed = tally_layer_read_all(t->disk, offset, sector, sizeof sector);
	if (failed != 0) {
		tally_tables_unreadable(t, failed, "the table of a logical partition", offset);
		return false;
	}
	if (sector[TALLY_MBR_SIGNED_AT] != 0x55 || sector[TALLY_MBR_SIGNED_AT + 1] != 0xAA) {
		t->out->incomplete = true;
		tally_notes_add(&t->out->notes, "the table of logical partition %u is damaged (byte %llu)", *number,
				(unsigned long long)offset);
		return false;
	}
	entry logical = read_entry(sector, 0), link = read_entry(sector, 1);
	if (logical.type != 0 && logical.count != 0)
		add(t, (*number)++, &logical, at);
	*next = (uint64_t)c->begin + link.first;
	return is_extended(link.type) && link.count != 0;
}

static void read_chain(tally_tables *t, const entry *extended, unsigned *number)
{
	chain c = {.begin = extended->first, .count = extended->count};
	uint64_t at = extended->first;
	while (admit_link(t, &c, at) && read_link(t, &c, at, number, &at))
		continue;
}

void tally_mbr_read(tally_tables *t, const uint8_t *sector)
{
	unsigned logical = 5;
	for (unsigned n = 0; n < 4; n++) {
		entry e = read_entry(sector, n);
		if (e.type != 0 && e.count != 0 && !is_extended(e.type))
			add(t, n + 1, &e, 0);
	}
	for (unsigned n = 0; n < 4; n++) {
		entry e = read_entry(sector, n);
		if (is_extended(e.type) && e.count != 0)
			read_chain(t, &e, &logical);
	}
}

static bool has_volume_at(tally_layer *disk, uint64_t offset)
{
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
	return tally_layer_read_all(disk, offset, sector, sizeof sector) == 0 &&
	       tally_boot_sector_is_volume(tally_boot_sector_of(sector));
}

uint32_t tally_mbr_guess_sector_size(tally_layer *disk, const uint8_t *sector)
{
	bool small = false, large = false;
	for (unsigned n = 0; n < 4; n++) {
		entry e = read_entry(sector, n);
		if (e.type == 0 || e.count == 0)
			continue;
		small = small || has_volume_at(disk, e.first * UINT64_C(512));
		large = large || has_volume_at(disk, e.first * UINT64_C(4096));
	}
	return large && !small ? 4096 : 512;
}
