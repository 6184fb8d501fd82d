/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/metadata.h"

#include "base/bytes.h"
#include "base/crc32.h"
#include "drive/image/boot_sector.h"

/* ---- the boot sector (section 1.1) ---- */

/* The places of the metadata stand behind the mark; NULL where there is none, or no room for them. */
static const uint8_t *find_places(const uint8_t *bytes, bool *encrypt_on_write)
{
	size_t at = tally_boot_sector_find_bitlocker_guid(bytes, encrypt_on_write) + TALLY_GUID_SIZE;
	bool has_room = at > TALLY_GUID_SIZE && at + 8 * TALLY_BITLOCKER_COPIES <= TALLY_BOOT_SECTOR_SIZE;
	return has_room ? bytes + at : NULL;
}

tally_boot_kind tally_fve_boot_parse(const uint8_t *bytes, tally_fve_boot *boot)
{
	*boot = (tally_fve_boot){.to_go = memcmp(bytes + 3, "MSWIN4.1", 8) == 0};
	if (!boot->to_go && memcmp(bytes + 3, "-FVE-FS-", 8) != 0)
		return TALLY_BOOT_OTHER;
	const uint8_t *places = find_places(bytes, &boot->encrypt_on_write);
	if (places == NULL) {
		if (boot->to_go) /* any FAT volume that Windows 98 or its like has formatted */
			return TALLY_BOOT_OTHER;
		return bytes[0] == 0xeb && bytes[1] == 0x52 && bytes[2] == 0x90 ? TALLY_BOOT_VISTA : TALLY_BOOT_DAMAGED;
	}
	boot->sector_size = tally_le16(bytes + 11);
	if (boot->sector_size == 0)
		boot->sector_size = 512;
	for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		boot->metadata[i] = tally_le64(places + 8 * i);
	return boot->sector_size == 512 || boot->sector_size == 4096 ? TALLY_BOOT_FVE : TALLY_BOOT_DAMAGED;
}

/* ---- entries (section 1.3) ---- */

#define ENTRY_HEAD 8

bool tally_entries_next(tally_entries *entries, tally_entry *entry)
{
	if (tally_all_zero(entries->at, entries->left)) /* padding, if anything */
		return false;
	size_t size = entries->left >= ENTRY_HEAD ? tally_le16(entries->at) : 0;
	if (size < ENTRY_HEAD || size > entries->left) {
		entries->broken = true;
		return false;
	}
	*entry = (tally_entry){tally_le16(entries->at + 2), tally_le16(entries->at + 4), entries->at + ENTRY_HEAD,
			       size - ENTRY_HEAD};
	entries->at += size;
	entries->left -= size;
	return true;
}

bool tally_entry_key(const tally_entry *entry, uint16_t *type, const uint8_t **key, size_t *size)
{
	if (entry->type != TALLY_ENTRY_KEY || entry->size < 4)
		return false;
	*type = tally_le16(entry->data);
	*key = entry->data + 4;
	*size = entry->size - 4;
	return true;
}

enum {
	ROLE_PROTECTOR = 2,
	ROLE_VOLUME_KEY = 3,
	ROLE_DESCRIPTION = 7,
	TYPE_TEXT = 2,
	TYPE_STRETCH = 3,
	TYPE_SEALED = 5,
	TYPE_PROTECTOR = 8,
	TYPE_RELOCATION = 15
};

/* The first of its kind counts. False when it is too short to be one. */
static bool take_sealed(const tally_entry *entry, tally_sealed *sealed)
{
	if (entry->size < TALLY_SEAL_NONCE + TALLY_SEAL_TAG)
		return false;
	const uint8_t *data = entry->data;
	if (sealed->data == NULL)
		*sealed = (tally_sealed){data, data + TALLY_SEAL_NONCE, data + TALLY_SEAL_NONCE + TALLY_SEAL_TAG,
					 entry->size - TALLY_SEAL_NONCE - TALLY_SEAL_TAG};
	return true;
}

/* What is nested in a protector. What is nested in that in turn is not needed to unlock. */
static bool take_nested(tally_protector *protector, const tally_entry *entry)
{
	uint16_t type;
	const uint8_t *key;
	size_t size;
	switch (entry->type) {
	case TYPE_SEALED:
		return take_sealed(entry, &protector->master_key);
	case TYPE_STRETCH:
		if (entry->size < 4 + TALLY_STRETCH_SALT)
			return false;
		if (protector->salt == NULL)
			protector->salt = entry->data + 4;
		return true;
	case TALLY_ENTRY_KEY:
		if (!tally_entry_key(entry, &type, &key, &size) || size < TALLY_MASTER_KEY)
			return false;
		if (protector->clear_key == NULL)
			protector->clear_key = key;
		return true;
	default:
		return true;
	}
}

#define PROTECTOR_HEAD 28 /* GUID, FILETIME, u16, protection */

static bool take_protector(tally_metadata *metadata, const tally_entry *entry)
{
	if (entry->size < PROTECTOR_HEAD || metadata->protector_count == TALLY_BITLOCKER_PROTECTORS_MAX)
		return false;
	tally_protector *protector = &metadata->protectors[metadata->protector_count++];
	*protector = (tally_protector){.guid = entry->data, .protection = tally_le16(entry->data + PROTECTOR_HEAD - 2)};
	tally_entries nested = {entry->data + PROTECTOR_HEAD, entry->size - PROTECTOR_HEAD, false};
	tally_entry inner;
	while (tally_entries_next(&nested, &inner))
		if (!take_nested(protector, &inner))
			return false;
	return !nested.broken;
}

static bool take_entry(tally_metadata *metadata, const tally_entry *entry)
{
	if (entry->role == ROLE_PROTECTOR && entry->type == TYPE_PROTECTOR)
		return take_protector(metadata, entry);
	if (entry->role == ROLE_VOLUME_KEY && entry->type == TYPE_SEALED)
		return take_sealed(entry, &metadata->volume_key);
	if (entry->role == ROLE_DESCRIPTION && entry->type == TYPE_TEXT) {
		metadata->description = entry->data;
		metadata->description_units = entry->size / 2;
	}
	if (entry->type == TYPE_RELOCATION) {
		if (entry->size < 16)
			return false;
		metadata->header_offset = tally_le64(entry->data);
		metadata->header_size = tally_le64(entry->data + 8);
	}
	return true;
}

/* ---- the block (section 1.2) ---- */

#define BLOCK_HEAD 64
#define SET_HEAD 48
#define VALIDATION_HEAD 8

/* What stands behind the checked bytes: a checksum, and the hash that only the right key reveals. */
static bool take_hash(tally_metadata *metadata, const uint8_t *validation, size_t size)
{
	tally_entries row = {validation + VALIDATION_HEAD, size - VALIDATION_HEAD, false};
	tally_entry entry;
	/* Behind the one entry lies what the metadata's place held before. */
	return !tally_entries_next(&row, &entry) || entry.type != TYPE_SEALED || take_sealed(&entry, &metadata->hash);
}

static bool take_set(tally_metadata *metadata, const uint8_t *set, size_t room)
{
	const uint32_t size = tally_le32(set), head = tally_le32(set + 8);
	if (head < SET_HEAD || size < head || size > room)
		return false;
	metadata->guid = set + 16;
	metadata->method = tally_le16(set + 36);
	tally_entries row = {set + head, size - head, false};
	tally_entry entry;
	while (tally_entries_next(&row, &entry))
		if (!take_entry(metadata, &entry))
			return false;
	return !row.broken;
}

tally_bitlocker_copy tally_metadata_parse(const uint8_t *bytes, size_t size, const tally_fve_boot *boot,
					  tally_metadata *metadata)
{
	*metadata = (tally_metadata){0};
	if (size < BLOCK_HEAD + SET_HEAD || memcmp(bytes, "-FVE-FS-", 8) != 0)
		return TALLY_BITLOCKER_COPY_SIGNATURE;
	if (tally_le16(bytes + 10) != 2)
		return TALLY_BITLOCKER_COPY_VERSION;
	const size_t used = (size_t)tally_le16(bytes + 8) * 16;
	if (used < BLOCK_HEAD + SET_HEAD || used + VALIDATION_HEAD > size ||
	    tally_crc32(0, bytes, used) != tally_le32(bytes + used + 4))
		return TALLY_BITLOCKER_COPY_CHECKSUM;

	metadata->state = tally_le16(bytes + 12);
	metadata->next_state = tally_le16(bytes + 14);
	metadata->encrypted_size = tally_le64(bytes + 16);
	metadata->header_offset = tally_le64(bytes + 56);
	metadata->header_size = (uint64_t)tally_le32(bytes + 28) * boot->sector_size;
	metadata->hashed = bytes;
	metadata->hashed_size = used;
	for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++) {
		metadata->metadata[i] = tally_le64(bytes + 32 + 8 * i);
		if (metadata->metadata[i] != boot->metadata[i])
			return TALLY_BITLOCKER_COPY_OFFSETS;
	}
	if (!take_set(metadata, bytes + BLOCK_HEAD, used - BLOCK_HEAD) ||
	    !take_hash(metadata, bytes + used, size - used))
		return TALLY_BITLOCKER_COPY_ENTRIES;
	return TALLY_BITLOCKER_COPY_GOOD;
}
