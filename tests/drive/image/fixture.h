/* SPDX-License-Identifier: Apache-2.0 */
/* Disks in a folder of one test, and what must come of opening and reading them. */
#ifndef TALLY_TESTS_DRIVE_IMAGE_FIXTURE_H
#define TALLY_TESTS_DRIVE_IMAGE_FIXTURE_H

#include "drive/image/disk.h"
#include "drive/image/partitions.h"
#include "maker/disk_writer.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1) << 20)

/* The path of a file in the test's folder; in one of some buffers that later calls overwrite. */
const char *at(const char *name);

/*
 * A file of so many bytes: stretches of noise between stretches of zeros, some of them many blocks long, all of it
 * determined by the seed.
 */
const char *make_raw(const char *name, uint64_t size, uint64_t seed);

/* Of the last disk that was opened by one of these. Closed by the fixture. */
extern tally_disk *disk;
extern tally_disk_problem problem;
extern tally_partitions partitions;

/* Fails the test unless it is of this kind. */
void open_disk(const char *path, tally_disk_kind kind);
/* Fails the test unless it is refused so, in words that hold `text`. */
void expect_problem(const char *path, tally_disk_fault fault, const char *text);
/* Fails the test unless a note of the disk, or of the partitions, holds `text`. */
void expect_note(const tally_notes *notes, const char *text);
/* Fails the test unless the disk holds what the file does: read at random places, and once through in order. */
void expect_content(tally_layer *layer, const char *raw);
/* As far as the layer says where bytes are in a file, they must be there. Returns how many bytes of the disk that is.
 */
uint64_t expect_located(tally_layer *layer, const char *raw);

/* Flips a bit of a byte. */
void flip(const char *path, uint64_t offset);
void put_le(const char *path, uint64_t offset, unsigned size, uint64_t number);
void put_be(const char *path, uint64_t offset, unsigned size, uint64_t number);

/* Opens the disk at `path` with each read failing in turn: always a problem, a note or, at last, a good disk. */
void open_with_read_faults(const char *path);
/* Opens it, reads its partitions and 64 KiB with each allocation failing in turn. Returns how many there are. */
size_t open_with_allocation_faults(const char *path);

/* Runs the tests, each in a folder of its own. NULL ends the list. */
int image_suite(const char *name, const TTest *const *tests);

#endif
