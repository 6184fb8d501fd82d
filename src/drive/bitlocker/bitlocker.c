/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/bitlocker.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "drive/bitlocker/outcome.h"
#include "drive/bitlocker/volume.h"
#include "drive/image/boot_sector.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { STATE_DECRYPTED = 1, STATE_SWITCHING = 2, STATE_PAUSED = 3, STATE_ENCRYPTED = 4, STATE_SWITCHING_TOO = 5 };

/* ---- facts for people ---- */

static void put_guid(char text[TALLY_GUID_TEXT], const uint8_t *guid)
{
	snprintf(text, TALLY_GUID_TEXT, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
		 (unsigned)tally_le32(guid), (unsigned)tally_le16(guid + 4), (unsigned)tally_le16(guid + 6), guid[8],
		 guid[9], guid[10], guid[11], guid[12], guid[13], guid[14], guid[15]);
}

/* UTF-16 as far as it fits and up to its end; what is no character, or would do something to a terminal, becomes '?'.
 */
static void put_text(char *out, size_t room, const uint8_t *units, size_t count)
{
	size_t size = 0;
	for (size_t i = 0; i < count;) {
		uint32_t code_point = tally_utf16_next(units, count, &i);
		if (code_point == 0)
			break;
		char bytes[4];
		size_t n = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0)
			       ? 0
			       : tally_utf8_put(code_point, bytes);
		if (n == 0) {
			bytes[0] = '?';
			n = 1;
		}
		if (size + n >= room)
			break;
		memcpy(out + size, bytes, n);
		size += n;
	}
	out[size] = '\0';
}

static void note_facts(tally_bitlocker_facts *facts, const tally_metadata *metadata)
{
	put_guid(facts->guid, metadata->guid);
	if (metadata->description != NULL)
		put_text(facts->description, sizeof facts->description, metadata->description,
			 metadata->description_units);
	facts->method = metadata->method;
	facts->state = metadata->state;
	facts->next_state = metadata->next_state;
	facts->encrypted_size = metadata->encrypted_size;
	facts->header_offset = metadata->header_offset;
	facts->header_size = metadata->header_size;
	facts->protector_count = metadata->protector_count;
	for (size_t i = 0; i < metadata->protector_count; i++) {
		put_guid(facts->protectors[i].guid, metadata->protectors[i].guid);
		facts->protectors[i].protection = metadata->protectors[i].protection;
		facts->suspended = facts->suspended || metadata->protectors[i].protection == TALLY_BITLOCKER_CLEAR_KEY;
	}
}

const tally_bitlocker_facts *tally_bitlocker_facts_of(const tally_bitlocker *volume)
{
	return &volume->facts;
}

/* ---- what is known without a key ---- */

static bool has_protector(const tally_bitlocker_facts *facts, uint16_t protection)
{
	for (size_t i = 0; i < facts->protector_count; i++)
		if (facts->protectors[i].protection == protection)
			return true;
	return false;
}

static bool header_fits(const tally_bitlocker_facts *facts, uint64_t volume_size)
{
	uint64_t end;
	return facts->header_size > 0 && facts->header_size % facts->sector_size == 0 &&
	       facts->header_offset % facts->sector_size == 0 && facts->header_offset > 0 &&
	       !__builtin_add_overflow(facts->header_offset, facts->header_size, &end) && end <= volume_size;
}

/* Section 1.6: the state of a volume that isn't finished. False when it is. */
static bool is_unfinished(const tally_bitlocker_facts *facts, tally_bitlocker_outcome *known)
{
	const tally_bitlocker_status failed = TALLY_BITLOCKER_UNLOCK_FAILED;
	if (facts->encrypt_on_write)
		tally_bitlocker_say(
		    known, failed, TALLY_BITLOCKER_EOW,
		    "encryption of this volume is not finished (encrypt-on-write), so it can't be checked");
	else if (facts->state == STATE_PAUSED)
		tally_bitlocker_say(known, failed, TALLY_BITLOCKER_PAUSED,
				    "%s of this volume is paused, so it can't be checked",
				    facts->next_state == STATE_DECRYPTED ? "decryption" : "encryption");
	else if (facts->state != STATE_ENCRYPTED || facts->next_state != STATE_ENCRYPTED)
		tally_bitlocker_say(
		    known, failed, TALLY_BITLOCKER_CONVERTING,
		    "this volume is being encrypted or decrypted (state %u, then %u), so it can't be checked",
		    facts->state, facts->next_state);
	else
		return false;
	return true;
}

static void judge(tally_bitlocker *b)
{
	const tally_bitlocker_facts *facts = &b->facts;
	const tally_bitlocker_status failed = TALLY_BITLOCKER_UNLOCK_FAILED;
	if (facts->state == STATE_DECRYPTED)
		tally_bitlocker_say(&b->known, TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_DECRYPTED,
				    "the volume is decrypted: it has BitLocker's structures, but its data is plain");
	else if (tally_bitlocker_method_name(facts->method) == NULL)
		tally_bitlocker_say(&b->known, failed, TALLY_BITLOCKER_METHOD, "encryption method 0x%04x is not known",
				    facts->method);
	else if (!header_fits(facts, b->volume->size) && !facts->encrypt_on_write)
		tally_bitlocker_say(
		    &b->known, failed, TALLY_BITLOCKER_GEOMETRY,
		    "the volume's relocated header, %llu bytes at byte %llu, is not within the volume of %llu bytes",
		    (unsigned long long)facts->header_size, (unsigned long long)facts->header_offset,
		    (unsigned long long)b->volume->size);
	else if (b->metadata.volume_key.data == NULL)
		tally_bitlocker_say(&b->known, failed, TALLY_BITLOCKER_ENTRIES, "the metadata has no volume key");
	else if (!is_unfinished(facts, &b->known)) {
		if (facts->suspended)
			tally_bitlocker_say(
			    &b->known, TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_SUSPENDED,
			    "protection is suspended: the volume is encrypted, but the key lies beside the data");
		else if (!has_protector(facts, TALLY_BITLOCKER_RECOVERY) &&
			 !has_protector(facts, TALLY_BITLOCKER_EXTERNAL))
			tally_bitlocker_say(&b->known, TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, TALLY_BITLOCKER_NO_REASON,
					    "the volume has neither a recovery password nor an external key");
	}
}

/* ---- reading it ---- */

static void say_io(tally_bitlocker_outcome *outcome, const char *what, uint64_t offset, uint64_t length, int failed)
{
	tally_bitlocker_say(outcome, TALLY_BITLOCKER_IO_FAILED, TALLY_BITLOCKER_NO_REASON,
			    "can't read %s at byte %llu: %s", what, (unsigned long long)offset, strerror(-failed));
	outcome->os_error = -failed;
	outcome->offset = offset;
	outcome->length = length;
}

static const char *copy_text(tally_bitlocker_copy copy)
{
	switch (copy) {
	case TALLY_BITLOCKER_COPY_GOOD:
		return "good";
	case TALLY_BITLOCKER_COPY_UNREADABLE:
		return "unreadable";
	case TALLY_BITLOCKER_COPY_OUTSIDE:
		return "beyond the end of the volume";
	case TALLY_BITLOCKER_COPY_SIGNATURE:
		return "no metadata";
	case TALLY_BITLOCKER_COPY_CHECKSUM:
		return "wrong checksum";
	case TALLY_BITLOCKER_COPY_VERSION:
		return "of another version";
	case TALLY_BITLOCKER_COPY_OFFSETS:
		return "not at the place that it names";
	case TALLY_BITLOCKER_COPY_ENTRIES:
		return "broken entries";
	}
	return "";
}

/* The most telling of three ways to be bad gives the reason; the text names all. */
static void say_bad_copies(const tally_bitlocker_facts *facts, const tally_bitlocker_outcome *io,
			   tally_bitlocker_outcome *outcome)
{
	bool bad[TALLY_BITLOCKER_COPY_ENTRIES + 1] = {false};
	for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		bad[facts->copies[i]] = true;
	if (bad[TALLY_BITLOCKER_COPY_UNREADABLE] && !bad[TALLY_BITLOCKER_COPY_VERSION] &&
	    !bad[TALLY_BITLOCKER_COPY_ENTRIES]) {
		*outcome = *io;
		return;
	}
	tally_bitlocker_reason reason = bad[TALLY_BITLOCKER_COPY_VERSION]   ? TALLY_BITLOCKER_VISTA
					: bad[TALLY_BITLOCKER_COPY_ENTRIES] ? TALLY_BITLOCKER_ENTRIES
									    : TALLY_BITLOCKER_METADATA;
	tally_bitlocker_say(
	    outcome, TALLY_BITLOCKER_UNLOCK_FAILED, reason,
	    "no copy of the BitLocker metadata can be used: %s at byte %llu, %s at byte %llu, %s at byte %llu",
	    copy_text(facts->copies[0]), (unsigned long long)facts->metadata[0], copy_text(facts->copies[1]),
	    (unsigned long long)facts->metadata[1], copy_text(facts->copies[2]),
	    (unsigned long long)facts->metadata[2]);
}

/* One copy, into `block`. */
static tally_bitlocker_copy read_copy(tally_bitlocker *b, const tally_fve_boot *boot, uint64_t offset, uint8_t *block,
				      tally_metadata *metadata, tally_bitlocker_outcome *io)
{
	if (offset >= b->volume->size)
		return TALLY_BITLOCKER_COPY_OUTSIDE;
	size_t size = TALLY_BITLOCKER_BLOCK;
	if (size > b->volume->size - offset)
		size = (size_t)(b->volume->size - offset);
	int failed;
	size_t got = tally_layer_read_most(b->volume, offset, block, size, &failed);
	tally_bitlocker_copy copy = tally_metadata_parse(block, got, boot, metadata);
	/* Of the block only the front is used; what can't be read behind all that counts is no loss. */
	if (failed == 0 || (copy == TALLY_BITLOCKER_COPY_GOOD && metadata->hash.data != NULL))
		return copy;
	say_io(io, "the BitLocker metadata", offset, size, failed);
	return TALLY_BITLOCKER_COPY_UNREADABLE;
}

/* All three are looked at, so that a drive with one good copy left is told from a whole one. The first good one is
 * used. */
static tally_result read_copies(tally_bitlocker *b, const tally_fve_boot *boot, tally_bitlocker_outcome *outcome,
				tally_error *error)
{
	tally_bitlocker_outcome io = {0};
	uint8_t *block = tally_alloc(TALLY_BITLOCKER_BLOCK);
	tally_metadata *metadata = tally_alloc(sizeof *metadata);
	if (block == NULL || metadata == NULL) {
		tally_free(block);
		tally_free(metadata);
		return tally_fail_memory(error);
	}
	for (unsigned i = 0; i < TALLY_BITLOCKER_COPIES; i++) {
		b->facts.copies[i] = read_copy(b, boot, boot->metadata[i], block, metadata, &io);
		if (b->facts.copies[i] != TALLY_BITLOCKER_COPY_GOOD || b->block != NULL)
			continue;
		b->facts.copy = i;
		b->metadata = *metadata;
		b->block = block;
		block = tally_alloc(TALLY_BITLOCKER_BLOCK);
		if (block == NULL)
			break;
	}
	tally_free(metadata);
	if (block == NULL)
		return tally_fail_memory(error);
	tally_free(block);
	if (b->block == NULL)
		say_bad_copies(&b->facts, &io, outcome);
	return TALLY_OK;
}

static tally_result read_metadata(tally_bitlocker *b, const tally_fve_boot *boot, tally_bitlocker_outcome *outcome,
				  tally_error *error)
{
	b->facts.sector_size = boot->sector_size;
	b->facts.to_go = boot->to_go;
	b->facts.encrypt_on_write = boot->encrypt_on_write;
	memcpy(b->facts.metadata, boot->metadata, sizeof boot->metadata);
	tally_result result = read_copies(b, boot, outcome, error);
	if (result != TALLY_OK || b->block == NULL)
		return result;
	note_facts(&b->facts, &b->metadata);
	judge(b);
	*outcome = b->known;
	return TALLY_OK;
}

/* Whether there is metadata to look for. */
static bool read_boot_sector(tally_layer *volume, tally_fve_boot *boot, tally_bitlocker_outcome *outcome)
{
	uint8_t bytes[TALLY_BOOT_SECTOR_SIZE];
	int failed = volume->size < sizeof bytes ? 0 : tally_layer_read_all(volume, 0, bytes, sizeof bytes);
	if (failed != 0) {
		say_io(outcome, "the boot sector", 0, sizeof bytes, failed);
		return false;
	}
	switch (volume->size < sizeof bytes ? TALLY_BOOT_OTHER : tally_fve_boot_parse(bytes, boot)) {
	case TALLY_BOOT_FVE:
		return true;
	case TALLY_BOOT_VISTA:
		tally_bitlocker_say(outcome, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_VISTA,
				    "the volume was encrypted by Windows Vista, in a format that isn't read here");
		return false;
	case TALLY_BOOT_DAMAGED:
		tally_bitlocker_say(outcome, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_BOOT_SECTOR,
				    "the BitLocker boot sector is damaged");
		return false;
	case TALLY_BOOT_OTHER:
		break;
	}
	tally_bitlocker_say(outcome, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "there is no BitLocker volume");
	return false;
}

tally_result tally_bitlocker_open(tally_layer *volume, tally_bitlocker **out, tally_bitlocker_outcome *outcome,
				  tally_error *error)
{
	*out = NULL;
	*outcome = (tally_bitlocker_outcome){0};
	tally_fve_boot boot;
	if (!read_boot_sector(volume, &boot, outcome))
		return TALLY_OK;
	tally_bitlocker *b = tally_zalloc(1, sizeof *b);
	if (b == NULL)
		return tally_fail_memory(error);
	b->volume = volume;
	tally_result result = read_metadata(b, &boot, outcome, error);
	if (result == TALLY_OK && b->block != NULL)
		*out = b;
	else
		tally_bitlocker_close(b);
	return result;
}

tally_layer *tally_bitlocker_layer(tally_bitlocker *volume)
{
	return volume->view;
}

void tally_bitlocker_close(tally_bitlocker *volume)
{
	if (volume == NULL)
		return;
	tally_bitlocker_view_free(volume->view);
	tally_free(volume->block);
	tally_free(volume);
}
