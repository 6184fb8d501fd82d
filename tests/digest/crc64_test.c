/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-64/NVME by multiplication and by table, next to every MD5 kernel. */
#include "digest/crc64.h"
#include "digest/segments.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* An even number takes the best way that there is, an odd one the table. */
static tally_digest *open_crc64(int number)
{
	size_t count;
	const tally_md5_kernel *kernel = &tally_md5_kernels(&count)[number / 2];
	if ((kernel->needs & ~tally_cpu_features()) != 0)
		return NULL;
	const unsigned hidden = number % 2 != 0 ? TALLY_CPU_CLMUL : 0;
	const tally_digest_options options = {.kernel = kernel->name, .crc64 = true, .hidden = hidden};
	tally_digest *digest;
	ck_assert_int_eq(tally_digest_new(&options, &digest, NULL), TALLY_OK);
	return digest;
}

START_TEST(published_values)
{
	static uint8_t zeros[1024], ones[4096];
	memset(ones, '1', sizeof ones);
	const struct {
		const void *data;
		size_t size;
		uint64_t crc64;
	} vectors[] = {
	    {"123456789", 9, UINT64_C(0xae8b14860a799888)},
	    {zeros, sizeof zeros, UINT64_C(7573843669953104266)},
	    {ones, sizeof ones, UINT64_C(16033727819182370206)},
	    {"Hello World", 11, UINT64_C(7320094093915972193)},
	    {"", 0, 0},
	};
	tally_digest *digest = open_crc64(_i);
	if (digest == NULL)
		return;
	test_segment segments[COUNT(vectors)] = {0};
	for (size_t i = 0; i < COUNT(vectors); i++) {
		segments[i].data = vectors[i].data;
		segments[i].size = vectors[i].size;
	}
	check_segments(digest, segments, COUNT(segments));
	for (size_t i = 0; i < COUNT(vectors); i++)
		ck_assert_uint_eq(segments[i].result.crc64, vectors[i].crc64);
	tally_digest_free(digest);
}
END_TEST

/* Every short length, in pieces of many sizes; then some longer than what one run takes from a lane. */
START_TEST(against_bits)
{
	enum { SHORT = 700, LONG = 40, ROOM = 100000 };
	tally_digest *digest = open_crc64(_i);
	if (digest == NULL)
		return;
	uint8_t *data = malloc(ROOM + SHORT + LONG);
	test_segment *segments = calloc(SHORT + LONG, sizeof *segments);
	ck_assert_ptr_nonnull(data);
	ck_assert_ptr_nonnull(segments);
	fill_random(data, ROOM + SHORT + LONG, 11);
	size_t count = 0;
	for (size_t i = 0; i < SHORT; i += test_step(3))
		segments[count++] =
		    (test_segment){.data = data + i, .size = i, .piece = i % 5 == 0 ? 0 : 1 + i * 7 % 150};
	for (size_t i = 0; i < LONG; i += test_step(9))
		segments[count++] =
		    (test_segment){.data = data + i, .size = ROOM - i * 2399, .piece = i % 2 * 4097, .lend = true};
	check_segments(digest, segments, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(segments[i].result.crc64, plain_crc64(segments[i].data, segments[i].size));
	free(segments);
	free(data);
	tally_digest_free(digest);
}
END_TEST

START_TEST(not_asked_for)
{
	tally_digest *digest = open_kernel(_i, false);
	if (digest == NULL)
		return;
	test_segment segment = {.data = (const uint8_t *)"123456789", .size = 9};
	check_segments(digest, &segment, 1);
	ck_assert_uint_eq(segment.result.crc64, 0);
	tally_digest_free(digest);
}
END_TEST

/* Either way can go on with what the other has left. */
START_TEST(ways_are_interchangeable)
{
	enum { BLOCKS = 64 };
	uint8_t data[BLOCKS * TALLY_CRC64_BLOCK];
	tally_crc64_table *table = malloc(sizeof *table);
	ck_assert_ptr_nonnull(table);
	tally_crc64_table_make(table);
	fill_random(data, sizeof data, 12);
	tally_crc64_blocks *best = tally_crc64_best(tally_cpu_features());
	ck_assert(tally_crc64_best(0) == tally_crc64_blocks_table);
	ck_assert((best == tally_crc64_blocks_table) == ((tally_cpu_features() & TALLY_CPU_CLMUL) == 0));
	for (size_t split = 0; split <= BLOCKS; split++) {
		tally_crc64 crc;
		tally_crc64_begin(&crc);
		best(&crc, table, data, split);
		tally_crc64_blocks_table(&crc, table, data + split * TALLY_CRC64_BLOCK, (BLOCKS - split) / 2);
		size_t middle = split + (BLOCKS - split) / 2;
		best(&crc, table, data + middle * TALLY_CRC64_BLOCK, BLOCKS - middle);
		ck_assert_uint_eq(tally_crc64_end(&crc, table, NULL, 0), plain_crc64(data, sizeof data));
	}
	free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest/crc64");
	TCase *tcase = tcase_create("crc64");
	tcase_add_loop_test(tcase, published_values, 0, 2 * kernel_count());
	tcase_add_loop_test(tcase, against_bits, 0, 2 * kernel_count());
	tcase_add_loop_test(tcase, not_asked_for, 0, kernel_count());
	tcase_add_test(tcase, ways_are_interchangeable);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
