/* SPDX-License-Identifier: Apache-2.0 */
/* Every MD5 kernel against RFC 1321, OpenSSL and the plain kernel. Each test runs once for each kernel. */
#include "digest/segments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LONGEST 4096

static tally_digest *digest;

/* Opens the kernel of this iteration, or ends the test. */
#define REQUIRE_KERNEL()             \
  do {                               \
    digest = open_kernel(_i, false); \
    if (digest == NULL)              \
      return;                        \
  } while (0)

static uint8_t *random_bytes(size_t size, uint32_t seed)
{
	uint8_t *data = malloc(size);
	ck_assert_ptr_nonnull(data);
	fill_random(data, size, seed);
	return data;
}

static test_segment *make_segments(size_t count)
{
	test_segment *segments = calloc(count, sizeof *segments);
	ck_assert_ptr_nonnull(segments);
	return segments;
}

START_TEST(rfc1321_appendix_a5)
{
	static const struct {
		const char *message, *md5;
	} vectors[] = {
	    {"", "d41d8cd98f00b204e9800998ecf8427e"},
	    {"a", "0cc175b9c0f1b6a831c399e269772661"},
	    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
	    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
	    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
	    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
	    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
	     "57edf4a22be3c955ac49da2e2107b67a"},
	};
	REQUIRE_KERNEL();
	test_segment segments[COUNT(vectors)] = {0};
	for (size_t i = 0; i < COUNT(vectors); i++) {
		segments[i].data = (const uint8_t *)vectors[i].message;
		segments[i].size = strlen(vectors[i].message);
	}
	ck_assert_int_eq(run_segments(digest, segments, COUNT(segments)), TALLY_OK);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		char hex[2 * TALLY_MD5_SIZE + 1];
		for (int byte = 0; byte < TALLY_MD5_SIZE; byte++)
			snprintf(hex + 2 * byte, 3, "%02x", segments[i].result.md5[byte]);
		ck_assert_str_eq(hex, vectors[i].md5);
	}
	tally_digest_free(digest);
}
END_TEST

START_TEST(every_length)
{
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(2 * LONGEST, 1);
	test_segment *segments = make_segments(LONGEST + 1);
	size_t count = 0;
	for (size_t i = 0; i <= LONGEST; i += test_step(37))
		segments[count++] = (test_segment){.data = data + i, .size = i};
	check_segments(digest, segments, count);
	/* Long ones first: a lane's next segment is then shorter than what the others are busy with. */
	count = 0;
	for (size_t i = 0; i <= LONGEST; i += test_step(37))
		segments[count++] = (test_segment){.data = data + i, .size = LONGEST - i};
	check_segments(digest, segments, count);
	free(segments);
	free(data);
	tally_digest_free(digest);
}
END_TEST

START_TEST(lengths_around_borders)
{
	static const size_t borders[] = {2 * 4096, 3 * 4096, 16 * 1024, 64 * 1024, 128 * 1024};
	static const size_t distances[] = {0, 1, 2, 7, 8, 9, 55, 56, 57, 63, 64, 65, 119, 120, 128};
	enum { SEGMENTS = COUNT(borders) * COUNT(distances) * 2 };
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(256 * 1024, 2);
	test_segment *segments = make_segments(SEGMENTS);
	size_t count = 0;
	for (size_t b = 0; b < COUNT(borders); b += test_step(3))
		for (size_t d = 0; d < COUNT(distances); d++) {
			segments[count] = (test_segment){.data = data + count, .size = borders[b] - distances[d]};
			count++;
			segments[count] = (test_segment){.data = data + count, .size = borders[b] + distances[d]};
			count++;
		}
	check_segments(digest, segments, count);
	free(segments);
	free(data);
	tally_digest_free(digest);
}
END_TEST

START_TEST(every_number_of_lanes)
{
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(8192, 3);
	uint32_t random = 4;
	for (size_t count = 0; count <= 2 * TALLY_DIGEST_LANES_MAX + 1; count += test_step(7)) {
		test_segment segments[2 * TALLY_DIGEST_LANES_MAX + 1] = {{0}};
		for (size_t i = 0; i < count; i++)
			segments[i] = (test_segment){.data = data + i, .size = next_random(&random) % 4000};
		check_segments(digest, segments, count);
		/* And with all of one length, so that all end at once. */
		for (size_t i = 0; i < count; i++)
			segments[i] = (test_segment){.data = data + i, .size = 2000};
		check_segments(digest, segments, count);
	}
	free(data);
	tally_digest_free(digest);
}
END_TEST

START_TEST(every_alignment)
{
	enum { ALIGNMENTS = 128, LENGTHS = 6 };
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(ALIGNMENTS + 4096, 5);
	test_segment *segments = make_segments(ALIGNMENTS * LENGTHS);
	for (size_t i = 0; i < ALIGNMENTS * LENGTHS; i++)
		segments[i] = (test_segment){
		    .data = data + i % ALIGNMENTS, .size = 64 * (1 + i / ALIGNMENTS * 7) + i % 3, .lend = true};
	check_segments(digest, segments, ALIGNMENTS * LENGTHS);
	free(segments);
	free(data);
	tally_digest_free(digest);
}
END_TEST

START_TEST(every_size_of_pieces)
{
	enum { SIZES = 200, LENGTH = 1500 };
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(LENGTH + SIZES, 6);
	test_segment segments[SIZES] = {{0}};
	size_t count = 0;
	for (size_t i = 0; i < SIZES; i += test_step(5))
		segments[count++] = (test_segment){.data = data + i, .size = LENGTH - i % 67, .piece = i + 1};
	check_segments(digest, segments, count);
	free(data);
	tally_digest_free(digest);
}
END_TEST

/* Segments that end where an inaccessible page begins, or begin where one ends. */
START_TEST(between_guard_pages)
{
	enum { SIZES = 700 };
	REQUIRE_KERNEL();
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	uint8_t *data = map + page;
	ck_assert_int_eq(mprotect(data, page, PROT_READ | PROT_WRITE), 0);
	fill_random(data, page, 7);
	test_segment *segments = make_segments(2 * SIZES);
	for (size_t i = 0; i < SIZES; i++) {
		segments[2 * i] = (test_segment){.data = data + page - i, .size = i, .lend = true};
		segments[2 * i + 1] =
		    (test_segment){.data = data, .size = i, .lend = true, .piece = i % 2 != 0 ? 64 : 0};
	}
	check_segments(digest, segments, 2 * SIZES);
	free(segments);
	munmap(map, 3 * page);
	tally_digest_free(digest);
}
END_TEST

/* Mostly short segments, a few long ones: lanes end at all times and at the end one is left. */
START_TEST(random_segments)
{
	enum { SEGMENTS = 1500, ROOM = 200000 };
	REQUIRE_KERNEL();
	uint8_t *data = random_bytes(ROOM, 8);
	test_segment *segments = make_segments(SEGMENTS);
	uint32_t random = 9;
	const size_t count = SEGMENTS / test_step(5);
	for (size_t i = 0; i < count; i++) {
		size_t most = next_random(&random) % 50 == 0 ? ROOM / 2 : next_random(&random) % 2 == 0 ? 200 : 5000;
		segments[i].size = next_random(&random) % most;
		segments[i].data = data + next_random(&random) % (ROOM / 2);
		segments[i].piece = next_random(&random) % 3 == 0 ? 1 + next_random(&random) % 6000 : 0;
		segments[i].lend = next_random(&random) % 2 == 0;
	}
	segments[count - 1].size = ROOM / 2;
	check_segments(digest, segments, count);
	free(segments);
	free(data);
	tally_digest_free(digest);
}
END_TEST

/* The kernel alone: each lane does what the plain kernel does with it, from any state, at any address. */
START_TEST(lanes_against_plain)
{
	enum { STEPS = 40 };
	size_t count;
	const tally_md5_kernel *kernel = &tally_md5_kernels(&count)[_i];
	if ((kernel->needs & ~tally_cpu_features()) != 0)
		return;
	uint8_t *data = random_bytes((STEPS + 1) * TALLY_MD5_BLOCK * kernel->lanes, 10);
	for (size_t steps = 1; steps <= STEPS; steps++) {
		uint32_t state[TALLY_MD5_WORDS * TALLY_DIGEST_LANES_MAX],
		    before[TALLY_MD5_WORDS * TALLY_DIGEST_LANES_MAX];
		fill_random((uint8_t *)state, sizeof state, (uint32_t)steps);
		memcpy(before, state, sizeof state);
		const uint8_t *cursor[TALLY_DIGEST_LANES_MAX], *start[TALLY_DIGEST_LANES_MAX];
		for (unsigned lane = 0; lane < kernel->lanes; lane++)
			cursor[lane] = start[lane] = data + lane * ((STEPS + 1) * TALLY_MD5_BLOCK) + lane * steps % 64;
		kernel->run(state, cursor, steps);
		for (unsigned lane = 0; lane < kernel->lanes; lane++) {
			ck_assert_ptr_eq(cursor[lane], start[lane] + steps * TALLY_MD5_BLOCK);
			uint32_t one[TALLY_MD5_WORDS];
			for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
				one[word] = before[word * kernel->lanes + lane];
			tally_md5_run_plain(one, &start[lane], steps);
			for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
				ck_assert_uint_eq(state[word * kernel->lanes + lane], one[word]);
		}
	}
	free(data);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    rfc1321_appendix_a5,  every_length,        lengths_around_borders, every_number_of_lanes, every_alignment,
	    every_size_of_pieces, between_guard_pages, random_segments,        lanes_against_plain,
	};
	Suite *suite = suite_create("digest/kernels");
	TCase *tcase = tcase_create("kernels");
	for (size_t i = 0; i < COUNT(tests); i++)
		tcase_add_loop_test(tcase, tests[i], 0, kernel_count());
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
