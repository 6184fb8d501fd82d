/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads of what is read as a whole (the manifest, metadata and properties files) that fail or give something else
 * once, whichever it is: it is told that that is flaky, and everything else is checked.
 */
#include "io/source.h"
#include "support/suite.h"
#include "verify/read_faults.h"
#include "verify/whole_stage.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static whole_stage w;

/* ---- the n-th read of one file, which is known by its size ---- */

static uint64_t target;

typedef struct fault_kind {
	int64_t answer; /* 0: a bit flips */
	bool is_nothing;
} fault_kind;

static const fault_kind kinds[] = {{-EIO, false}, {0, false}, {1000, true}};

/* What a check says when one read went wrong. */
typedef struct expectation {
	const char *status, *findings, *counts;
} expectation;

/* Until there is no n-th read any more. Returns how many there were. */
static unsigned for_every_read(const fault_kind *kind, const expectation *good, const expectation *bad)
{
	unsigned nth;
	for (nth = 1;; nth++) {
		read_faults_spoil_nth(target, nth, kind->answer);
		whole_check(&w);
		bool was_last = read_faults_met() == 0, met = !was_last && !kind->is_nothing;
		const expectation *e = met ? bad : good;
		ck_assert_str_eq(w.found.findings, e->findings);
		ck_assert_str_eq(w.found.counts, e->counts);
		ck_assert_str_eq(w.found.drive_status->code, e->status);
		if (met)
			whole_expect_text(&w, "; flaky: a second reading, past the page cache, gave the right bytes");
		if (met)
			whole_expect_text(&w, " range=");
		transcript_clear(&w.found);
		if (was_last)
			break;
	}
	read_faults_clear();
	return nth - 1;
}

START_TEST(a_manifest_that_is_read_wrong_once_is_flaky)
{
	static const expectation good = {"Completed", "", WHOLE_ALL_GOOD};
	static const expectation bad[] = {
	    {"ReadManifestFailed", "V-03 error drive ReadManifestFailed\n", WHOLE_ALL_GOOD},
	    {"ManifestCorrupted", "M-54 error drive ManifestCorrupted\n", WHOLE_ALL_GOOD},
	    {"", "", ""},
	};
	whole_begin(&w, whole_list_metadata);
	target = whole_size(&w, "DriveManifest.xml");
	ck_assert_uint_gt(target, TALLY_SOURCE_CHUNK);
	whole_choose_way(&w, (size_t)_i);
	for (size_t k = 0; k < COUNT(kinds); k++)
		/* For its hash, for its form, for its blobs. */
		ck_assert_uint_ge(for_every_read(&kinds[k], &good, &bad[k]), 6);
	whole_end(&w);
}
END_TEST

static const char *side_finding(const whole_side *side, bool wrong)
{
	if (side->is_properties)
		return wrong ? "V-32 error properties Corrupted\n" : "V-33 error properties IOFailed\n";
	return wrong ? "V-32 error metadata Corrupted\n" : "V-33 error metadata IOFailed\n";
}

START_TEST(a_side_file_that_is_read_wrong_once_is_flaky)
{
	static const expectation good = {"Completed", "", WHOLE_ALL_GOOD};
	whole_begin(&w, "<Metadata><Source>disk, not list</Source></Metadata>");
	whole_choose_way(&w, (size_t)_i);
	for (size_t i = 0; i < COUNT(whole_sides); i++) {
		target = whole_size(&w, whole_sides[i].path);
		for (size_t k = 0; k < COUNT(kinds); k++) {
			bool wrong = kinds[k].answer == 0;
			const expectation bad = {"CompletedWithErrors", side_finding(&whole_sides[i], wrong),
						 whole_sides[i].counts[wrong]};
			/* The long one comes in pieces, twice. */
			ck_assert_uint_ge(for_every_read(&kinds[k], &good, &bad), target == WHOLE_LONG_SIDE ? 6 : 1);
		}
	}
	whole_end(&w);
}
END_TEST

/* The calling thread reads it once more, to tell what is wrong. */
START_TEST(what_is_wrong_with_a_flaky_side_file_is_told_too)
{
	whole_begin(&w, whole_wrong_metadata);
	whole_choose_way(&w, (size_t)_i);
	whole_check(&w);
	char *findings = strdup(w.found.findings), *counts = strdup(w.found.counts);
	char with_fault[2][256];
	ck_assert_uint_gt(strlen(findings), 0);
	transcript_clear(&w.found);
	target = strlen(whole_wrong_metadata);
	const expectation good = {"CompletedWithErrors", findings, counts};
	for (unsigned k = 0; k < 2; k++) {
		snprintf(with_fault[k], sizeof with_fault[k], "%s%s", findings, side_finding(&whole_sides[0], k == 1));
		const expectation bad = {"CompletedWithErrors", with_fault[k], whole_sides[0].counts[k]};
		ck_assert_uint_eq(for_every_read(&kinds[k], &good, &bad), 2);
	}
	free(findings);
	free(counts);
	whole_end(&w);
}
END_TEST

/* ---- what nobody knows the hash of ---- */

START_TEST(without_a_hash_a_second_reading_proves_less)
{
	whole_begin(&w, whole_list_metadata);
	w.s.options.journal = NULL;
	target = whole_size(&w, "DriveManifest.xml");
	read_faults_spoil_nth(target, 1, -EIO);
	whole_check(&w);
	read_faults_clear();
	ck_assert_str_eq(w.found.findings, "V-03 error drive ReadManifestFailed\n");
	ck_assert_str_eq(w.found.counts, WHOLE_ALL_GOOD);
	whole_expect_text(&w, "of the file; flaky: a second reading, past the page cache, gave all bytes\n");
	transcript_clear(&w.found);
	whole_end(&w);
}
END_TEST

/* Whose drive it is, only its manifest tells. */
START_TEST(a_journal_of_several_drives_knows_the_hash)
{
	char hash[33];
	whole_begin(&w, whole_list_metadata);
	maker_hash_file(stage_place(&w.s, "DriveManifest.xml"), hash);
	maker_write_journal(
	    w.s.journal,
	    (const maker_record[]){
		{"OTHER1", maker_bitlocker_key, "\\DriveManifest.xml", "0123456789ABCDEF0123456789ABCDEF"},
		{"9WM35C2V", maker_bitlocker_key, "\\DriveManifest.xml", hash},
	    },
	    2);
	target = whole_size(&w, "DriveManifest.xml");
	static const expectation good = {"Completed", "", WHOLE_ALL_GOOD};
	static const expectation bad = {"ManifestCorrupted", "M-54 error drive ManifestCorrupted\n", WHOLE_ALL_GOOD};
	ck_assert_uint_ge(for_every_read(&kinds[1], &good, &bad), 6);
	whole_end(&w);
}
END_TEST

/* ---- a job, which reads manifests before it checks drives ---- */

static FILE *told;
static bool wrong_hash;

static void on_job_finding(void *context, const tally_finding *f)
{
	(void)context;
	wrong_hash |= strncmp(f->rule->id, "W-06", 4) == 0;
	fprintf(told, "%s %s\n", f->rule->id, f->message);
}

static void on_drive_finding(void *context, size_t subject, const tally_finding *f)
{
	(void)context, (void)subject;
	fprintf(told, "%s %s\n", f->rule->id, f->message);
}

/* What it tells of the manifest, of all that it reads. To be freed. */
static char *run_job(bool papers_only)
{
	char *text;
	size_t size;
	tally_error error;
	tally_job_summary summary;
	const char *const subjects[] = {w.s.journal, w.s.drive};
	const tally_job_options options = {.subjects = subjects,
					   .subject_count = 2,
					   .papers_only = papers_only,
					   .io = w.s.options.io,
					   .jobs = w.s.options.jobs};
	const tally_job_sink sink = {.finding = on_job_finding, .drive_finding = on_drive_finding};
	told = open_memstream(&text, &size);
	wrong_hash = false;
	ck_assert_int_eq(tally_job(&options, &sink, &summary, &error), TALLY_OK);
	ck_assert_int_eq(fclose(told), 0);
	ck_assert_msg(summary.exit_status == (text[0] != '\0'), "%d: %s", summary.exit_status, text);
	tally_job_summary_clear(&summary);
	return text;
}

/* Of papers only, it is told here; of a drive that is checked, only what its check meets itself. */
START_TEST(a_job_takes_no_flaky_manifest_for_another)
{
	static const char *const rules[] = {"V-03 ", "M-54 "};
	whole_begin(&w, whole_list_metadata);
	whole_choose_way(&w, (size_t)_i);
	target = whole_size(&w, "DriveManifest.xml");
	for (unsigned k = 0; k < 4; k++) {
		bool papers_only = k >= 2, met = true;
		unsigned flaky = 0;
		for (unsigned nth = 1; met; nth++) {
			read_faults_spoil_nth(target, nth, kinds[k % 2].answer);
			char *text = run_job(papers_only);
			met = read_faults_met() > 0;
			ck_assert_msg(!wrong_hash, "%s", text);
			ck_assert_msg(text[0] == '\0' ||
					  (strncmp(text, rules[k % 2], 5) == 0 && strstr(text, "; flaky: ")),
				      "%s", text);
			flaky += text[0] != '\0';
			free(text);
		}
		ck_assert_uint_ge(flaky, 3);
	}
	read_faults_clear();
	stage_append(&w.s, "DriveManifest.xml", "\n");
	char *text = run_job(true);
	ck_assert(wrong_hash);
	free(text);
	whole_end(&w);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_manifest_that_is_read_wrong_once_is_flaky, WHOLE_WAYS_WITH_IMAGES},
	    {a_side_file_that_is_read_wrong_once_is_flaky, WHOLE_WAYS_WITH_IMAGES},
	    {what_is_wrong_with_a_flaky_side_file_is_told_too, WHOLE_WAYS},
	    {without_a_hash_a_second_reading_proves_less, 0},
	    {a_journal_of_several_drives_knows_the_hash, 0},
	    {a_job_takes_no_flaky_manifest_for_another, WHOLE_WAYS},
	    {NULL, 0},
	};
	return suite_run("whole flaky", tests);
}
