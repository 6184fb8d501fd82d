/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus judged: each document by the rule that names it, and alike however it arrives. */
#include "manifest_judge.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

/* Rules about one kind of manifest are judged as that kind (corpus/README.md). */
static tally_manifest_options options_for(const char *name)
{
	tally_manifest_options options = {.find_duplicates = true};
	if (strstr(name, ".export.") != NULL)
		options.kind = TALLY_MANIFEST_EXPORT;
	if (strstr(name, ".import.") != NULL)
		options.kind = TALLY_MANIFEST_IMPORT;
	return options;
}

static test_text corpus_file(const char *folder, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return file_read(source_path(path));
}

/* "M-31.offset.bad.xml" names the rule "M-31.offset". */
static bool named_rule(const char *name, const char *ending, char rule[RULE_NAME_MAX])
{
	size_t length = strlen(name), end = strlen(ending);
	if (length <= end || strcmp(name + length - end, ending) != 0)
		return false;
	snprintf(rule, RULE_NAME_MAX, "%.*s", (int)(length - end), name);
	return true;
}

START_TEST(test_bad_documents_break_their_rule_and_no_other)
{
	file_list files = files_in("corpus/manifest", ".bad.xml");
	ck_assert_uint_gt(files.count, 60);
	for (size_t i = 0; i < files.count; i++) {
		char rule[RULE_NAME_MAX];
		ck_assert(named_rule(files.names[i], ".bad.xml", rule));
		test_text text = corpus_file("corpus/manifest", files.names[i]);
		tally_manifest_options options = options_for(files.names[i]);
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &options);
		ck_assert_int_eq(j.result, TALLY_OK);
		recorder_expect(&j.found, rule, files.names[i]);
		judgement_clear(&j);
		text_clear(&text);
	}
	files_clear(&files);
}
END_TEST

/* A block that is too long for the storage service is too long for the manifest's own page. */
static const char *warnings_of(const char *good)
{
	return strcmp(good, "M-41.limit.good.xml") == 0 ? "M-41.old-limit" : "";
}

START_TEST(test_good_documents_break_no_rule)
{
	file_list files = files_in("corpus/manifest", ".good.xml");
	ck_assert_uint_gt(files.count, 60);
	for (size_t i = 0; i < files.count; i++) {
		test_text text = corpus_file("corpus/manifest", files.names[i]);
		tally_manifest_options options = options_for(files.names[i]);
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &options);
		ck_assert_int_eq(j.result, TALLY_OK);
		recorder_expect(&j.found, warnings_of(files.names[i]), files.names[i]);
		ck_assert_uint_eq(j.found.finder.errors, 0);
		ck_assert(j.totals.complete);
		judgement_clear(&j);
		text_clear(&text);
	}
	files_clear(&files);
}
END_TEST

static const struct {
	const char *name, *rules;
	tally_manifest_kind kind;
	uint64_t blobs, segments, bytes;
} valid[] = {
    {"cdata-references.xml", "", TALLY_MANIFEST_IMPORT, 1, 1, 12},
    {"comments.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"crlf.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"export.xml", "", TALLY_MANIFEST_EXPORT, 3, 5, 536},
    {"import-account-key.xml", "", TALLY_MANIFEST_IMPORT, 5, 6, 5650},
    {"import-container-sas.xml", "M-13.expiry", TALLY_MANIFEST_IMPORT, 2, 3, 18},
    {"import-current-tool.xml", "M-14", TALLY_MANIFEST_UNKNOWN, 1, 2, 12},
    {"import-hash-ids.xml", "", TALLY_MANIFEST_IMPORT, 1, 3, 20},
    {"import-stored-policy-sas.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"no-declaration.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"one-line.xml", "", TALLY_MANIFEST_IMPORT, 5, 6, 5650},
    {"spread-tags.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"unicode.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"utf16be-bom.xml", "M-04.encoding", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"utf16be.xml", "M-04.encoding", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"utf16le-bom.xml", "M-04.encoding", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"utf16le.xml", "M-04.encoding", TALLY_MANIFEST_IMPORT, 1, 2, 12},
    {"utf8-bom.xml", "", TALLY_MANIFEST_IMPORT, 1, 2, 12},
};

#define VALID (sizeof valid / sizeof valid[0])

START_TEST(test_valid_documents)
{
	file_list files = files_in("corpus/manifest/valid", ".xml");
	ck_assert_uint_eq(files.count, VALID);
	for (size_t i = 0; i < VALID; i++) {
		ck_assert_str_eq(files.names[i], valid[i].name);
		test_text text = corpus_file("corpus/manifest/valid", valid[i].name);
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
		ck_assert_int_eq(j.result, TALLY_OK);
		recorder_expect(&j.found, valid[i].rules, valid[i].name);
		ck_assert_uint_eq(j.found.finder.errors, 0);
		ck_assert(j.totals.complete);
		ck_assert_int_eq(j.totals.kind, valid[i].kind);
		ck_assert_uint_eq(j.totals.blobs, valid[i].blobs);
		ck_assert_uint_eq(j.totals.segments, valid[i].segments);
		ck_assert_uint_eq(j.totals.segment_bytes, valid[i].bytes);
		ck_assert_str_eq(j.totals.drive_id, "TM41X0007");
		judgement_clear(&j);
		text_clear(&text);
	}
	files_clear(&files);
}
END_TEST

/* ---- however it arrives ---- */

static void expect_same_in_pieces(const char *folder, const char *name)
{
	static const size_t piece_sizes[] = {1, 2, 3, 7, 64, 4096};
	test_text text = corpus_file(folder, name);
	tally_manifest_options options = options_for(name);
	judgement whole;
	judge(&whole, text.data, text.size, PIECE_WHOLE, &options);
	for (size_t i = 0; i < sizeof piece_sizes / sizeof piece_sizes[0]; i++) {
		judgement j;
		judge(&j, text.data, text.size, piece_sizes[i], &options);
		recorder_expect_same(&whole.found, &j.found, name);
		ck_assert_int_eq(j.result, whole.result);
		ck_assert_mem_eq(&j.totals, &whole.totals, sizeof j.totals);
		judgement_clear(&j);
	}
	judgement_clear(&whole);
	text_clear(&text);
}

START_TEST(test_pieces_make_no_difference)
{
	static const char *const folders[] = {"corpus/manifest", "corpus/manifest/valid"};
	for (size_t k = 0; k < 2; k++) {
		file_list files = files_in(folders[k], ".xml");
		for (size_t i = 0; i < files.count; i++)
			expect_same_in_pieces(folders[k], files.names[i]);
		files_clear(&files);
	}
}
END_TEST

/* A document that ends too early is broken wherever it ends; behind its last end tag it is complete. */
START_TEST(test_truncation_at_every_byte)
{
	static const char *const names[] = {"import-account-key.xml", "comments.xml", "utf16be-bom.xml", "utf16le.xml",
					    "utf8-bom.xml",           "crlf.xml"};
	test_text text = corpus_file("corpus/manifest/valid", names[_i]);
	bool utf16 = strncmp(names[_i], "utf16", 5) == 0;
	test_text end = {0};
	if (utf16)
		text_add_utf16(&end, "</DriveManifest>", strncmp(names[_i], "utf16be", 7) == 0, false);
	else
		text_print(&end, "</DriveManifest>");
	const char *found = memmem(text.data, text.size, end.data, end.size);
	ck_assert_ptr_nonnull(found);
	size_t root_end = (size_t)(found - text.data) + end.size;
	for (size_t size = 0; size < text.size; size++) {
		judgement j;
		judge(&j, text.data, size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
		REQUIRE(j.result == TALLY_OK, "%s cut at %zu: %s", names[_i], size, j.error.message);
		const char *rules = recorder_rules(&j.found);
		bool broken = strstr(rules, "XML-01") != NULL || strstr(rules, "XML-04") != NULL;
		REQUIRE(broken != j.totals.complete, "%s cut at %zu: %s", names[_i], size, rules);
		REQUIRE(broken || size >= root_end, "%s cut at %zu is taken", names[_i], size);
		REQUIRE(!broken || j.found.finder.errors == 1, "%s cut at %zu: %s", names[_i], size, rules);
		const recorded *last = j.found.count > 0 ? &j.found.items[j.found.count - 1] : NULL;
		REQUIRE(!broken || (last->document_offset <= size && last->status != NULL &&
				    strcmp(last->status->code, "ManifestFormatInvalid") == 0),
			"%s cut at %zu", names[_i], size);
		judgement_clear(&j);
	}
	text_clear(&end);
	text_clear(&text);
}
END_TEST

/* ---- what is published ---- */

static bool judge_published(judgement *j, const char *name)
{
	char relative[256];
	snprintf(relative, sizeof relative, "samples/published/%s", name);
	const char *path = shared_path(relative);
	if (path == NULL)
		return false;
	test_text text = file_read(path);
	judge(j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
	ck_assert_int_eq(j->result, TALLY_OK);
	text_clear(&text);
	return true;
}

START_TEST(test_the_published_export_manifest_is_valid)
{
	judgement j;
	if (!judge_published(&j, "manifest-2011-10-01-export-redmond-canyon.xml"))
		return;
	recorder_expect(&j.found, "", "the export manifest");
	ck_assert_int_eq(j.totals.kind, TALLY_MANIFEST_EXPORT);
	ck_assert_uint_eq(j.totals.blobs, 2);
	ck_assert_uint_eq(j.totals.segments, 7);
	ck_assert_uint_eq(j.totals.segment_bytes, 7680 + 10884);
	ck_assert_str_eq(j.totals.drive_id, "9WM35C3U");
	judgement_clear(&j);
}
END_TEST

START_TEST(test_the_published_placeholders_are_invalid_as_data)
{
	judgement j;
	if (!judge_published(&j, "manifest-2011-MM-DD-v2tool-placeholders.xml"))
		return;
	ck_assert(j.totals.complete);
	static const char *const rules[] = {"M-03.version", "M-12.form",  "M-23.number", "M-24.value", "M-26.both",
					    "M-32.overlap", "M-40.order", "M-42.base64", "M-50",       "M-18.blob"};
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		recorder_find(&j.found, rules[i], "the placeholders");
	/* Six hashes of segments, four of side files: every one a placeholder. */
	ck_assert_uint_eq(recorder_count(&j.found, "M-50"), 8);
	judgement_clear(&j);
}
END_TEST

START_TEST(test_the_published_grammar_is_no_xml)
{
	judgement j;
	if (!judge_published(&j, "manifest-2014-11-01-grammar.txt"))
		return;
	ck_assert(!j.totals.complete);
	recorder_find(&j.found, "XML-01", "the grammar");
	judgement_clear(&j);
}
END_TEST

int main(void)
{
	return suite_run("manifest corpus",
			 (const suite_test[]){{test_bad_documents_break_their_rule_and_no_other, 0},
					      {test_good_documents_break_no_rule, 0},
					      {test_valid_documents, 0},
					      {test_pieces_make_no_difference, 0},
					      {test_truncation_at_every_byte, 6},
					      {test_the_published_export_manifest_is_valid, 0},
					      {test_the_published_placeholders_are_invalid_as_data, 0},
					      {test_the_published_grammar_is_no_xml, 0},
					      {NULL, 0}});
}
