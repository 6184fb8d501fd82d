/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest with a name of its own: kept when the archive is listed, or else looked for once more, within call. */
#include "drive/layer.h"
#include "support/suite.h"
#include "verify/archive_scene.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static archive_scene a;
static atomic_uint reads;

static int count_reads(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	atomic_fetch_add(&reads, 1);
	return 0;
}

/* A drive with some MiB that can't be packed, and its manifest last or first. */
static void make(const char *manifest)
{
	archive_open(&a);
	a.stage.made.manifest = manifest;
	maker *m = stage_begin(&a.stage);
	for (unsigned i = 0; i < 4; i++) {
		char name[32];
		snprintf(name, sizeof name, "pictures/%u.jpg", i);
		maker_add(m, &(maker_blob){.blob_path = name, .size = 1 << 20});
	}
	maker_end(m);
	maker_seal(m);
}

static unsigned reads_of_check(void)
{
	atomic_store(&reads, 0);
	tally_layer_fault = count_reads;
	archive_check(&a);
	tally_layer_fault = NULL;
	ck_assert_msg(a.found.result == TALLY_OK, "%s", a.found.error.message);
	ck_assert_str_eq(a.found.counts, "blob: Completed 4; segment: Completed 4");
	ck_assert_ptr_nonnull(a.found.drive_status);
	ck_assert_str_eq(a.found.drive_status->code, "Completed");
	return atomic_load(&reads);
}

static void pack_drive(const char *prefix)
{
	pack *p = archive_start(&a, "pax", "gzip");
	pack_folder(p, a.stage.drive, prefix, false);
	pack_end(p);
}

/* Listed and streamed: where the manifest's name is known, nothing is unpacked a third time. */
START_TEST(a_name_that_is_known_costs_nothing)
{
	static const char *const prefixes[] = {"", "drive/"};
	make("\\DriveManifest.xml");
	pack_drive("");
	unsigned usual = reads_of_check();
	ck_assert_uint_gt(usual, 30);
	archive_close(&a);
	for (size_t i = 0; i < 2; i++) {
		make("\\z\\own.xml");
		pack_drive(prefixes[i]);
		/* By the journal … */
		ck_assert_uint_le(reads_of_check(), usual + 2);
		/* … or by the user, in his own spelling. */
		a.stage.options.journal = NULL;
		a.stage.options.manifest = "Z/OWN.XML";
		ck_assert_uint_le(reads_of_check(), usual + 2);
		archive_close(&a);
	}
}
END_TEST

static const char wanted[] = "looking for the manifest";
static unsigned calls;

static bool stop_there(void *context, const tally_progress *progress)
{
	(void)context;
	bool there = strcmp(progress->stage, wanted) == 0;
	calls += there;
	return !there;
}

/* More of that name than are kept on suspicion. */
START_TEST(one_that_was_not_kept_is_looked_for)
{
	make("\\z.xml");
	pack *p = archive_start(&a, "pax", "gzip");
	for (unsigned i = 0; i < 9; i++) {
		char name[32];
		snprintf(name, sizeof name, "%u/z.xml", i);
		pack_file(p, name, "<x/>", 4);
	}
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
	ck_assert_uint_gt(reads_of_check(), 45);
	const tally_sink sink = {.progress = stop_there};
	tally_summary summary;
	tally_error error;
	calls = 0;
	a.stage.options.drive = a.packed;
	ck_assert_int_eq(tally_check(&a.stage.options, &sink, &summary, &error), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(calls, 1);
	tally_summary_clear(&summary);
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_name_that_is_known_costs_nothing, 0},
	    {one_that_was_not_kept_is_looked_for, 0},
	    {NULL, 0},
	};
	return suite_run("verify/archive_manifest", tests);
}
