/* SPDX-License-Identifier: Apache-2.0 */
/* Segments that are empty, the same or overlap: an archive's bytes come once, and a directory's as often as need be. */
#include "support/suite.h"
#include "verify/archive_scene.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static archive_scene a;

static void pack_drive(const char *format)
{
	pack *p = archive_start(&a, format, NULL);
	pack_folder(p, a.stage.drive, "", false);
	pack_end(p);
}

#define NOTHING "D41D8CD98F00B204E9800998ECF8427E" /* the MD5 of no bytes */

/* The standard drive, and one blob more of no bytes, of which `block` tells. */
static void make_empty(const char *block)
{
	char list[256];
	maker *m = stage_begin(&a.stage);
	maker_add(m, &(maker_blob){.blob_path = "texts/empty.txt", .size = 0});
	maker_add(m, &(maker_blob){.blob_path = "texts/full.txt", .size = 5000, .segment_size = 4096});
	maker_end(m);
	snprintf(list, sizeof list, "<BlockList>%s</BlockList>", block);
	maker_edit(m, "<BlockList>\n        </BlockList>", list);
	maker_seal(m);
}

START_TEST(an_empty_block_of_an_empty_file)
{
	static const char *const formats[] = {"pax", "zip", "newc"};
	archive_open(&a);
	make_empty("<Block Offset=\"0\" Length=\"0\" Hash=\"" NOTHING "\" />");
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		pack_drive(formats[i]);
		archive_expect_same_as_directory(&a, formats[i]);
		ck_assert_str_eq(a.found.counts, "blob: Completed 2; segment: Completed 3");
		ck_assert_str_eq(a.found.drive_status->code, "Completed");
	}
	make_empty("<Block Offset=\"0\" Length=\"0\" Hash=\"00000000000000000000000000000000\" />");
	pack_drive("pax");
	archive_expect_same_as_directory(&a, "a wrong hash");
	ck_assert_str_eq(a.found.counts, "blob: Completed 1, CompletedWithErrors 1; segment: Completed 2, Corrupted 1");
	archive_close(&a);
}
END_TEST

START_TEST(empty_blocks_between_others)
{
	static const unsigned places[] = {0, 4096, 5000, 6000};
	archive_open(&a);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char block[160];
		maker *m = stage_begin(&a.stage);
		maker_add(m, &(maker_blob){.blob_path = "texts/full.txt", .size = 5000, .segment_size = 4096});
		maker_end(m);
		snprintf(block, sizeof block,
			 "<Block Offset=\"%u\" Length=\"0\" Hash=\"" NOTHING "\" />\n        </BlockList>", places[i]);
		maker_edit(m, "</BlockList>", block);
		maker_seal(m);
		pack_drive("pax");
		archive_expect_same_as_directory(&a, block);
		ck_assert(strstr(a.found.counts, "IOFailed") == NULL);
	}
	archive_close(&a);
}
END_TEST

/* ---- blobs of one file ---- */

enum { SIZE = 5000, BLOBS = 1200 };

static void write_block(FILE *out, const uint8_t *content, unsigned from, unsigned to, bool bad)
{
	uint8_t md5[16];
	EVP_Digest(content + from, to - from, md5, NULL, EVP_md5(), NULL);
	md5[0] ^= bad;
	fprintf(out, "<Block Offset=\"%u\" Length=\"%u\" Hash=\"", from, to - from);
	for (size_t i = 0; i < sizeof md5; i++)
		fprintf(out, "%02X", md5[i]);
	fputs("\" />", out);
}

/* A drive of one file, and many blobs of it; of each the first block ends where `end` says, and one has a bad hash. */
static void make_blobs(unsigned (*end)(unsigned blob), unsigned bad)
{
	static uint8_t content[SIZE];
	maker *m = stage_begin(&a.stage);
	maker_add(m, &(maker_blob){.blob_path = "container/0", .file_path = "\\file", .size = SIZE});
	FILE *file = fopen(stage_place(&a.stage, "file"), "rb");
	ck_assert_uint_eq(fread(content, 1, SIZE, file), SIZE);
	fclose(file);
	char *text = NULL;
	size_t size = 0;
	FILE *blobs = open_memstream(&text, &size);
	for (unsigned i = 1; i < BLOBS; i++) {
		fprintf(blobs,
			"<Blob><BlobPath>container/%u</BlobPath><FilePath>\\file</FilePath><Length>%u</Length>"
			"<ImportDisposition>rename</ImportDisposition><BlockList>",
			i, (unsigned)SIZE);
		write_block(blobs, content, 0, end(i), i == bad);
		if (end(i) < SIZE)
			write_block(blobs, content, end(i), SIZE, false);
		fputs("</BlockList></Blob>\n", blobs);
	}
	fputs("</BlobList>", blobs);
	fclose(blobs);
	maker_end(m);
	maker_edit(m, "</BlobList>", text);
	free(text);
	maker_seal(m);
	pack_drive("pax");
}

static unsigned whole(unsigned blob)
{
	(void)blob;
	return SIZE;
}

START_TEST(many_blobs_of_one_file)
{
	archive_open(&a);
	make_blobs(whole, 0);
	archive_expect_same_as_directory(&a, "all right");
	ck_assert_str_eq(a.found.counts, "blob: Completed 1200; segment: Completed 1200");
	ck_assert_str_eq(a.found.drive_status->code, "Completed");
	/* Each has its own hash. */
	make_blobs(whole, 1100);
	archive_expect_same_as_directory(&a, "one is wrong");
	ck_assert_str_eq(a.found.counts,
			 "blob: Completed 1199, CompletedWithErrors 1; segment: Completed 1199, Corrupted 1");
	/* What can't be read can't be read for any of them. */
	stage_resize(&a.stage, "file", 100);
	pack_drive("pax");
	archive_expect_same_as_directory(&a, "too short");
	archive_close(&a);
}
END_TEST

static unsigned ever_longer(unsigned blob)
{
	return 2000 + blob;
}

/* More than can be hashed side by side: that is no fault of the drive. */
START_TEST(too_many_that_overlap_are_not_judged)
{
	archive_open(&a);
	make_blobs(ever_longer, 0);
	archive_check(&a);
	ck_assert_str_eq(a.found.counts, "blob: Completed 1024; segment: Completed 2048");
	ck_assert_ptr_null(a.found.drive_status);
	ck_assert_int_eq(a.found.exit_status, 3);
	ck_assert_ptr_null(strstr(a.found.findings, "error"));
	ck_assert_ptr_nonnull(strstr(
	    a.found.whole, "\ngap some blocks or page ranges that overlap more than 1,024 others of their file"));
	ck_assert_ptr_null(strstr(a.found.whole, "\ngap some files,"));
	ck_assert_ptr_null(strstr(a.found.whole, "could not be opened"));
	archive_close(&a);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {an_empty_block_of_an_empty_file, 0},
	    {empty_blocks_between_others, 0},
	    {many_blobs_of_one_file, 0},
	    {too_many_that_overlap_are_not_judged, 0},
	    {NULL, 0},
	};
	return suite_run("verify/archive_segments", tests);
}
