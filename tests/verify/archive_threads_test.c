/* SPDX-License-Identifier: Apache-2.0 */
/* Archives with segments of all kinds come out the same, whatever the number of threads, also where they end early. */
#include "support/suite.h"
#include "verify/archive_scene.h"
#include "verify/run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL = 300, LARGE = 3 };

static archive_scene a;

/*
 * Small files of uneven lengths, long ones in segments of which none is as long as another, and one that two blobs
 * describe in segments that overlap; what the first of them says of it is wrong, as it should be told. Some are broken.
 */
static void make(void)
{
	archive_open(&a);
	maker *m = stage_begin(&a.stage);
	uint64_t state = 20261130;
	char path[64];
	for (unsigned i = 0; i < SMALL; i++) {
		snprintf(path, sizeof path, "data/%02u/file-%u", i % 17, i);
		maker_add(m, &(maker_blob){.blob_path = path,
					   .size = maker_random(&state) % 9000,
					   .segment_size = 1 + maker_random(&state) % 6000});
	}
	for (unsigned i = 0; i < LARGE; i++) {
		snprintf(path, sizeof path, "large/%u", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 3000001, .segment_size = 700001 + i * 1000003});
	}
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "shared/%u", i);
		maker_add(m, &(maker_blob){.blob_path = path,
					   .file_path = "\\shared",
					   .size = 900000,
					   .segment_size = 1000 + i * 333333});
	}
	maker_end(m);
	maker_seal(m);
	stage_flip(&a.stage, "large/1", 2999990);
	stage_resize(&a.stage, "large/2", 2000000);
	stage_remove(&a.stage, "data/03/file-3");
	stage_resize(&a.stage, "data/04/file-4", 1);
	stage_flip(&a.stage, "data/16/file-16", 3);
}

static void make_packed(const char *filter)
{
	make();
	pack *p = archive_start(&a, "pax", filter);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
}

static void expect_same_with_any_number(void)
{
	static const unsigned jobs[] = {2, 8, 256, 0};
	transcript one;
	a.stage.options.drive = a.packed;
	a.stage.options.jobs = 1;
	transcript_take(&one, &a.stage.options);
	ck_assert_msg(one.result == TALLY_OK, "%s", one.error.message);
	ck_assert_int_eq(one.exit_status, 1);
	for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
		transcript other;
		a.stage.options.jobs = jobs[i];
		transcript_take(&other, &a.stage.options);
		ck_assert_msg(strcmp(one.whole, other.whole) == 0, "%u threads: %s\n---- one:\n%s", jobs[i],
			      other.whole, one.whole);
		transcript_clear(&other);
	}
	transcript_clear(&one);
	a.stage.options.drive = a.stage.drive;
}

START_TEST(results_do_not_depend_on_the_number_of_threads)
{
	make_packed(_i == 0 ? NULL : "gzip");
	archive_expect_same_as_directory(&a, "threads");
	static const char *const codes[] = {"V-20 ", "V-21 ", "V-10 "};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		ck_assert_msg(strstr(a.found.findings, codes[i]) != NULL, "no %samong the faults", codes[i]);
	expect_same_with_any_number();
	archive_close(&a);
}
END_TEST

/* It ends within a long segment, which some thread may have in hands. */
START_TEST(damage_in_the_middle)
{
	struct stat facts;
	make_packed(_i == 0 ? NULL : "gzip");
	ck_assert_int_eq(stat(a.packed, &facts), 0);
	ck_assert_int_eq(truncate(a.packed, facts.st_size / 5 * 3), 0);
	archive_check(&a);
	ck_assert_ptr_nonnull(strstr(a.found.findings, "V-22 "));
	ck_assert_ptr_nonnull(strstr(a.found.findings, "V-70 "));
	expect_same_with_any_number();
	archive_close(&a);
}
END_TEST

START_TEST(it_stops_in_the_middle)
{
	make_packed(NULL);
	a.stage.options.jobs = _i == 0 ? 1 : 8;
	ck_assert_uint_gt(archive_stop_everywhere(&a, false, 1), 20);
	archive_close(&a);
}
END_TEST

/* ---- the CRC-64 that an audit compares ---- */

typedef struct crcs {
	uint64_t values[SMALL + LARGE + 3];
	size_t count;
} crcs;

static tally_result note_crc(void *context, const tally_run_blob *blob, tally_error *error)
{
	crcs *c = context;
	(void)error;
	c->values[c->count++] = blob->has_crc64 ? blob->crc64 : 0;
	return TALLY_OK;
}

static tally_result nothing_to_add(void *context, tally_error *error)
{
	(void)context, (void)error;
	return TALLY_OK;
}

static void name_nothing(void *context, const tally_manifest_blob *blob)
{
	(void)context, (void)blob;
}

static void take_crcs(crcs *c)
{
	const tally_run_observer observer = {
	    .context = c, .crc64 = true, .named = name_nothing, .blob = note_crc, .end = nothing_to_add};
	tally_run run = {.observer = &observer};
	tally_summary summary;
	ck_assert_int_eq(tally_run_check(&run, &a.stage.options, NULL, &summary, NULL), TALLY_OK);
	tally_summary_clear(&summary);
}

START_TEST(the_crc64_of_each_blob_is_that_of_the_directory)
{
	static crcs directory, archive;
	make_packed(NULL);
	take_crcs(&directory);
	a.stage.options.drive = a.packed;
	take_crcs(&archive);
	ck_assert_uint_eq(directory.count, SMALL + LARGE + 3);
	ck_assert_uint_eq(archive.count, directory.count);
	ck_assert_uint_ne(directory.values[SMALL], 0);
	for (size_t i = 0; i < directory.count; i++)
		ck_assert_msg(archive.values[i] == directory.values[i], "blob %zu", i);
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {results_do_not_depend_on_the_number_of_threads, 2},
	    {damage_in_the_middle, 2},
	    {it_stops_in_the_middle, 2},
	    {the_crc64_of_each_blob_is_that_of_the_directory, 0},
	    {NULL, 0},
	};
	return suite_run("archives and threads", tests);
}
