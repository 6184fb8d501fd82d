/* SPDX-License-Identifier: Apache-2.0 */
/* Job descriptions in JSON: the corpus, the published ones, and what they may be wrapped in. */
#include "format/job_judging.h"
#include "support/suite.h"

#include <stdio.h>

static const tally_format *recognise(const char *text, size_t size)
{
	pieces p = {{text, size}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	const tally_format *format;
	tally_error error;
	ck_assert_int_eq(tally_format_recognise(&source, &format, &error), TALLY_OK);
	return format;
}

/* ---- the corpus ---- */

/* In a bad file there is exactly the one thing wrong that it is named for; in its good neighbour, nothing. */
START_TEST(corpus)
{
	file_list files = files_in("corpus/job", ".json");
	ck_assert_uint_gt(files.count, 100);
	for (size_t i = 0; i < files.count; i++) {
		char path[512], rule[512];
		snprintf(path, sizeof path, "corpus/job/%s", files.names[i]);
		snprintf(rule, sizeof rule, "%s", files.names[i]);
		char *bad = strstr(rule, ".bad.json");
		ck_assert_msg(bad != NULL || strstr(rule, ".good.json") != NULL, "%s is named wrongly", path);
		*(bad != NULL ? bad : rule) = '\0';
		test_text text = file_read(source_path(path));
		recorder r;
		job_judge_every_way(text.data, text.size, &r, path);
		recorder_expect(&r, rule, path);
		recorder_expect_nowhere(&r, "000011", path);
		ck_assert_ptr_eq(recognise(text.data, text.size), &tally_job_format);
		recorder_clear(&r);
		text_clear(&text);
	}
	files_clear(&files);
}
END_TEST

static bool has_files(const char *name)
{
	static const char *const places[][2] = {{"corpus/job", "json"}, {"corpus/job-template", "xml"}};
	for (size_t i = 0; i < 2; i++) {
		char bad[128], good[128];
		snprintf(bad, sizeof bad, "%s.bad.%s", name, places[i][1]);
		snprintf(good, sizeof good, "%s.good.%s", name, places[i][1]);
		file_list bads = files_in(places[i][0], bad), goods = files_in(places[i][0], good);
		bool both = bads.count == 1 && goods.count == 1;
		files_clear(&bads);
		files_clear(&goods);
		if (both)
			return true;
	}
	return false;
}

START_TEST(corpus_is_complete)
{
	static const char *const families[] = {"JSON-", "R-", "N-01"};
	size_t rules = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX];
		for (size_t k = 0; k < sizeof families / sizeof families[0]; k++) {
			if (rule->scope != TALLY_SCOPE_DOCUMENT ||
			    strncmp(rule->id, families[k], strlen(families[k])) != 0)
				continue;
			ck_assert_msg(has_files(rule_name(rule, name)), "%s has no good and bad file", name);
			rules++;
		}
	}
	ck_assert_uint_gt(rules, 50);
}
END_TEST

/* ---- the published ones ---- */

START_TEST(published)
{
	static const struct {
		const char *name, *rules;
	} samples[] = {
	    {"rest-2016-11-01-CreateJob.json", ""},
	    {"rest-2021-01-01-CreateExportJob.json", ""},
	    {"rest-2021-01-01-CreateJob.json", "R-05.sha256 R-05.sha256 R-05.sha256"},
	    {"rest-2021-01-01-GetExportJob.json", ""},
	    {"rest-2021-01-01-GetJob.json", ""},
	    {"rest-2021-01-01-ListBitLockerKeys.json", ""},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		char relative[256];
		snprintf(relative, sizeof relative, "samples/published/%s", samples[i].name);
		const char *path = shared_path(relative);
		if (path == NULL)
			continue;
		test_text text = file_read(path);
		recorder r;
		job_judge_every_way(text.data, text.size, &r, samples[i].name);
		recorder_expect(&r, samples[i].rules, samples[i].name);
		ck_assert_ptr_eq(recognise(text.data, text.size), &tally_job_format);
		recorder_clear(&r);
		text_clear(&text);
	}
}
END_TEST

/* ---- what a job may be wrapped in ---- */

START_TEST(wrapped)
{
	static const char *const shapes[] = {
	    "{\"location\":\"westeurope\",BODY}", /* a request */
	    "{\"id\":\"/x\",BODY}",               /* an answer */
	    "{\"value\":[{\"id\":\"/x\",BODY}],\"nextLink\":null}",
	    "[{\"id\":\"/x\",BODY}]",
	    "{\"parameters\":{\"jobName\":\"tally-job\",\"body\":{\"location\":\"westeurope\",BODY}},\"responses\":{}}",
	    "{\"responses\":{\"200\":{\"body\":{BODY}},\"204\":{}}}",
	    "{\"responses\":{\"200\":{\"body\":{\"value\":[{BODY}]}}}}",
	    "{\"$schema\":\"https://example.com\",\"parameters\":{},\"resources\":[{\"type\":\"Microsoft.Storage/"
	    "storageAccounts\"},"
	    "{\"type\":\"Microsoft.ImportExport/jobs\",\"apiVersion\":\"2021-01-01\",\"name\":\"[parameters('name')]\","
	    "\"location\":\"[resourceGroup().location]\",BODY}]}",
	    "{\"resources\":{\"job\":{\"type\":\"microsoft.importexport/Jobs\",\"location\":\"westeurope\",BODY}}}",
	};
	static const char body[] =
	    IMPORT(DRIVES("{\"driveId\":\"TALLY0001\",\"manifestFile\":\"\\\\DriveManifest.xml\","
			  "\"manifestHash\":\"" HASH "\"MORE}"));
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		bool answer = i == 1 || i == 2 || i == 3 || i == 5 || i == 6;
		test_text text = {0};
		text_add(&text, shapes[i], strlen(shapes[i]));
		text_replace(&text, "BODY", body);
		text_replace(&text, "MORE", answer ? "" : ",\"bitLockerKey\":\"" KEY "\"");
		job_expect(text.data, "");
		text_replace(&text, "TALLY0001", "TALLY 0001");
		text_replace(&text, "storageAccounts/tallyaccount", "storageAccounts/A");
		job_expect(text.data, "N-01 R-02");
		ck_assert_ptr_eq(recognise(text.data, text.size), &tally_job_format);
		text_clear(&text);
	}
}
END_TEST

START_TEST(no_job)
{
	job_expect("{}", "JSON-07");
	job_expect("[]", "");
	job_expect("\"text\"", "JSON-07");
	job_expect("{\"properties\":{}}", "JSON-07");
	job_expect("{\"properties\":7}", "JSON-07");
	job_expect("{\"properties\":{\"a\":1}}", "JSON-07");
	job_expect("{\"type\":\"Microsoft.Storage/storageAccounts\",\"properties\":{\"state\":\"x\"}}", "JSON-07");
	job_expect("{\"resources\":[]}", "JSON-07");
	job_expect("{\"resources\":[{\"type\":\"Microsoft.Storage/storageAccounts\",\"properties\":{}},7]}", "JSON-07");
	job_expect("{\"value\":[1,{\"driveId\":\"A\"}]}", "JSON-07");
	job_expect("{\"schema\":\"tallyman/report/1\",\"findings\":[]}", "JSON-07");
}
END_TEST

/* Journals begin with a bracket, too. */
START_TEST(recognised)
{
	static const char journal[] = "[BeginUpdateRecord][2016/11/02 18:24:14.735][Type:NewJournalFile]\n";
	ck_assert_ptr_ne(recognise(journal, sizeof journal - 1), &tally_job_format);
	ck_assert_ptr_eq(recognise(" [ {", 4), &tally_job_format);
	ck_assert_ptr_eq(recognise("\xEF\xBB\xBF\n{", 5), &tally_job_format);
	ck_assert_ptr_eq(recognise("\xFF\xFE{\0}\0", 6), &tally_job_format);
	ck_assert_ptr_null(recognise("[section]", 9));
	ck_assert_int_eq(tally_document_kind_find("job"), TALLY_DOCUMENT_JOB);
	ck_assert_str_eq(tally_document_kind_name(TALLY_DOCUMENT_JOB_TEMPLATE), "job-template");
}
END_TEST

/* ---- single rules, beside the corpus ---- */

START_TEST(absent_in_any_form)
{
	job_expect(REQUEST(DRIVES(DRIVE) ",\"export\":null,\"returnAddress\":null,\"state\":\"\""), "");
	job_expect(REQUEST(DRIVES(DRIVE) ",\"percentComplete\":null,\"export\":{}"), "R-12.empty");
	job_expect(REQUEST("\"driveList\":null"), "R-01.import");
	job_expect("{\"properties\":{\"state\":\"\",\"logLevel\":\"Verbose\",\"backupDriveManifest\":true}}",
		   ""); /* published */
	job_expect("{\"properties\":{\"storageAccountId\":\"" ACCOUNT "\",\"jobType\":\"Export\",\"driveList\":[],"
		   "\"export\":{\"blobListBlobPath\":\"$root/list.xml\"}}}",
		   "R-21.request");
}
END_TEST

START_TEST(types)
{
	job_expect(REQUEST("\"driveList\":{}"), "JSON-05 R-01.import");
	job_expect(REQUEST(DRIVES("\"TALLY0001\"")), "JSON-05");
	job_expect(REQUEST(DRIVES(DRIVE) ",\"backupDriveManifest\":\"true\""), "JSON-05");
	job_expect(
	    REQUEST(DRIVES(
		DRIVE) ",\"deliveryPackage\":{\"carrierName\":\"C\",\"trackingNumber\":\"1\",\"driveCount\":1.0}"),
	    "JSON-05");
	job_expect(
	    REQUEST(DRIVES(
		DRIVE) ",\"deliveryPackage\":{\"carrierName\":\"C\",\"trackingNumber\":\"1\",\"driveCount\":-1}"),
	    "R-09.range");
	job_expect(REQUEST(DRIVES(DRIVE "," DRIVE)), "R-02.twice");
	job_expect(ANSWER(DRIVES("{\"driveId\":7}")), "JSON-05");
	job_expect(ANSWER("\"somethingNew\":1"), "");
	job_expect(REQUEST("\"somethingNew\":1," DRIVES(DRIVE)), "JSON-06");
}
END_TEST

static void expect_drive(const char *member, const char *value, const char *rules)
{
	test_text text = {0};
	text_print(&text, "%s", ANSWER(DRIVES("{\"driveId\":\"A\",\"MEMBER\":\"VALUE\"}")));
	text_replace(&text, "MEMBER", member);
	text_replace(&text, "VALUE", value);
	job_expect(text.data, rules);
	text_clear(&text);
}

START_TEST(percentages_of_drives)
{
	static const char *const known[] = {"0 % completed", "40 % completed", "40% completed", "100 % completed"};
	static const char *const unknown[] = {"101 % completed", "% completed",    "40 %",
					      "40 % Completed",  "4O % completed", "18446744073709551616 % completed"};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		expect_drive("copyStatus", known[i], "");
	for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
		expect_drive("copyStatus", unknown[i], "R-09.status");
}
END_TEST

START_TEST(manifests_of_drives)
{
	expect_drive("manifestFile", "DriveManifest.xml", "");
	expect_drive("manifestFile", "\\\\a\\\\b.xml", "");
	expect_drive("manifestFile", "/a/b.xml", "R-04.slash");
	expect_drive("manifestFile", "\\\\\\\\DriveManifest.xml", "R-04.double");
	expect_drive("manifestFile", "\\\\\\\\server\\\\share", "R-04");
	expect_drive("manifestFile", "\\\\..\\\\x", "R-04");
	expect_drive("manifestFile", "\\u0000", "R-04");
	expect_drive("manifestHash", "0123456789abcdef0123456789abcdef", "");
	expect_drive("manifestHash", "ASNFZ4mrze8BI0VniavN7w==", "R-05");
	expect_drive("manifestHash", "0123456789ABCDEF0123456789ABCDEG", "R-05");
	expect_drive("driveHeaderHash", "AZ31BGB1", "R-06"); /* the PowerShell page */
	expect_drive("driveHeaderHash", "0:1048576:" HASH HASH HASH HASH, "");
	expect_drive("driveHeaderHash", "0:1048576:" HASH HASH HASH HASH ";", "R-06");
	expect_drive("driveHeaderHash", ";", "R-06");
	expect_drive("driveHeaderHash", "18446744073709551615:1:" HASH HASH HASH HASH, "R-06");
	expect_drive("copyStatus", "DriveCorrupted", "");
	expect_drive("copyStatus", "Data copy completed", "");
}
END_TEST

START_TEST(keys)
{
	expect_drive("bitLockerKey", KEY, "R-03");
	expect_drive("bitLockerKey", "bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW5n", "J-10 R-03");
	expect_drive("bitLockerKey", "******-******", "B-01 R-03");
	/* the CLI and PowerShell pages */
	expect_drive("bitLockerKey", "439675-460165-128202-905124-487224-524332-851649-442187", "B-02 R-03");
	job_expect("{\"value\":[{\"driveId\":\"A\",\"bitLockerKey\":\"" KEY "\"}]}", "");
	job_expect("{\"value\":[{\"driveId\":\"A B\",\"bitLockerKey\":\"1234\"}]}", "R-02 B-01");
}
END_TEST

static void expect_account(const char *id, const char *rules)
{
	test_text text = {0};
	text_print(&text, "{\"id\":\"/x\",\"properties\":{\"storageAccountId\":\"%s\"}}", id);
	job_expect(text.data, rules);
	text_clear(&text);
}

START_TEST(accounts)
{
	expect_account(ACCOUNT, "");
	expect_account("/SUBSCRIPTIONS/1/resourcegroups/r/providers/microsoft.classicstorage/storageaccounts/abc", "");
	expect_account(ACCOUNT "/", "R-20");
	expect_account("/subscriptions//resourceGroups/r/providers/Microsoft.Storage/storageAccounts/abc", "R-20");
	expect_account("/subscriptions/1/resourceGroups/r/providers/Microsoft.Compute/storageAccounts/abc", "R-20");
	expect_account("/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/", "R-20");
	expect_account("/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/ab", "N-01");
	expect_account(
	    "/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/abcdefghijklmnopqrstuvwxy",
	    "N-01");
}
END_TEST

static void expect_selection(const char *selection, const char *rules)
{
	test_text text = {0};
	text_print(&text,
		   "{\"location\":\"x\",\"properties\":{\"storageAccountId\":\"" ACCOUNT
		   "\",\"jobType\":\"Export\",\"export\":%s}}",
		   selection);
	job_expect(text.data, rules);
	text_clear(&text);
}

START_TEST(selections)
{
	expect_selection(
	    "{\"blobList\":{\"blobPath\":[\"/a-container/b\",\"$root/b\"],\"blobPathPrefix\":[\"/\",\"/a\",\"/abc/\",\"/$w\"]}}",
	    "");
	expect_selection("{\"blobList\":{\"blobPath\":[\"/\"]}}", "R-12.all");
	expect_selection("{\"blobList\":{\"blobPathPrefix\":[\"\\\\\"]}}", "R-12.all");
	expect_selection("{\"blobList\":{\"blobPath\":[\"container\"]}}", "R-12.path");
	expect_selection("{\"blobList\":{\"blobPath\":[\"container/\"]}}", "R-12.path");
	expect_selection("{\"blobList\":{\"blobPathPrefix\":[\"/No/x\"]}}", "R-12.path");
	expect_selection("{\"blobList\":{\"blobPathPrefix\":[\"/Music\"]}}", "R-12.path");
	expect_selection("{\"blobList\":{\"blobPathPrefix\":[\"music/love\",\"music\"]}}", "R-12.path R-12.path");
	expect_selection("{\"blobList\":{}}", "R-12.empty");
	expect_selection("{\"blobListblobPath\":\"lists/a.xml\"}", "");
	expect_selection("{\"blobListBlobPath\":\"list.xml\"}", "R-12.path");
}
END_TEST

START_TEST(orders)
{
	job_expect(
	    "{\"properties\":{\"details\":{\"jobDetailsType\":\"DataBoxCustomerDisk\",\"importDiskDetailsCollection\":"
	    "{\"\":{\"manifestFile\":\"\\\\x\",\"manifestHash\":\"" HASH "\",\"bitLockerKey\":\"" KEY
	    "\"}}}},\"location\":\"x\"}",
	    "R-02");
	job_expect("{\"properties\":{\"details\":{\"importDiskDetailsCollection\":{\"A\":7}}},\"location\":\"x\"}",
		   "JSON-05");
	job_expect("{\"properties\":{\"details\":{\"ImportDiskDetailsCollection\":{}}},\"location\":\"x\"}", "JSON-06");
	job_expect("{\"id\":\"/x\",\"properties\":{\"status\":\"SomewhereElse\",\"details\":{\"somethingNew\":1}}}",
		   "R-19.stage");
}
END_TEST

/* A template's expressions stand for what nobody knows yet, of any type. */
START_TEST(expressions)
{
	job_expect(
	    "{\"resources\":[{\"type\":\"Microsoft.ImportExport/jobs\",\"name\":\"[parameters('a "
	    "name')]\",\"location\":\"x\","
	    "\"properties\":{\"storageAccountId\":\"[variables('id')]\",\"jobType\":\"[parameters('type')]\","
	    "\"backupDriveManifest\":\"[parameters('backup')]\",\"driveList\":\"[parameters('drives')]\",\"state\":"
	    "\"[x]\"}}]}",
	    "");
	job_expect(
	    "{\"resources\":[{\"type\":\"Microsoft.ImportExport/jobs\",\"name\":\"[[no "
	    "expression]\",\"location\":\"x\","
	    "\"properties\":{\"storageAccountId\":\"[variables('id')]\",\"jobType\":\"Export\",\"export\":\"[x]\"}}]}",
	    "R-16");
	job_expect(
	    "{\"location\":\"x\",\"properties\":{\"storageAccountId\":\"[variables('id')]\",\"jobType\":\"[x]\"}}",
	    "R-20 R-14.type");
	job_expect("{\"resources\":[{\"type\":\"Microsoft.ImportExport/jobs\",\"location\":\"x\",\"properties\":{"
		   "\"storageAccountId\":\"[x]\",\"jobType\":\"Import\",\"copy\":[{\"name\":\"driveList\"}]}}]}",
		   "");
	job_expect("{\"resources\":[{\"type\":\"Microsoft.ImportExport/jobs\",\"location\":\"x\",\"properties\":{"
		   "\"storageAccountId\":\"[x]\",\"jobType\":\"Export\",\"export\":{\"blobList\":\"[x]\"},"
		   "\"deliveryPackage\":{\"carrierName\":\"C\",\"trackingNumber\":\"1\",\"driveCount\":2}}}]}",
		   "");
	job_expect("{\"resources\":[{\"type\":\"Microsoft.DataBox/jobs\",\"location\":\"x\",\"properties\":{"
		   "\"transferType\":\"ImportToAzure\",\"details\":\"[x]\"}}]}",
		   "");
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {corpus, 0},
	    {corpus_is_complete, 0},
	    {published, 0},
	    {wrapped, 0},
	    {no_job, 0},
	    {recognised, 0},
	    {absent_in_any_form, 0},
	    {types, 0},
	    {percentages_of_drives, 0},
	    {manifests_of_drives, 0},
	    {keys, 0},
	    {accounts, 0},
	    {selections, 0},
	    {orders, 0},
	    {expressions, 0},
	    {NULL, 0},
	};
	return suite_run("format/job", tests);
}
