/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BitLocker volume of which the input is boot sector and metadata; all else is made up. Checksum and hash are put
 * right first (unless byte 500 is odd), as whoever wants to harm a reader would; the keys are fixed, and of the kind
 * that needs no stretching.
 */
#include "drive/bitlocker/bitlocker.h"
#include "fuzz.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

enum { STAGE_OPENED = 1, STAGE_UNLOCKED, STAGE_READ };
const unsigned fuzz_deepest = STAGE_READ;

#define BOOT 512
#define BLOCK TALLY_BITLOCKER_BLOCK
#define SIZE (UINT64_C(896) << 10)
#define BYTE_AS_IT_IS 500

/* Those of fuzz/seeds/bitlocker: tests/maker/bitlocker_writer.h with seed 1. */
static const uint8_t external_key[TALLY_BITLOCKER_EXTERNAL_KEY] = "thirty-two bytes of external key";
static const uint8_t master_key[32] = {
    0xe2, 0xfa, 0x1e, 0xde, 0x08, 0x85, 0x43, 0xbd, 0xc6, 0xf5, 0xab, 0x16, 0xdd, 0xf1, 0x46, 0xb7,
    0x0f, 0x0e, 0x62, 0xf3, 0x7c, 0x6d, 0x62, 0x33, 0xe4, 0xe3, 0x39, 0xe5, 0xd2, 0xdf, 0xb7, 0xa6,
};

typedef struct fuzz_layer {
	tally_layer layer;
	size_t chunk;
	uint64_t places[TALLY_BITLOCKER_COPIES];
	uint8_t boot[BOOT], block[BLOCK];
} fuzz_layer;

/* How many bytes from `offset` on are of one kind, put to `to`. */
static size_t copy_piece(const fuzz_layer *l, uint64_t offset, uint8_t *to, size_t size)
{
	if (offset < BOOT) {
		size = size < BOOT - offset ? size : (size_t)(BOOT - offset);
		memcpy(to, l->boot + offset, size);
		return size;
	}
	for (unsigned i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		if (offset >= l->places[i] && offset - l->places[i] < BLOCK) {
			const size_t left = BLOCK - (size_t)(offset - l->places[i]);
			size = size < left ? size : left;
			memcpy(to, l->block + (offset - l->places[i]), size);
			return size;
		}
	*to = (uint8_t)(offset * 7 ^ offset >> 9);
	return 1;
}

static int64_t read_layer(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	(void)way;
	const fuzz_layer *l = (fuzz_layer *)layer;
	uint8_t *to = buffer;
	if (offset > SIZE || size > SIZE - offset)
		fuzz_fail("a read beyond the end of the volume");
	if (l->chunk != 0 && size > l->chunk)
		size = l->chunk;
	for (size_t i = 0; i < size;)
		i += copy_piece(l, offset + i, to + i, size - i);
	return (int64_t)size;
}

static void close_layer(tally_layer *layer)
{
	(void)layer;
}

static void put_number(uint8_t *at, uint64_t number, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t crc32(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
	}
	return ~crc;
}

/* Checksum and sealed hash behind the metadata, as the writer would put them. */
static void put_right(uint8_t block[BLOCK])
{
	uint8_t plain[44] = {44, 0, 0, 0, 1, 0, 0, 0, 0x05, 0x20}, *at;
	const size_t size = (size_t)(block[8] | block[9] << 8) * 16;
	int written;
	if (size + 8 + 80 > BLOCK)
		return;
	at = block + size;
	put_number(at, 65536 - size, 2);
	put_number(at + 2, 2, 2);
	put_number(at + 4, crc32(block, size), 4);
	put_number(at + 8, 80, 2);
	put_number(at + 10, 0, 2);
	put_number(at + 12, 5, 2);
	put_number(at + 14, 1, 2);
	memset(at + 16, 7, 12);
	SHA256(block, size, plain + 12);
	EVP_CIPHER_CTX *ccm = EVP_CIPHER_CTX_new();
	if (ccm == NULL || EVP_EncryptInit_ex(ccm, EVP_aes_256_ccm(), NULL, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_SET_TAG, 16, NULL) != 1 ||
	    EVP_EncryptInit_ex(ccm, NULL, NULL, master_key, at + 16) != 1 ||
	    EVP_EncryptUpdate(ccm, at + 44, &written, plain, sizeof plain) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ccm, EVP_CTRL_AEAD_GET_TAG, 16, at + 28) != 1)
		fuzz_fail("OpenSSL can't seal");
	EVP_CIPHER_CTX_free(ccm);
}

/* Where the boot sector says that the copies are, if it says so where Windows puts it. */
static void find_places(fuzz_layer *l)
{
	const size_t at = memcmp(l->boot + 3, "MSWIN4.1", 8) == 0 ? 440 : 176;
	for (unsigned i = 0; i < TALLY_BITLOCKER_COPIES; i++) {
		l->places[i] = 0;
		for (unsigned b = 8; b-- > 0;)
			l->places[i] = l->places[i] << 8 | l->boot[at + 8 * i + b];
	}
}

static int read_some(tally_layer *view, uint64_t offset, uint8_t *bytes, size_t size)
{
	if (offset >= view->size)
		return 0;
	if (size > view->size - offset)
		size = (size_t)(view->size - offset);
	return tally_layer_read_all(view, offset, bytes, size);
}

/* Around a border, whole and byte by byte: the same, whatever lies on its sides. False when memory was short. */
static bool read_around(tally_layer *view, uint64_t border)
{
	uint8_t whole[200] = {0}, single[200] = {0};
	const uint64_t offset = border > 100 ? border - 100 : 0;
	int failed = read_some(view, offset, whole, sizeof whole);
	for (size_t i = 0; failed == 0 && i < sizeof single; i += 9)
		failed = read_some(view, offset + i, single + i, i + 9 <= sizeof single ? 9 : sizeof single - i);
	if (failed != 0 && failed != -ENOMEM)
		fuzz_fail("what can be read isn't");
	if (failed == 0 && memcmp(whole, single, sizeof whole) != 0)
		fuzz_fail("a byte depends on how it is read");
	return failed == 0;
}

static bool read_view(tally_layer *view, const tally_bitlocker_facts *facts)
{
	bool all = read_around(view, 0) && read_around(view, facts->header_size) &&
		   read_around(view, facts->header_offset) &&
		   read_around(view, facts->header_offset + facts->header_size) && read_around(view, view->size);
	for (unsigned i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		all = all && read_around(view, facts->metadata[i]) && read_around(view, facts->metadata[i] + BLOCK);
	return all;
}

static tally_result judge(fuzz_layer *l, const tally_bitlocker_key *key)
{
	tally_bitlocker *volume;
	tally_bitlocker_outcome outcome;
	tally_error error;
	tally_result result = tally_bitlocker_open(&l->layer, &volume, &outcome, &error);
	if (result != TALLY_OK || volume == NULL) {
		if (volume != NULL ||
		    (result == TALLY_OK && (outcome.status == TALLY_BITLOCKER_OK || outcome.text[0] == '\0')))
			fuzz_fail("a volume that isn't opened has no reason");
		return result;
	}
	fuzz_stage = STAGE_OPENED;
	result = tally_bitlocker_unlock(volume, key, NULL, NULL, &outcome, &error);
	tally_layer *view = tally_bitlocker_layer(volume);
	const bool readable =
	    result == TALLY_OK && (outcome.status == TALLY_BITLOCKER_OK || outcome.reason == TALLY_BITLOCKER_SUSPENDED);
	if ((view != NULL) != readable)
		fuzz_fail("a volume is unlocked and isn't");
	if (view != NULL) {
		fuzz_stage = STAGE_UNLOCKED;
		if (read_view(view, tally_bitlocker_facts_of(volume)))
			fuzz_stage = STAGE_READ;
		else
			result = TALLY_ERROR_NO_MEMORY;
	}
	tally_bitlocker_close(volume);
	return result;
}

/* The same bytes as the file of an external key. */
static void judge_bek(const fuzz_input *input)
{
	tally_bitlocker_key *key;
	tally_bitlocker_outcome outcome;
	if (tally_bitlocker_key_from_bek(input->data, input->size, &key, &outcome, NULL) != TALLY_OK ||
	    (key != NULL) != (outcome.status == TALLY_BITLOCKER_OK))
		fuzz_fail("a .BEK file is neither right nor wrong");
	tally_bitlocker_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const tally_layer_class class = {read_layer, NULL, close_layer};
	fuzz_input input = fuzz_take_orders(data, size);
	judge_bek(&input);
	fuzz_layer *l = calloc(1, sizeof *l);
	tally_bitlocker_key *key;
	if (l == NULL || tally_bitlocker_key_from_bytes(external_key, &key, NULL) != TALLY_OK)
		fuzz_fail("no memory");
	l->layer = (tally_layer){&class, SIZE, 0};
	l->chunk = input.chunk;
	memcpy(l->boot, input.data, input.size < BOOT ? input.size : BOOT);
	if (input.size > BOOT)
		memcpy(l->block, input.data + BOOT, input.size - BOOT < BLOCK ? input.size - BOOT : BLOCK);
	find_places(l);
	if ((l->boot[BYTE_AS_IT_IS] & 1) == 0)
		put_right(l->block);
	fuzz_arm(input.fail);
	tally_result result = judge(l, key);
	if (!fuzz_disarm() ? result != TALLY_OK : result != TALLY_OK && result != TALLY_ERROR_NO_MEMORY)
		fuzz_fail("an error of the run that the input can't justify");
	tally_bitlocker_key_free(key);
	free(l);
	return 0;
}
