/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an open file of a mounted directory. */
#include "drive/directory.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

static int64_t read_once(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	return tally_os_read((int)file->handle, offset, buffer, size);
}

int64_t tally_directory_read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	if (tally_os_set_direct((int)file->handle, true) == 0) {
		int64_t got = read_once(file, offset, buffer, size);
		tally_os_set_direct((int)file->handle, false);
		/* Some file systems take the flag and then refuse the read. */
		if (got != -EINVAL)
			return got;
	}
	tally_os_drop((int)file->handle, offset, size);
	return read_once(file, offset, buffer, size);
}

static int64_t read_through(void *context, uint64_t offset, void *buffer, size_t size)
{
	return read_once(context, offset, buffer, size);
}

static int64_t read_past(void *context, uint64_t offset, void *buffer, size_t size)
{
	return tally_directory_read_medium(context, offset, buffer, size);
}

int64_t tally_directory_read(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	tally_file same = *file;
	const tally_beside from = {.cached = read_through,
				   .medium = read_past,
				   .context = &same,
				   .end = file->size,
				   .bad = &tally_directory_of(file->drive)->bad,
				   .file = file->identity.inode};
	return tally_beside_read(&from, offset, buffer, size);
}

int64_t tally_directory_read_cached(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	struct iovec whole = {buffer, size};
	ssize_t count;
	do
		count = preadv2((int)file->handle, &whole, 1, (off_t)offset, RWF_NOWAIT);
	while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

/* The descriptor reads past the cache from the beginning to the end of such a read, whenever the kernel gets to it. */
bool tally_directory_begin_read(const tally_file *file, tally_reads *reads, unsigned number, void *buffer, size_t size)
{
	const int fd = (int)file->handle;
	if (tally_os_set_direct(fd, true) != 0)
		return false;
	bool begun = tally_reads_begin(reads, number, fd, 0, buffer, size);
	if (!begun)
		tally_os_set_direct(fd, false);
	return begun;
}

int64_t tally_directory_end_read(const tally_file *file, tally_reads *reads, unsigned number)
{
	int64_t got = tally_reads_end(reads, number);
	tally_os_set_direct((int)file->handle, false);
	return got;
}

int tally_directory_map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping)
{
	return tally_mapping_make(mapping, (int)file->handle, offset, size);
}

tally_os_presence tally_directory_cached(const tally_file *file, uint64_t offset, uint64_t size)
{
	return tally_os_cached((int)file->handle, offset, size);
}

void tally_directory_will_need(const tally_file *file, uint64_t offset, uint64_t size)
{
	tally_os_will_need((int)file->handle, offset, size);
}

void tally_directory_drop(const tally_file *file, uint64_t offset, uint64_t size)
{
	tally_os_drop((int)file->handle, offset, size);
}

void tally_directory_expect_no_order(const tally_file *file)
{
	tally_os_expect_no_order((int)file->handle);
}

bool tally_directory_place(const tally_file *file, uint64_t offset, uint64_t *place)
{
	return tally_os_place_on_medium((int)file->handle, offset, place) == 0;
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

int tally_directory_identify(const tally_file *file, tally_file_identity *identity)
{
	struct stat facts;
	if (fstat((int)file->handle, &facts) != 0)
		return -errno;
	*identity = tally_directory_identity(&facts);
	return 0;
}

void tally_directory_close_file(tally_file *file)
{
	close((int)file->handle);
	file->handle = -1;
}
