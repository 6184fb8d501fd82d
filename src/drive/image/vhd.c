/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VHD, after Microsoft's "Virtual Hard Disk Image Format Specification" (2006). All numbers are big-endian. A fixed
 * disk is its bytes and a footer; a dynamic one begins with a copy of the footer and has a header, a table of blocks,
 * and blocks, each behind a bitmap of its sectors.
 */
#include "drive/image/blocks.h"
#include "base/bytes.h"

#include "base/memory.h"

#include <errno.h>
#include <stdatomic.h>

#define SECTOR TALLY_VHD_SECTOR
#define HEADER_SIZE 1024
#define VERSION 0x00010000u
#define BLOCK_MAX (UINT64_C(1) << 28)

enum { TYPE_FIXED = 2, TYPE_DYNAMIC = 3, TYPE_DIFFERENCING = 4 };

typedef struct footer {
	uint64_t disk_size, header_offset;
	uint32_t version, type;
	bool saved_state;
} footer;

/* One's complement of the sum of all bytes but those of the checksum itself. */
static bool checksum_holds(const uint8_t *bytes, size_t size, size_t checksum_at)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum += i >= checksum_at && i < checksum_at + 4 ? 0 : bytes[i];
	return tally_be32(bytes + checksum_at) == ~sum;
}

static bool is_footer(const uint8_t *sector)
{
	return memcmp(sector, TALLY_VHD_SIGNATURE, 8) == 0;
}

static bool is_good_footer(const uint8_t *sector)
{
	return is_footer(sector) && checksum_holds(sector, SECTOR, 64);
}

/* Chooses between the footer and its copy, which a fixed disk doesn't have. */
static bool find_footer(tally_opening *o, uint8_t *sector)
{
	uint8_t head[SECTOR];
	if (!tally_opening_read(o, o->below->size - SECTOR, sector, SECTOR, "footer") ||
	    !tally_opening_read(o, 0, head, sizeof head, "copy of the footer"))
		return false;
	if (is_good_footer(sector)) {
		if (tally_be32(sector + 60) != TYPE_FIXED && !is_good_footer(head))
			tally_notes_add(o->notes, "the VHD's copy of the footer at its start is damaged");
		return true;
	}
	if (!is_good_footer(head))
		return tally_opening_refuse(o, TALLY_DISK_FAULT_CHECKSUM,
					    "the checksum of the VHD's footer is wrong, and no good copy is there");
	if (tally_be32(head + 60) == TYPE_FIXED)
		return tally_opening_refuse(
		    o, TALLY_DISK_FAULT_INCONSISTENT,
		    "the VHD says that it is a fixed one, which has its footer at the end only");
	tally_notes_add(
	    o->notes, is_footer(sector)
			  ? "the checksum of the VHD's footer is wrong; its copy at the start of the file is used"
			  : "the VHD doesn't end in its footer, as if it were cut off; the copy at its start is used");
	memcpy(sector, head, sizeof head);
	return true;
}

static bool read_footer(tally_opening *o, footer *f)
{
	uint8_t sector[SECTOR];
	if (!find_footer(o, sector))
		return false;
	*f = (footer){
	    .version = tally_be32(sector + 12),
	    .header_offset = tally_be64(sector + 16),
	    .disk_size = tally_be64(sector + 48),
	    .type = tally_be32(sector + 60),
	    .saved_state = sector[84] != 0,
	};
	if (f->version >> 16 != VERSION >> 16)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_UNSUPPORTED, "the VHD has version %u.%u, not 1.0",
					    (unsigned)(f->version >> 16), (unsigned)(f->version & 0xFFFF));
	if (f->type == TYPE_DIFFERENCING)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_DIFFERENCING,
					    "the VHD is a differencing disk: it holds only what was changed since its "
					    "parent, another file. Merge them first");
	if (f->type != TYPE_FIXED && f->type != TYPE_DYNAMIC)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_UNSUPPORTED,
					    "the VHD is of type %u, not fixed or dynamic", (unsigned)f->type);
	if (f->disk_size == 0 || f->disk_size % SECTOR != 0)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHD says that its disk has %llu bytes, which are no whole sectors",
					    (unsigned long long)f->disk_size);
	if (f->saved_state)
		tally_notes_add(o->notes, "the VHD belongs to a virtual machine that was saved, not shut down");
	return true;
}

static bool open_fixed(tally_opening *o, const footer *f, tally_layer **layer)
{
	if (f->disk_size > o->below->size - SECTOR)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_TRUNCATED,
					    "the file is cut off: the VHD's disk has %llu bytes, the file %llu",
					    (unsigned long long)f->disk_size, (unsigned long long)o->below->size);
	o->result = tally_layer_open_part(o->below, 0, f->disk_size, layer, o->error);
	if (o->result != TALLY_OK)
		return false;
	(*layer)->sector_size = SECTOR;
	return true;
}

/* ---- dynamic ---- */

/* What a block's bitmap says of its sectors. Asked for once, and again only of blocks that have holes. */
enum { BITMAP_UNKNOWN, BITMAP_WHOLE, BITMAP_HOLES };

typedef struct dynamic_layer {
	tally_layer layer;
	tally_layer *below;
	tally_blocks blocks;
	_Atomic uint8_t *bitmaps; /* BITMAP_… of each block */
} dynamic_layer;

#define BITMAP_PIECE 512 /* bytes: the whole bitmap of a usual block */

/* Reads the piece of a block's bitmap in which a sector has its bit: 0 or -errno. */
static int read_bitmap(const dynamic_layer *d, size_t block, uint64_t sector, uint8_t piece[BITMAP_PIECE])
{
	uint64_t begin = d->blocks.places[block] * d->blocks.unit;
	return tally_layer_read_all(d->below, begin + sector / 8 / BITMAP_PIECE * BITMAP_PIECE, piece, BITMAP_PIECE);
}

static bool has_bit(const uint8_t piece[BITMAP_PIECE], uint64_t sector)
{
	return (piece[sector / 8 % BITMAP_PIECE] & 0x80 >> sector % 8) != 0;
}

/* BITMAP_WHOLE, BITMAP_HOLES or -errno. */
static int judge_bitmap(dynamic_layer *d, size_t block)
{
	uint8_t piece[BITMAP_PIECE];
	int known = atomic_load_explicit(&d->bitmaps[block], memory_order_relaxed);
	if (known != BITMAP_UNKNOWN)
		return known;
	uint64_t left = d->layer.size - block * d->blocks.size;
	uint64_t sectors = (left < d->blocks.size ? left : d->blocks.size) / SECTOR;
	known = BITMAP_WHOLE;
	for (uint64_t sector = 0; sector < sectors && known == BITMAP_WHOLE; sector++) {
		int failed =
		    sector / 8 % BITMAP_PIECE == 0 && sector % 8 == 0 ? read_bitmap(d, block, sector, piece) : 0;
		if (failed != 0)
			return failed;
		if (!has_bit(piece, sector))
			known = BITMAP_HOLES;
	}
	/* Whoever else finds out finds the same. */
	atomic_store_explicit(&d->bitmaps[block], (uint8_t)known, memory_order_relaxed);
	return known;
}

/* Zeros for sectors that were never written, whatever lies in their place: 0 or -errno. */
static int clear_holes(const dynamic_layer *d, uint64_t offset, uint8_t *buffer, size_t size)
{
	uint8_t piece[BITMAP_PIECE];
	size_t block = (size_t)(offset / d->blocks.size);
	uint64_t within = offset % d->blocks.size, loaded = UINT64_MAX;
	while (size > 0) {
		uint64_t sector = within / SECTOR;
		size_t step = (size_t)(SECTOR - within % SECTOR);
		step = step < size ? step : size;
		if (sector / 8 / BITMAP_PIECE != loaded) {
			int failed = read_bitmap(d, block, sector, piece);
			if (failed != 0)
				return failed;
			loaded = sector / 8 / BITMAP_PIECE;
		}
		if (!has_bit(piece, sector))
			memset(buffer, 0, step);
		within += step;
		buffer += step;
		size -= step;
	}
	return 0;
}

static int64_t read_dynamic(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	dynamic_layer *d = (dynamic_layer *)layer;
	uint64_t left, place = tally_blocks_find(&d->blocks, offset, &left);
	if (size > left)
		size = (size_t)left;
	if (place == TALLY_BLOCK_HOLE) {
		memset(buffer, 0, size);
		return (int64_t)size;
	}
	int bitmap = judge_bitmap(d, (size_t)(offset / d->blocks.size));
	if (bitmap < 0)
		return bitmap;
	int64_t got = tally_layer_read(d->below, place, buffer, size, way);
	if (got <= 0)
		return got < 0 ? got : -ENODATA;
	int failed = bitmap == BITMAP_HOLES ? clear_holes(d, offset, buffer, (size_t)got) : 0;
	return failed != 0 ? failed : got;
}

static bool locate_dynamic(tally_layer *layer, uint64_t offset, tally_layer_place *where)
{
	dynamic_layer *d = (dynamic_layer *)layer;
	uint64_t left, place = tally_blocks_find(&d->blocks, offset, &left);
	if (place == TALLY_BLOCK_HOLE || judge_bitmap(d, (size_t)(offset / d->blocks.size)) != BITMAP_WHOLE ||
	    !tally_layer_locate(d->below, place, where))
		return false;
	if (where->length > left)
		where->length = left;
	return true;
}

static void close_dynamic(tally_layer *layer)
{
	dynamic_layer *d = (dynamic_layer *)layer;
	tally_blocks_free(&d->blocks);
	tally_free(d->bitmaps);
	tally_free(d);
}

typedef struct header {
	uint64_t table_offset, block_size;
	uint32_t entries;
} header;

static bool read_header(tally_opening *o, const footer *f, header *h)
{
	uint8_t bytes[HEADER_SIZE];
	if (!tally_opening_read(o, f->header_offset, bytes, sizeof bytes, "header"))
		return false;
	*h = (header){tally_be64(bytes + 16), tally_be32(bytes + 32), tally_be32(bytes + 28)};
	if (memcmp(bytes, "cxsparse", 8) != 0)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHD has no header where its footer says (byte %llu)",
					    (unsigned long long)f->header_offset);
	if (!checksum_holds(bytes, sizeof bytes, 36))
		return tally_opening_refuse(o, TALLY_DISK_FAULT_CHECKSUM,
					    "the checksum of the VHD's header is wrong, and it has no copy");
	uint32_t version = tally_be32(bytes + 24);
	if (version >> 16 != VERSION >> 16)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_UNSUPPORTED,
					    "the VHD's header has version %u.%u, not 1.0", (unsigned)(version >> 16),
					    (unsigned)(version & 0xFFFF));
	if (!tally_is_power_of_two(h->block_size) || h->block_size < SECTOR || h->block_size > BLOCK_MAX)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHD says that its blocks have %llu bytes",
					    (unsigned long long)h->block_size);
	return true;
}

/* The table is read as it is into the memory that it has in the end. */
static bool read_table(tally_opening *o, const header *h, tally_blocks *blocks)
{
	static const uint32_t unused = UINT32_MAX;
	if (blocks->count > h->entries)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
					    "the VHD's table has %u blocks, but its disk needs %zu",
					    (unsigned)h->entries, blocks->count);
	if (!tally_opening_read(o, h->table_offset, blocks->places, blocks->count * sizeof *blocks->places,
				"table of blocks"))
		return false;
	for (size_t n = 0; n < blocks->count; n++) {
		uint8_t bytes[sizeof *blocks->places];
		memcpy(bytes, &blocks->places[n], sizeof bytes);
		uint32_t place = tally_be32(bytes);
		/* Nothing begins at 0 but the copy of the footer. */
		if (place == 0)
			return tally_opening_refuse(o, TALLY_DISK_FAULT_INCONSISTENT,
						    "block %zu of the disk is said to lie on the VHD's footer", n);
		blocks->places[n] = place == unused ? TALLY_BLOCK_HOLE : place;
	}
	return true;
}

static bool fill_dynamic(tally_opening *o, const footer *f, dynamic_layer *d)
{
	header h;
	if (!read_header(o, f, &h))
		return false;
	uint64_t bitmap = h.block_size / SECTOR / 8;
	d->blocks.unit = SECTOR;
	d->blocks.size = h.block_size;
	d->blocks.head = (bitmap + SECTOR - 1) / SECTOR * SECTOR;
	/* Before memory is taken for it: a table that isn't there needs none. */
	if (h.table_offset > o->below->size || f->disk_size / h.block_size > (o->below->size - h.table_offset) / 4)
		return tally_opening_refuse(
		    o, TALLY_DISK_FAULT_TRUNCATED,
		    "the file is cut off: it has %llu bytes, too few for its table of blocks at "
		    "byte %llu",
		    (unsigned long long)o->below->size, (unsigned long long)h.table_offset);
	if (!tally_blocks_make(o, &d->blocks, f->disk_size) || !read_table(o, &h, &d->blocks))
		return false;
	const tally_reserved reserved[] = {
	    {0, SECTOR},
	    {f->header_offset, HEADER_SIZE},
	    {h.table_offset, d->blocks.count * sizeof *d->blocks.places},
	};
	if (!tally_blocks_check(o, &d->blocks, f->disk_size, reserved, sizeof reserved / sizeof *reserved))
		return false;
	d->bitmaps = tally_zalloc(d->blocks.count, sizeof *d->bitmaps);
	return d->bitmaps != NULL || tally_opening_no_memory(o);
}

static bool open_dynamic(tally_opening *o, const footer *f, tally_layer **layer)
{
	static const tally_layer_class class = {read_dynamic, locate_dynamic, close_dynamic};
	dynamic_layer *d = tally_zalloc(1, sizeof *d);
	if (d == NULL)
		return tally_opening_no_memory(o);
	d->layer = (tally_layer){&class, f->disk_size, SECTOR};
	d->below = o->below;
	if (!fill_dynamic(o, f, d)) {
		close_dynamic(&d->layer);
		return false;
	}
	*layer = &d->layer;
	return true;
}

bool tally_vhd_open(tally_opening *o, tally_disk_kind *kind, tally_layer **layer)
{
	footer f;
	if (!read_footer(o, &f))
		return false;
	*kind = f.type == TYPE_FIXED ? TALLY_DISK_VHD_FIXED : TALLY_DISK_VHD_DYNAMIC;
	return f.type == TYPE_FIXED ? open_fixed(o, &f, layer) : open_dynamic(o, &f, layer);
}
