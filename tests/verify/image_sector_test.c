/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sector of a disk that can't be read: the finding has its bytes (of a sector of 512 those of the 4096 around it,
 * which are read as one), and it costs the segment that it lies in and no other. Reads that touch the sector fail as a
 * whole, as a disk's do.
 */
#include "drive/drive.h"
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "verify/image_stage.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MIB ((uint64_t)1 << 20)
#define BIG "data/big.bin"
#define BIG_SIZE (3 * MIB)
#define SIDE "data/side.bin.metadata"
#define MANIFEST "DriveManifest.xml"
#define MAPPED ((size_t)400 << 10) /* nothing below is mapped, nothing so large is read */

static image_stage im;
static char other[192]; /* a second disk, to see where they differ */

/* ---- the disk ---- */

typedef struct kind {
	uint32_t sector;
	bool is_locked; /* else it is plain NTFS, which is mapped */
} kind;

static const kind kinds[] = {{512, true}, {4096, true}, {512, false}, {4096, false}};
static const kind *disk;
static uint64_t big_at; /* where the large file's first byte is on it */

static void put_disk(const char *path)
{
	const ntfs_options ntfs = {.size = 16 * MIB, .sector_size = disk->sector};
	const uint64_t size = image_put_volume(&im, &ntfs);
	if (disk->is_locked) {
		bitlocker_options lock = image_lock_fast(&im);
		lock.sector_size = disk->sector;
		image_lock_volume(im.volume, size, &lock);
	}
	const disk_volume volume = {.image = im.volume};
	disk_write_gpt(
	    path,
	    &(disk_layout){.volumes = &volume, .count = 1, .sector_size = disk->sector, .reserved = DISK_NO_RESERVED});
}

/* White space, so that what is long needs not say much; longer than what stays in a record of $MFT. */
static const char *long_metadata(void)
{
	static char text[9001];
	memset(text, '\n', sizeof text - 1);
	memcpy(text, "<Metadata>", 10);
	memcpy(text + sizeof text - 12, "</Metadata>", 11);
	return text;
}

/* Where a file lies on the disk: where two disks differ, when its first byte does. */
static uint64_t place_of(const char *path)
{
	stage_flip(&im.s, path, 0);
	put_disk(other);
	stage_flip(&im.s, path, 0);
	return disk_find_difference(im.disk, other) / disk->sector * disk->sector;
}

static void begin(const kind *k)
{
	disk = k;
	image_begin_empty(&im);
	snprintf(other, sizeof other, "%s/other.img", im.s.root);
	maker *m = stage_begin(&im.s);
	maker_add(m, &(maker_blob){.blob_path = BIG, .size = BIG_SIZE, .segment_size = MIB});
	maker_add(m, &(maker_blob){.blob_path = "data/small.bin", .size = 13000, .segment_size = 4096});
	maker_add(m,
		  &(maker_blob){.blob_path = "data/page.vhd", .size = 3 * 65536, .segment_size = 65536, .page = true});
	maker_add(m, &(maker_blob){.blob_path = "data/side.bin", .size = 5000, .metadata = long_metadata()});
	maker_end(m);
	maker_seal(m);
	put_disk(im.disk);
	big_at = place_of(BIG);
}

/* ---- its bad sector ---- */

static uint64_t bad_from, bad_to; /* on the disk */

static int fail_there(uint64_t offset, size_t size)
{
	return offset < bad_to && offset + size > bad_from ? -EIO : 0;
}

/* A mapping gets its bytes past those who read: with a bad place among them it can't be made. */
static int64_t fail_to_map_there(const tally_file *file, uint64_t offset, size_t size)
{
	return size >= MAPPED && file->size == BIG_SIZE ? fail_there(big_at + offset, size) : 0;
}

static const struct {
	tally_io_mode io;
	unsigned jobs;
} ways[] = {{TALLY_IO_AUTO, 1}, {TALLY_IO_MMAP, 1}, {TALLY_IO_READ, 1}, {TALLY_IO_DIRECT, 1}, {TALLY_IO_AUTO, 3}};

/* What is told of a disk, besides what its bad sector costs. */
static const char *always(void)
{
	return disk->is_locked ? "" : "V-55 error drive BitLockerNotActivated\n";
}

typedef struct outcome {
	const char *finding; /* as in a transcript */
	const char *path;    /* with `\`, of the file that it names */
	const char *counts;
	const char *status; /* of a disk that is locked */
} outcome;

/* Past the cache nothing smaller is asked of a disk. */
static uint64_t smallest(void)
{
	return disk->sector > TALLY_LAYER_ALIGNMENT ? disk->sector : TALLY_LAYER_ALIGNMENT;
}

/* A sector of a file, `at` from its beginning, can't be read. */
static void expect(const char *path, uint64_t place, uint64_t at, const outcome *o)
{
	char findings[200], range[64];
	snprintf(findings, sizeof findings, "%s%s\n", always(), o->finding);
	const uint64_t file_size = disk_size(stage_place(&im.s, path)), begin = at / smallest() * smallest(),
		       end = begin + smallest();
	snprintf(range, sizeof range, " range=%" PRIu64 "+%" PRIu64 " ", begin,
		 (end < file_size ? end : file_size) - begin);
	bad_from = place + at;
	bad_to = bad_from + disk->sector;
	for (size_t i = 0; i < COUNT(ways); i++) {
		im.s.options.io = ways[i].io;
		im.s.options.jobs = ways[i].jobs;
		tally_layer_fault = fail_there;
		tally_read_fault = fail_to_map_there;
		image_check(&im, im.disk);
		tally_layer_fault = NULL;
		tally_read_fault = NULL;
		ck_assert_msg(strstr(im.t.whole, range) != NULL && strstr(im.t.whole, o->path) != NULL &&
				  strstr(im.t.whole, "Input/output error") != NULL,
			      "%s, %" PRIu64 ", way %zu: no%s\n%.3000s", path, at, i, range, im.t.whole);
		ck_assert_msg(strcmp(im.t.counts, o->counts) == 0, "%s, %" PRIu64 ", way %zu: %s\n%.3000s", path, at, i,
			      im.t.counts, im.t.whole);
		image_expect(&im, path, disk->is_locked ? o->status : "BitLockerNotActivated", 1, findings);
	}
}

#define ALL_OTHERS "blob: Completed 3, CompletedWithErrors 1; segment: Completed 10, IOFailed 1; metadata: Completed 1"

START_TEST(one_bad_sector_costs_one_segment)
{
	static const struct {
		const char *path, *told;
		uint64_t segment, size; /* where the segment begins, and its bytes */
	} segments[] = {
	    {BIG, "file=\\data\\big.bin", MIB, MIB},
	    {BIG, "file=\\data\\big.bin", 2 * MIB, MIB},
	    {"data/small.bin", "file=\\data\\small.bin", 4096, 4096},
	    {"data/page.vhd", "file=\\data\\page.vhd", 65536, 65536},
	};
	begin(&kinds[_i]);
	for (size_t i = 0; i < COUNT(segments); i++) {
		const outcome o = {"V-22 error segment IOFailed", segments[i].told, ALL_OTHERS, "CompletedWithErrors"};
		const uint64_t place = place_of(segments[i].path), first = segments[i].segment, size = segments[i].size;
		expect(segments[i].path, place, first, &o);
		expect(segments[i].path, place, first + size / 2 / disk->sector * disk->sector, &o);
		expect(segments[i].path, place, first + size - disk->sector, &o);
	}
	image_end(&im);
}
END_TEST

/* Of what is read as a whole, it costs that. */
START_TEST(one_bad_sector_of_a_side_file)
{
	static const outcome o = {"V-33 error metadata IOFailed", "\\data\\side.bin.metadata",
				  "blob: Completed 3, CompletedWithErrors 1; segment: Completed 11; "
				  "metadata: IOFailed 1",
				  "CompletedWithErrors"};
	begin(&kinds[_i]);
	const uint64_t place = place_of(SIDE);
	expect(SIDE, place, 0, &o);
	expect(SIDE, place, 4096, &o);
	image_end(&im);
}
END_TEST

/* What stands in front of it in the manifest is checked. */
START_TEST(one_bad_sector_of_the_manifest)
{
	static const outcome o = {"V-03 error drive ReadManifestFailed", "document=\\DriveManifest.xml", "",
				  "ReadManifestFailed"};
	begin(&kinds[_i]);
	expect(MANIFEST, place_of(MANIFEST), 0, &o);
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {one_bad_sector_costs_one_segment, COUNT(kinds)},
	    {one_bad_sector_of_a_side_file, COUNT(kinds)},
	    {one_bad_sector_of_the_manifest, COUNT(kinds)},
	    {NULL, 0},
	};
	return suite_run("verify/image_sector", tests);
}
