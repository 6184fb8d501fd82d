/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An input that stands for a disk or a container, mostly of zeros (see pack_disk.py, which makes one of a file):
 *
 *   u32 how many sectors of 512 bytes, u8 orders, u8 which read fails (0: none),
 *   then pieces: u32 sector, u16 how many bytes, and the bytes. Of what overlaps the later one counts.
 *
 * All numbers are little-endian. What fuzz.h says of the end of an input holds, too, but C is in units of 61 bytes.
 */
#ifndef TALLY_FUZZ_DISK_H
#define TALLY_FUZZ_DISK_H

#include "drive/layer.h"
#include "fuzz.h"

enum {
	FUZZ_DISK_SEAL = 1, /* all checksums are made right, which no mutation hits upon */
	FUZZ_DISK_512 = 2,  /* the sector size that the layer shows */
	FUZZ_DISK_4096 = 4
};

#define FUZZ_DISK_PIECES 64
#define FUZZ_DISK_PATCHES 16

typedef struct fuzz_disk {
	tally_layer layer; /* to be read; needs no closing */
	const fuzz_input *input;
	unsigned orders, failing_read, reads;
	size_t piece_count, patch_count;
	struct {
		uint64_t offset;
		size_t size;
		const uint8_t *bytes;
	} pieces[FUZZ_DISK_PIECES];
	struct {
		uint64_t offset;
		uint8_t bytes[4];
	} patches[FUZZ_DISK_PATCHES];
} fuzz_disk;

/* `input` must outlive it. */
void fuzz_disk_begin(fuzz_disk *disk, const fuzz_input *input);
/* For sealing: reads without failing, zeros beyond the end, and puts four bytes on top of all others. */
void fuzz_disk_get(const fuzz_disk *disk, uint64_t offset, void *bytes, size_t size);
void fuzz_disk_put(fuzz_disk *disk, uint64_t offset, uint32_t number, bool big_endian);
/* From here on the read fails that the input orders, and may be short. */
void fuzz_disk_arm(fuzz_disk *disk);

void fuzz_hash(uint64_t *hash, const void *bytes, size_t size);

#endif
