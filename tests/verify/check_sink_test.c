/* SPDX-License-Identifier: Apache-2.0 */
/* What a sink is told of a drive, its blobs, segments and side files, and in which order. */
#include "base/text.h"
#include "support/suite.h"
#include "verify/read_faults.h"
#include "verify/stage.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static stage s;
static FILE *told;
static char *text;
static size_t text_size;
static const char *drive_status;

static const char *or_dash(const char *value)
{
	return value != NULL ? value : "-";
}

static const char *kind_name(tally_blob_kind kind)
{
	static const char *const names[] = {"none", "block", "page"};
	return names[kind];
}

static void on_drive(void *context, const tally_drive_report *d)
{
	(void)context;
	fprintf(told, "drive %s %s %s\n", d->drive_id, d->is_export ? "export" : "import",
		d->failure != NULL ? d->failure->code : "-");
}

static void tell_blob(const char *what, const tally_blob_report *b)
{
	fprintf(told, "%s %" PRIu64 " %s %s %s", what, b->index, or_dash(b->blob_path), or_dash(b->file_path),
		kind_name(b->kind));
	if (b->has_length)
		fprintf(told, " %" PRIu64, b->length);
	fprintf(told, " %s %s", or_dash(b->snapshot), or_dash(b->disposition));
}

static void on_blob_begin(void *context, const tally_blob_report *b)
{
	(void)context;
	ck_assert_ptr_null(b->status);
	ck_assert_ptr_null(b->disposition_status);
	tell_blob("begin", b);
	fputs("\n", told);
}

static void on_segment(void *context, const tally_segment_report *g)
{
	(void)context;
	ck_assert_int_eq(g->status->level, TALLY_LEVEL_SEGMENT);
	fprintf(told, "%s %" PRIu64 ".%" PRIu64, kind_name(g->kind), g->blob_index, g->index);
	if (g->md5 != NULL)
		fprintf(told, " %" PRIu64 "+%" PRIu64, g->offset, g->length);
	fprintf(told, " %s %s\n", or_dash(g->id), g->status->code);
}

static void on_side_file(void *context, const tally_side_report *f)
{
	(void)context;
	ck_assert_int_eq(f->status->level, f->level);
	fprintf(told, "%s %" PRIu64 " %s %s %s\n", tally_level_name(f->level), f->blob_index,
		f->is_global ? "global" : "own", or_dash(f->path), f->status->code);
}

static void on_blob(void *context, const tally_blob_report *b)
{
	(void)context;
	tell_blob("end", b);
	fprintf(told, " %s %s\n", b->status->code, b->disposition_status != NULL ? b->disposition_status->code : "-");
}

static tally_result check_with(tally_sink sink)
{
	tally_summary summary;
	told = open_memstream(&text, &text_size);
	tally_result result = tally_check(&s.options, &sink, &summary, NULL);
	drive_status = summary.drive_status != NULL ? summary.drive_status->code : NULL;
	tally_summary_clear(&summary);
	fclose(told);
	return result;
}

static tally_result check(void)
{
	return check_with((tally_sink){.drive = on_drive,
				       .blob_begin = on_blob_begin,
				       .segment = on_segment,
				       .side_file = on_side_file,
				       .blob = on_blob});
}

static void end(void)
{
	free(text);
	stage_close(&s);
}

START_TEST(a_drive_is_told_in_the_manifests_order)
{
	stage_open(&s);
	stage_make(&s, NULL);
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_str_eq(text, "drive 9WM35C2V import -\n"
			       "begin 0 pictures/a.jpg \\pictures\\a.jpg block 10000 - rename\n"
			       "block 0.0 0+4096 MD5/0P8jA9SLlaDRNwnPft41rA== Completed\n"
			       "block 0.1 4096+4096 MD5/v9S7plKx0ReGGMS97GFdEA== Completed\n"
			       "block 0.2 8192+1808 MD5/2OxtzOiEGocw42tJfj0jVw== Completed\n"
			       "metadata 0 global \\list.metadata.xml Completed\n"
			       "properties 0 global \\list.properties.xml Completed\n"
			       "end 0 pictures/a.jpg \\pictures\\a.jpg block 10000 - rename Completed -\n"
			       "begin 1 disks/b.vhd \\disks\\b.vhd page 8192 - rename\n"
			       "page 1.0 0+4096 - Completed\n"
			       "page 1.1 4096+4096 - Completed\n"
			       "metadata 1 own \\disks\\b.vhd.metadata Completed\n"
			       "properties 1 own \\disks\\b.vhd.properties Completed\n"
			       "end 1 disks/b.vhd \\disks\\b.vhd page 8192 - rename Completed -\n"
			       "begin 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block 100 - rename\n"
			       "block 2.0 0+100 - Completed\n"
			       "metadata 2 global \\list.metadata.xml Completed\n"
			       "properties 2 global \\list.properties.xml Completed\n"
			       "end 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block 100 - rename Completed -\n");
	end();
}
END_TEST

/* What is wrong has its status where it is; without a file the disposition is cancelled, else nobody can know it. */
START_TEST(a_broken_drive_is_told_with_its_statuses)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_flip(&s, "disks/b.vhd", 5000);
	stage_remove(&s, "disks/b.vhd.metadata");
	stage_remove(&s, "pictures/sub/c.txt");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_ptr_nonnull(strstr(text,
				     "page 1.0 0+4096 - Completed\n"
				     "page 1.1 4096+4096 - Corrupted\n"
				     "metadata 1 own \\disks\\b.vhd.metadata FileNotFound\n"
				     "properties 1 own \\disks\\b.vhd.properties Completed\n"
				     "end 1 disks/b.vhd \\disks\\b.vhd page 8192 - rename CompletedWithErrors -\n"));
	ck_assert_ptr_nonnull(strstr(
	    text, "block 2.0 0+100 - Cancelled\n"
		  "metadata 2 global \\list.metadata.xml Cancelled\n"
		  "properties 2 global \\list.properties.xml Cancelled\n"
		  "end 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block 100 - rename FileNotFound Cancelled\n"));
	end();
}
END_TEST

START_TEST(an_export_has_snapshots_and_no_dispositions)
{
	stage_open(&s);
	s.made.export_drive = true;
	stage_make(&s, (const char *const[]){"<Length>100<",
					     "<Snapshot>2011-03-09T01:42:34.9360000Z</Snapshot><Length>100<", NULL});
	stage_remove(&s, "pictures/sub/c.txt");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_ptr_nonnull(strstr(text, "drive 9WM35C2V export -\n"));
	ck_assert_ptr_nonnull(strstr(text, "begin 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block 100 "
					   "2011-03-09T01:42:34.9360000Z -\n"));
	ck_assert_ptr_nonnull(strstr(text, "end 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block 100 "
					   "2011-03-09T01:42:34.9360000Z - FileNotFound -\n"));
	end();
}
END_TEST

/* What stands behind the list is known when the blob ends. */
START_TEST(what_comes_late_is_told_at_the_end)
{
	stage_open(&s);
	stage_make(&s, (const char *const[]){
			   "<Length>100</Length>\n", "\n", "</BlobList>\n",
			   "<Blob><BlockList/><BlobPath>pictures/e</BlobPath><FilePath>\\e</FilePath>"
			   "<Length>0</Length><ImportDisposition>overwrite</ImportDisposition></Blob></BlobList>\n",
			   NULL});
	stage_write(&s, "e", "");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_ptr_nonnull(strstr(text, "begin 2 pictures/sub/c.txt \\pictures\\sub\\c.txt block - rename\n"));
	ck_assert_ptr_nonnull(strstr(text, "end 3 pictures/e \\e block 0 - overwrite Completed -\n"));
	end();
}
END_TEST

/* The form of an entry is the drive's business; the blobs are told all the same. */
START_TEST(a_drive_that_fails_says_so_first)
{
	stage_open(&s);
	stage_make(&s, (const char *const[]){"Offset=\"4096\"", "Offset=\"4o96\"", NULL});
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_int_eq(strncmp(text, "drive 9WM35C2V import ManifestFormatInvalid\n", 44), 0);
	ck_assert_ptr_nonnull(strstr(text, "block 0.1 MD5/v9S7plKx0ReGGMS97GFdEA== Cancelled\n"));
	ck_assert_ptr_nonnull(strstr(text, "end 2 "));
	end();
}
END_TEST

START_TEST(a_drive_without_a_manifest_is_told_too)
{
	stage_open(&s);
	stage_make(&s, NULL);
	stage_remove(&s, "DriveManifest.xml");
	ck_assert_int_eq(check(), TALLY_OK);
	ck_assert_str_eq(text, "drive 9WM35C2V import ManifestNotFound\n");
	end();
}
END_TEST

START_TEST(a_check_that_fails_tells_nothing)
{
	stage_open(&s);
	ck_assert_int_eq(check(), TALLY_ERROR_IO);
	ck_assert_str_eq(text, "");
	end();
}
END_TEST

/* Over several batches, and with ids that are no ids. */
START_TEST(a_blob_of_many_blocks_is_told_once)
{
	enum { COUNT = 1200 };
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = COUNT * 16, .segment_size = 16, .ids = true});
	maker_add(m, &(maker_blob){.blob_path = "pictures/b.jpg", .size = 16});
	maker_end(m);
	maker_edit(m, "Id=\"MD5/", "Id=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/");
	maker_seal(m);
	s.options.jobs = 1;
	ck_assert_int_eq(check(), TALLY_OK);
	unsigned begins = 0, ends = 0, segments = 0, without_id = 0;
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL) {
		unsigned index;
		begins += strncmp(line, "begin 0 ", 8) == 0;
		ends += strncmp(line, "end 0 pictures/a.jpg \\pictures\\a.jpg block 19200 - rename", 57) == 0;
		if (sscanf(line, "block 0.%u ", &index) == 1)
			ck_assert_uint_eq(index, segments++);
		without_id += strstr(line, "block 0.0 0+16 - ") != NULL;
	}
	ck_assert_uint_eq(begins, 1);
	ck_assert_uint_eq(ends, 1);
	ck_assert_uint_eq(segments, COUNT);
	ck_assert_uint_eq(without_id, 1);
	end();
}
END_TEST

/* ---- a manifest that is read a second time ---- */

static void fail_manifest(void *context, const tally_drive_report *d)
{
	on_drive(context, d);
	read_faults_fail(stage_place(&s, "DriveManifest.xml"), 0, UINT64_MAX, EIO);
}

static void cut_manifest(void *context, const tally_drive_report *d)
{
	on_drive(context, d);
	stage_resize(&s, "DriveManifest.xml", 1000);
}

static void on_finding(void *context, const tally_finding *f)
{
	(void)context;
	fprintf(told, "%s %s\n", f->rule->id, f->message);
}

/* What was not checked is never Completed, whatever was read before. */
START_TEST(a_manifest_that_can_not_be_read_again_is_told)
{
	static const struct {
		void (*on_drive)(void *context, const tally_drive_report *d);
		const char *message;
	} ways[] = {
	    {fail_manifest,
	     "V-03 the manifest can't be read again: Input/output error: 400 of its 400 blobs were not checked\n"},
	    {cut_manifest,
	     "V-03 the manifest is not what it was when it was read first: 400 of its 400 blobs were not checked\n"},
	};
	/* A smaller one stays in memory. */
	stage_open(&s);
	maker *m = stage_begin(&s);
	for (unsigned i = 0; i < 400; i++) {
		char path[32];
		snprintf(path, sizeof path, "pictures/%u.jpg", i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = 16});
	}
	maker_end(m);
	maker_seal(m);
	ck_assert_int_eq(check_with((tally_sink){.drive = ways[_i].on_drive, .finding = on_finding, .blob = on_blob}),
			 TALLY_OK);
	read_faults_clear();
	ck_assert_msg(strstr(text, ways[_i].message) != NULL, "%s", text);
	ck_assert_str_eq(drive_status, "ReadManifestFailed");
	end();
}
END_TEST

/* ---- hashes ---- */

static char hashes[2][33];

static void on_segment_hash(void *context, const tally_segment_report *g)
{
	(void)context;
	if (g->blob_index == 2)
		tally_hex_encode(g->md5, 16, hashes[0]);
}

static void on_side_hash(void *context, const tally_side_report *f)
{
	(void)context;
	if (f->blob_index == 1 && f->level == TALLY_LEVEL_METADATA)
		tally_hex_encode(f->md5, 16, hashes[1]);
}

/* The manifest's, not those of what is there. */
START_TEST(hashes_are_the_manifests)
{
	char block[33], side[33];
	stage_open(&s);
	stage_make(&s, NULL);
	maker_hash_file(stage_place(&s, "pictures/sub/c.txt"), block);
	maker_hash_file(stage_place(&s, "disks/b.vhd.metadata"), side);
	stage_flip(&s, "pictures/sub/c.txt", 1);
	stage_flip(&s, "disks/b.vhd.metadata", 1);
	ck_assert_int_eq(check_with((tally_sink){.segment = on_segment_hash, .side_file = on_side_hash}), TALLY_OK);
	ck_assert_str_eq(hashes[0], block);
	ck_assert_str_eq(hashes[1], side);
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_drive_is_told_in_the_manifests_order, 0},
	    {a_broken_drive_is_told_with_its_statuses, 0},
	    {an_export_has_snapshots_and_no_dispositions, 0},
	    {what_comes_late_is_told_at_the_end, 0},
	    {a_drive_that_fails_says_so_first, 0},
	    {a_drive_without_a_manifest_is_told_too, 0},
	    {a_check_that_fails_tells_nothing, 0},
	    {a_blob_of_many_blocks_is_told_once, 0},
	    {a_manifest_that_can_not_be_read_again_is_told, 2},
	    {hashes_are_the_manifests, 0},
	    {NULL, 0},
	};
	return suite_run("check sink", tests);
}
