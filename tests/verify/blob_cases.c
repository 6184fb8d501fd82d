/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of a blob that its entry in the manifest leads to. */
#include "verify/cases.h"

#include <string.h>

static char long_name[600], long_path[40000];

/* The element of the first blob's file, with a name of 256 letters. */
static void make_long_name(stage *s)
{
	strcpy(long_name, "<FilePath>\\pictures\\");
	memset(long_name + strlen(long_name), 'n', 256);
	strcat(long_name, "</FilePath>");
	stage_make(s, (const char *const[]){"<FilePath>\\pictures\\a.jpg</FilePath>", long_name, NULL});
	stage_remove(s, "pictures/a.jpg");
}

static void make_long_path(stage *s)
{
	size_t size = strlen(strcpy(long_path, "<FilePath>"));
	for (size_t i = 0; i < 33000; i++)
		long_path[size++] = i % 100 == 0 ? '\\' : 'n';
	strcpy(long_path + size, "</FilePath>");
	stage_make(s, (const char *const[]){"<FilePath>\\pictures\\a.jpg</FilePath>", long_path, NULL});
	stage_remove(s, "pictures/a.jpg");
}

static void remove_first(const stage *s)
{
	stage_remove(s, "pictures/a.jpg");
}

static void sas_of_pictures(stage *s)
{
	s->made.container_sas = "pictures?sv=2014-02-14&sr=c&sp=rwd&sig=AAAA";
}

/* Ids of different lengths, in all blocks of a blob. */
static void make_uneven_ids(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 8192, .segment_size = 4096});
	maker_end(m);
	maker_edit(m, "<Block Offset=\"0\"", "<Block Id=\"AAAA\" Offset=\"0\"");
	maker_edit(m, "<Block Offset=\"4096\"", "<Block Id=\"AAAAAAAA\" Offset=\"4096\"");
	maker_seal(m);
}

static void make_nothing_to_hash(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/empty.txt"});
	maker_add(m, &(maker_blob){.blob_path = "disks/empty.vhd", .page = true});
	maker_end(m);
	maker_seal(m);
}

static void make_missing_nothing(stage *s)
{
	make_nothing_to_hash(s);
	stage_remove(s, "pictures/empty.txt");
}

/* One file for two blobs is fine. */
static void make_one_file(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .file_path = "\\a.jpg", .size = 100});
	maker_end(m);
	maker_edit(
	    m, "    </BlobList>",
	    "      <Blob>\n        <BlobPath>pictures/empty.jpg</BlobPath>\n        <FilePath>\\a.jpg</FilePath>\n"
	    "        <Length>0</Length>\n        <ImportDisposition>rename</ImportDisposition>\n"
	    "        <BlockList>\n        </BlockList>\n      </Blob>\n    </BlobList>");
	maker_seal(m);
}

const check_case blob_cases[] = {
    {
	.name = "a character that no file's name has",
	.edits = {"<FilePath>\\pictures\\a.jpg", "<FilePath>\\pictures\\a*.jpg"},
	.damage = remove_first,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNameInvalid 1; segment: Completed 3, Cancelled 3; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-19 error blob FileNameInvalid\n",
    },
    {
	.name = "a path that leads out of the drive",
	.edits = {"<FilePath>\\pictures\\a.jpg", "<FilePath>\\pictures\\..\\..\\drive.jrn"},
	.damage = remove_first,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNameInvalid 1; segment: Completed 3, Cancelled 3; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-19 error blob FileNameInvalid\n",
    },
    {
	.name = "a long name",
	.make = make_long_name,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNameTooLong 1; segment: Completed 3, Cancelled 3; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-19 error blob FileNameTooLong\n",
    },
    {
	.name = "a long path of short names",
	.make = make_long_path,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNameTooLong 1; segment: Completed 3, Cancelled 3; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-19 error blob FileNameTooLong\n",
    },
    {
	.name = "no path",
	.edits = {"        <FilePath>\\pictures\\a.jpg</FilePath>\n", ""},
	.damage = remove_first,
	.drive_status = "ManifestFormatInvalid",
	.exit_status = 1,
	.counts = "blob: Completed 2, Failed 1; segment: Completed 3, Cancelled 3; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-19 error drive ManifestFormatInvalid\n",
    },
    {
	/* What is behind the blocks comes too late to hash them; the file is there all the same. */
	.name = "a path behind the blocks",
	.edits = {"        <FilePath>\\pictures\\sub\\c.txt</FilePath>\n", "",
		  "        </BlockList>\n      </Blob>\n    </BlobList>",
		  "        </BlockList>\n        <FilePath>\\pictures\\sub\\c.txt</FilePath>\n      </Blob>\n    "
		  "</BlobList>"},
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, CompletedWithErrors 1; segment: Completed 5, Cancelled 1; " ALL_SIDES,
	.findings = "M-05 warning drive -\n"
		    "V-23 error segment -\n",
    },
    {
	.name = "a path behind the blocks that leads nowhere",
	.edits = {"        <FilePath>\\pictures\\sub\\c.txt</FilePath>\n", "",
		  "        </BlockList>\n      </Blob>\n    </BlobList>",
		  "        </BlockList>\n        <FilePath>\\pictures\\sub\\d.txt</FilePath>\n      </Blob>\n    "
		  "</BlobList>"},
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNotFound 1; segment: Completed 5, Cancelled 1; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "M-05 warning drive -\n"
		    "V-10 error blob FileNotFound\n"
		    "V-23 error segment -\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a container in capitals",
	.edits = {"<BlobPath>pictures/a.jpg", "<BlobPath>Pictures/a.jpg"},
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, BlobRequestFailed 1; " ALL_SEGMENTS "; " ALL_SIDES,
	.findings = "N-02 error blob BlobRequestFailed\n",
    },
    {
	.name = "a folder in the root container",
	.edits = {"<BlobPath>pictures/a.jpg", "<BlobPath>$root/pictures/a.jpg"},
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, BlobRequestFailed 1; " ALL_SEGMENTS "; " ALL_SIDES,
	.findings = "N-04 error blob BlobRequestFailed\n",
    },
    {
	.name = "ids of different lengths",
	.make = make_uneven_ids,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: BlobRequestFailed 1; segment: Completed 2",
	.findings = "M-42 error blob BlobRequestFailed\n",
    },
    {
	.name = "a blob that the SAS does not open",
	.prepare = sas_of_pictures,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, BlobRequestForbidden 1; " ALL_SEGMENTS "; " ALL_SIDES,
	.findings = "M-13 error blob BlobRequestForbidden\n",
    },
    {
	.name = "blobs without a byte",
	.make = make_nothing_to_hash,
	.drive_status = "Completed",
	.counts = "blob: Completed 2",
	.findings = "",
    },
    {
	.name = "a blob without a byte and without a file",
	.make = make_missing_nothing,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 1, FileNotFound 1",
	.findings = "V-10 error blob FileNotFound\n",
    },
    {
	.name = "one file for two blobs",
	.make = make_one_file,
	.drive_status = "Completed",
	.counts = "blob: Completed 2; segment: Completed 1",
	.findings = "N-09 note blob -\n"
		    "V-14 warning blob -\n",
    },
    {.name = NULL},
};
