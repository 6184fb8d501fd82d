/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between a disk and its files: each status by its real condition. */
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "verify/image_stage.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static image_stage im;

START_TEST(no_disk)
{
	image_begin(&im);
	stage_write(&im.s, "../empty.img", "");
	snprintf(im.disk, sizeof im.disk, "%s/empty.img", im.s.root);
	image_check(&im, im.disk);
	image_expect(&im, "no bytes", "DiskNotFound", 1, "V-50 error drive DiskNotFound\n");
	image_check(&im, "/dev/no-such-disk");
	image_expect(&im, "no device", "DiskNotFound", 1, "V-50 error drive DiskNotFound\n");
	image_end(&im);
}
END_TEST

START_TEST(no_volume_for_bitlocker)
{
	uint8_t zeros[512] = {0};
	image_begin(&im);
	image_put_volume(&im, NULL);
	disk_patch(im.volume, 0, zeros, sizeof zeros);
	image_make_disk(im.volume, NULL, im.disk);
	image_check(&im, im.disk);
	image_expect(&im, "no file system", "BitLockerVolumeNotFound", 1, "V-52 error drive BitLockerVolumeNotFound\n");
	/* A right volume behind one of another kind is one that the service doesn't look at. */
	char right[192];
	snprintf(right, sizeof right, "%s/right.img", im.s.root);
	disk_copy(im.volume, right);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, image_put_volume(&im, NULL), &options);
	image_make_disk(right, im.volume, im.disk);
	image_check(&im, im.disk);
	image_expect(&im, "not the first", "BitLockerVolumeNotFound", 1,
		     "V-54 warning drive -\nV-52 error drive BitLockerVolumeNotFound\n");
	image_make_disk(im.volume, right, im.disk);
	image_check(&im, im.disk);
	image_expect(&im, "two", "Completed", 0, "V-54 warning drive -\n");
	disk_write_mbr(im.disk, &(disk_layout){.volumes = NULL, .size = 8 << 20});
	image_check(&im, im.disk);
	image_expect(&im, "no partition", "BitLockerVolumeNotFound", 1, "V-52 error drive BitLockerVolumeNotFound\n");
	image_end(&im);
}
END_TEST

START_TEST(not_encrypted)
{
	image_begin(&im);
	stage_flip(&im.s, "disks/b.vhd", 5000);
	image_put_volume(&im, NULL);
	image_make_disk(im.volume, NULL, im.disk);
	image_check(&im, im.disk);
	/* What is on it is checked all the same. */
	image_expect(&im, "plain NTFS", "BitLockerNotActivated", 1,
		     "V-55 error drive BitLockerNotActivated\nV-20 error segment Corrupted\n");
	bitlocker_options options = image_lock_fast(&im);
	options.clear_key = true;
	image_put_disk(&im, &options);
	image_check(&im, im.disk);
	image_expect(&im, "suspended", "BitLockerNotActivated", 1,
		     "V-55 error drive BitLockerNotActivated\nV-20 error segment Corrupted\n");
	options = image_lock_fast(&im);
	options.fault = BITLOCKER_DECRYPTED;
	image_put_disk(&im, &options);
	image_check(&im, im.disk);
	ck_assert_str_eq(im.t.drive_status->code, "BitLockerNotActivated");
	image_expect(&im, "decrypted", "BitLockerNotActivated", 1, NULL);
	im.s.options.journal = NULL;
	im.s.options.key_file = NULL;
	image_check(&im, im.disk);
	image_expect(&im, "decrypted, and no key", "BitLockerNotActivated", 1,
		     "V-55 error drive BitLockerNotActivated\n");
	image_end(&im);
}
END_TEST

START_TEST(keys_that_do_not_fit)
{
	image_begin(&im);
	const bitlocker_options right = image_lock(&im);
	image_put_disk(&im, &right);
	stage_write(&im.s, "../key", im.other_digits);
	im.s.options.journal = NULL;
	im.s.options.key_file = im.key_file;
	image_check(&im, im.disk);
	image_expect(&im, "another key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	stage_write(&im.s, "../key", "235818-357951-253979-013365-241120-245575-342914-591911");
	image_check(&im, im.disk);
	image_expect(&im, "a malformed key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	im.s.options.key_file = NULL;
	image_check(&im, im.disk);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(im.t.error.message, "no key was given"));
	ck_assert_int_eq(im.t.exit_status, 3);
	transcript_clear(&im.t);
	const bitlocker_options options = {.password = "anaconda", .seed = 2};
	image_put_disk(&im, &options);
	im.s.options.key_file = im.key_file;
	stage_write(&im.s, "../key", im.digits);
	image_check(&im, im.disk);
	image_expect(&im, "a password only", "BitLockerProtectorNotFound", 1,
		     "V-56 error drive BitLockerProtectorNotFound\n");
	image_end(&im);
}
END_TEST

/* Of a journal of several drives each key is tried: what the right one shows isn't hidden by the wrong ones. */
START_TEST(keys_of_a_journal_of_several_drives)
{
	image_begin(&im);
	const maker_record both[] = {{.drive_id = "9WM35C2V",
				      .bitlocker_key = im.digits,
				      .manifest_file = "\\DriveManifest.xml"},
				     {.drive_id = "OTHER", .bitlocker_key = im.other_digits}},
			   others[] = {{.drive_id = "OTHER", .bitlocker_key = im.other_digits},
				       {.drive_id = "THIRD", .bitlocker_key = maker_bitlocker_key}};
	bitlocker_options options = image_lock(&im);
	options.fault = BITLOCKER_VOLUME_KEY_TAG;
	image_put_disk(&im, &options);
	maker_write_journal(im.s.journal, both, 2);
	image_check(&im, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "the key is right"));
	ck_assert_ptr_null(strstr(im.t.whole, "V-57"));
	ck_assert_str_eq(im.t.drive_status->code, "BitLockerFailed");
	transcript_clear(&im.t);
	const bitlocker_options right = image_lock(&im);
	image_put_disk(&im, &right);
	maker_write_journal(im.s.journal, others, 2);
	image_check(&im, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.whole, "none of the 2 keys that may be its own opens the volume"));
	ck_assert_str_eq(im.t.drive_status->code, "BitLockerKeyInvalid");
	transcript_clear(&im.t);
	image_end(&im);
}
END_TEST

static bool give_key(void *context, const char *name, char *key, size_t size)
{
	ck_assert_ptr_nonnull(strstr(name, "TALLYMAN"));
	snprintf(key, size, "%s", (const char *)context);
	return true;
}

static bool give_nothing(void *context, const char *name, char *key, size_t size)
{
	(void)name, (void)key, (void)size;
	(*(unsigned *)context)++;
	return false;
}

START_TEST(a_key_is_asked_for)
{
	image_begin(&im);
	const bitlocker_options right = image_lock(&im);
	image_put_disk(&im, &right);
	im.s.options.journal = NULL;
	im.s.options.ask_key = give_key;
	im.s.options.ask_context = im.digits;
	image_check(&im, im.disk);
	image_expect(&im, "a key that is typed", "Completed", 0, "");
	im.s.options.ask_context = im.other_digits;
	image_check(&im, im.disk);
	image_expect(&im, "another key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	unsigned asked = 0;
	im.s.options.ask_key = give_nothing;
	im.s.options.ask_context = &asked;
	image_check(&im, im.disk);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_uint_eq(asked, 1);
	transcript_clear(&im.t);
	/* Nor is an empty line a key. */
	char *const empty[] = {(char[]){""}, (char[]){" \t"}};
	im.s.options.ask_key = give_key;
	for (size_t i = 0; i < 2; i++) {
		im.s.options.ask_context = empty[i];
		image_check(&im, im.disk);
		ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
		transcript_clear(&im.t);
	}
	image_end(&im);
}
END_TEST

START_TEST(volumes_that_can_not_be_unlocked)
{
	static const struct {
		bitlocker_fault fault;
		const char *status, *rule;
	} cases[] = {
	    {BITLOCKER_EOW, "BitLockerUnlockVolumeFailed", "V-58"},
	    {BITLOCKER_PAUSED, "BitLockerUnlockVolumeFailed", "V-58"},
	    {BITLOCKER_CONVERTING, "BitLockerUnlockVolumeFailed", "V-58"},
	    {BITLOCKER_VISTA, "BitLockerUnlockVolumeFailed", "V-58"},
	    {BITLOCKER_CRC_3, "BitLockerFailed", "V-59"},
	    {BITLOCKER_EDITED, "BitLockerFailed", "V-59"},
	    {BITLOCKER_METHOD_UNKNOWN, "BitLockerFailed", "V-59"},
	    {BITLOCKER_NO_METADATA, "BitLockerFailed", "V-59"},
	    {BITLOCKER_VOLUME_KEY_TAG, "BitLockerFailed", "V-59"},
	};
	image_begin(&im);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bitlocker_options options = image_lock_fast(&im);
		char findings[128];
		options.fault = cases[i].fault;
		image_put_disk(&im, &options);
		image_check(&im, im.disk);
		snprintf(findings, sizeof findings, "%s error drive %s\n", cases[i].rule, cases[i].status);
		image_expect(&im, bitlocker_fault_name(cases[i].fault), cases[i].status, 1, findings);
	}
	/* One or two good copies of the metadata are enough. */
	bitlocker_options options = image_lock_fast(&im);
	options.fault = BITLOCKER_CRC_2;
	image_put_disk(&im, &options);
	image_check(&im, im.disk);
	image_expect(&im, "the third copy", "Completed", 0, NULL);
	image_end(&im);
}
END_TEST

START_TEST(no_ntfs_in_it)
{
	uint8_t fat[512] = {0xEB, 0x58, 0x90, 'M', 'S', 'D', 'O', 'S', '5', '.', '0'};
	image_begin(&im);
	uint64_t size = image_put_volume(&im, NULL);
	memcpy(fat + 82, "FAT32   ", 8);
	fat[510] = 0x55;
	fat[511] = 0xAA;
	disk_patch(im.volume, 0, fat, sizeof fat);
	disk_patch(im.volume, size - sizeof fat, fat, sizeof fat);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, size, &options);
	image_make_disk(im.volume, NULL, im.disk);
	image_check(&im, im.disk);
	image_expect(&im, "FAT", "VolumeNotNtfs", 1, "V-60 error drive VolumeNotNtfs\n");
	image_end(&im);
}
END_TEST

START_TEST(a_volume_that_was_not_left_in_order)
{
	image_begin(&im);
	const ntfs_options ntfs = {.dirty = true};
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, image_put_volume(&im, &ntfs), &options);
	image_make_disk(im.volume, NULL, im.disk);
	image_check(&im, im.disk);
	image_expect(&im, "dirty", "Completed", 0, "V-62 warning drive -\n");
	image_end(&im);
}
END_TEST

START_TEST(a_file_on_bad_clusters)
{
	/* Every third one: no file begins on one of them, but one of three clusters has one in it. */
	ntfs_range bad[80];
	for (size_t i = 0; i < 80; i++)
		bad[i] = (ntfs_range){.first = 3 * i + 2, .count = 1};
	const ntfs_options ntfs = {.bad = bad, .bad_count = 80};
	image_begin(&im);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, image_put_volume(&im, &ntfs), &options);
	image_make_disk(im.volume, NULL, im.disk);
	image_check(&im, im.disk);
	ck_assert_ptr_nonnull(strstr(im.t.findings, "V-63 warning blob -\n"));
	ck_assert_ptr_nonnull(strstr(im.t.whole, "V-63/ warning blob - blob=pictures/a.jpg"));
	image_expect(&im, "bad clusters", "Completed", 0, NULL);
	image_end(&im);
}
END_TEST

/* The standard drive with one file that is something else. */
static void put_special(const char *name, uint32_t reparse_tag)
{
	uint64_t size;
	const image_order order = {.special = name, .reparse_tag = reparse_tag};
	unlink(im.volume);
	image_make_volume_in(im.s.drive, im.volume, NULL, &order, &size);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, size, &options);
	image_make_disk(im.volume, NULL, im.disk);
}

#define LINK UINT32_C(0xA000000C)
#define JUNCTION UINT32_C(0xA0000003)
static const uint32_t windows_only[] = {0x80000017, 0x80000013, 0x9000601A}; /* WOF, deduplicated, a cloud's */

/* What Windows may read, and this program can't: nobody knows what the service would say. */
START_TEST(what_only_windows_reads_is_not_judged)
{
	image_begin(&im);
	for (size_t i = 0; i < sizeof windows_only / sizeof windows_only[0]; i++) {
		put_special("a.jpg", windows_only[i]);
		image_check(&im, im.disk);
		ck_assert_str_eq(im.t.counts, "blob: Completed 2; segment: Completed 3; metadata: Completed 2; "
					      "properties: Completed 2");
		ck_assert_ptr_nonnull(strstr(im.t.whole, "V-17/ warning blob - blob=pictures/a.jpg"));
		ck_assert_ptr_nonnull(strstr(im.t.whole, "\ngap some files, and what the service would say"));
		ck_assert_ptr_nonnull(strstr(im.t.whole, "blobs 2/3 segments 3/6"));
		image_expect(&im, "a file", "none", 3, "V-17 warning blob -\n");
		put_special("b.vhd.metadata", windows_only[i]);
		image_check(&im, im.disk);
		ck_assert_str_eq(im.t.counts, "blob: Completed 2; segment: Completed 6; metadata: Completed 2; "
					      "properties: Completed 3");
		image_expect(&im, "a side file", "none", 3, "V-35 warning metadata -\n");
		put_special("DriveManifest.xml", windows_only[i]);
		image_check(&im, im.disk);
		ck_assert_ptr_nonnull(strstr(im.t.whole, "\ngap the manifest and everything that it names"));
		image_expect(&im, "the manifest", "none", 3, "V-06 warning drive -\n");
	}
	/* Strict or not, it is no claim. */
	im.s.options.strict = true;
	put_special("a.jpg", windows_only[0]);
	image_check(&im, im.disk);
	image_expect(&im, "strictly", "none", 1, "V-17 error blob -\n");
	im.s.options.strict = false;
	/* What is known stays known. */
	stage_flip(&im.s, "disks/b.vhd", 5000);
	put_special("a.jpg", windows_only[0]);
	image_check(&im, im.disk);
	image_expect(&im, "and a fault", "CompletedWithErrors", 1,
		     "V-17 warning blob -\nV-20 error segment Corrupted\n");
	image_end(&im);
}
END_TEST

/* These can't be read under Windows either: by anybody but their owner, or where they lead on another computer. */
START_TEST(what_windows_can_not_read_is_judged)
{
	static const uint32_t tags[] = {0, LINK, JUNCTION};
	image_begin(&im);
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		put_special("a.jpg", tags[i]);
		image_check(&im, im.disk);
		ck_assert_ptr_nonnull(strstr(im.t.counts, "blob: Completed 2, FileAccessDenied 1"));
		image_expect(&im, "a file", "CompletedWithErrors", 1, "V-11 error blob FileAccessDenied\n");
		put_special("DriveManifest.xml", tags[i]);
		image_check(&im, im.disk);
		image_expect(&im, "the manifest", "ManifestAccessDenied", 1, "V-02 error drive ManifestAccessDenied\n");
	}
	image_end(&im);
}
END_TEST

START_TEST(wrong_keys_and_right_ones_stay_secret)
{
	image_begin(&im);
	const bitlocker_options right = image_lock(&im);
	image_put_disk(&im, &right);
	image_check(&im, im.disk);
	ck_assert_ptr_null(strstr(im.t.whole, im.digits));
	image_expect(&im, "the journal's key", "Completed", 0, "");
	stage_write(&im.s, "../key", im.other_digits);
	im.s.options.key_file = im.key_file;
	image_check(&im, im.disk);
	ck_assert_ptr_null(strstr(im.t.whole, im.other_digits));
	ck_assert_ptr_null(strstr(im.t.whole, im.digits));
	image_expect(&im, "another key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {no_disk, 0},
	    {no_volume_for_bitlocker, 0},
	    {not_encrypted, 0},
	    {keys_that_do_not_fit, 0},
	    {keys_of_a_journal_of_several_drives, 0},
	    {a_key_is_asked_for, 0},
	    {volumes_that_can_not_be_unlocked, 0},
	    {no_ntfs_in_it, 0},
	    {a_volume_that_was_not_left_in_order, 0},
	    {a_file_on_bad_clusters, 0},
	    {what_only_windows_reads_is_not_judged, 0},
	    {what_windows_can_not_read_is_judged, 0},
	    {wrong_keys_and_right_ones_stay_secret, 0},
	    {NULL, 0},
	};
	return suite_run("verify/image_status", tests);
}
