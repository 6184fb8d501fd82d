/* SPDX-License-Identifier: Apache-2.0 */
/* What job descriptions and journals say of each drive, with places and, when asked for, keys. */
#include "format/job.h"
#include "format/journal.h"
#include "format/manifest.h"
#include "support/documents.h"
#include "support/faults.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <stdio.h>

#define KEY "000011-000022-000033-000044-000055-000066-000077-000088"

/* ---- jobs ---- */

typedef struct said {
	test_text lines; /* one a drive: its values, "-" where it has none */
	uint64_t count;
} said;

static void add_value(said *s, tally_text value, tally_place place)
{
	if (value.size == 0)
		text_print(&s->lines, " -");
	else
		text_print(&s->lines, " %.*s@%llu", (int)value.size, value.data, (unsigned long long)place.line);
	ck_assert((value.size == 0) == (place.line == 0));
}

static void on_drive(void *context, const tally_job_entry *entry)
{
	said *s = context;
	s->count++;
	text_print(&s->lines, "%llu%s %.*s@%llu", (unsigned long long)entry->job, entry->is_answer ? "a" : "r",
		   (int)entry->drive_id.size, entry->drive_id.data, (unsigned long long)entry->place.line);
	add_value(s, entry->manifest_file, entry->file_place);
	add_value(s, entry->manifest_hash, entry->hash_place);
	add_value(s, entry->bitlocker_key, entry->key_place);
	text_print(&s->lines, "%s\n", entry->header_hash.size > 0 ? " header" : "");
}

static void read_text(const char *text, size_t size, said *s)
{
	static const tally_job_events events = {on_drive};
	pieces p = {{text, size}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	tally_error error;
	recorder r;
	recorder_begin(&r);
	*s = (said){0};
	ck_assert_int_eq(tally_job_read(&source, &r.finder, &events, s, &error), TALLY_OK);
	recorder_clear(&r);
}

static void expect(const char *text, const char *lines)
{
	said s;
	read_text(text, strlen(text), &s);
	ck_assert_str_eq(s.lines.data != NULL ? s.lines.data : "", lines);
	text_clear(&s.lines);
}

START_TEST(requests_and_answers)
{
	expect("{\"properties\":{\"driveList\":[\n"
	       "{\"driveId\":\"A\",\"bitLockerKey\":\"" KEY
	       "\",\n\"manifestFile\":\"\\\\M\",\n\"manifestHash\":\"00\"},\n"
	       "{\"driveId\":\"B\",\"driveHeaderHash\":\"0:1:2\"}]}}",
	       "1r A@2 \\M@3 00@4 " KEY "@2\n1r B@5 - - - header\n");
	expect("{\"id\":\"x\",\"type\":\"Microsoft.ImportExport/"
	       "jobs\",\"properties\":{\"driveList\":[{\"driveId\":\"A\"}]}}",
	       "1a A@1 - - -\n");
	expect("{\"value\":[{\"driveId\":\"A\",\"bitLockerKey\":\"K\"},\n{\"driveId\":\"B\",\"bitLockerKey\":\"L\"}]}",
	       "0a A@1 - - K@1\n0a B@2 - - L@2\n");
	expect("{\"properties\":{\"details\":{\"jobDetailsType\":\"DataBoxCustomerDisk\","
	       "\"importDiskDetailsCollection\":{\n"
	       "\"A\":{\"manifestFile\":\"\\\\M\",\"manifestHash\":\"00\",\"bitLockerKey\":\"K\"},\n\"B\":{}}}}}",
	       "1r A@2 \\M@2 00@2 K@2\n1r B@3 - - -\n");
}
END_TEST

START_TEST(several_jobs_are_numbered)
{
	expect("[{\"id\":\"1\",\"properties\":{\"driveList\":[{\"driveId\":\"A\"}]}},\n"
	       "{\"id\":\"2\",\"properties\":{\"driveList\":[{\"driveId\":\"A\"}]}}]",
	       "1a A@1 - - -\n2a A@2 - - -\n");
}
END_TEST

START_TEST(what_is_no_value_is_not_handed_out)
{
	/* No id, other types, U+0000, and what a resource manager would have to work out. */
	expect("{\"properties\":{\"driveList\":[{\"manifestFile\":\"x\"},{\"driveId\":7},{\"driveId\":\"\"},"
	       "{\"driveId\":\"A\",\"manifestFile\":null,\"manifestHash\":[],\"bitLockerKey\":\"a\\u0000b\"}]}}",
	       "1r A@1 - - -\n");
	expect("{\"resources\":[{\"type\":\"Microsoft.ImportExport/jobs\",\"properties\":{\"driveList\":["
	       "{\"driveId\":\"A\",\"manifestFile\":\"[parameters('x')]\"},{\"driveId\":\"[x]\"}]}}]}",
	       "1r A@1 - - -\n");
	expect("{\"properties\":", "");
	expect("7", "");
}
END_TEST

START_TEST(published_ones)
{
	static const struct {
		const char *name;
		const char *first; /* line, and how many drives there are in all */
		uint64_t count;
	} samples[] = {
	    {"rest-2016-11-01-CreateJob.json",
	     "1r 9CA995BB@27 \\DriveManifest.xml@30 109B21108597EF36D5785F08303F3638@31 "
	     "238810-662376-448998-450120-652806-203390-606320-483076@29\n",
	     3},
	    {"rest-2021-01-01-GetJob.json", "1a 9CA995BB@", 1},
	    {"rest-2021-01-01-GetExportJob.json", "", 0},
	    {"rest-2021-01-01-ListBitLockerKeys.json", "0a 9CA995BB@", 1},
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		char relative[128];
		snprintf(relative, sizeof relative, "samples/published/%s", samples[i].name);
		const char *path = shared_path(relative);
		if (path == NULL)
			return;
		test_text text = file_read(path);
		said s;
		read_text(text.data, text.size, &s);
		ck_assert_uint_eq(s.count, samples[i].count);
		const char *lines = s.lines.data != NULL ? s.lines.data : "";
		ck_assert_msg(strncmp(lines, samples[i].first, strlen(samples[i].first)) == 0, "%s: %s",
			      samples[i].name, lines);
		text_clear(&s.lines);
		text_clear(&text);
	}
}
END_TEST

/* ---- journals ---- */

static const char journal_text[] = "[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\n"
				   "VocabularyVersion: 2013-02-01\n"
				   "[EndUpdateRecord]\n"
				   "[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\n"
				   "ActivityId: DriveInfo\n"
				   "DriveState: [BeginValue]\n"
				   "<Drive>\n <DriveId>A</DriveId>\n <BitLockerKey>" KEY "</BitLockerKey>\n"
				   " <ManifestFile>\\DriveManifest.xml</ManifestFile>\n"
				   " <ManifestHash>0123456789ABCDEF0123456789ABCDEF</ManifestHash>\n</Drive>\n"
				   "[EndValue]\n"
				   "SaveCommandOutput: Completed\n"
				   "[EndUpdateRecord]\n";

static tally_result read_journal(void *context, tally_error *error)
{
	tally_journal *journal = context;
	pieces p = {{journal_text, sizeof journal_text - 1}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	tally_finder silent = {0};
	tally_journal_clear(journal);
	return tally_journal_read_keys(journal, &source, &silent, error);
}

static void journal_succeeded(void *context, bool fault_met)
{
	const tally_journal *journal = context;
	(void)fault_met;
	ck_assert_uint_eq(journal->drive_count, 1);
	const tally_journal_drive *drive = &journal->drives[0];
	ck_assert_str_eq(drive->key_text, KEY);
	ck_assert_str_eq(drive->manifest_file, "\\DriveManifest.xml");
	ck_assert_uint_eq(drive->place.line, 7);
	ck_assert_uint_eq(drive->key_place.line, 9);
	ck_assert_uint_eq(drive->file_place.line, 10);
	ck_assert_uint_eq(drive->hash_place.line, 11);
	ck_assert_ptr_eq(strstr(journal_text, "<BitLockerKey>"), journal_text + drive->key_place.offset);
}

START_TEST(keys_of_a_journal)
{
	tally_journal journal = {0};
	tally_error error;
	ck_assert_int_eq(read_journal(&journal, &error), TALLY_OK);
	journal_succeeded(&journal, false);
	ck_assert_uint_gt(faults_each(FAULTS_BOTH, false, read_journal, journal_succeeded, &journal), 5);
	tally_journal_clear(&journal);
}
END_TEST

START_TEST(no_keys_unless_they_are_asked_for)
{
	tally_journal journal;
	tally_error error;
	pieces p = {{journal_text, sizeof journal_text - 1}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	tally_finder silent = {0};
	ck_assert_int_eq(tally_journal_read(&journal, &source, &silent, &error), TALLY_OK);
	ck_assert_ptr_null(journal.drives[0].key_text);
	ck_assert_int_eq(journal.drives[0].key, TALLY_KEY_RECOVERY);
	tally_journal_clear(&journal);
}
END_TEST

START_TEST(equal_keys)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {KEY, KEY, true},
	    {KEY, "000011 000022 000033 000044 000055 000066 000077 000088", true},
	    {KEY, " 000011000022000033000044000055000066000077000088\n", true},
	    {KEY, "000011-000022-000033-000044-000055-000066-000077-000099", false},
	    {KEY, "000011-000022-000033-000044-000055-000066-000077", false},
	    {"", KEY, false},
	    {"", "", true},
	    {"QUJD", "QUJD", true},
	    {"QUJD", "QUJE", false},
	    {"QUJD", "qujd", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tally_text a = {cases[i].a, strlen(cases[i].a)}, b = {cases[i].b, strlen(cases[i].b)};
		ck_assert_msg(tally_bitlocker_key_equal(a, b) == cases[i].equal, "case %zu", i);
		ck_assert_msg(tally_bitlocker_key_equal(b, a) == cases[i].equal, "case %zu, turned round", i);
	}
}
END_TEST

/* ---- lists of a manifest ---- */

static void on_list(void *context, tally_text id, tally_place place)
{
	text_print(context, "%.*s@%llu ", (int)id.size, id.data, (unsigned long long)place.line);
}

START_TEST(lists_of_a_manifest)
{
	static const tally_manifest_events events = {.list_begin = on_list};
	static const char text[] = "<DriveManifest Version=\"2014-11-01\"><Drive><DriveId>A</DriveId>\n"
				   "<BlobList Id=\"session#1-0\"></BlobList>\n<BlobList/>\n<BlobList Id=\" b \"/>"
				   "</Drive></DriveManifest>";
	test_text lines = {0};
	tally_manifest *manifest;
	tally_finder silent = {0};
	tally_error error;
	tally_manifest_options options = {.events = &events, .events_context = &lines};
	ck_assert_int_eq(tally_manifest_new(&manifest, &options, &silent, &error), TALLY_OK);
	ck_assert_int_eq(tally_manifest_feed(manifest, text, sizeof text - 1, &error), TALLY_OK);
	ck_assert_int_eq(tally_manifest_finish(manifest, &error), TALLY_OK);
	tally_manifest_free(manifest);
	ck_assert_str_eq(lines.data, "session#1-0@2 @3 b@4 ");
	text_clear(&lines);
}
END_TEST

int main(void)
{
	return suite_run("job_drives", (const suite_test[]){{requests_and_answers, 0},
							    {several_jobs_are_numbered, 0},
							    {what_is_no_value_is_not_handed_out, 0},
							    {published_ones, 0},
							    {keys_of_a_journal, 0},
							    {no_keys_unless_they_are_asked_for, 0},
							    {equal_keys, 0},
							    {lists_of_a_manifest, 0},
							    {NULL, 0}});
}
