/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a whole disk of a folder, as it is shipped: GPT, BitLocker (AES-XTS-128), NTFS. For trying things out, and for
 * measuring. Takes no more room than the disk has.
 *
 *   make_image FOLDER DISK [plain] [shuffled] [4096]
 *
 * prints the recovery password. `plain`: without BitLocker; `shuffled`: the files lie in an order of which the manifest
 * knows nothing; `4096`: sectors of so many bytes.
 */
#include "maker/disk_writer.h"
#include "maker/image_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE ((uint64_t)32 << 20) /* of the volume */

static int usage(void)
{
	fputs("usage: make_image FOLDER DISK [plain] [shuffled] [4096]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	bool plain = false;
	image_order order = {0};
	ntfs_options ntfs = {.label = "DRIVE", .offset = PLACE, .sector_size = 512};
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "plain") == 0)
			plain = true;
		else if (strcmp(argv[i], "shuffled") == 0)
			order.shuffled = true;
		else if (strcmp(argv[i], "4096") == 0)
			ntfs.sector_size = 4096;
		else
			return usage();
	}
	if (argc < 3)
		return usage();
	ntfs = image_measure(argv[1], &ntfs);
	uint64_t size = plain ? ntfs.size : bitlocker_volume_size(ntfs.size);
	const disk_volume volume = {.size = size, .offset = PLACE, .name = "Basic data partition"};
	disk_write_gpt(argv[2], &(disk_layout){.volumes = &volume, .count = 1, .sector_size = ntfs.sector_size});
	image_make_volume_in(argv[1], argv[2], &ntfs, &order, &size);
	if (!plain) {
		char digits[56];
		bitlocker_recovery(1, digits);
		bitlocker_wrap_file(
		    argv[2], PLACE, size,
		    &(bitlocker_options){.recovery = {digits}, .sector_size = ntfs.sector_size, .seed = 1});
		puts(digits);
	}
	return 0;
}
