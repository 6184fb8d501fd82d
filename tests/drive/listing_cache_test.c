/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups without regard to case: how often directories are read, what is kept, and many threads at once. */
#include "finding.h"
#include "tree.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_with(tally_cache_limits limits)
{
	tally_directory_options options = {.cache = limits};
	tally_error error;
	ck_assert_msg(tally_directory_open(tree_place(""), &options, &drive, &error) == TALLY_OK, "%s", error.message);
}

static tally_find find(const char *path)
{
	tally_file file;
	tally_find found = tally_drive_find(drive, text(path), &file, NULL);
	if (found == TALLY_FIND_OK)
		tally_file_close(&file);
	return found;
}

static tally_cache_statistics statistics(void)
{
	return tally_listing_cache_statistics(tally_directory_of(drive)->listings);
}

#define MANY 10000

START_TEST(reads_a_large_directory_once)
{
	const char *name;
	int dir = tree_parent("large/x", &name);
	for (int i = 0; i < MANY; i++) {
		char file[32];
		snprintf(file, sizeof file, "File_%05d.Bin", i);
		ck_assert_int_eq(mknodat(dir, file, S_IFREG | 0644, 0), 0);
	}
	close(dir);
	open_with(TALLY_DIRECTORY_CACHE);
	for (int i = 0; i < MANY + MANY / 10; i++) {
		char path[64];
		snprintf(path, sizeof path, "\\large\\FILE_%05d.bin", i);
		ck_assert_msg(find(path) == (i < MANY ? TALLY_FIND_OK : TALLY_FIND_MISSING), "%s", path);
	}
	ck_assert_uint_eq(statistics().reads, 1);
	/* "File_00000.Bin" and its NUL are 15 bytes; nothing is kept that growing left over. */
	ck_assert_uint_eq(statistics().bytes, MANY * (15 + sizeof(tally_name)));
	ck_assert_int_eq(find("\\large\\File_00007.Bin"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 1);
}
END_TEST

START_TEST(notices_new_names)
{
	tree_file("One", "");
	const struct timespec times[] = {{1000000000, 0}, {1000000000, 0}};
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_place(""), times, 0), 0);
	open_with(TALLY_DIRECTORY_CACHE);
	ck_assert_int_eq(find("\\two"), TALLY_FIND_MISSING);
	tree_file("Two", "");
	ck_assert_int_eq(find("\\two"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 2);
}
END_TEST

START_TEST(forgets_what_was_used_least_recently)
{
	tree_file("a/Name", "");
	tree_file("b/Name", "");
	tree_file("c/Name", "");
	open_with((tally_cache_limits){.directories = 2, .bytes = SIZE_MAX});
	ck_assert_int_eq(find("\\a\\name"), TALLY_FIND_OK);
	ck_assert_int_eq(find("\\b\\name"), TALLY_FIND_OK);
	ck_assert_int_eq(find("\\a\\name"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 2);
	ck_assert_int_eq(find("\\c\\name"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().directories, 2);
	ck_assert_int_eq(find("\\a\\name"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 3);
	ck_assert_int_eq(find("\\b\\name"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 4);
}
END_TEST

/* One listing larger than the limit stays beside small ones; a second one takes its place. */
START_TEST(keeps_one_huge_directory)
{
	for (int i = 0; i < 100; i++) {
		char path[64];
		snprintf(path, sizeof path, "Huge/File_%03d", i);
		tree_file(path, "");
		snprintf(path, sizeof path, "huge2/File_%03d", i);
		tree_file(path, "");
	}
	tree_file("small/Name", "");
	open_with((tally_cache_limits){.directories = 100, .bytes = 1000});
	ck_assert_int_eq(find("\\huge\\file_001"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().directories, 2); /* the root, for `huge`, and Huge */
	ck_assert_int_eq(find("\\small\\name"), TALLY_FIND_OK);
	ck_assert_int_eq(find("\\huge\\file_002"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 3);
	ck_assert_uint_gt(statistics().bytes, 1000);
	size_t with_one = statistics().bytes;
	ck_assert_int_eq(find("\\HUGE2\\file_001"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().bytes, with_one);
	ck_assert_uint_eq(statistics().directories, 3);
	ck_assert_int_eq(find("\\huge\\file_003"), TALLY_FIND_OK);
	ck_assert_uint_eq(statistics().reads, 5);
}
END_TEST

enum { THREADS = 8, ROUNDS = 400, DIRECTORIES = 12 };

static atomic_int wrong;
static pthread_barrier_t start;

static void *look_up(void *context)
{
	unsigned state = *(unsigned *)context;
	pthread_barrier_wait(&start);
	for (int i = 0; i < ROUNDS; i++) {
		static const char *const names[] = {"Name", "NAME", "twin", "none", "../x"};
		static const tally_find expected[] = {TALLY_FIND_OK, TALLY_FIND_OK, TALLY_FIND_AMBIGUOUS,
						      TALLY_FIND_MISSING, TALLY_FIND_NAME_INVALID};
		state = state * 1103515245U + 12345U;
		unsigned which = (state >> 16) % 5;
		char path[64];
		snprintf(path, sizeof path, "\\dir%u\\%s", (state >> 20) % DIRECTORIES, names[which]);
		if (find(path) != expected[which])
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void look_up_in_threads(tally_cache_limits limits)
{
	pthread_t threads[THREADS];
	unsigned seeds[THREADS];
	for (unsigned i = 0; i < DIRECTORIES; i++) {
		char path[64];
		snprintf(path, sizeof path, "Dir%u/Name", i);
		tree_file(path, "");
		snprintf(path, sizeof path, "Dir%u/TWIN", i);
		tree_file(path, "");
		snprintf(path, sizeof path, "Dir%u/Twin", i);
		tree_file(path, "");
	}
	open_with(limits);
	ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		seeds[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, look_up, &seeds[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	ck_assert_int_eq(atomic_load(&wrong), 0);
}

START_TEST(serves_many_threads)
{
	look_up_in_threads(TALLY_DIRECTORY_CACHE);
	/* Each directory and the root once, however many wanted them at the same time. */
	ck_assert_uint_eq(statistics().reads, DIRECTORIES + 1);
}
END_TEST

/* Now with so little room that what one thread looks at another one wants to drop. */
START_TEST(serves_many_threads_with_no_room)
{
	look_up_in_threads((tally_cache_limits){.directories = 1, .bytes = 100});
	ck_assert_uint_gt(statistics().reads, DIRECTORIES + 1);
	ck_assert_uint_le(statistics().directories, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drive/listing_cache");
	TCase *tests = tcase_create("listing_cache");
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, tree_make, drive_teardown);
	tcase_add_test(tests, reads_a_large_directory_once);
	tcase_add_test(tests, notices_new_names);
	tcase_add_test(tests, forgets_what_was_used_least_recently);
	tcase_add_test(tests, keeps_one_huge_directory);
	tcase_add_test(tests, serves_many_threads);
	tcase_add_test(tests, serves_many_threads_with_no_room);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
