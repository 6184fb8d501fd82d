/* SPDX-License-Identifier: Apache-2.0 */
/* The GUID partition table, after the UEFI specification, chapter 5: a header in sector 1 and its backup in the last.
 */
#include "base/bytes.h"
#include "base/crc32.h"
#include "drive/image/tables.h"

#include "base/text.h"

#include <stdio.h>

#define HEADER_MIN 92
#define ENTRY_MIN 128
#define ENTRY_MAX 4096
#define ENTRIES_MAX 16384 /* 128 is what everybody writes */
#define ENTRIES_SIZE_MAX ((uint64_t)4 << 20)
#define NAME_UNITS 36

typedef struct header {
	uint32_t sector_size;
	uint64_t backup, entries; /* sectors */
	uint32_t count, entry_size, entries_crc;
} header;

/* Why a header, or what it leads to, can't be used. */
typedef enum verdict {
	GOOD,
	ABSENT, /* no signature */
	BAD_CHECKSUM,
	BAD_FIELDS,
	BAD_ENTRIES, /* their checksum */
	UNREADABLE
} verdict;

static const char *verdict_text(verdict v)
{
	static const char *const texts[] = {
	    [GOOD] = "good",
	    [ABSENT] = "missing",
	    [BAD_CHECKSUM] = "damaged (checksum of the header)",
	    [BAD_FIELDS] = "damaged (its numbers can't be right)",
	    [BAD_ENTRIES] = "damaged (checksum of the entries)",
	    [UNREADABLE] = "unreadable",
	};
	return texts[v];
}

static const struct {
	uint8_t guid[TALLY_GUID_SIZE];
	tally_partition_role role;
	const char *name;
} types[] = {
    {TALLY_GUID(0xebd0a0a2, 0xb9e5, 0x4433, 0x87c0, 0x68b6b72699c7), TALLY_PARTITION_DATA, "basic data"},
    {TALLY_GUID(0xe3c9e316, 0x0b5c, 0x4db8, 0x817d, 0xf92df00215ae), TALLY_PARTITION_RESERVED, "Microsoft reserved"},
    {TALLY_GUID(0xc12a7328, 0xf81f, 0x11d2, 0xba4b, 0x00a0c93ec93b), TALLY_PARTITION_EFI, "EFI system"},
    {TALLY_GUID(0xde94bba4, 0x06d1, 0x4d40, 0xa16a, 0xbfd50179d6ac), TALLY_PARTITION_RECOVERY, "Windows recovery"},
    {TALLY_GUID(0x5808c8aa, 0x7e8f, 0x42e0, 0x85d2, 0xe1e90434cfb3), TALLY_PARTITION_OTHER, "dynamic disk's database"},
    {TALLY_GUID(0xaf9b60a0, 0x1431, 0x4f62, 0xbc68, 0x3311714a69ad), TALLY_PARTITION_OTHER, "dynamic disk's data"},
    {TALLY_GUID(0xe75caf8f, 0xf680, 0x4cee, 0xafa3, 0xb001e56efc2d), TALLY_PARTITION_OTHER, "Storage Spaces"},
    {TALLY_GUID(0x0fc63daf, 0x8483, 0x4772, 0x8e79, 0x3d69d8477de4), TALLY_PARTITION_OTHER, "Linux"},
    {TALLY_GUID(0x0657fd6d, 0xa4ab, 0x43c4, 0x84e5, 0x0933c84b4f4f), TALLY_PARTITION_OTHER, "Linux swap"},
    {TALLY_GUID(0xe6d6d379, 0xf507, 0x44c2, 0xa23c, 0x238f2a3df928), TALLY_PARTITION_OTHER, "Linux LVM"},
    {TALLY_GUID(0x48465300, 0x0000, 0x11aa, 0xaa11, 0x00306543ecac), TALLY_PARTITION_OTHER, "Mac OS"},
};

/* ---- the header ---- */

static bool has_good_checksum(const uint8_t *sector, uint32_t size)
{
	static const uint8_t zero[4];
	uint32_t crc = tally_crc32(0, sector, 16);
	crc = tally_crc32(crc, zero, sizeof zero);
	return tally_crc32(crc, sector + 20, size - 20) == tally_le32(sector + 16);
}

/* Whether what the header says can be; the sums of what comes of it are small then. */
static bool makes_sense(tally_layer *disk, const header *h, uint64_t own, uint64_t at)
{
	uint64_t sectors = disk->size / h->sector_size;
	uint64_t size = (uint64_t)h->entry_size * h->count;
	return own == at && h->entry_size >= ENTRY_MIN && h->entry_size <= ENTRY_MAX &&
	       h->entry_size % ENTRY_MIN == 0 && h->count <= ENTRIES_MAX && size <= ENTRIES_SIZE_MAX &&
	       h->entries < sectors && size <= disk->size - h->entries * h->sector_size;
}

static verdict read_header(tally_tables *t, uint32_t sector_size, uint64_t at, header *h)
{
	uint8_t sector[4096];
	uint64_t sectors = t->disk->size / sector_size;
	if (at >= sectors)
		return ABSENT;
	int failed = tally_layer_read_all(t->disk, at * sector_size, sector, sector_size);
	if (failed != 0) {
		t->out->os_error = -failed;
		return UNREADABLE;
	}
	if (memcmp(sector, "EFI PART", 8) != 0)
		return ABSENT;
	uint32_t size = tally_le32(sector + 12);
	if (size < HEADER_MIN || size > sector_size || !has_good_checksum(sector, size))
		return BAD_CHECKSUM;
	*h = (header){
	    .sector_size = sector_size,
	    .backup = tally_le64(sector + 32),
	    .entries = tally_le64(sector + 72),
	    .count = tally_le32(sector + 80),
	    .entry_size = tally_le32(sector + 84),
	    .entries_crc = tally_le32(sector + 88),
	};
	return makes_sense(t->disk, h, tally_le64(sector + 24), at) ? GOOD : BAD_FIELDS;
}

/* ---- the entries ---- */

/* UTF-16 with whatever was written into it; what is no character becomes U+FFFD. */
static void decode_name(const uint8_t *units, char out[TALLY_PARTITION_NAME_SIZE])
{
	size_t used = 0;
	for (size_t n = 0; n < NAME_UNITS;) {
		uint32_t point = tally_utf16_next(units, NAME_UNITS, &n);
		if (point == 0)
			break;
		char encoded[4];
		size_t size = tally_utf8_put(point, encoded);
		if (size == 0)
			size = tally_utf8_put(0xFFFD, encoded);
		memcpy(out + used, encoded, size);
		used += size;
	}
	out[used] = '\0';
}

static void add_entry(tally_tables *t, unsigned number, const uint8_t *entry)
{
	uint64_t first = tally_le64(entry + 32), last = tally_le64(entry + 40);
	if (tally_all_zero(entry, TALLY_GUID_SIZE))
		return;
	if (last < first || last - first == UINT64_MAX) {
		tally_notes_add(&t->out->notes, "partition %u ends before it begins", number);
		return;
	}
	tally_partition *added = tally_tables_add(t, number, first, last - first + 1);
	if (added == NULL)
		return;
	memcpy(added->guid, entry, sizeof added->guid);
	added->attributes = tally_le64(entry + 48);
	decode_name(entry + 56, added->name);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (tally_guid_is(entry, types[i].guid)) {
			added->role = types[i].role;
			added->type_name = types[i].name;
		}
}

/* Goes through the entries: for their checksum, or (`keep`) for what is in them. */
static verdict walk_entries(tally_tables *t, const header *h, bool keep)
{
	uint8_t buffer[ENTRY_MAX];
	uint64_t offset = h->entries * h->sector_size;
	unsigned per_read = sizeof buffer / h->entry_size;
	uint32_t crc = 0;
	for (unsigned n = 0; n < h->count; n += per_read) {
		unsigned count = h->count - n < per_read ? h->count - n : per_read;
		int failed = tally_layer_read_all(t->disk, offset + (uint64_t)n * h->entry_size, buffer,
						  count * (size_t)h->entry_size);
		if (failed != 0) {
			t->out->os_error = -failed;
			return UNREADABLE;
		}
		crc = tally_crc32(crc, buffer, count * (size_t)h->entry_size);
		for (unsigned i = 0; keep && i < count; i++)
			add_entry(t, n + i + 1, buffer + i * (size_t)h->entry_size);
	}
	return crc == h->entries_crc ? GOOD : BAD_ENTRIES;
}

static verdict read_copy(tally_tables *t, uint32_t sector_size, uint64_t at, header *h)
{
	verdict v = read_header(t, sector_size, at, h);
	return v == GOOD ? walk_entries(t, h, false) : v;
}

/* ---- both copies ---- */

static void note_backup(tally_tables *t, const header *h)
{
	header backup;
	uint64_t last = t->disk->size / h->sector_size - 1;
	verdict v = read_copy(t, h->sector_size, h->backup, &backup);
	if (h->backup > last)
		tally_notes_add(&t->out->notes,
				"the GPT's backup should be in sector %llu, but the last one is %llu: the disk "
				"is cut off, or was copied to a smaller one",
				(unsigned long long)h->backup, (unsigned long long)last);
	else if (v != GOOD)
		tally_notes_add(&t->out->notes, "the backup of the GPT is %s", verdict_text(v));
}

/* Looks for a good copy where they are with sectors of this size. */
static bool find_copy(tally_tables *t, uint32_t sector_size, header *h, verdict *primary, verdict *backup)
{
	uint64_t sectors = t->disk->size / sector_size;
	*backup = ABSENT;
	*primary = read_copy(t, sector_size, 1, h);
	if (*primary == GOOD) {
		note_backup(t, h);
		return true;
	}
	if (sectors > 2)
		*backup = read_copy(t, sector_size, sectors - 1, h);
	if (*backup == GOOD)
		tally_notes_add(&t->out->notes, "the GPT at the start of the disk is %s; its backup is used",
				verdict_text(*primary));
	return *backup == GOOD;
}

static void give_up(tally_tables *t, verdict primary, verdict backup)
{
	/* What can't be read may have been good. */
	bool read_failed = primary == UNREADABLE || backup == UNREADABLE;
	t->out->table = read_failed ? TALLY_TABLE_UNREADABLE : TALLY_TABLE_DAMAGED;
	snprintf(t->out->problem, sizeof t->out->problem,
		 "the GPT at the start of the disk is %s, and its backup at the end is %s", verdict_text(primary),
		 verdict_text(backup));
}

bool tally_gpt_is_there(tally_layer *disk)
{
	uint8_t small[8] = {0}, large[8] = {0};
	return (tally_layer_read_all(disk, 512, small, sizeof small) == 0 && memcmp(small, "EFI PART", 8) == 0) ||
	       (tally_layer_read_all(disk, 4096, large, sizeof large) == 0 && memcmp(large, "EFI PART", 8) == 0);
}

void tally_gpt_read(tally_tables *t)
{
	tally_partitions *out = t->out;
	uint32_t own = t->disk->sector_size == 4096 ? 4096 : 512, other = own == 512 ? 4096 : 512;
	verdict primary, backup, other_primary, other_backup;
	header h;
	out->table = TALLY_TABLE_GPT;
	out->sector_size = own;
	if (!find_copy(t, own, &h, &primary, &backup)) {
		if (!find_copy(t, other, &h, &other_primary, &other_backup)) {
			bool is_other = primary == ABSENT && backup == ABSENT;
			give_up(t, is_other ? other_primary : primary, is_other ? other_backup : backup);
			return;
		}
		out->sector_size = other;
		if (t->disk->sector_size != 0)
			tally_notes_add(
			    &out->notes,
			    "the GPT was made for sectors of %u bytes, but the disk has sectors of %u: Windows "
			    "doesn't find it there",
			    (unsigned)other, (unsigned)own);
	}
	/* What could not be read of the other copies makes no difference. */
	out->os_error = 0;
	if (walk_entries(t, &h, true) != GOOD)
		/* It was good a moment ago. */
		tally_tables_unreadable(t, -out->os_error, "the GPT", h.entries * h.sector_size);
}
