/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest's reader hands out, whose each finding is, and blobs of very many blocks. */
#include "manifest_judge.h"
#include "manifest_pieces.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- many blocks ---- */

static test_text many_blocks(unsigned count)
{
	test_text blobs = {0};
	text_print(&blobs, "<Blob>" PATHS "<Length>%u</Length><BlockList>", count);
	for (unsigned i = 0; i < count; i++)
		text_print(&blobs, "<Block Offset=\"%u\" Length=\"1\" Id=\"%c%c%c%c\" " HASH "/>\n", i,
			   'A' + i / 15625 % 25, 'a' + i / 625 % 25, 'A' + i / 25 % 25, 'a' + i % 25);
	text_print(&blobs, "</BlockList></Blob>");
	test_text text = manifest_of(blobs.data);
	text_clear(&blobs);
	return text;
}

START_TEST(test_fifty_thousand_blocks)
{
	for (unsigned over = 0; over < 3; over++) {
		test_text text = many_blocks(50000 + over);
		judgement j;
		judge_text(&j, text.data);
		recorder_expect(&j.found, over > 0 ? "M-40.count" : "", "many blocks");
		if (over > 0) {
			/* At the 50,001st block, once. */
			const char *block = strstr(text.data, "<Block Offset=\"50000\"");
			ck_assert_uint_eq(j.found.items[0].document_offset, (uint64_t)(block - text.data));
		}
		ck_assert_uint_eq(j.totals.segments, 50000 + over);
		judgement_clear(&j);
		text_clear(&text);
	}
}
END_TEST

/* Of 50,000 ids in no order, those of two pairs are the same; only one of the pairs has other content. */
START_TEST(test_ids_among_many)
{
	test_text text = many_blocks(50000);
	text_replace(&text, "Offset=\"40000\" Length=\"1\" Id=\"CoAa\"", "Offset=\"40000\" Length=\"1\" Id=\"AaAb\"");
	text_replace(&text, "Offset=\"30000\" Length=\"1\" Id=\"BxAa\"", "Offset=\"30000\" Length=\"1\" Id=\"AaAc\"");
	judgement j;
	judge_text(&j, text.data);
	recorder_expect(&j.found, "", "same content");
	judgement_clear(&j);
	char *block = strstr(text.data, "Offset=\"30000\"");
	char *hash = strstr(block, "Hash=\"");
	hash[6] = 'F';
	judge_text(&j, text.data);
	recorder_expect(&j.found, "M-45", "other content");
	ck_assert_uint_eq(j.found.items[0].document_offset, (uint64_t)(strstr(block, "AaAc") - text.data));
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

/* ---- what is handed out ---- */

static void begin(void *context, const tally_manifest_blob *blob)
{
	text_print(context, "begin %d %s %s %s\n", (int)blob->index, blob->blob_path != NULL ? blob->blob_path : "-",
		   blob->file_path != NULL ? blob->file_path : "-", blob->has_length ? "length" : "no length");
}

static void segment(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *s)
{
	text_print(context, "segment %d.%d %d+%d%s%s %02X%02X\n", (int)blob->index, (int)s->index, (int)s->offset,
		   (int)s->length, s->usable ? "" : " unusable", s->status != NULL ? " beyond" : "", s->md5[0],
		   s->md5[15]);
}

static void print_side(test_text *t, const char *name, const tally_side_reference *side)
{
	if (side->present)
		text_print(t, " %s %s%s%s", name, side->path != NULL ? side->path : "-", side->from_list ? " list" : "",
			   side->has_hash ? " hash" : "");
}

static void end(void *context, const tally_manifest_blob *blob)
{
	static const char *const kinds[] = {"undecided", "block", "page"};
	test_text *t = context;
	text_print(t, "end %d %s %s %s %d segments %s", (int)blob->index,
		   blob->blob_path != NULL ? blob->blob_path : "-", blob->file_path != NULL ? blob->file_path : "-",
		   kinds[blob->kind], (int)blob->segment_count, blob->status != NULL ? blob->status : "fine");
	print_side(t, "metadata", &blob->metadata);
	print_side(t, "properties", &blob->properties);
	text_print(t, "\n");
}

START_TEST(test_blobs_and_segments_are_handed_out_in_order)
{
	test_text text = manifest_of_drive(
	    ID_ELEMENT KEY
	    "<BlobList><MetadataPath " HASH ">\\m</MetadataPath><PropertiesPath>\\p</PropertiesPath>"
	    "<Blob>" PATHS "<Length>12</Length><BlockList>" BLOCK("0", "8", "") BLOCK("8", "9", "") BLOCK(
		"x", "1",
		"") "</BlockList><MetadataPath " HASH ">\\own</MetadataPath></Blob>"
		    "<Blob><PageRangeList>" RANGE(
			"512",
			"512") "</PageRangeList>" PATHS "<Length>1024</Length></Blob>"
			       "</BlobList><BlobList>"
			       "<Blob><BlobPath>cargo/c</BlobPath><FilePath>\\aux</FilePath><Length>0</Length></Blob>"
			       "<Blob><BlobPath>Cargo/d</BlobPath><FilePath>\\d</FilePath><Length>0</Length></Blob>"
			       "<Blob/></BlobList>");
	static const tally_manifest_events events = {.blob_begin = begin, .segment = segment, .blob_end = end};
	test_text log = {0};
	judgement j;
	judge(&j, text.data, text.size, 1, &(tally_manifest_options){.events = &events, .events_context = &log});
	ck_assert_str_eq(log.data, "begin 0 cargo/a \\a length\n"
				   "segment 0.0 0+8 01EF\n"
				   "segment 0.1 8+9 beyond 01EF\n"
				   "segment 0.2 0+1 unusable 01EF\n"
				   "end 0 cargo/a \\a block 3 segments fine metadata \\own hash properties \\p list\n"
				   "begin 1 - - no length\n"
				   "segment 1.0 512+512 01EF\n"
				   "end 1 cargo/a \\a page 1 segments fine metadata \\m list hash properties \\p list\n"
				   "begin 2 cargo/c \\aux length\n"
				   "end 2 cargo/c \\aux undecided 0 segments FileNameInvalid\n"
				   "begin 3 Cargo/d \\d length\n"
				   "end 3 Cargo/d \\d undecided 0 segments BlobRequestFailed\n"
				   "begin 4 - - no length\n"
				   "end 4 - - undecided 0 segments fine\n");
	ck_assert_uint_eq(j.totals.blobs, 5);
	ck_assert_uint_eq(j.totals.segments, 4);
	judgement_clear(&j);
	text_clear(&log);
	text_clear(&text);
}
END_TEST

/* A finding about a blob names it, one behind it doesn't. */
START_TEST(test_findings_name_their_blob)
{
	test_text text =
	    manifest_of("<Blob><Crate/>" PATHS "<Length>1</Length><BlockList>" BLOCK("0", "2", "") "</BlockList></Blob>"
												   "<Crate/>");
	judgement j;
	judge_text(&j, text.data);
	recorder_expect(&j.found, "M-05.element M-33 M-05.element", "blob");
	const recorded *f = j.found.items;
	ck_assert(f[0].blob_path == NULL && f[0].file_path == NULL);
	ck_assert_str_eq(f[1].blob_path, "cargo/a");
	ck_assert_str_eq(f[1].file_path, "\\a");
	ck_assert(f[2].blob_path == NULL && f[2].file_path == NULL);
	ck_assert_ptr_eq(f[1].status, tally_status_find(TALLY_LEVEL_SEGMENT, "BlobUnexpectedEnd"));
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

START_TEST(test_side_files_are_judged_at_their_level)
{
	test_text text = manifest_of("<Blob>" PATHS "<Length>0</Length><MetadataPath " HASH ">\\a?</MetadataPath>"
				     "<PropertiesPath " HASH ">\\a?</PropertiesPath></Blob>");
	judgement j;
	judge_text(&j, text.data);
	recorder_expect(&j.found, "M-17.path M-17.path", "side files");
	ck_assert_ptr_eq(j.found.items[0].status, tally_status_find(TALLY_LEVEL_METADATA, "FileNameInvalid"));
	ck_assert_ptr_eq(j.found.items[1].status, tally_status_find(TALLY_LEVEL_PROPERTIES, "FileNameInvalid"));
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {test_fifty_thousand_blocks, 0},
	    {test_ids_among_many, 0},
	    {test_blobs_and_segments_are_handed_out_in_order, 0},
	    {test_findings_name_their_blob, 0},
	    {test_side_files_are_judged_at_their_level, 0},
	    {NULL, 0},
	};
	return suite_run("manifest handed out", tests);
}
