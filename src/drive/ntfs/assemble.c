/* SPDX-License-Identifier: Apache-2.0 */
/* Records of $MFT by number, and streams put together from the attributes of one record or many. */
#include "base/memory.h"
#include "base/bytes.h"
#include "drive/ntfs/volume.h"

#include <errno.h>
#include <string.h>

/* Windows' own limit, and what bounds the work on a hostile volume. */
#define ATTRIBUTE_LIST_MAX (UINT64_C(256) << 10)

tally_ntfs_run_limits tally_ntfs_limits(const tally_ntfs *volume)
{
	const tally_ntfs_geometry *geometry = &volume->facts.geometry;
	return (tally_ntfs_run_limits){geometry->clusters, (uint64_t)INT64_MAX / geometry->cluster_size};
}

static tally_ntfs_kind damaged(tally_ntfs_reason *reason, const char *what)
{
	reason->what = what;
	return TALLY_NTFS_FILE_DAMAGED;
}

static tally_ntfs_kind failed(tally_ntfs_reason *reason, int result, const char *what)
{
	if (result == -ENOMEM)
		return TALLY_NTFS_NO_MEMORY;
	if (result == -EBADMSG)
		return damaged(reason, what);
	reason->os_error = -result;
	return TALLY_NTFS_FILE_UNREADABLE;
}

tally_ntfs_kind tally_ntfs_record_read(const tally_ntfs *volume, uint64_t number, tally_ntfs_held *held,
				       tally_ntfs_reason *reason)
{
	const uint32_t size = volume->facts.geometry.record_size;
	if (number >= volume->mft.initialised / size)
		return damaged(reason, "it refers to a record behind the end of $MFT");
	if (held->bytes == NULL)
		held->bytes = tally_alloc(size);
	if (held->bytes == NULL)
		return TALLY_NTFS_NO_MEMORY;
	int result = tally_ntfs_stream_read_all(&volume->mft, number * size, held->bytes, size);
	if (result != 0)
		return failed(reason, result, "$MFT's run list ends before its size");
	switch (tally_ntfs_record_open(held->bytes, size, &held->record)) {
	case TALLY_NTFS_RECORD_OK:
		return held->record.in_use ? TALLY_NTFS_FILE : TALLY_NTFS_NO_STREAM;
	case TALLY_NTFS_RECORD_EMPTY:
		return TALLY_NTFS_NO_STREAM;
	case TALLY_NTFS_RECORD_TORN:
		return damaged(reason, "its record in $MFT is torn: sectors of different writings");
	case TALLY_NTFS_RECORD_DAMAGED:
		break;
	}
	return damaged(reason, "its record in $MFT is damaged");
}

/* ---- one attribute after the other ---- */

typedef struct assembly {
	const tally_ntfs *volume;
	tally_ntfs_stream *stream;
	tally_ntfs_reason *reason;
	uint64_t number; /* of the base record */
	const tally_ntfs_record *base;
	uint32_t type;
	const char *name;
	bool started;
	uint16_t flags;
} assembly;

static tally_ntfs_kind start_resident(assembly *a, const tally_ntfs_attribute *attribute)
{
	tally_ntfs_stream *stream = a->stream;
	stream->is_resident = true;
	stream->size = stream->initialised = attribute->value_size;
	if (attribute->value_size == 0)
		return TALLY_NTFS_FILE;
	stream->resident = tally_alloc(attribute->value_size);
	if (stream->resident == NULL)
		return TALLY_NTFS_NO_MEMORY;
	memcpy(stream->resident, attribute->value, attribute->value_size);
	return TALLY_NTFS_FILE;
}

static tally_ntfs_kind start_runs(assembly *a, const tally_ntfs_attribute *attribute)
{
	tally_ntfs_stream *stream = a->stream;
	if (attribute->size > INT64_MAX || attribute->initialised > attribute->size)
		return damaged(a->reason, "its sizes contradict each other");
	stream->size = attribute->size;
	stream->initialised = attribute->initialised;
	if ((attribute->flags & TALLY_NTFS_COMPRESSION_MASK) == 0)
		return TALLY_NTFS_FILE;
	if ((attribute->flags & TALLY_NTFS_COMPRESSION_MASK) != TALLY_NTFS_COMPRESSED)
		return damaged(a->reason, "it is compressed in an unknown way");
	uint64_t unit = attribute->unit_shift < 16 ? (uint64_t)stream->cluster_size << attribute->unit_shift : 0;
	if (attribute->unit_shift == 0 || unit == 0 || unit > TALLY_NTFS_UNIT_MAX || unit % 4096 != 0)
		return damaged(a->reason, "its compression unit has an impossible size");
	stream->unit_size = (uint32_t)unit;
	return TALLY_NTFS_FILE;
}

static tally_ntfs_kind add(assembly *a, const tally_ntfs_attribute *attribute)
{
	tally_ntfs_stream *stream = a->stream;
	if (!a->started) {
		a->started = true;
		a->flags = attribute->flags;
		if (attribute->resident)
			return start_resident(a, attribute);
		tally_ntfs_kind kind = start_runs(a, attribute);
		if (kind != TALLY_NTFS_FILE)
			return kind;
	}
	if (attribute->resident || stream->is_resident || attribute->first_vcn != stream->runs.vcns)
		return damaged(a->reason, "the pieces of its run list don't follow each other");
	tally_ntfs_run_limits limits = tally_ntfs_limits(a->volume);
	switch (
	    tally_ntfs_runs_add(&stream->runs, attribute->pairs, attribute->pairs_size, attribute->last_vcn, &limits)) {
	case TALLY_NTFS_RUNS_OK:
		return TALLY_NTFS_FILE;
	case TALLY_NTFS_RUNS_NO_MEMORY:
		return TALLY_NTFS_NO_MEMORY;
	case TALLY_NTFS_RUNS_TOO_MANY:
		return damaged(a->reason, "its run list is too long");
	case TALLY_NTFS_RUNS_DAMAGED:
		break;
	}
	return damaged(a->reason, "its run list makes no sense or leaves the volume");
}

static tally_ntfs_kind add_from_base(assembly *a)
{
	tally_ntfs_attribute attribute;
	if (!tally_ntfs_attribute_find(a->base, a->type, a->name, &attribute))
		return TALLY_NTFS_NO_STREAM;
	return add(a, &attribute);
}

/* ---- attribute lists ---- */

/* An entry: which attribute is, from which VCN on, in which record. */
typedef struct list_entry {
	uint32_t type;
	uint64_t first_vcn, reference;
	uint16_t id;
	tally_ntfs_attribute as_named; /* for tally_ntfs_attribute_is */
} list_entry;

static bool next_entry(const uint8_t *list, size_t size, size_t *at, list_entry *entry)
{
	enum { FIXED = 26 };
	const uint8_t *p = list + *at;
	size_t left = size - *at;
	if (left < FIXED)
		return false;
	size_t length = tally_le16(p + 4);
	if (length < FIXED || length > left || p[7] > length || 2U * p[6] > length - p[7])
		return false;
	*entry = (list_entry){.type = tally_le32(p),
			      .first_vcn = tally_le64(p + 8),
			      .reference = tally_le64(p + 16),
			      .id = tally_le16(p + 24)};
	entry->as_named = (tally_ntfs_attribute){.type = entry->type, .name_units = p[6], .name = p + p[7]};
	*at += length;
	return true;
}

/* Checks that an extension belongs to the base: both must know each other. */
static bool is_extension(const assembly *a, const tally_ntfs_record *record, uint64_t reference)
{
	return record->sequence == TALLY_NTFS_REFERENCE_SEQUENCE(reference) &&
	       TALLY_NTFS_REFERENCE_RECORD(record->base) == a->number &&
	       TALLY_NTFS_REFERENCE_SEQUENCE(record->base) == a->base->sequence;
}

static tally_ntfs_kind add_entry(assembly *a, const list_entry *entry, tally_ntfs_held *extension)
{
	uint64_t number = TALLY_NTFS_REFERENCE_RECORD(entry->reference);
	const tally_ntfs_record *record = a->base;
	if (entry->first_vcn != a->stream->runs.vcns)
		return damaged(a->reason, "the pieces of its run list don't follow each other");
	if (number != a->number) {
		tally_ntfs_kind kind = tally_ntfs_record_read(a->volume, number, extension, a->reason);
		if (kind == TALLY_NTFS_NO_STREAM ||
		    (kind == TALLY_NTFS_FILE && !is_extension(a, &extension->record, entry->reference)))
			return damaged(a->reason, "its attribute list names a record that isn't its own");
		if (kind != TALLY_NTFS_FILE)
			return kind;
		record = &extension->record;
	}
	tally_ntfs_attributes iteration = {.record = record};
	tally_ntfs_attribute attribute;
	while (tally_ntfs_attribute_next(&iteration, &attribute))
		if (tally_ntfs_attribute_is(&attribute, a->type, a->name) && attribute.id == entry->id &&
		    (attribute.resident ? 0 : attribute.first_vcn) == entry->first_vcn)
			return add(a, &attribute);
	return damaged(a->reason, "its attribute list names an attribute that isn't there");
}

static tally_ntfs_kind add_listed(assembly *a, const uint8_t *list, size_t size)
{
	tally_ntfs_held extension = {0};
	tally_ntfs_kind kind = TALLY_NTFS_FILE;
	list_entry entry;
	size_t at = 0;
	while (kind == TALLY_NTFS_FILE && next_entry(list, size, &at, &entry))
		if (tally_ntfs_attribute_is(&entry.as_named, a->type, a->name))
			kind = a->started && a->stream->runs.vcns == 0
				   ? damaged(a->reason, "it has the same attribute twice")
				   : add_entry(a, &entry, &extension);
	tally_free(extension.bytes);
	if (kind != TALLY_NTFS_FILE)
		return kind;
	return a->started ? TALLY_NTFS_FILE : TALLY_NTFS_NO_STREAM;
}

/* The list itself may be resident or not, but never has pieces elsewhere. */
static tally_ntfs_kind add_from_list(assembly *a, const tally_ntfs_attribute *attribute)
{
	if (attribute->resident)
		return add_listed(a, attribute->value, attribute->value_size);
	tally_ntfs_stream list = {.layer = a->stream->layer, .cluster_size = a->stream->cluster_size};
	assembly inner = {.volume = a->volume, .stream = &list, .reason = a->reason};
	uint8_t *bytes = NULL;
	tally_ntfs_kind kind = add(&inner, attribute);
	if (kind == TALLY_NTFS_FILE && (list.size > ATTRIBUTE_LIST_MAX || list.unit_size != 0))
		kind = damaged(a->reason, "its attribute list is longer than Windows allows");
	if (kind == TALLY_NTFS_FILE && (bytes = tally_alloc((size_t)list.size + 1)) == NULL)
		kind = TALLY_NTFS_NO_MEMORY;
	if (kind == TALLY_NTFS_FILE) {
		int result = tally_ntfs_stream_read_all(&list, 0, bytes, (size_t)list.size);
		kind = result == 0 ? add_listed(a, bytes, (size_t)list.size)
				   : failed(a->reason, result, "its attribute list ends too early");
	}
	tally_free(bytes);
	tally_ntfs_stream_clear(&list);
	return kind;
}

tally_ntfs_kind tally_ntfs_assemble(const tally_ntfs *volume, uint64_t number, const tally_ntfs_record *record,
				    uint32_t type, const char *name, tally_ntfs_stream *stream,
				    uint16_t *attribute_flags, tally_ntfs_reason *reason)
{
	assembly a = {.volume = volume,
		      .stream = stream,
		      .reason = reason,
		      .number = number,
		      .base = record,
		      .type = type,
		      .name = name};
	const uint32_t cluster = volume->facts.geometry.cluster_size;
	tally_ntfs_attribute list;
	*stream = (tally_ntfs_stream){.layer = volume->layer, .cluster_size = cluster};
	bool has_list = tally_ntfs_attribute_find(record, TALLY_NTFS_ATTRIBUTE_LIST, "", &list);
	tally_ntfs_kind kind = has_list ? add_from_list(&a, &list) : add_from_base(&a);
	if (attribute_flags != NULL)
		*attribute_flags = a.flags;
	if (kind == TALLY_NTFS_FILE && !stream->is_resident && stream->size > stream->runs.vcns * cluster)
		kind = damaged(reason, "its run list ends before its size");
	tally_ntfs_extent extent;
	if (stream->is_resident &&
	    tally_ntfs_stream_extent(&volume->mft, number * volume->facts.geometry.record_size, &extent))
		stream->resident_place = extent.place;
	if (kind == TALLY_NTFS_FILE && !tally_ntfs_stream_prepare(stream))
		kind = TALLY_NTFS_NO_MEMORY;
	if (kind != TALLY_NTFS_FILE)
		tally_ntfs_stream_clear(stream);
	return kind;
}

tally_ntfs_kind tally_ntfs_assemble_of(const tally_ntfs *volume, uint64_t number, uint32_t type, const char *name,
				       tally_ntfs_stream *stream, tally_ntfs_reason *reason)
{
	tally_ntfs_held held = {0};
	tally_ntfs_kind kind = tally_ntfs_record_read(volume, number, &held, reason);
	if (kind == TALLY_NTFS_FILE)
		kind = tally_ntfs_assemble(volume, number, &held.record, type, name, stream, NULL, reason);
	tally_free(held.bytes);
	return kind;
}
