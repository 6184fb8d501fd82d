/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Duplicates in a manifest: which names are one, where it is told, and that a fingerprint alone is never believed. The
 * linker puts our own function around tally_fingerprint_end (--wrap), to make fingerprints collide.
 */
#include "manifest_judge.h"

#include "format/duplicates.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t fingerprint_mask = UINT64_MAX;

uint64_t __real_tally_fingerprint_end(tally_fingerprinter *f);
uint64_t __wrap_tally_fingerprint_end(tally_fingerprinter *f);

uint64_t __wrap_tally_fingerprint_end(tally_fingerprinter *f)
{
	return __real_tally_fingerprint_end(f) & fingerprint_mask;
}

/* ---- which names are one ---- */

#define FILE_A "\\first"
#define FILE_B "\\second"

static const struct {
	const char *first_blob, *first_file, *second_blob, *second_file, *rules;
} pairs[] = {
    {"cargo/a", FILE_A, "cargo/b", FILE_B, ""},
    {"cargo/a", FILE_A, "cargo/a", FILE_B, "N-09.blob-path"},
    {"cargo/a", FILE_A, "cargo/b", FILE_A, "N-09.file-path"},
    {"cargo/a", FILE_A, "cargo/a", FILE_A, "N-09.blob-path N-09.file-path"},
    /* Blob names are case-sensitive, and a slash in front names no other blob. */
    {"cargo/a", FILE_A, "cargo/A", FILE_B, ""},
    {"cargo/a", FILE_A, "/cargo/a", FILE_B, "M-18.slash N-09.blob-path"},
    {"/cargo/a", FILE_A, "cargo/a", FILE_B, "M-18.slash N-09.blob-path"},
    {"cargo/a", FILE_A, "cargo//a", FILE_B, ""},
    {"cargo/a", FILE_A, "cargo/a&#32;", FILE_B, "M-52 N-09.blob-path"},
    {"cargo/a&amp;b", FILE_A, "cargo/<![CDATA[a&b]]>", FILE_B, "N-09.blob-path"},
    {"cargo/\xC3\xA4", FILE_A, "cargo/a\xCC\x88", FILE_B, ""},
    /* File names are NTFS's: upper-cased one character to one, \ and / alike, none in front needed. */
    {"cargo/a", "\\crate\\A", "cargo/b", "\\CRATE\\a", "N-09.case"},
    {"cargo/a", "\\\xC3\xA4pfel", "cargo/b", "\\\xC3\x84PFEL", "N-09.case"},
    {"cargo/a",
     "\\stra\xC3\x9F"
     "e",
     "cargo/b", "\\STRASSE", ""},
    {"cargo/a",
     "\\stra\xC3\x9F"
     "e",
     "cargo/b",
     "\\STRA\xC3\x9F"
     "E",
     "N-09.case"},
    {"cargo/a", "\\\xCF\x83", "cargo/b", "\\\xCE\xA3", "N-09.case"},
    {"cargo/a", "\\\xCF\x83", "cargo/b", "\\\xCF\x82", ""},
    {"cargo/a", "\\\xC7\x86", "cargo/b", "\\\xC7\x84", "N-09.case"},
    {"cargo/a", "\\\xC3\xA4", "cargo/b", "\\a\xCC\x88", ""},
    {"cargo/a", "\\\xF0\x90\x90\xA8", "cargo/b", "\\\xF0\x90\x90\x80", ""},
    {"cargo/a", "\\a\\b", "cargo/b", "\\a/b", "M-19.form N-09.case"},
    {"cargo/a", "\\a\\b", "cargo/b", "a\\b", "M-19.form N-09.case"},
    {"cargo/a", "\\a\\b", "cargo/b", "\\ab", ""},
    {"cargo/a", "\\a\\b", "cargo/b", "\\a\\b\\c", ""},
    {"cargo/a", "\\a", "cargo/b", "\\a\\", "M-19.invalid N-09.case"},
};

#define PAIRS (int)(sizeof pairs / sizeof pairs[0])

START_TEST(test_pairs)
{
	test_text blobs = {0};
	add_blob(&blobs, pairs[_i].first_blob, pairs[_i].first_file);
	add_blob(&blobs, pairs[_i].second_blob, pairs[_i].second_file);
	test_text text = manifest_of(blobs.data);
	/* Also where every fingerprint is the same. */
	for (fingerprint_mask = UINT64_MAX;; fingerprint_mask = 0) {
		judgement j;
		judge_text(&j, text.data);
		recorder_expect(&j.found, pairs[_i].rules, blobs.data);
		if (j.found.count > 0 && strncmp(j.found.items[j.found.count - 1].rule->id, "N-09", 4) == 0) {
			const recorded *f = &j.found.items[j.found.count - 1];
			const char *first = strstr(text.data, "<Blob>"), *second = strstr(first + 1, "<Blob>");
			char message[128];
			snprintf(message, sizeof message, "the first one is at byte %d", (int)(first - text.data));
			ck_assert_ptr_nonnull(strstr(f->message, message));
			ck_assert_uint_eq(f->document_offset, (uint64_t)(second - text.data));
			ck_assert_uint_eq(f->line, 8);
			ck_assert_ptr_nonnull(f->blob_path);
			ck_assert_ptr_nonnull(f->file_path);
		}
		judgement_clear(&j);
		if (fingerprint_mask == 0)
			break;
	}
	text_clear(&text);
	text_clear(&blobs);
}
END_TEST

#define SNAPSHOT(day) "<Snapshot>2011-03-" day "T01:42:34.9360000Z</Snapshot>"
#define ENTRY(names, rest) "<Blob>" names "<Length>0</Length>" rest "</Blob>"
#define A "<BlobPath>cargo/a</BlobPath>"
#define F "<FilePath>\\f</FilePath>"
#define G "<FilePath>\\g</FilePath>"

/* Entries as they shouldn't be: the second reading must understand them as the first did. */
static const struct {
	const char *first, *second, *rules;
} entries[] = {
    {ENTRY(A F SNAPSHOT("09"), ""), ENTRY(A G, ""), ""},
    {ENTRY(A F SNAPSHOT("09"), ""), ENTRY(A G SNAPSHOT("10"), ""), ""},
    {ENTRY(A F SNAPSHOT("09"), ""), ENTRY(A G SNAPSHOT("09"), ""), "N-09.blob-path"},
    {ENTRY(A F SNAPSHOT("09"), ""), ENTRY(A F SNAPSHOT("09"), ""), "N-09.blob-path N-09.export"},
    {ENTRY(A F, ""), ENTRY("<BlobPath>cargo/b</BlobPath>" A G, ""), "N-09.blob-path"},
    {ENTRY(A F, ""), ENTRY(A "<BlobPath>cargo/b</BlobPath>" G, ""), ""},
    {ENTRY(A F, ""), ENTRY(A "<BlobPath/>" G, ""), "N-09.blob-path"},
    {ENTRY(A F, ""), ENTRY("<BlobPath>cargo/<x>b</x>a</BlobPath>" G, ""), "N-09.blob-path"},
    {ENTRY(A F, ""), ENTRY("<Crate>" A "</Crate><BlobPath>cargo/b</BlobPath>" G, ""), ""},
    {ENTRY(A F, ""), ENTRY("<BlobPath><!-- x -->cargo<?x y?>/&#97;</BlobPath>" G, ""), "N-09.blob-path"},
    {ENTRY(A F, ""), ENTRY(A, ""), "N-09.blob-path"},
    {ENTRY(F, ""), ENTRY(F, ""), "N-09.file-path"},
    {ENTRY("", ""), ENTRY("", ""), ""},
    {"<Blob a=\"x>y\">" A F "</Blob>", "<Blob\n>" A G "</Blob>", "N-09.blob-path"},
};

#define ENTRIES (int)(sizeof entries / sizeof entries[0])

static void expect_duplicates(const judgement *j, const char *rules, const char *what)
{
	test_text found = {0};
	text_print(&found, "%s", "");
	for (size_t i = 0; i < j->found.count; i++) {
		char name[RULE_NAME_MAX];
		rule_name(j->found.items[i].rule, name);
		if (strncmp(name, "N-09", 4) == 0)
			text_print(&found, "%s%s", found.size > 0 ? " " : "", name);
	}
	ck_assert_msg(strcmp(found.data, rules) == 0, "%s: %s, not %s", what, found.data, rules);
	text_clear(&found);
}

START_TEST(test_odd_entries)
{
	test_text drive = {0};
	text_print(&drive, "<DriveId>X</DriveId><BlobList>%s%s</BlobList>", entries[_i].first, entries[_i].second);
	test_text text = manifest_of_drive(drive.data);
	judgement j;
	judge_text(&j, text.data);
	expect_duplicates(&j, entries[_i].rules, drive.data);
	judgement_clear(&j);
	text_clear(&text);
	text_clear(&drive);
}
END_TEST

/* Names far behind the start of their entry, and a path that is too long to be one. */
START_TEST(test_large_entries)
{
	test_text blobs = {0}, comment = {0};
	while (comment.size < 200000)
		text_print(&comment, "more crates ");
	for (int i = 0; i < 2; i++)
		text_print(&blobs, "<Blob><!-- %s -->" A "<BlobPath>%s</BlobPath>" F "<Length>0</Length></Blob>",
			   comment.data, comment.data);
	test_text text = manifest_of(blobs.data);
	judgement j;
	judge_text(&j, text.data);
	expect_duplicates(&j, "N-09.blob-path N-09.file-path", "large entries");
	ck_assert_uint_eq(recorder_count(&j.found, "XML-03"), 2);
	judgement_clear(&j);
	text_clear(&text);
	text_clear(&comment);
	text_clear(&blobs);
}
END_TEST

/* ---- many ---- */

static test_text many(void)
{
	test_text blobs = {0};
	for (unsigned i = 0; i < 250; i++) {
		char blob[64], file[64];
		snprintf(blob, sizeof blob, "cargo/crate %u", i % 7 == 0 ? i / 35 : i);
		snprintf(file, sizeof file, i % 11 == 0 ? "\\CRATE\\%u" : "\\crate\\%u",
			 i % 5 == 0 ? i / 25 : 1000 + i);
		add_blob(&blobs, blob, file);
	}
	test_text text = manifest_of(blobs.data);
	text_clear(&blobs);
	return text;
}

/* Keys are random: neither they nor colliding fingerprints nor pieces may be seen in what is told, or in its order. */
START_TEST(test_findings_are_always_the_same)
{
	test_text text = many();
	judgement first;
	judge_text(&first, text.data);
	ck_assert_uint_gt(first.found.count, 50);
	ck_assert_uint_gt(recorder_count(&first.found, "N-09.case"), 3);
	ck_assert_uint_gt(recorder_count(&first.found, "N-09.file-path"), 10);
	for (size_t i = 1; i < first.found.count; i++) {
		const recorded *a = &first.found.items[i - 1], *b = &first.found.items[i];
		bool same_search =
		    (strcmp(a->rule->aspect, "blob path") == 0) == (strcmp(b->rule->aspect, "blob path") == 0);
		ck_assert(!same_search || a->document_offset < b->document_offset);
	}
	static const uint64_t masks[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0xFF, 7, 1, 0};
	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
		fingerprint_mask = masks[i];
		judgement j;
		judge(&j, text.data, text.size, i % 2 == 0 ? PIECE_WHOLE : 100,
		      &(tally_manifest_options){.find_duplicates = true});
		recorder_expect_same(&first.found, &j.found, "another key");
		judgement_clear(&j);
	}
	judgement_clear(&first);
	text_clear(&text);
}
END_TEST

/* Lines are counted again for duplicates: in every encoding, however odd the pieces of the source are. */
START_TEST(test_lines_in_every_encoding)
{
	test_text utf8 = many();
	text_replace(&utf8, "<BlobList>",
		     "<!-- \xE4\xB8\x8A\xE0\xA8\x8A \xF0\x9F\x8D\x8E --><BlobList>"); /* U+4E0A, U+0A0A */
	judgement expected;
	judge_text(&expected, utf8.data);
	for (int form = 0; form < 4; form++) {
		test_text text = {0};
		text_add_utf16(&text, utf8.data, (form & 1) != 0, (form & 2) != 0);
		for (size_t piece = 3; piece < 70000; piece = 2 * piece + 7) {
			judgement j;
			judge(&j, text.data, text.size, piece, &(tally_manifest_options){.find_duplicates = true});
			ck_assert_uint_eq(j.found.count, expected.found.count + 1); /* M-04 */
			for (size_t i = 0; i < expected.found.count; i++)
				ck_assert_uint_eq(j.found.items[i + 1].line, expected.found.items[i].line);
			judgement_clear(&j);
		}
		text_clear(&text);
	}
	judgement_clear(&expected);
	text_clear(&utf8);
}
END_TEST

START_TEST(test_nothing_is_looked_for_unless_asked)
{
	test_text text = many();
	judgement j;
	judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = false});
	recorder_expect(&j.found, "", "not asked for");
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

/* What was read before a document broke is still compared. */
START_TEST(test_duplicates_of_a_broken_document)
{
	test_text text = many();
	const char *cut = text.data + text.size / 2;
	judgement j;
	judge(&j, text.data, (size_t)(cut - text.data), PIECE_WHOLE,
	      &(tally_manifest_options){.find_duplicates = true});
	recorder_find(&j.found, "XML-01", "half a document");
	recorder_find(&j.found, "N-09.blob-path", "half a document");
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

int main(void)
{
	return suite_run("manifest duplicates", (const suite_test[]){{test_pairs, PAIRS},
								     {test_odd_entries, ENTRIES},
								     {test_large_entries, 0},
								     {test_findings_are_always_the_same, 0},
								     {test_lines_in_every_encoding, 0},
								     {test_nothing_is_looked_for_unless_asked, 0},
								     {test_duplicates_of_a_broken_document, 0},
								     {NULL, 0}});
}
