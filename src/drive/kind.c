/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/kind.h"

#include "drive/archive/reader.h"
#include "drive/image/boot_sector.h"
#include "drive/image/opening.h"

#include <string.h>

/*
 * What begins as nothing but a disk or volume does. Zip archives are known by their end, and the last sectors of an
 * image are some file's: the beginning counts. A beginning that can't be read is for the reader of disks to tell.
 */
static bool begins_as_disk(tally_layer *layer)
{
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
	if (layer->size < sizeof sector)
		return false;
	if (tally_layer_read_all(layer, 0, sector, sizeof sector) != 0 ||
	    memcmp(sector, TALLY_VHDX_SIGNATURE, 8) == 0 || memcmp(sector, TALLY_VHD_SIGNATURE, 8) == 0)
		return true;
	tally_boot_sector kind = tally_boot_sector_of(sector);
	return kind == TALLY_BOOT_SECTOR_NTFS || kind == TALLY_BOOT_SECTOR_BITLOCKER ||
	       kind == TALLY_BOOT_SECTOR_BITLOCKER_TO_GO;
}

/*
 * libarchive's own bidding: a format has to be recognised, whether its first entry can be read or not. A disk has none
 * of their marks; one that has an ISO 9660 file system on it is a CD image with a boot sector, and that is an archive.
 */
static tally_result ask_libarchive(tally_layer *layer, tally_drive_kind *kind, tally_error *error)
{
	tally_archive_reader *reader;
	tally_result result = tally_archive_reader_new(&reader, layer, NULL, NULL, error);
	if (result != TALLY_OK)
		return result;
	tally_archive_entry entry;
	tally_archive_step step = tally_archive_reader_next(reader, &entry);
	if (step == TALLY_ARCHIVE_NO_MEMORY)
		result = tally_fail_memory(error);
	/* Zeros are the end of a tar archive, and a disk that was wiped. */
	else if (step == TALLY_ARCHIVE_END)
		*kind = tally_archive_reader_is_packed(reader) ? TALLY_DRIVE_PACKED : TALLY_DRIVE_OTHER;
	else if (tally_archive_reader_format(reader) != NULL)
		*kind = TALLY_DRIVE_ARCHIVE;
	else
		*kind = tally_archive_reader_is_packed(reader) ? TALLY_DRIVE_PACKED : TALLY_DRIVE_OTHER;
	tally_archive_reader_free(reader);
	return result;
}

tally_result tally_drive_recognise(const char *path, tally_drive_kind *kind, tally_error *error)
{
	tally_layer *layer;
	*kind = TALLY_DRIVE_OTHER;
	tally_result result = tally_layer_open_file(path, &layer, error);
	if (result != TALLY_OK)
		return result;
	if (layer->size > 0 && !begins_as_disk(layer))
		result = ask_libarchive(layer, kind, error);
	tally_layer_close(layer);
	return result;
}
