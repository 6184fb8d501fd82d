/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one attribute: resident, in runs, sparse or compressed, with zeros from where it was never written.
 *
 * Threads: any number may read one stream at once. Those of a compressed one wait for each other.
 */
#ifndef TALLY_DRIVE_NTFS_STREAM_H
#define TALLY_DRIVE_NTFS_STREAM_H

#include "drive/layer.h"
#include "drive/ntfs/runs.h"

/* Windows compresses 16 clusters of at most 4 KiB together; larger ones are readable all the same. */
#define TALLY_NTFS_UNIT_MAX (UINT32_C(1) << 20)

typedef struct tally_ntfs_unit tally_ntfs_unit;

typedef struct tally_ntfs_stream {
	tally_layer *layer;
	uint32_t cluster_size;
	uint64_t size, initialised;
	tally_ntfs_runs runs;
	uint8_t *resident;       /* owned; NULL unless it is resident and not empty */
	uint64_t resident_place; /* on the volume */
	bool is_resident;
	uint32_t unit_size;    /* bytes compressed together; 0: not compressed */
	tally_ntfs_unit *unit; /* the one unpacked last */
} tally_ntfs_stream;

/* To be called once when `unit_size` is set. False when memory is short. */
bool tally_ntfs_stream_prepare(tally_ntfs_stream *stream);
void tally_ntfs_stream_clear(tally_ntfs_stream *stream);

/*
 * Reads up to `size` bytes: fewer at the end or in front of what can't be read. The number, or -errno when not even the
 * first can be had; -EBADMSG where the volume's own data are damaged. TALLY_LAYER_MEDIUM: offset, size and buffer are
 * multiples of TALLY_LAYER_ALIGNMENT.
 */
int64_t tally_ntfs_stream_read(const tally_ntfs_stream *stream, uint64_t offset, void *buffer, size_t size,
			       tally_layer_way way);
/* All of it: 0 or -errno; -ENODATA when the stream ends before. */
int tally_ntfs_stream_read_all(const tally_ntfs_stream *stream, uint64_t offset, void *buffer, size_t size);

/* What bytes of a stream are on the volume. */
typedef struct tally_ntfs_extent {
	enum {
		TALLY_NTFS_EXTENT_PLAIN,
		TALLY_NTFS_EXTENT_PACKED,
		TALLY_NTFS_EXTENT_ZEROS,
		TALLY_NTFS_EXTENT_RESIDENT
	} kind;
	uint64_t place;  /* byte on the volume; not for zeros */
	uint64_t length; /* bytes of the stream, > 0 */
} tally_ntfs_extent;

/* False at the end of the stream, and where its run list doesn't reach. */
bool tally_ntfs_stream_extent(const tally_ntfs_stream *stream, uint64_t offset, tally_ntfs_extent *extent);

#endif
