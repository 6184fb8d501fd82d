/* SPDX-License-Identifier: Apache-2.0 */
/* Every case in process: status, exit status, counts and findings, the same with any number of threads. */
#include "support/suite.h"
#include "verify/cases.h"
#include "verify/read_faults.h"
#include "verify/transcript.h"

#include <stdio.h>
#include <string.h>

static void take(const check_case *c, stage *s, unsigned jobs, transcript *t)
{
	s->options.jobs = jobs;
	if (c->fault != NULL)
		c->fault(s);
	if (c->as_nobody)
		stage_become_nobody();
	transcript_take(t, &s->options);
	if (c->as_nobody)
		stage_become_root();
	ck_assert_msg(c->fault == NULL || read_faults_met(), "%s: the fault did not come about", c->name);
	read_faults_clear();
	ck_assert_msg(t->result == TALLY_OK, "%s: %s", c->name, t->error.message);
}

static void expect(const check_case *c, const transcript *t)
{
	const char *status = t->drive_status != NULL ? t->drive_status->code : NULL;
	bool same_status = status == c->drive_status ||
			   (status != NULL && c->drive_status != NULL && strcmp(status, c->drive_status) == 0);
	bool same = same_status && t->exit_status == c->exit_status && strcmp(t->counts, c->counts) == 0 &&
		    strcmp(t->findings, c->findings) == 0;
	ck_assert_msg(same,
		      "%s:\n%s, exit status %d\n%s\n%s---- instead of\n%s, exit status %d\n%s\n%s---- all of it:\n%s",
		      c->name, status, t->exit_status, t->counts, t->findings, c->drive_status, c->exit_status,
		      c->counts, c->findings, t->whole);
}

START_TEST(each_case_comes_out_as_it_should)
{
	static const unsigned jobs[] = {2, 7};
	const check_case *c = case_at((size_t)_i);
	stage s;
	stage_open(&s);
	if (case_make(c, &s)) {
		transcript first, other;
		take(c, &s, 1, &first);
		expect(c, &first);
		for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
			take(c, &s, jobs[i], &other);
			ck_assert_str_eq(other.whole, first.whole);
			transcript_clear(&other);
		}
		transcript_clear(&first);
	}
	stage_close(&s);
}
END_TEST

/* ---- no status is forgotten ---- */

/* Statuses that have something to go by, but not in a mounted directory. */
static const struct exception {
	tally_level level;
	const char *code, *reason;
} exceptions[] = {
    {TALLY_LEVEL_DRIVE, "VolumeNotNtfs", "needs the volume, not what is mounted"},
    {TALLY_LEVEL_DRIVE, "BitLockerVolumeNotFound", "needs the disk"},
    {TALLY_LEVEL_DRIVE, "BitLockerNotActivated", "needs the volume, not what is mounted"},
    {TALLY_LEVEL_DRIVE, "BitLockerProtectorNotFound", "needs the volume's BitLocker metadata"},
    {TALLY_LEVEL_DRIVE, "DiskOperationFailed",
     "read errors have statuses of their own: the manifest's, a blob's, a segment's"},
    {TALLY_LEVEL_DRIVE, "BlobListFormatInvalid", "the list of an export is not on the drive"},
};

static bool is_excepted(const tally_status *status)
{
	for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
		if (exceptions[i].level == status->level && strcmp(exceptions[i].code, status->code) == 0)
			return true;
	return false;
}

static bool has_case(const tally_status *status)
{
	for (size_t i = 0; i < case_count(); i++)
		if (case_leads_to(case_at(i), status))
			return true;
	return false;
}

START_TEST(each_status_has_a_case_or_a_reason)
{
	size_t seen = 0;
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (status->level > TALLY_LEVEL_PROPERTIES)
			continue;
		bool wanted = status->offline == TALLY_OFFLINE_YES || status->offline == TALLY_OFFLINE_PARTLY;
		seen++;
		ck_assert_msg(!wanted || has_case(status) != is_excepted(status), "%s %s has %s",
			      tally_level_name(status->level), status->code,
			      is_excepted(status) ? "a case, and a reason for having none" : "no case");
	}
	/* 23 of drives, 13 of blobs, 10 of segments, 12 of metadata and of properties */
	ck_assert_uint_eq(seen, 70);
}
END_TEST

START_TEST(exceptions_are_statuses)
{
	const struct exception *e = &exceptions[_i];
	const tally_status *status = tally_status_find(e->level, e->code);
	ck_assert_msg(status != NULL && status->offline <= TALLY_OFFLINE_PARTLY, "%s", e->code);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_case_comes_out_as_it_should, (int)case_count()},
	    {each_status_has_a_case_or_a_reason, 0},
	    {exceptions_are_statuses, (int)(sizeof exceptions / sizeof exceptions[0])},
	    {NULL, 0},
	};
	return suite_run("check status", tests);
}
