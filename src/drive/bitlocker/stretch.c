/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 2^20 rounds over two blocks of SHA-256 each. The bare compression function does that twice as fast as hashing anew
 * each round through EVP; it has no successor in OpenSSL 3, which calls it deprecated.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/bytes.h"
#include "drive/bitlocker/key.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define ROUNDS (UINT64_C(1) << 20)
#define ROUNDS_UNASKED 4096
#define STRUCT_BITS ((32 + 32 + TALLY_STRETCH_SALT + 8) * 8)

static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static void put_be32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static void put_digest(uint8_t *at, const SHA256_CTX *sha)
{
	for (size_t i = 0; i < 8; i++)
		put_be32(at + 4 * i, sha->h[i]);
}

bool tally_stretch(tally_stretching *work, const uint8_t password[TALLY_RECOVERY_KEY],
		   const uint8_t salt[TALLY_STRETCH_SALT], bool (*keep_going)(void *context), void *context)
{
	SHA256_CTX sha;
	bool done = true;
	memset(work, 0, sizeof *work);
	SHA256_Init(&sha);
	SHA256_Update(&sha, password, TALLY_RECOVERY_KEY);
	SHA256_Final(work->first + 32, &sha);
	memcpy(work->second, salt, TALLY_STRETCH_SALT);
	work->second[TALLY_STRETCH_SALT + 8] = 0x80; /* SHA-256's own end: a bit, zeros, the length */
	put_be32(work->second + 60, STRUCT_BITS);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		if (keep_going != NULL && round % ROUNDS_UNASKED == 0 && !keep_going(context)) {
			done = false;
			break;
		}
		tally_put_le64(work->second + TALLY_STRETCH_SALT, round);
		memcpy(sha.h, initial_state, sizeof initial_state);
		SHA256_Transform(&sha, work->first);
		SHA256_Transform(&sha, work->second);
		put_digest(work->first, &sha);
	}
	memcpy(work->key, work->first, sizeof work->key);
	OPENSSL_cleanse(&sha, sizeof sha);
	return done;
}
