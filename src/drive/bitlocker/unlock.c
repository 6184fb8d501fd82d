/* SPDX-License-Identifier: Apache-2.0 */
/* From a key to the volume key: section 1.4, steps 2 to 5. */
#include "base/bytes.h"
#include "drive/bitlocker/key.h"
#include "drive/bitlocker/outcome.h"
#include "drive/bitlocker/volume.h"
#include "io/secret.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

/* All that is secret on the way, in one piece of secret memory. */
typedef struct secrets {
	tally_stretching stretching;
	tally_unsealed plain;
	uint8_t master_key[TALLY_MASTER_KEY];
} secrets;

typedef struct unlocking {
	tally_bitlocker *b;
	const tally_bitlocker_key *key;
	bool (*keep_going)(void *context);
	void *context;
	secrets *secrets;
	tally_bitlocker_outcome *outcome;
	tally_error *error;
	bool stopped; /* judged: nothing more to do */
} unlocking;

static tally_result damaged(unlocking *u, tally_bitlocker_reason reason, const char *what)
{
	tally_bitlocker_say(u->outcome, TALLY_BITLOCKER_UNLOCK_FAILED, reason, "%s", what);
	u->stopped = true;
	return TALLY_OK;
}

/* ---- the master key ---- */

/* The key that a protector's seal is opened with. TALLY_ERROR_STOPPED. */
static tally_result protector_key(unlocking *u, const tally_protector *protector, const uint8_t **key)
{
	*key = u->key->bytes;
	if (u->key->protection != TALLY_BITLOCKER_RECOVERY)
		return TALLY_OK;
	*key = u->secrets->stretching.key;
	if (tally_stretch(&u->secrets->stretching, u->key->bytes, protector->salt, u->keep_going, u->context))
		return TALLY_OK;
	return tally_fail(u->error, TALLY_ERROR_STOPPED, "stopped while a key was tried");
}

/* One protector of the key's kind. *opened: its seal took the key. */
static tally_result try_protector(unlocking *u, const tally_protector *protector, bool *opened)
{
	const uint8_t *key;
	tally_unsealing unsealing;
	*opened = false;
	if (protector->master_key.data == NULL ||
	    (u->key->protection == TALLY_BITLOCKER_RECOVERY && protector->salt == NULL))
		return damaged(u, TALLY_BITLOCKER_ENTRIES,
			       "a protector in the BitLocker metadata lacks its key or its salt");
	tally_result result = protector_key(u, protector, &key);
	if (result == TALLY_OK)
		result = tally_unseal(&protector->master_key, key, &u->secrets->plain, &unsealing, u->error);
	if (result != TALLY_OK)
		return result;
	if (unsealing == TALLY_UNSEAL_MALFORMED)
		return damaged(u, TALLY_BITLOCKER_ENTRIES,
			       "a protector's key in the BitLocker metadata has no possible size");
	if (unsealing == TALLY_UNSEAL_WRONG)
		return TALLY_OK;
	uint16_t type;
	const uint8_t *master;
	size_t size;
	*opened = true;
	if (!tally_unsealed_key(&u->secrets->plain, &type, &master, &size) || size != TALLY_MASTER_KEY)
		return damaged(u, TALLY_BITLOCKER_ENTRIES, "the key is right, but what it opens is not a master key");
	memcpy(u->secrets->master_key, master, TALLY_MASTER_KEY);
	return TALLY_OK;
}

static tally_result find_master_key(unlocking *u)
{
	const tally_metadata *metadata = &u->b->metadata;
	unsigned tried = 0;
	bool opened = false;
	/* What is wrong with one protector counts only when no other takes the key. */
	tally_bitlocker_outcome first = {0};
	for (size_t i = 0; i < metadata->protector_count && !opened; i++) {
		if (metadata->protectors[i].protection != u->key->protection)
			continue;
		tally_result result = try_protector(u, &metadata->protectors[i], &opened);
		if (result != TALLY_OK)
			return result;
		tried++;
		if (u->stopped && !opened) {
			if (first.status == TALLY_BITLOCKER_OK)
				first = *u->outcome;
			u->stopped = false;
		}
	}
	if (opened)
		return TALLY_OK;
	u->stopped = true;
	const char *kind = tally_bitlocker_protection_name((uint16_t)u->key->protection);
	if (tried == 0)
		tally_bitlocker_say(u->outcome, TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, TALLY_BITLOCKER_NO_REASON,
				    "the volume has no %s protector", kind);
	else if (first.status != TALLY_BITLOCKER_OK)
		*u->outcome = first;
	else
		tally_bitlocker_say(u->outcome, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_WRONG,
				    "the key is wrong: it opens none of the volume's %s protectors (%u tried)", kind,
				    tried);
	return TALLY_OK;
}

/* ---- what it opens ---- */

#define TYPE_METADATA_HASH 0x2005

/* Opens a seal with the master key and finds the key entry in it. NULL when it can't be right. */
static tally_result open_inner(unlocking *u, const tally_sealed *sealed, uint16_t *type, const uint8_t **bytes,
			       size_t *size)
{
	tally_unsealing unsealing;
	*bytes = NULL;
	tally_result result = tally_unseal(sealed, u->secrets->master_key, &u->secrets->plain, &unsealing, u->error);
	if (result == TALLY_OK &&
	    (unsealing != TALLY_UNSEALED || !tally_unsealed_key(&u->secrets->plain, type, bytes, size)))
		*bytes = NULL;
	return result;
}

static tally_result check_hash(unlocking *u)
{
	const tally_metadata *metadata = &u->b->metadata;
	uint8_t actual[SHA256_DIGEST_LENGTH];
	uint16_t type;
	const uint8_t *expected;
	size_t size;
	tally_result result = open_inner(u, &metadata->hash, &type, &expected, &size);
	if (result != TALLY_OK)
		return result;
	if (SHA256(metadata->hashed, metadata->hashed_size, actual) == NULL)
		return tally_fail(u->error, TALLY_ERROR_INTERNAL, "OpenSSL can't do SHA-256");
	if (expected == NULL || type != TYPE_METADATA_HASH || size != sizeof actual ||
	    CRYPTO_memcmp(actual, expected, sizeof actual) != 0)
		return damaged(
		    u, TALLY_BITLOCKER_HASH,
		    "the key is right, but the BitLocker metadata is not as Windows wrote it: its hash is wrong");
	return TALLY_OK;
}

static tally_result take_volume_key(unlocking *u, tally_volume_key *volume_key)
{
	const tally_metadata *metadata = &u->b->metadata;
	uint16_t type;
	const uint8_t *bytes;
	size_t size;
	tally_result result = open_inner(u, &metadata->volume_key, &type, &bytes, &size);
	if (result != TALLY_OK)
		return result;
	if (bytes == NULL)
		return damaged(u, TALLY_BITLOCKER_VOLUME_KEY,
			       "the key is right, but the volume key it should open is damaged");
	if (type != metadata->method || size != tally_volume_key_size(type))
		return damaged(
		    u, TALLY_BITLOCKER_VOLUME_KEY,
		    "the key is right, but the volume key is none for the encryption method that the metadata names");
	volume_key->method = type;
	volume_key->sector_size = u->b->facts.sector_size;
	memcpy(volume_key->bytes, bytes, size);
	return TALLY_OK;
}

static tally_result open_view(unlocking *u)
{
	tally_volume_key *volume_key = tally_secret_alloc(sizeof *volume_key);
	if (volume_key == NULL)
		return tally_fail_memory(u->error);
	/* The hash is checked first: it tells what was changed by hand from what broke. */
	tally_result result = check_hash(u);
	if (result == TALLY_OK && !u->stopped)
		result = take_volume_key(u, volume_key);
	if (result != TALLY_OK || u->stopped) {
		tally_secret_free(volume_key);
		return result;
	}
	*u->outcome = u->b->known;
	const bool readable =
	    u->b->known.status == TALLY_BITLOCKER_OK || u->b->known.reason == TALLY_BITLOCKER_SUSPENDED;
	if (!readable || u->b->view != NULL) {
		tally_secret_free(volume_key);
		return TALLY_OK;
	}
	return tally_bitlocker_view_open(u->b->volume, &u->b->facts, volume_key, &u->b->view, u->error);
}

/* No key helps here, and trying it would only cost time. */
static bool is_hopeless(const tally_bitlocker_outcome *known)
{
	switch (known->reason) {
	case TALLY_BITLOCKER_DECRYPTED:
	case TALLY_BITLOCKER_METHOD:
	case TALLY_BITLOCKER_GEOMETRY:
	case TALLY_BITLOCKER_ENTRIES:
		return true;
	default:
		return false;
	}
}

tally_result tally_bitlocker_unlock(tally_bitlocker *volume, const tally_bitlocker_key *key,
				    bool (*keep_going)(void *context), void *context, tally_bitlocker_outcome *outcome,
				    tally_error *error)
{
	*outcome = volume->known;
	if (is_hopeless(&volume->known))
		return TALLY_OK;
	*outcome = (tally_bitlocker_outcome){0};
	unlocking u = {volume, key, keep_going, context, tally_secret_alloc(sizeof(secrets)), outcome, error, false};
	if (u.secrets == NULL)
		return tally_fail_memory(error);
	tally_result result = find_master_key(&u);
	if (result == TALLY_OK && !u.stopped)
		result = open_view(&u);
	tally_secret_free(u.secrets);
	return result;
}
