/* SPDX-License-Identifier: Apache-2.0 */
/* Validation logs of the tools, and the error lists of Data Box. */
#include "format/log_judge.h"
#include "support/suite.h"

#include <stdio.h>

static void expect_line(const char *attributes, const char *path, const char *rules)
{
	char text[1024];
	snprintf(text, sizeof text, "<file %s>%s</file>\n", attributes, path);
	log_expect(TALLY_DOCUMENT_ERROR_LIST, text, rules);
}

#define ILLEGAL "error=\"ERROR_BLOB_OR_FILE_NAME_CHARACTER_ILLEGAL\""

START_TEST(test_lists)
{
	expect_line(ILLEGAL, "\\a&amp;b", "");
	expect_line(ILLEGAL " name_encoding=\"Base64\"", "XGE=", "");
	expect_line(ILLEGAL " name_encoding=\"Base64\"", "\n XGE= \n", "");
	expect_line(ILLEGAL " name_encoding=\"Base64\"", "\\a", "C-15");
	expect_line(ILLEGAL " name_encoding=\"Base32\"", "XGE=", "C-15");
	expect_line(ILLEGAL " name_encoding=\"\"", "XGE=", "C-15");
	expect_line(ILLEGAL, "XGE=", "C-16.path");
	expect_line(ILLEGAL " name_encoding=\"Base64\"", "", "C-16.missing");
	expect_line("", "\\a", "C-16.missing");
	expect_line("error=\"\"", "\\a", "C-16.code");
	expect_line("error=\"Not512Aligned\"", "\\a", "C-16.code");
	expect_line("error=\"REPARSE_POINT_ERROR\" size=\"1\"", "\\a", "C-02.unknown");
}
END_TEST

static void expect_log(const char *inner, const char *rules)
{
	char text[4096];
	snprintf(text, sizeof text,
		 "<ErrorLog "
		 "Version=\"2018-10-01\"><SessionId>s</SessionId><ItemType>AzureFile</ItemType><SourceDirectory>E:\\</"
		 "SourceDirectory>%s"
		 "</ErrorLog>",
		 inner);
	log_expect(TALLY_DOCUMENT_ERROR_LOG, text, rules);
}

#define ERROR_OF(code, list, count) "<Error Code=\"" code "\"><List>" list "</List><Count>" count "</Count></Error>"

START_TEST(test_errors)
{
	expect_log("<Errors/><Warnings/>", "");
	expect_log("<Errors/>", "");
	expect_log(
	    "<Errors>" ERROR_OF("ShareSizeExceeded", "<Container Name=\"a\"/><File Path=\"b\"/>", "2") "</Errors>", "");
	expect_log("<Errors>" ERROR_OF("ShareSizeExceeded", "<Container/><File/>", "2") "</Errors>",
		   "C-16.part C-16.part");
	expect_log("<Errors>" ERROR_OF("None", "", "0") "</Errors>", "C-16.code");
	expect_log("<Errors>" ERROR_OF("BlobRenamed", "", "0") "</Errors>", "C-16.code");
	expect_log("<Errors>" ERROR_OF("Not512Aligned", "", "1")
		       ERROR_OF("Not512Aligned", "<File Path=\"b\"/>", "1") "</Errors>",
		   "C-16.count");
	expect_log("<Errors>" ERROR_OF("Not512Aligned", "", "none") "</Errors>", "C-16.count");
	expect_log("<Errors><Error Code=\"Not512Aligned\"><Count>7</Count></Error></Errors>", "");
	expect_log("<Errors><Error/></Errors>", "C-16.part C-16.part");
	/* Warnings were never published: any name, read as an Error. */
	expect_log("<Errors/><Warnings><Warning Code=\"Not512Aligned\"><List/><Count>1</Count></Warning></Warnings>",
		   "C-16.count");
	expect_log("", "C-16.part");
}
END_TEST

START_TEST(test_form)
{
	log_expect(TALLY_DOCUMENT_ERROR_LOG, "<ErrorLog/>", "C-16.part C-16.part C-16.part C-16.part C-16.part");
	log_expect(TALLY_DOCUMENT_ERROR_LOG,
		   "<ErrorLog "
		   "Version=\"2018-10-01\"><SessionId/><ItemType>Blob</ItemType><SourceDirectory/><Errors/><Errors/></"
		   "ErrorLog>",
		   "C-05.format C-02.repeated");
	expect_log("<Errors/>text<Hints/>", "C-02.text C-02.unknown");
}
END_TEST

int main(void)
{
	return suite_run("error log",
			 (const suite_test[]){{test_lists, 0}, {test_errors, 0}, {test_form, 0}, {NULL, 0}});
}
