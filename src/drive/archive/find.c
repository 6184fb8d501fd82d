/* SPDX-License-Identifier: Apache-2.0 */
/* Looking paths up in an archive's names, with the outcomes and words of a mounted directory. */
#include "drive/archive/archive_internal.h"

#include "base/windows_path.h"
#include "drive/find_detail.h"

#include <errno.h>
#include <stdio.h>

typedef struct search {
	tally_archive *archive;
	tally_find_detail *detail; /* may be NULL */
	tally_text path, component, rest;
	uint32_t node;
} search;

static tally_find report(const search *s, tally_find found, int os_error, const char *what)
{
	return tally_find_report(found, s->detail, s->path, s->component, os_error, what);
}

static tally_find report_missing(const search *s)
{
	if (s->archive->cut)
		return report(s, TALLY_FIND_IO_FAILED, EIO,
			      "is not known to exist: the archive can't be read to its end");
	return report(s, TALLY_FIND_MISSING, ENOENT, "does not exist");
}

static tally_find report_ambiguous(const search *s, uint32_t first, uint32_t second)
{
	char names[2][TALLY_NTFS_COMPONENT_BYTES + 1];
	const uint32_t nodes[2] = {first, second};
	for (int i = 0; i < 2; i++) {
		tally_text name = tally_names_text(&s->archive->names, nodes[i]);
		snprintf(names[i], sizeof names[i], "%.*s", (int)name.size, name.data);
	}
	return tally_find_report_ambiguous(s->detail, s->path, s->component, names[0], names[1]);
}

/* Goes from a folder to what the component names in it. */
static tally_find step(search *s)
{
	uint32_t other;
	s->node = tally_names_find(&s->archive->names, s->node, s->component, &other);
	if (s->node == TALLY_NODE_NONE)
		return report_missing(s);
	return other != TALLY_NODE_NONE ? report_ambiguous(s, s->node, other) : TALLY_FIND_OK;
}

static tally_find enter(const search *s)
{
	switch ((tally_archive_kind)s->archive->names.nodes[s->node].kind) {
	case TALLY_ARCHIVE_DIRECTORY:
		return TALLY_FIND_OK;
	case TALLY_ARCHIVE_LINK:
		return report(s, TALLY_FIND_LEAVES_DRIVE, ELOOP, "is a symbolic link");
	case TALLY_ARCHIVE_FILE:
	case TALLY_ARCHIVE_SAME_FILE:
		return report(s, TALLY_FIND_MISSING, ENOTDIR, "is a file, not a directory");
	case TALLY_ARCHIVE_OTHER:
		break;
	}
	return report(s, TALLY_FIND_MISSING, ENOTDIR, "is neither file nor directory, not a directory");
}

/* The last component: *node becomes the file that has the bytes. */
static tally_find take_file(const search *s, uint32_t *node)
{
	const tally_names *names = &s->archive->names;
	switch ((tally_archive_kind)names->nodes[s->node].kind) {
	case TALLY_ARCHIVE_DIRECTORY:
		return report(s, TALLY_FIND_NOT_A_FILE, 0, "is a directory");
	case TALLY_ARCHIVE_LINK:
		return report(s, TALLY_FIND_NOT_A_FILE, 0, "is a symbolic link");
	case TALLY_ARCHIVE_OTHER:
		return report(s, TALLY_FIND_NOT_A_FILE, 0, "is neither file nor directory");
	case TALLY_ARCHIVE_FILE:
	case TALLY_ARCHIVE_SAME_FILE:
		break;
	}
	*node = tally_names_file_of(names, s->node);
	if (*node == TALLY_NODE_NONE)
		return report(s, TALLY_FIND_IO_FAILED, EIO, "is a hard link to what the archive does not hold");
	if (names->nodes[*node].encrypted)
		return report(s, TALLY_FIND_DENIED, EACCES, "is encrypted in the archive");
	return TALLY_FIND_OK;
}

tally_find tally_archive_look(tally_archive *a, uint32_t folder, tally_text path, uint32_t *node,
			      tally_find_detail *detail)
{
	search s = {.archive = a, .detail = detail, .path = path, .rest = path, .node = folder};
	tally_find found = TALLY_FIND_OK;
	pthread_mutex_lock(&a->lock);
	while (found == TALLY_FIND_OK && tally_windows_path_next(&s.rest, &s.component)) {
		found = step(&s);
		if (found == TALLY_FIND_OK)
			found = s.rest.size == 0 ? take_file(&s, node) : enter(&s);
	}
	pthread_mutex_unlock(&a->lock);
	return found;
}

tally_find tally_archive_find(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail)
{
	tally_archive *a = tally_archive_of(drive);
	uint32_t node;
	tally_find found = tally_archive_look(a, a->root, path, &node, detail);
	if (found != TALLY_FIND_OK)
		return found;
	uint64_t size = a->names.nodes[node].size;
	*file = (tally_file){.drive = drive,
			     .handle = (intptr_t)node,
			     .size = size,
			     .identity = {.inode = node, .size = size, .links = 1}};
	return TALLY_FIND_OK;
}
