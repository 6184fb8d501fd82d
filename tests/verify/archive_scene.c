/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/archive_scene.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

const archive_kind archive_kinds[] = {
    {"pax", NULL},   {"gnutar", NULL},  {"ustar", NULL}, {"newc", NULL},      {"odc", NULL},    {"zip", NULL},
    {"7zip", NULL},  {"iso9660", NULL}, {"pax", "gzip"}, {"pax", "bzip2"},    {"pax", "xz"},    {"pax", "lzma"},
    {"pax", "lzip"}, {"pax", "zstd"},   {"pax", "lz4"},  {"pax", "compress"}, {"newc", "gzip"}, {"ustar", "zstd"},
};
const int archive_kind_count = sizeof archive_kinds / sizeof archive_kinds[0];

void archive_open(archive_scene *a)
{
	*a = (archive_scene){0};
	stage_open(&a->stage);
	snprintf(a->packed, sizeof a->packed, "%s/packed", a->stage.root);
}

void archive_close(archive_scene *a)
{
	transcript_clear(&a->found);
	stage_close(&a->stage);
}

pack *archive_start(archive_scene *a, const char *format, const char *filter)
{
	return pack_begin(a->packed, format, filter, NULL);
}

pack *archive_good(archive_scene *a)
{
	stage_make(&a->stage, NULL);
	pack *p = archive_start(a, "pax", NULL);
	pack_folder(p, a->stage.drive, "", false);
	return p;
}

void archive_check(archive_scene *a)
{
	transcript_clear(&a->found);
	a->stage.options.drive = a->packed;
	transcript_take(&a->found, &a->stage.options);
	a->stage.options.drive = a->stage.drive;
}

void archive_expect(const archive_scene *a, const char *status, int exit_status, const char *counts,
		    const char *findings)
{
	const transcript *found = &a->found;
	ck_assert_msg(found->result == TALLY_OK, "%s", found->error.message);
	ck_assert_str_eq(found->findings, findings);
	ck_assert_str_eq(found->counts, counts);
	ck_assert_str_eq(found->drive_status != NULL ? found->drive_status->code : "-", status);
	ck_assert_int_eq(found->exit_status, exit_status);
	ck_assert_ptr_nonnull(strstr(found->whole, "archive"));
}

void archive_expect_same_as_directory(archive_scene *a, const char *name)
{
	transcript directory;
	transcript_take(&directory, &a->stage.options);
	archive_check(a);
	transcript_expect_same(name, &a->found, &directory);
	transcript_clear(&directory);
}

static unsigned calls, last_call;

static bool stop_at(void *context, const tally_progress *progress)
{
	(void)context, (void)progress;
	return ++calls != last_call;
}

unsigned archive_stop_everywhere(archive_scene *a, bool each_time, int exit_status)
{
	const tally_sink sink = {.progress = stop_at};
	tally_result result = TALLY_ERROR_STOPPED;
	a->stage.options.drive = a->packed;
	for (last_call = 1; result != TALLY_OK; last_call += each_time ? 1 : 1 + last_call / 4) {
		tally_summary summary;
		calls = 0;
		result = tally_check(&a->stage.options, &sink, &summary, NULL);
		ck_assert_int_eq(result, calls >= last_call ? TALLY_ERROR_STOPPED : TALLY_OK);
		ck_assert_int_eq(summary.exit_status, result == TALLY_OK ? exit_status : 3);
		tally_summary_clear(&summary);
	}
	a->stage.options.drive = a->stage.drive;
	return last_call;
}
