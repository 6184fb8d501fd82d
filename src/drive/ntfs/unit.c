/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/unit.h"

#include "base/memory.h"
#include "drive/ntfs/lznt1.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define NO_UNIT UINT64_MAX

/* One for each open stream, with memory for a packed and an unpacked unit, so that reading allocates nothing. */
struct tally_ntfs_unit {
	pthread_mutex_t mutex;
	uint64_t number; /* of the unit in `plain`, or NO_UNIT */
	uint8_t *plain, *packed;
	void *memory;
};

tally_ntfs_unit *tally_ntfs_unit_new(uint32_t size)
{
	tally_ntfs_unit *unit = tally_zalloc(1, sizeof *unit);
	if (unit == NULL)
		return NULL;
	unit->memory = tally_alloc(2 * (size_t)size + TALLY_LAYER_ALIGNMENT);
	if (unit->memory == NULL || pthread_mutex_init(&unit->mutex, NULL) != 0) {
		tally_free(unit->memory);
		tally_free(unit);
		return NULL;
	}
	unit->number = NO_UNIT;
	/* Aligned for reading past the cache. */
	unit->packed =
	    (uint8_t *)unit->memory + (TALLY_LAYER_ALIGNMENT - (uintptr_t)unit->memory % TALLY_LAYER_ALIGNMENT);
	unit->plain = unit->packed + size;
	return unit;
}

void tally_ntfs_unit_free(tally_ntfs_unit *unit)
{
	if (unit == NULL)
		return;
	pthread_mutex_destroy(&unit->mutex);
	tally_free(unit->memory);
	tally_free(unit);
}

/* Clusters of the unit that are there: they come first, then a hole up to its end. -EBADMSG for another order. */
static int64_t count_clusters(const tally_ntfs_stream *stream, uint64_t first, uint64_t wanted)
{
	uint64_t there = 0, vcn = first;
	bool hole = false;
	while (vcn < first + wanted) {
		const tally_ntfs_run *run = tally_ntfs_runs_at(&stream->runs, vcn);
		if (run == NULL)
			return vcn > first ? (int64_t)there : -EBADMSG;
		uint64_t end = run->vcn + run->count < first + wanted ? run->vcn + run->count : first + wanted;
		if (run->lcn == TALLY_NTFS_HOLE)
			hole = true;
		else if (hole)
			return -EBADMSG;
		else
			there += end - vcn;
		vcn = end;
	}
	return (int64_t)there;
}

/* The clusters of a unit that are there, one after the other. */
static int read_clusters(const tally_ntfs_stream *stream, uint64_t first, uint64_t count, uint8_t *to,
			 tally_layer_way way)
{
	const uint32_t cluster = stream->cluster_size;
	tally_ntfs_stream plain = {.layer = stream->layer, .cluster_size = cluster, .runs = stream->runs};
	plain.size = plain.initialised = (first + count) * cluster;
	uint64_t offset = first * cluster;
	while (offset < plain.size) {
		size_t left = (size_t)(plain.size - offset);
		int64_t got = tally_ntfs_stream_read(&plain, offset, to, left, way);
		if (got <= 0)
			return got < 0 ? (int)got : -ENODATA;
		offset += (uint64_t)got;
		to += got;
	}
	return 0;
}

/* Makes unit->plain the unit of that number. The mutex is held. */
static int load(const tally_ntfs_stream *stream, uint64_t number, tally_layer_way way)
{
	tally_ntfs_unit *unit = stream->unit;
	const uint64_t wanted = stream->unit_size / stream->cluster_size;
	const uint64_t first = number * wanted;
	int64_t there = count_clusters(stream, first, wanted);
	if (there < 0)
		return (int)there;
	unit->number = NO_UNIT;
	if (there == 0) {
		memset(unit->plain, 0, stream->unit_size);
	} else {
		bool packed = (uint64_t)there < wanted;
		size_t size = (size_t)there * stream->cluster_size;
		int failed = read_clusters(stream, first, (uint64_t)there, packed ? unit->packed : unit->plain, way);
		if (failed != 0)
			return failed;
		if (packed && !tally_lznt1_unpack(unit->packed, size, unit->plain, stream->unit_size))
			return -EBADMSG;
	}
	unit->number = number;
	return 0;
}

int64_t tally_ntfs_unit_read(const tally_ntfs_stream *stream, uint64_t offset, uint8_t *buffer, size_t size,
			     tally_layer_way way)
{
	tally_ntfs_unit *unit = stream->unit;
	const uint64_t number = offset / stream->unit_size;
	const size_t into = (size_t)(offset % stream->unit_size);
	if (size > stream->unit_size - into)
		size = stream->unit_size - into;
	pthread_mutex_lock(&unit->mutex);
	int failed = 0;
	if (unit->number != number || way == TALLY_LAYER_MEDIUM)
		failed = load(stream, number, way);
	if (failed == 0)
		memcpy(buffer, unit->plain + into, size);
	pthread_mutex_unlock(&unit->mutex);
	return failed != 0 ? failed : (int64_t)size;
}
