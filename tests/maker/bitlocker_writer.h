/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns a plain volume, say an NTFS image, into a BitLocker volume as Windows 7 and later lay it out, or into one that
 * is damaged in a chosen way (bitlocker-ntfs.md section 1.7). Knows nothing of the reader that it is to test: ciphers
 * and hashes are OpenSSL's, a sector at a time. Everything is determined by the seed. Failures end the program.
 */
#ifndef TALLY_TESTS_BITLOCKER_WRITER_H
#define TALLY_TESTS_BITLOCKER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(constant, name on a command line) */
#define BITLOCKER_FAULTS(X)                                                                              \
  X(BITLOCKER_SOUND, "sound")                                                                            \
  X(BITLOCKER_CRC_1, "crc-1")                   /* the first copy's checksum is wrong */                 \
  X(BITLOCKER_CRC_2, "crc-2")                   /* the first two's */                                    \
  X(BITLOCKER_CRC_3, "crc-3")                   /* all three's */                                        \
  X(BITLOCKER_EDITED, "edited")                 /* a letter of the description; checksums are right */   \
  X(BITLOCKER_NO_HASH, "no-hash")               /* nothing behind the checksum */                        \
  X(BITLOCKER_OUTSIDE_1, "outside-1")           /* the first copy lies beyond the end */                 \
  X(BITLOCKER_OUTSIDE_3, "outside-3")           /* all three do */                                       \
  X(BITLOCKER_HEADER_OUTSIDE, "header-outside") /* the relocated header does */                          \
  X(BITLOCKER_HEADER_HUGE, "header-huge")       /* its size passes 2^64 with its offset */               \
  X(BITLOCKER_HEADER_NONE, "header-none")       /* it has no bytes */                                    \
  X(BITLOCKER_OVERLAPPING, "overlapping")       /* copies in each other's 64 KiB */                      \
  X(BITLOCKER_OTHER_OFFSETS, "other-offsets")   /* the boot sector's aren't the metadata's */            \
  X(BITLOCKER_NO_METADATA, "no-metadata")       /* zeros in place of all copies */                       \
  X(BITLOCKER_ENTRY_0, "entry-0")               /* an entry of so many bytes */                          \
  X(BITLOCKER_ENTRY_1, "entry-1")                                                                        \
  X(BITLOCKER_ENTRY_7, "entry-7")                                                                        \
  X(BITLOCKER_ENTRY_65535, "entry-65535")                                                                \
  X(BITLOCKER_NESTED_LARGER, "nested-larger")       /* larger than what it is nested in */               \
  X(BITLOCKER_NESTED_DEEP, "nested-deep")           /* a thousand entries in each other: harmless */     \
  X(BITLOCKER_SET_LARGER, "set-larger")             /* the entries are said to go on behind the block */ \
  X(BITLOCKER_MANY_PROTECTORS, "many-protectors")   /* more than anybody has */                          \
  X(BITLOCKER_PROTECTOR_NO_KEY, "protector-no-key") /* all protectors lack the sealed key */             \
  X(BITLOCKER_PROTECTOR_LARGE, "protector-large")   /* their sealed keys are too large */                \
  X(BITLOCKER_PROTECTOR_ODD, "protector-odd")       /* what they seal is no key */                       \
  X(BITLOCKER_METHOD_UNKNOWN, "method-unknown")                                                          \
  X(BITLOCKER_NO_VOLUME_KEY, "no-volume-key")                                                            \
  X(BITLOCKER_VOLUME_KEY_TAG, "volume-key-tag")       /* its tag is wrong */                             \
  X(BITLOCKER_VOLUME_KEY_METHOD, "volume-key-method") /* it is one for another method */                 \
  X(BITLOCKER_BOOT_SECTOR, "boot-sector")             /* without the GUID */                             \
  X(BITLOCKER_SECTOR_SIZE, "sector-size")             /* of 1000 bytes */                                \
  X(BITLOCKER_VISTA, "vista")                                                                            \
  X(BITLOCKER_VERSION_1, "version-1") /* Vista's metadata under a newer boot sector */                   \
  X(BITLOCKER_EOW, "eow")                                                                                \
  X(BITLOCKER_DECRYPTED, "decrypted")                 /* states 1, 1 */                                  \
  X(BITLOCKER_PAUSED, "paused")                       /* 3, 4 */                                         \
  X(BITLOCKER_PAUSED_DECRYPTING, "paused-decrypting") /* 3, 1 */                                         \
  X(BITLOCKER_CONVERTING, "converting")               /* 2, 4 */

#define BITLOCKER_FAULT_CONSTANT(constant, name) constant,
typedef enum bitlocker_fault { BITLOCKER_FAULTS(BITLOCKER_FAULT_CONSTANT) BITLOCKER_FAULT_COUNT } bitlocker_fault;

/* "crc-1" and so on. */
const char *bitlocker_fault_name(bitlocker_fault fault);

#define BITLOCKER_RECOVERY_MAX 3

typedef struct bitlocker_options {
	uint16_t method;      /* 0x8000 … 0x8005; 0: 0x8004 */
	uint32_t sector_size; /* 0: 512 */
	/* Each costs a second of stretching, but for those that were used with the same seed before. */
	const char *recovery[BITLOCKER_RECOVERY_MAX]; /* 48 digits with hyphens, or NULL */
	const char *password;                         /* ASCII, or NULL */
	const uint8_t *external_key;                  /* 32 bytes, or NULL */
	bool clear_key;                               /* suspended */
	bool to_go;                                   /* the boot sector of removable drives */
	const char *description;                      /* ASCII; NULL: "TALLYMAN E: 1/2/2026" */
	/* Where the copies and the relocated header lie, in bytes; all 0: behind the plain volume. */
	uint64_t metadata[3], header;
	uint64_t header_size; /* 0: 8192 */
	bitlocker_fault fault;
	uint64_t seed; /* of keys, salts and nonces */
} bitlocker_options;

/* How large the volume for so many plain bytes is. */
uint64_t bitlocker_volume_size(uint64_t plain_size);
/*
 * In place: a file holds `plain_size` bytes at `offset`; afterwards it holds a volume of bitlocker_volume_size bytes
 * there (and grows where needed). In bounded memory.
 */
void bitlocker_wrap_file(const char *path, uint64_t offset, uint64_t plain_size, const bitlocker_options *options);
/* The same in memory. Freed with free. */
uint8_t *bitlocker_wrap(const void *plain, size_t plain_size, const bitlocker_options *options, size_t *volume_size);
/* What Windows would show of it: the plain bytes with zeros behind and in the holes. Freed with free. */
uint8_t *bitlocker_expected(const void *plain, size_t plain_size, const bitlocker_options *options);
/* The .BEK file of the external key; returns its size, at most 256. */
size_t bitlocker_write_bek(const bitlocker_options *options, uint8_t bytes[256]);
/* A valid recovery password made of a number; 56 bytes. */
void bitlocker_recovery(uint64_t seed, char digits[56]);

#endif
