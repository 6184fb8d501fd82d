/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out at any moment of an audit: it says so, or gets through and finds the same. And what it refuses.
 */
#include "base/memory.h"
#include "support/faults.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct scene {
	stage stage;
	char logs[3][256], list[256];
	const char *log_list[3];
	tally_audit_options options;
	recorder found; /* without a fault */
	size_t missing;
} scene;

static void write_file(const scene *s, const char *name, const char *text, char path[256])
{
	snprintf(path, 256, "%s/%s", s->stage.root, name);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static bool count_missing(void *context, const char *blob_path, bool is_prefix)
{
	scene *s = context;
	(void)is_prefix;
	ck_assert_ptr_nonnull(blob_path);
	s->missing++;
	return true;
}

/* Something of all that needs memory: renames of blobs and containers, errors, names that are nobody's, a list. */
static void open_scene(scene *s, bool is_export)
{
	stage_open(&s->stage);
	s->stage.made.export_drive = is_export;
	stage_make(&s->stage, NULL);
	write_file(
	    s, "verbose.xml",
	    "<File CloudFormat=\"BlockBlob\" Path=\"pictures\\a (2).jpg\" Size=\"10000\" crc64=\"1\"/>"
	    "<File CloudFormat=\"PageBlob\" Path=\"DataBox-f55763d4-8ef7-458f-b029-f36b51ada34f\\b.vhd\" Size=\"8193\" "
	    "crc64=\"2\"/><File CloudFormat=\"BlockBlob\" Path=\"nobody\\x\" Size=\"0\" crc64=\"0\"/>",
	    s->logs[0]);
	write_file(s, "copy.xml",
		   "<ErroredEntity "
		   "Path=\"disks\"><Category>ContainerRenamed</Category><ErrorCode>1</ErrorCode><ErrorMessage>has "
		   "been renamed to: DataBox-f55763d4-8ef7-458f-b029-f36b51ada34f :from: disks :because</ErrorMessage>"
		   "<Type>Container</Type></ErroredEntity><ErroredEntity Path=\"pictures/sub/c.txt\"><Category>"
		   "UploadErrorWin32</Category><ErrorCode>5</ErrorCode><ErrorMessage>no</ErrorMessage><Type>File</Type>"
		   "</ErroredEntity>",
		   s->logs[1]);
	write_file(s, "drive.xml",
		   "<DriveLog Version=\"2014-11-01\"><DriveId>9WM35C2V</DriveId><Blob "
		   "Status=\"Completed\"><BlobPath>pictures/a "
		   "(4).jpg</BlobPath><FilePath>\\pictures\\a.jpg</FilePath><Length>10000</Length><ImportDisposition "
		   "Status=\"Renamed\">rename</ImportDisposition></Blob><Status>Completed</Status></DriveLog>",
		   s->logs[2]);
	write_file(s, "list.xml",
		   "<BlobList><BlobPath>pictures/a.jpg</BlobPath><BlobPath>gone/x</BlobPath><BlobPathPrefix>/pic</"
		   "BlobPathPrefix>"
		   "<BlobPathPrefix>/pictures/sub</BlobPathPrefix><BlobPathPrefix>/none</BlobPathPrefix></BlobList>",
		   s->list);
	for (size_t i = 0; i < 3; i++)
		s->log_list[i] = s->logs[i];
	s->options = (tally_audit_options){.check = s->stage.options,
					   .logs = s->log_list,
					   .log_count = 3,
					   .is_export = is_export,
					   .list = is_export ? s->list : NULL,
					   .incomplete = is_export ? s->list : NULL,
					   .missing = count_missing,
					   .missing_context = s};
	s->options.check.jobs = 1;
}

static tally_result audit(scene *s, recorder *r, tally_audit_summary *summary, tally_error *error)
{
	recorder_begin(r);
	s->missing = 0;
	const tally_sink sink = {.context = r->finder.context, .finding = r->finder.put};
	return tally_audit(&s->options, &sink, summary, error);
}

static tally_result run(void *context, tally_error *error)
{
	scene *s = context;
	recorder r;
	tally_audit_summary summary;
	tally_result result = audit(s, &r, &summary, error);
	if (result == TALLY_OK)
		recorder_expect_same(&r, &s->found, "without memory");
	else
		ck_assert_int_eq(summary.check.exit_status, 3);
	tally_audit_summary_clear(&summary);
	recorder_clear(&r);
	return result;
}

/* Import and export, on a drive and by papers alone; one allocation fails, or all from one on. */
START_TEST(memory_may_run_out_at_any_moment)
{
	scene s = {.missing = 0};
	char papers[300];
	tally_audit_summary summary;
	tally_error error;
	open_scene(&s, (_i & 1) != 0);
	if ((_i & 2) != 0) {
		snprintf(papers, sizeof papers, "%s/DriveManifest.xml", s.stage.drive);
		s.options.check.drive = NULL;
		s.options.check.manifest = papers;
	}
	ck_assert_int_eq(audit(&s, &s.found, &summary, &error), TALLY_OK);
	ck_assert_uint_ge(s.found.count, 5);
	ck_assert_int_eq(summary.check.exit_status, 1);
	tally_audit_summary_clear(&summary);
	size_t allocations = faults_each(FAULTS_BOTH, (_i & 4) != 0, run, NULL, &s);
	ck_assert_uint_gt(allocations, 100);
	recorder_clear(&s.found);
	stage_close(&s.stage);
}
END_TEST

typedef struct listener {
	size_t left; /* calls until it is stopped */
	uint64_t found, found_by_audit;
} listener;

static bool stop(void *context, const tally_progress *progress)
{
	listener *l = context;
	(void)progress;
	return l->left-- > 0;
}

static void count_finding(void *context, const tally_finding *finding)
{
	listener *l = context;
	l->found++;
	l->found_by_audit += finding->rule->id[0] == 'A';
}

/* At every moment, in every stage; and whatever was found until then is counted. */
START_TEST(it_can_be_stopped)
{
	scene s = {.missing = 0};
	tally_audit_summary summary;
	tally_error error;
	size_t stops = 0, stops_after_findings = 0;
	open_scene(&s, true);
	for (size_t n = 0;; n++) {
		listener l = {.left = n};
		const tally_sink sink = {.context = &l, .finding = count_finding, .progress = stop};
		tally_result result = tally_audit(&s.options, &sink, &summary, &error);
		ck_assert_uint_eq(summary.check.errors + summary.check.warnings + summary.check.notes, l.found);
		ck_assert_int_eq(summary.check.exit_status, result == TALLY_OK ? 1 : 3);
		tally_audit_summary_clear(&summary);
		if (result == TALLY_OK)
			break;
		ck_assert_int_eq(result, TALLY_ERROR_STOPPED);
		ck_assert_int_eq(error.code, TALLY_ERROR_STOPPED);
		stops++;
		stops_after_findings += l.found_by_audit > 0;
	}
	ck_assert_uint_ge(stops, 6);
	ck_assert_uint_gt(stops_after_findings, 0);
	stage_close(&s.stage);
}
END_TEST

static bool refuse_missing(void *context, const char *blob_path, bool is_prefix)
{
	(void)context, (void)blob_path, (void)is_prefix;
	return false;
}

START_TEST(what_it_refuses)
{
	scene s = {.missing = 0};
	tally_audit_summary summary;
	tally_error error;
	open_scene(&s, true);
	tally_audit_options options = s.options;
	ck_assert_int_eq(tally_audit(NULL, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	ck_assert_int_eq(tally_audit(&options, NULL, NULL, &error), TALLY_ERROR_ARGUMENT);
	options.check.drive = NULL;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	options = s.options;
	options.log_count = TALLY_AUDIT_LOGS_MAX + 1;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	options = s.options;
	options.check.jobs = 257;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	options = s.options;
	options.is_export = false;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	options.list = options.incomplete = NULL;
	options.log_count = 0;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_ARGUMENT);
	options = s.options;
	options.missing = refuse_missing;
	ck_assert_int_eq(tally_audit(&options, NULL, &summary, &error), TALLY_ERROR_STOPPED);
	tally_audit_summary_clear(&summary);
	tally_audit_summary_clear(NULL);
	stage_close(&s.stage);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {memory_may_run_out_at_any_moment, 8},
	    {it_can_be_stopped, 0},
	    {what_it_refuses, 0},
	    {NULL, 0},
	};
	return suite_run("audit memory", tests);
}
