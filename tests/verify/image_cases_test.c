/* SPDX-License-Identifier: Apache-2.0 */
/* Each case of a broken drive as a whole disk: what is found is what is found on the same drive as a directory. */
#include "support/suite.h"
#include "verify/cases.h"
#include "verify/image_stage.h"

#include <check.h>
#include <fts.h>
#include <sys/stat.h>

#define MIB ((uint64_t)1 << 20)

static image_stage im;

/* FIFOs, sockets, devices and symbolic links of Linux are nothing that NTFS could hold. */
static bool ntfs_can_hold(const char *folder)
{
	char *paths[] = {(char *)(uintptr_t)folder, NULL};
	bool can = true;
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	ck_assert_ptr_nonnull(walk);
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
		can = can && (entry->fts_info == FTS_D || entry->fts_info == FTS_DP || entry->fts_info == FTS_F);
	ck_assert_int_eq(fts_close(walk), 0);
	return can;
}

/* Small, so that a hundred of them cost little. */
static void put_small_disk(void)
{
	const ntfs_options ntfs = {.label = "DRIVE", .size = 2 * MIB};
	const bitlocker_options lock = image_lock_fast(&im);
	image_lock_volume(im.volume, image_put_volume(&im, &ntfs), &lock);
	image_make_disk(im.volume, NULL, im.disk);
}

/*
 * What is broken by a fault of reading a file, or depends on who checks, a disk doesn't have. The volume is opened with
 * a key file, so that the journal's key is what it is for a directory.
 */
START_TEST(each_case_comes_out_as_for_a_directory)
{
	const check_case *c = case_at((size_t)_i);
	image_begin_empty(&im);
	if (c->fault == NULL && !c->as_nobody && case_make(c, &im.s) && ntfs_can_hold(im.s.drive)) {
		transcript directory;
		transcript_take(&directory, &im.s.options);
		put_small_disk();
		image_check(&im, im.disk);
		transcript_expect_same(c->name, &im.t, &directory);
		transcript_clear(&im.t);
		transcript_clear(&directory);
	}
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_case_comes_out_as_for_a_directory, (int)case_count()},
	    {NULL, 0},
	};
	return suite_run("verify/image_cases", tests);
}
