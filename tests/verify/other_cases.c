/* SPDX-License-Identifier: Apache-2.0 */
/* What else is on the drive. */
#include "verify/cases.h"

static void add_files(const stage *s)
{
	stage_write(s, "readme.txt", "hello");
	stage_write(s, "pictures/sub/d.txt", "hello");
	stage_write(s, "a folder/of/others.txt", "");
}

static void add_those_of_windows(const stage *s)
{
	stage_write(s, "System Volume Information/WPSettings.dat", "1");
	stage_write(s, "system volume information/IndexerVolumeGuid", "1");
	stage_write(s, "$RECYCLE.BIN/S-1-5-21/desktop.ini", "1");
	/* Only in the root do they belong to Windows. */
	stage_write(s, "pictures/$RECYCLE.BIN/$I000000.txt", "1");
}

static void add_case_clash(const stage *s)
{
	stage_write(s, "pictures/A.JPG", "1");
}

static void add_folder_clash(const stage *s)
{
	stage_write(s, "notes/x.txt", "1");
	stage_write(s, "Notes/x.txt", "1");
}

static void add_links(const stage *s)
{
	stage_link(s, "link", "/etc");
	stage_link(s, "pictures/dangling", "nowhere");
}

static void add_closed_folder(const stage *s)
{
	stage_write(s, "closed/x.txt", "1");
	stage_mode(s, "closed", 0);
}

const check_case other_cases[] = {
    {
	.name = "files that nothing names",
	.damage = add_files,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-40 note drive -\n"
		    "V-40 note drive -\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "files of Windows",
	.damage = add_those_of_windows,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-40 note drive -\n",
    },
    {
	/* The manifest's spelling is there, so that blob is found; its neighbour is a file that NTFS could not hold. */
	.name = "two files that differ in capitals",
	.damage = add_case_clash,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-41 warning drive -\n"
		    "V-41 warning drive -\n",
    },
    {
	.name = "two folders that differ in capitals",
	.damage = add_folder_clash,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-41 warning drive -\n"
		    "V-40 note drive -\n"
		    "V-41 warning drive -\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "symbolic links",
	.damage = add_links,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-40 note drive -\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a folder that may not be listed",
	.damage = add_closed_folder,
	.as_nobody = true,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-42 warning drive -\n",
    },
    {.name = NULL},
};
