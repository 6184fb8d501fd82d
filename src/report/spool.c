/* SPDX-License-Identifier: Apache-2.0 */
#include "report/spool.h"

#include "base/memory.h"
#include "io/os.h"

#include <errno.h>
#include <unistd.h>

#define COPY_SIZE 4096

bool tally_spool_init(tally_spool *spool)
{
	*spool = (tally_spool){.fd = -1, .memory = tally_alloc(TALLY_SPOOL_MEMORY)};
	return spool->memory != NULL;
}

void tally_spool_clear(tally_spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	tally_free(spool->memory);
	*spool = (tally_spool){.fd = -1};
}

static int open_file(tally_spool *spool)
{
	int fd = tally_os_open_temporary();
	spool->fd = fd < 0 ? -1 : fd;
	return fd < 0 ? -fd : 0;
}

static int append(tally_spool *spool, const char *bytes, size_t size)
{
	int error = tally_os_write_at(spool->fd, spool->in_file, bytes, size);
	spool->in_file += error == 0 ? size : 0;
	return error;
}

int tally_spool_put(void *context, const char *bytes, size_t size)
{
	tally_spool *spool = context;
	int error = 0;
	if (size > TALLY_SPOOL_MEMORY - spool->used) {
		if (spool->fd < 0)
			error = open_file(spool);
		if (error == 0)
			error = append(spool, spool->memory, spool->used);
		spool->used = 0;
		if (error == 0 && size > TALLY_SPOOL_MEMORY)
			return append(spool, bytes, size);
	}
	if (error != 0)
		return error;
	memcpy(spool->memory + spool->used, bytes, size);
	spool->used += size;
	return 0;
}

int tally_spool_copy(const tally_spool *spool, tally_writer *writer)
{
	char piece[COPY_SIZE];
	for (uint64_t at = 0; at < spool->in_file;) {
		uint64_t left = spool->in_file - at;
		ssize_t got = pread(spool->fd, piece, left < sizeof piece ? (size_t)left : sizeof piece, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO;
		tally_write_bytes(writer, piece, (size_t)got);
		at += (uint64_t)got;
	}
	tally_write_bytes(writer, spool->memory, spool->used);
	return 0;
}

/* The file's room on the disk is given back; when that fails, its bytes are written over. */
void tally_spool_empty(tally_spool *spool)
{
	int ignored = spool->in_file > 0 ? ftruncate(spool->fd, 0) : 0;
	(void)ignored;
	spool->used = 0;
	spool->in_file = 0;
}
