/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/bitlocker/sectors.h"

#include "base/memory.h"
#include "drive/bitlocker/bytes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK 16
/* Bytes that are worked on at a time: with as much of tweaks or cipher text they stay in the first-level cache. */
#define BATCH 8192
#define BATCH_SECTORS (BATCH / 512)

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
	uint32_t sector_size;
	EVP_CIPHER_CTX *data;   /* deciphers blocks */
	EVP_CIPHER_CTX *vector; /* enciphers numbers of sectors */
	EVP_CIPHER_CTX *diffuser;
	uint8_t vectors[BATCH_SECTORS][BLOCK];
	uint8_t sector_keys[BATCH_SECTORS][2 * BLOCK];
	uint8_t scratch[BATCH];
};

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
	tally_sectors *sectors = tally_zalloc(1, sizeof *sectors);
	if (sectors == NULL)
		return NULL;
	sectors->method = *m;
	sectors->sector_size = key->sector_size;
	sectors->data = new_cipher(m, key->bytes, 0);
	sectors->vector = new_cipher(m, key->bytes + (m->mode == MODE_XTS ? m->second : 0), 1);
	if (m->mode == MODE_DIFFUSER)
		sectors->diffuser = new_cipher(m, key->bytes + m->second, 1);
	if (sectors->data != NULL && sectors->vector != NULL && (m->mode != MODE_DIFFUSER || sectors->diffuser != NULL))
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
	OPENSSL_cleanse(sectors, sizeof *sectors);
	tally_free(sectors);
}

static bool ecb(EVP_CIPHER_CTX *cipher, uint8_t *out, const uint8_t *in, size_t size)
{
	int written;
	return EVP_CipherUpdate(cipher, out, &written, in, (int)size) == 1 && (size_t)written == size;
}

static void xor_bytes(uint8_t *restrict to, const uint8_t *restrict with, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t a, b;
		memcpy(&a, to + i, 8);
		memcpy(&b, with + i, 8);
		a ^= b;
		memcpy(to + i, &a, 8);
	}
}

/* XTS counts sectors, CBC and the diffuser bytes. */
static bool make_vectors(tally_sectors *sectors, uint64_t offset, size_t count)
{
	const uint32_t size = sectors->sector_size;
	for (size_t i = 0; i < count; i++) {
		uint64_t at = offset + i * size;
		memset(sectors->vectors[i], 0, BLOCK);
		tally_put_le64(sectors->vectors[i], sectors->method.mode == MODE_XTS ? at / size : at);
	}
	return ecb(sectors->vector, *sectors->vectors, *sectors->vectors, count * BLOCK);
}

static bool undo_xts(tally_sectors *sectors, uint8_t *data, size_t count)
{
	const size_t size = count * sectors->sector_size;
	tally_xts_tweaks((const uint8_t(*)[BLOCK])sectors->vectors, count, sectors->sector_size, sectors->scratch);
	xor_bytes(data, sectors->scratch, size);
	if (!ecb(sectors->data, data, data, size))
		return false;
	xor_bytes(data, sectors->scratch, size);
	return true;
}

static bool undo_cbc(tally_sectors *sectors, uint8_t *data, size_t count)
{
	const size_t size = sectors->sector_size;
	memcpy(sectors->scratch, data, count * size);
	if (!ecb(sectors->data, data, sectors->scratch, count * size))
		return false;
	for (size_t i = 0; i < count; i++) {
		xor_bytes(data + i * size, sectors->vectors[i], BLOCK);
		xor_bytes(data + i * size + BLOCK, sectors->scratch + i * size, size - BLOCK);
	}
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

static bool undo_batch(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t count)
{
	if (!make_vectors(sectors, offset, count))
		return false;
	if (sectors->method.mode == MODE_XTS)
		return undo_xts(sectors, data, count);
	return undo_cbc(sectors, data, count) &&
	       (sectors->method.mode == MODE_CBC || undo_diffuser(sectors, offset, data, count));
}

bool tally_sectors_decrypt(tally_sectors *sectors, uint64_t offset, uint8_t *data, size_t size)
{
	while (size > 0) {
		const size_t batch = size < BATCH ? size : BATCH;
		if (!undo_batch(sectors, offset, data, batch / sectors->sector_size))
			return false;
		offset += batch;
		data += batch;
		size -= batch;
	}
	return true;
}
