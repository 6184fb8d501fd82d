/* SPDX-License-Identifier: Apache-2.0 */
/* The two CRC-32s of disks: one for GPT (and BitLocker), one for VHDX. For some hundred kilobytes, not for file data.
 */
#ifndef TALLY_BASE_CRC32_H
#define TALLY_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of a stream in pieces: starts with `crc` 0, and each call goes on from what the last one returned. */
uint32_t tally_crc32(uint32_t crc, const void *bytes, size_t size);
/* CRC-32C (Castagnoli). */
uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
