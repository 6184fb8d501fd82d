/* SPDX-License-Identifier: Apache-2.0 */
/* What logs say as values: of every generation, however the log is cut, and one entry by itself. */
#include "format/log_events.h"
#include "support/documents.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct said {
	test_text text;     /* a line for each event */
	uint64_t places[8]; /* of entries */
	size_t count;
	size_t begins[9], ends; /* where the entry's own lines begin in the text */
} said;

static void put_status(said *s, const char *name, const tally_status *status)
{
	if (status != NULL)
		text_print(&s->text, " %s=%s", name, status->code);
}

static void put_text(said *s, const char *name, tally_text text)
{
	if (text.data != NULL)
		text_print(&s->text, " %s=[%.*s]", name, (int)text.size, text.data);
}

static void on_segment(void *context, const tally_log_segment *segment)
{
	said *s = context;
	text_print(&s->text, "segment %" PRIu64 "+%" PRIu64, segment->offset, segment->length);
	put_status(s, "status", segment->status);
	text_print(&s->text, "\n");
}

static void on_entry(void *context, const tally_log_entry *e)
{
	said *s = context;
	text_print(&s->text, "entry %d", (int)e->kind);
	put_text(s, "blob", e->blob_path);
	put_text(s, "file", e->file_path);
	put_text(s, "snapshot", e->snapshot);
	put_text(s, "message", e->message);
	put_text(s, "new", e->new_name);
	put_status(s, "status", e->status);
	put_status(s, "disposition", e->disposition);
	if (e->has_size)
		text_print(&s->text, " size=%" PRIu64, e->size);
	if (e->has_crc64)
		text_print(&s->text, " crc64=%" PRIu64, e->crc64);
	text_print(&s->text, "%s%s%s\n", e->is_container ? " container" : "", e->is_rename ? " rename" : "",
		   e->failed_part ? " failed" : "");
	s->begins[s->count] = s->ends;
	s->ends = s->text.size;
	s->places[s->count++] = e->place.offset;
}

static void on_end(void *context, const tally_log_totals *totals)
{
	said *s = context;
	text_print(&s->text, "end%s id=[%s]", totals->complete ? "" : " broken", totals->drive_id);
	if (totals->skipped > 0)
		text_print(&s->text, " skipped=%" PRIu64, totals->skipped);
	put_status(s, "status", totals->drive_status);
	text_print(&s->text, "%s%s", totals->succeeded ? " succeeded" : "", totals->failed ? " failed" : "");
	if (totals->has_total)
		text_print(&s->text, " total=%" PRIu64, totals->total);
	text_print(&s->text, "\n");
}

static const tally_log_events events = {on_segment, on_entry, on_end};

static void read_log(said *s, tally_document_kind kind, tally_text text, size_t piece)
{
	*s = (said){.count = 0};
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	tally_finder silent = {0};
	tally_lint_run run = {
	    .source = &source, .finder = &silent, .kind = kind, .events = &events, .events_context = s};
	ck_assert_int_eq(tally_format_of(kind)->lint(&run, NULL), TALLY_OK);
}

/* Each entry of a log by itself says what it said in the whole log, wherever its encoding has put it. */
static void expect_entries(const said *s, tally_document_kind kind, tally_text text, const char *lines)
{
	for (size_t i = 0; i < s->count; i++) {
		pieces p = {.text = text, .piece = 5};
		tally_source source = pieces_source(&p);
		said one = {.count = 0};
		ck_assert_int_eq(tally_log_read_entry(&source, kind, s->places[i], &events, &one, NULL), TALLY_OK);
		ck_assert_uint_eq(one.count, 1);
		ck_assert_uint_eq(one.places[0], 0);
		ck_assert_uint_eq(one.text.size, s->begins[i + 1] - s->begins[i]);
		ck_assert_mem_eq(one.text.data, lines + s->begins[i], one.text.size);
		text_clear(&one.text);
	}
}

static void expect_in_utf16(tally_document_kind kind, const char *text, const char *lines)
{
	for (int form = 0; form < 4; form++) {
		said s;
		test_text wide = {0};
		text_add_utf16(&wide, text, form % 2 == 0, form / 2 == 0);
		read_log(&s, kind, (tally_text){wide.data, wide.size}, 7);
		ck_assert_str_eq(s.text.data, lines);
		s.begins[s.count] = s.ends;
		expect_entries(&s, kind, (tally_text){wide.data, wide.size}, lines);
		text_clear(&s.text);
		text_clear(&wide);
	}
}

/* The whole log in pieces of many sizes and in all encodings, then each entry by itself. */
static void expect(tally_document_kind kind, const char *text, const char *lines)
{
	static const size_t sizes[] = {SIZE_MAX, 1, 2, 3, 7, 64};
	said s;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		read_log(&s, kind, (tally_text){text, strlen(text)}, sizes[i]);
		ck_assert_str_eq(s.text.data, lines);
		if (i + 1 < sizeof sizes / sizeof sizes[0])
			text_clear(&s.text);
	}
	s.begins[s.count] = s.ends;
	expect_entries(&s, kind, (tally_text){text, strlen(text)}, lines);
	text_clear(&s.text);
	expect_in_utf16(kind, text, lines);
}

START_TEST(drive_logs)
{
	expect(TALLY_DOCUMENT_DRIVE_LOG,
	       "<?xml version=\"1.0\"?><DriveLog Version=\"2014-11-01\"><DriveId>9WM35C2V</DriveId>"
	       "<Blob Status=\"Completed\"><BlobPath>pictures/a &amp; b.jpg</BlobPath><FilePath>\\a.jpg</FilePath>"
	       "<Length>10</Length><ImportDisposition Status=\"Renamed\">rename</ImportDisposition><BlockList>"
	       "<Block Offset=\"0\" Length=\"10\" Status=\"Completed\"/></BlockList></Blob>"
	       "<Blob Status=\"CompletedWithErrors\"><BlobPath>b</BlobPath><FilePath>\\b</FilePath><Length>x</Length>"
	       "<PageRangeList><PageRange Offset=\"512\" Length=\"512\" Status=\"Corrupted\"/>"
	       "<PageRange Offset=\"-1\" Length=\"512\" Status=\"Failed\"/></PageRangeList></Blob>"
	       "<Blob Status=\"Unheard\"><BlobPath>c</BlobPath><FilePath>\\c</FilePath><Length>0</Length>"
	       "<BlockList/></Blob><Status>CompletedWithErrors</Status></DriveLog>",
	       "segment 0+10 status=Completed\n"
	       "entry 0 blob=[pictures/a & b.jpg] file=[\\a.jpg] status=Completed disposition=Renamed size=10\n"
	       "segment 512+512 status=Corrupted\n"
	       "entry 0 blob=[b] file=[\\b] status=CompletedWithErrors failed\n"
	       "entry 0 blob=[c] file=[\\c] size=0\n"
	       "end id=[9WM35C2V] status=CompletedWithErrors\n");
}
END_TEST

START_TEST(drive_logs_of_2018)
{
	expect(TALLY_DOCUMENT_DRIVE_LOG,
	       "\n<DriveLog Version=\"2018-10-01\"><DriveId>X</DriveId><Summary><ValidationErrors><None Count=\"1\"/>"
	       "</ValidationErrors><CopyErrors><ContainerRenamed Count=\"1\" Description=\"\"/></CopyErrors></Summary>"
	       "<Blob "
	       "Status=\"ContainerRenamed\"><BlobPath>databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef/p.vhd</BlobPath>"
	       "<OriginalFilePath>\\p.vhd</OriginalFilePath><SizeInBytes>1024</SizeInBytes></Blob>"
	       "<File "
	       "Status=\"Completed\"><FileStoragePath>s/f</FileStoragePath><FilePath>\\f</FilePath><Length>1</Length>"
	       "<FileRangeList><FileRange Offset=\"0\" Length=\"1\" Status=\"Completed\"/></FileRangeList></File>"
	       "<Status>Completed</Status></DriveLog>",
	       "entry 0 blob=[databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef/p.vhd] file=[\\p.vhd] "
	       "status=ContainerRenamed size=1024\n"
	       "segment 0+1 status=Completed\n"
	       "entry 0 blob=[s/f] file=[\\f] status=Completed size=1\n"
	       "end id=[X] status=Completed\n");
}
END_TEST

START_TEST(drive_logs_of_exports)
{
	expect(TALLY_DOCUMENT_DRIVE_LOG,
	       "<DriveLog><DriveId>X</DriveId><Blob Status=\"Completed\"><BlobPath>a</BlobPath><FilePath>\\a</FilePath>"
	       "<Snapshot>2011-03-09T01:42:34.9360000Z</Snapshot><LastModified>2012-09-18T23:47:08Z</LastModified>"
	       "<Length>0</Length><BlockList/></Blob><Blob "
	       "Status=\"Completed\"><BlobPath>a</BlobPath><FilePath>\\b</FilePath>"
	       "<Length>0</Length><BlockList/></Blob><Status>Completed</Status></DriveLog>",
	       "entry 0 blob=[a] file=[\\a] snapshot=[2011-03-09T01:42:34.9360000Z] status=Completed size=0\n"
	       "entry 0 blob=[a] file=[\\b] status=Completed size=0\n"
	       "end id=[X] status=Completed\n");
}
END_TEST

START_TEST(copy_logs)
{
	expect(
	    TALLY_DOCUMENT_COPY_LOG,
	    "<ErroredEntity Path=\"New Folder\"><Category>ContainerRenamed</Category><ErrorCode>1</ErrorCode>"
	    "<ErrorMessage>It has been renamed to: DataBox-f55763d4-8ef7-458f-b029-f36b51ada34f :from: New Folder "
	    ":because of its name</ErrorMessage><Type>Container</Type></ErroredEntity>"
	    "<ErroredEntity Path=\"c\\x.iso\"><Category>UploadErrorCloudHttp</Category><ErrorCode>409</ErrorCode>"
	    "<ErrorMessage>no</ErrorMessage><Type>File</Type></ErroredEntity>"
	    "<CopyLog Summary=\"Summary\"><DriveLogVersion>2021-08-01</DriveLogVersion><DriveId>ab</DriveId>"
	    "<Status>Failed</Status><TotalFiles_Blobs>7</TotalFiles_Blobs><FilesErrored>2</FilesErrored></CopyLog>",
	    "entry 1 blob=[New Folder] message=[It has been renamed to: DataBox-f55763d4-8ef7-458f-b029-f36b51ada34f "
	    ":from: New Folder :because of its name] new=[DataBox-f55763d4-8ef7-458f-b029-f36b51ada34f] "
	    "status=ContainerRenamed container rename\n"
	    "entry 1 blob=[c\\x.iso] message=[no] status=UploadErrorCloudHttp\n"
	    "end id=[ab] failed total=7\n");
}
END_TEST

START_TEST(verbose_logs)
{
	expect(TALLY_DOCUMENT_VERBOSE_LOG,
	       "<File CloudFormat=\"BlockBlob\" Path=\"c\\a\" Size=\"0\" crc64=\"0\">\n</File>"
	       "<File CloudFormat=\"PageBlob\" Path=\"c\\d/&quot;\" Size=\"1024\" crc64=\"7573843669953104266\"/>\n"
	       "<File Path=\"c\\x\" Size=\"-\" crc64=\"0x00000000000000ff\"/><File crc64=\"no\"/>",
	       "entry 2 blob=[c\\a] size=0 crc64=0\n"
	       "entry 2 blob=[c\\d/\"] size=1024 crc64=7573843669953104266\n"
	       "entry 2 blob=[c\\x] crc64=255\n"
	       "entry 2\n"
	       "end id=[]\n");
}
END_TEST

START_TEST(logs_that_break_off)
{
	said s;
	read_log(&s, TALLY_DOCUMENT_VERBOSE_LOG, TALLY_TEXT("<File Path=\"c\\a\" Size=\"1\" crc64=\"1\"/><File Pa"),
		 SIZE_MAX);
	ck_assert_str_eq(s.text.data, "entry 2 blob=[c\\a] size=1 crc64=1\nend broken id=[]\n");
	text_clear(&s.text);
	read_log(&s, TALLY_DOCUMENT_DRIVE_LOG,
		 TALLY_TEXT("<DriveLog><Blob Status=\"Completed\"><BlobPath>a</BlobPath>"), 4);
	ck_assert_str_eq(s.text.data, "end broken id=[]\n");
	text_clear(&s.text);
}
END_TEST

START_TEST(elements_that_are_not_known)
{
	expect(
	    TALLY_DOCUMENT_DRIVE_LOG,
	    "<DriveLog Version=\"2018-10-01\"><DriveId>x</DriveId><ManagedDisk Status=\"Failed\"><Blob/></ManagedDisk>"
	    "<Blob Status=\"Completed\"><BlobPath>a</BlobPath><Extra/></Blob></DriveLog>",
	    "entry 0 blob=[a] status=Completed\nend id=[x] skipped=2\n");
}
END_TEST

/* A second reading ends with the entry, or where nothing more can be read: not at the end of a log of gigabytes. */
START_TEST(reads_no_further)
{
	test_text text = {0};
	for (size_t i = 0; i < 100000; i++)
		text_print(&text, "<File Path=\"c\\a\" Size=\"1\" crc64=\"1\"/>\n");
	static const size_t places[] = {0, 4};
	for (size_t i = 0; i < 2; i++) {
		said one = {.count = 0};
		pieces p = {.text = {text.data, text.size}, .piece = SIZE_MAX};
		tally_source source = pieces_source(&p);
		ck_assert_int_eq(
		    tally_log_read_entry(&source, TALLY_DOCUMENT_VERBOSE_LOG, places[i], &events, &one, NULL),
		    TALLY_OK);
		ck_assert_uint_eq(one.count, i == 0);
		ck_assert_uint_le(p.reads, 8);
		text_clear(&one.text);
	}
	text_clear(&text);
}
END_TEST

/* An offset where no entry begins, as in a log that was changed meanwhile. */
START_TEST(entries_that_are_none)
{
	static const char text[] = "<DriveLog><DriveId>x</DriveId><Status>Completed</Status></DriveLog>";
	for (size_t at = 0; at <= sizeof text; at++) {
		said one = {.count = 0};
		pieces p = {.text = {text, sizeof text - 1}, .piece = SIZE_MAX};
		tally_source source = pieces_source(&p);
		ck_assert_int_eq(tally_log_read_entry(&source, TALLY_DOCUMENT_DRIVE_LOG, at, &events, &one, NULL),
				 TALLY_OK);
		ck_assert_uint_eq(one.count, 0);
		text_clear(&one.text);
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {drive_logs, 0},
	    {drive_logs_of_2018, 0},
	    {drive_logs_of_exports, 0},
	    {copy_logs, 0},
	    {verbose_logs, 0},
	    {logs_that_break_off, 0},
	    {entries_that_are_none, 0},
	    {elements_that_are_not_known, 0},
	    {reads_no_further, 0},
	    {NULL, 0},
	};
	return suite_run("log events", tests);
}
