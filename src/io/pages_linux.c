/* SPDX-License-Identifier: Apache-2.0 */
#include "io/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

/* Linux 6.5, one number on all processors; later than the C libraries that we build with. */
#ifndef SYS_cachestat
#  define SYS_cachestat 451
#endif
/* What the default of a block device's read_ahead_kb has been for decades. */
#define USUAL_READAHEAD ((size_t)128 * 1024)

/* A page that can be read without waiting is cached. Before cachestat there is no better question that costs little. */
static bool has_byte(int fd, uint64_t offset)
{
	char byte;
	struct iovec one = {&byte, 1};
	return preadv2(fd, &one, 1, (off_t)offset, RWF_NOWAIT) == 1;
}

tally_os_presence tally_os_cached(int fd, uint64_t offset, uint64_t size)
{
	struct {
		uint64_t offset, length;
	} range = {offset, size};
	struct {
		uint64_t cached, dirty, writeback, evicted, recently_evicted;
	} state;
	if (size == 0)
		return TALLY_OS_PRESENT;
	if (syscall(SYS_cachestat, fd, &range, &state, 0U) != 0) {
		bool some = has_byte(fd, offset) || has_byte(fd, offset + size - 1);
		return some ? TALLY_OS_PARTLY : TALLY_OS_ABSENT;
	}
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t pages = (offset + size - 1) / page - offset / page + 1;
	if (state.cached >= pages)
		return TALLY_OS_PRESENT;
	uint64_t shared = (offset % page != 0 ? 1U : 0U) + ((offset + size) % page != 0 ? 1U : 0U);
	return state.cached <= shared && state.cached < pages ? TALLY_OS_ABSENT : TALLY_OS_PARTLY;
}

void tally_os_will_need(int fd, uint64_t offset, uint64_t size)
{
	posix_fadvise(fd, (off_t)offset, (off_t)size, POSIX_FADV_WILLNEED);
}

void tally_os_drop(int fd, uint64_t offset, uint64_t size)
{
	posix_fadvise(fd, (off_t)offset, (off_t)size, POSIX_FADV_DONTNEED);
}

void tally_os_expect_no_order(int fd)
{
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

int tally_os_set_direct(int fd, bool direct)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return -errno;
	int wanted = direct ? flags | O_DIRECT : flags & ~O_DIRECT;
	return wanted == flags || fcntl(fd, F_SETFL, wanted) == 0 ? 0 : -errno;
}

/* A partition has no queue of its own: its disk is the folder above. */
static bool read_queue_number(uint64_t device, const char *name, unsigned long *number)
{
	static const char *const above[] = {"", "../"};
	for (size_t i = 0; i < sizeof above / sizeof above[0]; i++) {
		char path[128];
		snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%squeue/%s", major(device), minor(device), above[i],
			 name);
		FILE *in = fopen(path, "re");
		if (in == NULL)
			continue;
		bool got = fscanf(in, "%lu", number) == 1;
		fclose(in);
		return got;
	}
	return false;
}

tally_os_medium tally_os_medium_of(uint64_t device)
{
	tally_os_medium medium = {.readahead = USUAL_READAHEAD};
	unsigned long number;
	if (read_queue_number(device, "rotational", &number))
		medium.rotational = number == 1;
	if (read_queue_number(device, "read_ahead_kb", &number) && number >= 4 && number <= 64 * 1024)
		medium.readahead = (size_t)number * 1024;
	return medium;
}

int tally_os_place_on_medium(int fd, uint64_t offset, uint64_t *place)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} ask;
	memset(&ask, 0, sizeof ask);
	ask.map.fm_start = offset;
	ask.map.fm_length = 1;
	ask.map.fm_extent_count = 1;
	if (ioctl(fd, FS_IOC_FIEMAP, &ask) != 0)
		return -errno;
	const struct fiemap_extent *extent = ask.map.fm_extents;
	if (ask.map.fm_mapped_extents == 0 || (extent->fe_flags & FIEMAP_EXTENT_UNKNOWN) != 0)
		return -ENODATA;
	*place = extent->fe_physical + (offset - extent->fe_logical);
	return 0;
}
