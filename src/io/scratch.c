/* SPDX-License-Identifier: Apache-2.0 */
#include "io/scratch.h"

#include "base/memory.h"
#include "io/os.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct tally_scratch {
	size_t memory;
	uint64_t size;
	char *bytes; /* while fd is -1 */
	size_t capacity;
	int fd;
};

tally_result tally_scratch_new(tally_scratch **scratch, size_t memory, tally_error *error)
{
	*scratch = tally_zalloc(1, sizeof **scratch);
	if (*scratch == NULL)
		return tally_fail_memory(error);
	(*scratch)->memory = memory;
	(*scratch)->fd = -1;
	return TALLY_OK;
}

void tally_scratch_free(tally_scratch *scratch)
{
	if (scratch == NULL)
		return;
	if (scratch->fd >= 0)
		close(scratch->fd);
	tally_free(scratch->bytes);
	tally_free(scratch);
}

uint64_t tally_scratch_size(const tally_scratch *scratch)
{
	return scratch->size;
}

static tally_result fail(tally_error *error, int os_error)
{
	return tally_fail_os(error, os_error, "can't use a temporary file in %.200s", tally_os_temporary_folder());
}

static tally_result move_to_file(tally_scratch *scratch, tally_error *error)
{
	int fd = tally_os_open_temporary();
	int os_error = fd < 0 ? -fd : tally_os_write_at(fd, 0, scratch->bytes, (size_t)scratch->size);
	if (os_error != 0) {
		if (fd >= 0)
			close(fd);
		return fail(error, os_error);
	}
	tally_free(scratch->bytes);
	scratch->bytes = NULL;
	scratch->capacity = 0;
	scratch->fd = fd;
	return TALLY_OK;
}

static tally_result write_memory(tally_scratch *scratch, uint64_t offset, const void *bytes, size_t size,
				 tally_error *error)
{
	char *grown = tally_grow(scratch->bytes, &scratch->capacity, (size_t)offset + size, 1);
	if (grown == NULL)
		return tally_fail_memory(error);
	scratch->bytes = grown;
	memcpy(grown + offset, bytes, size);
	return TALLY_OK;
}

tally_result tally_scratch_write(tally_scratch *scratch, uint64_t offset, const void *bytes, size_t size,
				 tally_error *error)
{
	uint64_t end;
	if (offset > scratch->size || __builtin_add_overflow(offset, size, &end) || end > INT64_MAX)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "written behind the end of what is kept");
	if (size == 0)
		return TALLY_OK;
	tally_result result = TALLY_OK;
	if (scratch->fd < 0 && end > scratch->memory)
		result = move_to_file(scratch, error);
	if (result == TALLY_OK && scratch->fd < 0) {
		result = write_memory(scratch, offset, bytes, size, error);
	} else if (result == TALLY_OK) {
		int os_error = tally_os_write_at(scratch->fd, offset, bytes, size);
		if (os_error != 0)
			result = fail(error, os_error);
	}
	if (result == TALLY_OK && end > scratch->size)
		scratch->size = end;
	return result;
}

int64_t tally_scratch_read(const tally_scratch *scratch, uint64_t offset, void *buffer, size_t size)
{
	if (offset >= scratch->size)
		return 0;
	if (size > scratch->size - offset)
		size = (size_t)(scratch->size - offset);
	if (scratch->fd < 0) {
		memcpy(buffer, scratch->bytes + offset, size);
		return (int64_t)size;
	}
	size_t done = 0;
	while (done < size) {
		ssize_t got = pread(scratch->fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -EIO; /* somebody cut it */
		if (got > 0)
			done += (size_t)got;
	}
	return (int64_t)size;
}
