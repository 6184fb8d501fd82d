/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Storage account keys, signatures of SAS tokens and BitLocker keys, wherever they are on a drive or in its journal,
 * stand in nothing that a check tells, neither in process nor through the command; not even parts of them do.
 */
#include "base/memory.h"
#include "support/suite.h"
#include "verify/command.h"
#include "verify/stage.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* None of them opens anything. */
#define ACCOUNT_KEY "9vXb2mQz7LkTfWc0RgYhN5pUaJsEoD1iKeMqVxBtZuCnHrGy8jFlSwA3d6P4OI+Zq0TnKbMwXyLc5RfVgJhDsg=="
/* Without the characters that no file's name can have. */
#define NAME_KEY "9vXb2mQz7LkTfWc0RgYhN5pUaJsEoD1iKeMqVxBtZuCnHrGy8jFlSwA3d6P4OIxZq0TnKbMwXyLc5RfVgJhDsg=="
#define SIGNATURE "GLvBih2BoFuQvckBSHWKMXwqGJHlPkESmZh9pjnHuc"
#define SAS "pictures?sv=2014-02-14&sr=c&sig=" SIGNATURE "%3D&sp=rwd"
#define BITLOCKER_KEY "215974-398651-046717-583209-130427-671935-260656-498113"
#define BITLOCKER_DIGITS "215974398651046717583209130427671935260656498113"

/* Of these no twelve characters in a row may appear. */
static const char *const secrets[] = {ACCOUNT_KEY, NAME_KEY, SIGNATURE, BITLOCKER_KEY, BITLOCKER_DIGITS};
#define PART 12

typedef struct secret_case {
	const char *name;
	const char *edits[5]; /* of the manifest */
	void (*prepare)(stage *s);
	void (*damage)(const stage *s);
} secret_case;

/* ---- in the manifest ---- */

static void sas_for_key(stage *s)
{
	s->made.container_sas = SAS;
}

static void sas_without_mark(stage *s)
{
	s->made.container_sas = "pictures sv=2014-02-14&sr=c&sig=" SIGNATURE;
}

static void cut_manifest(const stage *s, const char *text, size_t keep)
{
	stage_resize(s, "DriveManifest.xml", (off_t)(stage_find(s, "DriveManifest.xml", text) + keep));
}

static void cut_within_key(const stage *s)
{
	cut_manifest(s, ACCOUNT_KEY, 60);
}

static void cut_within_tag(const stage *s)
{
	cut_manifest(s, BITLOCKER_KEY, 40);
}

static void id_is_key(stage *s)
{
	s->made.drive_id = BITLOCKER_KEY;
}

static void id_is_account_key(stage *s)
{
	s->made.drive_id = ACCOUNT_KEY;
}

/* ---- in the journal ---- */

static void put_journal(const stage *s, const char *state)
{
	FILE *out = fopen(s->journal, "wb");
	ck_assert_ptr_nonnull(out);
	fprintf(out,
		"[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\nVocabularyVersion: "
		"2013-02-01\n[EndUpdateRecord]\n"
		"[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\nActivityId: "
		"DriveInfo\n%s[EndUpdateRecord]\n",
		state);
	fclose(out);
}

#define STATE(inner) "DriveState: [BeginValue]\n<Drive>\n" inner "</Drive>\n[EndValue]\n"
#define FIELDS                                                                  \
  "<DriveId>9WM35C2V</DriveId><ManifestFile>\\DriveManifest.xml</ManifestFile>" \
  "<ManifestHash>00112233445566778899AABBCCDDEEFF</ManifestHash>"

static void key_with_wrong_digit(const stage *s)
{
	put_journal(s, STATE(FIELDS "<BitLockerKey>" BITLOCKER_KEY "</BitLockerKey>"));
}

static void key_in_parts(const stage *s)
{
	put_journal(
	    s, STATE(FIELDS
		     "<BitLockerKey>215974-398651-046717-<b>583209-130427-671935-260656</b>-498113</BitLockerKey>"));
}

static void key_in_unknown_element(const stage *s)
{
	put_journal(s, STATE(FIELDS "<Key>" BITLOCKER_KEY "</Key><Other Key=\"" BITLOCKER_KEY "\"/>" BITLOCKER_KEY));
}

static void key_in_other_fields(const stage *s)
{
	put_journal(s, STATE("<DriveId>" BITLOCKER_KEY "</DriveId><BitLockerKey>" BITLOCKER_KEY "</BitLockerKey>"
			     "<ManifestFile>\\" BITLOCKER_KEY ".xml</ManifestFile><ManifestHash>" ACCOUNT_KEY
			     "</ManifestHash>"));
}

static void key_in_broken_xml(const stage *s)
{
	put_journal(s, "DriveState: [BeginValue]\n<Drive><DriveId>9WM35C2V</DriveId><BitLockerKey " BITLOCKER_KEY
		       "</Drive>\n[EndValue]\n");
}

static void key_that_breaks_off(const stage *s)
{
	put_journal(
	    s, "DriveState: [BeginValue]\n<Drive><DriveId>9WM35C2V</DriveId><BitLockerKey>215974-398651-046717-583209");
}

static void key_in_lines(const stage *s)
{
	put_journal(s, "BitLockerKey: " BITLOCKER_KEY "\n" BITLOCKER_KEY "\nStorageAccountKey: " ACCOUNT_KEY
		       "\n" ACCOUNT_KEY "\nContainerSas: " SAS "\n" SAS "\n" BITLOCKER_KEY
		       ": x\nActivityId: " BITLOCKER_KEY "\n"
		       "[BeginUpdateRecord][" BITLOCKER_KEY "][Type:" BITLOCKER_KEY "]\n[" ACCOUNT_KEY "]\n");
}

static void only_a_key(const stage *s)
{
	FILE *out = fopen(s->journal, "wb");
	fputs(BITLOCKER_KEY "\n", out);
	fclose(out);
}

static void unusual_manifest_name(stage *s)
{
	s->made.manifest = "\\" BITLOCKER_KEY ".xml";
}

static void lost_manifest_name(stage *s)
{
	s->made.record.manifest_file = "\\" NAME_KEY "\\" BITLOCKER_KEY ".xml";
}

/* ---- in names on the drive ---- */

static void other_names(const stage *s)
{
	stage_write(s, "sig=" SIGNATURE, "");
	stage_write(s, BITLOCKER_KEY ".txt", "");
	stage_write(s, BITLOCKER_DIGITS "/key", "");
	stage_write(s, BITLOCKER_DIGITS "/KEY", "");
	stage_write(s, NAME_KEY "/" NAME_KEY, "");
	stage_link(s, "AccountKey=" NAME_KEY, "nowhere");
}

#define LONG "0123456789012345678901234567890123456789012345678901234567"

/* What is said of a long path is cut in front: within the key. */
static void make_obstacle(const stage *s)
{
	stage_write(s, NAME_KEY "/" LONG "/x", "");
	stage_link(s, NAME_KEY "/" LONG "/a.jpg", "nowhere");
}

/* Not digits, which would pass for more of the key. */
#define NO_KEY "-of-a-very-long-name-of-a-very-long-name-of-a-very-long-na"
#define LONG_FOLDER BITLOCKER_KEY NO_KEY NO_KEY

static void linked_manifest_name(stage *s)
{
	s->made.record.manifest_file = "\\" LONG_FOLDER "\\x.xml";
}

static void link_manifest(const stage *s)
{
	stage_write(s, LONG_FOLDER "/y", "");
	stage_link(s, LONG_FOLDER "/x.xml", "../DriveManifest.xml");
}

static void make_ambiguous(const stage *s)
{
	stage_write(s, BITLOCKER_KEY ".Txt", "");
	stage_write(s, BITLOCKER_KEY ".TXT", "");
}

static void write_side_files(const stage *s)
{
	stage_write(s, BITLOCKER_KEY ".xml", "<Metadata>" BITLOCKER_KEY "<a-b>" ACCOUNT_KEY "</a-b></Metadata>");
	stage_write(s, "disks/b.vhd.properties",
		    "<Properties><Content-MD5>" ACCOUNT_KEY "</Content-MD5><Content-Type Key=\"" BITLOCKER_KEY
		    "\"/></Properties>");
}

#define FIRST_PATH "<FilePath>\\pictures\\a.jpg"

static const secret_case cases[] = {
    {.name = "an account key",
     .edits = {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
	       ACCOUNT_KEY}},
    {.name = "a damaged account key", .edits = {"<StorageAccountKey>AAAA", "<StorageAccountKey>" ACCOUNT_KEY "AAAA"}},
    {.name = "a key that is not closed", .edits = {"</StorageAccountKey>", ACCOUNT_KEY}},
    {.name = "a key that breaks off",
     .edits = {"<StorageAccountKey>", "<StorageAccountKey>" ACCOUNT_KEY},
     .damage = cut_within_key},
    {.name = "an unknown element", .edits = {"<BlobList>", "<AccountKey>" ACCOUNT_KEY "</AccountKey><BlobList>"}},
    {.name = "the name of an element", .edits = {"<BlobList>", "<_" BITLOCKER_KEY "/><BlobList>"}},
    {.name = "the name of an attribute", .edits = {"<BlobList>", "<BlobList _" BITLOCKER_DIGITS "=\"\">"}},
    {.name = "an attribute", .edits = {"<BlobList>", "<BlobList Id=\"" ACCOUNT_KEY "\" Key=\"" ACCOUNT_KEY "\">"}},
    {.name = "an attribute without quotes", .edits = {"<BlobList>", "<BlobList Key=" ACCOUNT_KEY ">"}},
    {.name = "a tag that breaks off",
     .edits = {"<BlobList>", "<BlobList Key=\"" BITLOCKER_KEY "\">"},
     .damage = cut_within_tag},
    {.name = "the version", .edits = {"2014-11-01", BITLOCKER_KEY}},
    {.name = "stray text", .edits = {"<BlobList>", ACCOUNT_KEY " " BITLOCKER_KEY "<BlobList>"}},
    {.name = "text in front", .edits = {"<?xml", BITLOCKER_KEY "<?xml"}},
    {.name = "an entity", .edits = {"<BlobList>", "&_" BITLOCKER_KEY ";<BlobList>"}},
    {.name = "a processing instruction", .edits = {"<BlobList>", "<?_" BITLOCKER_KEY " " ACCOUNT_KEY "<BlobList>"}},
    {.name = "an encoding", .edits = {"UTF-8", "_" BITLOCKER_KEY}},
    {.name = "a drive's id", .prepare = id_is_key},
    {.name = "a drive's id that is no key of a drive", .prepare = id_is_account_key},
    {.name = "a drive's id that only the journal has",
     .edits = {"    <DriveId>9WM35C2V</DriveId>\n", ""},
     .damage = key_in_other_fields},
    {.name = "a SAS", .prepare = sas_for_key},
    {.name = "a damaged SAS", .prepare = sas_without_mark},
    {.name = "a destination",
     .edits = {"<BlobPath>pictures/a.jpg", "<BlobPath>" SAS "/" ACCOUNT_KEY "/" BITLOCKER_KEY}},
    {.name = "a destination that stays",
     .edits = {"<BlobPath>pictures/a.jpg", "<BlobPath>pictures/a.jpg?sig=" SIGNATURE}},
    {.name = "a container", .edits = {"<BlobPath>pictures/a.jpg", "<BlobPath>" BITLOCKER_KEY "/a.jpg"}},
    {.name = "a file", .edits = {FIRST_PATH, "<FilePath>\\" BITLOCKER_KEY "\\" NAME_KEY "\\a.jpg"}},
    {.name = "a file that has no name", .edits = {FIRST_PATH, "<FilePath>\\a?sig=" SIGNATURE}},
    {.name = "a file behind a long path",
     .edits = {FIRST_PATH, "<FilePath>\\" NAME_KEY "\\" LONG "\\a.jpg"},
     .damage = make_obstacle},
    {.name = "one of two files", .edits = {FIRST_PATH, "<FilePath>\\" BITLOCKER_KEY ".txt"}, .damage = make_ambiguous},
    {.name = "a length", .edits = {"<Length>10000", "<Length>" BITLOCKER_DIGITS}},
    {.name = "a disposition", .edits = {">rename<", ">" BITLOCKER_KEY "<"}},
    {.name = "a snapshot", .edits = {"<Length>100<", "<Snapshot>" BITLOCKER_KEY "</Snapshot><Length>100<"}},
    {.name = "a hash", .edits = {"Length=\"100\" Hash=\"", "Length=\"100\" Hash=\"" ACCOUNT_KEY}},
    {.name = "a block's id", .edits = {"Length=\"100\" ", "Length=\"100\" Id=\"" ACCOUNT_KEY "\" "}},
    {.name = "side files",
     .edits = {"disks\\b.vhd.metadata", BITLOCKER_KEY ".xml", "\\list.properties.xml",
	       "\\" NAME_KEY "\\sig=" SIGNATURE},
     .damage = write_side_files},
    {.name = "a wrong key", .damage = key_with_wrong_digit},
    {.name = "a key in parts", .damage = key_in_parts},
    {.name = "a key in an unknown element", .damage = key_in_unknown_element},
    {.name = "keys in other fields", .damage = key_in_other_fields},
    {.name = "a key in broken XML", .damage = key_in_broken_xml},
    {.name = "a journal that breaks off", .damage = key_that_breaks_off},
    {.name = "keys in lines", .damage = key_in_lines},
    {.name = "only a key", .damage = only_a_key},
    {.name = "a manifest's name", .prepare = unusual_manifest_name},
    {.name = "the name of a lost manifest", .prepare = lost_manifest_name},
    {.name = "the long name of a manifest that is a link", .prepare = linked_manifest_name, .damage = link_manifest},
    {.name = "other files", .damage = other_names},
};
#define CASES (sizeof cases / sizeof cases[0])

static void make(const secret_case *c, stage *s)
{
	stage_open(s);
	if (c->prepare != NULL)
		c->prepare(s);
	stage_make(s, c->edits);
	if (c->damage != NULL)
		c->damage(s);
}

static const char *case_name;

static void expect_none(const char *text, const char *where)
{
	for (size_t i = 0; text != NULL && i < sizeof secrets / sizeof secrets[0]; i++)
		for (size_t at = 0; at + PART <= strlen(secrets[i]); at++) {
			char part[PART + 1];
			snprintf(part, sizeof part, "%s", secrets[i] + at);
			ck_assert_msg(strstr(text, part) == NULL, "%s: %s shows %s: %s", case_name, where, part, text);
		}
}

/* ---- in process ---- */

static void on_finding(void *context, const tally_finding *f)
{
	size_t *count = context;
	++*count;
	expect_none(f->blob_path, "a finding's blob");
	expect_none(f->file_path, "a finding's file");
	expect_none(f->document, "a finding's document");
	expect_none(f->expected, "what is expected");
	expect_none(f->actual, "what is there");
	expect_none(f->message, "a message");
}

static void on_blob(void *context, const tally_blob_report *b)
{
	(void)context;
	expect_none(b->blob_path, "a blob");
	expect_none(b->file_path, "a blob's file");
	expect_none(b->snapshot, "a blob's snapshot");
	expect_none(b->disposition, "a blob's disposition");
}

static void on_drive(void *context, const tally_drive_report *d)
{
	(void)context;
	expect_none(d->drive_id, "a drive");
}

static void on_segment(void *context, const tally_segment_report *g)
{
	(void)context;
	expect_none(g->id, "a segment's id");
}

static void on_side_file(void *context, const tally_side_report *f)
{
	(void)context;
	expect_none(f->path, "a side file");
}

static bool on_progress(void *context, const tally_progress *p)
{
	(void)context;
	expect_none(p->file_path, "the progress");
	return true;
}

START_TEST(no_callback_gets_a_secret)
{
	const secret_case *c = &cases[_i];
	stage s;
	size_t count = 0;
	tally_summary summary;
	tally_error error;
	tally_sink sink = {.context = &count,
			   .finding = on_finding,
			   .drive = on_drive,
			   .blob_begin = on_blob,
			   .segment = on_segment,
			   .side_file = on_side_file,
			   .blob = on_blob,
			   .progress = on_progress};
	case_name = c->name;
	make(c, &s);
	for (unsigned strict = 0; strict < 2; strict++) {
		s.options.strict = strict == 1;
		ck_assert_int_eq(tally_check(&s.options, &sink, &summary, &error), TALLY_OK);
		expect_none(summary.drive_id, "the drive's id");
		for (size_t i = 0; i < summary.gap_count; i++)
			expect_none(summary.gaps[i].why, "a gap");
		tally_summary_clear(&summary);
	}
	stage_close(&s);
}
END_TEST

/* Whatever of the manifest was in memory is wiped before anybody else gets that memory. */
static unsigned left;

static void search(const void *memory)
{
	const size_t part = 20;
	size_t size = malloc_usable_size((void *)(uintptr_t)memory);
	left += memmem(memory, size, ACCOUNT_KEY, part) != NULL;
}

START_TEST(no_account_key_is_left_in_memory)
{
	stage s;
	tally_summary summary;
	stage_open(&s);
	stage_make(&s, (const char *const[]){"<StorageAccountKey>", "<StorageAccountKey>" ACCOUNT_KEY, NULL});
	/* The second time its hash is wrong, so that it is read a second time, too. */
	for (int i = 0; i < 2; i++) {
		left = 0;
		tally_free_watch = search;
		ck_assert_int_eq(tally_check(&s.options, NULL, &summary, NULL), TALLY_OK);
		tally_free_watch = NULL;
		ck_assert_msg(left == 0, "%u pieces of memory were freed with the key in them", left);
		tally_summary_clear(&summary);
		stage_append(&s, "DriveManifest.xml", "\n");
	}
	stage_close(&s);
}
END_TEST

/* A message has an end, and what is cut off there may no longer look like a key. */
START_TEST(no_part_of_a_name_is_a_secret)
{
	static char element[1200];
	stage s;
	size_t count = 0;
	tally_summary summary;
	tally_sink sink = {.context = &count, .finding = on_finding};
	case_name = "the name of an element, long";
	for (size_t front = 1; front < 1000; front += front < 850 ? 50 : 5) {
		stage_open(&s);
		strcpy(element, "<");
		memset(element + 1, 'x', front);
		sprintf(element + 1 + front, "_%s/><BlobList>", BITLOCKER_KEY);
		stage_make(&s, (const char *const[]){"<BlobList>", element, NULL});
		ck_assert_int_eq(tally_check(&s.options, &sink, &summary, NULL), TALLY_OK);
		tally_summary_clear(&summary);
		stage_close(&s);
	}
	ck_assert_uint_gt(count, 40);
}
END_TEST

/* ---- through the command ---- */

START_TEST(no_output_has_a_secret)
{
	static const char *const formats[] = {"text", "json", "sarif", "junit", "drivelog", "drivelog-errors"};
	const secret_case *c = &cases[_i];
	stage s;
	case_name = c->name;
	make(c, &s);
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		command_result result;
		command_run(&result,
			    (const char *const[]){"check", s.drive, "--journal", s.journal, "--verbose", "--format",
						  formats[i], NULL},
			    false);
		/* Where the service would have no log. */
		bool broken_off = strstr(result.diagnostics, "there is no complete log: ") != NULL;
		ck_assert_msg(broken_off ? result.exit_status == 3 : result.exit_status <= 1, "%s: exit status %d: %s",
			      c->name, result.exit_status, result.diagnostics);
		ck_assert_uint_gt(strlen(result.output), 100);
		expect_none(result.output, formats[i]);
		expect_none(result.diagnostics, "the diagnostics");
		command_clear(&result);
	}
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {no_callback_gets_a_secret, CASES},
	    {no_account_key_is_left_in_memory, 0},
	    {no_part_of_a_name_is_a_secret, 0},
	    {command_is_there() ? no_output_has_a_secret : NULL, CASES},
	    {NULL, 0},
	};
	return suite_run("check secrets", tests);
}
