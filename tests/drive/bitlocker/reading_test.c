/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from sound volumes, of every method and sector size. */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define METHODS 6
#define KINDS (2 * METHODS)

static bitlocker_options kind_of(int i)
{
	return (bitlocker_options){.method = (uint16_t)(0x8000 + i % METHODS),
				   .sector_size = i < METHODS ? 512 : 4096,
				   .external_key = external_key,
				   .seed = (uint64_t)i + 1};
}

/* The copies and the header amid the data, at no more than a sector's alignment, two of the holes touching. */
static bitlocker_options scattered(int i)
{
	bitlocker_options options = kind_of(i);
	const uint64_t sector = options.sector_size;
	options.metadata[0] = 16 * KIB + 3 * sector;
	options.metadata[1] = options.metadata[0] + 64 * KIB;
	options.metadata[2] = 300 * KIB + 5 * sector;
	options.header = 200 * KIB + 7 * sector;
	return options;
}

START_TEST(a_volume_reads_as_its_plain_bytes)
{
	const bitlocker_options options = kind_of(_i);
	volume v = volume_make(300 * KIB + 512, &options);
	expect_outcome(&v.opened, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "open");
	ck_assert_ptr_null(tally_bitlocker_layer(v.bitlocker));
	volume_unlock(&v);
	expect_outcome(&v.unlocked, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "unlock");
	ck_assert_ptr_nonnull(v.view);
	ck_assert_uint_eq(v.view->sector_size, options.sector_size);
	expect_all(&v, v.size);
	expect_all(&v, 10007);
	volume_close(&v);
}
END_TEST

START_TEST(any_piece_of_it_can_be_read)
{
	const bitlocker_options options = scattered(_i);
	volume v = volume_make(400 * KIB, &options);
	volume_unlock(&v);
	const uint64_t borders[] = {0,
				    512,
				    4096,
				    8192,
				    options.metadata[0],
				    options.metadata[1],
				    options.metadata[1] + 64 * KIB,
				    options.metadata[2],
				    options.metadata[2] + 64 * KIB,
				    options.header,
				    options.header + 8192,
				    v.size};
	for (size_t b = 0; b < sizeof borders / sizeof borders[0]; b++)
		for (uint64_t before = 0; before <= 17 && before <= borders[b]; before += 1 + before / 3)
			for (size_t size = 1; size <= 20000 && borders[b] - before + size <= v.size;
			     size = 3 * size + 1)
				expect_bytes(&v, borders[b] - before, size);
	uint64_t random = 7;
	for (unsigned i = 0; i < 400; i++) {
		uint64_t offset = maker_random(&random) % v.size;
		size_t size = (size_t)(maker_random(&random) % 40000) + 1;
		expect_bytes(&v, offset, size < v.size - offset ? size : (size_t)(v.size - offset));
	}
	expect_all(&v, v.size);
	volume_close(&v);
}
END_TEST

/* What lies where: the header elsewhere, nothing in the holes, and each byte's cipher in its place. */
static void expect_places(const volume *v, const bitlocker_options *options)
{
	uint64_t located = 0;
	for (uint64_t at = 0; at < v->size;) {
		tally_layer_place place;
		if (!tally_layer_locate(v->view, at, &place)) {
			bool hole = at >= options->header && at < options->header + 8192;
			for (unsigned i = 0; i < 3; i++)
				hole |= at >= options->metadata[i] && at < options->metadata[i] + 64 * KIB;
			ck_assert(hole);
			at += 512;
			continue;
		}
		ck_assert(place.enciphered);
		ck_assert_uint_gt(place.length, 0);
		ck_assert_uint_eq(place.offset, at < 8192 ? options->header + at : at);
		located += place.length;
		at += place.length;
	}
	ck_assert_uint_eq(located, v->size - 3 * 64 * KIB - 8192);
}

/* A new file in TMPDIR or /tmp. */
static int open_new(char path[192])
{
	const char *place = getenv("TMPDIR");
	int size = snprintf(path, 192, "%s/tallyman-bitlocker-XXXXXX", place != NULL ? place : "/tmp");
	ck_assert_int_lt(size, 192);
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Past the cache, with the alignment that this asks for, and with none. */
START_TEST(it_can_be_read_past_the_cache)
{
	const bitlocker_options options = scattered(_i);
	volume v = volume_make(400 * KIB, &options);
	char path[192];
	int fd = open_new(path);
	ck_assert_int_eq(write(fd, v.stored, v.size), (ssize_t)v.size);
	close(fd);
	tally_bitlocker_close(v.bitlocker);
	tally_layer_close(v.layer);
	ck_assert_int_eq(tally_layer_open_file(path, &v.layer, NULL), TALLY_OK);
	unlink(path);
	ck_assert_int_eq(tally_bitlocker_open(v.layer, &v.bitlocker, &v.opened, NULL), TALLY_OK);
	volume_unlock(&v);
	const size_t room = 64 * KIB;
	uint8_t *buffer = aligned_alloc(TALLY_LAYER_ALIGNMENT, room);
	for (uint64_t at = 0; at < v.size; at += room / 4) {
		int64_t got = tally_layer_read(v.view, at, buffer, room, TALLY_LAYER_MEDIUM);
		ck_assert_int_eq(got, v.size - at < room ? (int64_t)(v.size - at) : (int64_t)room);
		ck_assert_int_eq(memcmp(buffer, v.expected + at, (size_t)got), 0);
	}
	expect_places(&v, &options);
	ck_assert_int_eq(tally_layer_read(v.view, v.size, buffer, room, TALLY_LAYER_CACHED), 0);
	free(buffer);
	volume_close(&v);
}
END_TEST

/* The writer's other form, within a disk: the same volume there, and what lies around it as it was. */
START_TEST(a_volume_is_made_in_place)
{
	bitlocker_options options = scattered(_i);
	options.external_key = external_key;
	/* More than the writer has in memory at once. */
	const size_t plain_size = 3 << 20, front = 1 << 20;
	volume v = volume_make(plain_size, &options);
	char path[192];
	int fd = open_new(path);
	ck_assert_int_eq(ftruncate(fd, (off_t)(front + v.size + 4096)), 0);
	ck_assert_int_eq(pwrite(fd, v.plain, plain_size, (off_t)front), (ssize_t)plain_size);
	ck_assert_int_eq(pwrite(fd, "behind", 6, (off_t)(front + v.size)), 6);
	bitlocker_wrap_file(path, front, plain_size, &options);
	ck_assert_uint_eq(bitlocker_volume_size(plain_size), v.size);
	uint8_t *stored = malloc(v.size), around[6];
	ck_assert_int_eq(pread(fd, stored, v.size, (off_t)front), (ssize_t)v.size);
	ck_assert_int_eq(memcmp(stored, v.stored, v.size), 0);
	ck_assert_int_eq(pread(fd, around, 6, (off_t)(front + v.size)), 6);
	ck_assert_mem_eq(around, "behind", 6);
	ck_assert_int_eq(pread(fd, around, 6, (off_t)(front - 6)), 6);
	ck_assert_mem_eq(around, "\0\0\0\0\0", 6);
	close(fd);
	unlink(path);
	free(stored);
	volume_close(&v);
}
END_TEST

#define THREADS 4

typedef struct reading {
	const volume *volume;
	uint64_t random;
} reading;

static void *read_much(void *context)
{
	reading *r = context;
	const volume *v = r->volume;
	for (unsigned i = 0; i < 300; i++) {
		uint64_t offset = maker_random(&r->random) % v->size;
		uint8_t bytes[20000];
		size_t size = (size_t)(maker_random(&r->random) % sizeof bytes) + 1;
		size = size < v->size - offset ? size : (size_t)(v->size - offset);
		if (tally_layer_read_all(v->view, offset, bytes, size) != 0 ||
		    memcmp(bytes, v->expected + offset, size) != 0)
			return context;
	}
	return NULL;
}

START_TEST(threads_read_it_at_once)
{
	const bitlocker_options options = scattered(_i);
	volume v = volume_make(400 * KIB, &options);
	volume_unlock(&v);
	pthread_t threads[THREADS];
	reading readings[THREADS];
	for (unsigned i = 0; i < THREADS; i++) {
		readings[i] = (reading){.volume = &v, .random = 2 * i + 1};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_much, &readings[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		void *wrong;
		ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	volume_close(&v);
}
END_TEST

START_TEST(a_removable_drive_has_its_own_boot_sector)
{
	/* As Windows relocates 5 MB there, more than one batch. */
	const bitlocker_options options = {.to_go = true,
					   .metadata = {330 * KIB, 400 * KIB, 610 * KIB},
					   .header = 500 * KIB,
					   .header_size = 96 * KIB,
					   .external_key = external_key};
	volume v = volume_make(300 * KIB, &options);
	expect_outcome(&v.opened, TALLY_BITLOCKER_OK, TALLY_BITLOCKER_NO_REASON, "open");
	ck_assert(tally_bitlocker_facts_of(v.bitlocker)->to_go);
	volume_unlock(&v);
	expect_all(&v, 30000);
	volume_close(&v);
}
END_TEST

START_TEST(a_volume_may_end_within_a_sector)
{
	const bitlocker_options options = scattered(METHODS);
	volume v = volume_make(400 * KIB, &options), cut = {.expected = v.expected};
	volume_open(&cut, v.stored, v.size - 1000);
	volume_unlock(&cut);
	ck_assert_uint_eq(cut.view->size, v.size - 4096);
	cut.size = v.size - 4096;
	expect_all(&cut, 30000);
	cut.expected = NULL;
	volume_close(&cut);
	volume_close(&v);
}
END_TEST

/* One bad sector costs what is in it, whatever else was asked for. */
static uint64_t bad_from, bad_to;

static int fail_there(uint64_t offset, size_t size)
{
	return offset < bad_to && offset + size > bad_from ? -EIO : 0;
}

START_TEST(what_cannot_be_read_is_told)
{
	const bitlocker_options options = kind_of(4);
	volume v = volume_make(300 * KIB, &options);
	volume_unlock(&v);
	uint8_t bytes[2048];
	bad_from = 100 * KIB;
	bad_to = bad_from + 512;
	tally_layer_fault = fail_there;
	ck_assert_int_eq(tally_layer_read(v.view, bad_from, bytes, 512, TALLY_LAYER_CACHED), -EIO);
	ck_assert_int_eq(tally_layer_read(v.view, bad_from + 5, bytes, 1, TALLY_LAYER_CACHED), -EIO);
	ck_assert_int_eq(tally_layer_read(v.view, bad_from - 512, bytes, 512, TALLY_LAYER_CACHED), 512);
	ck_assert_int_eq(tally_layer_read(v.view, bad_from + 512, bytes, 512, TALLY_LAYER_CACHED), 512);
	/* Up to the bad one, as far as the reads below were. */
	ck_assert_int_eq(tally_layer_read(v.view, bad_from - 1, bytes, 2, TALLY_LAYER_CACHED), 1);
	tally_layer_fault = NULL;
	expect_all(&v, 30000);
	volume_close(&v);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {{a_volume_reads_as_its_plain_bytes, KINDS},
				    {any_piece_of_it_can_be_read, KINDS},
				    {it_can_be_read_past_the_cache, KINDS},
				    {a_volume_is_made_in_place, METHODS},
				    {threads_read_it_at_once, METHODS},
				    {a_removable_drive_has_its_own_boot_sector, 0},
				    {a_volume_may_end_within_a_sector, 0},
				    {what_cannot_be_read_is_told, 0},
				    {NULL, 0}};
	return suite_run("bitlocker_reading", tests);
}
