/* SPDX-License-Identifier: Apache-2.0 */
/* Files and the page cache: what of a file is in it, what shall be, what need not stay; and what a file lies on. */
#ifndef TALLY_IO_PAGES_H
#define TALLY_IO_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tally_os_presence {
	TALLY_OS_ABSENT, /* nothing, but for pages that the range shares with others */
	TALLY_OS_PARTLY, /* or the kernel doesn't tell exactly */
	TALLY_OS_PRESENT
} tally_os_presence;

tally_os_presence tally_os_cached(int fd, uint64_t offset, uint64_t size);
/* Starts reading into the page cache and doesn't wait for it. */
void tally_os_will_need(int fd, uint64_t offset, uint64_t size);
/* Takes pages out of the page cache that nobody has mapped or written to. */
void tally_os_drop(int fd, uint64_t offset, uint64_t size);
/* The kernel shall not guess what will be read next. */
void tally_os_expect_no_order(int fd);
/* Lets reads of this descriptor go past the page cache: 0, or -errno where the file system has no such thing. */
int tally_os_set_direct(int fd, bool direct);

typedef struct tally_os_medium {
	bool rotational;
	size_t readahead; /* the kernel heeds no more than this of one tally_os_will_need */
} tally_os_medium;

/* Of the block device `device` (st_dev). What isn't known is assumed to be flash. */
tally_os_medium tally_os_medium_of(uint64_t device);
/* Where on the medium a byte of a file is, in order to sort: 0, or -errno where the file system doesn't tell. */
int tally_os_place_on_medium(int fd, uint64_t offset, uint64_t *place);

#endif
