/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of predicted logs by itself: what it writes of what it is told, and how much it keeps of it. */
#include "report/report_fixture.h"
#include "support/faults.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static test_page out;
static tally_sink sink;
static tally_summary summary;
static tally_error error;

static const uint8_t hash[16] = {0x70, 0x0C, 0xE7, 0xE2, 0x1E, 0xD5, 0x55, 0x25,
				 0x97, 0x7F, 0xAF, 0x7A, 0xAA, 0x9E, 0x54, 0x6B};
#define HASH "700CE7E21ED55525977FAF7AAA9E546B"
#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DriveLog Version=\"2014-11-01\">\n"

static void begin(const tally_report_format *format, const char *failure)
{
	page_begin(&out, SIZE_MAX);
	summary = (tally_summary){.drive_id = "9WM35C2V", .blobs_checked = 1};
	ck_assert_int_eq(format->stream_new(&sink, &out.writer, &error), TALLY_OK);
	sink.drive(sink.context, &(tally_drive_report){.drive_id = summary.drive_id,
						       .failure = tally_status_find(TALLY_LEVEL_DRIVE, failure)});
}

static const char *end(const tally_report_format *format, const char *drive_status, const tally_error *failed)
{
	summary.drive_status = tally_status_find(TALLY_LEVEL_DRIVE, drive_status);
	const tally_check_report report = {.path = "d", .summary = &summary, .error = failed, .stream = sink.context};
	format->check(&out.writer, NULL, NULL, &report);
	format->stream_free(sink.context);
	return page_text(&out);
}

static void blob_begin(tally_blob_kind kind)
{
	sink.blob_begin(sink.context, &(tally_blob_report){.kind = kind});
}

static void segment(tally_blob_kind kind, uint64_t offset, const char *id, const char *status)
{
	sink.segment(sink.context, &(tally_segment_report){.kind = kind,
							   .offset = offset,
							   .length = 10,
							   .md5 = hash,
							   .id = id,
							   .status = tally_status_find(TALLY_LEVEL_SEGMENT, status)});
}

static void side(tally_level level, bool is_global, const char *path, const char *status)
{
	sink.side_file(sink.context, &(tally_side_report){.level = level,
							  .is_global = is_global,
							  .path = path,
							  .md5 = path != NULL ? hash : NULL,
							  .status = tally_status_find(level, status)});
}

static void blob_end(const char *path, const char *status, const char *disposition)
{
	sink.blob(sink.context,
		  &(tally_blob_report){.blob_path = path,
				       .file_path = "\\f",
				       .has_length = true,
				       .length = 20,
				       .disposition = "overwrite",
				       .status = tally_status_find(TALLY_LEVEL_BLOB, status),
				       .disposition_status = tally_status_find(TALLY_LEVEL_DISPOSITION, disposition)});
}

/* Everything that a log can hold, some of it good and some not. */
static void tell_all(void)
{
	blob_begin(TALLY_BLOB_BLOCK);
	segment(TALLY_BLOB_BLOCK, 0, "AAAAAA==", "Completed");
	segment(TALLY_BLOB_BLOCK, 10, NULL, "Corrupted");
	side(TALLY_LEVEL_METADATA, true, "\\m", "Completed");
	side(TALLY_LEVEL_PROPERTIES, false, "\\p", "FileNotFound");
	blob_end("c/1", "CompletedWithErrors", NULL);
	blob_begin(TALLY_BLOB_PAGE);
	segment(TALLY_BLOB_PAGE, 0, NULL, "Completed");
	side(TALLY_LEVEL_PROPERTIES, false, NULL, "FileNameInvalid");
	blob_end("c/2", "CompletedWithErrors", NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	blob_end("c/3", "FileNotFound", "Cancelled");
	blob_begin(TALLY_BLOB_PAGE);
	segment(TALLY_BLOB_PAGE, 512, NULL, "Completed");
	blob_end("c/4", "Completed", NULL);
	blob_begin(TALLY_BLOB_UNDECIDED);
	blob_end("c/5", "Completed", NULL);
}

#define BLOB(path, status)                                                                            \
  "  <Blob Status=\"" status "\">\n    <BlobPath>" path "</BlobPath>\n    <FilePath>\\f</FilePath>\n" \
  "    <Length>20</Length>\n"
#define END_BLOB "  </Blob>\n"
#define SEGMENT(name, offset, more, status) \
  "      <" name " Offset=\"" offset "\" Length=\"10\"" more " Hash=\"" HASH "\" Status=\"" status "\"/>\n"

/* clang-format off */
static const char verbose_log[] = HEAD
	"  <DriveId>9WM35C2V</DriveId>\n"
	BLOB("c/1", "CompletedWithErrors")
	"    <BlockList>\n"
	SEGMENT("Block", "0", " Id=\"AAAAAA==\"", "Completed")
	SEGMENT("Block", "10", "", "Corrupted")
	"    </BlockList>\n"
	"    <Metadata Status=\"Completed\">\n"
	"      <GlobalPath Hash=\"" HASH "\">\\m</GlobalPath>\n"
	"    </Metadata>\n"
	"    <Properties Status=\"FileNotFound\">\n"
	"      <Path Hash=\"" HASH "\">\\p</Path>\n"
	"    </Properties>\n"
	END_BLOB
	BLOB("c/2", "CompletedWithErrors")
	"    <PageRangeList>\n"
	SEGMENT("PageRange", "0", "", "Completed")
	"    </PageRangeList>\n"
	"    <Properties Status=\"FileNameInvalid\"/>\n"
	END_BLOB
	BLOB("c/3", "FileNotFound")
	"    <ImportDisposition Status=\"Cancelled\">overwrite</ImportDisposition>\n"
	"    <BlockList/>\n"
	END_BLOB
	BLOB("c/4", "Completed")
	"    <PageRangeList>\n"
	SEGMENT("PageRange", "512", "", "Completed")
	"    </PageRangeList>\n"
	END_BLOB
	BLOB("c/5", "Completed")
	END_BLOB
	"  <Status>CompletedWithErrors</Status>\n"
	"</DriveLog>\n";

static const char error_log[] = HEAD
	"  <DriveId>9WM35C2V</DriveId>\n"
	BLOB("c/1", "CompletedWithErrors")
	"    <BlockList>\n"
	SEGMENT("Block", "10", "", "Corrupted")
	"    </BlockList>\n"
	"    <Properties Status=\"FileNotFound\">\n"
	"      <Path Hash=\"" HASH "\">\\p</Path>\n"
	"    </Properties>\n"
	END_BLOB
	BLOB("c/2", "CompletedWithErrors")
	"    <PageRangeList/>\n"
	"    <Properties Status=\"FileNameInvalid\"/>\n"
	END_BLOB
	BLOB("c/3", "FileNotFound")
	"    <ImportDisposition Status=\"Cancelled\">overwrite</ImportDisposition>\n"
	"    <BlockList/>\n"
	END_BLOB
	"  <Status>CompletedWithErrors</Status>\n"
	"</DriveLog>\n";
/* clang-format on */

START_TEST(a_verbose_log_has_everything)
{
	begin(&tally_report_drive_log, NULL);
	tell_all();
	ck_assert_str_eq(end(&tally_report_drive_log, "CompletedWithErrors", NULL), verbose_log);
}
END_TEST

START_TEST(an_error_log_has_what_is_not_successful)
{
	begin(&tally_report_drive_log_errors, NULL);
	tell_all();
	ck_assert_str_eq(end(&tally_report_drive_log_errors, "CompletedWithErrors", NULL), error_log);
}
END_TEST

START_TEST(a_drive_that_fails_has_no_blobs)
{
	static const tally_report_format *const formats[] = {&tally_report_drive_log, &tally_report_drive_log_errors};
	begin(formats[_i], "ManifestCorrupted");
	tell_all();
	ck_assert_str_eq(end(formats[_i], "ManifestCorrupted", NULL),
			 HEAD "  <DriveId>9WM35C2V</DriveId>\n  <Status>ManifestCorrupted</Status>\n</DriveLog>\n");
}
END_TEST

/* A blob that was not finished, an entry that can't be read: nothing can be said of them. */
START_TEST(what_is_damaged_is_left_out)
{
	begin(&tally_report_drive_log, NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	sink.segment(sink.context,
		     &(tally_segment_report){.kind = TALLY_BLOB_BLOCK,
					     .offset = 77,
					     .status = tally_status_find(TALLY_LEVEL_SEGMENT, "Cancelled")});
	blob_end("c/1", "Completed", NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	segment(TALLY_BLOB_BLOCK, 0, NULL, "Completed");
	ck_assert_str_eq(
	    end(&tally_report_drive_log, "Completed", NULL), HEAD
	    "  <DriveId>9WM35C2V</DriveId>\n" BLOB("c/1", "Completed") "    <BlockList/>\n" END_BLOB
								       "  <Status>Completed</Status>\n</DriveLog>\n");
}
END_TEST

START_TEST(texts_come_back_out_of_a_reader)
{
	begin(&tally_report_drive_log, NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	segment(TALLY_BLOB_BLOCK, 0, "<&>\"'\t\n\r", "Completed");
	blob_end("<&>\"'\t\n\r]]> \u00E4\u97F3\U0001F600 \x01\x1F\x7F\xEF\xBF\xBE\xEF\xBF\xBF\xFF\xED\xA0\x80.",
		 "Completed", NULL);
	const char *text = end(&tally_report_drive_log, "Completed", NULL);
	ck_assert_ptr_nonnull(strstr(text, " Id=\"&lt;&amp;&gt;&quot;'&#9;&#10;&#13;\" "));
	ck_assert_ptr_nonnull(strstr(text, "<BlobPath>&lt;&amp;&gt;&quot;'&#9;&#10;&#13;]]&gt; \u00E4\u97F3\U0001F600 "
					   "\uFFFD\uFFFD\x7F\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD.</BlobPath>"));
}
END_TEST

/* ---- logs that are not whole ---- */

static const struct {
	const char *drive_status, *drive_id;
	bool failed;
	uint64_t blobs_checked;
	const char *reason; /* NULL: it is whole */
} outcomes[] = {
    {"Completed", "1", false, 1, NULL},
    {"ManifestNotFound", "1", false, 0, "the drive failed when blobs had been told"},
    {"Completed", "1", true, 1, "the drive was not checked to its end"},
    {NULL, "1", false, 0, "nothing of the drive was checked"},
    {NULL, "1", false, 1, "an error was found that no status of the service stands for"},
    {"Completed", "", false, 1, "nothing says which drive this is"},
};

START_TEST(what_is_not_whole_has_no_end)
{
	const tally_error failed = {.code = TALLY_ERROR_IO, .message = "-->"};
	begin(&tally_report_drive_log, NULL);
	summary.blobs_checked = outcomes[_i].blobs_checked;
	strcpy(summary.drive_id, outcomes[_i].drive_id);
	const char *text =
	    end(&tally_report_drive_log, outcomes[_i].drive_status, outcomes[_i].failed ? &failed : NULL);
	ck_assert((strstr(text, "</DriveLog>") != NULL) == (outcomes[_i].reason == NULL));
	ck_assert((strstr(text, "<Status>") != NULL) == (outcomes[_i].reason == NULL));
	if (outcomes[_i].reason != NULL) {
		char comment[200];
		snprintf(comment, sizeof comment, "<!-- This log is not complete and has no end: %s. -->\n",
			 outcomes[_i].reason);
		ck_assert_str_eq(text + strlen(text) - strlen(comment), comment);
	}
}
END_TEST

/* A check may fail before it is told of the drive, and even before there is a stream. */
START_TEST(what_has_not_begun_has_no_end_either)
{
	const tally_error failed = {.code = TALLY_ERROR_IO, .message = "no"};
	page_begin(&out, SIZE_MAX);
	summary = (tally_summary){0};
	sink.context = NULL;
	if (_i == 1)
		ck_assert_int_eq(tally_report_drive_log.stream_new(&sink, &out.writer, &error), TALLY_OK);
	ck_assert_str_eq(end(&tally_report_drive_log, NULL, &failed), HEAD
			 "<!-- This log is not complete and has no end: the drive was not checked to its end. -->\n");
}
END_TEST

/* ---- memory ---- */

static uint64_t written;

static int count(void *context, const char *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	written += size;
	return 0;
}

/* A blob of a million blocks takes no more memory than one of a thousand. */
/* No log of the service's could say nothing of a blob. */
START_TEST(what_is_not_known_ends_the_log)
{
	static const tally_report_format *const formats[] = {&tally_report_drive_log, &tally_report_drive_log_errors};
	const tally_report_format *format = formats[_i];
	begin(format, NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	segment(TALLY_BLOB_BLOCK, 0, NULL, NULL);
	side(TALLY_LEVEL_PROPERTIES, true, "\\p", NULL);
	blob_end("c/1", NULL, NULL);
	blob_begin(TALLY_BLOB_BLOCK);
	segment(TALLY_BLOB_BLOCK, 0, NULL, "Corrupted");
	blob_end("c/2", "CompletedWithErrors", NULL);
	ck_assert_str_eq(end(format, "CompletedWithErrors", NULL),
			 HEAD "  <DriveId>9WM35C2V</DriveId>\n" BLOB("c/2", "CompletedWithErrors") "    <BlockList>\n" SEGMENT(
			     "Block", "0", "", "Corrupted") "    </BlockList>\n" END_BLOB
							   "<!-- This log is not complete and has no end: of some files "
							   "it is not known what the service makes of them. -->\n");
}
END_TEST

START_TEST(memory_does_not_grow_with_a_blob)
{
	tally_writer writer;
	tally_writer_init(&writer, count, NULL);
	ck_assert_int_eq(tally_report_drive_log.stream_new(&sink, &writer, &error), TALLY_OK);
	sink.drive(sink.context, &(tally_drive_report){.drive_id = "1"});
	blob_begin(TALLY_BLOB_BLOCK);
	size_t before = heap_in_use(), most = before;
	for (uint64_t i = 0; i < 1000000; i++) {
		segment(TALLY_BLOB_BLOCK, i * 10, NULL, "Completed");
		if (i % 1000 == 0 && heap_in_use() > most)
			most = heap_in_use();
	}
	ck_assert_uint_eq(written, 0); /* its status is not known yet */
	blob_end("c/1", "Completed", NULL);
	ck_assert_int_eq(tally_writer_flush(&writer), 0);
	ck_assert_uint_gt(written, UINT64_C(1000000) * strlen(SEGMENT("Block", "0", "", "Completed")));
	ck_assert_uint_le(most - before, 16384);
	tally_report_drive_log.stream_free(sink.context);
}
END_TEST

/* What could not be kept is as bad as what could not be written. */
START_TEST(a_full_disk_is_told)
{
	static const rlim_t limit = 300000;
	tally_writer writer;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit}), 0);
	tally_writer_init(&writer, count, NULL);
	ck_assert_int_eq(tally_report_drive_log.stream_new(&sink, &writer, &error), TALLY_OK);
	blob_begin(TALLY_BLOB_BLOCK);
	for (uint64_t i = 0; i < 20000; i++)
		segment(TALLY_BLOB_BLOCK, i, NULL, "Completed");
	blob_end("c/1", "Completed", NULL);
	ck_assert_int_eq(writer.error, EFBIG);
	tally_report_drive_log.stream_free(sink.context);
}
END_TEST

static tally_result open_stream(void *context, tally_error *failed)
{
	(void)context;
	tally_sink stream;
	tally_result result = tally_report_drive_log.stream_new(&stream, &out.writer, failed);
	if (result == TALLY_OK)
		tally_report_drive_log.stream_free(stream.context);
	return result;
}

START_TEST(memory_that_is_short_is_told)
{
	ck_assert_uint_eq(faults_each(FAULTS_OURS, false, open_stream, NULL, NULL), 2);
	faults_each(FAULTS_OURS, true, open_stream, NULL, NULL);
	tally_report_drive_log.stream_free(NULL);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_verbose_log_has_everything, 0},
	    {an_error_log_has_what_is_not_successful, 0},
	    {a_drive_that_fails_has_no_blobs, 2},
	    {what_is_damaged_is_left_out, 0},
	    {texts_come_back_out_of_a_reader, 0},
	    {what_is_not_whole_has_no_end, (int)(sizeof outcomes / sizeof outcomes[0])},
	    {what_has_not_begun_has_no_end_either, 2},
	    {what_is_not_known_ends_the_log, 2},
	    {memory_does_not_grow_with_a_blob, 0},
	    {a_full_disk_is_told, 0},
	    {memory_that_is_short_is_told, 0},
	    {NULL, 0},
	};
	return suite_run("report/drive_log", tests);
}
