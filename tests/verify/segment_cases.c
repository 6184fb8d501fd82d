/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of blocks and page ranges. */
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <errno.h>

static void flip_first(const stage *s)
{
	stage_flip(s, "pictures/a.jpg", 0);
}

static void flip_all(const stage *s)
{
	stage_flip(s, "pictures/a.jpg", 4095);
	stage_flip(s, "pictures/a.jpg", 4096);
	stage_flip(s, "pictures/a.jpg", 9999);
}

static void flip_range(const stage *s)
{
	stage_flip(s, "disks/b.vhd", 8191);
}

static void cut_last_byte(const stage *s)
{
	stage_resize(s, "pictures/a.jpg", 9999);
}

static void cut_to_first_block(const stage *s)
{
	stage_resize(s, "pictures/a.jpg", 4096);
}

static void cut_to_nothing(const stage *s)
{
	stage_resize(s, "pictures/a.jpg", 0);
	stage_resize(s, "disks/b.vhd", 0);
}

/* Damage in front of the end does not hide that the end is missing. */
static void cut_and_flip(const stage *s)
{
	stage_flip(s, "pictures/a.jpg", 17);
	stage_resize(s, "pictures/a.jpg", 5000);
}

static void unreadable_middle(const stage *s)
{
	read_faults_fail(stage_place(s, "pictures/a.jpg"), 5000, 5512, EIO);
}

static void unreadable_border(const stage *s)
{
	read_faults_fail(stage_place(s, "disks/b.vhd"), 4095, 4097, EIO);
}

static void unreadable(const stage *s)
{
	read_faults_fail(stage_place(s, "pictures/a.jpg"), 0, UINT64_MAX, ENODEV);
}

static void in_small_pieces(const stage *s)
{
	(void)s;
	read_faults_shorten(7);
}

static void cut_in_small_pieces(const stage *s)
{
	read_faults_shorten(100);
	(void)s;
}

static void shrink(void *context)
{
	stage_resize(context, "pictures/a.jpg", 5000);
}

/* Has its size again before each check, which the manifest's hashes of blocks behind byte 5,000 don't survive. */
static void shrink_meanwhile(const stage *s)
{
	static stage held;
	held = *s;
	stage_resize(s, "pictures/a.jpg", 10000);
	read_faults_meanwhile(stage_place(s, "pictures/a.jpg"), shrink, &held);
}

#define FIRST_WITH_ERRORS(segments)                        \
  .drive_status = "CompletedWithErrors", .exit_status = 1, \
  .counts = "blob: Completed 2, CompletedWithErrors 1; segment: " segments "; " ALL_SIDES

const check_case segment_cases[] = {
    {
	.name = "a byte of the first block",
	.damage = flip_first,
	FIRST_WITH_ERRORS("Completed 5, Corrupted 1"),
	.findings = "V-20 error segment Corrupted\n",
    },
    {
	.name = "a byte of each block",
	.damage = flip_all,
	FIRST_WITH_ERRORS("Completed 3, Corrupted 3"),
	.findings = "V-20 error segment Corrupted\n"
		    "V-20 error segment Corrupted\n"
		    "V-20 error segment Corrupted\n",
    },
    {
	.name = "a byte of a page range",
	.damage = flip_range,
	FIRST_WITH_ERRORS("Completed 5, Corrupted 1"),
	.findings = "V-20 error segment Corrupted\n",
    },
    {
	.name = "another hash in the manifest",
	.edits = {"            <PageRange Offset=\"0\" Length=\"4096\" Hash=\"",
		  "            <PageRange Offset=\"0\" Length=\"4096\" Hash=\"00112233445566778899aabbccddeeff\" "
		  "/>\n<!-- \"",
		  "\" />\n            <PageRange Offset=\"4096\"", "\" -->\n            <PageRange Offset=\"4096\""},
	FIRST_WITH_ERRORS("Completed 5, Corrupted 1"),
	.findings = "V-20 error segment Corrupted\n",
    },
    {
	.name = "the last byte is missing",
	.damage = cut_last_byte,
	FIRST_WITH_ERRORS("Completed 5, FileUnexpectedEnd 1"),
	.findings = "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	.name = "the file ends with its first block",
	.damage = cut_to_first_block,
	FIRST_WITH_ERRORS("Completed 4, FileUnexpectedEnd 2"),
	.findings = "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	.name = "files of no bytes",
	.damage = cut_to_nothing,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 1, CompletedWithErrors 2; segment: Completed 1, FileUnexpectedEnd 5; " ALL_SIDES,
	.findings = "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	.name = "broken in front and cut behind",
	.damage = cut_and_flip,
	FIRST_WITH_ERRORS("Completed 3, Corrupted 1, FileUnexpectedEnd 2"),
	.findings = "V-20 error segment Corrupted\n"
		    "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	.name = "a range behind the blob's length",
	.edits = {"<Length>8192</Length>", "<Length>4096</Length>"},
	FIRST_WITH_ERRORS("Completed 5, BlobUnexpectedEnd 1"),
	.findings = "M-33 error segment BlobUnexpectedEnd\n"
		    "V-14 warning blob -\n",
    },
    {
	.name = "a hash that is none",
	.edits = {"<PageRange Offset=\"0\" Length=\"4096\" Hash=\"",
		  "<PageRange Offset=\"0\" Length=\"4096\" Hash=\"x"},
	.drive_status = "ManifestFormatInvalid",
	.exit_status = 1,
	.counts = "blob: Completed 2, CompletedWithErrors 1; segment: Completed 5, Cancelled 1; " ALL_SIDES,
	.findings = "M-50 error drive ManifestFormatInvalid\n",
    },
    {
	.name = "an offset at the end of the world",
	.edits = {"<PageRange Offset=\"4096\"", "<PageRange Offset=\"18446744073709551104\""},
	.drive_status = "ManifestFormatInvalid",
	.exit_status = 1,
	.counts = "blob: Completed 2, CompletedWithErrors 1; segment: Completed 5, Cancelled 1; " ALL_SIDES,
	.findings = "M-23 error drive ManifestFormatInvalid\n",
    },
    {
	.name = "an offset far behind the file",
	.edits = {"<PageRange Offset=\"4096\"", "<PageRange Offset=\"9223372036854775808\""},
	FIRST_WITH_ERRORS("Completed 5, FileUnexpectedEnd 1"),
	.findings = "M-33 error segment BlobUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	.name = "a sector in the middle that can't be read",
	.fault = unreadable_middle,
	FIRST_WITH_ERRORS("Completed 5, IOFailed 1"),
	.findings = "V-22 error segment IOFailed\n",
    },
    {
	.name = "a sector in two page ranges that can't be read",
	.fault = unreadable_border,
	FIRST_WITH_ERRORS("Completed 4, IOFailed 2"),
	.findings = "V-22 error segment IOFailed\n"
		    "V-22 error segment IOFailed\n",
    },
    {
	.name = "a file of which nothing can be read",
	.fault = unreadable,
	FIRST_WITH_ERRORS("Completed 3, IOFailed 3"),
	.findings = "V-22 error segment IOFailed\n"
		    "V-22 error segment IOFailed\n"
		    "V-22 error segment IOFailed\n",
    },
    {
	.name = "reads of seven bytes",
	.fault = in_small_pieces,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "reads of a hundred bytes, and a file that is too short",
	.damage = cut_last_byte,
	.fault = cut_in_small_pieces,
	FIRST_WITH_ERRORS("Completed 5, FileUnexpectedEnd 1"),
	.findings = "V-21 error segment FileUnexpectedEnd\n",
    },
    {
	/* The first block is whole, whenever that happens. */
	.name = "a file that shrinks while it is read",
	.fault = shrink_meanwhile,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, IOFailed 1; segment: Completed 4, FileUnexpectedEnd 2; " ALL_SIDES,
	.findings = "V-15 error blob IOFailed\n"
		    "V-21 error segment FileUnexpectedEnd\n"
		    "V-21 error segment FileUnexpectedEnd\n",
    },
    {.name = NULL},
};
