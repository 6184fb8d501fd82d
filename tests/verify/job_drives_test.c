/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs whose drives are of several kinds, as they come together on a desk: a folder, a disk, a container, an archive.
 * What is wrong with one of them is that drive's status, and the others are checked to their end.
 */
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "verify/job_cast.h"
#include "verify/job_queue.h"
#include "verify/pack.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define GOOD_OTHERS "drive0: Completed, 0\n%sdrive.vhdx: Completed, 0\ndrive.tar: Completed, 0\n"

static job_cast c;
static char disk[192], vhdx[192], tar[192];
static const char *subjects[16];
static tally_job_options options;

/* Folder 0; drive 1 as a disk, drive 2 as a VHDX, drive 3 as an archive; and their journals. */
static void begin(void)
{
	job_cast_open(&c);
	for (size_t i = 0; i < 4; i++)
		job_cast_make(&c, i);
	snprintf(disk, sizeof disk, "%s", job_cast_path(&c, "disk.img"));
	snprintf(vhdx, sizeof vhdx, "%s", job_cast_path(&c, "drive.vhdx"));
	snprintf(tar, sizeof tar, "%s", job_cast_path(&c, "drive.tar"));
	const char *const all[] = {c.folder[0],  disk,         vhdx,         tar,
				   c.journal[0], c.journal[1], c.journal[2], c.journal[3]};
	memcpy(subjects, all, sizeof all);
	options = (tally_job_options){.subjects = subjects, .subject_count = 8, .jobs = 1};
}

static void make_all(void)
{
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_vhdx(&c, 2, vhdx);
	job_cast_tar(&c, 3, tar);
}

static void end(void)
{
	tally_job_disk_of = NULL;
	tally_layer_fault = NULL;
	job_cast_close(&c);
}

/* The job when drive 1 ends in `told`. */
static void expect_disk(const char *what, const char *job, const char *told)
{
	char text[2000], drives[1500];
	snprintf(drives, sizeof drives, GOOD_OTHERS, told);
	snprintf(text, sizeof text, "job: %s\n%s", job, drives);
	job_words_expect(what, &options, text);
}

/* ---- all is well ---- */

static unsigned asked;

static uint64_t one_disk(const char *path)
{
	(void)path;
	asked++;
	return 7;
}

START_TEST(drives_of_every_kind)
{
	static const char told[] = "job: Completed, 0\ndrive0: Completed, 0\ndisk.img: Completed, 0\n"
				   "drive.vhdx: Completed, 0\ndrive.tar: Completed, 0\n";
	job_words w;
	begin();
	make_all();
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, told);
	expect_in(&w, "drive drive0 id=DRIVE-0 source=directory 3/3 blobs");
	expect_in(&w, "drive disk.img id=DRIVE-1 source=image 3/3 blobs");
	expect_in(&w, "drive drive.vhdx id=DRIVE-2 source=image 3/3 blobs");
	expect_in(&w, "drive drive.tar id=DRIVE-3 source=archive 3/3 blobs");
	expect_in(&w, "not checked: the drive's serial number against its DriveId: it is not known here");
	ck_assert(w.summary.is_complete);
	ck_assert_uint_eq(w.opened, 3);
	ck_assert_uint_eq(w.checked, 4);
	job_words_clear(&w);
	/* However they are spread over disks. */
	tally_job_disk_of = disks_of_their_own;
	options.jobs = 4;
	job_words_expect("on disks of their own", &options, told);
	tally_job_disk_of = one_disk;
	asked = 0;
	job_words_expect("on one disk", &options, told);
	ck_assert_uint_eq(asked, 4);
	end();
}
END_TEST

START_TEST(papers_only_reads_their_manifests)
{
	job_words w;
	begin();
	make_all();
	options.papers_only = true;
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: none, 0\n");
	expect_in(&w, "subject disk.img drive id=DRIVE-1");
	expect_in(&w, "subject drive.vhdx drive id=DRIVE-2");
	expect_in(&w, "subject drive.tar drive id=DRIVE-3");
	ck_assert(w.summary.is_complete);
	ck_assert_uint_eq(w.checked, 0);
	job_words_clear(&w);
	/* What was met in opening a drive is told with the job's findings, for it has no report of its own. */
	job_cast_journal(&c, 1, c.key[0]);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\n\tV-57 BitLockerKeyInvalid\n");
	expect_in(&w, "subject disk.img drive id= status=BitLockerKeyInvalid");
	expect_in(&w, "not checked: some drives at hand against the documents");
	job_words_clear(&w);
	subjects[5] = subjects[3];
	options.subject_count = 4;
	job_words_take(&w, &options);
	expect_in(&w, "no key was given: give the drive's journal");
	ck_assert_int_eq(w.summary.exit_status, 3);
	job_words_clear(&w);
	end();
}
END_TEST

static atomic_uint reads;

static int count_reads(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	atomic_fetch_add(&reads, 1);
	return 0;
}

static unsigned reads_of_check(const char *drive, const char *journal)
{
	const tally_check_options alone = {.drive = drive, .journal = journal, .jobs = 1, .io = TALLY_IO_READ};
	tally_summary summary;
	atomic_store(&reads, 0);
	tally_layer_fault = count_reads;
	ck_assert_int_eq(tally_check(&alone, NULL, &summary, NULL), TALLY_OK);
	tally_layer_fault = NULL;
	ck_assert_int_eq(summary.exit_status, 0);
	tally_summary_clear(&summary);
	return atomic_load(&reads);
}

static unsigned reads_of_job(const char *drive, const char *journal)
{
	const char *both[] = {drive, journal};
	const tally_job_options job = {.subjects = both, .subject_count = 2, .jobs = 1, .io = TALLY_IO_READ};
	tally_job_summary summary;
	atomic_store(&reads, 0);
	tally_layer_fault = count_reads;
	ck_assert_int_eq(tally_job(&job, NULL, &summary, NULL), TALLY_OK);
	tally_layer_fault = NULL;
	ck_assert_int_eq(summary.exit_status, 0);
	tally_job_summary_clear(&summary);
	return atomic_load(&reads);
}

/* Packed, so that nothing of it can be skipped. */
START_TEST(nothing_is_opened_twice)
{
	begin();
	for (size_t i = 0; i < 4; i++) {
		char name[32];
		snprintf(name, sizeof name, "%zu.bin", i);
		stage_write(&c.s, name, "");
		stage_resize(&c.s, name, 4 << 20);
	}
	job_cast_disk(&c, 1, NULL, disk);
	pack *p = pack_begin(tar, "ustar", "gzip", "compression-level=0");
	pack_folder(p, c.folder[0], "", false);
	pack_end(p);
	ck_assert_uint_gt(reads_of_check(tar, c.journal[0]), 100);
	ck_assert_uint_eq(reads_of_job(tar, c.journal[0]), reads_of_check(tar, c.journal[0]));
	/* Of a disk the manifest is read once more, which is a piece or two; table, volume and names aren't. */
	ck_assert_uint_gt(reads_of_check(disk, c.journal[1]), 30);
	ck_assert_uint_le(reads_of_job(disk, c.journal[1]), reads_of_check(disk, c.journal[1]) + 2);
	end();
}
END_TEST

START_TEST(images_in_pieces_and_other_containers)
{
	char piece[192];
	begin();
	const char *vhd = job_cast_path(&c, "drive.vhd");
	job_cast_disk(&c, 1, NULL, disk);
	disk_write_vhd_dynamic(disk, vhd, 2 << 20);
	job_cast_disk(&c, 2, NULL, disk);
	snprintf(piece, sizeof piece, "%s", job_cast_path(&c, "piece"));
	ck_assert_uint_gt(disk_write_pieces(disk, piece, 20 << 20, 1), 1);
	strcat(piece, ".001");
	const char *few[] = {piece, vhd, c.journal[1], c.journal[2]};
	options.subjects = few;
	options.subject_count = 4;
	job_words_expect("two images", &options,
			 "job: Completed, 0\npiece.001: Completed, 0\ndrive.vhd: Completed, 0\n");
	end();
}
END_TEST

/* A recovery password takes half a second for each protector that it is tried on. */
START_TEST(a_recovery_password_of_another_document)
{
	char digits[56];
	const char *few[] = {c.journal[0], c.journal[1], disk, NULL};
	begin();
	bitlocker_recovery(7, digits);
	const bitlocker_options lock = {.recovery = {digits}, .external_key = c.external[1], .seed = 1};
	job_cast_disk(&c, 1, &lock, disk);
	options.subjects = few;
	options.subject_count = 3;
	job_words_expect("the external key", &options, "job: Completed, 0\ndisk.img: Completed, 0\n");
	job_cast_journal(&c, 1, digits);
	job_words w;
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Completed, 0\ndisk.img: Completed, 0\n");
	ck_assert_ptr_null(strstr(w.whole, digits));
	job_words_clear(&w);
	/* Opened by the first key that is tried; the drive's own opens another protector, and that is all right. */
	job_cast_journal(&c, 0, c.key[1]);
	job_words_expect("two protectors", &options, "job: Completed, 0\ndisk.img: Completed, 0\n");
	end();
}
END_TEST

/* ---- one of them is not ---- */

START_TEST(a_key_that_is_wrong)
{
	job_words w;
	begin();
	make_all();
	job_cast_journal(&c, 1, c.key[0]);
	expect_disk("wrong", "Data copy failed, 1", "disk.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n");
	job_words_take(&w, &options);
	expect_in(&w, "the key is wrong: it opens none of the volume's external key protectors (1 tried)");
	expect_in(&w, "W-02/journal note");
	expect_in(&w, "DRIVE-1 is not at hand, unless it is");
	expect_in(&w, "not checked: some drives at hand against the documents");
	for (size_t i = 0; i < 4; i++)
		ck_assert_ptr_null(strstr(w.whole, c.key[i]));
	job_words_clear(&w);
	/* A key file opens the drive, and the documents are wrong all the same. */
	stage_write(&c.s, "../key", c.key[1]);
	options.key_file = job_cast_path(&c, "key");
	expect_disk("opened otherwise", "Data copy failed, 1",
		    "disk.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n");
	job_words_take(&w, &options);
	expect_in(&w,
		  "1.jrn:10 - - the BitLocker key of drive DRIVE-1 that stands here doesn't open its volume; that of "
		  "the key file does");
	expect_in(&w, "drive disk.img id=DRIVE-1 source=image 3/3 blobs");
	ck_assert_str_eq(w.summary.list_refusal, "the key that the documents give for drive DRIVE-1 doesn't open it");
	ck_assert(!w.summary.is_complete);
	job_words_clear(&w);
	options.key_file = job_cast_path(&c, "no-such-key");
	job_words_take(&w, &options);
	ck_assert_int_eq(w.result, TALLY_ERROR_IO);
	job_words_clear(&w);
	end();
}
END_TEST

/* Each opens with the key that stands beside the other. */
START_TEST(keys_that_were_swapped)
{
	job_words w;
	begin();
	make_all();
	job_cast_journal(&c, 1, c.key[2]);
	job_cast_journal(&c, 2, c.key[1]);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\ndrive0: Completed, 0\n"
				 "disk.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n"
				 "drive.vhdx: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n"
				 "drive.tar: Completed, 0\n");
	expect_in(&w,
		  "1.jrn:10 - - the BitLocker key of drive DRIVE-1 that stands here doesn't open its volume; that of "
		  "drive DRIVE-2 in ");
	expect_in(&w, "drive disk.img id=DRIVE-1 source=image 3/3 blobs");
	job_words_clear(&w);
	end();
}
END_TEST

/* Keys of drives that are at hand aren't meant for a disk that they don't open; nor is one that nobody asked for. */
START_TEST(keys_of_other_drives)
{
	begin();
	make_all();
	subjects[5] = subjects[7];
	options.subject_count = 7;
	expect_disk("its journal is missing", "none, 3", "disk.img: error argument, 3\n");
	end();
}
END_TEST

START_TEST(no_key_at_all)
{
	begin();
	make_all();
	for (size_t i = 0; i < 4; i++)
		job_cast_journal(&c, i, "****");
	job_words_expect("masked ones", &options,
			 "job: none, 3\n\tJ-09 -\n\tJ-09 -\n\tJ-09 -\n\tJ-09 -\n"
			 "drive0: Completed, 0\n\tJ-09 -\ndisk.img: error argument, 3\n"
			 "drive.vhdx: error argument, 3\ndrive.tar: Completed, 0\n\tJ-09 -\n");
	end();
}
END_TEST

START_TEST(a_bit_that_flipped)
{
	begin();
	make_all();
	stage_flip(&c.s, "../drive1/data1/file-1.bin", 3000);
	const char *other = job_cast_path(&c, "other.img");
	job_cast_disk(&c, 1, NULL, other);
	uint64_t at = disk_find_difference(disk, other);
	uint8_t byte;
	disk_read(disk, at, &byte, 1);
	byte ^= 0x10;
	disk_patch(disk, at, &byte, 1);
	expect_disk("in the disk", "Data copy completed with errors, 1",
		    "disk.img: CompletedWithErrors, 1\n\tV-20 Corrupted\n");
	end();
}
END_TEST

START_TEST(what_was_cut)
{
	begin();
	make_all();
	disk_truncate(disk, disk_size(disk) / 2);
	expect_disk("a disk", "Data copy failed, 1",
		    "disk.img: BitLockerFailed, 1\n\tV-53 -\n\tV-53 -\n\tV-59 BitLockerFailed\n");
	job_cast_disk(&c, 1, NULL, disk);
	disk_truncate(vhdx, disk_size(vhdx) / 2);
	disk_truncate(tar, 4000);
	job_words_expect("containers", &options,
			 "job: Data copy completed with errors, 3\ndrive0: Completed, 0\ndisk.img: Completed, 0\n"
			 "drive.vhdx: error io, 3\ndrive.tar: CompletedWithErrors, 1\n"
			 "\tV-22 IOFailed\n\tV-22 IOFailed\n\tV-22 IOFailed\n\tV-13 IOFailed\n\tV-13 IOFailed\n"
			 "\tV-70 -\n\tV-70 -\n");
	end();
}
END_TEST

START_TEST(what_is_no_drive_any_more)
{
	static uint8_t bytes[1 << 20];
	begin();
	make_all();
	stage_write(&c.s, "../disk.img", "");
	expect_disk("empty", "Data copy failed, 1", "disk.img: DiskNotFound, 1\n\tV-50 DiskNotFound\n");
	disk_truncate(disk, 1 << 20);
	expect_disk("zeros", "Data copy failed, 1",
		    "disk.img: BitLockerVolumeNotFound, 1\n\tV-52 BitLockerVolumeNotFound\n");
	uint64_t seed = 5;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(maker_random(&seed) >> 56);
	disk_patch(disk, 0, bytes, sizeof bytes);
	expect_disk("noise", "Data copy failed, 1",
		    "disk.img: BitLockerVolumeNotFound, 1\n\tV-52 BitLockerVolumeNotFound\n");
	subjects[1] = "/dev/no-such-disk";
	expect_disk("no device", "Data copy failed, 1", "no-such-disk: DiskNotFound, 1\n\tV-50 DiskNotFound\n");
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {drives_of_every_kind, 0},
	    {papers_only_reads_their_manifests, 0},
	    {nothing_is_opened_twice, 0},
	    {images_in_pieces_and_other_containers, 0},
	    {a_recovery_password_of_another_document, 0},
	    {a_key_that_is_wrong, 0},
	    {keys_that_were_swapped, 0},
	    {keys_of_other_drives, 0},
	    {no_key_at_all, 0},
	    {a_bit_that_flipped, 0},
	    {what_was_cut, 0},
	    {what_is_no_drive_any_more, 0},
	    {NULL, 0},
	};
	return suite_run("verify/job_drives", tests);
}
