/* SPDX-License-Identifier: Apache-2.0 */
/* Rules at their borders, more of them than the corpus has; which kind a manifest is. */
#include "manifest_judge.h"
#include "manifest_pieces.h"

#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOB(length, list) "<Blob>" PATHS "<Length>" length "</Length>" list "</Blob>"
#define BLOCKS(length, blocks) BLOB(length, "<BlockList>" blocks "</BlockList>")
#define RANGES(length, ranges) BLOB(length, "<PageRangeList>" ranges "</PageRangeList>")
#define BLOB_PATH(path) "<Blob><BlobPath>" path "</BlobPath><FilePath>\\a</FilePath><Length>0</Length></Blob>"
#define FILE_PATH(path) "<Blob><BlobPath>cargo/a</BlobPath><FilePath>" path "</FilePath><Length>0</Length></Blob>"
#define BLOB_IN(container) "<Blob><BlobPath>" container "/b</BlobPath><FilePath>\\b</FilePath><Length>0</Length></Blob>"
#define WHOLE_SAS "cargo?sp=rwd&amp;sig=x&amp;"
#define ID(id) " Id=\"" id "\""

static const struct {
	const char *entries, *rules;
} entries[] = {
    {"", ""},
    {"<Blob/>", "M-18.missing M-19.missing M-23.missing M-26.none"},
    {BLOB("0", ""), ""},
    {BLOB("1", ""), "M-26.none"},
    {BLOCKS("0", ""), ""},
    {BLOCKS("1", ""), "M-40.cover"},
    {RANGES("0", ""), ""},
    {RANGES("512", ""), "M-30.empty"},
    {"<Blob>" PATHS "<PageRangeList/><Length>512</Length></Blob>", "M-05.order M-30.empty"},
    /* numbers */
    {BLOCKS("18446744073709551615", ""), "M-23.limit M-40.cover"},
    {BLOCKS("18446744073709551616", ""), "M-23.number"},
    {BLOCKS("18446744073709551617", ""), "M-23.number"},
    {BLOCKS("-1", ""), "M-23.number"},
    {BLOCKS("1 2", ""), "M-23.number"},
    {BLOCKS("", ""), "M-23.number"},
    {BLOCKS("0x10", ""), "M-23.number"},
    {BLOCKS("000012", BLOCK("00", "0012", "")), ""},
    {BLOCKS("12", BLOCK("+0", "12", "")), "M-23.number"},
    {BLOCKS("12", BLOCK("0", " 12", "")), "M-52"},
    {BLOCKS("12", BLOCK("0", "1 2", "")), "M-23.number"},
    {BLOCKS("12", BLOCK("0", "18446744073709551617", "")), "M-23.number"},
    {BLOCKS("12", BLOCK("12", "18446744073709551604", "")), "M-23.number"},
    {BLOCKS("18446744073709551615", BLOCK("0", "18446744073709551615", "")), "M-41.limit M-23.limit"},
    {RANGES("512", RANGE("18446744073709551104", "512")), "M-23.number"},
    /* What follows a damaged number is not told again, and what follows that is judged as usual. */
    {BLOCKS("12", BLOCK("x", "4", "") BLOCK("4", "4", "") BLOCK("8", "4", "")), "M-23.number"},
    {BLOCKS("12", BLOCK("0", "4", "") BLOCK("4", "x", "") BLOCK("9", "3", "")), "M-23.number"},
    {BLOCKS("12", BLOCK("0", "4", "") BLOCK("x", "4", "") BLOCK("8", "3", "") BLOCK("12", "0", "")),
     "M-23.number M-34 M-40.gap"},
    {RANGES("2048", RANGE("0", "512") RANGE("512", "x") RANGE("0", "512") RANGE("0", "512")),
     "M-23.number M-32.overlap"},
    /* hashes */
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\"\"/>"), "M-50"},
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\"0123456789ABCDEF0123456789ABCDE\"/>"), "M-50"},
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\"0123456789ABCDEF0123456789ABCDEF0\"/>"), "M-50"},
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\"0123456789ABCDEF0123456789ABCDEG\"/>"), "M-50"},
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\" 0123456789ABCDEF0123456789ABCDEF\"/>"), "M-52"},
    {BLOCKS("1", "<Block Offset=\"0\" Length=\"1\" Hash=\"Q2hlY2sgSW50ZWdyaXR5IQ==\"/>"), "M-50"},
    {BLOCKS("1", "<Block Length=\"1\" " HASH "/>"), "M-30"},
    {BLOCKS("1", "<Block/>"), "M-30 M-30 M-30"},
    {BLOCKS("1", "<Block Offset=\"0\" length=\"1\" " HASH "/>"), "XML-06 M-30"},
    {RANGES("512", "<PageRange Offset=\"0\" Length=\"512\" Id=\"AAAA\" " HASH "/>"), "M-05.attribute"},
    /* page ranges */
    {RANGES("512", RANGE("0", "0")), "M-34"},
    {RANGES("1024", RANGE("512", "512")), ""},
    {RANGES("1024", RANGE("0", "1024")), ""},
    {RANGES("1000", RANGE("0", "512")), "M-23.page"},
    {RANGES("4194304", RANGE("0", "4194304")), ""},
    {RANGES("1024", RANGE("512", "512") RANGE("512", "512")), "M-32.overlap"},
    {RANGES("1024", RANGE("1024", "512")), "M-33"},
    {RANGES("1099511627776", RANGE("0", "512")), ""},
    {RANGES("1099511628288", RANGE("0", "512")), "M-23.old-limit"},
    {RANGES("8796093022208", RANGE("0", "512")), "M-23.old-limit"},
    {RANGES("8796093022720", RANGE("0", "512")), "M-23.limit"},
    /* blocks */
    {BLOCKS("12", BLOCK("0", "8", "") BLOCK("8", "5", "")), "M-33"},
    {BLOCKS("12", BLOCK("0", "8", "") BLOCK("8", "4", "") BLOCK("8", "4", "")), "M-40.order"},
    {BLOCKS("12", BLOCK("8", "4", "") BLOCK("0", "8", "")), "M-40.gap M-40.order M-40.cover"},
    {BLOCKS("4194304", BLOCK("0", "4194304", "")), ""},
    {BLOCKS("4194305", BLOCK("0", "4194305", "")), "M-41.old-limit"},
    {BLOCKS("209715200001", ""), "M-23.old-limit M-40.cover"},
    {BLOCKS("209715200000", ""), "M-40.cover"},
    {BLOCKS("209715200001", BLOCK("0", "x", "")), "M-23.number M-23.old-limit"},
    {BLOCKS("209715200000000", BLOCK("0", "x", "")), "M-23.number M-23.old-limit"},
    {BLOCKS("209715200000001", BLOCK("0", "x", "")), "M-23.number M-23.limit"},
    /* ids */
    {BLOCKS("2", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "1", ID("AAAB"))), ""},
    {BLOCKS("2", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "1", ID("AAAA"))), ""},
    {BLOCKS("3", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "2", ID("AAAA"))), "M-45"},
    {BLOCKS("3", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "2", ID("AAAA=="))), "M-42.base64"},
    {BLOCKS("1", BLOCK("0", "1", ID(""))), "M-42.base64"},
    {BLOCKS("3", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "1", ID("AAAAAA==")) BLOCK("2", "1", ID("AAAB"))),
     "M-42.length"},
    {BLOCKS("1", BLOCK("0", "1",
		       ID("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="))),
     ""}, /* 64 bytes */
    {BLOCKS("1", BLOCK("0", "1",
		       ID("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))),
     "M-42.base64"}, /* 65 */
    {BLOCKS("2", BLOCK("0", "1", ID("AAAA")) BLOCK("1", "1", "")), "M-43.mixed"},
    /* The id of a hash, and of another one; two blocks of one content and one id. */
    {BLOCKS("1", BLOCK("0", "1", ID("MD5/ASNFZ4mrze8BI0VniavN7w=="))), ""},
    {BLOCKS("1", BLOCK("0", "1", ID("MD5/ASNFZ4mrze8BI0VniavN7g=="))), "M-44"},
    {BLOCKS("2",
	    BLOCK("0", "1", ID("MD5/ASNFZ4mrze8BI0VniavN7w==")) BLOCK("1", "1", ID("MD5/ASNFZ4mrze8BI0VniavN7w=="))),
     ""},
    /* The next blob's ids are its own, also behind a blob that has both lists. */
    {BLOCKS("1", BLOCK("0", "1", ID("AAAA"))) BLOCKS("2", BLOCK("0", "2", ID("AAAA"))),
     "N-09.blob-path N-09.file-path"},
    {BLOB("512",
	  "<BlockList>" BLOCK("0", "512", ID("AAAA")) "</BlockList><PageRangeList>" RANGE(
	      "0", "512") "</PageRangeList>") "<Blob><BlobPath>cargo/b</BlobPath><FilePath>\\b</FilePath><Length>2</"
					      "Length><BlockList>" BLOCK("0", "2", ID("AAAA")) "</BlockList></Blob>",
     "M-26.both"},
    /* elements twice, out of order, unknown, with text */
    {"<Blob>" PATHS PATHS "<Length>0</Length></Blob>", "M-05.repeated M-05.order M-05.repeated"},
    {"<Blob>" PATHS "<Length>0</Length><Length>0</Length></Blob>", "M-05.repeated"},
    /* A Length behind its list is held against it all the same. */
    {"<Blob>" PATHS "<BlockList>" BLOCK("0", "12", "") "</BlockList><Length>12</Length></Blob>", "M-05.order"},
    {"<Blob>" PATHS "<BlockList>" BLOCK("0", "12", "") "</BlockList><Length>11</Length></Blob>", "M-05.order M-33"},
    {"<Blob>" PATHS "<PageRangeList>" RANGE("512", "512") "</PageRangeList><Length>512</Length></Blob>",
     "M-05.order M-33"},
    {"<Blob><Length>0</Length>" PATHS "</Blob>", "M-05.order M-05.order"},
    {"<Blob>" PATHS "<length>0</length><Length>0</Length></Blob>", "XML-06"},
    {"<Blob>" PATHS "<Crate><Length>x</Length>text</Crate><Length>0</Length></Blob>", "M-05.element"},
    {"<Blob>text" PATHS "text<Length>0</Length></Blob>", "M-05.text"},
    {"text<Blob>" PATHS "<Length>0</Length></Blob>", "M-05.text"},
    {"<Blob>" PATHS "<Length><b/>0</Length></Blob>", "M-05.element"},
    {"<Blob>" PATHS "<Length>0</Length><BlockList>x</BlockList></Blob>", "M-05.text"},
    {"<Blob Id=\"1\">" PATHS "<Length>0</Length></Blob>", "M-05.attribute"},
    {"<File/><Blob>" PATHS "<Length>0</Length></Blob><File><FilePath>..</FilePath></File>", "M-60 M-60"},
    {"<Blob>" PATHS "<ClientData/><Length>0</Length><MetadataPath " HASH "/></Blob>", "M-17.path"},
    {"<Blob>" PATHS "<Length>0</Length><PropertiesPath Hash=\"\">\\p</PropertiesPath></Blob>", "M-50"},
    {"<Blob>" PATHS "<Length>0</Length><ImportDisposition/></Blob>", "M-24.value"},
    {"<Blob>" PATHS "<Length>0</Length><ImportDisposition>Rename</ImportDisposition></Blob>", "M-24.value"},
    /* blob paths */
    {BLOB_PATH("cargo/a/b/c"), ""},
    {BLOB_PATH("/cargo/a"), "M-18.slash"},
    {BLOB_PATH("cargo"), "M-18.blob"},
    {BLOB_PATH("cargo/"), "M-18.blob"},
    {BLOB_PATH("cargo//"), "N-03.end"},
    {BLOB_PATH(""), "M-18.missing"},
    {BLOB_PATH("  "), "M-18.missing"},
    {BLOB_PATH(" cargo/a "), "M-52"},
    {BLOB_PATH("cargo2/a"), "M-13.container"},
    {BLOB_PATH("CARGO/a"), "N-02 M-13.container"},
    {BLOB_PATH("cargo/a."), "N-03.end"},
    {BLOB_PATH("cargo/a/"), "N-03.end"},
    {BLOB_PATH("cargo/a&#x7f;"), "N-03.delete"},
    {BLOB_PATH("cargo/a&#x7f;&#x81;"), "N-03.characters"},
    {BLOB_PATH("cargo/a&#x7f;."), "N-03.delete"},
    {BLOB_PATH("cargo/a&#9;b"), "N-03.characters"},
    {BLOB_PATH("cargo/\xEE\x80\x80"), "N-03.characters"},
    {BLOB_PATH("cargo/\xF0\x9F\x8D\x8E"), ""},
    /* file paths */
    {FILE_PATH("\\a\\b"), ""},
    {FILE_PATH("a\\b"), "M-19.form"},
    {FILE_PATH("\\a/b"), "M-19.form"},
    {FILE_PATH("/a/b"), "M-19.form"},
    {FILE_PATH("\\..\\a"), "M-19.invalid"},
    {FILE_PATH("C:\\a"), "M-19.invalid"},
    {FILE_PATH("\\a\\\\b"), "M-19.invalid"},
    {FILE_PATH("\\a&lt;b"), "M-19.invalid"},
    {FILE_PATH("\\aux.txt"), "M-19.invalid"},
    {FILE_PATH("\\a."), "M-19.invalid"},
    {FILE_PATH(""), "M-19.missing"},
};

START_TEST(test_entries)
{
	test_text text = manifest_of(entries[_i].entries);
	judgement j;
	judge_text(&j, text.data);
	recorder_expect(&j.found, entries[_i].rules, entries[_i].entries);
	ck_assert(j.totals.complete);
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

/* ---- all of a drive ---- */

#define KEY_63 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SAS(text) "<ContainerSas>" text "</ContainerSas>"
#define EXPORTER "<ClientCreator>Microsoft Azure Import/Export service</ClientCreator>"
#define NO_BLOBS "<BlobList></BlobList>"

static const struct {
	const char *drive, *rules;
	tally_manifest_kind kind;
} drives[] = {
    {"", "M-10.missing M-16 M-14", TALLY_MANIFEST_UNKNOWN},
    {ID_ELEMENT NO_BLOBS, "M-14", TALLY_MANIFEST_UNKNOWN},
    {ID_ELEMENT KEY NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT EXPORTER NO_BLOBS, "", TALLY_MANIFEST_EXPORT},
    {ID_ELEMENT EXPORTER KEY NO_BLOBS, "M-05.order M-12.export", TALLY_MANIFEST_EXPORT},
    {"<DriveId/>" KEY NO_BLOBS, "M-10.missing", TALLY_MANIFEST_IMPORT},
    {NO_BLOBS ID_ELEMENT KEY, "M-10.order M-05.order", TALLY_MANIFEST_IMPORT},
    {KEY ID_ELEMENT NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {"<DriveId>TM41-X_0007</DriveId>" KEY NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {"<DriveId> TM41X0007</DriveId>" KEY NO_BLOBS, "M-52", TALLY_MANIFEST_IMPORT},
    {"<DriveId>TM41\nX0007</DriveId>" KEY NO_BLOBS, "M-11.blank", TALLY_MANIFEST_IMPORT},
    {"<DriveID>TM41X0007</DriveID>" KEY NO_BLOBS, "XML-06 M-10.missing", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<StorageAccountKey>" KEY_63 "</StorageAccountKey>" NO_BLOBS, "M-12.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<StorageAccountKey/>" NO_BLOBS, "M-12.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT KEY SAS("cargo?sp=rwd&amp;sig=x") NO_BLOBS, "M-12.both", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT KEY KEY NO_BLOBS, "M-05.repeated", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("") NO_BLOBS, "M-13.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo") NO_BLOBS, "M-13.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("?sp=rwd&amp;sig=x") NO_BLOBS, "M-13.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sp=rwd&amp;sig=") NO_BLOBS, "M-13.form", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sp=dwr&amp;sig=x") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sig=x") NO_BLOBS, "M-13.permissions", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sig=x&amp;sp=") NO_BLOBS, "M-13.permissions", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sig=x&amp;si=policy") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS("cargo?sig=x&amp;si=policy&amp;sp=r") NO_BLOBS, "M-13.permissions", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01") NO_BLOBS, "M-13.expiry", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T10:00Z&amp;st=2030-01-01") NO_BLOBS, "M-13.expiry", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T10:00:00Z&amp;st=2030-01-01T10%3a00Z") NO_BLOBS, "M-13.expiry",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T10:00:00.1230000Z") NO_BLOBS, "M-13.expiry", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01&amp;st=2030-01-01T00%3A01Z") NO_BLOBS, "M-13.period",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "st=2030-02-01&amp;se=2030-01-31T23:59:59Z") NO_BLOBS, "M-13.period",
     TALLY_MANIFEST_IMPORT},
    /* What is no time is neither shown nor compared. */
    {ID_ELEMENT SAS(WHOLE_SAS "st=2030&amp;se=2029-01-31") NO_BLOBS, "M-13.expiry", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T10:00") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT SAS(WHOLE_SAS "se=2030-01-01T10:00:00Zx") NO_BLOBS, "", TALLY_MANIFEST_IMPORT},
    /* A SAS that comes late speaks of the blobs in front of it too. */
    {ID_ELEMENT "<BlobList>" BLOB("0", "") "</BlobList>" SAS("cargo?sp=rwd&amp;sig=x"), "M-05.order",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<BlobList>" BLOB("0", "") "</BlobList>" SAS("ballast?sp=rwd&amp;sig=x"), "M-05.order M-13.container",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<BlobList>" BLOB("0", "") BLOB_IN("ballast") "</BlobList>" SAS("cargo?sp=rwd&amp;sig=x"),
     "M-05.order M-13.container", TALLY_MANIFEST_IMPORT},
    /* An element within doesn't take the hash away. */
    {ID_ELEMENT KEY "<BlobList><MetadataPath " HASH ">\\m<x/></MetadataPath></BlobList>", "M-05.element",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT KEY "<BlobList><MetadataPath " HASH ">\\m</MetadataPath></BlobList>", "", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT KEY "<BlobList><PropertiesPath>\\m</PropertiesPath><MetadataPath " HASH
		    ">\\m</MetadataPath></BlobList>",
     "M-17.hash M-05.order", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<BlobList><Blob>" PATHS
		"<Snapshot>2011-03-09T01:42:34Z</Snapshot><Length>0</Length></Blob></BlobList>",
     "", TALLY_MANIFEST_EXPORT},
    {ID_ELEMENT "<BlobList><Blob>" PATHS "<Snapshot>yesterday</Snapshot><Length>0</Length></Blob></BlobList>",
     "M-22.form", TALLY_MANIFEST_EXPORT},
    {ID_ELEMENT KEY "<BlobList><Blob>" PATHS "<Snapshot/><Length>0</Length></Blob></BlobList>", "M-22.form M-22.import",
     TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT "<BlobList><Blob>" PATHS
		"<Length>0</Length><ImportDisposition>rename</ImportDisposition></Blob></BlobList>",
     "M-14", TALLY_MANIFEST_IMPORT},
    {ID_ELEMENT KEY NO_BLOBS "</Drive><Drive>" ID_ELEMENT KEY NO_BLOBS, "M-01.several", TALLY_MANIFEST_IMPORT},
    /* Each drive has its own id, in its place, and its own credential. */
    {ID_ELEMENT SAS("cargo?sp=rwd&amp;sig=x") "<BlobList>" BLOB(
	 "0", "") "</BlobList></Drive><Drive>" ID_ELEMENT KEY
		  "<BlobList><Blob><BlobPath>ballast/a</BlobPath><FilePath>\\b</FilePath><Length>0</Length></Blob></"
		  "BlobList>"
		  "</Drive><Drive>" ID_ELEMENT KEY NO_BLOBS,
     "M-01.several", TALLY_MANIFEST_IMPORT},
};

START_TEST(test_drives)
{
	test_text text = manifest_of_drive(drives[_i].drive);
	judgement j;
	judge_text(&j, text.data);
	recorder_expect(&j.found, drives[_i].rules, drives[_i].drive);
	ck_assert_int_eq(j.totals.kind, drives[_i].kind);
	judgement_clear(&j);
	text_clear(&text);
}
END_TEST

START_TEST(test_level_and_status)
{
	static const struct {
		const char *list, *rule;
		tally_level level;
		const char *status;
	} cases[] = {
	    {"<MetadataPath " HASH "/>", "M-17.path", TALLY_LEVEL_METADATA, "FileNameInvalid"},
	    {"<PropertiesPath " HASH "> </PropertiesPath>", "M-17.path", TALLY_LEVEL_PROPERTIES, "FileNameInvalid"},
	    {"<PropertiesPath " HASH ">\\a:b</PropertiesPath>", "M-17.path", TALLY_LEVEL_PROPERTIES, "FileNameInvalid"},
	    {BLOCKS("4194304001", BLOCK("0", "4194304001", "")), "M-41.limit", TALLY_LEVEL_BLOB, "BlobRequestFailed"},
	    {BLOCKS("4194305", BLOCK("0", "4194305", "")), "M-41.old-limit", TALLY_LEVEL_BLOB, "BlobRequestFailed"},
	    {RANGES("512", ""), "M-30.empty", TALLY_LEVEL_BLOB, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		test_text drive = {0};
		text_print(&drive, "%s<BlobList>%s</BlobList>", ID_ELEMENT KEY, cases[i].list);
		test_text text = manifest_of_drive(drive.data);
		judgement j;
		judge_text(&j, text.data);
		const recorded *found = recorder_find(&j.found, cases[i].rule, cases[i].list);
		ck_assert_int_eq(found->level, cases[i].level);
		ck_assert_ptr_eq(found->status, tally_status_find(cases[i].level, cases[i].status));
		ck_assert_uint_eq(recorder_count(&j.found, cases[i].rule), 1);
		judgement_clear(&j);
		text_clear(&text);
		text_clear(&drive);
	}
}
END_TEST

START_TEST(test_a_kind_that_is_given_is_not_recognised)
{
	static const struct {
		const char *drive, *rules;
		tally_manifest_kind kind;
	} given[] = {
	    {ID_ELEMENT KEY NO_BLOBS, "M-12.export", TALLY_MANIFEST_EXPORT},
	    {ID_ELEMENT EXPORTER NO_BLOBS, "M-14", TALLY_MANIFEST_IMPORT},
	    {ID_ELEMENT NO_BLOBS, "", TALLY_MANIFEST_EXPORT},
	    {ID_ELEMENT SAS("cargo?sp=rwl&amp;sig=x") NO_BLOBS, "M-12.export", TALLY_MANIFEST_EXPORT},
	};
	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
		test_text text = manifest_of_drive(given[i].drive);
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.kind = given[i].kind});
		recorder_expect(&j.found, given[i].rules, given[i].drive);
		ck_assert_int_eq(j.totals.kind, given[i].kind);
		judgement_clear(&j);
		text_clear(&text);
	}
}
END_TEST

START_TEST(test_documents_that_are_no_manifests)
{
	static const char *const documents[][2] = {
	    {"", "XML-01"},
	    {"   ", "XML-01"},
	    {"crates and barrels", "XML-01"},
	    {"<Metadata><a>b</a></Metadata>", "M-03.root"},
	    {"<drivemanifest Version='2014-11-01'/>", "M-03.root"},
	    {"<DriveManifest/>", "M-03.missing M-01.missing"},
	    {"<x:DriveManifest xmlns:x='u' Version='2014-11-01'/>", "M-04.namespace M-03.root"},
	    {"<DriveManifest x:Version='2014-11-01' "
	     "xmlns:x='u'><Drive><DriveId>a</DriveId><BlobList/></Drive></DriveManifest>",
	     "M-04.namespace M-05.attribute M-03.missing M-14"},
	};
	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
		judgement j;
		judge_text(&j, documents[i][0]);
		recorder_expect(&j.found, documents[i][1], documents[i][0]);
		judgement_clear(&j);
	}
}
END_TEST

int main(void)
{
	return suite_run("manifest entries",
			 (const suite_test[]){{test_entries, (int)(sizeof entries / sizeof entries[0])},
					      {test_drives, (int)(sizeof drives / sizeof drives[0])},
					      {test_level_and_status, 0},
					      {test_a_kind_that_is_given_is_not_recognised, 0},
					      {test_documents_that_are_no_manifests, 0},
					      {NULL, 0}});
}
