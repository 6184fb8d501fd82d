/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of a job's keys count for a volume. Drive 0's disk opens with its external key; drive 1's, which is asked
 * about, has other protectors than drive 0's key is for.
 */
#include "support/suite.h"
#include "verify/job_cast.h"
#include "verify/opening.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ZERO_IS_GOOD "zero.img: Completed, 0\n"

static job_cast c;
static char zero[192], one[192], digits[56], malformed[56];
static tally_job_options options;

static void begin(void)
{
	job_cast_open(&c);
	for (size_t i = 0; i < 2; i++)
		job_cast_make(&c, i);
	snprintf(zero, sizeof zero, "%s", job_cast_path(&c, "zero.img"));
	snprintf(one, sizeof one, "%s", job_cast_path(&c, "one.img"));
	bitlocker_recovery(7, digits);
	memcpy(malformed, digits, sizeof digits);
	malformed[5] = malformed[5] == '0' ? '1' : '0'; /* no multiple of 11 any more */
	job_cast_disk(&c, 0, NULL, zero);
	options = (tally_job_options){.jobs = 1};
}

static void end(void)
{
	tally_disk_answer = NULL;
	job_cast_close(&c);
}

/* What the job tells; of all texts `part` is one. */
static void expect(const char *told, const char *part)
{
	job_words w;
	job_words_take(&w, &options);
	ck_assert_msg(w.result == TALLY_OK, "%s", w.error.message);
	if (strcmp(w.told, told) != 0 || strstr(w.whole, part) == NULL)
		fprintf(stderr, "%s\n", w.whole);
	ck_assert_str_eq(w.told, told);
	ck_assert_msg(strstr(w.whole, part) != NULL, "not there: %s", part);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_null(strstr(w.whole, c.key[i]));
	ck_assert_ptr_null(strstr(w.whole, digits));
	ck_assert_ptr_null(strstr(w.whole, malformed));
	job_words_clear(&w);
}

/* Disk 1 with a recovery password, disk 1's serial number where it is known. */
static void lock_one(void)
{
	const bitlocker_options lock = {.recovery = {digits}, .seed = 1};
	job_cast_disk(&c, 1, &lock, one);
}

static int answer_one(const char *path, tally_os_disk *known)
{
	if (strstr(path, "one.img") == NULL)
		return -ENOENT;
	*known = (tally_os_disk){
	    .name = "sda", .serial = "DRIVE-1", .bus = "ata", .size = UINT64_C(8000000000000), .logical = 512};
	return 0;
}

/* ---- keys of other drives ---- */

START_TEST(another_drives_key_of_another_kind_says_nothing)
{
	begin();
	lock_one();
	job_cast_give(&c, &options, c.journal[0], zero, one, NULL);
	expect("job: none, 3\n" ZERO_IS_GOOD "one.img: error argument, 3\n",
	       "the keys that were given are those of other drives: give the drive's journal");
	/* Known whose it is or not. */
	tally_disk_answer = answer_one;
	expect("job: none, 3\n" ZERO_IS_GOOD "one.img: error argument, 3\n",
	       "the keys that were given are those of other drives: give the drive's journal");
	end();
}
END_TEST

/* What no key could do anything about is told, whosever keys there are. */
START_TEST(a_volume_that_no_key_is_for)
{
	const bitlocker_options lock = {.password = "password", .seed = 1};
	begin();
	job_cast_disk(&c, 1, &lock, one);
	job_cast_give(&c, &options, c.journal[0], zero, one, NULL);
	expect("job: Data copy failed, 1\n" ZERO_IS_GOOD
	       "one.img: BitLockerProtectorNotFound, 1\n\tV-56 BitLockerProtectorNotFound\n",
	       "V-56/ error");
	end();
}
END_TEST

/* ---- the drive's own, among others ---- */

#define MALFORMED                                                       \
  "job: Data copy failed, 1\n\tB-02 BitLockerKeyInvalid\n" ZERO_IS_GOOD \
  "one.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n"

START_TEST(a_malformed_key_among_others)
{
	begin();
	lock_one();
	job_cast_journal(&c, 1, malformed);
	job_cast_give(&c, &options, c.journal[0], c.journal[1], zero, one, NULL);
	expect(MALFORMED, "a group of the recovery password is none that Windows makes");
	tally_disk_answer = answer_one;
	expect(MALFORMED "\tB-02 BitLockerKeyInvalid\n",
	       "1.jrn:10 - - the BitLocker key of drive DRIVE-1 that stands here doesn't open its volume; "
	       "a group of the recovery password is none that Windows makes");
	end();
}
END_TEST

START_TEST(a_key_of_the_wrong_kind)
{
	static const char told[] = "job: Data copy failed, 1\n" ZERO_IS_GOOD
				   "one.img: BitLockerProtectorNotFound, 1\n\tV-56 BitLockerProtectorNotFound\n";
	begin();
	lock_one();
	job_cast_give(&c, &options, c.journal[0], c.journal[1], zero, one, NULL);
	expect(told, "the volume has no external key protector");
	tally_disk_answer = answer_one;
	expect(told, "1.jrn:10 - - the BitLocker key of drive DRIVE-1 that stands here doesn't open its volume; "
		     "the volume has no external key protector");
	end();
}
END_TEST

START_TEST(a_key_file_that_opens_nothing)
{
	begin();
	lock_one();
	job_cast_give(&c, &options, c.journal[0], zero, one, NULL);
	stage_write(&c.s, "../key", c.key[1]);
	options.key_file = job_cast_path(&c, "key");
	expect("job: Data copy failed, 1\n" ZERO_IS_GOOD
	       "one.img: BitLockerProtectorNotFound, 1\n\tV-56 BitLockerProtectorNotFound\n",
	       "the volume has no external key protector");
	end();
}
END_TEST

START_TEST(an_empty_key_file_is_refused)
{
	static const char *const nothing[] = {"", " \r\n\t\n"};
	job_words w;
	begin();
	job_cast_give(&c, &options, c.journal[0], zero, NULL);
	options.key_file = job_cast_path(&c, "key");
	stage_write(&c.s, "../key", nothing[_i]);
	job_words_take(&w, &options);
	ck_assert_int_eq(w.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(w.error.message, "/key is empty"));
	ck_assert_int_eq(w.summary.exit_status, 3);
	ck_assert_uint_eq(w.opened, 0);
	job_words_clear(&w);
	end();
}
END_TEST

/* ---- documents that differ ---- */

START_TEST(the_key_that_counts_was_seen_to_open_the_drive)
{
	char right[sizeof c.key[1]];
	begin();
	job_cast_disk(&c, 1, NULL, one);
	const char *job = job_cast_job(&c, "job.json", 1, 1);
	job_cast_journal(&c, 1, c.key[0]);
	job_cast_give(&c, &options, job, c.journal[1], one, NULL);
	expect("job: Completed, 1\n\tW-07 -\none.img: Completed, 0\n",
	       "the BitLocker key of drive DRIVE-1 differs from the one in ");
	options.papers_only = true;
	expect("job: none, 1\n\tW-07 -\n", "job.json:1, which opens the drive");
	options.papers_only = false;
	/* Both may be right. */
	const bitlocker_options both = {.recovery = {digits}, .external_key = c.external[1], .seed = 1};
	job_cast_disk(&c, 1, &both, one);
	job_cast_journal(&c, 1, digits);
	expect("job: Completed, 1\n\tW-07 -\none.img: Completed, 0\n", "which opens the drive");
	/* The one that counts is not the one that opens it. */
	job_cast_disk(&c, 1, NULL, one);
	job_cast_journal(&c, 1, c.key[1]);
	memcpy(right, c.key[1], sizeof right);
	memcpy(c.key[1], c.key[0], sizeof right);
	job = job_cast_job(&c, "job.json", 1, 1);
	memcpy(c.key[1], right, sizeof right);
	job_cast_give(&c, &options, job, c.journal[1], one, NULL);
	expect("job: Data copy failed, 1\n\tW-07 BitLockerKeyInvalid\n"
	       "one.img: BitLockerKeyInvalid, 1\n\tV-57 BitLockerKeyInvalid\n",
	       "job.json:1 - - the BitLocker key of drive DRIVE-1 that stands here doesn't open its volume");
	/* Nor is anything known without the drive. */
	job_cast_give(&c, &options, job, c.journal[1], NULL);
	expect("job: Data copy failed, 1\n\tW-07 BitLockerKeyInvalid\n", "differs from the one in");
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {another_drives_key_of_another_kind_says_nothing, 0},
	    {a_volume_that_no_key_is_for, 0},
	    {a_malformed_key_among_others, 0},
	    {a_key_of_the_wrong_kind, 0},
	    {a_key_file_that_opens_nothing, 0},
	    {an_empty_key_file_is_refused, 2},
	    {the_key_that_counts_was_seen_to_open_the_drive, 0},
	    {NULL, 0},
	};
	return suite_run("verify/job_keys", tests);
}
