/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes disks by hand: for seeds of the fuzzing targets, and for trying things out.
 *
 *   make_disk mbr|gpt DISK SECTOR_SIZE VOLUME...   partitions for files with volumes
 *   make_disk vhd-fixed RAW VHD
 *   make_disk vhd RAW VHD BLOCK_SIZE
 *   make_disk vhdx RAW VHDX BLOCK_SIZE SECTOR_SIZE
 */
#include "maker/disk_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static int make_table(char **argv, int argc)
{
	disk_volume volumes[64] = {0};
	size_t count = (size_t)argc - 4;
	for (size_t i = 0; i < count && i < 64; i++)
		volumes[i].image = argv[4 + i];
	const disk_layout layout = {
	    .volumes = volumes, .count = count < 64 ? count : 64, .sector_size = number(argv[3])};
	if (strcmp(argv[1], "gpt") == 0)
		disk_write_gpt(argv[2], &layout);
	else
		disk_write_mbr(argv[2], &layout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (argc >= 4 && (strcmp(what, "mbr") == 0 || strcmp(what, "gpt") == 0))
		return make_table(argv, argc);
	if (argc == 4 && strcmp(what, "vhd-fixed") == 0)
		disk_write_vhd_fixed(argv[2], argv[3]);
	else if (argc == 5 && strcmp(what, "vhd") == 0)
		disk_write_vhd_dynamic(argv[2], argv[3], number(argv[4]));
	else if (argc == 6 && strcmp(what, "vhdx") == 0)
		disk_write_vhdx(argv[2], argv[3], number(argv[4]), number(argv[5]));
	else
		return fputs("usage: make_disk mbr|gpt DISK SECTOR_SIZE VOLUME... | vhd-fixed RAW VHD | vhd RAW VHD "
			     "BLOCK_SIZE | vhdx RAW VHDX BLOCK_SIZE SECTOR_SIZE\n",
			     stderr),
		       2;
	return 0;
}
