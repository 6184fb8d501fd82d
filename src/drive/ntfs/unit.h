/* SPDX-License-Identifier: Apache-2.0 */
/* Compression units: what 16 clusters of a compressed stream stand for. */
#ifndef TALLY_DRIVE_NTFS_UNIT_H
#define TALLY_DRIVE_NTFS_UNIT_H

#include "drive/ntfs/stream.h"

/* NULL when memory is short. */
tally_ntfs_unit *tally_ntfs_unit_new(uint32_t size);
void tally_ntfs_unit_free(tally_ntfs_unit *unit);

/* Reads some bytes of one unit of a stream that is compressed, below its initialised size. As tally_ntfs_stream_read.
 */
int64_t tally_ntfs_unit_read(const tally_ntfs_stream *stream, uint64_t offset, uint8_t *buffer, size_t size,
			     tally_layer_way way);

#endif
