/* SPDX-License-Identifier: Apache-2.0 */
/* The classic job template. */
#include "format/job.h"

#include "support/documents.h"
#include "support/faults.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <stdio.h>

static const char good_file[] = "corpus/job-template/R-21.good.xml";

static tally_result judge(const char *text, size_t size, size_t piece, recorder *r, tally_error *error)
{
	pieces p = {{text, size}, piece, 0};
	tally_source source = pieces_source(&p);
	recorder_begin(r);
	tally_lint_run run = {.source = &source, .finder = &r->finder, .kind = TALLY_DOCUMENT_JOB_TEMPLATE};
	return tally_job_template_format.lint(&run, error);
}

static void judge_every_way(const test_text *text, recorder *r, const char *what)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	tally_error error;
	ck_assert_int_eq(judge(text->data, text->size, SIZE_MAX, r, &error), TALLY_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		recorder cut;
		ck_assert_int_eq(judge(text->data, text->size, sizes[i], &cut, &error), TALLY_OK);
		recorder_expect_same(r, &cut, what);
		recorder_clear(&cut);
	}
}

static const tally_format *recognise(const test_text *text)
{
	pieces p = {{text->data, text->size}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	const tally_format *format;
	tally_error error;
	ck_assert_int_eq(tally_format_recognise(&source, &format, &error), TALLY_OK);
	return format;
}

START_TEST(corpus)
{
	file_list files = files_in("corpus/job-template", ".xml");
	ck_assert_uint_gt(files.count, 40);
	for (size_t i = 0; i < files.count; i++) {
		char path[512], rule[512];
		snprintf(path, sizeof path, "corpus/job-template/%s", files.names[i]);
		snprintf(rule, sizeof rule, "%s", files.names[i]);
		char *bad = strstr(rule, ".bad.xml");
		ck_assert_msg(bad != NULL || strstr(rule, ".good.xml") != NULL, "%s is named wrongly", path);
		*(bad != NULL ? bad : rule) = '\0';
		test_text text = file_read(source_path(path));
		recorder r;
		judge_every_way(&text, &r, path);
		recorder_expect(&r, rule, path);
		recorder_expect_nowhere(&r, "000011", path);
		if (strcmp(rule, "R-21.root") != 0)
			ck_assert_ptr_eq(recognise(&text), &tally_job_template_format);
		recorder_clear(&r);
		text_clear(&text);
	}
	files_clear(&files);
}
END_TEST

START_TEST(published)
{
	static const char *const samples[][2] = {
	    {"samples/published/rest-classic-TemplateImportConfig.xml", "B-02 R-21.unfilled"},
	    {"samples/published/rest-classic-TemplateExportConfig.xml", "R-21.unfilled"},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const char *path = shared_path(samples[i][0]);
		if (path == NULL)
			continue;
		test_text text = file_read(path);
		recorder r;
		judge_every_way(&text, &r, samples[i][0]);
		recorder_expect(&r, samples[i][1], samples[i][0]);
		ck_assert_ptr_eq(recognise(&text), &tally_job_template_format);
		recorder_clear(&r);
		text_clear(&text);
	}
}
END_TEST

/* One change to a good template, and what it comes to. */
START_TEST(one_change)
{
	static const struct {
		const char *old, *new, *rules;
	} changes[] = {
	    {"<Location>West Europe</Location>", "<Location> </Location>", "R-21"},
	    {"<BitLockerKey>", "<BitLockerKey></BitLockerKey><BitLockerKey>", "R-07 R-21.element"},
	    {"\\DriveManifest.xml", "\\\\DriveManifest.xml", "R-04.double"},
	    {"\\DriveManifest.xml", "/DriveManifest.xml", "R-04.slash"},
	    {"0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	     "R-05.sha256"},
	    {"<BackupDriveManifest>true", "<BackupDriveManifest>False", ""},
	    {"<DriveList>", "<DriveList>text", "R-21.element"},
	    {"<Drive>", "<Drive Slot=\"1\">", "R-21.element"},
	    {"</ImportExportJobSettings>", "", "XML-01"},
	    {"<ImportExportJobSettings>", "<!DOCTYPE x><ImportExportJobSettings>", "XML-02"},
	};
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		test_text text = file_read(source_path(good_file));
		text_replace(&text, changes[i].old, changes[i].new);
		recorder r;
		judge_every_way(&text, &r, changes[i].new);
		recorder_expect(&r, changes[i].rules, changes[i].new);
		recorder_clear(&r);
		text_clear(&text);
	}
}
END_TEST

/* What to export: the first of several, whatever separates them. */
START_TEST(selections)
{
	static const struct {
		const char *paths, *prefixes, *rules;
	} cases[] = {
	    {"", "/", ""},
	    {"pictures/a,b", "/pictures,/b", ""},
	    {"/pictures/a;Other/b", "/pic", ""},
	    {"pictures", "", "R-12.path"},
	    {"/", "", "R-12.all"},
	    {"Pictures/a", "pictures/", "R-12.path R-12.path"},
	    {"", "/Pictures", "R-12.path"},
	    {"", "\\", "R-12.all"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char selection[128];
		snprintf(selection, sizeof selection, "BlobPaths=\"%s\" BlobPathPrefixes=\"%s\"", cases[i].paths,
			 cases[i].prefixes);
		test_text text = file_read(source_path("corpus/job-template/R-12.path.good.xml"));
		text_replace(&text, "BlobPaths=\"\" BlobPathPrefixes=\"/pictures/\"", selection);
		recorder r;
		judge_every_way(&text, &r, selection);
		recorder_expect(&r, cases[i].rules, selection);
		recorder_clear(&r);
		text_clear(&text);
	}
}
END_TEST

START_TEST(eleven_drives)
{
	test_text text = file_read(source_path(good_file)), drives = {0};
	char *begin = strstr(text.data, "<Drive>"), *end = strstr(text.data, "</DriveList>");
	for (size_t i = 0; i < 12; i++)
		text_print(&drives, "%.*s", (int)(end - begin), begin);
	text_add(&drives, end, strlen(end));
	text.size = (size_t)(begin - text.data);
	text_add(&text, drives.data, drives.size);
	recorder r;
	judge_every_way(&text, &r, "twelve drives");
	recorder_expect(&r, "R-01.count", "twelve drives");
	recorder_clear(&r);
	text_clear(&drives);
	text_clear(&text);
}
END_TEST

/* Of the BitLocker key every group, of the account key every eight letters; with these the signature begins, too. */
static const char *const pieces_of_secrets[] = {
    "000011",   "000022",   "000033",   "000044",   "000055",   "000066",   "000077",
    "000088",   "bWFkZSB1", "cCBmb3Ig", "YSB0ZXN0", "LCBvcGVu", "cyBub3Ro", "aW5nLiBt",
    "YWRlIHVw", "IGZvciBh", "IHRlc3Qs", "IG9wZW5z", "IG5vdA==",
};

static void expect_no_secret(const recorder *r, const char *what)
{
	for (size_t i = 0; i < sizeof pieces_of_secrets / sizeof pieces_of_secrets[0]; i++)
		recorder_expect_nowhere(r, pieces_of_secrets[i], what);
}

/* Every byte lost or replaced: no key gets out, whatever the damage makes of it. */
START_TEST(damaged)
{
	test_text text = file_read(source_path("corpus/job-template/R-21.credential.bad.xml")), changed = {0};
	static const char damage[] = "<&x\n";
	for (size_t i = 0; i < text.size; i++) {
		for (size_t k = 0; k < sizeof damage; k++) {
			changed.size = 0;
			text_add(&changed, text.data, i);
			text_add(&changed, &damage[k], damage[k] != '\0');
			text_add(&changed, text.data + i + 1, text.size - i - 1);
			recorder r;
			tally_error error;
			ck_assert_int_eq(judge(changed.data, changed.size, SIZE_MAX, &r, &error), TALLY_OK);
			expect_no_secret(&r, changed.data);
			recorder_clear(&r);
		}
	}
	text_clear(&changed);
	text_clear(&text);
}
END_TEST

START_TEST(truncated)
{
	test_text text = file_read(source_path(good_file));
	size_t end = text.size;
	while (text.data[end - 1] != '>')
		end--;
	for (size_t n = 0; n <= text.size; n++) {
		recorder r;
		tally_error error;
		ck_assert_int_eq(judge(text.data, n, SIZE_MAX, &r, &error), TALLY_OK);
		ck_assert_uint_eq(recorder_count(&r, "XML-01"), n < end);
		expect_no_secret(&r, "a part of a template");
		recorder_clear(&r);
	}
	text_clear(&text);
}
END_TEST

static tally_result run_good(void *context, tally_error *error)
{
	const test_text *text = context;
	recorder r;
	tally_result result = judge(text->data, text->size, SIZE_MAX, &r, error);
	recorder_expect(&r, "", "out of memory is no finding");
	recorder_clear(&r);
	return result;
}

START_TEST(faults)
{
	test_text text = file_read(source_path(good_file));
	ck_assert_uint_gt(faults_each(FAULTS_BOTH, _i != 0, run_good, NULL, &text), 10);
	text_clear(&text);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {corpus, 0},  {published, 0}, {one_change, 0}, {selections, 0}, {eleven_drives, 0},
	    {damaged, 0}, {truncated, 0}, {faults, 2},     {NULL, 0},
	};
	return suite_run("format/job_template", tests);
}
