/* SPDX-License-Identifier: Apache-2.0 */
/* Export blob lists: entries, duplicates, prefixes that take others in, the generator's dialect, and long lists. */
#include "format/list_judge.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>

#define KIND TALLY_DOCUMENT_BLOB_LIST
#define PATH(text) "<BlobPath>" text "</BlobPath>"
#define PREFIX(text) "<BlobPathPrefix>" text "</BlobPathPrefix>"
#define LIST(entries) "<BlobList>\n" entries "</BlobList>\n"
#define FILES(entries) "<AzureFileList>\n" entries "</AzureFileList>\n"

static tally_text text_of(const char *text)
{
	return (tally_text){text, strlen(text)};
}

/* The finding of that rule, kept in the recorder, which is to be cleared. */
static const recorded *find(recorder *r, const char *text, const char *rule)
{
	list_judge(r, KIND, text_of(text), text);
	return recorder_find(r, rule, text);
}

START_TEST(test_corpus)
{
	list_check_corpus(KIND);
}
END_TEST

START_TEST(test_every_rule_is_in_the_corpus)
{
	size_t rules = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		char name[RULE_NAME_MAX];
		rule_name(rule, name);
		bool contradiction =
		    strcmp(name, "K-15") == 0 || strcmp(name, "K-16") == 0 || strcmp(name, "K-17") == 0;
		/* More prefixes than fit into the corpus; see blob_list_limits_test.c. */
		if (rule->scope != TALLY_SCOPE_DOCUMENT || (rule->id[0] != 'X' && !contradiction) ||
		    rule->id[1] == 'M' || strcmp(name, "X-04.compared") == 0)
			continue;
		ck_assert_msg(list_in_corpus(KIND, rule), "%s lacks a document", name);
		rules++;
	}
	ck_assert_uint_ge(rules, 23);
}
END_TEST

START_TEST(test_published)
{
	list_check_published(KIND, "bloblist-previewexport.xml", "");
	list_check_published(KIND, "bloblist-databox-export-order.xml", "K-16 K-15 X-02 X-04.swallowed X-04.swallowed");
}
END_TEST

/* ---- entries -------------------------------------------------------------------------------------------------- */

#define SIXTY "012345678901234567890123456789012345678901234567890123456789"

START_TEST(test_prefixes)
{
	static const struct {
		const char *prefix, *rules;
	} prefixes[] = {
	    /* As published. */
	    {"/", ""},
	    {"/$root/", ""},
	    {"/book", ""},
	    {"/container", ""},
	    {"/music/", ""},
	    {"/container2/", ""},
	    {"/music/love", ""},
	    {"/container1/2021Q2", ""},
	    /* What may be the beginning of a container's name, and what may not. */
	    {"/a", ""},
	    {"/0", ""},
	    {"/ab-", ""},
	    {"/a-", ""},
	    {"/$", ""},
	    {"/$ro", ""},
	    {"/$root", ""},
	    {"/$web", ""},
	    {"/$logs/", ""},
	    {"/" SIXTY "abc", ""},
	    {"/" SIXTY "a-", ""},
	    {"/-a", "X-06.container"},
	    {"/A", "X-06.container"},
	    {"/a--", "X-06.container"},
	    {"/a_b", "X-06.container"},
	    {"/$r0", "X-06.container"},
	    {"/$roots", "X-06.container"},
	    {"/" SIXTY "abcd", "X-06.container"},
	    {"/" SIXTY "ab-", "X-06.container"},
	    {"/" SIXTY "ab--", "X-06.container"},
	    {"/caf\xC3\xA9", "X-06.container"},
	    /* With a slash behind it the name is whole. */
	    {"/ab/", "X-06.container"},
	    {"/abc-/", "X-06.container"},
	    {"/$ro/", "X-06.container"},
	    {"//", "X-06.container"},
	    {"/Music/love", "X-06.container"},
	    /* No slash in front. */
	    {"book", "X-05.slash"},
	    {"\\", "X-05.slash"},
	    {"$root/", "X-05.slash"},
	    {"music/love", "X-05.slash"},
	    {"https://a.blob.core.windows.net/b", "X-05.slash"},
	    {"", "X-05.slash"},
	    {" ", "X-05.slash"},
	    /* Names of blobs. */
	    {"/$root/logo", ""},
	    {"/$root/a/b", "X-06.root"},
	    {"/music/a\x7F", "X-06.delete"},
	    {"/music/\xEE\x80\x80", "X-06.name"},
	    {"/music/a.", ""},
	    {"/music/a/", ""},
	    {"/music/Love \xE2\x82\xAC", ""},
	    {" /music/", "X-06.blanks"},
	};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		char text[512];
		snprintf(text, sizeof text, LIST(PREFIX("%s")), prefixes[i].prefix);
		list_expect(KIND, text, prefixes[i].rules);
	}
}
END_TEST

START_TEST(test_paths)
{
	static const struct {
		const char *path, *rules;
	} paths[] = {
	    {"$root/logo.bmp", ""},
	    {"videos/story.mp4", ""},
	    {"pictures/animals/koala.jpg", ""},
	    {"/container1/blob.txt", "K-16"},
	    {"/$root/logo.bmp", "K-16"},
	    {"/", "K-17"},
	    {"\\", "K-17"},
	    {"//", "K-16 X-04.form"},
	    {"", "X-04.form"},
	    {"logo.bmp", "X-04.form"},
	    {"videos", "X-04.form"},
	    {"videos/", "X-04.form"},
	    {"/videos", "K-16 X-04.form"},
	    {"Videos/story.mp4", "X-06.container"},
	    {"v/story.mp4", "X-06.container"},
	    {"https://a.b/c", "X-06.container"},
	    {"videos\\story.mp4", "X-04.form"},
	    {"$root/a/b", "X-06.root"},
	    {"videos/a/", "X-04.slash"},
	    {"videos/a.", ""},
	    {"videos/a\x7F", "X-06.delete"},
	    {"videos//a", ""},
	    {"videos/\\a", ""},
	    {"videos/%20", ""},
	    {"\n\tvideos/story.mp4\n", "X-06.blanks"},
	    {"videos/a b", ""},
	};
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char text[512];
		snprintf(text, sizeof text, LIST(PATH("%s")), paths[i].path);
		list_expect(KIND, text, paths[i].rules);
	}
}
END_TEST

START_TEST(test_longest_names)
{
	for (int size = 1023; size <= 1025; size++) {
		char text[2048];
		snprintf(text, sizeof text, LIST(PATH("videos/%0*d")), size, 0);
		list_expect(KIND, text, size <= 1024 ? "" : "X-06.name");
		snprintf(text, sizeof text, LIST(PREFIX("/videos/%0*d")), size, 0);
		list_expect(KIND, text, size <= 1024 ? "" : "X-06.name");
	}
	static char text[70000];
	snprintf(text, sizeof text, LIST(PATH("videos/%065529d")), 0);
	list_expect(KIND, text, "X-06.name");
	snprintf(text, sizeof text, LIST(PATH("videos/%065530d")), 0);
	list_expect(KIND, text, "XML-03");
}
END_TEST

START_TEST(test_files)
{
	list_expect(KIND, FILES("<FilePath>/share/a.txt</FilePath><FilePathPrefix>/</FilePathPrefix>"),
		    "X-02 X-04.swallowed");
	list_expect(KIND, FILES("<FilePath>share/a.</FilePath><FilePathPrefix>/share</FilePathPrefix>"),
		    "X-02 X-04.swallowed");
	list_expect(KIND, FILES("<FilePath>share</FilePath><FilePathPrefix>share</FilePathPrefix>"),
		    "X-02 X-04.form X-05.slash");
	list_expect(KIND, FILES("<FilePath>Share/a</FilePath><FilePathPrefix>/Share</FilePathPrefix>"),
		    "X-02 X-06.container X-06.container X-04.swallowed");
	list_expect(KIND, FILES("<BlobPath>share/a</BlobPath>"), "X-02 X-03.element X-01.empty");
	list_expect(KIND, LIST("<FilePath>/share/a</FilePath>"), "X-03.element X-01.empty");
}
END_TEST

START_TEST(test_roots)
{
	list_expect(KIND, "", "X-03.tags");
	list_expect(KIND, "nothing", "X-03.tags");
	list_expect(KIND, "<BlobList/>", "X-01.empty");
	list_expect(KIND, "<bloblist/>", "X-01.root");
	list_expect(KIND, PATH("videos/a"), "X-01.root");
	list_expect(KIND, "<DriveManifest/>", "X-01.root");
	list_expect(KIND, LIST(PATH("videos/a")) LIST(PATH("videos/b")) FILES("<FilePath>/share/a</FilePath>"),
		    "K-15 K-15 X-02");
	list_expect(KIND, LIST(PATH("videos/a")) "<Other/>", "X-01.root");
	list_expect(KIND, LIST(LIST(PATH("videos/a"))), "X-03.element X-01.empty");
	list_expect(KIND, LIST("<BlobPathprefix>/videos/</BlobPathprefix>"), "X-03.element X-01.empty");
	list_expect(KIND, LIST("<BlobPath>videos/<b>a</b>c</BlobPath>"), "X-03.element");
	list_expect(KIND, LIST(PATH("videos/a") "<BlobPath>videos/b"), "X-03.tags");
	list_expect(KIND, LIST(PATH("videos/a<b")), "X-03.tags");
	list_expect(KIND, "<BlobList xmlns=\"urn:x\">" PATH("videos/a") "</BlobList>", "M-04.namespace");
	list_expect(KIND, "<BlobList Id=\"1\">" PATH("videos/a") "</BlobList>", "X-03.attribute");
	list_expect(KIND, "<!DOCTYPE BlobList>" LIST(PATH("videos/a")), "XML-02");
	list_expect(KIND, LIST(PATH("videos/\xFF")), "XML-04");
}
END_TEST

START_TEST(test_declaration)
{
	static const char declaration[] = "<?xml version=\"1.0\"?>";
	static const struct {
		const char *front, *rules;
	} fronts[] = {{"", ""},
		      {" ", "X-03.declaration"},
		      {"\r\n", "X-03.declaration"},
		      {"\xEF\xBB\xBF", ""},
		      {"\xEF\xBB\xBF\n", "X-03.declaration"}};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s%s" LIST(PATH("videos/a")), fronts[i].front, declaration);
		list_expect(KIND, text, fronts[i].rules);
		for (int kind = 0; kind < 4; kind++) {
			test_text wide = {0};
			bool skip = (unsigned char)text[0] == 0xEF;
			text_add_utf16(&wide, skip ? text + 3 : text, kind % 2 == 0, kind / 2 == 0);
			recorder r;
			list_judge(&r, KIND, (tally_text){wide.data, wide.size}, text);
			ck_assert_uint_eq(recorder_count(&r, "X-03.declaration"), fronts[i].rules[0] != '\0');
			recorder_clear(&r);
			text_clear(&wide);
		}
	}
	list_expect(KIND, " \n" LIST(PATH("videos/a")), "");
}
END_TEST

/* ---- an & that nobody escaped --------------------------------------------------------------------------------- */

START_TEST(test_ampersand)
{
	static const char *const names[] = {"cats&dogs", "cats & dogs", "cats&", "&",       "a&b;c",     "a&#b",
					    "a&#xg;",    "a&1",         "a&amp", "&amp;&b", "a&lt;b&c<d"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char text[256];
		snprintf(text, sizeof text,
			 "<BlobList>\n" PATH("videos/a&amp;b") "\n" PATH("videos/%s") "\n</BlobList>", names[i]);
		const char *at = strstr(text, names[i]);
		while (strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 || *at != '&')
			at++;
		recorder r;
		const recorded *f = find(&r, text, "X-10.ampersand");
		ck_assert_uint_eq(r.count, 1);
		ck_assert_uint_eq(f->line, 3);
		ck_assert_msg(f->document_offset == (uint64_t)(at - text), "%s: byte %" PRIu64, text,
			      f->document_offset);
		ck_assert_ptr_nonnull(strstr(f->message, "must be written as &amp;"));
		ck_assert_str_eq(f->status->code, "BlobListFormatInvalid");
		ck_assert_int_eq(f->level, TALLY_LEVEL_DRIVE);
		recorder_clear(&r);
	}
	/* In an attribute, and where each character takes two bytes. */
	recorder r;
	const char *text = "<BlobList>\n<BlobPath size='1&2'>videos/a</BlobPath></BlobList>";
	ck_assert_uint_eq(find(&r, text, "X-10.ampersand")->document_offset, (uint64_t)(strchr(text, '&') - text));
	recorder_clear(&r);
	text = "<BlobList>\n" PATH("videos/caf\xC3\xA9") PATH("videos/a&b") "</BlobList>";
	test_text wide = {0};
	text_add_utf16(&wide, text, true, true);
	list_judge(&r, KIND, (tally_text){wide.data, wide.size}, "UTF-16");
	ck_assert_uint_eq(recorder_find(&r, "X-10.ampersand", "UTF-16")->document_offset,
			  2 + 2 * (uint64_t)(strchr(text, '&') - text - 1));
	recorder_clear(&r);
	text_clear(&wide);
}
END_TEST

/* ---- entries that have to do with each other ------------------------------------------------------------------ */

START_TEST(test_duplicates)
{
	list_expect(KIND, LIST(PATH("videos/a") PATH("videos/b") PATH("videos/A") PATH("videos/a.")), "");
	list_expect(KIND, LIST(PATH("videos/a") PATH("videos/a")), "X-11");
	list_expect(KIND, LIST(PATH("videos/a") PATH("/videos/a")), "K-16 X-11");
	list_expect(KIND, LIST(PATH("videos/a&amp;b") PATH("videos/<![CDATA[a&b]]>") PATH("videos/&#97;&#38;b")),
		    "X-11 X-11");
	list_expect(KIND, LIST(PATH("videos/a") PATH(" videos/a\n")), "X-06.blanks X-11");
	list_expect(KIND, LIST(PATH("videos/a<!-- b -->") PATH("videos/a")), "X-11");
	list_expect(KIND, LIST("<BlobPath size='1'>videos/a</BlobPath>" PATH("videos/a")), "X-10.dialect X-11");
	list_expect(KIND, LIST(PREFIX("/videos/a") PATH("videos/b") PREFIX("/videos/a")), "X-11");
	/* A path and a prefix are two things, and so are blobs and files. */
	list_expect(KIND, LIST(PREFIX("/videos/a") PATH("videos/a")), "X-04.swallowed");
	list_expect(KIND, LIST(PATH("videos/a")) FILES("<FilePath>/videos/a</FilePath>"), "K-15 X-02");
	list_expect(KIND, LIST(PREFIX("/videos/")) FILES("<FilePathPrefix>/videos/</FilePathPrefix>"), "K-15 X-02");
	/* What can't be a name is compared all the same. */
	list_expect(KIND, LIST(PATH("logo.bmp") PATH("logo.bmp")), "X-04.form X-04.form X-11");
	list_expect(KIND, LIST("<BlobPath/><BlobPath/>"), "X-04.form X-04.form");
}
END_TEST

START_TEST(test_duplicates_are_told_in_order)
{
	recorder r;
	const char *text = "<BlobList>\n" PATH("videos/b") "\n" PATH("videos/a") "\n" PATH("videos/a") "\n" PATH(
	    "videos/b") "\n" PATH("videos/a") "\n</BlobList>";
	list_judge(&r, KIND, text_of(text), "duplicates");
	recorder_expect(&r, "X-11 X-11 X-11", "duplicates");
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(r.items[i].line, 4 + i);
		const char *line = text;
		for (size_t k = 1; k < r.items[i].line; k++)
			line = strchr(line, '\n') + 1;
		ck_assert_uint_eq(r.items[i].document_offset, (uint64_t)(line - text));
	}
	ck_assert_ptr_nonnull(strstr(r.items[0].message, "at byte 41"));
	ck_assert_ptr_nonnull(strstr(r.items[1].message, "at byte 11"));
	ck_assert_str_eq(r.items[1].actual, "videos/b");
	recorder_clear(&r);
	test_text wide = {0};
	text_add_utf16(&wide, text, false, false);
	list_judge(&r, KIND, (tally_text){wide.data, wide.size}, "UTF-16");
	recorder_expect(&r, "M-04.encoding X-11 X-11 X-11", "UTF-16");
	ck_assert_uint_eq(r.items[3].line, 6);
	ck_assert_ptr_nonnull(strstr(r.items[1].message, "at byte 82"));
	recorder_clear(&r);
	text_clear(&wide);
}
END_TEST

START_TEST(test_swallowed)
{
	recorder r;
	const recorded *f =
	    find(&r,
		 "<BlobList>\n" PATH("videos/a") "\n" PREFIX("/videos/b/c") "\n" PREFIX("/videos/") "\n" PREFIX(
		     "/videos/b") "\n" PATH("/videos/b/c/d") "\n" PATH("video/a") "\n</BlobList>",
		 "X-04.swallowed");
	recorder_expect(&r, "K-16 X-04.swallowed", "one prefix");
	ck_assert_uint_eq(f->line, 4);
	ck_assert_str_eq(f->actual, "/videos/");
	ck_assert_ptr_nonnull(strstr(f->message, " 4 other entries"));
	ck_assert_ptr_nonnull(strstr(f->message, "line 2"));
	recorder_clear(&r);
	list_expect(KIND, LIST(PREFIX("/") PATH("videos/a") PREFIX("/videos/") PATH("$root/b")), "X-04.swallowed");
	list_expect(KIND, LIST(PREFIX("/videos/") PATH("videos2/a") PREFIX("/videos2/b")), "");
	list_expect(KIND, LIST(PREFIX("/b") PREFIX("/a/b") PREFIX("/bcd/") PREFIX("/a")),
		    "X-06.container X-04.swallowed X-04.swallowed");
	list_expect(KIND, LIST(PREFIX("/videos/") PREFIX("/videos/")), "X-11");
	list_expect(KIND,
		    LIST(PREFIX("/")) FILES("<FilePath>/share/a</FilePath><FilePathPrefix>/share/</FilePathPrefix>"),
		    "K-15 X-02 X-04.swallowed");
	/* What comes before the place where a list breaks off has been read. */
	list_expect(KIND, "<BlobList>" PREFIX("/videos/") PATH("videos/a") PATH("videos/a") "<",
		    "X-03.tags X-11 X-04.swallowed");
}
END_TEST

/* ---- the generator's dialect ---------------------------------------------------------------------------------- */

#define SIZED(size, name) "\t<BlobPath size='" size "'>/videos/" name "</BlobPath>\n"
#define SUMMARY(blobs, consumed)                                                                          \
  "<Summary>\n\t<numBlobs>" blobs "</numBlobs>\n\t<podSize>72200</podSize>\n\t<storageConsumed>" consumed \
  "</storageConsumed>\n\t<remainingStorage>1</remainingStorage>\n</Summary>\n"
#define GENERATED LIST(SIZED("1", "a") SIZED("18446744073709551614", "b"))
#define FOUND "X-10.dialect K-16 K-15"

START_TEST(test_dialect)
{
	list_expect(KIND, GENERATED SUMMARY("2", "18446744073709551615"), FOUND);
	list_expect(KIND, GENERATED SUMMARY("3", "18446744073709551615"), FOUND " X-10.numbers");
	list_expect(KIND, GENERATED SUMMARY("2", "18446744073709551614"), FOUND " X-10.numbers");
	list_expect(KIND, GENERATED SUMMARY("2", "18446744073709551616"), FOUND " X-10.numbers");
	list_expect(KIND, GENERATED SUMMARY("", "x"), FOUND " X-10.numbers X-10.numbers");
	list_expect(KIND, GENERATED "<Summary><numBlobs>2</numBlobs><numBlobs>2</numBlobs></Summary>",
		    FOUND " X-10.numbers");
	list_expect(KIND, GENERATED "<Summary><NumBlobs>2</NumBlobs></Summary>", FOUND " X-03.element");
	list_expect(KIND, LIST(SIZED("-1", "a")), "X-10.numbers X-10.dialect K-16");
	/* A sum that nobody can check. */
	list_expect(KIND, LIST(SIZED("2", "a") SIZED("18446744073709551615", "b")) SUMMARY("2", "1"), FOUND);
	list_expect(KIND, LIST(SIZED("2", "a") PATH("videos/b")) SUMMARY("2", "9"), "X-10.dialect K-16 K-15");
	/* A broken list is not counted. */
	list_expect(KIND, SUMMARY("1", "1") "<BlobList>" SIZED("2", "a&b"), "X-10.dialect K-15 X-10.ampersand");
	list_expect(KIND, SUMMARY("0", "0"), "X-10.dialect X-01.empty");
}
END_TEST

START_TEST(test_recognised)
{
	static const struct {
		const char *text;
		bool is_list;
	} fronts[] = {{"<BlobList/>", true},     {" \n<?xml version=\"1.0\"?><bloblist>", true},
		      {"<AzureFileList>", true}, {"<BlobLists>", false},
		      {"<Summary>", false},      {"BlobList", false}};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		ck_assert_msg((list_recognise(text_of(fronts[i].text), 3) == KIND) == fronts[i].is_list, "%s",
			      fronts[i].text);
	test_text wide = {0};
	text_add_utf16(&wide, LIST(PATH("videos/a")), true, true);
	ck_assert_int_eq(list_recognise((tally_text){wide.data, wide.size}, 3), KIND);
	text_clear(&wide);
}
END_TEST

int main(void)
{
	return suite_run("blob list", (const suite_test[]){{test_corpus, 0},
							   {test_every_rule_is_in_the_corpus, 0},
							   {test_published, 0},
							   {test_prefixes, 0},
							   {test_paths, 0},
							   {test_longest_names, 0},
							   {test_files, 0},
							   {test_roots, 0},
							   {test_declaration, 0},
							   {test_ampersand, 0},
							   {test_duplicates, 0},
							   {test_duplicates_are_told_in_order, 0},
							   {test_swallowed, 0},
							   {test_dialect, 0},
							   {test_recognised, 0},
							   {NULL, 0}});
}
