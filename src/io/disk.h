/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of the disk that a file, a volume or a device node belongs to. */
#ifndef TALLY_IO_DISK_H
#define TALLY_IO_DISK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct tally_os_disk {
	uint64_t device; /* number of the whole disk, which tells disks apart */
	char name[64];   /* of the whole disk, as in /dev */
	char serial[64]; /* "": not known */
	char model[64];  /* "": not known */
	char bus[16];    /* "ata", "nvme", "usb", …; "": not known */
	bool is_usb;     /* a stick, an external casing or an adapter; what is behind an adapter can't be told */
	bool rotational;
	uint64_t size;              /* bytes */
	uint32_t logical, physical; /* bytes of a sector; 0: not known */
} tally_os_disk;

/*
 * The disk behind a device number, as in st_rdev of a device node or st_dev of a file: through partitions, and through
 * mappings that lie on one disk only. 0, or -ENOENT when there is none or it can't be told:
 * then all but `device`, which stays that number, is empty.
 */
int tally_os_disk_of(uint64_t device, tally_os_disk *disk);

/* Whether a whole disk that was there is not there any more, or has no medium. Where nobody tells: false. */
bool tally_os_disk_is_gone(uint64_t device);

/* The same, with the file systems that tell of it elsewhere: "" for both is the real ones. For tests. */
int tally_os_disk_in(const char *sys, const char *run, uint64_t device, tally_os_disk *disk);
bool tally_os_disk_is_gone_in(const char *sys, uint64_t device);

#endif
