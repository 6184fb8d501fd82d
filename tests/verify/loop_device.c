/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/loop_device.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CONTROL "/dev/loop-control"
#define TRIES 1000

/* Attaches `file` to some free device: its descriptor, or -1. */
static int attach(int file, uint32_t sector_size, uint32_t flags, char path[32])
{
	struct loop_config config = {.fd = (uint32_t)file, .block_size = sector_size};
	config.info.lo_flags = flags;
	int control = open(CONTROL, O_RDWR | O_CLOEXEC), fd = -1;
	if (control < 0)
		return -1;
	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			break;
		snprintf(path, 32, "/dev/loop%d", number);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT && errno != ENXIO)
			break;
		if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config) == 0)
			continue;
		int failure = errno;
		close(fd);
		fd = -1;
		errno = failure;
		/* Somebody else was faster. */
		if (failure != EBUSY)
			break;
	}
	int failure = errno;
	close(control);
	errno = failure;
	return fd;
}

static int attach_best(int file, uint32_t sector_size, char path[32])
{
	const uint32_t flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	int fd = attach(file, sector_size, flags | LO_FLAGS_DIRECT_IO, path);
	return fd >= 0 ? fd : attach(file, sector_size, flags, path);
}

const char *loop_device_obstacle(void)
{
	static char why[128];
	char name[] = "/tmp/tallyman-loop-XXXXXX", path[32];
	if (geteuid() != 0)
		return "only root may attach loop devices";
	int file = mkstemp(name);
	if (file < 0)
		return "there is no room in /tmp";
	unlink(name);
	int fd = ftruncate(file, 1 << 20) == 0 ? attach_best(file, 512, path) : -1;
	snprintf(why, sizeof why, "no loop device can be attached here: %s", strerror(errno));
	close(file);
	if (fd < 0)
		return why;
	close(fd);
	return NULL;
}

void loop_device_attach(loop_device *device, const char *path, uint32_t sector_size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
	device->fd = attach_best(file, sector_size, device->path);
	ck_assert_msg(device->fd >= 0, "a loop device for %s: %s", path, strerror(errno));
	close(file);
}

void loop_device_detach(loop_device *device)
{
	close(device->fd);
	device->fd = -1;
}

bool loop_device_fails_at(const loop_device *device, uint64_t offset)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	int fd = open(device->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ssize_t got = pread(fd, page, sizeof page, (off_t)offset);
	int failure = errno;
	close(fd);
	return got < 0 && failure == EIO;
}
