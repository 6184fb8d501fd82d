/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of metadata and properties files: those of the list, which two blobs share, and those of one blob. */
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <errno.h>
#include <string.h>

#define LIST_METADATA "list.metadata.xml"
#define LIST_PROPERTIES "list.properties.xml"
#define OWN_METADATA "disks/b.vhd.metadata"
#define OWN_PROPERTIES "disks/b.vhd.properties"

static void lose_own(const stage *s)
{
	stage_remove(s, OWN_METADATA);
	stage_remove(s, OWN_PROPERTIES);
}

static void lose_list(const stage *s)
{
	stage_remove(s, LIST_METADATA);
	stage_remove(s, LIST_PROPERTIES);
}

static void flip_own(const stage *s)
{
	stage_flip(s, OWN_METADATA, 70);
	stage_flip(s, OWN_PROPERTIES, 75);
}

static void flip_list(const stage *s)
{
	stage_flip(s, LIST_METADATA, 70);
	stage_flip(s, LIST_PROPERTIES, 75);
}

/* Neither the hash nor the form is right: the hash comes first, and is all that is told. */
static void cut_own(const stage *s)
{
	stage_resize(s, OWN_METADATA, 20);
}

static void folders(const stage *s)
{
	stage_folder(s, OWN_METADATA);
	stage_folder(s, LIST_PROPERTIES);
}

static void fifos(const stage *s)
{
	stage_fifo(s, OWN_PROPERTIES);
	stage_fifo(s, LIST_METADATA);
}

static void links(const stage *s)
{
	stage_rename(s, OWN_METADATA, "m");
	stage_link(s, OWN_METADATA, "../m");
}

static void deny(const stage *s)
{
	stage_mode(s, OWN_METADATA, 0);
	stage_mode(s, LIST_PROPERTIES, 0);
}

static void spell_twice(const stage *s)
{
	stage_rename(s, OWN_METADATA, "disks/B.VHD.METADATA");
	stage_write(s, "disks/b.vhd.Metadata", "");
	stage_rename(s, OWN_PROPERTIES, "disks/B.VHD.PROPERTIES");
	stage_write(s, "disks/b.vhd.Properties", "");
}

static void unreadable_own_metadata(const stage *s)
{
	read_faults_fail(stage_place(s, OWN_METADATA), 10, 11, EIO);
}

static void unreadable_list_properties(const stage *s)
{
	read_faults_fail(stage_place(s, LIST_PROPERTIES), 0, UINT64_MAX, EIO);
}

static void lose_blob_and_flip(const stage *s)
{
	stage_remove(s, "disks/b.vhd");
	flip_own(s);
}

/* ---- files of the wrong form, with the hashes that the manifest gives ---- */

static void make_with(stage *s, const char *metadata, const char *properties)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){
			 .blob_path = "pictures/a.jpg", .size = 100, .metadata = metadata, .properties = properties});
	maker_end(m);
	maker_seal(m);
}

static void make_list_with(stage *s, const char *metadata, const char *properties)
{
	maker *m = stage_begin(s);
	maker_list_files(m, metadata, properties);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 100});
	maker_add(m, &(maker_blob){.blob_path = "pictures/b.jpg", .size = 100});
	maker_end(m);
	maker_seal(m);
}

static void make_exchanged(stage *s)
{
	make_with(s, "<Properties/>", "<Metadata/>");
}

static void make_malformed(stage *s)
{
	make_list_with(s, "<Metadata><Source>x</Metadata>", "Content-Type: image/jpeg\n");
}

static void make_empty(stage *s)
{
	make_with(s, "", "");
}

static void make_refused(stage *s)
{
	make_with(s, "<Metadata><content-type>x</content-type><Name>a</Name><name>b</name></Metadata>",
		  "<Properties><Content-Type>a</Content-Type><Content-Type>b</Content-Type></Properties>");
}

/* Of two statuses the one that comes first for the service. */
static void make_both(stage *s)
{
	make_with(s, "<Metadata><a-b>x</a-b><c><d/></c></Metadata>", NULL);
}

static void make_large(stage *s)
{
	static char metadata[9000];
	size_t size = strlen(strcpy(metadata, "<Metadata><Source>"));
	memset(metadata + size, 'x', 8192);
	strcpy(metadata + size + 8192, "</Source></Metadata>");
	make_list_with(s, metadata, NULL);
}

static void make_hash_in_hexadecimal(stage *s)
{
	make_with(s, NULL, "<Properties><Content-MD5>00112233445566778899AABBCCDDEEFF</Content-MD5></Properties>");
}

static void make_hash_in_hexadecimal_strictly(stage *s)
{
	s->options.strict = true;
	make_hash_in_hexadecimal(s);
}

static char long_path[2][600];

static void make_long_paths(stage *s)
{
	static const char *const names[2] = {"Metadata", "Properties"};
	static const char *const old[2] = {"\\disks\\b.vhd.metadata", "\\list.properties.xml"};
	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(strcpy(long_path[i], "\\"));
		memset(long_path[i] + size, 'n', 256);
		strcpy(long_path[i] + size + 256, names[i]);
	}
	stage_make(s, (const char *const[]){old[0], long_path[0], old[1], long_path[1], NULL});
	stage_remove(s, OWN_METADATA);
	stage_remove(s, LIST_PROPERTIES);
}

static void remove_renamed(const stage *s)
{
	stage_remove(s, OWN_METADATA);
	stage_remove(s, LIST_PROPERTIES);
}

#define ERRORS .drive_status = "CompletedWithErrors", .exit_status = 1
#define OF_SECOND(metadata, properties)                                                                            \
  ERRORS, .counts = "blob: Completed 2, CompletedWithErrors 1; " ALL_SEGMENTS "; metadata: Completed 2, " metadata \
		    " 1; properties: Completed 2, " properties " 1"
#define OF_LIST(metadata, properties)                                                                              \
  ERRORS, .counts = "blob: Completed 1, CompletedWithErrors 2; " ALL_SEGMENTS "; metadata: Completed 1, " metadata \
		    " 2; properties: Completed 1, " properties " 2"
#define ONE_BLOB "blob: CompletedWithErrors 1; segment: Completed 1; "

const check_case side_cases[] = {
    {
	.name = "no metadata and properties",
	.damage = lose_own,
	OF_SECOND("FileNotFound", "FileNotFound"),
	.findings = "V-30 error metadata FileNotFound\n"
		    "V-30 error properties FileNotFound\n",
    },
    {
	/* Looked at once, told once, counted for each blob. */
	.name = "no metadata and properties of the list",
	.damage = lose_list,
	OF_LIST("FileNotFound", "FileNotFound"),
	.findings = "V-30 error metadata FileNotFound\n"
		    "V-30 error properties FileNotFound\n",
    },
    {
	.name = "changed metadata and properties",
	.damage = flip_own,
	OF_SECOND("Corrupted", "Corrupted"),
	.findings = "V-32 error metadata Corrupted\n"
		    "V-32 error properties Corrupted\n",
    },
    {
	.name = "changed metadata and properties of the list",
	.damage = flip_list,
	OF_LIST("Corrupted", "Corrupted"),
	.findings = "V-32 error metadata Corrupted\n"
		    "V-32 error properties Corrupted\n",
    },
    {
	.name = "metadata that break off",
	.damage = cut_own,
	ERRORS,
	.counts = "blob: Completed 2, CompletedWithErrors 1; " ALL_SEGMENTS "; metadata: Completed 2, Corrupted 1; "
		  "properties: Completed 3",
	.findings = "V-32 error metadata Corrupted\n",
    },
    {
	.name = "folders where files should be",
	.damage = folders,
	ERRORS,
	.counts = "blob: CompletedWithErrors 3; " ALL_SEGMENTS "; metadata: Completed 2, FileAccessDenied 1; "
		  "properties: Completed 1, FileAccessDenied 2",
	.findings = "V-31 error properties FileAccessDenied\n"
		    "V-31 error metadata FileAccessDenied\n",
    },
    {
	.name = "FIFOs where files should be",
	.damage = fifos,
	ERRORS,
	.counts = "blob: CompletedWithErrors 3; " ALL_SEGMENTS "; metadata: Completed 1, FileAccessDenied 2; "
		  "properties: Completed 2, FileAccessDenied 1",
	.findings = "V-31 error metadata FileAccessDenied\n"
		    "V-31 error properties FileAccessDenied\n",
    },
    {
	.name = "a symbolic link where metadata should be",
	.damage = links,
	ERRORS,
	.counts =
	    "blob: Completed 2, CompletedWithErrors 1; " ALL_SEGMENTS "; metadata: Completed 2, FileAccessDenied 1; "
	    "properties: Completed 3",
	.findings = "V-31 error metadata FileAccessDenied\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "metadata and properties that may not be read",
	.damage = deny,
	.as_nobody = true,
	ERRORS,
	.counts = "blob: CompletedWithErrors 3; " ALL_SEGMENTS "; metadata: Completed 2, FileAccessDenied 1; "
		  "properties: Completed 1, FileAccessDenied 2",
	.findings = "V-31 error properties FileAccessDenied\n"
		    "V-31 error metadata FileAccessDenied\n",
    },
    {
	.name = "several files in other capitals",
	.damage = spell_twice,
	OF_SECOND("Failed", "Failed"),
	.findings = "V-34 error metadata Failed\n"
		    "V-34 error properties Failed\n"
		    "V-41 warning drive -\n"
		    "V-41 warning drive -\n"
		    "V-41 warning drive -\n"
		    "V-41 warning drive -\n",
    },
    {
	.name = "metadata that can't be read",
	.fault = unreadable_own_metadata,
	ERRORS,
	.counts = "blob: Completed 2, CompletedWithErrors 1; " ALL_SEGMENTS "; metadata: Completed 2, IOFailed 1; "
		  "properties: Completed 3",
	.findings = "V-33 error metadata IOFailed\n",
    },
    {
	.name = "properties of the list that can't be read",
	.fault = unreadable_list_properties,
	ERRORS,
	.counts = "blob: Completed 1, CompletedWithErrors 2; " ALL_SEGMENTS "; metadata: Completed 3; "
		  "properties: Completed 1, IOFailed 2",
	.findings = "V-33 error properties IOFailed\n",
    },
    {
	.name = "changed metadata of a blob without a file",
	.damage = lose_blob_and_flip,
	ERRORS,
	.counts = "blob: Completed 2, FileNotFound 1; segment: Completed 4, Cancelled 2; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "V-10 error blob FileNotFound\n"
		    "V-32 error metadata Corrupted\n"
		    "V-32 error properties Corrupted\n",
    },
    {
	.name = "paths that no file has",
	.edits = {"\\disks\\b.vhd.metadata", "\\disks\\b:vhd.metadata", "\\list.properties.xml",
		  "C:\\list.properties.xml"},
	.damage = remove_renamed,
	ERRORS,
	.counts = "blob: CompletedWithErrors 3; " ALL_SEGMENTS "; metadata: Completed 2, FileNameInvalid 1; "
		  "properties: Completed 1, FileNameInvalid 2",
	.findings = "M-17 error properties FileNameInvalid\n"
		    "M-17 error metadata FileNameInvalid\n",
    },
    {
	.name = "paths with long names",
	.make = make_long_paths,
	ERRORS,
	.counts = "blob: CompletedWithErrors 3; " ALL_SEGMENTS "; metadata: Completed 2, FileNameTooLong 1; "
		  "properties: Completed 1, FileNameTooLong 2",
	.findings = "M-17 error properties FileNameTooLong\n"
		    "M-17 error metadata FileNameTooLong\n",
    },
    {
	.name = "metadata for properties",
	.make = make_exchanged,
	ERRORS,
	.counts = ONE_BLOB "metadata: XmlReadFailed 1; properties: XmlReadFailed 1",
	.findings = "MP-01 error metadata XmlReadFailed\n"
		    "MP-02 error properties XmlReadFailed\n",
    },
    {
	.name = "what is no XML",
	.make = make_malformed,
	ERRORS,
	.counts =
	    "blob: CompletedWithErrors 2; segment: Completed 2; metadata: XmlReadFailed 2; properties: XmlReadFailed 2",
	.findings = "XML-01 error metadata XmlReadFailed\n"
		    "XML-01 error properties XmlReadFailed\n",
    },
    {
	.name = "metadata and properties of no bytes",
	.make = make_empty,
	ERRORS,
	.counts = ONE_BLOB "metadata: XmlReadFailed 1; properties: XmlReadFailed 1",
	.findings = "XML-01 error metadata XmlReadFailed\n"
		    "XML-01 error properties XmlReadFailed\n",
    },
    {
	.name = "metadata that the account refuses",
	.make = make_refused,
	ERRORS,
	.counts = ONE_BLOB "metadata: BlobRequestFailed 1; properties: XmlReadFailed 1",
	.findings = "MP-08 error metadata BlobRequestFailed\n"
		    "MP-08 error metadata BlobRequestFailed\n"
		    "MP-02 error properties XmlReadFailed\n",
    },
    {
	.name = "metadata that are wrong in two ways",
	.make = make_both,
	ERRORS,
	.counts = ONE_BLOB "metadata: XmlReadFailed 1",
	.findings = "MP-08 error metadata BlobRequestFailed\n"
		    "MP-01 error metadata XmlReadFailed\n",
    },
    {
	.name = "more metadata than a blob can have",
	.make = make_large,
	ERRORS,
	.counts = "blob: CompletedWithErrors 2; segment: Completed 2; metadata: BlobRequestFailed 2",
	.findings = "MP-08 error metadata BlobRequestFailed\n",
    },
    {
	.name = "a hash in another form",
	.make = make_hash_in_hexadecimal,
	.drive_status = "Completed",
	.counts = "blob: Completed 1; segment: Completed 1; properties: Completed 1",
	.findings = "MP-04 warning properties BlobRequestFailed\n",
    },
    {
	.name = "a hash in another form, strictly",
	.make = make_hash_in_hexadecimal_strictly,
	ERRORS,
	.counts = ONE_BLOB "properties: BlobRequestFailed 1",
	.findings = "MP-04 error properties BlobRequestFailed\n",
    },
    {.name = NULL},
};
