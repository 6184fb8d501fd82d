/* SPDX-License-Identifier: Apache-2.0 */
/* Verbose logs and bills of materials: sizes and CRC-64 values in both notations. */
#include "format/log_judge.h"
#include "support/suite.h"

#include <stdio.h>

static void expect_file(const char *format, const char *path, const char *size, const char *crc64, const char *rules)
{
	char text[1024];
	snprintf(text, sizeof text, "<File CloudFormat=\"%s\" Path=\"%s\" Size=\"%s\" crc64=\"%s\">\n</File>", format,
		 path, size, crc64);
	log_expect(TALLY_DOCUMENT_VERBOSE_LOG, text, rules);
}

static void expect_line(const char *attributes, const char *path, const char *rules)
{
	char text[1024];
	snprintf(text, sizeof text, "<file %s>%s</file>\n", attributes, path);
	log_expect(TALLY_DOCUMENT_BILL_OF_MATERIALS, text, rules);
}

START_TEST(test_crc64)
{
	static const struct {
		const char *size, *crc64, *verbose, *bill;
	} values[] = {
	    {"9", "12564999118574954376", "", "C-07.notation"},
	    {"9", "18446744073709551615", "", "C-07.notation"},
	    {"9", "18446744073709551616", "C-07.value", "C-07.value"},
	    {"9", "0xae8b14860a799888", "C-07.notation", ""},
	    {"9", "0xAE8B14860A799888", "C-07.notation", ""},
	    {"9", "0xffffffffffffffff0", "C-07.value", "C-07.value"},
	    {"9", "0x1", "C-07.notation", "C-07.notation"},
	    {"9", "0x", "C-07.value", "C-07.value"},
	    {"9", "0xag8b14860a799888", "C-07.value", "C-07.value"},
	    {"9", "ae8b14860a799888", "C-07.value", "C-07.value"},
	    {"9", "-1", "C-07.value", "C-07.value"},
	    {"9", "", "C-07.value", "C-07.value"},
	    {"9", "0", "C-08.zero", "C-07.notation C-08.zero"},
	    {"9", "0x0000000000000000", "C-07.notation C-08.zero", "C-08.zero"},
	    {"0", "0", "", "C-07.notation"},
	    {"0", "0x0000000000000000", "C-07.notation", ""},
	    {"0", "1", "C-08.empty", "C-07.notation C-08.empty"},
	    {"0", "0x8000000000000000", "C-07.notation C-08.empty", "C-08.empty"},
	    {"x", "0", "C-05.number", "C-05.number C-07.notation"},
	    {"18446744073709551616", "1", "C-05.number", "C-05.number C-07.notation"},
	};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char attributes[256];
		expect_file("BlockBlob", "a/b", values[i].size, values[i].crc64, values[i].verbose);
		snprintf(attributes, sizeof attributes, "size=\"%s\" crc64=\"%s\"", values[i].size, values[i].crc64);
		expect_line(attributes, "\\a", values[i].bill);
	}
}
END_TEST

START_TEST(test_files)
{
	static const char *const formats[] = {"BlockBlob", "PageBlob", "AppendBlob", "AzureFile", "ManagedDisk"};
	for (size_t i = 0; i < 5; i++)
		expect_file(formats[i], "$root\\a", "1", "1", "");
	expect_file("blockblob", "a/b", "1", "1", "C-05.format");
	expect_file("", "a/b", "1", "1", "C-05.format");
	expect_file("BlockBlob", "ab", "1", "1", "C-06");
	expect_file("BlockBlob", "", "1", "1", "C-06");
	log_expect(TALLY_DOCUMENT_VERBOSE_LOG, "<File/>", "C-05.missing C-05.missing C-05.missing C-05.missing");
	log_expect(TALLY_DOCUMENT_VERBOSE_LOG,
		   "<File CloudFormat=\"PageBlob\" Path=\"a/b\" Size=\"1\" crc64=\"1\" Etag=\"0\">x<y/></File>",
		   "C-02.unknown C-02.text C-02.unknown");
	log_expect(TALLY_DOCUMENT_VERBOSE_LOG, "<CopyLog/>", "C-02.root");
}
END_TEST

START_TEST(test_lines)
{
	expect_line("size=\"1\" crc64=\"0x0000000000000001\"", "", "C-16.missing");
	expect_line("size=\"1\"", "\\a", "C-16.missing");
	expect_line("", "\\a", "C-16.missing C-16.missing");
	expect_line("size=\"1\" crc64=\"0x0000000000000001\"", "/a", "C-16.path");
	expect_line("size=\"1\" crc64=\"0x0000000000000001\" name_encoding=\"Base64\"", "XGE=", "");
	expect_line("size=\"1\" crc64=\"0x0000000000000001\" name_encoding=\"Base64\"", "\\a", "C-15");
	expect_line("size=\"1\" crc64=\"0x0000000000000001\" error=\"x\"", "\\a", "C-02.unknown");
	expect_line("size=\"1\" crc64=\"0x0000000000000001\"", "\\a<b/>", "C-02.unknown");
}
END_TEST

int main(void)
{
	return suite_run("verbose log",
			 (const suite_test[]){{test_crc64, 0}, {test_files, 0}, {test_lines, 0}, {NULL, 0}});
}
