/* SPDX-License-Identifier: Apache-2.0 */
#include "support/medium.h"

#include "io/os.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define PLACES 4

static struct {
	dev_t device;
	ino_t inode;
	uint64_t piece;
	struct {
		uint64_t from, to;
	} bad[PLACES];
	size_t count;
	int os_error;
} medium;

static atomic_uint failures;

static int answer(int fd, uint64_t offset, size_t size)
{
	struct stat facts;
	if (fstat(fd, &facts) != 0 || facts.st_dev != medium.device || facts.st_ino != medium.inode)
		return 0;
	bool direct = (fcntl(fd, F_GETFL) & O_DIRECT) != 0;
	uint64_t from = direct ? offset : offset & ~(medium.piece - 1);
	uint64_t to = direct ? offset + size : (offset + size + medium.piece - 1) & ~(medium.piece - 1);
	for (size_t i = 0; i < medium.count; i++)
		if (from < medium.bad[i].to && to > medium.bad[i].from) {
			atomic_fetch_add(&failures, 1);
			return direct ? medium.os_error : EIO;
		}
	return 0;
}

void medium_begin(const char *path, uint64_t piece)
{
	struct stat facts;
	ck_assert_int_eq(stat(path, &facts), 0);
	medium.device = facts.st_dev;
	medium.inode = facts.st_ino;
	medium.piece = piece;
	medium.count = 0;
	medium.os_error = ENODATA;
	atomic_store(&failures, 0);
	tally_os_read_fault = answer;
}

void medium_spoil(uint64_t from, uint64_t size)
{
	ck_assert_uint_lt(medium.count, PLACES);
	medium.bad[medium.count].from = from;
	medium.bad[medium.count++].to = from + size;
}

void medium_call(int os_error)
{
	medium.os_error = os_error;
}

void medium_end(void)
{
	tally_os_read_fault = NULL;
}

unsigned medium_failures(void)
{
	return atomic_load(&failures);
}
