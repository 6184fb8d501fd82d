/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses that the manifest leads to: its name, whether it can be read, its hash, form and drive. */
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <errno.h>
#include <string.h>

#define MANIFEST "DriveManifest.xml"

/* ---- its name ---- */

static char long_component[300], long_path[40000];

static void journal_gives_drive_letter(stage *s)
{
	s->made.record.manifest_file = "C:\\DriveManifest.xml";
}

static void option_gives_bad_character(stage *s)
{
	s->options.manifest = "\\Drive|Manifest.xml";
}

static void journal_gives_long_component(stage *s)
{
	memset(long_component, 'm', 256);
	s->made.record.manifest_file = long_component;
}

/* Each component is short enough, all of them together are not. */
static void option_gives_long_path(stage *s)
{
	for (size_t i = 0; i < 33000; i++)
		long_path[i] = i % 100 == 0 ? '\\' : 'm';
	s->options.manifest = long_path;
}

/* ---- where it is ---- */

static void lose(const stage *s)
{
	stage_remove(s, MANIFEST);
}

static void journal_gives_elsewhere(stage *s)
{
	s->made.record.manifest_file = "\\folder\\DriveManifest.xml";
}

static void spell_otherwise(const stage *s)
{
	stage_rename(s, MANIFEST, "drivemanifest.XML");
}

static void spell_twice(const stage *s)
{
	spell_otherwise(s);
	stage_write(s, "DRIVEMANIFEST.xml", "");
}

static void unusual_name(stage *s)
{
	s->made.manifest = "\\drive-manifest.xml";
	s->options.journal = NULL;
}

static void in_a_folder(stage *s)
{
	s->made.manifest = "\\waies\\9WM35C2V.manifest";
	s->options.journal = NULL;
	s->options.manifest = "/WAIES/9wm35c2v.manifest";
}

/* ---- what stands there ---- */

static void folder(const stage *s)
{
	stage_folder(s, MANIFEST);
}

static void fifo(const stage *s)
{
	stage_fifo(s, MANIFEST);
}

static void socket_there(const stage *s)
{
	stage_socket(s, MANIFEST);
}

static void device(const stage *s)
{
	stage_device(s, MANIFEST);
}

static void link_there(const stage *s)
{
	stage_rename(s, MANIFEST, "manifest");
	stage_link(s, MANIFEST, "manifest");
}

static void deny(const stage *s)
{
	stage_mode(s, MANIFEST, 0);
}

/* ---- reading it ---- */

static void unreadable(const stage *s)
{
	read_faults_fail(stage_place(s, MANIFEST), 0, UINT64_MAX, EIO);
}

/* Behind the element of the second blob: what comes in front of it is still checked. */
static void unreadable_end(const stage *s)
{
	read_faults_fail(stage_place(s, MANIFEST), stage_find(s, MANIFEST, "disks/b.vhd"), UINT64_MAX, EIO);
}

/* ---- what it holds ---- */

static void append_blank(const stage *s)
{
	stage_append(s, MANIFEST, "\n");
}

static void append_blank_and_break_blob(const stage *s)
{
	append_blank(s);
	stage_flip(s, "pictures/a.jpg", 9999);
	stage_remove(s, "disks/b.vhd.metadata");
}

static void cut_to_nothing(const stage *s)
{
	stage_resize(s, MANIFEST, 0);
}

static void no_journal(stage *s)
{
	s->options.journal = NULL;
}

static void other_drive(stage *s)
{
	s->options.drive_id = "WD-WMATV123456";
}

static void other_drive_in_journal(stage *s)
{
	s->made.record.drive_id = "WD-WMATV123456";
}

static void other_drive_and_key_in_journal(stage *s)
{
	other_drive_in_journal(s);
	s->made.record.bitlocker_key = "000001-000022-000033-000044-000055-000066-000077-000088";
}

static void same_drive_in_small_letters(stage *s)
{
	s->options.drive_id = "9wm35c2v";
}

#define ONLY_DRIVE(finding) .exit_status = 1, .counts = "", .findings = finding
#define BLOBS_TOO(finding) .exit_status = 1, .counts = ALL_COMPLETED, .findings = finding

/* What the standard drive holds, when nothing says so. */
#define NOTHING_NAMED                                                                               \
  "V-05 warning drive -\n"                                                                          \
  "V-40 note drive -\nV-40 note drive -\nV-40 note drive -\nV-40 note drive -\nV-40 note drive -\n" \
  "V-40 note drive -\nV-40 note drive -\n"

const check_case manifest_cases[] = {
    {
	.name = "a drive letter in the journal's path",
	.prepare = journal_gives_drive_letter,
	.drive_status = "ManifestNameInvalid",
	ONLY_DRIVE("R-04 error drive ManifestNameInvalid\n"),
    },
    {
	.name = "a character that no name has",
	.prepare = option_gives_bad_character,
	.drive_status = "ManifestNameInvalid",
	ONLY_DRIVE("R-04 error drive ManifestNameInvalid\n"),
    },
    {
	.name = "a long name in the journal",
	.prepare = journal_gives_long_component,
	.drive_status = "ManifestNameTooLong",
	ONLY_DRIVE("R-04 error drive ManifestNameTooLong\n"),
    },
    {
	.name = "a long path",
	.prepare = option_gives_long_path,
	.drive_status = "ManifestNameTooLong",
	ONLY_DRIVE("R-04 error drive ManifestNameTooLong\n"),
    },
    {
	.name = "no manifest",
	.damage = lose,
	.drive_status = "ManifestNotFound",
	ONLY_DRIVE("V-01 error drive ManifestNotFound\n"),
    },
    {
	.name = "a manifest elsewhere",
	.prepare = journal_gives_elsewhere,
	.drive_status = "ManifestNotFound",
	ONLY_DRIVE("V-01 error drive ManifestNotFound\n"
		   "M-02 note drive -\n"),
    },
    {
	.name = "other capitals",
	.damage = spell_otherwise,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "two manifests that differ in capitals",
	.damage = spell_twice,
	.drive_status = "ManifestNotFound",
	ONLY_DRIVE("V-01 error drive ManifestNotFound\n"),
    },
    {
	.name = "the other usual name",
	.prepare = unusual_name,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "a manifest in a folder",
	.prepare = in_a_folder,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "a folder for a manifest",
	.damage = folder,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a FIFO for a manifest",
	.damage = fifo,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a socket for a manifest",
	.damage = socket_there,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a device for a manifest",
	.damage = device,
	.needs_root = true,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a symbolic link for a manifest",
	.damage = link_there,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a manifest that may not be read",
	.damage = deny,
	.as_nobody = true,
	.drive_status = "ManifestAccessDenied",
	ONLY_DRIVE("V-02 error drive ManifestAccessDenied\n"),
    },
    {
	.name = "a manifest that can't be read",
	.fault = unreadable,
	.drive_status = "ReadManifestFailed",
	ONLY_DRIVE("V-03 error drive ReadManifestFailed\n"),
    },
    {
	.name = "a manifest whose end can't be read",
	.fault = unreadable_end,
	.drive_status = "ReadManifestFailed",
	.exit_status = 1,
	.counts = "blob: Completed 1; segment: Completed 3; metadata: Completed 1; properties: Completed 1",
	.findings = "V-03 error drive ReadManifestFailed\n",
    },
    {
	.name = "a manifest that was touched",
	.damage = append_blank,
	.drive_status = "ManifestCorrupted",
	BLOBS_TOO("M-54 error drive ManifestCorrupted\n"),
    },
    {
	.name = "a manifest that was touched, and a broken blob",
	.damage = append_blank_and_break_blob,
	.drive_status = "ManifestCorrupted",
	.exit_status = 1,
	.counts = "blob: Completed 1, CompletedWithErrors 2; segment: Completed 5, Corrupted 1; "
		  "metadata: Completed 2, FileNotFound 1; properties: Completed 3",
	.findings = "M-54 error drive ManifestCorrupted\n"
		    "V-20 error segment Corrupted\n"
		    "V-30 error metadata FileNotFound\n",
    },
    {
	.name = "a manifest of no bytes",
	.prepare = no_journal,
	.damage = cut_to_nothing,
	.drive_status = "ManifestFormatInvalid",
	ONLY_DRIVE("XML-01 error drive ManifestFormatInvalid\n"),
    },
    {
	.name = "a manifest that breaks off",
	.edits = {"</BlobList>\n  </Drive>\n</DriveManifest>\n", ""},
	.drive_status = "ManifestFormatInvalid",
	BLOBS_TOO("XML-01 error drive ManifestFormatInvalid\n"),
    },
    {
	.name = "a document of another kind",
	.edits = {"<DriveManifest Version=\"2014-11-01\">", "<Metadata>", "</DriveManifest>", "</Metadata>"},
	.drive_status = "ManifestFormatInvalid",
	ONLY_DRIVE("M-03 error drive ManifestFormatInvalid\n" NOTHING_NAMED),
    },
    {
	.name = "a DOCTYPE",
	.edits = {"<DriveManifest ", "<!DOCTYPE DriveManifest SYSTEM \"file:///etc/passwd\">\n<DriveManifest "},
	.drive_status = "ManifestFormatInvalid",
	ONLY_DRIVE("XML-02 error drive ManifestFormatInvalid\n"),
    },
    {
	.name = "no list",
	.edits = {"<BlobList>", "<!-- ", "</BlobList>", " -->"},
	.drive_status = "ManifestFormatInvalid",
	ONLY_DRIVE("M-16 error drive ManifestFormatInvalid\n" NOTHING_NAMED),
    },
    {
	.name = "a disposition in capitals",
	.edits = {"<ImportDisposition>rename", "<ImportDisposition>Rename"},
	.drive_status = "ManifestFormatInvalid",
	BLOBS_TOO("M-24 error drive ManifestFormatInvalid\n"),
    },
    {
	.name = "the manifest of another drive",
	.prepare = other_drive,
	.drive_status = "ManifestDriveIdMismatch",
	BLOBS_TOO("V-04 error drive -\n"
		  "M-10 error drive ManifestDriveIdMismatch\n"),
    },
    {
	.name = "the journal of another drive",
	.prepare = other_drive_in_journal,
	.drive_status = "ManifestDriveIdMismatch",
	BLOBS_TOO("M-10 error drive ManifestDriveIdMismatch\n"),
    },
    {
	.name = "the id in small letters",
	.prepare = same_drive_in_small_letters,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "a blank in the id",
	.edits = {"<DriveId>9WM35C2V", "<DriveId>9WM35 C2V"},
	.drive_status = "ManifestDriveIdMismatch",
	BLOBS_TOO("M-11 error drive ManifestDriveIdMismatch\n"
		  "M-10 error drive ManifestDriveIdMismatch\n"),
    },
    /* Of several failures the service meets the first one only. What else it would have met is told. */
    {
	.name = "a wrong key, before all else",
	.prepare = other_drive_and_key_in_journal,
	.edits = {">rename<", ">Rename<"},
	.damage = append_blank,
	.drive_status = "BitLockerKeyInvalid",
	BLOBS_TOO("M-24 error drive ManifestFormatInvalid\n"
		  "B-02 error drive BitLockerKeyInvalid\n"
		  "M-54 error drive ManifestCorrupted\n"
		  "M-10 error drive ManifestDriveIdMismatch\n"),
    },
    {
	.name = "a wrong hash, before a wrong form",
	.prepare = other_drive_in_journal,
	.edits = {">rename<", ">Rename<"},
	.damage = append_blank,
	.drive_status = "ManifestCorrupted",
	BLOBS_TOO("M-24 error drive ManifestFormatInvalid\n"
		  "M-54 error drive ManifestCorrupted\n"
		  "M-10 error drive ManifestDriveIdMismatch\n"),
    },
    {
	.name = "a wrong form, before a wrong drive",
	.prepare = other_drive_in_journal,
	.edits = {">rename<", ">Rename<"},
	.drive_status = "ManifestFormatInvalid",
	BLOBS_TOO("M-24 error drive ManifestFormatInvalid\n"
		  "M-10 error drive ManifestDriveIdMismatch\n"),
    },
    {.name = NULL},
};
