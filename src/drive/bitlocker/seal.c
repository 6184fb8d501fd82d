/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "drive/bitlocker/key.h"

#include <openssl/err.h>
#include <openssl/evp.h>

tally_result tally_unseal(const tally_sealed *sealed, const uint8_t *key, tally_unsealed *plain,
			  tally_unsealing *unsealing, tally_error *error)
{
	*unsealing = TALLY_UNSEAL_MALFORMED;
	if (sealed->data == NULL || sealed->size == 0 || sealed->size > TALLY_UNSEALED_MAX)
		return TALLY_OK;
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	if (cipher == NULL)
		return tally_fail_memory(error);
	uint8_t tag[TALLY_SEAL_TAG];
	memcpy(tag, sealed->tag, sizeof tag);
	int size = 0;
	bool ready = EVP_DecryptInit_ex(cipher, EVP_aes_256_ccm(), NULL, NULL, NULL) == 1 &&
		     EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_IVLEN, TALLY_SEAL_NONCE, NULL) == 1 &&
		     EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TALLY_SEAL_TAG, tag) == 1 &&
		     EVP_DecryptInit_ex(cipher, NULL, NULL, key, sealed->nonce) == 1;
	/* In CCM the tag is judged here, and nothing comes out when it is wrong. */
	if (ready)
		*unsealing = EVP_DecryptUpdate(cipher, plain->bytes, &size, sealed->data, (int)sealed->size) == 1
				 ? TALLY_UNSEALED
				 : TALLY_UNSEAL_WRONG;
	plain->size = *unsealing == TALLY_UNSEALED ? (size_t)size : 0;
	EVP_CIPHER_CTX_free(cipher);
	ERR_clear_error();
	return ready ? TALLY_OK : tally_fail(error, TALLY_ERROR_INTERNAL, "OpenSSL can't do AES-CCM");
}

bool tally_unsealed_key(const tally_unsealed *plain, uint16_t *type, const uint8_t **key, size_t *size)
{
	tally_entries row = {plain->bytes, plain->size, false};
	tally_entry entry;
	return tally_entries_next(&row, &entry) && tally_entry_key(&entry, type, key, size);
}
