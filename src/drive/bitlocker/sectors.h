/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decrypting runs of sectors in place (bitlocker-ntfs.md section 1.4, step 6). A sector alone is too little for OpenSSL
 * to be fast: all tweaks or initial vectors of many sectors, and all of their blocks, go through one call of ECB each.
 */
#ifndef TALLY_DRIVE_BITLOCKER_SECTORS_H
#define TALLY_DRIVE_BITLOCKER_SECTORS_H

#include "base/error.h"

#include <stddef.h>

#define TALLY_VOLUME_KEY_MAX 64

typedef struct tally_volume_key {
	uint16_t method; /* 0x8000 … 0x8005 */
	uint32_t sector_size;
	uint8_t bytes[TALLY_VOLUME_KEY_MAX];
} tally_volume_key;

/* How many bytes the key of a method has; 0 when the method isn't known. */
size_t tally_volume_key_size(uint16_t method);

/* One thread at a time. */
typedef struct tally_sectors tally_sectors;

/*
 * NULL when memory is short or OpenSSL refuses. Takes what it needs of the key, into memory for secrets (io/secret.h)
 * but for what OpenSSL keeps of its ciphers; and goes the fastest way.
 */
tally_sectors *tally_sectors_new(const tally_volume_key *key);
void tally_sectors_free(tally_sectors *sectors);
/*
 * Goes the way of processors that can't do XTS in one pass (xts.h); the key is the same. For tests and for measuring.
 * False: as tally_sectors_new.
 */
bool tally_sectors_take_passes(tally_sectors *sectors, const tally_volume_key *key);
/* `offset` is where the data lies in the volume; it and `size` are multiples of the sector size. False: OpenSSL failed.
 */
bool tally_sectors_decrypt(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t size);

/* Elephant's part of one sector, without the AES around it: size is 512 or 4096. */
void tally_diffuser_undo(uint8_t *sector, size_t size, const uint8_t sector_key[32]);
#endif
