/* SPDX-License-Identifier: Apache-2.0 */
/* Boot sector and metadata block as bytes: pure parsing of what may be hostile. */
#ifndef TALLY_DRIVE_BITLOCKER_METADATA_H
#define TALLY_DRIVE_BITLOCKER_METADATA_H

#include "drive/bitlocker/bitlocker.h"

typedef enum tally_boot_kind {
	TALLY_BOOT_OTHER, /* no BitLocker */
	TALLY_BOOT_FVE,
	TALLY_BOOT_VISTA,
	TALLY_BOOT_DAMAGED /* BitLocker's signature without the rest */
} tally_boot_kind;

typedef struct tally_fve_boot {
	uint32_t sector_size;
	bool to_go, encrypt_on_write;
	uint64_t metadata[TALLY_BITLOCKER_COPIES];
} tally_fve_boot;

/* Of the first sector, 512 bytes. */
tally_boot_kind tally_fve_boot_parse(const uint8_t *bytes, tally_fve_boot *boot);

#define TALLY_SEAL_NONCE 12
#define TALLY_SEAL_TAG 16

/* What AES-CCM guards; points into the block. data NULL: there is none. */
typedef struct tally_sealed {
	const uint8_t *nonce, *tag, *data;
	size_t size;
} tally_sealed;

typedef struct tally_protector {
	const uint8_t *guid, *salt, *clear_key; /* the last two may be NULL */
	uint16_t protection;
	tally_sealed master_key;
} tally_protector;

#define TALLY_STRETCH_SALT 16
#define TALLY_MASTER_KEY 32

typedef struct tally_metadata {
	uint16_t state, next_state, method;
	uint64_t encrypted_size;
	uint64_t metadata[TALLY_BITLOCKER_COPIES];
	uint64_t header_offset, header_size;
	const uint8_t *guid, *description; /* the latter UTF-16, or NULL */
	size_t description_units;
	tally_sealed volume_key, hash;
	const uint8_t *hashed; /* what `hash` is of */
	size_t hashed_size;
	size_t protector_count;
	tally_protector protectors[TALLY_BITLOCKER_PROTECTORS_MAX];
} tally_metadata;

/*
 * `bytes` is what lies at one of boot->metadata, up to TALLY_BITLOCKER_BLOCK bytes, and must outlive *metadata, which
 * points into it. GOOD, SIGNATURE, CHECKSUM, VERSION, OFFSETS or ENTRIES.
 */
tally_bitlocker_copy tally_metadata_parse(const uint8_t *bytes, size_t size, const tally_fve_boot *boot,
					  tally_metadata *metadata);

/* One entry: a header of 8 bytes and what follows. */
typedef struct tally_entry {
	uint16_t role, type;
	const uint8_t *data;
	size_t size; /* of data */
} tally_entry;

#define TALLY_ENTRY_KEY 1
#define TALLY_ENTRY_EXTERNAL_KEY 9

/* A row of entries. */
typedef struct tally_entries {
	const uint8_t *at;
	size_t left;
	bool broken;
} tally_entries;

/* The next entry; false at the end. Then `broken` says whether the row ended in something that is no entry. */
bool tally_entries_next(tally_entries *entries, tally_entry *entry);
/* The bytes of a key entry: a u16 type, u16 flags, the key. False when it is no such thing. */
bool tally_entry_key(const tally_entry *entry, uint16_t *type, const uint8_t **key, size_t *size);

#endif
