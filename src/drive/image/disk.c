/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/image/disk.h"

#include "base/bytes.h"
#include "drive/image/opening.h"

#include "base/memory.h"

#include <errno.h>

#define START_SIZE 512

const char *tally_disk_kind_name(tally_disk_kind kind)
{
	static const char *const names[] = {
	    [TALLY_DISK_RAW] = "raw",
	    [TALLY_DISK_PIECES] = "raw in pieces",
	    [TALLY_DISK_VHD_FIXED] = "fixed VHD",
	    [TALLY_DISK_VHD_DYNAMIC] = "dynamic VHD",
	    [TALLY_DISK_VHDX] = "VHDX",
	};
	return names[kind];
}

/* Containers that would pass for raw disks without partitions. */
static bool refuse_foreign(tally_opening *o, const uint8_t *start)
{
	static const struct {
		size_t offset, size;
		const char *signature, *name;
	} known[] = {
	    {0, 4, "QFI\xfb", "a QCOW image"},
	    {0, 4, "KDMV", "a VMDK image"},
	    {0, 21, "# Disk DescriptorFile", "the description of a VMDK image"},
	    {0, 8, "EVF\x09\x0d\x0a\xff", "an EnCase image"},
	    {0, 8, "EVF2\x0d\x0a\x81", "an EnCase image"},
	    {64, 4, "\x7f\x10\xda\xbe", "a VirtualBox image (VDI)"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (memcmp(start + known[i].offset, known[i].signature, known[i].size) == 0)
			return tally_opening_refuse(
			    o, TALLY_DISK_FAULT_UNSUPPORTED,
			    "this is %s, which can't be read here; make a raw image of it first", known[i].name);
	return true;
}

/* Whether a VHD's footer is at the end. A disk of which that sector can't be read may be fine otherwise. */
static bool ends_as_vhd(tally_opening *o)
{
	uint8_t end[TALLY_VHD_SECTOR];
	int failed = tally_layer_read_all(o->below, o->below->size - sizeof end, end, sizeof end);
	if (failed != 0) {
		tally_notes_add(o->notes, "the last sector can't be read");
		return false;
	}
	return memcmp(end, TALLY_VHD_SIGNATURE, 8) == 0;
}

/* Opens what is in o->below, if that is a container. */
static bool open_container(tally_opening *o, tally_disk *disk)
{
	uint8_t start[START_SIZE] = {0};
	uint64_t size = o->below->size;
	if (size == 0)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_EMPTY, "there is not a single byte in it");
	if (!tally_opening_read(o, 0, start, size < sizeof start ? (size_t)size : sizeof start, "first sector"))
		return false;
	if (memcmp(start, TALLY_VHDX_SIGNATURE, 8) == 0) {
		disk->kind = TALLY_DISK_VHDX;
		return tally_vhdx_open(o, &disk->container);
	}
	bool starts_as_vhd = memcmp(start, TALLY_VHD_SIGNATURE, 8) == 0;
	if (size >= TALLY_VHD_SECTOR && (starts_as_vhd || ends_as_vhd(o)))
		return tally_vhd_open(o, &disk->kind, &disk->container);
	return refuse_foreign(o, start);
}

static bool open_files(tally_opening *o, const char *path, tally_disk *disk)
{
	tally_layer *pieces;
	o->result = tally_layer_open_file(path, &disk->file, o->error);
	if (o->result != TALLY_OK || !tally_pieces_open(o, path, &disk->pieces, &pieces))
		return false;
	if (pieces != NULL) {
		tally_layer_close(disk->file);
		disk->file = pieces;
		disk->kind = TALLY_DISK_PIECES;
	}
	o->below = disk->file;
	return true;
}

/* One of `path` and `below` is NULL. */
static tally_result open_disk(const char *path, tally_layer *below, tally_disk **out, tally_disk_problem *problem,
			      tally_error *error)
{
	*out = NULL;
	*problem = (tally_disk_problem){0};
	tally_disk *disk = tally_zalloc(1, sizeof *disk);
	if (disk == NULL)
		return tally_fail_memory(error);
	disk->pieces = 1;
	tally_opening o = {.below = below, .problem = problem, .notes = &disk->notes, .error = error};
	if ((path != NULL && !open_files(&o, path, disk)) || !open_container(&o, disk)) {
		tally_disk_close(disk);
		return o.result;
	}
	disk->layer = disk->container != NULL ? disk->container : o.below;
	*out = disk;
	return TALLY_OK;
}

tally_result tally_disk_open(const char *path, tally_disk **disk, tally_disk_problem *problem, tally_error *error)
{
	return open_disk(path, NULL, disk, problem, error);
}

tally_result tally_disk_open_layer(tally_layer *below, tally_disk **disk, tally_disk_problem *problem,
				   tally_error *error)
{
	return open_disk(NULL, below, disk, problem, error);
}

void tally_disk_close(tally_disk *disk)
{
	if (disk == NULL)
		return;
	tally_layer_close(disk->container);
	tally_layer_close(disk->file);
	tally_free(disk);
}
