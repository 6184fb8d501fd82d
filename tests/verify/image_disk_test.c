/* SPDX-License-Identifier: Apache-2.0 */
/* What only the disk shows: what the kernel knows of it, and where it fails. */
#include "base/bytes.h"
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "support/medium.h"
#include "support/suite.h"
#include "verify/image_stage.h"
#include "verify/opening.h"
#include "verify/read_faults.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static image_stage im;

/* ---- what the kernel knows of the disk ---- */

static tally_os_disk answer;

static int answer_disk(const char *path, tally_os_disk *known)
{
	(void)path;
	*known = answer;
	return 0;
}

static void check_as(const tally_os_disk *known, const char *path)
{
	answer = *known;
	tally_disk_answer = answer_disk;
	image_check(&im, path);
	tally_disk_answer = NULL;
}

START_TEST(the_disks_own_facts)
{
	const tally_os_disk right = {.name = "sda",
				     .serial = "9wm35c2v",
				     .bus = "ata",
				     .rotational = true,
				     .size = UINT64_C(8000000000000),
				     .logical = 512,
				     .physical = 4096};
	tally_os_disk known = right;
	image_begin(&im);
	image_put_disk(&im, NULL);
	check_as(&known, im.disk);
	ck_assert_ptr_null(strstr(im.t.whole, "serial number"));
	image_expect(&im, "as it should be", "Completed", 0, "");
	check_as(&known, im.s.drive);
	image_expect(&im, "mounted", "Completed", 0, "");
	strcpy(known.serial, "OTHER1");
	check_as(&known, im.disk);
	image_expect(&im, "another disk", "ManifestDriveIdMismatch", 1, "M-10 error drive ManifestDriveIdMismatch\n");
	im.s.options.drive_id = "9WM35C2V";
	check_as(&known, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "serial number"));
	ck_assert_ptr_nonnull(strstr(im.t.whole, "--drive-id was given"));
	image_expect(&im, "the user may know better", "Completed", 0, "V-64 warning drive -\n");
	strcpy(known.serial, " 9WM_35 C2V_");
	check_as(&known, im.disk);
	ck_assert_ptr_null(strstr(im.t.whole, "serial number"));
	image_expect(&im, "both say the same", "Completed", 0, "");
	im.s.options.drive_id = NULL;
	check_as(&known, im.disk);
	image_expect(&im, "blanks are no part of the number", "Completed", 0, "");
	strcpy(known.serial, "9WM35C2");
	check_as(&known, im.disk);
	image_expect(&im, "one letter less", "ManifestDriveIdMismatch", 1, "M-10 error drive ManifestDriveIdMismatch\n");
	known.is_usb = true;
	check_as(&known, im.disk);
	image_expect(&im, "behind an adapter", "Completed", 0, "D-01 note drive -\nV-64 warning drive -\n");
	known = right;
	known.logical = 4096;
	check_as(&known, im.disk);
	ck_assert_ptr_null(im.t.drive_status);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "portal=Unsupported disk"));
	ck_assert_int_eq(im.t.exit_status, 1);
	ck_assert_str_eq(im.t.findings, "D-02 error portal Unsupported disk\n");
	transcript_clear(&im.t);
	known.rotational = false;
	check_as(&known, im.disk);
	image_expect(&im, "flash", "Completed", 0, "D-02 warning portal Unsupported disk\n");
	known = right;
	known.size = UINT64_C(18000000000000);
	strcpy(known.bus, "nvme");
	check_as(&known, im.disk);
	image_expect(&im, "large", "Completed", 0, "D-01 note drive -\nD-06 note drive -\n");
	known = right;
	known.serial[0] = '\0';
	check_as(&known, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "serial number"));
	image_expect(&im, "no number", "Completed", 0, "");
	image_end(&im);
}
END_TEST

/* ---- media that fail ---- */

static uint64_t bad_from, bad_to;

static int fail_there(uint64_t offset, size_t size)
{
	return offset < bad_to && offset + size > bad_from ? -EIO : 0;
}

START_TEST(a_disk_that_can_not_be_read)
{
	image_begin(&im);
	image_put_disk(&im, NULL);
	bad_from = 0;
	bad_to = UINT64_MAX;
	tally_layer_fault = fail_there;
	image_check(&im, im.disk);
	tally_layer_fault = NULL;
	image_expect(&im, "nothing can be read", "DiskOperationFailed", 1, "V-51 error drive DiskOperationFailed\n");
	image_end(&im);
}
END_TEST

/* As the kernel tells it of a real disk: a bad sector is not the file's end. */
START_TEST(the_first_sector_is_bad)
{
	image_begin(&im);
	image_put_disk(&im, NULL);
	medium_begin(im.disk, 65536);
	medium_spoil(0, 512);
	image_check(&im, im.disk);
	medium_end();
	ck_assert_ptr_nonnull(
	    strstr(im.t.whole, "its first sector can't be read (512 bytes from 0): Input/output error"));
	image_expect(&im, "sector 0", "DiskOperationFailed", 1, "V-51 error drive DiskOperationFailed\n");
	image_end(&im);
}
END_TEST

START_TEST(a_sector_of_a_mounted_file_is_bad)
{
	image_begin(&im);
	medium_begin(stage_place(&im.s, "pictures/a.jpg"), 65536);
	medium_spoil(4096, 512);
	im.s.options.io = TALLY_IO_DIRECT;
	image_check(&im, im.s.drive);
	medium_end();
	ck_assert_ptr_nonnull(strstr(im.t.whole, "Input/output error"));
	ck_assert_ptr_null(strstr(im.t.whole, "No data available"));
	image_expect(&im, "a block", "CompletedWithErrors", 1, "V-22 error segment IOFailed\n");
	image_end(&im);
}
END_TEST

/* An extended partition alone, whose first table is bad: who knows what is in it. */
START_TEST(the_chain_of_partitions_is_bad)
{
	image_begin(&im);
	const disk_volume logical = {.size = 4 << 20, .logical = true};
	const disk_layout layout = {.volumes = &logical, .count = 1};
	disk_write_mbr(im.disk, &layout);
	uint8_t entry[16], nothing[2] = {0};
	disk_read(im.disk, 446, entry, sizeof entry);
	ck_assert(entry[4] == 0x05 || entry[4] == 0x0F);
	uint64_t chain = tally_le32(entry + 8) * UINT64_C(512);
	medium_begin(im.disk, 65536);
	medium_spoil(chain, 512);
	image_check(&im, im.disk);
	medium_end();
	ck_assert_ptr_nonnull(strstr(im.t.whole, "a part of the partition table can't be read: Input/output error"));
	image_expect(&im, "unreadable", "DiskOperationFailed", 1,
		     "V-53 warning drive -\nV-51 error drive DiskOperationFailed\n");
	disk_patch(im.disk, chain + 510, nothing, sizeof nothing);
	image_check(&im, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "no data volume in the part of it that makes sense"));
	image_expect(&im, "damaged", "BitLockerVolumeNotFound", 1,
		     "V-53 warning drive -\nV-52 error drive BitLockerVolumeNotFound\n");
	image_end(&im);
}
END_TEST

/* Whatever read fails: it is told, or made good; never passed over in silence, and never an error of the run. */
START_TEST(every_read_may_fail)
{
	image_begin(&im);
	image_put_disk(&im, NULL);
	im.s.options.jobs = 1;
	im.s.options.io = TALLY_IO_READ;
	unsigned told = 0, nth;
	for (nth = 1;; nth++) {
		read_faults_fail_nth(nth);
		image_check(&im, im.disk);
		ck_assert_msg(im.t.result == TALLY_OK, "read %u: %s", nth, im.t.error.message);
		bool met = read_faults_met() > 0;
		bool completed = im.t.drive_status != NULL && strcmp(im.t.drive_status->code, "Completed") == 0;
		ck_assert_msg(completed || im.t.findings[0] != '\0', "read %u", nth);
		ck_assert_int_eq(im.t.exit_status, completed ? 0 : 1);
		told += im.t.findings[0] != '\0';
		if (!met)
			break;
		transcript_clear(&im.t);
	}
	read_faults_clear();
	image_expect(&im, "no read fails", "Completed", 0, "");
	ck_assert_uint_gt(told, 10);
	ck_assert_uint_gt(nth, 20);
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {the_disks_own_facts, 0},
	    {a_disk_that_can_not_be_read, 0},
	    {the_first_sector_is_bad, 0},
	    {a_sector_of_a_mounted_file_is_bad, 0},
	    {the_chain_of_partitions_is_bad, 0},
	    {every_read_may_fail, 0},
	    {NULL, 0},
	};
	return suite_run("verify/image_disk", tests);
}
