/* SPDX-License-Identifier: Apache-2.0 */
/* Drive logs of all generations: codes, parts of an entry, and what a log says about itself. */
#include "format/log_judge.h"
#include "support/suite.h"

#include <stdio.h>

#define CLASSIC "Version=\"2014-11-01\""
#define DISK "Version=\"2018-10-01\""

static void expect(const char *version, const char *entries, const char *status, const char *rules)
{
	char text[8192];
	snprintf(text, sizeof text, "<DriveLog %s><DriveId>9WM35C2V</DriveId>%s<Status>%s</Status></DriveLog>", version,
		 entries, status);
	log_expect(TALLY_DOCUMENT_DRIVE_LOG, text, rules);
}

#define HEAD "<BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><Length>512</Length>"

/* A blob with one range of that status. */
static const char *blob(const char *status, const char *range)
{
	static char text[1024];
	snprintf(text, sizeof text,
		 "<Blob Status=\"%s\">" HEAD
		 "<PageRangeList><PageRange Offset=\"0\" Length=\"512\" Status=\"%s\"/></PageRangeList></Blob>",
		 status, range);
	return text;
}

/* ---- codes: a published one passes at its level and nowhere else ---- */

static void each_code(tally_level level, void (*check)(const char *code))
{
	size_t codes = 0;
	for (size_t i = 0; i < tally_status_count(); i++)
		if (tally_status_at(i)->level == level) {
			check(tally_status_at(i)->code);
			codes++;
		}
	ck_assert_uint_ge(codes, 5);
}

static void check_drive_code(const char *code)
{
	bool completed = strcmp(code, "CompletedWithErrors") == 0;
	expect(CLASSIC, "", code, completed ? "S-03.errors" : "");
	expect(DISK, "", code, completed ? "S-03.errors" : "");
}

static void check_blob_code(const char *code)
{
	bool good = strcmp(code, "Completed") == 0;
	expect(CLASSIC, blob(code, good ? "Completed" : "Cancelled"), good ? "Completed" : "CompletedWithErrors", "");
	expect(DISK, blob(code, good ? "Completed" : "Cancelled"), good ? "Completed" : "CompletedWithErrors", "");
}

static void check_segment_code(const char *code)
{
	bool good = strcmp(code, "Completed") == 0;
	bool block_only = strcmp(code, "Committed") == 0 || strcmp(code, "Uncommitted") == 0;
	expect(CLASSIC, blob(good ? "Completed" : "CompletedWithErrors", code),
	       good ? "Completed" : "CompletedWithErrors", block_only ? "L-21.page-range" : "");
	char text[512];
	snprintf(text, sizeof text,
		 "<Blob Status=\"%s\">" HEAD
		 "<BlockList><Block Offset=\"0\" Length=\"512\" Status=\"%s\"/></BlockList></Blob>",
		 good ? "Completed" : "CompletedWithErrors", code);
	expect(CLASSIC, text, good ? "Completed" : "CompletedWithErrors", "");
}

static void check_side_code(const char *code)
{
	bool good = strcmp(code, "Completed") == 0;
	static const char *const names[] = {"Metadata", "Properties"};
	for (size_t i = 0; i < 2; i++) {
		char text[512];
		snprintf(text, sizeof text, "<Blob Status=\"%s\">" HEAD "<%s Status=\"%s\"/></Blob>",
			 good ? "Completed" : "CompletedWithErrors", names[i], code);
		expect(CLASSIC, text, good ? "Completed" : "CompletedWithErrors", "");
	}
}

static void check_later_code(const char *code)
{
	char text[512];
	snprintf(text, sizeof text,
		 "<Blob Status=\"%s\"><BlobPath>databox-0123456789012345678901234567890123456789/b</BlobPath>"
		 "<OriginalFilePath>\\b</OriginalFilePath><SizeInBytes>1</SizeInBytes></Blob>",
		 code);
	expect(DISK, text, "CompletedWithErrors", "");
	bool classic_too = tally_status_find(TALLY_LEVEL_BLOB, code) != NULL;
	expect(CLASSIC, blob(code, "Failed"), "CompletedWithErrors", classic_too ? "" : "L-21.blob");
}

START_TEST(test_published_codes)
{
	each_code(TALLY_LEVEL_DRIVE, check_drive_code);
	each_code(TALLY_LEVEL_BLOB, check_blob_code);
	each_code(TALLY_LEVEL_SEGMENT, check_segment_code);
	each_code(TALLY_LEVEL_METADATA, check_side_code);
	each_code(TALLY_LEVEL_PROPERTIES, check_side_code);
	each_code(TALLY_LEVEL_LOG_CODE, check_later_code);
}
END_TEST

START_TEST(test_other_codes)
{
	static const char *const wrong[] = {
	    "",
	    "completed",
	    "Canceled",
	    "Completed Completed",
	    "Transferring",
	    "None",
	    "CompletedWithErrorsCompletedWithErrorsCompletedWithErrorsCompletedWithErrors"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		expect(CLASSIC, blob(wrong[i], "Completed"), "Completed", "L-21.blob");
		expect(DISK, blob(wrong[i], "Completed"), "Completed", "L-35");
		expect("Version=\"2016-01-01\"", blob(wrong[i], "Completed"), "Completed", "L-10.version L-35");
		expect(CLASSIC, blob("Completed", wrong[i]), "Completed", "L-21.segment");
		expect(DISK, blob("Completed", wrong[i]), "Completed", "L-35");
		expect(CLASSIC, "", wrong[i], wrong[i][0] == '\0' ? "L-01.missing" : "L-21.drive");
	}
	expect("", blob("Complete", "Completed"), "Completed", "L-10.missing L-21.blob");
	/* A code of another level. */
	expect(CLASSIC, blob("Corrupted", "Failed"), "CompletedWithErrors", "L-21.blob");
	expect(CLASSIC, blob("FileNotFound", "FileNotFound"), "CompletedWithErrors", "L-21.segment");
}
END_TEST

/* ---- an entry ---- */

#define DISPOSITION(text, status) "<ImportDisposition Status=\"" status "\">" text "</ImportDisposition>"
#define WITH(more) "<Blob Status=\"Completed\">" HEAD more "</Blob>"

START_TEST(test_dispositions)
{
	static const char *const values[] = {"rename", "no-overwrite", "overwrite"};
	static const char *const codes[] = {"Renamed", "Skipped", "Overwritten", "Created", "Cancelled"};
	char text[1024];
	for (size_t v = 0; v < 3; v++)
		for (size_t c = 0; c < 5; c++) {
			snprintf(text, sizeof text,
				 "<Blob Status=\"%s\">" HEAD
				 "<ImportDisposition Status=\"%s\">%s</ImportDisposition></Blob>",
				 c == 4 ? "FileNotFound" : "Completed", codes[c], values[v]);
			expect(CLASSIC, text, c == 4 ? "CompletedWithErrors" : "Completed",
			       c == v || c > 2 ? "" : "L-14");
		}
	expect(CLASSIC, WITH(DISPOSITION("", "Created")), "Completed", "L-13.value");
	expect(CLASSIC, WITH(DISPOSITION("Overwrite", "Skipped")), "Completed", "L-13.value");
	expect(CLASSIC, WITH(DISPOSITION("rename", "Cancelled")), "Completed", "S-01");
	expect(CLASSIC, WITH("<ImportDisposition>rename</ImportDisposition>"), "Completed", "L-01.missing");
	expect(DISK, WITH(DISPOSITION("rename", "Moved")), "Completed", "L-35");
}
END_TEST

#define SNAPSHOT(time)                                                                         \
  "<Blob Status=\"Completed\"><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><Snapshot>" time \
  "</Snapshot><Length>1</Length></Blob>"

START_TEST(test_directions)
{
	expect(CLASSIC, SNAPSHOT("2012-09-18T23:47:08.9360000Z"), "Completed", "");
	expect(CLASSIC,
	       WITH(DISPOSITION("rename", "Created")) WITH("<LastModified>2012-09-18T23:47:08Z</LastModified>"),
	       "Completed", "L-13.direction");
	expect(CLASSIC,
	       SNAPSHOT("2012-09-18T23:47:08Z") WITH(DISPOSITION("rename", "Created"))
		   WITH(DISPOSITION("rename", "Created")),
	       "Completed", "L-13.direction");
}
END_TEST

START_TEST(test_times)
{
	static const char *const wrong[] = {
	    "2012-09-18T23:47:08",       "2012-09-18T23:47:08.Z",     "2012-09-18T23:47:08.12345678Z",
	    "2012-09-18T23:47:08+00:00", "Tue, 18 Sep 2012",          "2012-9-18T23:47:08Z",
	    "2012-09-18T23:47:08,5Z",    "2012-09-18T23:47:08.12a4Z", "Z"};
	char text[512];
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, WITH("<LastModified>%s</LastModified>"), wrong[i]);
		expect(CLASSIC, text, "Completed", "L-13.time");
	}
	expect(CLASSIC, WITH("<LastModified/>"), "Completed", "L-13.time");
	expect(CLASSIC, WITH("<LastModified>2012-09-18T23:47:08.1234567Z</LastModified>"), "Completed", "");
}
END_TEST

START_TEST(test_what_an_entry_needs)
{
	expect(CLASSIC, "<Blob/>", "Completed", "L-01.missing L-01.missing L-01.missing L-01.missing");
	expect(CLASSIC, "<Blob Status=\"Completed\"><BlobPath/><FilePath> </FilePath><Length></Length></Blob>",
	       "Completed", "L-01.missing L-01.missing L-01.number");
	expect(DISK, "<File/>", "Completed", "L-32 L-32 L-32 L-32");
	expect(DISK,
	       "<Blob "
	       "Status=\"Completed\"><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><OriginalFilePath>\\b</"
	       "OriginalFilePath>"
	       "<SizeInBytes>1</SizeInBytes></Blob>",
	       "Completed", "L-31");
	expect(CLASSIC, WITH("<PageRangeList><PageRange/></PageRangeList>"), "Completed",
	       "L-01.missing L-01.missing L-01.missing");
	expect(DISK,
	       "<File "
	       "Status=\"Completed\"><FileStoragePath>a/b</FileStoragePath><FilePath>\\b</FilePath><Length>1</Length>"
	       "<FileRangeList><FileRange Offset=\"0\"/></FileRangeList></File>",
	       "Completed", "L-32 L-32");
	/* Either name, and an element that is read as the attribute. */
	expect(CLASSIC, "<Blob>" HEAD "<Status>FileNotFound</Status></Blob>", "CompletedWithErrors", "L-15");
	expect(CLASSIC, "<Blob Status=\"Completed\">" HEAD "<Status>FileNotFound</Status></Blob>", "Completed", "L-15");
	expect(CLASSIC, "<Blob>" HEAD "<Status/></Blob>", "Completed", "L-01.missing L-15 L-01.missing");
}
END_TEST

START_TEST(test_segments)
{
	expect(
	    CLASSIC,
	    WITH("<BlockList><Block Offset=\"18446744073709551615\" Length=\"1\" Status=\"Completed\"/></BlockList>"),
	    "Completed", "L-01.number");
	expect(
	    CLASSIC,
	    WITH("<BlockList><Block Offset=\"18446744073709551614\" Length=\"1\" Status=\"Completed\"/></BlockList>"),
	    "Completed", "");
	expect(
	    CLASSIC,
	    WITH("<BlockList><Block Offset=\"18446744073709551616\" Length=\"-1\" Status=\"Completed\"/></BlockList>"),
	    "Completed", "L-01.number L-01.number");
	/* Holes, overlaps, ids of any form: none of a log's business. */
	expect(CLASSIC,
	       WITH("<BlockList><Block Offset=\"900\" Length=\"9\" Id=\"??\" Status=\"Completed\"/><Block Offset=\"0\" "
		    "Length=\"0\" "
		    "Id=\"MD5/\" Status=\"Completed\"/></BlockList>"),
	       "Completed", "");
	expect(CLASSIC,
	       WITH("<BlockList><Block Offset=\"0\" Length=\"9\" Id=\"MD5/\" Hash=\"00112233445566778899AABBCCDDEEFF\" "
		    "Status=\"Completed\"/></BlockList>"),
	       "Completed", "L-12.id");
	expect(CLASSIC,
	       WITH("<BlockList><Block Offset=\"0\" Length=\"9\" Id=\"MD5/ABEiM0RVZneImaq7zN3u/w==\" "
		    "Hash=\"00112233445566778899aabbccddeeff\" Status=\"Completed\"/></BlockList>"),
	       "Completed", "");
	expect(CLASSIC,
	       WITH("<BlockList><Block Offset=\"0\" Length=\"9\" Hash=\"ABEiM0RVZneImaq7zN3u/w==\" "
		    "Status=\"Completed\"/></BlockList>"),
	       "Completed", "L-12.hash");
	expect(CLASSIC, WITH("<Metadata Status=\"Completed\"><Path Hash=\"0\">\\b.metadata</Path></Metadata>"),
	       "Completed", "L-12.hash");
}
END_TEST

/* The paths of the entry in hand stand in what is found of it, and of nothing else. */
START_TEST(test_findings_name_the_entry)
{
	static const char text[] =
	    "<DriveLog " CLASSIC "><DriveId>1</DriveId>\n"
	    "<Blob "
	    "Status=\"Completed\"><BlobPath>one/a</BlobPath><FilePath>\\one\\a</FilePath><Length>x</Length></Blob>\n"
	    "<Blob Status=\"Bad\">" HEAD "</Blob>\n"
	    "<Blob Status=\"Completed\">" HEAD
	    "<Properties Status=\"Failed\"/></Blob><Status>Completed</Status></DriveLog>";
	recorder r;
	log_judge(&r, TALLY_DOCUMENT_DRIVE_LOG, (tally_text){text, sizeof text - 1}, "a log");
	recorder_expect(&r, "L-01.number L-21.blob S-01", "a log");
	ck_assert_str_eq(r.items[0].blob_path, "one/a");
	ck_assert_str_eq(r.items[0].file_path, "\\one\\a");
	ck_assert_uint_eq(r.items[0].line, 2);
	ck_assert_ptr_null(r.items[1].blob_path);
	ck_assert_ptr_null(r.items[1].file_path);
	ck_assert_str_eq(r.items[1].actual, "Bad");
	ck_assert_uint_eq(r.items[1].line, 3);
	ck_assert_str_eq(r.items[2].blob_path, "a/b");
	ck_assert_uint_eq(r.items[2].line, 4);
	recorder_clear(&r);
}
END_TEST

/* ---- what a log says about itself ---- */

START_TEST(test_entries_against_their_parts)
{
	expect(CLASSIC, blob("Completed", "Corrupted"), "Completed", "S-01");
	expect(CLASSIC, WITH("<Properties Status=\"XmlReadFailed\"/>"), "Completed", "S-01");
	expect(CLASSIC, blob("CompletedWithErrors", "Completed"), "CompletedWithErrors", "S-02");
	expect(CLASSIC, "<Blob Status=\"CompletedWithErrors\">" HEAD "</Blob>", "CompletedWithErrors", "S-02");
	expect(CLASSIC, "<Blob Status=\"CompletedWithErrors\">" HEAD "<Metadata Status=\"Corrupted\"/></Blob>",
	       "CompletedWithErrors", "");
	/* Whether a part with a damaged code failed is not known. */
	expect(CLASSIC, blob("CompletedWithErrors", "Corruptd"), "CompletedWithErrors", "L-21.segment");
	/* Later error logs list entries without their parts. */
	expect(DISK, "<Blob Status=\"CompletedWithErrors\">" HEAD "</Blob>", "CompletedWithErrors", "");
	expect(DISK, blob("CompletedWithErrors", "Completed"), "CompletedWithErrors", "S-02");
	static const char *const not_opened[] = {"FileNameInvalid", "FileNameTooLong", "FileNotFound",
						 "FileAccessDenied"};
	for (size_t i = 0; i < 4; i++)
		expect(CLASSIC, blob(not_opened[i], "Completed"), "CompletedWithErrors", "L-17");
	expect(CLASSIC, blob("LeasePresent", "Completed"), "CompletedWithErrors", "");
}
END_TEST

START_TEST(test_drive_against_its_entries)
{
	char two[2048];
	snprintf(two, sizeof two, "%s%s", WITH(""), blob("FileNotFound", "Cancelled"));
	expect(CLASSIC, two, "CompletedWithErrors", "");
	expect(CLASSIC, two, "Completed", "S-03.completed");
	expect(CLASSIC, two, "CompletedWithWarnings", "S-03.completed");
	expect(DISK, two, "CompletedWithWarnings", "");
	expect(CLASSIC, WITH(DISPOSITION("rename", "Renamed")), "CompletedWithWarnings", "");
	expect(CLASSIC, WITH(""), "CompletedWithErrors", "S-03.errors");
	expect(CLASSIC, "", "ManifestCorrupted", "");
	expect(CLASSIC, WITH(""), "ManifestCorrupted", "S-04");
	expect(DISK, WITH(""), "BitLockerKeyInvalid", "S-04");
	/* A code of the later logs at the drive is none of those that end the processing. */
	expect(DISK, blob("FileNotFound", "Cancelled"), "StorageRequestFailed", "");
	/* The flags of one log say nothing about the next. */
	log_expect(TALLY_DOCUMENT_DRIVE_LOG,
		   "<DriveLog " CLASSIC "><DriveId>1</DriveId><Blob Status=\"FileNotFound\">" HEAD "</Blob>"
		   "<Status>CompletedWithErrors</Status></DriveLog>"
		   "<DriveLog " CLASSIC "><DriveId>2</DriveId><Status>Completed</Status></DriveLog>",
		   "L-01.repeated");
}
END_TEST

#define SUMMARY(validation, copy) \
  "<Summary><ValidationErrors>" validation "</ValidationErrors><CopyErrors>" copy "</CopyErrors></Summary>"
#define RENAMED                                                                                             \
  "<Blob "                                                                                                  \
  "Status=\"BlobRenamed\"><BlobPath>a/b</BlobPath><OriginalFilePath>\\b</OriginalFilePath><SizeInBytes>1</" \
  "SizeInBytes></Blob>"

START_TEST(test_summaries)
{
	expect(DISK, SUMMARY("<None Count=\"3\"/>", "<None Count=\"3\"/>"), "Completed", "");
	expect(DISK,
	       SUMMARY("<None Count=\"1\"/><Not512Aligned Count=\"1\"/>",
		       "<BlobRenamed Count=\"2\"/><Completed Count=\"7\"/>") RENAMED RENAMED,
	       "CompletedWithErrors", "");
	/* The sum of two rows; a row for what isn't listed; what is listed without a row. */
	expect(DISK, SUMMARY("", "<BlobRenamed Count=\"1\"/><BlobRenamed Count=\"1\"/>") RENAMED RENAMED,
	       "CompletedWithErrors", "");
	expect(DISK, SUMMARY("", "<ShareRenamed Count=\"1\"/><BlobRenamed Count=\"1\"/>") RENAMED,
	       "CompletedWithErrors", "L-30.count");
	expect(DISK, SUMMARY("", "<Completed Count=\"1\"/>") RENAMED, "CompletedWithErrors", "L-30.count");
	expect(DISK, "<Summary/>" RENAMED, "CompletedWithErrors", "");
	expect(DISK,
	       SUMMARY("", "<BlobRenamed Count=\"18446744073709551615\"/><BlobRenamed Count=\"18446744073709551615\"/>")
		   RENAMED,
	       "CompletedWithErrors", "L-30.count");
	expect(DISK, SUMMARY("<None/>", "<None Count=\"\"/>"), "Completed", "L-30.number L-30.number");
	expect(DISK, SUMMARY("<BlobRenamed Count=\"1\"/>", "<Not512Aligned Count=\"1\"/>"), "Completed",
	       "L-30.code L-30.code");
	expect(CLASSIC, SUMMARY("", "") RENAMED, "CompletedWithErrors", "L-30.version L-21.blob L-30.count");
}
END_TEST

START_TEST(test_renamed_containers)
{
	static const struct {
		const char *path, *rules;
	} paths[] = {
	    {"databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef/a.vhd", ""},
	    {"databox-C2073FD1CC379D83E03D6B7ACCE23A6CF29D1EEF/a/b", ""},
	    {"databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1ee/a.vhd", "L-34"},
	    {"databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef0/a.vhd", "L-34"},
	    {"databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eeg/a.vhd", "L-34"},
	    {"databox-c2073fd1cc379d83e03d6b7acce23a6cf29d1eef", "L-34"},
	    {"databox-", "L-34"},
	};
	char text[512];
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		snprintf(
		    text, sizeof text,
		    "<Blob Status=\"ContainerRenamed\"><BlobPath>%s</BlobPath><OriginalFilePath>\\b</OriginalFilePath>"
		    "<SizeInBytes>1</SizeInBytes></Blob>",
		    paths[i].path);
		expect(DISK, text, "CompletedWithErrors", paths[i].rules);
	}
}
END_TEST

START_TEST(test_new_parts_in_old_logs)
{
	static const char later[] =
	    "<Blob Status=\"Completed\"><BlobPath>a/b</BlobPath><OriginalFilePath>\\b</OriginalFilePath>"
	    "<SizeInBytes>1</SizeInBytes></Blob>";
	expect(DISK, later, "Completed", "");
	expect(CLASSIC, later, "Completed", "L-30.version");
	expect("", later, "Completed", "L-10.missing L-30.version");
	expect("Version=\"2019-01-01\"", later, "Completed", "L-10.version");
	expect(
	    CLASSIC,
	    "<Blob "
	    "Status=\"Completed\"><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><SizeInBytes>1</SizeInBytes></Blob>",
	    "Completed", "L-30.version");
}
END_TEST

START_TEST(test_text_between_elements)
{
	/* In front of the log, in it and behind it: told once for each place where it may stand. */
	expect(CLASSIC, "", "Completed", "");
	log_expect(TALLY_DOCUMENT_DRIVE_LOG,
		   "cut <DriveLog " CLASSIC "><DriveId>1</DriveId>cut<Status>Completed</Status> cut</DriveLog>cut",
		   "L-01.text L-01.text");
	log_expect(TALLY_DOCUMENT_DRIVE_LOG,
		   "<DriveLog " CLASSIC "><DriveId>1</DriveId><Status>Completed</Status></DriveLog>\ncut", "L-01.text");
}
END_TEST

int main(void)
{
	return suite_run("drive log", (const suite_test[]){{test_published_codes, 0},
							   {test_other_codes, 0},
							   {test_dispositions, 0},
							   {test_directions, 0},
							   {test_times, 0},
							   {test_what_an_entry_needs, 0},
							   {test_segments, 0},
							   {test_findings_name_the_entry, 0},
							   {test_entries_against_their_parts, 0},
							   {test_drive_against_its_entries, 0},
							   {test_summaries, 0},
							   {test_renamed_containers, 0},
							   {test_new_parts_in_old_logs, 0},
							   {test_text_between_elements, 0},
							   {NULL, 0}});
}
