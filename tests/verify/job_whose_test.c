/* SPDX-License-Identifier: Apache-2.0 */
/* Disks and archives of a job against its documents: whose they are, which of them come twice, and what is missing. */
#include "maker/disk_writer.h"
#include "support/documents.h"
#include "support/suite.h"
#include "verify/job_cast.h"
#include "verify/job_queue.h"
#include "verify/opening.h"
#include "verify/pack.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static job_cast c;
static char disk[192], tar[192];
static tally_job_options options;

static void begin(void)
{
	job_cast_open(&c);
	for (size_t i = 0; i < 2; i++)
		job_cast_make(&c, i);
	snprintf(disk, sizeof disk, "%s", job_cast_path(&c, "disk.img"));
	snprintf(tar, sizeof tar, "%s", job_cast_path(&c, "drive.tar"));
	options = (tally_job_options){.jobs = 1};
}

static void end(void)
{
	tally_disk_answer = NULL;
	job_cast_close(&c);
}

/* ---- twice ---- */

START_TEST(one_file_given_twice)
{
	begin();
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_tar(&c, 0, tar);
	const char *link = job_cast_path(&c, "link.img"), *hard = job_cast_path(&c, "hard.tar");
	ck_assert_int_eq(symlink(disk, link), 0);
	ck_assert_int_eq(linkat(-1, tar, -1, hard, 0), 0);
	job_cast_give(&c, &options, disk, link, tar, hard, c.journal[0], c.journal[1], NULL);
	job_words_expect("a link", &options,
			 "job: Completed, 1\n\tW-03 -\n\tW-03 -\ndisk.img: Completed, 0\ndrive.tar: Completed, 0\n");
	end();
}
END_TEST

START_TEST(one_drive_given_twice)
{
	job_words w;
	begin();
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_tar(&c, 1, tar);
	job_cast_give(&c, &options, c.folder[1], disk, tar, c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Completed, 1\n\tW-03 -\n\tW-03 -\ndrive1: Completed, 0\n"
				 "disk.img: Completed, 0\ndrive.tar: Completed, 0\n");
	expect_in(&w, "the manifest on this drive is that of drive DRIVE-1, which is also at ");
	ck_assert_ptr_null(w.summary.list);
	job_words_clear(&w);
	end();
}
END_TEST

/* ---- whose ---- */

START_TEST(a_disk_without_a_manifest_is_known_by_its_key)
{
	job_words w;
	begin();
	stage_remove(&c.s, "../drive1/DriveManifest.xml");
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_tar(&c, 0, tar);
	job_cast_give(&c, &options, tar, disk, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\ndrive.tar: Completed, 0\n"
				 "disk.img: ManifestNotFound, 1\n\tV-01 ManifestNotFound\n");
	expect_in(&w, "of job DRIVE-1 at_hand=1 status=ManifestNotFound");
	expect_in(&w, "drive disk.img id=DRIVE-1");
	ck_assert_ptr_null(strstr(w.whole, "W-02"));
	job_words_clear(&w);
	/* An archive tells nothing, and so the job can't end well. */
	stage_remove(&c.s, "../drive0/DriveManifest.xml");
	job_cast_tar(&c, 0, tar);
	job_cast_give(&c, &options, tar, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\ndrive.tar: ManifestNotFound, 1\n\tV-01 ManifestNotFound\n");
	expect_in(&w, "not checked: some drives at hand against the documents");
	job_words_clear(&w);
	end();
}
END_TEST

static int answer_disk(const char *path, tally_os_disk *known)
{
	if (strstr(path, "disk.img") == NULL)
		return -ENOENT;
	*known = (tally_os_disk){
	    .name = "sda", .serial = "drive-1", .bus = "ata", .size = UINT64_C(8000000000000), .logical = 512};
	return 0;
}

START_TEST(a_disk_that_tells_its_serial_number)
{
	job_words w;
	begin();
	tally_disk_answer = answer_disk;
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_give(&c, &options, disk, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Completed, 0\ndisk.img: Completed, 0\n");
	ck_assert_ptr_null(strstr(w.whole, "serial number"));
	job_words_clear(&w);
	/* The files of drive 0, by copying. */
	const bitlocker_options lock = {.external_key = c.external[1], .seed = 2};
	job_cast_disk(&c, 0, &lock, disk);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\n"
				 "disk.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n"
				 "\tM-10 ManifestDriveIdMismatch\n");
	job_words_clear(&w);
	job_cast_disk(&c, 0, NULL, disk);
	job_words_expect("another drive", &options,
			 "job: Data copy failed, 1\n"
			 "disk.img: ManifestDriveIdMismatch, 1\n\tM-10 ManifestDriveIdMismatch\n");
	/* Nothing on it says whose it is, nor the key, which is another document's: the number does. */
	stage_remove(&c.s, "../drive1/DriveManifest.xml");
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_journal(&c, 0, c.key[1]);
	job_words_take(&w, &options);
	expect_in(&w, "of job DRIVE-1 at_hand=1 status=ManifestNotFound");
	job_words_clear(&w);
	end();
}
END_TEST

/* ---- against the list ---- */

START_TEST(a_list_and_its_drives)
{
	job_words w;
	begin();
	job_cast_disk(&c, 1, NULL, disk);
	const char *both = job_cast_job(&c, "both.json", 0, 2), *second = job_cast_job(&c, "second.json", 1, 1);
	job_cast_give(&c, &options, disk, both, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: none, 0\n\tW-02 -\ndisk.img: Completed, 0\n");
	expect_in(&w, "drive DRIVE-0 is not at hand\n");
	job_words_clear(&w);
	job_cast_tar(&c, 0, tar);
	job_cast_give(&c, &options, tar, disk, second, c.journal[0], c.journal[1], NULL);
	job_words_expect("one too many", &options,
			 "job: Completed, 1\n\tW-01 -\ndrive.tar: Completed, 0\ndisk.img: Completed, 0\n");
	/* The job's own key is enough, and one that doesn't open the disk is told. */
	job_cast_give(&c, &options, disk, second, NULL);
	job_words_expect("no journal", &options, "job: Completed, 0\n\tW-04 -\ndisk.img: Completed, 0\n");
	/* What can't be opened may be what is missing. */
	stage_write(&c.s, "../drive.tar", "");
	ck_assert_int_eq(truncate(tar, 1 << 20), 0);
	job_cast_give(&c, &options, tar, disk, both, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\n\tW-02 -\n"
				 "drive.tar: BitLockerVolumeNotFound, 1\n\tV-52 BitLockerVolumeNotFound\n"
				 "disk.img: Completed, 0\n");
	expect_in(&w, "drive DRIVE-0 is not at hand, unless it is ");
	job_words_clear(&w);
	end();
}
END_TEST

START_TEST(papers_that_differ_from_a_disk)
{
	job_words w;
	begin();
	job_cast_disk(&c, 1, NULL, disk);
	stage_append(&c.s, "../drive1/DriveManifest.xml", "\n");
	job_cast_journal(&c, 1, c.key[1]);
	job_cast_give(&c, &options, disk, c.journal[1], NULL);
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy failed, 1\n\tW-06 ManifestCorrupted\n"
				 "disk.img: ManifestCorrupted, 1\n\tM-54 ManifestCorrupted\n");
	expect_in(&w, "disk.img/DriveManifest.xml");
	job_words_clear(&w);
	end();
}
END_TEST

START_TEST(blobs_that_a_disk_and_an_archive_share)
{
	begin();
	for (size_t i = 0; i < 2; i++) {
		maker *m = maker_begin(&(maker_options){.drive = c.folder[i],
							.journal = c.journal[i],
							.drive_id = c.id[i],
							.seed = i + 1,
							.record = {.bitlocker_key = c.key[i]}});
		maker_add(m, &(maker_blob){.blob_path = "shared/one", .size = 5000});
		maker_end(m);
		maker_seal(m);
	}
	job_cast_disk(&c, 1, NULL, disk);
	job_cast_tar(&c, 0, tar);
	job_cast_give(&c, &options, tar, disk, c.journal[0], c.journal[1], NULL);
	job_words w;
	job_words_take(&w, &options);
	ck_assert_str_eq(w.told, "job: Data copy completed with warnings, 0\n\tW-09 CompletedWithWarnings\n"
				 "drive.tar: Completed, 0\ndisk.img: Completed, 0\n");
	expect_in(&w, "disk.img/DriveManifest.xml:");
	expect_in(&w, "the blob is also in ");
	job_words_clear(&w);
	end();
}
END_TEST

/* ---- documents and drives ---- */

/* A journal in UTF-16, as a tool may have saved it. */
static void make_utf16(const char *path)
{
	test_text old = file_read(path), new = {0};
	text_add(&old, "", 1);
	text_add_utf16(&new, old.data, false, true);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(new.data, 1, new.size, file), new.size);
	ck_assert_int_eq(fclose(file), 0);
	text_clear(&old);
	text_clear(&new);
}

START_TEST(what_an_argument_is_its_content_says)
{
	job_words w;
	begin();
	/* An archive that begins with a manifest, under a journal's name; its drive is in a folder of it. */
	const char *archive = job_cast_path(&c, "archive.jrn");
	char manifest[256];
	snprintf(manifest, sizeof manifest, "%s/DriveManifest.xml", c.folder[1]);
	test_text text = file_read(manifest);
	pack *p = pack_begin(archive, "ustar", NULL, NULL);
	pack_file(p, "a-drive-of-a-long-name/DriveManifest.xml", text.data, text.size);
	pack_folder(p, c.folder[1], "a-drive-of-a-long-name/", false);
	pack_end(p);
	text_clear(&text);
	job_cast_disk(&c, 0, NULL, disk);
	make_utf16(c.journal[0]);
	stage_write(&c.s, "../text", "no document");
	const char *words = job_cast_path(&c, "text");
	job_cast_give(&c, &options, archive, disk, words, c.journal[0], c.journal[1], NULL);
	job_words_take(&w, &options);
	expect_in(&w, "subject archive.jrn drive id=DRIVE-1 status=Completed");
	expect_in(&w, "subject disk.img drive id=DRIVE-0 status=Completed");
	expect_in(&w, "subject 0.jrn journal");
	expect_in(&w, "text is text, but neither a journal, a DriveInfo file, a manifest nor a job in JSON");
	ck_assert_int_eq(w.summary.exit_status, 3);
	job_words_clear(&w);
	job_cast_give(&c, &options, c.journal[1], NULL);
	options.job = disk;
	job_words_take(&w, &options);
	expect_in(&w, "disk.img is no job in JSON");
	job_words_clear(&w);
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {one_file_given_twice, 0},
	    {one_drive_given_twice, 0},
	    {a_disk_without_a_manifest_is_known_by_its_key, 0},
	    {a_disk_that_tells_its_serial_number, 0},
	    {a_list_and_its_drives, 0},
	    {papers_that_differ_from_a_disk, 0},
	    {blobs_that_a_disk_and_an_archive_share, 0},
	    {what_an_argument_is_its_content_says, 0},
	    {NULL, 0},
	};
	return suite_run("verify/job_whose", tests);
}
