/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BitLocker volumes of Windows 7 and later, read with a recovery password or an external key. Facts of the format are
 * from bitlocker-ntfs.md section 1.
 *
 * A volume is opened (boot sector and metadata are read), unlocked with a key, and then read through a layer of its
 * own. One thread at a time, but for that layer.
 */
#ifndef TALLY_DRIVE_BITLOCKER_BITLOCKER_H
#define TALLY_DRIVE_BITLOCKER_BITLOCKER_H

#include "base/text.h"
#include "drive/layer.h"

/* ---- what comes out -------------------------------------------------------------------------------------------------
 */

/* In the service's words, but for the first two. */
typedef enum tally_bitlocker_status {
	TALLY_BITLOCKER_OK,
	TALLY_BITLOCKER_ABSENT,        /* no BitLocker volume: VolumeNotFound, or NotActivated when it is plain NTFS */
	TALLY_BITLOCKER_NOT_ACTIVATED, /* decrypted, or suspended */
	TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, /* none that the key could be for */
	TALLY_BITLOCKER_KEY_INVALID,         /* malformed, or it opens none of the protectors */
	TALLY_BITLOCKER_UNLOCK_FAILED,       /* the volume is damaged or of a kind that can't be read */
	TALLY_BITLOCKER_IO_FAILED            /* boot sector or metadata can't be read */
} tally_bitlocker_status;

typedef enum tally_bitlocker_reason {
	TALLY_BITLOCKER_NO_REASON,
	/* NOT_ACTIVATED */
	TALLY_BITLOCKER_DECRYPTED,
	TALLY_BITLOCKER_SUSPENDED, /* a clear key lies beside the data; the volume is encrypted and can be read all the
				      same */
	/* KEY_INVALID */
	TALLY_BITLOCKER_KEY_MALFORMED,
	TALLY_BITLOCKER_KEY_WRONG,
	/* UNLOCK_FAILED */
	TALLY_BITLOCKER_VISTA,       /* the format of Windows Vista */
	TALLY_BITLOCKER_BOOT_SECTOR, /* damaged */
	TALLY_BITLOCKER_METADATA,    /* no copy of the metadata has the right checksum */
	TALLY_BITLOCKER_ENTRIES,     /* the checksum is right, what is in it isn't */
	TALLY_BITLOCKER_GEOMETRY,    /* the relocated header is not within the volume */
	TALLY_BITLOCKER_METHOD,      /* of encryption: not known */
	TALLY_BITLOCKER_VOLUME_KEY,  /* the key is right, but the volume key it should open is damaged */
	TALLY_BITLOCKER_HASH,        /* the key is right, but the metadata was changed since it was written */
	TALLY_BITLOCKER_EOW,         /* encrypt-on-write: encryption has not come to its end */
	TALLY_BITLOCKER_PAUSED,      /* encryption or decryption */
	TALLY_BITLOCKER_CONVERTING   /* being encrypted or decrypted */
} tally_bitlocker_reason;

typedef struct tally_bitlocker_outcome {
	tally_bitlocker_status status;
	tally_bitlocker_reason reason;
	int os_error;            /* of IO_FAILED */
	uint64_t offset, length; /* of IO_FAILED: which bytes of the volume */
	char text[320];          /* one sentence for people, without a full stop; never with key material */
} tally_bitlocker_outcome;

/* ---- a key ----------------------------------------------------------------------------------------------------------
 */

typedef struct tally_bitlocker_key tally_bitlocker_key;

/*
 * A recovery password (48 digits in eight groups, separated by hyphens, by blanks or not at all), or Base64 of an
 * external key: of its 32 bytes or of a whole .BEK file. *key is NULL and outcome KEY_MALFORMED when it is neither.
 * TALLY_ERROR_NO_MEMORY. The text stays the caller's to wipe.
 */
tally_result tally_bitlocker_key_from_text(tally_text text, tally_bitlocker_key **key, tally_bitlocker_outcome *outcome,
					   tally_error *error);
/* The bytes of a .BEK file. As above. */
tally_result tally_bitlocker_key_from_bek(const void *bytes, size_t size, tally_bitlocker_key **key,
					  tally_bitlocker_outcome *outcome, tally_error *error);
/* Exactly TALLY_BITLOCKER_EXTERNAL_KEY bytes. TALLY_ERROR_NO_MEMORY. */
#define TALLY_BITLOCKER_EXTERNAL_KEY 32
tally_result tally_bitlocker_key_from_bytes(const void *bytes, tally_bitlocker_key **key, tally_error *error);
/* Wipes it. NULL is fine. */
void tally_bitlocker_key_free(tally_bitlocker_key *key);

/* ---- a volume -------------------------------------------------------------------------------------------------------
 */

#define TALLY_BITLOCKER_COPIES 3
#define TALLY_BITLOCKER_BLOCK 65536 /* bytes that are reserved for each copy of the metadata */
#define TALLY_GUID_TEXT 39          /* {8-4-4-4-12} and NUL */

typedef enum tally_bitlocker_copy {
	TALLY_BITLOCKER_COPY_GOOD,
	TALLY_BITLOCKER_COPY_UNREADABLE, /* I/O */
	TALLY_BITLOCKER_COPY_OUTSIDE,    /* it would lie beyond the end of the volume */
	TALLY_BITLOCKER_COPY_SIGNATURE,  /* there is none */
	TALLY_BITLOCKER_COPY_CHECKSUM,
	TALLY_BITLOCKER_COPY_VERSION, /* Windows Vista's, or none we know */
	TALLY_BITLOCKER_COPY_OFFSETS, /* it names other places for the copies than the boot sector */
	TALLY_BITLOCKER_COPY_ENTRIES
} tally_bitlocker_copy;

typedef enum tally_bitlocker_protection {
	TALLY_BITLOCKER_CLEAR_KEY = 0x0000,
	TALLY_BITLOCKER_TPM = 0x0100,
	TALLY_BITLOCKER_EXTERNAL = 0x0200,
	TALLY_BITLOCKER_TPM_PIN = 0x0500,
	TALLY_BITLOCKER_RECOVERY = 0x0800,
	TALLY_BITLOCKER_PUBLIC_KEY = 0x1000,
	TALLY_BITLOCKER_PASSWORD = 0x2000
} tally_bitlocker_protection;

typedef struct tally_bitlocker_protector {
	char guid[TALLY_GUID_TEXT];
	uint16_t protection; /* tally_bitlocker_protection, or what is not known */
} tally_bitlocker_protector;

#define TALLY_BITLOCKER_PROTECTORS_MAX 64

typedef struct tally_bitlocker_facts {
	char guid[TALLY_GUID_TEXT];
	char description[384]; /* UTF-8: computer, volume, date; cut where it doesn't fit */
	uint16_t method;       /* 0x8000 … */
	uint16_t state, next_state;
	uint32_t sector_size;    /* 512 or 4096 */
	uint64_t encrypted_size; /* bytes of the volume that are encrypted, as the metadata says */
	bool to_go, encrypt_on_write;
	bool suspended;                      /* there is a clear key */
	uint64_t header_offset, header_size; /* where the volume's first bytes are stored */
	uint64_t metadata[TALLY_BITLOCKER_COPIES];
	tally_bitlocker_copy copies[TALLY_BITLOCKER_COPIES];
	unsigned copy; /* the one that is used, from 0 */
	size_t protector_count;
	tally_bitlocker_protector protectors[TALLY_BITLOCKER_PROTECTORS_MAX];
} tally_bitlocker_facts;

typedef struct tally_bitlocker tally_bitlocker;

/*
 * Reads boot sector and metadata. `volume` is borrowed and must outlive all of this.
 * *out is NULL when outcome says ABSENT or IO_FAILED or when there is no metadata that could be understood. Otherwise
 * it is to be closed, its facts can be looked at, and outcome says what is known without a key: OK, NOT_ACTIVATED,
 * PROTECTOR_NOT_FOUND (neither a recovery password nor an external key), UNLOCK_FAILED. Unlocking may be tried
 * nonetheless: it first judges the key. TALLY_ERROR_NO_MEMORY.
 */
tally_result tally_bitlocker_open(tally_layer *volume, tally_bitlocker **out, tally_bitlocker_outcome *outcome,
				  tally_error *error);
const tally_bitlocker_facts *tally_bitlocker_facts_of(const tally_bitlocker *volume);
/* "AES-XTS-128", …; "method 0x1234" is not known: NULL. Static. */
const char *tally_bitlocker_method_name(uint16_t method);
/* "recovery password", …, "unknown"; static. */
const char *tally_bitlocker_protection_name(uint16_t protection);

/*
 * Tries the key on every protector of its kind. A recovery password takes half a second or so for each;
 * `keep_going` (or NULL) is asked often meanwhile and ends it with TALLY_ERROR_STOPPED when it says false.
 * outcome: OK or NOT_ACTIVATED because of SUSPENDED when the volume can be read now; else why not. Once unlocked it
 * stays so. TALLY_ERROR_NO_MEMORY, TALLY_ERROR_INTERNAL.
 */
tally_result tally_bitlocker_unlock(tally_bitlocker *volume, const tally_bitlocker_key *key,
				    bool (*keep_going)(void *context), void *context, tally_bitlocker_outcome *outcome,
				    tally_error *error);
/*
 * The volume as Windows shows it, once it is unlocked; NULL before. Any number of threads may read it at once. Belongs
 * to `volume`: its close does nothing.
 */
tally_layer *tally_bitlocker_layer(tally_bitlocker *volume);
/* Wipes its keys. NULL is fine. */
void tally_bitlocker_close(tally_bitlocker *volume);

#endif
