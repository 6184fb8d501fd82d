/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes disks for tests: volumes behind a partition table, and disks in containers. Nothing is shared with what reads
 * them, not even the checksums. Empty parts become holes of the file. Failures end the program.
 */
#ifndef TALLY_TESTS_DISK_WRITER_H
#define TALLY_TESTS_DISK_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct disk_volume {
	const char *image; /* file whose bytes the partition holds; NULL: none */
	uint64_t size;     /* bytes; 0: those of the image; rounded up to whole sectors */
	uint64_t offset;   /* bytes; 0: behind the one before, aligned */
	uint8_t mbr_type;  /* 0: 0x07 */
	bool logical;      /* MBR only; all logical ones stand together at the end of the list */
	const char *type;  /* GPT only: a GUID as text; NULL: basic data */
	const char *name;  /* GPT only, ASCII; NULL: empty */
} disk_volume;

typedef struct disk_layout {
	const disk_volume *volumes;
	size_t count;
	uint32_t sector_size; /* 0: 512 */
	uint64_t alignment;   /* 0: 1 MiB */
	uint64_t size;        /* of the disk; 0: what is needed */
	/* GPT only. Windows puts a reserved partition of 16 MiB first, and so does this. */
	uint64_t reserved;                /* its size; 0: 16 MiB; DISK_NO_RESERVED: none */
	uint32_t entry_size, entry_count; /* 0: 128 each */
} disk_layout;

#define DISK_NO_RESERVED UINT64_MAX
#define DISK_TYPE_RESERVED "e3c9e316-0b5c-4db8-817d-f92df00215ae"
#define DISK_TYPE_BASIC "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"
#define DISK_TYPE_EFI "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define DISK_TYPE_RECOVERY "de94bba4-06d1-4d40-a16a-bfd50179d6ac"
#define DISK_TYPE_LINUX "0fc63daf-8483-4772-8e79-3d69d8477de4"

void disk_write_mbr(const char *path, const disk_layout *layout);
void disk_write_gpt(const char *path, const disk_layout *layout);
/* After the header or the entries at sector `at` were changed: makes their checksums right again. */
void disk_seal_gpt(const char *path, uint32_t sector_size, uint64_t at);

/* A container around the disk in the file `raw`. Sizes of blocks as the formats allow them. */
void disk_write_vhd_fixed(const char *raw, const char *path);
void disk_write_vhd_dynamic(const char *raw, const char *path, uint32_t block_size);
void disk_write_vhdx(const char *raw, const char *path, uint32_t block_size, uint32_t sector_size);
/* After changes: the checksum of `size` bytes at `offset`, which stands at `field` from there. */
void disk_seal_vhd(const char *path, uint64_t offset, size_t size, size_t field);
void disk_seal_vhdx(const char *path, uint64_t offset, size_t size);

/* Pieces of `size` bytes each, numbered from `first`: NAME.001, NAME.002 ...; how many. */
unsigned disk_write_pieces(const char *raw, const char *name, uint64_t size, unsigned first);

uint64_t disk_size(const char *path);
void disk_read(const char *path, uint64_t offset, void *bytes, size_t size);
void disk_patch(const char *path, uint64_t offset, const void *bytes, size_t size);
void disk_truncate(const char *path, uint64_t size);
void disk_copy(const char *from, const char *to);
/* The first place where two disks of one size differ; they must. */
uint64_t disk_find_difference(const char *a, const char *b);

#endif
