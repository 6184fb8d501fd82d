/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/sectors.h"

#include "base/bytes.h"
#include "drive/bitlocker/wide.h"
#include "drive/bitlocker/xts.h"
#include "io/secret.h"

#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16
/* Bytes that are worked on at a time: with as much of tweaks or cipher text they stay in the first-level cache. */
#define BATCH 16384
#define BATCH_SECTORS (BATCH / 512)
#define SPAN 128 /* sectors whose vectors are made at once; they are few bytes */

typedef enum mode { MODE_DIFFUSER, MODE_CBC, MODE_XTS } mode;

typedef struct method {
	mode mode;
	uint8_t key_size; /* of one AES key, bytes */
	uint8_t whole;    /* of the volume key */
	uint8_t second;   /* where the tweak's or the diffuser's key begins */
} method;

static const method methods[] = {
    {MODE_DIFFUSER, 16, 64, 32}, {MODE_DIFFUSER, 32, 64, 32}, {MODE_CBC, 16, 16, 0},
    {MODE_CBC, 32, 32, 0},       {MODE_XTS, 16, 32, 16},      {MODE_XTS, 32, 64, 32},
};

struct tally_sectors {
	method method;
	const tally_wide *wide;
	const tally_xts *xts; /* in the struct's own memory; NULL: it is done in passes */
	uint32_t sector_size;
	EVP_CIPHER_CTX *data;   /* deciphers blocks; NULL where that is done in one pass */
	EVP_CIPHER_CTX *vector; /* enciphers numbers of sectors */
	EVP_CIPHER_CTX *diffuser;
	uint8_t vectors[SPAN + TALLY_WIDE_SPARE / BLOCK][BLOCK];
	uint8_t sector_keys[BATCH_SECTORS][2 * BLOCK];
	uint8_t *scratch; /* BATCH bytes, on a cache line of their own, in the struct's own memory */
};

#define LINE 64
#define WHOLE (sizeof(tally_sectors) + BATCH + sizeof(tally_xts) + LINE)

static const method *method_of(uint16_t number)
{
	return number >= 0x8000 && number <= 0x8005 ? &methods[number - 0x8000] : NULL;
}

size_t tally_volume_key_size(uint16_t number)
{
	const method *m = method_of(number);
	return m != NULL ? m->whole : 0;
}

static EVP_CIPHER_CTX *new_cipher(const method *m, const uint8_t *key, int encrypt)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *kind = m->key_size == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb();
	if (cipher != NULL && EVP_CipherInit_ex(cipher, kind, NULL, key, NULL, encrypt) == 1 &&
	    EVP_CIPHER_CTX_set_padding(cipher, 0) == 1)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

tally_sectors *tally_sectors_new(const tally_volume_key *key)
{
	const method *m = method_of(key->method);
	/* The keys of the rounds are in it, and the first ones are the volume's own. */
	tally_sectors *sectors = tally_secret_alloc(WHOLE);

	if (sectors == NULL)
		return NULL;
	sectors->method = *m;
	sectors->scratch = (uint8_t *)(((uintptr_t)(sectors + 1) + LINE - 1) / LINE * LINE);
	sectors->wide = tally_wide_best();
	sectors->sector_size = key->sector_size;
	if (m->mode == MODE_XTS && tally_xts_is_here()) {
		tally_xts *xts = (tally_xts *)(void *)(sectors->scratch + BATCH);
		tally_xts_init(xts, key->bytes, m->key_size);
		sectors->xts = xts;
	} else
		sectors->data = new_cipher(m, key->bytes, 0);
	sectors->vector = new_cipher(m, key->bytes + (m->mode == MODE_XTS ? m->second : 0), 1);
	if (m->mode == MODE_DIFFUSER)
		sectors->diffuser = new_cipher(m, key->bytes + m->second, 1);
	if ((sectors->xts != NULL || sectors->data != NULL) && sectors->vector != NULL &&
	    (m->mode != MODE_DIFFUSER || sectors->diffuser != NULL))
		return sectors;
	tally_sectors_free(sectors);
	return NULL;
}

void tally_sectors_free(tally_sectors *sectors)
{
	if (sectors == NULL)
		return;
	EVP_CIPHER_CTX_free(sectors->data);
	EVP_CIPHER_CTX_free(sectors->vector);
	EVP_CIPHER_CTX_free(sectors->diffuser);
	tally_secret_free(sectors);
}

bool tally_sectors_take_passes(tally_sectors *sectors, const tally_volume_key *key)
{
	if (sectors->xts == NULL)
		return true;
	sectors->data = new_cipher(&sectors->method, key->bytes, 0);
	if (sectors->data != NULL)
		sectors->xts = NULL;
	return sectors->data != NULL;
}

static bool ecb(EVP_CIPHER_CTX *cipher, uint8_t *out, const uint8_t *in, size_t size)
{
	int written;
	return EVP_CipherUpdate(cipher, out, &written, in, (int)size) == 1 && (size_t)written == size;
}

/* XTS counts sectors, CBC and the diffuser bytes. */
static bool make_vectors(tally_sectors *sectors, uint64_t offset, size_t count)
{
	const bool xts = sectors->method.mode == MODE_XTS;
	const uint64_t step = xts ? 1 : sectors->sector_size;
	uint64_t number = xts ? offset / sectors->sector_size : offset;
	for (size_t i = 0; i < count; i++, number += step) {
		tally_put_le64(sectors->vectors[i], number);
		memset(sectors->vectors[i] + 8, 0, BLOCK - 8);
	}
	return ecb(sectors->vector, *sectors->vectors, *sectors->vectors, count * BLOCK);
}

static bool undo_xts(tally_sectors *sectors, const uint8_t (*vectors)[BLOCK], uint8_t *data, size_t count)
{
	const size_t size = count * sectors->sector_size;
	if (sectors->xts != NULL) {
		tally_xts_undo(sectors->xts, data, vectors, count, sectors->sector_size);
		return true;
	}
	sectors->wide->tweak(data, sectors->scratch, vectors, count, sectors->sector_size);
	if (!ecb(sectors->data, data, data, size))
		return false;
	sectors->wide->mask(data, sectors->scratch, size);
	return true;
}

static bool undo_cbc(tally_sectors *sectors, const uint8_t (*vectors)[BLOCK], uint8_t *data, size_t count)
{
	const size_t size = sectors->sector_size;
	if (!ecb(sectors->data, sectors->scratch, data, count * size))
		return false;
	for (size_t i = 0; i < count; i++)
		sectors->wide->chain(data + i * size, sectors->scratch + i * size, vectors[i], size);
	return true;
}

/* A sector's key is made of its offset, once as it is and once with 128 in the last byte. */
static bool undo_diffuser(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t count)
{
	const size_t size = sectors->sector_size;
	memset(sectors->sector_keys, 0, sizeof sectors->sector_keys);
	for (size_t i = 0; i < count; i++) {
		tally_put_le64(sectors->sector_keys[i], offset + i * size);
		tally_put_le64(sectors->sector_keys[i] + BLOCK, offset + i * size);
		sectors->sector_keys[i][2 * BLOCK - 1] = 128;
	}
	if (!ecb(sectors->diffuser, *sectors->sector_keys, *sectors->sector_keys, count * 2 * BLOCK))
		return false;
	for (size_t i = 0; i < count; i++)
		tally_diffuser_undo(data + i * size, size, sectors->sector_keys[i]);
	return true;
}

static bool undo_span(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t count)
{
	const size_t size = sectors->sector_size;
	const mode m = sectors->method.mode;
	if (!make_vectors(sectors, offset, count))
		return false;
	for (size_t i = 0; i < count; i += BATCH / size) {
		const size_t some = count - i < BATCH / size ? count - i : BATCH / size;
		const uint8_t(*vectors)[BLOCK] = (const uint8_t(*)[BLOCK])sectors->vectors + i;
		uint8_t *batch = data + i * size;
		if (!(m == MODE_XTS ? undo_xts : undo_cbc)(sectors, vectors, batch, some) ||
		    (m == MODE_DIFFUSER && !undo_diffuser(sectors, offset + i * size, batch, some)))
			return false;
	}
	return true;
}

bool tally_sectors_decrypt(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t size)
{
	const size_t span = (size_t)SPAN * sectors->sector_size;
	while (size > 0) {
		const size_t some = size < span ? size : span;
		if (!undo_span(sectors, offset, data, some / sectors->sector_size))
			return false;
		offset += some;
		data += some;
		size -= some;
	}
	return true;
}
