/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a spool comes out of it, whatever its size, and its memory does not grow. */
#include "report/spool.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static tally_spool spool;

/* Compares what is written with what is expected: byte number n is n % 251. */
static uint64_t compared;

static int compare(void *context, const char *bytes, size_t size)
{
	(void)context;
	for (size_t i = 0; i < size; i++, compared++)
		REQUIRE((unsigned char)bytes[i] == compared % 251, "byte %llu", (unsigned long long)compared);
	return 0;
}

static void fill(uint64_t size, size_t piece_size)
{
	char *piece = malloc(piece_size);
	for (uint64_t at = 0; at < size;) {
		size_t part = size - at < piece_size ? (size_t)(size - at) : piece_size;
		for (size_t i = 0; i < part; i++)
			piece[i] = (char)((at + i) % 251);
		ck_assert_int_eq(tally_spool_put(&spool, piece, part), 0);
		REQUIRE(spool.used <= TALLY_SPOOL_MEMORY, "%zu bytes in memory", spool.used);
		at += part;
	}
	free(piece);
}

static void expect(uint64_t size)
{
	tally_writer writer;
	compared = 0;
	tally_writer_init(&writer, compare, NULL);
	ck_assert_int_eq(tally_spool_copy(&spool, &writer), 0);
	ck_assert_int_eq(tally_writer_flush(&writer), 0);
	ck_assert_uint_eq(compared, size);
}

static const struct {
	uint64_t size;
	size_t piece;
} fillings[] = {
    {0, 1},
    {1, 1},
    {TALLY_SPOOL_MEMORY - 1, 4096},
    {TALLY_SPOOL_MEMORY, 4096},
    {TALLY_SPOOL_MEMORY + 1, 4096},
    {TALLY_SPOOL_MEMORY, TALLY_SPOOL_MEMORY},
    {3 * TALLY_SPOOL_MEMORY, TALLY_SPOOL_MEMORY},
    {4 * TALLY_SPOOL_MEMORY + 7, TALLY_SPOOL_MEMORY + 1},
    {20 * TALLY_SPOOL_MEMORY + 17, 5003},
};
#define FILLINGS (sizeof fillings / sizeof fillings[0])

START_TEST(what_goes_in_comes_out)
{
	ck_assert(tally_spool_init(&spool));
	fill(fillings[_i].size, fillings[_i].piece);
	expect(fillings[_i].size);
	expect(fillings[_i].size); /* it stays */
	tally_spool_clear(&spool);
}
END_TEST

START_TEST(an_empty_spool_is_used_again)
{
	ck_assert(tally_spool_init(&spool));
	for (size_t i = FILLINGS; i-- > 0;) {
		fill(fillings[i].size, fillings[i].piece);
		expect(fillings[i].size);
		tally_spool_empty(&spool);
		expect(0);
		struct stat file;
		ck_assert_int_eq(fstat(spool.fd, &file), 0);
		ck_assert_int_eq(file.st_size, 0);
	}
	tally_spool_clear(&spool);
}
END_TEST

/* Most blobs are small. */
START_TEST(little_needs_no_file)
{
	ck_assert(tally_spool_init(&spool));
	fill(TALLY_SPOOL_MEMORY, 1000);
	ck_assert_int_eq(spool.fd, -1);
	tally_spool_clear(&spool);
}
END_TEST

START_TEST(the_file_belongs_to_nobody_else)
{
	struct stat file;
	ck_assert(tally_spool_init(&spool));
	fill(2 * TALLY_SPOOL_MEMORY, 1000);
	ck_assert_int_eq(fstat(spool.fd, &file), 0);
	ck_assert_uint_eq(file.st_nlink, 0);
	ck_assert_uint_eq(file.st_mode & 0077, 0);
	tally_spool_clear(&spool);
}
END_TEST

static int put_all(size_t size)
{
	static const char piece[4096];
	int error = 0;
	for (size_t at = 0; at < size && error == 0; at += sizeof piece)
		error = tally_spool_put(&spool, piece, sizeof piece);
	return error;
}

/* The soft limit only, so that it can be given back: the leak checker opens files, too. */
static rlim_t limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit limits;
	ck_assert_int_eq(getrlimit(resource, &limits), 0);
	rlim_t before = limits.rlim_cur;
	limits.rlim_cur = most;
	ck_assert_int_eq(setrlimit(resource, &limits), 0);
	return before;
}

START_TEST(a_file_that_can_not_be_made_is_told)
{
	ck_assert(tally_spool_init(&spool));
	rlim_t before = limit(RLIMIT_NOFILE, 0);
	ck_assert_int_eq(put_all(2 * TALLY_SPOOL_MEMORY), EMFILE);
	limit(RLIMIT_NOFILE, before);
	tally_spool_clear(&spool);
}
END_TEST

START_TEST(a_file_that_can_not_grow_is_told)
{
	ck_assert(tally_spool_init(&spool));
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 3 * TALLY_SPOOL_MEMORY / 2);
	ck_assert_int_eq(put_all(4 * TALLY_SPOOL_MEMORY), EFBIG);
	tally_spool_empty(&spool);
	ck_assert_int_eq(put_all(TALLY_SPOOL_MEMORY), 0);
	tally_spool_clear(&spool);
}
END_TEST

/* What was spooled and can't be had any more must not be missing silently. */
START_TEST(a_file_that_was_cut_is_told)
{
	tally_writer writer;
	ck_assert(tally_spool_init(&spool));
	fill(2 * TALLY_SPOOL_MEMORY, 1000);
	ck_assert_int_eq(ftruncate(spool.fd, 1000), 0);
	compared = 0;
	tally_writer_init(&writer, compare, NULL);
	ck_assert_int_eq(tally_spool_copy(&spool, &writer), EIO);
	tally_spool_clear(&spool);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {what_goes_in_comes_out, (int)FILLINGS},
	    {an_empty_spool_is_used_again, 0},
	    {little_needs_no_file, 0},
	    {the_file_belongs_to_nobody_else, 0},
	    {a_file_that_can_not_be_made_is_told, 0},
	    {a_file_that_can_not_grow_is_told, 0},
	    {a_file_that_was_cut_is_told, 0},
	    {NULL, 0},
	};
	return suite_run("report/spool", tests);
}
