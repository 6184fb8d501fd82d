/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata of a BitLocker volume for tests; a part of bitlocker_writer.h. */
#ifndef TALLY_TESTS_BITLOCKER_METADATA_H
#define TALLY_TESTS_BITLOCKER_METADATA_H

#include "maker/bitlocker_writer.h"

#define BITLOCKER_BLOCK 65536

typedef struct bitlocker_layout {
	uint64_t size, metadata[3], header, header_size;
	uint32_t sector_size;
	uint16_t method;
} bitlocker_layout;

bitlocker_layout bitlocker_layout_of(uint64_t plain_size, const bitlocker_options *options);
void bitlocker_boot_sector(const bitlocker_layout *layout, const bitlocker_options *options, uint8_t boot[512]);
/* Returns how many bytes of the block count; `key` is the volume key. */
size_t bitlocker_metadata(const bitlocker_layout *layout, const bitlocker_options *options,
			  uint8_t block[BITLOCKER_BLOCK], uint8_t key[64]);
_Noreturn void bitlocker_die(const char *what);

#endif
