/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that are damaged, unfinished or of another kind: each has its outcome, before and after a key. */
#include "volume.h"

#include "base/memory.h"
#include "support/faults.h"
#include "support/medium.h"

#include <errno.h>
#include <unistd.h>

typedef struct expectation {
	bool opens;
	tally_bitlocker_status open_status;
	tally_bitlocker_reason open_reason;
	tally_bitlocker_status status; /* of unlocking with the right key */
	tally_bitlocker_reason reason;
} expectation;

#define SOUND                                                                                          \
  {                                                                                                    \
    true, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON \
  }
#define REFUSED(reason)                                                                   \
  {                                                                                       \
    .open_status = TALLY_BITLOCKER_UNLOCK_FAILED, .open_reason = TALLY_BITLOCKER_##reason \
  }
#define HOPELESS(reason)                                                                          \
  {                                                                                               \
    true, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_##reason, TALLY_BITLOCKER_UNLOCK_FAILED, \
	TALLY_BITLOCKER_##reason                                                                  \
  }
#define SHOWN_BY_THE_KEY(reason)                                                                                 \
  {                                                                                                              \
    true, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_##reason \
  }

static const expectation expectations[BITLOCKER_FAULT_COUNT] = {
    [BITLOCKER_SOUND] = SOUND,
    [BITLOCKER_CRC_1] = SOUND,
    [BITLOCKER_CRC_2] = SOUND,
    [BITLOCKER_CRC_3] = REFUSED(METADATA),
    [BITLOCKER_EDITED] = SHOWN_BY_THE_KEY(HASH),
    [BITLOCKER_NO_HASH] = SHOWN_BY_THE_KEY(HASH),
    [BITLOCKER_OUTSIDE_1] = SOUND,
    [BITLOCKER_OUTSIDE_3] = REFUSED(METADATA),
    [BITLOCKER_HEADER_OUTSIDE] = HOPELESS(GEOMETRY),
    [BITLOCKER_HEADER_HUGE] = HOPELESS(GEOMETRY),
    [BITLOCKER_HEADER_NONE] = HOPELESS(GEOMETRY),
    [BITLOCKER_OVERLAPPING] = SOUND,
    [BITLOCKER_OTHER_OFFSETS] = REFUSED(METADATA),
    [BITLOCKER_NO_METADATA] = REFUSED(METADATA),
    [BITLOCKER_ENTRY_0] = REFUSED(ENTRIES),
    [BITLOCKER_ENTRY_1] = REFUSED(ENTRIES),
    [BITLOCKER_ENTRY_7] = REFUSED(ENTRIES),
    [BITLOCKER_ENTRY_65535] = REFUSED(ENTRIES),
    [BITLOCKER_NESTED_LARGER] = REFUSED(ENTRIES),
    [BITLOCKER_NESTED_DEEP] = SOUND,
    [BITLOCKER_SET_LARGER] = REFUSED(ENTRIES),
    [BITLOCKER_MANY_PROTECTORS] = REFUSED(ENTRIES),
    [BITLOCKER_PROTECTOR_NO_KEY] = SHOWN_BY_THE_KEY(ENTRIES),
    [BITLOCKER_PROTECTOR_LARGE] = SHOWN_BY_THE_KEY(ENTRIES),
    [BITLOCKER_PROTECTOR_ODD] = SHOWN_BY_THE_KEY(ENTRIES),
    [BITLOCKER_METHOD_UNKNOWN] = HOPELESS(METHOD),
    [BITLOCKER_NO_VOLUME_KEY] = HOPELESS(ENTRIES),
    [BITLOCKER_VOLUME_KEY_TAG] = SHOWN_BY_THE_KEY(VOLUME_KEY),
    [BITLOCKER_VOLUME_KEY_METHOD] = SHOWN_BY_THE_KEY(VOLUME_KEY),
    [BITLOCKER_BOOT_SECTOR] = REFUSED(BOOT_SECTOR),
    [BITLOCKER_SECTOR_SIZE] = REFUSED(BOOT_SECTOR),
    [BITLOCKER_VISTA] = REFUSED(VISTA),
    [BITLOCKER_VERSION_1] = REFUSED(VISTA),
    [BITLOCKER_EOW] = HOPELESS(EOW),
    [BITLOCKER_DECRYPTED] = {true, TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_DECRYPTED,
			     TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_DECRYPTED},
    [BITLOCKER_PAUSED] = HOPELESS(PAUSED),
    [BITLOCKER_PAUSED_DECRYPTING] = HOPELESS(PAUSED),
    [BITLOCKER_CONVERTING] = HOPELESS(CONVERTING),
};

static volume volume_with(bitlocker_fault fault)
{
	const bitlocker_options options = {.external_key = external_key, .fault = fault, .seed = 5};
	return volume_make(100 * KIB, &options);
}

START_TEST(each_damage_has_its_outcome)
{
	const expectation *e = &expectations[_i];
	const char *name = bitlocker_fault_name((bitlocker_fault)_i);
	volume v = volume_with((bitlocker_fault)_i);
	expect_outcome(&v.opened, e->open_status, e->open_reason, name);
	ck_assert_msg((v.bitlocker != NULL) == e->opens, "%s", name);
	if (v.bitlocker != NULL) {
		volume_unlock(&v);
		expect_outcome(&v.unlocked, e->status, e->reason, name);
		ck_assert_msg((v.view != NULL) == (e->status == TALLY_BITLOCKER_OK), "%s", name);
		/* Two blocks of the variant are within the third's 64 KiB, which is all a hole. */
		if (v.view != NULL)
			expect_all(&v, 33333);
	}
	volume_close(&v);
}
END_TEST

/* The key comes first: whoever has the wrong one learns that, and not what else is wrong. */
START_TEST(a_wrong_key_is_told_before_what_only_the_right_one_shows)
{
	static const bitlocker_fault faults[] = {BITLOCKER_SOUND,      BITLOCKER_EOW,    BITLOCKER_PAUSED,
						 BITLOCKER_CONVERTING, BITLOCKER_EDITED, BITLOCKER_VOLUME_KEY_TAG};
	volume v = volume_with(faults[_i]);
	uint8_t wrong[TALLY_BITLOCKER_EXTERNAL_KEY];
	tally_bitlocker_key *key;
	memcpy(wrong, external_key, sizeof wrong);
	wrong[31] ^= 1;
	ck_assert_int_eq(tally_bitlocker_key_from_bytes(wrong, &key, NULL), TALLY_OK);
	volume_unlock_with(&v, key);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_KEY_INVALID, TALLY_BITLOCKER_KEY_WRONG, "a wrong key");
	ck_assert_ptr_null(v.view);
	/* Another may follow. */
	volume_unlock(&v);
	ck_assert((v.view != NULL) == (faults[_i] == BITLOCKER_SOUND));
	tally_bitlocker_key_free(key);
	volume_close(&v);
}
END_TEST

START_TEST(copies_that_are_bad_are_noted)
{
	static const struct {
		bitlocker_fault fault;
		tally_bitlocker_copy copies[3];
		unsigned used;
	} cases[] = {
	    {BITLOCKER_SOUND, {TALLY_BITLOCKER_COPY_GOOD, TALLY_BITLOCKER_COPY_GOOD, TALLY_BITLOCKER_COPY_GOOD}, 0},
	    {BITLOCKER_CRC_1, {TALLY_BITLOCKER_COPY_CHECKSUM, TALLY_BITLOCKER_COPY_GOOD, TALLY_BITLOCKER_COPY_GOOD}, 1},
	    {BITLOCKER_CRC_2,
	     {TALLY_BITLOCKER_COPY_CHECKSUM, TALLY_BITLOCKER_COPY_CHECKSUM, TALLY_BITLOCKER_COPY_GOOD},
	     2},
	    {BITLOCKER_OUTSIDE_1,
	     {TALLY_BITLOCKER_COPY_OUTSIDE, TALLY_BITLOCKER_COPY_GOOD, TALLY_BITLOCKER_COPY_GOOD},
	     1},
	};
	volume v = volume_with(cases[_i].fault);
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(v.bitlocker);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(facts->copies[i], cases[_i].copies[i]);
	ck_assert_uint_eq(facts->copy, cases[_i].used);
	volume_close(&v);
}
END_TEST

START_TEST(what_is_no_volume_is_absent)
{
	static uint8_t bytes[65536];
	volume v = {0};
	volume_open(&v, bytes, sizeof bytes);
	expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "zeros");
	ck_assert_ptr_null(v.bitlocker);
	volume_close(&v);
	memcpy(bytes + 3, "NTFS    ", 8);
	volume_open(&v, bytes, sizeof bytes);
	expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "NTFS");
	volume_close(&v);
	memcpy(bytes + 3, "MSWIN4.1", 8);
	volume_open(&v, bytes, sizeof bytes);
	expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "FAT of Windows 98");
	volume_close(&v);
	memcpy(bytes + 3, "-FVE-FS-", 8);
	volume_open(&v, bytes, 511);
	expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "less than a sector");
	volume_close(&v);
	volume_open(&v, bytes, 0);
	expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON, "nothing");
	volume_close(&v);
}
END_TEST

/* Cut anywhere: never a crash, and readable as long as one copy and the header are there. */
START_TEST(a_truncated_image_is_told)
{
	volume whole = volume_with(BITLOCKER_SOUND);
	const size_t behind = whole.size - 6 * 65536;
	for (size_t size = 0; size < whole.size; size += 1 + size / 9) {
		volume v = {0};
		volume_open(&v, whole.stored, size);
		if (size < 512)
			expect_outcome(&v.opened, TALLY_BITLOCKER_ABSENT, TALLY_BITLOCKER_NO_REASON,
				       "a sector is missing");
		else if (size <= behind)
			expect_outcome(&v.opened, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_METADATA,
				       "no copy is left");
		else if (size > behind + 4096 && size < behind + 65536 + 8192)
			expect_outcome(&v.opened, TALLY_BITLOCKER_UNLOCK_FAILED, TALLY_BITLOCKER_GEOMETRY, "no header");
		else if (size >= behind + 65536 + 8192)
			expect_outcome(&v.opened, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "long enough");
		volume_close(&v);
	}
	volume_close(&whole);
}
END_TEST

START_TEST(a_suspended_volume_is_said_and_read)
{
	const bitlocker_options options = {.external_key = external_key, .clear_key = true, .seed = 6};
	volume v = volume_make(100 * KIB, &options);
	expect_outcome(&v.opened, TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_SUSPENDED, "open");
	ck_assert(tally_bitlocker_facts_of(v.bitlocker)->suspended);
	volume_unlock(&v);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_NOT_ACTIVATED, TALLY_BITLOCKER_SUSPENDED, "unlock");
	expect_all(&v, 33333);
	volume_close(&v);
}
END_TEST

START_TEST(a_key_without_protector_finds_none)
{
	volume v = volume_with(BITLOCKER_SOUND);
	tally_bitlocker_key *key = key_of(maker_bitlocker_key);
	volume_unlock_with(&v, key);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, TALLY_BITLOCKER_NO_REASON,
		       "no recovery password");
	volume_close(&v);
	const bitlocker_options suspended = {.clear_key = true, .seed = 8};
	v = volume_make(100 * KIB, &suspended);
	volume_unlock(&v);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, TALLY_BITLOCKER_NO_REASON, "no external key");
	volume_close(&v);
	const bitlocker_options none = {.seed = 9};
	v = volume_make(100 * KIB, &none);
	expect_outcome(&v.opened, TALLY_BITLOCKER_PROTECTOR_NOT_FOUND, TALLY_BITLOCKER_NO_REASON,
		       "no protector at all");
	tally_bitlocker_key_free(key);
	volume_close(&v);
}
END_TEST

START_TEST(facts_can_be_read)
{
	const bitlocker_options options = {.external_key = external_key,
					   .clear_key = true,
					   .sector_size = 4096,
					   .method = 0x8003,
					   .description = "BENCH\tF: \x1b[31m 3/4/2026",
					   .seed = 10};
	volume v = volume_make(100 * KIB, &options);
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(v.bitlocker);
	ck_assert_str_eq(facts->description, "BENCH?F: ?[31m 3/4/2026");
	ck_assert_uint_eq(facts->method, 0x8003);
	ck_assert_str_eq(tally_bitlocker_method_name(facts->method), "AES-CBC-256");
	ck_assert_ptr_null(tally_bitlocker_method_name(0x8006));
	ck_assert_ptr_null(tally_bitlocker_method_name(0));
	ck_assert_uint_eq(facts->sector_size, 4096);
	ck_assert_uint_eq(facts->encrypted_size, v.size);
	ck_assert_uint_eq(facts->header_size, 8192);
	ck_assert_uint_eq(facts->state, 4);
	ck_assert_uint_eq(facts->protector_count, 2);
	ck_assert_str_eq(tally_bitlocker_protection_name(facts->protectors[0].protection), "clear key");
	ck_assert_str_eq(tally_bitlocker_protection_name(facts->protectors[1].protection), "external key");
	ck_assert_uint_eq(strlen(facts->guid), 38);
	ck_assert_uint_eq(strlen(facts->protectors[1].guid), 38);
	volume_close(&v);
}
END_TEST

/* ---- what fails around it ---- */

static tally_result open_and_read(void *context, tally_error *error)
{
	const volume *whole = context;
	volume v = {0};
	tally_bitlocker_key *key = NULL;
	uint8_t bytes[5000];
	tally_result result = tally_layer_open_memory(whole->stored, whole->size, &v.layer, error);
	if (result == TALLY_OK)
		result = tally_bitlocker_open(v.layer, &v.bitlocker, &v.opened, error);
	if (result == TALLY_OK)
		result = tally_bitlocker_key_from_bytes(external_key, &key, error);
	if (result == TALLY_OK)
		result = tally_bitlocker_unlock(v.bitlocker, key, NULL, NULL, &v.unlocked, error);
	if (result == TALLY_OK) {
		v.view = tally_bitlocker_layer(v.bitlocker);
		ck_assert_ptr_nonnull(v.view);
		ck_assert_int_eq(tally_layer_read_all(v.view, 8000, bytes, sizeof bytes), 0);
		ck_assert_int_eq(memcmp(bytes, whole->expected + 8000, sizeof bytes), 0);
	} else if (v.bitlocker != NULL) {
		ck_assert_ptr_null(tally_bitlocker_layer(v.bitlocker));
	}
	tally_bitlocker_key_free(key);
	tally_bitlocker_close(v.bitlocker);
	tally_layer_close(v.layer);
	return result;
}

START_TEST(any_allocation_may_fail)
{
	volume whole = volume_with(BITLOCKER_CRC_1);
	ck_assert_uint_ge(faults_each(FAULTS_OURS, _i == 1, open_and_read, NULL, &whole), 10);
	volume_close(&whole);
}
END_TEST

/* A second reader, where the first is busy, needs memory. */
static tally_layer *outer;
static int inner_result;

static int no_memory(void)
{
	return 1;
}

static int read_meanwhile(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	uint8_t byte;
	tally_layer_fault = NULL;
	tally_allocation_fault = no_memory;
	inner_result = tally_layer_read_all(outer, 9000, &byte, 1);
	tally_allocation_fault = NULL;
	return 0;
}

START_TEST(a_reader_more_needs_memory)
{
	volume v = volume_with(BITLOCKER_SOUND);
	uint8_t byte;
	volume_unlock(&v);
	outer = v.view;
	tally_layer_fault = read_meanwhile;
	ck_assert_int_eq(tally_layer_read_all(v.view, 20000, &byte, 1), 0);
	ck_assert_int_eq(inner_result, -ENOMEM);
	ck_assert_uint_eq(byte, v.expected[20000]);
	volume_close(&v);
}
END_TEST

static unsigned countdown;

static int fail_once(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return countdown != 0 && --countdown == 0 ? -EIO : 0;
}

START_TEST(any_read_may_fail)
{
	volume whole = volume_with(BITLOCKER_SOUND);
	unsigned reads = 0, opened = 0;
	for (bool met = true; met; reads++) {
		volume v = {.expected = whole.expected};
		countdown = reads + 1;
		tally_layer_fault = fail_once;
		volume_open(&v, whole.stored, whole.size);
		if (v.bitlocker == NULL) {
			expect_outcome(&v.opened, TALLY_BITLOCKER_IO_FAILED, TALLY_BITLOCKER_NO_REASON,
				       "a failed read");
			ck_assert_int_eq(v.opened.os_error, EIO);
			ck_assert_uint_eq(v.opened.length, 512);
			ck_assert_ptr_nonnull(strstr(v.opened.text, "Input/output error"));
		} else {
			opened++;
			volume_unlock(&v);
			expect_outcome(&v.unlocked, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "another copy");
		}
		met = countdown == 0;
		tally_layer_fault = NULL;
		if (v.view != NULL)
			expect_all(&v, 33333);
		v.expected = NULL;
		volume_close(&v);
	}
	ck_assert_uint_eq(reads, 5); /* boot sector, three copies, and once without a fault */
	ck_assert_uint_eq(opened, 4);
	volume_close(&whole);
}
END_TEST

static int fail_metadata(uint64_t offset, size_t size)
{
	(void)size;
	return offset != 0 ? -EIO : 0;
}

START_TEST(no_copy_can_be_read)
{
	volume whole = volume_with(BITLOCKER_SOUND), v = {0};
	tally_layer_fault = fail_metadata;
	volume_open(&v, whole.stored, whole.size);
	tally_layer_fault = NULL;
	expect_outcome(&v.opened, TALLY_BITLOCKER_IO_FAILED, TALLY_BITLOCKER_NO_REASON, "no copy");
	ck_assert_int_eq(v.opened.os_error, EIO);
	ck_assert_uint_ge(v.opened.offset, 100 * KIB);
	volume_close(&v);
	volume_close(&whole);
}
END_TEST

/* Of each 64 KiB of metadata a few are used: a bad sector among the others costs nothing, one among these the copy. */
START_TEST(bad_sectors_in_the_metadata)
{
	static const uint64_t places[] = {4096, 32 * KIB, 64 * KIB - 512, 0};
	volume whole = volume_with(BITLOCKER_SOUND);
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(whole.bitlocker);
	char path[] = "/tmp/tally_bitlocker_XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, whole.stored, whole.size), (ssize_t)whole.size);
	close(fd);
	medium_begin(path, 256 * KIB);
	for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++)
		medium_spoil(facts->metadata[i] + places[_i], 512);
	volume v = {0};
	ck_assert_int_eq(tally_layer_open_file(path, &v.layer, NULL), TALLY_OK);
	ck_assert_int_eq(tally_bitlocker_open(v.layer, &v.bitlocker, &v.opened, NULL), TALLY_OK);
	medium_end();
	unlink(path);
	if (places[_i] == 0) {
		expect_outcome(&v.opened, TALLY_BITLOCKER_IO_FAILED, TALLY_BITLOCKER_NO_REASON, "the front");
	} else {
		ck_assert_ptr_nonnull(v.bitlocker);
		for (size_t i = 0; i < TALLY_BITLOCKER_COPIES; i++)
			ck_assert_int_eq(tally_bitlocker_facts_of(v.bitlocker)->copies[i], TALLY_BITLOCKER_COPY_GOOD);
		volume_unlock(&v);
		expect_outcome(&v.unlocked, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "unlocked");
	}
	volume_close(&v);
	volume_close(&whole);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {{each_damage_has_its_outcome, BITLOCKER_FAULT_COUNT},
				    {a_wrong_key_is_told_before_what_only_the_right_one_shows, 6},
				    {copies_that_are_bad_are_noted, 4},
				    {what_is_no_volume_is_absent, 0},
				    {a_truncated_image_is_told, 0},
				    {a_suspended_volume_is_said_and_read, 0},
				    {a_key_without_protector_finds_none, 0},
				    {facts_can_be_read, 0},
				    {any_allocation_may_fail, 2},
				    {a_reader_more_needs_memory, 0},
				    {any_read_may_fail, 0},
				    {no_copy_can_be_read, 0},
				    {bad_sectors_in_the_metadata, 4},
				    {NULL, 0}};
	return suite_run("bitlocker_damage", tests);
}
