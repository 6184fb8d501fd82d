/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 of one stream, by OpenSSL. */
#include "base/memory.h"
#include "digest/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>

struct tally_md5 {
	EVP_MD *algorithm;
	EVP_MD_CTX *stream;
};

/* The caller's thread may use OpenSSL for itself: what we report here must not stay in its error queue. */
static tally_result fail_openssl(tally_error *error, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	char reason[160] = "no reason given";
	if (code != 0)
		ERR_error_string_n(code, reason, sizeof reason);
	ERR_clear_error();
	return tally_fail(error, TALLY_ERROR_INTERNAL, "OpenSSL %s: %s", what, reason);
}

tally_result tally_md5_new(tally_md5 **md5, tally_error *error)
{
	*md5 = NULL;
	tally_md5 *made = tally_zalloc(1, sizeof *made);
	if (made == NULL)
		return tally_fail_memory(error);
	/*
	 * The format prescribes MD5 as a checksum; nothing secret depends on it. "-fips" says so: a system in FIPS mode
	 * then still hands it out, provided that its default provider is loaded.
	 */
	made->algorithm = EVP_MD_fetch(NULL, "MD5", "-fips");
	if (made->algorithm == NULL) {
		tally_md5_free(made);
		return fail_openssl(error, "has no MD5 on this system");
	}
	made->stream = EVP_MD_CTX_new();
	if (made->stream == NULL) {
		tally_md5_free(made);
		ERR_clear_error();
		return tally_fail_memory(error);
	}
	*md5 = made;
	return TALLY_OK;
}

void tally_md5_free(tally_md5 *md5)
{
	if (md5 == NULL)
		return;
	EVP_MD_CTX_free(md5->stream);
	EVP_MD_free(md5->algorithm);
	tally_free(md5);
}

tally_result tally_md5_begin(tally_md5 *md5, tally_error *error)
{
	if (EVP_DigestInit_ex2(md5->stream, md5->algorithm, NULL) != 1)
		return fail_openssl(error, "can't begin an MD5");
	return TALLY_OK;
}

tally_result tally_md5_update(tally_md5 *md5, const void *data, size_t size, tally_error *error)
{
	if (size != 0 && EVP_DigestUpdate(md5->stream, data, size) != 1)
		return fail_openssl(error, "can't continue an MD5");
	return TALLY_OK;
}

tally_result tally_md5_end(tally_md5 *md5, uint8_t out[TALLY_MD5_SIZE], tally_error *error)
{
	if (EVP_DigestFinal_ex(md5->stream, out, NULL) != 1)
		return fail_openssl(error, "can't finish an MD5");
	return TALLY_OK;
}
