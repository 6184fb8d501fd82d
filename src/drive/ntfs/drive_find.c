/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/find_detail.h"
#include "drive/ntfs/ntfs_drive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

typedef struct search {
	tally_ntfs_drive *drive;
	tally_find_detail *detail; /* may be NULL */
	tally_text path, rest, component;
	uint32_t directory;
} search;

static tally_find report(const search *s, tally_find result, int os_error, const char *what)
{
	return tally_find_report(result, s->detail, s->path, s->component, os_error, what);
}

static tally_find report_damage(const search *s, const tally_ntfs_reason *reason)
{
	char what[120];
	snprintf(what, sizeof what, "can't be read: %s", reason->what);
	return report(s, TALLY_FIND_IO_FAILED, EBADMSG, what);
}

/* What isn't there may be in a record that can't be read. */
static tally_find report_missing(const search *s)
{
	uint64_t lost = tally_ntfs_facts_of(s->drive->volume)->lost_records;
	if (lost == 0)
		return report(s, TALLY_FIND_MISSING, ENOENT, "does not exist");
	char what[120];
	snprintf(what, sizeof what, "was not found, but may be lost: %" PRIu64 " record%s of $MFT can't be read", lost,
		 lost > 1 ? "s" : "");
	return report(s, TALLY_FIND_IO_FAILED, EBADMSG, what);
}

static tally_find report_ambiguous(const search *s, const tally_ntfs_name found[2])
{
	char names[2][TALLY_NTFS_NAME_BYTES + 1];
	bool in_order = tally_ntfs_name_compare_bytes(&found[0], &found[1]) <= 0;
	tally_ntfs_name_write(&found[in_order ? 0 : 1], names[0]);
	tally_ntfs_name_write(&found[in_order ? 1 : 0], names[1]);
	return tally_find_report_ambiguous(s->detail, s->path, s->component, names[0], names[1]);
}

/* What is no file or has no plain bytes. `otherwise` is the outcome for what leads elsewhere. */
static tally_find report_kind(const search *s, tally_ntfs_kind kind, const tally_ntfs_reason *reason,
			      tally_find otherwise)
{
	char what[120];
	switch (kind) {
	case TALLY_NTFS_FILE:
		break;
	case TALLY_NTFS_DIRECTORY:
		return report(s, otherwise, 0, "is a directory");
	case TALLY_NTFS_EFS:
		return report(s, TALLY_FIND_DENIED, 0, "is encrypted with EFS: only its owner's Windows can read it");
	case TALLY_NTFS_WOF:
		return report(s, TALLY_FIND_WINDOWS_ONLY, 0,
			      "is compressed by the Windows overlay filter, which only Windows can read");
	case TALLY_NTFS_DEDUPLICATED:
		return report(s, TALLY_FIND_WINDOWS_ONLY, 0,
			      "is deduplicated: its content is in Windows Server's chunk store");
	case TALLY_NTFS_SYMBOLIC_LINK:
		return report(s, otherwise, 0, "is a symbolic link");
	case TALLY_NTFS_JUNCTION:
		return report(s, otherwise, 0, "is a junction or mount point");
	case TALLY_NTFS_REPARSE:
		snprintf(what, sizeof what,
			 "is a reparse point with the tag 0x%08" PRIX32 ", which only Windows can follow", reason->tag);
		return report(s, TALLY_FIND_WINDOWS_ONLY, 0, what);
	case TALLY_NTFS_NO_STREAM:
		return report(s, TALLY_FIND_IO_FAILED, EBADMSG, "has no content: its record in $MFT lacks $DATA");
	case TALLY_NTFS_FILE_DAMAGED:
		return report_damage(s, reason);
	case TALLY_NTFS_FILE_UNREADABLE:
		return report(s, TALLY_FIND_IO_FAILED, reason->os_error,
			      "can't be opened: its record in $MFT can't be read");
	case TALLY_NTFS_NO_MEMORY:
		break;
	}
	return report(s, TALLY_FIND_NO_MEMORY, ENOMEM, "could not be looked up: out of memory");
}

/* A component on the way. */
static tally_find enter(search *s, uint32_t record)
{
	const tally_ntfs *volume = s->drive->volume;
	if (tally_ntfs_has_reparse_point(volume, record)) {
		tally_ntfs_file *file;
		tally_ntfs_reason reason;
		tally_ntfs_kind kind = tally_ntfs_file_open(volume, record, "", &file, &reason);
		tally_ntfs_file_close(file);
		/* Long attribute lists look like reparse points from afar. */
		if (kind != TALLY_NTFS_DIRECTORY && kind != TALLY_NTFS_FILE)
			return report_kind(s, kind, &reason, TALLY_FIND_LEAVES_DRIVE);
	}
	if (!tally_ntfs_is_directory(volume, record))
		return report(s, TALLY_FIND_MISSING, ENOTDIR, "is a file, not a directory");
	s->directory = record;
	return TALLY_FIND_OK;
}

static tally_find open_last(const search *s, uint32_t record, tally_file *file)
{
	tally_ntfs_file *opened;
	tally_ntfs_reason reason;
	tally_ntfs_kind kind = tally_ntfs_file_open(s->drive->volume, record, "", &opened, &reason);
	if (kind != TALLY_NTFS_FILE)
		return report_kind(s, kind, &reason, TALLY_FIND_NOT_A_FILE);
	atomic_fetch_add(&s->drive->users, 1);
	*file = (tally_file){
	    .drive = &s->drive->drive,
	    .handle = (intptr_t)opened,
	    .size = opened->stream.size,
	    .identity = tally_ntfs_drive_identity(s->drive, opened),
	};
	return TALLY_FIND_OK;
}

static tally_find step(search *s, tally_file *file)
{
	tally_ntfs_name found[2];
	switch (tally_ntfs_lookup(s->drive->volume, s->directory, s->component, found)) {
	case TALLY_NTFS_NO_MATCH:
		return report_missing(s);
	case TALLY_NTFS_MATCHES:
		return report_ambiguous(s, found);
	case TALLY_NTFS_MATCH:
		break;
	}
	if (found[0].file < TALLY_NTFS_FIRST_USER_RECORD)
		return report(s, TALLY_FIND_DENIED, EACCES, "belongs to NTFS itself");
	return s->rest.size == 0 ? open_last(s, found[0].file, file) : enter(s, found[0].file);
}

tally_find tally_ntfs_drive_find(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail)
{
	search s = {.drive = (tally_ntfs_drive *)drive,
		    .detail = detail,
		    .path = path,
		    .rest = path,
		    .directory = TALLY_NTFS_ROOT};
	tally_find found = TALLY_FIND_OK;
	while (found == TALLY_FIND_OK && tally_windows_path_next(&s.rest, &s.component))
		found = step(&s, file);
	return found;
}

int tally_ntfs_errno(tally_ntfs_kind kind, const tally_ntfs_reason *reason)
{
	switch (kind) {
	case TALLY_NTFS_JUNCTION:
		return EXDEV;
	case TALLY_NTFS_NO_STREAM:
	case TALLY_NTFS_FILE_DAMAGED:
		return EBADMSG;
	case TALLY_NTFS_FILE_UNREADABLE:
		return reason->os_error;
	case TALLY_NTFS_NO_MEMORY:
		return ENOMEM;
	default:
		return 0;
	}
}
