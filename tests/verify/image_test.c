/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives as they are shipped: a disk with a partition table, on it a BitLocker volume, in it NTFS. What a directory
 * shows, an image shows as well; and what only the disk shows: each status by its real condition.
 */
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "maker/image_maker.h"
#include "support/documents.h"
#include "support/suite.h"
#include "verify/opening.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static stage s;
static char volume[192], disk[192], key_file[192], digits[56], other_digits[56];
static uint8_t external_key[32];
static transcript t;

/* The standard drive of the stage, with a journal that has the volume's key. */
static void begin(void)
{
	bitlocker_recovery(7, digits);
	bitlocker_recovery(8, other_digits);
	stage_open(&s);
	s.made.record.bitlocker_key = digits;
	stage_make(&s, (const char *const[]){NULL});
	snprintf(volume, sizeof volume, "%s/volume.img", s.root);
	snprintf(disk, sizeof disk, "%s/disk.img", s.root);
	snprintf(key_file, sizeof key_file, "%s/key", s.root);
}

static void end(void)
{
	stage_close(&s);
}

/* Opened by the journal's key, which takes time. */
static bitlocker_options lock(void)
{
	return (bitlocker_options){.recovery = {digits}, .seed = 1};
}

/* Opened by the key in key_file, which doesn't. */
static bitlocker_options lock_fast(void)
{
	uint8_t bek[256];
	for (size_t i = 0; i < sizeof external_key; i++)
		external_key[i] = (uint8_t)(i * 7);
	const bitlocker_options options = {.external_key = external_key, .seed = 3};
	size_t size = bitlocker_write_bek(&options, bek);
	FILE *file = fopen(key_file, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bek, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	s.options.key_file = key_file;
	return options;
}

static uint64_t make_volume(const ntfs_options *options)
{
	uint64_t size;
	unlink(volume);
	image_make_volume(s.drive, volume, options, &size);
	return size;
}

/* GPT, BitLocker, NTFS: `options` NULL is a right one. */
static void make_disk(const bitlocker_options *options)
{
	const uint64_t size = make_volume(NULL);
	const bitlocker_options right = options != NULL ? *options : lock_fast();
	image_lock_volume(volume, size, &right);
	image_make_disk(volume, NULL, disk);
}

static void check(const char *path)
{
	s.options.drive = path;
	transcript_take(&t, &s.options);
}

static void expect(const char *what, const char *status, int exit_status, const char *findings)
{
	ck_assert_msg(t.result == TALLY_OK, "%s: %s", what, t.error.message);
	const char *found = t.drive_status != NULL ? t.drive_status->code : "none";
	ck_assert_msg(strcmp(found, status) == 0 && t.exit_status == exit_status &&
			  (findings == NULL || strcmp(t.findings, findings) == 0),
		      "%s: %s, %d\n%s\n%s", what, found, t.exit_status, t.findings, t.whole);
	transcript_clear(&t);
}

/* ---- right ones ---- */

START_TEST(a_whole_disk_is_checked)
{
	begin();
	const bitlocker_options right = lock();
	make_disk(&right);
	check(disk);
	ck_assert_str_eq(t.counts,
			 "blob: Completed 3; segment: Completed 6; metadata: Completed 3; properties: Completed 3");
	expect("a right disk", "Completed", 0, "");
	/* With the key from a file instead. */
	stage_write(&s, "../key", digits);
	s.options.journal = NULL;
	s.options.key_file = key_file;
	check(disk);
	expect("a key file", "Completed", 0, "");
	end();
}
END_TEST

/* The two tell the same, but for what only one of them knows. */
START_TEST(an_image_tells_what_a_directory_tells)
{
	static const unsigned jobs[] = {1, 3};
	begin();
	stage_flip(&s, "disks/b.vhd", 5000);
	stage_remove(&s, "pictures/sub/c.txt");
	stage_resize(&s, "pictures/a.jpg", 9000);
	stage_write(&s, "more/x.txt", "x");
	check(s.drive);
	char *findings = strdup(t.findings), *counts = strdup(t.counts);
	expect("a directory", "CompletedWithErrors", 1, NULL);
	for (size_t i = 0; i < 2; i++) {
		s.options.jobs = jobs[i];
		for (unsigned io = TALLY_IO_AUTO; io <= TALLY_IO_DIRECT; io++) {
			if (i == 0 && io == TALLY_IO_AUTO)
				make_disk(NULL);
			s.options.io = (tally_io_mode)io;
			check(disk);
			ck_assert_str_eq(t.counts, counts);
			expect("an image", "CompletedWithErrors", 1, findings);
		}
	}
	free(findings);
	free(counts);
	end();
}
END_TEST

START_TEST(containers_hold_the_same_disk)
{
	char path[256];
	begin();
	make_disk(NULL);
	snprintf(path, sizeof path, "%s/disk.vhd", s.root);
	disk_write_vhd_fixed(disk, path);
	check(path);
	expect("a fixed VHD", "Completed", 0, "");
	disk_write_vhd_dynamic(disk, path, 2 << 20);
	check(path);
	expect("a dynamic VHD", "Completed", 0, "");
	disk_write_vhdx(disk, path, 1 << 20, 512);
	check(path);
	expect("a VHDX", "Completed", 0, "");
	snprintf(path, sizeof path, "%s/piece", s.root);
	ck_assert_uint_gt(disk_write_pieces(disk, path, 20 << 20, 1), 2);
	strcat(path, ".001");
	check(path);
	expect("pieces", "Completed", 0, "");
	check(volume);
	expect("a bare volume", "Completed", 0, "");
	end();
}
END_TEST

/* A copy of a disk has the same files to the last number: it is another disk all the same. */
START_TEST(a_checkpoint_belongs_to_one_disk)
{
	char checkpoint[192], copy[192], piece[192];
	begin();
	make_disk(NULL);
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", s.root);
	snprintf(copy, sizeof copy, "%s/copy.img", s.root);
	s.options.checkpoint = checkpoint;
	check(disk);
	expect("the first time", "Completed", 0, "");
	check(disk);
	expect("once more", "Completed", 0, "");
	disk_copy(disk, copy);
	check(copy);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(t.error.message, "belongs to another drive"));
	transcript_clear(&t);
	uint8_t byte;
	disk_read(disk, 20 << 20, &byte, 1);
	byte ^= 1;
	disk_patch(disk, 20 << 20, &byte, 1);
	check(disk);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	transcript_clear(&t);
	unlink(checkpoint);
	snprintf(piece, sizeof piece, "%s/piece", s.root);
	ck_assert_uint_gt(disk_write_pieces(copy, piece, 20 << 20, 1), 1);
	strcat(piece, ".001");
	check(piece);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(t.error.message, "an image in pieces"));
	transcript_clear(&t);
	end();
}
END_TEST

static const uint16_t methods[] = {0x8000, 0x8001, 0x8002, 0x8003, 0x8004, 0x8005};

START_TEST(every_method_is_read)
{
	begin();
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		bitlocker_options options = lock_fast();
		options.method = methods[i];
		make_disk(&options);
		check(disk);
		expect("a method", "Completed", 0, "");
	}
	end();
}
END_TEST

/* ---- each status by its condition ---- */

START_TEST(no_disk)
{
	begin();
	stage_write(&s, "../empty.img", "");
	snprintf(disk, sizeof disk, "%s/empty.img", s.root);
	check(disk);
	expect("no bytes", "DiskNotFound", 1, "V-50 error drive DiskNotFound\n");
	check("/dev/no-such-disk");
	expect("no device", "DiskNotFound", 1, "V-50 error drive DiskNotFound\n");
	end();
}
END_TEST

START_TEST(no_volume_for_bitlocker)
{
	uint8_t zeros[512] = {0};
	begin();
	make_volume(NULL);
	disk_patch(volume, 0, zeros, sizeof zeros);
	image_make_disk(volume, NULL, disk);
	check(disk);
	expect("no file system", "BitLockerVolumeNotFound", 1, "V-52 error drive BitLockerVolumeNotFound\n");
	/* A right volume behind one of another kind is one that the service doesn't look at. */
	char right[192];
	snprintf(right, sizeof right, "%s/right.img", s.root);
	disk_copy(volume, right);
	const bitlocker_options options = lock_fast();
	image_lock_volume(volume, make_volume(NULL), &options);
	image_make_disk(right, volume, disk);
	check(disk);
	expect("not the first", "BitLockerVolumeNotFound", 1,
	       "V-54 warning drive -\nV-52 error drive BitLockerVolumeNotFound\n");
	image_make_disk(volume, right, disk);
	check(disk);
	expect("two", "Completed", 0, "V-54 warning drive -\n");
	disk_write_mbr(disk, &(disk_layout){.volumes = NULL, .size = 8 << 20});
	check(disk);
	expect("no partition", "BitLockerVolumeNotFound", 1, "V-52 error drive BitLockerVolumeNotFound\n");
	end();
}
END_TEST

START_TEST(not_encrypted)
{
	begin();
	stage_flip(&s, "disks/b.vhd", 5000);
	make_volume(NULL);
	image_make_disk(volume, NULL, disk);
	check(disk);
	/* What is on it is checked all the same. */
	expect("plain NTFS", "BitLockerNotActivated", 1,
	       "V-55 error drive BitLockerNotActivated\nV-20 error segment Corrupted\n");
	bitlocker_options options = lock_fast();
	options.clear_key = true;
	make_disk(&options);
	check(disk);
	expect("suspended", "BitLockerNotActivated", 1,
	       "V-55 error drive BitLockerNotActivated\nV-20 error segment Corrupted\n");
	options = lock_fast();
	options.fault = BITLOCKER_DECRYPTED;
	make_disk(&options);
	check(disk);
	ck_assert_str_eq(t.drive_status->code, "BitLockerNotActivated");
	expect("decrypted", "BitLockerNotActivated", 1, NULL);
	s.options.journal = NULL;
	s.options.key_file = NULL;
	check(disk);
	expect("decrypted, and no key", "BitLockerNotActivated", 1, "V-55 error drive BitLockerNotActivated\n");
	end();
}
END_TEST

START_TEST(keys_that_do_not_fit)
{
	begin();
	const bitlocker_options right = lock();
	make_disk(&right);
	stage_write(&s, "../key", other_digits);
	s.options.journal = NULL;
	s.options.key_file = key_file;
	check(disk);
	expect("another key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	stage_write(&s, "../key", "235818-357951-253979-013365-241120-245575-342914-591911");
	check(disk);
	expect("a malformed key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	s.options.key_file = NULL;
	check(disk);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(t.error.message, "no key was given"));
	ck_assert_int_eq(t.exit_status, 3);
	transcript_clear(&t);
	const bitlocker_options options = {.password = "anaconda", .seed = 2};
	make_disk(&options);
	s.options.key_file = key_file;
	stage_write(&s, "../key", digits);
	check(disk);
	expect("a password only", "BitLockerProtectorNotFound", 1, "V-56 error drive BitLockerProtectorNotFound\n");
	end();
}
END_TEST

/* Of a journal of several drives each key is tried: what the right one shows isn't hidden by the wrong ones. */
START_TEST(keys_of_a_journal_of_several_drives)
{
	begin();
	const maker_record both[] = {{.drive_id = "9WM35C2V",
				      .bitlocker_key = digits,
				      .manifest_file = "\\DriveManifest.xml"},
				     {.drive_id = "OTHER", .bitlocker_key = other_digits}},
			   others[] = {{.drive_id = "OTHER", .bitlocker_key = other_digits},
				       {.drive_id = "THIRD", .bitlocker_key = maker_bitlocker_key}};
	bitlocker_options options = lock();
	options.fault = BITLOCKER_VOLUME_KEY_TAG;
	make_disk(&options);
	maker_write_journal(s.journal, both, 2);
	check(disk);
	ck_assert_ptr_nonnull(strstr(t.whole, "the key is right"));
	ck_assert_ptr_null(strstr(t.whole, "V-57"));
	ck_assert_str_eq(t.drive_status->code, "BitLockerFailed");
	transcript_clear(&t);
	const bitlocker_options right = lock();
	make_disk(&right);
	maker_write_journal(s.journal, others, 2);
	check(disk);
	ck_assert_ptr_nonnull(strstr(t.whole, "none of the 2 keys that there are opens the volume"));
	ck_assert_str_eq(t.drive_status->code, "BitLockerKeyInvalid");
	transcript_clear(&t);
	end();
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
	begin();
	const bitlocker_options right = lock();
	make_disk(&right);
	s.options.journal = NULL;
	s.options.ask_key = give_key;
	s.options.ask_context = digits;
	check(disk);
	expect("a key that is typed", "Completed", 0, "");
	s.options.ask_context = other_digits;
	check(disk);
	expect("another key", "BitLockerKeyInvalid", 1, "V-57 error drive BitLockerKeyInvalid\n");
	unsigned asked = 0;
	s.options.ask_key = give_nothing;
	s.options.ask_context = &asked;
	check(disk);
	ck_assert_int_eq(t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_uint_eq(asked, 1);
	transcript_clear(&t);
	end();
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
	begin();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bitlocker_options options = lock_fast();
		char findings[128];
		options.fault = cases[i].fault;
		make_disk(&options);
		check(disk);
		snprintf(findings, sizeof findings, "%s error drive %s\n", cases[i].rule, cases[i].status);
		expect(bitlocker_fault_name(cases[i].fault), cases[i].status, 1, findings);
	}
	/* One or two good copies of the metadata are enough. */
	bitlocker_options options = lock_fast();
	options.fault = BITLOCKER_CRC_2;
	make_disk(&options);
	check(disk);
	expect("the third copy", "Completed", 0, NULL);
	end();
}
END_TEST

START_TEST(no_ntfs_in_it)
{
	uint8_t fat[512] = {0xEB, 0x58, 0x90, 'M', 'S', 'D', 'O', 'S', '5', '.', '0'};
	begin();
	uint64_t size = make_volume(NULL);
	memcpy(fat + 82, "FAT32   ", 8);
	fat[510] = 0x55;
	fat[511] = 0xAA;
	disk_patch(volume, 0, fat, sizeof fat);
	disk_patch(volume, size - sizeof fat, fat, sizeof fat);
	const bitlocker_options options = lock_fast();
	image_lock_volume(volume, size, &options);
	image_make_disk(volume, NULL, disk);
	check(disk);
	expect("FAT", "VolumeNotNtfs", 1, "V-60 error drive VolumeNotNtfs\n");
	end();
}
END_TEST

START_TEST(a_volume_that_was_not_left_in_order)
{
	begin();
	const ntfs_options ntfs = {.dirty = true};
	const bitlocker_options options = lock_fast();
	image_lock_volume(volume, make_volume(&ntfs), &options);
	image_make_disk(volume, NULL, disk);
	check(disk);
	expect("dirty", "Completed", 0, "V-62 warning drive -\n");
	end();
}
END_TEST

START_TEST(a_file_on_bad_clusters)
{
	/* Every third one: no file begins on one of them, but one of three clusters has one in it. */
	ntfs_range bad[80];
	for (size_t i = 0; i < 80; i++)
		bad[i] = (ntfs_range){.first = 3 * i + 2, .count = 1};
	const ntfs_options ntfs = {.bad = bad, .bad_count = 80};
	begin();
	const bitlocker_options options = lock_fast();
	image_lock_volume(volume, make_volume(&ntfs), &options);
	image_make_disk(volume, NULL, disk);
	check(disk);
	ck_assert_ptr_nonnull(strstr(t.findings, "V-63 warning blob -\n"));
	ck_assert_ptr_nonnull(strstr(t.whole, "V-63/ warning blob - blob=pictures/a.jpg"));
	expect("bad clusters", "Completed", 0, NULL);
	end();
}
END_TEST

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
	check(path);
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
	begin();
	make_disk(NULL);
	check_as(&known, disk);
	ck_assert_ptr_null(strstr(t.whole, "serial number"));
	expect("as it should be", "Completed", 0, "");
	check_as(&known, s.drive);
	expect("mounted", "Completed", 0, "");
	strcpy(known.serial, "OTHER1");
	check_as(&known, disk);
	expect("another disk", "ManifestDriveIdMismatch", 1, "M-10 error drive ManifestDriveIdMismatch\n");
	s.options.drive_id = "9WM35C2V";
	check_as(&known, disk);
	expect("the user knows better", "Completed", 0, "");
	s.options.drive_id = NULL;
	known.is_usb = true;
	check_as(&known, disk);
	expect("behind an adapter", "Completed", 0, "D-01 note drive -\nV-64 warning drive -\n");
	known = right;
	known.logical = 4096;
	check_as(&known, disk);
	ck_assert_ptr_null(t.drive_status);
	ck_assert_ptr_nonnull(strstr(t.whole, "portal=Unsupported disk"));
	ck_assert_int_eq(t.exit_status, 1);
	ck_assert_str_eq(t.findings, "D-02 error portal Unsupported disk\n");
	transcript_clear(&t);
	known.rotational = false;
	check_as(&known, disk);
	expect("flash", "Completed", 0, "D-02 warning portal Unsupported disk\n");
	known = right;
	known.size = UINT64_C(18000000000000);
	strcpy(known.bus, "nvme");
	check_as(&known, disk);
	expect("large", "Completed", 0, "D-01 note drive -\nD-06 note drive -\n");
	known = right;
	known.serial[0] = '\0';
	check_as(&known, disk);
	ck_assert_ptr_nonnull(strstr(t.whole, "serial number"));
	expect("no number", "Completed", 0, "");
	end();
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
	begin();
	make_disk(NULL);
	bad_from = 0;
	bad_to = UINT64_MAX;
	tally_layer_fault = fail_there;
	check(disk);
	tally_layer_fault = NULL;
	expect("nothing can be read", "DiskOperationFailed", 1, "V-51 error drive DiskOperationFailed\n");
	end();
}
END_TEST

static atomic_uint reads;
static unsigned nth;

static int fail_nth(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return atomic_fetch_add(&reads, 1) + 1 == nth ? -EIO : 0;
}

/* Whatever read fails: it is told, or made good; never passed over in silence, and never an error of the run. */
START_TEST(every_read_may_fail)
{
	begin();
	make_disk(NULL);
	s.options.jobs = 1;
	s.options.io = TALLY_IO_READ;
	unsigned told = 0;
	for (nth = 1;; nth++) {
		atomic_store(&reads, 0);
		tally_layer_fault = fail_nth;
		check(disk);
		tally_layer_fault = NULL;
		ck_assert_msg(t.result == TALLY_OK, "read %u: %s", nth, t.error.message);
		bool met = atomic_load(&reads) >= nth;
		bool completed = t.drive_status != NULL && strcmp(t.drive_status->code, "Completed") == 0;
		ck_assert_msg(completed || t.findings[0] != '\0', "read %u", nth);
		ck_assert_int_eq(t.exit_status, completed ? 0 : 1);
		told += t.findings[0] != '\0';
		transcript_clear(&t);
		if (!met)
			break;
	}
	ck_assert_uint_gt(told, 10);
	ck_assert_uint_gt(nth, 20);
	end();
}
END_TEST

START_TEST(wrong_keys_and_right_ones_stay_secret)
{
	begin();
	const bitlocker_options right = lock();
	make_disk(&right);
	check(disk);
	ck_assert_ptr_null(strstr(t.whole, digits));
	transcript_clear(&t);
	stage_write(&s, "../key", other_digits);
	s.options.key_file = key_file;
	check(disk);
	ck_assert_ptr_null(strstr(t.whole, other_digits));
	ck_assert_ptr_null(strstr(t.whole, digits));
	transcript_clear(&t);
	end();
}
END_TEST

START_TEST(real_volumes_of_windows)
{
	static const struct {
		const char *name, *key, *status;
	} images[] = {
	    {"bl-win10-xts128-512", "235818-357951-253979-013365-241120-245575-342914-591910", "ReadManifestFailed"},
	    {"bl-win10-cbc128-4096", "482548-408683-386023-032725-083754-344718-228228-361845", "ReadManifestFailed"},
	    {"bl-win11-xts128-two-recovery", "297693-343387-338492-284526-405482-424886-634931-555093",
	     "ReadManifestFailed"},
	    {"bl-win10-xts128-eow", "685839-373538-494868-036223-326590-515064-328416-685102",
	     "BitLockerUnlockVolumeFailed"},
	    {"bl-win10-xts128-512", "482548-408683-386023-032725-083754-344718-228228-361845", "BitLockerKeyInvalid"},
	};
	begin();
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
		char name[128], command[700];
		snprintf(name, sizeof name, "images/%s.img.zst", images[i].name);
		const char *packed = shared_path(name);
		if (packed == NULL)
			break;
		snprintf(command, sizeof command, "zstd -q -f -d --sparse '%s' -o '%s'", packed, disk);
		if (system(command) != 0) {
			printf("skipped: zstd is not installed\n");
			break;
		}
		stage_write(&s, "../key", images[i].key);
		s.options.key_file = key_file;
		s.options.journal = NULL;
		check(disk);
		expect(images[i].name, images[i].status, 1, NULL);
	}
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_whole_disk_is_checked, 0},
	    {an_image_tells_what_a_directory_tells, 0},
	    {containers_hold_the_same_disk, 0},
	    {a_checkpoint_belongs_to_one_disk, 0},
	    {every_method_is_read, 0},
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
	    {the_disks_own_facts, 0},
	    {a_disk_that_can_not_be_read, 0},
	    {every_read_may_fail, 0},
	    {wrong_keys_and_right_ones_stay_secret, 0},
	    {real_volumes_of_windows, 0},
	    {NULL, 0},
	};
	return suite_run("verify/image", tests);
}
