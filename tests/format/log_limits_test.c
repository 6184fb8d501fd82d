/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that are cut off, hostile or very long, and memory that runs out while they are read. */
#include "format/log_judge.h"
#include "support/documents.h"
#include "support/faults.h"
#include "support/suite.h"

#include <stdio.h>

/* A good one of each kind, and where it may be cut without harm: behind its roots, which end so. */
static const struct {
	const char *file, *root_end;
	bool one_root;
} samples[6] = {
    {"corpus/drive-log/L-01.missing.good.xml", "</DriveLog>", true},
    {"corpus/copy-log/C-13.form.good.xml", "</ErroredEntity>", false},
    {"corpus/verbose-log/C-07.value.good.xml", "</File>", false},
    {"corpus/bill-of-materials/C-16.path.good.xml", "</file>", false},
    {"corpus/error-list/C-15.good.xml", "</file>", false},
    {"corpus/error-log/C-16.count.good.xml", "</ErrorLog>", true},
};

static bool ends_with(tally_text text, const char *end)
{
	size_t size = strlen(end);
	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

START_TEST(test_no_part_passes_for_the_whole)
{
	test_text document = file_read(source_path(samples[_i].file));
	size_t borders = 0, whole = tally_text_trim((tally_text){document.data, document.size}).size;
	for (size_t n = 0; n < whole; n++) {
		recorder r;
		tally_error error;
		tally_text part = {document.data, n};
		ck_assert_int_eq(log_run(&r, log_kinds[_i], part, SIZE_MAX, &error), TALLY_OK);
		bool border = !samples[_i].one_root && ends_with(tally_text_trim(part), samples[_i].root_end);
		borders += border;
		ck_assert_msg((r.finder.errors == 0) == border, "%s, the first %zu bytes: %s", samples[_i].file, n,
			      recorder_rules(&r));
		/* A copy log has an end by which it is known to be whole. */
		if (border && log_kinds[_i] == TALLY_DOCUMENT_COPY_LOG)
			recorder_expect(&r, "C-03.excerpt", samples[_i].file);
		recorder_clear(&r);
	}
	ck_assert_int_eq(borders > 0, !samples[_i].one_root);
	text_clear(&document);
}
END_TEST

typedef struct attempt {
	tally_document_kind kind;
	test_text document;
} attempt;

static tally_result judge_once(void *context, tally_error *error)
{
	const attempt *a = context;
	recorder r;
	tally_result result = log_run(&r, a->kind, (tally_text){a->document.data, a->document.size}, 100, error);
	if (result == TALLY_OK)
		recorder_expect(&r, "", "a good log");
	recorder_clear(&r);
	return result;
}

START_TEST(test_memory_runs_out)
{
	attempt a = {log_kinds[_i], file_read(source_path(samples[_i].file))};
	for (int lasting = 0; lasting <= 1; lasting++) {
		ck_assert_uint_gt(faults_each(FAULTS_OURS, lasting, judge_once, NULL, &a), 3);
		ck_assert_uint_gt(faults_each(FAULTS_BOTH, lasting, judge_once, NULL, &a), 10);
	}
	text_clear(&a.document);
}
END_TEST

/* ---- what is of no kind, or of another one ---- */

START_TEST(test_other_documents)
{
	tally_document_kind kind = log_kinds[_i];
	const char *root = kind == TALLY_DOCUMENT_DRIVE_LOG ? "L-01.root" : "C-02.root";
	log_expect(kind, "", "XML-01");
	log_expect(kind, " \n", "XML-01");
	log_expect(kind, "no XML", "XML-01");
	log_expect(kind, "<?xml version=\"1.0\"?>", "XML-01");
	log_expect(kind, "<!-- a remark -->", "XML-01");
	log_expect(kind, "<DriveManifest/>", root);
	log_expect(kind, "<DriveManifest><Drive></DriveManifest>",
		   kind == TALLY_DOCUMENT_DRIVE_LOG ? "L-01.root XML-01" : "C-02.root XML-01");
	log_expect(kind, "<!DOCTYPE a><a/>", "XML-02");
	log_expect(kind, "<a>\xFF</a>", "XML-04");
}
END_TEST

START_TEST(test_kinds_are_told_apart)
{
	static const struct {
		const char *text;
		tally_document_kind kind;
	} fronts[] = {
	    {"\n\t <?xml version=\"1.0\"?>\n<DriveLog>", TALLY_DOCUMENT_DRIVE_LOG},
	    {"<?xml version=\"1.0\"?>\n-<CopyLog Summary=\"Summary\">", TALLY_DOCUMENT_COPY_LOG},
	    {"<ErroredEntity Path=\"a\">", TALLY_DOCUMENT_COPY_LOG},
	    {"<File Path=\"a/b\" Size=\"1\" crc64=\"1\">", TALLY_DOCUMENT_VERBOSE_LOG},
	    {"<File CloudFormat=\"BlockBlob\">", TALLY_DOCUMENT_VERBOSE_LOG},
	    {"----CUT----<File CloudFormat=\"BlockBlob\">", TALLY_DOCUMENT_VERBOSE_LOG},
	    {"<file size=\"1\" crc64=\"0x1\">", TALLY_DOCUMENT_BILL_OF_MATERIALS},
	    {"<file error=\"ERROR\">", TALLY_DOCUMENT_ERROR_LIST},
	    {"<file name_encoding=\"Base64\" error=\"ERROR\">", TALLY_DOCUMENT_ERROR_LIST},
	    {"<ErrorLog Version=\"2018-10-01\">", TALLY_DOCUMENT_ERROR_LOG},
	    {"<File Path=\"a\">", TALLY_DOCUMENT_UNKNOWN},
	    {"<file>", TALLY_DOCUMENT_UNKNOWN},
	    {"<drivelog>", TALLY_DOCUMENT_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		for (size_t piece = 1; piece < 100; piece += 33) {
			const tally_format *format =
			    log_recognise((tally_text){fronts[i].text, strlen(fronts[i].text)}, piece);
			ck_assert_msg((format != NULL ? format->kind : TALLY_DOCUMENT_UNKNOWN) == fronts[i].kind, "%s",
				      fronts[i].text);
		}
}
END_TEST

/* Secrets that stand where they don't belong stay there. */
START_TEST(test_no_secret_gets_out)
{
	static const char key[] = "000011-000022-000033-000044-000055-000066-000077-000088";
	char text[512];
	recorder r;
	tally_error error;
	snprintf(text, sizeof text,
		 "<DriveLog><DriveId>1</DriveId><Blob "
		 "Status=\"%s\"><BlobPath>a/%s</BlobPath></Blob><Status>%s</Status></DriveLog>",
		 key, key, key);
	ck_assert_int_eq(log_run(&r, TALLY_DOCUMENT_DRIVE_LOG, (tally_text){text, strlen(text)}, SIZE_MAX, &error),
			 TALLY_OK);
	ck_assert_uint_gt(r.count, 3);
	recorder_expect_nowhere(&r, key, "drive log");
	recorder_clear(&r);
	snprintf(text, sizeof text,
		 "<ErroredEntity "
		 "Path=\"%s\"><Category>%s</Category><ErrorCode>%s</ErrorCode><Type>%s</Type></ErroredEntity>",
		 key, key, key, key);
	ck_assert_int_eq(log_run(&r, TALLY_DOCUMENT_COPY_LOG, (tally_text){text, strlen(text)}, SIZE_MAX, &error),
			 TALLY_OK);
	ck_assert_uint_gt(r.count, 3);
	recorder_expect_nowhere(&r, key, "copy log");
	recorder_clear(&r);
}
END_TEST

/* ---- long logs: what is in use when all has been read is what was when little had ---- */

typedef struct long_log {
	const char *before, *each, *behind;
	uint64_t times; /* how often `each` comes */
	size_t heap_early, heap_late;
	uint64_t early;
} long_log;

static int64_t read_long(void *context, uint64_t offset, void *buffer, size_t size)
{
	const long_log *l = context;
	size_t before = strlen(l->before), each = strlen(l->each), behind = strlen(l->behind), done = 0;
	uint64_t middle = before + each * l->times;
	for (; done < size; done++, offset++) {
		char *out = (char *)buffer + done;
		if (offset < before)
			*out = l->before[offset];
		else if (offset < middle)
			*out = l->each[(offset - before) % each];
		else if (offset < middle + behind)
			*out = l->behind[offset - middle];
		else
			break;
	}
	return (int64_t)done;
}

static tally_result watch_heap(void *context, uint64_t bytes_done, tally_error *error)
{
	long_log *l = context;
	(void)error;
	if (l->early == 0 && bytes_done >= UINT64_C(1) << 19) {
		l->early = bytes_done;
		l->heap_early = heap_in_use();
	}
	l->heap_late = heap_in_use();
	return TALLY_OK;
}

static long_log long_logs[] = {
    {"<DriveLog Version=\"2014-11-01\"><DriveId>1</DriveId>",
     "<Blob Status=\"Completed\"><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><Length>1</Length>"
     "<ImportDisposition Status=\"Renamed\">rename</ImportDisposition><BlockList><Block Offset=\"0\" Length=\"1\" "
     "Status=\"Completed\"/></BlockList></Blob>\n",
     "<Status>Completed</Status></DriveLog>", 20000, 0, 0, 0},
    {"<DriveLog Version=\"2014-11-01\"><DriveId>1</DriveId><Blob Status=\"Completed\"><BlobPath>a/b</BlobPath>"
     "<FilePath>\\b</FilePath><Length>1</Length><PageRangeList>",
     "<PageRange Offset=\"0\" Length=\"512\" Hash=\"00112233445566778899aabbccddeeff\" Status=\"Completed\"/>\n",
     "</PageRangeList></Blob><Status>Completed</Status></DriveLog>", 60000, 0, 0, 0},
    {"",
     "<ErroredEntity Path=\"a\\b\"><Category>UploadErrorWin32</Category><ErrorCode>123</ErrorCode>"
     "<ErrorMessage>m</ErrorMessage><Type>File</Type></ErroredEntity>\n",
     "<CopyLog><Status>Failed</Status><TotalFiles>30000</TotalFiles><FilesErrored>30000</FilesErrored></CopyLog>",
     30000, 0, 0, 0},
    {"", "<File CloudFormat=\"BlockBlob\" Path=\"a/b\" Size=\"0\" crc64=\"0\">\n</File>", "", 60000, 0, 0, 0},
    {"", "<file size=\"0\" crc64=\"0x0000000000000000\">\\a</file>\n", "", 80000, 0, 0, 0},
    {"<ErrorLog Version=\"2018-10-01\"><SessionId>s</SessionId><ItemType>PageBlob</ItemType>"
     "<SourceDirectory>d</SourceDirectory><Errors><Error Code=\"Not512Aligned\"><List>",
     "<File Path=\"\\a\"/>\n", "</List><Count>200000</Count></Error></Errors></ErrorLog>", 200000, 0, 0, 0},
};

#define LONG_LOGS (sizeof long_logs / sizeof long_logs[0])

START_TEST(test_memory_does_not_grow)
{
	long_log *l = &long_logs[_i];
	recorder r;
	recorder_begin(&r);
	tally_source source = {l, read_long, NULL};
	const tally_format *format;
	tally_error error;
	ck_assert_int_eq(tally_format_recognise(&source, &format, &error), TALLY_OK);
	ck_assert_ptr_nonnull(format);
	tally_lint_run run = {.source = &source,
			      .finder = &r.finder,
			      .kind = format->kind,
			      .progress = watch_heap,
			      .progress_context = l};
	ck_assert_int_eq(format->lint(&run, &error), TALLY_OK);
	recorder_expect(&r, "", "a long log");
	ck_assert_uint_gt(run.bytes_done, UINT64_C(3) << 20);
	if (l->heap_early == 0)
		printf("skipped: the heap can't be measured here\n");
	ck_assert_msg(l->heap_late <= l->heap_early + (64 << 10), "%zu bytes in use at %ju, %zu at the end",
		      l->heap_early, (uintmax_t)l->early, l->heap_late);
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	return suite_run("log limits", (const suite_test[]){{test_no_part_passes_for_the_whole, 6},
							    {test_memory_runs_out, 6},
							    {test_other_documents, 6},
							    {test_kinds_are_told_apart, 0},
							    {test_no_secret_gets_out, 0},
							    {test_memory_does_not_grow, (int)LONG_LOGS},
							    {NULL, 0}});
}
