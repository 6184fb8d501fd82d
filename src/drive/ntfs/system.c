/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/system.h"

#include "base/memory.h"
#include "base/windows_path.h"
#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_VOLUME = 3, RECORD_BAD_CLUSTERS = 8, RECORD_UPCASE = 10 };

#define VOLUME_DIRTY 1

/* ---- $UpCase ---- */

static tally_ntfs_kind read_upcase(tally_ntfs *volume)
{
	enum { SIZE = 2 * TALLY_NTFS_UPCASE_UNITS };
	tally_ntfs_stream stream;
	tally_ntfs_reason reason = {0};
	tally_ntfs_kind kind = tally_ntfs_assemble_of(volume, RECORD_UPCASE, TALLY_NTFS_DATA, "", &stream, &reason);
	if (kind != TALLY_NTFS_FILE)
		return kind;
	uint8_t *bytes = tally_alloc(SIZE);
	if (bytes == NULL)
		kind = TALLY_NTFS_NO_MEMORY;
	else if (stream.size != SIZE || tally_ntfs_stream_read_all(&stream, 0, bytes, SIZE) != 0)
		kind = TALLY_NTFS_FILE_DAMAGED;
	else
		for (uint32_t i = 0; i < TALLY_NTFS_UPCASE_UNITS; i++)
			volume->upcase[i] = tally_le16(bytes + 2 * i);
	/* Noise would make names equal that aren't: what every table has in common must hold. */
	if (kind == TALLY_NTFS_FILE &&
	    (volume->upcase['a'] != 'A' || volume->upcase['Z'] != 'Z' || volume->upcase['0'] != '0'))
		kind = TALLY_NTFS_FILE_DAMAGED;
	tally_free(bytes);
	tally_ntfs_stream_clear(&stream);
	return kind;
}

static bool load_upcase(tally_ntfs *volume)
{
	volume->upcase = tally_alloc(TALLY_NTFS_UPCASE_UNITS * sizeof *volume->upcase);
	if (volume->upcase == NULL)
		return false;
	tally_ntfs_kind kind = read_upcase(volume);
	if (kind == TALLY_NTFS_NO_MEMORY)
		return false;
	volume->facts.own_upcase = kind != TALLY_NTFS_FILE;
	for (uint32_t i = 0; volume->facts.own_upcase && i < TALLY_NTFS_UPCASE_UNITS; i++)
		volume->upcase[i] = (uint16_t)tally_ntfs_upcase(i);
	return true;
}

/* ---- $Volume ---- */

static void read_label(const tally_ntfs_attribute *attribute, tally_ntfs_facts *facts)
{
	uint32_t units = attribute->value_size / 2;
	tally_ntfs_name label = {.is_wide = true, .letters = attribute->value};
	char text[TALLY_NTFS_NAME_BYTES + 1];
	label.units = (uint8_t)(units < TALLY_NTFS_LABEL_UNITS ? units : TALLY_NTFS_LABEL_UNITS);
	size_t size = tally_ntfs_name_write(&label, text);
	memcpy(facts->label, text, size + 1);
}

static bool load_volume(tally_ntfs *volume)
{
	tally_ntfs_facts *facts = &volume->facts;
	tally_ntfs_held held = {0};
	tally_ntfs_reason reason = {0};
	tally_ntfs_attribute attribute;
	tally_ntfs_kind kind = tally_ntfs_record_read(volume, RECORD_VOLUME, &held, &reason);
	if (kind == TALLY_NTFS_FILE) {
		if (tally_ntfs_attribute_find(&held.record, TALLY_NTFS_VOLUME_NAME, "", &attribute) &&
		    attribute.resident)
			read_label(&attribute, facts);
		if (tally_ntfs_attribute_find(&held.record, TALLY_NTFS_VOLUME_INFORMATION, "", &attribute) &&
		    attribute.resident && attribute.value_size >= 12) {
			facts->major = attribute.value[8];
			facts->minor = attribute.value[9];
			facts->dirty = (tally_le16(attribute.value + 10) & VOLUME_DIRTY) != 0;
		}
	}
	tally_free(held.bytes);
	return kind != TALLY_NTFS_NO_MEMORY;
}

/* ---- $BadClus ---- */

/* A stream as large as the volume, all of it a hole but for the bad clusters, which are at their own numbers. */
static bool load_bad_clusters(tally_ntfs *volume)
{
	tally_ntfs_stream stream;
	tally_ntfs_reason reason = {0};
	tally_ntfs_kind kind =
	    tally_ntfs_assemble_of(volume, RECORD_BAD_CLUSTERS, TALLY_NTFS_DATA, "$Bad", &stream, &reason);
	volume->facts.bad_unknown = kind != TALLY_NTFS_FILE;
	if (kind != TALLY_NTFS_FILE)
		return kind != TALLY_NTFS_NO_MEMORY;
	for (size_t i = 0; i < stream.runs.count; i++)
		if (stream.runs.items[i].lcn != TALLY_NTFS_HOLE)
			volume->facts.bad_clusters += stream.runs.items[i].count;
	volume->bad = stream.runs;
	stream.runs = (tally_ntfs_runs){0};
	tally_ntfs_stream_clear(&stream);
	return true;
}

tally_result tally_ntfs_load_system(tally_ntfs *volume, tally_error *error)
{
	if (load_upcase(volume) && load_volume(volume) && load_bad_clusters(volume))
		return TALLY_OK;
	return tally_fail_memory(error);
}

/* ---- what is known of a volume ---- */

const tally_ntfs_facts *tally_ntfs_facts_of(const tally_ntfs *volume)
{
	return &volume->facts;
}

tally_layer *tally_ntfs_layer(const tally_ntfs *volume)
{
	return volume->layer;
}

bool tally_ntfs_note(const tally_ntfs *volume, unsigned n, char text[160])
{
	const tally_ntfs_facts *f = &volume->facts;
	const struct {
		bool holds;
		uint64_t count;
		const char *noun; /* in front of the text, where there is a count */
		const char *text;
	} notes[] = {
	    {f->boot_from_copy, 0, "", "its boot sector is damaged; the copy at its end was used"},
	    {f->mft_from_mirror, 0, "", "the first record of $MFT is damaged; $MFTMirr was used"},
	    {f->cut, 0, "", "it is larger than what it lies on: the image or partition was cut off"},
	    {f->dirty, 0, "", "its last use was not ended cleanly (dirty): Windows would check it first"},
	    {f->lost_records > 0, f->lost_records, "record", " of $MFT can't be read: names may be missing"},
	    {f->torn_records > 0, f->torn_records, "damaged record", " of $MFT: files can't be read"},
	    {f->orphans > 0, f->orphans, "name", " in directories that don't exist"},
	    {f->bad_clusters > 0, f->bad_clusters, "cluster", " known to be bad"},
	    {f->bad_unknown, 0, "", "its list of bad clusters can't be read"},
	    {f->own_upcase, 0, "", "$UpCase can't be read: names are compared as Windows 10 does"},
	    {f->major == 0, 0, "", "$Volume can't be read: its version and whether it is dirty are not known"},
	};
	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		if (!notes[i].holds || n-- > 0)
			continue;
		if (notes[i].count > 0)
			snprintf(text, 160, "%" PRIu64 " %s%s%s", notes[i].count, notes[i].noun,
				 notes[i].count > 1 ? "s" : "", notes[i].text);
		else
			snprintf(text, 160, "%s", notes[i].text);
		return true;
	}
	return false;
}

/* ---- names ---- */

tally_ntfs_match tally_ntfs_lookup(const tally_ntfs *volume, uint32_t directory, tally_text name,
				   tally_ntfs_name found[2])
{
	uint16_t units[TALLY_NTFS_NAME_UNITS];
	unsigned count = tally_ntfs_name_read(name.data, name.size, units);
	return count == 0 ? TALLY_NTFS_NO_MATCH : tally_ntfs_names_find(&volume->names, directory, units, count, found);
}

const tally_ntfs_names *tally_ntfs_names_of(const tally_ntfs *volume)
{
	return &volume->names;
}

static bool has_flag(const tally_ntfs *volume, uint32_t record, unsigned flag)
{
	return record < volume->facts.records && (volume->infos[record].flags & flag) != 0;
}

bool tally_ntfs_is_directory(const tally_ntfs *volume, uint32_t record)
{
	return has_flag(volume, record, TALLY_NTFS_INFO_DIRECTORY);
}

bool tally_ntfs_has_reparse_point(const tally_ntfs *volume, uint32_t record)
{
	return has_flag(volume, record, TALLY_NTFS_INFO_REPARSE);
}
