/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a volume: boot sector, $MFT's own record, and from there the rest. */
#include "base/memory.h"
#include "base/bytes.h"
#include "drive/ntfs/system.h"
#include "drive/ntfs/volume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool tally_ntfs_refuse(tally_ntfs_opening *opening, tally_ntfs_outcome outcome, int os_error, const char *format, ...)
{
	tally_ntfs_problem *problem = opening->problem;
	va_list arguments;
	problem->outcome = outcome;
	problem->os_error = os_error;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof problem->text, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- boot sector ---- */

/* A boot sector of something else is no damage: there is another file system here, and remains of NTFS behind it. */
static bool belongs_to_another(const uint8_t sector[TALLY_NTFS_BOOT_SIZE])
{
	return sector[510] == 0x55 && sector[511] == 0xAA;
}

/* The copy is in the last sector of the partition, behind those that the volume counts as its own. */
static bool read_copy(const tally_layer *layer, tally_layer *from, tally_ntfs_geometry *geometry)
{
	static const uint32_t sector_sizes[] = {512, 4096, 1024, 2048};
	for (size_t i = 0; i < sizeof sector_sizes / sizeof sector_sizes[0]; i++) {
		const uint32_t size = sector_sizes[i];
		uint64_t place = layer->size - layer->size % size;
		uint8_t sector[TALLY_NTFS_BOOT_SIZE];
		const char *what;
		if (place < 2 * (uint64_t)size || tally_layer_read_all(from, place - size, sector, sizeof sector) != 0)
			continue;
		if (tally_ntfs_boot_parse(sector, geometry, &what) == TALLY_NTFS_BOOT_OK &&
		    geometry->sector_size == size)
			return true;
	}
	return false;
}

static bool read_boot(tally_ntfs_opening *o)
{
	tally_ntfs *volume = o->volume;
	tally_ntfs_facts *facts = &volume->facts;
	uint8_t sector[TALLY_NTFS_BOOT_SIZE];
	const char *what = NULL;
	int failed = tally_layer_read_all(volume->layer, 0, sector, sizeof sector);
	tally_ntfs_boot boot =
	    failed == 0 ? tally_ntfs_boot_parse(sector, &facts->geometry, &what) : TALLY_NTFS_BOOT_DAMAGED;
	bool is_other = boot == TALLY_NTFS_BOOT_OTHER && belongs_to_another(sector);
	if (boot != TALLY_NTFS_BOOT_OK && !is_other)
		facts->boot_from_copy = read_copy(volume->layer, volume->layer, &facts->geometry);
	if (boot == TALLY_NTFS_BOOT_OK || facts->boot_from_copy) {
		facts->cut = facts->geometry.sectors > volume->layer->size / facts->geometry.sector_size;
		return true;
	}
	if (failed != 0 && failed != -ENODATA)
		return tally_ntfs_refuse(o, TALLY_NTFS_UNREADABLE, -failed, "its boot sector can't be read");
	if (boot == TALLY_NTFS_BOOT_OTHER || failed != 0)
		return tally_ntfs_refuse(o, TALLY_NTFS_OTHER, 0, "its boot sector is not one of NTFS");
	return tally_ntfs_refuse(o, TALLY_NTFS_DAMAGED, 0, "its boot sector has %s, and there is no good copy of it",
				 what);
}

/* ---- $MFT ---- */

typedef enum mft_result { MFT_OK, MFT_DAMAGED, MFT_UNREADABLE, MFT_NO_MEMORY } mft_result;

/* Takes $MFT's own record from `place` and puts its run list together. */
static mft_result load_mft(tally_ntfs *volume, uint64_t place, uint8_t *bytes, tally_ntfs_reason *reason)
{
	const uint32_t size = volume->facts.geometry.record_size;
	tally_ntfs_record record;
	int failed = tally_layer_read_all(volume->layer, place, bytes, size);
	*reason = (tally_ntfs_reason){.what = "it is no record of a file in use", .os_error = -failed};
	if (failed != 0)
		return failed == -ENOMEM ? MFT_NO_MEMORY : MFT_UNREADABLE;
	if (tally_ntfs_record_open(bytes, size, &record) != TALLY_NTFS_RECORD_OK || !record.in_use || record.base != 0)
		return MFT_DAMAGED;
	switch (tally_ntfs_assemble(volume, 0, &record, TALLY_NTFS_DATA, "", &volume->mft, NULL, reason)) {
	case TALLY_NTFS_FILE:
		break;
	case TALLY_NTFS_NO_MEMORY:
		return MFT_NO_MEMORY;
	case TALLY_NTFS_FILE_UNREADABLE:
		return MFT_UNREADABLE;
	default:
		return MFT_DAMAGED;
	}
	const tally_ntfs_stream *mft = &volume->mft;
	uint64_t records = mft->initialised / size;
	/* Its clusters can't be more than there are: a bound for all that follows. */
	bool fits = mft->runs.vcns <= volume->facts.geometry.clusters && mft->initialised <= volume->layer->size;
	if (!mft->is_resident && mft->unit_size == 0 && fits && records > TALLY_NTFS_ROOT && records <= UINT32_MAX) {
		volume->facts.records = records;
		return MFT_OK;
	}
	reason->what = "its size makes no sense";
	tally_ntfs_stream_clear(&volume->mft);
	return MFT_DAMAGED;
}

static tally_result open_mft(tally_ntfs_opening *o, bool *opened)
{
	tally_ntfs *volume = o->volume;
	const tally_ntfs_geometry *geometry = &volume->facts.geometry;
	tally_ntfs_reason reason, mirror_reason;
	uint8_t *bytes = tally_alloc(geometry->record_size);
	if (bytes == NULL)
		return tally_fail_memory(o->error);
	mft_result result = load_mft(volume, geometry->mft * geometry->cluster_size, bytes, &reason), mirror = MFT_OK;
	if (result != MFT_OK && result != MFT_NO_MEMORY) {
		mirror = load_mft(volume, geometry->mirror * geometry->cluster_size, bytes, &mirror_reason);
		volume->facts.mft_from_mirror = mirror == MFT_OK;
	}
	tally_free(bytes);
	if (result == MFT_NO_MEMORY || mirror == MFT_NO_MEMORY)
		return tally_fail_memory(o->error);
	*opened = result == MFT_OK || mirror == MFT_OK;
	if (*opened)
		return TALLY_OK;
	bool unreadable = result == MFT_UNREADABLE && reason.os_error != ENODATA;
	if (unreadable)
		tally_ntfs_refuse(o, TALLY_NTFS_UNREADABLE, reason.os_error,
				  "the first record of $MFT can't be read, and its mirror is of no use");
	else if (result == MFT_UNREADABLE)
		tally_ntfs_refuse(o, TALLY_NTFS_DAMAGED, 0, "$MFT lies behind the end of the disk or image");
	else
		tally_ntfs_refuse(o, TALLY_NTFS_DAMAGED, 0,
				  "the first record of $MFT is damaged, and its mirror, too: %s", reason.what);
	return TALLY_OK;
}

/* ---- the whole ---- */

static tally_result open_all(tally_ntfs_opening *o)
{
	bool opened = false;
	if (!read_boot(o))
		return TALLY_OK;
	tally_result result = open_mft(o, &opened);
	if (result == TALLY_OK && opened)
		result = tally_ntfs_load_system(o->volume, o->error);
	if (result == TALLY_OK && opened)
		result = tally_ntfs_names_begin(&o->volume->names, o->volume->upcase, o->error);
	if (result == TALLY_OK && opened)
		result = tally_ntfs_scan(o);
	return result;
}

tally_result tally_ntfs_open(tally_layer *layer, const tally_ntfs_options *options, tally_ntfs **out,
			     tally_ntfs_problem *problem, tally_error *error)
{
	*out = NULL;
	*problem = (tally_ntfs_problem){.outcome = TALLY_NTFS_OPEN};
	tally_ntfs *volume = tally_zalloc(1, sizeof *volume);
	if (volume == NULL)
		return tally_fail_memory(error);
	volume->layer = layer;
	tally_ntfs_opening opening = {volume, options, problem, error};
	tally_result result = open_all(&opening);
	if (result == TALLY_OK && problem->outcome == TALLY_NTFS_OPEN)
		*out = volume;
	else
		tally_ntfs_close(volume);
	return result;
}

void tally_ntfs_close(tally_ntfs *volume)
{
	if (volume == NULL)
		return;
	tally_ntfs_stream_clear(&volume->mft);
	tally_ntfs_runs_clear(&volume->bad);
	tally_ntfs_names_clear(&volume->names);
	tally_free(volume->infos);
	tally_free(volume->upcase);
	tally_free(volume);
}
