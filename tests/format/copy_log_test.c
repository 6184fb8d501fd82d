/* SPDX-License-Identifier: Apache-2.0 */
/* Copy logs since 2021-08-01: entities, renames, and the totals that contradict each other. */
#include "format/log_judge.h"
#include "support/suite.h"

#include <stdio.h>

static const char *entity(const char *path, const char *category, const char *code, const char *message,
			  const char *type)
{
	static char text[2048];
	snprintf(
	    text, sizeof text,
	    "<ErroredEntity Path=\"%s\"><Category>%s</Category><ErrorCode>%s</ErrorCode><ErrorMessage>%s</ErrorMessage>"
	    "<Type>%s</Type></ErroredEntity>",
	    path, category, code, message, type);
	return text;
}

static void expect_log(const char *entities, const char *status, unsigned total, unsigned errored, const char *rules)
{
	char text[8192];
	snprintf(text, sizeof text,
		 "%s<CopyLog "
		 "Summary=\"Summary\"><Status>%s</Status><TotalFiles>%u</TotalFiles><FilesErrored>%u</FilesErrored></"
		 "CopyLog>",
		 entities, status, total, errored);
	log_expect(TALLY_DOCUMENT_COPY_LOG, text, rules);
}

#define GUID "6bcae46f-04c8-4385-8442-3a28b962c930"
#define SHA256 "0xcdc5c61692e5d63af53a3cb5473e5200915e17b294683968a286c0228054f10e"

START_TEST(test_categories)
{
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (status->level != TALLY_LEVEL_LOG_CODE)
			continue;
		const char *name = status->code;
		bool renamed = strlen(name) >= 7 && strcmp(name + strlen(name) - 7, "Renamed") == 0;
		bool cloud = strstr(name, "CloudHttp") != NULL, container = name[0] == 'C' || name[0] == 'S';
		char message[256];
		snprintf(message, sizeof message, "renamed to: %sDataBox-" GUID " :from: b :because",
			 container ? "" : "BlockBlob/");
		expect_log(entity("a/b", name, renamed ? "1" : "400", renamed ? message : "m", "File"), "Failed", 1,
			   renamed ? 0 : 1, "");
		if (renamed)
			expect_log(entity("a/b", name, "2", message, "File"), "Failed", 1, 0, "C-11.code");
		if (cloud)
			expect_log(entity("a/b", name, "-1", "m", "File"), "Failed", 1, 1, "C-11.code");
	}
	expect_log(entity("a/b", "Completed", "1", "m", "File"), "Failed", 1, 1, "C-09");
	expect_log(entity("a/b", "uploaderrorwin32", "1", "m", "File"), "Failed", 1, 1, "C-09");
}
END_TEST

START_TEST(test_error_codes)
{
	static const struct {
		const char *code, *rules;
	} codes[] = {{"0", ""},
		     {"2147483647", ""},
		     {"-2147483648", ""},
		     {"-2147024773", ""},
		     {"2147483648", "C-11.number"},
		     {"-2147483649", "C-11.number"},
		     {"18446744073709551616", "C-11.number"},
		     {"-", "C-11.number"},
		     {"--1", "C-11.number"},
		     {"+1", "C-11.number"},
		     {"0x10", "C-11.number"},
		     {"", "C-11.number"}};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		expect_log(entity("a/b", "UploadErrorWin32", codes[i].code, "m", "File"), "Failed", 1, 1,
			   codes[i].rules);
	static const char *const statuses[] = {"99", "100", "599", "600"};
	for (size_t i = 0; i < 4; i++)
		expect_log(entity("a/b", "ExportCloudHttp", statuses[i], "m", "File"), "Failed", 1, 1,
			   i == 0 || i == 3 ? "C-11.code" : "");
}
END_TEST

START_TEST(test_renames)
{
	static const struct {
		const char *path, *category, *message, *rules;
	} renames[] = {
	    {"New Folder", "ContainerRenamed",
	     "It has been renamed to: DataBox-" GUID " :from: New Folder :because it is so", ""},
	    {"New Folder", "ShareRenamed", "renamed to:DataBox-" GUID ":from:New Folder:because", ""},
	    {"c\\d/e", "BlobRenamed", "renamed to: PageBlob/DataBox-" SHA256 " :from: d/e :because", ""},
	    {"c\\d/e", "BlobRenamed", "renamed to: PageBlob/DataBox-" SHA256 " :from: e :because", ""},
	    {"c\\d/e", "FileRenamed", "renamed to: AzureFile/DataBox-" GUID " :from: c\\d/e :because", ""},
	    {"c\\d", "DiskRenamed", "renamed to: ManagedDisk/DataBox-" GUID " :from: d :because", ""},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: :because it was :because",
	     "C-13.form"},
	    {"c\\d", "BlobRenamed", "renamed to: :from: d :because", "C-13.form"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: d", "C-13.form"},
	    {"c\\d", "BlobRenamed", "it is called BlockBlob/DataBox-" GUID " now", "C-13.form"},
	    {"c\\d", "BlobRenamed", ":because :from: renamed to: d", "C-13.form"},
	    {"c\\d", "BlobRenamed", "", "C-13.form"},
	    {"c\\d", "BlobRenamed", "renamed to: DataBox-" GUID " :from: d :because", "C-13.target"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID "0 :from: d :because", "C-13.target"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-0x12 :from: d :because", "C-13.target"},
	    {"c\\d", "BlobRenamed", "renamed to: QueueBlob/DataBox-" GUID " :from: d :because", "C-13.target"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/new :from: d :because", "C-13.target"},
	    {"c", "ContainerRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: c :because", "C-13.target"},
	    {"c", "ContainerRenamed", "renamed to: DataBox-" SHA256 " :from: c :because", "C-13.target"},
	    {"c\\bed", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: ed :because", "C-13.from"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: D :because", "C-13.from"},
	    {"c\\d", "BlobRenamed", "renamed to: BlockBlob/DataBox-" GUID " :from: and c\\d :because", "C-13.from"},
	    {"c\\d", "BlobRenamed", "renamed to: d :from: e :because", "C-13.target C-13.from"},
	};
	for (size_t i = 0; i < sizeof renames / sizeof renames[0]; i++) {
		bool container = strchr("CS", renames[i].category[0]) != NULL;
		expect_log(entity(renames[i].path, renames[i].category, "1", renames[i].message,
				  container ? "Container" : "File"),
			   "Failed", 1, 0, renames[i].rules);
	}
	log_expect(TALLY_DOCUMENT_COPY_LOG,
		   "<ErroredEntity><Category>BlobRenamed</Category><ErrorCode>1</ErrorCode><ErrorMessage>renamed to: "
		   "BlockBlob/DataBox-" GUID " :from: x :because</ErrorMessage><Type>File</Type></ErroredEntity>",
		   "C-03.missing C-03.excerpt");
}
END_TEST

START_TEST(test_paths_and_types)
{
	static const char *const wrong[] = {"a", "/a", "\\a", "a/", "a\\", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		expect_log(entity(wrong[i], "UploadErrorWin32", "5", "m", "File"), "Failed", 1, 1, "C-06");
		expect_log(entity(wrong[i], "UploadErrorWin32", "5", "m", "Container"), "Failed", 1, 1, "");
	}
	expect_log(entity("a/b", "UploadErrorWin32", "5", "m", "file"), "Failed", 1, 1, "C-03.value");
	expect_log(entity("a/b", "UploadErrorWin32", "5", "m", ""), "Failed", 1, 1, "C-03.missing");
	log_expect(TALLY_DOCUMENT_COPY_LOG, "<ErroredEntity/>",
		   "C-03.missing C-03.missing C-03.missing C-03.missing C-03.missing C-03.excerpt");
	log_expect(TALLY_DOCUMENT_COPY_LOG, "<CopyLog/>", "C-03.missing C-03.missing C-03.missing");
}
END_TEST

START_TEST(test_totals)
{
	char two[4096];
	snprintf(two, sizeof two, "%s", entity("a/b", "UploadErrorWin32", "5", "m", "File"));
	size_t used = strlen(two);
	snprintf(two + used, sizeof two - used, "%s",
		 entity("c", "ContainerRenamed", "1", "renamed to: DataBox-" GUID " :from: c :because", "Container"));
	/* With the renamed one or without it; anything else is noted. */
	expect_log(two, "Failed", 9, 1, "");
	expect_log(two, "Failed", 9, 2, "");
	expect_log(two, "Failed", 9, 0, "C-14.files");
	expect_log(two, "Failed", 9, 3, "C-14.files");
	expect_log(two, "Failed", 0, 1, "C-14.total");
	expect_log(two, "Succeeded", 9, 1, "C-14.succeeded");
	expect_log(two, "Succeeded", 9, 0, "C-14.succeeded");
	expect_log("", "Succeeded", 9, 9, "C-14.succeeded");
	expect_log("", "Succeeded", 0, 0, "");
	expect_log("", "Failed", 9, 0, "C-14.failed");
	expect_log("", "Failed", 9, 4, "C-14.files");
	expect_log("", "Completed", 9, 0, "C-03.value");
	log_expect(TALLY_DOCUMENT_COPY_LOG,
		   "<CopyLog><Status>Failed</Status><TotalFiles_Blobs>1e3</TotalFiles_Blobs><FilesErrored/></CopyLog>",
		   "C-03.number C-03.number");
	/* Totals are judged when the log is whole. */
	log_expect(
	    TALLY_DOCUMENT_COPY_LOG,
	    "<CopyLog><Status>Failed</Status><TotalFiles>0</TotalFiles><FilesErrored>5</FilesErrored></CopyLog><",
	    "XML-01");
}
END_TEST

#define LOG(inner) \
  "<CopyLog><Status>Succeeded</Status><TotalFiles>1</TotalFiles><FilesErrored>0</FilesErrored>" inner "</CopyLog>"

START_TEST(test_identity)
{
	log_expect(
	    TALLY_DOCUMENT_COPY_LOG,
	    LOG("<DriveLogVersion>2021-08-01</DriveLogVersion><DriveId>CB57DBE8-0b67-45e0-ad40-a08fb5305c60</DriveId>"),
	    "");
	log_expect(TALLY_DOCUMENT_COPY_LOG, LOG("<DriveLogVersion/><DriveId/>"), "C-04.version C-04.drive-id");
	log_expect(TALLY_DOCUMENT_COPY_LOG, LOG("<DriveId>cb57dbe80b6745e0ad40a08fb5305c60</DriveId>"),
		   "C-04.drive-id");
	log_expect(TALLY_DOCUMENT_COPY_LOG, LOG("<DriveId>gb57dbe8-0b67-45e0-ad40-a08fb5305c60</DriveId>"),
		   "C-04.drive-id");
	log_expect(TALLY_DOCUMENT_COPY_LOG,
		   LOG("<Summary><CopyErrors><UploadErrorWin32 Count=\"2\"/></CopyErrors></Summary>"), "L-30.count");
	log_expect(TALLY_DOCUMENT_COPY_LOG, LOG("<Summary><ValidationErrors><x/></ValidationErrors></Summary>"),
		   "L-30.number L-30.code");
	log_expect(TALLY_DOCUMENT_COPY_LOG, LOG("") LOG(""), "C-02.repeated");
}
END_TEST

START_TEST(test_findings_name_the_path)
{
	static const char text[] =
	    "<ErroredEntity Path=\"a\\b\"><Category>x</Category><ErrorCode>1</ErrorCode><ErrorMessage>m</ErrorMessage>"
	    "<Type>File</Type></ErroredEntity>\n- <ErroredEntity Path=\"c\"><Category>UploadErrorWin32</Category>"
	    "<ErrorCode>1</ErrorCode><ErrorMessage>m</ErrorMessage><Type>File</Type></ErroredEntity>";
	recorder r;
	log_judge(&r, TALLY_DOCUMENT_COPY_LOG, (tally_text){text, sizeof text - 1}, "a log");
	recorder_expect(&r, "C-09 C-02.text C-06 C-03.excerpt", "a log");
	ck_assert_str_eq(r.items[0].blob_path, "a\\b");
	ck_assert_ptr_null(r.items[1].blob_path);
	ck_assert_uint_eq(r.items[1].line, 2);
	ck_assert_int_eq(text[r.items[1].document_offset], '<');
	ck_assert_str_eq(r.items[2].blob_path, "c");
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	return suite_run("copy log", (const suite_test[]){{test_categories, 0},
							  {test_error_codes, 0},
							  {test_renames, 0},
							  {test_paths_and_types, 0},
							  {test_totals, 0},
							  {test_identity, 0},
							  {test_findings_name_the_path, 0},
							  {NULL, 0}});
}
