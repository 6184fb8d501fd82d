/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a whole disk of a folder, as it is shipped: GPT, BitLocker (AES-XTS-128), NTFS. For trying things out, and for
 * measuring.
 *
 *   make_image FOLDER DISK [plain]     prints the recovery password; `plain`: without BitLocker
 */
#include "maker/image_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "plain") != 0)) {
		fputs("usage: make_image FOLDER DISK [plain]\n", stderr);
		return 2;
	}
	char volume[4096], digits[56];
	uint64_t size;
	snprintf(volume, sizeof volume, "%s.volume", argv[2]);
	unlink(volume);
	image_make_volume(argv[1], volume, NULL, &size);
	bitlocker_recovery(1, digits);
	if (argc == 3) {
		image_lock_volume(volume, size, &(bitlocker_options){.recovery = {digits}, .seed = 1});
		puts(digits);
	}
	image_make_disk(volume, NULL, argv[2]);
	unlink(volume);
	return 0;
}
