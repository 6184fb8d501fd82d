/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of disks and containers share: files with holes, numbers, checksums. Failures end the program. */
#ifndef TALLY_TESTS_DISK_FILE_H
#define TALLY_TESTS_DISK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int disk_file_create(const char *path);
int disk_file_open(const char *path);
void disk_file_get(int fd, uint64_t offset, void *bytes, size_t size);
void disk_file_put(int fd, uint64_t offset, const void *bytes, size_t size);
/* The bytes of another file, but for those that are zero. */
void disk_file_insert(int fd, uint64_t offset, const char *path);
/* Nothing was ever written there: no need to read it in order to know. */
bool disk_file_is_hole(int fd, uint64_t offset, uint64_t size);
void disk_file_end_at(int fd, uint64_t size);
void disk_file_close(int fd);
/* The last two together. */
void disk_file_end(int fd, uint64_t size);

/* Numbers of `size` bytes. */
void disk_le(uint8_t *at, unsigned size, uint64_t number);
void disk_be(uint8_t *at, unsigned size, uint64_t number);
uint64_t disk_get_le(const uint8_t *at, unsigned size);
/* A GUID from its text, as the formats store it. */
void disk_guid(uint8_t *at, const char *text);
/* Bit by bit. `polynomial` is reflected. */
uint32_t disk_crc32(const uint8_t *bytes, size_t size, uint32_t polynomial);

#endif
