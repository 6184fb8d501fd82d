/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check's result as the service would write it: its verbose log (every blob, every segment) or its error log (what
 * is not successful; L-01, L-16), DriveLog of version 2014-11-01, elements in the order of the published grammar.
 *
 * A log is as large as its manifest, so it is written while the drive is being checked. A blob's Status stands in front
 * of its segments but is known behind them: they wait in a spool.
 *
 * Nothing is invented. A disposition's status is given where it is known, and without it the disposition has no
 * element, for the element needs one. LastModified is known to nobody but the service. When the service's work would
 * end before it came to the blobs, the log has none (S-04).
 *
 * A log that is not whole has no end: no reader of XML takes it.
 */
#include "base/error.h"
#include "base/memory.h"
#include "report/report.h"
#include "report/spool.h"

#define VERSION "2014-11-01" /* L-10 */

typedef struct drive_log {
	tally_writer *out;
	tally_spool spool;
	tally_writer parts; /* of the blob in hand; into the spool */
	bool errors_only;
	bool begun;
	bool without_blobs;   /* the service would not come to them */
	bool unknown;         /* of something it is not known what the service would say */
	tally_blob_kind kind; /* of the blob in hand */
	tally_blob_kind list; /* which list is open */
	bool has_list;        /* one was */
} drive_log;

/* ---- XML ---------------------------------------------------------------------------------------------------- */

/* Any Char of XML 1.0. Texts come from XML mostly, but a drive's id may come from a command line. */
static bool is_xml_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) ||
	       (c >= 0x10000 && c <= 0x10FFFF);
}

/* The same text comes back out of a reader, but for what XML can't hold: that becomes U+FFFD. */
static void write_xml(tally_writer *writer, const char *string)
{
	tally_text text = {string, strlen(string)};
	while (text.size > 0) {
		const char *start = text.data;
		uint32_t c = tally_utf8_next(&text);
		if (c == TALLY_NOT_A_CODE_POINT || !is_xml_char(c))
			tally_write(writer, "\xEF\xBF\xBD");
		else if (c == '<')
			tally_write(writer, "&lt;");
		else if (c == '>')
			tally_write(writer, "&gt;");
		else if (c == '&')
			tally_write(writer, "&amp;");
		else if (c == '"')
			tally_write(writer, "&quot;");
		else if (c == '\t')
			tally_write(writer, "&#9;");
		else if (c == '\n')
			tally_write(writer, "&#10;");
		else if (c == '\r')
			tally_write(writer, "&#13;");
		else
			tally_write_bytes(writer, start, (size_t)(text.data - start));
	}
}

static void write_attribute(tally_writer *writer, const char *name, const char *value)
{
	tally_write(writer, " ");
	tally_write(writer, name);
	tally_write(writer, "=\"");
	write_xml(writer, value);
	tally_write(writer, "\"");
}

static void write_hash(tally_writer *writer, const uint8_t *md5)
{
	char hex[33];
	if (md5 == NULL)
		return;
	tally_hex_encode(md5, 16, hex);
	write_attribute(writer, "Hash", hex);
}

/* Nothing where there is no text. */
static void write_element(tally_writer *writer, const char *indent, const char *name, const char *text)
{
	if (text == NULL)
		return;
	tally_write(writer, indent);
	tally_write(writer, "<");
	tally_write(writer, name);
	tally_write(writer, ">");
	write_xml(writer, text);
	tally_write(writer, "</");
	tally_write(writer, name);
	tally_write(writer, ">\n");
}

/* ---- the drive ---------------------------------------------------------------------------------------------- */

static void begin(tally_writer *writer)
{
	tally_write(writer, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DriveLog Version=\"" VERSION "\">\n");
}

static void on_drive(void *context, const tally_drive_report *drive)
{
	drive_log *log = context;
	begin(log->out);
	log->begun = true;
	log->without_blobs = drive->failure != NULL;
	if (drive->drive_id[0] != '\0')
		write_element(log->out, "  ", "DriveId", drive->drive_id);
}

/* ---- parts of a blob ---------------------------------------------------------------------------------------- */

static bool is_completed(const tally_status *status)
{
	return strcmp(status->code, "Completed") == 0;
}

/* Whether this log tells of something with that status, which is NULL when it can't be known. */
static bool tells(drive_log *log, const tally_status *status)
{
	log->unknown |= status == NULL;
	return status != NULL && !log->without_blobs && !(log->errors_only && is_completed(status));
}

static void on_blob_begin(void *context, const tally_blob_report *blob)
{
	drive_log *log = context;
	log->kind = blob->kind;
	log->list = TALLY_BLOB_UNDECIDED;
	log->has_list = false;
}

static const char *list_name(tally_blob_kind kind)
{
	return kind == TALLY_BLOB_PAGE ? "PageRangeList" : "BlockList";
}

static void close_list(drive_log *log)
{
	if (log->list == TALLY_BLOB_UNDECIDED)
		return;
	tally_write(&log->parts, "    </");
	tally_write(&log->parts, list_name(log->list));
	tally_write(&log->parts, ">\n");
	log->list = TALLY_BLOB_UNDECIDED;
}

static void open_list(drive_log *log, tally_blob_kind kind)
{
	if (log->list == kind)
		return;
	close_list(log);
	tally_write(&log->parts, "    <");
	tally_write(&log->parts, list_name(kind));
	tally_write(&log->parts, ">\n");
	log->list = kind;
	log->has_list = true;
}

/* A list in which nothing is to be told still says what kind of blob it is, as the published samples do. */
static void end_lists(drive_log *log)
{
	close_list(log);
	if (log->has_list || log->kind == TALLY_BLOB_UNDECIDED)
		return;
	tally_write(&log->parts, "    <");
	tally_write(&log->parts, list_name(log->kind));
	tally_write(&log->parts, "/>\n");
	log->has_list = true;
}

static void on_segment(void *context, const tally_segment_report *segment)
{
	drive_log *log = context;
	/* An entry that is damaged fails the drive before; it has nothing to tell. */
	if (!tells(log, segment->status) || segment->md5 == NULL)
		return;
	open_list(log, segment->kind);
	tally_write(&log->parts, segment->kind == TALLY_BLOB_PAGE ? "      <PageRange" : "      <Block");
	tally_write_number_attribute(&log->parts, "Offset", segment->offset);
	tally_write_number_attribute(&log->parts, "Length", segment->length);
	if (segment->id != NULL)
		write_attribute(&log->parts, "Id", segment->id);
	write_hash(&log->parts, segment->md5);
	write_attribute(&log->parts, "Status", segment->status->code);
	tally_write(&log->parts, "/>\n");
}

static void on_side_file(void *context, const tally_side_report *side)
{
	drive_log *log = context;
	const char *name = side->level == TALLY_LEVEL_METADATA ? "Metadata" : "Properties";
	const char *path = side->is_global ? "GlobalPath" : "Path";
	if (!tells(log, side->status))
		return;
	end_lists(log);
	tally_write(&log->parts, "    <");
	tally_write(&log->parts, name);
	write_attribute(&log->parts, "Status", side->status->code);
	if (side->path == NULL) {
		tally_write(&log->parts, "/>\n");
		return;
	}
	tally_write(&log->parts, ">\n      <");
	tally_write(&log->parts, path);
	write_hash(&log->parts, side->md5);
	tally_write(&log->parts, ">");
	write_xml(&log->parts, side->path);
	tally_write(&log->parts, "</");
	tally_write(&log->parts, path);
	tally_write(&log->parts, ">\n    </");
	tally_write(&log->parts, name);
	tally_write(&log->parts, ">\n");
}

/* ---- a blob ------------------------------------------------------------------------------------------------- */

static void write_disposition(tally_writer *writer, const tally_blob_report *blob)
{
	if (blob->disposition == NULL || blob->disposition_status == NULL)
		return;
	tally_write(writer, "    <ImportDisposition");
	write_attribute(writer, "Status", blob->disposition_status->code);
	tally_write(writer, ">");
	write_xml(writer, blob->disposition);
	tally_write(writer, "</ImportDisposition>\n");
}

static void write_blob(drive_log *log, const tally_blob_report *blob)
{
	tally_write(log->out, "  <Blob");
	write_attribute(log->out, "Status", blob->status->code);
	tally_write(log->out, ">\n");
	write_element(log->out, "    ", "BlobPath", blob->blob_path);
	write_element(log->out, "    ", "FilePath", blob->file_path);
	write_element(log->out, "    ", "Snapshot", blob->snapshot);
	if (blob->has_length) {
		tally_write(log->out, "    <Length>");
		tally_write_number(log->out, blob->length);
		tally_write(log->out, "</Length>\n");
	}
	write_disposition(log->out, blob);
	end_lists(log);
	/* What could not be kept is missing from the log: it fails as if it could not have been written. */
	int failed = tally_writer_flush(&log->parts);
	if (failed == 0)
		failed = tally_spool_copy(&log->spool, log->out);
	if (failed != 0 && log->out->error == 0)
		log->out->error = failed;
	tally_write(log->out, "  </Blob>\n");
}

static void on_blob(void *context, const tally_blob_report *blob)
{
	drive_log *log = context;
	if (tells(log, blob->status))
		write_blob(log, blob);
	tally_spool_empty(&log->spool);
	tally_writer_init(&log->parts, tally_spool_put, &log->spool);
}

/* ---- the whole log ------------------------------------------------------------------------------------------ */

static void log_free(void *stream)
{
	drive_log *log = stream;
	if (log == NULL)
		return;
	tally_spool_clear(&log->spool);
	tally_free(log);
}

static tally_result log_new(bool errors_only, tally_sink *sink, tally_writer *writer, tally_error *error)
{
	drive_log *log = tally_zalloc(1, sizeof *log);
	if (log == NULL || !tally_spool_init(&log->spool)) {
		tally_free(log);
		return tally_fail_memory(error);
	}
	log->out = writer;
	log->errors_only = errors_only;
	tally_writer_init(&log->parts, tally_spool_put, &log->spool);
	*sink = (tally_sink){.context = log,
			     .drive = on_drive,
			     .blob_begin = on_blob_begin,
			     .segment = on_segment,
			     .side_file = on_side_file,
			     .blob = on_blob};
	return TALLY_OK;
}

static tally_result verbose_new(tally_sink *sink, tally_writer *writer, tally_error *error)
{
	return log_new(false, sink, writer, error);
}

static tally_result errors_new(tally_sink *sink, tally_writer *writer, tally_error *error)
{
	return log_new(true, sink, writer, error);
}

static const char *log_missing(const tally_check_report *report)
{
	if (report->error != NULL)
		return "the drive was not checked to its end";
	const drive_log *log = report->stream;
	if (log != NULL && log->unknown)
		return "of some files it is not known what the service makes of them";
	if (report->summary->drive_status == NULL)
		return report->summary->blobs_checked == 0
			   ? "nothing of the drive was checked"
			   : "an error was found that no status of the service stands for";
	/* S-04: with what was told before it would be no log of the service's. */
	bool finished = strncmp(report->summary->drive_status->code, "Completed", strlen("Completed")) == 0;
	if (log != NULL && log->begun && !log->without_blobs && !finished)
		return "the drive failed when blobs had been told";
	if (report->summary->drive_id[0] == '\0')
		return "nothing says which drive this is";
	return NULL;
}

static void log_end(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		    const tally_check_report *report)
{
	(void)style;
	(void)totals;
	const drive_log *log = report->stream;
	const char *missing = log_missing(report);
	if (log == NULL || !log->begun)
		begin(writer);
	if (missing == NULL) {
		write_element(writer, "  ", "Status", report->summary->drive_status->code);
		tally_write(writer, "</DriveLog>\n");
		return;
	}
	tally_write(writer, "<!-- This log is not complete and has no end: ");
	tally_write(writer, missing);
	tally_write(writer, ". -->\n");
}

const tally_report_format tally_report_drive_log = {
    .name = "drivelog",
    .check_begin = tally_report_check_begin,
    .check = log_end,
    .check_end = tally_report_check_end,
    .stream_new = verbose_new,
    .stream_free = log_free,
    .missing = log_missing,
};

const tally_report_format tally_report_drive_log_errors = {
    .name = "drivelog-errors",
    .check_begin = tally_report_check_begin,
    .check = log_end,
    .check_end = tally_report_check_end,
    .stream_new = errors_new,
    .stream_free = log_free,
    .missing = log_missing,
};
