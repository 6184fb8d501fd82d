/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives as they are shipped: a disk with a partition table, on it a BitLocker volume, in it NTFS. What a directory
 * shows, an image shows as well, whatever it is kept in.
 */
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "support/tools.h"
#include "verify/image_stage.h"
#include "verify/pack.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static image_stage im;

START_TEST(a_whole_disk_is_checked)
{
	image_begin(&im);
	const bitlocker_options right = image_lock(&im);
	image_put_disk(&im, &right);
	image_check(&im, im.disk);
	ck_assert_str_eq(im.t.counts,
			 "blob: Completed 3; segment: Completed 6; metadata: Completed 3; properties: Completed 3");
	image_expect(&im, "a right disk", "Completed", 0, "");
	/* With the key from a file instead. */
	stage_write(&im.s, "../key", im.digits);
	im.s.options.journal = NULL;
	im.s.options.key_file = im.key_file;
	image_check(&im, im.disk);
	image_expect(&im, "a key file", "Completed", 0, "");
	image_end(&im);
}
END_TEST

/* The two tell the same, but for what only one of them knows. */
START_TEST(an_image_tells_what_a_directory_tells)
{
	static const unsigned jobs[] = {1, 3};
	image_begin(&im);
	stage_flip(&im.s, "disks/b.vhd", 5000);
	stage_remove(&im.s, "pictures/sub/c.txt");
	stage_resize(&im.s, "pictures/a.jpg", 9000);
	stage_write(&im.s, "more/x.txt", "x");
	image_check(&im, im.s.drive);
	char *findings = strdup(im.t.findings), *counts = strdup(im.t.counts);
	image_expect(&im, "a directory", "CompletedWithErrors", 1, NULL);
	for (size_t i = 0; i < 2; i++) {
		im.s.options.jobs = jobs[i];
		for (unsigned io = TALLY_IO_AUTO; io <= TALLY_IO_DIRECT; io++) {
			if (i == 0 && io == TALLY_IO_AUTO)
				image_put_disk(&im, NULL);
			im.s.options.io = (tally_io_mode)io;
			image_check(&im, im.disk);
			ck_assert_str_eq(im.t.counts, counts);
			image_expect(&im, "an image", "CompletedWithErrors", 1, findings);
		}
	}
	free(findings);
	free(counts);
	image_end(&im);
}
END_TEST

START_TEST(containers_hold_the_same_disk)
{
	char path[256];
	image_begin(&im);
	image_put_disk(&im, NULL);
	snprintf(path, sizeof path, "%s/disk.vhd", im.s.root);
	disk_write_vhd_fixed(im.disk, path);
	image_check(&im, path);
	image_expect(&im, "a fixed VHD", "Completed", 0, "");
	disk_write_vhd_dynamic(im.disk, path, 2 << 20);
	image_check(&im, path);
	image_expect(&im, "a dynamic VHD", "Completed", 0, "");
	disk_write_vhdx(im.disk, path, 1 << 20, 512);
	image_check(&im, path);
	image_expect(&im, "a VHDX", "Completed", 0, "");
	snprintf(path, sizeof path, "%s/piece", im.s.root);
	ck_assert_uint_gt(disk_write_pieces(im.disk, path, 20 << 20, 1), 2);
	strcat(path, ".001");
	image_check(&im, path);
	image_expect(&im, "pieces", "Completed", 0, "");
	image_check(&im, im.volume);
	image_expect(&im, "a bare volume", "Completed", 0, "");
	image_end(&im);
}
END_TEST

/* A copy of a disk has the same files to the last number: it is another disk all the same. */
/* A small zip archive as the last bytes of a file, behind what is in it or on top. */
static void end_as_zip(const char *path, bool behind)
{
	static uint8_t zip[4096];
	char name[224];
	snprintf(name, sizeof name, "%s.zip", path);
	pack *p = pack_begin(name, "zip", NULL, NULL);
	pack_file(p, "DriveManifest.xml", "<x/>", 4);
	pack_end(p);
	uint64_t size = disk_size(name), end = disk_size(path);
	ck_assert_uint_lt(size, sizeof zip);
	disk_read(name, 0, zip, (size_t)size);
	disk_patch(path, behind ? end : end - size, zip, (size_t)size);
	unlink(name);
}

/* Zip archives are known by their end; so a disk's last file must not make it one. */
START_TEST(a_disk_that_ends_in_a_zip_is_a_disk)
{
	char path[256];
	image_begin(&im);
	image_put_volume(&im, NULL);
	end_as_zip(im.volume, false);
	image_check(&im, im.volume);
	image_expect(&im, "NTFS", "BitLockerNotActivated", 1, "V-55 error drive BitLockerNotActivated\n");
	const bitlocker_options lock = image_lock_fast(&im);
	image_lock_volume(im.volume, image_put_volume(&im, NULL), &lock);
	end_as_zip(im.volume, true);
	image_check(&im, im.volume);
	image_expect(&im, "BitLocker", "Completed", 0, "");
	image_put_disk(&im, NULL);
	snprintf(path, sizeof path, "%s/disk.vhdx", im.s.root);
	disk_write_vhdx(im.disk, path, 1 << 20, 512);
	end_as_zip(path, true);
	image_check(&im, path);
	image_expect(&im, "VHDX", "Completed", 0, "");
	disk_write_vhd_dynamic(im.disk, path, 2 << 20);
	end_as_zip(path, true);
	image_check(&im, path);
	ck_assert_ptr_null(strstr(im.t.whole, "source=archive"));
	transcript_clear(&im.t);
	image_end(&im);
}
END_TEST

/* A CD that can be started from has a disk's first sector. */
START_TEST(a_cd_with_a_boot_sector_is_an_archive)
{
	static const uint8_t mark[2] = {0x55, 0xAA};
	image_begin(&im);
	pack *p = pack_begin(im.disk, "iso9660", NULL, NULL);
	pack_folder(p, im.s.drive, "", false);
	pack_end(p);
	disk_patch(im.disk, 510, mark, sizeof mark);
	image_check(&im, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "source=archive"));
	image_expect(&im, "a CD", "Completed", 0, "");
	image_end(&im);
}
END_TEST

START_TEST(a_checkpoint_belongs_to_one_disk)
{
	char checkpoint[192], copy[192], piece[192];
	image_begin(&im);
	image_put_disk(&im, NULL);
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", im.s.root);
	snprintf(copy, sizeof copy, "%s/copy.img", im.s.root);
	im.s.options.checkpoint = checkpoint;
	image_check(&im, im.disk);
	image_expect(&im, "the first time", "Completed", 0, "");
	image_check(&im, im.disk);
	image_expect(&im, "once more", "Completed", 0, "");
	disk_copy(im.disk, copy);
	image_check(&im, copy);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(im.t.error.message, "belongs to another drive"));
	transcript_clear(&im.t);
	uint8_t byte;
	disk_read(im.disk, 20 << 20, &byte, 1);
	byte ^= 1;
	disk_patch(im.disk, 20 << 20, &byte, 1);
	image_check(&im, im.disk);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	transcript_clear(&im.t);
	unlink(checkpoint);
	snprintf(piece, sizeof piece, "%s/piece", im.s.root);
	ck_assert_uint_gt(disk_write_pieces(copy, piece, 20 << 20, 1), 1);
	strcat(piece, ".001");
	image_check(&im, piece);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(im.t.error.message, "an image in pieces"));
	transcript_clear(&im.t);
	image_end(&im);
}
END_TEST

static const uint16_t methods[] = {0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8005};

START_TEST(every_method_is_read)
{
	image_begin(&im);
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		bitlocker_options options = image_lock_fast(&im);
		options.method = methods[i];
		image_put_disk(&im, &options);
		image_check(&im, im.disk);
		image_expect(&im, "a method", "Completed", 0, "");
	}
	image_end(&im);
}
END_TEST

/* ---- real images ---- */

/* Unpacks one of them to im.disk. False, with a message, where they or their unpacker are not there. */
static bool unpack(const char *name)
{
	char packed_name[128];
	snprintf(packed_name, sizeof packed_name, "images/%s.zst", name);
	const char *packed = shared_path(packed_name);
	if (packed == NULL || !tools_have("zstd"))
		return false;
	tools_run("zstd -q -f -d --sparse '%s' -o '%s'", packed, im.disk);
	return true;
}

START_TEST(real_volumes_of_windows)
{
	static const struct {
		const char *name, *key, *status;
	} images[] = {
	    {"bl-win10-xts128-512.img", "235818-357951-253979-013365-241120-245575-342914-591910",
	     "ReadManifestFailed"},
	    {"bl-win10-cbc128-4096.img", "482548-408683-386023-032725-083754-344718-228228-361845",
	     "ReadManifestFailed"},
	    {"bl-win11-xts128-two-recovery.img", "297693-343387-338492-284526-405482-424886-634931-555093",
	     "ReadManifestFailed"},
	    {"bl-win10-xts128-eow.img", "685839-373538-494868-036223-326590-515064-328416-685102",
	     "BitLockerUnlockVolumeFailed"},
	    {"bl-win10-xts128-512.img", "482548-408683-386023-032725-083754-344718-228228-361845",
	     "BitLockerKeyInvalid"},
	};
	image_begin(&im);
	im.s.options.key_file = im.key_file;
	im.s.options.journal = NULL;
	for (size_t i = 0; i < sizeof images / sizeof images[0] && unpack(images[i].name); i++) {
		stage_write(&im.s, "../key", images[i].key);
		image_check(&im, im.disk);
		image_expect(&im, images[i].name, images[i].status, 1, NULL);
	}
	image_end(&im);
}
END_TEST

/* A whole disk without BitLocker and without a manifest; the former comes first for the service. */
START_TEST(a_real_disk_of_windows)
{
	image_begin(&im);
	im.s.options.journal = NULL;
	if (unpack("ntfs-win10-lznt1-mbr.raw")) {
		image_check(&im, im.disk);
		image_expect(&im, "a plain disk", "BitLockerNotActivated", 1,
			     "V-55 error drive BitLockerNotActivated\nV-01 error drive ManifestNotFound\n");
	}
	image_end(&im);
}
END_TEST

START_TEST(a_real_container_that_was_not_closed)
{
	image_begin(&im);
	im.s.options.journal = NULL;
	if (unpack("vhdx-dirty-log.vhdx")) {
		image_check(&im, im.disk);
		ck_assert_int_eq(im.t.result, TALLY_ERROR_IO);
		ck_assert_ptr_nonnull(strstr(im.t.error.message, "not closed cleanly"));
		transcript_clear(&im.t);
	}
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_whole_disk_is_checked, 0},
	    {an_image_tells_what_a_directory_tells, 0},
	    {containers_hold_the_same_disk, 0},
	    {a_disk_that_ends_in_a_zip_is_a_disk, 0},
	    {a_cd_with_a_boot_sector_is_an_archive, 0},
	    {a_checkpoint_belongs_to_one_disk, 0},
	    {every_method_is_read, 0},
	    {real_volumes_of_windows, 0},
	    {a_real_disk_of_windows, 0},
	    {a_real_container_that_was_not_closed, 0},
	    {NULL, 0},
	};
	return suite_run("verify/image", tests);
}
