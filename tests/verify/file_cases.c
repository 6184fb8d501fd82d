/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses of a blob that its file leads to. */
#include "verify/cases.h"
#include "verify/read_faults.h"

#include <fcntl.h>
#include <sys/stat.h>

static void lose(const stage *s)
{
	stage_remove(s, "pictures/a.jpg");
}

static void lose_folder(const stage *s)
{
	stage_rename(s, "disks", "old");
}

static void file_for_folder(const stage *s)
{
	stage_remove(s, "pictures/sub/c.txt");
	stage_remove(s, "pictures/sub");
	stage_write(s, "pictures/sub", "");
}

static void folder(const stage *s)
{
	stage_folder(s, "pictures/a.jpg");
}

static void fifo(const stage *s)
{
	stage_fifo(s, "pictures/a.jpg");
}

static void socket_there(const stage *s)
{
	stage_socket(s, "pictures/a.jpg");
}

static void device(const stage *s)
{
	stage_device(s, "pictures/a.jpg");
}

static void link_there(const stage *s)
{
	stage_rename(s, "pictures/a.jpg", "a.jpg");
	stage_link(s, "pictures/a.jpg", "../a.jpg");
}

/* As a drive that wants to have another file of this computer read. */
static void link_on_the_way(const stage *s)
{
	stage_rename(s, "disks", "../disks");
	stage_link(s, "disks", "../disks");
}

static void deny(const stage *s)
{
	stage_mode(s, "pictures/a.jpg", 0);
}

static void deny_folder(const stage *s)
{
	stage_mode(s, "disks", 0);
}

static void spell_otherwise(const stage *s)
{
	stage_rename(s, "pictures/a.jpg", "pictures/A.Jpg");
	stage_rename(s, "pictures", "PICTURES");
}

static void spell_twice(const stage *s)
{
	stage_rename(s, "pictures/a.jpg", "pictures/A.JPG");
	stage_write(s, "pictures/a.JPG", "");
}

static void make_longer(const stage *s)
{
	stage_append(s, "pictures/a.jpg", "more");
}

/* A page blob may end in bytes that no range covers; those can be missing from its file. */
static void make_sparse(stage *s)
{
	maker *m = stage_begin(s);
	maker_add(m, &(maker_blob){.blob_path = "disks/b.vhd", .size = 8192, .segment_size = 4096, .page = true});
	maker_end(m);
	maker_edit(m, "<Length>8192</Length>", "<Length>10240</Length>");
	maker_seal(m);
}

static void touch(void *context)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000, .tv_nsec = 123}};
	const stage *s = context;
	utimensat(AT_FDCWD, stage_place(s, "pictures/a.jpg"), times, 0);
}

static void touch_meanwhile(const stage *s)
{
	static stage held;
	held = *s;
	/* The file is checked several times, and changes each time. */
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 2000000000}};
	utimensat(AT_FDCWD, stage_place(s, "pictures/a.jpg"), times, 0);
	read_faults_meanwhile(stage_place(s, "pictures/a.jpg"), touch, &held);
}

#define FIRST_CANCELLED(status)                                                    \
  .drive_status = "CompletedWithErrors", .exit_status = 1,                         \
  .counts = "blob: Completed 2, " status " 1; segment: Completed 3, Cancelled 3; " \
	    "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1"
#define SECOND_CANCELLED(status)                                                   \
  .drive_status = "CompletedWithErrors", .exit_status = 1,                         \
  .counts = "blob: Completed 2, " status " 1; segment: Completed 4, Cancelled 2; " \
	    "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1"

const check_case file_cases[] = {
    {
	.name = "no file",
	.damage = lose,
	FIRST_CANCELLED("FileNotFound"),
	.findings = "V-10 error blob FileNotFound\n",
    },
    {
	/* With it go the blob's metadata and properties, which are told too. */
	.name = "no folder",
	.damage = lose_folder,
	SECOND_CANCELLED("FileNotFound"),
	.findings = "V-10 error blob FileNotFound\n"
		    "V-30 error metadata FileNotFound\n"
		    "V-30 error properties FileNotFound\n"
		    "V-40 note drive -\n"
		    "V-40 note drive -\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a file where a folder should be",
	.damage = file_for_folder,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, FileNotFound 1; segment: Completed 5, Cancelled 1; "
		  "metadata: Completed 2, Cancelled 1; properties: Completed 2, Cancelled 1",
	.findings = "V-10 error blob FileNotFound\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a folder where a file should be",
	.damage = folder,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n",
    },
    {
	.name = "a FIFO where a file should be",
	.damage = fifo,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n",
    },
    {
	.name = "a socket where a file should be",
	.damage = socket_there,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n",
    },
    {
	.name = "a device where a file should be",
	.damage = device,
	.needs_root = true,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n",
    },
    {
	.name = "a symbolic link where a file should be",
	.damage = link_there,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a symbolic link on the way",
	.damage = link_on_the_way,
	SECOND_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n"
		    "V-31 error metadata FileAccessDenied\n"
		    "V-31 error properties FileAccessDenied\n"
		    "V-40 note drive -\n",
    },
    {
	.name = "a file that may not be read",
	.damage = deny,
	.as_nobody = true,
	FIRST_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n",
    },
    {
	.name = "a folder that may not be entered",
	.damage = deny_folder,
	.as_nobody = true,
	SECOND_CANCELLED("FileAccessDenied"),
	.findings = "V-11 error blob FileAccessDenied\n"
		    "V-31 error metadata FileAccessDenied\n"
		    "V-31 error properties FileAccessDenied\n"
		    "V-42 warning drive -\n",
    },
    {
	.name = "other capitals in names",
	.damage = spell_otherwise,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "",
    },
    {
	.name = "two files, both in other capitals",
	.damage = spell_twice,
	FIRST_CANCELLED("Failed"),
	.findings = "V-12 error blob Failed\n"
		    "V-41 warning drive -\n"
		    "V-41 warning drive -\n",
    },
    {
	.name = "a file that became longer",
	.damage = make_longer,
	.drive_status = "Completed",
	.counts = ALL_COMPLETED,
	.findings = "V-14 warning blob -\n",
    },
    {
	.name = "a file that ends with its last range",
	.make = make_sparse,
	.drive_status = "Completed",
	.counts = "blob: Completed 1; segment: Completed 2",
	.findings = "V-16 warning blob -\n",
    },
    {
	.name = "a file that is written while it is read",
	.fault = touch_meanwhile,
	.drive_status = "CompletedWithErrors",
	.exit_status = 1,
	.counts = "blob: Completed 2, IOFailed 1; " ALL_SEGMENTS "; " ALL_SIDES,
	.findings = "V-15 error blob IOFailed\n",
    },
    {.name = NULL},
};
