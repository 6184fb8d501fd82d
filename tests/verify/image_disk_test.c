/* SPDX-License-Identifier: Apache-2.0 */
/* What only the disk shows: what the kernel knows of it, and where it fails. */
#include "drive/layer.h"
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
	image_expect(&im, "the user knows better", "Completed", 0, "");
	im.s.options.drive_id = NULL;
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
		transcript_clear(&im.t);
		if (!met)
			break;
	}
	read_faults_clear();
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
	    {every_read_may_fail, 0},
	    {NULL, 0},
	};
	return suite_run("verify/image_disk", tests);
}
