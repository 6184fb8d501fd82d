/* SPDX-License-Identifier: Apache-2.0 */
/* LZNT1, the compression of NTFS files. Pure; any input is safe. */
#ifndef TALLY_DRIVE_NTFS_LZNT1_H
#define TALLY_DRIVE_NTFS_LZNT1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Unpacks one compression unit into exactly `out_size` bytes: what the input doesn't give are zeros, and so is the rest
 * of a chunk that ends early, as each chunk stands for 4096 bytes. False when the input is damaged; `out` then holds
 * anything.
 */
bool tally_lznt1_unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

#endif
