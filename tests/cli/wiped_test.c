/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BitLocker keys of documents that are read, and of a list that is written with them, are in no memory that was given
 * back: whoever frees any of it in this process, library or not, is looked at.
 */
#include "cli/running.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __has_feature
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#    define OTHER_HEAP
#  endif
#endif
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define OTHER_HEAP
#endif

#ifdef OTHER_HEAP

int main(void)
{
	puts("skipped: the heap is not the C library's own");
	return 77;
}

#else

#  include <check.h>
#  include <malloc.h>

#  define KEY "011011-011022-011033-011044-011055-011066-011077-011088"

static const char job[] =
    "{\"properties\": {\"driveList\": [\n"
    "{\"driveId\": \"WD-JOB001\", \"bitLockerKey\": \"" KEY "\", \"manifestFile\": \"\\\\DriveManifest.xml\", "
    "\"manifestHash\": \"0123456789ABCDEF0123456789ABCDEF\"}]}}\n";

static const char journal[] = "[BeginUpdateRecord][2016/11/01 21:20:00.000][Type:NewJournalFile]\n"
			      "VocabularyVersion: 2013-02-01\n"
			      "[EndUpdateRecord]\n"
			      "[BeginUpdateRecord][2016/11/01 21:22:25.379][Type:ActivityRecord]\n"
			      "ActivityId: DriveInfo\n"
			      "DriveState: [BeginValue]\n"
			      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			      "<Drive>\n<DriveId>WD-JOB001</DriveId>\n<BitLockerKey>" KEY "</BitLockerKey>\n"
			      "<ManifestFile>\\DriveManifest.xml</ManifestFile>\n"
			      "<ManifestHash>0123456789ABCDEF0123456789ABCDEF</ManifestHash>\n</Drive>\n"
			      "[EndValue]\n"
			      "[EndUpdateRecord]\n";
static const char *const documents[] = {job, journal};

/* Volatile, for compilers know that free looks at nothing. */
static volatile bool watching;
static volatile size_t met;

/* The C library's own, which what stands below replaces in this process. */
void __libc_free(void *memory);

static void look_at(const void *memory, size_t size)
{
	if (watching && memmem(memory, size, KEY, sizeof KEY - 1) != NULL)
		met = met + 1;
}

__attribute__((visibility("default"))) void free(void *memory)
{
	if (memory != NULL)
		look_at(memory, malloc_usable_size(memory));
	__libc_free(memory);
}

/* Always moves, as it might. */
__attribute__((visibility("default"))) void *realloc(void *memory, size_t size)
{
	if (memory == NULL)
		return malloc(size);
	void *moved = malloc(size);
	if (moved == NULL)
		return NULL;
	size_t before = malloc_usable_size(memory);
	memcpy(moved, memory, before < size ? before : size);
	free(memory);
	return moved;
}

/* With so many blanks behind it. Without a stream, whose memory would be looked at too. */
static void put(char path[64], const char *text, size_t blanks)
{
	snprintf(path, 64, "%s/document", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	for (size_t i = 0; i < blanks; i++)
		ck_assert_int_eq(write(fd, " ", 1), 1);
	ck_assert_int_eq(close(fd), 0);
}

static void watch(void)
{
	met = 0;
	watching = true;
}

/* How many of the blocks that were freed since then held a whole key. */
static size_t unwatch(void)
{
	watching = false;
	return met;
}

static bool file_has_key(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ssize_t size = read(fd, text, sizeof text - 1);
	ck_assert_int_ge(size, 0);
	close(fd);
	text[size] = '\0';
	return strstr(text, KEY) != NULL;
}

START_TEST(what_is_not_wiped_is_seen)
{
	char *volatile held = strdup("a key: " KEY);
	watch();
	free(held);
	ck_assert_uint_eq(unwatch(), 1);
	held = malloc(100);
	strcpy(held, KEY);
	watch();
	held = realloc(held, 200);
	ck_assert_uint_eq(unwatch(), 1);
	watch();
	explicit_bzero(held, 200);
	free(held);
	ck_assert_uint_eq(unwatch(), 0);
}
END_TEST

START_TEST(a_list_with_keys_leaves_none_in_memory)
{
	static const char *const forms[] = {"rest", "databox", "powershell", "cli"};
	char path[64], list[64];
	put(path, documents[_i / 4], 0);
	snprintf(list, sizeof list, "%s/list", folder);
	watch();
	int status = RUN("job", "--papers-only", "--emit", forms[_i % 4], "--output", list, "--with-keys", path);
	ck_assert_uint_eq(unwatch(), 0);
	ck_assert_msg(status == 0, "%s", err);
	ck_assert(file_has_key(list));
	unlink(list);
	unlink(path);
}
END_TEST

/* Also where the memory for it has to grow. */
START_TEST(a_document_that_is_judged_leaves_none_in_memory)
{
	char path[64];
	put(path, documents[_i / 2], _i % 2 != 0 ? 100000 : 0);
	watch();
	int status = RUN("lint", path);
	ck_assert_uint_eq(unwatch(), 0);
	ck_assert_msg(status == 0, "%s%s", out, err);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/wiped");
	TCase *tests = tcase_create("wiped");
	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, what_is_not_wiped_is_seen);
	tcase_add_loop_test(tests, a_list_with_keys_leaves_none_in_memory, 0, 8);
	tcase_add_loop_test(tests, a_document_that_is_judged_leaves_none_in_memory, 0, 4);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
