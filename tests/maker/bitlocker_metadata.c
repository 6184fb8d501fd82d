/* SPDX-License-Identifier: Apache-2.0 */
#include "maker/bitlocker_metadata.h"

#include "maker/maker.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

typedef struct writer {
	uint8_t *bytes;
	size_t size;
	uint64_t random;
	uint32_t counter; /* of nonces */
	uint8_t master_key[32];
	const bitlocker_options *options;
} writer;

#define FILETIME UINT64_C(0x01dc7b0000000000)

static void put(writer *w, const void *bytes, size_t size)
{
	memcpy(w->bytes + w->size, bytes, size);
	w->size += size;
}

static void set_number(uint8_t *at, uint64_t number, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

static void put_number(writer *w, uint64_t number, unsigned size)
{
	set_number(w->bytes + w->size, number, size);
	w->size += size;
}

static void put_random(writer *w, size_t size)
{
	while (size-- > 0)
		put_number(w, maker_random(&w->random), 1);
}

/* Where the entry begins, for `end`. */
static size_t begin(writer *w, unsigned role, unsigned type)
{
	const size_t at = w->size;
	put_number(w, 0, 2);
	put_number(w, role, 2);
	put_number(w, type, 2);
	put_number(w, 1, 2);
	return at;
}

static void end(writer *w, size_t at)
{
	set_number(w->bytes + at, w->size - at, 2);
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (uint32_t) - (int32_t)(crc & 1));
	}
	return ~crc;
}

/* ---- keys ---- */

/* A key entry, sealed with `with`. */
static void put_sealed(writer *w, unsigned role, const uint8_t with[32], unsigned key_type, const uint8_t *key,
		       size_t size)
{
	uint8_t plain[12 + 64] = {0}, nonce[12], tag[16], out[12 + 64];
	int written;
	set_number(plain, 12 + size, 2);
	set_number(plain + 4, 1, 2);
	set_number(plain + 8, key_type, 2);
	memcpy(plain + 12, key, size);
	set_number(nonce, FILETIME, 8);
	set_number(nonce + 8, ++w->counter, 4);
	EVP_CIPHER_CTX *ccm = EVP_CIPHER_CTX_new();
	if (ccm == NULL || EVP_EncryptInit_ex(ccm, EVP_aes_256_ccm(), NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_IVLEN, sizeof nonce, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_TAG, sizeof tag, NULL) != 1 ||
	    EVP_EncryptInit_ex(ccm, NULL, NULL, with, nonce) != 1 ||
	    EVP_EncryptUpdate(ccm, out, &written, plain, (int)(12 + size)) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag) != 1)
		bitlocker_die("sealing");
	EVP_CIPHER_CTX_free(ccm);
	const size_t entry = begin(w, role, 5);
	put(w, nonce, sizeof nonce);
	put(w, tag, sizeof tag);
	put(w, out, 12 + size);
	end(w, entry);
}

/* The struct that is hashed 2^20 times (section 1.4). What was stretched before is remembered. */
static void stretch(const uint8_t initial[32], const uint8_t salt[16], uint8_t key[32])
{
	static struct {
		uint8_t initial[32], salt[16], key[32];
	} known[8];
	static unsigned count;
	struct {
		uint8_t last[32], initial[32], salt[16], count[8];
	} s = {0};
	memcpy(s.initial, initial, 32);
	memcpy(s.salt, salt, 16);
	for (unsigned i = 0; i < count && i < 8; i++)
		if (memcmp(known[i].initial, initial, 32) == 0 && memcmp(known[i].salt, salt, 16) == 0) {
			memcpy(key, known[i].key, 32);
			return;
		}
	for (uint64_t round = 0; round < 1 << 20; round++) {
		set_number(s.count, round, 8);
		SHA256((const uint8_t *)&s, sizeof s, s.last);
	}
	memcpy(key, s.last, 32);
	memcpy(known[count % 8].initial, initial, 32);
	memcpy(known[count % 8].salt, salt, 16);
	memcpy(known[count % 8].key, key, 32);
	count++;
}

void bitlocker_recovery(uint64_t seed, char digits[56])
{
	seed = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = 0;
	for (unsigned i = 0; i < 8; i++)
		at += (size_t)snprintf(digits + at, 56 - at, "%s%06u", i > 0 ? "-" : "",
				       (unsigned)(maker_random(&seed) >> 48) * 11);
}

static void recovery_bytes(const char *digits, uint8_t bytes[16])
{
	for (unsigned i = 0; i < 8; i++)
		set_number(bytes + 2 * i, strtoul(digits + 7 * i, NULL, 10) / 11, 2);
}

/* ---- protectors ---- */

static size_t begin_protector(writer *w, unsigned protection)
{
	const size_t at = begin(w, 2, 8);
	put_random(w, 16);
	put_number(w, FILETIME, 8);
	put_number(w, 0, 2);
	put_number(w, protection, 2);
	return at;
}

static void end_protector(writer *w, size_t at, const uint8_t key[32])
{
	const size_t sealed = w->size;
	put_sealed(w, 0, key, 0x2003, w->master_key, 32);
	switch (w->options->fault) {
	case BITLOCKER_PROTECTOR_NO_KEY:
		w->size = sealed;
		break;
	case BITLOCKER_PROTECTOR_LARGE:
		put_random(w, 200);
		end(w, sealed);
		break;
	case BITLOCKER_PROTECTOR_ODD:
		w->size = sealed;
		put_sealed(w, 0, key, 0x2003, w->master_key, 31);
		break;
	case BITLOCKER_NESTED_LARGER:
		set_number(w->bytes + sealed, w->size - sealed + 1, 2);
		break;
	default:
		break;
	}
	end(w, at);
}

/* Entries within each other, the innermost with nothing in it: where a reader recurses it goes deep. */
static void put_deep(writer *w)
{
	size_t open[1000];
	for (unsigned i = 0; i < 1000; i++) {
		open[i] = begin(w, 0, 3);
		put_number(w, 0x1000, 4);
		put_random(w, 16);
	}
	for (unsigned i = 1000; i-- > 0;)
		end(w, open[i]);
}

static void put_recovery(writer *w, const char *digits)
{
	uint8_t bytes[16], initial[32], key[32];
	recovery_bytes(digits, bytes);
	SHA256(bytes, 16, initial);
	const size_t at = begin_protector(w, 0x0800), inner = begin(w, 0, 3);
	put_number(w, 0x1000, 4);
	put_random(w, 16);
	stretch(initial, w->bytes + w->size - 16, key);
	put_sealed(w, 0x12, w->master_key, 0x2002, bytes, 16);
	end(w, inner);
	end_protector(w, at, key);
}

static void put_password(writer *w, const char *password)
{
	uint8_t units[256], initial[32], key[32];
	size_t size = 0;
	for (; password[size / 2] != '\0' && size < sizeof units; size += 2)
		set_number(units + size, (uint8_t)password[size / 2], 2);
	SHA256(units, size, initial);
	SHA256(initial, 32, initial);
	const size_t at = begin_protector(w, 0x2000), inner = begin(w, 0, 3);
	put_number(w, 0x1001, 4);
	put_random(w, 16);
	stretch(initial, w->bytes + w->size - 16, key);
	put_sealed(w, 0, w->master_key, 0x2003, key, 32);
	end(w, inner);
	end_protector(w, at, key);
}

static void put_clear_key(writer *w)
{
	const size_t at = begin_protector(w, 0), inner = begin(w, 0, 1);
	set_number(w->bytes + at + 6, 3, 2);
	put_number(w, 0x2000, 4);
	put_random(w, 32);
	end(w, inner);
	end_protector(w, at, w->bytes + w->size - 32);
}

static void put_protectors(writer *w)
{
	const bitlocker_options *options = w->options;
	for (unsigned i = 0; i < BITLOCKER_RECOVERY_MAX && options->recovery[i] != NULL; i++)
		put_recovery(w, options->recovery[i]);
	if (options->password != NULL)
		put_password(w, options->password);
	if (options->clear_key)
		put_clear_key(w);
	for (unsigned i = 0;
	     options->external_key != NULL && i < (options->fault == BITLOCKER_MANY_PROTECTORS ? 70 : 1); i++) {
		const size_t at = begin_protector(w, 0x0200);
		if (options->fault == BITLOCKER_NESTED_DEEP)
			put_deep(w);
		end_protector(w, at, options->external_key);
	}
}

/* ---- the block ---- */

static void put_description(writer *w)
{
	const char *text = w->options->description != NULL ? w->options->description : "TALLYMAN E: 1/2/2026";
	const size_t at = begin(w, 7, 2);
	do
		put_number(w, (uint8_t)*text, 2);
	while (*text++ != '\0');
	end(w, at);
}

static void put_volume_key(writer *w, const bitlocker_layout *layout, const uint8_t key[64])
{
	static const uint8_t sizes[] = {64, 64, 16, 32, 32, 64};
	if (w->options->fault == BITLOCKER_NO_VOLUME_KEY)
		return;
	const size_t at = w->size;
	const unsigned type = layout->method ^ (w->options->fault == BITLOCKER_VOLUME_KEY_METHOD);
	put_sealed(w, 3, w->master_key, type, key, sizes[layout->method - 0x8000]);
	w->bytes[at + 8 + 12] ^= w->options->fault == BITLOCKER_VOLUME_KEY_TAG;
}

static void put_relocation(writer *w, const bitlocker_layout *layout)
{
	const size_t at = begin(w, 15, 15);
	const bitlocker_fault fault = w->options->fault;
	put_number(w, fault == BITLOCKER_HEADER_OUTSIDE ? layout->size - 4096 : layout->header, 8);
	put_number(w,
		   fault == BITLOCKER_HEADER_HUGE   ? -layout->header
		   : fault == BITLOCKER_HEADER_NONE ? 0
						    : layout->header_size,
		   8);
	end(w, at);
}

/* An entry that no reader knows (Windows adds some with each release), or one that can't be. */
static void put_odd_entry(writer *w)
{
	const size_t at = begin(w, 0x40, 0x15);
	put_random(w, 20);
	end(w, at);
	switch (w->options->fault) {
	case BITLOCKER_ENTRY_0:
		set_number(w->bytes + at, 0, 2);
		break;
	case BITLOCKER_ENTRY_1:
		set_number(w->bytes + at, 1, 2);
		break;
	case BITLOCKER_ENTRY_7:
		set_number(w->bytes + at, 7, 2);
		break;
	case BITLOCKER_ENTRY_65535:
		set_number(w->bytes + at, 65535, 2);
		break;
	default:
		break;
	}
}

static void put_head(writer *w, const bitlocker_layout *layout)
{
	unsigned state = 4, next = 4;
	if (w->options->fault == BITLOCKER_DECRYPTED)
		state = next = 1;
	if (w->options->fault == BITLOCKER_PAUSED || w->options->fault == BITLOCKER_PAUSED_DECRYPTING)
		state = 3;
	if (w->options->fault == BITLOCKER_PAUSED_DECRYPTING)
		next = 1;
	if (w->options->fault == BITLOCKER_CONVERTING)
		state = 2;
	put(w, "-FVE-FS-", 8);
	put_number(w, 0, 2);
	put_number(w, w->options->fault == BITLOCKER_VERSION_1 ? 1 : 2, 2);
	put_number(w, state, 2);
	put_number(w, next, 2);
	put_number(w, layout->size, 8);
	put_number(w, 0, 4);
	put_number(w, layout->header_size / layout->sector_size, 4);
	for (unsigned i = 0; i < 3; i++)
		put_number(w, layout->metadata[i], 8);
	put_number(w, layout->header, 8);
}

/* The checksum, and the hash that the master key seals. */
static void put_validation(writer *w)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	if (w->options->fault == BITLOCKER_EDITED) {
		SHA256(w->bytes, w->size, hash);
		w->bytes[120] ^= 1;
	} else {
		SHA256(w->bytes, w->size, hash);
	}
	const uint32_t crc = crc32(w->bytes, w->size);
	put_number(w, 65536 - w->size, 2);
	put_number(w, 2, 2);
	put_number(w, crc, 4);
	if (w->options->fault != BITLOCKER_NO_HASH)
		put_sealed(w, 0, w->master_key, 0x2005, hash, sizeof hash);
}

size_t bitlocker_metadata(const bitlocker_layout *layout, const bitlocker_options *options,
			  uint8_t block[BITLOCKER_BLOCK], uint8_t key[64])
{
	writer w = {.bytes = block, .random = options->seed * 2 + 1, .options = options};
	for (unsigned i = 0; i < 32; i++)
		w.master_key[i] = (uint8_t)(maker_random(&w.random) >> 32);
	for (unsigned i = 0; i < 64; i++)
		key[i] = (uint8_t)(maker_random(&w.random) >> 32);
	put_head(&w, layout);
	put_number(&w, 0, 4);
	put_number(&w, 1, 4);
	put_number(&w, 48, 4);
	put_number(&w, 0, 4);
	put_random(&w, 16);
	put_number(&w, 100, 4);
	put_number(&w, options->fault == BITLOCKER_METHOD_UNKNOWN ? 0x9000 : layout->method, 2);
	put_number(&w, layout->method, 2);
	put_number(&w, FILETIME, 8);
	put_description(&w);
	put_odd_entry(&w);
	put_protectors(&w);
	put_volume_key(&w, layout, key);
	put_relocation(&w, layout);
	const size_t set = w.size - 64;
	w.size = (w.size + 15) / 16 * 16;
	set_number(block + 64, options->fault == BITLOCKER_SET_LARGER ? w.size : set, 4);
	set_number(block + 76, set, 4);
	set_number(block + 8, w.size / 16, 2);
	put_validation(&w);
	if (options->fault == BITLOCKER_NO_METADATA)
		memset(block, 0, w.size);
	return w.size;
}

/* ---- around it ---- */

void bitlocker_boot_sector(const bitlocker_layout *layout, const bitlocker_options *options, uint8_t boot[512])
{
	static const uint8_t guid[16] = {0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
					 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01};
	static const uint8_t eow[16] = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d,
					0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8};
	const bitlocker_fault fault = options->fault;
	const size_t at = options->to_go ? 424 : 160;
	memset(boot, 0, 512);
	memcpy(boot, fault == BITLOCKER_VISTA ? "\xeb\x52\x90" : "\xeb\x58\x90", 3);
	memcpy(boot + 3, options->to_go ? "MSWIN4.1" : "-FVE-FS-", 8);
	set_number(boot + 11, fault == BITLOCKER_SECTOR_SIZE ? 1000 : layout->sector_size, 2);
	boot[13] = layout->sector_size == 512 ? 8 : 1;
	memcpy(boot + 71, "NO NAME    FAT32   ", 19);
	set_number(boot + 510, 0xaa55, 2);
	if (fault == BITLOCKER_VISTA || fault == BITLOCKER_BOOT_SECTOR)
		return;
	memcpy(boot + at, fault == BITLOCKER_EOW ? eow : guid, 16);
	for (unsigned i = 0; i < 3; i++)
		set_number(boot + at + 16 + 8 * i, layout->metadata[fault == BITLOCKER_OTHER_OFFSETS ? (i + 1) % 3 : i],
			   8);
}

size_t bitlocker_write_bek(const bitlocker_options *options, uint8_t bytes[256])
{
	writer w = {.bytes = bytes, .random = options->seed * 2 + 1, .options = options};
	memset(bytes, 0, 256);
	put_number(&w, 0, 4);
	put_number(&w, 1, 4);
	put_number(&w, 48, 4);
	put_number(&w, 0, 4);
	put_random(&w, 16);
	put_number(&w, 1, 4);
	put_number(&w, 0, 4);
	put_number(&w, FILETIME, 8);
	const size_t at = begin(&w, 6, 9);
	put_random(&w, 16);
	put_number(&w, FILETIME, 8);
	const size_t text = begin(&w, 0, 2);
	put_number(&w, 'E', 4);
	end(&w, text);
	const size_t key = begin(&w, 0, 1);
	put_number(&w, 0x2002, 4);
	put(&w, options->external_key, 32);
	end(&w, key);
	end(&w, at);
	set_number(bytes, w.size, 4);
	set_number(bytes + 12, w.size, 4);
	return w.size;
}
