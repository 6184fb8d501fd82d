/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of a whole drive, but for those that its manifest or its journal lead to. */
#include "verify/cases.h"

static void make_export(stage *s)
{
	s->made.export_drive = true;
}

static void without_journal(stage *s)
{
	s->options.journal = NULL;
}

static void be_strict(stage *s)
{
	s->options.strict = true;
}

static void judged_as_export(stage *s)
{
	s->options.kind = TALLY_DOCUMENT_MANIFEST_EXPORT;
}

static void weak_sas(stage *s)
{
	s->made.container_sas = "pictures?sv=2014-02-14&sr=c&sp=rw&sig=AAAA";
}

/* The same blob three times: from the same file, from the same file by another name, and from another file. */
static void make_twice(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 100});
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .file_path = "\\other\\a.jpg", .size = 200});
	maker_end(m);
	maker_seal(m);
}

static void make_empty(stage *s)
{
	maker *m = stage_begin(s);
	maker_end(m);
	maker_seal(m);
}

/* Blobs, but none that could be checked. */
static void make_missing(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 100});
	maker_end(m);
	maker_seal(m);
	stage_remove(s, "pictures/a.jpg");
}

static void make_empty_strictly(stage *s)
{
	be_strict(s);
	make_empty(s);
}

static void make_twice_strictly(stage *s)
{
	be_strict(s);
	make_twice(s);
}

const check_case drive_cases[] = {
    {
	.name = "as it should be",
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "as it should be, strictly",
	.prepare = be_strict,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "an export",
	.prepare = make_export,
	.drive_status = "Completed",
	.counts = "blob: Completed 3; " ALL_SEGMENTS "; metadata: Completed 1; properties: Completed 1",
	.findings = "",
    },
    {
	.name = "no journal",
	.prepare = without_journal,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "an import that is to be an export",
	.prepare = judged_as_export,
	.drive_status = "ManifestFormatInvalid",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "M-12 error drive ManifestFormatInvalid\n"
		    "M-17 error drive ManifestFormatInvalid\n"
		    "M-17 error drive ManifestFormatInvalid\n"
		    "M-24 error drive ManifestFormatInvalid\n"
		    "M-24 error drive ManifestFormatInvalid\n"
		    "M-24 error drive ManifestFormatInvalid\n",
    },
    {
	.name = "a SAS that does not grant enough",
	.prepare = weak_sas,
	.edits = {"disks/b.vhd", "pictures/b.vhd"},
	.drive_status = "BlobRequestForbidden",
	.exit_status = 1,
	.counts = ALL_COMPLETED,
	.findings = "M-13 error drive BlobRequestForbidden\n",
    },
    {
	.name = "two blobs of one name",
	.make = make_twice,
	.drive_status = "CompletedWithWarnings",
	.counts = "blob: Completed 2; segment: Completed 2",
	.findings = "N-09 warning drive CompletedWithWarnings\n",
    },
    {
	.name = "two blobs of one name, strictly",
	.make = make_twice_strictly,
	.drive_status = "CompletedWithWarnings",
	.exit_status = 1,
	.counts = "blob: Completed 2; segment: Completed 2",
	.findings = "N-09 error drive CompletedWithWarnings\n",
    },
    {
	.name = "an empty manifest",
	.make = make_empty,
	.drive_status = NULL,
	.exit_status = 3,
	.counts = "",
	.findings = "V-05 warning drive -\n",
    },
    {
	.name = "an empty manifest, strictly",
	.make = make_empty_strictly,
	.drive_status = NULL,
	.exit_status = 1,
	.counts = "",
	.findings = "V-05 error drive -\n",
    },
    {
	.name = "nothing that could be checked",
	.make = make_missing,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: FileNotFound 1; segment: Cancelled 1",
	.findings = "V-10 error blob FileNotFound\n",
    },
    {.name = NULL},
};
