/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of $MFT and the attributes in it. Pure; reads nothing and allocates nothing. Everything that points into a
 * record points within its bytes.
 */
#ifndef TALLY_DRIVE_NTFS_RECORD_H
#define TALLY_DRIVE_NTFS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types of attributes that matter here. */
#define TALLY_NTFS_STANDARD_INFORMATION 0x10U
#define TALLY_NTFS_ATTRIBUTE_LIST 0x20U
#define TALLY_NTFS_FILE_NAME 0x30U
#define TALLY_NTFS_VOLUME_NAME 0x60U
#define TALLY_NTFS_VOLUME_INFORMATION 0x70U
#define TALLY_NTFS_DATA 0x80U
#define TALLY_NTFS_BITMAP 0xB0U
#define TALLY_NTFS_REPARSE_POINT 0xC0U

/* Flags of an attribute. */
#define TALLY_NTFS_COMPRESSION_MASK 0x00FFU
#define TALLY_NTFS_COMPRESSED 0x0001U
#define TALLY_NTFS_ENCRYPTED 0x4000U
#define TALLY_NTFS_SPARSE 0x8000U

/* A reference to a record: its number and how often it has been used. */
#define TALLY_NTFS_REFERENCE_RECORD(reference) ((reference)&UINT64_C(0xFFFFFFFFFFFF))
#define TALLY_NTFS_REFERENCE_SEQUENCE(reference) ((uint16_t)((reference) >> 48))

typedef enum tally_ntfs_record_state {
	TALLY_NTFS_RECORD_OK,
	TALLY_NTFS_RECORD_EMPTY,  /* nothing was ever written here */
	TALLY_NTFS_RECORD_TORN,   /* its sectors are not of one writing: what lies before the first bad one is sound */
	TALLY_NTFS_RECORD_DAMAGED /* not a record, or one that Windows marked as bad */
} tally_ntfs_record_state;

typedef struct tally_ntfs_record {
	const uint8_t *bytes;
	uint32_t size;  /* of what is used and sound */
	uint32_t first; /* offset of the first attribute */
	uint16_t sequence;
	bool in_use, is_directory;
	uint64_t base; /* reference of the record that this one extends; 0: none */
} tally_ntfs_record;

/*
 * Puts back what the update sequence replaced, in place, and reads the header. `size` as in the boot sector. For OK and
 * TORN the record is filled in.
 */
tally_ntfs_record_state tally_ntfs_record_open(uint8_t *bytes, uint32_t size, tally_ntfs_record *record);

typedef struct tally_ntfs_attribute {
	uint32_t type;
	uint16_t flags, id;
	uint8_t name_units;  /* 0: the unnamed one */
	const uint8_t *name; /* UTF-16 */
	bool resident;
	/* resident */
	const uint8_t *value;
	uint32_t value_size;
	/* not resident; sizes are meaningful where first_vcn is 0 */
	uint64_t first_vcn, last_vcn;
	uint64_t allocated, size, initialised;
	uint8_t unit_shift; /* 2^n clusters are compressed together */
	const uint8_t *pairs;
	uint32_t pairs_size;
} tally_ntfs_attribute;

/* Where an iteration is. Start with {record}. */
typedef struct tally_ntfs_attributes {
	const tally_ntfs_record *record;
	uint32_t at;
	bool broken; /* what follows is no attribute */
} tally_ntfs_attributes;

bool tally_ntfs_attribute_next(tally_ntfs_attributes *iteration, tally_ntfs_attribute *attribute);
/* `name` is ASCII; "" the unnamed one. */
bool tally_ntfs_attribute_is(const tally_ntfs_attribute *attribute, uint32_t type, const char *name);
/* The first of this type and name; false when there is none. */
bool tally_ntfs_attribute_find(const tally_ntfs_record *record, uint32_t type, const char *name,
			       tally_ntfs_attribute *attribute);

/* Name spaces of a file's name. */
enum { TALLY_NTFS_POSIX, TALLY_NTFS_WIN32, TALLY_NTFS_DOS, TALLY_NTFS_WIN32_AND_DOS };

typedef struct tally_ntfs_file_name {
	uint64_t parent; /* reference */
	uint8_t space;
	uint8_t units; /* > 0 */
	const uint8_t *name;
} tally_ntfs_file_name;

bool tally_ntfs_file_name_parse(const tally_ntfs_attribute *attribute, tally_ntfs_file_name *name);

#endif
