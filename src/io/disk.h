/* SPDX-License-Identifier: Apache-2.0 */
/* Which disk a file system lies on: two drives on one disk are read one after the other, others at the same time. */
#ifndef TALLY_IO_DISK_H
#define TALLY_IO_DISK_H

#include <stdint.h>

/*
 * The disk below the block device `device` (st_dev): of a partition its disk, of a mapped device (an unlocked BitLocker
 * volume, say) what it maps, of several such the first one. What isn't known is a disk of its own: `device` itself.
 */
uint64_t tally_os_disk_of(uint64_t device);
/* The same for a tree like /sys, which tests make. */
uint64_t tally_os_disk_in(const char *sysfs, uint64_t device);

#endif
