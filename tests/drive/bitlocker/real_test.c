/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that Windows made (images/INDEX.md): the whole decrypted view, right keys and wrong ones. */
#include "volume.h"

#include "support/tools.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

static char folder[] = "/tmp/tallyman-bitlocker-XXXXXX";
static tally_layer *file;
static tally_bitlocker *bitlocker;
static tally_bitlocker_outcome outcome;

/* False when the image, or what unpacks it, isn't there. */
static bool open_image(const char *name)
{
	char packed[128], path[256];
	snprintf(packed, sizeof packed, "images/%s.img.zst", name);
	const char *found = shared_path(packed);
	if (found == NULL)
		return false;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/image", folder);
	tools_run("zstd -q -d --sparse '%s' -o %s", found, path);
	tally_result result = tally_layer_open_file(path, &file, NULL);
	unlink(path);
	rmdir(folder);
	ck_assert_int_eq(result, TALLY_OK);
	ck_assert_int_eq(tally_bitlocker_open(file, &bitlocker, &outcome, NULL), TALLY_OK);
	ck_assert_ptr_nonnull(bitlocker);
	return true;
}

static void unlock(const char *password, tally_bitlocker_status status, tally_bitlocker_reason reason)
{
	tally_bitlocker_key *key = key_of(password);
	ck_assert_int_eq(tally_bitlocker_unlock(bitlocker, key, NULL, NULL, &outcome, NULL), TALLY_OK);
	expect_outcome(&outcome, status, reason, password);
	tally_bitlocker_key_free(key);
}

static void close_image(void)
{
	tally_bitlocker_close(bitlocker);
	tally_layer_close(file);
}

static void expect_hash(uint64_t size, const char *expected)
{
	static uint8_t piece[1 << 20];
	uint8_t hash[EVP_MAX_MD_SIZE];
	char hex[65];
	EVP_MD_CTX *sha = EVP_MD_CTX_new();
	tally_layer *view = tally_bitlocker_layer(bitlocker);
	ck_assert_ptr_nonnull(view);
	ck_assert_int_eq(EVP_DigestInit_ex(sha, EVP_sha256(), NULL), 1);
	for (uint64_t at = 0; at < size;) {
		size_t step = size - at < sizeof piece ? (size_t)(size - at) : sizeof piece;
		ck_assert_int_eq(tally_layer_read_all(view, at, piece, step), 0);
		EVP_DigestUpdate(sha, piece, step);
		at += step;
	}
	EVP_DigestFinal_ex(sha, hash, NULL);
	EVP_MD_CTX_free(sha);
	for (unsigned i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	ck_assert_str_eq(hex, expected);
}

typedef struct image {
	const char *name, *guid, *description, *right, *wrong;
	uint16_t method;
	uint32_t sector_size;
	uint64_t metadata[3], header;
	uint64_t size;
	const char *whole, *front; /* SHA-256 of the view and of its first 8192 bytes */
} image;

#define KEY_1 "235818-357951-253979-013365-241120-245575-342914-591910"
#define KEY_2 "482548-408683-386023-032725-083754-344718-228228-361845"
#define KEY_3 "478401-067859-043868-000935-121330-337425-718509-484979"
#define KEY_4 "297693-343387-338492-284526-405482-424886-634931-555093"
#define KEY_5 "685839-373538-494868-036223-326590-515064-328416-685102"

/* No separators, and blanks, are forms that Windows takes too. */
static const image images[] = {
    {"bl-win10-xts128-512",
     "{8f595209-f5b9-49a0-85d4-cb8f80258c27}",
     "DESKTOP-NPM7RCA H: 7/4/2019",
     "235818357951253979013365241120245575342914591910",
     KEY_2,
     0x8004,
     512,
     {0x2195000, 0x2c1d000, 0x373a000},
     0x21a5000,
     104857600,
     "674e3a976927fd62f3fc26df2c695cac75b8d364e3b45393717efa971f16db0f",
     "6e854a6de14e3104115f21cc8534e247a7fde6a0691147ef85609f5559a52020"},
    {"bl-win10-cbc128-4096",
     "{e6c131e8-3875-4833-af6b-7807e8eff324}",
     "DESKTOP-LG39GVP New Volume 05/05/2020",
     "482548 408683 386023 032725 083754 344718 228228 361845",
     NULL,
     0x8002,
     4096,
     {0x2195000, 0x2c1d000, 0x373a000},
     0x21a5000,
     104857600,
     "2bf0ee1198cfcc95654636c045f72a91727f7d5b1208db88eafb77ac65b60109",
     "c08959fb6bac2fa4bbeaab476b6859c44c9538b3f53b306fb70f96f080ffcd4c"},
    {"bl-win11-xts128-two-recovery",
     "{316a9dd0-5d5d-48fb-a2e8-0a02bb08701c}",
     "WIN11 New Volume 09/03/2025",
     KEY_4,
     NULL,
     0x8004,
     512,
     {0x21ea000, 0x2c39000, 0x3772000},
     0x21fa000,
     105906176,
     "15570b2a7a1255e2d0f34a0ff82b6e255d8a7e25c24c7849c91321bcb1858cb3",
     "f52b816fa8c592a4b7aadde2392eab8d760319493e4ba5534751d467749984bd"},
};

START_TEST(a_volume_of_windows_reads_as_the_kernel_reads_it)
{
	const image *i = &images[_i];
	if (!open_image(i->name))
		return;
	expect_outcome(&outcome, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, i->name);
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(bitlocker);
	ck_assert_str_eq(facts->guid, i->guid);
	ck_assert_str_eq(facts->description, i->description);
	ck_assert_uint_eq(facts->method, i->method);
	ck_assert_uint_eq(facts->sector_size, i->sector_size);
	ck_assert_uint_eq(facts->encrypted_size, i->size);
	ck_assert_uint_eq(facts->header_offset, i->header);
	ck_assert_uint_eq(facts->header_size, 8192);
	for (unsigned c = 0; c < 3; c++) {
		ck_assert_uint_eq(facts->metadata[c], i->metadata[c]);
		ck_assert_int_eq(facts->copies[c], TALLY_BITLOCKER_COPY_GOOD);
	}
	if (i->wrong != NULL)
		unlock(i->wrong, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_WRONG);
	unlock(i->right, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON);
	ck_assert_uint_eq(tally_bitlocker_layer(bitlocker)->size, i->size);
	expect_hash(8192, i->front);
	expect_hash(i->size, i->whole);
	close_image();
}
END_TEST

START_TEST(each_of_two_recovery_passwords_unlocks)
{
	if (!open_image(images[2].name))
		return;
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(bitlocker);
	ck_assert_uint_eq(facts->protector_count, 3);
	ck_assert_str_eq(facts->protectors[1].guid, "{e7e48bae-ff13-4f14-8222-971d469fae0d}");
	ck_assert_uint_eq(facts->protectors[1].protection, TALLY_BITLOCKER_RECOVERY);
	ck_assert_str_eq(facts->protectors[2].guid, "{b7adc334-fe6d-4ae4-b5c4-1c1d0dbc335b}");
	unlock(KEY_3, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON);
	expect_hash(8192, images[2].front);
	close_image();
}
END_TEST

START_TEST(an_unfinished_volume_takes_its_key_and_is_not_read)
{
	if (!open_image("bl-win10-xts128-eow"))
		return;
	expect_outcome(&outcome, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_EOW, "open");
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(bitlocker);
	ck_assert(facts->encrypt_on_write);
	ck_assert_uint_eq(facts->state, 4);
	ck_assert_uint_eq(facts->next_state, 4);
	unlock(KEY_1, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_WRONG);
	unlock(KEY_5, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_EOW);
	ck_assert_ptr_null(tally_bitlocker_layer(bitlocker));
	close_image();
}
END_TEST

int main(void)
{
	static const char *const tools[] = {"zstd", NULL};
	if (shared_path("images/bl-win10-xts128-512.img.zst") == NULL || !tools_any(tools))
		return TOOLS_SKIPPED;
	const suite_test tests[] = {
	    {a_volume_of_windows_reads_as_the_kernel_reads_it, sizeof images / sizeof images[0]},
	    {each_of_two_recovery_passwords_unlocks, 0},
	    {an_unfinished_volume_takes_its_key_and_is_not_read, 0},
	    {NULL, 0}};
	return suite_run("bitlocker_real", tests);
}
