/* SPDX-License-Identifier: Apache-2.0 */
/* A volume made by the writer, in memory, so that it can be damaged; and what is expected of it. */
#ifndef TALLY_TESTS_NTFS_FIXTURE_H
#define TALLY_TESTS_NTFS_FIXTURE_H

#include "drive/ntfs/drive.h"
#include "maker/ntfs_writer.h"

#include "support/suite.h"

/* The volume as bytes; `image_place` of a record within them. */
extern uint8_t *image;
extern size_t image_size;
extern char image_path[];
extern tally_layer *layer;
extern tally_ntfs *volume;
extern tally_drive *drive;

/* As suite_run; each test has a file of its own, which is removed again. */
int fixture_run(const char *name, const suite_test *tests);

ntfs_writer *begin(const ntfs_options *options);
/* Finishes the volume and reads it into memory. */
void end(ntfs_writer *w);
/* As above, and opens it: it must open. */
void end_and_open(ntfs_writer *w);
void open_image(void);
/* It must not open, with just this outcome and text. */
void expect_outcome(tally_ntfs_outcome outcome, const char *text);
/* The volume becomes a drive; it is closed after the test. */
void make_drive(void);
void close_all(void);

/* A file in a directory, whose content is its name. */
uint32_t add(ntfs_writer *w, uint32_t directory, const char *name);
/* A file of the drive, which must be there. */
tally_file open_file(const char *path);

/* Content of a file: depends on the seed and differs from cluster to cluster. */
ntfs_content noise(const uint64_t *seed, uint64_t size);
uint8_t noise_at(uint64_t seed, uint64_t offset);
/* Half of it can be packed well, a part not at all, and some units are zeros. */
ntfs_content soft(uint64_t size);
uint8_t soft_at(uint64_t offset);

/* The record of a path with `\`; fails the test when there is none. */
uint32_t record_of(const char *path);
tally_ntfs_file *open_stream(uint32_t record, const char *stream);
/* All bytes of it; free(). */
uint8_t *read_whole(const tally_ntfs_file *file);
/* Reads here and there are the same as the whole. Closes the file. */
void expect_bytes(tally_ntfs_file *file, const uint8_t *expected, uint64_t size);
void expect_noise(uint32_t record, uint64_t seed, uint64_t size);
/* It can't be opened: just this kind and reason. */
void expect_kind(uint32_t record, tally_ntfs_kind kind, const char *what);
/* The notes on the volume, one to a line. */
void expect_notes(const char *notes);

/* A number of so many bytes, as NTFS stores it. */
void put(uint8_t *at, uint64_t value, unsigned bytes);
/* Where a record stands in `image`; unseal it to change it, then seal it. */
uint8_t *record_bytes(uint32_t record);
/* An attribute in it: the first of this type and (ASCII) name. */
uint8_t *attribute_bytes(uint32_t record, uint32_t type, const char *name);

#endif
