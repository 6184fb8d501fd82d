/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/disk_file.h"

#include "maker/disk_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "disk writer: %s: %s\n", what, strerror(errno));
	exit(99);
}

int disk_file_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		die(path);
	return fd;
}

int disk_file_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die(path);
	return fd;
}

void disk_file_get(int fd, uint64_t offset, void *bytes, size_t size)
{
	if (pread(fd, bytes, size, (off_t)offset) != (ssize_t)size)
		die("pread");
}

void disk_file_put(int fd, uint64_t offset, const void *bytes, size_t size)
{
	if (pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
		die("pwrite");
}

void disk_file_insert(int fd, uint64_t offset, const char *path)
{
	static const uint8_t zeros[CHUNK];
	uint8_t chunk[CHUNK];
	ssize_t got;
	int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		die(path);
	off_t at = 0;
	/* Images of tests are nearly all holes: only what is there is read. */
	while ((at = lseek(in, at, SEEK_DATA)) >= 0 && (got = pread(in, chunk, sizeof chunk, at)) > 0) {
		if (memcmp(chunk, zeros, (size_t)got) != 0)
			disk_file_put(fd, offset + (uint64_t)at, chunk, (size_t)got);
		at += got;
	}
	close(in);
}

bool disk_file_is_hole(int fd, uint64_t offset, uint64_t size)
{
	off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
	return data < 0 ? errno == ENXIO : (uint64_t)data >= offset + size;
}

void disk_file_end_at(int fd, uint64_t size)
{
	if (ftruncate(fd, (off_t)size) != 0)
		die("ftruncate");
}

void disk_file_close(int fd)
{
	if (close(fd) != 0)
		die("close");
}

void disk_file_end(int fd, uint64_t size)
{
	disk_file_end_at(fd, size);
	disk_file_close(fd);
}

void disk_le(uint8_t *at, unsigned size, uint64_t number)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

void disk_be(uint8_t *at, unsigned size, uint64_t number)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

uint64_t disk_get_le(const uint8_t *at, unsigned size)
{
	uint64_t number = 0;
	for (unsigned i = 0; i < size; i++)
		number |= (uint64_t)at[i] << 8 * i;
	return number;
}

void disk_guid(uint8_t *at, const char *text)
{
	unsigned a, b, c, d;
	unsigned long long e;
	if (sscanf(text, "%8x-%4x-%4x-%4x-%12llx", &a, &b, &c, &d, &e) != 5)
		die(text);
	disk_le(at, 4, a);
	disk_le(at + 4, 2, b);
	disk_le(at + 6, 2, c);
	disk_be(at + 8, 2, d);
	disk_be(at + 10, 6, e);
}

uint32_t disk_crc32(const uint8_t *bytes, size_t size, uint32_t polynomial)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
	}
	return ~crc;
}

uint64_t disk_size(const char *path)
{
	struct stat facts;
	if (stat(path, &facts) != 0)
		die(path);
	return (uint64_t)facts.st_size;
}

void disk_read(const char *path, uint64_t offset, void *bytes, size_t size)
{
	int fd = disk_file_open(path);
	disk_file_get(fd, offset, bytes, size);
	disk_file_close(fd);
}

void disk_patch(const char *path, uint64_t offset, const void *bytes, size_t size)
{
	int fd = disk_file_open(path);
	disk_file_put(fd, offset, bytes, size);
	disk_file_close(fd);
}

void disk_truncate(const char *path, uint64_t size)
{
	int fd = disk_file_open(path);
	disk_file_end(fd, size);
}

void disk_copy(const char *from, const char *to)
{
	int fd = disk_file_create(to);
	disk_file_insert(fd, 0, from);
	disk_file_end(fd, disk_size(from));
}

uint64_t disk_find_difference(const char *a, const char *b)
{
	static uint8_t left[CHUNK], right[CHUNK];
	const uint64_t size = disk_size(a);
	const int one = disk_file_open(a), two = disk_file_open(b);
	for (uint64_t at = 0; at < size && disk_size(b) == size; at += CHUNK) {
		const size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		disk_file_get(one, at, left, part);
		disk_file_get(two, at, right, part);
		if (memcmp(left, right, part) == 0)
			continue;
		disk_file_close(one);
		disk_file_close(two);
		while (left[at % CHUNK] == right[at % CHUNK])
			at++;
		return at;
	}
	errno = EINVAL;
	die("the disks are the same, or of different sizes");
}
