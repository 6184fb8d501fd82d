/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.csv: headers of all generations, where from, where to and how. */
#include "format/list_judge.h"
#include "support/faults.h"
#include "support/suite.h"

#include <stdio.h>

#define KIND TALLY_DOCUMENT_DATA_SET
#define BLOBS "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n"
#define OLD_FILES "BasePath,DstItemPathOrPrefix,ItemType,Disposition,MetadataFile,PropertiesFile\n"
#define FILES "BasePath,DstItemPathOrPrefix,ItemType\n"

static void expect_blob(const char *base, const char *destination, const char *rest, const char *rules)
{
	char text[2048];
	snprintf(text, sizeof text, BLOBS "%s,%s,%s\n", base, destination, rest);
	list_expect(KIND, text, rules);
}

static void expect_file(const char *base, const char *destination, const char *type, const char *rules)
{
	char text[2048];
	snprintf(text, sizeof text, FILES "%s,%s,%s\n", base, destination, type);
	list_expect(KIND, text, rules);
}

START_TEST(test_corpus)
{
	list_check_corpus(KIND);
}
END_TEST

/* Those of drive sets and path maps too: their rows stand in one family. */
START_TEST(test_every_rule_is_in_the_corpus)
{
	size_t rules = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX];
		rule_name(rule, name);
		bool ours = strncmp(name, "T-", 2) == 0 || strncmp(name, "CSV-", 4) == 0 || strcmp(name, "K-25") == 0 ||
			    strcmp(name, "K-26") == 0 || strcmp(name, "K-27") == 0;
		if (rule->scope != TALLY_SCOPE_DOCUMENT || !ours)
			continue;
		ck_assert_msg(list_in_corpus(KIND, rule) || list_in_corpus(TALLY_DOCUMENT_DRIVE_SET, rule) ||
				  list_in_corpus(TALLY_DOCUMENT_PATH_MAP, rule),
			      "%s lacks a document", name);
		rules++;
	}
	ck_assert_uint_ge(rules, 45);
}
END_TEST

START_TEST(test_published)
{
	list_check_published(KIND, "dataset-v2-blob.csv", "");
	list_check_published(KIND, "dataset-v2-blob-workflow.csv", "");
	list_check_published(KIND, "dataset-v2-blob-service-article.csv", "CSV-02");
	list_check_published(KIND, "dataset-v2-blob-https-destination.csv", "K-25 K-25 K-25 K-25");
	list_check_published(KIND, "dataset-v2-files-2020-file.csv", "CSV-02 T-15.removed K-26");
	list_check_published(KIND, "dataset-v2-files-2020-rows.csv", "CSV-02 T-11.no-header T-15.removed K-26 K-26");
	list_check_published(KIND, "dataset-v2-files-2.2.0.300-file.csv", "CSV-02 K-26");
	list_check_published(KIND, "dataset-v2-files-2.2.0.300-rows.csv", "CSV-02 T-11.no-header K-26 K-26");
}
END_TEST

/* ---- headers -------------------------------------------------------------------------------------------------- */

START_TEST(test_headers)
{
	static const struct {
		const char *text, *rules;
	} texts[] = {
	    {BLOBS "F:\\a\\,abc/,,,,\n", ""},
	    {OLD_FILES "F:\\a\\,abc/,file,,,\n", "T-15.removed"},
	    {FILES "F:\\a\\,abc/,file\n", ""},
	    {"\"BasePath\",\"DstItemPathOrPrefix\",\"ItemType\"\nF:\\a\\,abc/,file\n", ""},
	    {"\n\r\n" FILES "\nF:\\a\\,abc/,file\n\n", ""},
	    {"basepath,DstItemPathOrPrefix,ItemType\nF:\\a\\,abc/,file\n", "T-11.header"},
	    {"BasePath,DstItemPathOrPrefix\nF:\\a\\,abc/\n", "T-11.header K-27"},
	    {"BasePath,DstItemPathOrPrefix,ItemType,Disposition\nF:\\a\\,abc/,file,\n", "T-11.header T-15.removed"},
	    /* Near to that for blobs, so its rows are judged as those for blobs. */
	    {"BasePath,DstBlobPathOrPrefix,BlobType,Disposition,Metadata,PropertiesFile\nF:\\a\\,abc/,file,,,\n",
	     "T-11.header T-14.type"},
	    {"F:\\a\\,abc/,file\n", "T-11.no-header"},
	    {"F:\\a\\,abc/,BlockBlob,,,\n", "T-11.no-header"},
	    {"F:\\a\\,abc/,file,,,\n", "T-11.no-header T-15.removed"},
	    {FILES, "T-11.empty"},
	    {"", "T-11.empty"},
	    {FILES "F:\\a\\,abc/\n", "T-11.columns K-27"},
	    {FILES "F:\\a\\\n", "T-11.columns T-13.form K-27"},
	    {FILES "F:\\a\\,abc/,file,\n", "T-11.columns"},
	    {FILES "F:\\a\\,abc/,file,,,,,,,,,\n", "T-11.columns"},
	    /* A header that can't be read is no missing one. */
	    {"\"BasePath,DstItemPathOrPrefix,ItemType\nF:\\a\\,abc/,file\n", "CSV-01"},
	    {FILES "\"F:\\a\\,abc/,file\nF:\\b\\,abc/,file\n", "CSV-01"},
	    {FILES "F:\\a\\ ,abc/ ,file\nF:\\b\\, abc/,file\n", "CSV-02"},
	    {FILES "F:\\a\\,abc/\xFF,file\n", "CSV-04"},
	    {"\xFF\xFF\xFF", "CSV-04"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		list_expect(KIND, texts[i].text, texts[i].rules);
}
END_TEST

START_TEST(test_wrong_headers_say_what_is_meant)
{
	recorder r;
	tally_error error;
	const char *text = "BasePath,DstItemPathOrPrefix,Type\n";
	ck_assert_int_eq(list_run(&r, KIND, (tally_text){text, strlen(text)}, 10, &error), TALLY_OK);
	const recorded *f = recorder_find(&r, "T-11.header", text);
	ck_assert_str_eq(f->expected, "ItemType");
	ck_assert_uint_eq(f->document_offset, 29);
	recorder_clear(&r);
}
END_TEST

/* ---- rows ----------------------------------------------------------------------------------------------------- */

START_TEST(test_base_paths)
{
	static const struct {
		const char *path, *rules;
	} files[] = {
	    {"F:\\a", ""},
	    {"f:\\a.b", ""},
	    {"\"F:\\a b\"", ""},
	    {"\\\\server\\share\\a", ""},
	    {"\\\\server.domain.net\\share$\\a", ""},
	    {"\"F:\\a,b\"", ""},
	    {"F:\\caf\xC3\xA9", ""},
	    {"", "T-12.form"},
	    {"a", "T-12.form"},
	    {"\\a", "T-12.form"},
	    {"F:a", "T-12.form"},
	    {"F:", "T-12.form"},
	    {"1:\\a", "T-12.form"},
	    {"\\\\server", "T-12.form"},
	    {"\\\\?\\F:\\a", "T-12.form"},
	    {"\\\\.\\F:\\a", "T-12.form"},
	    {"/a", "T-12.form"},
	    {"a\\b", "T-12.form"},
	    {"F:\\*", "T-12.pattern"},
	    {"F:\\a?", "T-12.pattern"},
	    {"\\\\server\\share\\*.vhd", "T-12.pattern"},
	    {"F:\\a|b", "T-12.name"},
	    {"F:\\nul.txt", "T-12.name"},
	    {"F:\\a:b", "T-12.name"},
	    {"F:\\a\\..\\b", "T-12.name"},
	    {"\"F:\\a.\"", "T-12.name"},
	    {"\"F:\\a \"", "T-12.name"},
	    {"F:/a", "T-12.separator"},
	    {"F:\\a/b", "T-12.separator"},
	    {"F:\\a b", "T-12.quotes"},
	    {"F:\\a/b c", "T-12.separator T-12.quotes"},
	};
	static const struct {
		const char *path, *rules;
	} directories[] = {
	    {"F:\\", ""},
	    {"F:\\a\\", ""},
	    {"\"F:\\a b\\\"", ""},
	    {"\\\\server\\share\\", ""},
	    {"\\\\server\\share\\a\\", ""},
	    {"\\\\server\\", "T-12.form"},
	    {"a\\", "T-12.form"},
	    {"F:\\a\\*\\", "T-12.pattern"},
	    {"F:/a/", "T-12.separator"},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		expect_blob(files[i].path, "abc/a", ",,,", files[i].rules);
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		expect_blob(directories[i].path, "abc/a/", ",,,", directories[i].rules);
}
END_TEST

START_TEST(test_long_paths)
{
	char path[600];
	snprintf(path, sizeof path, "F:\\%0250d\\aa", 0);
	expect_blob(path, "abc/a", ",,,", "");
	snprintf(path, sizeof path, "F:\\%0250d\\aaa", 0);
	expect_blob(path, "abc/a", ",,,", "T-18");
	/* A character outside of the BMP is two. */
	snprintf(path, sizeof path, "F:\\%0250d\\\xF0\x9F\x90\xA8", 0);
	expect_blob(path, "abc/a", ",,,", "");
	snprintf(path, sizeof path, "F:\\%0250d\\a\xF0\x9F\x90\xA8", 0);
	expect_blob(path, "abc/a", ",,,", "T-18");
	snprintf(path, sizeof path, "F:\\%0256d", 0);
	expect_blob(path, "abc/a", ",,,", "T-12.name");
}
END_TEST

START_TEST(test_destinations)
{
	static const struct {
		const char *file, *rules;
	} files[] = {
	    {"containername/100M_1.csv.txt", ""},
	    {"$root/logo.bmp", ""},
	    {"abc/a/b", ""},
	    {"abc//a", ""},
	    {"\"abc/a,b\"", ""},
	    {"abc/A B", ""},
	    {"", "T-13.form"},
	    {"/abc/a", "T-13.form"},
	    {"abc", "T-13.form"},
	    {"/", "T-13.form"},
	    {"abc\\a", "T-13.form"},
	    {"ab/a", "T-13.container"},
	    {"Abc/a", "T-13.container"},
	    {"abc_/a", "T-13.container"},
	    {"$Root/a", "T-13.container"},
	    {"abc/", "T-13.file"},
	    {"abc/a/", "T-13.file"},
	    {"$root/a/b", "T-13.root"},
	    {"abc/a\\b", "T-13.separator"},
	    {"abc/a\x7F", "T-13.delete"},
	    {"https://a.blob.core.windows.net/abc/a", "K-25"},
	    {"HTTP://a/abc/a", "K-25"},
	    {"https://a.b", "K-25 T-13.form"},
	    {"https://a.b/", "K-25 T-13.form"},
	    {"https://a.b/abc", "K-25 T-13.form"},
	    {"https://a.b/Abc/a", "K-25 T-13.container"},
	    {"ftp://a/b", "T-13.container"},
	};
	static const struct {
		const char *directory, *rules;
	} directories[] = {
	    {"abc/", ""},
	    {"abc/a/", ""},
	    {"$root/", "T-13.subdirectories"},
	    {"$root/a/", "T-13.root"},
	    {"abc/a", "T-13.directory"},
	    {"abc", "T-13.form"},
	    {"music/70s/", ""},
	    {"https://a.b/abc/", "K-25"},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		expect_blob("F:\\a", files[i].file, ",,,", files[i].rules);
	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		expect_blob("F:\\a\\", directories[i].directory, ",,,", directories[i].rules);
}
END_TEST

START_TEST(test_destinations_in_shares)
{
	static const struct {
		const char *file, *rules;
	} files[] = {
	    {"share/a", ""},
	    {"share/a/b c", ""},
	    {"share/a.", ""},
	    {"Share/a", "K-26"},
	    {"SHARE-1/a", "K-26"},
	    {"Share_1/a", "T-13.container"},
	    {"S/a", "T-13.container"},
	    {"share/a|b", "T-13.name"},
	    {"share/aux", "T-13.name"},
	    {"share/a/../b", "T-13.name"},
	    {"share/a//b", "T-13.name"},
	    {"share/a?", "T-13.name"},
	    {"share/a\\b", "T-13.separator"},
	    {"share", "T-13.form"},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		expect_file("F:\\a", files[i].file, "file", files[i].rules);
	char path[600];
	snprintf(path, sizeof path, "share/%0255d", 0);
	expect_file("F:\\a", path, "file", "");
	snprintf(path, sizeof path, "share/%0256d", 0);
	expect_file("F:\\a", path, "file", "T-13.name");
	expect_file("F:\\a\\", "share/", "file", "");
	expect_file("F:\\a\\", "share/a/", "file", "");
	expect_file("F:\\a\\", "share/a", "file", "T-13.directory");
}
END_TEST

START_TEST(test_values)
{
	static const struct {
		const char *rest, *rules;
	} rests[] = {
	    {"BlockBlob,rename,None,None", ""},
	    {"PageBlob,overwrite,\"None\",F:\\p.xml", ""},
	    {",no-overwrite,,\\\\s\\t\\m.xml", ""},
	    {"block,,,", "K-27"},
	    {"page,,,", "K-27"},
	    {"Block,,,", "T-14.type"},
	    {"blockblob,,,", "T-14.type"},
	    {"file,,,", "T-14.type"},
	    {",Rename,,", "T-15.disposition"},
	    {",no overwrite,,", "T-15.disposition"},
	    {",None,,", "T-15.disposition"},
	    {",,none,", "T-15.side-file"},
	    {",,F:\\a\\,", "T-15.side-file"},
	    {",,m.xml,p.xml", "T-15.side-file T-15.side-file"},
	};
	for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++)
		expect_blob("F:\\a", "abc/a", rests[i].rest, rests[i].rules);
	expect_file("F:\\a", "abc/a", "File", "T-14.file");
	expect_file("F:\\a", "abc/a", "BlockBlob", "T-14.file");
	expect_file("F:\\a", "abc/a", "", "K-27");
	/* Told once, not in each row. */
	list_expect(KIND, OLD_FILES "F:\\a,abc/a,file,,,\nF:\\b,abc/b,file,Rename,,\n",
		    "T-15.removed T-15.disposition");
}
END_TEST

/* ---- all of it ------------------------------------------------------------------------------------------------ */

START_TEST(test_places)
{
	const char *text = BLOBS "\"F:\\a\"\"b\",\"Abc/caf\xC3\xA9\",BlockBlob,Rename,,\n";
	recorder r;
	list_judge(&r, KIND, (tally_text){text, strlen(text)}, text);
	recorder_expect(&r, "T-12.name T-13.container T-15.disposition", text);
	ck_assert_uint_eq(r.items[0].document_offset, sizeof BLOBS - 1);
	ck_assert_uint_eq(r.items[1].document_offset, (uint64_t)(strstr(text, "\"Abc") - text));
	ck_assert_uint_eq(r.items[2].document_offset, (uint64_t)(strstr(text, "Rename") - text));
	ck_assert_str_eq(r.items[2].actual, "Rename");
	ck_assert_uint_eq(r.items[2].line, 2);
	recorder_clear(&r);
	test_text wide = {0};
	text_add_utf16(&wide, text, false, true);
	list_judge(&r, KIND, (tally_text){wide.data, wide.size}, "UTF-16");
	recorder_expect(&r, "T-12.name T-13.container T-15.disposition", "UTF-16");
	ck_assert_uint_eq(r.items[1].document_offset, 2 + 2 * (uint64_t)(strstr(text, "\"Abc") - text));
	/* One of the bytes before it belongs to a character of two. */
	ck_assert_uint_eq(r.items[2].document_offset, 2 + 2 * (uint64_t)(strstr(text, "Rename") - text - 1));
	recorder_clear(&r);
	text_clear(&wide);
}
END_TEST

START_TEST(test_recognised)
{
	static const struct {
		const char *text;
		tally_document_kind kind;
	} fronts[] = {
	    {BLOBS, KIND},
	    {FILES, KIND},
	    {"  \n" OLD_FILES, KIND},
	    {"basepath,x\n", KIND},
	    {"Base,ItemType\r\n", KIND},
	    {"F:\\a\\,abc/,file", KIND},
	    {"\"\\\\s\\t\\\",abc/,BlockBlob,rename,None,None\n", KIND},
	    {"F:\\a\\,abc/\n", TALLY_DOCUMENT_UNKNOWN},
	    {"G:\\a.jpg, offset 0, length 512\n", TALLY_DOCUMENT_UNKNOWN},
	    {"F:\\a,,file\n", TALLY_DOCUMENT_UNKNOWN},
	    {"a,b,c\n", TALLY_DOCUMENT_UNKNOWN},
	    {"\"BasePath\n", TALLY_DOCUMENT_UNKNOWN},
	    {"", TALLY_DOCUMENT_UNKNOWN},
	    {"hello", TALLY_DOCUMENT_UNKNOWN},
	};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		ck_assert_msg(list_recognise((tally_text){fronts[i].text, strlen(fronts[i].text)}, 3) == fronts[i].kind,
			      "%s", fronts[i].text);
}
END_TEST

START_TEST(test_secrets)
{
	const char *text =
	    BLOBS "F:\\a,https://a.b/abc/"
		  "a?sv=1&sig=abcdef%3D,BlockBlob,x,000011-000022-000033-000044-000055-000066-000077-000088,\n";
	recorder r;
	tally_error error;
	ck_assert_int_eq(list_run(&r, KIND, (tally_text){text, strlen(text)}, 10, &error), TALLY_OK);
	recorder_expect(&r, "K-25 T-15.disposition T-15.side-file", text);
	recorder_expect_nowhere(&r, "abcdef", "the signature");
	recorder_expect_nowhere(&r, "000022", "the key");
	recorder_clear(&r);
}
END_TEST

static const char sample[] = BLOBS "\"F:\\photos\\\",photos/,BlockBlob,Rename,None,None\r\n";

START_TEST(test_truncated)
{
	list_truncate(KIND, (tally_text){sample, sizeof sample - 1}, NULL);
}
END_TEST

START_TEST(test_memory_runs_out)
{
	list_run_out_of_memory(KIND, sample, "T-15.disposition");
}
END_TEST

/* ---- long ones ------------------------------------------------------------------------------------------------ */

static const char row[] = "\"F:\\photos\\\",photos/,BlockBlob,rename,None,None\r\n";

static int64_t read_long(void *context, uint64_t offset, void *buffer, size_t size)
{
	uint64_t rows = *(const uint64_t *)context, end = sizeof BLOBS - 1 + rows * (sizeof row - 1);
	size_t done = 0;
	for (; done < size && offset < end; done++, offset++)
		((char *)buffer)[done] =
		    offset < sizeof BLOBS - 1 ? BLOBS[offset] : row[(offset - (sizeof BLOBS - 1)) % (sizeof row - 1)];
	return (int64_t)done;
}

static size_t heap_begin, heap_most;

static tally_result watch(void *context, uint64_t bytes_done, tally_error *error)
{
	(void)context, (void)bytes_done, (void)error;
	size_t heap = heap_in_use();
	heap_most = heap > heap_most ? heap : heap_most;
	return TALLY_OK;
}

START_TEST(test_memory_does_not_grow)
{
	uint64_t rows = 200000;
	recorder r;
	recorder_begin(&r);
	tally_source source = {&rows, read_long, NULL};
	tally_lint_run run = {.source = &source, .finder = &r.finder, .kind = KIND, .progress = watch};
	tally_error error;
	heap_begin = heap_in_use();
	ck_assert_int_eq(tally_format_of(KIND)->lint(&run, &error), TALLY_OK);
	recorder_expect(&r, "", "a long data set");
	ck_assert_uint_gt(run.bytes_done, 9000000);
	ck_assert_uint_lt(heap_most - heap_begin, 512 << 10);
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	return suite_run("data set", (const suite_test[]){{test_corpus, 0},
							  {test_every_rule_is_in_the_corpus, 0},
							  {test_published, 0},
							  {test_headers, 0},
							  {test_wrong_headers_say_what_is_meant, 0},
							  {test_base_paths, 0},
							  {test_long_paths, 0},
							  {test_destinations, 0},
							  {test_destinations_in_shares, 0},
							  {test_values, 0},
							  {test_places, 0},
							  {test_recognised, 0},
							  {test_secrets, 0},
							  {test_truncated, 0},
							  {test_memory_runs_out, 0},
							  {test_memory_does_not_grow, 0},
							  {NULL, 0}});
}
