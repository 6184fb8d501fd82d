/* SPDX-License-Identifier: Apache-2.0 */
#include "format/sidefile.h"

#include "base/memory.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* ---- judging a side file ---------------------------------------------------------------------------------------- */

typedef enum kind { METADATA, PROPERTIES, PROPERTIES_OF_EXPORT } kind;

typedef struct outcome {
	char rules[1024]; /* in order: "MP-01 MP-08.name" */
	char log[65536];  /* everything that was told */
	size_t log_size;
	bool other_level; /* something was told at another level than that of the file */
	const char *status;
	tally_finder finder;
	kind kind;
	tally_result result;
	tally_error error;
} outcome;

static void keep(void *context, const tally_finding *f)
{
	outcome *o = context;
	size_t used = strlen(o->rules);
	if (used < sizeof o->rules - 100)
		snprintf(o->rules + used, sizeof o->rules - used, "%s%s%s%s", used > 0 ? " " : "", f->rule->id,
			 f->rule->aspect[0] != '\0' ? "." : "", f->rule->aspect);
	if (o->log_size < sizeof o->log)
		o->log_size += (size_t)snprintf(o->log + o->log_size, sizeof o->log - o->log_size,
						"%s|%d|%d|%ju|%ju|%s|%s|%s|%s\n", f->rule->id, (int)f->severity,
						(int)f->level, (uintmax_t)f->line, (uintmax_t)f->document_offset,
						f->status != NULL ? f->status->code : "", f->message,
						f->expected ? f->expected : "", f->actual ? f->actual : "");
	o->other_level =
	    o->other_level || f->level != (o->kind == METADATA ? TALLY_LEVEL_METADATA : TALLY_LEVEL_PROPERTIES);
}

static tally_result judge_pieces(outcome *o, kind k, bool strict, const char *bytes, size_t size, size_t piece)
{
	*o = (outcome){.kind = k};
	o->finder = (tally_finder){.put = keep, .context = o, .strict = strict};
	tally_sidefile *sidefile;
	o->result = tally_sidefile_new(&sidefile, k != METADATA, k == PROPERTIES_OF_EXPORT, &o->finder, &o->error);
	for (size_t at = 0; o->result == TALLY_OK && at < size; at += piece)
		o->result = tally_sidefile_feed(sidefile, bytes + at, size - at < piece ? size - at : piece, &o->error);
	if (o->result == TALLY_OK)
		o->result = tally_sidefile_finish(sidefile, &o->error);
	if (o->result == TALLY_OK)
		o->status = tally_sidefile_status(sidefile);
	tally_sidefile_free(sidefile);
	return o->result;
}

static outcome judge_every_way(kind k, const char *bytes, size_t size)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	static outcome whole, cut;
	ck_assert_int_eq(judge_pieces(&whole, k, false, bytes, size, SIZE_MAX), TALLY_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		ck_assert_int_eq(judge_pieces(&cut, k, false, bytes, size, sizes[i]), TALLY_OK);
		ck_assert_str_eq(cut.log, whole.log);
		ck_assert_pstr_eq(cut.status, whole.status);
	}
	ck_assert_msg(!whole.other_level, "%s", whole.log);
	return whole;
}

static void check(kind k, const char *text, const char *rules, const char *status)
{
	outcome o = judge_every_way(k, text, strlen(text));
	ck_assert_str_eq(o.rules, rules);
	ck_assert_pstr_eq(o.status, status);
}

/* ---- the corpus ------------------------------------------------------------------------------------------------- */

static char *read_file(const char *root, const char *folder, const char *name, size_t *size)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s/%s", root, folder, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	char *bytes = malloc(65536);
	ck_assert_ptr_nonnull(bytes);
	*size = fread(bytes, 1, 65536, file);
	fclose(file);
	return bytes;
}

static const char *source_folder(void)
{
	const char *root = getenv("TALLY_SOURCE_DIR");
	ck_assert_msg(root != NULL, "TALLY_SOURCE_DIR is not set");
	return root;
}

static void check_corpus_file(kind k, const char *folder, const char *name)
{
	char rule[64];
	snprintf(rule, sizeof rule, "%s", name);
	char *bad = strstr(rule, ".bad.xml"), *good = strstr(rule, ".good.xml");
	ck_assert_msg(bad != NULL || good != NULL, "%s is named wrongly", name);
	*(bad != NULL ? bad : good) = '\0';
	size_t size;
	char *bytes = read_file(source_folder(), folder, name, &size);
	ck_assert_ptr_nonnull(bytes);
	outcome o = judge_every_way(k, bytes, size);
	free(bytes);
	ck_assert_msg(strcmp(o.rules, bad != NULL ? rule : "") == 0, "%s: %s", name, o.rules);
}

static void check_corpus(kind k, const char *folder)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", source_folder(), folder);
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	unsigned files = 0;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		check_corpus_file(k, folder, entry->d_name);
		files++;
	}
	closedir(dir);
	ck_assert_uint_gt(files, 0);
}

START_TEST(corpus_files)
{
	check_corpus(METADATA, "corpus/metadata");
	check_corpus(PROPERTIES, "corpus/properties");
}
END_TEST

START_TEST(corpus_is_complete)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		if (strncmp(rule->id, "MP-", 3) != 0 || rule->scope != TALLY_SCOPE_DOCUMENT)
			continue;
		for (int good = 0; good <= 1; good++) {
			char name[256];
			snprintf(name, sizeof name, "%s%s%s.%s.xml", rule->id, rule->aspect[0] != '\0' ? "." : "",
				 rule->aspect, good ? "good" : "bad");
			const char *folder =
			    rule->level == TALLY_LEVEL_METADATA ? "corpus/metadata" : "corpus/properties";
			size_t size;
			char *bytes = read_file(source_folder(), folder, name, &size);
			ck_assert_msg(bytes != NULL, "%s/%s is missing", folder, name);
			free(bytes);
		}
	}
}
END_TEST

START_TEST(published)
{
	static const struct {
		kind kind;
		const char *name;
	} samples[] = {{METADATA, "metadata-sampledata.xml"}, {PROPERTIES, "properties-sampledata.xml"}};
	const char *shared = getenv("TALLY_SHARED_DIR");
	for (size_t i = 0; i < 2; i++) {
		size_t size;
		char *bytes = shared != NULL ? read_file(shared, "samples/published", samples[i].name, &size) : NULL;
		if (bytes == NULL) {
			printf("skipped: the published sample %s is not there\n", samples[i].name);
			continue;
		}
		outcome o = judge_every_way(samples[i].kind, bytes, size);
		ck_assert_str_eq(o.rules, "");
		ck_assert_ptr_null(o.status);
		free(bytes);
	}
}
END_TEST

/* ---- metadata --------------------------------------------------------------------------------------------------- */

#define METADATA_FILE(children) DECLARATION "<Metadata>" children "</Metadata>"

START_TEST(metadata_names)
{
	static const char *const right[] = {"a",           "_",     "A1", "_1",
					    "DataSetName", "class", "i",  "x123456789012345678901234567890"};
	static const char *const wrong[] = {"a-b", "a.b", "caf\xC3\xA9", "\xC3\xA4", "\xE2\x85\xA7", "a\xC2\xB7"};
	char text[256];
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		snprintf(text, sizeof text, METADATA_FILE("<%s>x</%s>"), right[i], right[i]);
		check(METADATA, text, "", NULL);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		snprintf(text, sizeof text, METADATA_FILE("<%s>x</%s>"), wrong[i], wrong[i]);
		check(METADATA, text, "MP-08.name", "BlobRequestFailed");
	}
}
END_TEST

START_TEST(metadata_twice)
{
	check(METADATA, METADATA_FILE("<a>1</a><b>1</b><A>2</A><ab>1</ab><a>3</a>"), "MP-08.twice MP-08.twice",
	      "BlobRequestFailed");
	check(METADATA, METADATA_FILE("<ab/><a/><b/><ba/>"), "", NULL);
}
END_TEST

START_TEST(metadata_values)
{
	check(METADATA, METADATA_FILE("<a> ~!\"#$%'()*+,-./:;=?@[\\]^_`{|}\ttab&amp;&lt;&gt; </a><b></b><c/>"), "",
	      NULL);
	check(METADATA, METADATA_FILE("<a>\nnew lines around it are none of the value\r\n</a>"), "", NULL);
	check(METADATA, METADATA_FILE("<a>two\nlines</a>"), "MP-08.value", "BlobRequestFailed");
	check(METADATA, METADATA_FILE("<a>two&#13;lines</a>"), "MP-08.value", "BlobRequestFailed");
	check(METADATA, METADATA_FILE("<a>caf\xC3\xA9</a>"), "MP-08.value", "BlobRequestFailed");
	check(METADATA, METADATA_FILE("<a>&#127;</a>"), "MP-08.value", "BlobRequestFailed");
}
END_TEST

/* Names and values up to the limit, one more byte, and far beyond it: as one entry and as many. */
START_TEST(metadata_size)
{
	static char text[1 << 21];
	for (size_t size = 8190; size <= 8194; size++) {
		snprintf(text, sizeof text, METADATA_FILE("<name>%0*d</name><n2/>"), (int)size - 6, 0);
		check(METADATA, text, size <= 8192 ? "" : "MP-08.size", size <= 8192 ? NULL : "BlobRequestFailed");
	}
	/* 10 bytes an entry; what comes after the limit is no longer compared. */
	static const unsigned counts[] = {819, 2999};
	for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
		size_t used = (size_t)snprintf(text, sizeof text, DECLARATION "<Metadata>");
		for (unsigned i = 0; i < counts[c]; i++)
			used += (size_t)snprintf(text + used, sizeof text - used, "<n%07u>12</n%07u>\n", i, i);
		used += (size_t)snprintf(text + used, sizeof text - used, "<n2999999/><n2999999/></Metadata>");
		outcome o = judge_every_way(METADATA, text, used);
		ck_assert_str_eq(o.rules, "MP-08.size");
	}
	/* Far beyond anything. */
	size_t used = (size_t)snprintf(text, sizeof text, DECLARATION "<Metadata><a>");
	memset(text + used, 'x', 1500000);
	used += 1500000;
	used += (size_t)snprintf(text + used, sizeof text - used, "</a></Metadata>");
	static outcome o;
	ck_assert_int_eq(judge_pieces(&o, METADATA, false, text, used, 4096), TALLY_OK);
	ck_assert_str_eq(o.rules, "XML-03");
	ck_assert_str_eq(o.status, "XmlReadFailed");
}
END_TEST

/* ---- properties ------------------------------------------------------------------------------------------------- */

#define PROPERTIES_FILE(children) DECLARATION "<Properties>" children "</Properties>"

START_TEST(properties)
{
	static const char all[] =
	    PROPERTIES_FILE("<Cache-Control>x</Cache-Control><Content-Language>en</"
			    "Content-Language><Content-Encoding>gzip</Content-Encoding>"
			    "<Content-MD5>MDEyMzQ1Njc4OWFiY2RlZg==</Content-MD5><Content-Type>text/plain</Content-Type>"
			    "<Content-Length>8</Content-Length><Etag>x</Etag><Last-Modified>now</Last-Modified>");
	check(PROPERTIES_OF_EXPORT, all, "", NULL);
	check(PROPERTIES, all, "MP-03 MP-03 MP-03", NULL);
	check(PROPERTIES, PROPERTIES_FILE(""), "", NULL);
	check(PROPERTIES, PROPERTIES_FILE("<Content-MD5/><Content-Type/>"), "", NULL);
	check(PROPERTIES, PROPERTIES_FILE("<Content-MD5>MDEyMzQ1Njc4OWFiY2Rl</Content-MD5>"), "MP-04", NULL);
	check(PROPERTIES,
	      PROPERTIES_FILE("<Content-Language>fran\xC3\xA7"
			      "ais</Content-Language><Cache-Control>no\nstore</Cache-Control>"),
	      "MP-02.value MP-02.value", NULL);
	check(PROPERTIES, PROPERTIES_FILE("<Content-MD5>\xC3\xA7</Content-MD5>"), "MP-02.value", NULL);
	check(PROPERTIES, PROPERTIES_FILE("<content-type>x</content-type>"), "MP-02.name", NULL);
	check(PROPERTIES, PROPERTIES_FILE("<Content-Type>x</Content-Type><Content-Type>y</Content-Type>"),
	      "MP-02.repeated", "XmlReadFailed");
	check(PROPERTIES, PROPERTIES_FILE("<Content-Type>a<b/></Content-Type>"), "MP-02.name MP-02.root",
	      "XmlReadFailed");
}
END_TEST

START_TEST(strict)
{
	static const char text[] = PROPERTIES_FILE("<Content-MD5>no</Content-MD5>");
	static outcome o;
	ck_assert_int_eq(judge_pieces(&o, PROPERTIES, true, text, sizeof text - 1, SIZE_MAX), TALLY_OK);
	ck_assert_uint_eq(o.finder.errors, 1);
	ck_assert_uint_eq(o.finder.warnings, 0);
	ck_assert_str_eq(o.status, "BlobRequestFailed");
}
END_TEST

/* ---- both ------------------------------------------------------------------------------------------------------- */

START_TEST(form)
{
	static const char *const roots[] = {"Metadata", "Properties"};
	for (kind k = METADATA; k <= PROPERTIES; k++) {
		char text[512];
		const char *root = roots[k], *wrong_root = k == METADATA ? "MP-01" : "MP-02.root";
		check(k, "", "XML-01", "XmlReadFailed");
		check(k, "no XML", "XML-01", "XmlReadFailed");
		check(k, "<a/>", wrong_root, "XmlReadFailed");
		check(k, roots[1 - k][0] == 'P' ? "<Properties/>" : "<Metadata/>", wrong_root, "XmlReadFailed");
		check(k, k == METADATA ? "<metadata/>" : "<properties/>", wrong_root, "XmlReadFailed");
		snprintf(text, sizeof text, "<%s>", root);
		check(k, text, "XML-01", "XmlReadFailed");
		snprintf(text, sizeof text, "<!DOCTYPE %s><%s/>", root, root);
		check(k, text, "XML-02", "XmlReadFailed");
		snprintf(text, sizeof text, "<%s>stray</%s>", root, root);
		check(k, text, "M-05.text", NULL);
		snprintf(text, sizeof text, "<%s version=\"1\"/>", root);
		check(k, text, "M-05.attribute", NULL);
		snprintf(text, sizeof text, "<%s xmlns=\"urn:x\"/>", root);
		check(k, text, "M-04.namespace", NULL);
		snprintf(text, sizeof text, "<%s>\x01</%s>", root, root);
		check(k, text, "M-06", "XmlReadFailed");
		snprintf(text, sizeof text, "<%s>\xFF</%s>", root, root);
		check(k, text, "XML-04", "XmlReadFailed");
	}
	/* The worse status of the two. */
	check(METADATA, METADATA_FILE("<a-b/><c><d/></c>"), "MP-08.name MP-01", "XmlReadFailed");
}
END_TEST

/* No part of a file is taken for a whole one. */
START_TEST(truncated_anywhere)
{
	static const char metadata[] = METADATA_FILE("\n<a>1</a>\n<b>2</b>\n");
	static const char other[] = PROPERTIES_FILE("\n<Content-Type>text/plain</Content-Type>\n");
	static outcome o;
	for (size_t n = 0; n < sizeof metadata - 1; n++) {
		ck_assert_int_eq(judge_pieces(&o, METADATA, false, metadata, n, SIZE_MAX), TALLY_OK);
		ck_assert_pstr_eq(o.status, "XmlReadFailed");
	}
	for (size_t n = 0; n < sizeof other - 1; n++) {
		ck_assert_int_eq(judge_pieces(&o, PROPERTIES, false, other, n, SIZE_MAX), TALLY_OK);
		ck_assert_pstr_eq(o.status, "XmlReadFailed");
	}
}
END_TEST

static int calls_left;

static int fail_later(void)
{
	return calls_left-- <= 0;
}

START_TEST(out_of_memory)
{
	static const char text[] = METADATA_FILE("<a b=\"c\">1</a>\n<d>2</d>\n");
	static outcome o;
	int n = 0;
	for (bool finished = false; !finished; n++) {
		calls_left = n;
		tally_allocation_fault = fail_later;
		tally_result result = judge_pieces(&o, METADATA, false, text, sizeof text - 1, 7);
		tally_allocation_fault = NULL;
		finished = result == TALLY_OK;
		if (!finished) {
			ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
			ck_assert_int_eq(o.error.code, TALLY_ERROR_NO_MEMORY);
		}
	}
	ck_assert_int_gt(n, 4);
	ck_assert_str_eq(o.rules, "M-05.attribute");
	tally_sidefile_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format/sidefile");
	TCase *tcase = tcase_create("sidefile");
	tcase_add_test(tcase, corpus_files);
	tcase_add_test(tcase, corpus_is_complete);
	tcase_add_test(tcase, published);
	tcase_add_test(tcase, metadata_names);
	tcase_add_test(tcase, metadata_twice);
	tcase_add_test(tcase, metadata_values);
	tcase_add_test(tcase, metadata_size);
	tcase_add_test(tcase, properties);
	tcase_add_test(tcase, strict);
	tcase_add_test(tcase, form);
	tcase_add_test(tcase, truncated_anywhere);
	tcase_add_test(tcase, out_of_memory);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
