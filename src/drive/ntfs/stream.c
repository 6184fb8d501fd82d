/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/stream.h"

#include "base/memory.h"
#include "drive/ntfs/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool tally_ntfs_stream_prepare(tally_ntfs_stream *stream)
{
	if (stream->unit_size == 0)
		return true;
	stream->unit = tally_ntfs_unit_new(stream->unit_size);
	return stream->unit != NULL;
}

void tally_ntfs_stream_clear(tally_ntfs_stream *stream)
{
	tally_ntfs_runs_clear(&stream->runs);
	tally_free(stream->resident);
	tally_ntfs_unit_free(stream->unit);
	*stream = (tally_ntfs_stream){0};
}

bool tally_ntfs_stream_extent(const tally_ntfs_stream *stream, uint64_t offset, tally_ntfs_extent *extent)
{
	if (offset >= stream->size)
		return false;
	if (stream->is_resident) {
		*extent = (tally_ntfs_extent){TALLY_NTFS_EXTENT_RESIDENT, stream->resident_place + offset,
					      stream->size - offset};
		return true;
	}
	if (offset >= stream->initialised) {
		*extent = (tally_ntfs_extent){TALLY_NTFS_EXTENT_ZEROS, 0, stream->size - offset};
		return true;
	}
	const tally_ntfs_run *run = tally_ntfs_runs_at(&stream->runs, offset / stream->cluster_size);
	if (run == NULL)
		return false;
	uint64_t into = offset - run->vcn * stream->cluster_size;
	uint64_t length = smaller(run->count * stream->cluster_size - into, stream->initialised - offset);
	if (run->lcn == TALLY_NTFS_HOLE)
		*extent = (tally_ntfs_extent){TALLY_NTFS_EXTENT_ZEROS, 0, length};
	else
		*extent =
		    (tally_ntfs_extent){stream->unit_size != 0 ? TALLY_NTFS_EXTENT_PACKED : TALLY_NTFS_EXTENT_PLAIN,
					run->lcn * stream->cluster_size + into, length};
	return true;
}

/*
 * Past the cache: whole blocks only. An extent ends within a block where a cluster is smaller than one, or where the
 * stream was never written to; then the block is read aside.
 */
static int64_t read_block_aside(const tally_ntfs_stream *stream, const tally_ntfs_extent *extent, uint8_t *buffer,
				size_t size)
{
	enum { BLOCKS = 16 };
	uint64_t start = extent->place - extent->place % TALLY_LAYER_ALIGNMENT;
	size_t into = (size_t)(extent->place - start);
	size_t whole = (into + size + TALLY_LAYER_ALIGNMENT - 1) / TALLY_LAYER_ALIGNMENT * TALLY_LAYER_ALIGNMENT;
	if (whole > BLOCKS * TALLY_LAYER_ALIGNMENT)
		whole = BLOCKS * TALLY_LAYER_ALIGNMENT;
	/* Not on the hot path: only suspected damage is read past the cache. */
	uint8_t *memory = tally_alloc(whole + TALLY_LAYER_ALIGNMENT);
	if (memory == NULL)
		return -ENOMEM;
	uint8_t *aligned = memory + (TALLY_LAYER_ALIGNMENT - (uintptr_t)memory % TALLY_LAYER_ALIGNMENT);
	int64_t got = tally_layer_read(stream->layer, start, aligned, whole, TALLY_LAYER_MEDIUM);
	if (got > 0) {
		/* Ends before what was wanted: the layer is cut off there. */
		got = got > (int64_t)into ? (int64_t)smaller((uint64_t)got - into, size) : -ENODATA;
		if (got > 0)
			memcpy(buffer, aligned + into, (size_t)got);
	}
	tally_free(memory);
	return got != 0 ? got : -ENODATA;
}

static int64_t read_plain(const tally_ntfs_stream *stream, const tally_ntfs_extent *extent, uint8_t *buffer,
			  size_t size, tally_layer_way way)
{
	if (way == TALLY_LAYER_MEDIUM) {
		size_t whole = size - size % TALLY_LAYER_ALIGNMENT;
		bool aligned = extent->place % TALLY_LAYER_ALIGNMENT == 0 &&
			       (uintptr_t)buffer % TALLY_LAYER_ALIGNMENT == 0 && whole > 0;
		if (!aligned)
			return read_block_aside(stream, extent, buffer, size);
		size = whole;
	}
	int64_t got = tally_layer_read(stream->layer, extent->place, buffer, size, way);
	return got != 0 ? got : -ENODATA; /* the volume is larger than what it lies on */
}

static int64_t read_extent(const tally_ntfs_stream *stream, uint64_t offset, const tally_ntfs_extent *extent,
			   uint8_t *buffer, size_t size, tally_layer_way way)
{
	switch (extent->kind) {
	case TALLY_NTFS_EXTENT_ZEROS:
		memset(buffer, 0, size);
		return (int64_t)size;
	case TALLY_NTFS_EXTENT_RESIDENT:
		memcpy(buffer, stream->resident + offset, size);
		return (int64_t)size;
	case TALLY_NTFS_EXTENT_PACKED:
		break;
	case TALLY_NTFS_EXTENT_PLAIN:
		return read_plain(stream, extent, buffer, size, way);
	}
	return -EBADMSG;
}

int64_t tally_ntfs_stream_read(const tally_ntfs_stream *stream, uint64_t offset, void *buffer, size_t size,
			       tally_layer_way way)
{
	uint8_t *at = buffer;
	size_t done = 0;
	int64_t got = 0;
	if (offset >= stream->size)
		return 0;
	size = (size_t)smaller(size, stream->size - offset);
	while (done < size && got >= 0) {
		tally_ntfs_extent extent;
		uint64_t here = offset + done;
		if (stream->unit_size != 0 && here < stream->initialised)
			got = tally_ntfs_unit_read(stream, here, at + done,
						   (size_t)smaller(size - done, stream->initialised - here), way);
		else if (!tally_ntfs_stream_extent(stream, here, &extent))
			got = -EBADMSG;
		else
			got = read_extent(stream, here, &extent, at + done, (size_t)smaller(size - done, extent.length),
					  way);
		if (got > 0)
			done += (size_t)got;
	}
	return done > 0 ? (int64_t)done : got;
}

int tally_ntfs_stream_read_all(const tally_ntfs_stream *stream, uint64_t offset, void *buffer, size_t size)
{
	uint8_t *at = buffer;
	while (size > 0) {
		int64_t got = tally_ntfs_stream_read(stream, offset, at, size, TALLY_LAYER_CACHED);
		if (got <= 0)
			return got < 0 ? (int)got : -ENODATA;
		at += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}
