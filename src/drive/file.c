/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an open file of a mounted directory. */
#include "drive/directory.h"

#include <errno.h>
#include <unistd.h>

#ifdef TALLY_FAULT_INJECTION
int64_t (*tally_read_fault)(const tally_file *file, uint64_t offset, size_t size);
void (*tally_read_damage)(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size);
#endif

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

int64_t tally_file_read(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	if (offset > INT64_MAX)
		return 0; /* no file reaches that far */
	int64_t admitted = admit(file, offset, size);
	if (admitted < 0)
		return admitted;
	ssize_t count;
	do
		count = pread((int)file->handle, buffer, (size_t)admitted, (off_t)offset);
	while (count < 0 && errno == EINTR);
#ifdef TALLY_FAULT_INJECTION
	if (count > 0 && tally_read_damage != NULL)
		tally_read_damage(file, offset, buffer, (size_t)count);
#endif
	return count < 0 ? -errno : count;
}

int64_t tally_file_read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	if (offset > INT64_MAX)
		return 0;
	if (tally_os_set_direct((int)file->handle, true) == 0) {
		int64_t got = tally_file_read(file, offset, buffer, size);
		tally_os_set_direct((int)file->handle, false);
		/* Some file systems take the flag and then refuse the read. */
		if (got != -EINVAL)
			return got;
	}
	tally_os_drop((int)file->handle, offset, size);
	return tally_file_read(file, offset, buffer, size);
}

int tally_file_map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping)
{
	if (offset > INT64_MAX || admit(file, offset, size) != (int64_t)size)
		return -EIO;
#ifdef TALLY_FAULT_INJECTION
	if (tally_read_damage != NULL)
		return -EIO;
#endif
	return tally_mapping_make(mapping, (int)file->handle, offset, size);
}

tally_os_presence tally_file_cached(const tally_file *file, uint64_t offset, uint64_t size)
{
	return tally_os_cached((int)file->handle, offset, size);
}

void tally_file_will_need(const tally_file *file, uint64_t offset, uint64_t size)
{
	tally_os_will_need((int)file->handle, offset, size);
}

void tally_file_drop(const tally_file *file, uint64_t offset, uint64_t size)
{
	tally_os_drop((int)file->handle, offset, size);
}

void tally_file_expect_no_order(const tally_file *file)
{
	tally_os_expect_no_order((int)file->handle);
}

bool tally_file_place(const tally_file *file, uint64_t offset, uint64_t *place)
{
	return tally_os_place_on_medium((int)file->handle, offset, place) == 0;
}

tally_os_medium tally_drive_medium(const tally_drive *drive)
{
	struct stat facts;
	return tally_os_medium_of(fstat(drive->root, &facts) == 0 ? facts.st_dev : 0);
}

tally_file_identity tally_directory_identity(const struct stat *facts)
{
	uint64_t modified = (uint64_t)facts->st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)facts->st_mtim.tv_nsec;
	return (tally_file_identity){
	    .device = facts->st_dev,
	    .inode = facts->st_ino,
	    .size = (uint64_t)facts->st_size,
	    .links = facts->st_nlink,
	    .modified_ns = (int64_t)modified,
	};
}

int tally_file_identify(const tally_file *file, tally_file_identity *identity)
{
	struct stat facts;
	if (fstat((int)file->handle, &facts) != 0)
		return -errno;
	*identity = tally_directory_identity(&facts);
	return 0;
}

bool tally_file_identity_changed(const tally_file_identity *then, const tally_file_identity *now)
{
	return now->device != then->device || now->inode != then->inode || now->size != then->size ||
	       now->modified_ns != then->modified_ns || now->links < then->links;
}

void tally_file_close(tally_file *file)
{
	close((int)file->handle);
	file->handle = -1;
}
