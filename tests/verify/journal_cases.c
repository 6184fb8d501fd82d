/* SPDX-License-Identifier: Apache-2.0 */
/* What a journal changes: keys, hashes, and which of its records speaks of this drive. */
#include "verify/cases.h"

#include <stdio.h>

#define OURS "9WM35C2V"
#define THEIRS "WD-WMATV123456"
#define WRONG_HASH "00112233445566778899AABBCCDDEEFF"
/* One digit is wrong in the third group. */
#define WRONG_KEY "000011-000022-000034-000044-000055-000066-000077-000088"

static void wrong_key(stage *s)
{
	s->made.record.bitlocker_key = WRONG_KEY;
}

static void short_key(stage *s)
{
	s->made.record.bitlocker_key = "000011-000022-000033";
}

static void masked_key(stage *s)
{
	s->made.record.bitlocker_key = "*******";
}

static void external_key(stage *s)
{
	s->made.record.bitlocker_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
}

static void wrong_hash(stage *s)
{
	s->made.record.manifest_hash = WRONG_HASH;
}

static void half_a_hash(stage *s)
{
	s->made.record.manifest_hash = "0011223344556677";
}

static void long_hash(stage *s)
{
	s->made.record.manifest_hash = WRONG_HASH WRONG_HASH;
}

/* A record of this drive that is as it should be. `hash` is filled in. */
static maker_record good(const stage *s, char hash[33])
{
	maker_hash_file(stage_place(s, "DriveManifest.xml"), hash);
	return (maker_record){OURS, maker_bitlocker_key, "\\DriveManifest.xml", hash};
}

static const maker_record good_other = {THEIRS, maker_bitlocker_key, "\\DriveManifest.xml", WRONG_HASH};
/* Every field is wrong, or isn't there. */
static const maker_record bad_other = {THEIRS, WRONG_KEY, "C:\\DriveManifest.xml", NULL};

static void after_another(const stage *s)
{
	char hash[33];
	maker_write_journal(s->journal, (maker_record[]){good_other, good(s, hash)}, 2);
}

static void between_broken_ones(const stage *s)
{
	char hash[33];
	maker_record third = bad_other;
	third.drive_id = "THIRD";
	maker_write_journal(s->journal, (maker_record[]){bad_other, good(s, hash), third}, 3);
}

static void after_broken_own(const stage *s)
{
	char hash[33];
	maker_record first = bad_other;
	first.drive_id = OURS;
	maker_write_journal(s->journal, (maker_record[]){first, good_other, good(s, hash)}, 3);
}

static void before_broken_own(const stage *s)
{
	char hash[33];
	maker_record last = good(s, hash);
	last.bitlocker_key = WRONG_KEY;
	maker_write_journal(s->journal, (maker_record[]){good(s, hash), good_other, last}, 3);
}

static void hash_of_older_record(const stage *s)
{
	char hash[33];
	maker_record last = good(s, hash);
	last.manifest_hash = WRONG_HASH;
	maker_write_journal(s->journal, (maker_record[]){good(s, hash), last}, 2);
}

static void other_paths(const stage *s)
{
	char hash[33];
	maker_record second = good_other;
	second.manifest_file = "\\WD-WMATV123456.manifest";
	maker_write_journal(s->journal, (maker_record[]){second, good(s, hash)}, 2);
}

static void only_others(const stage *s)
{
	maker_record second = good_other;
	second.drive_id = "THIRD";
	maker_write_journal(s->journal, (maker_record[]){good_other, second}, 2);
}

static void no_drive(const stage *s)
{
	maker_write_journal(s->journal, NULL, 0);
}

static void put_journal(const stage *s, const char *text)
{
	FILE *out = fopen(s->journal, "wb");
	fputs(text, out);
	fclose(out);
}

static void empty(const stage *s)
{
	put_journal(s, "");
}

static void something_else(const stage *s)
{
	put_journal(s, "Dear Sir or Madam,\nplease find the drives enclosed.\n");
}

/* What is left of a journal when the tool is interrupted: the record before counts. */
static void interrupted(const stage *s)
{
	char hash[33];
	maker_write_journal(s->journal, (maker_record[]){good(s, hash)}, 1);
	FILE *out = fopen(s->journal, "ab");
	fprintf(out, "[BeginUpdateRecord][2016/11/01 21:30:00.000][Type:ActivityRecord]\nActivityId: "
		     "DriveInfo\nDriveState: [BeginValue]\n"
		     "<Drive>\n   <DriveId>" OURS "</DriveId>\n   <BitLockerKey>" WRONG_KEY "</BitLockerKey>\n");
	fclose(out);
}

static void ask_for_ours(stage *s)
{
	s->options.drive_id = OURS;
}

static void ask_for_theirs(stage *s)
{
	s->options.drive_id = THEIRS;
}

const check_case journal_cases[] = {
    {
	.name = "a wrong digit in the key",
	.prepare = wrong_key,
	.drive_status = "BitLockerKeyInvalid",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "B-02 error drive BitLockerKeyInvalid\n",
    },
    {
	.name = "a part of a key",
	.prepare = short_key,
	.drive_status = "BitLockerKeyInvalid",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "B-01 error drive BitLockerKeyInvalid\n",
    },
    {
	.name = "a masked key",
	.prepare = masked_key,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "J-09 warning document -\n",
    },
    {
	.name = "an external key",
	.prepare = external_key,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "J-10 note drive -\n",
    },
    {
	.name = "the hash of another manifest",
	.prepare = wrong_hash,
	.drive_status = "ManifestCorrupted",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "M-54 error drive ManifestCorrupted\n",
    },
    {
	.name = "a part of a hash",
	.prepare = half_a_hash,
	.drive_status = "ManifestCorrupted",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "R-05 error drive ManifestCorrupted\n",
    },
    {
	.name = "a hash of another kind",
	.prepare = long_hash,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "R-05 warning drive ManifestCorrupted\n",
    },
    {
	.name = "two drives, told by the manifest",
	.damage = after_another,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "two drives, told by the option",
	.prepare = ask_for_ours,
	.damage = after_another,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "two drives, and the other one is asked for",
	.prepare = ask_for_theirs,
	.damage = after_another,
	.drive_status = "ManifestCorrupted",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "M-54 error drive ManifestCorrupted\n"
		    "M-10 error drive ManifestDriveIdMismatch\n",
    },
    {
	.name = "errors in the records of other drives",
	.damage = between_broken_ones,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "errors in a record that was replaced",
	.damage = after_broken_own,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "an error in the record that replaces others",
	.damage = before_broken_own,
	.drive_status = "BitLockerKeyInvalid",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "B-02 error drive BitLockerKeyInvalid\n",
    },
    {
	.name = "the hash of an older record",
	.damage = hash_of_older_record,
	.drive_status = "ManifestCorrupted",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "M-54 error drive ManifestCorrupted\n",
    },
    {
	.name = "an interrupted record",
	.damage = interrupted,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "J-08 warning document -\n",
    },
    {
	.name = "two drives whose manifests have other names",
	.damage = other_paths,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "two drives, the other one's manifest has a name of its own",
	.prepare = ask_for_theirs,
	.damage = other_paths,
	.drive_status = "ManifestNotFound",
	.exit_status = 1,
	.counts = "",
	.findings = "V-01 error drive ManifestNotFound\n",
    },
    {
	.name = "a journal that does not know the drive",
	.damage = only_others,
	.drive_status = NULL,
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "V-04 error drive -\n",
    },
    {
	.name = "a journal without a drive",
	.damage = no_drive,
	.drive_status = NULL,
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "J-07 warning document -\n"
		    "V-04 error drive -\n",
    },
    {
	.name = "an empty journal",
	.damage = empty,
	.drive_status = NULL,
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "J-04 error document -\n"
		    "V-04 error drive -\n",
    },
    {
	.name = "no journal at all",
	.damage = something_else,
	.drive_status = NULL,
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "J-04 error document -\n"
		    "V-04 error drive -\n",
    },
    {.name = NULL},
};
