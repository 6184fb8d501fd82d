/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/record.h"

#include "base/bytes.h"

#include <string.h>

#define HEADER_SIZE 42
#define END_OF_ATTRIBUTES UINT32_C(0xFFFFFFFF)
#define RESIDENT_HEADER 24
#define NON_RESIDENT_HEADER 64

/*
 * The last two bytes of each stride of a record hold a number that grows with each writing; what belongs there stands
 * in the header. Returns how many bytes are of one writing, 0 when the header makes no sense. A stride has been 512
 * bytes on every disk seen, those with 4096-byte sectors included.
 */
static uint32_t put_back(uint8_t *bytes, uint32_t size)
{
	uint32_t offset = tally_le16(bytes + 4), count = tally_le16(bytes + 6);
	if (offset < HEADER_SIZE || offset % 2 != 0 || count < 2 || offset + 2 * count > size ||
	    size % (count - 1) != 0)
		return 0;
	uint32_t stride = size / (count - 1);
	/* It must not replace itself. */
	if (stride < 512 || (stride & (stride - 1)) != 0 || offset + 2 * count > stride - 2)
		return 0;
	for (uint32_t i = 1; i < count; i++) {
		uint8_t *tail = bytes + i * stride - 2;
		if (memcmp(tail, bytes + offset, 2) != 0)
			return (i - 1) * stride;
		memcpy(tail, bytes + offset + 2 * i, 2);
	}
	return size;
}

tally_ntfs_record_state tally_ntfs_record_open(uint8_t *bytes, uint32_t size, tally_ntfs_record *record)
{
	if (tally_all_zero(bytes, size))
		return TALLY_NTFS_RECORD_EMPTY;
	if (memcmp(bytes, "FILE", 4) != 0)
		return TALLY_NTFS_RECORD_DAMAGED;
	uint32_t sound = put_back(bytes, size);
	uint32_t used = tally_le32(bytes + 24);
	uint32_t first = tally_le16(bytes + 20);
	if (sound == 0 || used > size || first < HEADER_SIZE || first > used || first % 8 != 0)
		return TALLY_NTFS_RECORD_DAMAGED;
	uint16_t flags = tally_le16(bytes + 22);
	*record = (tally_ntfs_record){
	    .bytes = bytes,
	    .size = used < sound ? used : sound,
	    .first = first,
	    .sequence = tally_le16(bytes + 16),
	    .in_use = (flags & 1) != 0,
	    .is_directory = (flags & 2) != 0,
	    .base = tally_le64(bytes + 32),
	};
	return sound == size ? TALLY_NTFS_RECORD_OK : TALLY_NTFS_RECORD_TORN;
}

static bool parse_resident(const uint8_t *at, uint32_t length, tally_ntfs_attribute *a)
{
	uint32_t size = tally_le32(at + 16), offset = tally_le16(at + 20);
	if (offset > length || size > length - offset)
		return false;
	a->value = at + offset;
	a->value_size = size;
	return true;
}

static bool parse_non_resident(const uint8_t *at, uint32_t length, tally_ntfs_attribute *a)
{
	if (length < NON_RESIDENT_HEADER)
		return false;
	uint32_t offset = tally_le16(at + 32);
	if (offset > length)
		return false;
	a->first_vcn = tally_le64(at + 16);
	a->last_vcn = tally_le64(at + 24);
	a->unit_shift = at[34];
	a->allocated = tally_le64(at + 40);
	a->size = tally_le64(at + 48);
	a->initialised = tally_le64(at + 56);
	a->pairs = at + offset;
	a->pairs_size = length - offset;
	return true;
}

bool tally_ntfs_attribute_next(tally_ntfs_attributes *iteration, tally_ntfs_attribute *attribute)
{
	const tally_ntfs_record *record = iteration->record;
	uint32_t start = iteration->at != 0 ? iteration->at : record->first;
	if (iteration->broken)
		return false;
	iteration->broken = true;
	if (start > record->size || record->size - start < 4)
		return false;
	const uint8_t *at = record->bytes + start;
	uint32_t left = record->size - start, type = tally_le32(at);
	if (type == END_OF_ATTRIBUTES) {
		iteration->broken = false;
		return false;
	}
	uint32_t length = left < RESIDENT_HEADER ? 0 : tally_le32(at + 4);
	if (length < RESIDENT_HEADER || length > left || length % 8 != 0)
		return false;
	*attribute = (tally_ntfs_attribute){
	    .type = type,
	    .resident = at[8] == 0,
	    .name_units = at[9],
	    .flags = tally_le16(at + 12),
	    .id = tally_le16(at + 14),
	};
	uint32_t name = tally_le16(at + 10);
	if (attribute->name_units != 0 && (name > length || 2U * attribute->name_units > length - name))
		return false;
	attribute->name = at + name;
	if (!(attribute->resident ? parse_resident : parse_non_resident)(at, length, attribute))
		return false;
	iteration->at = start + length;
	iteration->broken = false;
	return true;
}

bool tally_ntfs_attribute_is(const tally_ntfs_attribute *attribute, uint32_t type, const char *name)
{
	if (attribute->type != type || attribute->name_units != strlen(name))
		return false;
	for (uint32_t i = 0; i < attribute->name_units; i++)
		if (tally_le16(attribute->name + 2 * i) != (unsigned char)name[i])
			return false;
	return true;
}

bool tally_ntfs_attribute_find(const tally_ntfs_record *record, uint32_t type, const char *name,
			       tally_ntfs_attribute *attribute)
{
	tally_ntfs_attributes iteration = {.record = record};
	while (tally_ntfs_attribute_next(&iteration, attribute))
		if (tally_ntfs_attribute_is(attribute, type, name))
			return true;
	return false;
}

bool tally_ntfs_file_name_parse(const tally_ntfs_attribute *attribute, tally_ntfs_file_name *name)
{
	enum { FIXED = 66 };
	if (!attribute->resident || attribute->value_size < FIXED)
		return false;
	*name = (tally_ntfs_file_name){
	    .parent = tally_le64(attribute->value),
	    .units = attribute->value[64],
	    .space = attribute->value[65],
	    .name = attribute->value + FIXED,
	};
	return name->units > 0 && 2U * name->units <= attribute->value_size - FIXED &&
	       name->space <= TALLY_NTFS_WIN32_AND_DOS;
}
