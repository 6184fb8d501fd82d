/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same for every kind of drive; the rest is passed on to it. */
#include "drive/drive_class.h"

#include <errno.h>
#include <stdio.h>

#ifdef TALLY_FAULT_INJECTION
int64_t (*tally_read_fault)(const tally_file *file, uint64_t offset, size_t size);
void (*tally_read_damage)(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size);
bool tally_cached_reads_end;
#endif

tally_find tally_drive_find(tally_drive *drive, tally_text windows_path, tally_file *file, tally_find_detail *detail)
{
	return tally_drive_find_near(drive, NULL, windows_path, file, detail);
}

tally_find tally_drive_find_near(tally_drive *drive, tally_folder *folder, tally_text windows_path, tally_file *file,
				 tally_find_detail *detail)
{
	tally_path_problem problem;
	if (tally_windows_path_check(windows_path, &problem) == TALLY_PATH_OK)
		return folder != NULL && drive->class->find_near != NULL
			   ? drive->class->find_near(drive, folder, windows_path, file, detail)
			   : drive->class->find(drive, windows_path, file, detail);
	if (detail != NULL) {
		*detail = (tally_find_detail){.problem = problem};
		snprintf(detail->text, sizeof detail->text, "%s", tally_path_fault_text(problem.fault));
	}
	return tally_path_fault_is_length(problem.fault) ? TALLY_FIND_NAME_TOO_LONG : TALLY_FIND_NAME_INVALID;
}

tally_result tally_find_shortage(tally_find found, const tally_find_detail *detail, tally_error *error)
{
	if (found == TALLY_FIND_NO_MEMORY)
		return tally_fail_memory(error);
	if (found != TALLY_FIND_NO_FILES)
		return TALLY_OK;
	int os_error = detail != NULL ? detail->os_error : EMFILE;
	return tally_fail_os(error, os_error, "no more files of the drive can be opened");
}

tally_result tally_drive_walk(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
			      void *context, tally_error *error)
{
	return drive->class->walk(drive, visit, context, error);
}

tally_walk_entry tally_walk_look(const tally_walk_entry *entry)
{
	tally_walk_entry seen = *entry;
	seen.look = NULL;
	if (entry->look != NULL)
		entry->look(&seen);
	return seen;
}

void tally_folder_leave(tally_folder *folder)
{
	if (folder->drive != NULL)
		folder->drive->class->leave(folder);
	folder->drive = NULL;
}

tally_os_medium tally_drive_medium(const tally_drive *drive)
{
	return drive->class->medium(drive);
}

void tally_drive_close(tally_drive *drive)
{
	if (drive != NULL)
		drive->class->close(drive);
}

/* ---- files ---- */

/* Below 0: a read shall fail so. Otherwise so many bytes shall be asked for. */
static int64_t admit(const tally_file *file, uint64_t offset, size_t size)
{
#ifdef TALLY_FAULT_INJECTION
	int64_t fault = tally_read_fault != NULL ? tally_read_fault(file, offset, size) : 0;
	if (fault < 0 || (fault > 0 && (uint64_t)fault < size))
		return fault;
#else
	(void)file, (void)offset;
#endif
	return (int64_t)size;
}

typedef int64_t read_function(const tally_file *file, uint64_t offset, void *buffer, size_t size);

static int64_t read_with(read_function *read, const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	if (offset > INT64_MAX)
		return 0; /* no file reaches that far */
	int64_t admitted = admit(file, offset, size);
	if (admitted < 0)
		return admitted;
	int64_t got = read(file, offset, buffer, (size_t)admitted);
#ifdef TALLY_FAULT_INJECTION
	if (got > 0 && tally_read_damage != NULL)
		tally_read_damage(file, offset, buffer, (size_t)got);
#endif
	return got;
}

int64_t tally_file_read(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	return read_with(file->drive->class->read, file, offset, buffer, size);
}

int64_t tally_file_read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	return read_with(file->drive->class->read_medium, file, offset, buffer, size);
}

int64_t tally_file_read_cached(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	read_function *read = file->drive->class->read_cached;
#ifdef TALLY_FAULT_INJECTION
	if (tally_cached_reads_end)
		return 0;
#endif
	return read != NULL ? read_with(read, file, offset, buffer, size) : -EOPNOTSUPP;
}

bool tally_file_begin_read(const tally_file *file, tally_reads *reads, unsigned number, void *buffer, size_t size)
{
	const tally_drive_class *class = file->drive->class;
	if (class->begin_read == NULL)
		return false;
#ifdef TALLY_FAULT_INJECTION
	/* A read that is to be spoilt is made in the ordinary way, which knows how. */
	if (tally_read_damage != NULL || admit(file, 0, size) != (int64_t)size)
		return false;
#endif
	return class->begin_read(file, reads, number, buffer, size);
}

int64_t tally_file_end_read(const tally_file *file, tally_reads *reads, unsigned number)
{
	return file->drive->class->end_read(file, reads, number);
}

int tally_file_map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping)
{
	if (file->drive->class->map == NULL)
		return -ENOTSUP;
	if (offset > INT64_MAX || admit(file, offset, size) != (int64_t)size)
		return -EIO;
#ifdef TALLY_FAULT_INJECTION
	if (tally_read_damage != NULL)
		return -EIO;
#endif
	return file->drive->class->map(file, offset, size, mapping);
}

int tally_file_identify(const tally_file *file, tally_file_identity *identity)
{
	return file->drive->class->identify(file, identity);
}

bool tally_file_identity_changed(const tally_file_identity *then, const tally_file_identity *now)
{
	return now->device != then->device || now->inode != then->inode || now->size != then->size ||
	       now->modified_ns != then->modified_ns || now->links < then->links;
}

void tally_file_close(tally_file *file)
{
	file->drive->class->close_file(file);
}

bool tally_file_on_bad_clusters(const tally_file *file, uint64_t *offset, uint64_t *length)
{
	const tally_drive_class *class = file->drive->class;
	return class->on_bad_clusters != NULL && class->on_bad_clusters(file, offset, length);
}

/* ---- advice ---- */

tally_os_presence tally_file_cached(const tally_file *file, uint64_t offset, uint64_t size)
{
	const tally_drive_class *class = file->drive->class;
	return class->cached != NULL ? class->cached(file, offset, size) : TALLY_OS_PARTLY;
}

void tally_file_will_need(const tally_file *file, uint64_t offset, uint64_t size)
{
	if (file->drive->class->will_need != NULL)
		file->drive->class->will_need(file, offset, size);
}

void tally_file_drop(const tally_file *file, uint64_t offset, uint64_t size)
{
	if (file->drive->class->drop != NULL)
		file->drive->class->drop(file, offset, size);
}

void tally_file_expect_no_order(const tally_file *file)
{
	if (file->drive->class->expect_no_order != NULL)
		file->drive->class->expect_no_order(file);
}

bool tally_file_place(const tally_file *file, uint64_t offset, uint64_t *place)
{
	const tally_drive_class *class = file->drive->class;
	return class->place != NULL && class->place(file, offset, place);
}
