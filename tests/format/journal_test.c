/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "format/journal_outcome.h"
#include "format/journal_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- records ---------------------------------------------------------------------------------------------------- */

START_TEST(whole_journal)
{
	outcome o = judge(NEW_JOURNAL CONTEXT("LogDirectory: F:\\logs\n") DRIVE_INFO(GOOD_DRIVE("A-1")) DRIVE_INFO(
	    DRIVE("B_2", KEY, "manifests/B_2.manifest", "ffffffffffffffffffffffffffffffff")));
	check_findings(&o, "");
	ck_assert(!o.journal.is_drive_info);
	ck_assert_uint_eq(o.journal.drive_count, 2);
	const tally_journal_drive *a = &o.journal.drives[0], *b = &o.journal.drives[1];
	ck_assert_str_eq(a->drive_id, "A-1");
	ck_assert_str_eq(a->manifest_file, "\\DriveManifest.xml");
	ck_assert_int_eq(a->key, TALLY_KEY_RECOVERY);
	ck_assert(a->has_hash);
	ck_assert_mem_eq(a->manifest_hash, "\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB\xCD\xEF", 16);
	ck_assert_uint_eq(a->place.line, 12);
	ck_assert_str_eq(b->drive_id, "B_2");
	ck_assert_str_eq(b->manifest_file, "manifests/B_2.manifest");
	clear(&o);
}
END_TEST

START_TEST(drive_info_file)
{
	outcome o = judge(DRIVE_INFO(GOOD_DRIVE("A")));
	check_findings(&o, "");
	ck_assert(o.journal.is_drive_info);
	clear(&o);
	o = judge(DRIVE_INFO(GOOD_DRIVE("A")) DRIVE_INFO(GOOD_DRIVE("B")));
	check_findings(&o, "J-05");
	ck_assert(!o.journal.is_drive_info);
	clear(&o);
}
END_TEST

/* Earlier states of a drive need not be complete, the last one must. */
START_TEST(last_record_counts)
{
	static const char early[] = DRIVE_INFO(DECLARATION "<Drive><DriveId>A</DriveId></Drive>\n");
	static const char complete[] = DRIVE_INFO(GOOD_DRIVE("A"));
	char text[8192];
	snprintf(text, sizeof text, "%s%s%s", NEW_JOURNAL, early, complete);
	outcome o = judge(text);
	check_findings(&o, "");
	ck_assert_uint_eq(o.journal.drive_count, 1);
	ck_assert_str_eq(o.journal.drives[0].manifest_file, "\\DriveManifest.xml");
	clear(&o);
	snprintf(text, sizeof text, "%s%s%s", NEW_JOURNAL, complete, early);
	o = judge(text);
	check_findings(&o, "J-07.field J-07.field J-07.field");
	ck_assert_ptr_null(o.journal.drives[0].manifest_file);
	ck_assert(!o.journal.drives[0].has_hash);
	ck_assert_int_eq(o.journal.drives[0].key, TALLY_KEY_NONE);
	clear(&o);
	/* The later one is incomplete in another sense: it doesn't count at all. */
	snprintf(text, sizeof text, "%s%s%.*s", NEW_JOURNAL, complete, (int)(sizeof early - sizeof END), early);
	o = judge(text);
	check_findings(&o, "J-08");
	ck_assert_str_eq(o.journal.drives[0].manifest_file, "\\DriveManifest.xml");
	clear(&o);
	/* A state that can't be read speaks of no drive and supersedes none. */
	snprintf(text, sizeof text, "%s%s%s", NEW_JOURNAL, complete, DRIVE_INFO("<Drive><DriveId>A</DriveId>\n"));
	o = judge(text);
	check_findings(&o, "J-07.form");
	ck_assert_str_eq(o.journal.drives[0].manifest_file, "\\DriveManifest.xml");
	clear(&o);
}
END_TEST

START_TEST(wrong_lines)
{
	check("", "J-04.form");
	check("x", "J-04.form");
	check("\n\n\n", "J-04.form");
	check("some\nother\ntext\n", "J-04.form");
	check(END, "J-04.form");
	check(NEW_JOURNAL END, "J-07.none J-04.line");
	check("text\nand more text\n" NEW_JOURNAL "text\n\ntext\n" CONTEXT("LogDirectory: x\n") "text\n",
	      "J-07.none J-04.line J-04.line J-04.line");
	check(
	    NEW_JOURNAL CONTEXT("no field\nstill none\nName: value\n: none\nalso none: value\n\n  Indented: value  \n"),
	    "J-07.none J-04.line J-04.line");
	check(NEW_JOURNAL "[BeginUpdateRecord]\n" END "[BeginUpdateRecord][time]\n" END
			  "[BeginUpdateRecord][time][ActivityRecord]\n" END
			  "[BeginUpdateRecord][][Type:ActivityRecord]\n" END
			  "[BeginUpdateRecord][time][Type:ActivityRecord] x\n" END
			  "[BeginUpdateRecord][2.11.2016 18.24.14,7][Type:ActivityRecord]\n" END,
	      "J-07.none J-04.line J-04.line J-04.line J-04.line J-04.line");
	/* Without [EndValue] the end of the record ends the value too. */
	check(NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nDriveState: [BeginValue]\n" GOOD_DRIVE("A")
		  END,
	      "J-04.line");
	/* Without line ends between them, records are records still. */
	check(HEAD("NewJournalFile") "VocabularyVersion: 2013-02-01\n[EndUpdateRecord]" DRIVE_INFO(GOOD_DRIVE("A")),
	      "");
}
END_TEST

START_TEST(values)
{
	/* What a value looks like doesn't matter unless it is a DriveState, nor does one of another activity. */
	check(NEW_JOURNAL CONTEXT("Text: [BeginValue]\nno field\n[Begin]\n\n[EndValue]\nDriveState: <Blob/>\n"),
	      "J-07.none");
	check(NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nDriveState: [BeginValue]\n[EndValue]\n" END,
	      "J-07.form");
	check(NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nDriveState:\n" END, "J-07.form");
	check(NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nSaveCommandOutput: Completed\n" END,
	      "J-07.none");
	/* On one line, and before its ActivityId: unusual, but it says what it has to. */
	outcome o =
	    judge(NEW_JOURNAL HEAD("ActivityRecord") "DriveState:  <Drive><DriveId>A</DriveId><BitLockerKey>" KEY
						     "</BitLockerKey><ManifestFile>\\D.manifest</"
						     "ManifestFile><ManifestHash>1</ManifestHash></Drive>\n"
						     "ActivityId: DriveInfo\n" END);
	check_findings(&o, "R-05");
	ck_assert_uint_eq(o.list[0].line, 5);
	clear(&o);
	o = judge(NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nDriveState: [BeginValue]\n" GOOD_DRIVE(
	    "A") "[EndValue]\nDriveState: [BeginValue]\n" GOOD_DRIVE("B") "[EndValue]\n" END);
	check_findings(&o, "J-04.line");
	ck_assert_uint_eq(o.journal.drive_count, 1);
	ck_assert_str_eq(o.journal.drives[0].drive_id, "B");
	clear(&o);
	/* What the embedded document declares itself to be encoded in means nothing. */
	check(NEW_JOURNAL DRIVE_INFO(
		  "<?xml version=\"1.0\" encoding=\"utf-16\"?><Drive><DriveId>A</DriveId><BitLockerKey>" KEY
		  "</BitLockerKey><ManifestFile>\\DriveManifest.xml</ManifestFile><ManifestHash>" HASH
		  "</ManifestHash></Drive>\n"),
	      "");
}
END_TEST

START_TEST(first_record)
{
	check(CONTEXT("LogDirectory: x\n") NEW_JOURNAL, "J-07.none J-05");
	check(HEAD("NewJournalFile") END, "J-07.none J-05");
	check(HEAD("NewJournalFile") "VocabularyVersion: 1\n" END, "J-07.none J-05");
	check(NEW_JOURNAL HEAD("CopyRecord") END HEAD("BlobRecord") END CONTEXT("")
		  HEAD("ActivityRecord") "ActivityId: Copy\n" END HEAD("ActivityRecord") "ActivityId: Abort\n" END,
	      "J-07.none J-06 J-06");
}
END_TEST

START_TEST(no_text)
{
	check(NEW_JOURNAL "\xFF", "J-07.none XML-04");
	check("\xC3(not a journal)", "XML-04");
	outcome o = judge_every_way(NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A")) "\xC3",
				    sizeof(NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A"))));
	check_findings(&o, "XML-04");
	ck_assert_uint_eq(o.list[0].offset, sizeof(NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A"))) - 1);
	ck_assert_uint_eq(o.journal.drive_count, 1);
	clear(&o);
}
END_TEST

/* ---- drives ----------------------------------------------------------------------------------------------------- */

static void check_drive(const char *file, const char *hash, const char *id, const char *expected)
{
	char text[200000];
	snprintf(text, sizeof text, NEW_JOURNAL DRIVE_INFO(DRIVE("%s", KEY, "%s", "%s")), id, file, hash);
	outcome o = judge(text);
	ck_assert_uint_eq(o.journal.drive_count, 1);
	ck_assert_str_eq(o.journal.drives[0].drive_id, id);
	ck_assert_str_eq(o.journal.drives[0].manifest_file, file);
	ck_assert_int_eq(o.journal.drives[0].has_hash, strstr(expected, "R-05") == NULL);
	check_findings(&o, expected);
	clear(&o);
}

START_TEST(drive_values)
{
	static const char *const usual[] = {"\\DriveManifest.xml", "/DriveManifest.xml", "drivemanifest.XML",
					    "\\8a0c23f7-14b7-470a-9633-fcd46590a1bc.manifest",
					    "\\folder\\9WM35C3U.Manifest"};
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		check_drive(usual[i], HASH, "A", "");
	check_drive("\\drive-manifest.xml", HASH, "A", "M-02");
	check_drive("\\folder\\DriveManifest.xml", HASH, "A", "M-02");
	check_drive("\\.manifest.xml", HASH, "A", "M-02");
	check_drive("\\\\DriveManifest.xml", HASH, "A", "R-04");
	check_drive("\\con\\DriveManifest.xml", HASH, "A", "R-04");
	char *path = calloc(1, 70000);
	ck_assert_ptr_nonnull(path);
	for (size_t i = 0; i < 33000; i++)
		path[i] = i % 100 == 0 ? '\\' : 'a';
	check_drive(path, HASH, "A", "R-04.length");
	free(path);

	check_drive("\\DriveManifest.xml", "0123456789abcdef0123456789abcdeg", "A", "R-05");
	check_drive("\\DriveManifest.xml", "ASNFZ4mrze8BI0VniavN7w==", "A", "R-05");
	check_drive("\\DriveManifest.xml", "*******", "A", "R-05");
	check_drive("\\DriveManifest.xml", HASH, "9WM 35C2V", "M-11.blank");
	check_drive("\\DriveManifest.xml", HASH, "9WM35C2V.", "M-11.characters");
	check_drive("\\DriveManifest.xml", HASH, "WD-WMATV123456_x", "");
}
END_TEST

/* Each finding points at the element it speaks of. */
START_TEST(places)
{
	static const char text[] = NEW_JOURNAL DRIVE_INFO(
	    DRIVE("A B", "000011-000022-000034-000044-000055-000066-000077-000088", "C:\\x", "0"));
	static const char *const elements[] = {"<DriveId>", "<BitLockerKey>", "<ManifestFile>", "<ManifestHash>"};
	outcome o = judge_every_way(text, sizeof text - 1);
	check_findings(&o, "M-11.blank B-02 R-04 R-05");
	for (size_t i = 0; i < o.count; i++)
		ck_assert_uint_eq(o.list[i].offset, (size_t)(strstr(text, elements[i]) - text));
	ck_assert(strstr(o.list[1].text, "group 3") != NULL);
	ck_assert_uint_eq(o.journal.drives[0].place.offset, (size_t)(strstr(text, "<Drive>") - text));
	ck_assert_uint_eq(o.journal.drives[0].end_offset, sizeof text - sizeof END);
	clear(&o);
}
END_TEST

/* ---- limits ----------------------------------------------------------------------------------------------------- */

START_TEST(too_large)
{
	static const char good[] = NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A"));
	size_t limit = 2 * 1024 * 1024;
	char *text = malloc(limit + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text, good, sizeof good - 1);
	memset(text + sizeof good - 1, '\n', limit + 1 - (sizeof good - 1));
	outcome o = judge_pieces(text, limit, 0);
	check_findings(&o, "");
	clear(&o);
	o = judge_pieces(text, limit + 1, 0);
	check_findings(&o, "J-03");
	clear(&o);
	free(text);
}
END_TEST

/* `front`, `count` times `fill`, `back`. */
static char *padded(const char *front, char fill, size_t count, const char *back)
{
	char *text = malloc(strlen(front) + count + strlen(back) + 1);
	ck_assert_ptr_nonnull(text);
	strcpy(text, front);
	memset(text + strlen(front), fill, count);
	strcpy(text + strlen(front) + count, back);
	return text;
}

static void check_padded(const char *front, char fill, size_t count, const char *back, const char *expected)
{
	static const size_t sizes[] = {0, 4096, 65536 + 1};
	char *text = padded(front, fill, count, back);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		outcome o = judge_pieces(text, strlen(text), sizes[i]);
		check_findings(&o, expected);
		clear(&o);
	}
	free(text);
}

START_TEST(long_lines_and_values)
{
	static const char front[] = NEW_JOURNAL HEAD("ActivityRecord") "Name: ";
	static const char back[] =
	    "\nActivityId: DriveInfo\nDriveState: [BeginValue]\n" GOOD_DRIVE("A") "[EndValue]\n" END;
	check_padded(front, 'x', TALLY_JOURNAL_LINE_MAX - 8, back, "");
	check_padded(front, 'x', TALLY_JOURNAL_LINE_MAX, back, "J-04.line");
	check_padded(front, 'x', 3 * TALLY_JOURNAL_LINE_MAX, back, "J-04.line");

	/* What looks like a line of its own is none at the end of a long one. */
	check_padded(front, 'x', TALLY_JOURNAL_LINE_MAX - strlen("Name: "), "[EndUpdateRecord]\nName: value\n" END,
		     "J-07.none J-04.line");
	check_padded(NEW_JOURNAL HEAD("ActivityRecord") "Text: [BeginValue]\n", 'x', TALLY_JOURNAL_LINE_MAX,
		     "[EndValue]\nno field\n[EndValue]\n" END, "J-07.none");

	/* A line of a value may have any length; of what is not needed, the value as well. */
	static const char value[] = NEW_JOURNAL HEAD("ActivityRecord") "Text: [BeginValue]\n";
	check_padded(value, 'x', 2 * TALLY_JOURNAL_VALUE_MAX, "\n[EndValue]\n" END, "J-03 J-07.none");
	static const char state[] =
	    NEW_JOURNAL HEAD("ActivityRecord") "ActivityId: DriveInfo\nDriveState: [BeginValue]\n<Drive>";
	static const char rest[] =
	    "<DriveId>A</DriveId><BitLockerKey>" KEY "</BitLockerKey><ManifestFile>\\DriveManifest.xml"
	    "</ManifestFile><ManifestHash>" HASH "</ManifestHash></Drive>\n[EndValue]\n" END;
	size_t taken = strlen("<Drive>") + (size_t)(strstr(rest, "[EndValue]") - rest);
	check_padded(state, ' ', TALLY_JOURNAL_VALUE_MAX - taken, rest, "");
	check_padded(state, '\n', TALLY_JOURNAL_VALUE_MAX - taken, rest, "");
	check_padded(state, ' ', TALLY_JOURNAL_VALUE_MAX - taken + 1, rest, "XML-03");
	check_padded(NEW_JOURNAL HEAD("ActivityRecord") "DriveState: [BeginValue]\n<Drive><DriveId>", 'A', 128,
		     rest + 10, "XML-03");
}
END_TEST

START_TEST(many_drives)
{
	size_t size = 0, capacity = 1 << 20;
	char *text = malloc(capacity);
	ck_assert_ptr_nonnull(text);
	size += (size_t)snprintf(text, capacity, NEW_JOURNAL);
	for (int i = 0; i < TALLY_JOURNAL_DRIVES_MAX + 1; i++) {
		outcome o = {.count = 0};
		if (i == TALLY_JOURNAL_DRIVES_MAX) {
			o = judge(text);
			check_findings(&o, "");
			ck_assert_uint_eq(o.journal.drive_count, TALLY_JOURNAL_DRIVES_MAX);
			clear(&o);
		}
		size += (size_t)snprintf(text + size, capacity - size,
					 DRIVE_INFO(DRIVE("D%d", KEY, "\\DriveManifest.xml", HASH)), i);
		ck_assert_uint_lt(size, capacity);
	}
	outcome o = judge(text);
	check_findings(&o, "XML-03");
	ck_assert_uint_eq(o.journal.drive_count, TALLY_JOURNAL_DRIVES_MAX);
	clear(&o);
	free(text);
}
END_TEST

/* ---- failures of the run ---------------------------------------------------------------------------------------- */

START_TEST(read_errors)
{
	static const char good[] = NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A"));
	outcome o = judge_source(&(pieces){good, sizeof good - 1, 100, 200});
	ck_assert_int_eq(o.result, TALLY_ERROR_IO);
	ck_assert_int_eq(o.error.os_error, EIO);
	clear(&o);
}
END_TEST

static int calls_left;

static int fail_later(void)
{
	return calls_left-- <= 0;
}

START_TEST(out_of_memory)
{
	static const char good[] =
	    NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A")) DRIVE_INFO(GOOD_DRIVE("B")) DRIVE_INFO(GOOD_DRIVE("A"));
	int n = 0;
	for (bool finished = false; !finished; n++) {
		calls_left = n;
		tally_allocation_fault = fail_later;
		outcome o = judge_pieces(good, sizeof good - 1, 0);
		tally_allocation_fault = NULL;
		finished = o.result == TALLY_OK;
		if (!finished) {
			ck_assert_int_eq(o.result, TALLY_ERROR_NO_MEMORY);
			ck_assert_int_eq(o.error.code, TALLY_ERROR_NO_MEMORY);
		} else {
			check_findings(&o, "");
		}
		clear(&o);
	}
	ck_assert_int_gt(n, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format/journal");
	TCase *tcase = tcase_create("journal");
	tcase_add_test(tcase, whole_journal);
	tcase_add_test(tcase, drive_info_file);
	tcase_add_test(tcase, last_record_counts);
	tcase_add_test(tcase, wrong_lines);
	tcase_add_test(tcase, values);
	tcase_add_test(tcase, first_record);
	tcase_add_test(tcase, no_text);
	tcase_add_test(tcase, drive_values);
	tcase_add_test(tcase, places);
	tcase_add_test(tcase, too_large);
	tcase_add_test(tcase, long_lines_and_values);
	tcase_add_test(tcase, many_drives);
	tcase_add_test(tcase, read_errors);
	tcase_add_test(tcase, out_of_memory);
	suite_add_tcase(suite, tcase);
	return run_journal_suite(suite);
}
