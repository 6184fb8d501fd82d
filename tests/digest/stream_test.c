/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 of one stream, and what becomes of it where OpenSSL won't give it out. */
#include "base/memory.h"
#include "digest/segments.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <string.h>

static const uint8_t md5_of_abc[TALLY_MD5_SIZE] = {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
						   0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72};
static const uint8_t md5_of_nothing[TALLY_MD5_SIZE] = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
						       0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e};

static void check_abc(tally_md5 *md5)
{
	uint8_t out[TALLY_MD5_SIZE];
	ck_assert_int_eq(tally_md5_begin(md5, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_update(md5, "a", 1, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_update(md5, NULL, 0, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_update(md5, "bc", 2, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_end(md5, out, NULL), TALLY_OK);
	ck_assert_mem_eq(out, md5_of_abc, sizeof out);
}

START_TEST(used_again)
{
	tally_md5 *md5;
	uint8_t out[TALLY_MD5_SIZE];
	ck_assert_int_eq(tally_md5_new(&md5, NULL), TALLY_OK);
	check_abc(md5);
	ck_assert_int_eq(tally_md5_begin(md5, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_end(md5, out, NULL), TALLY_OK);
	ck_assert_mem_eq(out, md5_of_nothing, sizeof out);
	/* Begun and given up. */
	ck_assert_int_eq(tally_md5_begin(md5, NULL), TALLY_OK);
	ck_assert_int_eq(tally_md5_update(md5, "x", 1, NULL), TALLY_OK);
	check_abc(md5);
	tally_md5_free(md5);
	tally_md5_free(NULL);
}
END_TEST

/* Without a provider that has it, as with FIPS mode and nothing but the FIPS provider. */
START_TEST(no_md5_on_this_system)
{
	OSSL_LIB_CTX *system = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *nothing = OSSL_PROVIDER_load(system, "null");
	ck_assert_ptr_nonnull(nothing);
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(system);
	tally_error error = {0};
	tally_md5 *md5 = (tally_md5 *)&error;
	ck_assert_int_eq(tally_md5_new(&md5, &error), TALLY_ERROR_INTERNAL);
	ck_assert_int_eq(error.code, TALLY_ERROR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.message, "MD5"));
	ck_assert_ptr_null(md5);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	/* The lanes need nobody's permission. */
	for (int number = 0; number < kernel_count(); number++) {
		tally_digest *digest = open_kernel(number, false);
		if (digest == NULL)
			continue;
		test_segment segment = {.data = (const uint8_t *)"abc", .size = 3};
		ck_assert_int_eq(run_segments(digest, &segment, 1), TALLY_OK);
		ck_assert_mem_eq(segment.result.md5, md5_of_abc, sizeof md5_of_abc);
		tally_digest_free(digest);
	}
	OSSL_LIB_CTX_set0_default(before);
	OSSL_PROVIDER_unload(nothing);
	OSSL_LIB_CTX_free(system);
}
END_TEST

/* FIPS mode that still has the default provider: a checksum is not a matter of security. */
START_TEST(fips_mode)
{
	OSSL_LIB_CTX *system = OSSL_LIB_CTX_new();
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(system);
	ck_assert_int_eq(EVP_default_properties_enable_fips(NULL, 1), 1);
	ck_assert_ptr_null(EVP_MD_fetch(NULL, "MD5", NULL));
	tally_md5 *md5;
	ck_assert_int_eq(tally_md5_new(&md5, NULL), TALLY_OK);
	check_abc(md5);
	tally_md5_free(md5);
	OSSL_LIB_CTX_set0_default(before);
	OSSL_LIB_CTX_free(system);
}
END_TEST

static int always(void)
{
	return 1;
}

START_TEST(out_of_memory)
{
	tally_error error = {0};
	tally_md5 *md5 = (tally_md5 *)&error;
	tally_allocation_fault = always;
	tally_result result = tally_md5_new(&md5, &error);
	tally_allocation_fault = NULL;
	ck_assert_int_eq(result, TALLY_ERROR_NO_MEMORY);
	ck_assert_int_eq(error.code, TALLY_ERROR_NO_MEMORY);
	ck_assert_ptr_null(md5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest/stream");
	TCase *tcase = tcase_create("stream");
	tcase_add_test(tcase, used_again);
	tcase_add_test(tcase, no_md5_on_this_system);
	tcase_add_test(tcase, fips_mode);
	tcase_add_test(tcase, out_of_memory);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
