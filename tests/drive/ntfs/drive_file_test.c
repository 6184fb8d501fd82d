/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of an NTFS volume: where their bytes come from, how long they live, and several threads. */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const ntfs_options small = {.size = 4 << 20};
static const uint64_t seed = 3;

/* ---- bytes from the file behind ---- */

static tally_layer *file_layer, *part;

/* As an image of a disk, with the volume at `offset`. */
static void open_as_part(uint64_t offset, const ntfs_options *options)
{
	tally_error error;
	tally_ntfs_problem problem;
	ck_assert_int_eq(tally_layer_open_file(image_path, &file_layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_layer_open_part(file_layer, offset, options->size, &part, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(part, NULL, &volume, &problem, &error), TALLY_OK);
	ck_assert_str_eq(problem.text, "");
	make_drive();
}

static void close_part(void)
{
	tally_drive_close(drive);
	drive = NULL;
	tally_layer_close(part);
	tally_layer_close(file_layer);
}

START_TEST(extents_are_mapped)
{
	ntfs_options options = {.size = 4 << 20, .offset = 65536};
	ntfs_writer *w = begin(&options);
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
					 .name = "file",
					 .content = noise(&seed, 100000),
					 .never_written = 30000,
					 .pieces = 2});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 100)});
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "soft", .content = soft(200000), .compress = true});
	ntfs_writer_finish(w);
	open_as_part(65536, &options);
	tally_mapping mapping = {0};
	ck_assert_int_eq(tally_mapping_guard(), 0);
	tally_mapping_watch(&mapping, 1);
	tally_file file = open_file("\\file");
	ck_assert_int_eq(tally_file_map(&file, 4096, 8192, &mapping), 0);
	for (size_t i = 0; i < 8192; i++)
		REQUIRE(mapping.base[i] == noise_at(seed, 4096 + i), "byte %zu", i);
	ck_assert(tally_mapping_end(&mapping));
	/* Across two pieces, into what was never written, and wholly there. */
	ck_assert_int_eq(tally_file_map(&file, 45056, 8192, &mapping), -ENOTSUP);
	ck_assert_int_eq(tally_file_map(&file, 65536, 8192, &mapping), -ENOTSUP);
	ck_assert_int_eq(tally_file_map(&file, 65536, 4464, &mapping), 0);
	ck_assert(tally_mapping_end(&mapping));
	ck_assert_int_eq(tally_file_map(&file, 81920, 4096, &mapping), -ENOTSUP);
	uint64_t first, second;
	ck_assert(tally_file_place(&file, 0, &first) && tally_file_place(&file, 49152, &second));
	ck_assert_uint_eq(second - first, 49152 + 4096);
	ck_assert(!tally_file_place(&file, 99999, &first));
	ck_assert(!tally_file_place(&file, 100000, &first));
	tally_file_will_need(&file, 0, 100000);
	tally_file_drop(&file, 0, 100000);
	tally_os_presence presence = tally_file_cached(&file, 80000, 20000);
	ck_assert_int_eq(presence, TALLY_OS_PRESENT);
	tally_file_expect_no_order(&file);
	tally_file_close(&file);
	file = open_file("\\little");
	ck_assert_int_eq(tally_file_map(&file, 0, 100, &mapping), -ENOTSUP);
	ck_assert(tally_file_place(&file, 0, &second));
	ck_assert_int_eq(tally_file_cached(&file, 0, 100), TALLY_OS_PRESENT);
	tally_file_close(&file);
	file = open_file("\\soft");
	ck_assert_int_eq(tally_file_map(&file, 0, 4096, &mapping), -ENOTSUP);
	tally_file_close(&file);
	tally_mapping_watch(NULL, 0);
	tally_mapping_unguard();
	close_part();
}
END_TEST

/* Volumes whose clusters lie in all ways within the blocks that are read past the cache. */
static const struct {
	uint64_t offset;
	uint32_t cluster;
} layouts[] = {{0, 4096}, {65536, 512}, {65536 + 512, 4096}, {1 << 20, 65536}, {1024, 1024}};

START_TEST(medium_gives_the_same_bytes)
{
	enum { SIZE = 150001 };
	ntfs_options options = {.size = 8 << 20, .offset = layouts[_i].offset, .cluster_size = layouts[_i].cluster};
	static const char *const names[] = {"\\plain", "\\never", "\\sparse", "\\soft", "\\little"};
	ntfs_writer *w = begin(&options);
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "plain", .content = noise(&seed, SIZE), .pieces = 9});
	ntfs_writer_file(
	    w, &(ntfs_file){
		   .directory = NTFS_ROOT, .name = "never", .content = noise(&seed, SIZE), .never_written = 70007});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
					 .name = "sparse",
					 .content = noise(&seed, SIZE),
					 .holes = (ntfs_range[]){{1, 1}},
					 .hole_count = 1});
	ntfs_writer_file(w,
			 &(ntfs_file){.directory = NTFS_ROOT, .name = "soft", .content = soft(SIZE), .compress = true});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 99)});
	ntfs_writer_finish(w);
	open_as_part(layouts[_i].offset, &options);
	uint8_t *cached = malloc(SIZE), *memory = aligned_alloc(4096, 65536);
	ck_assert(cached != NULL && memory != NULL);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		tally_file file = open_file(names[i]);
		ck_assert_int_eq(tally_file_read(&file, 0, cached, SIZE), (int64_t)file.size);
		for (uint64_t at = 0; at < file.size; at += 40960) {
			uint64_t done = 0, left = file.size - at < 40960 ? file.size - at : 40960;
			/* Fewer than asked for are not the end; one goes on in whole blocks. */
			while (done < left) {
				int64_t got = tally_file_read_medium(&file, at + done, memory + done, 40960 - done);
				ck_assert_msg(got > 0, "%s at %llu: %lld", names[i], (unsigned long long)(at + done),
					      (long long)got);
				done += (uint64_t)got;
				ck_assert(done >= left || done % 4096 == 0);
			}
			ck_assert_msg(memcmp(memory, cached + at, left) == 0, "%s at %llu", names[i],
				      (unsigned long long)at);
		}
		tally_file_close(&file);
	}
	free(cached);
	free(memory);
	close_part();
}
END_TEST

/* ---- lifetimes and threads ---- */

static void count_release(void *context)
{
	++*(unsigned *)context;
}

START_TEST(files_outlive_their_drive)
{
	unsigned released = 0;
	tally_error error;
	tally_os_medium rotating = {.rotational = true, .readahead = 4711};
	ntfs_writer *w = begin(&small);
	add(w, NTFS_ROOT, "file");
	end_and_open(w);
	tally_ntfs_drive_options options = {.medium = &rotating, .release = count_release, .context = &released};
	ck_assert_int_eq(tally_drive_open_ntfs(volume, &options, &drive, &error), TALLY_OK);
	volume = NULL;
	ck_assert(tally_drive_medium(drive).rotational && tally_drive_medium(drive).readahead == 4711);
	tally_file file = open_file("\\file");
	tally_drive_close(drive);
	drive = NULL;
	ck_assert_uint_eq(released, 0);
	char bytes[4];
	ck_assert_int_eq(tally_file_read(&file, 0, bytes, 4), 4);
	ck_assert_mem_eq(bytes, "file", 4);
	tally_file_close(&file);
	ck_assert_uint_eq(released, 1);
}
END_TEST

static tally_file shared;

static void *use_drive(void *number)
{
	static const char *const names[] = {"\\plain", "\\soft", "\\little"};
	uint8_t bytes[1000];
	for (unsigned i = 0; i < 300; i++) {
		uint64_t at = (i * 7919U + *(unsigned *)number * 104729U) % 199000;
		tally_file file = open_file(names[i % 3]);
		int64_t got = tally_file_read(&file, i % 3 == 2 ? 0 : at, bytes, sizeof bytes);
		REQUIRE(i % 3 == 2 ? got == 60 : got > 0, "%s: %lld", names[i % 3], (long long)got);
		for (int64_t j = 0; i % 3 != 2 && j < got; j++)
			REQUIRE(bytes[j] == (i % 3 == 1 ? soft_at(at + (uint64_t)j) : noise_at(seed, at + (uint64_t)j)),
				"byte %lld", (long long)j);
		tally_file_close(&file);
		/* One compressed file among all. */
		got = tally_file_read(&shared, at, bytes, sizeof bytes);
		REQUIRE(got > 0, "shared: %lld", (long long)got);
		for (int64_t j = 0; j < got; j++)
			REQUIRE(bytes[j] == soft_at(at + (uint64_t)j), "byte %lld", (long long)j);
	}
	return NULL;
}

START_TEST(threads_share_a_drive)
{
	ntfs_writer *w = begin(&small);
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "plain", .content = noise(&seed, 200000), .pieces = 7});
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "soft", .content = soft(200000), .compress = true});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 60)});
	end_and_open(w);
	make_drive();
	shared = open_file("\\soft");
	pthread_t threads[4];
	unsigned numbers[4] = {0, 1, 2, 3};
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_drive, &numbers[i]), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	tally_file_close(&shared);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {extents_are_mapped, 0},
	    {medium_gives_the_same_bytes, sizeof layouts / sizeof layouts[0]},
	    {files_outlive_their_drive, 0},
	    {threads_share_a_drive, 0},
	    {NULL, 0},
	};
	return fixture_run("ntfs_drive_file", tests);
}
