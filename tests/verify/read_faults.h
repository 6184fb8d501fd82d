/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong while files of a drive are read. One fault at a time, for checks in this process. */
#ifndef TALLY_TESTS_VERIFY_READ_FAULTS_H
#define TALLY_TESTS_VERIFY_READ_FAULTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bytes from … to - 1 of a file can't be read, as those of a bad sector: a read that begins in front of them ends in
 * front of them.
 */
void read_faults_fail(const char *place, uint64_t from, uint64_t to, int os_error);
/* Something happens when the file is read for the first time. */
void read_faults_meanwhile(const char *place, void (*happen)(void *context), void *context);
/* No read of any file gives more than `size` bytes. */
void read_faults_shorten(size_t size);
/* The n-th read of a disk, an image or an archive fails (EIO), whoever makes it. */
void read_faults_fail_nth(unsigned n);
/*
 * The n-th read, or mapping, of files of `size` bytes gets `answer`: below 0 an error, above it so many bytes at most;
 * 0: a bit of what it gives is another one.
 */
void read_faults_spoil_nth(uint64_t size, unsigned n, int64_t answer);
/* No fault: reads of the file from its beginning are counted. */
void read_faults_count(const char *place);
void read_faults_clear(void);

/* How often the fault has come about: a test whose fault nobody met has proved nothing. */
int read_faults_met(void);
/* How many reads were counted towards an n-th one. */
unsigned read_faults_counted(void);

#endif
