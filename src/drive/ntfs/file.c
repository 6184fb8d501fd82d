/* SPDX-License-Identifier: Apache-2.0 */
/* Files by the number of their record. */
#include "base/memory.h"
#include "base/bytes.h"
#include "drive/ntfs/volume.h"

#include <errno.h>

/* Reparse points whose meaning is known. */
#define TAG_JUNCTION UINT32_C(0xA0000003)
#define TAG_SYMBOLIC_LINK UINT32_C(0xA000000C)
#define TAG_DEDUPLICATED UINT32_C(0x80000013)
#define TAG_WOF UINT32_C(0x80000017)

#define ATTRIBUTE_ENCRYPTED UINT32_C(0x4000)

/* A file of one attribute with runs that the scan kept. */
static tally_ntfs_kind open_sketch(const tally_ntfs *volume, const tally_ntfs_sketch *sketch, tally_ntfs_file *file,
				   tally_ntfs_reason *reason)
{
	const uint32_t cluster = volume->facts.geometry.cluster_size;
	tally_ntfs_run_limits limits = tally_ntfs_limits(volume);
	tally_ntfs_stream *stream = &file->stream;
	*stream = (tally_ntfs_stream){
	    .layer = volume->layer, .cluster_size = cluster, .size = sketch->size, .initialised = sketch->initialised};
	file->modified = sketch->modified;
	uint64_t last = sketch->size / cluster - (sketch->size % cluster == 0 ? 1 : 0);
	switch (tally_ntfs_runs_add(&stream->runs, sketch->pairs, sketch->pairs_size, last, &limits)) {
	case TALLY_NTFS_RUNS_OK:
		return TALLY_NTFS_FILE;
	case TALLY_NTFS_RUNS_NO_MEMORY:
		return TALLY_NTFS_NO_MEMORY;
	case TALLY_NTFS_RUNS_TOO_MANY:
	case TALLY_NTFS_RUNS_DAMAGED:
		break;
	}
	reason->what = "its run list makes no sense or leaves the volume";
	return TALLY_NTFS_FILE_DAMAGED;
}

static tally_ntfs_kind kind_of_tag(uint32_t tag)
{
	switch (tag) {
	case TAG_JUNCTION:
		return TALLY_NTFS_JUNCTION;
	case TAG_SYMBOLIC_LINK:
		return TALLY_NTFS_SYMBOLIC_LINK;
	case TAG_DEDUPLICATED:
		return TALLY_NTFS_DEDUPLICATED;
	case TAG_WOF:
		return TALLY_NTFS_WOF;
	default:
		return TALLY_NTFS_REPARSE;
	}
}

/* FILE when there is no reparse point. */
static tally_ntfs_kind follow_tag(const tally_ntfs *volume, uint32_t number, const tally_ntfs_record *record,
				  tally_ntfs_reason *reason)
{
	uint8_t tag[4];
	tally_ntfs_stream stream;
	tally_ntfs_kind kind =
	    tally_ntfs_assemble(volume, number, record, TALLY_NTFS_REPARSE_POINT, "", &stream, NULL, reason);
	if (kind != TALLY_NTFS_FILE)
		return kind == TALLY_NTFS_NO_STREAM ? TALLY_NTFS_FILE : kind;
	int result = tally_ntfs_stream_read_all(&stream, 0, tag, sizeof tag);
	tally_ntfs_stream_clear(&stream);
	if (result == 0) {
		reason->tag = tally_le32(tag);
		return kind_of_tag(reason->tag);
	}
	if (result == -ENODATA || result == -EBADMSG) {
		reason->what = "its reparse point is cut off";
		return TALLY_NTFS_FILE_DAMAGED;
	}
	reason->os_error = -result;
	return TALLY_NTFS_FILE_UNREADABLE;
}

/* What $STANDARD_INFORMATION says, which every file has. */
static uint32_t standard_information(const tally_ntfs_record *record, uint64_t *modified)
{
	tally_ntfs_attribute standard;
	*modified = 0;
	if (!tally_ntfs_attribute_find(record, TALLY_NTFS_STANDARD_INFORMATION, "", &standard) ||
	    standard.value_size < 36)
		return 0;
	*modified = tally_le64(standard.value + 8);
	return tally_le32(standard.value + 32);
}

static tally_ntfs_kind open_record(const tally_ntfs *volume, uint32_t number, const tally_ntfs_record *record,
				   const char *name, tally_ntfs_file *file, tally_ntfs_reason *reason)
{
	if (record->base != 0)
		return TALLY_NTFS_NO_STREAM;
	tally_ntfs_kind kind = follow_tag(volume, number, record, reason);
	if (kind != TALLY_NTFS_FILE)
		return kind;
	uint32_t attributes = standard_information(record, &file->modified);
	/* A directory can have named streams, too. */
	if (record->is_directory && *name == '\0')
		return TALLY_NTFS_DIRECTORY;
	uint16_t flags;
	kind = tally_ntfs_assemble(volume, number, record, TALLY_NTFS_DATA, name, &file->stream, &flags, reason);
	bool encrypted = (flags & TALLY_NTFS_ENCRYPTED) != 0 || (attributes & ATTRIBUTE_ENCRYPTED) != 0;
	if (kind != TALLY_NTFS_FILE || !encrypted)
		return kind;
	tally_ntfs_stream_clear(&file->stream);
	return TALLY_NTFS_EFS;
}

static tally_ntfs_kind fill(const tally_ntfs *volume, uint32_t number, const char *name, tally_ntfs_file *file,
			    tally_ntfs_reason *reason)
{
	const tally_ntfs_info *info = &volume->infos[number];
	file->reference = (uint64_t)info->sequence << 48 | number;
	if (info->sketch != 0 && *name == '\0') {
		tally_ntfs_sketch sketch = tally_ntfs_sketch_at(&volume->names.arena, info->sketch);
		if (sketch.is_plain && sketch.has_runs)
			return open_sketch(volume, &sketch, file, reason);
	}
	tally_ntfs_held held = {0};
	tally_ntfs_kind kind = tally_ntfs_record_read(volume, number, &held, reason);
	if (kind == TALLY_NTFS_FILE && (info->flags & TALLY_NTFS_INFO_TORN) != 0) {
		reason->what = "its record in $MFT has attributes that make no sense";
		kind = TALLY_NTFS_FILE_DAMAGED;
	}
	if (kind == TALLY_NTFS_FILE)
		kind = open_record(volume, number, &held.record, name, file, reason);
	tally_free(held.bytes);
	return kind;
}

tally_ntfs_kind tally_ntfs_file_open(const tally_ntfs *volume, uint32_t record, const char *stream,
				     tally_ntfs_file **out, tally_ntfs_reason *reason)
{
	*out = NULL;
	*reason = (tally_ntfs_reason){0};
	if (record >= volume->facts.records || (volume->infos[record].flags & TALLY_NTFS_INFO_IN_USE) == 0)
		return TALLY_NTFS_NO_STREAM;
	tally_ntfs_file *file = tally_zalloc(1, sizeof *file);
	if (file == NULL)
		return TALLY_NTFS_NO_MEMORY;
	tally_ntfs_kind kind = fill(volume, record, stream, file, reason);
	if (kind == TALLY_NTFS_FILE)
		*out = file;
	else
		tally_ntfs_file_close(file);
	return kind;
}

void tally_ntfs_file_close(tally_ntfs_file *file)
{
	if (file == NULL)
		return;
	tally_ntfs_stream_clear(&file->stream);
	tally_free(file);
}

tally_ntfs_glance tally_ntfs_glance_at(const tally_ntfs *volume, uint32_t record)
{
	if (record >= volume->facts.records || volume->infos[record].sketch == 0)
		return (tally_ntfs_glance){0};
	tally_ntfs_sketch sketch = tally_ntfs_sketch_at(&volume->names.arena, volume->infos[record].sketch);
	return (tally_ntfs_glance){.is_known = true, .is_plain = sketch.is_plain, .size = sketch.size};
}

/* The first bad cluster of a run: false when there is none. */
static bool find_bad(const tally_ntfs_runs *bad, const tally_ntfs_run *run, uint64_t *lcn, uint64_t *count)
{
	const tally_ntfs_run *at = tally_ntfs_runs_at(bad, run->lcn);
	const tally_ntfs_run *end = bad->items + bad->count;
	for (; at != NULL && at < end && at->vcn < run->lcn + run->count; at++) {
		if (at->lcn == TALLY_NTFS_HOLE)
			continue;
		uint64_t stop =
		    at->vcn + at->count < run->lcn + run->count ? at->vcn + at->count : run->lcn + run->count;
		*lcn = at->vcn > run->lcn ? at->vcn : run->lcn;
		*count = stop - *lcn;
		return true;
	}
	return false;
}

bool tally_ntfs_file_on_bad_clusters(const tally_ntfs *volume, const tally_ntfs_file *file, uint64_t *offset,
				     uint64_t *size)
{
	const tally_ntfs_stream *stream = &file->stream;
	if (volume->facts.bad_clusters == 0)
		return false;
	for (size_t i = 0; i < stream->runs.count; i++) {
		const tally_ntfs_run *run = &stream->runs.items[i];
		uint64_t lcn, count;
		if (run->lcn == TALLY_NTFS_HOLE || !find_bad(&volume->bad, run, &lcn, &count))
			continue;
		*offset = (run->vcn + (lcn - run->lcn)) * stream->cluster_size;
		*size = count * stream->cluster_size;
		if (*offset >= stream->size)
			return false;
		if (*size > stream->size - *offset)
			*size = stream->size - *offset;
		return true;
	}
	return false;
}
