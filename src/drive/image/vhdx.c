/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VHDX, after [MS-VHDX]. The file begins with a signature, two headers of which the later one counts, and two copies of
 * a table that says where the metadata and the table of blocks (BAT) are. All numbers are little-endian.
 */
#include "drive/image/blocks.h"
#include "base/bytes.h"
#include "base/crc32.h"

#include "base/memory.h"

#include <errno.h>

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)
#define HEADER_SIZE 4096
#define TABLE_SIZE ((size_t)64 << 10) /* of a region table, and of the metadata's */
#define ENTRIES_MAX 2047              /* of either */
#define ENTRY_SIZE 32
#define DISK_MAX (UINT64_C(64) << 40)
#define BAT_CHUNK 4096 /* bytes of the BAT read at a time */

/* Only what is used of it. */
typedef struct header {
	uint64_t sequence, log_offset;
	uint32_t log_size;
	bool is_valid, has_log;
	uint16_t version;
} header;

typedef struct vhdx_layer {
	tally_layer layer;
	tally_layer *below;
	tally_blocks blocks;
} vhdx_layer;

typedef struct vhdx {
	tally_opening *o;
	vhdx_layer *layer;
	header header;
	tally_reserved bat, metadata;
	uint64_t disk_size, block_size;
	uint32_t sector_size;
} vhdx;

/* ---- headers ---- */

/* The checksum is of all bytes, its own being zero. */
static bool checksum_holds(const uint8_t *bytes, size_t size)
{
	static const uint8_t zero[4];
	uint32_t crc = tally_crc32c(0, bytes, 4);
	crc = tally_crc32c(crc, zero, sizeof zero);
	return tally_crc32c(crc, bytes + 8, size - 8) == tally_le32(bytes + 4);
}

static bool read_header(vhdx *v, uint64_t offset, header *h)
{
	uint8_t bytes[HEADER_SIZE];
	if (!tally_opening_read(v->o, offset, bytes, sizeof bytes, "header"))
		return false;
	*h = (header){
	    .is_valid = memcmp(bytes, "head", 4) == 0 && checksum_holds(bytes, sizeof bytes),
	    .sequence = tally_le64(bytes + 8),
	    .has_log = !tally_all_zero(bytes + 48, TALLY_GUID_SIZE),
	    .version = tally_le16(bytes + 66),
	    .log_size = tally_le32(bytes + 68),
	    .log_offset = tally_le64(bytes + 72),
	};
	return true;
}

static bool choose_header(vhdx *v)
{
	header first, second;
	if (!read_header(v, 64 * KIB, &first) || !read_header(v, 128 * KIB, &second))
		return false;
	if (!first.is_valid && !second.is_valid)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_CHECKSUM, "both headers of the VHDX are damaged");
	if (first.is_valid && second.is_valid && first.sequence == second.sequence &&
	    (first.has_log != second.has_log || first.version != second.version))
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the two headers of the VHDX differ, and neither is the later one");
	/* One damaged header is what a computer leaves behind that stops while it writes it. */
	if (!first.is_valid || !second.is_valid)
		tally_notes_add(v->o->notes, "the %s header of the VHDX is damaged; the other one is used",
				first.is_valid ? "second" : "first");
	v->header = !second.is_valid || (first.is_valid && first.sequence > second.sequence) ? first : second;
	return true;
}

static bool judge_header(vhdx *v)
{
	const header *h = &v->header;
	if (h->version != 1)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_UNSUPPORTED, "the VHDX has version %u, not 1",
					    (unsigned)h->version);
	if (h->has_log)
		return tally_opening_refuse(
		    v->o, TALLY_DISK_FAULT_NOT_CLOSED,
		    "the VHDX was not closed cleanly: changes wait in its log, and without them "
		    "its disk is not right. Open it once in Windows or Hyper-V, or run "
		    "`qemu-img check -r all` on a copy");
	return true;
}

/* ---- tables ---- */

/* What is set in an entry of either table for what a reader must know to be right. */
static bool refuse_required(vhdx *v, const char *what)
{
	return tally_opening_refuse(v->o, TALLY_DISK_FAULT_UNSUPPORTED,
				    "the VHDX needs a kind of %s that is not known here", what);
}

static bool take_region(vhdx *v, const uint8_t *entry)
{
	static const uint8_t bat[] = TALLY_GUID(0x2dc27766, 0xf623, 0x4200, 0x9d64, 0x115e9bfd4a08);
	static const uint8_t metadata[] = TALLY_GUID(0x8b7ca206, 0x4790, 0x4b9a, 0xb8fe, 0x575f050f886e);
	tally_reserved *region = tally_guid_is(entry, bat) ? &v->bat : &v->metadata;
	if (region == &v->metadata && !tally_guid_is(entry, metadata))
		return (tally_le32(entry + 28) & 1) == 0 || refuse_required(v, "region");
	if (region->size != 0)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX's table of regions names one twice");
	*region = (tally_reserved){tally_le64(entry + 16), tally_le32(entry + 24)};
	if (region->offset < MIB || region->offset % MIB != 0 || region->size == 0 || region->size % MIB != 0)
		return tally_opening_refuse(
		    v->o, TALLY_DISK_FAULT_INCONSISTENT,
		    "the VHDX's table of regions puts one where none can be (%llu bytes from %llu)",
		    (unsigned long long)region->size, (unsigned long long)region->offset);
	if (region->offset > v->o->below->size || region->size > v->o->below->size - region->offset)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_TRUNCATED,
					    "the file is cut off: it has %llu bytes, but the VHDX's %s is at byte %llu",
					    (unsigned long long)v->o->below->size,
					    region == &v->bat ? "table of blocks" : "metadata",
					    (unsigned long long)region->offset);
	return true;
}

static bool is_region_table(const uint8_t *table)
{
	return memcmp(table, "regi", 4) == 0 && checksum_holds(table, TABLE_SIZE) &&
	       tally_le32(table + 8) <= ENTRIES_MAX;
}

static bool load_region_table(vhdx *v, uint8_t *table)
{
	if (!tally_opening_read(v->o, 192 * KIB, table, TABLE_SIZE, "table of regions"))
		return false;
	if (is_region_table(table))
		return true;
	if (!tally_opening_read(v->o, 256 * KIB, table, TABLE_SIZE, "second table of regions"))
		return false;
	if (!is_region_table(table))
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_CHECKSUM,
					    "both copies of the VHDX's table of regions are damaged");
	tally_notes_add(v->o->notes, "the VHDX's table of regions is damaged; its copy is used");
	return true;
}

static bool read_regions(vhdx *v, uint8_t *table)
{
	if (!load_region_table(v, table))
		return false;
	uint32_t count = tally_le32(table + 8);
	for (uint32_t n = 0; n < count; n++)
		if (!take_region(v, table + 16 + n * ENTRY_SIZE))
			return false;
	if (v->bat.size == 0 || v->metadata.size == 0)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX's table of regions doesn't say where its %s is",
					    v->bat.size == 0 ? "table of blocks" : "metadata");
	return true;
}

/* ---- metadata ---- */

typedef struct item {
	uint8_t guid[TALLY_GUID_SIZE];
	uint32_t size;
	bool (*take)(vhdx *v, const uint8_t *value);
} item;

static bool take_parameters(vhdx *v, const uint8_t *value)
{
	v->block_size = tally_le32(value);
	if ((tally_le32(value + 4) & 2) != 0)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_DIFFERENCING,
					    "the VHDX is a differencing disk: it holds only what was changed since its "
					    "parent, another file. Merge them first");
	return true;
}

static bool take_disk_size(vhdx *v, const uint8_t *value)
{
	v->disk_size = tally_le64(value);
	return true;
}

static bool take_sector_size(vhdx *v, const uint8_t *value)
{
	v->sector_size = tally_le32(value);
	return true;
}

/* The drive's physical sectors and its number make no difference to what is read. */
static bool take_nothing(vhdx *v, const uint8_t *value)
{
	(void)v, (void)value;
	return true;
}

static const item items[] = {
    {TALLY_GUID(0xcaa16737, 0xfa36, 0x4d43, 0xb3b6, 0x33f0aa44e76b), 8, take_parameters},
    {TALLY_GUID(0x2fa54224, 0xcd1b, 0x4876, 0xb211, 0x5dbed83bf4b8), 8, take_disk_size},
    {TALLY_GUID(0x8141bf1d, 0xa96f, 0x4709, 0xba47, 0xf233a8faab5f), 4, take_sector_size},
    {TALLY_GUID(0xcda348c7, 0x445d, 0x4471, 0x9cc9, 0xe9885251c556), 4, take_nothing},
    {TALLY_GUID(0xbeca12ab, 0xb2e6, 0x4523, 0x93ef, 0xc309e000c746), 16, take_nothing},
};

static bool take_item(vhdx *v, const uint8_t *entry)
{
	static const uint8_t parent[] = TALLY_GUID(0xa8d35f2d, 0xb30b, 0x454d, 0xabf7, 0xd3d84834ab0c);
	uint8_t value[16];
	uint32_t offset = tally_le32(entry + 16), size = tally_le32(entry + 20);
	const item *known = NULL;
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		if (tally_guid_is(entry, items[i].guid))
			known = &items[i];
	if (known == NULL)
		/* The parent's name needs no reading: the parameters say that there is a parent. */
		return tally_guid_is(entry, parent) || (tally_le32(entry + 24) & 4) == 0 ||
		       refuse_required(v, "metadata");
	if (size < known->size || offset < TABLE_SIZE || offset > v->metadata.size ||
	    known->size > v->metadata.size - offset)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX's metadata are not where they are said to be");
	return tally_opening_read(v->o, v->metadata.offset + offset, value, known->size, "metadata") &&
	       known->take(v, value);
}

static bool judge_metadata(vhdx *v)
{
	if (v->block_size < MIB || v->block_size > 256 * MIB || !tally_is_power_of_two(v->block_size))
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX says that its blocks have %llu bytes",
					    (unsigned long long)v->block_size);
	if (v->sector_size != 512 && v->sector_size != 4096)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX says that its sectors have %u bytes", (unsigned)v->sector_size);
	if (v->disk_size == 0 || v->disk_size > DISK_MAX || v->disk_size % v->sector_size != 0)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX says that its disk has %llu bytes",
					    (unsigned long long)v->disk_size);
	return true;
}

static bool read_metadata(vhdx *v, uint8_t *table)
{
	if (!tally_opening_read(v->o, v->metadata.offset, table, TABLE_SIZE, "metadata"))
		return false;
	unsigned count = tally_le16(table + 10);
	if (memcmp(table, "metadata", 8) != 0 || count > ENTRIES_MAX)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX has no metadata where its table of regions says (byte %llu)",
					    (unsigned long long)v->metadata.offset);
	for (unsigned n = 0; n < count; n++)
		if (!take_item(v, table + ENTRY_SIZE + n * (size_t)ENTRY_SIZE))
			return false;
	return judge_metadata(v);
}

/* ---- blocks ---- */

enum { BLOCK_ABSENT, BLOCK_UNDEFINED, BLOCK_ZERO, BLOCK_UNMAPPED, BLOCK_PRESENT = 6, BLOCK_PARTLY = 7 };

static bool take_block(vhdx *v, size_t n, uint64_t entry)
{
	unsigned state = entry & 7;
	uint64_t place = entry >> 20;
	if (state <= BLOCK_UNMAPPED)
		return true;
	if (state != BLOCK_PRESENT)
		return tally_opening_refuse(
		    v->o, TALLY_DISK_FAULT_INCONSISTENT,
		    state == BLOCK_PARTLY
			? "block %zu of the disk is said to be in a parent of the VHDX, which has none"
			: "block %zu of the disk is in a state that the VHDX's table can't say",
		    n);
	if (place == 0 || place > UINT32_MAX)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "block %zu of the disk is said to lie where none can be in a VHDX", n);
	v->layer->blocks.places[n] = (uint32_t)place;
	return true;
}

/* After as many blocks as one bitmap block covers comes an entry for that, which only differencing disks use. */
static uint64_t chunk_ratio(const vhdx *v)
{
	return (UINT64_C(1) << 23) * v->sector_size / v->block_size;
}

static bool read_bat(vhdx *v)
{
	uint8_t chunk[BAT_CHUNK];
	uint64_t ratio = chunk_ratio(v), entry = 0;
	size_t count = v->layer->blocks.count;
	uint64_t needed = count + (count - 1) / ratio;
	for (size_t n = 0; entry < needed; entry++) {
		size_t at = entry * 8 % sizeof chunk;
		size_t size = (needed - entry) * 8 < sizeof chunk ? (size_t)(needed - entry) * 8 : sizeof chunk;
		if (at == 0 && !tally_opening_read(v->o, v->bat.offset + entry * 8, chunk, size, "table of blocks"))
			return false;
		if (entry % (ratio + 1) == ratio)
			continue;
		if (!take_block(v, n++, tally_le64(chunk + at)))
			return false;
	}
	return true;
}

static bool load_blocks(vhdx *v)
{
	tally_blocks *blocks = &v->layer->blocks;
	*blocks = (tally_blocks){.unit = MIB, .size = v->block_size};
	uint64_t count = (v->disk_size + v->block_size - 1) / v->block_size;
	/* Before memory is taken for it: a table that isn't there needs none. */
	if (count + (count - 1) / chunk_ratio(v) > v->bat.size / 8)
		return tally_opening_refuse(v->o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHDX's table has room for %llu blocks, but its disk needs %llu",
					    (unsigned long long)v->bat.size / 8, (unsigned long long)count);
	if (!tally_blocks_make(v->o, blocks, v->disk_size) || !read_bat(v))
		return false;
	const tally_reserved reserved[] = {{0, MIB}, v->bat, v->metadata, {v->header.log_offset, v->header.log_size}};
	return tally_blocks_check(v->o, blocks, v->disk_size, reserved, sizeof reserved / sizeof *reserved);
}

static int64_t read_vhdx(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	const vhdx_layer *self = (vhdx_layer *)layer;
	uint64_t left, place = tally_blocks_find(&self->blocks, offset, &left);
	if (size > left)
		size = (size_t)left;
	if (place == TALLY_BLOCK_HOLE) {
		memset(buffer, 0, size);
		return (int64_t)size;
	}
	int64_t got = tally_layer_read(self->below, place, buffer, size, way);
	return got != 0 ? got : -ENODATA;
}

static bool locate_vhdx(tally_layer *layer, uint64_t offset, tally_layer_place *where)
{
	const vhdx_layer *self = (vhdx_layer *)layer;
	uint64_t left, place = tally_blocks_find(&self->blocks, offset, &left);
	if (place == TALLY_BLOCK_HOLE || !tally_layer_locate(self->below, place, where))
		return false;
	if (where->length > left)
		where->length = left;
	return true;
}

static void close_vhdx(tally_layer *layer)
{
	vhdx_layer *self = (vhdx_layer *)layer;
	tally_blocks_free(&self->blocks);
	tally_free(self);
}

/* ---- together ---- */

static bool fill(vhdx *v)
{
	if (!choose_header(v) || !judge_header(v))
		return false;
	uint8_t *table = tally_alloc(TABLE_SIZE);
	if (table == NULL)
		return tally_opening_no_memory(v->o);
	bool filled = read_regions(v, table) && read_metadata(v, table) && load_blocks(v);
	tally_free(table);
	return filled;
}

bool tally_vhdx_open(tally_opening *o, tally_layer **layer)
{
	static const tally_layer_class class = {read_vhdx, locate_vhdx, close_vhdx};
	vhdx_layer *self = tally_zalloc(1, sizeof *self);
	if (self == NULL)
		return tally_opening_no_memory(o);
	vhdx v = {.o = o, .layer = self};
	self->below = o->below;
	if (!fill(&v)) {
		close_vhdx(&self->layer);
		return false;
	}
	self->layer = (tally_layer){&class, v.disk_size, v.sector_size};
	*layer = &self->layer;
	return true;
}
