/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and what they open: stretching, and the seals of AES-CCM (bitlocker-ntfs.md section 1.4). */
#ifndef TALLY_DRIVE_BITLOCKER_KEY_H
#define TALLY_DRIVE_BITLOCKER_KEY_H

#include "drive/bitlocker/metadata.h"

#define TALLY_RECOVERY_KEY 16

/* In secret memory (io/secret.h), as whatever is made of it. */
struct tally_bitlocker_key {
	tally_bitlocker_protection protection;       /* of the protectors it is for */
	uint8_t bytes[TALLY_BITLOCKER_EXTERNAL_KEY]; /* of a recovery password the first TALLY_RECOVERY_KEY */
};

/* Room for the long computation, in secret memory too. */
typedef struct tally_stretching {
	uint8_t first[64], second[64]; /* the two blocks that are hashed: last and initial; salt, count and padding */
	uint8_t key[32];               /* the result */
} tally_stretching;

/* False when keep_going (or NULL) said so. */
bool tally_stretch(tally_stretching *work, const uint8_t password[TALLY_RECOVERY_KEY],
		   const uint8_t salt[TALLY_STRETCH_SALT], bool (*keep_going)(void *context), void *context);

typedef enum tally_unsealing {
	TALLY_UNSEALED,
	TALLY_UNSEAL_WRONG,    /* another key, or the seal was changed: the tag doesn't say which */
	TALLY_UNSEAL_MALFORMED /* too large or too small for anything that is sealed */
} tally_unsealing;

#define TALLY_UNSEALED_MAX 128 /* bytes; a volume key takes 76 */

typedef struct tally_unsealed {
	uint8_t bytes[TALLY_UNSEALED_MAX];
	size_t size;
} tally_unsealed;

/* Opens a seal with a key of 32 bytes. TALLY_ERROR_INTERNAL, TALLY_ERROR_NO_MEMORY. */
tally_result tally_unseal(const tally_sealed *sealed, const uint8_t *key, tally_unsealed *plain,
			  tally_unsealing *unsealing, tally_error *error);
/* The key entry that was sealed. */
bool tally_unsealed_key(const tally_unsealed *plain, uint16_t *type, const uint8_t **key, size_t *size);

#endif
